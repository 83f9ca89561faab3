"""Threads, started in one place: daemons, waited for under one deadline, from which a value or an exception comes back.

A daemon thread, because whoever waits for a resolver or a gateway that hangs must still be able to leave.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Task(Generic[T]):
    """Work that has begun in a daemon thread of its own; :func:`start` makes one."""

    def __init__(self, work: Callable[[], T], name: str) -> None:
        self._work = work
        self._values: list[T] = []
        self._errors: list[Exception] = []
        self._thread = threading.Thread(target=self._run, name=f"certready-{name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._values.append(self._work())
        except Exception as error:  # noqa: BLE001 - raised again in the thread that asks for the result
            self._errors.append(error)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it has come to its end, after so many seconds at most; None: however long it takes."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self, seconds: float | None = None) -> T:
        """What it came to, waited for like :meth:`wait`. Raises what the work raised, and TimeoutError."""
        self.wait(seconds)
        if self._errors:
            raise self._errors[0]
        if not self._values:
            raise TimeoutError
        return self._values[0]


def start(work: Callable[[], T], name: str) -> Task[T]:
    """Begin ``work`` in a daemon thread called ``certready-NAME``."""
    return Task(work, name)


def within(seconds: float, work: Callable[[], T], name: str) -> T:
    """``work()``, or TimeoutError after so many seconds; it is then left behind."""
    return start(work, name).result(seconds)


def in_parallel(work: Sequence[Callable[[], T]], name: str) -> list[T]:
    """The results of calls that end by themselves, made at the same time, in order. Raises what one of them raised."""
    if len(work) == 1:
        return [work[0]()]
    return [task.result() for task in [start(call, name) for call in work]]


class _Done(NamedTuple, Generic[T]):
    number: int
    value: T


class Pool(Generic[T]):
    """Jobs that a few daemon threads work through. Only the thread that waits for the results hears of them: those, an
    exception, and whatever the jobs asked to be called there."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._started = self._waiting = 0
        self._events: queue.SimpleQueue[_Done[T] | Exception | Callable[[], object]] = queue.SimpleQueue()

    def start(self, jobs: Iterable[Callable[[], T]], workers: int) -> None:
        """Begin with these jobs, ``workers`` of them at a time."""
        todo = deque(enumerate(jobs, self._started))
        self._started += len(todo)
        self._waiting += len(todo)
        for _ in range(min(workers, len(todo))):
            start(partial(self._work, todo), self._name)

    def call(self, function: Callable[[], object]) -> None:
        """Have it called in the thread that waits. For jobs, in their own threads."""
        self._events.put(function)

    def results(self, left: Callable[[], float]) -> Iterator[tuple[int, T]]:
        """The number of each job, in the order in which they were started, and what it came to, as they end, each once;
        no more once ``left()`` seconds are none. Raises what a job raised."""
        while self._waiting:
            try:
                event = self._events.get(timeout=max(left(), 0.0))
            except queue.Empty:
                return
            match event:
                case Exception():
                    raise event
                case _Done(number, value):
                    self._waiting -= 1
                    yield number, value
                case _:
                    event()

    def _work(self, todo: deque[tuple[int, Callable[[], T]]]) -> None:
        while True:
            try:
                number, job = todo.popleft()
            except IndexError:
                return
            try:
                self._events.put(_Done(number, job()))
            except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
                self._events.put(error)
