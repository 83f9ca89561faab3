"""How the process ends: at once, with all that it wrote, and not before work of others that must be waited for."""

from __future__ import annotations

import subprocess
import sys

from certready.rules import RULES

WAITING = """
import sys, threading

def last() -> None:
    threading.main_thread().join()
    sys.stderr.write("the last word")

threading.Thread(target=last).start()
from certready.cli import run
run()
"""


def test_the_output_is_whole() -> None:
    """A long answer into a pipe arrives to its last byte, and the exit code is the command's."""
    done = subprocess.run([sys.executable, "-m", "certready", "rules"], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    assert list(RULES) == [line.split()[0] for line in done.stdout.splitlines()]


def test_a_thread_that_is_no_daemon_is_waited_for() -> None:
    """What a library still does in a thread of its own is done before the process ends."""
    done = subprocess.run([sys.executable, "-c", WAITING, "--version"], capture_output=True, text=True, check=False)
    assert (0, "the last word") == (done.returncode, done.stderr)
