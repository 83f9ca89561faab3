"""Processes of this machine as the executor of a run: what holds for every line travels to each of them once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from certready.fleet.plan import Job
from certready.fleet.setup import Setup
from certready.fleet.work import Result, check
from certready.net.threads import start

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.connection import Connection

GC_THRESHOLD = 50_000  # as of the command line's own process


class Workers(Executor):
    """So many worker processes for one run. They are started with its first jobs and do nothing but check jobs."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._setup: Setup | None = None
        self._pool: ProcessPoolExecutor | None = None
        self._end: Connection | None = None  # closed where the processes shall end with what they are at

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Have jobs checked: ``function`` is :func:`certready.fleet.work.check`, its arguments a setup, the same one
        each time, and jobs."""
        setup, jobs = arguments
        if function is not check or named or setup is not (self._setup or setup):
            raise TypeError("workers check the jobs of one run and do no other work")
        if self._pool is None:
            from concurrent.futures import ProcessPoolExecutor
            from multiprocessing import get_context

            self._setup = setup
            context = get_context("spawn")  # because a process that has threads must not be forked
            ending, self._end = context.Pipe(duplex=False)
            self._pool = ProcessPoolExecutor(self._processes, context, _begin, (setup, ending))
        return self._pool.submit(_check, jobs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes once they have done what they are at; with ``cancel_futures`` that is left as well, since
        a gateway that does not answer would hold up whoever leaves."""
        if self._pool:
            self._pool.shutdown(wait, cancel_futures=cancel_futures)
        if cancel_futures and self._end:
            self._end.close()


@lru_cache(maxsize=1)
def _given() -> list[Setup]:
    """Where a worker process keeps what it was given when it began."""
    return []


def _begin(setup: Setup, ending: Connection) -> None:
    """What a worker process sets up: Ctrl-C is the first process's to hear, and it ends with that one."""
    import gc
    import os
    import signal
    import warnings

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(GC_THRESHOLD)
    warnings.simplefilter("ignore")
    _given().append(setup)

    def follow() -> None:
        ending.poll(None)  # nothing is ever sent: the other end was closed, or went with the first process
        os._exit(1)

    start(follow, "ending")


def _check(jobs: Sequence[Job]) -> list[Result]:
    return check(_given()[0], jobs)
