"""The rules about the settings of connectors."""

from __future__ import annotations

from certready.model.report import Rule

INBOUND = "https://learn.microsoft.com/powershell/module/exchange/set-inboundconnector"
OUTBOUND = "https://learn.microsoft.com/powershell/module/exchange/set-outboundconnector"
ATTRIBUTION = 'Exchange Team Blog, "Office 365 Message Attribution" (techcommunity 749143)'
RELAY = 'Exchange Team Blog, "Updated Requirements for SMTP Relay" (techcommunity 3851357)'
HYBRID = 'Exchange Team Blog, "TLS certificates in Exchange hybrid" (techcommunity 4420592)'
SCENARIOS = 'Microsoft Learn, "Configure a certificate-based connector to relay email messages"'

DISABLED = Rule("connector.disabled", "The connector is disabled.", None, INBOUND)
WRONG_TYPE = Rule("connector.wrong-type", "A Partner connector asks for one of the tenant's own names.", None, INBOUND)
NO_CERTIFICATE = Rule(
    "connector.no-certificate",
    "No enabled inbound connector asks for a certificate.",
    "Enable the one there is, or create it: New-InboundConnector -Name 'From the mail gateway' "
    "-ConnectorType OnPremises -SenderDomains '*' -RequireTls $true "
    "-TlsSenderCertificateName '<name in the certificate>'",
    INBOUND,
)
TRUSTED_ORGANIZATIONS = Rule(
    "connector.trusted-organizations", "TrustedOrganizations makes the connector ignore its certificate.", None, INBOUND
)
WILDCARD_RECOMMENDED = Rule("connector.wildcard-recommended", "A wildcard value would serve better.", None, ATTRIBUTION)
TLS_NOT_REQUIRED = Rule("connector.tls-not-required", "The connector does not require TLS.", None, INBOUND)
NAME_WITHOUT_VALIDATION = Rule(
    "connector.name-without-validation", "TlsDomain is set, but the name is not validated.", None, OUTBOUND
)
NO_SMART_HOST = Rule(
    "connector.no-smart-host", "The connector has neither MX routing nor a smart host.", None, OUTBOUND
)
OVERLAP = Rule(
    "connector.overlap",
    "Several enabled inbound connectors ask for the same or overlapping names.",
    "Keep one connector for each name; the most exact value wins, and between equal ones it is not documented which. "
    "For one that is not needed: Set-InboundConnector -Identity '<connector>' -Enabled $false",
    ATTRIBUTION,
)
LOCKS_DOWN = Rule(
    "connector.locks-down",
    "A Partner connector lets in nothing but mail with its own certificate.",
    "Keep it where all mail must pass the filter behind it; otherwise narrow it: "
    "Set-InboundConnector -Identity '<connector>' -SenderDomains '<domain of the partner>'",
    "https://learn.microsoft.com/exchange/mail-flow-best-practices/manage-mail-flow-using-third-party-cloud",
)
UNREAD = Rule(
    "connector.unread",
    "A property of the connector cannot be read in the export.",
    "Export the connectors whole, with ConvertTo-Json -Depth 5; in PowerShell 7 add -EnumsAsStrings.",
    "https://learn.microsoft.com/powershell/module/microsoft.powershell.utility/convertto-json",
)
IPS_BESIDE_CERTIFICATE = Rule(
    "connector.ips-beside-certificate", "A Partner connector asks for a certificate and for addresses.", None, INBOUND
)
IP_ONLY = Rule(
    "connector.ip-only",
    "An OnPremises connector knows the gateway by its address alone.",
    "Have the gateway present a certificate and ask for its name (TlsSenderCertificateName).",
    RELAY,
)
INTERNAL_BESIDE_HYBRID = Rule(
    "connector.internal-beside-hybrid",
    "TreatMessagesAsInternal is set where it must not be.",
    None,
    INBOUND,
)
ASSOCIATED_DOMAINS = Rule(
    "connector.associated-domains", "The connector is limited to some of the accepted domains.", None, INBOUND
)
NO_TLS_DOMAIN = Rule("connector.no-tls-domain", "DomainValidation is set without a TlsDomain.", None, OUTBOUND)
DANE_MANDATORY = Rule(
    "connector.dane-mandatory",
    "The connector insists on DANE.",
    "At each renewal of the gateway's certificate publish the new TLSA record first, and wait for its time to live.",
    "https://learn.microsoft.com/purview/how-smtp-dane-works",
)
TEST_MODE = Rule("connector.test-mode", "The connector is in test mode.", None, OUTBOUND)
NOT_VALIDATED = Rule(
    "connector.not-validated",
    "The connector is not marked as validated.",
    None,
    "https://learn.microsoft.com/powershell/module/exchange/validate-outboundconnector",
)
SMART_HOST_LOOP = Rule(
    "connector.smart-host-loop",
    "The smart host of an outbound connector is Exchange Online itself.",
    None,
    OUTBOUND,
)
COUNTERPART_MISSING = Rule(
    "connector.counterpart-missing", "Only one of the two directions has a connector.", None, HYBRID
)
SEVERAL = Rule("connector.several", "Several connectors stand for hosts of one domain.", None, SCENARIOS)

RULES = (
    DISABLED,
    WRONG_TYPE,
    NO_CERTIFICATE,
    TRUSTED_ORGANIZATIONS,
    WILDCARD_RECOMMENDED,
    TLS_NOT_REQUIRED,
    NAME_WITHOUT_VALIDATION,
    NO_SMART_HOST,
    OVERLAP,
    LOCKS_DOWN,
    UNREAD,
    IPS_BESIDE_CERTIFICATE,
    IP_ONLY,
    INTERNAL_BESIDE_HYBRID,
    ASSOCIATED_DOMAINS,
    NO_TLS_DOMAIN,
    DANE_MANDATORY,
    TEST_MODE,
    NOT_VALIDATED,
    SMART_HOST_LOOP,
    COUNTERPART_MISSING,
    SEVERAL,
)
