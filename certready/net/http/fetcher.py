"""HTTP for what certificates point to: OCSP answers, CRLs, issuers. Guarded, because the URLs are hostile input.

Every request runs in a thread of its own under one total deadline, so that neither a resolver that hangs nor an
answer that drips can hold up the run. ``requests`` is imported when something is asked, not before.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from msgspec.structs import replace

from certready.model import Ask, Reply
from certready.model.budget import Budget
from certready.net.http.guard import Run
from certready.net.http.ocsp import refused, ways
from certready.net.http.request import Request, Result, Route, exchange
from certready.net.threads import Pool

MOST_THREADS = 64
RETRIES = 2  # after the first time, and one fewer where it was the time that ran out
BY_PROXY = "It was asked through the proxy, which resolves names itself, so that only literal addresses were checked."

Key = tuple[str, bytes | None]


@dataclass(frozen=True, slots=True)
class HttpFetcher:
    """Fetches over http and https; implements :class:`certready.model.Fetcher`.

    Args:
        allow_private: whether URLs and their redirects may reach private, loopback and link-local addresses.
        timeout: seconds for connecting and for each wait for bytes.
        proxy: URL of an HTTP proxy, which then resolves the names; only addresses written out in a URL are checked.
            It may hold a password and is never shown.
        total: seconds after which :meth:`fetch_all` returns, whatever is still under way.
        clock: seconds that only grow.
        ca_bundle: PEM file of the roots that count for https URLs; certifi's where None.
        backoff: seconds before the first retry of what may pass; each further one waits twice as long.
        budget: how many bytes all answers together may have.
        heard: told how many of how many answers there are, in the thread that waits for them.
    """

    allow_private: bool = False
    timeout: float = 10.0
    proxy: str | None = field(default=None, repr=False)
    total: float = 30.0
    clock: Callable[[], float] = time.monotonic
    ca_bundle: str | None = None
    backoff: float = 0.3
    budget: Budget = field(default_factory=Budget, repr=False, compare=False)
    heard: Callable[[int, int], None] | None = field(default=None, repr=False, compare=False)

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        """One Reply for each Ask, in order, all under way at once, equal URL and body fetched once. Never raises."""
        chosen = merged(asks)
        began = self.clock()
        late = f"It did not answer completely within {self.total:g} seconds."
        run = Run(self.allow_private, self.timeout, began + self.total, self.clock, late=late)
        pool: Pool[Reply] = Pool("fetch")
        pool.start([partial(_reply, ask, self, run) for ask in chosen.values()], MOST_THREADS)
        keys = tuple(chosen)
        replies: dict[Key, Reply] = {}
        for number, reply in pool.results(run.left):
            replies[keys[number]] = reply
            if self.heard:
                self.heard(len(replies), len(keys))
        run.abandon()
        missing = Reply(None, late, _ms(self.clock() - began))
        return tuple(replies.get((ask.url, ask.body), missing) for ask in asks)


def merged(asks: tuple[Ask, ...]) -> dict[Key, Ask]:
    """One Ask for each URL and body, in order, with the most generous limit that any asker set."""
    by_key: dict[Key, Ask] = {}
    for ask in asks:
        before = by_key.setdefault((ask.url, ask.body), ask)
        if before.limit < ask.limit:
            by_key[ask.url, ask.body] = replace(before, limit=ask.limit)
    return by_key


def _reply(ask: Ask, fetcher: HttpFetcher, run: Run) -> Reply:
    began = fetcher.clock()
    result = _answer(ask, fetcher, run)
    took = _ms(fetcher.clock() - began)
    note = BY_PROXY if fetcher.proxy else ""
    return Reply(result.body, result.error, took, "network", result.status, result.validators, note, result.date)


def _answer(ask: Ask, fetcher: HttpFetcher, run: Run) -> Result:
    """What the first way brings that is not refused; else the last answer that came at all, else the last error."""
    results: list[Result] = []
    for request in ways(ask):
        result = _retried(request, fetcher, run)
        if not refused(ask, result):
            return result
        results.append(result)
    bodies = [result for result in results if result.body is not None]
    return (bodies or results)[-1]


def _retried(request: Request, fetcher: HttpFetcher, run: Run) -> Result:
    """The result, asked for again where it may pass and there is time: after the server's Retry-After, else with
    growing pauses."""
    route = Route(fetcher.proxy, fetcher.ca_bundle)
    tried = 0
    while True:
        result = exchange(request, route, run, fetcher.budget)
        tried += 1
        if not result.passing or tried > RETRIES - result.slow:
            return result
        pause = fetcher.backoff * 2 ** (tried - 1) if result.after is None else result.after
        if not run.wait(pause):
            return result


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
