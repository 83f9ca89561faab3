"""Runs of the command line whose memory and processor time are measured, and limited, by the system."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.importorskip("resource", reason="the system does not tell the peak memory of a process")

MEBIBYTES, SECONDS = 300, 10  # what a run on hostile input may take: memory at its peak, processor time
# The run is a grandchild: a process counts the memory of the one that started it as its own, and pytest's is large.
LAUNCHER = """
import json, resource, subprocess, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]), int(sys.argv[1]) + 1))
done = subprocess.run([sys.executable, "-m", "certready", *sys.argv[2:]], capture_output=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    "code": done.returncode,
    "out": done.stdout.decode(errors="replace"),
    "err": done.stderr.decode(errors="replace"),
    "mebibytes": used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024),
}))
"""


class Measured(NamedTuple):
    """What a run gave, and its peak memory. A run that needs more processor time than it may have was killed: its code
    is negative."""

    code: int
    out: str
    err: str
    mebibytes: float


def measured(*words: str, folder: Path, seconds: int = SECONDS) -> Measured:
    """Run the command line in a folder, with at most so many seconds of processor time."""
    command = [sys.executable, "-c", LAUNCHER, str(seconds), *words]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return Measured(**json.loads(ran.stdout))


MANY_SECONDS = 60  # of processor time, for a run over dozens of targets
ADDRESS_SPACE = 6 * 1024**3  # bytes; a thread may count a hundred MB of it, and use little
KEEPER = """
import json, os, resource, sys, threading
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]), int(sys.argv[1]) + 1))
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
from certready.cli import main
code = main(sys.argv[4:])
others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
for thread in others:
    thread.join(90)
alive = [thread.name for thread in others if thread.is_alive()]
sockets = 0
for number in os.listdir("/proc/self/fd"):
    try:
        sockets += os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
    except OSError:  # it was the one of this listing
        pass
with open("/proc/self/status") as file:  # ru_maxrss would count whoever started this
    mebibytes = next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
with open(sys.argv[3], "w") as file:
    json.dump({"code": code, "sockets": sockets, "threads": alive, "mebibytes": mebibytes}, file)
"""


class Left(NamedTuple):
    """What a run gave and left behind in its process: threads that do not end, and sockets that are open once the others
    have.
    ``mebibytes`` is its peak."""

    code: int
    sockets: int
    threads: tuple[str, ...]
    mebibytes: float


class Leaving(NamedTuple):
    """Such a run while it goes on."""

    process: subprocess.Popen[str]
    file: Path

    def left(self, err: str) -> Left:
        """What is left of it, once it has ended; ``err`` is what it said should it have been killed."""
        assert self.process.wait() == 0, err[-3000:]
        found = json.loads(self.file.read_text())
        return Left(found["code"], found["sockets"], tuple(found["threads"]), found["mebibytes"])


@contextmanager
def leaving(*words: str, folder: Path) -> Iterator[Leaving]:
    """Run the command line in a folder, in a process that looks around when it is done. Linux alone."""
    file = folder / "left.json"
    limits = (str(MANY_SECONDS), str(ADDRESS_SPACE), str(file))
    command = [sys.executable, "-c", KEEPER, *limits, *words]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield Leaving(process, file)
        finally:
            process.kill()
