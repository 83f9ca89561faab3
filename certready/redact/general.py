"""Names inside certificates, written again element by element: distinguished names and general names."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterator

from certready.redact.words import Words
from certready.x509 import names
from certready.x509.der import SEQUENCE, SET, Element, MalformedError, element, encoded, members

_COUNTRY, _DOMAIN_COMPONENT = "2.5.4.6", "0.9.2342.19200300.100.1.25"
_STRINGS = {0x0C: "utf-8", 0x12: "ascii", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1A: "ascii"}
_STRINGS |= {0x1C: "utf-32-be", 0x1E: "utf-16-be"}
EMAIL, DNS, DIRECTORY, URI, ADDRESS, OTHER = 0x81, 0x82, 0xA4, 0x86, 0x87, 0xA0
NULL = b"\x05\x00"


def children(outer: Element) -> Iterator[Element]:
    """The elements inside a constructed one, however many."""
    at = outer.body
    while at < outer.end:
        child = element(outer.data, at, outer.end)
        at = child.end
        yield child


def wrap(tag: int, *parts: bytes) -> bytes:
    """A constructed element that holds these encoded elements."""
    return encoded(tag, b"".join(parts))


class Rewriter:
    """The stand-ins of what is named in DER. ``identifiers`` are those of keys, by the original's bytes."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.identifiers: dict[bytes, bytes] = {}
        self._names: dict[bytes, bytes] = {}
        self._serials: dict[bytes, bytes] = {}

    def serial(self, number: Element) -> bytes:
        """A serial number of the same length and sign; one of a single byte tells nothing and stays."""
        original = number.content
        if original not in self._serials:
            self._serials[original] = original[:1] + secrets.token_bytes(max(len(original) - 1, 0))
            if original[:1] in (b"\0", b"\xff") and len(original) > 1:  # as DER writes it, no byte too many
                self._serials[original] = original[:2] + secrets.token_bytes(len(original) - 2)
        return encoded(number.tag, self._serials[original])

    def identifier(self, original: bytes) -> bytes:
        """A key identifier of the same length."""
        return self.identifiers.setdefault(original, secrets.token_bytes(len(original)))

    def name(self, name: bytes) -> bytes:
        """A Name in DER."""
        if name not in self._names:
            self._names[name] = wrap(SEQUENCE, *(self._relative(relative) for relative in children(element(name))))
        return self._names[name]

    def _relative(self, group: Element) -> bytes:
        attributes = [self._attribute(attribute) for attribute in children(group)]
        return wrap(SET, *(sorted(attributes) if len(attributes) > 1 else attributes))

    def _attribute(self, attribute: Element) -> bytes:
        kind, value = members(attribute)
        ((known,),) = names.attributes(wrap(SEQUENCE, wrap(SET, attribute.encoded)))
        codec = _STRINGS.get(value.tag)
        if known.text is None or codec is None:
            raise MalformedError("an attribute of a name is not readable text")
        if known.oid == _COUNTRY or not known.text.strip():
            return attribute.encoded
        text = self.words.label(known.text) if known.oid == _DOMAIN_COMPONENT else self.words.anything(known.text)
        codec = codec if value.tag != 0x14 or text.isascii() else "utf-8"
        return wrap(SEQUENCE, kind.encoded, encoded(value.tag, text.encode(codec, "replace")))

    def general(self, name: Element) -> bytes:
        """A GeneralName (RFC 5280, 4.2.1.6). Raises MalformedError for one that cannot be replaced."""
        if name.tag in (DNS, EMAIL, URI):
            text = name.content.decode("ascii", "surrogateescape")
            if not text.isascii():
                raise MalformedError("an alternative name is not plain ASCII")
            return encoded(name.tag, self._text(name.tag, text).encode("ascii"))
        if name.tag == ADDRESS:
            return encoded(name.tag, self._address(name.content))
        if name.tag == DIRECTORY:
            return wrap(name.tag, self.name(members(name)[0].encoded))
        if name.tag == OTHER:
            return wrap(name.tag, members(name)[0].encoded, wrap(OTHER, NULL))
        return name.encoded

    def _text(self, tag: int, text: str) -> str:
        if tag == URI:
            return self.words.url(text)
        return self.words.email(text) if tag == EMAIL and "@" in text else self._host(text)

    def _host(self, text: str) -> str:
        """A DNS name, or what stands in the place of one."""
        plain = text.strip("*.")
        return self.words.domain(text) if plain and " " not in plain and "/" not in plain else self.words.phrase(text)

    def _address(self, content: bytes) -> bytes:
        """An address, or (8 or 32 bytes) an address and a mask in name constraints."""
        size = {4: 4, 8: 4, 16: 16, 32: 16}.get(len(content))
        if size is None:
            raise MalformedError("an IP address in a name has an impossible length")
        address, mask = content[:size], content[size:]
        if not any(mask) and mask:
            return content  # all addresses
        stand_in = ipaddress.ip_address(self.words.address(str(ipaddress.ip_address(address)))).packed
        return (
            bytes(octet & mask_octet for octet, mask_octet in zip(stand_in, mask, strict=True)) + mask
            if mask
            else stand_in
        )
