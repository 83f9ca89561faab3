"""What the tenant's answers rest on: each fact with how sure it is and where it is written.

The numbers are those of docs/decisions.md, which lists what follows from each. ``documented`` means by Microsoft or, of
a gateway, by its vendor; ``inferred`` means deduced from behaviour or from other facts; ``disputed`` that documents
disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Basis = Literal["documented", "inferred", "disputed"]

ATTRIBUTION = 'Exchange Team Blog, "Office 365 Message Attribution" (techcommunity 749143)'
RELAY = 'Exchange Team Blog, "Updated Requirements for SMTP Relay" (techcommunity 3851357)'
HYBRID = 'Exchange Team Blog, "TLS certificates in Exchange hybrid" (techcommunity 4420592)'
INBOUND = "https://learn.microsoft.com/powershell/module/exchange/new-inboundconnector"
OUTBOUND = "https://learn.microsoft.com/powershell/module/exchange/new-outboundconnector"
ACCEPTED = "https://learn.microsoft.com/powershell/module/exchange/set-accepteddomain"
ROUTING = 'Microsoft Learn, "Set up connectors to route mail"'
SCENARIOS = 'Microsoft Learn, "Configure a certificate-based connector to relay email messages"'
NOTICE = "Microsoft 365 message centre, MC1226222 (as mirrored)"
NOTES = '"Three Key Points for Connector Settings" (Microsoft Japan messaging support, 2017)'


class Fact(Struct, frozen=True):
    """One fact: what it says, how sure that is, and its source."""

    text: str
    basis: Basis
    source: str


FACTS: Mapping[str, Fact] = {
    # what a value matches
    "1.2.1": Fact("A value is a domain, or *. before one; a wildcard elsewhere is refused.", "documented", INBOUND),
    "1.2.2": Fact("A plain value is met by a certificate that contains that name.", "documented", INBOUND),
    "1.2.3": Fact("A plain domain is not met by a host under it.", "inferred", INBOUND),
    "1.2.4": Fact("A plain host value is met by the wildcard name over it.", "inferred", INBOUND),
    "1.2.5": Fact("*.P is met by a host directly under P.", "documented", SCENARIOS),
    "1.2.6": Fact("*.P is met by the certificate name *.P.", "documented", "docs.seppmail.com, SSL certificate"),
    "1.2.7": Fact("*.P is met by the certificate name P.", "documented", INBOUND),
    "1.2.8": Fact("Whether *.P is met more than one label under P: documents disagree.", "disputed", INBOUND),
    "1.2.9": Fact(
        "The most exact value wins; that case is ignored and deeper goes before shallower is inferred.",
        "documented",
        ATTRIBUTION,
    ),
    "1.2.10": Fact(
        "Exchange Server ignores all names but the CN over a limit; Exchange Online's limit is not published.",
        "documented",
        "ff982986",
    ),
    "1.2.11": Fact("A connector has one value; several names need a wildcard or connectors.", "documented", SCENARIOS),
    "1.2.12": Fact("Connectors of other tenants are compared as well.", "documented", ATTRIBUTION),
    "1.2.13": Fact("A value <I>issuer<S>subject is conceivable; how it is compared is unknown.", "inferred", INBOUND),
    # attribution
    "1.3.1": Fact(
        "Certificate, then address with the sender, then the recipient; a domain must be accepted to count.",
        "documented",
        ATTRIBUTION,
    ),
    "1.3.2": Fact("Priority: certificate domain, envelope sender, recipient.", "documented", NOTICE),
    "1.3.3": Fact(
        "Relay needs (certificate domain or sender domain accepted) and (certificate or address matches an OnPremises "
        "connector).",
        "documented",
        RELAY,
    ),
    "1.3.4": Fact(
        "By a certificate whose domain is accepted any sender may relay, the empty one too; otherwise the empty one "
        "may not.",
        "documented",
        RELAY,
    ),
    "1.3.5": Fact("A plain value must itself be an accepted domain.", "documented", HYBRID),
    "1.3.6": Fact("For *.P, P must be accepted; a note of 2017 lets a subdomain do.", "documented", NOTES),
    "1.3.7": Fact("The immediate parent of the host must be accepted.", "documented", "KB 4019940"),
    "1.3.8": Fact("Safest is the host itself, as accepted domain and as value.", "documented", RELAY),
    "1.3.9": Fact(
        "The Hybrid Configuration wizard writes *.P where the host is not accepted.", "documented", ATTRIBUTION
    ),
    "1.3.10": Fact("A wildcard value also catches other systems with such a certificate.", "documented", ATTRIBUTION),
    "1.3.11": Fact(
        "A certificate domain that is not accepted may work through the sender; Microsoft calls that an anti-pattern.",
        "documented",
        NOTICE,
    ),
    "1.3.12": Fact(
        "Several tenants need a certificate each; shared addresses are an anti-pattern.", "documented", NOTICE
    ),
    "1.3.13": Fact("An add-on service gives each tenant a domain of its own to accept.", "documented", RELAY),
    "1.3.14": Fact(
        "A domain is registered in the admin center; there is no New-AcceptedDomain.", "documented", ACCEPTED
    ),
    "1.3.15": Fact("What MatchSubDomains is worth for attribution is documented nowhere.", "inferred", ACCEPTED),
    "1.3.16": Fact("With TrustedOrganizations no other parameter of the connector is used.", "documented", INBOUND),
    "1.3.17": Fact(
        "With RejectDirectSend, mail from an accepted domain that no connector matches is refused with 5.7.68.",
        "documented",
        'Exchange Team Blog, "Direct Send" (techcommunity 4408790)',
    ),
    "1.3.18": Fact(
        "Outdated Exchange servers are throttled and blocked over OnPremises connectors.",
        "documented",
        "techcommunity 4552717",
    ),
    "1.4": Fact(
        "A Partner connector with RestrictDomainsToCertificate or -ToIPAddresses refuses other mail of its senders.",
        "documented",
        INBOUND,
    ),
    # outbound
    "2.1": Fact("TlsSettings says what is checked: nothing, TLS, the chain, the name.", "documented", OUTBOUND),
    "2.2": Fact("TlsDomain is compared with DomainValidation only.", "documented", OUTBOUND),
    "2.3": Fact("The admin center offers any certificate, a trusted one, or one with a name.", "documented", ROUTING),
    "2.4": Fact("Without the MX record a smart host is needed.", "documented", OUTBOUND),
    "2.5": Fact("The smart host's own name is not compared.", "inferred", OUTBOUND),
    "2.6": Fact(
        "A connector is for recipient domains, for accepted domains, or for a mail flow rule.", "documented", OUTBOUND
    ),
    "2.7": Fact("The most specific connector wins; the article's ordered list says otherwise.", "disputed", ROUTING),
    "2.8": Fact("RouteAllMessagesViaOnPremises works for OnPremises connectors only.", "documented", OUTBOUND),
    "2.9": Fact(
        "A TLSA record that does not fit stops mail, unless SmtpDaneMode is None; with Mandatory a domain without DANE "
        "stops it too.",
        "documented",
        OUTBOUND,
    ),
    "2.10": Fact(
        "A connector in test mode is not listed unless asked for; that it carries no mail is inferred.",
        "documented",
        OUTBOUND,
    ),
    "2.11": Fact("IsValidated is not set by validating; a connector can be saved without it.", "documented", OUTBOUND),
    "2.12": Fact("An outbound connector has no client certificate of the tenant's.", "documented", OUTBOUND),
    "2.13": Fact("Missing intermediates are not fetched.", "documented", "Microsoft Learn, 450 4.4.317 UntrustedRoot"),
    "2.14": Fact("Temporary failures are retried for about a day.", "documented", OUTBOUND),
    "2.15": Fact("Inbound and outbound connectors are made as a pair.", "documented", HYBRID),
}


def basis(number: str) -> Basis:
    """How sure a fact is. Raises KeyError for a number there is no fact of."""
    return FACTS[number].basis
