"""A Dask cluster on loopback: a scheduler that has no certready, workers that can be lost, and what both leave behind."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.ending import Child

REPOSITORY = Path(__file__).parents[2]
LOOPBACK = ("--host", "127.0.0.1", "--no-dashboard")
QUIET = {
    "DASK_DISTRIBUTED__ADMIN__LOG_FORMAT": "%(message)s",
    "DASK_DISTRIBUTED__COMM__COMPRESSION": "false",  # so that what travels can be searched
}


class Process:
    """One process of the cluster; ``log`` is all that it has said."""

    def __init__(self, words: list[str], ready: str, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._process = Child(
            [sys.executable, "-m", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, **QUIET, **environment},
            text=True,
            cwd=log.parent,  # where a module that is run looks first
        )
        self.found = self._heard(ready)
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _heard(self, ready: str) -> str:
        """What the pattern finds in the first line that it finds anything in."""
        assert self._process.stderr
        said = ""
        for line in self._process.stderr:
            said += line
            self.log.write_text(said)
            if match := re.search(ready, line):
                return match[match.lastindex or 0]
        raise AssertionError(f"it ended without a word of {ready}: {said}")

    def _drain(self) -> None:
        assert self._process.stderr
        with self.log.open("a") as log:
            for line in self._process.stderr:
                log.write(line)
                log.flush()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        if self._process.stderr:
            self._process.stderr.close()


class Cluster:
    """A scheduler, and the workers that are started.

    Args:
        folder: for logs, and for what workers keep.
        environment: of every process.
        protocol: of every connection.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None, protocol: str = "tcp") -> None:
        self.folder, self._protocol = folder, protocol
        self._environment = {"DASK_TEMPORARY_DIRECTORY": str(folder), **(environment or {})}
        folder.mkdir(parents=True, exist_ok=True)
        # Where certready is looked for, there is one that cannot be imported.
        without = folder / "without" / "certready"
        without.mkdir(parents=True)
        (without / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'certready'\")\n")
        self.without = str(without.parent)
        self.workers: list[Process] = []
        words = ["distributed.cli.dask_scheduler", *LOOPBACK, "--port", "0", "--protocol", protocol]
        self.scheduler = Process(
            words,
            r"Scheduler at:\s+(\S+)",
            {**self._environment, "PYTHONPATH": self.without},
            folder / "scheduler.log",
        )
        self.address = self.scheduler.found

    def work(self, *words: str, package: str = str(REPOSITORY), **environment: str) -> Process:
        """Start a worker that finds certready in this folder; ``words`` are further options of ``dask worker``."""
        number = len(self.workers)
        kept = self.folder / f"worker{number}"
        started = Process(
            [
                *("distributed.cli.dask_worker", self.address, *LOOPBACK, "--protocol", self._protocol),
                *("--nthreads", "1", "--local-directory", str(kept), "--no-nanny", *words),
            ],
            r"Registered to:",
            {
                **self._environment,
                "PYTHONPATH": package,
                "CERTREADY_CACHE": str(kept / "cache"),
                **environment,
            },
            self.folder / f"worker{number}.log",
        )
        self.workers.append(started)
        return started

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()


@contextmanager
def cluster(folder: Path, workers: int = 0, **options: object) -> Iterator[Cluster]:
    """A cluster with so many workers, gone at the end."""
    made = Cluster(folder, **options)  # type: ignore[arg-type]
    try:
        for _ in range(workers):
            made.work()
        yield made
    finally:
        made.close()


class Tap:
    """A way to the scheduler that keeps every byte that goes through it."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition("/")[2].rpartition(":")
        self._there = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._parts: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def heard(self) -> bytes:
        return b"".join(self._parts)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            theirs = socket.create_connection(self._there)
            for source, target in ((ours, theirs), (theirs, ours)):
                threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._parts.append(data)
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def memory(pid: int) -> Iterator[bytes]:
    """What the process holds in memory that can be written to."""
    with Path(f"/proc/{pid}/mem").open("rb", 0) as held:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, rights, *_ = line.split()
            if rights.startswith("rw"):
                start, end = (int(one, 16) for one in place.split("-"))
                try:
                    held.seek(start)
                    yield held.read(end - start)
                except OSError:  # such as what the kernel maps for itself
                    continue
