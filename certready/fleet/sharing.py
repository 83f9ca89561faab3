"""What the lines of one run share: each address and each name is asked about once, however many lines want it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from certready.model import Ask, Fetcher, Reply
from certready.model.budget import MOST_BYTES
from certready.net.dns import ResolveError
from certready.net.resolve import Address, addresses

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

KEPT_NAMES = 100_000


class _Slot(Generic[V]):
    """A value that somebody is working out."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.values: list[V] = []


class Once(Generic[K, V]):
    """Values by key, each worked out once: whoever asks while somebody else is at it waits for that one.

    Args:
        most: what the values kept may weigh together; the longest unused go first.
        weight: of one value.
    """

    def __init__(self, most: int, weight: Callable[[V], int] = lambda _: 1) -> None:
        self._most, self._weight = most, weight
        self._slots: OrderedDict[K, _Slot[V]] = OrderedDict()
        self._kept = 0
        self._lock = threading.Lock()

    def get(self, keys: Sequence[K], work: Callable[[Sequence[K]], Sequence[V]]) -> list[V]:
        """The value of each key; ``work`` is given those that nobody has asked for yet. Raises what ``work`` raises."""
        found: dict[K, V] = {}
        while missing := [key for key in dict.fromkeys(keys) if key not in found]:
            slots, mine = self._claim(missing)
            if mine:
                self._work(mine, slots, work)
            for key, slot in slots.items():
                slot.ready.wait()
                if slot.values:  # else whoever was at it failed, and it is asked for again
                    found[key] = slot.values[0]
        return [found[key] for key in keys]

    def _claim(self, keys: Sequence[K]) -> tuple[dict[K, _Slot[V]], list[K]]:
        """The slot of every key, and the keys that are now the caller's to work out."""
        with self._lock:
            mine = [key for key in keys if key not in self._slots]
            for key in mine:
                self._slots[key] = _Slot()
            for key in keys:
                self._slots.move_to_end(key)
            return {key: self._slots[key] for key in keys}, mine

    def _work(self, mine: Sequence[K], slots: dict[K, _Slot[V]], work: Callable[[Sequence[K]], Sequence[V]]) -> None:
        try:
            for key, value in zip(mine, work(mine), strict=True):
                slots[key].values.append(value)
        finally:
            with self._lock:
                for key in mine:
                    if slots[key].values:
                        self._kept += self._weight(slots[key].values[0])
                    else:
                        del self._slots[key]
                self._forget()
            for key in mine:
                slots[key].ready.set()

    def _forget(self) -> None:
        for key in list(self._slots):
            if self._kept <= self._most:
                return
            slot = self._slots[key]
            if slot.values:
                del self._slots[key]
                self._kept -= self._weight(slot.values[0])


class SharedFetcher:
    """A fetcher in front of another that asks each question once; implements :class:`certready.model.Fetcher`."""

    def __init__(self, behind: Fetcher) -> None:
        self._behind = behind
        self._replies: Once[Ask, Reply] = Once(MOST_BYTES, lambda reply: len(reply.body or b"") + 500)

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        return tuple(self._replies.get(asks, lambda new: self._behind.fetch_all(tuple(new))))


class SharedNames:
    """Looks up the addresses of hosts, each once; called as :func:`certready.net.resolve.addresses` is."""

    def __init__(self) -> None:
        self._found: Once[tuple[str, int], tuple[Address, ...] | ResolveError] = Once(KEPT_NAMES)

    def __call__(self, host: str, port: int, **how: object) -> tuple[Address, ...]:
        """Raises ResolveError."""

        def look_up(_keys: object) -> list[tuple[Address, ...] | ResolveError]:
            try:
                return [addresses(host, port, **how)]  # type: ignore[arg-type]
            except ResolveError as error:
                return [error]

        (value,) = self._found.get([(host, port)], look_up)
        if isinstance(value, ResolveError):
            raise ResolveError(str(value))
        return value
