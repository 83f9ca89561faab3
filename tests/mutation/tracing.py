"""The traced run: which tests run which lines, and how long each takes."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import coverage
import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.caches import forget
from tests.mutation.children import end_with_parent

AT_IMPORT = "import"


class Traced(NamedTuple):
    """What the traced run saw: the CPU each test takes, and for each file and line the tests that run it. ``slow`` are
    those that take more than the budget and are of no use."""

    seconds: dict[str, float]
    tests: dict[str, dict[int, frozenset[str]]]
    failed: tuple[str, ...]
    slow: tuple[str, ...]


def traced(items: dict[str, pytest.Item], watched: coverage.Coverage, budget: float, folder: Path) -> Traced:
    """Run every test once, in a process of its own, so that nothing it leaves in memory is there when changes are
    tried."""
    pid = os.fork()
    if not pid:
        try:
            end_with_parent()
            _trace(items, watched, budget, folder / "traced")
        except BaseException as error:  # noqa: BLE001 - it must not go on as its parent
            print(f"{error!r}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    try:
        _, status = os.waitpid(pid, 0)
    except BaseException:  # Ctrl-C
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    if status:
        raise RuntimeError(f"the traced run ended with status {status}")
    seen: Traced = pickle.loads((folder / "traced").read_bytes())
    return seen


def _trace(items: dict[str, pytest.Item], watched: coverage.Coverage, budget: float, to: Path) -> None:
    tracer = _Tracer(watched, budget)
    signal.signal(signal.SIGPROF, tracer.interrupt)
    every = list(items.values())
    every[0].config._tmp_path_factory._basetemp = Path(tempfile.mkdtemp(dir=to.parent))  # type: ignore[attr-defined]
    every[0].session.config.pluginmanager.register(tracer)
    nothing = os.open(os.devnull, os.O_RDWR)
    kept = os.dup(2)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    for item, after in zip(every, [*every[1:], None], strict=True):
        tracer.trace(item, after)
    os.dup2(kept, 2)
    tracer.settle()
    watched.stop()
    data = watched.get_data()
    lines = {
        file: {line: frozenset(tracer.tests(contexts)) for line, contexts in data.contexts_by_lineno(file).items()}
        for file in data.measured_files()
    }
    to.write_bytes(pickle.dumps(Traced(tracer.seconds, lines, tuple(tracer.failed), tuple(tracer.slow))))


class _TooSlow(BaseException):
    """A test has used up the budget."""


class _Tracer:
    """Notes for each test what it runs. What a fixture of a module runs counts for every test that uses it."""

    def __init__(self, watched: coverage.Coverage, budget: float) -> None:
        self.watched, self.budget = watched, budget
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self.slow: list[str] = []
        self.users: defaultdict[str, set[str]] = defaultdict(set)
        self.costs: dict[str, float] = {}  # of shared fixtures, in seconds of CPU
        self.current, self.overdue = "", False

    def interrupt(self, *_: object) -> None:
        """What a test is told that has used up the budget."""
        self.overdue = True
        raise _TooSlow

    def trace(self, item: pytest.Item, after: pytest.Item | None) -> None:
        """Run a test."""
        self.current, self.overdue = item.nodeid, False
        forget(everywhere=True)
        self.watched.switch_context(item.nodeid)
        began = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, self.budget)
        reports = runtestprotocol(item, log=False, nextitem=after)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if self.overdue:
            self.slow.append(item.nodeid)
        elif any(report.failed for report in reports):
            self.failed.append(item.nodeid)
        elif all(report.passed for report in reports):
            self.seconds[item.nodeid] = time.process_time() - began
        definitions = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
        for definition in (one for several in definitions.values() for one in several if one.scope != "function"):
            self.users[_shared(definition)].add(item.nodeid)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """What a shared fixture runs is nobody's own."""
        if fixturedef.scope == "function":
            yield
            return
        shared, began = _shared(fixturedef), time.process_time()
        self.watched.switch_context(shared)
        signal.setitimer(signal.ITIMER_PROF, 0)  # another test may want it
        yield
        signal.setitimer(signal.ITIMER_PROF, self.budget)
        self.watched.switch_context(self.current)
        self.costs[shared] = time.process_time() - began

    def settle(self) -> None:
        """Count a shared fixture with each test that uses it: it may be the first, or the only one."""
        for shared, cost in self.costs.items():
            for name in self.users[shared] & set(self.seconds):
                self.seconds[name] += cost
        dear = [name for name, seconds in self.seconds.items() if seconds > self.budget]
        self.slow += dear
        for name in dear:
            del self.seconds[name]

    def tests(self, contexts: Iterable[str]) -> Iterator[str]:
        """The tests behind what coverage noted."""
        for context in contexts:
            yield from self.users.get(context) or (context or AT_IMPORT,)


def _shared(definition: Any) -> str:
    return f"fixture {definition.baseid} {definition.argname}"
