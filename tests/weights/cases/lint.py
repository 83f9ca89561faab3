"""What ``certready tenant`` says of connectors without any certificate."""

from __future__ import annotations

from typing import Any

from tests.weights.case import FAIL, PASS, UNKNOWN, WARN, Audience, Cases, Linted, by_audience, connectors

CASES = Cases()
Record = dict[str, Any]
IN: Record = {"Name": "Tried", "Enabled": True, "ConnectorType": "OnPremises", "SenderDomains": ["smtp:*;1"],
              "RequireTls": True, "TlsSenderCertificateName": "*.contoso.com"}  # fmt: skip
OUT: Record = {"Name": "Tried", "Enabled": True, "ConnectorType": "OnPremises", "UseMXRecord": True,
               "RecipientDomains": ["*"], "TlsSettings": "DomainValidation", "TlsDomain": "mail.contoso.com"}  # fmt: skip
RECORDS: dict[Audience, Record] = {
    "inbound": IN,
    "partner": IN | {"ConnectorType": "Partner", "TlsSenderCertificateName": "*.filter.example"},
    "certificate-validation": OUT | {"TlsSettings": "CertificateValidation", "TlsDomain": None},
    "domain-validation": OUT,
}


def _linted(*beside: Record, **settings: object) -> Linted:
    """An export for each audience: its connector with these settings, and the inbound connectors beside it."""
    return Linted({audience: _export(record | settings, beside) for audience, record in RECORDS.items()})


def _export(record: Record, beside: tuple[Record, ...]) -> dict[str, list[Record]]:
    inbound = "TlsSenderCertificateName" in record
    return {
        "InboundConnectors": [*([record] if inbound else []), *beside],
        "OutboundConnectors": [] if inbound else [record],
        "AcceptedDomains": [{"DomainName": "contoso.com", "Default": True}],
    }


@CASES.add("connector.disabled", connectors(WARN))
def a_disabled_connector_of_the_tenant() -> Linted:
    """A disabled connector that nobody named is a warning."""
    return _linted(Enabled=False)


@CASES.add("connector.locks-down", by_audience(partner=PASS, inbound=None))
def a_lock_down_for_a_filter() -> Linted:
    """A lock-down for a filter, with no mail that it could hit by mistake, is said and passes."""
    return _linted(RestrictDomainsToCertificate=True)


@CASES.add("connector.locks-down", by_audience(partner=WARN))
def a_lock_down_that_may_hit_the_gateway() -> Linted:
    """A lock-down beside a gateway that is known by its address alone is a warning."""
    gateway = IN | {"Name": "Gateway", "TlsSenderCertificateName": None, "SenderIPAddresses": ["192.0.2.1"]}
    return _linted(gateway, RestrictDomainsToCertificate=True)


@CASES.add("connector.locks-down", by_audience(partner=FAIL))
def a_lock_down_for_everyone() -> Linted:
    """A lock-down whose certificate name nothing can meet locks out all mail: it fails."""
    return _linted(RestrictDomainsToCertificate=True, TlsSenderCertificateName="m*.filter.example")


@CASES.add("connector.ip-only", by_audience(inbound=WARN, partner=None))
def a_gateway_known_by_its_address() -> Linted:
    """An inbound connector that knows the gateway by its address alone is a warning."""
    return _linted(TlsSenderCertificateName=None, SenderIPAddresses=["192.0.2.1"])


@CASES.add("connector.no-certificate", by_audience(inbound=FAIL))
def a_connector_that_knows_nobody() -> Linted:
    """An inbound connector with neither a certificate name nor an address fails."""
    return _linted(TlsSenderCertificateName=None)


@CASES.add("connector.no-tls-domain", by_audience(domain=UNKNOWN))
def domain_validation_without_a_domain() -> Linted:
    """DomainValidation without a TlsDomain is unknown: there is no name to compare."""
    return _linted(TlsDomain=None)


@CASES.add("connector.not-validated", by_audience(validation=PASS, domain=PASS))
def never_validated() -> Linted:
    """A connector that was never validated is said and passes."""
    return _linted(IsValidated=False)


@CASES.add("connector.counterpart-missing", by_audience(validation=WARN, domain=WARN))
def an_outbound_connector_alone() -> Linted:
    """Mail to a gateway without a connector for what it sends back is a warning."""
    return _linted()


@CASES.add("connector.counterpart-missing", by_audience(inbound=PASS, partner=None))
def an_inbound_connector_alone() -> Linted:
    """An inbound connector alone is right for relaying: said, and passes."""
    return _linted()


@CASES.add("connector.several", by_audience(inbound=PASS))
def two_hosts_of_one_domain() -> Linted:
    """Several connectors for hosts of one domain are said and pass."""
    other = IN | {"Name": "Other", "TlsSenderCertificateName": "smtp.contoso.com"}
    return _linted(other, TlsSenderCertificateName="mail.contoso.com")
