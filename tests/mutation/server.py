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

from tests import ending
from tests.mutation.caches import forget, spare_rsa_keys
from tests.mutation.changes import Mutant
from tests.mutation.children import (
    COLLECTION,
    KILLED,
    LEAST,
    TIMES,
    Child,
    Outcome,
    run_anew,
    run_here,
    settle_properties,
)
from tests.mutation.choosing import Choice
from tests.mutation.placing import Source, functions, import_anew, put_in_place
from tests.mutation.survivors import Key
from tests.mutation.tracing import traced

AT_LENGTH = 10  # budgets of tests for a change that none of the first ones notices


class Verdict(NamedTuple):
    """What became of a change, and the test that noticed it."""

    mutant: Mutant
    outcome: Outcome
    by: str = ""


class Trial(NamedTuple):
    """A change that is to be tried, with the tests of so many budgets."""

    mutant: Mutant
    times: int = 1


class Work(NamedTuple):
    """What is tried: changes of modules, which of them are explained, how many at a time, with how much CPU of tests,
    and whom to tell of each verdict."""

    sources: dict[str, Source]
    mutants: Sequence[Mutant]
    explained: frozenset[Key]
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
        self.session = session
        self.items = {item.nodeid: item for item in session.items if not item.get_closest_marker("xfail")}
        if session.testsfailed or not self.items:
            self.problem = "The tests cannot be collected."
            return True
        for module in self.work.sources:  # some are imported by what needs them first
            import_module(module)
        self.alive = functions()
        spare_rsa_keys()
        self.folder = Path(tempfile.mkdtemp(prefix="mutation-"))
        ending.removed(self.folder)  # also where this process is killed
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
        waiting = deque(Trial(mutant) for mutant in self.work.mutants)
        running: dict[int, tuple[Child, Trial]] = {}
        try:
            with selectors.DefaultSelector() as selector:
                while waiting or running:
                    if self.session.shouldstop:  # where the exception was raised in a finalizer it is lost
                        raise KeyboardInterrupt
                    while waiting and len(running) < self.work.jobs:
                        trial = waiting.popleft()
                        tests = self.choice.tests(trial.mutant, trial.times)
                        if not tests:
                            self.work.tell(Verdict(trial.mutant, "untested"))
                            continue
                        child = self._child(trial.mutant, tests, anew=self.choice.at_import(trial.mutant))
                        running[child.pipe] = child, trial
                        selector.register(child.pipe, selectors.EVENT_READ)
                    ready = {key.fd for key, _ in selector.select(timeout=1)}
                    for pipe in ready | {pipe for pipe, (child, _) in running.items() if child.overdue()}:
                        selector.unregister(pipe)
                        child, trial = running.pop(pipe)
                        again = self._settle(trial, child)
                        if again:
                            waiting.appendleft(again)
        finally:
            for child, _ in running.values():
                child.stop()

    def _settle(self, trial: Trial, child: Child) -> Trial | None:
        """Tell what became of a change, or how it is to be tried again: without a test that says nothing, or with more
        tests where it would be named, so that it does not hang on what the first ones cost today."""
        mutant = trial.mutant
        outcome, by = child.end()
        if outcome == "killed" and not self._proves(trial, by):
            return trial
        if outcome == "killed" and by != COLLECTION:
            self.choice.note(mutant, by)
        if outcome == "survived" and trial.times == 1 and mutant.key not in self.work.explained:
            return Trial(mutant, AT_LENGTH)
        self.work.tell(Verdict(mutant, outcome, by))
        return None

    def _proves(self, trial: Trial, by: str) -> bool:
        """Whether a test that has failed passes without the change when it is run like this, and fails with it again."""
        anew = self.choice.at_import(trial.mutant)
        names = self.choice.tests(trial.mutant, trial.times) if by == COLLECTION else [by]
        if (anew, by) not in self.fit:
            if self._child(None, names, anew=anew).end().outcome != "survived":
                if by == COLLECTION:
                    raise RuntimeError("the tests cannot be collected again, without any change")
                self.choice.unfit.add((anew, by))
                return False
            self.fit.add((anew, by))
        if by != COLLECTION and self._child(trial.mutant, names, anew=anew).end().outcome not in KILLED:
            self.choice.wavering.add((trial.mutant, by))
            return False
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
