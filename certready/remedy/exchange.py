"""Remedies in Exchange Online and Exchange Server. The lines themselves are built in ``exchange.cmdlets``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from certready.exchange import cmdlets
from certready.exchange.clouds import WORLDWIDE, Cloud
from certready.exchange.export.read import EXPORT
from certready.exchange.powershell import command, create_inbound, set_value
from certready.model import Connector
from certready.remedy.dotnet import thumbprint, tls_certificate_name
from certready.remedy.model import Remedy
from certready.x509.certificate import Certificate

NAME_UNKNOWN = cmdlets.NAME
_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")
HYBRID_NOTE = (
    "The Hybrid Configuration Wizard made this connector: run the wizard again first, with the certificate chosen "
    "anew; what is changed by hand may be undone by its next run."
)
DELAY_NOTE = "A changed connector can take an hour to have its effect (reported): test again after that."


def smart_host_note(cloud: Cloud = WORLDWIDE) -> str:
    """Where the smart host is read, since it cannot be derived."""
    return (
        "The smart host is never derived from the domain: read it with certready tenant --mx <your domain>, or in the "
        f"{admin_center(cloud)} under Domains."
    )


def admin_center(cloud: Cloud) -> str:
    """The Microsoft 365 admin center, with its address where that is not the one everybody knows."""
    address = f" ({cloud.admin})" if cloud.admin and cloud is not WORLDWIDE else ""
    return f"Microsoft 365 admin center{address}"


def set_connector_value(connector: Connector, value: str) -> Remedy:
    """Make the connector ask for this name."""
    return _changed(connector, set_value(connector, value), f"Make the connector {_name(connector)} ask for {value}.")


def setting(connector: Connector, settings: str, title: str, *notes: str) -> Remedy:
    """``Set-InboundConnector`` or ``Set-OutboundConnector`` with these parameters as written."""
    return _changed(connector, command(connector, settings), title, *notes)


def _changed(connector: Connector, line: str, title: str, *notes: str) -> Remedy:
    """One changed connector: what made it is to be asked first, and an outbound one is proved afterwards."""
    own = (HYBRID_NOTE,) if connector.made_by_hybrid_wizard else ()
    lines = (line, *validate_outbound(connector)) if connector.direction == "outbound" else (line,)
    return Remedy(title, "exchange-online", lines, (*own, *notes, DELAY_NOTE))


def validate_outbound(connector: Connector) -> tuple[str, ...]:
    """The test message that proves an outbound connector; it does not set IsValidated by itself."""
    return cmdlets.validate_outbound(_name(connector, bare=True))


def new_inbound(value: str) -> Remedy:
    """An OnPremises inbound connector for this certificate name, with what goes with it."""
    notes = (
        "A new tenant may create it disabled, or refuse to: Microsoft support then has to allow it.",
        "Both directions are needed: see that there is an outbound connector to the gateway too.",
        DELAY_NOTE,
    )
    title = f"Create an inbound connector that asks for {value}."
    return Remedy(title, "exchange-online", (create_inbound(value),), notes)


def new_outbound(domain: str, smart_host: str) -> Remedy:
    """An OnPremises outbound connector to the gateway, used by a mail flow rule, that compares this name."""
    line = cmdlets.new_outbound(domain, smart_host)
    return Remedy(f"Create an outbound connector that compares {domain}.", "exchange-online", (line,))


def register_domain(domain: str, cloud: Cloud = WORLDWIDE) -> Remedy:
    """How a domain becomes accepted. Exchange Online has no New-AcceptedDomain."""
    graph = (
        "The Graph lines need Connect-MgGraph -Scopes Domain.ReadWrite.All. Exchange Online shows the domain when "
        "Email is among its SupportedServices (reported)."
    )
    notes = (
        (
            f"By hand: {admin_center(cloud)}, Settings, Domains, Add domain, and verify it. Exchange Online has no "
            "New-AcceptedDomain; Set-AcceptedDomain only changes the type afterwards."
        ),
        graph,
        "InternalRelay where recipients of the domain live behind the gateway, Authoritative where they do not.",
    )
    return Remedy(f"Make {domain} an accepted domain.", "exchange-online", cmdlets.register_domain(domain), notes)


def export_tenant() -> Remedy:
    """The one command that writes the tenant file."""
    return Remedy("Export connectors and accepted domains for --tenant.", "exchange-online", (EXPORT,))


def bind_certificate(certificate: Certificate, cloud: Cloud = WORLDWIDE) -> Remedy:
    """Send and receive connectors of Exchange Server bound to this certificate by issuer and subject."""
    name = tls_certificate_name(certificate)
    mark = thumbprint(certificate)
    lines = (
        cmdlets.import_certificate(),
        cmdlets.enable_certificate(mark),
        *cmdlets.bind_named(name or "<I>issuer<S>subject", cloud.certificate_name),
    )
    return Remedy(
        "Make Exchange Server send with this certificate.",
        "exchange-server",
        lines,
        tuple(_binding_notes(name, mark, cloud)),
    )


def _binding_notes(name: str | None, mark: str, cloud: Cloud) -> Iterator[str]:
    yield "On every source server, Edge servers too: the private key must be in LocalMachine\\My of each."
    yield "Answer No where Enable-ExchangeCertificate asks whether to replace the default SMTP certificate."
    yield (
        f"To compare: $c = Get-ExchangeCertificate -Thumbprint {mark}; "
        '"<I>$($c.Issuer)<S>$($c.Subject)" must print the very text of $name.'
    )
    yield (
        f"TlsDomain {cloud.certificate_name} is what Exchange Online presents in the cloud {cloud.name}. Where the "
        "connector relays mail to other domains too, Microsoft's HealthChecker asks for TlsAuthLevel "
        "CertificateValidation, which goes without TlsDomain."
    )
    if name and name.endswith("<S>"):
        yield (
            "The subject of this certificate is empty, so that nothing follows <S>: Exchange cannot tell it from "
            "another of the same issuer. Have it issued with a CN."
        )


def new_send_connector(fqdn: str, cloud: Cloud = WORLDWIDE) -> Remedy:
    """A send connector that sends everything to Exchange Online over TLS."""
    title = "Where Exchange Server has no send connector to Exchange Online yet, create one."
    note = (
        "The address space '*' sends all mail for other domains, to the Internet too, by way of Exchange Online: for "
        "single domains name those instead."
    )
    return Remedy(title, "exchange-server", (cmdlets.new_send_connector(fqdn),), (note, smart_host_note(cloud)))


def send_to_smart_host(cloud: Cloud = WORLDWIDE) -> Remedy:
    """The name out of the MX record as the send connector's smart host."""
    note = "A smart host is refused while DNSRoutingEnabled is $true, which is its default: the line sets both."
    return Remedy(
        "Send to the name in the MX record.",
        "exchange-server",
        (cmdlets.send_to(cmdlets.SMART_HOST),),
        (note, smart_host_note(cloud)),
    )


def import_intermediates(certificates: Sequence[Certificate]) -> Remedy:
    """CA certificates into the Windows store from which they are sent."""
    files = [_FILE_NAME.sub("_", certificate.parsed.label)[:80] for certificate in certificates] or ["intermediate"]
    lines = tuple(map(cmdlets.import_intermediate, files))
    notes = ("On every sending server. Test-Certificate then shows whether the chain can be built.",)
    return Remedy("Install the intermediate certificates on Windows.", "exchange-server", lines, notes)


def _name(connector: Connector, *, bare: bool = False) -> str:
    """The connector's own name, or a place to fill in for one that was given as an option."""
    name = connector.name if connector.source == "tenant" else "<connector>"
    return name if bare else f"'{name}'"
