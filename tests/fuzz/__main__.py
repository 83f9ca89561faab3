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
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.children import Fault, faults, minimised, mutations
from tests.fuzz.registry import PARSERS

CRASHERS = Path(__file__).parent / "crashers"


def kept(folder: Path, name: str, fault: Fault) -> None:
    """Writes the case down."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{hashlib.sha256(fault.data).hexdigest()[:12]}"
    path.write_bytes(fault.data)
    print(f"{path} ({len(fault.data)} bytes)\n{fault.wrong.rstrip()}", flush=True)


def run(minutes: float, names: Sequence[str], seed: int, size: int, keep: Path) -> int:
    """What was saved, then rounds of so many cases of every parser in turn until the time is over, at least one of each; a cause that is known already is
    only counted. Returns how many causes there were."""
    until = time.monotonic() + minutes * 60
    cases, broken = Counter[str](), Counter[tuple[str, str]]()
    for path in sorted(CRASHERS.glob("*-*")):
        name = path.name.rpartition("-")[0]
        if name in names:
            wrong = faults(PARSERS[name], lambda path=path: iter((path.read_bytes(),)))[1]
            broken.update((name, fault.kind) for fault in wrong)
            print("".join(f"{path} again\n{fault.wrong}\n" for fault in wrong), end="", flush=True)
    while not cases or time.monotonic() < until:
        for name in names:
            if cases[name] and time.monotonic() > until:
                break
            seed += 1
            count, wrong = faults(PARSERS[name], mutations(PARSERS[name], seed, size))
            cases[name] += count
            for fault in wrong:
                broken[name, fault.kind] += 1
                if broken[name, fault.kind] == 1:
                    print(f"{name}: {fault.kind}", flush=True)
                    kept(keep, name, minimised(PARSERS[name], fault))
    for name, count in sorted(cases.items()):
        print(f"{name:16} {count:8} cases")
    for (name, kind), count in sorted(broken.items()):
        print(f"{name:16} {count:8} times {kind}")
    print(f"{cases.total()} cases, {len(broken)} faults; the last seed was {seed}")
    return len(broken)


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
