"""The processes that try a change: each runs tests until one fails, within bounds of CPU and memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, NoReturn

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings

from tests.mutation.caches import forget

LEAST = 1.5  # seconds of CPU that every test may take
TIMES = 20  # times its usual CPU that a test may take
MEMORY = 2 * 2**30  # bytes of address space that a child may need more than it began with
STUCK = 300.0  # seconds after which a child that waits for something is ended
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
OPTIONS = ("-q", "-s", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:cov", "--assert=plain", "--tb=no")

Outcome = Literal["killed", "cpu", "stuck", "survived", "untested", "unplaced"]
KILLED: frozenset[Outcome] = frozenset({"killed", "cpu", "stuck"})


class End(NamedTuple):
    """How a child ended, and by which test."""

    outcome: Outcome
    by: str = ""


class Child:
    """A process that puts a change in place, or none, and runs tests. Whatever it starts in its group ends with it."""

    def __init__(self, folder: Path, run: Callable[[int, Path], None]) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=folder))
        self.pipe, write = os.pipe()
        self.until = time.monotonic() + STUCK
        self.pid = os.fork()
        if not self.pid:
            os.close(self.pipe)
            try:
                end_with_parent()
                os.setpgid(0, 0)
                _confine(self.folder)
                run(write, self.folder)
            except BaseException as error:  # noqa: BLE001 - whatever it is, it ends here
                _end(write, f"? {error!r}")
            _end(write, "survived")
        with contextlib.suppress(OSError):  # it has done so itself, or has ended
            os.setpgid(self.pid, self.pid)
        os.close(write)

    def overdue(self) -> bool:
        """Whether it waits for what does not come."""
        return time.monotonic() > self.until

    def end(self) -> End:
        """What it says, waited for as long as it may take; then it is ended."""
        try:
            ready, _, _ = select.select([self.pipe], [], [], max(0.0, self.until - time.monotonic()))
            said = os.read(self.pipe, select.PIPE_BUF).decode(errors="replace").strip() if ready else ""
        finally:
            self.stop()
        if not ready:
            return End("stuck")
        if not said:
            return End("cpu")
        if said == "survived":
            return End("survived")
        return End("unplaced", said) if said.startswith("?") else End("killed", said)

    def stop(self) -> None:
        """End it with all of its group, and remove its folder."""
        os.close(self.pipe)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        shutil.rmtree(self.folder, ignore_errors=True)


def end_with_parent() -> None:
    """Have this process end when the one that forked it is killed, where the system can do that."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _confine(folder: Path) -> None:
    """Keep a child quiet and within bounds of memory."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY,) * 2)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def _end(pipe: int, said: str) -> NoReturn:
    try:
        os.write(pipe, f"{said}\n".encode()[: select.PIPE_BUF])
    finally:  # whether somebody still listens or not
        os._exit(0)


def run_here(items: Sequence[pytest.Item], limits: dict[str, float], pipe: int, folder: Path) -> None:
    """Run tests that were collected before the fork."""
    items[0].config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined]
    items[0].session.config.pluginmanager.register(_Ends(pipe, limits))
    for item, after in zip(items, [*items[1:], None], strict=True):
        runtestprotocol(item, log=False, nextitem=after)


def run_anew(limits: dict[str, float], pipe: int, folder: Path) -> None:
    """Collect tests again and run them; whatever keeps them from being collected has noticed the change too."""
    files = list(dict.fromkeys(name.partition("::")[0] for name in limits))
    plugins = [_Ends(pipe, limits), _Only(list(limits))]
    code = pytest.main([*OPTIONS, f"--basetemp={folder / 'anew'}", *files], plugins=plugins)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        _end(pipe, COLLECTION)


COLLECTION = "collection"


def settle_properties() -> None:
    """Properties try the same examples each time; a failing one is not made smaller, it has failed."""
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutation", settings(), derandomize=True, database=None, phases=phases)
    settings.load_profile("mutation")


class _Ends:
    """Ends the process at the first test that fails; each test has a limit of CPU of its own."""

    def __init__(self, pipe: int, limits: dict[str, float]) -> None:
        self.pipe, self.limits = pipe, limits

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        signal.setitimer(signal.ITIMER_PROF, self.limits[item.nodeid])
        forget()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception):
            _end(self.pipe, item.nodeid)


class _Only:
    """Keeps the tests with these names, in this order."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def pytest_sessionstart(self) -> None:
        settle_properties()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = {name: number for number, name in enumerate(self.names)}
        items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])
