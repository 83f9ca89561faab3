"""Whether this machine's clock can be relied on, by what others said the time was. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from msgspec import Struct

from certready.model import Evidence
from certready.model.report import RevocationResult

TOLERANCE = timedelta(minutes=10)
# The date of RFC 5322, 3.3, as Exchange, Exim, Postfix and Sendmail put it into their banners.
_DATE = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d(?: (?:[+-]\d{4}|GMT|UTC))?")


class Reading(Struct, frozen=True):
    """What one other clock said: ``who`` said it, and how far ahead of this machine's it is. A thisUpdate proves
    nothing but that it cannot lie ahead (``floor``)."""

    who: str
    ahead: timedelta
    floor: bool = False


def readings(evidence: Evidence, results: Iterable[RevocationResult]) -> tuple[Reading, ...]:
    """What was said of the time while the evidence was gathered: HTTP dates, banners, and thisUpdate of answers that
    are authentic and came then."""
    return (*_dates(evidence), *_banners(evidence), *_updates(evidence, results))


def off(found: tuple[Reading, ...]) -> Reading | None:
    """The reading that puts this machine's clock off by most, where one does and no other clock bears it out."""
    full = [one for one in found if not one.floor]
    if any(abs(one.ahead) <= TOLERANCE for one in full):
        return None
    wrong = [one for one in found if one.ahead > TOLERANCE or (not one.floor and -one.ahead > TOLERANCE)]
    return max(wrong, key=lambda one: abs(one.ahead), default=None)


def _dates(evidence: Evidence) -> Iterator[Reading]:
    for answer in evidence.answers:
        if answer.date and answer.source == "network":
            yield Reading(urlsplit(answer.url or "").netloc or "a server", _ahead(answer.date, evidence))


def _banners(evidence: Evidence) -> Iterator[Reading]:
    greetings = [(one.name, one.banner) for one in evidence.endpoints if one.banner]
    if evidence.target.kind == "rehearse":
        greetings += [("the smart host", one.reply) for one in evidence.dialogue[:1] if not one.sent]
    for who, text in greetings:
        dated = _DATE.search(text or "")
        said = _moment(dated[0]) if dated else None
        if said:
            yield Reading(who, _ahead(said, evidence))


def _ahead(said: datetime, evidence: Evidence) -> timedelta:
    """How far ahead of this machine's clock another was: nothing, where it names a moment of the gathering."""
    ahead = said - evidence.gathered_at
    return ahead - min(max(ahead, timedelta(0)), evidence.gathering)


def _moment(text: str) -> datetime | None:
    try:
        said = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return said.replace(tzinfo=UTC) if said.tzinfo is None else said


def _updates(evidence: Evidence, results: Iterable[RevocationResult]) -> Iterator[Reading]:
    for result in results:
        if result.this_update:
            who = f"the answer of {urlsplit(result.url or '').netloc or 'the handshake'}"
            yield Reading(who, _ahead(result.this_update, evidence), floor=True)
