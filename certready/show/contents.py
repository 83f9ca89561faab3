"""Files and presented chains as one inventory: containers, and every certificate in them once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from certready.bundle import File
from certready.bundle.ciphers import Cipher
from certready.bundle.contents import Entry
from certready.model import Bundle, Endpoint
from certready.rules.importers import Importer
from certready.show.importers import cannot_import, key_storage
from certready.show.pick import Pick
from certready.x509.certificate import Certificate, Parsed
from certready.x509.unreadable import Unreadable

Form = Literal["pem", "der", "pfx", "p7b", "tls", "exchange"]
KINDS: Mapping[Form, str] = {
    "pem": "PEM",
    "der": "DER",
    "pfx": "PFX",
    "p7b": "P7B",
    "tls": "TLS",
    "exchange": "the store of Exchange Server",
}


class Container(Struct, frozen=True):
    """One file, or one chain that a host presented. ``entries`` are in stored order, ``remarks`` sentences."""

    name: str
    kind: Form
    entries: tuple[Entry, ...]
    ciphers: tuple[Cipher, ...] = ()
    mac: Cipher | None = None
    cannot_import: tuple[Importer, ...] = ()
    remarks: tuple[str, ...] = ()


class Shown(Struct, frozen=True):
    """What there is: containers, every certificate once in the order in which it came, a host's ``endpoints``, which
    certificate Exchange Server picks where that was asked, and of the files of a folder or archive those that are
    ``unread``, each with the reason."""

    containers: tuple[Container, ...]
    certificates: tuple[Certificate, ...]
    endpoints: tuple[Endpoint, ...] = ()
    pick: Pick | None = None
    unread: tuple[tuple[str, str], ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """The SHA-256 of the public half of every private key that is there."""
        entries = (entry for container in self.containers for entry in container.entries)
        return frozenset(entry.digest for entry in entries if entry.kind == "key" and entry.digest)


def from_files(files: Sequence[File]) -> Shown:
    """What the files hold, as :func:`certready.bundle.read_files` read them."""
    return Shown(
        tuple(map(_container, files)),
        tuple(dict.fromkeys(certificate for file in files for certificate in file.contents.certificates)),
    )


def from_bundle(bundle: Bundle) -> Shown:
    """What a host presented: a container for each chain."""
    containers = tuple(
        Container(
            bundle.target.name + (f" ({chain.family})" if len(bundle.chains) > 1 else ""),
            chain.container,
            tuple(Entry("certificate", certificate.sha256) for certificate in chain.certificates),
        )
        for chain in bundle.chains
    )
    certificates = dict.fromkeys(certificate for chain in bundle.chains for certificate in chain.certificates)
    return Shown(containers, tuple(certificates), bundle.endpoints)


def unreadable(parsed: Parsed) -> Iterator[str]:
    """What of a certificate is there and cannot be read, each with the reason."""
    if parsed.error:
        yield parsed.error
        return
    if parsed.dates_unreadable:
        yield f"its dates: {parsed.dates_unreadable.reason}"
    yield from (fault.rstrip(".") for fault in parsed.faults)
    yield from filter(None, (parsed.names_unreadable, parsed.pointers_unreadable))
    if isinstance(parsed.ekus, Unreadable):
        yield f"the extended key usage: {parsed.ekus.reason}"


def _container(file: File) -> Container:
    contents = file.contents
    entries = contents.entries or (
        *(Entry("certificate", certificate.sha256) for certificate in contents.certificates),
        *(Entry("key", key) for key in contents.keys),
        *(Entry("key") for refusal in contents.refusals if refusal.kind == "key"),
    )
    return Container(
        file.name,
        "exchange" if contents.exchange else contents.container,
        entries,
        contents.ciphers,
        contents.mac,
        cannot_import(contents),
        (*contents.notes, *(fault.message for fault in file.faults), *key_storage(entries)),
    )
