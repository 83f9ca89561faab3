"""Zones that are signed here, and what their servers answer: right, and wrong in every way that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from certready.dane.survey import survey
from certready.model import Dane, DnsAnswer

DAY = timedelta(days=1)
Tamper = Callable[[dns.message.Message], None]
MINIMUM = 300


def name(text: str) -> dns.name.Name:
    """A name, absolute."""
    return dns.name.from_text(text)


class Zone:
    """One zone. ``records`` is ``{"mx": {"A": ["192.0.2.1"]}}``, names relative to the zone, "@" for itself.

    ``signed`` without signatures leaves everything out that DNSSEC adds. ``nsec3`` hashes its names (that many
    iterations), ``opt_out`` leaves out unsigned delegations. ``window`` is when its signatures hold.
    """

    def __init__(
        self,
        origin: str,
        records: Mapping[str, Mapping[str, Iterable[str]]],
        moment: datetime,
        *,
        signed: bool = True,
        nsec3: int | None = None,
        opt_out: bool = False,
        window: tuple[timedelta, timedelta] = (-DAY, 30 * DAY),
        ttl: int = 3600,
    ) -> None:
        self.origin = name(origin)
        self.signed = signed
        self.nsec3 = nsec3
        self.opt_out = opt_out
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.dnskey = dns.dnssec.make_dnskey(self.key.public_key(), "ECDSAP256SHA256", flags=257)
        self.inception, self.expiration = (moment + delta for delta in window)
        self.sets: dict[tuple[dns.name.Name, int], dns.rdataset.Rdataset] = {}
        for kind, text in (
            ("SOA", f"ns.invalid. hostmaster.invalid. 1 3600 600 86400 {MINIMUM}"),
            ("NS", "ns.invalid."),
        ):
            self.add("@", kind, [text], ttl)
        for relative, kinds in records.items():
            for kind, texts in kinds.items():
                self.add(relative, kind, texts, ttl)
        if signed:
            self.sets[self.origin, dns.rdatatype.DNSKEY] = dns.rdataset.from_rdata(ttl, self.dnskey)

    def add(self, relative: str, kind: str, texts: Iterable[str], ttl: int = 3600) -> None:
        """Records of a name, which replace those there are."""
        owner = self.origin if relative == "@" else dns.name.from_text(relative, self.origin)
        if kind == "TLSA":  # as bytes: a digest of the wrong length is one of the cases
            texts = (_generic(text) for text in texts)
            rdata = [dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.TLSA, one) for one in texts]
            self.sets[owner, dns.rdatatype.TLSA] = dns.rdataset.from_rdata_list(ttl, rdata)
            return
        self.sets[owner, dns.rdatatype.from_text(kind)] = dns.rdataset.from_text_list("IN", kind, ttl, list(texts))

    @property
    def ds(self) -> str:
        """What the parent says of this zone's key, as the text of a DS record."""
        return dns.dnssec.make_ds(self.origin, self.dnskey, "SHA256").to_text()

    @property
    def anchor(self) -> str:
        """The same as a trust anchor."""
        return f"{self.origin} DS {self.ds}"

    # -- what a server answers --------------------------------------------------------------------------------

    def answer(self, reply: dns.message.Message, owner: dns.name.Name, kind: int) -> dns.name.Name | None:
        """Adds what this zone knows about a name; returns where an alias leads."""
        source = owner
        if not self._there(owner):
            wildcard = dns.name.Name((b"*", *self._encloser(owner).labels))
            source = wildcard if any(one == wildcard for one, _ in self.sets) else owner
        for wanted in (kind, dns.rdatatype.CNAME):
            records = self.sets.get((source, wanted))
            if records is not None:
                self._put(reply.answer, owner, records, source)
                if source != owner:
                    self._deny(reply, owner, wildcard=False)
                return records[0].target if wanted != kind else None
        dname = next(
            (one for one, found in self.sets if found == dns.rdatatype.DNAME and owner.is_subdomain(one)), None
        )
        if dname is not None and dname != owner:
            records = self.sets[dname, dns.rdatatype.DNAME]
            self._put(reply.answer, dname, records, dname)
            target = owner.relativize(dname).derelativize(records[0].target)
            reply.answer.append(dns.rrset.from_text(owner, 60, "IN", "CNAME", target.to_text()))
            return target
        self._put(reply.authority, self.origin, self.sets[self.origin, dns.rdatatype.SOA], self.origin)
        if not self._there(source):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self._deny(reply, owner, wildcard=True)
        return None

    def _put(
        self,
        section: list[dns.rrset.RRset],
        owner: dns.name.Name,
        records: dns.rdataset.Rdataset,
        source: dns.name.Name,
    ) -> None:
        section.append(dns.rrset.from_rdata_list(owner, records.ttl, list(records)))
        if self.signed:
            signature = self.sign(dns.rrset.from_rdata_list(source, records.ttl, list(records)))
            section.append(dns.rrset.from_rdata(owner, records.ttl, signature))

    def sign(self, records: dns.rrset.RRset) -> dns.rdata.Rdata:
        """This zone's signature over a set."""
        return dns.dnssec.sign(
            records, self.key, self.origin, self.dnskey, inception=self.inception, expiration=self.expiration
        )

    def _there(self, owner: dns.name.Name) -> bool:
        return any(one.is_subdomain(owner) for one, _ in self.sets)

    def _encloser(self, owner: dns.name.Name) -> dns.name.Name:
        while not self._there(owner):
            owner = owner.parent()
        return owner

    def _deny(self, reply: dns.message.Message, owner: dns.name.Name, *, wildcard: bool) -> None:
        """Proves that a name is not there, or has no such records."""
        if not self.signed:
            return
        encloser = self._encloser(owner)
        star = dns.name.Name((b"*", *encloser.labels))
        if self.nsec3 is None:
            wanted = [owner, star] if wildcard and not self._there(owner) else [owner]
            denials = {self._nsec(one) for one in wanted}
        else:
            closer = owner.split(min(len(owner), len(encloser) + 1))[1]
            wanted = [owner] if self._there(owner) else [encloser, closer, star] if wildcard else [closer]
            denials = {self._nsec3(one) for one in wanted}
        for at, record in sorted(denials, key=lambda one: one[0]):
            self._put(reply.authority, at, dns.rdataset.from_rdata(MINIMUM, record), at)

    def _owners(self) -> list[dns.name.Name]:
        return sorted({owner for owner, _ in self.sets})

    def _kinds(self, owner: dns.name.Name) -> list[str]:
        found = {dns.rdatatype.to_text(kind) for one, kind in self.sets if one == owner}
        return sorted(found | {"RRSIG"})

    def _nsec(self, owner: dns.name.Name) -> tuple[dns.name.Name, dns.rdata.Rdata]:
        owners = self._owners()
        at = max(one for one in owners if one <= owner)
        following = owners[(owners.index(at) + 1) % len(owners)]
        kinds = [*self._kinds(at), "NSEC"]
        return at, dns.rdata.from_text("IN", "NSEC", f"{following} {' '.join(kinds)}")

    def _nsec3(self, owner: dns.name.Name) -> tuple[dns.name.Name, dns.rdata.Rdata]:
        every = {one for known in self._owners() for one in _up_to(known, self.origin)}
        if self.opt_out:
            unsigned = {
                one
                for one, kind in self.sets
                if kind == dns.rdatatype.NS and one != self.origin and (one, dns.rdatatype.DS) not in self.sets
            }
            every -= unsigned
        hashes = {self._hash(one): one for one in every}
        order = sorted(hashes)
        wanted = self._hash(owner)
        at = max((one for one in order if one <= wanted), default=order[-1])
        following = order[(order.index(at) + 1) % len(order)]
        kinds = self._kinds(hashes[at]) if any(one == hashes[at] for one, _ in self.sets) else []
        text = f"1 {int(self.opt_out)} {self.nsec3} aabb {following} {' '.join(kinds)}"
        return dns.name.from_text(at, self.origin), dns.rdata.from_text("IN", "NSEC3", text)

    def _hash(self, owner: dns.name.Name) -> str:
        return dns.dnssec.nsec3_hash(owner, "aabb", self.nsec3 or 0, 1)


def _generic(text: str) -> bytes:
    """The data of a TLSA record, such as "3 1 1 abcd"."""
    usage, selector, matching, *data = text.split()
    return bytes([int(usage), int(selector), int(matching)]) + bytes.fromhex("".join(data))


def _up_to(owner: dns.name.Name, origin: dns.name.Name) -> Iterable[dns.name.Name]:
    while owner != origin:
        yield owner
        owner = owner.parent()
    yield origin


class Dns:
    """Every zone behind one resolver that passes on signatures. ``tamper`` changes an answer by name and kind;
    ``errors`` has no answer, or only a response code, for some."""

    def __init__(self, *zones: Zone) -> None:
        self.zones = {zone.origin: zone for zone in zones}
        self.tamper: dict[tuple[str, str], Tamper] = {}
        self.errors: dict[tuple[str, str], str] = {}
        self.asked: list[tuple[str, str]] = []

    def delegate(self, *, without: Iterable[str] = ()) -> Dns:
        """Every zone told to its parent: NS, and DS where it is signed and not among ``without``."""
        for zone in self.zones.values():
            parent = self._above(zone.origin)
            if parent is None:
                continue
            relative = zone.origin.relativize(parent.origin).to_text()
            parent.add(relative, "NS", ["ns.invalid."])
            if zone.signed and zone.origin not in {name(one) for one in without}:
                parent.add(relative, "DS", [zone.ds])
        return self

    def _above(self, owner: dns.name.Name) -> Zone | None:
        found = [one for one in self.zones if owner.is_subdomain(one) and owner != one]
        return self.zones[max(found, key=len)] if found else None

    def _holder(self, owner: dns.name.Name, kind: int) -> Zone | None:
        above = self._above(owner)
        if kind == dns.rdatatype.DS and above is not None:
            return above
        return self.zones.get(owner) or above

    def reply(self, query: dns.message.Message) -> dns.message.Message | None:
        """The answer to a query; None where there is to be none."""
        (question,) = query.question
        key = (question.name.to_text(omit_final_dot=True) or ".", dns.rdatatype.to_text(question.rdtype))
        self.asked.append(key)
        reply = dns.message.make_response(query, recursion_available=True)
        error = self.errors.get(key)
        if error == "SILENT":
            return None
        if error:
            reply.set_rcode(dns.rcode.from_text(error))
            return reply
        owner: dns.name.Name | None = question.name
        for _ in range(12):
            zone = self._holder(owner, question.rdtype) if owner is not None else None
            if owner is None or zone is None:
                break
            owner = zone.answer(reply, owner, question.rdtype)
        if key in self.tamper:
            self.tamper[key](reply)
        return reply

    def ask(self, owner: str, kind: str) -> DnsAnswer:
        """The same without any network."""
        query = dns.message.make_query(owner if owner == "." else f"{owner}.", kind, want_dnssec=True)
        reply = self.reply(query)
        if reply is None:
            return DnsAnswer(owner, kind, error="no answer came")
        return DnsAnswer(owner, kind, wire=reply.to_wire(max_size=65535))


def asked_about(there: Dns, moment: datetime, *hosts: str, domain: str | None = None, anchor: str = ".") -> Dane:
    """What these servers answer about the promises of hosts, or of those of a domain, as evidence keeps it."""
    answers: list[DnsAnswer] = []

    def ask(owner: str, kind: str) -> DnsAnswer:
        answers.append(there.ask(owner, kind))
        return answers[-1]

    asked = Dane(domain, hosts, 25, (there.zones[name(anchor)].anchor,))
    survey(ask, asked, moment, moment)
    return replace(asked, answers=tuple(answers))
