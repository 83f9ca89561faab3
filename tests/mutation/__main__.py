"""``python -m tests.mutation [ROOM...]``: changes certready's code in a thousand places and names what no test notices."""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import coverage

from tests.mutation import survivors
from tests.mutation.changes import Mutant, mutants
from tests.mutation.placing import REPOSITORY, Source, source

JUDGEMENT = [
    *("checks", "weights", "worlds", "snapshots"),
    *("test_weighing.py", "test_gathering.py", "test_replay.py", "test_remedy.py"),
]
# The rooms, and the tests that know them: in tests/, all that runs without servers.
ROOMS = {
    "path": ["path", "checks/test_chain.py", "checks/test_roots.py"],
    "revocation": ["revocation", "checks/test_revocation.py"],
    "exchange": ["exchange", "tenant", "checks/test_connector.py", "weights", "snapshots/test_tenant.py"],
    "rules": ["rules", *JUDGEMENT],
    "checks": JUDGEMENT,
    "case": JUDGEMENT,
    "weighing": JUDGEMENT,
    "judging": JUDGEMENT,
}
LEFT_OUT = ("tests/weights/test_every_row.py",)  # changes the table of weights itself, again and again
BUDGET = 3.0  # seconds of CPU, as traced, of tests that one change is tried with


def sources(rooms: Sequence[str]) -> dict[str, Source]:
    """The modules of the rooms, by name."""
    files: list[Path] = []
    for room in rooms:
        place = REPOSITORY / "certready" / room
        files += sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    every = (source(file) for file in files if file.name != "__main__.py")
    return {of.module: of for of in every}


def room_of(module: str) -> str:
    """The room that a module is in."""
    return module.split(".")[1]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0], prog="python -m tests.mutation")
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(ROOMS)}; all where none is given")
    parser.add_argument("--only", metavar="PATTERN", help="changes whose place or code matches this regular expression")
    parser.add_argument("--tests", nargs="+", metavar="PATH", help="tests to try them with, in place of the usual ones")
    parser.add_argument("--sample", type=int, metavar="N", help="this many of the changes")
    parser.add_argument("--seed", type=int, default=0, help="which sample")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--budget", type=float, default=BUDGET, metavar="SECONDS", help="CPU of tests for one change")
    parser.add_argument("--list", action="store_true", help="print the changes and try none")
    parser.add_argument("--verbose", action="store_true", help="print each verdict")
    given = parser.parse_args()
    rooms = given.rooms or list(ROOMS)
    unknown = set(rooms) - set(ROOMS)
    if unknown:
        parser.error(f"not a room: {', '.join(sorted(unknown))}")
    of = sources(rooms)
    tried = [mutant for one in of.values() for mutant in mutants(one.module, one.tree)]
    if given.only:
        tried = [mutant for mutant in tried if re.search(given.only, str(mutant))]
    if given.sample is not None and given.sample < len(tried):
        tried = random.Random(given.seed).sample(tried, given.sample)
    tried.sort(key=lambda mutant: not mutant.function_lines)  # what is imported anew takes longest
    if given.list:
        print(*tried, sep="\n")
        print(f"{len(tried)} changes")
        return 0
    return run(of, tried, given)


def run(of: dict[str, Source], tried: Sequence[Mutant], given: argparse.Namespace) -> int:
    """Try the changes, compare with the file of survivors, and say what came of it."""
    began = time.monotonic()
    watched = coverage.Coverage(
        data_file=None, config_file=False, include=[str(REPOSITORY / "certready" / "*")], messages=False
    )
    watched.start()
    import pytest

    from tests.mutation.children import KILLED, OPTIONS
    from tests.mutation.server import Server, Verdict, Work

    verdicts: list[Verdict] = []

    def tell(verdict: Verdict) -> None:
        verdicts.append(verdict)
        if given.verbose:
            print(f"{verdict.outcome:9} {verdict.mutant}  {verdict.by}", flush=True)
        elif sys.stderr.isatty():
            print(f"\r{len(verdicts)} of {len(tried)}", end="", file=sys.stderr)

    server = Server(Work(of, tried, given.jobs, given.budget, tell), watched)
    paths = given.tests or sorted({f"tests/{name}" for room in given.rooms or ROOMS for name in ROOMS[room]})
    ignored = [f"--ignore={path}" for path in LEFT_OUT]
    code = pytest.main([*OPTIONS, "-m", "not live and not conformance", *ignored, *paths], plugins=[server])
    if server.problem or (code and not verdicts):
        print(server.problem or f"pytest ended with {code}", file=sys.stderr)
        return 2
    survived = [one for one in verdicts if one.outcome not in KILLED]
    reasons = survivors.read(survivors.FOLDER)
    result = survivors.compared((one.mutant.key for one in survived), (one.mutant.key for one in verdicts), of, reasons)
    for one in sorted(survived, key=lambda one: one.mutant.key):
        if one.mutant.key not in reasons:
            print(f"{one.outcome}: {one.mutant}" + (f"  {one.by}" if one.by else ""))
    partial = given.only or given.sample is not None or given.tests
    for key in result.killed:
        print(f"killed, though tests/mutation/survivors explains it: {key}")
    for key in () if partial else result.gone:
        print(f"gone, though tests/mutation/survivors explains it: {key}")
    _summary(verdicts, reasons, KILLED)
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if result.unexplained or result.killed or (result.gone and not partial) else 0


def _summary(verdicts: Sequence[object], reasons: dict[survivors.Key, str], killed: frozenset[str]) -> None:
    """One line for each room."""
    count: dict[str, Counter[str]] = {}
    for one in verdicts:
        room = count.setdefault(room_of(one.mutant.module), Counter())  # type: ignore[attr-defined]
        room["tried"] += 1
        room["dead"] += one.outcome in killed  # type: ignore[attr-defined]
        room["explained"] += one.outcome not in killed and one.mutant.key in reasons  # type: ignore[attr-defined]
        room[one.outcome] += 1  # type: ignore[attr-defined]
    for name, room in count.items():
        rate = room["dead"] / room["tried"]
        print(
            f"{name}: {room['tried']} changes, {room['dead']} killed ({rate:.1%}), {room['explained']} explained; "
            f"untested {room['untested']}, out of CPU {room['cpu']}, stuck {room['stuck']}, not placed {room['unplaced']}"
        )


if __name__ == "__main__":
    sys.exit(main())
