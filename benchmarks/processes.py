"""Whole processes timed in turns, and the table of it: what the benchmarks of the command line share."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

Done = subprocess.CompletedProcess[str]


def succeeded(name: str, done: Done) -> bool:  # noqa: ARG001 - the form of such a judgement
    """The exit code alone says it."""
    return done.returncode == 0


def measure(
    timed: Mapping[str, Sequence[str]], directory: Path, runs: int, fine: Callable[[str, Done], bool] = succeeded
) -> dict[str, list[float]]:
    """Seconds of each run of each command, in turns, after one run of each that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in timed}
    for turn in range(runs + 1):
        for name, command in timed.items():
            seconds = run(name, command, directory, fine)
            if turn:
                times[name].append(seconds)
    return times


def installed() -> dict[str, str]:
    """The environment of a command that is installed: what was compiled once stays compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(name: str, command: Sequence[str], directory: Path, fine: Callable[[str, Done], bool] = succeeded) -> float:
    """Seconds from start to end of one process. Ends the benchmark where it did not do its work (``fine``)."""
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, env=installed())
    seconds = time.perf_counter() - begin
    if not fine(name, done):
        sys.exit(f"{name} ended with {done.returncode}, so its time means nothing.\n{done.stdout}{done.stderr}")
    return seconds


def table(times: Mapping[str, Sequence[float]]) -> str:
    """One line a command: median, fastest and slowest in milliseconds, and the ratio to the first command."""
    width = max(len(name) for name in times)
    peer = median(next(iter(times.values())))
    lines = [f"{'cold process':{width}}  median ms  fastest  slowest  ratio"]
    for name, seconds in times.items():
        shown = (median(seconds) * 1000, min(seconds) * 1000, max(seconds) * 1000)
        lines.append("{:{}}  {:9.0f}  {:7.0f}  {:7.0f}  {:5.2f}".format(name, width, *shown, median(seconds) / peer))
    return "\n".join(lines)
