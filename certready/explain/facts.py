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

# No status code: those begin with 2, 4 or 5 and have three parts. S is Exchange Server's choice of a certificate, F the
# forms of its exports, P the PFX, D and M are DANE and MTA-STS as their standards have them, E as Exchange Online does,
# N and U what was learnt later and what is still open.
_NUMBER = r"([138](?:\.\d{1,2}){1,2}|2\.\d{1,2}|[NUSFPDME]\d{1,2})"
_ALONE = re.compile(rf"(?i)\s*(?:fact\s+)?{_NUMBER}\s*")
_PRINTED = re.compile(rf"(?i)\((?:documented|inferred|disputed),\s+fact\s+{_NUMBER}\)")


PRINTED = 64 * 1024  # characters of a text in which the number of a fact is looked for


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


def fact_number(text: str) -> str | None:
    """The number of a fact that a text names and is nothing but the name of, or that a line of ``certready tenant``
    ends with; None where it names none. Whether there is such a fact is another question."""
    named = _ALONE.fullmatch(text) or _PRINTED.search(text[:PRINTED])
    return named[1].upper() if named else None


@cache
def numbered() -> Mapping[str, NumberedFact]:
    """Every fact by its number."""
    read = _read()
    shared = [
        NumberedFact(number, fact.text, fact.basis, fact.source, read.see.get(number, ()))
        for number, fact in FACTS.items()
    ]
    return {fact.number: fact for fact in (*shared, *read.facts)}


def as_of() -> str:
    """The day the facts were last read at their sources."""
    return _read().as_of


@cache
def _read() -> _File:
    return msgspec.json.decode(files(__package__).joinpath("facts.json").read_bytes(), type=_File)
