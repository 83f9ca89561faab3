"""What is waited for: told on a terminal alone, never of a short wait, and gone when it is over."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from certready.cli import progress
from certready.cli.progress import Progress, waiting
from tests.ending import Child
from tests.live.servers import HOST, FaultySmtp

posix = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


class Terminal(io.StringIO):
    """A terminal that says when something was drawn on it."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        count = super().write(text)
        self.drawn.set()
        return count

    def screen(self) -> list[str]:
        return screen(self.getvalue())


def screen(text: str) -> list[str]:
    """The lines that are left of what was written with carriage returns, without those that are blank."""
    lines = []
    for raw in text.replace("\r\n", "\n").split("\n"):
        line = ""
        for part in raw.split("\r"):
            line = part + line[len(part) :]
        lines.append(line.rstrip())
    return [line for line in lines if line]


def test_a_line_is_drawn_and_wiped() -> None:
    """After the time that passes in silence the line says what is waited for and how much is done; nothing is left."""
    terminal = Terminal()
    telling = Progress(terminal, late=0)
    telling("asking ocsp.contoso-trust.example\x1b[31m\u202e")
    telling.count(1, 3)
    assert terminal.drawn.wait(30)
    with telling.aside():
        assert screen(terminal.getvalue()) == []
        shown = terminal.getvalue()
        terminal.drawn.clear()
    assert "asking ocsp.contoso-trust.example\\x1b[31m\\u202e" in shown
    assert terminal.drawn.wait(30)
    assert "(1 of 3 done)" in terminal.getvalue()
    telling.end()
    assert terminal.screen() == []


def test_no_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long sentence is cut, so that the carriage return finds the beginning of its line again."""
    monkeypatch.setenv("COLUMNS", "50")
    terminal = Terminal()
    telling = Progress(terminal, late=0)
    telling("waiting for " + "a" * 200)
    assert terminal.drawn.wait(30)
    telling.end()
    assert max(len(part) for part in terminal.getvalue().split("\r")) < 50


def test_a_short_wait_is_not_told() -> None:
    """Nothing is written, not even to wipe it, of what is over before half a second."""
    terminal = Terminal()
    telling = Progress(terminal, late=3600)
    telling("connecting")
    telling.end()
    assert terminal.getvalue() == ""


@pytest.mark.parametrize(
    ("quiet", "term", "tty"), [(True, "xterm", True), (False, "dumb", True), (False, "xterm", False)]
)
def test_silent(monkeypatch: pytest.MonkeyPatch, quiet: bool, term: str, tty: bool) -> None:
    """-q, a terminal that moves no cursor and anything that is no terminal hear nothing; no thread is begun."""
    terminal = Terminal()
    monkeypatch.setattr(terminal, "isatty", lambda: tty)
    monkeypatch.setattr(progress.sys, "stderr", terminal)
    monkeypatch.setenv("TERM", term)
    before = threading.active_count()
    with waiting(quiet=quiet) as telling:
        telling("connecting")
        assert threading.active_count() == before
    assert terminal.getvalue() == ""


@contextmanager
def on_a_terminal(*words: str) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[str], str]]]:
    """certready with these words, its stderr a terminal; and a reader of that, up to a text or ("") to the end."""
    import pty

    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    process = Child([sys.executable, "-m", "certready", *words], stdout=subprocess.PIPE, stderr=slave, env=environment)
    os.close(slave)
    seen = bytearray()

    def read(until: str) -> str:
        while not until or until.encode() not in seen:
            try:
                seen.extend(os.read(master, 4096))
            except OSError:  # the other end is closed
                break
        return seen.decode()

    try:
        yield process, read
    finally:
        process.kill()
        process.communicate()
        os.close(master)


@posix
def test_a_probe_says_which_address_it_waits_for() -> None:
    """While a gateway says nothing, the line names it; when it has spoken, stderr is as it was before."""
    spoken = threading.Event()
    server = FaultySmtp(lambda _: spoken.wait(60), lambda visit: visit.socket.sendall(b"421 busy\r\n"))
    with server, on_a_terminal("probe", f"{HOST}:{server.port}", "--certificate-only", "--gentle") as (process, read):
        assert f"{HOST}:{server.port}" in read(f"{HOST}:{server.port}")
        spoken.set()
        assert screen(read("")) == []
        assert process.wait(60) == 3


@posix
def test_listen_says_that_it_waits() -> None:
    """The line stands below what was logged, and Ctrl-C leaves the log alone."""
    with on_a_terminal("listen", "--bind", f"{HOST}:0", "--certificate-only") as (process, read):
        read("waiting for a gateway to connect")
        process.send_signal(signal.SIGINT)
        first, last = screen(read(""))
        assert first.startswith("listening on ")
        assert last == "interrupted"
        assert process.wait(60) == 130
