"""Answers as files of one directory: written whole or not at all, read with suspicion, bounded, and never in the way.

Several processes may do all of this at once. Each entry is one file, named by what was asked: a line of JSON about it,
then the body. Nothing here raises for a directory that cannot be read or written: then there is simply no cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from certready import directories
from certready.errors import MISSHAPEN

SCHEMA = "certready.answer/1"
SUFFIX, LOCK, PART = ".answer", ".lock", ".part"
LONGEST_HEAD = 16 * 1024
ABANDONED = timedelta(seconds=60)  # a lock this old belongs to a process that is gone
_OURS = re.compile(r"[0-9a-f]{64}(\.answer|\.lock|\.[0-9a-f]{16}\.part)")
_VALIDATOR = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")


class Entry(Struct, frozen=True):
    """What is kept about one question: the ``body`` that came, or the ``error`` why none did.

    ``key`` is :func:`key_of` the question, ``stored`` when it was asked, ``until`` when it must be asked again.
    ``scope`` names the settings an error depends on. ``validators`` are conditional headers that fit the body.
    """

    key: str
    url: str
    stored: datetime
    until: datetime
    body: bytes | None = None
    error: str | None = None
    scope: str = ""
    validators: tuple[tuple[str, str], ...] = ()


class Kept(Struct, frozen=True):
    """One file of the cache: ``changed`` in seconds since 1970, ``size`` in bytes."""

    path: Path
    size: int
    changed: float


def key_of(url: str, body: bytes | None) -> str:
    """The name of a question: SHA-256 over the URL and what is sent there, lower-case hexadecimal."""
    sent = b"" if body is None else b"\0" + body
    return hashlib.sha256(url.encode("utf-8", "surrogatepass") + sent).hexdigest()


def read(directory: Path, key: str, most: int, wanted: Callable[[Entry, int], bool] = lambda *_: True) -> Entry | None:
    """The entry of this key, or None where there is none, or a larger one than ``most`` bytes. A damaged one is
    removed.

    Args:
        directory: that of the cache.
        key: as :func:`key_of` makes it.
        most: how many bytes the body may have.
        wanted: says of an entry, and of how many bytes there are of it, whether its body is read; where it is not, both
            body and error are None.
    """
    path = directory / (key + SUFFIX)
    try:
        with path.open("rb") as file:
            head = file.readline(LONGEST_HEAD)
            size = os.fstat(file.fileno()).st_size - len(head)
            if size > most:
                return None
            try:
                entry = _entry(json.loads(head), None)
                if entry.error is None and not wanted(entry, size):
                    return entry if entry.key == key else None
            except MISSHAPEN:
                entry = None
            body = file.read(size + 1) if entry else b""
    except (OSError, ValueError):
        return None
    try:
        entry = _entry(json.loads(head), body) if entry else None
    except MISSHAPEN:
        entry = None
    if entry is not None and entry.key == key:
        return entry
    _remove(path)
    return None


def _entry(head: dict[str, object], body: bytes | None) -> Entry:
    """The entry, or what its head says where ``body`` is None. Raises one of MISSHAPEN for anything that is not as
    :func:`write` left it."""
    if head["schema"] != SCHEMA or (body is not None and head["sha256"] != hashlib.sha256(body).hexdigest()):
        raise ValueError("it is damaged")
    texts = {name: str(head[name]) for name in ("key", "url", "scope")}
    stored, until = (datetime.fromisoformat(str(head[name])).astimezone(UTC) for name in ("stored", "until"))
    error = None if head["error"] is None else str(head["error"])
    validators = head["validators"]
    if not isinstance(validators, dict) or not all(_VALIDATOR.fullmatch(str(value)) for value in validators.values()):
        raise ValueError("its validators are not header values")
    pairs = tuple(
        (name, str(validators[name])) for name in ("If-None-Match", "If-Modified-Since") if name in validators
    )
    return Entry(
        **texts, stored=stored, until=until, body=body if error is None else None, error=error, validators=pairs
    )


def write(directory: Path, entry: Entry) -> bool:
    """Keep the entry. Returns False where that is not possible."""
    body = entry.body or b""
    head = {
        "schema": SCHEMA,
        "key": entry.key,
        "url": entry.url,
        "stored": entry.stored.isoformat(),
        "until": entry.until.isoformat(),
        "error": entry.error,
        "scope": entry.scope,
        "validators": dict(entry.validators),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    line = json.dumps(head).encode("ascii") + b"\n"
    if len(line) > LONGEST_HEAD:
        return False
    temporary = directories.unguessable(directory, f"{entry.key}.", PART)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with directories.replacing(directory / (entry.key + SUFFIX), temporary, 0o666) as file:
            file.write(line)
            file.write(body)
    except OSError:  # a full disk, a directory that is not ours, or on Windows an entry that is being read
        return False
    return True


def claim(directory: Path, key: str, now: datetime) -> bool:
    """Whether this caller is the one to ask for the entry of this key in the cache's directory.

    False while another process asks for the same; its lock is ignored once it is older than ABANDONED, as of ``now``.
    Where no lock can be made, everybody asks.
    """
    path = directory / (key + LOCK)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return True
    for _ in range(2):
        try:
            path.open("xb").close()
        except FileExistsError:
            if not _abandoned(path, now):
                return False
            _remove(path)
        except OSError:
            return True
        else:
            return True
    return False


def release(directory: Path, key: str) -> None:
    """Gives up what :func:`claim` gave."""
    _remove(directory / (key + LOCK))


def claimed(directory: Path, key: str) -> bool:
    """Whether somebody is asking."""
    return directories.holds(directory / (key + LOCK))


def _abandoned(path: Path, now: datetime) -> bool:
    try:
        age = now.timestamp() - path.stat().st_mtime
    except OSError:
        return True
    return abs(age) > ABANDONED.total_seconds()


def files(directory: Path) -> Iterator[Kept]:
    """Every file here that certready wrote, and no other."""
    try:
        with os.scandir(directory) as listing:
            for item in listing:
                if _OURS.fullmatch(item.name) and item.is_file(follow_symlinks=False):
                    with contextlib.suppress(OSError):
                        facts = item.stat(follow_symlinks=False)
                        yield Kept(Path(item.path), facts.st_size, facts.st_mtime)
    except OSError:
        return


def evict(directory: Path, most: int) -> None:
    """Removes the oldest files until what is left holds at most ``most`` bytes."""
    oldest = sorted(files(directory), key=lambda file: file.changed)
    size = sum(file.size for file in oldest)
    for file in oldest:
        if size <= most:
            return
        _remove(file.path)
        size -= file.size


def clear(directory: Path) -> int:
    """Removes every file that certready wrote here, and the directory where nothing else is in it. Returns how many
    entries there were."""
    count = 0
    for file in list(files(directory)):
        count += _remove(file.path) and file.path.suffix == SUFFIX
    with contextlib.suppress(OSError):
        directory.rmdir()
    return count


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True
