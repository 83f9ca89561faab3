"""A run of tests leaves no process, no open port and no file behind, however it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ending import Child, touching

REPOSITORY = Path(__file__).parents[1]
PATIENCE = 120  # seconds; a test that waits that long has failed
pytestmark = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="processes are looked for in /proc")

# A session with servers: one that has children of its own for each connection, one without, and a program of ours.
SESSION = """
import json, os, socket, subprocess, sys, tempfile, threading
from contextlib import ExitStack
from pathlib import Path
from certready.demo.pki import Authority
from tests.ending import Child, touching
from tests.live.nginx import nginx
from tests.live.servers import Postfix, UnavailableError

def test_servers(tmp_path):
    with ExitStack() as running:
        ports = []
        for server in (lambda: Postfix(Authority.root("Root").issue("gw.contoso.test", key="rsa")), nginx):
            try:
                started = running.enter_context(server())
            except UnavailableError:
                continue
            ports.append(getattr(started, "port", 0) or int(started.url.rpartition(":")[2]))
            client = running.enter_context(socket.create_connection(("127.0.0.1", ports[-1])))
        command = [sys.executable, "-m", "certready", "listen", "--bind", "127.0.0.1:0", "--certificate-only"]
        listening = running.enter_context(Child(command, stderr=subprocess.PIPE, text=True))
        running.callback(listening.kill)
        ports.append(int(next(line for line in listening.stderr if "127.0.0.1:" in line).split("127.0.0.1:")[1].split()[0].strip(",.;")))
        (tmp_path / "kept").touch()
        told = {"ports": ports, "scratch": tempfile.gettempdir(), "folder": str(tmp_path.parent)}
        print("READY", json.dumps(told), file=sys.__stdout__, flush=True)
        if WAITS:
            threading.Event().wait()
"""


def opened(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def left(told: dict[str, object]) -> list[object]:
    """What of the session is still there."""
    folders = [str(told["scratch"]), str(told["folder"])]
    ports = [port for port in told["ports"] if opened(port)]
    return [*ports, *(path for path in folders if Path(path).exists()), *(touching(Path(folders[0])))]


@pytest.mark.live
@pytest.mark.parametrize(
    ("number", "whole_group"),
    [(None, False), (signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGKILL, False), (signal.SIGKILL, True)],
    ids=["in order", "Ctrl-C", "SIGTERM", "SIGKILL", "SIGKILL of the group"],
)
def test_nothing_is_left(tmp_path: Path, number: signal.Signals | None, whole_group: bool) -> None:
    """Whether it passed, was interrupted, terminated or killed."""
    (tmp_path / "test_session.py").write_text(f"WAITS = {number is not None}\n{SESSION}")
    options = ["-q", "-s", "-p", "no:cacheprovider", "-p", "tests.conftest", "-c", str(REPOSITORY / "pyproject.toml")]
    environment = {name: value for name, value in os.environ.items() if name not in ("TMPDIR", "PYTEST_DEBUG_TEMPROOT")}
    with Child(
        [sys.executable, "-m", "pytest", *options, str(tmp_path / "test_session.py")],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as session:
        assert session.stdout is not None
        said = []
        for line in session.stdout:
            said.append(line)
            if line.startswith("READY "):
                break
        else:
            raise AssertionError("".join(said))
        told = json.loads(said[-1].removeprefix("READY "))
        if number is not None:
            assert all(map(opened, told["ports"]))
            (os.killpg if whole_group else os.kill)(session.pid, number)
        rest = session.stdout.read()
    # pytest's own code of a run that was interrupted is 2.
    assert {None: 0, signal.SIGKILL: -signal.SIGKILL}.get(number, 2) == session.returncode, rest
    deadline = time.monotonic() + PATIENCE
    while (remaining := left(told)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [] == remaining
