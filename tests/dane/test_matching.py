"""Certificates against TLSA records: the decision table, row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

import pytest

from certready.dane import Fit, Tlsa, fit, record_of, usable, zone_line
from certready.demo.pki import Authority, Issued, now
from certready.x509.certificate import Certificate
from certready.x509.issue import PrivateKey
from tests import pki

HOST, DOMAIN = "mx.contoso.com", "contoso.com"
NAMES = (HOST, DOMAIN)
DAY = timedelta(days=1)
MOMENT = now()


class World(NamedTuple):
    """Certificates by name, their private keys, and chains as a host may send them."""

    certificates: Mapping[str, Certificate]
    keys: Mapping[str, PrivateKey]
    chains: Mapping[str, tuple[str, ...]]

    def sent(self, chain: str) -> list[Certificate]:
        """The certificates of a chain."""
        return [self.certificates[name] for name in self.chains[chain]]

    def records(self, texts: str) -> list[Tlsa]:
        """``"3 1 1 leaf"``, several separated by commas; a word for a certificate, or hexadecimal digits."""
        return [self._record(*text.split()) for text in texts.split(",")]

    def _record(self, usage: str, selector: str, matching: str, what: str = "") -> Tlsa:
        numbers = int(usage), int(selector), int(matching)
        if what in self.certificates:
            known = self.certificates[what]
            return record_of(known, numbers[0], numbers[1], numbers[2])
        return Tlsa(*numbers, bytes.fromhex(what))


@pytest.fixture(scope="module")
def world() -> World:
    """The certificates of the decision table."""
    return made()


def made() -> World:
    """A root, its intermediate and leaves in every state."""
    root = Authority.root(moment=MOMENT)
    middle = root.intermediate(moment=MOMENT)
    stale = root.intermediate("Stale CA", moment=MOMENT, not_before=MOMENT - 100 * DAY, not_after=MOMENT - DAY)
    plain = root.issue("ca.contoso.com")
    narrow = root.intermediate("Narrow CA", moment=MOMENT, extra=[pki.constrained(permitted=["fabrikam.com"])])
    alone = Authority.root("Alone", moment=MOMENT)
    issued: dict[str, Issued] = {
        "root": root,
        "middle": middle,
        "stale": stale,
        "narrow": narrow,
        "alone": alone,
        "leaf": middle.issue(HOST),
        "other": middle.issue(HOST),
        "expired": middle.issue(HOST, not_before=MOMENT - 90 * DAY, not_after=MOMENT - DAY),
        "future": middle.issue(HOST, not_before=MOMENT + DAY),
        "foreign": middle.issue("mail.fabrikam.com"),
        "domain": middle.issue(DOMAIN),
        "wildcard": middle.issue("*.contoso.com"),
        "deeper": middle.issue("*.mx.contoso.com"),
        "cn": middle.issue(common_name=HOST),
        "cn-beside": middle.issue("mail.fabrikam.com", common_name=HOST),
        "self": alone.issue(HOST),
        "under-stale": stale.issue(HOST),
        "under-narrow": narrow.issue(HOST),
        "under-leaf": pki.issued_by_leaf(plain, HOST),
        "plain": plain,
    }
    certificates = {name: pki.certificate(one) for name, one in issued.items()}
    certificates["garbage"] = Certificate(b"\x30\x03\x02\x01")
    above = {"self": "alone", "under-stale": "stale", "under-narrow": "narrow", "under-leaf": "plain"}
    leaves = [name for name in certificates if name not in ("root", "middle", "stale", "narrow", "alone", "plain")]
    chains = {name: (name, above.get(name, "middle")) for name in leaves}
    chains |= {
        "leaf+root": ("leaf", "middle", "root"),
        "leaf alone": ("leaf",),
        "under-stale+root": ("under-stale", "stale", "root"),
        "shuffled": ("leaf", "root", "middle"),
        "wrong ca": ("leaf", "alone"),
    }
    return World(certificates, {name: one.key for name, one in issued.items()}, chains)


# chain, records, outcome, the answer of Exchange Online, whether others accept it
ROWS = [
    # usage 3 looks at the leaf alone
    ("leaf", "3 1 1 leaf", "match", "", False),
    ("leaf", "3 1 2 leaf", "match", "", False),
    ("leaf", "3 1 0 leaf", "match", "", False),
    ("leaf", "3 0 1 leaf", "match", "", False),
    ("leaf", "3 0 2 leaf", "match", "", False),
    ("leaf", "3 0 0 leaf", "match", "", False),
    ("leaf alone", "3 1 1 leaf", "match", "", False),
    ("leaf", "3 1 1 other", "mismatch", "4.7.323", False),
    ("leaf", "3 1 2 other", "mismatch", "4.7.323", False),
    ("leaf", "3 1 0 other", "mismatch", "4.7.323", False),
    ("leaf", "3 0 1 other", "mismatch", "4.7.323", False),
    ("leaf", "3 0 2 other", "mismatch", "4.7.323", False),
    ("leaf", "3 0 0 other", "mismatch", "4.7.323", False),
    ("leaf", "3 1 1 middle", "mismatch", "4.7.323", False),
    ("leaf", "3 0 1 root", "mismatch", "4.7.323", False),
    ("foreign", "3 1 1 foreign", "match", "", False),
    ("self", "3 1 1 self", "match", "", False),
    ("wrong ca", "3 1 1 leaf", "match", "", False),
    ("under-stale", "3 1 1 under-stale", "match", "", False),
    ("under-leaf", "3 1 1 under-leaf", "match", "", False),
    # dates: against the standard Exchange Online holds them against usage 3 too
    ("expired", "3 1 1 expired", "dates", "4.7.322", True),
    ("expired", "3 0 1 expired", "dates", "4.7.322", True),
    ("future", "3 1 1 future", "dates", "4.7.323", True),
    ("expired", "3 1 1 leaf", "mismatch", "4.7.323", False),
    ("garbage", "3 0 1 garbage", "unreadable", "", False),
    ("garbage", "3 1 1 leaf", "unreadable", "", False),
    ("garbage", "3 0 1 leaf", "mismatch", "4.7.323", False),
    # usage 2: the authority is sent, the chain, its dates and a name hold
    ("leaf", "2 1 1 middle", "match", "", False),
    ("leaf", "2 0 1 middle", "match", "", False),
    ("leaf", "2 0 2 middle", "match", "", False),
    ("leaf", "2 1 2 middle", "match", "", False),
    ("leaf", "2 1 0 middle", "match", "", False),
    ("leaf", "2 0 0 middle", "match", "", False),
    ("leaf+root", "2 1 1 root", "match", "", False),
    ("leaf+root", "2 0 1 root", "match", "", False),
    ("shuffled", "2 1 1 root", "match", "", False),
    ("leaf", "2 1 1 root", "mismatch", "4.7.323", False),
    ("leaf", "2 0 1 root", "mismatch", "4.7.323", False),
    ("leaf", "2 0 0 root", "match", "", False),
    ("leaf", "2 1 0 root", "unreadable", "", False),
    ("leaf alone", "2 1 1 middle", "mismatch", "4.7.323", False),
    ("leaf alone", "2 0 0 middle", "match", "", False),
    ("leaf", "2 1 1 alone", "mismatch", "4.7.323", False),
    ("wrong ca", "2 1 1 alone", "mismatch", "4.7.323", False),
    ("leaf", "2 0 0 alone", "mismatch", "4.7.323", False),
    ("leaf", "2 1 1 leaf", "mismatch", "4.7.323", False),
    ("expired", "2 1 1 middle", "dates", "4.7.322", False),
    ("future", "2 1 1 middle", "dates", "4.7.323", False),
    ("under-stale", "2 1 1 stale", "dates", "4.7.322", True),
    ("under-stale+root", "2 1 1 root", "dates", "4.7.322", False),
    ("foreign", "2 1 1 middle", "name", "4.7.325", False),
    ("domain", "2 1 1 middle", "match", "", False),
    ("wildcard", "2 1 1 middle", "match", "", False),
    ("deeper", "2 1 1 middle", "name", "4.7.325", False),
    ("cn", "2 1 1 middle", "match", "", False),
    ("cn-beside", "2 1 1 middle", "name", "4.7.325", False),
    ("under-narrow", "2 1 1 narrow", "mismatch", "4.7.323", False),
    ("under-leaf", "2 1 1 plain", "mismatch", "4.7.323", False),
    ("self", "2 1 1 alone", "match", "", False),
    # several records: one that fits is enough, whatever the others say
    ("leaf", "3 1 1 other,3 1 1 leaf", "match", "", False),
    ("leaf", "3 1 1 leaf,2 1 1 alone", "match", "", False),
    ("leaf", "3 1 1 other,2 1 1 middle", "match", "", False),
    ("foreign", "3 1 1 foreign,2 1 1 middle", "match", "", False),
    ("expired", "3 1 1 expired,2 1 1 middle", "dates", "4.7.322", True),
    ("foreign", "3 1 1 leaf,2 1 1 middle", "name", "4.7.325", False),
    ("leaf", "3 1 1 other,3 0 1 other,2 1 1 alone", "mismatch", "4.7.323", False),
    # digests: of one usage and selector the strongest alone counts
    ("leaf", "3 1 2 other,3 1 1 leaf", "mismatch", "", False),
    ("leaf", "3 1 2 leaf,3 1 1 other", "match", "", False),
    ("leaf", "3 0 2 other,3 1 1 leaf", "match", "", False),
    ("leaf", "2 1 2 alone,2 1 1 middle", "mismatch", "", False),
    ("leaf", "2 1 2 alone,3 1 1 leaf", "match", "", False),
    ("leaf", "3 1 2 other,3 1 0 leaf", "match", "", False),
    ("leaf", "3 1 2 other,3 1 1 leaf,2 1 1 middle", "match", "", False),
    ("leaf", "3 1 2 aabb,3 1 1 leaf", "match", "", False),
    # what cannot be used
    ("leaf", "0 0 1 root", "unusable", "", False),
    ("leaf", "1 1 1 leaf", "unusable", "", False),
    ("leaf", "4 1 1 leaf", "unusable", "", False),
    ("leaf", "255 1 1 leaf", "unusable", "", False),
    ("leaf", "3 2 1 aabb", "unusable", "", False),
    ("leaf", "3 9 1 aabb", "unusable", "", False),
    ("leaf", "3 1 3 aabb", "unusable", "", False),
    ("leaf", "3 1 9 aabb", "unusable", "", False),
    ("leaf", "3 1 1 aabb", "unusable", "", False),
    ("leaf", "3 1 2 aabb", "unusable", "", False),
    ("leaf", "3 1 0", "unusable", "", False),
    ("leaf", "1 1 1 leaf,0 1 1 root", "unusable", "", False),
    ("leaf", "1 1 1 leaf,3 1 1 leaf", "match", "", False),
    ("leaf", "1 1 1 leaf,3 1 1 other", "mismatch", "4.7.323", False),
    ("leaf", "3 1 9 aabb,3 1 1 leaf", "match", "", False),
    ("leaf", "3 1 1 aabb,2 1 1 alone", "mismatch", "4.7.323", False),
]


@pytest.mark.parametrize(("chain", "records", "outcome", "code", "others"), ROWS)
def test_the_decision_table(world: World, chain: str, records: str, outcome: str, code: str, others: bool) -> None:
    """Each row of the decision table comes out as the standard and Exchange Online's own words have it."""
    found = fit(world.records(records), world.sent(chain), NAMES, MOMENT)
    assert (found.outcome, found.code, found.others_accept) == (outcome, code, others), found


def judged(world: World, chain: str, records: str, **options: object) -> Fit:
    """The fit of a row that is looked at more closely."""
    return fit(world.records(records), world.sent(chain), NAMES, MOMENT, **options)  # type: ignore[arg-type]


class TestReasons:
    def test_weaker_digest(self, world: World) -> None:
        """A digest that fits and does not count is said to be that, and not called a plain mismatch."""
        found = judged(world, "leaf", "3 1 2 other,3 1 1 leaf")
        assert found.record == record_of(world.certificates["leaf"])
        assert found.why == "3 1 1 fits and does not count beside a stronger digest of the same usage and selector"

    def test_root_that_is_not_sent(self, world: World) -> None:
        """A pinned root that is known and not sent is named."""
        found = judged(world, "leaf", "2 1 1 root", known=[world.certificates["root"]])
        assert found.why == "it pins Test Root, which is not sent"

    def test_chain_that_does_not_hold(self, world: World) -> None:
        """An authority that fits and may not issue for this name is no fit, and the reason is the chain's."""
        assert "the chain does not hold" in judged(world, "under-narrow", "2 1 1 narrow").why

    def test_not_the_issuer(self, world: World) -> None:
        """An authority that fits and did not issue the leaf is no fit."""
        assert judged(world, "wrong ca", "2 1 1 alone").why == (
            "it fits Alone, which did not issue the certificate that was sent"
        )

    def test_dates(self, world: World) -> None:
        """The certificate and the moment it expired are named."""
        expired = f"{MOMENT - DAY:%Y-%m-%d %H:%M} UTC"
        assert judged(world, "expired", "3 1 1 expired").why == f"{HOST} expired on {expired}"

    def test_the_last_second_counts(self, world: World) -> None:
        """A certificate is good through the last second of its life."""
        expired = world.certificates["expired"]
        end = expired.parsed.not_after
        records = [record_of(expired)]
        assert fit(records, [expired], NAMES, end).outcome == "match"
        assert fit(records, [expired], NAMES, end + timedelta(seconds=1)).outcome == "dates"

    @pytest.mark.parametrize(
        ("record", "reason"),
        [
            ("1 1 1 leaf", "usage 1 is not for SMTP"),
            ("7 1 1 leaf", "usage 7 is not defined"),
            ("3 5 1 aabb", "selector 5 is not defined"),
            ("3 1 8 aabb", "matching type 8 is not defined"),
            ("3 1 1 aabb", "2 bytes are no SHA256 digest, which has 32"),
            ("3 1 0", "it holds no data"),
        ],
    )
    def test_unusable(self, world: World, record: str, reason: str) -> None:
        """Of a record that cannot be used the field is named that makes it so."""
        assert judged(world, "leaf", record).why == reason


class TestRecords:
    def test_digest_of_the_key(self, world: World) -> None:
        """3 1 1 is the SHA-256 of the SubjectPublicKeyInfo as it stands in the certificate."""
        leaf = world.certificates["leaf"]
        assert record_of(leaf).data.hex() == leaf.parsed.spki_sha256
        assert record_of(leaf, 3, 0, 2).data == hashlib.sha512(leaf.der).digest()

    def test_key_that_cannot_be_read(self) -> None:
        """Of a certificate whose key cannot be read the record pins the whole, never the digest of nothing."""
        unreadable = Certificate(b"0")
        record = record_of(unreadable)
        assert record.fields == "3 0 1"
        assert record.fits(unreadable)

    def test_zone_line(self) -> None:
        """A record is a whole line of a zone file."""
        line = zone_line("_25._tcp.mx.contoso.com", Tlsa(3, 1, 1, b"\xab" * 32), 600)
        assert line == f"_25._tcp.mx.contoso.com. 600 IN TLSA 3 1 1 {'ab' * 32}"

    def test_what_decides(self, world: World) -> None:
        """Unusable records and weaker digests are passed over; the full matching type stays."""
        records = world.records("1 1 1 leaf,3 1 1 leaf,3 1 2 leaf,3 1 0 leaf,2 1 1 middle")
        assert usable(records) == (records[2], records[3], records[4])
