"""The rules of the name checks."""

from __future__ import annotations

from certready.model.report import Rule

CONNECTOR_REFERENCE = "https://learn.microsoft.com/powershell/module/exchange/set-inboundconnector"
ATTRIBUTION = 'Exchange Team Blog, "Office 365 Message Attribution" (techcommunity 749143)'
RELAY = 'Exchange Team Blog, "Updated Requirements for SMTP Relay" (techcommunity 3851357)'

CONNECTOR_MATCH = Rule(
    "names.connector-match", "A name of the certificate is what the connector asks for.", None, CONNECTOR_REFERENCE
)
CONNECTOR_MISMATCH = Rule(
    "names.connector-mismatch",
    "No name of the certificate is what the connector asks for.",
    "Change the connector's value, or have the certificate issued with the name the connector asks for.",
    CONNECTOR_REFERENCE,
)
CONNECTOR_MATCH_UNCERTAIN = Rule(
    "names.connector-match-uncertain",
    "A name may meet the connector's value, but no document says so, or documents disagree.",
    "Make the connector's value and a name of the certificate the same.",
    CONNECTOR_REFERENCE,
)
ACCEPTED_DOMAIN = Rule("names.accepted-domain", "The connector's domain is an accepted domain.", None, ATTRIBUTION)
DOMAIN_NOT_ACCEPTED = Rule(
    "names.domain-not-accepted",
    "The connector's domain is no accepted domain of the tenant.",
    "Register the domain in the Microsoft 365 admin center, or use a name under an accepted domain.",
    RELAY,
)
DOMAIN_ACCEPTANCE_UNCERTAIN = Rule(
    "names.domain-acceptance-uncertain",
    "Whether the accepted domains cover the connector's domain is not documented clearly.",
    "Register the connector's own domain as an accepted domain.",
    ATTRIBUTION,
)
ACCEPTED_DOMAINS_UNKNOWN = Rule(
    "names.accepted-domains-unknown",
    "The tenant's accepted domains are not known.",
    "Give what Get-AcceptedDomain prints in a tenant file, or each domain with --accepted-domain.",
    ATTRIBUTION,
)
NO_CONNECTOR = Rule(
    "names.no-connector",
    "No connector was given to compare the names with.",
    "Give --inbound VALUE, --outbound VALUE or --tenant FILE; --certificate-only judges the certificate by itself.",
    CONNECTOR_REFERENCE,
)
HOSTNAME_MATCH = Rule("names.hostname-match", "The certificate covers the gateway's host name.", None, "RFC 9525, 6.3")
HOSTNAME_MISMATCH = Rule(
    "names.hostname-mismatch",
    "The certificate does not cover the gateway's host name.",
    "Have the certificate issued with the gateway's public host name in its subject alternative name.",
    "RFC 9525, 6.3",
)
NO_COMMON_NAME = Rule("names.no-common-name", "The subject has no CN.", None, "CA/B Baseline Requirements, 7.1.4.3")
COMMON_NAME_ONLY = Rule(
    "names.common-name-only",
    "The only name is the CN; there is no DNS name in the subject alternative name.",
    "Have the certificate issued with its names in the subject alternative name.",
    "CA/B Baseline Requirements, 7.1.2.7.12",
)
MANY_NAMES = Rule(
    "names.many-names",
    "The certificate has over 100 names.",
    "Have a certificate issued with the names of this gateway alone.",
    "Exchange Server event MSExchangeTransport 11024 (technet ff982986)",
)

RULES = (
    CONNECTOR_MATCH,
    CONNECTOR_MISMATCH,
    CONNECTOR_MATCH_UNCERTAIN,
    ACCEPTED_DOMAIN,
    DOMAIN_NOT_ACCEPTED,
    DOMAIN_ACCEPTANCE_UNCERTAIN,
    ACCEPTED_DOMAINS_UNKNOWN,
    NO_CONNECTOR,
    HOSTNAME_MATCH,
    HOSTNAME_MISMATCH,
    NO_COMMON_NAME,
    COMMON_NAME_ONLY,
    MANY_NAMES,
)
