"""``python -m tests.fuzz --minutes 10``: every parser and dialogue on changed input, within bounds of memory and time.

Whatever the bytes, a parser answers or says one sentence; it needs no more memory and processor time than
:mod:`tests.fuzz.children` allows, and what it answers is nothing that nobody signed. What breaks that is made smaller
and written to ``tests/fuzz/crashers`` (or ``--keep``), which the suite runs.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count as counted
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.children import Fault, faults, minimised, mutations
from tests.fuzz.registry import PARSERS

CRASHERS = Path(__file__).parent / "crashers"


def kept(folder: Path, name: str, fault: Fault) -> None:
    """Writes the case down."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{hashlib.sha256(fault.data).hexdigest()[:12]}"
    path.write_bytes(fault.data)
    print(f"{path} ({len(fault.data)} bytes)\n{fault.wrong.rstrip()}", flush=True)


class Tally(NamedTuple):
    """How many cases of each parser there were, and how often each kind of fault."""

    cases: Counter[str]
    broken: Counter[tuple[str, str]]

    def add(self, name: str, count: int, wrong: Sequence[Fault]) -> list[Fault]:
        """Counts a round; the faults of a kind that was not known yet, one of each."""
        self.cases[name] += count
        unknown = {fault.kind: fault for fault in wrong if not self.broken[name, fault.kind]}
        self.broken.update((name, fault.kind) for fault in wrong)
        return list(unknown.values())


def run(minutes: float, names: Sequence[str], seed: int, size: int, keep: Path) -> int:
    """What was saved, then rounds of so many cases of every parser in turn until the time is over, at least one of
    each, or until Ctrl-C. Returns how many kinds of fault there were."""
    tally, last = Tally(Counter(), Counter()), seed
    for path in sorted(CRASHERS.glob("*-*")):
        name = path.name.rpartition("-")[0]
        if name in names:
            _, wrong = faults(PARSERS[name], lambda path=path: iter((path.read_bytes(),)))
            for fault in tally.add(name, 0, wrong):
                print(f"{path} again\n{fault.wrong}", flush=True)
    try:
        for last, name in _turns(names, time.monotonic() + minutes * 60, seed):
            count, wrong = faults(PARSERS[name], mutations(PARSERS[name], last, size))
            for fault in tally.add(name, count, wrong):
                print(f"{name}: {fault.kind}", flush=True)
                kept(keep, name, minimised(PARSERS[name], fault))
    except KeyboardInterrupt:
        print("interrupted")
    for name, count in sorted(tally.cases.items()):
        print(f"{name:16} {count:8} cases")
    for (name, kind), count in sorted(tally.broken.items()):
        print(f"{name:16} {count:8} times {kind}")
    print(f"{tally.cases.total()} cases, {len(tally.broken)} faults; the last seed was {last}")
    return len(tally.broken)


def _turns(names: Sequence[str], until: float, seed: int) -> Iterator[tuple[int, str]]:
    """A seed and a parser, all of them in turn, until this monotonic time; every one at least once."""
    for number in counted(1):
        if number > len(names) and time.monotonic() > until:
            return
        yield seed + number, names[(number - 1) % len(names)]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1, help="how long, all parsers together (default: 1)")
    parser.add_argument("--only", nargs="+", choices=sorted(PARSERS), metavar="NAME", help="these parsers alone")
    parser.add_argument("--seed", type=int, default=0, help="begins with this one; a seed gives the same cases again")
    parser.add_argument("--round", type=int, default=200, help="how many cases one child process runs")
    parser.add_argument("--keep", type=Path, default=CRASHERS, help="the folder that cases are written to")
    parser.add_argument("--list", action="store_true", help="name every parser, and what else the suite tries on it")
    chosen = parser.parse_args()
    if chosen.list:
        for name, each in PARSERS.items():
            count = len(list(CRASHERS.glob(f"{name}-*")))
            shapes = ", ".join(shape.__name__ for shape in each.shapes)
            print(f"{name:16} {shapes}; {count} saved; {', '.join(each.tests) or 'no other property'}")
        return 0
    warnings.simplefilter("ignore")
    return 1 if run(chosen.minutes, chosen.only or list(PARSERS), chosen.seed, chosen.round, chosen.keep) else 0


if __name__ == "__main__":
    sys.exit(main())
