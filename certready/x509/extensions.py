"""Extensions one by one: what cannot be decoded costs no other extension, and of a list no other element.

cryptography decodes all extensions of a certificate or none. Each is put into a certificate of its own here, made of
nothing else, and read out of that: the decoder stays the same, and one that fails is known by its type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from msgspec import Struct

from certready.x509.der import BOOLEAN, INTEGER, OCTET_STRING, SEQUENCE, MalformedError, element, encoded, members
from certready.x509.parts import RawExtension
from certready.x509.unreadable import MALFORMED, Unreadable, first_line

# What the ASN.1 readers raise on hostile bytes; everything else is a bug and may surface.
# KeyError is what cryptography before 50 raises for a string type in a name that it does not know.
UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    x509.DuplicateExtension,
)
MOST_ELEMENTS = 1000  # of one list, read one by one

# The fields of a certificate that says nothing: serial number, an Ed25519 signature, no names, dates, an Ed25519 key.
_ALGORITHM = bytes.fromhex("300506032b6570")
_NO_NAME = encoded(SEQUENCE, b"")
_DATE = encoded(0x17, b"250101000000Z")
_KEY = bytes.fromhex("302a300506032b6570032100") + bytes(32)

Value = Any  # an x509.ExtensionType, or Unreadable


class Extension(Struct, frozen=True):
    """One extension as far as it can be read: ``value`` is what cryptography makes of it, or Unreadable."""

    oid: str
    critical: bool
    value: Value


def decode(raw: Sequence[RawExtension]) -> tuple[Extension, ...]:
    """Each extension by itself. One that is there twice is unreadable: no rule says which of the two counts."""
    oids = [extension.oid for extension in raw]
    return tuple(
        Extension(
            extension.oid,
            extension.critical,
            Unreadable("it is there more than once") if oids.count(extension.oid) > 1 else _read(extension),
        )
        for extension in {extension.oid: extension for extension in raw}.values()
    )


def skeleton(
    extensions: Iterable[bytes] = (), algorithm: bytes = _ALGORITHM, issuer: bytes = _NO_NAME
) -> x509.Certificate:
    """A certificate of nothing but these parts, for reading them. Raises one of UNREADABLE."""
    listed = b"".join(extensions)
    tbs = (
        bytes.fromhex("a003020102020101"),
        algorithm,
        issuer,
        encoded(SEQUENCE, _DATE + _DATE),
        _NO_NAME,
        _KEY,
        encoded(0xA3, encoded(SEQUENCE, listed)) if listed else b"",
    )
    return x509.load_der_x509_certificate(
        encoded(SEQUENCE, encoded(SEQUENCE, b"".join(tbs)) + algorithm + bytes.fromhex("03020000"))
    )


def _read(raw: RawExtension) -> Value:
    try:
        return next(iter(skeleton([raw.encoded]).extensions)).value
    except UNREADABLE as error:
        reason = _reason(error)
    content = members(element(raw.encoded))[-1].content
    again = _AGAIN.get(raw.oid)
    try:
        return again(raw, content, reason) if again else Unreadable(reason)
    except UNREADABLE:
        return Unreadable(reason)


def _reason(error: BaseException) -> str:
    if isinstance(error, x509.UnsupportedGeneralNameType):
        return "it holds a kind of name that is not supported, an X.400 address or an EDI party"
    text = first_line(error)
    return text if text == MALFORMED else "what it holds is not allowed there"


def _rest(make: Callable[[list[Any]], Value]) -> Callable[[RawExtension, bytes, str], Value]:
    """A reader of a list, element by element; ``make`` puts those together again that can be read."""

    def read(raw: RawExtension, content: bytes, reason: str) -> Value:
        readable: list[Any] = []
        for member in members(element(content), MOST_ELEMENTS):
            value = encoded(OCTET_STRING, encoded(SEQUENCE, member.encoded))
            oid = members(element(raw.encoded))[0].encoded
            try:
                readable += next(iter(skeleton([encoded(SEQUENCE, oid + value)]).extensions)).value
            except UNREADABLE:
                continue
        return Unreadable(reason, make(readable) if readable else None)

    return read


def _basic_constraints(_raw: RawExtension, content: bytes, reason: str) -> Value:
    """Older authorities wrote out that a certificate is no CA, which DER leaves out; what it says is plain."""
    outer = element(content)
    fields = list(members(outer))
    if not all(field.content for field in fields):
        raise MalformedError(reason)
    ca = any(fields.pop(0).content) if fields and fields[0].tag == BOOLEAN else False
    length = int.from_bytes(fields.pop(0).content, "big", signed=True) if fields and fields[0].tag == INTEGER else None
    if outer.tag != SEQUENCE or outer.end != len(content) or fields or (length is not None and length < 0):
        raise MalformedError(reason)
    return x509.BasicConstraints(ca, length if ca else None)


def _authority_key(_raw: RawExtension, content: bytes, reason: str) -> Value:
    """An issuer without a serial number is half of a reference; the key identifier beside it is whole."""
    identifier = next((member.content for member in members(element(content)) if member.tag == 0x80), None)
    return Unreadable(reason, x509.AuthorityKeyIdentifier(identifier, None, None) if identifier else None)


_AGAIN: dict[str, Callable[[RawExtension, bytes, str], Value]] = {
    "2.5.29.17": _rest(x509.SubjectAlternativeName),
    "2.5.29.19": _basic_constraints,
    "2.5.29.31": _rest(x509.CRLDistributionPoints),
    "2.5.29.35": _authority_key,
    "2.5.29.37": _rest(x509.ExtendedKeyUsage),
    "1.3.6.1.5.5.7.1.1": _rest(x509.AuthorityInformationAccess),
}
