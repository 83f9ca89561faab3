"""``python -m tests.bundle.fuzz --minutes 10``: every loader on mutated input, within bounds of memory and time.

Whatever the bytes, a loader answers or raises one of our errors, needs at most 300 MB more memory than it began with
and at most two seconds of CPU. What breaks that is written to ``--keep`` (a folder) and belongs into
``tests/bundle/crashers``, which the suite runs. ``--loader NAME`` and ``--seed N`` narrow a run down.

Rounds run in child processes, so that a crash or a limit of the operating system ends a round and not the run.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.bundle.loaders import LOADERS, seeds

MEMORY = 300 * 1024 * 1024
CPU_SECONDS = 2.0
ROUND = 300  # cases in one child
LARGEST = 10 * 1024 * 1024
CRASHERS = Path(__file__).parent / "crashers"


def mutated(given: Sequence[bytes], chance: random.Random) -> bytes:
    """One of the inputs with some of it changed: bits, bytes, lengths, pieces lost, doubled, moved or of another."""
    data = bytearray(chance.choice(given))
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        if not data:
            break
        at = chance.randrange(len(data))
        size = min(chance.choice((1, 2, 4, 16, 64, 512)), len(data) - at)
        match chance.randrange(9):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at] = chance.choice((0, 1, 0x30, 0x31, 0x7F, 0x80, 0x81, 0x84, 0xA0, 0xFF))
            case 2:
                del data[at : at + size]
            case 3:
                data[at:at] = data[at : at + size] * chance.choice((1, 2, 8))
            case 4:
                other = chance.choice(given)
                start = chance.randrange(len(other)) if other else 0
                data[at : at + size] = other[start : start + size]
            case 5:
                del data[at:]
            case 6:
                data[at : at + size] = chance.randbytes(size)
            case 7:
                data[at:at] = bytes((0x30, 0x84)) + chance.randbytes(4)
            case _:
                piece = data[at : at + size]
                del data[at : at + size]
                place = chance.randrange(len(data) + 1)
                data[place:place] = piece
    if chance.random() < 0.01 and data:  # now and then as large as a file may be
        data *= LARGEST // len(data)
    return bytes(data[:LARGEST])


def trouble(loader: str, data: bytes) -> str | None:
    """What is wrong with how a loader takes these bytes: an exception, or a bound that was passed; None where nothing
    is."""
    before, began = _memory(), time.process_time()
    try:
        LOADERS[loader](data)
    except Exception:  # noqa: BLE001 - that is what is looked for
        return traceback.format_exc(limit=-4)
    spent, grown = time.process_time() - began, _memory() - before
    if spent > CPU_SECONDS:
        return f"{spent:.1f} seconds of CPU for {len(data)} bytes"
    return f"{grown // 2**20} MB for {len(data)} bytes" if grown > MEMORY else None


def _memory() -> int:
    """The most memory that this process ever had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _round(loader: str, seed: int, path: Path) -> None:
    """One child's cases: each lies in ``path`` while it runs; what is wrong is printed, one JSON object a line."""
    chance, given = random.Random(seed), seeds(loader)
    LOADERS[loader](given[0])  # what is imported late is not the case's doing
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for _ in range(ROUND):
        data = mutated(given, chance)
        path.write_bytes(data)
        wrong = trouble(loader, data)
        if wrong:
            print(json.dumps({"wrong": wrong, "data": data.hex()}), flush=True)
    print(json.dumps({"done": ROUND}))


def _kept(folder: Path, loader: str, data: bytes, wrong: str) -> None:
    import hashlib

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{loader}-{hashlib.sha256(data).hexdigest()[:12]}"
    if not path.exists():
        path.write_bytes(data)
        print(f"{path}: {wrong.strip().splitlines()[-1]}", flush=True)


def run(minutes: float, loaders: Sequence[str], seed: int, keep: Path) -> int:
    """Rounds of every loader in turn until the time is over. Returns how many cases broke a bound or raised."""
    until, count, broken = time.monotonic() + minutes * 60, Counter[str](), 0
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "case"
        while time.monotonic() < until:
            for loader in loaders:
                seed += 1
                command = [sys.executable, "-W", "ignore", "-m", "tests.bundle.fuzz", "--round", loader]
                command += ["--seed", str(seed), "--case", str(path)]
                try:
                    child = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
                    lines = [json.loads(line) for line in child.stdout.splitlines()]
                    ended = f"the process ended with {child.returncode}: {child.stderr[-300:]}"
                except subprocess.TimeoutExpired:
                    lines, ended = [], "no end within two minutes"
                for line in lines:
                    if "wrong" in line:
                        broken += 1
                        _kept(keep, loader, bytes.fromhex(line["data"]), line["wrong"])
                count[loader] += ROUND
                if not any("done" in line for line in lines):
                    broken += 1
                    _kept(keep, loader, path.read_bytes() if path.exists() else b"", ended)
    print(", ".join(f"{loader} {cases}" for loader, cases in sorted(count.items())))
    print(f"{sum(count.values())} cases, {broken} broke a bound or raised; seed {seed}")
    return broken


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bundle.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--loader", action="append", choices=sorted(LOADERS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("crashers"))
    parser.add_argument("--round", help=argparse.SUPPRESS)
    parser.add_argument("--case", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.round:
        _round(chosen.round, chosen.seed, chosen.case)
        return 0
    return 1 if run(chosen.minutes, chosen.loader or sorted(LOADERS), chosen.seed, chosen.keep) else 0


if __name__ == "__main__":
    sys.exit(main())
