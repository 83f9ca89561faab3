"""A folder or a ZIP archive as targets: what lies in it, read within bounds, one bundle for each certificate."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from certready.bundle.contents import MAX_BYTES, unreadable
from certready.bundle.parts import (
    MAX_TOTAL,
    Budget,
    Collected,
    Part,
    could_be_certificate,
    is_hidden,
    is_zip,
    passed_over,
    too_large,
)
from certready.errors import InputError
from certready.model import Bundle
from certready.reading import FILE_LIMIT, beginning, bounded, is_stdin, name_of, read

if TYPE_CHECKING:
    from certready.bundle.passwords import Passwords

MAX_DEPTH = 8
_SMALLER = "Name the folder of one gateway, or the certificate files themselves."


def load_folder(path: Path, *, password: str | bytes | Passwords | None = None) -> tuple[Bundle, ...]:
    """A folder, a ZIP archive or what ``Get-ExchangeCertificate`` printed as JSON: a bundle for each certificate.

    Of each leaf the fullest file that holds it is judged and named. Private keys that belong to it and, where that
    file holds the leaf alone, the intermediates of CA files are read with it; other CA certificates explain. A file
    that cannot be read is a bundle without chains, which is never ready.

    Args:
        path: the folder or the file.
        password: for every PFX and encrypted private key in it.

    Raises:
        PasswordError: the password fits nothing, or nothing can be read without one.
        InputError: there is no certificate, or more than is looked at.
    """
    from certready.bundle import targets

    return targets.load(inside(path), str(path), password=password).bundles


def inside(path: Path, *, listed: bool = True) -> Collected:
    """The files in a folder or an archive, or the file itself; "-" is standard input. With ``listed``, each certificate
    of Exchange's list is a file of its own. Raises InputError."""
    if not is_stdin(path) and path.is_dir():
        return collect(path)
    name = name_of(path)
    data = read(path, MAX_TOTAL)
    if is_zip(data):
        from certready.bundle import archive

        return archive.unpack(data, name)
    data = bounded(name, data, FILE_LIMIT)
    return (_listed(data, name) if listed else None) or Collected((Part(name, data),))


def _listed(data: bytes, name: str) -> Collected | None:
    """The certificates of Exchange's list, None where it is none. A store is no chain: each stands alone."""
    if data[:64].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1] not in (b"[", b"{"):
        return None
    from certready.bundle import listing
    from certready.bundle.text import decode

    text = decode(data)
    if text is None or not listing.could_be(text):
        return None
    parts = []
    for row in listing.read(text, name):
        place = f"{name}/{row.thumbprint or '(no thumbprint)'}"
        note = f"Exchange Server uses it for {row.entry.services}." if row.entry.services else ""
        trouble = row.certificate if isinstance(row.certificate, InputError) else None
        if not isinstance(row.certificate, InputError) and row.certificate.parsed.error:
            trouble = unreadable(row.certificate, place).error
        data = b"" if isinstance(row.certificate, InputError) else row.certificate.der
        parts.append(Part(place, data, trouble, name, note))
    return Collected(tuple(parts))


def collect(folder: Path) -> Collected:
    """Every file of a folder and the folders in it, by way of links too, in the order of their names.

    Only regular files are opened. What its system hides is passed over, and said. Raises InputError for more files,
    bytes or depth than are looked at, and where the folder itself cannot be read.
    """
    budget = Budget(str(folder))
    hidden: list[str] = []
    special: list[str] = []
    parts = tuple(_walk(folder, budget, hidden, special))
    if len(parts) == 1 and parts[0].name == str(folder) and parts[0].trouble:
        raise parts[0].trouble
    notes = (*passed_over(hidden, "as hidden"), *passed_over(special, "as no regular files"))
    return Collected(parts, notes)


def _walk(folder: Path, budget: Budget, hidden: list[str], special: list[str]) -> Iterator[Part]:
    pending = [(folder, 0)]
    visited: set[tuple[int, int]] = set()
    while pending:
        place, depth = pending.pop(0)
        try:
            status = place.stat()
            names = sorted(os.listdir(place))  # noqa: PTH208 - names are wanted, and may be hidden ones
        except OSError as error:
            yield Part(str(place), trouble=_trouble(place, error), folder=str(place.parent))
            continue
        if (status.st_dev, status.st_ino) in visited:
            continue
        visited.add((status.st_dev, status.st_ino))
        if depth > MAX_DEPTH:
            raise InputError(f"{folder} holds folders more than {MAX_DEPTH} deep.", hint=_SMALLER)
        for name in names:
            budget.count_file()
            path = place / name
            if is_hidden(name):
                hidden.append(str(path))
                continue
            try:
                mode = path.stat().st_mode
            except OSError as error:
                yield from _unreachable(path, error, special)
                continue
            if stat.S_ISDIR(mode):
                pending.append((path, depth + 1))
            elif stat.S_ISREG(mode):
                yield from _file(path, budget)
            else:
                special.append(str(path))


def _unreachable(path: Path, error: OSError, special: list[str]) -> Iterator[Part]:
    """A link that leads nowhere, or in a circle: what is missing matters where it is a certificate's name."""
    if could_be_certificate(path.name):
        yield Part(str(path), trouble=_trouble(path, error), folder=str(path.parent))
    else:
        special.append(str(path))


def _file(path: Path, budget: Budget) -> Iterator[Part]:
    """One regular file; nothing where it is too large to be a certificate and looks like none."""
    try:
        large = path.stat().st_size > MAX_BYTES
        data = _content(path, 4096 if large else MAX_BYTES)
    except OSError as error:
        yield Part(str(path), trouble=_trouble(path, error), folder=str(path.parent))
        return
    budget.count_bytes(len(data))
    if not large:
        yield Part(str(path), data, folder=str(path.parent))
    elif could_be_certificate(path.name, data):
        yield Part(str(path), trouble=too_large(str(path)), folder=str(path.parent))


def _content(path: Path, most: int) -> bytes:
    """At most so many bytes of a regular file, opened so that a pipe that took its place in the meantime keeps nobody
    waiting. Raises OSError."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is not a regular file")
        return beginning(file, most)


def _trouble(path: Path, error: OSError) -> InputError:
    if isinstance(error, PermissionError):
        return InputError(
            f"{path} may not be read by this user.",
            hint="Run certready as a user who may read it, or name the files to judge.",
        )
    if isinstance(error, FileNotFoundError):
        return InputError(f"{path} is a broken link.", hint="Restore the file it leads to.")
    return InputError(f"{path} cannot be read: {error.strerror or error}.")
