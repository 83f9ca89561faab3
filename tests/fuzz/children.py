"""Cases in child processes, each within what the system lets a process have: processor time and memory.

A child lays every case down before it runs it, so that one that dies tells by which. Nothing here looks at a clock: a
busy machine breaks no bound. A child that does nothing at all is ended by an alarm.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryFile
from typing import NamedTuple

import pytest

from certready.errors import CertreadyError
from tests.fuzz.mutation import LARGEST, mutated
from tests.fuzz.parser import Parser, refused_well

resource = pytest.importorskip("resource", reason="the system limits no processes")

MEMORY = 300 * 1024 * 1024  # bytes of address space that a case may add to what an honest sample needs
SECONDS = 2.0  # of processor time that a case may take
KILLED_AFTER = 10  # the same, after which the system ends the process
STANDSTILL = 600  # seconds after which a case that waits for nothing is ended

_HEAD = 8  # bytes that say how long the case is that follows


class Fault(NamedTuple):
    """A case that broke a promise: ``wrong`` says which, ``kind`` is the same for cases of one cause."""

    data: bytes
    kind: str
    wrong: str


def trouble(parser: Parser, data: bytes) -> tuple[str, str] | None:
    """What is wrong with how a parser takes these bytes, as kind and words, apart from what the system would say."""
    began = time.process_time()
    try:
        parser.take(data)
    except CertreadyError as error:
        wrong = refused_well(error)
        if wrong:
            return "refusal", wrong
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} {last.filename}:{last.name}", traceback.format_exc(limit=-6)
    spent = time.process_time() - began
    return ("slow", f"{spent:.1f} seconds of CPU for {len(data)} bytes") if spent > SECONDS else None


def faults(parser: Parser, cases: Callable[[], Iterator[bytes]]) -> tuple[int, list[Fault]]:
    """How many of these cases a child ran, and what went wrong. The child ends with the first case that kills it."""
    with mmap.mmap(-1, _HEAD + LARGEST + 1) as current, TemporaryFile() as said:
        pid = os.fork()
        if pid == 0:
            _child(parser, cases, current, said.fileno())
        _, status = os.waitpid(pid, 0)
        said.seek(0)
        lines = [json.loads(line) for line in said.read().splitlines()]
        broken = [Fault(bytes.fromhex(line["data"]), line["kind"], line["wrong"]) for line in lines if "data" in line]
        count = next((line["done"] for line in lines if "done" in line), None)
        if count is None:
            size = int.from_bytes(current[:_HEAD], "big")
            ending = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"code {status >> 8}"
            broken.append(Fault(current[_HEAD : _HEAD + size], ending, f"the process ended: {ending}"))
    return count or 0, broken


def _child(parser: Parser, cases: Callable[[], Iterator[bytes]], current: mmap.mmap, said: int) -> None:
    """Never returns."""
    code = 1
    try:
        with os.fdopen(os.dup(said), "w") as output:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what the system says of a crash is told by the status
            _limited(parser)
            count = 0
            for data in cases():
                current[: _HEAD + len(data)] = len(data).to_bytes(_HEAD, "big") + data
                spent = int(time.process_time())
                resource.setrlimit(resource.RLIMIT_CPU, (spent + KILLED_AFTER, resource.RLIM_INFINITY))
                signal.alarm(STANDSTILL)
                wrong = trouble(parser, data)
                if wrong:
                    output.write(json.dumps({"data": data.hex(), "kind": wrong[0], "wrong": wrong[1]}) + "\n")
                    output.flush()
                count += 1
            output.write(json.dumps({"done": count}) + "\n")
        code = 0
    finally:
        os._exit(code)


def _limited(parser: Parser) -> None:
    """An honest sample first, so that what is imported and made late is not a case's doing; then the limits."""
    trouble(parser, parser.samples()[0])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere nothing tells how much there is by now
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def mutations(parser: Parser, seed: int, count: int) -> Callable[[], Iterator[bytes]]:
    """So many changed samples, always the same ones for a seed."""

    def made() -> Iterator[bytes]:
        chance, samples = Random(seed), tuple(parser.samples())
        return (mutated(samples, parser.shapes, chance) for _ in range(count))

    return made


def minimised(parser: Parser, fault: Fault, attempts: int = 60) -> Fault:
    """A smaller case of the same kind, as far as so many attempts get: pieces are left out, the largest first."""
    smallest, size = fault, len(fault.data) // 2
    while size and attempts > 0:
        at, shorter = 0, False
        while at < len(smallest.data) and attempts > 0:
            data = smallest.data[:at] + smallest.data[at + size :]
            attempts -= 1
            again = [one for one in faults(parser, lambda data=data: iter((data,)))[1] if one.kind == fault.kind]
            if again:
                smallest, shorter = again[0], True
            else:
                at += size
        size = min(size, len(smallest.data)) if shorter else size // 2
    return smallest
