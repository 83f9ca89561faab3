"""What lines share: each address and each name is asked about once, however many want it at the same time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import pytest

from certready.fleet.sharing import Once, SharedFetcher, SharedNames
from certready.model import Ask, Reply
from certready.net.dns import ResolveError
from certready.net.threads import start


class Counting:
    """A fetcher that notes what it was asked, and answers once ``opened``."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.opened = threading.Event()

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        self.asked += [ask.url for ask in asks]
        assert self.opened.wait(30)
        return tuple(Reply(ask.url.encode(), None, 1) for ask in asks)


def test_twenty_lines_at_once_ask_once() -> None:
    """Of twenty lines that want the same two addresses at the same time each is asked once, and all have the answers."""
    counting = Counting()
    shared = SharedFetcher(counting)
    asks = (Ask("http://a.test/1"), Ask("http://a.test/2"))
    tasks = [start(partial(shared.fetch_all, asks if number % 2 else asks[::-1]), "test") for number in range(20)]
    counting.opened.set()
    found = [{reply.body for reply in task.result(30)} for task in tasks]
    assert [{b"http://a.test/1", b"http://a.test/2"}] * 20 == found
    assert ["http://a.test/1", "http://a.test/2"] == sorted(counting.asked)


def test_a_fresh_question_is_another_question() -> None:
    """What is asked afresh, or with another body, is asked."""
    counting = Counting()
    counting.opened.set()
    shared = SharedFetcher(counting)
    asks = (Ask("http://a.test"), Ask("http://a.test", fresh=True), Ask("http://a.test", b"body"))
    shared.fetch_all(asks)
    shared.fetch_all(asks)
    assert 3 == len(counting.asked)


def test_what_fails_is_asked_for_again() -> None:
    """Where whoever works a value out fails, the next one tries again."""
    once: Once[str, int] = Once(10)
    with pytest.raises(ZeroDivisionError):
        once.get(["a"], lambda keys: [1 // 0 for _ in keys])
    assert [5] == once.get(["a"], lambda keys: [5 for _ in keys])


def test_what_is_kept_is_bounded() -> None:
    """The longest unused values go once the others weigh more than they may together."""
    once: Once[int, bytes] = Once(100, len)
    made: list[int] = []

    def work(keys: Sequence[int]) -> list[bytes]:
        made.extend(keys)
        return [b"x" * 30 for _ in keys]

    for key in (1, 2, 3, 1, 4, 1, 2):
        once.get([key], work)
    assert [1, 2, 3, 4, 2] == made


def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses of a host are found once, and a name that leads nowhere stays one."""
    names = SharedNames()
    first = names("127.0.0.1", 25, timeout=5.0)
    assert first is names("127.0.0.1", 25, timeout=5.0)
    assert first is not names("127.0.0.1", 26, timeout=5.0)
    for _ in range(2):
        with pytest.raises(ResolveError):
            names("gw.contoso.com", 25, timeout=5.0, resolve={"gw.contoso.com": []})
