"""The survivors, a file for each room in ``survivors/``: changes that no test notices, each with the reason why."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "survivors"
Key = tuple[str, str, int]


class Comparison(NamedTuple):
    """What a run says about the files: survivors that they do not explain, and entries of what is noticed."""

    unexplained: tuple[Key, ...]
    killed: tuple[Key, ...]


def read(folder: Path) -> dict[Key, str]:
    """The reason of each survivor, from every TOML file of a folder.

    Raises:
        ValueError: an entry is given twice, or without a reason.
    """
    reasons: dict[Key, str] = {}
    entries = [entry for file in sorted(folder.glob("*.toml")) for entry in _entries(file)]
    for entry in entries:
        for change in [entry["change"]] if isinstance(entry["change"], str) else entry["change"]:
            key = (entry["where"], *_numbered(change))
            if key in reasons or not entry["reason"].strip():
                raise ValueError(f"{entry['where']}  {change} is there twice, or has no reason.")
            reasons[key] = entry["reason"]
    return reasons


def _entries(file: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = tomllib.loads(file.read_text("utf-8")).get("survivor", [])
    return entries


def _numbered(change: str) -> tuple[str, int]:
    """A change and which of those that read the same it is: ``... (#2)`` is the second."""
    code, mark, number = change.rpartition("  (#")
    return (code, int(number.removesuffix(")"))) if mark else (change, 1)


def shown(key: Key) -> str:
    """A change as the command prints it."""
    where, change, nth = key
    return f"{where}  {change}" + (f"  (#{nth})" if nth > 1 else "")


def compared(survived: Iterable[Key], tried: Iterable[Key], reasons: dict[Key, str]) -> Comparison:
    """Compare a run with the files. Entries about what the run did not try say nothing about it."""
    alive = set(survived)
    return Comparison(tuple(sorted(alive - set(reasons))), tuple(sorted(set(reasons) & set(tried) - alive)))


def gone(known: Iterable[Key], rooms: Iterable[str], reasons: dict[Key, str]) -> tuple[Key, ...]:
    """The entries about these rooms that are about none of their changes: the code was changed, moved or removed."""
    own = set(rooms)
    return tuple(sorted({key for key in reasons if room_of(key) in own} - set(known)))


def room_of(key: Key) -> str:
    """The room that a change is in, as ``path`` of ``certready.path.lint:_keys``."""
    return key[0].partition(":")[0].split(".")[1]
