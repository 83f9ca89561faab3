"""What is said of TLS after a probe."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from certready.case import Case
from certready.checks.tls import check_tls
from certready.demo.pki import Authority
from certready.model import Chain, Connector, Endpoint, Evidence, Options, StoreInfo, Target
from certready.model.endpoint import Handshake
from certready.model.report import Severity
from certready.rules.model import NotApplicable, Observation
from certready.weighing import weigh
from certready.x509.certificate import Certificate

CA = Authority.root()
FIRST = Certificate(CA.issue("gw.contoso.test").der)
SECOND = Certificate(CA.issue("gw.contoso.test").der)
C1, C2 = Chain("c1", "tls", (FIRST,)), Chain("c2", "tls", (SECOND,))
ASKED = (Handshake("rsa", "refused"), Handshake("ecdsa", "done", "c1"))
GOOD = Endpoint(
    "gw", "192.0.2.1", 25, "c1", "TLSv1.3", "TLS_AES_256_GCM_SHA384", stage="done", reply="220 go", handshakes=ASKED
)
SIXTH = replace(GOOD, address="2001:db8::1")
INBOUND = Connector("From gateway", "inbound", "contoso.test")
OUTBOUND = Connector("To gateway", "outbound", "contoso.test", level="domain-validation")


def evidence(*endpoints: Endpoint, chains: tuple[Chain, ...] = (C1,), **changes: object) -> Evidence:
    """The evidence of a probe with these endpoints."""
    made = Evidence(
        certready="0",
        gathered_at=datetime(2026, 11, 21, tzinfo=UTC),
        target=Target("host", "gw:25"),
        options=Options(),
        store=StoreInfo("microsoft"),
        chains=chains,
        endpoints=endpoints,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def observed(found: Evidence) -> list[Observation]:
    """The observations alone; that there is nothing else is proved as well."""
    results = list(check_tls(Case(found)))
    assert all(isinstance(result, Observation) for result in results)
    return [result for result in results if isinstance(result, Observation)]


def seen(found: Evidence) -> list[tuple[str, str, str | None]]:
    """Rule, variant and endpoint of each observation."""
    return [(one.rule.id, one.variant, one.endpoint) for one in observed(found)]


def failed(trouble: str, **changes: object) -> Endpoint:
    """A second address that came to trouble."""
    blank = Endpoint("gw", "192.0.2.2", 25, error="It says why.", trouble=trouble)  # type: ignore[arg-type]
    return replace(blank, **changes)  # type: ignore[arg-type]


class TestOneAddress:
    def test_file(self) -> None:
        """A file says nothing about TLS, and the check says so."""
        file = evidence(target=Target("file", "gw.pem"))
        assert list(check_tls(Case(file))) == [NotApplicable("a file says nothing about TLS; probe the gateway")]

    def test_established(self) -> None:
        """TLS 1.3 is good news with version and cipher."""
        (one,) = observed(evidence(GOOD))
        assert (one.rule.id, one.endpoint, one.chain) == ("tls.established", "192.0.2.1:25", "c1")
        assert one.message == "192.0.2.1:25 speaks TLSv1.3 with TLS_AES_256_GCM_SHA384."

    @pytest.mark.parametrize(
        ("version", "rule"),
        [
            ("TLSv1.3", "tls.established"),
            ("TLSv1.2", "tls.established"),
            ("TLSv1.1", "tls.old-version"),
            ("TLSv1", "tls.old-version"),
            ("SSLv3", "tls.old-version"),
            (None, "tls.old-version"),
        ],
    )
    def test_version(self, version: str | None, rule: str) -> None:
        """Below 1.2 TLS is old; what cannot be told is never taken for new."""
        assert [one.rule.id for one in observed(evidence(replace(GOOD, tls_version=version)))] == [rule]

    @pytest.mark.parametrize("trouble", ["unreachable", "deferred", "no-starttls", "handshake-failed"])
    def test_trouble(self, trouble: str) -> None:
        """Each trouble is the rule of its name, about its address, with the sentence of the probe."""
        (one,) = observed(evidence(failed(trouble), chains=()))
        assert (one.rule.id, one.variant, one.endpoint) == (f"tls.{trouble}", "", "192.0.2.2:25")
        assert one.message == "192.0.2.2:25: It says why."
        assert one.rule.fix

    def test_no_address(self) -> None:
        """Where the name leads nowhere, the finding names the host."""
        (one,) = observed(evidence(failed("unreachable", address=""), chains=()))
        assert one.message == "gw:25: It says why."

    def test_a_name_without_address_has_its_own_fix(self) -> None:
        """Where DNS gave no address, the fix is about DNS and not about firewalls."""
        (one,) = observed(evidence(failed("unreachable", address="")))
        assert "MX, A and AAAA" in (one.fix or "")

    @pytest.mark.parametrize(
        ("stage", "reply", "variant"),
        [
            ("ehlo", "250-gw\n250 HELP", ""),
            ("ehlo", "250-gw\n250-SIZE\n250 XXXXXXXA", "masked"),
            ("ehlo", "502 5.5.1 no", "refused"),
            ("starttls", "502 5.5.1 no", "refused"),
        ],
    )
    def test_kinds_of_no_starttls(self, stage: str, reply: str, variant: str) -> None:
        """A clean EHLO without STARTTLS is told from a firewall's mask and from a refusal."""
        (one,) = observed(evidence(failed("no-starttls", stage=stage, reply=reply), chains=()))
        assert (one.rule.id, one.variant) == ("tls.no-starttls", variant)

    def test_masked_has_its_own_fix(self) -> None:
        """Behind an inspecting firewall the advice is about the firewall."""
        (one,) = observed(evidence(failed("no-starttls", stage="ehlo", reply="250-gw\n250 XXXX"), chains=()))
        assert "SMTP inspection" in str(one.fix)


class TestSeveralAddresses:
    def test_agree(self) -> None:
        """Addresses that present one chain are each established, and nothing differs."""
        expected = [("tls.established", "", "192.0.2.1:25"), ("tls.established", "", "[2001:db8::1]:25")]
        assert seen(evidence(GOOD, SIXTH)) == expected

    def test_different_leaves(self) -> None:
        """Another certificate on one of the addresses is named with who presents it."""
        *_, last = observed(evidence(GOOD, replace(SIXTH, chain="c2"), chains=(C1, C2)))
        assert (last.rule.id, last.variant) == ("tls.nodes-differ", "")
        assert last.message.startswith(
            "The addresses present different certificates: 192.0.2.1:25 with gw.contoso.test"
        )
        assert SECOND.sha256[:16] in last.message
        assert last.evidence == {"chains": {"c1": ["192.0.2.1:25"], "c2": ["[2001:db8::1]:25"]}}

    def test_different_intermediates(self) -> None:
        """One certificate with other intermediates beside it differs too, and is said to be that."""
        longer = Chain("c2", "tls", (FIRST, Certificate(CA.der)))
        *_, last = observed(evidence(GOOD, replace(SIXTH, chain="c2"), chains=(C1, longer)))
        assert "present the same certificate with different ones beside it" in last.message

    @pytest.mark.parametrize(
        ("trouble", "variant"),
        [
            ("no-starttls", "failing"),
            ("handshake-failed", "failing"),
            ("unreachable", "unreached"),
            ("deferred", "unreached"),
        ],
    )
    def test_some_work(self, trouble: str, variant: str) -> None:
        """A node that answers and has no TLS differs from the others; one that could not be asked may."""
        expected = [
            ("tls.established", "", "192.0.2.1:25"),
            (f"tls.{trouble}", "", "192.0.2.2:25"),
            ("tls.nodes-differ", variant, None),
        ]
        assert seen(evidence(GOOD, failed(trouble))) == expected

    def test_an_address_that_was_not_reached_needs_no_certificate(self) -> None:
        """Nothing is known to be wrong with that address: the fix is to reach it, not to install something."""
        (_, _, differ) = observed(evidence(GOOD, failed("unreachable")))
        assert "Probe again" in (differ.fix or "")

    def test_none_works(self) -> None:
        """Where no address works they do not differ."""
        found = evidence(failed("unreachable"), failed("deferred", address="192.0.2.3"), chains=())
        assert [one.rule.id for one in observed(found)] == ["tls.unreachable", "tls.deferred"]


class TestDirection:
    def test_inbound(self) -> None:
        """A probe against an inbound connector is said to show the wrong side, for that connector alone."""
        *_, last = observed(evidence(GOOD, connectors=(OUTBOUND, INBOUND)))
        assert (last.rule.id, last.connector) == ("tls.direction", "From gateway")
        assert "--same-certificate" in str(last.rule.fix)

    def test_the_fix_names_the_commands_that_show_the_client(self) -> None:
        """The advice is to listen or to rehearse; to assert the same certificate comes last."""
        fix = observed(evidence(GOOD, connectors=(INBOUND,)))[-1].rule.fix or ""
        assert fix.index("certready listen") < fix.index("certready rehearse") < fix.index("--same-certificate")

    @pytest.mark.parametrize(
        "changes",
        [
            {"connectors": (OUTBOUND,)},
            {"connectors": (INBOUND,), "options": Options(same_certificate=True)},
            {"connectors": (INBOUND,), "target": Target("listen", "gw:25")},
        ],
    )
    def test_not_asked(self, changes: dict[str, object]) -> None:
        """An outbound connector, a promise and a listener need no such warning."""
        assert "tls.direction" not in [one.rule.id for one in observed(evidence(GOOD, **changes))]


def test_every_rule_is_about_tls_itself() -> None:
    """No observation here is about the certificate, so that no cap on those applies to it."""
    found = evidence(GOOD, replace(SIXTH, chain="c2", tls_version="TLSv1"), failed("deferred"), chains=(C1, C2))
    assert not [one for one in observed(replace(found, connectors=(INBOUND,))) if one.certificate]


class TestClientCertificate:
    @pytest.mark.parametrize(
        ("chain", "variant", "weight"), [("c1", "judged", Severity.WARN), (None, "", Severity.UNKNOWN)]
    )
    def test_demanded(self, chain: str | None, variant: str, weight: Severity) -> None:
        """A server that demands a client certificate is said to do that; unknown where its own was not seen."""
        found = evidence(replace(GOOD, chain=chain, demands_certificate="it ended the handshake"))
        (demanded,) = (one for one in observed(found) if one.rule.id == "tls.client-certificate-demanded")
        assert "demands a certificate of its client: it ended the handshake." in demanded.message
        assert demanded.variant == variant
        assert weigh(demanded, OUTBOUND, Case(found)) == (weight, True)


class TestFixes:
    @pytest.mark.parametrize("trouble", ["unreachable", "deferred"])
    def test_greeting(self, trouble: str) -> None:
        """A gateway that does not take our name is answered with --ehlo, any other refusal is not."""
        refused = replace(failed(trouble), stage="ehlo", reply="550 Access denied - Invalid HELO name (RFC 2821)")
        (one,) = observed(evidence(refused, chains=()))
        assert "with --ehlo NAME" in str(one.fix)
        (one,) = observed(evidence(replace(refused, reply="550 5.7.1 Access denied"), chains=()))
        assert one.fix == one.rule.fix

    def test_starred_banner(self) -> None:
        """Behind a firewall that stars the banner out nobody is told to enable STARTTLS on the gateway."""
        reply = "220 ***************0*2 ****\n500 5.3.3 Unrecognized command"
        (one,) = observed(evidence(replace(failed("no-starttls"), stage="ehlo", reply=reply), chains=()))
        assert one.variant == "masked"
        assert "no fixup protocol smtp 25" in str(one.fix)
