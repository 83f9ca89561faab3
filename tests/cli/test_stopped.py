"""Ctrl-C and SIGTERM in the middle of a command: code 130, no traceback, and nothing left of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from certready.cli.stopping import terminable, undisturbed
from certready.demo.pki import Authority
from tests.cli.conftest import Material
from tests.ending import Child, touching
from tests.live.servers import FaultySmtp, Visit

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Neither can be sent to a single process there.")
PATIENCE = 120  # seconds; a test that waits that long has failed
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Deaf(NamedTuple):
    """A server that says nothing to whoever connects, and whether somebody has."""

    port: int
    reached: threading.Event


@pytest.fixture
def deaf() -> Iterator[Deaf]:
    reached = threading.Event()

    def hold(visit: Visit) -> None:
        reached.set()
        visit.drain()

    with FaultySmtp(hold) as server:
        yield Deaf(server.port, reached)


@contextmanager
def running(folder: Path, *words: str) -> Iterator[Child[str]]:
    """certready with these words, in a folder that is also where temporary files go."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "certready", *words]
    with Child(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def from_authority(folder: Path, port: int) -> Sequence[str]:
    """A certificate in the folder whose revocation is asked for at this port; the options to judge it with."""
    root = Authority.root(crl_url=f"http://127.0.0.1:{port}/root.crl")
    leaf = root.issue("mail.contoso.com", key="rsa")
    (folder / "given.pem").write_bytes(leaf.chain_pem + leaf.key_pem)
    (folder / "root.pem").write_bytes(root.pem)
    return ("given.pem", "--trust", "root.pem", "--allow-private", "--certificate-only", "--timeout", "600")


def probed(folder: Path, port: int) -> Sequence[str]:
    return ("probe", f"127.0.0.1:{port}", "--certificate-only", "--timeout", "600")


def checked(folder: Path, port: int) -> Sequence[str]:
    files = ("--save-evidence", "evidence.json", "--remedies", "fix.ps1", "--format", "json=report.json")
    return ("check", *from_authority(folder, port), *files)


def repaired(folder: Path, port: int) -> Sequence[str]:
    return ("repair", *from_authority(folder, port), "--out", "fixed")


def fleet(folder: Path, port: int) -> Sequence[str]:
    (folder / "i.csv").write_text(f"name,target\none,127.0.0.1:{port}\ntwo,localhost:{port}\n")
    return ("fleet", "i.csv", "--certificate-only", "--timeout", "600", "--format", "json=report.json")


def fleet_of_processes(folder: Path, port: int) -> Sequence[str]:
    return (*fleet(folder, port), "--processes", "2")


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("command", [probed, checked, repaired, fleet, fleet_of_processes])
def test_while_it_waits(
    tmp_path: Path, deaf: Deaf, command: Callable[[Path, int], Sequence[str]], number: signal.Signals
) -> None:
    """While a server does not answer: at once, with no file written, none left, and no process."""
    words = command(tmp_path, deaf.port)
    before = sorted(tmp_path.iterdir())
    with running(tmp_path, *words) as process:
        assert deaf.reached.wait(PATIENCE)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert (130, "") == (process.returncode, out), err
    assert err.endswith("interrupted\n"), err
    assert "Traceback" not in err
    assert before == sorted(tmp_path.iterdir())
    until(lambda: touching(tmp_path) == [])


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_in_the_demo(tmp_path: Path, number: signal.Signals) -> None:
    """The demo takes its servers and its files with it."""
    with running(tmp_path, "demo") as process:
        until(lambda: any(tmp_path.glob("certready-demo-*/*.pem")))
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE)
    assert (130, True) == (process.returncode, err.endswith("interrupted\n")), err
    assert "Traceback" not in err
    assert [] == list(tmp_path.iterdir())


def test_terminated_fleet_keeps_what_is_done(tmp_path: Path, material: Material, deaf: Deaf) -> None:
    """SIGTERM ends a fleet as Ctrl-C does: its records stay, and the code is the worst verdict so far."""
    (tmp_path / "i.csv").write_text(f"name,target\ngood,{material / 'good.pem'}\nhost,127.0.0.1:{deaf.port}\n")
    log = tmp_path / "log.jsonl"
    trusted = ("--trust", material / "root.pem", "--revocation", "off")
    options = (*material.inbound, *trusted, "--timeout", "600", "--format", f"jsonl={log}")
    with running(tmp_path, "fleet", "i.csv", *options) as process:
        until(lambda: log.exists() and log.read_bytes().endswith(b"\n") and deaf.reached.is_set())
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE)
    assert (0, 1) == (process.returncode, log.read_bytes().count(b"\n")), err
    assert "interrupted: 1 of 2 done. What is done is kept." in err


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_server_with_processes(tmp_path: Path, deaf: Deaf, number: signal.Signals) -> None:
    """certready fleet --serve does not wait for what its processes are at either."""
    words = [word for word in fleet_of_processes(tmp_path, deaf.port) if word not in ("--format", "json=report.json")]
    with running(tmp_path, *words, "--serve", "127.0.0.1:0", "--no-cache") as process:
        assert deaf.reached.wait(PATIENCE)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert ({signal.SIGINT: 130, signal.SIGTERM: 0}[number], "") == (process.returncode, out), err
    assert err.rstrip().endswith({signal.SIGINT: "interrupted", signal.SIGTERM: "ended"}[number])
    assert ("Traceback" in err, "broke off" in err, "leaked" in err) == (False, False, False)
    assert ["i.csv"] == [path.name for path in tmp_path.iterdir()]
    until(lambda: touching(tmp_path) == [])


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="processes are looked for in /proc")
@pytest.mark.parametrize("whole_group", [False, True])
def test_killed_fleet_leaves_no_process(tmp_path: Path, deaf: Deaf, whole_group: bool) -> None:
    """The processes of a fleet do not outlive the first one, even where it is killed."""
    with running(tmp_path, *fleet_of_processes(tmp_path, deaf.port)) as process:
        assert deaf.reached.wait(PATIENCE)
        assert len(touching(tmp_path)) > 2
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)
        until(lambda: touching(tmp_path) == [])


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_what_is_not_to_be_disturbed_is_done_first(number: signal.Signals) -> None:
    """A signal during such a block is heard when it has ended, once, and then as always."""
    heard: list[int] = []
    before = signal.signal(number, lambda *came: heard.append(came[0]))
    try:
        with undisturbed():
            signal.raise_signal(number)
            signal.raise_signal(number)
            assert [] == heard
        assert [number] == heard
        signal.raise_signal(number)
        assert [number, number] == heard
    finally:
        signal.signal(number, before)


@pytest.fixture
def as_at_first() -> Iterator[None]:
    """SIGINT as a process begins with it, and both signals afterwards as they were."""
    before = signal.getsignal(signal.SIGTERM), signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


@pytest.mark.usefixtures("as_at_first")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_in_a_callback_of_an_import_is_not_lost(number: signal.Signals) -> None:
    """Python prints what such a callback raises and goes on: the signal is heard after it."""
    source = "def cb(_): signal.raise_signal(number); called.append(number)"
    called: list[int] = []
    names: dict[str, Any] = {"signal": signal, "number": number, "called": called}
    exec(compile(source, "<frozen importlib._bootstrap>", "exec"), names)
    with pytest.raises(KeyboardInterrupt), terminable():  # noqa: PT012 - the callback and what it interrupts
        held = set("x")
        reference = weakref.ref(held, names["cb"])
        del held
        assert (called, reference()) == ([number], None)
        until(lambda: False)


@pytest.mark.usefixtures("as_at_first")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_that_a_module_would_pass_over_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """A library that goes on whatever its imports raise does not take Ctrl-C for one of those: it is heard when the
    import is over."""
    (tmp_path / "passes_over.py").write_text(
        f"import signal\ntry:\n    signal.raise_signal({int(number)})\nexcept:\n    raise SystemError\nwhole = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "passes_over", raising=False)
    with pytest.raises(KeyboardInterrupt), terminable():  # noqa: PT012 - the import and what it interrupts
        import passes_over  # type: ignore[import-not-found]

        assert passes_over.whole
        until(lambda: False)
