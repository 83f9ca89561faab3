"""A pasted text as the line it was before mail programs, browsers and logs folded, quoted and escaped it. Bounded."""

from __future__ import annotations

import binascii
import html
import re

# Tags that pages and mail programs put around text. <I> and <S>, the marks of TlsCertificateName, are none of them.
_BLOCKS = (
    "address|blockquote|body|br|caption|center|dd|div|dl|dt|footer|form|h[1-6]|head|header|hr|html|li|main|ol|p|pre|"
    "section|table|tbody|td|tfoot|th|thead|title|tr|ul"
)
_INLINE = "a|abbr|b|cite|code|em|font|img|kbd|label|link|meta|mark|o:p|q|samp|small|span|strong|sub|sup|tt|u|var|wbr"
_BLOCK_TAG = re.compile(rf"(?i)</?(?:{_BLOCKS})(?:\s[^<>]{{0,2000}})?/?>")
_INLINE_TAG = re.compile(rf"(?i)</?(?:{_INLINE})(?:\s[^<>]{{0,2000}})?/?>")
_ITALIC = re.compile(r"(?i)</?[is]>")
_INVISIBLE_PARTS = re.compile(r"(?is)<(style|script)\b[^<>]{0,2000}>.{0,100000}?</\1>")
# The ASCII that mail programs encode in such texts, and characters of UTF-8 of two bytes or more.
_QUOTED_PRINTABLE = re.compile(r"(?:=(?:3D|20|09|2E|3A|3B|5B|5D|28|29|22|27))|=[C-F][0-9A-F](?:=[89AB][0-9A-F]){1,3}")
_JSON_ESCAPE = re.compile(r"\\u00([2-7][0-9a-fA-F])")
_QUOTE_MARKS = re.compile(r"(?m)^(?:[ \t]{0,20}[>|][ \t]?){1,20}")
_BASE64_RUN = re.compile(r"(?:^[A-Za-z0-9+/]{60,76}\r?\n){1,2000}^[A-Za-z0-9+/]{1,76}={0,2}[ \t]*\r?$", re.MULTILINE)
_REPLY_LINE = re.compile(r"^\W{0,20}(\d{3})-")
_CONTINUED = re.compile(r"^\s{0,20}(\d{3})[- ](?:\d\.\d{1,3}\.\d{1,4}\s)?")
_INVISIBLE = dict.fromkeys([0x00, 0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
_TYPOGRAPHY = {0xA0: " ", 0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2010: "-", 0x2011: "-", 0x2013: "-"}


def readable(text: str) -> str:
    """The text with what was put around it taken off: HTML tags and entities, quoted-printable and base64, the quoting
    marks of replies, the codes that repeat in a reply of several lines, invisible characters, typographic quotes."""
    text = text.replace("=\r\n", "").replace("=\n", "")
    if "base64" in text.lower():
        text = _BASE64_RUN.sub(_decoded, text)
    if "=" in text:
        text = _QUOTED_PRINTABLE.sub(_unquoted, text)
    text = text.translate(_INVISIBLE).translate(_TYPOGRAPHY)
    if "\\u00" in text:
        text = _JSON_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    if "<" in text:
        text = _untagged(text)
    for _ in range(2):  # a page that shows a mail escapes what the mail had escaped
        if "&" in text:
            text = _untagged(html.unescape(text)).translate(_TYPOGRAPHY)
    return _joined(_QUOTE_MARKS.sub("", text))


def _untagged(text: str) -> str:
    text = _BLOCK_TAG.sub("\n", _INVISIBLE_PARTS.sub(" ", text))
    if "</i>" in text.lower() or "</s>" in text.lower():
        text = _ITALIC.sub("", text)
    return _INLINE_TAG.sub("", text)


def _unquoted(match: re.Match[str]) -> str:
    """Quoted-printable bytes as the text they are; what is no UTF-8 stays as it is."""
    try:
        return bytes.fromhex(match[0].replace("=", "")).decode("utf-8")
    except ValueError:
        return match[0]


def _decoded(match: re.Match[str]) -> str:
    """A base64 part that is text; anything else stays as it is."""
    try:
        return binascii.a2b_base64(match[0]).decode("utf-8")
    except (binascii.Error, ValueError):
        return match[0]


def _joined(text: str) -> str:
    """A reply of several lines (``550-5.7.64 one``, ``550 5.7.64 two``) on one line with its code once."""
    if not re.search(r"\d{3}-", text):
        return text
    lines: list[str] = []
    code = None
    for line in text.splitlines():
        continued = _CONTINUED.match(line)
        if code and continued and continued[1] == code:
            lines[-1] += f" {line[continued.end() :]}"
            code = code if line[continued.end(1) : continued.end(1) + 1] == "-" else None
            continue
        begun = _REPLY_LINE.match(line)
        code = begun[1] if begun else None
        lines.append(line)
    return "\n".join(lines)
