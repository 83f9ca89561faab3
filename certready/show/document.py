"""An inventory as ``certready.contents/1`` (contract, "show, repair")."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from certready._version import __version__
from certready.bundle.ciphers import Cipher
from certready.bundle.contents import Entry, Kind
from certready.model.plain import Moment, Serial, Sha1, Sha256, Thumbprint, to_the_second
from certready.remedy.dotnet import thumbprint, tls_certificate_name
from certready.rules.importers import Importer
from certready.show.contents import Container, Form, Shown, unreadable
from certready.show.pick import Pick, Step, binding
from certready.x509.certificate import Certificate
from certready.x509.unreadable import readable


class ProtectionDocument(Struct, frozen=True):
    """A cipher or a MAC, and the rounds its key derivation takes."""

    algorithm: str
    iterations: Annotated[int, Meta(ge=0)]


class EntryDocument(Struct, frozen=True):
    """One thing in a container."""

    kind: Kind
    friendly_name: str | None
    local_key_id: str | None
    provider: str | None
    key_spec: Annotated[str | None, Meta(extra_json_schema={"enum": ["exchange", "signature", None]})]
    digest: Annotated[
        str | None,
        Meta(
            description="SHA-256 of the certificate, or of the public half of the private key; null where it cannot be "
            "opened.",
            extra_json_schema={"pattern": "^[0-9a-f]{64}$"},
        ),
    ]
    services: Annotated[str | None, Meta(description="What Exchange Server uses the certificate for, as it says.")]
    status: str | None
    has_private_key: bool | None


class ContainerDocument(Struct, frozen=True):
    """One file, or one chain that a host presented."""

    name: str
    kind: Form
    encryption: ProtectionDocument | None
    algorithms: Annotated[tuple[ProtectionDocument, ...], Meta(description="Every cipher; encryption is the first.")]
    mac: ProtectionDocument | None
    entries: tuple[EntryDocument, ...]
    cannot_import: tuple[Importer, ...]
    remarks: tuple[str, ...]


class CertificateDocument(Struct, frozen=True):
    """One certificate: a report's keys, and those of show behind them. What cannot be read is null or shorter."""

    sha256: Sha256
    sha1: Sha1
    subject: str
    issuer: str
    serial: Serial
    not_before: Moment | None
    not_after: Moment | None
    key: str
    names: tuple[str, ...]
    role: Literal["leaf", "intermediate", "root", "unused"]
    origin: Literal["sent"]
    thumbprint: Thumbprint
    i_s: str | None
    crl_urls: tuple[str, ...]
    ocsp_urls: tuple[str, ...]
    issuer_urls: tuple[str, ...]
    extended_key_usage: tuple[str, ...] | None
    unreadable: Annotated[tuple[str, ...], Meta(description="What of it is there and cannot be read, with the reason.")]

    def __post_init__(self) -> None:
        to_the_second(self, "not_before", "not_after")


class UnreadDocument(Struct, frozen=True):
    """A file that cannot be read, and why."""

    name: str
    reason: str


class PickDocument(Struct, frozen=True):
    """Which certificate Exchange Server takes for a connector's FQDN, by which steps, and what to bind instead."""

    fqdn: str
    taken: tuple[Thumbprint, ...]
    certain: bool
    steps: tuple[Step, ...]
    bind: Thumbprint | None
    i_s: str | None
    rival: bool
    lines: tuple[str, ...]


class ContentsDocument(Struct, frozen=True, tag_field="schema", tag="certready.contents/1"):
    """What files or a host hold; nothing is judged."""

    certready: str
    containers: tuple[ContainerDocument, ...]
    certificates: tuple[CertificateDocument, ...]
    unread: Annotated[
        tuple[UnreadDocument, ...], Meta(description="The files of a folder or archive that cannot be read.")
    ]
    pick: PickDocument | UnsetType = UNSET


def document(shown: Shown) -> ContentsDocument:
    """The inventory as ``certready.contents/1``."""
    return ContentsDocument(
        __version__,
        tuple(map(_container, shown.containers)),
        tuple(map(certificate_document, shown.certificates)),
        tuple(UnreadDocument(name, reason) for name, reason in shown.unread),
        _pick(shown.pick) if shown.pick else UNSET,
    )


def _pick(pick: Pick) -> PickDocument:
    return PickDocument(
        fqdn=pick.fqdn,
        taken=tuple(map(thumbprint, pick.taken)),
        certain=pick.certain,
        steps=pick.steps,
        bind=thumbprint(pick.bind) if pick.bind else None,
        i_s=tls_certificate_name(pick.bind) if pick.bind else None,
        rival=pick.rival,
        lines=binding(pick),
    )


def certificate_document(certificate: Certificate) -> CertificateDocument:
    """One certificate of an inventory."""
    parsed = certificate.parsed
    read = parsed.error is None
    dated = read and parsed.dates_unreadable is None
    root = read and parsed.is_ca and parsed.self_issued
    return CertificateDocument(
        sha256=certificate.sha256,
        sha1=thumbprint(certificate).lower(),
        subject=parsed.subject,
        issuer=parsed.issuer,
        serial=f"{parsed.serial:x}",
        not_before=parsed.not_before if dated else None,
        not_after=parsed.not_after if dated else None,
        key=str(parsed.key),
        names=parsed.names,
        role="root" if root else "intermediate" if parsed.is_ca else "leaf" if read else "unused",
        origin="sent",
        thumbprint=thumbprint(certificate),
        i_s=tls_certificate_name(certificate),
        crl_urls=parsed.crl_urls,
        ocsp_urls=parsed.ocsp_urls,
        issuer_urls=parsed.ca_issuer_urls,
        extended_key_usage=readable(parsed.ekus),
        unreadable=tuple(unreadable(parsed)),
    )


def _container(container: Container) -> ContainerDocument:
    ciphers = tuple(map(_protection, container.ciphers))
    return ContainerDocument(
        name=container.name,
        kind=container.kind,
        encryption=ciphers[0] if ciphers else None,
        algorithms=ciphers,
        mac=_protection(container.mac) if container.mac else None,
        entries=tuple(map(_entry, container.entries)),
        cannot_import=container.cannot_import,
        remarks=container.remarks,
    )


def _protection(cipher: Cipher) -> ProtectionDocument:
    return ProtectionDocument(cipher.name, cipher.rounds)


def _entry(entry: Entry) -> EntryDocument:
    return EntryDocument(
        kind=entry.kind,
        friendly_name=entry.friendly_name or None,
        local_key_id=entry.local_key_id or None,
        provider=entry.provider or None,
        key_spec=entry.key_spec or None,
        digest=entry.digest or None,
        services=entry.services or None,
        status=entry.status or None,
        has_private_key=entry.has_private_key,
    )
