"""Secure, insecure, bogus, unanswered and not to be told here: each out of zones that are signed for the purpose."""

from __future__ import annotations

from datetime import timedelta

import dns.dnssec
import dns.message
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certready.demo.pki import now
from certready.dnssec import ROOT, Found, Validator, parse
from certready.dnssec.signatures import MOST_TRIES
from certready.model import DnsAnswer
from tests.dnssec.zones import DAY, Dns, Zone, name

MOMENT = now()
PIN = "3 1 1 " + "ab" * 32
RECORDS = {
    "@": {"MX": ["10 mx.signed.test."]},
    "mx": {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"]},
    "_25._tcp.mx": {"TLSA": [PIN]},
    "alias": {"CNAME": ["mx"]},
    "away": {"CNAME": ["mx.plain.test."]},
    "*.wild": {"TLSA": [PIN], "A": ["192.0.2.9"]},
    "host.wild": {"A": ["192.0.2.8"]},
    "old": {"DNAME": ["signed.test."]},
    "round": {"CNAME": ["about"]},
    "about": {"CNAME": ["round"]},
}


def absolute(records: dict[str, dict[str, list[str]]], origin: str) -> dict[str, dict[str, list[str]]]:
    """The records with relative targets of aliases under this zone."""
    return {
        owner: {
            kind: [one if one.endswith(".") or kind not in ("CNAME", "DNAME") else f"{one}.{origin}." for one in texts]
            for kind, texts in kinds.items()
        }
        for owner, kinds in records.items()
    }


def world(**options: object) -> Dns:
    """The root and ``test``, both signed; ``signed.test`` made by ``options``; ``plain.test`` unsigned."""
    return Dns(
        Zone(".", {}, MOMENT),
        Zone("test", {}, MOMENT),
        Zone("signed.test", absolute(RECORDS, "signed.test"), MOMENT, **options),  # type: ignore[arg-type]
        Zone("plain.test", {"mx": {"A": ["192.0.2.7"]}, "_25._tcp.mx": {"TLSA": [PIN]}}, MOMENT, signed=False),
    ).delegate()


def look_up(there: Dns, owner: str, kind: str, **options: object) -> Found:
    """What a validator makes of it that trusts the root of this world."""
    anchors = options.pop("anchors", [there.zones[name(".")].anchor])
    at = options.pop("at", MOMENT)
    return Validator(there.ask, parse(anchors), at, MOMENT).look_up(owner, kind)  # type: ignore[arg-type]


@pytest.fixture(params=[None, 0, 5], ids=["nsec", "nsec3", "nsec3-5"])
def either(request: pytest.FixtureRequest) -> Dns:
    """The world with either way of denial."""
    return world(nsec3=request.param)


class TestSecure:
    @pytest.mark.parametrize(
        ("owner", "kind"),
        [
            ("signed.test", "MX"),
            ("mx.signed.test", "A"),
            ("mx.signed.test", "AAAA"),
            ("_25._tcp.mx.signed.test", "TLSA"),
            ("MX.Signed.TEST", "A"),
        ],
    )
    def test_signed(self, owner: str, kind: str) -> None:
        """Records that are signed from the root down are secure, and it is known until when."""
        found = look_up(world(), owner, kind)
        assert (found.status, found.why, found.denied, found.ttl) == ("secure", "", "", 3600)
        assert len(found.records) == 1
        assert found.until == MOMENT + 30 * DAY

    def test_alias(self) -> None:
        """A signed alias to a signed name is secure, and the name at its end is known."""
        found = look_up(world(), "alias.signed.test", "A")
        assert (found.status, found.name, found.alias) == ("secure", "mx.signed.test", "secure")

    def test_name_below_an_alias_of_names(self) -> None:
        """A DNAME is followed by its own signature; the CNAME that a server makes of it has none."""
        found = look_up(world(), "mx.old.signed.test", "A")
        assert (found.status, found.name) == ("secure", "mx.signed.test")

    def test_wildcard(self, either: Dns) -> None:
        """A wildcard answers for a name where it is proved that none stands closer."""
        found = look_up(either, "_25._tcp.any.wild.signed.test", "TLSA")
        assert (found.status, len(found.records)) == ("secure", 1)

    def test_no_such_records(self, either: Dns) -> None:
        """A signed denial proves that a name has no such records."""
        found = look_up(either, "mx.signed.test", "TLSA")
        assert (found.status, found.denied) == ("secure", "nodata")

    def test_no_such_name(self, either: Dns) -> None:
        """A signed denial proves that there is no such name."""
        found = look_up(either, "_25._tcp.alias.signed.test", "TLSA")
        assert (found.status, found.denied) == ("secure", "nxdomain")

    def test_name_without_records_of_its_own(self, either: Dns) -> None:
        """A name that is there for those below it alone has no records, provably."""
        found = look_up(either, "_tcp.mx.signed.test", "TLSA")
        assert (found.status, found.denied) == ("secure", "nodata")

    def test_wildcard_without_such_records(self, either: Dns) -> None:
        """A wildcard that stands for a name proves that it has no other records."""
        found = look_up(either, "any.wild.signed.test", "AAAA")
        assert (found.status, found.denied) == ("secure", "nodata")

    def test_own_anchor(self) -> None:
        """A trust anchor of one zone is enough for what lies below it."""
        there = world()
        found = look_up(there, "mx.signed.test", "A", anchors=[there.zones[name("signed.test")].anchor])
        assert found.status == "secure"
        assert [asked for asked in there.asked if asked[1] == "DS"] == []

    def test_key_as_anchor(self) -> None:
        """A DNSKEY serves as trust anchor as well as a DS."""
        there = world()
        key = there.zones[name("test")].dnskey
        assert look_up(there, "mx.signed.test", "A", anchors=[f"test. DNSKEY {key}"]).status == "secure"

    def test_questions(self) -> None:
        """Two questions for each zone are enough, and each is put once."""
        there = world()
        validator = Validator(there.ask, parse([there.zones[name(".")].anchor]), MOMENT, MOMENT)
        for kind in ("A", "AAAA", "A"):
            assert validator.look_up("mx.signed.test", kind).status == "secure"
        assert len(there.asked) == len(set(there.asked)) == 2 + 1 + 2 + 2

    def test_short_digest(self) -> None:
        """A TLSA record whose digest has the wrong length is part of its set, which stays verified."""
        there = world()
        there.zones[name("signed.test")].add("_25._tcp.mx", "TLSA", [PIN, "3 1 1 aabb"])
        found = look_up(there, "_25._tcp.mx.signed.test", "TLSA")
        assert (found.status, len(found.records)) == ("secure", 2)


class TestInsecure:
    @pytest.mark.parametrize(("owner", "kind"), [("mx.plain.test", "A"), ("_25._tcp.mx.plain.test", "TLSA")])
    def test_unsigned_zone(self, owner: str, kind: str) -> None:
        """What lies in a zone whose parent proves that it is not signed is insecure, and still there."""
        found = look_up(world(), owner, kind)
        assert (found.status, len(found.records)) == ("insecure", 1)
        assert found.why == "plain.test is not signed: test has no DS for it"

    def test_denied_there(self) -> None:
        """An unsigned zone says that there are no records, and proves nothing."""
        found = look_up(world(), "_25._tcp.www.plain.test", "TLSA")
        assert (found.status, found.denied) == ("insecure", "nxdomain")

    def test_alias_out_of_the_signed_zone(self) -> None:
        """An alias that leads to an unsigned zone is insecure, though its first link is signed."""
        found = look_up(world(), "away.signed.test", "A")
        assert (found.status, found.alias, found.name) == ("insecure", "secure", "mx.plain.test")

    def test_alias_into_the_signed_zone(self) -> None:
        """An alias that stands unsigned and leads to a signed zone is insecure, and it is said where."""
        there = world()
        there.zones[name("plain.test")].add("alias", "CNAME", ["mx.signed.test."])
        found = look_up(there, "alias.plain.test", "A")
        assert (found.status, found.alias, found.name) == ("insecure", "insecure", "mx.signed.test")
        assert found.why == "plain.test is not signed: test has no DS for it"

    @pytest.mark.parametrize("nsec3", [None, 0])
    def test_signed_and_not_told_to_the_parent(self, nsec3: int | None) -> None:
        """A zone whose parent has no DS for it is insecure, signatures or not."""
        there = Dns(
            Zone(".", {}, MOMENT),
            Zone("test", {}, MOMENT, nsec3=nsec3),
            Zone("island.test", {"mx": {"A": ["192.0.2.1"]}}, MOMENT),
        ).delegate(without=["island.test"])
        assert look_up(there, "mx.island.test", "A").status == "insecure"

    def test_opt_out(self) -> None:
        """A delegation that the parent's hashed denial leaves out is insecure."""
        there = Dns(
            Zone(".", {}, MOMENT),
            Zone("test", {"www": {"A": ["192.0.2.1"]}}, MOMENT, nsec3=0, opt_out=True),
            Zone("plain.test", {"mx": {"A": ["192.0.2.7"]}}, MOMENT, signed=False),
        ).delegate()
        found = look_up(there, "mx.plain.test", "A")
        assert (found.status, found.why) == ("insecure", "test leaves out unsigned names below it (NSEC3 opt-out)")


def forged(message: dns.message.Message) -> None:
    """Another address under the signature of the right one."""
    for index, one in enumerate(message.answer):
        if one.rdtype == dns.rdatatype.A:
            message.answer[index] = dns.rrset.from_text(one.name, one.ttl, "IN", "A", "203.0.113.66")


def stripped(message: dns.message.Message) -> None:
    """Without any signature or denial."""
    for section in (message.answer, message.authority):
        section[:] = [
            one for one in section if one.rdtype not in (dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
        ]


def without_denial(message: dns.message.Message) -> None:
    """The answer without what proves anything beside it."""
    message.authority[:] = []


def damaged_denial(message: dns.message.Message) -> None:
    """Another signature over each record that denies something."""
    for index, one in enumerate(message.authority):
        if one.rdtype == dns.rdatatype.RRSIG:
            signature = one[0].signature
            message.authority[index] = dns_rrset(one.name, one[0].replace(signature=signature[:-1] + b"\0"))


class TestBogus:
    def test_forged(self) -> None:
        """Records that are not what was signed are bogus."""
        there = world()
        there.tamper["mx.signed.test", "A"] = forged
        found = look_up(there, "mx.signed.test", "A")
        assert (found.status, found.why) == ("bogus", "the signature over the A records of mx.signed.test does not fit")

    def test_stripped(self) -> None:
        """Records without signatures in a zone that is signed are bogus, never insecure."""
        there = world()
        there.tamper["mx.signed.test", "A"] = stripped
        found = look_up(there, "mx.signed.test", "A")
        assert (found.status, found.why) == (
            "bogus",
            "the A records of mx.signed.test are not signed, and signed.test is",
        )

    def test_stripped_denial(self, either: Dns) -> None:
        """A denial that nothing proves is bogus, never an absence."""
        either.tamper["mx.signed.test", "TLSA"] = stripped
        found = look_up(either, "mx.signed.test", "TLSA")
        assert (found.status, found.denied) == ("bogus", "")

    def test_denial_under_a_signature_that_does_not_fit(self, either: Dns) -> None:
        """A denial whose signatures are not over it is bogus, and it is said which does not fit."""
        either.tamper["mx.signed.test", "TLSA"] = damaged_denial
        found = look_up(either, "mx.signed.test", "TLSA")
        assert (found.status, found.denied) == ("bogus", "")
        assert "the signature over the NSEC" in found.why
        assert "does not fit" in found.why

    def test_wildcard_under_a_denial_that_does_not_fit(self, either: Dns) -> None:
        """A wildcard's answer is as good as the proof beside it that no name stands closer."""
        either.tamper["any.wild.signed.test", "A"] = damaged_denial
        found = look_up(either, "any.wild.signed.test", "A")
        assert found.status == "bogus"
        assert "the signature over the NSEC" in found.why

    def test_denial_out_of_a_wildcard(self) -> None:
        """What a wildcard's own NSEC record says is said of no other name (RFC 4035, 5.4): whoever moves it under one
        that has such records hides them from nobody."""
        there = world()
        signed = there.zones[name("signed.test")]
        signed.add("six.wild", "AAAA", ["2001:db8::6"])
        star, record = signed._nsec(name("*.wild.signed.test"))
        assert star == name("*.wild.signed.test")

        def moved(message: dns.message.Message) -> None:
            message.answer[:] = message.authority[:] = []
            denial = dns.rdataset.from_rdata(300, record)
            signed._put(message.authority, name("six.wild.signed.test"), denial, star)

        assert look_up(there, "six.wild.signed.test", "AAAA").status == "secure"
        there.tamper["six.wild.signed.test", "AAAA"] = moved
        found = look_up(there, "six.wild.signed.test", "AAAA")
        assert (found.status, found.denied) == ("bogus", "")

    def test_stripped_delegation(self) -> None:
        """A delegation whose DS was taken away without proof is bogus, and no way to an unsigned zone."""
        there = world()
        there.tamper["signed.test", "DS"] = stripped
        assert look_up(there, "mx.signed.test", "A").status == "bogus"

    def test_denial_of_another_name(self, either: Dns) -> None:
        """A signed denial of something else proves nothing here."""
        other = either.ask("_25._tcp.nowhere.signed.test", "TLSA").wire
        assert other is not None

        def replace(message: dns.message.Message) -> None:
            message.authority[:] = dns.message.from_wire(other).authority
            message.answer[:] = []

        either.tamper["mx.signed.test", "A"] = replace
        assert look_up(either, "mx.signed.test", "A").status == "bogus"

    def test_parents_word_about_the_childs_records(self, either: Dns) -> None:
        """What the parent says at a delegation proves nothing about the records of the child."""
        parent = either.zones[name("test")]

        def replace(message: dns.message.Message) -> None:
            message.answer[:] = []
            message.authority[:] = []
            parent._deny(message, name("signed.test"), wildcard=True)

        either.tamper["signed.test", "MX"] = replace
        assert look_up(either, "signed.test", "MX").status == "bogus"

    def test_expired(self) -> None:
        """A signature that had expired when it was asked for is bogus, with its date."""
        found = look_up(world(window=(-30 * DAY, -DAY)), "mx.signed.test", "A")
        assert found.status == "bogus"
        assert f"expired on {MOMENT - DAY:%Y-%m-%d %H:%M} UTC" in found.why

    def test_not_yet_valid(self) -> None:
        """A signature of the future is bogus, with its date."""
        found = look_up(world(window=(DAY, 30 * DAY)), "mx.signed.test", "A")
        assert (found.status, "not valid before" in found.why) == ("bogus", True)

    def test_wrong_ds(self) -> None:
        """A zone whose key is not the one of its DS is bogus."""
        there = world()
        ds = there.zones[name("signed.test")].ds
        there.zones[name("test")].add("signed", "DS", [ds[:-4] + ("0000" if ds[-4:] != "0000" else "1111")])
        found = look_up(there, "mx.signed.test", "A")
        assert (found.status, found.why) == ("bogus", "no key of signed.test is the one that its DS names")

    def test_signed_by_another_zone(self) -> None:
        """A signature by a zone that is not above the name does not count, authentic or not."""
        there = Dns(
            Zone(".", {}, MOMENT),
            Zone("signed.test", {"mx": {"A": ["192.0.2.1"]}}, MOMENT),
            Zone("other.test", {}, MOMENT),
        ).delegate()
        other = there.zones[name("other.test")]

        def resigned(message: dns.message.Message) -> None:
            records, signature = message.answer
            message.answer[1] = dns_rrset(signature.name, other.sign(records))

        there.tamper["mx.signed.test", "A"] = resigned
        found = look_up(there, "mx.signed.test", "A")
        assert (found.status, found.why) == (
            "bogus",
            "no signature over the A records of mx.signed.test is by signed.test",
        )

    def test_wildcard_in_the_place_of_a_name(self, either: Dns) -> None:
        """A wildcard's records under the name of a host that is there prove nothing."""
        other = either.ask("any.wild.signed.test", "A").wire
        assert other is not None

        def moved(message: dns.message.Message) -> None:
            wild = dns.message.from_wire(other)
            message.answer[:] = [
                dns.rrset.from_rdata_list(name("host.wild.signed.test"), one.ttl, list(one)) for one in wild.answer
            ]
            message.authority[:] = wild.authority

        either.tamper["host.wild.signed.test", "A"] = moved
        assert look_up(either, "host.wild.signed.test", "A").status in ("bogus", "unverified")


def dns_rrset(owner: object, record: dns.rdata.Rdata) -> dns.rrset.RRset:
    """A set of one record."""
    return dns.rrset.from_rdata(owner, 3600, record)  # type: ignore[arg-type]


class TestUnanswered:
    @pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "NOTIMP", "SILENT"])
    def test_no_answer(self, code: str) -> None:
        """Servers that fail, refuse or are silent leave it open, whatever the zone is."""
        there = world()
        there.errors["_25._tcp.mx.signed.test", "TLSA"] = code
        found = look_up(there, "_25._tcp.mx.signed.test", "TLSA")
        assert (found.status, found.denied) == ("unanswered", "")

    def test_on_the_way(self) -> None:
        """So does a zone on the way whose servers fail."""
        there = world()
        there.errors["signed.test", "DNSKEY"] = "SERVFAIL"
        assert look_up(there, "mx.signed.test", "A").status == "unanswered"

    @pytest.mark.parametrize(
        ("code", "why"),
        [
            ("SERVFAIL", "its servers answer SERVFAIL about the DS records of signed.test"),
            ("SILENT", "no answer came"),
        ],
    )
    def test_at_the_delegation(self, code: str, why: str) -> None:
        """Where nobody says whether a zone is signed, what lies in it is open: never insecure, never forged."""
        there = world()
        there.errors["signed.test", "DS"] = code
        found = look_up(there, "mx.signed.test", "A")
        assert (found.status, found.why) == ("unanswered", why)

    def test_alias_to_a_name_that_is_too_long(self) -> None:
        """Where a DNAME makes a name of more than 255 octets there is no such name, and no other is taken for it."""
        there = world()
        signed = there.zones[name("signed.test")]
        signed.add("long", "DNAME", [f"{'b' * 60}.signed.test."])
        signed.add("b" * 60, "A", ["192.0.2.66"])
        owner = ".".join(("a" * 63, "a" * 63, "a" * 63, "long.signed.test"))

        def ask(asked: str, kind: str) -> DnsAnswer:
            if asked != owner:
                return there.ask(asked, kind)
            reply = dns.message.make_response(dns.message.make_query(f"{owner}.", kind, want_dnssec=True))
            dname = name("long.signed.test")
            signed._put(reply.answer, dname, signed.sets[dname, dns.rdatatype.DNAME], dname)
            return DnsAnswer(asked, kind, wire=reply.to_wire())

        found = Validator(ask, parse([there.zones[name(".")].anchor]), MOMENT, MOMENT).look_up(owner, "A")
        assert (found.status, found.records) == ("unanswered", ())
        assert "leads to a name that is too long" in found.why

    def test_aliases_in_a_circle(self) -> None:
        """Aliases that lead in a circle end after a few steps."""
        found = look_up(world(), "round.signed.test", "A")
        assert (found.status, "circle" in found.why) == ("unanswered", True)

    @pytest.mark.parametrize("owner", ["a..b", "x" * 64 + ".test", ".".join(["abc"] * 90)])
    def test_no_name(self, owner: str) -> None:
        """What is no name is asked of nobody."""
        assert look_up(world(), owner, "A").status == "unanswered"


class TestNotToldHere:
    def test_no_anchor(self) -> None:
        """Where no anchor is above a name nothing can be told."""
        there = world()
        assert (
            look_up(there, "mx.signed.test", "A", anchors=[there.zones[name("plain.test")].anchor]).status
            == "unverified"
        )

    def test_outdated_anchors(self) -> None:
        """Where the root shows none of the keys that are known here, nothing is called forged."""
        found = look_up(world(), "mx.signed.test", "A", anchors=ROOT)
        assert (found.status, found.why) == (
            "unverified",
            "the trust anchors known here are not among the keys of the root",
        )

    def test_resolver_without_signatures(self) -> None:
        """A server that leaves out signatures everywhere is told apart from a forged zone."""
        there = world()
        there.tamper[".", "DNSKEY"] = stripped
        found = look_up(there, "mx.signed.test", "A")
        assert (found.status, found.why) == ("unverified", "the DNS server leaves out signatures; ask another one")

    def test_too_many_iterations(self) -> None:
        """A denial that hashes names more often than validators do proves nothing."""
        found = look_up(world(nsec3=151), "mx.signed.test", "TLSA")
        assert (found.status, found.why) == ("unverified", "signed.test hashes its names 151 times")
        assert look_up(world(nsec3=150), "mx.signed.test", "TLSA").status == "secure"

    def test_later(self) -> None:
        """A signature that was good when it was asked for and has ended by the moment of the judgement is no proof,
        and no forgery."""
        found = look_up(world(), "mx.signed.test", "A", at=MOMENT + 31 * DAY)
        assert (found.status, "speaks for" in found.why) == ("unverified", True)
        assert look_up(world(), "mx.signed.test", "A", at=MOMENT + 29 * DAY).status == "secure"

    def test_wildcard_without_proof(self) -> None:
        """A wildcard's answer without proof that no name stands closer is not relied on."""
        there = world()
        there.tamper["any.wild.signed.test", "A"] = without_denial
        assert look_up(there, "any.wild.signed.test", "A").status in ("unverified", "bogus")

    def test_more_ds_records_than_are_looked_at(self) -> None:
        """A zone with more than 64 DS records is not told: each costs work, and no zone has so many."""
        there = world()
        ds = there.zones[name("signed.test")].ds
        others = [f"{number} 13 2 {'ab' * 32}" for number in range(64)]
        there.zones[name("test")].add("signed", "DS", [ds, *others[:63]])
        assert look_up(there, "mx.signed.test", "A").status == "secure"
        there.zones[name("test")].add("signed", "DS", [ds, *others])
        found = look_up(there, "mx.signed.test", "A")
        assert (found.status, found.why) == ("unverified", "signed.test has more DS records than are looked at")

    def test_unknown_algorithm(self) -> None:
        """A zone whose DS names an algorithm that is not known here cannot be told."""
        there = world()
        there.zones[name("test")].add("signed", "DS", [f"1234 200 2 {'ab' * 32}"])
        assert look_up(there, "mx.signed.test", "A").status == "unverified"

    def test_a_signature_by_an_unknown_algorithm(self) -> None:
        """Records under such a signature, in a zone whose keys are known, cannot be told either: they are not forged."""
        there = world()

        def strange(message: dns.message.Message) -> None:
            _, signature = message.answer
            message.answer[1] = dns.rrset.from_rdata(signature.name, 3600, signature[0].replace(algorithm=200))

        there.tamper["mx.signed.test", "A"] = strange
        found = look_up(there, "mx.signed.test", "A")
        assert (found.status, "algorithm that is not verified here" in found.why) == ("unverified", True)


class TestTraps:
    def test_colliding_keys(self) -> None:
        """Keys and signatures that are made to collide cost a few verifications and no more."""
        there = world()
        zone = there.zones[name("signed.test")]
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key = dns_key(private)
        there.zones[name("test")].add("signed", "DS", [make_ds(key)])
        others = [tagged(key, count) for count in range(1, 40)]
        records = dns_rdataset([key, *others])
        zone.sets[zone.origin, dns.rdatatype.DNSKEY] = records

        def many(message: dns.message.Message) -> None:
            (keys, signature) = message.answer
            good = sign(keys, private, key)
            wrong = [good.replace(signature=bytes([count]) * len(good.signature)) for count in range(40)]
            message.answer[1] = dns.rrset.from_rdata_list(signature.name, 3600, wrong)

        there.tamper["signed.test", "DNSKEY"] = many
        validator = Validator(there.ask, parse([there.zones[name(".")].anchor]), MOMENT, MOMENT)
        assert validator.look_up("mx.signed.test", "A").status == "unverified"
        assert validator._verifier.left >= 400 - 3 * MOST_TRIES

    def test_many_signatures(self) -> None:
        """A record set under hundreds of signatures is given up after a few."""
        there = world()

        def many(message: dns.message.Message) -> None:
            _, signature = message.answer
            wrong = [signature[0].replace(signature=count.to_bytes(64, "big")) for count in range(1, 300)]
            message.answer[1] = dns.rrset.from_rdata_list(signature.name, 3600, wrong)

        there.tamper["mx.signed.test", "A"] = many
        found = look_up(there, "mx.signed.test", "A")
        assert (found.status, "too many signatures" in found.why) == ("unverified", True)

    def test_many_keys(self) -> None:
        """A zone with more keys than any has is not looked into."""
        there = world()
        zone = there.zones[name("signed.test")]
        records = dns_rdataset([zone.dnskey, *(tagged(zone.dnskey, count) for count in range(1, 100))])
        zone.sets[zone.origin, dns.rdatatype.DNSKEY] = records
        assert look_up(there, "mx.signed.test", "A").status == "unverified"

    def test_many_delegations(self) -> None:
        """A zone for which its parent names more keys than any has is not looked into: each would be compared with
        each."""
        there = world()
        zone = there.zones[name("signed.test")]
        others = [f"{dns.dnssec.key_id(zone.dnskey)} 13 2 {count:064x}" for count in range(100)]
        there.zones[name("test")].add("signed", "DS", [zone.ds, *others])
        found = look_up(there, "mx.signed.test", "A")
        assert (found.status, "more DS records than are looked at" in found.why) == ("unverified", True)
        there.zones[name("test")].add("signed", "DS", [zone.ds, *others[:20]])
        assert look_up(there, "mx.signed.test", "A").status == "secure"

    @pytest.mark.parametrize(
        "wire", [b"", b"\x00" * 11, b"\xff" * 40, b"\x00" * 12 + b"\xc0\x0c" * 400, b"\x01" * 70000]
    )
    def test_garbage(self, wire: bytes) -> None:
        """Bytes that are no DNS message are no answer, whatever they are."""
        found = Validator(lambda owner, kind: DnsAnswer(owner, kind, wire), parse(ROOT), MOMENT, MOMENT)
        assert found.look_up("mx.signed.test", "A").status in ("unanswered", "unverified", "bogus")

    def test_cut_short_everywhere(self) -> None:
        """An answer cut short at any byte is never secure unless it is whole, and never an exception."""
        there = world()
        whole = there.ask("mx.signed.test", "A").wire
        assert whole is not None
        for length in range(0, len(whole) - 1, 7):
            short = whole[:length]

            def ask(owner: str, kind: str, short: bytes = short) -> object:
                return DnsAnswer(owner, kind, short) if kind == "A" else there.ask(owner, kind)

            validator = Validator(ask, parse([there.zones[name(".")].anchor]), MOMENT, MOMENT)  # type: ignore[arg-type]
            assert validator.look_up("mx.signed.test", "A").status != "insecure"


def dns_rdataset(records: list[dns.rdata.Rdata]) -> object:
    """A set of these records."""
    return dns.rdataset.from_rdata_list(3600, records)


def dns_key(private: rsa.RSAPrivateKey) -> dns.rdata.Rdata:
    """The DNSKEY of an RSA key."""
    return dns.dnssec.make_dnskey(private.public_key(), "RSASHA256", flags=257)


def make_ds(key: dns.rdata.Rdata) -> str:
    """What the parent says of it."""
    return dns.dnssec.make_ds(name("signed.test"), key, "SHA256").to_text()


def tagged(key: dns.rdata.Rdata, count: int) -> dns.rdata.Rdata:
    """Another key with the same tag: two 16-bit words of it traded."""
    raw = bytearray(key.key)
    at = 8 + 4 * (count // 2 % 50)
    delta = 1 + count
    first, second = int.from_bytes(raw[at : at + 2], "big"), int.from_bytes(raw[at + 2 : at + 4], "big")
    raw[at : at + 2] = ((first + delta) % 65536).to_bytes(2, "big")
    raw[at + 2 : at + 4] = ((second - delta) % 65536).to_bytes(2, "big")
    return key.replace(key=bytes(raw))


def sign(records: dns.rrset.RRset, private: rsa.RSAPrivateKey, key: dns.rdata.Rdata) -> dns.rdata.Rdata:
    """The signature of this key over a set."""
    window = (MOMENT - DAY, MOMENT + timedelta(days=9))
    return dns.dnssec.sign(records, private, name("signed.test"), key, inception=window[0], expiration=window[1])
