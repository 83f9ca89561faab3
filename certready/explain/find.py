"""From pasted text to the entries it matches. Bounded whatever the text: no search looks back, none is nested."""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache

from certready.explain.catalogue import CATALOGUE
from certready.explain.model import Entry, Explanation
from certready.explain.seen import seen

MAX_TEXT = 1024 * 1024  # characters; an NDR with its headers is a few thousand
WINDOW = 600  # characters within which the words of one alternative must stand
OCCURRENCES = 200  # of one word that are looked at
NEAREST = 3
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
_INVISIBLE = dict.fromkeys([0x00, 0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
# Words that stand in every error text and tell no entry from another.
_COMMON = frozenset(
    {
        *(
            "the",
            "is",
            "a",
            "an",
            "of",
            "to",
            "or",
            "and",
            "not",
            "was",
            "be",
            "for",
            "it",
            "its",
            "with",
            "that",
            "in",
        ),
        *(
            "error",
            "mail",
            "server",
            "message",
            "by",
            "on",
            "from",
            "remote",
            "sent",
            "450",
            "451",
            "454",
            "550",
            "554",
        ),
    }
)


def explain(text: str) -> Explanation:
    """What this text most likely means. Never raises; what stands behind the first MiB is not read.

    Error lines go before symptoms; of two entries the one with the longer match goes first, and one that says the same
    less precisely is left out.
    """
    cut = len(text) > MAX_TEXT
    plain = normalised(text[:MAX_TEXT])
    scored = [(score, entry) for entry in CATALOGUE if (score := _score(entry, plain))]
    beaten = {name for _, entry in scored for name in entry.beats}
    kept = [(score, entry) for score, entry in scored if entry.id not in beaten]
    kept.sort(key=lambda pair: (pair[1].symptom, -pair[0]))
    entries = tuple(entry for _, entry in kept)
    return Explanation(entries, () if entries else nearest(plain), seen(text[:MAX_TEXT]), cut)


def normalised(text: str) -> str:
    """Lower case on one line: soft line breaks of quoted-printable, HTML entities, invisible characters and quotation
    marks undone, so that a folded or forwarded notice reads like the line it was."""
    joined = text.replace("=\r\n", "").replace("=\n", "")
    if "&" in joined:
        joined = html.unescape(joined)
    return _SPACE.sub(" ", joined.translate(_INVISIBLE).replace("\u2019", "'").lower())


def nearest(plain: str) -> tuple[Entry, ...]:
    """The entries that share most words with the text, at most three; none where nothing is shared."""
    words = frozenset(_WORD.findall(plain[: 64 * 1024])) - _COMMON
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
    marks = " ".join(word for mark in entry.marks for word in mark)
    return frozenset(_WORD.findall(f"{entry.title} {marks}".lower())) - _COMMON


def _score(entry: Entry, plain: str) -> int:
    """The length of the longest alternative that the text holds; 0 where it holds none."""
    return max((sum(map(len, mark)) for mark in entry.marks if _holds(plain, mark)), default=0)


def _holds(plain: str, mark: Sequence[str]) -> bool:
    """Whether the words of one alternative stand near each other somewhere."""
    first, *others = mark
    starts = _places(plain, first)
    if not starts or not others:
        return bool(starts)
    places = [_places(plain, word) for word in others]
    return any(all(_near(start, where) for where in places) for start in starts)


def _near(start: int, places: Sequence[int]) -> bool:
    index = bisect_left(places, start - WINDOW)
    return index < len(places) and places[index] <= start + WINDOW


def _places(plain: str, word: str) -> tuple[int, ...]:
    """Where the word begins, as a word of its own: 5.7.5 is not found in 5.7.51 or 15.7.5."""
    found: list[int] = []
    at = plain.find(word)
    while at >= 0 and len(found) < OCCURRENCES:
        if _alone(plain, at, at + len(word)):
            found.append(at)
        at = plain.find(word, at + len(word))
    return tuple(found)


def _alone(plain: str, start: int, end: int) -> bool:
    before, after = plain[max(start - 2, 0) : start], plain[end : end + 2]
    if before and plain[start].isalnum() and before[-1].isalnum():
        return False
    if after and plain[end - 1].isalnum() and after[0].isalnum():
        return False
    digits = plain[start].isdigit() and before[-1:] == "." and before[:1].isdigit()
    return not digits and not (plain[end - 1].isdigit() and after[:1] == "." and after[1:].isdigit())


def similar(word: str, among: Iterable[str]) -> tuple[str, ...]:
    """Names like this one, at most three."""
    from difflib import get_close_matches

    return tuple(get_close_matches(word[:80], list(among), NEAREST, 0.6))
