"""Changes every cell of the severity table, one at a time, and names those that no case notices::

    python -m tests.weights.mutate [--all]

A cell is weakened (fail to unknown, warn and pass; each to nothing said), an empty one is filled, and it is turned over
whether ``--strict`` counts a row. With ``--all`` cells are made heavier too. Exit code 1 where a change is not noticed.
Cells that no situation reaches are left out; ``unreached.py`` lists them with the reason.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from certready import Severity
from tests.weights.case import Audience, Case, Judging, column_of
from tests.weights.cases import CASES
from tests.weights.table import Column, Row, changed, rows, rule_of
from tests.weights.unreached import CAPPED, UNREACHED


class Mutant(NamedTuple):
    """One change of the table; ``column`` is None where it is about counting."""

    key: str
    column: Column | None
    to: Severity | bool | None

    def __str__(self) -> str:
        if self.column is None:
            return f"{self.key}: {'counted' if self.to else 'not counted'}"
        return f"{self.key}, {self.column}: {'not said' if self.to is None else self.to}"


class Trial(NamedTuple):
    """A case under one connector, ready to be judged again and again."""

    case: Case
    audience: Audience
    judging: Judging

    @property
    def notices(self) -> bool:
        """Whether it comes out other than the contract says."""
        return not self.case.weighs(self.audience, self.judging)


def mutants(key: str, row: Row, *, heavier: bool = False) -> Iterator[Mutant]:
    """Every change of a row that is tried. What passes is counted by nothing, so that counting it is no change."""
    for column, before in row.cells.items():
        if (key, column) not in UNREACHED:
            yield from (Mutant(key, column, to) for to in _changes(before, heavier=heavier))
    if any(weight not in (None, Severity.PASS) for weight in row.cells.values()):
        yield Mutant(key, None, not row.counted)


def _changes(before: Severity | None, *, heavier: bool) -> Iterator[Severity | None]:
    if before is None:
        yield Severity.FAIL
    else:
        yield None
        yield from (one for one in Severity if one < before or (heavier and one > before))


def trials(rule: str, folder: Path) -> list[Trial]:
    """Every case of this rule under every connector that it is for."""
    made = [(case, audience) for case in CASES if case.rule == rule for audience in case.expected]
    found = []
    for number, (case, audience) in enumerate(made):
        own = folder / f"{rule}-{number}"
        own.mkdir()
        found.append(Trial(case, audience, case.judging(audience, own)))
    return found


def noticed(mutant: Mutant, tried: Sequence[Trial]) -> bool:
    """Whether a case comes out wrong while the table is changed."""
    with changed(*mutant):
        return any(one.notices for one in tried if mutant.column in (None, column_of(one.audience)))


def silent(rule: str, folder: Path, *, heavier: bool = False) -> list[Mutant]:
    """The changes of a rule's rows that no case notices."""
    tried = trials(rule, folder)
    own = ((key, row) for key, row in rows().items() if rule_of(key) == rule)
    every = (mutant for key, row in own for mutant in mutants(key, row, heavier=heavier))
    return [one for one in every if not noticed(one, tried) and not _capped(one)]


def _capped(mutant: Mutant) -> bool:
    return mutant.key in CAPPED and mutant.to is Severity.FAIL


def rules() -> tuple[str, ...]:
    """The rules that the table weighs."""
    return tuple(dict.fromkeys(rule_of(key) for key in rows()))


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--all", action="store_true", help="make cells heavier too")
    heavier = parser.parse_args().all
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        left = [one for rule in rules() for one in silent(rule, Path(folder), heavier=heavier)]
    number = sum(1 for key, row in rows().items() for _ in mutants(key, row, heavier=heavier))
    for one in left:
        print(one)
    taken = time.monotonic() - began
    print(f"{number} changes of {len(rows())} rows, {len(left)} not noticed ({taken:.1f} s)")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
