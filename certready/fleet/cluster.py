"""A Dask cluster as the executor of a run: jobs leave this machine sealed, and come back as results.

A job is sent as bytes to a :class:`certready.fleet.parcel.Run`, which a worker makes of bytes: the scheduler needs no
certready. Dask does a lost worker's tasks again. One whose workers are lost too often is suspected: its lines are done
again one by one with nothing beside them, so that the line that ends workers is told from those that were near it.
"""

from __future__ import annotations

import asyncio
import operator
import os
import pickle
import queue
import time
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Mapping
from concurrent.futures import Executor, Future
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from msgspec.structs import replace

from certready.errors import CertreadyError
from certready.fleet.inventory import Problem
from certready.fleet.parcel import Answer, Run, packed, sealed, unpacked
from certready.fleet.plan import Job
from certready.fleet.schedule import JOBS, Room
from certready.fleet.setup import Setup
from certready.fleet.work import Result, check
from certready.net.executor import DaemonExecutor
from certready.net.threads import start, within

WATCH = 1.0  # seconds between two looks at who is there
PATIENCE = 60.0  # seconds without a worker, or without a word of the scheduler, after which a run ends
LEAVING = 5.0  # seconds that taking leave may take
CANCELLED = ("CancelledError", "FutureCancelledError", "FuturesCancelledError")
GO_ON = "What stands in the file of --format jsonl or --resume is kept: go on with --resume."


class _Batch(NamedTuple):
    """What was submitted, and the results so far by their place in ``jobs``."""

    future: Future[list[Result]]
    setup: Setup
    jobs: tuple[Job, ...]
    results: dict[int, Result]


class _Part(NamedTuple):
    """Sealed jobs of a batch by their place, sent as one task; ``alone``, with no other task under way."""

    batch: _Batch
    jobs: Mapping[int, Job]
    alone: bool = False


def room(threads: Collection[int], jobs: int | None) -> Room:
    """How much workers with so many threads each take: a batch for each thread, and one more for each worker, so that
    none waits. ``jobs`` is how many lines may be under way at most; None: 16 for each worker."""
    every, workers = max(1, sum(threads)), max(1, len(threads))
    live = max(1, (jobs or JOBS * workers) // every)
    return Room(jobs // live if jobs else every + workers, live)


class Cluster(Executor):
    """The executor; :func:`certready.fleet.connecting.connected` makes one. It does nothing but check jobs.

    Args:
        client: of ``distributed``; it is closed at the end.
        address: of the scheduler, for sentences.
        threads: of each worker that is there.
        clock: the present, aware.
        jobs: lines under way at once on the whole cluster; None: 16 for each worker.
        patience: seconds that a run waits for a worker where there is none, or for a word of the scheduler.
    """

    def __init__(
        self,
        client: Any,
        address: str,
        threads: Mapping[str, int],
        clock: Callable[[], datetime],
        *,
        jobs: int | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._client, self._address, self._clock = client, address, clock
        self._jobs, self._patience = jobs, patience
        self._threads = threads
        self._openers = DaemonExecutor(os.cpu_count() or 1, "open")
        self._events: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        # What follows is the keeper thread's alone.
        self._waiting: deque[_Part] = deque()
        self._suspects: deque[_Part] = deque()
        self._sent: dict[int, tuple[_Part, Any]] = {}
        self._run: tuple[Setup, Any] | None = None
        self._count = 0
        self._failure: CertreadyError | None = None
        self._looking = False
        self._heard = self._manned = time.monotonic()
        start(self._keep, "cluster")

    def room(self) -> Room:
        """How much the cluster takes now."""
        return room(self._threads.values(), self._jobs)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Have jobs checked: ``function`` is :func:`certready.fleet.work.check`, its arguments a setup and jobs."""
        if function is not check or named:
            raise TypeError("a cluster checks jobs and does no other work")
        setup, jobs = arguments
        batch = _Batch(Future(), setup, tuple(jobs), {})
        self._openers.submit(self._open, batch)
        return batch.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002 - never waited for
        """Give up what is not done; the scheduler forgets it."""
        self._openers.shutdown()
        self._events.put(None)
        try:
            within(LEAVING, self._client.close, "leave")
        except Exception:  # noqa: BLE001 - of a scheduler that is gone no leave can be taken
            return

    # -- in the threads that open files -----------------------------------------------------------------------------

    def _open(self, batch: _Batch) -> None:
        if not batch.future.set_running_or_notify_cancel():
            return
        jobs: dict[int, Job] = {}
        for place, job in enumerate(batch.jobs):
            try:
                if job.problem is None:
                    jobs[place] = sealed(job)
                    continue
            except Exception:  # noqa: BLE001, S110 - said below, as it is of every line
                pass
            batch.results[place] = check(batch.setup, [job])[0]
        self._events.put(partial(self._opened, _Part(batch, jobs)))

    # -- in the keeper's thread, which alone knows what is under way --------------------------------------------------

    def _keep(self) -> None:
        looked = time.monotonic() - WATCH
        event: Callable[[], None] | None = _nothing
        while event:
            try:
                event()
                if time.monotonic() - looked >= WATCH:
                    looked = time.monotonic()
                    self._look()
                self._advance()
            except CertreadyError as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001 - whatever the library raises: nobody is to wait for ever
                self._fail(CertreadyError(f"Dask failed ({type(error).__name__}: {error}).", hint=GO_ON))
            try:
                event = self._events.get(timeout=WATCH)
            except queue.Empty:
                event = _nothing

    def _opened(self, part: _Part) -> None:
        if part.jobs:
            self._waiting.append(part)
        else:
            self._settle(part.batch)

    def _advance(self) -> None:
        """Send what may be under way now: of suspects one, when nothing else is."""
        if self._failure:
            self._fail(self._failure)
        while self._suspects and not self._sent:
            self._send(self._suspects.popleft())
        while self._waiting and not self._suspects and not any(part.alone for part, _ in self._sent.values()):
            self._send(self._waiting.popleft())

    def _send(self, part: _Part) -> None:
        self._count += 1
        number = self._count
        task = self._client.submit(
            operator.call,
            self._arrived(part.batch.setup),
            packed(tuple(part.jobs.values()), self._clock()),
            key=f"certready-{part.batch.setup.token}-{number}",
            pure=False,
        )
        self._sent[number] = (part, task)
        self._follow(self._client.gather(task, asynchronous=True), partial(self._came, number))

    def _arrived(self, setup: Setup) -> Any:
        """The setup on a worker, from which Dask hands it on to those that need it."""
        if self._run is None or self._run[0] != setup:
            sent = self._client.submit(
                pickle.loads,
                pickle.dumps(Run.of(setup, max(1, len(self._threads)))),
                key=f"certready-{setup.token}",
                pure=False,
            )
            self._run = (setup, sent)
        return self._run[1]

    def _follow(self, work: Coroutine[Any, Any, Any], then: Callable[[Future[Any]], None]) -> None:
        """Have ``then`` called here with what the client's own thread makes of this."""
        following = asyncio.run_coroutine_threadsafe(work, self._client.loop.asyncio_loop)
        following.add_done_callback(lambda done: self._events.put(partial(then, done)))

    def _came(self, number: int, done: Future[Answer]) -> None:
        if number not in self._sent:
            return
        part, _ = self._sent[number]
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or type(error).__name__ in CANCELLED:
            raise self._lost()
        if type(error).__name__ == "KilledWorker":
            self._suspect(part)
        elif error is not None:
            raise _unfit(error)
        else:
            jobs = {place: part.batch.jobs[place] for place in part.jobs}
            part.batch.results.update(zip(jobs, unpacked(done.result(), tuple(jobs.values())), strict=True))
        del self._sent[number]
        self._settle(part.batch)

    def _suspect(self, part: _Part) -> None:
        if not part.alone:
            self._suspects += [_Part(part.batch, {place: job}, alone=True) for place, job in part.jobs.items()]
            return
        problem = Problem(
            "The worker that checked it was lost each time, though it checked nothing else then.",
            "See the workers' logs: they may have too little memory. certready check or certready probe do it here.",
        )
        for place in part.jobs:
            given_up = replace(part.batch.jobs[place], problem=problem)
            part.batch.results[place] = check(part.batch.setup, [given_up])[0]

    def _settle(self, batch: _Batch) -> None:
        if len(batch.results) == len(batch.jobs) and not batch.future.done():
            batch.future.set_result([batch.results[place] for place in range(len(batch.jobs))])

    # -- who is there -----------------------------------------------------------------------------------------------

    def _look(self) -> None:
        now = time.monotonic()
        if not (self._sent or self._waiting or self._suspects):
            self._heard = self._manned = now
        if self._client.status != "running":
            raise self._lost()
        if now - self._heard > self._patience:
            sentence = f"The scheduler at {self._address} has not answered for {self._patience:.0f} seconds."
            raise CertreadyError(sentence, hint=GO_ON)
        if now - self._manned > self._patience:
            sentence = f"The cluster at {self._address} has had no worker for {self._patience:.0f} seconds."
            raise CertreadyError(sentence, hint=f"Start one with: dask worker {self._address}. {GO_ON}")
        if not self._looking:
            self._looking = True
            self._follow(self._client.nthreads(asynchronous=True), self._saw)

    def _saw(self, done: Future[Mapping[str, int]]) -> None:
        self._looking = False
        if done.cancelled() or done.exception():
            return
        self._heard = time.monotonic()
        self._threads = done.result()
        if self._threads:
            self._manned = self._heard

    def _lost(self) -> CertreadyError:
        return CertreadyError(f"The scheduler at {self._address} was lost while lines were under way.", hint=GO_ON)

    def _fail(self, error: CertreadyError) -> None:
        """End the run: of nothing that is under way the result can be had."""
        self._failure = self._failure or error
        parts = (*self._waiting, *self._suspects, *(part for part, _ in self._sent.values()))
        self._waiting.clear()
        self._suspects.clear()
        self._sent.clear()
        for part in parts:
            if not part.batch.future.done():
                part.batch.future.set_exception(self._failure)


def _unfit(error: BaseException) -> CertreadyError:
    """Why a worker could not do its work."""
    if isinstance(error, (ModuleNotFoundError, AttributeError)) and "certready" in str(error):
        return CertreadyError(
            f"A worker has no certready, or another version of it ({error}).",
            hint="Install the version of this machine wherever a worker runs, then go on with --resume.",
        )
    return CertreadyError(f"A worker could not do its work ({type(error).__name__}: {error}).", hint=GO_ON)


def _nothing() -> None:
    """Nothing has happened."""
