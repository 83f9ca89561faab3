"""From a trust anchor to a record: every zone on the way authenticated, in answers that nobody else has to vouch for.

The walk (RFC 4035, 5) goes down from the anchor: the parent's signed DS names the child's key, or its signed denial
says that the child is unsigned. It knows no sockets: answers come from whoever is asked, a server or saved evidence.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import dns.exception
import dns.name
import dns.rdataset
import dns.rdatatype
from msgspec import Struct

from certready.dnssec import denial, signatures
from certready.dnssec.anchors import Anchors
from certready.dnssec.answer import MessageError, Reading, Signed, read
from certready.dnssec.model import Found, Lookup, Record, Status, Zone, worse
from certready.dnssec.signatures import Check, Verifier

MOST_ALIASES = 8
MOST_PROOFS = 16  # NSEC or NSEC3 records of an answer whose signatures are verified; a proof needs three
_CNAME, _DNAME, _DS, _DNSKEY = dns.rdatatype.CNAME, dns.rdatatype.DNAME, dns.rdatatype.DS, dns.rdatatype.DNSKEY


class _Part(Struct, frozen=True):
    """One link: the records of a name, an alias's target, or why there are none."""

    status: Status
    why: str = ""
    records: dns.rdataset.Rdataset | None = None
    target: dns.name.Name | None = None
    denied: str = ""
    until: datetime | None = None
    delegation: bool = False
    dated: bool = False


class Validator:
    """Looks up records and says how far they can be trusted as of ``at``.

    Args:
        ask: gives raw answers; each name and kind is asked for once.
        anchors: the keys that trust begins with.
        at: the moment of the judgement, aware.
        gathered: when the answers were given, aware.
    """

    def __init__(self, ask: Lookup, anchors: Anchors, at: datetime, gathered: datetime) -> None:
        self._ask = ask
        self._anchors = anchors
        self._verifier = Verifier(at, gathered)
        self._read: dict[tuple[str, str], Reading | str] = {}
        self._zones: dict[dns.name.Name, Zone] = {}
        self._parts: dict[tuple[dns.name.Name, dns.rdatatype.RdataType, dns.name.Name], _Part] = {}

    def look_up(self, name: str, kind: str) -> Found:
        """The records of a kind that a name has, aliases followed. Never raises for what DNS answers; PendingError
        where it has not answered yet. Nothing is verified again by another look-up."""
        wanted = dns.rdatatype.from_text(kind)
        try:
            at = dns.name.from_text(name)
        except (dns.exception.DNSException, ValueError):
            return Found("unanswered", name=name, why=f"{name[:80]!a} is not a name that DNS can be asked for")
        status: Status = "secure"
        why, dated = "", False
        alias: Status | None = None
        until: datetime | None = None
        for _ in range(MOST_ALIASES):
            part = self._link(at, wanted)
            if worse(status, part.status) != status:
                status, why, dated = part.status, part.why, part.dated
            until = min(filter(None, (until, part.until)), default=None)
            shown = _shown(at)
            if part.target is None:
                return Found(
                    status=status,
                    records=tuple(part.records or ()),
                    name=shown,
                    denied=part.denied,  # type: ignore[arg-type]
                    why=why,
                    dated=dated,
                    alias=alias,
                    ttl=part.records.ttl if part.records else None,
                    until=until,
                )
            alias = alias or part.status
            at = part.target
        return Found(
            "unanswered", name=_shown(at), why=f"the aliases of {name} lead in a circle or too far", alias=alias
        )

    # -- one name -------------------------------------------------------------------------------------------------

    def _link(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> _Part:
        reading = self._answer(name, kind)
        if isinstance(reading, str):
            return _Part("unanswered", reading)
        if reading.code not in ("NOERROR", "NXDOMAIN"):
            records_asked = f"the {dns.rdatatype.to_text(kind)} records of {_shown(name)}"
            return _Part("unanswered", f"its servers answer {reading.code} about {records_asked}")
        zone = self._holder(reading, name)
        if zone.status in ("bogus", "unanswered", "unverified"):
            return _Part(zone.status, zone.why, dated=zone.dated)
        return self._taken(reading, name, kind, zone)

    def _taken(self, reading: Reading, name: dns.name.Name, kind: dns.rdatatype.RdataType, zone: Zone) -> _Part:
        """What an answer out of this zone, secure or insecure, says of the name, once for all."""
        key = (name, kind, zone.name)
        if key not in self._parts:
            self._parts[key] = self._verified(reading, name, kind, zone)
        return self._parts[key]

    def _verified(self, reading: Reading, name: dns.name.Name, kind: dns.rdatatype.RdataType, zone: Zone) -> _Part:
        records = reading.find(name, kind) or _alias(reading, name)
        if records is None:
            return self._absent(reading, name, kind, zone)
        if zone.keys is None:
            check = Check("insecure", zone.why)
        else:
            check = self._verifier.check(records, zone.name, zone.keys)
            if check.status == "secure":
                check = self._expanded(reading, records, zone, check)
            if check.status == "bogus" and reading.damaged:
                check = Check("unverified", f"{check.why}; a part of the answer cannot be read")
        if records.kind == kind:
            return _Part(check.status, check.why, records.records, until=check.until, dated=check.dated)
        target = _target(records, name)
        if target is None and worse("unanswered", check.status) == "unanswered":
            return _Part("unanswered", f"the alias at {_shown(records.name)} leads to a name that is too long")
        return _Part(check.status, check.why, target=target, until=check.until, dated=check.dated)

    def _expanded(self, reading: Reading, records: Signed, zone: Zone, check: Check) -> Check:
        """A wildcard stands for a name only where no other stands closer to it (RFC 4035, 5.3.4)."""
        if not _expands(records, check):
            return check
        proofs, trouble = self._proofs(reading, zone)
        if trouble:
            return trouble
        proof = denial.no_closer_match(proofs, records.name, check.labels, zone.name)
        return check if proof.kind == "nxdomain" else Check("unverified", proof.why)

    def _absent(self, reading: Reading, name: dns.name.Name, kind: dns.rdatatype.RdataType, zone: Zone) -> _Part:
        """What an answer without records proves."""
        denied = "nxdomain" if reading.code == "NXDOMAIN" else "nodata"
        if zone.keys is None:
            return _Part("insecure", zone.why, denied=denied)
        proofs, trouble = self._proofs(reading, zone)
        if trouble:
            return _Part(trouble.status, trouble.why, dated=trouble.dated)
        try:
            proof = denial.absent(proofs, name, int(kind), zone.name)
        except (dns.exception.DNSException, ValueError, AttributeError):
            return _Part("bogus", f"what is to prove that {_shown(name)} has no such records is malformed")
        if proof.kind in ("nodata", "nxdomain"):
            return _Part("secure", denied=proof.kind, delegation=proof.delegation)
        if proof.kind == "opt-out":
            why = f"{_shown(zone.name)} leaves out unsigned names below it (NSEC3 opt-out)"
            return _Part("insecure", why, denied=denied, delegation=True)
        if proof.kind == "unclear" or reading.damaged:
            return _Part("unverified", proof.why)
        return _Part("bogus", proof.why)

    def _proofs(self, reading: Reading, zone: Zone) -> tuple[list[Signed], Check | None]:
        """The NSEC and NSEC3 records of an answer whose signatures fit, or why they do not."""
        proofs: list[Signed] = []
        trouble: Check | None = None
        denying = [proof for proof in reading.authority if proof.kind in (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)]
        for proof in denying[:MOST_PROOFS]:
            if zone.keys is None:
                break
            check = self._verifier.check(proof, zone.name, zone.keys)
            # An NSEC out of a wildcard would prove whatever is asked (RFC 4035, 5.4).
            if check.status == "secure" and proof.kind == dns.rdatatype.NSEC and _expands(proof, check):
                continue
            if check.status == "secure":
                proofs.append(proof)
            else:
                trouble = trouble or check
        return proofs, None if proofs else trouble

    # -- zones ----------------------------------------------------------------------------------------------------

    def _holder(self, reading: Reading, name: dns.name.Name) -> Zone:
        """The zone an answer comes from: whoever signed it says so, and has to be authentic; else the one the name lies
        in, walked down to."""
        sets = [signed for signed in reading.answers if signed.name == name or signed.kind == _DNAME] or list(
            reading.authority
        )
        signers = {signature.signer for signed in sets for signature in signed.signatures}
        for signer in sorted(
            (candidate for candidate in signers if name.is_subdomain(candidate)), key=len, reverse=True
        )[:2]:
            zone = self._zone(signer)
            if zone.status != "secure" or zone.name == signer:
                return zone
        return self._zone(name)

    def _zone(self, name: dns.name.Name) -> Zone:
        """The deepest zone at or above a name, from the closest trust anchor down."""
        above = [anchor for anchor in self._anchors if name.is_subdomain(anchor)]
        if not above:
            return Zone(name, "unverified", why=f"no trust anchor is known above {_shown(name)}")
        zone = self._anchored(max(above, key=len))
        for length in range(len(zone.name) + 1, len(name) + 1):
            if zone.status != "secure" or zone.ends:
                break
            zone = self._below(zone, name.split(length)[1])
        return zone

    def _anchored(self, name: dns.name.Name) -> Zone:
        """The zone of a trust anchor."""
        if name not in self._zones:
            self._zones[name] = self._keys(name, self._anchors[name], anchored=True)
        return self._zones[name]

    def _below(self, parent: Zone, name: dns.name.Name) -> Zone:
        """The zone that a name one label further down lies in: its own, or still its parent's."""
        if name not in self._zones:
            self._zones[name] = self._delegated(parent, name)
        return self._zones[name]

    def _delegated(self, parent: Zone, name: dns.name.Name) -> Zone:
        reading = self._answer(name, _DS)
        if isinstance(reading, str):
            return Zone(name, "unanswered", why=reading)
        if reading.code not in ("NOERROR", "NXDOMAIN"):
            return Zone(
                name, "unanswered", why=f"its servers answer {reading.code} about the DS records of {_shown(name)}"
            )
        part = self._taken(reading, name, _DS, parent)
        if part.status == "insecure":
            return Zone(name, "insecure", why=part.why or f"{_shown(name)} is not signed")
        if part.status != "secure":
            return Zone(name, part.status, why=part.why, dated=part.dated)
        if part.records:
            return self._keys(name, tuple(part.records), anchored=False)
        if part.delegation:
            return Zone(name, "insecure", why=f"{_shown(name)} is not signed: {_shown(parent.name)} has no DS for it")
        return Zone(parent.name, "secure", parent.keys, ends=part.denied == "nxdomain" or part.target is not None)

    def _keys(self, name: dns.name.Name, anchors: Iterable[Record], *, anchored: bool) -> Zone:
        """A zone by its DNSKEY records, which one of the keys that its parent or an anchor names has to have signed."""
        anchor_records = tuple(anchors)
        if len(anchor_records) > signatures.MOST_KEYS:
            return Zone(name, "unverified", why=f"{_shown(name)} has more DS records than are looked at")
        if not signatures.supported(anchor_records):
            return Zone(name, "unverified", why=f"{_shown(name)} is signed by an algorithm that is not verified here")
        reading = self._answer(name, _DNSKEY)
        if isinstance(reading, str):
            return Zone(name, "unanswered", why=reading)
        keys = reading.find(name, _DNSKEY)
        if keys is None:
            answered = reading.code in ("NOERROR", "NXDOMAIN")
            status: Status = "unanswered" if not answered else "unverified" if anchored else "bogus"
            return Zone(name, status, why=f"{_shown(name)} shows no keys ({reading.code})")
        if len(keys.records) > signatures.MOST_KEYS:
            return Zone(name, "unverified", why=f"{_shown(name)} has more keys than are looked at")
        if anchored and not keys.signatures:
            return Zone(name, "unverified", why="the DNS server leaves out signatures; ask another one")
        chosen = signatures.trusted(name, keys.records, anchor_records)
        if not chosen:
            if anchored:
                return Zone(
                    name, "unverified", why=f"the trust anchors known here are not among the keys of {_shown(name)}"
                )
            return Zone(name, "bogus", why=f"no key of {_shown(name)} is the one that its DS names")
        entry = dns.rdataset.from_rdata_list(keys.records.ttl, chosen)
        check = self._verifier.check(keys, name, entry)
        if check.status != "secure":
            return Zone(name, check.status, why=check.why, dated=check.dated)
        return Zone(name, "secure", keys.records)

    # -- answers --------------------------------------------------------------------------------------------------

    def _answer(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> Reading | str:
        """The answer, taken apart, or a clause that says why there is none."""
        name_text = name.to_text(omit_final_dot=True).lower() if name != dns.name.root else "."
        key = (name_text, dns.rdatatype.to_text(kind))
        if key not in self._read:
            raw = self._ask(*key)
            try:
                self._read[key] = read(raw.wire) if raw.wire is not None else raw.error or "there is no answer"
            except MessageError as error:
                self._read[key] = f"the answer about the {key[1]} records of {key[0]} is unusable: {error}"
        return self._read[key]


def _expands(signed: Signed, check: Check) -> bool:
    """Whether a wildcard's signature was taken for this name (RFC 4034, 3.1.3)."""
    return check.labels < len(signed.name) - 1 - (signed.name.labels[:1] == (b"*",))


def _alias(reading: Reading, name: dns.name.Name) -> Signed | None:
    """The alias of a name: its CNAME, unless that was only made, unsigned, of a DNAME above (RFC 6672, 5.3.1)."""
    direct = reading.find(name, _CNAME)
    above = (
        signed
        for signed in reading.answers
        if signed.kind == _DNAME and signed.name != name and name.is_subdomain(signed.name)
    )
    return direct if direct and direct.signatures else next(above, direct)


def _target(alias: Signed, name: dns.name.Name) -> dns.name.Name | None:
    """Where a CNAME leads, or a DNAME above the name (RFC 6672, 2.2); None where that is longer than a name may be."""
    target: dns.name.Name = alias.records[0].target
    if alias.kind == _CNAME:
        return target
    try:
        return name.relativize(alias.name).derelativize(target)
    except dns.exception.DNSException:
        return None


def _shown(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True) if name != dns.name.root else "the root"
