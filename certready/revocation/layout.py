"""A CRL of any size in its original bytes: its entries set apart, and searched without reading them.

A million entries are 42 MB. cryptography reads what stands around them, out of a copy of the list that leaves nearly
all of them out; the entries themselves are searched for bytes. An entry for a serial number holds the magnitude of that
number, however it is encoded, so where the bytes are absent no reader of the list can find the number in it.
"""

from __future__ import annotations

from typing import NamedTuple

from certready.x509.der import SEQUENCE, Element, MalformedError, Signed, element, head, integer, members, signed

TIMES = (0x17, 0x18)  # UTCTime, GeneralizedTime
EXTENSIONS = 0xA0
SAMPLE = 256  # the first entries, which are read with the header: what is wrong with all of a list shows in them
CRITICAL = b"\x01\x01\xff\x04"  # BOOLEAN TRUE and the tag of extnValue: a critical extension in DER (RFC 5280, 4.1)


class Layout(NamedTuple):
    """A CertificateList in DER: its signed parts, revokedCertificates (None where the list has none), and ``header``,
    the same list with the first of them only, DER too, whose signature fits no more where it left any out."""

    parts: Signed
    entries: Element | None
    header: bytes


def layout(der: bytes) -> Layout:
    """Where the parts of a list lie (RFC 5280, 5.1). Copies no more than the first of its entries.

    Whatever stands in the wrong place is left in ``header``, for its reader to refuse. Raises MalformedError.
    """
    outer = element(der)
    if outer.end != len(der):
        raise MalformedError("bytes follow it")
    parts = signed(outer)
    entries = _entries(parts.tbs)
    for part in (outer, parts.tbs, *((entries,) if entries else ())):
        if part.body - part.start != len(head(part.tag, part.end - part.body)):
            raise MalformedError("its encoding is not DER")
    header = excerpt(parts.tbs, entries, slice(entries.body, sampled(entries))) if entries else der
    return Layout(parts, entries, header)


def mentions(entries: Element, serial: int) -> bool:
    """Whether the entries hold the bytes of this serial number somewhere.

    False proves that no entry is about it, in whatever encoding. True proves nothing: the bytes of a short number
    occur by chance.
    """
    if serial < 0:
        return _holds(entries, integer(serial))
    return _holds(entries, serial.to_bytes((serial.bit_length() + 7) // 8, "big"))


def may_be_critical(entries: Element) -> bool:
    """Whether any entry may have a critical extension. False is certain, True may be chance."""
    return _holds(entries, CRITICAL)


def _holds(entries: Element, wanted: bytes) -> bool:
    # From behind, because CPython finds short needles about twice as fast that way.
    return entries.data.rfind(wanted, entries.body, entries.end) >= 0


def _entries(tbs: Element) -> Element | None:
    """revokedCertificates: the SEQUENCE after the last date, which nothing but the extensions may follow."""
    parts = members(tbs)
    if parts and parts[-1].end != tbs.end:
        raise MalformedError("it has too many parts")
    dates = [index for index, part in enumerate(parts) if part.tag in TIMES]
    after = parts[dates[-1] + 1 :] if dates else ()
    shape = tuple(part.tag for part in after)
    if shape in ((), (EXTENSIONS,)):
        return None
    if shape not in ((SEQUENCE,), (SEQUENCE, EXTENSIONS)):
        raise MalformedError("its parts are not where they belong")
    return after[0]


def excerpt(tbs: Element, entries: Element, some: slice) -> bytes:
    """The list with only those of its entries that lie between two offsets: everything else byte for byte, under new
    lengths."""
    data = tbs.data
    sample = head(SEQUENCE, some.stop - some.start) + data[some]
    inner = data[tbs.body : entries.start] + sample + data[entries.end : tbs.end]
    whole = head(SEQUENCE, len(inner)) + inner + data[tbs.end :]
    return head(SEQUENCE, len(whole)) + whole


def sampled(entries: Element) -> int:
    """Where the first entries end. Raises MalformedError where one of them is cut short."""
    at = entries.body
    for _ in range(SAMPLE):
        if at < entries.end:
            at = element(entries.data, at, entries.end).end
    return at
