"""Settings of a tenant's outbound connectors, found when a certificate is checked."""

from __future__ import annotations

from tests.weights.case import UNKNOWN, WARN, Cases, Checked, Expected, Severity, by_audience
from tests.weights.cases.connector import of_tenant

CASES = Cases()


def outbound(severity: Severity) -> Expected:
    """Said of outbound connectors of either level."""
    return by_audience(validation=severity, domain=severity)


@CASES.add("connector.name-without-validation", by_audience(validation=WARN))
def a_name_that_is_not_compared() -> Checked:
    """A TlsDomain at the level certificate-validation, which compares no name, is a warning."""
    return of_tenant(value="mail.contoso.com")


@CASES.add("connector.name-without-validation", by_audience(domain=WARN))
def a_name_beside_encryption_only() -> Checked:
    """A TlsDomain at the level encryption-only is a warning that counts: it is about the connector itself."""
    return of_tenant(level="encryption-only")


@CASES.add("connector.no-smart-host", outbound(WARN))
def nowhere_to_send_to() -> Checked:
    """Neither MX records nor a smart host is a warning."""
    return of_tenant(use_mx=False)


@CASES.add("connector.unread", outbound(WARN))
def an_outbound_property_that_was_cut_off() -> Checked:
    """A property that cannot be read and does not decide is a warning."""
    return of_tenant(unread=("RecipientDomains",))


@CASES.add("connector.unread", outbound(UNKNOWN))
def an_outbound_property_that_decides_was_cut_off() -> Checked:
    """A property that cannot be read and may decide is unknown."""
    return of_tenant(unread=("TlsSettings",))


@CASES.add("connector.dane-mandatory", outbound(WARN))
def dane_is_mandatory() -> Checked:
    """SmtpDaneMode Mandatory is a warning: a renewal without its TLSA record stops the mail."""
    return of_tenant(dane_mode="Mandatory")


@CASES.add("connector.test-mode", outbound(WARN))
def in_test_mode() -> Checked:
    """A named connector in test mode is a warning."""
    return of_tenant(test_mode=True)


@CASES.add("connector.smart-host-loop", outbound(WARN))
def a_smart_host_that_is_exchange_online() -> Checked:
    """A smart host that is Exchange Online itself is a warning."""
    return of_tenant(smart_hosts=("contoso-com.mail.protection.outlook.com",))
