"""Distinguished names out of their own bytes: every string type, attribute by attribute (RFC 5280, 4.1.2.4 and 7.1).

cryptography reads a name as a whole or not at all. Here an attribute that cannot be read costs no other one, and two
names are compared as the standard says, whatever string type, case and spacing they were written in.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

from msgspec import Struct

from certready.x509.der import OID, SEQUENCE, SET, Element, MalformedError, dotted, element, members

COMMON_NAME = "2.5.4.3"
EMAIL_ADDRESS = "1.2.840.113549.1.9.1"
UNREADABLE_TEXT = "(unreadable)"
MOST_ATTRIBUTES = 256

T61_STRING = 0x14
# By tag. Of PrintableString more than its alphabet is read, such as the asterisk that many authorities put into it.
_CODECS = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "ascii",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
_SHORT = {
    COMMON_NAME: "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}
_ESCAPED = frozenset(',+"\\<>;')


class Attribute(Struct, frozen=True):
    """One attribute: its type as a dotted OID, its ``text`` (None where it cannot be read), its value in DER."""

    oid: str
    text: str | None
    encoded: bytes


@lru_cache(maxsize=2048)
def attributes(name: bytes) -> tuple[tuple[Attribute, ...], ...]:
    """The relative names of a Name in DER, each a set of attributes. Raises MalformedError."""
    outer = element(name)
    if outer.tag != SEQUENCE or outer.end != len(name):
        raise MalformedError("it is not a name")
    return tuple(_relative(relative) for relative in members(outer, MOST_ATTRIBUTES))


@lru_cache(maxsize=2048)
def comparable(name: bytes) -> Hashable:
    """A value that is equal for names that RFC 5280, 7.1, calls equal; for a name that cannot be decoded, its bytes."""
    try:
        relative = attributes(name)
    except MalformedError:
        return name
    if len(relative) >= MOST_ATTRIBUTES:  # what follows may differ
        return name
    return tuple(frozenset((attribute.oid, _comparable(attribute)) for attribute in group) for group in relative)


def values(name: bytes, oid: str) -> tuple[str | None, ...]:
    """The texts of every attribute of this type, None for one that cannot be read. Raises MalformedError."""
    return tuple(attribute.text for group in attributes(name) for attribute in group if attribute.oid == oid)


def text(name: bytes) -> str:
    """The name in RFC 4514 form, the last relative name first. Raises MalformedError."""
    return ",".join("+".join(_shown(attribute) for attribute in group) for group in reversed(attributes(name)))


def _relative(outer: Element) -> tuple[Attribute, ...]:
    if outer.tag != SET:
        raise MalformedError("a part of it is not a relative name")
    return tuple(_attribute(member) for member in members(outer, MOST_ATTRIBUTES))


def _attribute(outer: Element) -> Attribute:
    parts = members(outer)
    if len(parts) != 2 or outer.tag != SEQUENCE or parts[0].tag != OID:
        raise MalformedError("an attribute of it is malformed")
    return Attribute(dotted(parts[0].content), _text(parts[1]), parts[1].encoded)


def _text(value: Element) -> str | None:
    """A DirectoryString as text. A T61String that is not UTF-8 is Latin-1, as authorities have always used it."""
    codecs = ("utf-8", "latin-1") if value.tag == T61_STRING else (_CODECS.get(value.tag, ""),)
    for codec in filter(None, codecs):
        try:
            return value.content.decode(codec)
        except UnicodeDecodeError:
            continue
    return None


def _comparable(attribute: Attribute) -> Hashable:
    """Case and runs of spaces do not tell texts apart; what is no text is compared as it stands."""
    return attribute.encoded if attribute.text is None else " ".join(attribute.text.split()).casefold()


def _shown(attribute: Attribute) -> str:
    kind = _SHORT.get(attribute.oid, attribute.oid)
    return f"{kind}={UNREADABLE_TEXT if attribute.text is None else _escaped(attribute.text)}"


def _escaped(value: str) -> str:
    """A value as RFC 4514, 2.4, writes it."""
    inner = "".join(f"\\{letter}" if letter in _ESCAPED else letter for letter in value).replace("\0", "\\00")
    if inner.startswith((" ", "#")):
        inner = f"\\{inner}"
    return f"{inner[:-1]}\\ " if inner.endswith(" ") and len(inner) > 1 else inner
