"""Where certready keeps files of a user, a cache that may vanish and data that must not, and how files are written."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

NAME = "certready"
NOWHERE = Path(os.devnull)  # holds nothing, and nothing can be made in it: the home of a user who has none
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/([0-9]{1,9})")
_STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def cache(environment: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The cache directory: ``CERTREADY_CACHE``, else where the platform keeps caches (XDG base directories)."""
    chosen = environment.get("CERTREADY_CACHE")
    if chosen:
        return Path(chosen)
    if platform == "win32":
        return _windows(environment) / NAME / "Cache"
    if platform == "darwin":
        return _home(environment) / "Library" / "Caches" / NAME
    return Path(environment.get("XDG_CACHE_HOME") or _home(environment) / ".cache") / NAME


def data(environment: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The data directory: ``CERTREADY_DATA_HOME``, else where the platform keeps a user's data."""
    chosen = environment.get("CERTREADY_DATA_HOME")
    if chosen:
        return Path(chosen)
    if platform == "win32":
        return _windows(environment) / NAME / "Data"
    if platform == "darwin":
        return _home(environment) / "Library" / "Application Support" / NAME
    return Path(environment.get("XDG_DATA_HOME") or _home(environment) / ".local" / "share") / NAME


def config(environment: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The configuration directory: ``CERTREADY_CONFIG_HOME``, else where the platform keeps a user's settings."""
    chosen = environment.get("CERTREADY_CONFIG_HOME")
    if chosen:
        return Path(chosen)
    if platform == "win32":
        return Path(environment.get("APPDATA") or _home(environment) / "AppData" / "Roaming") / NAME
    if platform == "darwin":
        return _home(environment) / "Library" / "Application Support" / NAME
    return Path(environment.get("XDG_CONFIG_HOME") or _home(environment) / ".config") / NAME


def keep(file: Path, content: bytes) -> bool:
    """Write a file of the user's directories, which are made where they are missing. Returns False where that is not
    possible; never raises for it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, content)
    except OSError:
        return False
    return True


def holds(path: Path) -> bool:
    """Whether it is there, and whoever asks may see that: what cannot be looked into counts as absent."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises PermissionError


def write(file: Path, content: bytes) -> None:
    """Write a file: a regular one is replaced at once or not at all, anything else is written through.

    A new file has the mode that the umask leaves, one that is replaced keeps its own mode and, where permitted, owner.
    A link keeps leading where it led, a device or a pipe is written to. Raises OSError where that is not possible.
    """
    descriptor = _descriptor(file)
    if descriptor is not None:
        with os.fdopen(os.dup(descriptor), "wb") as stream:
            stream.write(content)
    elif is_regular(file):
        _replace(file, content)
    else:
        with file.open("wb") as stream:
            stream.write(content)


def unguessable(folder: Path, beginning: str, ending: str) -> Path:
    """A name in this folder, between ``beginning`` and ``ending``, that nobody can foresee and make a link of."""
    return folder / f"{beginning}{os.urandom(8).hex()}{ending}"


def exclusive(file: Path, mode: int) -> BinaryIO:
    """A new file to write to, which nobody else made, with this mode but for the umask. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(file, flags, mode), "wb")


@contextlib.contextmanager
def replacing(file: Path, temporary: Path, mode: int) -> Iterator[BinaryIO]:
    """A new file to write to under a ``temporary`` name in the same folder.

    It takes the place of ``file`` when the block ends, and is gone where the block fails. ``mode`` is that of
    :func:`exclusive`. Raises OSError.
    """
    stream = exclusive(temporary, mode)
    try:
        with stream:
            yield stream
        temporary.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def keeps_what_is_written(file: Path) -> bool:
    """Whether writing it twice loses the first: it is a file, by way of a link perhaps, and no device or pipe."""
    return _descriptor(file) is None and (not holds(file) or os.path.isfile(file))  # noqa: PTH113 - as in holds


def is_regular(file: Path) -> bool:
    """Whether it is a regular file itself, or would become one. Raises OSError where that cannot be seen."""
    if _descriptor(file) is not None:
        return False
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except FileNotFoundError:
        return True


def writable(file: Path) -> bool:
    """Whether :func:`write` may be expected to succeed; nothing is changed."""
    try:
        descriptor = _descriptor(file)
        if descriptor is not None:
            return bool(os.fstat(descriptor))
        if is_regular(file):
            return os.access(file.parent, os.W_OK)
        leads_to = file.resolve()
        return writable(leads_to) if file.is_symlink() else not file.is_dir() and os.access(file, os.W_OK)
    except (OSError, RuntimeError):
        return False


def _descriptor(file: Path) -> int | None:
    """The number where the name stands for an open descriptor: opened by that name a file would be cut off and written
    from its start, and a socket not at all."""
    name = str(file)
    numbered = _DESCRIPTOR.fullmatch(name)
    return int(numbered[1]) if numbered else _STANDARD.get(name)


def _replace(file: Path, content: bytes) -> None:
    before = file.stat() if file.exists() else None
    temporary = unguessable(file.parent, ".", ".part")
    with replacing(file, temporary, 0o600 if before else 0o666) as stream:
        stream.write(content)
        if before:
            if hasattr(os, "chown"):
                with contextlib.suppress(OSError):
                    os.chown(temporary, before.st_uid, before.st_gid)
            temporary.chmod(stat.S_IMODE(before.st_mode))


def _home(environment: Mapping[str, str]) -> Path:
    """The user's home, NOWHERE where there is none: what certready keeps is then kept nowhere."""
    home = environment.get("HOME")
    if home is not None:
        return Path(home) if home else NOWHERE
    try:
        return Path.home()
    except RuntimeError:
        return NOWHERE


def _windows(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("LOCALAPPDATA") or _home(environment) / "AppData" / "Local")
