"""What ends with the run of the tests, however that ends.

A test stops what it started and removes what it made. Where the run is killed, nobody is left who could: that is done by
a process of its own then, which waits for the end of the run and does nothing else. Without POSIX there is none.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, AnyStr

GONE = 10  # seconds until what was killed is given up


class Child(subprocess.Popen[AnyStr]):
    """A process that ends with the run, and with it whatever is in its process group; by default one of its own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._known = False
        if os.name == "posix":
            options.setdefault("start_new_session", True)
        super().__init__(*args, **options)
        self._known = True
        _started.add(self)
        _keeper.note("started", self.pid)

    def poll(self) -> int | None:
        return self._ended(super().poll())

    def wait(self, timeout: float | None = None) -> int:
        code = super().wait(timeout)
        self._ended(code)
        return code

    def _ended(self, code: int | None) -> int | None:
        if code is not None and self._known:  # its number may be another's soon
            self._known = False
            _started.discard(self)
            _keeper.note("ended", self.pid)
        return code


def removed(folder: Path) -> None:
    """The folder is removed when the run has ended, or was killed."""
    _keeper.note("removed", folder)


def kept(folder: Path) -> None:
    """The folder is not removed after all: the run has ended in order, and may want it looked at."""
    _keeper.note("kept", folder)


def survivors() -> list[int]:
    """The processes of this run that nobody has stopped; one that is ending is waited for."""
    left = []
    for child in tuple(_started):
        try:
            child.wait(GONE)
        except subprocess.TimeoutExpired:
            left.append(child.pid)
    return left


def touching(folder: Path) -> list[int]:
    """The processes that work in a folder or were told of it, by /proc."""
    seen, name = [], str(folder)
    for entry in Path("/proc").iterdir():
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            if name.encode() in told or str((entry / "cwd").readlink()).startswith(name):
                seen.append(int(entry.name))
        except (OSError, ValueError):  # no process, one that has ended, or another's
            continue
    return seen


class _Keeper:
    """The process that waits for the end of this one, started where there is something to keep for it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def note(self, word: str, subject: int | Path) -> None:
        if os.name != "posix":
            return
        with self._lock:
            if self._process is None:
                # In a session of its own, what ends this run does not reach it; its input ends with this process.
                command = [sys.executable, "-I", __file__]
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
            assert self._process.stdin is not None
            self._process.stdin.write(f"{word} {subject}\n".encode())
            self._process.stdin.flush()


_keeper = _Keeper()
_started: set[Child[Any]] = set()


def keep(lines: Iterable[str]) -> None:
    """Hear what is started, ended, to be removed and kept; when nothing more comes, end and remove what is left."""
    running: set[int] = set()
    folders: set[Path] = set()
    for line in lines:
        word, _, subject = line.rstrip("\n").partition(" ")
        if word == "started":
            running.add(int(subject))
        elif word == "ended":
            running.discard(int(subject))
        elif word == "removed":
            folders.add(Path(subject))
        else:
            folders.discard(Path(subject))
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if os.getpgid(process) == process else os.kill)(process, signal.SIGKILL)
    deadline = time.monotonic() + GONE
    while time.monotonic() < deadline and any(map(_alive, running)):
        time.sleep(0.02)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.killpg(process, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    keep(sys.stdin)
