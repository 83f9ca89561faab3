"""A pytest that has collected its tests once and then forks: for the traced run, and for every change."""

from __future__ import annotations

import gc
import selectors
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import coverage
import pytest

from tests.mutation.caches import forget, spare_rsa_keys
from tests.mutation.changes import Mutant
from tests.mutation.children import COLLECTION, LEAST, TIMES, Child, Outcome, run_anew, run_here, settle_properties
from tests.mutation.choosing import Choice
from tests.mutation.placing import Source, functions, import_anew, put_in_place
from tests.mutation.tracing import traced


class Verdict(NamedTuple):
    """What became of a change, and the test that noticed it."""

    mutant: Mutant
    outcome: Outcome
    by: str = ""


class Work(NamedTuple):
    """What is tried: changes of modules, how many at a time, with how much CPU of tests, and whom to tell of each
    verdict."""

    sources: dict[str, Source]
    mutants: Sequence[Mutant]
    jobs: int
    budget: float
    tell: Callable[[Verdict], None]


class Server:
    """The pytest plugin: in place of running the tests in turn it tries every change.

    ``watched`` was started before certready was imported, so that what runs at import is known too.
    """

    def __init__(self, work: Work, watched: coverage.Coverage) -> None:
        self.work, self.watched = work, watched
        self.problem = ""
        self.fit: set[tuple[bool, str]] = set()

    def pytest_sessionstart(self) -> None:
        settle_properties()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Trace once, then try."""
        self.items = {item.nodeid: item for item in session.items if not item.get_closest_marker("xfail")}
        if session.testsfailed or not self.items:
            self.problem = "The tests cannot be collected."
            return True
        for module in self.work.sources:  # some are imported by what needs them first
            import_module(module)
        self.alive = functions()
        spare_rsa_keys()
        self.folder = Path(tempfile.mkdtemp(prefix="mutation-"))
        try:
            seen = traced(self.items, self.watched, self.work.budget, self.folder)
            self.watched.stop()
            for name in seen.failed:
                print(f"fails without any change and is left out: {name}", flush=True)
            print(
                f"{len(seen.seconds)} tests of {sum(seen.seconds.values()):.0f} s of CPU; "
                f"{len(seen.slow)} that take more than {self.work.budget:g} s each are left out",
                flush=True,
            )
            self.choice = Choice(seen, self.work.sources, self.alive, self.work.budget)
            forget()
            gc.collect()
            gc.freeze()
            self._try_all()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        return True

    def _try_all(self) -> None:
        waiting = deque(self.work.mutants)
        running: dict[int, tuple[Child, Mutant]] = {}
        with selectors.DefaultSelector() as selector:
            while waiting or running:
                while waiting and len(running) < self.work.jobs:
                    mutant = waiting.popleft()
                    tests = self.choice.tests(mutant)
                    if not tests:
                        self.work.tell(Verdict(mutant, "untested"))
                        continue
                    child = self._child(mutant, tests, anew=self.choice.at_import(mutant))
                    running[child.pipe] = child, mutant
                    selector.register(child.pipe, selectors.EVENT_READ)
                for key, _ in selector.select(timeout=1):
                    selector.unregister(key.fd)
                    child, mutant = running.pop(key.fd)
                    if not self._settle(mutant, child):
                        waiting.appendleft(mutant)
                for child, _ in running.values():
                    child.end_if_stuck()

    def _settle(self, mutant: Mutant, child: Child) -> bool:
        """Tell what became of a change; False where the test that failed also fails without one when it is run like
        this, so that it says nothing."""
        outcome, by = child.end()
        if outcome == "killed" and by != COLLECTION:
            kind = self.choice.at_import(mutant), by
            if kind not in self.fit:
                if self._child(None, [by], anew=kind[0]).end().outcome != "survived":
                    self.choice.unfit.add(kind)
                    return False
                self.fit.add(kind)
            self.choice.note(mutant, by)
        self.work.tell(Verdict(mutant, outcome, by))
        return True

    def _child(self, mutant: Mutant | None, tests: Sequence[str], *, anew: bool) -> Child:
        limits = {name: LEAST + TIMES * self.choice.traced.seconds[name] for name in tests}
        of = self.work.sources[mutant.module] if mutant else None

        def run(pipe: int, folder: Path) -> None:
            if anew:
                import_anew(mutant, of)
                run_anew(limits, pipe, folder)
                return
            if mutant and of:
                put_in_place(mutant, of, self.alive)
            run_here([self.items[name] for name in tests], limits, pipe, folder)

        return Child(self.folder, run)
