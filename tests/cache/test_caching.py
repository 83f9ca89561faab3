"""The cache in front of a fetcher that counts: what is asked, what is not, and when it is asked again."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from certready.cache import CachingFetcher, entries
from certready.cache.lasting import BRIEFLY, UNDATED
from certready.demo.pki import DAY, Authority
from certready.model import Ask, Reply
from certready.model.budget import SPENT, Budget
from certready.net.http.fetcher import HttpFetcher
from tests.net.serving import Handler, page, serving

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = timedelta(minutes=1)
CA = Authority.root(moment=NOW)
LIST = CA.crl(this_update=NOW - DAY, next_update=NOW + DAY)
NEXT = CA.crl(this_update=NOW + DAY, next_update=NOW + 2 * DAY)
URL = "http://pki.example/ca.crl"
ASK = Ask(URL)
VALIDATORS = (("If-None-Match", '"v1"'), ("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"))


@dataclass
class Counting:
    """A fetcher that answers as told and remembers what it was asked."""

    replies: dict[str, Reply] = field(default_factory=lambda: {URL: Reply(LIST, None, 12)})
    asked: list[Ask] = field(default_factory=list)

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        self.asked += asks
        return tuple(self.replies[ask.url] for ask in asks)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inner() -> Counting:
    return Counting()


@pytest.fixture
def cached(tmp_path: Path, inner: Counting, clock: Clock) -> CachingFetcher:
    return CachingFetcher(inner, tmp_path / "answers", clock)


def test_asked_once(cached: CachingFetcher, inner: Counting) -> None:
    """What was fetched is not fetched again, and is marked as coming out of the cache, with its moment."""
    first, second = (cached.fetch_all((ASK,))[0] for _ in range(2))
    assert (LIST, "network", 12, "") == (first.body, first.source, first.elapsed_ms, first.note)
    assert (LIST, "cache", 0) == (second.body, second.source, second.elapsed_ms)
    assert f"That is from the cache, as it was at {NOW:%Y-%m-%d %H:%M:%S} UTC." == second.note
    assert 1 == len(inner.asked)


def test_until_next_update(cached: CachingFetcher, inner: Counting, clock: Clock) -> None:
    """It stands until the very second of its nextUpdate, and is fetched again from then on."""
    cached.fetch_all((ASK,))
    clock.now = NOW + DAY - timedelta(seconds=1)
    assert "cache" == cached.fetch_all((ASK,))[0].source
    clock.now = NOW + DAY
    inner.replies[URL] = Reply(NEXT, None, 1)
    assert (NEXT, "network") == _told(cached)
    assert (NEXT, "cache") == _told(cached)
    assert 2 == len(inner.asked)


def test_undated(cached: CachingFetcher, inner: Counting, clock: Clock) -> None:
    """A certificate stands for an hour."""
    inner.replies[URL] = Reply(CA.der, None, 1)
    cached.fetch_all((ASK,))
    clock.now = NOW + UNDATED - MINUTE
    assert (CA.der, "cache") == _told(cached)
    clock.now = NOW + UNDATED
    assert (CA.der, "network") == _told(cached)


def test_failures_are_kept_briefly(cached: CachingFetcher, inner: Counting, clock: Clock) -> None:
    """A failure is not met again for a minute, and the note says how to ask all the same."""
    inner.replies[URL] = Reply(None, "It refused the connection.", 1)
    cached.fetch_all((ASK,))
    again = cached.fetch_all((ASK,))[0]
    assert ("It refused the connection.", "cache") == (again.error, again.source)
    assert "--no-cache asks again" in again.note
    clock.now = NOW + BRIEFLY
    assert "network" == cached.fetch_all((ASK,))[0].source


def test_failures_under_other_settings(cached: CachingFetcher, inner: Counting) -> None:
    """A failure met under one proxy or guard says nothing about another; a good answer does."""
    other = Ask("http://pki.example/other")
    inner.replies = {URL: Reply(None, "It refused the connection.", 1), other.url: Reply(LIST, None, 1)}
    cached.fetch_all((ASK, other))
    found = replace(cached, scope="by proxy").fetch_all((ASK, other))
    assert ["network", "cache"] == [reply.source for reply in found]


def test_failures_that_are_not_kept(cached: CachingFetcher, inner: Counting) -> None:
    """Without a scope failures are neither kept nor believed."""
    inner.replies[URL] = Reply(None, "It refused the connection.", 1)
    cached.fetch_all((ASK,))
    unscoped = replace(cached, scope=None)
    assert ["network", "network"] == [unscoped.fetch_all((ASK,))[0].source for _ in range(2)]


def test_the_page_of_a_captive_proxy_is_not_kept(cached: CachingFetcher, inner: Counting) -> None:
    """A web page in place of an answer is passed on and forgotten."""
    inner.replies[URL] = Reply(b"<html>Log in</html>", None, 1)
    assert ["network", "network"] == [cached.fetch_all((ASK,))[0].source for _ in range(2)]


def test_a_question_is_its_url_and_body(cached: CachingFetcher, inner: Counting) -> None:
    """Two OCSP questions to one responder are two, whatever else they have in common."""
    asks = tuple(Ask(URL, body, "application/ocsp-request") for body in (b"one", b"two", None))
    cached.fetch_all(asks)
    assert [one.body for one in asks] == [one.body for one in inner.asked]


def test_equal_questions_are_asked_once(cached: CachingFetcher, inner: Counting) -> None:
    """Of equal questions one is asked, with the most generous limit, and all are answered."""
    assert [LIST] * 3 == [one.body for one in cached.fetch_all((replace(ASK, limit=10_000), ASK, ASK))]
    assert [ASK.limit] == [one.limit for one in inner.asked]


def test_fresh(cached: CachingFetcher, inner: Counting) -> None:
    """A question that wants a fresh answer gets one, unconditionally, and it is kept for the next."""
    inner.replies[URL] = Reply(LIST, None, 1, validators=VALIDATORS)
    cached.fetch_all((ASK,))
    assert "network" == cached.fetch_all((replace(ASK, fresh=True),))[0].source
    assert [()] * 2 == [one.headers for one in inner.asked]
    assert (LIST, "cache") == _told(cached)


def test_a_clock_set_back(cached: CachingFetcher, inner: Counting, clock: Clock) -> None:
    """An answer out of the future is not believed."""
    cached.fetch_all((ASK,))
    clock.now = NOW - MINUTE
    assert "network" == cached.fetch_all((ASK,))[0].source


def test_damaged(cached: CachingFetcher, inner: Counting) -> None:
    """A damaged answer is fetched again, and the new one is kept."""
    cached.fetch_all((ASK,))
    (file,) = cached.directory.iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert [(LIST, "network"), (LIST, "cache")] == [_told(cached) for _ in range(2)]


def test_never_asked_without_a_fetcher(cached: CachingFetcher, inner: Counting, clock: Clock) -> None:
    """Without a fetcher only what is kept and still stands is answered."""
    alone = replace(cached, fetcher=None)
    assert (None, "cache") == _told(alone)
    cached.fetch_all((ASK,))
    assert (LIST, "cache") == _told(alone)
    clock.now = NOW + DAY
    assert "no fresh answer is in the cache" in (alone.fetch_all((ASK,))[0].error or "")


def test_nothing_asked(cached: CachingFetcher, inner: Counting) -> None:
    """Without a question nothing is asked, and no directory made."""
    assert () == cached.fetch_all(())
    assert ([], False) == (inner.asked, cached.directory.exists())


def _told(cached: CachingFetcher) -> tuple[bytes | None, str]:
    (reply,) = cached.fetch_all((ASK,))
    return reply.body, reply.source


# -- refreshing --------------------------------------------------------------------------------------------------------


def test_not_modified(cached: CachingFetcher, inner: Counting, clock: Clock) -> None:
    """An answer whose time is over is asked for with its validators; on 304 the kept one stands for another hour."""
    inner.replies[URL] = Reply(CA.der, None, 1, validators=VALIDATORS)
    cached.fetch_all((ASK,))
    inner.replies[URL] = Reply(None, "It answered with HTTP status 304.", 3, status=304)
    clock.now = NOW + UNDATED
    (reply,) = cached.fetch_all((ASK,))
    assert (CA.der, None, "network", 3) == (reply.body, reply.error, reply.source, reply.elapsed_ms)
    assert [(), VALIDATORS] == [one.headers for one in inner.asked]
    clock.now = NOW + 2 * UNDATED - MINUTE
    assert (CA.der, "cache") == _told(cached)
    clock.now = NOW + 2 * UNDATED
    assert (CA.der, "network") == _told(cached)
    assert VALIDATORS == inner.asked[-1].headers


def test_not_modified_and_out_of_date(cached: CachingFetcher, inner: Counting, clock: Clock) -> None:
    """A list that its server has not renewed is asked for each time: its time is over, whatever the server says."""
    inner.replies[URL] = Reply(LIST, None, 1, validators=VALIDATORS)
    cached.fetch_all((ASK,))
    inner.replies[URL] = Reply(None, "It answered with HTTP status 304.", 3, status=304)
    clock.now = NOW + DAY
    assert [(LIST, "network")] * 2 == [_told(cached) for _ in range(2)]


def test_not_modified_out_of_the_blue(cached: CachingFetcher, inner: Counting) -> None:
    """304 from a server that was asked nothing conditional is an error like any other status."""
    inner.replies[URL] = Reply(None, "It answered with HTTP status 304.", 3, status=304)
    assert "It answered with HTTP status 304." == cached.fetch_all((ASK,))[0].error


def test_over_http(tmp_path: Path, clock: Clock) -> None:
    """With the real fetcher and a server that knows validators, the second visit costs a 304 and no body."""

    def conditional(handler: Handler) -> None:
        known = handler.headers.get("If-None-Match") == '"v1"'
        page(b"" if known else CA.der, 304 if known else 200, ETag='"v1"')(handler)

    with serving(ca=conditional) as server:
        fetcher = HttpFetcher(allow_private=True)
        cached = CachingFetcher(fetcher, tmp_path, clock)
        asks = (Ask(f"{server.url}/ca"),)
        first = cached.fetch_all(asks)[0]
        clock.now = NOW + UNDATED
        second = cached.fetch_all(asks)[0]
    assert (CA.der, CA.der) == (first.body, second.body)
    assert [None, '"v1"'] == [hit[3].get("If-None-Match") for hit in server.hits]
    assert (200, 304) == (first.status, second.status)


# -- bounds and neighbours ---------------------------------------------------------------------------------------------


def test_size(cached: CachingFetcher, inner: Counting) -> None:
    """The directory never holds more than its bound, and what is larger than that is not kept at all."""
    bounded = replace(cached, most=6 * len(LIST))
    inner.replies |= {f"{URL}{n}": Reply(LIST, None, 1) for n in range(20)}
    for n in range(20):
        bounded.fetch_all((Ask(f"{URL}{n}"),))
        assert sum(one.size for one in entries.files(bounded.directory)) <= bounded.most
    assert "cache" == bounded.fetch_all((Ask(f"{URL}19"),))[0].source
    tiny = replace(cached, most=len(LIST) - 1, directory=cached.directory.with_name("tiny"))
    tiny.fetch_all((ASK,))
    assert [] == list(entries.files(tiny.directory))


def test_a_directory_that_cannot_be_used(tmp_path: Path, inner: Counting, clock: Clock) -> None:
    """Where nothing can be written everything is fetched, and nothing fails."""
    (tmp_path / "file").write_bytes(b"mine")
    cached = CachingFetcher(inner, tmp_path / "file" / "answers", clock)
    assert [(LIST, "network")] * 2 == [_told(cached) for _ in range(2)]


def _claimed_by_another(cached: CachingFetcher) -> str:
    """The key of the question that somebody else began to ask at NOW, whenever this test runs."""
    key = entries.key_of(URL, None)
    assert entries.claim(cached.directory, key, NOW)
    os.utime(cached.directory / (key + entries.LOCK), (NOW.timestamp(), NOW.timestamp()))
    return key


def test_another_process_is_asking(cached: CachingFetcher, inner: Counting) -> None:
    """While somebody else asks the same question, it is not asked again: their answer is waited for and taken."""
    key = _claimed_by_another(cached)

    def finish(_: float) -> None:
        entries.write(cached.directory, entries.Entry(key, URL, NOW, NOW + DAY, LIST))
        entries.release(cached.directory, key)

    assert (LIST, "cache") == _told(replace(cached, pause=finish))
    assert [] == inner.asked


def test_another_process_that_hangs(cached: CachingFetcher, inner: Counting) -> None:
    """One that does not come to an end is waited for as long as patience lasts, and no longer."""
    _claimed_by_another(cached)
    waited: list[float] = []
    assert (LIST, "network") == _told(replace(cached, pause=waited.append, patience=1.0))
    assert (20, 1) == (len(waited), len(inner.asked))


def test_doubted_answer_while_another_process_hangs(cached: CachingFetcher, inner: Counting) -> None:
    """An answer that is asked for afresh is not taken for the new one because somebody else left a lock beside it."""
    cached.fetch_all((ASK,))
    _claimed_by_another(cached)
    patient = replace(cached, pause=lambda _: None)
    assert "network" == patient.fetch_all((replace(ASK, fresh=True),))[0].source


def test_own_questions_are_not_held_up(cached: CachingFetcher, inner: Counting) -> None:
    """What nobody else is asking goes out before any waiting."""
    inner.replies["http://pki.example/b"] = Reply(LIST, None, 1)
    _claimed_by_another(cached)
    order: list[str] = []

    def wait(_: float) -> None:
        order.extend(ask.url for ask in inner.asked if ask.url not in order)

    replace(cached, pause=wait).fetch_all((ASK, Ask("http://pki.example/b")))
    assert ["http://pki.example/b"] == order


def test_locks_are_gone_afterwards(cached: CachingFetcher, inner: Counting) -> None:
    """No lock is left, even where the fetcher breaks its word and raises."""
    cached.fetch_all((ASK,))
    inner.replies.clear()
    with pytest.raises(KeyError):
        cached.fetch_all((Ask("http://pki.example/unheard"),))
    assert [entries.SUFFIX] == [one.path.suffix for one in entries.files(cached.directory)]


def _visit(url: str, directory: Path, start: Callable[[], object], found: object) -> None:
    """One process: it waits for the others, asks, and tells what it heard."""
    start()
    cached = CachingFetcher(HttpFetcher(allow_private=True), directory, lambda: datetime.now(UTC), patience=20.0)
    asks = tuple(Ask(f"{url}/p{n}") for n in range(8))
    found.put([reply.body for reply in cached.fetch_all(asks)])  # type: ignore[attr-defined]


def test_processes_at_once(tmp_path: Path) -> None:
    """Processes that ask the same at once all get every answer whole, and each address is asked once in all."""
    gate = threading.Event()

    def slow(handler: Handler) -> None:
        gate.wait(20)
        page(LIST)(handler)

    context = multiprocessing.get_context("spawn")
    with serving(**{f"p{n}": slow for n in range(8)}) as server:
        barrier, found = context.Barrier(3), context.Queue()
        visitors = [context.Process(target=_visit, args=(server.url, tmp_path, barrier.wait, found)) for _ in range(2)]
        for one in visitors:
            one.start()
        barrier.wait(60)
        threading.Timer(0.5, gate.set).start()
        heard = [found.get(timeout=60) for _ in visitors]
        for one in visitors:
            one.join(60)
    assert [[LIST] * 8] * 2 == heard
    assert [f"/p{n}" for n in range(8)] == sorted(hit[1] for hit in server.hits)
    assert {entries.SUFFIX} == {one.path.suffix for one in entries.files(tmp_path)}


def test_threads_at_once(tmp_path: Path, inner: Counting, clock: Clock) -> None:
    """Threads that share a directory and ask, evict and clear at once never see half an answer."""
    inner.replies |= {f"{URL}{n}": Reply(LIST, None, 1) for n in range(10)}
    cached = CachingFetcher(inner, tmp_path, clock, most=4 * len(LIST), patience=0.0)
    heard: list[bytes | None] = []

    def visit(round_: int) -> None:
        for n in range(10):
            heard.append(cached.fetch_all((Ask(f"{URL}{(n + round_) % 10}"),))[0].body)
        entries.clear(tmp_path)

    threads = [threading.Thread(target=visit, args=(n,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert [LIST] * 60 == heard


def test_kept_answers_count_in_the_budget_of_a_run(cached: CachingFetcher, inner: Counting) -> None:
    """What is kept is read only as far as all answers of a run may have bytes; the rest is left to the fetcher, which
    counts in the same budget, or is said not to have been read."""
    other = Ask("http://pki.example/other")
    inner.replies = {URL: Reply(LIST, None, 1), other.url: Reply(LIST, None, 1)}
    cached.fetch_all((ASK, other))
    tight = replace(cached, budget=Budget(len(LIST)))
    assert ["cache", "network"] == [reply.source for reply in tight.fetch_all((ASK, other))]
    offline = replace(cached, fetcher=None, budget=Budget(len(LIST)))
    assert [None, "It was not read from the cache: " + SPENT] == [one.error for one in offline.fetch_all((ASK, other))]


def test_an_answer_out_of_date_uses_up_nothing(cached: CachingFetcher, inner: Counting, clock: Clock) -> None:
    """A kept answer that stands no longer is not read, so that its successor has its room; where the server says that
    it has not changed, it is read then."""
    inner.replies[URL] = Reply(LIST, None, 1, validators=(("If-None-Match", '"1"'),))
    cached.fetch_all((ASK,))
    clock.now = NOW + DAY
    budget = Budget(len(LIST))
    inner.replies[URL] = Reply(None, "It answered with HTTP status 304.", 1, status=304)
    assert LIST == replace(cached, budget=budget).fetch_all((ASK,))[0].body
    assert budget.spent
