"""Settings of a tenant's inbound connectors, found when a certificate is checked."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from certready import Connector
from tests.weights.case import FAIL, PASS, UNKNOWN, WARN, Cases, Checked, Expected, Severity, by_audience, connectors
from tests.weights.material import CA, checked, file

CASES = Cases()
GATEWAY = Connector("Gateway", "inbound", "*.contoso.com", source="tenant")
IDLE = replace(GATEWAY, name="Idle", enabled=False)
FILTER = replace(GATEWAY, name="Filter", value="*.filter.example", kind="Partner")
LOCK = replace(FILTER, sender_domains=("*",), restrict_to_certificate=True)


def inbound(severity: Severity) -> Expected:
    """Said of inbound connectors, Partners' included."""
    return by_audience(inbound=severity, partner=severity)


def of_tenant(*beside: Connector, **settings: Any) -> Checked:
    """The usual file under a connector that was read from a tenant with these settings."""
    return checked(file(), tried={"source": "tenant", **settings}, beside=beside)


@CASES.add("connector.disabled", connectors(FAIL))
def a_disabled_connector_is_named() -> Checked:
    """A disabled connector that was named fails."""
    return of_tenant(enabled=False)


@CASES.add("connector.wrong-type", by_audience(partner=FAIL))
def a_partner_for_the_tenants_own_domain() -> Checked:
    """A Partner connector whose value lies under an accepted domain of the tenant fails."""
    return of_tenant()


@CASES.add("connector.no-certificate", inbound(FAIL))
def an_inbound_connector_without_a_name() -> Checked:
    """A named inbound connector without a certificate name fails."""
    return of_tenant(value=None)


@CASES.add("connector.no-certificate", by_audience(validation=FAIL, domain=FAIL, alone=FAIL))
def a_tenant_without_an_enabled_certificate_connector() -> Checked:
    """A tenant none of whose enabled inbound connectors asks for a certificate fails, whatever else is judged."""
    options = {"role": "both", "certificate_only": False}
    return checked(file(), tried={"source": "tenant"}, beside=(IDLE,), named=False, options=options)


@CASES.add("connector.trusted-organizations", inbound(FAIL))
def trusted_organizations_beside_a_certificate() -> Checked:
    """TrustedOrganizations beside a certificate fails: no other parameter is then used."""
    return of_tenant(trusted_organizations=("fabrikam.com",))


@CASES.add("connector.wildcard-recommended", by_audience(inbound=WARN))
def several_names_under_one_domain() -> Checked:
    """A plain value beside several names of the certificate under one domain is a warning."""
    leaf = CA.issue("mail.contoso.com", "smtp.contoso.com")
    return checked(file(leaf), tried={"source": "tenant", "value": "mail.contoso.com"})


@CASES.add("connector.tls-not-required", by_audience(inbound=None, partner=WARN))
def tls_is_not_required() -> Checked:
    """RequireTls false is a warning on a Partner connector, and nothing on another."""
    return of_tenant(require_tls=False)


@CASES.add("connector.restriction-without-effect", by_audience(inbound=WARN, partner=None))
def a_restriction_that_has_no_effect() -> Checked:
    """RestrictDomainsToCertificate is a warning on an OnPremises connector, which does not apply it."""
    return of_tenant(restrict_to_certificate=True)


@CASES.add("connector.hybrid-managed", connectors(PASS))
def the_hybrid_wizard_made_it() -> Checked:
    """A connector that the Hybrid Configuration Wizard made is said."""
    return of_tenant(made_by_hybrid_wizard=True)


@CASES.add("connector.overlap", inbound(WARN))
def a_value_that_catches_another() -> Checked:
    """Another enabled connector that the same certificate could meet is a warning."""
    return of_tenant(Connector("Twin", "inbound", "mail.contoso.com", source="tenant"))


@CASES.add("connector.locks-down", connectors(WARN))
def a_lock_down_beside_it() -> Checked:
    """A Partner connector that holds for every sender and its certificate is a warning for all mail."""
    return checked(file(), tried={"source": "tenant"}, beside=(GATEWAY, LOCK), named=False, options={"role": "both"})


@CASES.add("connector.unread", inbound(WARN))
def a_property_that_was_cut_off() -> Checked:
    """A property that cannot be read and does not decide is a warning."""
    return of_tenant(unread=("SenderDomains",))


@CASES.add("connector.unread", inbound(UNKNOWN))
def a_property_that_decides_was_cut_off() -> Checked:
    """A property that cannot be read and may decide is unknown."""
    return of_tenant(unread=("TrustedOrganizations",))


@CASES.add("connector.ips-beside-certificate", by_audience(partner=WARN))
def addresses_beside_a_certificate() -> Checked:
    """A Partner connector that asks for addresses beside the certificate is a warning."""
    return of_tenant(sender_ips=("192.0.2.1",))


@CASES.add("connector.internal-beside-hybrid", inbound(WARN))
def internal_beside_hybrid_mail() -> Checked:
    """TreatMessagesAsInternal beside CloudServicesMailEnabled is a warning."""
    return of_tenant(treat_as_internal=True, cloud_services_mail=True)


@CASES.add("connector.associated-domains", inbound(WARN))
def limited_to_its_own_domain() -> Checked:
    """AssociatedAcceptedDomains that hold the connector's own is a warning."""
    return of_tenant(associated_domains=("contoso.com",))


@CASES.add("connector.associated-domains", inbound(UNKNOWN))
def limited_to_other_domains() -> Checked:
    """AssociatedAcceptedDomains without the connector's own is unknown: nothing documents what follows."""
    return of_tenant(associated_domains=("fabrikam.com",))
