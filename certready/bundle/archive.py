"""ZIP archives: their files, decompressed in memory within bounds and never written anywhere."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator

from certready.bundle.contents import MAX_BYTES
from certready.bundle.parts import (
    MAX_FILES,
    MAX_TOTAL,
    Budget,
    Collected,
    Part,
    could_be_certificate,
    is_hidden,
    passed_over,
    too_large,
)
from certready.errors import InputError
from certready.wording import visible
from certready.x509.unreadable import first_line

_ENTRY = b"PK\x01\x02"  # PKWARE's APPNOTE, 4.3.12: an entry of the directory
_ENCRYPTED = 0x1  # 4.4.4: bit 0 of the flags
_AGAIN = "Download or copy the archive again."
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OSError, NotImplementedError)


def unpack(data: bytes, place: str) -> Collected:
    """The files in an archive, in order of their names. One that cannot be read is a part with its trouble.

    Names are shown and never used as paths. Raises InputError for an archive that is damaged as a whole, or larger than
    is read.
    """
    if len(data) > MAX_TOTAL:
        raise InputError(
            f"{place} is larger than {MAX_TOTAL // 1024**2} MiB.", hint="Unpack it and give the certificate files."
        )
    if data.count(_ENTRY) > 2 * MAX_FILES:  # before zipfile makes an object of each
        raise InputError(
            f"{place} holds more than {MAX_FILES} files.", hint="Unpack it and give the certificate files."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            entries = sorted(opened.infolist(), key=lambda entry: entry.filename)
            return _collected(opened, entries, place)
    except _DAMAGE as error:
        raise InputError(f"{place} is a damaged ZIP archive: {_reason(error)}.", hint=_AGAIN) from None


def _collected(opened: zipfile.ZipFile, entries: list[zipfile.ZipInfo], place: str) -> Collected:
    budget = Budget(place)
    parts: list[Part] = []
    hidden: list[str] = []
    for entry in entries:
        name, folder = _shown(entry.filename), _shown(entry.filename.rpartition("/")[0])
        if entry.filename.endswith("/"):
            continue
        budget.count_file()
        if stat.S_ISLNK(entry.external_attr >> 16) or any(map(is_hidden, _steps(entry.filename))):
            hidden.append(name)
            continue
        trouble = _refusal(entry, f"{place}/{name}")
        if trouble:
            parts.append(Part(f"{place}/{name}", trouble=trouble, folder=f"{place}/{folder}"))
            continue
        parts += _read(opened, entry, f"{place}/{name}", f"{place}/{folder}", budget)
    return Collected(tuple(parts), passed_over(hidden, "as links and hidden files"))


def _read(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, folder: str, budget: Budget) -> Iterator[Part]:
    """One file; nothing where it is too large to be a certificate and looks like none."""
    try:
        with opened.open(entry) as stream:
            data = stream.read(budget.most)
    except (*_DAMAGE, RuntimeError) as error:
        trouble = InputError(f"{name} is damaged inside the archive: {_reason(error)}.", hint=_AGAIN)
        yield Part(name, trouble=trouble, folder=folder)
        return
    budget.count_bytes(len(data))
    if len(data) <= MAX_BYTES:
        yield Part(name, data, folder=folder)
    elif could_be_certificate(name, data[:4096]):
        yield Part(name, trouble=too_large(name), folder=folder)


def _reason(error: Exception) -> str:
    """What zipfile says, which quotes names as they stand in the archive, of any length."""
    return ascii(first_line(error))[1:-1].rstrip(".")


def _refusal(entry: zipfile.ZipInfo, name: str) -> InputError | None:
    """Why a file in an archive is not opened: a password of a PFX is never tried on the archive, and other methods than
    Deflate cannot be stopped in time."""
    if entry.flag_bits & _ENCRYPTED:
        return InputError(
            f"{name} is encrypted by the archive's own password, which certready does not ask for.",
            hint="Unpack the archive with its password and give the certificate files.",
        )
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return InputError(
            f"{name} is compressed by a method other than Deflate, which certready does not open.",
            hint="Unpack the archive and give the certificate files.",
        )
    return None


def _steps(name: str) -> list[str]:
    return [step for step in name.replace("\\", "/").split("/") if step not in ("", ".", "..")]


def _shown(name: str) -> str:
    """A name out of an archive, as it is shown: bounded, printable, and no path anywhere."""
    shown = visible("/".join(_steps(name)))
    return shown if len(shown) <= 200 else f"...{shown[-197:]}"
