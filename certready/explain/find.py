"""From pasted text to the entries it matches. Bounded whatever the text: no search looks back, none is nested."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from certready.explain.catalogue import CATALOGUE
from certready.explain.line import Hit, Line, holds, parse, phrase, wrapper
from certready.explain.model import Entry, Explanation
from certready.explain.plain import readable
from certready.explain.seen import seen

MAX_TEXT = 1024 * 1024  # characters; an NDR with its headers is a few thousand
NEAREST = 3
OWN_WORDS = 120  # words of a description in somebody's own words; what is longer is a log or a notice
_CODE = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,4}(?![\d.]*\d)|\b[45]\d\d[ -][A-Z\d]")
# Words that stand in every error text and tell no entry from another.
_COMMON = frozenset(
    word
    for line in (
        "the is a an of to or and not was be for it its with that in",
        "error mail server message by on from remote sent 450 451 454 550 554",
    )
    for word in line.split()
)


def explain(text: str) -> Explanation:
    """What this text most likely means. Never raises; what stands behind the first MiB is not read.

    Of two entries the one with the longer match goes first, then the one that stands first in the text; an entry that
    another one refines is left out. Symptoms are looked for only in what somebody wrote in their own words: a text
    without a status code in which no error line was recognised.
    """
    cut = len(text) > MAX_TEXT
    plain = readable(text[:MAX_TEXT])
    line = parse(plain)
    entries = _matching(line, symptom=False)
    if not entries and len(line.words) <= OWN_WORDS and not _CODE.search(plain):
        entries = _matching(line, symptom=True)
    return Explanation(entries, () if entries else nearest(line), seen(plain), wrapper(plain), cut)


def _matching(line: Line, *, symptom: bool) -> tuple[Entry, ...]:
    hits = [(hit, entry) for entry in CATALOGUE if entry.symptom is symptom and (hit := _best(entry, line))]
    refined = {name for _, entry in hits for name in entry.refines}
    kept = [(hit, entry) for hit, entry in hits if entry.id not in refined]
    kept.sort(key=lambda pair: (-pair[0].length, pair[0].place))
    return tuple(entry for _, entry in kept)


def _best(entry: Entry, line: Line) -> Hit | None:
    """The longest alternative that the text holds, None where it holds none."""
    hits = [hit for mark in entry.marks if (hit := holds(line, mark))]
    return max(hits, key=lambda hit: (hit.length, -hit.place), default=None)


def nearest(line: Line) -> tuple[Entry, ...]:
    """The entries that share most words with the text, at most three; none where nothing is shared."""
    words = frozenset(line.words[:10_000]) - _COMMON
    ranked = sorted(((_likeness(entry, words), entry) for entry in CATALOGUE), key=lambda pair: -pair[0])
    return tuple(entry for likeness, entry in ranked[:NEAREST] if likeness > 0)


def _likeness(entry: Entry, words: frozenset[str]) -> float:
    """Words in common; a status code of the same class and subject (5.7.x) counts for half a word."""
    own = _words(entry)
    subjects = {word.rpartition(".")[0] for word in own if word[:1] in "45" and word.count(".") == 2}
    same = {word.rpartition(".")[0] for word in words if word[:1] in "245" and word.count(".") == 2} & subjects
    return len(own & words) + len(same) / 2


@lru_cache(maxsize=256)
def _words(entry: Entry) -> frozenset[str]:
    marks = " ".join(part for mark in entry.marks for part in mark)
    return frozenset(phrase(f"{entry.title} {marks}")) - _COMMON


def similar(word: str, among: Iterable[str]) -> tuple[str, ...]:
    """Names like this one, at most three."""
    from difflib import get_close_matches

    return tuple(get_close_matches(word[:80], list(among), NEAREST, 0.6))
