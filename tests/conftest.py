"""What holds for every test."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

from tests import ending

# What a property costs is no part of it: a busy machine must not fail one.
settings.register_profile("certready", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("certready")
# What it remembers of failures is kept, but not in the tree.
caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
set_hypothesis_home_dir(caches / "certready-tests" / "hypothesis")

# Temporary files of the tests, pytest's own and those of what they start, lie in a folder that others may enter, as
# servers without privileges do. It goes with the run, but for one in which tests failed.
scratch = Path(tempfile.mkdtemp(prefix="certready-"))
scratch.chmod(0o755)
os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)
ending.removed(scratch)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Ctrl-C and SIGTERM end the run in order: what tests have started is stopped.

    In the background of a script SIGINT is ignored, and what tests start would inherit that: it could not be
    interrupted, and whoever waits for its end would wait for ever. So it is heard again, in either case.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        # Also where a test swallows the exception, as the command line does. A further SIGTERM disturbs nothing.
        session.shouldstop = f"ended by {signal.Signals(number).name}"
        signal.signal(signal.SIGTERM, lambda *_: None)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """A run that leaves a process behind has failed."""
    yield
    if left := ending.survivors():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print(f"\nstill running: {left}")
    if session.testsfailed:
        ending.kept(scratch)
        print(f"\nThe folders of the tests are in {scratch}.")
    else:
        shutil.rmtree(scratch, ignore_errors=True)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory of the test's own, not made yet: no test reads or writes the user's."""
    directory = tmp_path_factory.mktemp("cache") / "certready"
    monkeypatch.setenv("CERTREADY_CACHE", str(directory))
    return directory
