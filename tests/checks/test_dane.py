"""dane.*: the records of each mail host against what it presents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from certready import Connector, Evidence, Finding, Options, Severity, judge, serial
from certready.dane import Tlsa, record_of, zone_line
from certready.demo.pki import Authority, Issued, now
from certready.model import Answer, Dane, Endpoint, Target
from tests import pki
from tests.dnssec.zones import Dns, Zone, asked_about

MOMENT = now()
DAY = timedelta(days=1)
HOST, SECOND, DOMAIN = "mx.contoso.com", "second.contoso.com", "contoso.com"
ROOT = Authority.root(moment=MOMENT)
CA = ROOT.intermediate(moment=MOMENT)
LEAF, OTHER, ECDSA = CA.issue(HOST, key="rsa"), CA.issue(HOST), CA.issue(HOST)


def pin(issued: Issued, usage: int = 3) -> str:
    """The record of a certificate's key, as a zone has it."""
    return text(record_of(pki.certificate(issued), usage))


def text(record: Tlsa) -> str:
    """A record in full."""
    return f"{record.fields} {record.data.hex()}"


def world(first: Iterable[str] = (), second: Iterable[str] = (), **zones: bool) -> Dns:
    """The mail domain, its two MX hosts in a domain of theirs; either may be unsigned."""
    mail = {"@": {"MX": [f"10 {HOST}.", f"20 {SECOND}."]}}
    hosts = {
        "mx": {"A": ["192.0.2.1"]},
        "second": {"A": ["192.0.2.2"]},
        "_25._tcp.mx": {"TLSA": list(first)} if first else {},
        "_25._tcp.second": {"TLSA": list(second)} if second else {},
    }
    return Dns(
        Zone(".", {}, MOMENT),
        Zone("com", {}, MOMENT),
        Zone("contoso.com", hosts, MOMENT, signed=zones.get("hosts", True)),
        Zone("org", {}, MOMENT),
        Zone("mail.org", mail, MOMENT, signed=zones.get("mail", True)),
    ).delegate()


def node(host: str = HOST, address: str = "192.0.2.1", chain: str | None = "c1", **more: object) -> Endpoint:
    """An address of a host that speaks TLS."""
    return Endpoint(host, address, 25, chain, "TLSv1.3", "TLS_AES_256_GCM_SHA384", stage="done", **more)  # type: ignore[arg-type]


def evidence(dane: Dane, *chains: tuple[Issued, ...], endpoints: tuple[Endpoint, ...] = (), **more: object) -> Evidence:
    """A file or, with endpoints, a probe that presents these chains."""
    kind = "tls" if endpoints else "pem"
    sent = [
        replace(pki.chain(*chain, container=kind), id=f"c{number}")  # type: ignore[arg-type]
        for number, chain in enumerate(chains or ((LEAF, CA),), 1)
    ]
    options = Options(certificate_only=True, revocation="off", role="server")
    found = pki.evidence(*sent, roots=pki.roots(ROOT), at=MOMENT, options=options)
    target = Target("host" if endpoints else "file", "gateway")
    return replace(found, dane=dane, endpoints=endpoints, target=target, **more)


def findings(given: Evidence) -> list[Finding]:
    """What is said about DANE, worst first."""
    return [one for one in judge(given).findings if one.rule.startswith("dane.")]


def only(given: Evidence) -> Finding:
    """The one thing that is said about DANE."""
    (finding,) = findings(given)
    return finding


class TestFile:
    def test_fits(self) -> None:
        """A file that fits beside a record for the next renewal passes; the host and the record are named."""
        found = only(evidence(asked_about(world([pin(LEAF), pin(OTHER)]), MOMENT, HOST)))
        assert (found.rule, found.severity) == ("dane.match", Severity.PASS)
        assert f"fits {pin(LEAF)} at _25._tcp.{HOST}" in found.message
        assert "Another record stands beside it" in found.message
        assert "Whether the MX record that leads there is signed was not looked at." in found.message

    def test_fits_until_the_next_renewal(self) -> None:
        """A record that stands alone is a warning that is not counted: the file is ready, the next one may not be."""
        given = evidence(asked_about(world([pin(LEAF)]), MOMENT, HOST))
        found = only(given)
        assert (found.rule, found.severity, found.counted) == ("dane.match", Severity.WARN, False)
        assert "No other record stands beside it" in found.message
        assert judge(given).verdict == "ready"

    def test_does_not_fit(self) -> None:
        """A file that does not fit fails, with the line to publish whole on a line of its own, in the set's own TTL."""
        found = only(evidence(asked_about(world([pin(OTHER)]), MOMENT, HOST)))
        assert (found.rule, found.severity) == ("dane.mismatch", Severity.FAIL)
        line = zone_line(f"_25._tcp.{HOST}", record_of(pki.certificate(LEAF)), 3600)
        assert found.fix is not None
        assert f"  {line}" in found.fix.splitlines()
        assert "(4.7.323, unless another MX host serves)" in found.message

    def test_a_date_by_a_clock_that_is_doubted(self) -> None:
        """A certificate that has ended by this machine's clock alone is not known to break the promise of its CA."""
        short = CA.issue(HOST, not_before=MOMENT - DAY, not_after=MOMENT + DAY / 2)
        given = evidence(asked_about(world([pin(CA, 2)]), MOMENT, HOST), (short, CA))
        given = replace(given, gathered_at=MOMENT + DAY)
        assert (only(given).rule, only(given).severity) == ("dane.dates", Severity.FAIL)
        sha256 = pki.certificate(short).sha256
        dated = Answer(sha256, "crl", "network", "http://crl.example/", error="Refused.", date=MOMENT)
        found = only(replace(given, answers=(dated,)))
        assert (found.rule, found.severity) == ("dane.dates", Severity.UNKNOWN)
        assert "By the clock of crl.example" in found.message

    def test_several_hosts(self) -> None:
        """Each host is compared by itself."""
        dane = asked_about(world([pin(LEAF)], [pin(OTHER)]), MOMENT, HOST, SECOND)
        rules = [one.rule for one in findings(evidence(dane))]
        assert rules == ["dane.mismatch", "dane.match"]

    def test_nobody_asked(self) -> None:
        """Without --dane nothing is said about it."""
        assert findings(replace(evidence(Dane()), dane=None)) == []

    @pytest.mark.parametrize("signed", [True, False])
    def test_no_such_host(self, signed: bool) -> None:
        """A host that does not exist, a slip of the pen perhaps, is unknown and not one without records."""
        found = only(evidence(asked_about(world([pin(LEAF)], hosts=signed), MOMENT, "nx.contoso.com")))
        assert (found.rule, found.severity) == ("dane.unanswered", Severity.UNKNOWN)
        assert "nx.contoso.com does not exist in DNS" in found.message

    def test_alias(self) -> None:
        """Of a host that is a signed alias the records at its end count, and its own name for usage 2."""
        there = world([pin(CA, 2)])
        there.zones[Zone("contoso.com", {}, MOMENT).origin].add("alias", "CNAME", [f"{HOST}."])
        found = only(evidence(asked_about(there, MOMENT, "alias.contoso.com")))
        assert (found.rule, found.severity, found.counted) == ("dane.match", Severity.WARN, False)

    def test_expired(self) -> None:
        """An expired certificate that fits usage 3 fails for Exchange Online, and it is said that others take it."""
        expired = CA.issue(HOST, not_before=MOMENT - 90 * DAY, not_after=MOMENT - DAY)
        found = only(evidence(asked_about(world([pin(expired)]), MOMENT, HOST), (expired, CA)))
        assert (found.rule, found.severity) == ("dane.dates", Severity.FAIL)
        assert "(4.7.322, unless another MX host serves)" in found.message
        assert "that the dates of a certificate under usage 3 matter to it is inferred (fact U14)" in found.message
        assert "senders that keep to RFC 7672 accept it all the same" in found.message
        assert found.evidence["fact"] == "E7"

    def test_weaker_digest(self) -> None:
        """Of a digest that a stronger one displaces it is said who holds the mail, and that of Exchange Online nobody
        knows."""
        stronger = text(record_of(pki.certificate(OTHER), 3, 1, 2))
        found = only(evidence(asked_about(world([pin(LEAF), stronger]), MOMENT, HOST)))
        assert (found.rule, found.severity) == ("dane.mismatch", Severity.FAIL)
        assert "whether Exchange Online does is not documented (fact U15)" in found.message
        assert "Exchange Online holds" not in found.message

    def test_short_records(self) -> None:
        """A record that is too short to be one is unknown beside what the others say."""
        there = world([pin(LEAF)])
        zone = there.zones[Zone("contoso.com", {}, MOMENT).origin]
        zone.add("_25._tcp.mx", "TLSA", [pin(LEAF)])
        import dns.rdata
        import dns.rdataclass
        import dns.rdatatype

        ((_, records),) = [(key, one) for key, one in zone.sets.items() if key[1] == dns.rdatatype.TLSA]
        records.add(dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.TLSA, b"\x03\x01"))
        found = findings(evidence(asked_about(there, MOMENT, HOST)))
        assert [one.rule for one in found] == ["dane.unreadable", "dane.match"]


class TestProbe:
    def test_every_certificate_of_a_host(self) -> None:
        """RSA and ECDSA are certificates of their own, and each has to fit."""
        dane = asked_about(world([pin(LEAF)]), MOMENT, HOST)
        endpoints = (node(), node(address="192.0.2.9", chain="c2"))
        found = findings(evidence(dane, (LEAF, CA), (ECDSA, CA), endpoints=endpoints))
        assert [(one.rule, one.chain) for one in found] == [("dane.mismatch", "c2"), ("dane.match", "c1")]
        assert f"{HOST} at 192.0.2.9" in found[0].message

    @pytest.mark.parametrize(
        ("second", "severity"),
        [
            ((), Severity.WARN),
            ([pin(ECDSA)], Severity.WARN),
            ([pin(OTHER)], Severity.FAIL),
        ],
    )
    def test_another_host_carries_the_mail(self, second: Iterable[str], severity: Severity) -> None:
        """Mail is held where no MX host fits, and goes by one that fits or has no records (fact E4)."""
        dane = asked_about(world([pin(OTHER)], second), MOMENT, domain="mail.org")
        endpoints = (node(), node(SECOND, "192.0.2.2", "c2"))
        found = findings(evidence(dane, (LEAF, CA), (ECDSA, CA), endpoints=endpoints))
        mismatch = next(one for one in found if one.rule == "dane.mismatch" and one.chain == "c1")
        assert mismatch.severity is severity
        assert ("carries the mail meanwhile" in mismatch.message) == (severity is Severity.WARN)
        assert ("(4.7.323) and returns it after 24 hours" in mismatch.message) == (severity is Severity.FAIL)

    def test_a_host_that_was_not_reached_carries_nothing(self) -> None:
        """A second host without records that nobody could reach is no way out."""
        dane = asked_about(world([pin(OTHER)]), MOMENT, domain="mail.org")
        endpoints = (node(), Endpoint(SECOND, "192.0.2.2", 25, trouble="unreachable", error="It is not there."))
        mismatch = next(one for one in findings(evidence(dane, endpoints=endpoints)) if one.rule == "dane.mismatch")
        assert mismatch.severity is Severity.FAIL
        assert "unless another MX host serves" in mismatch.message

    def test_unsigned_mail_domain(self) -> None:
        """Where the MX record is not signed Exchange Online looks at no records; that they stand there is a warning
        that says whether they would fit."""
        dane = asked_about(world([pin(OTHER)], mail=False), MOMENT, domain="mail.org")
        found = findings(evidence(dane, endpoints=(node(),)))
        assert {(one.rule, one.severity) for one in found} == {
            ("dane.not-applied", Severity.WARN),
            ("dane.not-applied", Severity.PASS),
        }
        assert "the MX of mail.org is not signed" in found[0].message
        assert "none of them fits" in found[0].message

    def test_unsigned_hosts(self) -> None:
        """Where the hosts' zone is not signed their records do not count."""
        dane = asked_about(world([pin(LEAF)], hosts=False), MOMENT, HOST)
        found = only(evidence(dane, endpoints=(node(),)))
        assert (found.rule, found.severity) == ("dane.not-applied", Severity.WARN)
        assert "one of them fits" in found.message

    def test_broken_mail_domain(self) -> None:
        """A forged MX record fails for the whole domain."""
        there = world([pin(LEAF)])

        def forged(message: object) -> None:
            del message.answer[1]  # type: ignore[attr-defined]

        there.tamper["mail.org", "MX"] = forged
        found = only(evidence(asked_about(there, MOMENT, domain="mail.org"), endpoints=(node(),)))
        assert (found.rule, found.severity) == ("dane.bogus", Severity.FAIL)
        assert "the MX of mail.org: the MX records of mail.org are not signed, and mail.org is" in found.message

    @pytest.mark.parametrize(("hour", "rule"), [(0, "dane.bogus"), (50, "dane.unverified")])
    def test_expired_by_a_doubtful_clock(self, hour: int, rule: str) -> None:
        """A signature that has expired by a clock that others put off proves nothing."""
        zones = (
            Zone(".", {}, MOMENT),
            Zone("com", {}, MOMENT, window=(-9 * DAY, -DAY)),
            Zone("contoso.com", {"mx": {"A": ["192.0.2.1"]}}, MOMENT),
        )
        said = MOMENT - timedelta(hours=hour)
        greeting = f"220 {HOST} ESMTP {said:%d} {said:%b %Y %H:%M:%S} +0000"
        given = evidence(asked_about(Dns(*zones).delegate(), MOMENT, HOST), endpoints=(node(banner=greeting),))
        assert only(given).rule == rule

    def test_another_port(self) -> None:
        """DANE for SMTP is about port 25; of another nothing is looked up."""
        found = only(evidence(Dane(hosts=(HOST,), port=587), endpoints=(node(),)))
        assert (found.rule, found.severity) == ("dane.not-applied", Severity.PASS)

    def test_address(self) -> None:
        """An address has no records; DANE does not apply."""
        found = only(evidence(asked_about(world(), MOMENT, "192.0.2.1"), endpoints=(node("192.0.2.1"),)))
        assert (found.rule, found.severity) == ("dane.not-applied", Severity.PASS)


class TestConnectors:
    def connector(self, **settings: object) -> Connector:
        """An outbound connector that sends by MX, unless the settings say otherwise."""
        chosen = {"use_mx": True, "level": "certificate-validation", "source": "tenant", **settings}
        return Connector("To us", "outbound", **chosen)  # type: ignore[arg-type]

    def said(self, dane: Dane, **settings: object) -> Finding:
        """What is said for a connector with these settings."""
        given = evidence(dane, endpoints=(node(),), connectors=(self.connector(**settings),))
        return only(replace(given, options=replace(given.options, certificate_only=False)))

    def test_mandatory(self) -> None:
        """A connector that insists on DANE holds the mail where there are no records."""
        found = self.said(asked_about(world(), MOMENT, HOST), dane_mode="Mandatory")
        assert (found.rule, found.severity, found.connector) == ("dane.absent", Severity.FAIL, "To us")
        assert "insists on DANE and holds the mail" in found.message

    def test_mandatory_and_another_port(self) -> None:
        """What a connector insists on is unknown, and no pass, where another port than 25 was probed."""
        found = self.said(Dane(hosts=(HOST,), port=587), dane_mode="Mandatory")
        assert (found.rule, found.severity) == ("dane.unverified", Severity.UNKNOWN)

    @pytest.mark.parametrize(
        ("second", "mode", "severity"),
        [
            ((), "Opportunistic", Severity.WARN),
            ((), "Mandatory", Severity.FAIL),
            (["1 1 1 " + "cd" * 32], "Opportunistic", Severity.WARN),
            (["1 1 1 " + "cd" * 32], "Mandatory", Severity.FAIL),
            ([pin(ECDSA)], "Mandatory", Severity.WARN),
        ],
    )
    def test_another_host_carries_what_is_insisted_on(
        self, second: Iterable[str], mode: str, severity: Severity
    ) -> None:
        """Mail of a connector that insists on DANE goes by no other host that has no record which fits."""
        dane = asked_about(world([pin(OTHER)], second), MOMENT, domain="mail.org")
        endpoints = (node(), node(SECOND, "192.0.2.2", "c2"))
        chosen = self.connector(dane_mode=mode)
        given = evidence(dane, (LEAF, CA), (ECDSA, CA), endpoints=endpoints, connectors=(chosen,))
        found = findings(replace(given, options=replace(given.options, certificate_only=False)))
        assert next(one for one in found if one.rule == "dane.mismatch").severity is severity

    def test_opportunistic(self) -> None:
        """A record that does not fit holds the mail over a connector of the default mode too."""
        found = self.said(asked_about(world([pin(OTHER)]), MOMENT, HOST), dane_mode="Opportunistic")
        assert (found.rule, found.severity) == ("dane.mismatch", Severity.FAIL)

    def test_none(self) -> None:
        """Over a connector that checks no DANE it is a warning, which says so."""
        found = self.said(asked_about(world([pin(OTHER)]), MOMENT, HOST), dane_mode="None")
        assert (found.severity, found.counted) == (Severity.WARN, False)
        assert "SmtpDaneMode None" in found.message

    def test_smart_host(self) -> None:
        """Over a connector to a smart host it is a warning, which says that nobody knows."""
        found = self.said(asked_about(world([pin(OTHER)]), MOMENT, HOST), use_mx=False, smart_hosts=(HOST,))
        assert (found.severity, found.counted) == (Severity.WARN, False)
        assert "whether DANE is checked there is not documented (fact U13)" in found.message

    def test_mandatory_over_a_smart_host(self) -> None:
        """That a connector to a smart host insists on DANE is a warning; that it holds mail there is not claimed."""
        dane = asked_about(world(), MOMENT, HOST)
        found = self.said(dane, dane_mode="Mandatory", use_mx=False, smart_hosts=(HOST,))
        assert (found.rule, found.severity, found.counted) == ("dane.absent", Severity.WARN, False)
        assert "insists on DANE (SmtpDaneMode Mandatory)" in found.message
        assert "holds the mail" not in found.message

    def test_level_does_not_matter(self) -> None:
        """What TlsSettings enforce has no bearing on DANE, which holds for all mail."""
        found = self.said(asked_about(world([pin(OTHER)]), MOMENT, HOST), level="encryption-only")
        assert found.severity is Severity.FAIL


class TestReplay:
    def again(self, given: Evidence, at: datetime | None = None) -> Evidence:
        """Saved, read back, and judged at another moment."""
        read = serial.load(serial.dump(given))
        return replace(read, options=replace(read.options, at=at))

    def test_same(self) -> None:
        """Saved evidence is judged to the same findings, raw answers being validated again."""
        given = evidence(asked_about(world([pin(OTHER)], [pin(LEAF)]), MOMENT, domain="mail.org"), endpoints=(node(),))
        assert findings(self.again(given)) == findings(given)

    def test_later(self) -> None:
        """At a moment after the signatures have ended nothing is proved, and nothing is forged."""
        given = evidence(asked_about(world([pin(LEAF)]), MOMENT, HOST))
        assert only(self.again(given, MOMENT + 31 * DAY)).rule == "dane.unverified"

    def test_edited_answer(self) -> None:
        """Whoever edits an answer in the file breaks its signature."""
        dane = asked_about(world([pin(OTHER)]), MOMENT, HOST)
        old, new = (record_of(pki.certificate(one)).data for one in (OTHER, LEAF))
        answers = tuple(replace(one, wire=(one.wire or b"").replace(old, new)) for one in dane.answers)
        assert only(self.again(evidence(replace(dane, answers=answers)))).rule == "dane.bogus"

    def test_answers_taken_away(self) -> None:
        """What is no longer in the file is unknown, never absent."""
        dane = asked_about(world([pin(OTHER)]), MOMENT, HOST)
        for left in range(len(dane.answers)):
            answers = dane.answers[:left] + dane.answers[left + 1 :]
            found = only(evidence(replace(dane, answers=answers)))
            assert found.severity is Severity.UNKNOWN, dane.answers[left].name

    def test_damaged_anchors(self) -> None:
        """Trust anchors that cannot be read leave it open."""
        dane = asked_about(world([pin(LEAF)]), MOMENT, HOST)
        assert only(evidence(replace(dane, anchors=("nonsense",)))).rule == "dane.unverified"
