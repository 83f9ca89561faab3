"""Asking ahead: what the first chain of a gateway will need is fetched while the gateway still answers other questions.

Revocation answers take as many round trips as the rest of a handshake; side by side they cost none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from certready.model import Ask, Fetcher, Reply
from certready.net.threads import Task, start


class Ahead:
    """A fetcher in front of another that can be told what will be asked; implements
    :class:`certready.model.Fetcher`. What was not foreseen is asked as ever."""

    def __init__(self, behind: Callable[[], Fetcher | None]) -> None:
        """``behind`` gives the fetcher that really fetches; it may be slow, and is called where it is needed."""
        self._behind = behind
        self._lock = threading.Lock()
        self._replies: dict[Ask, Reply] = {}
        self._started: set[Ask] = set()
        self._tasks: list[Task[None]] = []

    def start(self, asks: Callable[[], tuple[Ask, ...]]) -> None:
        """Work out what will be asked and begin to fetch it, in a thread that keeps nobody from leaving."""
        self._tasks.append(start(partial(self._fetch, asks), "ahead"))

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        """One Reply for each Ask, in order. Fetchers end by themselves, so waiting for what is under way is bounded."""
        behind = self._behind()
        for task in self._tasks:
            task.wait()
        missing = tuple(ask for ask in asks if ask not in self._replies)
        if missing and behind is not None:
            self._replies.update(zip(missing, behind.fetch_all(missing), strict=True))
        return tuple(self._replies[ask] for ask in asks)

    def _fetch(self, asks: Callable[[], tuple[Ask, ...]]) -> None:
        """Whatever it raises, whoever asks in earnest meets again, and says it."""
        behind = self._behind()
        with self._lock:
            new = tuple(ask for ask in asks() if ask not in self._started)
            self._started.update(new)
        if new and behind is not None:
            self._replies.update(zip(new, behind.fetch_all(new), strict=True))
