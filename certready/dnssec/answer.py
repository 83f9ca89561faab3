"""One DNS answer taken apart: record sets with their signatures, section by section, within bounds.

A TLSA record that says nothing sensible is still a record that was signed. dnspython refuses one whose digest has the
wrong length and drops it, and the set could then not be verified; so TLSA is read as bytes here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.RRSIG
import dns.rrset

MOST_SETS = 64  # record sets of an answer that are looked at; an answer about one name has a few

_TLSA, _OPAQUE = int(dns.rdatatype.TLSA), 65333  # of the range for private use (RFC 6895, 3.1)

RRSIG = dns.rdtypes.ANY.RRSIG.RRSIG


class Signed(NamedTuple):
    """A record set and the signatures that came with it."""

    name: dns.name.Name
    kind: dns.rdatatype.RdataType
    records: dns.rdataset.Rdataset
    signatures: tuple[RRSIG, ...]


class Reading(NamedTuple):
    """What an answer holds. ``code`` is its response code as text; ``damaged`` says that a record could not be read,
    so that a set may lack it and its signature not fit."""

    code: str
    answers: tuple[Signed, ...]
    authority: tuple[Signed, ...]
    damaged: bool

    def find(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> Signed | None:
        """The set of this name and kind in the answer section."""
        return next((signed for signed in self.answers if signed.name == name and signed.kind == kind), None)


class MessageError(Exception):
    """The bytes are no DNS answer; the text is a clause."""


def read(wire: bytes) -> Reading:
    """The answer in these bytes. Raises MessageError."""
    try:
        message = dns.message.from_wire(_opaque(wire), continue_on_error=True, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError, struct.error, IndexError) as error:
        raise MessageError(f"it is not a DNS message ({type(error).__name__})") from None
    if message.flags & dns.flags.TC:
        raise MessageError("it is cut off")
    return Reading(
        dns.rcode.to_text(message.rcode()),
        tuple(_signed(message.answer)),
        tuple(_signed(message.authority)),
        bool(getattr(message, "errors", ())),
    )


def _signed(section: Iterable[dns.rrset.RRset]) -> Iterator[Signed]:
    sets = list(section)[: 2 * MOST_SETS]
    signatures: dict[tuple[dns.name.Name, int], list[RRSIG]] = {}
    for rrset in sets:
        if rrset.rdtype == dns.rdatatype.RRSIG:
            signatures.setdefault((rrset.name, int(rrset.covers)), []).extend(rrset)
    for rrset in [rrset for rrset in sets if rrset.rdtype != dns.rdatatype.RRSIG][:MOST_SETS]:
        kind = dns.rdatatype.TLSA if rrset.rdtype == _OPAQUE else rrset.rdtype
        records = _restored(rrset) if rrset.rdtype == _OPAQUE else rrset.to_rdataset()
        yield Signed(rrset.name, kind, records, tuple(signatures.get((rrset.name, int(kind)), ())))


def _restored(opaque: dns.rrset.RRset) -> dns.rdataset.Rdataset:
    """The TLSA records that were hidden from dnspython, as bytes."""
    records = dns.rdataset.Rdataset(dns.rdataclass.IN, dns.rdatatype.TLSA, ttl=opaque.ttl)
    for record in opaque:
        records.add(dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.TLSA, record.data))
    return records


def _opaque(wire: bytes) -> bytes:
    """The message with every TLSA record under a type that dnspython does not take apart."""
    if len(wire) < 12:
        raise MessageError("it is too short for a DNS message")
    patched = bytearray(wire)
    questions, *sections = struct.unpack(">4H", wire[4:12])
    at = 12
    for _ in range(questions):
        at = _past_name(wire, at) + 4
    for _ in range(sum(sections)):
        at = _past_name(wire, at)
        if at + 10 > len(wire):
            break  # what is left is dnspython's to complain about
        kind, _, _, length = struct.unpack(">HHIH", wire[at : at + 10])
        if kind == _TLSA:
            struct.pack_into(">H", patched, at, _OPAQUE)
        at += 10 + length
    return bytes(patched)


def _past_name(wire: bytes, at: int) -> int:
    """Where a name ends that begins here."""
    while at < len(wire) and wire[at]:
        if wire[at] >= 0xC0:  # a pointer ends a name (RFC 1035, 4.1.4)
            return at + 2
        at += 1 + wire[at]
    return at + 1
