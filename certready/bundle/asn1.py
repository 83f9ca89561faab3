"""The outer shape of BER and DER, read without decoding what is inside.

Just enough to tell containers apart, to take certificates out of PKCS#7 as they were stored, and to see what a PFX is
encrypted with before a password is tried. Depth is bounded and every byte is looked at a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

INTEGER, BIT_STRING, OCTET_STRING, OID, ENUMERATED, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x0A, 0x30, 0x31
CONTEXT_0 = 0xA0

_MAX_DEPTH = 24
_MAX_ELEMENTS = 20_000  # of indefinite length: ten megabytes in pieces of 1,000 bytes are half of that
_MAX_PIECES_DEPTH = 6
_CONSTRUCTED = 0x20


class Asn1Error(ValueError):
    """The bytes are not the ASN.1 that was expected."""


class CutOffError(Asn1Error):
    """An element says that it is longer than what is there: ``wanted`` bytes from its start, ``present`` are."""

    def __init__(self, wanted: int, present: int) -> None:
        super().__init__(f"{present} of {wanted} bytes are there")
        self.wanted = wanted
        self.present = present


class Node(Struct, frozen=True):
    """One element of ``data``: ``begin`` is its offset, ``start`` to ``end`` its content, ``after`` the next one's."""

    data: bytes
    tag: int
    begin: int
    start: int
    end: int
    after: int

    @property
    def raw(self) -> bytes:
        """The whole element as it was encoded."""
        return self.data[self.begin : self.after]

    @property
    def content(self) -> bytes:
        """The bytes of the value, without tag and length."""
        return self.data[self.start : self.end]

    def children(self) -> Iterator[Node]:
        """The elements inside. Raises Asn1Error as soon as one does not fit."""
        if not self.tag & _CONSTRUCTED:
            raise Asn1Error("a primitive element has no elements inside")
        offset = self.start
        while offset < self.end:
            node = _read(self.data, offset, self.end, 0)
            yield node
            offset = node.after

    def first(self, count: int) -> tuple[Node, ...]:
        """The first ``count`` elements inside, fewer where there are not so many."""
        return tuple(islice(self.children(), count))

    def child(self, index: int, tag: int | None = None) -> Node:
        """The element inside at ``index``, which must have this tag. Raises Asn1Error."""
        children = self.first(index + 1)
        if len(children) <= index or (tag is not None and children[index].tag != tag):
            raise Asn1Error("an element is missing or of another type")
        return children[index]

    def octets(self, depth: int = 0) -> bytes:
        """The bytes of an OCTET STRING; the pieces are joined where BER split it, also those of pieces (X.690, 8.7.3).

        Raises Asn1Error where it is nested too deeply. ``depth`` is how deep this piece lies.
        """
        if not self.tag & _CONSTRUCTED:
            return self.content
        if depth > _MAX_PIECES_DEPTH:
            raise Asn1Error("it is nested too deeply")
        return b"".join(piece.octets(depth + 1) for piece in self.children())

    def integer(self) -> int:
        """A non-negative INTEGER of at most eight bytes. Raises Asn1Error for any other."""
        if self.tag != INTEGER or not 0 < self.end - self.start <= 8 or self.content[0] > 0x7F:
            raise Asn1Error("a small integer is missing")
        return int.from_bytes(self.content, "big")

    def oid(self) -> str:
        """An OBJECT IDENTIFIER in dotted form. Raises Asn1Error for any other, and for one over 32 bytes."""
        if self.tag != OID or not 0 < self.end - self.start <= 32:
            raise Asn1Error("an object identifier is missing")
        arcs, value = [], 0
        for byte in self.content:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                arcs.append(value)
                value = 0
        if not arcs:
            raise Asn1Error("an object identifier does not end")
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def read(data: bytes, offset: int = 0) -> Node:
    """The element at ``offset``. Raises Asn1Error; CutOffError where the data ends before the element does."""
    return _read(data, offset, len(data), 0)


def _read(data: bytes, offset: int, limit: int, depth: int) -> Node:
    if offset + 2 > limit:
        raise CutOffError(2, limit - offset)
    if depth > _MAX_DEPTH:
        raise Asn1Error("it is nested too deeply")
    tag, length, start = data[offset], data[offset + 1], offset + 2
    if tag & 0x1F == 0x1F:
        raise Asn1Error("a tag has more than one byte")
    if length == 0x80:
        return _indefinite(data, (offset, start), limit, depth)
    if length & 0x80:
        size = length & 0x7F
        if size > 4:
            raise Asn1Error("a length is impossibly large")
        if start + size > limit:
            raise CutOffError(2 + size, limit - offset)
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    if start + length > limit:
        raise CutOffError(start + length - offset, limit - offset)
    return Node(data, tag, offset, start, start + length, start + length)


def _indefinite(data: bytes, position: tuple[int, int], limit: int, depth: int) -> Node:
    """An element that ends at two zero bytes (X.690, 8.1.3.6): Java and older tools still write these."""
    begin, offset = position
    start = offset
    if not data[begin] & _CONSTRUCTED:
        raise Asn1Error("a primitive element has no length")
    for _ in range(_MAX_ELEMENTS):
        if data[offset : offset + 2] == b"\0\0" and offset + 2 <= limit:
            break
        offset = _read(data, offset, limit, depth + 1).after
    else:
        raise Asn1Error("it is in too many pieces")
    return Node(data, data[begin], begin, start, offset, offset + 2)
