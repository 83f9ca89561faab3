"""``python -m tests.mutation [ROOM...]``: changes certready's code in thousands of places, one at a time, and names those
that no test notices::

    python -m tests.mutation path --only 'lint:_keys' --tests tests/path/test_lint.py

A change that survives is explained in ``survivors/ROOM.toml`` (``where`` and ``change`` as they are printed here, and a
``reason``). Exit code 1 where one is not, or where an entry holds no longer because its change is noticed now or its
code is gone. ``rules`` tries every weight too, as ``tests.weights.mutate`` does. POSIX only: each change has a process.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import coverage

from tests.mutation import survivors
from tests.mutation.changes import Mutant, mutants
from tests.mutation.placing import REPOSITORY, Source, source

JUDGEMENT = [
    *("checks", "weights", "snapshots", "test_case.py", "test_judging.py"),
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


def sources(rooms: Iterable[str]) -> dict[str, Source]:
    """The modules of the rooms, by name."""
    files: list[Path] = []
    for room in rooms:
        place = REPOSITORY / "certready" / room
        files += sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    every = (source(file) for file in files if file.name != "__main__.py")
    return {of.module: of for of in every}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("::")[0], prog="python -m tests.mutation")
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(ROOMS)}; all where none is given")
    parser.add_argument("--only", metavar="PATTERN", help="changes whose line here matches this regular expression")
    parser.add_argument(
        "--again", type=Path, metavar="FILE", help="changes that survive in this output of a former run"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="this many of the changes, picked at random")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another seed picks others")
    parser.add_argument("--tests", nargs="+", metavar="PATH", help="tests to try them with, in place of the rooms'")
    parser.add_argument("--budget", type=float, default=BUDGET, metavar="SECONDS", help="CPU of tests for one change")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="changes at a time")
    parser.add_argument("--explained", type=Path, default=survivors.FOLDER, metavar="FOLDER", help="in place of ours")
    parser.add_argument("--list", action="store_true", help="print the changes and try none")
    parser.add_argument(
        "--verbose", action="store_true", help="print what became of each change, and which test noticed"
    )
    return parser


def main() -> int:
    """The command."""
    parser = _parser()
    given = parser.parse_args()
    given.rooms = given.rooms or list(ROOMS)
    unknown = set(given.rooms) - set(ROOMS)
    if unknown:
        parser.error(f"not a room: {', '.join(sorted(unknown))}")
    of = sources(given.rooms)
    wanted = [mutant for one in of.values() for mutant in mutants(one.module, one.tree)]
    if given.only:
        wanted = [mutant for mutant in wanted if re.search(given.only, str(mutant))]
    if given.again:
        named = set(
            re.findall(r"^(?:survived|untested|unplaced):? +(.*?) *$", given.again.read_text("utf-8"), re.MULTILINE)
        )
        wanted = [mutant for mutant in wanted if str(mutant) in named]
    if given.sample is not None and given.sample < len(wanted):
        wanted = random.Random(given.seed).sample(wanted, given.sample)
    wanted.sort(key=lambda mutant: not mutant.function_lines)  # what is imported anew takes longest
    if given.list:
        print(*wanted, f"{len(wanted)} changes", sep="\n")
        return 0
    return run(of, wanted, given)


def run(of: dict[str, Source], wanted: Sequence[Mutant], given: argparse.Namespace) -> int:
    """Try the changes, compare with what is explained, and say what came of it."""
    began = time.monotonic()
    watched = coverage.Coverage(
        data_file=None, config_file=False, include=[str(REPOSITORY / "certready" / "*")], messages=False
    )
    watched.start()  # before anything of certready is imported
    import pytest

    from tests.mutation.children import KILLED, OPTIONS
    from tests.mutation.server import Server, Verdict, Work

    verdicts: list[Verdict] = []

    def tell(verdict: Verdict) -> None:
        verdicts.append(verdict)
        if given.verbose:
            print(f"{verdict.outcome:9} {verdict.mutant}  {verdict.by}", flush=True)

    server = Server(Work(of, wanted, given.jobs, given.budget, tell), watched)
    paths = given.tests or sorted({f"tests/{name}" for room in given.rooms for name in ROOMS[room]})
    ignored = [f"--ignore={path}" for path in LEFT_OUT]
    code = pytest.main([*OPTIONS, "-m", "not live and not conformance", *ignored, *paths], plugins=[server])
    if server.problem or len(verdicts) != len(wanted):
        print(server.problem or f"pytest ended with {code}", file=sys.stderr)
        return 2
    lines = [(verdict.mutant.key, verdict.outcome, verdict.outcome in KILLED) for verdict in verdicts]
    part = bool(given.only or given.again or given.sample is not None or given.tests)
    if "rules" in given.rooms and not part:
        lines += _weights()
    explained = survivors.read(given.explained)
    trouble = _compared(lines, of, explained, part=part)
    _summary(lines, explained)
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if trouble else 0


Line = tuple[survivors.Key, str, bool]


def _weights() -> list[Line]:
    """Every weight of every rule made another, by the cases of ``tests/weights``."""
    from tests.weights import mutate

    with tempfile.TemporaryDirectory() as folder:
        left = {str(one) for rule in mutate.rules() for one in mutate.silent(rule, Path(folder))}
    every = [str(one) for key, row in mutate.rows().items() for one in mutate.mutants(key, row)]
    return [
        (("certready.rules:weights", change, 1), "survived" if change in left else "killed", change not in left)
        for change in every
    ]


def _compared(
    lines: Sequence[Line], modules: Iterable[str], explained: dict[survivors.Key, str], *, part: bool
) -> bool:
    """Print what the files do not explain, and which entries hold no longer; whether there was any of it. A part of
    the changes, or of the tests, does not tell whether code is gone or a change survives."""
    alive = {key: outcome for key, outcome, killed in lines if not killed}
    result = survivors.compared(alive, (key for key, _, _ in lines), modules, explained)
    for key in result.unexplained:
        print(f"{alive[key]}: {survivors.shown(key)}")
    for key in result.killed:
        print(f"noticed now, though it is explained: {survivors.shown(key)}")
    gone = () if part else result.gone
    for key in gone:
        print(f"gone, though it is explained: {survivors.shown(key)}")
    return bool(result.unexplained or result.killed or gone)


def _summary(lines: Sequence[Line], explained: dict[survivors.Key, str]) -> None:
    """One line for each room: how many changes, and what became of them."""
    rooms: dict[str, Counter[str]] = {}
    for key, outcome, killed in lines:
        room = rooms.setdefault(key[0].partition(":")[0].split(".")[1], Counter())
        room.update(("tried", f"{outcome} ", *(("killed",) if killed else ("explained",) if key in explained else ())))
    for name, room in rooms.items():
        left = room["tried"] - room["killed"] - room["explained"]
        print(
            f"{name}: {room['tried']} changes, {room['killed']} killed ({room['killed'] / room['tried']:.1%}; "
            f"{room['cpu ']} by CPU, {room['stuck ']} stuck), {room['explained']} explained, {left} neither "
            f"({room['untested ']} run by no test, {room['unplaced ']} not tried)"
        )


if __name__ == "__main__":
    sys.exit(main())
