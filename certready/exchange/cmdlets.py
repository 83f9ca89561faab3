"""The command lines of Exchange Online and Exchange Server that are typed anywhere, each built in one place.

Reports, ``--remedies`` and ``explain`` print what is built here. Sources: the cmdlets' reference pages.
"""

from __future__ import annotations

from certready.exchange.powershell import quote, set_connector

NAME = "<name in the certificate>"
GATEWAY = "<host name of the gateway>"
SMART_HOST = "<smart host>"
THUMBPRINT = "<thumbprint>"
MY_STORE = "Cert:\\LocalMachine\\My\\"
SEND_CONNECTOR = "<send connector to Office 365>"
RECEIVE_CONNECTOR = "<SERVER>\\Default Frontend <SERVER>"


def validate_outbound(connector: str) -> tuple[str, ...]:
    """The test message that proves an outbound connector; it does not set IsValidated by itself."""
    recipient = quote("<recipient behind the gateway>")
    settings = "-IsValidated $true -LastValidationTimestamp (Get-Date).ToUniversalTime()"
    return (
        f"Validate-OutboundConnector -Identity {quote(connector)} -Recipients {recipient}",
        set_connector("outbound", connector, settings),
    )


def new_outbound(domain: str = NAME, smart_host: str = GATEWAY, name: str = "To the mail gateway") -> str:
    """An OnPremises outbound connector to the gateway (``smart_host``), used by a mail flow rule, that compares the
    name ``domain`` (New-OutboundConnector: TlsDomain)."""
    return (
        f"New-OutboundConnector -Name {quote(name)} -ConnectorType OnPremises -IsTransportRuleScoped $true "
        f"-UseMXRecord $false -SmartHosts {quote(smart_host)} -TlsSettings DomainValidation -TlsDomain {quote(domain)}"
    )


def show_inbound() -> str:
    """What every inbound connector asks for."""
    return "Get-InboundConnector | Format-List Name,Enabled,ConnectorType,RequireTls,TlsSenderCertificateName"


def show_accepted() -> str:
    """The domains that the tenant accepts."""
    return "Get-AcceptedDomain"


def register_domain(domain: str) -> tuple[str, ...]:
    """How a domain becomes accepted, and carries mail: there is no New-AcceptedDomain in Exchange Online."""
    shown = quote(domain)
    return (
        f"New-MgDomain -BodyParameter @{{ id = {shown} }}",
        f"Get-MgDomainVerificationDnsRecord -DomainId {shown}",
        "# Publish the TXT record that the line above shows, wait until it can be looked up, then go on.",
        f"Confirm-MgDomain -DomainId {shown}",
        f"Update-MgDomain -DomainId {shown} -SupportedServices @('Email')",
        f"Set-AcceptedDomain -Identity {shown} -DomainType InternalRelay",
    )


def import_certificate(pfx: str = "<path>/gateway.pfx") -> str:
    """A PFX into the store of the server on which the line is run."""
    return (
        f"Import-ExchangeCertificate -FileData ([System.IO.File]::ReadAllBytes({quote(pfx)})) "
        "-Password (Read-Host -AsSecureString)"
    )


def enable_certificate(thumbprint: str = THUMBPRINT) -> str:
    """The certificate for SMTP."""
    return f"Enable-ExchangeCertificate -Thumbprint {quote(thumbprint)} -Services SMTP"


def bind(thumbprint: str = THUMBPRINT) -> tuple[str, ...]:
    """Send and receive connector bound to a certificate that is in the store, its name read from there."""
    return (
        f"$certificate = Get-ExchangeCertificate -Thumbprint {quote(thumbprint)}",
        '$name = "<I>$($certificate.Issuer)<S>$($certificate.Subject)"',
        send_certificate(),
        receive_certificate(),
    )


def bind_named(name: str, tls_domain: str) -> tuple[str, ...]:
    """The same with the name as text, ``<I>issuer<S>subject``, and what the send connector compares."""
    return f"$name = {quote(name)}", send_certificate(tls_domain), receive_certificate()


def send_certificate(tls_domain: str | None = None) -> str:
    """The send connector to Exchange Online bound to ``$name``; with a TlsDomain, what it compares is set too."""
    line = f"Set-SendConnector -Identity {quote(SEND_CONNECTOR)} -TlsCertificateName $name -RequireTLS $true"
    return f"{line} -TlsAuthLevel DomainValidation -TlsDomain {quote(tls_domain)}" if tls_domain else line


def receive_certificate() -> str:
    """The receive connector that takes Exchange Online's mail, bound to ``$name``."""
    return f"Set-ReceiveConnector -Identity {quote(RECEIVE_CONNECTOR)} -TlsCertificateName $name"


def send_to(smart_host: str) -> str:
    """The send connector's smart host. A smart host is refused while DNSRoutingEnabled is $true, its default."""
    return (
        f"Set-SendConnector -Identity {quote(SEND_CONNECTOR)} -DNSRoutingEnabled $false -SmartHosts {quote(smart_host)}"
    )


def new_send_connector(fqdn: str, smart_host: str = SMART_HOST) -> str:
    """A send connector that hands every message for other domains to Exchange Online, which relays it."""
    return (
        f"New-SendConnector -Name {quote('To Exchange Online')} -AddressSpaces {quote('*')} "
        f"-CloudServicesMailEnabled $true -Fqdn {quote(fqdn)} -RequireTLS $true -DNSRoutingEnabled $false "
        f"-SmartHosts {quote(smart_host)} -TlsAuthLevel CertificateValidation"
    )


def show_certificates() -> str:
    """What Exchange Server has, and for what it is enabled."""
    properties = "Thumbprint,Subject,CertificateDomains,Services,Status,HasPrivateKey,NotAfter"
    return f"Get-ExchangeCertificate | Format-List {properties}"


def export_certificates() -> str:
    """What Exchange Server has, with the certificates themselves, as JSON that certready reads."""
    return (
        "Get-ExchangeCertificate | Select Thumbprint,@{n='Services';e={\"$($_.Services)\"}},"
        "@{n='Status';e={\"$($_.Status)\"}},HasPrivateKey,@{n='RawData';e={[Convert]::ToBase64String($_.RawData)}} "
        "| ConvertTo-Json"
    )


def clear_send_certificate() -> str:
    """No certificate name on the send connector, so that a certificate of this name can be removed."""
    return f"Set-SendConnector -Identity {quote(SEND_CONNECTOR)} -TlsCertificateName $null"


def remove_certificate(thumbprint: str = THUMBPRINT) -> str:
    """A certificate out of the server's store."""
    return f"Remove-ExchangeCertificate -Thumbprint {quote(thumbprint)}"


def verify_certificate(thumbprint: str = THUMBPRINT) -> str:
    """Whether Windows can build the chain of a certificate in its store, and whether it is revoked."""
    return f"Get-Item {quote(MY_STORE + thumbprint)} | Test-Certificate"


def verify_addresses(file: str = "gateway") -> str:
    """Whether Windows reaches the addresses in the certificate of a file, each shown with its answer."""
    return f"certutil -verify -urlfetch {quote(f'<path>/{file}.cer')}"


def import_intermediate(file: str = "intermediate") -> str:
    """A CA certificate into the store from which it is sent."""
    return f"Import-Certificate -FilePath {quote(f'<path>/{file}.cer')} -CertStoreLocation Cert:\\LocalMachine\\CA"


def export_pfx(algorithm: str, thumbprint: str = THUMBPRINT) -> str:
    """A certificate of the server's store, its chain and its key as a PFX protected in this way."""
    return (
        f"Export-PfxCertificate -Cert {quote(MY_STORE + thumbprint)} -FilePath {quote('<path>/gateway.pfx')} "
        f"-ChainOption BuildChain -CryptoAlgorithmOption {algorithm} -Password (Read-Host -AsSecureString)"
    )
