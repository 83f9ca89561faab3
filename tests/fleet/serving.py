"""certready fleet --serve as a process of its own, and a client that says just what it is told."""

from __future__ import annotations

import http.client
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from tests.ending import Child

PROGRAM = "from certready.cli import run; run()"
PATIENCE = 120  # seconds; a test that waits that long has failed


class Got(NamedTuple):
    """An answer: its status, its headers by lower-case name, its body."""

    status: int
    headers: dict[str, str]
    text: str


class Server:
    """A running server: where it listens, and what it says on stderr."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.log: list[str] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        found = re.search(r"serving http://(\S+):([0-9]+)/", self.said("serving "))
        assert found is not None
        self.host, self.port = found[1].strip("[]"), int(found[2])

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line)
        self._lines.put("")

    def said(self, part: str) -> str:
        """The next line on stderr that holds this, waited for."""
        while True:
            line = self._lines.get(timeout=PATIENCE)
            self.log.append(line)
            assert line, "".join(self.log)
            if part in line:
                return line

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, method: str = "GET", **headers: str) -> Got:
        """The answer to one request."""
        return get((self.host, self.port), path, method, **headers)

    def ended(self, number: signal.Signals) -> int:
        """The exit code after this signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def get(address: tuple[str, int], path: str, method: str = "GET", **headers: str) -> Got:
    """The answer of a server to one request."""
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode("utf-8")
        return Got(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)
    finally:
        connection.close()


def raw(address: tuple[str, int], data: bytes) -> bytes:
    """Everything a server sends to a client that sent these bytes, and then nothing."""
    with socket.create_connection(address, timeout=PATIENCE) as client:
        try:
            client.sendall(data)
            return b"".join(iter(lambda: client.recv(65536), b""))
        except OSError:  # closed while it was still sending
            return b""


@contextmanager
def serving(*words: str, every: str = "6h", address: str = "127.0.0.1:0", program: str = PROGRAM) -> Iterator[Server]:
    """A server that runs ``fleet`` with these words, on a free port of loopback."""
    command = [sys.executable, "-c", program, "fleet", *words, "--serve", address, "--every", every]
    with Child(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Server(process)
        finally:
            process.kill()


def rows(text: Sequence[tuple[str, str]]) -> str:
    """An inventory of these names and targets, in JSON."""
    import json

    return json.dumps([{"name": name, "target": target} for name, target in text])
