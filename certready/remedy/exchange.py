"""Remedies in Exchange Server. The lines themselves are built in ``exchange.cmdlets``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from certready.exchange import cmdlets
from certready.exchange.clouds import WORLDWIDE, Cloud
from certready.model.remedy import Remedy
from certready.remedy.commands import MX
from certready.remedy.connectors import admin_center
from certready.remedy.dotnet import thumbprint, tls_certificate_name
from certready.wording import listed
from certready.x509.certificate import Certificate

_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def smart_host_note(cloud: Cloud = WORLDWIDE) -> str:
    """Where the smart host is read, since it cannot be derived."""
    return (
        f"The smart host is never derived from the domain: read it with {MX.format(domain='<your domain>')}, or in the "
        f"{admin_center(cloud)} under Domains."
    )


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
        script_only=True,
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
    return Remedy(
        title, "exchange-server", (cmdlets.new_send_connector(fqdn),), (note, smart_host_note(cloud)), script_only=True
    )


def send_to_smart_host(cloud: Cloud = WORLDWIDE) -> Remedy:
    """The name out of the MX record as the send connector's smart host."""
    note = "A smart host is refused while DNSRoutingEnabled is $true, which is its default: the line sets both."
    return Remedy(
        "Send to the name in the MX record.",
        "exchange-server",
        (cmdlets.send_to(cmdlets.SMART_HOST),),
        (note, smart_host_note(cloud)),
        script_only=True,
    )


def import_intermediates(certificates: Sequence[Certificate]) -> Remedy:
    """CA certificates into the Windows store from which they are sent."""
    files = [_FILE_NAME.sub("_", certificate.parsed.label)[:80] for certificate in certificates] or ["intermediate"]
    lines = tuple(map(cmdlets.import_intermediate, files))
    notes = ("On every sending server. Test-Certificate then shows whether the chain can be built.",)
    return Remedy(
        "Install the intermediate certificates on Windows.", "exchange-server", lines, notes, script_only=True
    )


def export_again(certificate: Certificate | None, algorithm: str) -> Remedy:
    """The PFX of a certificate in the server's store written anew, with its key, protected in this way."""
    mark = thumbprint(certificate) if certificate else cmdlets.THUMBPRINT
    title = "Export the PFX again, with its private key."
    return Remedy(title, "exchange-server", (cmdlets.export_pfx(algorithm, mark),), script_only=True)


def revocation_from_windows(urls: Sequence[str]) -> Remedy:
    """Which revocation address Windows cannot reach; ``urls`` are those in the certificate."""
    note = (f"Let the checking host reach these addresses over http: {listed(urls)}.",) if urls else ()
    title = "See from Windows which revocation address does not answer."
    return Remedy(title, "exchange-server", (cmdlets.verify_addresses(),), note, script_only=True)
