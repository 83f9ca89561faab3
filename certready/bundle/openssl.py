"""What OpenSSL makes of a PEM file: its reader described, so that a report can say what a gateway will really load.

Most mail gateways hand their file to ``SSL_CTX_use_certificate_chain_file``, which is stricter than :mod:`.pem` and
says less: it silently skips a block whose BEGIN line is not exactly right, and silently stops at what it takes for the
end of the file. Described after crypto/pem/pem_lib.c, crypto/evp/encode.c, crypto/bio/bss_file.c and
ssl/ssl_rsa.c of OpenSSL 3.0 to 4.0 where ``char`` is signed; the tests hold this description against the real one.
"""

from __future__ import annotations

import binascii
import re

from msgspec import Struct

from certready.bundle.asn1 import Asn1Error, read

_LINE = 254  # fgets of 255 bytes, the last of which is the terminator
_BEGIN, _END, _TAIL = b"-----BEGIN ", b"-----END ", b"-----"
_BOM = b"\xef\xbb\xbf"
# Signed characters: every byte beyond ASCII is below a blank, and stripped from the end of a line like one.
_STRIPPED = bytes([*range(0x21), *range(0x80, 0x100)])
_OWN_LABELS = (b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE")
_ISSUER_LABELS = (b"CERTIFICATE", b"X509 CERTIFICATE")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\t\n\r ]")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_PLAIN = re.compile(
    rb"-----BEGIN CERTIFICATE-----\r?\n((?:[A-Za-z0-9+/]{1,76}\r?\n)*(?:[A-Za-z0-9+/]{0,76}={1,2}\r?\n)?)"
    rb"-----END CERTIFICATE-----\r?\n"
)

NO_BEGIN = "no line of it is exactly -----BEGIN CERTIFICATE-----"
UTF_16 = "it is UTF-16 text"
CR_ONLY = "its lines end in CR alone"
NO_END = "a block in it does not end with its END line"
BAD_BASE64 = "a block in it holds characters that are not base64, or is not whole"
HEADERS = "a block in it has an empty line or a header line inside"
NO_CERTIFICATE = "a block labelled CERTIFICATE in it holds something else than one certificate"


class Loaded(Struct, frozen=True):
    """What the file gives: ``certificates`` as DER, the first of them the gateway's own; or why it is refused.

    A file that is refused loads nothing, whatever was read of it before. ``refusal`` is one of this module's reasons.
    """

    certificates: tuple[bytes, ...] = ()
    refusal: str = ""


class _Block(Struct, frozen=True):
    label: bytes
    header: bool
    body: bytes


class _RefusedError(Exception):
    """OpenSSL gives up on the file."""


def load_chain(data: bytes) -> Loaded:
    """What ``SSL_CTX_use_certificate_chain_file`` loads from a file with this content. Time is linear in its size."""
    lines = _Lines(data)
    loaded: list[bytes] = []
    try:
        while block := _next_block(lines):
            if block.label in (_ISSUER_LABELS if loaded else _OWN_LABELS):
                loaded.append(_certificate(block, own=not loaded))
    except _RefusedError as error:
        return Loaded(refusal=str(error))
    if loaded:
        return Loaded(tuple(loaded))
    head = data[:512]
    return Loaded(refusal=UTF_16 if b"\0" in head else CR_ONLY if b"\r" in head and b"\n" not in data else NO_BEGIN)


class _Lines:
    """Lines as ``BIO_gets`` on a file gives them: at most 254 bytes, cut at the first zero byte, "" at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    def plain(self) -> _Block | None:
        """The block that begins here, where it is written as nearly all are: what is read line by line otherwise."""
        block = _PLAIN.match(self._data, self._offset)
        digits = block[1].translate(None, b"\r\n") if block else b""
        if block is None or not digits or len(digits) % 4:
            return None
        self._offset = block.end()
        return _Block(_OWN_LABELS[0], header=False, body=binascii.a2b_base64(digits))

    def __call__(self) -> bytes:
        start = self._offset
        end = self._data.find(b"\n", start, start + _LINE) + 1 or min(start + _LINE, len(self._data))
        self._offset = end
        return self._data[start:end].split(b"\0", 1)[0]


def _next_block(lines: _Lines) -> _Block | None:
    """The next block of any label, None where no further BEGIN line comes. Raises _RefusedError."""
    plain = lines.plain()
    if plain:
        return plain
    label = _label(lines)
    if label is None:
        return None
    before: list[bytes] = []  # an empty line, or a colon, makes this the header and what follows the content
    after: list[bytes] = []
    colon = blank = cut = short = False
    while line := lines():
        colon = colon or (not blank and b":" in line)
        was_cut, cut = cut, len(line) == _LINE and not line.endswith(b"\n")
        line = line.rstrip(_STRIPPED)
        if line.startswith(_END):
            if line != _END + label + _TAIL:
                break
            parted = colon or blank
            return _Block(label, parted and bool(before), _decoded(after if parted else before))
        if not line:
            if blank and not was_cut:
                break
            blank = blank or not was_cut
        elif blank:
            if short or len(line) > 64:
                raise _RefusedError(HEADERS)
            after.append(line)
            short = len(line) < 64
        else:
            before.append(line)
    raise _RefusedError(NO_END)


def _label(lines: _Lines) -> bytes | None:
    first = True
    while line := lines():
        if first and line.startswith(_BOM) and len(line) > len(_BOM):
            line = line[len(_BOM) :]
        first = False
        line = line.rstrip(_STRIPPED)
        if line.startswith(_BEGIN) and line.endswith(_TAIL):
            return line[len(_BEGIN) : -len(_TAIL)]
    return None


def _decoded(lines: list[bytes]) -> bytes:
    """The content of a block out of its lines. Raises _RefusedError where it has none, or they are no base64."""
    text = b"\n".join(lines).partition(b"-")[0]  # a dash is the end of the data, wherever it stands
    digits = b"".join(text.split())
    if not digits or _NOT_BASE64.search(text) or not _BASE64.fullmatch(digits) or len(digits) % 4:
        raise _RefusedError(BAD_BASE64)
    return binascii.a2b_base64(digits)


def _certificate(block: _Block, *, own: bool) -> bytes:
    """The certificate in a block; behind the gateway's ``own`` only OpenSSL's trust data may follow."""
    if block.header:
        raise _RefusedError(HEADERS)
    data = block.body
    try:
        node = read(data)
        rest = data[node.after :]
        if own and rest and read(rest).tag != 0x30:
            raise _RefusedError(NO_CERTIFICATE)
        if tuple(child.tag for child in node.first(3)) != (0x30, 0x30, 0x03):
            raise _RefusedError(NO_CERTIFICATE)
    except Asn1Error:
        raise _RefusedError(NO_CERTIFICATE) from None
    return node.raw
