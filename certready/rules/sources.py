"""Where the rules come from: each source once, by the title it goes by and the address it is read at."""

from __future__ import annotations

from certready.rules.model import Source

_LEARN = "https://learn.microsoft.com"
_BLOG = "https://techcommunity.microsoft.com/blog/exchange"
_SUPPORT = f"{_LEARN}/exchange/troubleshoot"


def rfc(number: int, section: str = "") -> Source:
    """A section of an RFC, such as ``rfc(5280, "6.1")``; an appendix by its letter."""
    place = f"#{'section' if section[0].isdigit() else 'appendix'}-{section}" if section else ""
    title = (
        f"RFC {number}, {section if section[0].isdigit() else f'appendix {section}'}" if section else f"RFC {number}"
    )
    return Source(title, f"https://www.rfc-editor.org/rfc/rfc{number}{place}")


def baseline(sections: str) -> Source:
    """Sections of the CA/Browser Forum's requirements for TLS server certificates."""
    return Source(
        f"CA/Browser Forum Baseline Requirements, {sections}",
        "https://cabforum.org/working-groups/server/baseline-requirements/requirements/",
    )


# Exchange Online's cmdlets
SET_INBOUND = Source(
    "Microsoft Learn, Set-InboundConnector", f"{_LEARN}/powershell/module/exchangepowershell/set-inboundconnector"
)
SET_OUTBOUND = Source(
    "Microsoft Learn, Set-OutboundConnector", f"{_LEARN}/powershell/module/exchangepowershell/set-outboundconnector"
)
NEW_INBOUND = Source(
    "Microsoft Learn, New-InboundConnector", f"{_LEARN}/powershell/module/exchangepowershell/new-inboundconnector"
)
NEW_OUTBOUND = Source(
    "Microsoft Learn, New-OutboundConnector", f"{_LEARN}/powershell/module/exchangepowershell/new-outboundconnector"
)
VALIDATE_OUTBOUND = Source(
    "Microsoft Learn, Validate-OutboundConnector",
    f"{_LEARN}/powershell/module/exchangepowershell/validate-outboundconnector",
)
SET_SEND = Source(
    "Microsoft Learn, Set-SendConnector", f"{_LEARN}/powershell/module/exchangepowershell/set-sendconnector"
)

# The Exchange team's blog
ATTRIBUTION = Source(
    "Exchange Team Blog, Office 365 Message Attribution", f"{_BLOG}/office-365-message-attribution/749143"
)
RELAY = Source(
    "Exchange Team Blog, Updated Requirements for SMTP Relay through Exchange Online",
    f"{_BLOG}/updated-requirements-for-smtp-relay-through-exchange-online/3851357",
)
HYBRID = Source(
    "Exchange Team Blog, TLS Certificates in Exchange Hybrid",
    f"{_BLOG}/tls-certificates-in-exchange-hybrid---common-issues--how-to-fix-them/4420592",
)
DANE_MODES = Source(
    "Exchange Team Blog, SMTP DANE & MTA-STS Connector Modes in Exchange Online",
    f"{_BLOG}/announcing-smtp-dane--mta-sts-connector-modes-in-exchange-online/4501005",
)
THREE_KEY_POINTS = Source(
    "Microsoft Japan messaging support, Three Key Points for Connector Settings",
    "https://github.com/jpmessaging/blog/blob/master/source/_posts/Three-Key-Points-for-Connector-Settings.md",
)

# Exchange Online
USE_CONNECTORS = Source(
    "Microsoft Learn, Configure mail flow using connectors in Exchange Online",
    f"{_LEARN}/exchange/mail-flow-best-practices/use-connectors-to-configure-mail-flow/"
    "use-connectors-to-configure-mail-flow",
)
THIRD_PARTY_CLOUD = Source(
    "Microsoft Learn, Manage mail flow using a third-party cloud service",
    f"{_LEARN}/exchange/mail-flow-best-practices/manage-mail-flow-using-third-party-cloud",
)
ENCRYPTION = Source(
    "Microsoft Learn, Technical reference details about encryption",
    f"{_LEARN}/purview/technical-reference-details-about-encryption",
)
REMOTE_TLS = Source(
    "Microsoft support, Can't establish a TLS connection to a remote mail server (KB 3027536)",
    "https://support.microsoft.com/en-us/help/3027536",
)
IN_REGION_ROUTING = Source(
    "Microsoft Learn, Configure Multi-Geo In-Region Routing",
    f"{_LEARN}/microsoft-365/enterprise/configure-multi-geo-in-region-routing",
)
MTA_STS = Source(
    "Microsoft Learn, Enhancing mail flow with MTA-STS", f"{_LEARN}/purview/enhancing-mail-flow-with-mta-sts"
)
HOW_DANE_WORKS = Source("Microsoft Learn, How SMTP DANE works", f"{_LEARN}/purview/how-smtp-dane-works")
MAIL_LOOP = Source(
    "Microsoft Learn, NDR error 5.4.6 or 5.4.14 in Exchange Online",
    f"{_SUPPORT}/email-delivery/ndr/fix-error-code-5-4-6-through-5-4-20-in-exchange-online",
)
DNS_RECORDS = Source(
    "Microsoft Learn, External Domain Name System records for Microsoft 365",
    f"{_LEARN}/microsoft-365/enterprise/external-domain-name-system-records",
)
UNTRUSTED_ROOT = Source(
    "Microsoft Learn, 450 4.4.317 UntrustedRoot",
    f"{_SUPPORT}/email-delivery/ndr/fix-error-code-450-4-4-317-untrusted-root",
)
NO_CREDENTIALS = Source(
    "Microsoft support, TLS negotiation failed with error NoCredentials (KB 4495258)",
    "https://support.microsoft.com/en-us/help/4495258",
)
PUBLIC_CA = Source(
    "Microsoft Learn, Mail flow stops and event 2004 (KB 2888788)",
    f"{_SUPPORT}/email-delivery/mail-flow-stops-event-2004",
)
CERTIFICATE_BASED = Source(
    "Microsoft Learn, Configure a certificate-based connector to relay email messages",
    f"{_SUPPORT}/connectors/office-365-notice",
)
HYBRID_CERTIFICATES = Source(
    "Microsoft Learn, Certificate requirements for hybrid deployments",
    f"{_LEARN}/exchange/certificate-requirements",
)
EXPIRED_CLIENT = Source(
    "MailCleaner, issue 598 (field report)", "https://github.com/MailCleaner/MailCleaner/issues/598"
)
NOSPAMPROXY = Source(
    "NoSpamProxy, the end of certificates for TLS clients (in German)",
    "https://nospamproxy.de/de/ende-der-tls-client-authentifizierungszertifikate/",
)
SEPPMAIL = Source("SEPPmail, documentation", "https://docs.seppmail.com/")

# Microsoft's root programme
TRUSTED_ROOTS = Source(
    "Microsoft Trusted Root Program, requirements", f"{_LEARN}/security/trusted-root/program-requirements"
)
ROOT_RELEASES = Source("Microsoft Trusted Root Program, release notes", f"{_LEARN}/security/trusted-root/release-notes")
TRUST_LIST = Source(
    "Microsoft certificate trust list (authroot.stl)",
    "http://ctldl.windowsupdate.com/msdownload/update/v3/static/trustedr/en/authrootstl.cab",
)

# Windows and Exchange Server
EXPORT_PFX = Source("Microsoft Learn, Export-PfxCertificate", f"{_LEARN}/powershell/module/pki/export-pfxcertificate")
CONVERT_TO_JSON = Source(
    "Microsoft Learn, ConvertTo-Json", f"{_LEARN}/powershell/module/microsoft.powershell.utility/convertto-json"
)
TOO_MANY_NAMES = Source(
    "Exchange Server, event MSExchangeTransport 11024", "https://technet.microsoft.com/library/ff982986"
)

# CAs, browsers and libraries
LETS_ENCRYPT = Source(
    "Let's Encrypt, Ending TLS Client Authentication Certificate Support",
    "https://letsencrypt.org/2025/05/14/ending-tls-client-authentication",
)
PROFILES = Source("Let's Encrypt, Profiles", "https://letsencrypt.org/docs/profiles/")
DIGICERT = Source(
    "DigiCert, Sunsetting the client authentication EKU",
    "https://knowledge.digicert.com/alerts/sunsetting-client-authentication-eku-from-digicert-public-tls-certificates",
)
CHROME = Source("Chrome Root Program Policy", "https://googlechrome.github.io/chromerootprogram/")
OPENSSL_CHAIN_FILE = Source(
    "OpenSSL, SSL_CTX_use_certificate_chain_file", "https://docs.openssl.org/3.0/man3/SSL_CTX_use_certificate/"
)
OPENSSL_3 = Source("OpenSSL 3, migration guide", "https://docs.openssl.org/3.0/man7/migration_guide/")

# Where nothing is published
OWN = Source("certready's own rule")
FIELD = Source("Reports from the field")
