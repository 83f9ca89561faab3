"""Where certready keeps files of a user: a cache that may vanish, and data that must not."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

NAME = "certready"


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


def keep(file: Path, content: bytes) -> bool:
    """Write a file of the user's directories, which are made where they are missing. Returns False where that is not
    possible; never raises for it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, content)
    except OSError:
        return False
    return True


def write(file: Path, content: bytes) -> None:
    """Write all of the file or nothing of it. Raises OSError where that is not possible."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content)
        temporary.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME") or Path.home())


def _windows(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("LOCALAPPDATA") or _home(environment) / "AppData" / "Local")
