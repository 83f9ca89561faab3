"""How the process ends: at once, with all that it wrote, and not before work of others that must be waited for."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from certready.cli.output import reader_gone
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


@pytest.mark.parametrize("colour", [{}, {"FORCE_COLOR": "1"}])
@pytest.mark.parametrize("words", [["check", "-h"], ["--help"], ["--version"], ["rules"], ["explain", "5.7.64"]])
def test_a_reader_that_went_away(words: list[str], colour: dict[str, str]) -> None:
    """``certready ... | head -1`` says nothing on stderr and ends with the code of the command, help and colours too."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = [sys.executable, "-m", "certready", *words]
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, env={**os.environ, **colour})
    finally:
        os.close(writer)
    assert (0, b"") == (done.returncode, done.stderr)


@pytest.mark.parametrize(
    ("error", "system", "gone"),
    [
        (OSError(errno.EPIPE, "Broken pipe"), "posix", True),
        (OSError(errno.EINVAL, "Invalid argument"), "nt", True),
        (OSError(errno.EINVAL, "Invalid argument"), "posix", False),
        (OSError(errno.ENOSPC, "No space left on device"), "nt", False),
    ],
)
def test_how_systems_say_it(error: OSError, system: str, gone: bool) -> None:
    """Windows calls a pipe without a reader an invalid argument; a full disk is an error everywhere."""
    assert gone is reader_gone(error, system)
