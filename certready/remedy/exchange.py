"""Commands of Exchange Online and Exchange Server, every value quoted. Sources: the cmdlets' reference pages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from certready.exchange.export.read import EXPORT
from certready.exchange.powershell import command, create_inbound, quote, set_value
from certready.model import Connector
from certready.remedy.dotnet import thumbprint, tls_certificate_name
from certready.remedy.model import Remedy
from certready.x509.certificate import Certificate

RECEIVE_CONNECTOR = "<SERVER>\\Default Frontend <SERVER>"
NAME_UNKNOWN = "<name in the certificate>"
_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")
SMART_HOST_NOTE = (
    "The smart host is never derived from the domain: read it with certready tenant --mx <your domain>, or in the "
    "Microsoft 365 admin center under Domains."
)


def set_connector_value(connector: Connector, value: str) -> Remedy:
    """Make the connector ask for this name."""
    lines: tuple[str, ...] = (set_value(connector, value),)
    if connector.direction == "outbound":
        lines = (*lines, *validate_outbound(connector))
    return Remedy(f"Make the connector {_name(connector)} ask for {value}.", "exchange-online", lines)


def setting(connector: Connector, settings: str, title: str, *notes: str) -> Remedy:
    """``Set-InboundConnector`` or ``Set-OutboundConnector`` with these parameters as written."""
    lines: tuple[str, ...] = (command(connector, settings),)
    if connector.direction == "outbound":
        lines = (*lines, *validate_outbound(connector))
    return Remedy(title, "exchange-online", lines, notes)


def validate_outbound(connector: Connector) -> tuple[str, ...]:
    """The test message that proves an outbound connector; it does not set IsValidated by itself."""
    identity = quote(_name(connector, bare=True))
    return (
        f"Validate-OutboundConnector -Identity {identity} -Recipients {quote('<recipient behind the gateway>')}",
        (
            f"Set-OutboundConnector -Identity {identity} -IsValidated $true "
            "-LastValidationTimestamp (Get-Date).ToUniversalTime()"
        ),
    )


def new_inbound(value: str) -> Remedy:
    """An OnPremises inbound connector for this certificate name, with what goes with it."""
    notes = (
        "A new tenant may create it disabled, or refuse to: Microsoft support then has to allow it.",
        "Both directions are needed: see that there is an outbound connector to the gateway too.",
    )
    return Remedy(
        f"Create an inbound connector that asks for {value}.", "exchange-online", (create_inbound(value),), notes
    )


def new_outbound(domain: str, smart_host: str, name: str = "To the mail gateway") -> Remedy:
    """An OnPremises outbound connector to the gateway, used by a mail flow rule, that compares this name."""
    line = (
        f"New-OutboundConnector -Name {quote(name)} -ConnectorType OnPremises -IsTransportRuleScoped $true "
        f"-UseMXRecord $false -SmartHosts {quote(smart_host)} -TlsSettings DomainValidation -TlsDomain {quote(domain)}"
    )
    return Remedy(f"Create an outbound connector that compares {domain}.", "exchange-online", (line,))


def register_domain(domain: str) -> Remedy:
    """How a domain becomes accepted. Exchange Online has no New-AcceptedDomain."""
    shown = quote(domain)
    lines = (
        f"New-MgDomain -BodyParameter @{{ id = {shown} }}",
        f"Get-MgDomainVerificationDnsRecord -DomainId {shown}",
        "# Publish the TXT record that the line above shows, wait until it can be looked up, then go on.",
        f"Confirm-MgDomain -DomainId {shown}",
        f"Set-AcceptedDomain -Identity {shown} -DomainType InternalRelay",
    )
    notes = (
        (
            "By hand: Microsoft 365 admin center, Settings, Domains, Add domain, and verify it. Exchange Online has no "
            "New-AcceptedDomain; Set-AcceptedDomain only changes the type afterwards."
        ),
        "The Graph lines need Connect-MgGraph -Scopes Domain.ReadWrite.All.",
        "InternalRelay where recipients of the domain live behind the gateway, Authoritative where they do not.",
    )
    return Remedy(f"Make {domain} an accepted domain.", "exchange-online", lines, notes)


def export_tenant() -> Remedy:
    """The one command that writes the tenant file."""
    return Remedy("Export connectors and accepted domains for --tenant.", "exchange-online", (EXPORT,))


def bind_certificate(certificate: Certificate) -> Remedy:
    """Send and receive connectors of Exchange Server bound to this certificate by issuer and subject."""
    name = tls_certificate_name(certificate)
    shown = quote(name) if name else "<I>issuer<S>subject"
    lines = (
        (
            f"Import-ExchangeCertificate -FileData ([System.IO.File]::ReadAllBytes({quote('<path>/gateway.pfx')})) "
            "-Password (Read-Host -AsSecureString)"
        ),
        f"Enable-ExchangeCertificate -Thumbprint {thumbprint(certificate)} -Services SMTP",
        f"$name = {shown}",
        (
            f"Set-SendConnector -Identity {quote('<send connector to Office 365>')} -TlsCertificateName $name "
            "-RequireTLS $true -TlsAuthLevel DomainValidation -TlsDomain mail.protection.outlook.com"
        ),
        (f"Set-ReceiveConnector -Identity {quote(RECEIVE_CONNECTOR)} -TlsCertificateName $name"),
    )
    notes = [
        "On every source server, Edge servers too: the private key must be in LocalMachine\\My of each.",
        "Answer No where Enable-ExchangeCertificate asks whether to replace the default SMTP certificate.",
        (
            f"To compare: $c = Get-ExchangeCertificate -Thumbprint {thumbprint(certificate)}; "
            '"<I>$($c.Issuer)<S>$($c.Subject)" must print the very text of $name.'
        ),
    ]
    if name and name.endswith("<S>"):
        notes.append(
            "The subject of this certificate is empty, so that nothing follows <S>: Exchange cannot tell it from "
            "another of the same issuer. Have it issued with a CN."
        )
    return Remedy("Make Exchange Server send with this certificate.", "exchange-server", lines, tuple(notes))


def new_send_connector(fqdn: str) -> Remedy:
    """A send connector that sends everything to Exchange Online over TLS."""
    line = (
        f"New-SendConnector -Name {quote('To Exchange Online')} -AddressSpaces {quote('*')} "
        f"-CloudServicesMailEnabled $true -Fqdn {quote(fqdn)} -RequireTLS $true -DNSRoutingEnabled $false "
        f"-SmartHosts {quote('<smart host>')} -TlsAuthLevel CertificateValidation"
    )
    title = "Where Exchange Server has no send connector to Exchange Online yet, create one."
    return Remedy(title, "exchange-server", (line,), (SMART_HOST_NOTE,))


def import_intermediates(certificates: Sequence[Certificate]) -> Remedy:
    """CA certificates into the Windows store from which they are sent."""
    files = [_FILE_NAME.sub("_", one.parsed.label)[:80] for one in certificates] or ["intermediate"]
    lines = tuple(
        f"Import-Certificate -FilePath {quote(f'<path>/{file}.cer')} -CertStoreLocation Cert:\\LocalMachine\\CA"
        for file in files
    )
    notes = ("On every sending server. Test-Certificate then shows whether the chain can be built.",)
    return Remedy("Install the intermediate certificates on Windows.", "exchange-server", lines, notes)


def _name(connector: Connector, *, bare: bool = False) -> str:
    """The connector's own name, or a place to fill in for one that was given as an option."""
    name = connector.name if connector.source == "tenant" else "<connector>"
    return name if bare else f"'{name}'"
