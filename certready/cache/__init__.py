"""Answers kept on disk between runs, in front of any fetcher.

Only bytes are kept, and what they are worth is judged anew each time; a kept answer proves no more than one just
received. It is fresh until its own nextUpdate, a failure for a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from certready.cache import entries
from certready.cache.entries import Entry
from certready.cache.lasting import BRIEFLY, expires, keep_until
from certready.model import Ask, Fetcher, Reply
from certready.model.budget import SPENT, Budget

__all__ = ["CachingFetcher", "expires"]

MOST_BYTES = 256 * 1024 * 1024
NOTHING_KEPT = "It was not asked: the network may not be used, and no fresh answer is in the cache."
POLL = 0.05  # seconds between two looks whether another process has its answer


class CachingFetcher(Struct, frozen=True):
    """Asks the cache, then the fetcher; implements :class:`certready.model.Fetcher`. Safe under concurrent use.

    Args:
        fetcher: asked for what is not kept or no longer fresh; None: never, and what is not kept is an error.
        directory: of the answers. It is made where it is missing; where it cannot be used, everything is fetched.
        clock: gives the present, aware.
        scope: names the settings on which failures depend (proxy, timeout...), because a failure is believed only
            where it would be met again; None: failures are not kept.
        most: bytes that the directory may hold; the oldest answers go first.
        budget: how many bytes the answers of a run may have together; the fetcher counts those that it fetches itself.
        patience: seconds to wait for another process that is asking the same, before asking as well.
        pause: waits that many seconds.
    """

    fetcher: Fetcher | None
    directory: Path
    clock: Callable[[], datetime]
    scope: str | None = ""
    most: int = MOST_BYTES
    budget: Budget = field(default_factory=Budget)
    patience: float = 2.0
    pause: Callable[[float], None] = time.sleep

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        """One Reply for each Ask, in order; what is not kept is under way at once, each URL and body asked once."""
        wanted = _merged(asks)
        now = self.clock()
        kept = {key: _kept(self, key, ask, now) for key, ask in wanted.items()}
        replies = {
            key: _reply(entry)
            for key, entry in kept.items()
            if entry and not wanted[key].fresh and _is_fresh(self, entry, now) and _is_read(entry)
        }
        missing = [key for key in wanted if key not in replies]
        if self.fetcher is None:
            why = f"It was not read from the cache: {SPENT}" if self.budget.spent else NOTHING_KEPT
            replies.update((key, Reply(None, why, 0, "cache")) for key in missing)
        elif missing:
            replies.update(_asked(self, self.fetcher, {key: wanted[key] for key in missing}, kept, now))
        return tuple(replies[entries.key_of(ask.url, ask.body)] for ask in asks)


def _kept(cache: CachingFetcher, key: str, ask: Ask, now: datetime) -> Entry | None:
    """What is kept of an answer, its body only where it is fresh and the budget allows."""

    def wanted(entry: Entry, size: int) -> bool:
        return not ask.fresh and _is_fresh(cache, entry, now) and cache.budget.take(size)

    return entries.read(cache.directory, key, ask.limit, wanted)


def _is_read(entry: Entry) -> bool:
    return entry.body is not None or entry.error is not None


def _is_fresh(cache: CachingFetcher, entry: Entry, now: datetime) -> bool:
    """Whether an entry still counts. One from the future does not, as after the clock has been set back."""
    believed = entry.error is None or (cache.scope is not None and entry.scope == cache.scope)
    return believed and entry.stored <= now < entry.until


def _merged(asks: Iterable[Ask]) -> dict[str, Ask]:
    """One Ask for each question: the most generous limit of those that ask it, fresh where one wants it so."""
    merged: dict[str, Ask] = {}
    for ask in asks:
        before = merged.setdefault(entries.key_of(ask.url, ask.body), ask)
        merged[entries.key_of(ask.url, ask.body)] = replace(
            before, limit=max(before.limit, ask.limit), fresh=before.fresh or ask.fresh
        )
    return merged


def _reply(entry: Entry) -> Reply:
    again = "" if entry.error is None else "; --no-cache asks again"
    moment = entry.stored.isoformat(sep=" ", timespec="seconds")[:19]
    note = f"That is from the cache, as it was at {moment} UTC{again}."
    return Reply(entry.body, entry.error, 0, "cache", note=note)


def _asked(
    cache: CachingFetcher, fetcher: Fetcher, wanted: dict[str, Ask], kept: dict[str, Entry | None], now: datetime
) -> dict[str, Reply]:
    """The replies of the fetcher to all of these, or of another process that is asking the same."""
    mine = {key: ask for key, ask in wanted.items() if entries.claim(cache.directory, key, now)}
    try:
        replies = _fetched(cache, fetcher, mine, kept)
    finally:
        for key in mine:
            entries.release(cache.directory, key)
    theirs = {key: ask for key, ask in wanted.items() if key not in mine}
    replies.update(_awaited(cache, theirs, kept))
    left = {key: ask for key, ask in theirs.items() if key not in replies}
    replies.update(_fetched(cache, fetcher, left, kept))
    return replies


def _awaited(cache: CachingFetcher, wanted: dict[str, Ask], kept: dict[str, Entry | None]) -> dict[str, Reply]:
    """What another process has stored by the time that it is done, or that patience ends. What was there before does
    not count: it was no longer fresh, or is asked for again because it was not believed."""
    for _ in range(round(cache.patience / POLL)):
        if not any(entries.claimed(cache.directory, key) for key in wanted):
            break
        cache.pause(POLL)
    now = cache.clock()
    before = {key: entry.stored for key, entry in kept.items() if entry}

    def fresh(entry: Entry, size: int) -> bool:
        return before.get(entry.key) != entry.stored and _is_fresh(cache, entry, now) and cache.budget.take(size)

    entries_read = {key: entries.read(cache.directory, key, ask.limit, fresh) for key, ask in wanted.items()}
    new = {key: entry for key, entry in entries_read.items() if entry and before.get(key) != entry.stored}
    return {key: _reply(entry) for key, entry in new.items() if _is_read(entry) and _is_fresh(cache, entry, now)}


def _fetched(
    cache: CachingFetcher, fetcher: Fetcher, wanted: dict[str, Ask], kept: dict[str, Entry | None]
) -> dict[str, Reply]:
    """What the fetcher says now, kept for the next time."""
    if not wanted:
        return {}
    asks = tuple(_conditional(ask, kept[key]) for key, ask in wanted.items())
    answers = dict(zip(wanted, fetcher.fetch_all(asks), strict=True))
    now = cache.clock()
    replies = {key: _unchanged(cache, wanted[key], reply, kept[key]) for key, reply in answers.items()}
    new = [_entry(cache, key, wanted[key].url, reply, now) for key, reply in replies.items()]
    stored = [entries.write(cache.directory, entry) for entry in new if entry]
    if any(stored):
        entries.evict(cache.directory, cache.most)
    return replies


def _conditional(ask: Ask, entry: Entry | None) -> Ask:
    """The question with what lets the server say that nothing has changed (RFC 9110, 13.1)."""
    if entry is None or entry.error is not None or ask.fresh:
        return ask
    return replace(ask, headers=(*ask.headers, *entry.validators))


def _unchanged(cache: CachingFetcher, ask: Ask, reply: Reply, entry: Entry | None) -> Reply:
    """The reply, with the kept body where the server says that this still is what it has (304)."""
    if reply.status != 304 or entry is None:
        return reply
    again = entries.read(cache.directory, entry.key, ask.limit, lambda _, size: cache.budget.take(size))
    if again is None or again.body is None or again.stored != entry.stored:
        why = SPENT if cache.budget.spent else "what was kept is no longer there."
        return replace(reply, error=f"Its server says that nothing has changed, and it was not read: {why}")
    return replace(reply, body=again.body, error=None, validators=again.validators)


def _entry(cache: CachingFetcher, key: str, url: str, reply: Reply, now: datetime) -> Entry | None:
    """What to keep of a reply, or None."""
    if reply.body is None:
        if cache.scope is None:
            return None
        return Entry(key, url, now, now + BRIEFLY, error=reply.error, scope=cache.scope)
    until = keep_until(reply.body, now)
    if until is None or len(reply.body) > cache.most:
        return None
    return Entry(key, url, now, until, reply.body, validators=reply.validators)
