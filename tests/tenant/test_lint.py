"""linting: what is said of a tenant's connectors without any certificate, and of which nothing is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from certready.errors import TenantError
from certready.exchange.export.load import load
from certready.exchange.route import route
from certready.model import Connector, Tenant
from certready.model.report import Severity
from certready.render.tenant import text
from certready.render.tenant_json import document
from certready.tenant.answer import Answer, ask
from certready.tenant.lint import lint, verdict_of
from tests.decisions import LOCK, domains, inbound, outbound
from tests.exchange.test_tenant import DOMAIN, INBOUND, OUTBOUND, dump

CONTOSO = domains(("contoso.com", "contoso.onmicrosoft.com"))
GATEWAY = inbound("From gateway", "*.contoso.com", require_tls=True, sender_domains=("*",))
TO_GATEWAY = outbound(recipient_domains=("*",))

# What the sources show as right: the Hybrid Configuration wizard, the add-on service article, the filter article, the
# SEPPmail module's templates (docs.seppmail.com), a host of its own, relaying alone, mail to a partner, a mail flow rule.
VARIANTS: dict[str, tuple[tuple[Connector, ...], tuple[str, ...]]] = {
    "the wizard's pair": (
        (
            inbound("Inbound from 1a2b", "*.contoso.com", require_tls=True, sender_domains=("*",), cloud_services_mail=True),
            outbound(
                "Outbound to 1a2b", recipient_domains=("contoso.com",), smart_hosts=("mail.contoso.com",),
                value="mail.contoso.com", cloud_services_mail=True, validated=False, route_via_on_premises=False,
            ),
        ),
        ("contoso.com",),
    ),
    "the add-on service's pair": (
        (
            # Its article also sets RestrictDomainsToCertificate, which newer pages call without effect here.
            inbound("From add-on", "t1.vendor.example", require_tls=True, sender_domains=("*",)),
            outbound("To add-on", transport_rule_scoped=True, smart_hosts=("h.vendor.example",), value="h.vendor.example"),
        ),
        ("contoso.com", "t1.vendor.example"),
    ),
    "the MX behind a filter": (
        (inbound("Filter", "*.filter.example", kind="Partner", sender_domains=("*",), restrict_to_certificate=True,
                 require_tls=True),),
        ("contoso.com",),
    ),
    "the MX behind a filter, and a gateway": ((LOCK, GATEWAY, TO_GATEWAY), ("contoso.com",)),
    "SEPPmail's templates": (
        (
            inbound("[SEPPmail] Appliance -> ExchangeOnline", "*.contoso.com", require_tls=True, sender_domains=("*",),
                    cloud_services_mail=False),
            outbound("[SEPPmail] ExchangeOnline -> Appliance", transport_rule_scoped=True, value="*.provider.example",
                     smart_hosts=("securemail.provider.example",)),
        ),
        ("contoso.com",),
    ),
    "the host itself, accepted": (
        (inbound("Host", "email.contoso.com", require_tls=True, sender_domains=("*",)),), ("email.contoso.com",),
    ),
    "two hosts, a connector each": (
        (inbound("One", "mail1.contoso.com"), inbound("Two", "mail2.contoso.com")),
        ("mail1.contoso.com", "mail2.contoso.com"),
    ),
    "relaying alone": ((GATEWAY,), ("contoso.com",)),
    "a partner's TLS": (
        (
            inbound("Partner", "*.partner.example", kind="Partner", sender_domains=("partner.example",), require_tls=True,
                    restrict_to_certificate=True),
            outbound("To partner", kind="Partner", recipient_domains=("partner.example",), use_mx=True, smart_hosts=(),
                     level="certificate-validation", value=None),
        ),
        ("contoso.com",),
    ),
    "mail between tenants": ((inbound("Tenant", trusted_organizations=("fabrikam.com",)),), ("contoso.com",)),
    "a partner by its addresses": (
        (inbound("By address", kind="Partner", sender_ips=("192.0.2.1",), restrict_to_ips=True,
                 sender_domains=("partner.example",)),),
        ("contoso.com",),
    ),
    "no connectors at all": ((), ("contoso.com",)),
}  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_documented_variant_raises_no_alarm(variant: str) -> None:
    """What a document shows as right gets no warning, whatever else is remarked."""
    connectors, accepted = VARIANTS[variant]
    found = lint(Tenant(connectors, domains(accepted)))
    assert [] == [(one.rule, one.message) for one in found if one.severity is not Severity.PASS]
    assert "ready" == verdict_of(found)


def changed(connector: Connector, **settings: Any) -> tuple[Connector, ...]:
    """A sound pair with one of its two connectors changed."""
    others = (TO_GATEWAY,) if connector.direction == "inbound" else (GATEWAY,)
    return (replace(connector, **settings), *others)


@pytest.mark.parametrize(
    ("connectors", "rule", "severity"),
    [
        (changed(GATEWAY, value="mail.contoso.com"), "names.domain-not-accepted", "fail"),
        (changed(GATEWAY, value="*.sub.contoso.com"), "names.domain-not-accepted", "fail"),
        (changed(GATEWAY, value="*.onmicrosoft.com"), "names.domain-acceptance-uncertain", "unknown"),
        (changed(GATEWAY, value="m*.contoso.com"), "names.connector-mismatch", "fail"),
        (changed(GATEWAY, trusted_organizations=("x.org",)), "connector.trusted-organizations", "fail"),
        (
            (GATEWAY, TO_GATEWAY, replace(GATEWAY, name="X", kind="Partner", value="*.x.org", require_tls=False)),
            "connector.tls-not-required",
            "warn",
        ),
        (changed(GATEWAY, restrict_to_certificate=True), "connector.restriction-without-effect", "warn"),
        (changed(GATEWAY, restrict_to_ips=True), "connector.restriction-without-effect", "warn"),
        (changed(GATEWAY, value=None, sender_ips=("192.0.2.1",)), "connector.ip-only", "warn"),
        (changed(GATEWAY, value=None), "connector.no-certificate", "fail"),
        (changed(GATEWAY, treat_as_internal=True, cloud_services_mail=True), "connector.internal-beside-hybrid", "warn"),
        (changed(GATEWAY, associated_domains=("contoso.com",)), "connector.associated-domains", "warn"),
        (changed(GATEWAY, associated_domains=("contoso.onmicrosoft.com",)), "connector.associated-domains", "unknown"),
        (changed(GATEWAY, unread=("TrustedOrganizations",)), "connector.unread", "unknown"),
        (changed(GATEWAY, unread=("SenderDomains",)), "connector.unread", "warn"),
        (changed(TO_GATEWAY, value=None), "connector.no-tls-domain", "unknown"),
        (changed(TO_GATEWAY, level="encryption-only"), "connector.name-without-validation", "warn"),
        (changed(TO_GATEWAY, level="none"), "connector.name-without-validation", "warn"),
        (changed(TO_GATEWAY, smart_hosts=()), "connector.no-smart-host", "warn"),
        (changed(TO_GATEWAY, dane_mode="Mandatory"), "connector.dane-mandatory", "warn"),
        (changed(TO_GATEWAY, test_mode=True), "connector.test-mode", "warn"),
        (changed(TO_GATEWAY, unread=("TlsSettings",)), "connector.unread", "unknown"),
        (changed(TO_GATEWAY, smart_hosts=("contoso-com.mail.protection.outlook.com",)), "connector.smart-host-loop", "warn"),
        ((GATEWAY, TO_GATEWAY, inbound("Off", "x.org", enabled=False)), "connector.disabled", "warn"),
        ((TO_GATEWAY,), "connector.counterpart-missing", "warn"),
        ((inbound("P", "gw.contoso.com", kind="Partner"),), "connector.wrong-type", "fail"),
        ((replace(LOCK, sender_ips=("192.0.2.1",)),), "connector.ips-beside-certificate", "warn"),
        ((replace(LOCK, value=None),), "connector.locks-down", "fail"),
        ((replace(LOCK, value="f*.example"), ), "connector.locks-down", "fail"),
    ],
)  # fmt: skip
def test_a_setting_that_spoils_is_said(connectors: tuple[Connector, ...], rule: str, severity: str) -> None:
    """One spoilt setting is one finding of its rule and weight, about the connector that has it, and its fix holds the
    command with nothing behind it that would be pasted along."""
    found = [one for one in lint(Tenant(connectors, CONTOSO)) if one.severity is not Severity.PASS]
    assert (rule, severity) in [(one.rule, str(one.severity)) for one in found]
    assert {"names.connector-mismatch"} | {rule} >= {one.rule for one in found}
    said = next(one for one in found if one.rule == rule)
    assert said.connector in {one.name for one in connectors}
    assert said.message.isascii()
    assert said.message.endswith(".")
    assert said.reference
    if rule.startswith("connector.") and rule != "connector.unread":
        assert any(verb in (said.fix or "") for verb in ("Set-", "New-"))
        assert not (said.fix or "").endswith(("'.", "$true.", "$false.", "$null."))
    assert {"fail": "not-ready", "unknown": "cannot-tell", "warn": "ready"}[severity] == verdict_of([said])


def test_what_the_wizard_made_is_said_of_either_direction() -> None:
    """The Hybrid Configuration Wizard's connectors are remarked on, and nothing is held against them."""
    tenant = Tenant(
        (replace(GATEWAY, made_by_hybrid_wizard=True), replace(TO_GATEWAY, made_by_hybrid_wizard=True)), CONTOSO
    )
    found = [one for one in lint(tenant) if one.rule == "connector.hybrid-managed"]
    assert [(GATEWAY.name, Severity.PASS), (TO_GATEWAY.name, Severity.PASS)] == [
        (one.connector, one.severity) for one in found
    ]


@pytest.mark.parametrize(("connectors", "said"), [((GATEWAY, TO_GATEWAY), 1), ((TO_GATEWAY,), 0), ((LOCK,), 0)])
def test_in_region_routing_is_said_of_the_gateway(connectors: tuple[Connector, ...], said: int) -> None:
    """Where a domain has a MailFlowRegion, what that asks of the gateway's certificate is said once, and only where a
    connector knows a gateway; nothing is held against it."""
    domains_ = [replace(domain, region="GBR") for domain in CONTOSO or ()]
    found = [one for one in lint(Tenant(connectors, tuple(domains_))) if one.rule == "connector.in-region-routing"]
    assert said == len(found)
    assert all("contoso.com: GBR" in one.message and one.severity is Severity.PASS for one in found)


def test_a_lock_down_beside_an_exposed_gateway_warns() -> None:
    """A lock-down warns where the gateway's own mail may fall under it: its domain not accepted, or it goes by address."""
    for gateway in (replace(GATEWAY, value="*.x.org"), replace(GATEWAY, value=None, sender_ips=("192.0.2.1",))):
        found = [
            one for one in lint(Tenant((LOCK, gateway, TO_GATEWAY), CONTOSO)) if one.rule == "connector.locks-down"
        ]
        assert ["warn"] == [str(one.severity) for one in found]
        assert "'From gateway'" in found[0].message


def test_overlapping_values_are_said_of_each() -> None:
    """Two enabled connectors for the same names are a warning each; a disabled twin is none."""
    twin = replace(GATEWAY, name="Twin")
    found = lint(Tenant((GATEWAY, twin, TO_GATEWAY), CONTOSO))
    assert ["From gateway", "Twin"] == [one.connector for one in found if one.rule == "connector.overlap"]
    off = lint(Tenant((GATEWAY, replace(twin, enabled=False), TO_GATEWAY), CONTOSO))
    assert ["connector.disabled"] == [one.rule for one in off if one.severity is Severity.WARN]


def test_without_accepted_domains_the_lint_cannot_tell() -> None:
    """Where the file names no accepted domain, an inbound connector is never called sound: that is unknown, exit code 3."""
    found = lint(Tenant((GATEWAY, TO_GATEWAY)))
    assert ["names.accepted-domains-unknown"] == [one.rule for one in found if one.severity is Severity.UNKNOWN]
    assert "cannot-tell" == verdict_of(found)


@pytest.mark.parametrize("lost", ["Enabled", "ConnectorType"])
def test_an_outbound_connector_that_cannot_be_read_is_not_certain_to_win(lost: str) -> None:
    """Whether a connector is enabled, or of the type that AllAcceptedDomains needs, is not guessed: no route is certain."""
    one = outbound("Half read", all_accepted_domains=True, unread=(lost,))
    found = route(Tenant((one,), CONTOSO), "contoso.com")
    assert (None, False) == (found.chosen, found.certain)


def test_several_hosts_of_one_domain_are_remarked_on() -> None:
    """Several plain values under one domain are allowed; that one connector is enough is said and no warning."""
    found = lint(Tenant(*VARIANTS["two hosts, a connector each"][:1]))
    assert [("connector.several", "pass")] == [
        (one.rule, str(one.severity)) for one in found if one.rule == "connector.several"
    ]


def test_an_inbound_and_an_outbound_connector_may_share_a_name() -> None:
    """Each is weighed for what it is, and the findings come worst first."""
    shared = (replace(GATEWAY, name="Same", value="mail.contoso.com"), replace(TO_GATEWAY, name="Same", smart_hosts=()))
    found = lint(Tenant(shared, CONTOSO))
    assert [("names.domain-not-accepted", "fail"), ("connector.no-smart-host", "warn")] == [
        (one.rule, str(one.severity)) for one in found if one.severity is not Severity.PASS
    ]
    assert sorted((one.severity for one in found), reverse=True) == [one.severity for one in found]


RECORDS = st.dictionaries(
    st.sampled_from(
        [*INBOUND, *OUTBOUND, *DOMAIN, "TreatMessagesAsInternal", "AssociatedAcceptedDomains", "SmtpDaneMode"]
    ),
    st.none()
    | st.booleans()
    | st.integers(0, 4)
    | st.sampled_from(
        ["*", "*.contoso.com", "contoso.com", "OnPremises", "Partner", "DomainValidation", "System.Object[]"]
    )
    | st.lists(st.sampled_from(["*", "*.contoso.com", "smtp:*;1", "192.0.2.0/24", "", "x y"]), max_size=3),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(RECORDS, max_size=4))
def test_whatever_loads_can_be_asked(records: list[dict[str, object]]) -> None:
    """Every export that loads is linted, routed and walked to an answer, and its text is printed, without an error."""
    try:
        tenant = load(dump(records))
    except TenantError:
        return
    answer = Answer(
        tenant,
        lint(tenant),
        route(tenant, "contoso.com"),
        ask(tenant, ("mail.contoso.com",), None, "192.0.2.1"),
        notes=tenant.notes,
    )
    assert answer.exit_code in (0, 1, 3)
    assert text(answer, verbose=True, width=60).endswith("\n")
    assert document(answer).verdict == answer.verdict
