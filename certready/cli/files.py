"""What the user names: files as bundles, and passwords asked for at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from certready.model import Bundle, Known, Tenant
from certready.reading import (
    CRL_LIMIT,
    EVIDENCE_LIMIT,
    FILE_LIMIT,
    PASSWORD_LIMIT,
    STDIN,
    TENANT_LIMIT,
    given,
    name_of,
    read,
)
from certready.typed import accepting

if TYPE_CHECKING:
    from certready.bundle.passwords import Passwords

__all__ = [
    "CRL_LIMIT",
    "EVIDENCE_LIMIT",
    "FILE_LIMIT",
    "PASSWORD_LIMIT",
    "STDIN",
    "exports",
    "given",
    "intermediates",
    "name_of",
    "named",
    "passwords",
    "read",
    "read_bundle",
    "read_targets",
    "tenant",
]


def named(paths: Sequence[Path]) -> list[tuple[str, bytes]]:
    """Name and content of each file."""
    return [(name_of(path), read(path)) for path in paths]


def exports(paths: Sequence[Path]) -> list[tuple[str, bytes]]:
    """Name and content of a tenant's exports. Raises InputError, which says of a missing one how it is made."""
    from certready.exchange.export.read import MISSING

    return [(str(path), read(path, TENANT_LIMIT, missing=MISSING)) for path in paths]


def read_bundle(paths: Sequence[Path], passwords: Passwords) -> Bundle:
    """The files as one bundle."""
    from certready import bundle as bundles

    return bundles.load_files(named(paths), password=passwords)


def read_targets(
    paths: Sequence[Path], passwords: Passwords, *, requests: bool = False
) -> tuple[tuple[Bundle, ...], tuple[str, ...]]:
    """The files as one bundle, with ``requests`` signing requests alone as the names they ask for; where one of them is
    a folder or an archive, a bundle for each certificate in all of them, and sentences on what was passed over."""
    from certready import folders

    inside = [folders.inside(path) for path in paths]
    parts = tuple(part for each in inside for part in each.parts)
    if len(parts) == len(paths) and not any(part.folder for part in parts):
        from certready import bundle as bundles

        data = [(part.name, part.data) for part in parts]
        return (bundles.load_files(data, password=passwords, requests=requests),), ()
    from certready.bundle import parts as lying
    from certready.bundle import targets

    collected = lying.Collected(parts, tuple(note for each in inside for note in each.notes))
    return targets.load(collected, " + ".join(map(str, paths)), password=passwords)


def tenant(paths: Sequence[Path], domains: Sequence[str]) -> Tenant:
    """The tenant of these exports, with further accepted domains as ``--accepted-domain`` names them. Raises
    CertreadyError."""
    if not paths:
        return accepting(Tenant(), domains)
    from certready.exchange.export.load import load

    return accepting(load(exports(paths)), domains)


def intermediates(paths: Sequence[Path]) -> tuple[Known, ...]:
    """The certificates of ``--intermediate`` files."""
    if not paths:
        return ()
    from certready import bundle as bundles

    return tuple(
        Known(certificate, "intermediate-file", str(path))
        for path in paths
        for certificate in bundles.certificates(read(path), str(path))
    )


def passwords(file: Path | None, variable: str | None, descriptor: int | None) -> Passwords:
    """The password from the one source that was named; at a terminal others are asked for, each for its file.

    Of a source the first line counts, without the line end. A password is never taken from an argument.

    Raises:
        UsageError: more than one source, or a source that cannot be read.
    """
    from certready.bundle.passwords import Passwords

    terminal = sys.stdin is not None and sys.stdin.isatty()
    return Passwords(given(file, variable, descriptor), _ask if terminal else None)


def _ask(place: str, wrong: bool) -> str | None:
    import getpass

    again = "The password does not fit. " if wrong else ""
    try:
        return getpass.getpass(f"{again}Password for {place}: ", stream=sys.stderr) or None
    except EOFError:
        return None
