"""Bytes into text as it was meant: Unicode with and without a mark, typographic dashes, HTML, quoted mail.

Everything here runs in time proportional to the input.
"""

from __future__ import annotations

import codecs
import re

# Patterns, because str.translate takes seconds for megabytes that are not ASCII.
_DASHES = re.compile("[\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d]")
_INVISIBLE = re.compile("[\x00-\x1f\x7f\xad\u200b\u200c\u200d\u2060\ufeff]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TAG = re.compile(r"<[^<>]{0,200}>")
_ESCAPED_END = re.compile(r"\\[nrt]")
_QUOTE = re.compile(r"^[ \t>|#*]+", re.MULTILINE)
_SOFT_END = re.compile(r"(?<=[A-Za-z0-9+/])=[ \t]{0,8}\r?\n(?=[A-Za-z0-9+/=])")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")


def decode(data: bytes) -> str | None:
    """The bytes as text, every kind of dash as "-"; None where they are no text at all."""
    text = _decoded(data)
    if "&" in text and "BEGIN" in text:
        text = _unescaped(text)
    if "-BEGIN " not in text and _CONTROL.search(text):
        return None
    return text if text.isascii() else _DASHES.sub("-", text)


def from_base64(body: str) -> bytes | None:
    """What a base64 body stands for, whatever a mail program or an editor did to its lines; None where it is none.

    Padding is not insisted on, since its loss is harmless: the length is inside the DER. A lone last digit, which
    holds no whole byte, is what a cut-off copy ends in and is dropped.
    """
    import binascii

    digits = "".join(body.split()).rstrip("=")
    if not _BASE64.fullmatch(digits):
        digits = _cleaned(body)
        if not _BASE64.fullmatch(digits):
            return None
    digits = digits[:-1] if len(digits) % 4 == 1 else digits
    return binascii.a2b_base64(digits + "=" * (-len(digits) % 4))


def _cleaned(body: str) -> str:
    """Without HTML tags, literal \\n, marks of quotation, invisible characters and quoted-printable line ends."""
    body = _ESCAPED_END.sub("", _TAG.sub("", body))
    body = _SOFT_END.sub("", _QUOTE.sub("", body)).replace("=3D", "=")
    return _INVISIBLE.sub("", "".join(body.split())).strip("\"',").rstrip("=")


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    head = data[:512]
    if head.count(0) * 3 > len(head):  # Latin letters in UTF-16: every other byte is zero
        return data.decode("utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _unescaped(text: str) -> str:
    import html

    try:
        return html.unescape(text)
    except ValueError:  # a character reference of thousands of digits
        return text
