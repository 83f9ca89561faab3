"""PEM (RFC 7468) as it arrives: blocks in any order, text around them, glued, indented, one-line, mislabelled.

The text is walked once from marker to marker; what a block is, its content says.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from msgspec import Struct

from certready.bundle import der, keys
from certready.bundle.asn1 import Asn1Error, CutOffError, read
from certready.bundle.contents import (
    Contents,
    Reading,
    Refusal,
    check_counts,
    join,
    with_note,
)
from certready.bundle.text import from_base64
from certready.errors import InputError

# One dash before and, at BEGIN, one behind are enough: mail programs turn five into three or into one long one.
_MARKER = re.compile(
    r"-[ \t\xa0]?(?:(BEGIN)[ \xa0]([A-Z0-9.# ]{1,40}?)[ \t\xa0]?(?=-)|(END)[ \xa0]([A-Z0-9.# ]{1,40}))"
)
_LEGACY = re.compile(r"Proc-Type:\s{0,4}4,\s{0,4}ENCRYPTED")
_DEK = re.compile(r"DEK-Info:\s{0,4}([A-Za-z0-9-]{1,30}),\s{0,4}([0-9A-Fa-f]{1,64})")
# The ciphers of RFC 1421 keys and the hexadecimal digits of their initialisation vectors.
_IV_DIGITS = {"DES-CBC": 16, "DES-EDE3-CBC": 16, "AES-128-CBC": 32, "AES-192-CBC": 32, "AES-256-CBC": 32}
_OURS = ("CERTIFICATE", "PKCS", "KEY", "CRL", "CMS", "P7B", "PFX")


class Block(Struct, frozen=True):
    """What stands between BEGIN and the next marker; ``closed`` where that marker is an END. Counted from 1."""

    number: int
    label: str
    body: str
    closed: bool

    def place(self, name: str) -> str:
        """What to call this block of the file ``name`` in messages."""
        return f"Block {self.number} ({self.label}) of {name}"


def blocks(text: str) -> Iterator[Block]:
    """Every block in order. Raises nothing; one that is empty and not closed (a doubled BEGIN) is left out."""
    begin: re.Match[str] | None = None
    number = 0
    for marker in _MARKER.finditer(text):
        if begin:
            number += 1
            block = _block(text, number, begin, marker)
            if block.closed or block.body:
                yield block
        begin = marker if marker[1] else None
    if begin:
        yield _block(text, number + 1, begin, None)


def armoured(der: bytes, label: str) -> bytes:
    """DER as a PEM block (RFC 7468): lines of 64 characters, as every reader takes them."""
    text = binascii.b2a_base64(der, newline=False)
    lines = b"".join(text[at : at + 64] + b"\n" for at in range(0, len(text), 64))
    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (label.encode(), lines, label.encode())


def load(pem_blocks: Iterator[Block], name: str, reading: Reading) -> Contents:
    """All blocks of the file ``name`` as one; a block that cannot be read is a refusal among the contents.

    Raises InputError for too many blocks and for a container in one that cannot be opened.
    """
    parts: list[Contents] = []
    certificates = private = 0
    for block in pem_blocks:
        parts.append(_contents(block, name, reading))
        certificates, private = certificates + len(parts[-1].certificates), private + parts[-1].key_count
        check_counts(name, certificates=certificates, private=private, blocks=block.number, limit=reading.limit)
    containers = {part.container for part in parts if part.certificates}
    only = next(iter(containers)) if len(containers) == 1 else "pem"
    plain_key = any(part.keys and part.container != "pfx" for part in parts)
    return join(parts, "pem" if only == "der" or plain_key else only)


def _block(text: str, number: int, begin: re.Match[str], end: re.Match[str] | None) -> Block:
    body = text[begin.end() : end.start() if end else len(text)].strip("- \t\r\n\xa0")
    return Block(number, begin[2].strip(), body, end is not None and bool(end[3]))


def _contents(block: Block, name: str, reading: Reading) -> Contents:
    label, place = block.label, block.place(name)
    if label.startswith(("OPENSSH", "SSH2")):
        return Contents("pem", others=("ssh",))
    if label.startswith("PGP"):
        return Contents("pem", others=("pgp",))
    if label.endswith("PARAMETERS") or not any(word in label for word in _OURS):
        return Contents("pem")
    if ":" in block.body and _LEGACY.search(block.body):
        return _legacy_key(block, place, reading)
    data = from_base64(_without_headers(block.body))
    if not data:
        return _refused(block, _undecodable(block, place))
    try:
        node = read(data)
    except Asn1Error as error:
        return _refused(block, _damaged(block, place, error))
    contents = der.interpret(node, place, reading)
    return contents if block.closed else with_note(contents, f"{place} has no END line, but is complete.")


def _refused(block: Block, error: InputError) -> Contents:
    return Contents("pem", refusals=(Refusal("key" if block.label.endswith("KEY") else "certificate", error),))


def _legacy_key(block: Block, place: str, reading: Reading) -> Contents:
    """A key with RFC 1421 headers."""
    if not reading.secrets:
        raise InputError(f"{place} is a private key.", hint="Only certificates belong here: PEM, DER or P7B.")
    return der.key(lambda: keys.legacy(legacy_pem(block, place), place, reading.passwords), place)


def legacy_pem(block: Block, place: str) -> bytes:
    """A key with RFC 1421 headers in the form that cryptography reads, whatever form its lines had.

    Raises InputError where its DEK-Info line is damaged or its cipher not known.
    """
    dek = _DEK.search(block.body)
    data = from_base64(_without_headers(_DEK.sub("", _LEGACY.sub("", block.body))))
    if not dek or not data or len(dek[2]) != _IV_DIGITS.get(dek[1]):
        raise InputError(
            f"{place} is an encrypted private key whose DEK-Info line is damaged or not known.", hint=_COPY
        )
    import base64

    headers = f"Proc-Type: 4,ENCRYPTED\nDEK-Info: {dek[1]},{dek[2]}"
    body = base64.encodebytes(data).decode("ascii")
    return f"-----BEGIN {block.label}-----\n{headers}\n\n{body}-----END {block.label}-----\n".encode("ascii")


def _without_headers(body: str) -> str:
    """Lines with a colon are headers or text; base64 has none."""
    return "\n".join(line for line in body.splitlines() if ":" not in line) if ":" in body else body


def _undecodable(block: Block, place: str) -> InputError:
    if not block.closed:
        return InputError(f"{place} has no END line and no readable content.", hint=_COPY)
    reason = "holds characters that are not base64" if block.body else "is empty"
    return InputError(f"{place} {reason}.", hint=_COPY)


def _damaged(block: Block, place: str, error: Asn1Error) -> InputError:
    if isinstance(error, CutOffError) and error.present < error.wanted < 1 << 24:
        missing = "" if block.closed else ", and its END line is missing"
        return InputError(
            f"{place} is cut off: {error.present} of {error.wanted} bytes are there{missing}.", hint=_COPY
        )
    return InputError(f"{place} is damaged: it decodes to neither a certificate nor a key.", hint=_COPY)


_COPY = "Copy the block again from its BEGIN to its END line, or download the file again."
