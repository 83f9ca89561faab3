"""checks.connector: what the settings of a tenant's own connectors give away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from certready.case import Case
from certready.checks.connector import check_connector
from certready.demo.pki import Authority
from certready.model import AcceptedDomain, Connector, Evidence, Options
from certready.rules import rules_of
from certready.rules.model import NotApplicable, Observation
from tests import pki

CA = Authority.root()
HOST = CA.issue("mail.contoso.com")
SEVERAL = CA.issue("mail.contoso.com", "mx1.contoso.com", "mx2.contoso.com")
DOMAINS = (AcceptedDomain("contoso.com"), AcceptedDomain("mail.contoso.com"))


def inbound(value: str | None = "*.contoso.com", name: str = "From gateway", **more: Any) -> Connector:
    """An inbound connector of the tenant."""
    return Connector(name, "inbound", value, source="tenant", require_tls=more.pop("require_tls", True), **more)


def outbound(value: str | None = "mail.contoso.com", level: Any = "domain-validation", **more: Any) -> Connector:
    """An outbound connector of the tenant."""
    hosts = more.pop("smart_hosts", ("gw.contoso.com",))
    return Connector(
        "To gateway", "outbound", value, level=level, source="tenant", use_mx=False, smart_hosts=hosts, **more
    )


def evidence(
    *connectors: Connector,
    issued: Any = HOST,
    domains: tuple[AcceptedDomain, ...] | None = DOMAINS,
    named: bool = True,
    **options: Any,
) -> Evidence:
    """Evidence about one leaf and these connectors."""
    made = pki.evidence(pki.chain(issued), options=Options(**options))
    return replace(made, connectors=connectors, named=named, accepted_domains=domains)


def observed(given: Evidence) -> list[Observation]:
    """What the check saw."""
    return [one for one in check_connector(Case(given)) if isinstance(one, Observation)]


def said(given: Evidence) -> list[str]:
    """The rules it named."""
    return [one.rule.id.removeprefix("connector.") for one in observed(given)]


LOCK = inbound("*.filter.example", "Lock", kind="Partner", sender_domains=("*",), restrict_to_certificate=True)


@pytest.mark.parametrize(
    ("connectors", "expected"),
    [
        ([inbound()], []),
        ([outbound()], []),
        ([inbound(enabled=False)], ["disabled"]),
        ([outbound(enabled=False)], ["disabled"]),
        ([inbound(None)], ["no-certificate"]),
        ([inbound(trusted_organizations=("fabrikam.com",))], ["trusted-organizations"]),
        ([inbound(None, trusted_organizations=("fabrikam.com",))], ["no-certificate"]),
        ([inbound(require_tls=False)], []),
        ([inbound("gw.partner.example", kind="Partner", require_tls=False)], ["tls-not-required"]),
        ([inbound(restrict_to_certificate=True)], ["restriction-without-effect"]),
        ([inbound("gw.partner.example", kind="Partner", restrict_to_certificate=True)], []),
        ([inbound(made_by_hybrid_wizard=True)], ["hybrid-managed"]),
        ([inbound(require_tls=None)], []),
        ([inbound(kind="Partner")], ["wrong-type"]),
        ([inbound("gw.partner.example", kind="Partner")], []),
        ([inbound("m*.contoso.com")], []),
        ([outbound(level="none")], ["name-without-validation"]),
        ([outbound(level="encryption-only")], ["name-without-validation"]),
        ([outbound(level="certificate-validation")], ["name-without-validation"]),
        ([outbound(None, level="none")], []),
        ([outbound(smart_hosts=())], ["no-smart-host"]),
        ([LOCK], ["locks-down"]),
        ([replace(LOCK, enabled=False)], ["disabled"]),
        ([replace(LOCK, kind="OnPremises")], ["restriction-without-effect"]),
        ([replace(LOCK, sender_domains=("fabrikam.com",))], []),
        ([replace(LOCK, restrict_to_certificate=None)], []),
        ([inbound(), inbound("*.CONTOSO.com", "Twin")], ["overlap", "overlap"]),
        ([inbound(), inbound("mail.contoso.com", "Host")], ["overlap", "overlap"]),
        ([inbound(), inbound("contoso.com", "Apex")], ["overlap", "overlap"]),
        ([inbound(), inbound("*.eu.contoso.com", "Deeper")], ["overlap", "overlap"]),
        ([inbound(), inbound("*.evilcontoso.com", "Other")], []),
        ([inbound("mail.contoso.com"), inbound("contoso.com", "Plain")], []),
        ([inbound(), inbound("mail.contoso.com", "Off", enabled=False)], ["disabled"]),
        ([inbound(treat_as_internal=True)], []),
        ([inbound(treat_as_internal=True, cloud_services_mail=True)], ["internal-beside-hybrid"]),
        ([inbound(associated_domains=("contoso.com",))], ["associated-domains"]),
        ([inbound(sender_ips=("192.0.2.1",))], []),
        ([inbound("gw.partner.example", kind="Partner", sender_ips=("192.0.2.1",))], ["ips-beside-certificate"]),
        ([inbound(unread=("TrustedOrganizations",))], ["unread"]),
        ([outbound(smart_hosts=(), unread=("SmartHosts",))], ["unread"]),
        ([outbound(dane_mode="Mandatory")], ["dane-mandatory"]),
        ([outbound(test_mode=True)], ["test-mode"]),
        ([outbound(smart_hosts=("contoso-com.mail.protection.outlook.com",))], ["smart-host-loop"]),
        ([outbound(validated=False)], []),
    ],
)
def test_each_setting_is_said_where_it_stands(connectors: list[Connector], expected: list[str]) -> None:
    """Of connectors chosen by name every remark is about the connector that shows it, and about nothing else."""
    given = evidence(*connectors)
    assert expected == said(given)
    assert {one.connector for one in observed(given)} <= {one.name for one in connectors}
    assert not any(one.certificate for one in observed(given))


@pytest.mark.parametrize(
    ("value", "issued", "domains", "expected"),
    [
        ("mail.contoso.com", SEVERAL, DOMAINS, "*.contoso.com"),
        ("contoso.com", SEVERAL, DOMAINS, "*.contoso.com"),
        ("mail.contoso.com", HOST, DOMAINS, None),
        ("mail.contoso.com", HOST, DOMAINS[:1], "*.contoso.com"),
        ("mail.contoso.com", HOST, None, None),
        ("mail.contoso.com", HOST, (AcceptedDomain("fabrikam.com"),), None),
        ("mail.contoso.com", SEVERAL, (AcceptedDomain("mail.contoso.com"),), None),
        ("mail.contoso.com", SEVERAL, None, "*.contoso.com"),
        ("contoso.co.uk", CA.issue("contoso.co.uk", "fabrikam.co.uk"), (), None),
        ("*.contoso.com", SEVERAL, DOMAINS, None),
    ],
)
def test_a_wildcard_is_recommended_on_evidence(value: str, issued: Any, domains: Any, expected: str | None) -> None:
    """Several names under one domain, or a plain value that is not accepted itself, recommend the wildcard; nothing
    recommends one over a registry's domain, or over one that the tenant does not accept."""
    found = [one for one in observed(evidence(inbound(value), issued=issued, domains=domains)) if one.rule.id]
    assert ([] if expected is None else [("connector.wildcard-recommended", expected)]) == [
        (one.rule.id, one.evidence["recommended"]) for one in found
    ]
    if expected:
        assert f"-TlsSenderCertificateName '{expected}'" in (found[0].fix or "")
        assert ("where contoso.com is an accepted domain" in found[0].message) == (domains is None)


@pytest.mark.parametrize("role", ["client", "both"])
def test_a_tenant_without_a_certificate_connector_fails_as_a_whole(role: str) -> None:
    """Where no enabled inbound connector has a value, that is one finding about the tenant, naming what is disabled."""
    given = evidence(inbound(None, "By address"), inbound(enabled=False), named=False, role=role)
    assert ["no-certificate"] == said(given)
    assert observed(given)[0].connector is None
    assert "disabled are: From gateway" in observed(given)[0].message


def test_a_server_needs_no_inbound_connector() -> None:
    """As a server the tenant's inbound connectors are not looked at, a lock-down neither."""
    given = evidence(inbound(None), LOCK, outbound(), named=False, role="server")
    assert [] == said(given)


def test_in_a_whole_tenant_only_judged_connectors_are_remarked_on() -> None:
    """Remarks are about the connector that wins; one that is disabled or does not match is left alone."""
    connectors = (inbound(), inbound("x.com", "Other", require_tls=False), inbound("y.com", "Off", enabled=False))
    assert [] == said(evidence(*connectors, outbound(smart_hosts=()), named=False))


def test_an_overlap_counts_connectors_that_are_not_judged() -> None:
    """The winner's value is compared with every enabled connector of the tenant."""
    given = evidence(inbound("mail.contoso.com", "Host"), inbound(), named=False)
    (found,) = observed(given)
    assert ("connector.overlap", "Host", ["From gateway"]) == (
        found.rule.id,
        found.connector,
        found.evidence["connectors"],
    )


def test_a_lock_down_concerns_all_inbound_mail() -> None:
    """A lock-down Partner connector that is not judged itself is a remark about every connector."""
    given = evidence(inbound(), LOCK, named=False)
    (found,) = observed(given)
    assert "connector.locks-down" == found.rule.id
    assert found.connector is None
    assert "'Lock'" in found.message


def test_many_overlaps_are_one_bounded_sentence() -> None:
    """However many connectors overlap, one remark names five and counts the rest."""
    given = evidence(inbound(), *(inbound(f"h{number}.contoso.com", f"C{number}") for number in range(30)), named=False)
    found = [one for one in observed(given) if one.connector == "From gateway"]
    assert 1 == len(found)
    assert "and 25 more" in found[0].message


@pytest.mark.parametrize(
    "given",
    [
        evidence(),
        evidence(Connector("--inbound contoso.com", "inbound", "contoso.com")),
        evidence(inbound()),
    ],
)
def test_with_nothing_to_remark_the_check_says_so(given: Evidence) -> None:
    """Without a tenant's connector, or with sound settings, the check declares itself not applicable."""
    (only,) = check_connector(Case(given))
    assert isinstance(only, NotApplicable)


def test_every_rule_of_the_check_is_reachable_and_every_message_is_a_sentence() -> None:
    """Each rule of the subject is observed in some case above, or by the lint alone, in ASCII sentences with a fix."""
    givens = [
        evidence(inbound(enabled=False), inbound(None, "IP"), LOCK, outbound(level="none", smart_hosts=())),
        evidence(
            inbound(kind="Partner", trusted_organizations=("x.com",), require_tls=False, sender_ips=("192.0.2.1",))
        ),
        evidence(inbound("mail.contoso.com"), inbound(name="Wild"), issued=SEVERAL),
        evidence(inbound(restrict_to_ips=True, made_by_hybrid_wizard=True)),
        evidence(
            inbound(treat_as_internal=True, cloud_services_mail=True, associated_domains=("x.com",), unread=("x",))
        ),
        evidence(
            outbound(dane_mode="Mandatory", test_mode=True, smart_hosts=("contoso-com.mail.protection.outlook.com",))
        ),
    ]
    givens += [replace(evidence(), exported_at=evidence().gathered_at - timedelta(days=days)) for days in (0, 31)]
    givens.append(evidence(inbound(), domains=(AcceptedDomain("contoso.com", region="NAM"),)))
    found = [one for given in givens for one in observed(given)]
    lint_alone = {"ip-only", "no-tls-domain", "not-validated", "counterpart-missing", "several"}
    assert {one.rule for one in found} == {
        rule for rule in rules_of("connector") if rule.id.removeprefix("connector.") not in lint_alone
    }
    for one in found:
        assert one.message.isascii()
        assert one.message.endswith(".")
        fix = one.fix or one.rule.fix or ""
        assert fix.isascii()
        assert "Set-" in fix or fix.endswith(".") or not fix


def test_an_export_of_a_later_day_is_not_called_recent() -> None:
    """Judged as of a moment before the export, the tenant's state then is not known, and that is said."""
    given = evidence()
    (found,) = observed(replace(given, exported_at=given.gathered_at + timedelta(days=3)))
    assert found.rule.id == "connector.export-dated"
    assert "after the moment that is judged" in found.message
