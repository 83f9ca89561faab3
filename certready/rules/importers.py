"""Which systems cannot import a PFX, by what it is protected with: one table, each row with its source.

What ``bundle.legacy-encryption`` and ``bundle.modern-encryption`` say in a report, and ``certready show`` of a file.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from certready.rules.model import Confidence

# How the names of algorithms begin, as ``Contents.encryption`` and ``Chain.encryption`` give them.
OUTDATED = ("RC2", "RC4", "DES")
WEAK = ("3DES", "2-key 3DES", "MAC SHA-1", "MAC MD5")
_MAC_SHA_2 = ("MAC SHA-2", "MAC SHA-3", "MAC SHA-5")
MODERN = ("PBES2", "PBMAC1", *_MAC_SHA_2)

_RUN = "tried with that version"


class Importer(Struct, frozen=True):
    """A ``system`` that does not import such a file, what it says or does then, how sure that is, and the source."""

    system: str
    reason: str
    confidence: Confidence
    source: str

    def __str__(self) -> str:
        return f"{self.system} {self.reason}"


# The facts are of November 2026. Whether any Windows reads PBMAC1 is not documented.
_ROWS: tuple[tuple[tuple[str, ...], Importer], ...] = (
    (
        MODERN,
        Importer(
            "Windows Server 2016 or 2012 R2",
            "says that the password is not correct",
            "documented",
            "Microsoft support: Windows Server can't import an AES256-SHA256 encrypted PFX certificate",
        ),
    ),
    (OUTDATED, Importer("OpenSSL 3", "opens it only with its legacy provider (-legacy)", "documented", _RUN)),
    (
        ("PBMAC1",),
        Importer("OpenSSL before 3.4", "takes the MAC for a wrong password", "documented", f"{_RUN} (3.0)"),
    ),
    (("PBMAC1",), Importer("Java 17", "fails its integrity check", "documented", _RUN)),
    (
        _MAC_SHA_2,
        Importer("Java before 8u301 or 11.0.12", "fails its integrity check", "documented", "JDK-8267701"),
    ),
)
WITHOUT_MAC = Importer("OpenSSL 1.1.1 or older", "takes it only with -nomacver", "reported", "chris2511/xca issue 617")
WITHOUT_PASSWORD = Importer("macOS Keychain", "refuses a file without a password", "reported", "openradar 22909471")


def refusing(encryption: Iterable[str]) -> tuple[Importer, ...]:
    """The systems that do not import a PFX protected with these algorithms. What is not in the table is not known."""
    names = tuple(encryption)
    return tuple(importer for starts, importer in _ROWS if any(name.startswith(starts) for name in names))
