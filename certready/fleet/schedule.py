"""Running the jobs: so many at once, so many for each host, on any executor, each result as it comes."""

from __future__ import annotations

import queue
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import NamedTuple

from certready.errors import CertreadyError
from certready.fleet.plan import Job
from certready.fleet.setup import Setup
from certready.fleet.work import Result, check

JOBS = 16
PER_HOST = 4
FILES = 16  # of a batch: to hand over one alone costs as much as to judge it
AHEAD = 2000  # jobs that may wait for their host while others are looked for
POLL = 0.5  # seconds between two looks for Ctrl-C, which waiting does not notice, and for more room

Batch = tuple[Job, ...]


class Room(NamedTuple):
    """How much is under way at once: so many ``batches``, in each so many ``live`` targets or several files."""

    batches: int
    live: int = 1


def scheduled(
    jobs: Iterable[Job],
    setup: Setup,
    executor: Executor,
    *,
    at_once: int = JOBS,
    per_host: int = PER_HOST,
    workers: int | None = None,
    room: Callable[[], Room] | None = None,
) -> Iterator[Result]:
    """One result for each job, as they come.

    Args:
        executor: does the work; threads of this process, other processes, or other machines.
        at_once: jobs under way at the same time.
        per_host: of these, for one host.
        workers: how many batches the executor works on at once, where that is less than ``at_once``: a batch of live
            targets is then as large as it takes to have ``at_once`` of them under way.
        room: says instead of ``at_once`` and ``workers`` how much is under way, where that changes.

    Raises:
        CertreadyError: the executor lost a worker; what was yielded before stands.
    """
    # As many batches wait as are worked on, so that no worker does.
    fixed = Room(at_once) if workers is None else Room(2 * workers + 1, max(1, at_once // workers))
    chooser = _Chooser(jobs, per_host)
    done: queue.SimpleQueue[tuple[Batch, Future[list[Result]]]] = queue.SimpleQueue()
    running: dict[Future[list[Result]], Batch] = {}
    try:
        while True:
            now = room() if room else fixed
            while len(running) < now.batches and (batch := chooser.next(now.live)):
                future = executor.submit(check, setup, batch)
                running[future] = batch
                future.add_done_callback(lambda future, batch=batch: done.put((batch, future)))  # type: ignore[misc]
            if not running:
                return
            try:
                batch, future = done.get(timeout=POLL)
            except queue.Empty:
                continue
            del running[future]
            chooser.finished(batch)
            try:
                results = future.result()
            except CertreadyError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever an executor of any kind raises for work that it lost
                raise CertreadyError(
                    f"A worker ended before its work did ({type(error).__name__}: {error}).",
                    hint="What is done is kept: run it again with --resume.",
                ) from None
            yield from results
    finally:
        for future in running:
            future.cancel()


class _Chooser:
    """Which jobs are next: in the order of the inventory, but for those whose host has enough to do."""

    def __init__(self, jobs: Iterable[Job], per_host: int) -> None:
        self._jobs = iter(jobs)
        self._per_host = per_host
        self._busy: Counter[str] = Counter()
        self._waiting: dict[str, deque[Job]] = {}  # by host
        self._count = 0
        self._files: list[Job] = []

    def next(self, most: int) -> Batch:
        """The next batch, of so many live targets at most, empty where nothing can be begun now."""
        live: list[Job] = []
        while len(live) < most and len(self._files) < FILES and (job := self._job()):
            (self._files if job.place is None else live).append(job)
        if live:
            return tuple(live)
        files, self._files = tuple(self._files), []
        return files

    def finished(self, batch: Batch) -> None:
        for job in batch:
            if job.host:
                self._busy[job.host] -= 1
                if not self._busy[job.host]:
                    del self._busy[job.host]

    def _job(self) -> Job | None:
        """A job whose host has room, and counts as begun."""
        free = next((host for host in self._waiting if self._busy[host] < self._per_host), None)
        if free is not None:
            waiting = self._waiting[free]
            self._busy[free] += 1
            self._count -= 1
            job = waiting.popleft()
            if not waiting:
                del self._waiting[free]
            return job
        while self._count < AHEAD:
            new = next(self._jobs, None)
            if new is None:
                return None
            if not new.host:
                return new
            if self._busy[new.host] < self._per_host and new.host not in self._waiting:
                self._busy[new.host] += 1
                return new
            self._waiting.setdefault(new.host, deque()).append(new)
            self._count += 1
        return None
