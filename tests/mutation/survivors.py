"""The survivors, a file for each room in ``survivors/``: changes that no test notices, each with the reason why."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "survivors"
Key = tuple[str, str, int]


class Comparison(NamedTuple):
    """What a run says about the files: survivors that they do not explain, and entries that hold no longer."""

    unexplained: tuple[Key, ...]
    killed: tuple[Key, ...]
    gone: tuple[Key, ...]


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


def compared(
    survived: Iterable[Key], tried: Iterable[Key], modules: Iterable[str], reasons: dict[Key, str]
) -> Comparison:
    """Compare a run with the file. Entries about modules that the run did not try say nothing about it."""
    alive, every, run = set(survived), set(tried), set(modules)
    about = {key for key in reasons if key[0].partition(":")[0] in run}
    return Comparison(
        unexplained=tuple(sorted(alive - set(reasons))),
        killed=tuple(sorted((about & every) - alive)),
        gone=tuple(sorted(about - every)),
    )
