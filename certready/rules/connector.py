"""The settings of inbound connectors, and of connectors in either direction."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Rule, U, W, everywhere

DISABLED = Rule(
    "connector.disabled",
    "The connector is disabled",
    why="Exchange Online does not use it.",
    confidence="documented",
    sources=(sources.SET_INBOUND,),
    weights=(
        everywhere(F),
        everywhere(W, "unnamed", "in a look at the whole tenant, where nobody asked for it"),
    ),
    fix="Enable it; in newer tenants that may need Microsoft support for an OnPremises inbound connector.",
)

WRONG_TYPE = Rule(
    "connector.wrong-type",
    "A Partner connector asks for a name that is or may be the tenant's own",
    why="A Partner connector only adds restrictions; it does not allow relaying.",
    confidence="documented",
    sources=(sources.SET_INBOUND,),
    weights=(everywhere(F), everywhere(U, "unknown", "the accepted domains are not known")),
    fix="Make it an OnPremises connector.",
)

NO_CERTIFICATE = Rule(
    "connector.no-certificate",
    "No enabled inbound connector asks for a certificate",
    why="Exchange Online then looks at no gateway certificate.",
    confidence="documented",
    sources=(sources.RELAY, sources.NEW_INBOUND),
    weights=(everywhere(F),),
    fix="Enable the one there is, or create an OnPremises inbound connector that asks for the gateway's name.",
)

TRUSTED_ORGANIZATIONS = Rule(
    "connector.trusted-organizations",
    "TrustedOrganizations makes the connector ignore its certificate",
    why="It is for mail between Microsoft 365 tenants, and no other parameter of the connector is then used.",
    confidence="documented",
    sources=(sources.NEW_INBOUND,),
    weights=(everywhere(F),),
    fix="Clear TrustedOrganizations.",
)

WILDCARD_RECOMMENDED = Rule(
    "connector.wildcard-recommended",
    "A wildcard value would work better",
    why="It covers every host of the gateway, as long as no other system presents a certificate under that domain.",
    confidence="documented",
    sources=(sources.ATTRIBUTION,),
    weights=(everywhere(W),),
    fix="Make the connector ask for *. and the domain, which must be an accepted one.",
)

TLS_NOT_REQUIRED = Rule(
    "connector.tls-not-required",
    "The Partner connector does not require TLS",
    what="RequireTls is false, which counts for Partner connectors only.",
    why="A gateway that falls back to plain text shows no certificate and is not recognised.",
    confidence="documented",
    sources=(sources.SET_INBOUND,),
    weights=(everywhere(W),),
    fix="Set RequireTls to true.",
)

OVERLAP = Rule(
    "connector.overlap",
    "Several enabled inbound connectors ask for the same or overlapping names",
    why="The most exact value wins, and between equal ones it is not documented which.",
    confidence="documented",
    sources=(sources.ATTRIBUTION,),
    weights=(everywhere(W),),
    fix="Keep one connector for each name, and disable the one that is not needed.",
)

LOCKS_DOWN = Rule(
    "connector.locks-down",
    "A Partner connector only admits mail with its own certificate",
    why="Everything else is refused with 5.7.51, the tenant's own gateway too where no OnPremises connector knows it.",
    confidence="documented",
    sources=(sources.THIRD_PARTY_CLOUD,),
    weights=(
        everywhere(W),
        everywhere(P, "documented", "in a look at the whole tenant: the documented setting for a filter before it"),
        everywhere(F, "everyone", "it asks for a name that nothing can meet"),
    ),
    fix=(
        "Keep it where all mail must pass the filter behind it; otherwise narrow its SenderDomains to the partner's "
        "domains."
    ),
)

UNREAD = Rule(
    "connector.unread",
    "A property of the connector cannot be read in the export",
    why=(
        "ConvertTo-Json cuts nested values at its default depth, a selection of properties leaves some out, and what "
        "cannot be read is never taken for harmless."
    ),
    confidence="inferred",
    sources=(sources.CONVERT_TO_JSON,),
    weights=(
        everywhere(W),
        everywhere(U, "decides", "a property that could change the verdict"),
    ),
    fix="Export the connectors whole, with ConvertTo-Json -Depth 5; in PowerShell 7 add -EnumsAsStrings.",
)

IPS_BESIDE_CERTIFICATE = Rule(
    "connector.ips-beside-certificate",
    "A Partner connector asks for a certificate and for addresses",
    why="Microsoft advises against both in one Partner connector.",
    confidence="documented",
    sources=(sources.USE_CONNECTORS,),
    weights=(everywhere(W),),
    fix="Keep the certificate and clear the addresses, or make two connectors.",
)

IP_ONLY = Rule(
    "connector.ip-only",
    "An OnPremises connector identifies the gateway only by IP address",
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
    why="It is for OnPremises connectors without CloudServicesMailEnabled, and marks Internet mail internal too.",
    confidence="documented",
    sources=(sources.SET_INBOUND,),
    weights=(everywhere(W),),
    fix="Set TreatMessagesAsInternal to false.",
)

ASSOCIATED_DOMAINS = Rule(
    "connector.associated-domains",
    "The connector is limited to some of the accepted domains",
    why="Microsoft advises leaving AssociatedAcceptedDomains empty except for tests.",
    confidence="documented",
    sources=(sources.USE_CONNECTORS,),
    weights=(
        everywhere(W),
        everywhere(U, "elsewhere", "the connector's own domain is none of them"),
    ),
    fix="Clear AssociatedAcceptedDomains.",
)

COUNTERPART_MISSING = Rule(
    "connector.counterpart-missing",
    "Only one of the two directions has a connector",
    why="Mail to and from the gateway needs both.",
    confidence="documented",
    sources=(sources.HYBRID,),
    weights=(
        everywhere(W),
        everywhere(P, "relay-only", "there is an inbound one only, as for relaying alone"),
    ),
    fix="Create the other one.",
)

SEVERAL = Rule(
    "connector.several",
    "Several connectors cover hosts of one domain",
    why="One with a wildcard value is enough for a tenant, and easier to keep right at a renewal.",
    confidence="reported",
    sources=(sources.CERTIFICATE_BASED, sources.SEPPMAIL),
    weights=(everywhere(P),),
    fix="Keep one with a wildcard value.",
)

RESTRICTION_WITHOUT_EFFECT = Rule(
    "connector.restriction-without-effect",
    "A restriction is set that has no effect on an OnPremises connector",
    what="RestrictDomainsToCertificate or RestrictDomainsToIPAddresses is true on an OnPremises connector.",
    why="Both apply to Partner connectors only: mail that bypasses the gateway is not refused.",
    confidence="documented",
    sources=(sources.SET_INBOUND, sources.THIRD_PARTY_CLOUD),
    weights=(everywhere(W),),
    fix="Clear it; to refuse mail that bypasses a filter, add a Partner connector for sender domain *.",
)

HYBRID_MANAGED = Rule(
    "connector.hybrid-managed",
    "The Hybrid Configuration Wizard made the connector",
    what="ConnectorSource is HybridWizard.",
    why="The wizard's next run may undo what was changed by hand.",
    confidence="inferred",
    sources=(sources.SET_INBOUND, sources.HYBRID),
    weights=(everywhere(P),),
    fix="Run the wizard again and choose the certificate there, before anything is changed by hand.",
)

IN_REGION_ROUTING = Rule(
    "connector.in-region-routing",
    "An accepted domain is routed in a region of its own",
    what="An accepted domain has a MailFlowRegion (multi-geo in-region routing).",
    why=(
        "The certificate or address of the connectors to Exchange Online must then be another than what the gateway "
        "uses for mail to others on the Internet."
    ),
    confidence="documented",
    sources=(sources.IN_REGION_ROUTING,),
    weights=(everywhere(P),),
    fix="Use a separate certificate and address for mail to anyone other than Exchange Online.",
)

EXPORT_DATED = Rule(
    "connector.export-dated",
    "The tenant's export has a date",
    why="The answer holds for the tenant as it was then.",
    confidence="inferred",
    sources=(sources.OWN,),
    weights=(everywhere(P),),
)

EXPORT_OLD = Rule(
    "connector.export-old",
    "The tenant's export is old",
    why="Connectors and accepted domains change; what changed since then is not judged.",
    confidence="inferred",
    sources=(sources.OWN,),
    weights=(everywhere(W),),
    fix="Export the tenant again and judge the certificate by that.",
)
