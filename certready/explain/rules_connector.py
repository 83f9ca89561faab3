"""What the rules about names, accepted domains and connectors are about."""

from __future__ import annotations

from collections.abc import Mapping

from certready.explain.model import RuleDoc

_SET_INBOUND = "Set-InboundConnector (ExchangePowerShell reference)"
_SET_OUTBOUND = "Set-OutboundConnector (ExchangePowerShell reference)"
_ATTRIBUTION = "Exchange Team Blog, Office 365 message attribution (techcommunity 749143)"
_RELAY = "Exchange Team Blog, Updated requirements for SMTP relay (techcommunity 3851357)"
_HYBRID = "Exchange Team Blog, TLS certificates in Exchange hybrid (techcommunity 4420592)"
_NOTHING = "Nothing has to be mended."

DOCS: Mapping[str, RuleDoc] = {
    "names.connector-match": RuleDoc(
        "CN or a DNS name of the certificate is what TlsSenderCertificateName or TlsDomain asks for.",
        "That is how Exchange Online knows the gateway, inbound, and checks it, outbound.",
        "documented",
        _SET_INBOUND,
        _NOTHING,
    ),
    "names.connector-mismatch": RuleDoc(
        "No name of the certificate satisfies the connector's value. *.P stands for P and its hosts; that a plain "
        "value stands for itself alone is inferred from the cmdlet's example.",
        "Inbound: 550 5.7.64 or 5.7.51. Outbound: 4.4.317 SubjectMismatch.",
        "documented",
        _SET_INBOUND,
        "Set-InboundConnector -TlsSenderCertificateName or Set-OutboundConnector -TlsDomain to a name of the "
        "certificate, or have the certificate issued with the name asked for.",
    ),
    "names.connector-match-uncertain": RuleDoc(
        "A plain value is met by a wildcard certificate alone, or a name lies more than one label under *.P.",
        "The first is only inferred; on the second the cmdlet's page (all subdomains) and on-premises "
        "behaviour (one label) differ.",
        "inferred",
        _SET_INBOUND,
        "Make the value and a name of the certificate the same.",
    ),
    "names.accepted-domain": RuleDoc(
        "The domain of the inbound connector's value is an accepted domain of the tenant.",
        "Then the certificate attributes every message, whatever its sender, bounces and forwarded mail included.",
        "documented",
        _ATTRIBUTION,
        _NOTHING,
    ),
    "names.domain-not-accepted": RuleDoc(
        "The value's domain is no accepted domain.",
        "The certificate then attributes nothing. Mail with an accepted sender domain may still pass, which Microsoft "
        "calls an anti-pattern (MC1226222); bounces, forwarded mail and foreign senders are refused (5.7.64, 5.7.51).",
        "documented",
        _RELAY,
        "Register and verify the domain in the Microsoft 365 admin center, or use a value under an accepted domain.",
    ),
    "names.domain-acceptance-uncertain": RuleDoc(
        "Only a subdomain of the wildcard's domain is accepted, or a parent with MatchSubDomains.",
        "One note of 2017 allows the first; about the second nothing is published.",
        "inferred",
        "Microsoft Japan messaging blog, Three key points for connector settings",
        "Register the value's own domain.",
    ),
    "names.accepted-domains-unknown": RuleDoc(
        "Nobody said which domains the tenant accepts.",
        "Without that it cannot be told whether the certificate attributes mail.",
        "documented",
        _ATTRIBUTION,
        "Give --tenant FILE with Get-AcceptedDomain in it, or --accepted-domain.",
    ),
    "names.no-connector": RuleDoc(
        "No connector was given.",
        "A certificate is ready for something, not by itself.",
        "inferred",
        "certready's own rule",
        "Give --inbound, --outbound or --tenant; --certificate-only judges the certificate alone.",
    ),
    "names.hostname-match": RuleDoc(
        "The certificate covers the host name given with --hostname.",
        "Gateway vendors ask for it; Exchange Online does not compare it.",
        "reported",
        "RFC 9525, 6.3; SEPPmail requirements",
        _NOTHING,
    ),
    "names.hostname-mismatch": RuleDoc(
        "Neither CN nor a DNS name covers the host name given with --hostname.",
        "Exchange Online does not compare it, the gateway's vendor asks for it, and DANE or MTA-STS may.",
        "reported",
        "RFC 9525, 6.3; SEPPmail requirements",
        "Have the certificate issued with the host name.",
    ),
    "names.no-common-name": RuleDoc(
        "The subject has no CN.",
        "That is normal today (Let's Encrypt's tlsserver profile). Exchange's TlsCertificateName then ends in an "
        "empty <S>.",
        "documented",
        "CA/B Baseline Requirements, 7.1.4.3; Let's Encrypt, profiles",
        "Nothing, unless Exchange Server sends with it: then have it issued with a CN.",
    ),
    "names.common-name-only": RuleDoc(
        "The only name is the CN.",
        "Exchange Online reads CN or SAN; strict peers read the SAN alone.",
        "documented",
        "CA/B Baseline Requirements, 7.1.2.7.12",
        "Have it issued with its names in the SAN.",
    ),
    "names.many-names": RuleDoc(
        "The certificate has over 100 names.",
        "Exchange Server ignores all of them beyond a limit and reads the CN alone (event 11024); Exchange "
        "Online's limit is not published.",
        "documented",
        "technet ff982986",
        "Use a certificate with this gateway's names alone.",
    ),
    "connector.disabled": RuleDoc(
        "The connector is not enabled.",
        "Exchange Online does not use it.",
        "documented",
        _SET_INBOUND,
        "Set-InboundConnector -Enabled $true; a new tenant may need Microsoft support.",
    ),
    "connector.wrong-type": RuleDoc(
        "A Partner connector asks for a name under the tenant's own accepted domain.",
        "A Partner connector only adds restrictions; it grants no relay.",
        "documented",
        _SET_INBOUND,
        "Set-InboundConnector -ConnectorType OnPremises.",
    ),
    "connector.no-certificate": RuleDoc(
        "No enabled inbound connector has a TlsSenderCertificateName.",
        "Exchange Online then looks at no gateway certificate.",
        "documented",
        _RELAY,
        "New-InboundConnector -ConnectorType OnPremises -TlsSenderCertificateName, or enable the one there is.",
    ),
    "connector.trusted-organizations": RuleDoc(
        "TrustedOrganizations is set.",
        "It is for mail between Microsoft 365 tenants, and no other parameter of the connector is then used.",
        "documented",
        "New-InboundConnector (ExchangePowerShell reference)",
        "Set-InboundConnector -TrustedOrganizations $null.",
    ),
    "connector.wildcard-recommended": RuleDoc(
        "A plain value is not accepted itself, or the certificate has several host names under one domain.",
        "A wildcard value covers all of them, as long as no other system shows a certificate under that domain.",
        "documented",
        _ATTRIBUTION,
        "Set-InboundConnector -TlsSenderCertificateName '*.domain'.",
    ),
    "connector.tls-not-required": RuleDoc(
        "RequireTls is false.",
        "A gateway that falls back to plain text shows no certificate and is not recognised.",
        "documented",
        _SET_INBOUND,
        "Set-InboundConnector -RequireTls $true.",
    ),
    "connector.name-without-validation": RuleDoc(
        "TlsDomain is set and TlsSettings is not DomainValidation.",
        "The name is then never compared.",
        "documented",
        _SET_OUTBOUND,
        "Set-OutboundConnector -TlsSettings DomainValidation.",
    ),
    "connector.no-smart-host": RuleDoc(
        "UseMXRecord is false and there is no smart host.",
        "The connector has nowhere to deliver to.",
        "documented",
        _SET_OUTBOUND,
        "Set-OutboundConnector -UseMXRecord $false -SmartHosts HOST.",
    ),
    "connector.overlap": RuleDoc(
        "Several enabled inbound connectors ask for the same or overlapping names.",
        "The most exact one wins; between equal ones it is not published which.",
        "documented",
        _ATTRIBUTION,
        "Keep one connector for each name.",
    ),
    "connector.locks-down": RuleDoc(
        "A Partner connector for every sender restricts mail to its certificate.",
        "Everything else is refused with 5.7.51, the tenant's own gateway too where no OnPremises connector knows it.",
        "documented",
        "Microsoft Learn, Manage mail flow using a third-party cloud service",
        "Keep it where all mail must pass that filter; otherwise narrow SenderDomains.",
    ),
    "connector.unread": RuleDoc(
        "A property in the export cannot be read.",
        "ConvertTo-Json cuts nested values at its default depth, a selection of properties leaves some out, and "
        "what cannot be read is never taken for harmless.",
        "inferred",
        "ConvertTo-Json, -Depth",
        "Export all properties again with ConvertTo-Json -Depth 5; in PowerShell 7 add -EnumsAsStrings.",
    ),
    "connector.ips-beside-certificate": RuleDoc(
        "A Partner connector restricts by certificate and by address.",
        "Microsoft says not to mix the two.",
        "documented",
        _SET_INBOUND,
        "Keep the certificate and clear the addresses, or make two connectors.",
    ),
    "connector.ip-only": RuleDoc(
        "An OnPremises connector knows the gateway by its addresses alone.",
        "Mail with an empty or foreign sender is refused, and addresses shared between tenants are what Microsoft "
        "calls an anti-pattern (MC1226222).",
        "documented",
        _RELAY,
        "Give it a TlsSenderCertificateName.",
    ),
    "connector.internal-beside-hybrid": RuleDoc(
        "TreatMessagesAsInternal is set beside CloudServicesMailEnabled, or on a Partner connector.",
        "It is for OnPremises connectors without CloudServicesMailEnabled, and marks Internet mail internal too.",
        "documented",
        _SET_INBOUND,
        "Set-InboundConnector -TreatMessagesAsInternal $false.",
    ),
    "connector.associated-domains": RuleDoc(
        "AssociatedAcceptedDomains limits the connector to some of the accepted domains.",
        "Microsoft advises to leave it empty but for tests.",
        "documented",
        _SET_INBOUND,
        "Set-InboundConnector -AssociatedAcceptedDomains $null.",
    ),
    "connector.no-tls-domain": RuleDoc(
        "TlsSettings is DomainValidation and TlsDomain is empty.",
        "There is no name to compare the certificate with.",
        "documented",
        _SET_OUTBOUND,
        "Set-OutboundConnector -TlsDomain NAME.",
    ),
    "connector.dane-mandatory": RuleDoc(
        "SmtpDaneMode is Mandatory.",
        "A TLSA record that does not fit then blocks all mail over the connector.",
        "documented",
        "Exchange Team Blog, SMTP DANE and MTA-STS connector modes",
        "Publish fitting TLSA records under DNSSEC, or use Opportunistic.",
    ),
    "connector.test-mode": RuleDoc(
        "TestMode is set.",
        "Such a connector is not listed unless asked for (documented), and is taken to carry test messages alone.",
        "inferred",
        _SET_OUTBOUND,
        "Set-OutboundConnector -TestMode $false once it is proved.",
    ),
    "connector.not-validated": RuleDoc(
        "IsValidated is false.",
        "Validate-OutboundConnector does not mark it by itself; the connector may work all the same.",
        "documented",
        "Validate-OutboundConnector (ExchangePowerShell reference)",
        "Validate-OutboundConnector, then Set-OutboundConnector -IsValidated $true.",
    ),
    "connector.smart-host-loop": RuleDoc(
        "The smart host of an outbound connector is Exchange Online itself.",
        "Unless that is another tenant's host, mail goes round until its hop count ends it (554 5.4.14).",
        "inferred",
        "Microsoft Learn, NDR 5.4.14",
        "Set-OutboundConnector -SmartHosts to the gateway's host name.",
    ),
    "connector.counterpart-missing": RuleDoc(
        "There is a connector in one direction only.",
        "Mail to and from the gateway needs both.",
        "documented",
        _HYBRID,
        "Create the other one (New-InboundConnector, New-OutboundConnector).",
    ),
    "connector.several": RuleDoc(
        "Several certificate connectors stand for hosts of one domain.",
        "One for each tenant is enough, and easier to keep right at a renewal.",
        "reported",
        "SEPPmail distributor article",
        "Keep one with a wildcard value.",
    ),
}
