"""Asking ahead: what is foreseen is asked once, and what is not is asked as ever."""

from __future__ import annotations

import threading

from certready.model import Ask, Reply
from certready.net.http.prefetch import Ahead

ONE, TWO, THREE = (Ask(f"http://ca.test/{name}") for name in ("one", "two", "three"))


class Recorder:
    """A fetcher that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.threads: list[threading.Thread] = []

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        self.asked += asks
        self.threads.append(threading.current_thread())
        return tuple(Reply(ask.url.encode(), None, 1) for ask in asks)


def urls(replies: tuple[Reply, ...]) -> list[bytes | None]:
    """The bodies, which are the URLs that were asked."""
    return [reply.body for reply in replies]


def test_foreseen() -> None:
    """What was started is not asked again; the order of the replies is that of the asks."""
    behind = Recorder()
    ahead = Ahead(lambda: behind)
    ahead.start(lambda: (ONE, TWO))
    assert urls(ahead.fetch_all((THREE, TWO, ONE))) == [ask.url.encode() for ask in (THREE, TWO, ONE)]
    assert behind.asked == [ONE, TWO, THREE]
    assert behind.threads[0] is not threading.current_thread()


def test_twice() -> None:
    """Two chains that need the same answer lead to one request."""
    behind = Recorder()
    ahead = Ahead(lambda: behind)
    ahead.start(lambda: (ONE,))
    ahead.start(lambda: (ONE, TWO))
    ahead.fetch_all((ONE, TWO))
    assert sorted(ask.url for ask in behind.asked) == [ONE.url, TWO.url]


def test_a_failure_ahead() -> None:
    """Whatever goes wrong ahead of time, the answer is asked for in earnest afterwards."""

    def fail() -> tuple[Ask, ...]:
        raise LookupError

    behind = Recorder()
    ahead = Ahead(lambda: behind)
    ahead.start(fail)
    assert urls(ahead.fetch_all((ONE,))) == [ONE.url.encode()]
