"""A pytest that has collected its tests once and then forks: for the traced run, and for every change."""

from __future__ import annotations

import gc
import os
import pickle
import resource
import selectors
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import coverage
import pytest
from _pytest.runner import runtestprotocol
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import Phase, settings

from tests.mutation.changes import Mutant
from tests.mutation.placing import Source, functions, import_anew, put_in_place

EARLY = 3  # tests of each line of a function that go before the others
LEAST = 1.5  # seconds of CPU that every test may take
TIMES = 20  # times its usual CPU that a test may take
MEMORY = 2 * 2**30  # bytes of address space that a child may need more than it began with
STUCK = 300.0  # seconds after which a child that waits for something is ended
AT_IMPORT = "import"

Outcome = Literal["killed", "cpu", "stuck", "survived", "untested", "unplaced"]
KILLED: frozenset[Outcome] = frozenset({"killed", "cpu", "stuck"})


class Traced(NamedTuple):
    """What the traced run saw: the CPU each test takes, and for each file and line the tests that run it."""

    seconds: dict[str, float]
    tests: dict[str, dict[int, frozenset[str]]]
    failed: tuple[str, ...]
    slow: tuple[str, ...]


class Verdict(NamedTuple):
    """What became of a change, and the test that noticed it."""

    mutant: Mutant
    outcome: Outcome
    by: str = ""


class Work(NamedTuple):
    """What is tried: changes of modules, how many at a time, with how much CPU of tests, and whom to tell of
    each verdict."""

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
        self.orders: dict[tuple[str, range, frozenset[str]], list[str]] = {}
        self.ways: dict[frozenset[str], list[frozenset[str]]] = {}
        self.killers: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def pytest_sessionstart(self) -> None:
        """Properties try the same examples each time; a failing one is not made smaller, it has failed."""
        settings.register_profile(
            "mutation", settings(), derandomize=True, database=None, phases=(Phase.explicit, Phase.generate)
        )
        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Trace once, then try."""
        self.items = {item.nodeid: item for item in session.items if not item.get_closest_marker("xfail")}
        if session.testsfailed or not self.items:
            self.problem = "The tests cannot be collected."
            return True
        self.alive = functions()
        spare_rsa_keys()
        self.folder = Path(tempfile.mkdtemp(prefix="mutation-"))
        try:
            self.traced = _in_child(
                self.folder, lambda: _trace(self.items, self.watched, self.work.budget, self.folder / "traced")
            )
            self.watched.stop()
            if self.traced.failed:
                names = "\n  ".join(self.traced.failed)
                self.problem = f"{len(self.traced.failed)} tests fail without any change:\n  {names}"
                return True
            if self.traced.slow:
                print(f"{len(self.traced.slow)} tests take more than the budget and are left out", flush=True)
            if os.environ.get("MUTATION_CPU"):
                print(f"{len(self.traced.seconds)} tests, {sum(self.traced.seconds.values()):.0f} s", flush=True)
            forget()
            gc.collect()
            gc.freeze()
            self._try_all()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        return True

    def _try_all(self) -> None:
        waiting = iter(self.work.mutants)
        with selectors.DefaultSelector() as selector:
            running: dict[int, _Child] = {}
            more = True
            while more or running:
                while more and len(running) < self.work.jobs:
                    mutant = next(waiting, None)
                    if mutant is None:
                        more = False
                    elif not (tests := self.tests_of(mutant)):
                        self.work.tell(Verdict(mutant, "untested"))
                    else:
                        child = self._started(mutant, tests)
                        running[child.pid] = child
                        selector.register(child.pipe, selectors.EVENT_READ, child)
                for key, _ in selector.select(timeout=1):
                    child = key.data
                    selector.unregister(child.pipe)
                    del running[child.pid]
                    self._ended(child)
                for child in running.values():
                    child.end_if_stuck()

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that a change is tried with, within the budget: those first that noticed another change of the
        function."""
        noticed = self.killers[f"{mutant.module}:{mutant.function}"]
        chosen, spent = [], 0.0
        for name in sorted(self._ordered(mutant), key=lambda name: -noticed[name]):
            spent += self.traced.seconds[name]
            if chosen and spent > self.work.budget:
                break
            chosen.append(name)
        return chosen

    def _ordered(self, mutant: Mutant) -> list[str]:
        """The tests that run a statement: for each line of the function, the rarest first, the fastest tests that run
        it, so that every way through it is taken early; then the fastest, other parameters of the same test last."""
        running = frozenset(name for name in self._contexts(mutant) if name in self.traced.seconds)
        key = mutant.module, mutant.function_lines, running
        if key not in self.orders:
            several = {way & running for way in self._ways(mutant)}
            ways = [self._fastest(way) for way in sorted(several, key=lambda way: (len(way), *sorted(way)[:1]))]
            early = [way[turn] for turn in range(EARLY) for way in ways if turn < len(way)]
            turn: Counter[str] = Counter()
            rank = {}
            for name in self._fastest(running):
                turn[name.partition("[")[0]] += 1
                rank[name] = turn[name.partition("[")[0]]
            self.orders[key] = list(dict.fromkeys((*early, *sorted(rank, key=rank.__getitem__))))
        return self.orders[key]

    def _fastest(self, names: Iterable[str]) -> list[str]:
        return sorted(names, key=lambda name: (self.traced.seconds[name], name))

    def _contexts(self, mutant: Mutant) -> frozenset[str]:
        """The tests that run the statement; of one that runs at import those that run a function which reads the
        name."""
        lines = self.traced.tests.get(self.work.sources[mutant.module].file, {})
        own = frozenset[str]().union(*(lines.get(line, frozenset()) for line in mutant.lines))
        if mutant.function_lines and own - {AT_IMPORT}:
            return own
        return frozenset[str]().union(*self._ways(mutant))

    def _ways(self, mutant: Mutant) -> list[frozenset[str]]:
        """For each line of the function, or of those that read the name, the tests that run it."""
        lines = self.traced.tests.get(self.work.sources[mutant.module].file, {})
        if mutant.function_lines and any(lines.get(line, frozenset()) - {AT_IMPORT} for line in mutant.lines):
            return [lines.get(line, frozenset()) for line in mutant.function_lines]
        names = mutant.names or frozenset({mutant.function.rpartition(".")[2]})
        if names not in self.ways:
            self.ways[names] = list(self._readers(names))
        return self.ways[names]

    def _readers(self, names: frozenset[str]) -> Iterator[frozenset[str]]:
        for (file, _, first_line), held in self.alive.items():
            lines = self.traced.tests.get(file)
            if lines and any(names & _names(function.__code__) for function in held):
                last_line = max(line for _, _, line in held[0].__code__.co_lines() if line)
                yield from (lines.get(line, frozenset()) for line in range(first_line, last_line + 1))

    def _started(self, mutant: Mutant, tests: Sequence[str]) -> _Child:
        read, write = os.pipe()
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        pid = os.fork()
        if not pid:
            os.close(read)
            self._child(mutant, tests, write, folder)
        os.close(write)
        return _Child(pid, read, mutant, folder, time.monotonic() + STUCK)

    def _ended(self, child: _Child) -> None:
        verdict = child.verdict()
        if verdict.by:
            self.killers[f"{child.mutant.module}:{child.mutant.function}"][verdict.by] += 1
        self.work.tell(verdict)

    def _child(self, mutant: Mutant, tests: Sequence[str], pipe: int, folder: Path) -> None:
        """Try one change; what is left is said through the pipe, and by how this process ends."""
        try:
            _confined(folder)
            of = self.work.sources[mutant.module]
            limits = {name: LEAST + TIMES * self.traced.seconds[name] for name in tests}
            if mutant.function_lines and put_in_place(mutant, of, self.alive):
                items = [self.items[name] for name in tests]
                items[0].config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined]
                items[0].session.config.pluginmanager.register(_Ends(pipe, limits))
                for item, after in zip(items, [*items[1:], None], strict=True):
                    runtestprotocol(item, log=False, nextitem=after)
            else:
                import_anew(mutant, of)
                files = list(dict.fromkeys(name.partition("::")[0] for name in tests))
                # Whatever keeps the tests from being collected has noticed the change too.
                code = pytest.main(
                    [*OPTIONS, f"--basetemp={folder / 'anew'}", *files], plugins=[_Ends(pipe, limits), _Only(tests)]
                )
                if code:
                    _end(pipe, "collection")
        except BaseException as error:  # noqa: BLE001 - whatever it is, it ends here
            _end(pipe, f"? {error!r}")
        os.write(pipe, b"survived\n")
        os._exit(0)


OPTIONS = ("-q", "-s", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:cov", "--assert=plain", "--tb=no")


def _names(code: Any) -> set[str]:
    """Every name that a function's code reads, those of the functions inside too."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            names |= _names(constant)
    return names


def _confined(folder: Path) -> None:
    """Keep a child quiet and within bounds of memory."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if sys.platform == "linux" else 0
    if pages:
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY,) * 2)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    tempfile.tempdir = str(folder)


def _end(pipe: int, by: str) -> None:
    os.write(pipe, f"{by}\n".encode())
    os._exit(1)


SPARE_KEYS = 8


def spare_rsa_keys() -> None:
    """Make some RSA keys once: each test is dealt the same ones, because a new one costs more than most tests."""
    made: dict[tuple[int, int], list[rsa.RSAPrivateKey]] = {}
    make = rsa.generate_private_key

    def dealt(public_exponent: int, key_size: int, backend: Any = None) -> rsa.RSAPrivateKey:
        kept, number = made.setdefault((public_exponent, key_size), []), _given[public_exponent, key_size]
        _given[public_exponent, key_size] += 1
        if number == len(kept):
            kept.append(make(public_exponent, key_size))
        return kept[number]

    rsa.generate_private_key = dealt
    for _ in range(SPARE_KEYS):
        dealt(65537, 2048)


_given: Counter[tuple[int, int]] = Counter()


class _Ends:
    """Ends the process at the first test that fails; each test has a limit of CPU of its own."""

    def __init__(self, pipe: int, limits: dict[str, float]) -> None:
        self.pipe, self.limits = pipe, limits

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        signal.setitimer(signal.ITIMER_PROF, self.limits.get(item.nodeid, LEAST))
        forget()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception):
            _end(self.pipe, item.nodeid)


class _Only:
    """Keeps the tests with these names, in this order."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = {name: number for number, name in enumerate(self.names)}
        items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])


class _Child:
    """A process that tries a change."""

    def __init__(self, pid: int, pipe: int, mutant: Mutant, folder: Path, until: float) -> None:
        self.pid, self.pipe, self.mutant, self.folder, self.until = pid, pipe, mutant, folder, until
        self.stuck = False

    def end_if_stuck(self) -> None:
        """End it where its time is over: it waits for what does not come."""
        if not self.stuck and time.monotonic() > self.until:
            self.stuck = True
            os.kill(self.pid, signal.SIGKILL)

    def verdict(self) -> Verdict:
        """What it said, or how it ended."""
        with os.fdopen(self.pipe, "rb") as pipe:
            said = pipe.read().decode(errors="replace").strip()
        _, status, used = os.wait4(self.pid, 0)
        shutil.rmtree(self.folder, ignore_errors=True)
        if os.environ.get("MUTATION_CPU"):
            print(f"{used.ru_utime + used.ru_stime:.2f}", end=" ")
        if self.stuck:
            return Verdict(self.mutant, "stuck")
        if os.WIFSIGNALED(status):
            return Verdict(self.mutant, "cpu")
        if said == "survived":
            return Verdict(self.mutant, "survived")
        if said.startswith("?"):
            return Verdict(self.mutant, "unplaced", said)
        return Verdict(self.mutant, "killed", said)


def _in_child(folder: Path, run: Callable[[], None]) -> Traced:
    """Run this in a process of its own, so that nothing it leaves in memory is there when changes are tried."""
    pid = os.fork()
    if not pid:
        try:
            run()
        except BaseException as error:  # noqa: BLE001 - it must not go on as its parent
            print(f"{error!r}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status:
        raise RuntimeError(f"the traced run ended with {status}")
    traced: Traced = pickle.loads((folder / "traced").read_bytes())
    return traced


def _trace(items: dict[str, pytest.Item], watched: coverage.Coverage, budget: float, to: Path) -> None:
    """Run every test once and note which lines it runs, and how long it takes; one that takes more than the budget is
    of no use."""
    tracer = _Tracer(watched, budget)
    signal.signal(signal.SIGPROF, tracer.interrupt)
    every = list(items.values())
    every[0].config._tmp_path_factory._basetemp = Path(tempfile.mkdtemp(dir=to.parent))  # type: ignore[attr-defined]
    every[0].session.config.pluginmanager.register(tracer)
    out = os.dup(1), os.dup(2)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    for item, after in zip(every, [*every[1:], None], strict=True):
        tracer.trace(item, after)
    os.dup2(out[0], 1)
    os.dup2(out[1], 2)
    watched.stop()
    data = watched.get_data()
    lines: dict[str, dict[int, frozenset[str]]] = {}
    for file in data.measured_files():
        by_line = data.contexts_by_lineno(file)
        lines[file] = {line: frozenset(tracer.tests(contexts)) for line, contexts in by_line.items()}
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
        self.overdue = False
        self.users: defaultdict[str, set[str]] = defaultdict(set)
        self.current = ""

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
        spent = time.process_time() - began
        if self.overdue:
            self.slow.append(item.nodeid)
        elif any(report.failed for report in reports):
            self.failed.append(item.nodeid)
        elif all(report.passed for report in reports):
            self.seconds[item.nodeid] = spent
        definitions = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
        for several in definitions.values():
            for definition in several:
                if definition.scope != "function":
                    self.users[_shared(definition)].add(item.nodeid)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """What a shared fixture runs is nobody's own."""
        shared = fixturedef.scope != "function"
        if shared:
            self.watched.switch_context(_shared(fixturedef))
        yield
        if shared:
            self.watched.switch_context(self.current)

    def tests(self, contexts: Iterable[str]) -> Iterator[str]:
        """The tests behind what coverage noted."""
        for context in contexts:
            if context in self.users:
                yield from self.users[context]
            else:
                yield context or AT_IMPORT


def _shared(definition: Any) -> str:
    return f"fixture {definition.baseid} {definition.argname}"


def forget(*, everywhere: bool = False) -> None:
    """Empty every cache of certready, and with ``everywhere`` those of the tests: each test does all of its work."""
    _given.clear()
    for clear in _caches(len(sys.modules), everywhere=everywhere):
        clear()


@lru_cache(maxsize=2)
def _caches(modules: int, *, everywhere: bool) -> list[Callable[[], None]]:
    """What empties them; looked for again when the number of modules has changed."""
    wanted = ("certready", "tests") if everywhere else ("certready",)
    names = [name for name in sys.modules if name.split(".")[0] in wanted and not name.startswith("tests.mutation")]
    held = (value for name in names for value in list(vars(sys.modules[name]).values()))
    return [value.cache_clear for value in held if hasattr(value, "cache_clear")]
