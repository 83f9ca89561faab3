"""Just enough DER to find the original bytes that a signature covers, or that a hash names.

cryptography reads the values; it also re-encodes what it is asked to give back as bytes, which is slow for a long
list and would verify something other than what was received. Nothing here copies more than it hands out.
"""

from __future__ import annotations

from msgspec import Struct

SEQUENCE, SET, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x30, 0x31, 0x02, 0x03, 0x04, 0x06
BOOLEAN, UTC_TIME, GENERALIZED_TIME = 0x01, 0x17, 0x18
VERSION = 0xA0  # of a certificate, tagged [0]
LONGEST_OID = 128  # bytes
MANY = 64  # more members than any structure walked here has


class MalformedError(ValueError):
    """The bytes are not the DER that was expected."""


class Element(Struct, frozen=True):
    """One TLV inside ``data``: its tag, where it starts, where its content starts, and where it ends."""

    data: bytes
    tag: int
    start: int
    body: int
    end: int

    @property
    def encoded(self) -> bytes:
        """Tag, length and content."""
        return self.data[self.start : self.end]

    @property
    def content(self) -> bytes:
        """The bytes of the value, without tag and length."""
        return self.data[self.body : self.end]

    @property
    def view(self) -> memoryview:
        """Tag, length and content, not copied: a list may be tens of megabytes."""
        return memoryview(self.data)[self.start : self.end]


def element(data: bytes, start: int = 0, end: int | None = None) -> Element:
    """The element of ``data`` that begins at ``start`` and ends at ``end`` at the latest (None: where the data end).

    Raises MalformedError for a long tag, an indefinite length or an overrun.
    """
    limit = len(data) if end is None else end
    if limit - start < 2:
        raise MalformedError("it is cut short")
    tag, length, body = data[start], data[start + 1], start + 2
    if tag & 0x1F == 0x1F:
        raise MalformedError("its encoding is not DER")
    if length >= 0x80:
        size = length & 0x7F
        if not 0 < size <= 4 or limit - body < size:
            raise MalformedError("its encoding is not DER")
        length = int.from_bytes(data[body : body + size], "big")
        body += size
    if body + length > limit:
        raise MalformedError("it is cut short")
    return Element(data, tag, start, body, body + length)


def members(outer: Element, most: int = MANY) -> tuple[Element, ...]:
    """The elements inside a constructed one, at most ``most`` of them. Raises MalformedError."""
    elements: list[Element] = []
    at = outer.body
    while at < outer.end and len(elements) < most:
        elements.append(element(outer.data, at, outer.end))
        at = elements[-1].end
    return tuple(elements)


def expect(elements: tuple[Element, ...], *tags: int) -> None:
    """Raises MalformedError unless the elements begin with these tags."""
    if tuple(member.tag for member in elements[: len(tags)]) != tags:
        raise MalformedError("its parts are not where they belong")


def dotted(content: bytes) -> str:
    """An object identifier out of its content, as dotted numbers. Raises MalformedError."""
    if not content or content[-1] & 0x80 or len(content) > LONGEST_OID:
        raise MalformedError("an object identifier is malformed")
    numbers, number = [], 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def encoded(tag: int, content: bytes) -> bytes:
    """Tag, length and content as DER writes them."""
    return head(tag, len(content)) + content


def integer(number: int) -> bytes:
    """The content of an INTEGER as DER writes it, in as few bytes as hold it and its sign."""
    size = (number if number >= 0 else number + 1).bit_length() // 8 + 1
    return number.to_bytes(size, "big", signed=True)


def head(tag: int, length: int) -> bytes:
    """Tag and length as DER writes them."""
    if length < 0x80:
        return bytes((tag, length))
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big")


class Signed(Struct, frozen=True):
    """The shape that certificates, CRLs and OCSP answers share: what is signed, by which algorithm, the signature."""

    tbs: Element
    algorithm: Element
    signature: bytes


def signed(outer: Element) -> Signed:
    """The three parts of SIGNED{...} (RFC 5280, 4.1.1). Raises MalformedError."""
    parts = members(outer)
    expect((outer, *parts), SEQUENCE, SEQUENCE, SEQUENCE, BIT_STRING)
    bits = parts[2].content
    if not bits or bits[0] != 0:
        raise MalformedError("its signature is not a whole number of bytes")
    return Signed(parts[0], parts[1], bits[1:])


class Names(Struct, frozen=True):
    """What a CertID is made of, out of a certificate's own bytes: issuer Name, subject Name, and the bits of the
    public key without the algorithm (RFC 6960, 4.1.1)."""

    issuer: bytes
    subject: bytes
    key_bits: bytes


def parties(certificate: bytes) -> tuple[bytes, bytes, bytes]:
    """Issuer, subject and SubjectPublicKeyInfo of a certificate in DER (RFC 5280, 4.1). Raises MalformedError."""
    outer = element(certificate)
    tbs = element(certificate, outer.body, outer.end)
    first = element(certificate, tbs.body, tbs.end)
    at = first.end if first.tag == VERSION else tbs.body
    ends = []
    for tag in (INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE):  # serial number to key
        # A short length that cannot reach beyond the end, as most are, is added up here, which is what a call costs.
        short = tbs.end - at > 0x81 and certificate[at + 1] < 0x80
        end = at + 2 + certificate[at + 1] if short else element(certificate, at, tbs.end).end
        if certificate[at] != tag:
            raise MalformedError("its parts are not where they belong")
        at = end
        ends.append(at)
    return certificate[ends[1] : ends[2]], certificate[ends[3] : ends[4]], certificate[ends[4] : ends[5]]


def names(certificate: bytes) -> Names:
    """What a CertID names an issuer by, out of a certificate in DER. Raises MalformedError."""
    issuer, subject, info = parties(certificate)
    key = members(element(info))
    expect(key, SEQUENCE, BIT_STRING)
    return Names(issuer, subject, key[1].content[1:])
