"""What signed NSEC and NSEC3 records prove is not there (RFC 4035, 5.4; RFC 5155, 8; RFC 6840, 4). Pure.

Whoever calls has verified the records' signatures by the keys of ``zone``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import dns.dnssec
import dns.name
import dns.rdatatype

from certready.dnssec.answer import Signed
from certready.dnssec.model import Record

MOST_ITERATIONS = 150  # beyond that validators prove nothing by NSEC3 (RFC 9276, 3.2)
_WILDCARD = dns.name.Name([b"*"])
_NS, _SOA, _DS, _CNAME, _DNAME = (
    int(kind)
    for kind in (
        dns.rdatatype.NS,
        dns.rdatatype.SOA,
        dns.rdatatype.DS,
        dns.rdatatype.CNAME,
        dns.rdatatype.DNAME,
    )
)

Kind = Literal["nodata", "nxdomain", "opt-out", "nothing", "unclear"]


class Proof(NamedTuple):
    """What is proved: that a name has no records of a kind ("nodata"), that there is no such name ("nxdomain"), that
    it may be there unsigned ("opt-out"), or "nothing"; "unclear" where nobody is bound to compute it. ``delegation``
    says that the name is handed to servers of its own. ``why`` is a clause where nothing is proved."""

    kind: Kind
    delegation: bool = False
    why: str = ""


def absent(proofs: Sequence[Signed], name: dns.name.Name, kind: int, zone: dns.name.Name) -> Proof:
    """What the NSEC or NSEC3 records of a zone prove about a name's records of a kind (RFC 4035, 5.4; RFC 5155, 8)."""
    hashed = _Hashed.of(proofs, zone)
    if isinstance(hashed, Proof):
        return hashed
    proof = hashed.absent(name, kind) if hashed else _Plain(proofs).absent(name, kind)
    return proof or Proof("nothing", why=f"nothing proves that {_shown(name)} has no such records")


def no_closer_match(proofs: Sequence[Signed], name: dns.name.Name, labels: int, zone: dns.name.Name) -> Proof:
    """Whether a wildcard may stand for ``name``: "nxdomain" where no name stands closer than the wildcard, whose
    signature counts so many ``labels`` (RFC 4035, 5.3.4)."""
    closer = name.split(labels + 2)[1]
    hashed = _Hashed.of(proofs, zone)
    if isinstance(hashed, Proof):
        return hashed
    covered = hashed.covering(closer) if hashed else _Plain(proofs).covering(name)
    return Proof("nxdomain" if covered else "nothing", why="" if covered else f"a wildcard answers for {_shown(name)}")


def _shown(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True)


def types(record: Record) -> frozenset[int]:
    """The types in the bitmap of an NSEC or NSEC3 record."""
    return frozenset(
        window * 256 + place * 8 + bit
        for window, bitmap in record.windows
        for place, octet in enumerate(bitmap)
        for bit in range(8)
        if octet & (0x80 >> bit)
    )


def _lacks(record: Record, kind: int, *, apex_of_root: bool) -> Proof | None:
    """What the record that stands at a name says about its records of a kind."""
    present = types(record)
    cut = _NS in present and _SOA not in present
    if kind in present or _CNAME in present:
        return None
    if kind != _DS and cut:  # the parent's word, which knows nothing of the child's records
        return None
    if kind == _DS and _SOA in present and not apex_of_root:  # the child's word, and a DS stands with the parent
        return None
    return Proof("nodata", delegation=cut)


class _Plain:
    """NSEC records: names in order, each with the next."""

    def __init__(self, proofs: Iterable[Signed]) -> None:
        self.records = [
            (proof.name, proof.records[0]) for proof in proofs if proof.kind == dns.rdatatype.NSEC and proof.records
        ]

    def absent(self, name: dns.name.Name, kind: int) -> Proof | None:
        at = next((record for owner, record in self.records if owner == name), None)
        if at is not None:
            return _lacks(at, kind, apex_of_root=name == dns.name.root)
        owner, record = self.covering(name) or (None, None)
        if owner is None or record is None:
            return None
        if record.next != name and record.next.is_subdomain(name):
            return Proof("nodata")  # a name without records of its own, because there are some below it
        encloser = max((_common(name, owner), _common(name, record.next)), key=len)
        wildcard = dns.name.Name((*_WILDCARD.labels, *encloser.labels))
        at = next((record for owner, record in self.records if owner == wildcard), None)
        if at is not None:
            return _lacks(at, kind, apex_of_root=False)
        return Proof("nxdomain") if self.covering(wildcard) else None

    def covering(self, name: dns.name.Name) -> tuple[dns.name.Name, Record] | None:
        """The record between whose names this one would stand. One of a delegation says nothing of names below."""
        for owner, record in self.records:
            last = record.next <= owner  # the last one leads back to the first
            if not owner < name or not (last or name < record.next):
                continue
            present = types(record)
            if name.is_subdomain(owner) and (_DNAME in present or (_NS in present and _SOA not in present)):
                continue
            return owner, record
        return None


class _Hashed:
    """NSEC3 records: hashes of names in order, each with the next."""

    def __init__(self, records: Sequence[tuple[bytes, Record]], zone: dns.name.Name) -> None:
        self.records = records
        self.zone = zone
        self.hashes: dict[dns.name.Name, bytes] = {}

    @classmethod
    def of(cls, proofs: Iterable[Signed], zone: dns.name.Name) -> _Hashed | Proof | None:
        """The NSEC3 records of one chain, None where there are none, or why nothing is computed."""
        records = []
        for proof in proofs:
            if proof.kind != dns.rdatatype.NSEC3 or not proof.records or proof.name.parent() != zone:
                continue
            record = proof.records[0]
            try:
                records.append((base64.b32hexdecode(proof.name.labels[0].upper()), record))
            except (binascii.Error, ValueError):
                continue
        if not records:
            return None
        _, first = records[0]
        if first.algorithm != 1 or first.flags > 1:
            return Proof("unclear", why=f"{_shown(zone)} hides its names by a hash that is not known")
        if first.iterations > MOST_ITERATIONS:
            return Proof("unclear", why=f"{_shown(zone)} hashes its names {first.iterations} times")
        alike = [
            pair for pair in records if (pair[1].salt, pair[1].iterations, pair[1].algorithm)
            == (first.salt, first.iterations, first.algorithm)
        ]  # fmt: skip
        return cls(alike, zone)

    def absent(self, name: dns.name.Name, kind: int) -> Proof | None:
        at = self.matching(name)
        if at is not None:
            return _lacks(at, kind, apex_of_root=name == dns.name.root)
        encloser = name
        while encloser != self.zone:  # every label is hashed at most once, and a name has at most 127
            closer, encloser = encloser, encloser.parent()
            at = self.matching(encloser)
            if at is not None:
                break
        present = types(at) if at is not None else frozenset()
        if at is None or _DNAME in present or (_NS in present and _SOA not in present):
            return None
        cover = self.covering(closer)
        if cover is None:
            return None
        if cover.flags & 1:
            return Proof("opt-out", delegation=True)
        wildcard = dns.name.Name((*_WILDCARD.labels, *encloser.labels))
        at = self.matching(wildcard)
        if at is not None:
            return _lacks(at, kind, apex_of_root=False)
        return Proof("nxdomain") if self.covering(wildcard) else None

    def matching(self, name: dns.name.Name) -> Record | None:
        """The record that stands at a name."""
        digest = self._hash(name)
        return next((record for owner, record in self.records if owner == digest), None)

    def covering(self, name: dns.name.Name) -> Record | None:
        """The record between whose hashes that of this name would stand."""
        digest = self._hash(name)
        for owner, record in self.records:
            after, before = owner < digest, digest < record.next
            if (after and before) if owner < record.next else ((after or before) and digest != owner):
                return record
        return None

    def _hash(self, name: dns.name.Name) -> bytes:
        if name not in self.hashes:
            _, first = self.records[0]
            text = dns.dnssec.nsec3_hash(name, first.salt, first.iterations, first.algorithm)
            self.hashes[name] = base64.b32hexdecode(text)
        return self.hashes[name]


def _common(name: dns.name.Name, other: dns.name.Name) -> dns.name.Name:
    """The longest name that both lie under."""
    _, _, count = name.fullcompare(other)
    return name.split(count)[1]
