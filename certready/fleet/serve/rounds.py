"""Checking a fleet again and again: when a round is due, which lines it does, and what is kept of it."""

from __future__ import annotations

import gc
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from certready.errors import CertreadyError
from certready.fleet import lines
from certready.fleet.inventory import INTERNAL, Inventory, Keys
from certready.fleet.lines import DONE
from certready.fleet.plan import Job, Planner, owned
from certready.fleet.schedule import scheduled
from certready.fleet.serve.board import Board, Kept, Known, Published, fresh, known
from certready.fleet.serve.pages import View, duration, published
from certready.fleet.serve.public import Public
from certready.fleet.setup import Setup
from certready.fleet.summary import COUNTS
from certready.fleet.work import Result
from certready.model import Tenant
from certready.wording import counted, visible

POLL = 0.5  # seconds between two looks at whether a round is due, or all of it to end
PAUSE = 60.0  # the same after a round that broke off
SHARE = 20  # making pages while a round is under way takes this part of the time


class Store(Protocol):
    """Where records go: a :class:`~certready.fleet.serve.state.State`, or files that they are added to."""

    def add(self, record: bytes) -> None:
        """Write down a record. Raises CertreadyError."""

    def keep(self, everything: Iterable[Known]) -> None:
        """A round is over, and this is all that is known. Raises CertreadyError."""


class Plan(Struct, frozen=True):
    """What is checked, and how.

    Args:
        inventory: the file.
        every: the time between two checks of a line.
        setup: gives what holds for every line from now on; raises CertreadyError.
        executor: gives what a round's work is done by.
        clock: the present.
        folders: where files lie that the options name.
    """

    inventory: Path
    every: timedelta
    setup: Callable[[], Setup]
    executor: Callable[[], Executor]
    clock: Callable[[], datetime]
    defaults: Keys
    jobs: int
    per_host: int
    workers: int | None
    folders: tuple[Path, ...] = ()


class Rounds:
    """The lines of an inventory, checked again and again, and published as they are known.

    Args:
        plan: what and how.
        inventory: as it was read at the start.
        setup: as it was made at the start.
        held: what an earlier run told, by name.
        store: where records go; None: nowhere.
        note: told a sentence about what happens, for whoever started the run.
    """

    def __init__(
        self,
        plan: Plan,
        inventory: Inventory,
        setup: Setup,
        held: Mapping[str, Known],
        *,
        store: Store | None,
        note: Callable[[str], None],
    ) -> None:
        self._plan, self._inventory, self._setup = plan, inventory, setup
        self._store, self._say = store, note
        self._known: dict[str, Known] = {name: held[name] for name in self._names() if name in held}
        self._owners: dict[str, str] = {}
        self._tenants: dict[str, Tenant] = {}
        self._trouble: str | None = None
        self._writing = threading.Lock()
        self._pause = POLL
        self._ended = False
        self._pool: Executor | None = None
        self.board = Board(plan.every, self._published())

    @property
    def codes(self) -> list[int]:
        """The exit code of each line, of those that were checked."""
        return [each.latest.entry.code for each in list(self._known.values())]

    def run(self, stopping: threading.Event) -> None:
        """Do rounds as they fall due, until it is time to stop."""
        self._round(stopping, everything=False)
        while not stopping.wait(self._pause):
            if self._due():
                self._read_again()
                self._round(stopping, everything=True)

    def end(self) -> None:
        """Keep no more records: those that are written are whole. For the thread that ends the run."""
        with self._writing:
            self._ended = True
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    # -- a round --------------------------------------------------------------------------------------------------

    def _names(self) -> Iterator[str]:
        return (line.name for line in self._inventory.lines)

    def _due(self) -> bool:
        """Whether a line has no check yet, or an old one."""
        now = self._plan.clock()
        checks = [self._known[name].latest for name in self._names() if name in self._known]
        return len(checks) < len(self._inventory.lines) or not all(
            fresh(check.checked_at, now, self._plan.every) for check in checks
        )

    def _read_again(self) -> None:
        """The inventory and what holds for every line, as they are now; where one cannot be read, as before."""
        self._trouble = None
        try:
            self._setup = self._plan.setup()
        except CertreadyError as error:
            self._say(f"what the options name cannot be read again, and is used as before: {error.message}")
            self._setup = replace(self._setup, now=self._plan.clock(), token=f"{self._setup.token}+")
        try:
            self._inventory = Inventory.load(self._plan.inventory)
        except CertreadyError as error:
            self._trouble = error.message
            self._say(f"the inventory cannot be read again, and the lines of before are checked: {error.message}")
        self._known = {name: self._known[name] for name in self._names() if name in self._known}

    def _round(self, stopping: threading.Event, *, everything: bool) -> None:
        self._pause = POLL
        began, cost, shown = time.monotonic(), 0.0, time.monotonic()
        planner = Planner(self._setup, self._plan.defaults, self._inventory.folder, self._say)
        # Lines that nothing is known of come first: until they are checked the whole is not healthy.
        todo = sorted(self._inventory.lines, key=lambda line: line.name in self._known)
        owners: dict[str, str] = {}
        tenants: dict[str, Tenant] = {}
        jobs = (job for job in owned(planner.jobs(todo), owners, tenants) if everything or not self._is_kept(job))
        lately = "" if everything or not self._known else ", but for those that were checked lately"
        self._say(f"checking {counted(len(todo), 'line')}{lately}")
        pool = self._pool = self._plan.executor()
        try:
            if self._ended:
                return
            results = scheduled(
                jobs,
                self._setup,
                pool,
                at_once=self._plan.jobs,
                per_host=self._plan.per_host,
                workers=self._plan.workers,
            )
            for result in results:
                if stopping.is_set():
                    return
                self._add(result)
                if time.monotonic() - shown > cost * SHARE:
                    cost = self._publish()
                    shown = time.monotonic()
        except CertreadyError as error:
            if self._ended:  # and the executor with it
                return
            self._say(f"the round broke off, and is begun again in {PAUSE:.0f} s: {error.message}")
            self._pause = PAUSE
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        self._owners, self._tenants = owners, tenants
        self._publish()
        self._keep()
        gc.collect()  # TLS contexts hold on to themselves, and little else makes the collector look for them
        if self._pause == PAUSE:
            return
        seconds, again = time.monotonic() - began, duration(self._plan.every)
        self._say(f"checked in {seconds:.0f} s: {self._counts()}; again after {again}")

    def _is_kept(self, job: Job) -> bool:
        """Whether an earlier run told what this line comes to, lately."""
        held = self._known.get(job.line.name)
        return (
            held is not None
            and held.latest.entry.digest == job.digest
            and held.latest.entry.code in DONE
            and fresh(held.latest.checked_at, self._plan.clock(), self._plan.every)
        )

    def _add(self, result: Result) -> None:
        extra = result.line.keys.extra
        document = lines.document(result)
        record = lines.encoded(document, extra)
        name = result.line.name
        with self._writing:
            if self._ended:
                return
            entry = lines.entry(document, extra)
            checked_at = entry.checked_at if document.report else self._plan.clock()
            kept = Kept.of(entry, checked_at, record)
            self._known[name] = known(self._known.get(name), kept)
            if self._store:
                try:
                    self._store.add(record)
                except CertreadyError as error:
                    self._say(error.message)
        for sentence in result.notes:
            self._say(f"{name}: {sentence}")
        if result.problem and result.code == INTERNAL:
            self._say(f"{name}: {result.problem.error}")

    def _keep(self) -> None:
        if self._store:
            try:
                with self._writing:
                    if not self._ended:
                        self._store.keep(self._known.values())
            except CertreadyError as error:
                self._say(error.message)

    # -- what is shown --------------------------------------------------------------------------------------------

    def _counts(self) -> str:
        seen = Counter[str](each.latest.entry.verdict or "error" for each in self._known.values())
        return ", ".join(f"{seen[name]} {name.replace('-', ' ')}" for name in COUNTS if seen[name])

    def _publish(self) -> float:
        """Publish what is known. Returns the seconds that took."""
        began = time.monotonic()
        self.board.publish(self._published())
        return time.monotonic() - began

    def _published(self) -> Published:
        view = View(
            visible(self._plan.inventory.name),
            self._inventory.lines,
            self._known,
            self._setup,
            self._plan.every,
            self._owners,
            self._tenants,
            self._trouble,
        )
        return published(view, Public(self._folders()))

    def _folders(self) -> Iterator[Path]:
        """Where files lie that the inventory or the options name."""
        yield self._plan.inventory.absolute().parent
        yield from self._plan.folders
        for line in self._inventory.lines:
            keys = line.keys
            for name in (keys.name, keys.target, keys.password_file, *(keys.tenant or ())):
                if name and Path(name).is_absolute():
                    yield Path(name).parent
