"""What an error line is made of: words, codes, the token of ``[Message=...]``, events; and the wrapper around it.

An entry of the catalogue is recognised by these parts, never by a word that stands somewhere: ``expected subject`` in a
text whose token is CertificateExpired does not make it a mismatch.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from certready.explain.seen import names_differ

NEAR = 80  # words within which the parts of one mark must stand
OCCURRENCES = 200  # of one word that are looked at

_WORD = re.compile(r"(?<![\d.])\d\.\d{1,3}\.\d{1,4}(?![\d.]*\d)|(?i:ATTR\d{1,3}\.\d)(?!\d)|[A-Za-z0-9_]+")
_MESSAGE = re.compile(
    r"(?i)\bmessage\s{0,20}=\s{0,20}|remote\s{1,20}server\s{0,20}\(|\bmessage\s{1,20}expired,\s[a-z\s]{5,60}\("
)
_EVENT_WORDS = frozenset(
    {"event", "eventid", "instanceid", "msexchangetransport", "msexchangefrontendtransport", "ereignis"}
)
_WRAPPERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("Exchange Online message trace", re.compile(r"(?i)\breason:\s?\[?\{?LED=")),
    ("LastError of an Exchange queue", re.compile(r"(?i)\blast\s?error\s?[:=]|\{?LED=")),
    ("Postfix log", re.compile(r"\bpostfix[\w-]{0,20}/[\w-]{2,20}[\[/:]")),
    ("Exim log", re.compile(r"\bR=\S{1,100} T=\S{1,100}")),
    ("sendmail or Proofpoint log", re.compile(r"\b(?:sendmail|sm-mta|sm-msp)\[\d+\]|\bruleset=tls_server\b|\bstat=\S")),
    ("IronPort log", re.compile(r"\b(?:MID|DCID|ICID) \d+\b")),
    ("Barracuda log", re.compile(r"(?i)\bbarracuda\b")),
    ("SEPPmail log", re.compile(r"(?i)\bseppmail\b")),
    ("bounce of Postfix", re.compile(r"(?i)\bX-Postfix-Sender:|This is the mail system at host")),
    ("delivery status notification", re.compile(r"(?i)\bDiagnostic-Code:|\bFinal-Recipient:")),
    (
        "non-delivery report of Exchange",
        re.compile(r"(?i)Server (?:at .{1,300} )?returned|Diagnostic information for administrators"),
    ),
    ("Windows event", re.compile(r"(?i)<EventID|\bEvent ID:|\bLog Name:|\bMSExchange(?:FrontEnd)?Transport\b")),
    ("PowerShell error", re.compile(r"\bCategoryInfo\s{0,10}:|\bFullyQualifiedErrorId\b")),
    (
        "SMTP protocol log of Exchange",
        re.compile(r"(?i)#Log-type: SMTP|TLS negotiation failed with error|,Outbound to Office 365"),
    ),
)  # fmt: skip


class Line(NamedTuple):
    """A text taken apart: its words in lower case, where each of them stands, and where the content of a ``Message=``
    begins (as places in ``words``)."""

    plain: str
    words: tuple[str, ...]
    places: dict[str, list[int]]
    messages: tuple[int, ...]


class Hit(NamedTuple):
    """That a mark is in a line: the length of its parts, and at which word the first of them begins."""

    length: int
    place: int


def parse(plain: str) -> Line:
    """Take a readable text apart (``plain.readable`` makes one)."""
    words: list[str] = []
    starts: list[int] = []
    for match in _WORD.finditer(plain):
        words.append(match[0].lower())
        starts.append(match.start())
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        places.setdefault(word, []).append(place)
    messages = tuple(bisect_left(starts, match.end()) for match in _first(_MESSAGE, plain))
    return Line(plain, tuple(words), places, messages)


def wrapper(plain: str) -> str | None:
    """What the text was copied from, None where nothing shows it."""
    return next((name for name, pattern in _WRAPPERS if pattern.search(plain)), None)


def holds(line: Line, mark: Sequence[str]) -> Hit | None:
    """Whether every part of a mark is in the line, near the first one.

    A part is a phrase (its words one after another, whatever stands between them as punctuation or line end), a phrase
    with which a ``Message=`` begins (``message:socketerror``), the number of a Windows event (``event:12014``), or
    ``names-differ``: the expected and the presented subject of the text are not the same.
    """
    first, *others = mark
    for place in _where(line, first):
        if all(any(abs(other - place) <= NEAR for other in _where(line, part)) for part in others):
            return Hit(sum(len(part) for part in mark), place)
    return None


def _where(line: Line, part: str) -> tuple[int, ...]:
    """The words at which a part begins, at most ``OCCURRENCES``."""
    if part == "names-differ":
        return (0,) if names_differ(line.plain) else ()
    kind, colon, rest = part.partition(":")
    if colon and kind == "message":
        wanted = phrase(rest)
        return tuple(place for place in line.messages if line.words[place : place + len(wanted)] == wanted)
    if colon and kind == "event":
        return tuple(place for place in _some(line, rest) if _beside_an_event(line, place))
    wanted = phrase(part)
    if any(word not in line.places for word in wanted):
        return ()
    anchor = min(range(len(wanted)), key=lambda index: len(line.places[wanted[index]]))
    begins = (place - anchor for place in _some(line, wanted[anchor]))
    return tuple(place for place in begins if place >= 0 and line.words[place : place + len(wanted)] == wanted)


@lru_cache(maxsize=4096)
def phrase(text: str) -> tuple[str, ...]:
    """The words of a phrase as the words of a line are read."""
    return tuple(match[0].lower() for match in _WORD.finditer(text))


def _some(line: Line, word: str) -> Sequence[int]:
    return line.places.get(word, ())[:OCCURRENCES]


def _beside_an_event(line: Line, place: int) -> bool:
    return any(abs(other - place) <= NEAR for word in _EVENT_WORDS for other in _some(line, word))


def _first(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    matches = []
    for match in pattern.finditer(text):
        matches.append(match)
        if len(matches) == OCCURRENCES:
            break
    return matches
