"""The numbered facts that this program rests on, for whoever asks for one by its number: ``certready explain 1.3.4``.

Those the tenant's answers are derived from stand in ``exchange.facts``; the others, and what newer findings say of
older facts, in ``facts.json`` beside this module, with the day they were read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from certready.exchange.facts import FACTS

_NUMBER = re.compile(r"\s*(?:fact\s+)?([1238](?:\.\d{1,2}){1,2}|[NU]\d{1,2})\s*", re.IGNORECASE)


class NumberedFact(Struct, frozen=True):
    """One fact. ``confidence`` is documented, reported, inferred, disputed (documents disagree) or "not found" (looked
    for, and nobody says). ``see`` are the numbers of facts to read beside it: newer ones, which then count."""

    number: str
    text: str
    confidence: str
    source: str
    see: tuple[str, ...] = ()


class _File(Struct, forbid_unknown_fields=True):
    as_of: str
    see: dict[str, tuple[str, ...]]
    facts: tuple[NumberedFact, ...]


def fact_called(text: str) -> NumberedFact | None:
    """The fact that a text names and is nothing but the name of, None where there is none."""
    found = _NUMBER.fullmatch(text)
    return numbered().get(found[1].upper()) if found else None


@cache
def numbered() -> Mapping[str, NumberedFact]:
    """Every fact by its number."""
    read = _read()
    shared = [NumberedFact(key, one.text, one.basis, one.source, read.see.get(key, ())) for key, one in FACTS.items()]
    return {one.number: one for one in (*shared, *read.facts)}


def as_of() -> str:
    """The day the facts were last read at their sources."""
    return _read().as_of


@cache
def _read() -> _File:
    return msgspec.json.decode(files(__package__).joinpath("facts.json").read_bytes(), type=_File)
