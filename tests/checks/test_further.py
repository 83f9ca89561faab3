"""What is said of a gateway's other certificates, and of the suites of Exchange Online."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from certready.case import Case
from certready.checks.further import further, summary
from certready.checks.tls import check_tls
from certready.demo.pki import Authority
from certready.model import Chain, Connector, Evidence
from certready.model.endpoint import Endpoint, Handshake
from certready.model.report import Severity
from certready.rules.expiry import EXPIRED
from certready.rules.model import Observation
from certready.rules.tls import NO_COMMON_CIPHER
from certready.weighing import weigh
from certready.x509.certificate import Certificate
from tests.checks.test_tls import GOOD, evidence

CA = Authority.root()
RSA = Certificate(CA.issue("gw.contoso.test", key="rsa").der)
ECDSA = Certificate(CA.issue("gw.contoso.test").der)
CHAINS = (Chain("c1", "tls", (RSA,)), Chain("c2", "tls", (ECDSA,)))
EXCHANGE = Handshake("exchange", "done", "c1", "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384")
OTHER = Handshake("ecdsa", "done", "c2", "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")
DOMAIN = Connector("To gateway", "outbound", "contoso.test", level="domain-validation")


def seen(*handshakes: Handshake, **changes: object) -> Endpoint:
    """An endpoint with these further handshakes."""
    return replace(GOOD, handshakes=handshakes, **changes)  # type: ignore[arg-type]


def found(*endpoints: Endpoint) -> Evidence:
    """The evidence of a probe with these endpoints and two chains."""
    return evidence(*endpoints, chains=CHAINS)


def said(*endpoints: Endpoint) -> list[tuple[str, str, str | None]]:
    """Rule, variant and chain of each observation."""
    return [(one.rule.id, one.variant, one.chain) for one in further(Case(found(*endpoints)))]


def refused(*questions: str) -> list[Handshake]:
    """Handshakes that the gateway ended."""
    return [Handshake(question, "refused", error="no") for question in questions]  # type: ignore[arg-type]


class TestSeveral:
    def test_one_certificate(self) -> None:
        """A gateway that presents the same to everybody gives nothing to say."""
        assert said(seen(EXCHANGE, *refused("ecdsa"), Handshake("no-name", "done", "c1"))) == []

    def test_two_key_types(self) -> None:
        """A certificate of the other key type is said once, about its own chain, as good news."""
        assert said(seen(EXCHANGE, OTHER)) == [("tls.several-certificates", "", "c2")]
        (one,) = further(Case(found(seen(EXCHANGE, OTHER))))
        assert "presents another certificate, gw.contoso.test (ECDSA P-256" in one.message
        assert weigh(one, DOMAIN, Case(found(seen(EXCHANGE, OTHER)))) == (Severity.PASS, True)

    def test_without_a_name(self) -> None:
        """Another certificate for clients that name no server is a warning."""
        endpoint = seen(EXCHANGE, *refused("ecdsa"), Handshake("no-name-ecdsa", "done", "c2"))
        assert said(endpoint) == [("tls.several-certificates", "no-name", "c2")]
        (one,) = further(Case(found(endpoint)))
        assert weigh(one, DOMAIN, Case(found(endpoint))) == (Severity.WARN, True)

    def test_another_of_the_same_kind(self) -> None:
        """A second certificate of one kind under one name may be that of another server, and is said to be."""
        chains = (*CHAINS, Chain("c3", "tls", (Certificate(CA.issue("gw.contoso.test", key="rsa").der),)))
        endpoint = seen(replace(EXCHANGE, chain="c3"), OTHER)
        third, second = further(Case(evidence(endpoint, chains=chains)))
        assert "publishes, or several servers answer behind this address." in third.message
        assert "several servers" not in second.message

    def test_what_nobody_may_see_is_capped(self) -> None:
        """What is wrong with a certificate that only clients without a server name see is unknown, not a failure."""
        endpoint = seen(EXCHANGE, Handshake("no-name-ecdsa", "done", "c2"))
        weights = [
            weigh(EXPIRED.observed("x", certificate=one, chain=chain), DOMAIN, Case(found(endpoint)))
            for one, chain in ((RSA, "c1"), (RSA, None), (ECDSA, "c2"), (ECDSA, None))
        ]
        fail, unknown = (Severity.FAIL, True), (Severity.UNKNOWN, True)
        assert weights == [fail, fail, unknown, unknown]

    def test_seen_otherwise_too(self) -> None:
        """A chain that any other question brings up as well is no longer doubtful."""
        endpoint = seen(OTHER, Handshake("no-name-ecdsa", "done", "c2"))
        assert Case(found(endpoint)).unnamed_chains == frozenset()


class TestUnseen:
    """The ordinary handshake showed c1, an RSA certificate, under a server name."""

    CHAINS = (replace(CHAINS[0], sni="gw.contoso.test"), CHAINS[1])
    ANSWERED = (EXCHANGE, *refused("ecdsa", "ecdsa-tls13", "no-name-ecdsa"), Handshake("no-name-rsa", "done", "c1"))
    BUSY = "421 4.7.0 Too many connections"

    def unseen(self, *handshakes: Handshake) -> list[Observation]:
        """What is said to be unseen."""
        probed = evidence(seen(*handshakes), chains=self.CHAINS)
        return [one for one in further(Case(probed)) if one.rule.id == "tls.unseen-certificate"]

    def changed(self, *questions: str, outcome: str = "unanswered") -> list[Handshake]:
        """The answers, but these questions came to nothing."""
        return [
            Handshake(one.question, outcome, error=self.BUSY) if one.question in questions else one  # type: ignore[arg-type]
            for one in self.ANSWERED
        ]

    def test_everything_answered(self) -> None:
        """Where every question was answered nothing is unseen."""
        assert self.unseen(*self.ANSWERED) == []

    @pytest.mark.parametrize(
        ("question", "expected"),
        [
            ("ecdsa", "whether it has an ECDSA certificate"),
            ("ecdsa-tls13", "whether it has an ECDSA certificate"),
            ("no-name-rsa", "which RSA certificate it shows to clients that name no server"),
            ("no-name-ecdsa", "which ECDSA certificate it shows to clients that name no server"),
        ],
    )
    def test_unanswered(self, question: str, expected: str) -> None:
        """A question that nobody answered and that could have shown another certificate is unknown."""
        (one,) = self.unseen(*self.changed(question))
        assert one.message == f"192.0.2.1:25: {expected} was not answered: {self.BUSY}"
        assert weigh(one, DOMAIN, Case(found(GOOD))) == (Severity.UNKNOWN, True)

    def test_nothing_hidden(self) -> None:
        """A question about a certificate that another one has shown hides nothing, and is said beside the suites."""
        handshakes = self.changed("exchange")
        assert self.unseen(*handshakes) == []
        assert "was not answered: 421" in summary(seen(*handshakes))

    def test_gentle(self) -> None:
        """What --gentle did not ask for is a warning, because the user chose so."""
        (one,) = self.unseen(*self.changed(*(each.question for each in self.ANSWERED), outcome="not-asked"))
        assert "was not asked, because --gentle was given" in one.message
        assert "RSA certificate it shows to clients that name no server" in one.message
        assert one.fix == "Probe without --gentle."
        assert weigh(one, DOMAIN, Case(found(GOOD))) == (Severity.WARN, True)

    def test_thin_evidence(self) -> None:
        """Evidence without a word about a question is no better than an unanswered one."""
        (one,) = self.unseen(EXCHANGE)
        assert one.variant == ""
        assert "whether it has an ECDSA certificate, which RSA certificate it shows" in one.message

    @pytest.mark.parametrize("level", ["none", "encryption-only"])
    def test_encryption_alone(self, level: str) -> None:
        """Where no certificate is enforced, one that was not seen is no more than a warning."""
        (one,) = self.unseen(*self.changed("ecdsa"))
        relaxed = replace(DOMAIN, level=level)
        assert weigh(one, relaxed, Case(found(GOOD))) == (Severity.WARN, False)


class TestSuites:
    @pytest.mark.parametrize(
        ("version", "handshakes", "expected"),
        [
            ("TLSv1.3", [EXCHANGE], []),
            ("TLSv1.3", [], []),
            ("TLSv1.3", [*refused("exchange"), Handshake("rsa", "done", "c1", cipher="X")], [""]),
            ("TLSv1.2", [*refused("exchange"), Handshake("rsa", "done", "c1", cipher="X")], ["only"]),
            ("TLSv1.3", [*refused("exchange", "rsa"), OTHER], [""]),
            ("TLSv1.3", refused("exchange", "rsa", "ecdsa"), [""]),
            ("TLSv1.2", refused("exchange", "rsa", "ecdsa"), []),
            ("TLSv1.3", [*refused("exchange", "rsa"), Handshake("ecdsa", "unanswered", error="x")], []),
            ("TLSv1.3", [Handshake("exchange", "unanswered", error="x"), *refused("ecdsa")], []),
            ("TLSv1.1", [*refused("exchange"), Handshake("rsa", "done", "c1", cipher="X")], []),
        ],
    )
    def test_when(self, version: str, handshakes: list[Handshake], expected: list[str]) -> None:
        """The suites are said to be missing only where the gateway refused them and another answer shows why."""
        observations = list(further(Case(found(seen(*handshakes, tls_version=version)))))
        assert [one.variant for one in observations if one.rule.id == "tls.no-common-cipher"] == expected

    def test_weights(self) -> None:
        """Without TLS 1.3 to fall back on, whether Exchange Online connects is not known; with it that is a warning."""
        for variant, weight in (("", Severity.WARN), ("only", Severity.UNKNOWN)):
            one = NO_COMMON_CIPHER.observed("x", variant)
            assert weigh(one, DOMAIN, Case(found(GOOD))) == (weight, True)


class TestSummary:
    def test_everything(self) -> None:
        """What else was seen follows version and cipher, each in a sentence."""
        endpoint = seen(
            EXCHANGE,
            Handshake("ecdsa", "unanswered", error="It was busy."),
            asks_certificate=True,
            deferred="421 later",
        )
        assert summary(endpoint) == (
            " TLS 1.2 works too, with ECDHE-RSA-AES256-GCM-SHA384, which Exchange Online offers."
            " It asks its client for a certificate."
            " This was the second attempt; the first got a temporary error: 421 later"
        )

    def test_nothing(self) -> None:
        """Where nothing else was asked, nothing is added."""
        assert summary(GOOD) == ""


def test_nodes_that_differ_in_the_other_certificate() -> None:
    """Nodes that agree in their first certificate and not in the other are said to differ."""
    second = replace(seen(EXCHANGE, replace(OTHER, chain="c1")), address="192.0.2.2")
    (one,) = (
        each
        for each in check_tls(Case(found(seen(EXCHANGE, OTHER), second)))
        if isinstance(each, Observation) and each.rule.id == "tls.nodes-differ"
    )
    assert "takes ECDSA certificates alone" in one.message
