"""Who cannot import a PFX with these contents, and what the provider of its key means for Exchange."""

from __future__ import annotations

from collections.abc import Iterator

from certready.bundle.contents import Contents, Entry
from certready.rules.importers import WITHOUT_MAC, WITHOUT_PASSWORD, Importer, refusing


def cannot_import(contents: Contents) -> tuple[Importer, ...]:
    """The systems that do not import this PFX; () for every other kind of file. Others may refuse it as well."""
    if contents.container != "pfx":
        return ()
    without_mac = (WITHOUT_MAC,) if contents.mac is None else ()
    without_password = (WITHOUT_PASSWORD,) if contents.opened_by != "password" else ()
    return (*refusing(contents.encryption), *without_mac, *without_password)


def key_storage(entries: tuple[Entry, ...]) -> Iterator[str]:
    """What the key provider that a PFX names means for Exchange, a sentence for each provider."""
    for provider in dict.fromkeys(entry.provider for entry in entries if entry.provider):
        if "key storage provider" in provider.lower():
            yield (
                f"Windows imports the key into {provider} (CNG), with which OWA and ECP of Exchange do not work; "
                'certutil -csp "Microsoft RSA SChannel Cryptographic Provider" -importpfx FILE imports it otherwise. '
                "(Microsoft support: OWA and ECP redirect to the logon page)"
            )
