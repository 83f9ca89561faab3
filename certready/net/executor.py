"""Daemon threads as an executor of :mod:`concurrent.futures`."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

from certready.net.threads import start

T = TypeVar("T")
P = ParamSpec("P")


class DaemonExecutor(Executor):
    """An executor of daemon threads: what they are at is left behind where the program ends.

    The threads of the standard library's are waited for, however long a gateway keeps them.
    """

    def __init__(self, workers: int, name: str) -> None:
        self._workers, self._name = workers, name
        self._started = 0
        self._todo: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def submit(self, function: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> Future[T]:
        """Have it called in one of the threads."""
        future: Future[T] = Future()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function(*arguments, **named))
            except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
                future.set_exception(error)

        self._todo.put(call)
        if self._started < self._workers:
            self._started += 1
            start(self._work, self._name)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002 - never waited for
        """The threads end once what was submitted is done; nobody waits for them."""
        for _ in range(self._started):
            self._todo.put(_leave)

    def _work(self) -> None:
        while (call := self._todo.get()) is not _leave:
            call()


def _leave() -> None:
    """What a thread of a :class:`DaemonExecutor` is given to end it."""
