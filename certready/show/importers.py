"""Which systems cannot import a PFX, by what it is protected with: one table, each row with its source."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from certready.bundle.contents import Contents, Entry
from certready.rules.model import Confidence


class Importer(Struct, frozen=True):
    """A ``system`` that does not import such a file, what it says or does then, how sure that is, and the source."""

    system: str
    reason: str
    confidence: Confidence
    source: str


_WINDOWS = "Microsoft support: Windows Server can't import an AES256-SHA256 encrypted PFX certificate"
_RUN = "tried with that version"
_MODERN = ("PBES2", "MAC SHA-2", "MAC SHA-3", "MAC SHA-5", "PBMAC1")


def _names(contents: Contents, *starts: str) -> bool:
    return any(name.startswith(starts) for name in contents.encryption)


_ROWS: tuple[tuple[Callable[[Contents], bool], Importer], ...] = (
    (
        lambda contents: _names(contents, *_MODERN),
        Importer("Windows Server 2016 and 2012 R2", "says that the password is not correct", "documented", _WINDOWS),
    ),
    (
        lambda contents: _names(contents, "RC2", "RC4", "DES with", "RC2 with"),
        Importer("OpenSSL 3", "opens it only with its legacy provider (-legacy)", "documented", _RUN),
    ),
    (
        lambda contents: _names(contents, "PBMAC1"),
        Importer("OpenSSL before 3.4", "takes the MAC for a wrong password", "documented", f"{_RUN} (3.0)"),
    ),
    (
        lambda contents: _names(contents, "PBMAC1"),
        Importer("Java 17", "fails its integrity check", "documented", _RUN),
    ),
    (
        lambda contents: _names(contents, "MAC SHA-2", "MAC SHA-3", "MAC SHA-5"),
        Importer("Java before 8u301 and 11.0.12", "fails its integrity check", "documented", "JDK-8267701"),
    ),
    (
        lambda contents: contents.mac is None,
        Importer("OpenSSL 1.1.1 and older", "takes it only with -nomacver", "reported", "chris2511/xca issue 617"),
    ),
    (
        lambda contents: contents.opened_by != "password",
        Importer("macOS Keychain", "refuses a file without a password", "reported", "openradar 22909471"),
    ),
)


def cannot_import(contents: Contents) -> tuple[Importer, ...]:
    """The systems that do not import this PFX; () for every other kind of file. What is not in the table is not known.

    The facts are of November 2026. Whether any Windows reads PBMAC1 is not documented.
    """
    if contents.container != "pfx":
        return ()
    return tuple(importer for applies, importer in _ROWS if applies(contents))


def key_storage(entries: tuple[Entry, ...]) -> Iterator[str]:
    """What the key provider that a PFX names means for Exchange, a sentence for each provider."""
    for provider in dict.fromkeys(entry.provider for entry in entries if entry.provider):
        if "key storage provider" in provider.lower():
            yield (
                f"Windows imports the key into {provider} (CNG), with which OWA and ECP of Exchange do not work; "
                'certutil -csp "Microsoft RSA SChannel Cryptographic Provider" -importpfx FILE imports it otherwise. '
                "(Microsoft support: OWA and ECP redirect to the logon page)"
            )
