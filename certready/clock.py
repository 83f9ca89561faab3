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


def off(clocks: tuple[Reading, ...]) -> Reading | None:
    """The reading that puts this machine's clock off by most, where one does and no other clock bears it out."""
    full = [clock for clock in clocks if not clock.floor]
    if any(abs(clock.ahead) <= TOLERANCE for clock in full):
        return None
    wrong = [clock for clock in clocks if clock.ahead > TOLERANCE or (not clock.floor and -clock.ahead > TOLERANCE)]
    return max(wrong, key=lambda clock: abs(clock.ahead), default=None)


def _dates(evidence: Evidence) -> Iterator[Reading]:
    for answer in evidence.answers:
        if answer.date and answer.source == "network":
            yield Reading(urlsplit(answer.url or "").netloc or "a server", _ahead(answer.date, evidence))


def _banners(evidence: Evidence) -> Iterator[Reading]:
    greetings = [(endpoint.name, endpoint.banner) for endpoint in evidence.endpoints if endpoint.banner]
    if evidence.target.kind == "rehearse":
        greetings += [("the smart host", turn.reply) for turn in evidence.dialogue[:1] if not turn.sent]
    for who, text in greetings:
        dated = _DATE.search(text or "")
        moment = _moment(dated[0]) if dated else None
        if moment:
            yield Reading(who, _ahead(moment, evidence))


def _ahead(moment: datetime, evidence: Evidence) -> timedelta:
    """How far ahead of this machine's clock another was: nothing, where it names a moment of the gathering."""
    ahead = moment - evidence.gathered_at
    return ahead - min(max(ahead, timedelta(0)), evidence.gathering)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _updates(evidence: Evidence, results: Iterable[RevocationResult]) -> Iterator[Reading]:
    for result in results:
        if result.this_update:
            who = f"the answer of {urlsplit(result.url or '').netloc or 'the handshake'}"
            yield Reading(who, _ahead(result.this_update, evidence), floor=True)
