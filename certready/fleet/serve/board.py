"""What is served: the lines as they are known, and pages of them, each made once for a check."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from msgspec import Struct

from certready.clock import TOLERANCE
from certready.fleet.entries import Entry
from certready.fleet.sharing import Once
from certready.wording import counted

ANSWERS = ("ready", "not-ready")
HTML = "text/html; charset=utf-8"
METRICS = "text/plain; version=0.0.4; charset=utf-8"
KEPT_PAGES = 64 * 1024 * 1024  # bytes of report pages that somebody asked for
LONGEST = 1000  # bytes of a name in an address; a longer one is found by its line
_DOTS = (b".", b"..")  # a browser takes them for folders, in any spelling


class Page(Struct, frozen=True):
    """What is sent: the body, its media type, and the policy for what it may load and run, "" where that is nothing."""

    body: bytes
    kind: str
    policy: str = ""


class Kept(Struct, frozen=True):
    """What one check of a line came to: its entry, when it was, and its record, compressed."""

    entry: Entry
    checked_at: datetime
    packed: bytes

    @classmethod
    def of(cls, entry: Entry, checked_at: datetime, record: bytes) -> Kept:
        """Of a record as one line of JSON."""
        return cls(entry, checked_at, zlib.compress(record, 6))

    @property
    def record(self) -> bytes:
        """The record as one line of JSON."""
        return zlib.decompress(self.packed)


class Known(Struct, frozen=True):
    """What is known of a line: the ``latest`` check, and the last that came to ready or not ready, if any did."""

    latest: Kept
    answered: Kept | None

    @property
    def before(self) -> Kept | None:
        """The last answer, where the latest check is none."""
        return None if self.answered is self.latest else self.answered


def known(before: Known | None, kept: Kept) -> Known:
    """What is known of a line after one more check. The answer before stays with a line of the same target."""
    if kept.entry.verdict in ANSWERS:
        return Known(kept, kept)
    answered = before.answered if before else None
    return Known(kept, answered if answered and answered.entry.target == kept.entry.target else None)


def fresh(checked_at: datetime, now: datetime, age: timedelta) -> bool:
    """Whether a check is no older than this. One from the future is not: a clock was set back since."""
    return -TOLERANCE <= now - checked_at <= age


class Published(Struct, frozen=True):
    """What is served until something else is published.

    Args:
        overview, metrics: pages.
        reports: makes the page of a line's report, by the key that its address ends in.
        keys: these keys by the number of the line.
        checks: when each line was checked, of those that were.
        lines: how many lines there are.
    """

    overview: Page
    metrics: Page
    reports: Mapping[bytes, tuple[object, Callable[[], Page]]]
    keys: Mapping[int, bytes]
    checks: Sequence[datetime]
    lines: int


class Board:
    """Holds what was published last. Every method may be called by any thread.

    Args:
        every: the time between two checks of a line.
    """

    def __init__(self, every: timedelta, published: Published) -> None:
        self._every = every
        self._published = published
        self._pages: Once[object, Page] = Once(KEPT_PAGES, lambda page: len(page.body))

    def publish(self, published: Published) -> None:
        """Serve this from now on."""
        self._published = published

    def overview(self) -> Page:
        return self._published.overview

    def metrics(self) -> Page:
        return self._published.metrics

    def report(self, key: bytes) -> Page | None:
        """The page of a report, made where this is the first who asks for it since the check."""
        kept = self._published.reports.get(key)
        if kept is None:
            return None
        version, make = kept
        (page,) = self._pages.get([(key, version)], lambda _keys: [make()])
        return page

    def report_of_line(self, number: int) -> Page | None:
        """The same by the line's number, for names that no address can hold."""
        key = self._published.keys.get(number)
        return None if key is None else self.report(key)

    def trouble(self, now: datetime) -> str | None:
        """Why it is not healthy (contract, "fleet"), None where it is."""
        published = self._published
        missing = published.lines - len(published.checks)
        if missing:
            return f"{missing} of {counted(published.lines, 'line')} not checked yet."
        old = sum(not fresh(checked, now, 2 * self._every) for checked in published.checks)
        if old:
            return f"The check of {counted(old, 'line')} is older than twice the time between two checks."
        return None


def key_of(name: str) -> bytes:
    """What the address of a line's report ends in, before it is quoted."""
    return name.encode("utf-8", "surrogatepass")


def address_of(name: str, number: int) -> str:
    """Where a line's report is, from the overview on: relative, so that a proxy may put it below any path."""
    key = key_of(name)
    if key in _DOTS or len(key) > LONGEST:
        return f"report/?line={number}"
    return f"report/{quote(key, safe='')}"
