"""Runs of the command line whose memory and processor time are measured, and limited, by the system."""

from __future__ import annotations

import json
import subprocess
import sys
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
