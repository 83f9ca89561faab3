"""``python -m tests.mutation [ROOM...]``: changes certready's code in thousands of places, one at a time, and names those
that no test notices::

    python -m tests.mutation path --only 'lint:_keys' --tests tests/path/test_lint.py

A change that survives is explained in ``survivors/ROOM.toml`` (``where`` and ``change`` as they are printed here, and a
``reason``). The last line says what is left to do. Exit code 1 where that is something: a survivor without an entry, an
entry that holds no longer because its change is noticed now or its code is gone, or a room of whose changes fewer than
nine in ten are noticed; 2 where the run did not come to its end. ``rules`` tries every weight too, as
``tests.weights.mutate`` does. POSIX only: each change has a process.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
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
ENOUGH = 0.9  # of a room's changes, to be noticed
WEIGHTS = "certready.rules:weights"  # where changes of the table of weights are
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
    every = [mutant for one in of.values() for mutant in mutants(one.module, one.tree)]
    explained = survivors.read(given.explained)
    known = {mutant.key for mutant in every} | {key for key in explained if key[0] == WEIGHTS}
    gone = survivors.gone(known, given.rooms, explained)
    for key in gone:
        print(f"gone, though it is explained: {survivors.shown(key)}", flush=True)
    wanted = _wanted(every, given)
    if given.list:
        print(*wanted, f"{len(wanted)} changes", sep="\n")
        return 1 if gone else 0
    return run(of, wanted, explained, len(gone), given)


def _wanted(every: Sequence[Mutant], given: argparse.Namespace) -> list[Mutant]:
    """Those of the changes that are asked for, in the order in which they are tried."""
    wanted = list(every)
    if given.only:
        wanted = [mutant for mutant in wanted if re.search(given.only, str(mutant))]
    if given.again:
        named = set(
            re.findall(r"^(?:survived|untested|unplaced):? +(.*?) *$", given.again.read_text("utf-8"), re.MULTILINE)
        )
        wanted = [mutant for mutant in wanted if str(mutant) in named]
    if given.sample is not None and given.sample < len(wanted):
        wanted = random.Random(given.seed).sample(wanted, given.sample)
    return sorted(wanted, key=lambda mutant: not mutant.function_lines)  # what is imported anew takes longest


def run(
    of: dict[str, Source],
    wanted: Sequence[Mutant],
    explained: dict[survivors.Key, str],
    gone: int,
    given: argparse.Namespace,
) -> int:
    """Try the changes, compare with what is explained, and say what came of it; ``gone`` entries are stale already."""
    began = time.monotonic()
    place = os.environ.get("TMPDIR")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
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

    server = Server(Work(of, wanted, frozenset(explained), given.jobs, given.budget, tell), watched)
    paths = given.tests or sorted({f"tests/{name}" for room in given.rooms for name in ROOMS[room]})
    ignored = [f"--ignore={path}" for path in LEFT_OUT]
    code = pytest.main([*OPTIONS, "-m", "not live and not conformance", *ignored, *paths], plugins=[server])
    _restore_temporary_folder(place)
    if server.problem or len(verdicts) != len(wanted):
        why = server.problem or f"pytest ended with {code!r}."
        print(f"Ended after {len(verdicts)} of {len(wanted)} changes: {why}", file=sys.stderr)
        return 2
    lines = [(verdict.mutant.key, verdict.outcome, verdict.outcome in KILLED) for verdict in verdicts]
    whole = not (given.only or given.again or given.sample is not None or given.tests)
    if "rules" in given.rooms and whole:
        lines += _weights()
    left = _compared(lines, explained)
    if gone:
        left.append(f"{gone} explained whose code is gone")
    thin = [room for room, part in _summary(lines, explained).items() if whole and part < ENOUGH]
    if thin:
        left.append(f"fewer than {ENOUGH:.0%} noticed in {', '.join(thin)}")
    taken = f"({time.monotonic() - began:.0f} s)"
    print(f"Left to do: {'; '.join(left)} {taken}" if left else f"Every change is noticed or explained {taken}")
    return 1 if left else 0


Line = tuple[survivors.Key, str, bool]


def _restore_temporary_folder(place: str | None) -> None:
    """That of the tests has gone with them."""
    tempfile.tempdir = None
    os.environ.pop("TMPDIR", None)
    if place is not None:
        os.environ["TMPDIR"] = place


def _weights() -> list[Line]:
    """Every weight of every rule made another, by the cases of ``tests/weights``."""
    from tests.weights import mutate

    with tempfile.TemporaryDirectory() as folder:
        left = {str(one) for rule in mutate.rules() for one in mutate.silent(rule, Path(folder))}
    every = [str(one) for key, row in mutate.rows().items() for one in mutate.mutants(key, row)]
    return [((WEIGHTS, change, 1), "survived" if change in left else "killed", change not in left) for change in every]


def _compared(lines: Sequence[Line], explained: dict[survivors.Key, str]) -> list[str]:
    """Print what the files do not explain, and what they explain though it is noticed; how many of either there are."""
    alive = {key: outcome for key, outcome, killed in lines if not killed}
    result = survivors.compared(alive, (key for key, _, _ in lines), explained)
    for key in result.unexplained:
        print(f"{alive[key]}: {survivors.shown(key)}")
    for key in result.killed:
        print(f"noticed now, though it is explained: {survivors.shown(key)}")
    counts = ((len(result.unexplained), "neither noticed nor explained"), (len(result.killed), "explained and noticed"))
    return [f"{count} {words}" for count, words in counts if count]


def _summary(lines: Sequence[Line], explained: dict[survivors.Key, str]) -> dict[str, float]:
    """One line for each room: how many changes, and what became of them; the part of each that is noticed."""
    rooms: dict[str, Counter[str]] = {}
    for key, outcome, killed in lines:
        room = rooms.setdefault(survivors.room_of(key), Counter())
        room.update(("tried", f"{outcome} ", *(("killed",) if killed else ("explained",) if key in explained else ())))
    for name, room in rooms.items():
        left = room["tried"] - room["killed"] - room["explained"]
        print(
            f"{name}: {room['tried']} changes, {room['killed']} killed ({room['killed'] / room['tried']:.1%}; "
            f"{room['cpu ']} by CPU, {room['stuck ']} stuck), {room['explained']} explained, {left} neither "
            f"({room['untested ']} run by no test, {room['unplaced ']} not tried)"
        )
    return {name: room["killed"] / room["tried"] for name, room in rooms.items()}


def _with_one_order_of_sets() -> None:
    """Start again where the order of sets is random: what hangs on it would come out otherwise each time."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        again = [sys.executable, "-m", "tests.mutation", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})


if __name__ == "__main__":
    _with_one_order_of_sets()
    sys.exit(main())
