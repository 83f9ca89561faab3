"""The settings of inbound connectors, and of connectors in either direction."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Rule, U, W, everywhere

DISABLED = Rule(
    "connector.disabled",
    "The connector is disabled",
    what="The connector is not enabled.",
    why="Exchange Online does not use it.",
    confidence="documented",
    sources=(sources.SET_INBOUND,),
    weights=(everywhere(F), everywhere(W, "unnamed")),
    fix="Set-InboundConnector -Enabled $true; a new tenant may need Microsoft support.",
)

WRONG_TYPE = Rule(
    "connector.wrong-type",
    "A Partner connector asks for one of the tenant's own names",
    what="A Partner connector asks for a name under the tenant's own accepted domain.",
    why="A Partner connector only adds restrictions; it grants no relay.",
    confidence="documented",
    sources=(sources.SET_INBOUND,),
    weights=(everywhere(F),),
    fix="Set-InboundConnector -ConnectorType OnPremises.",
)

NO_CERTIFICATE = Rule(
    "connector.no-certificate",
    "No enabled inbound connector asks for a certificate",
    what="No enabled inbound connector has a TlsSenderCertificateName.",
    why="Exchange Online then looks at no gateway certificate.",
    confidence="documented",
    sources=(sources.RELAY, sources.NEW_INBOUND),
    weights=(everywhere(F),),
    fix=(
        "Enable the one there is, or create it: New-InboundConnector -Name 'From the mail gateway' -ConnectorType "
        "OnPremises -SenderDomains '*' -RequireTls $true -TlsSenderCertificateName '<name in the certificate>'"
    ),
)

TRUSTED_ORGANIZATIONS = Rule(
    "connector.trusted-organizations",
    "TrustedOrganizations makes the connector ignore its certificate",
    what="TrustedOrganizations is set.",
    why="It is for mail between Microsoft 365 tenants, and no other parameter of the connector is then used.",
    confidence="documented",
    sources=(sources.NEW_INBOUND,),
    weights=(everywhere(F),),
    fix="Set-InboundConnector -TrustedOrganizations $null.",
)

WILDCARD_RECOMMENDED = Rule(
    "connector.wildcard-recommended",
    "A wildcard value would serve better",
    what="A plain value is not accepted itself, or the certificate has several host names under one domain.",
    why="A wildcard value covers all of them, as long as no other system shows a certificate under that domain.",
    confidence="documented",
    sources=(sources.ATTRIBUTION,),
    weights=(everywhere(W),),
    fix="Set-InboundConnector -TlsSenderCertificateName '*.domain'.",
)

TLS_NOT_REQUIRED = Rule(
    "connector.tls-not-required",
    "The connector does not require TLS",
    what="RequireTls is false.",
    why="A gateway that falls back to plain text shows no certificate and is not recognised.",
    confidence="documented",
    sources=(sources.SET_INBOUND,),
    weights=(everywhere(W),),
    fix="Set-InboundConnector -RequireTls $true.",
)

OVERLAP = Rule(
    "connector.overlap",
    "Several enabled inbound connectors ask for the same or overlapping names",
    what="Several enabled inbound connectors ask for the same or overlapping names.",
    why="The most exact one wins; between equal ones it is not published which.",
    confidence="documented",
    sources=(sources.ATTRIBUTION,),
    weights=(everywhere(W),),
    fix=(
        "Keep one connector for each name; the most exact value wins, and between equal ones it is not documented "
        "which. For one that is not needed: Set-InboundConnector -Identity '<connector>' -Enabled $false"
    ),
)

LOCKS_DOWN = Rule(
    "connector.locks-down",
    "A Partner connector lets in nothing but mail with its own certificate",
    what="A Partner connector for every sender restricts mail to its certificate.",
    why="Everything else is refused with 5.7.51, the tenant's own gateway too where no OnPremises connector knows it.",
    confidence="documented",
    sources=(sources.THIRD_PARTY_CLOUD,),
    weights=(everywhere(W), everywhere(P, "documented"), everywhere(F, "everyone")),
    fix=(
        "Keep it where all mail must pass the filter behind it; otherwise narrow it: Set-InboundConnector -Identity "
        "'<connector>' -SenderDomains '<domain of the partner>'"
    ),
)

UNREAD = Rule(
    "connector.unread",
    "A property of the connector cannot be read in the export",
    what="A property in the export cannot be read.",
    why=(
        "ConvertTo-Json cuts nested values at its default depth, a selection of properties leaves some out, and what "
        "cannot be read is never taken for harmless."
    ),
    confidence="inferred",
    sources=(sources.CONVERT_TO_JSON,),
    weights=(everywhere(W), everywhere(U, "decides")),
    fix="Export the connectors whole, with ConvertTo-Json -Depth 5; in PowerShell 7 add -EnumsAsStrings.",
)

IPS_BESIDE_CERTIFICATE = Rule(
    "connector.ips-beside-certificate",
    "A Partner connector asks for a certificate and for addresses",
    what="A Partner connector restricts by certificate and by address.",
    why="Microsoft says not to mix the two.",
    confidence="documented",
    sources=(sources.USE_CONNECTORS,),
    weights=(everywhere(W),),
    fix="Keep the certificate and clear the addresses, or make two connectors.",
)

IP_ONLY = Rule(
    "connector.ip-only",
    "An OnPremises connector knows the gateway by its address alone",
    what="An OnPremises connector knows the gateway by its addresses alone.",
    why=(
        "Mail with an empty or foreign sender is refused, and addresses shared between tenants are what Microsoft "
        "calls an anti-pattern (MC1226222)."
    ),
    confidence="documented",
    sources=(sources.RELAY,),
    weights=(everywhere(W),),
    fix="Have the gateway present a certificate and ask for its name (TlsSenderCertificateName).",
)

INTERNAL_BESIDE_HYBRID = Rule(
    "connector.internal-beside-hybrid",
    "TreatMessagesAsInternal is set where it must not be",
    what="TreatMessagesAsInternal is set beside CloudServicesMailEnabled, or on a Partner connector.",
    why="It is for OnPremises connectors without CloudServicesMailEnabled, and marks Internet mail internal too.",
    confidence="documented",
    sources=(sources.SET_INBOUND,),
    weights=(everywhere(W),),
    fix="Set-InboundConnector -TreatMessagesAsInternal $false.",
)

ASSOCIATED_DOMAINS = Rule(
    "connector.associated-domains",
    "The connector is limited to some of the accepted domains",
    what="AssociatedAcceptedDomains limits the connector to some of the accepted domains.",
    why="Microsoft advises to leave it empty but for tests.",
    confidence="documented",
    sources=(sources.USE_CONNECTORS,),
    weights=(everywhere(W), everywhere(U, "elsewhere")),
    fix="Set-InboundConnector -AssociatedAcceptedDomains $null.",
)

COUNTERPART_MISSING = Rule(
    "connector.counterpart-missing",
    "Only one of the two directions has a connector",
    what="There is a connector in one direction only.",
    why="Mail to and from the gateway needs both.",
    confidence="documented",
    sources=(sources.HYBRID,),
    weights=(everywhere(W), everywhere(P, "relay-only")),
    fix="Create the other one (New-InboundConnector, New-OutboundConnector).",
)

SEVERAL = Rule(
    "connector.several",
    "Several connectors stand for hosts of one domain",
    what="Several certificate connectors stand for hosts of one domain.",
    why="One for each tenant is enough, and easier to keep right at a renewal.",
    confidence="reported",
    sources=(sources.CERTIFICATE_BASED, sources.SEPPMAIL),
    weights=(everywhere(P),),
    fix="Keep one with a wildcard value.",
)
