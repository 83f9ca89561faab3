"""No row of the severity table can change unseen: for every change of a cell a case comes out wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from certready import Severity
from tests.weights.cases import CASES
from tests.weights.mutate import Mutant, noticed, rules, silent, trials
from tests.weights.table import changed, rows, rule_of
from tests.weights.unreached import UNREACHED


@pytest.mark.parametrize("rule", rules())
def test_every_change_of_a_weight_is_noticed(rule: str, tmp_path: Path) -> None:
    """Whichever cell of the rule's rows is made lighter, heavier, empty or full, or counted otherwise, a case fails."""
    assert [] == [str(one) for one in silent(rule, tmp_path, heavier=True)]


@pytest.mark.parametrize("key", sorted({key for key, _ in UNREACHED}))
def test_what_is_said_to_be_out_of_reach_is(key: str, tmp_path: Path) -> None:
    """A cell that is listed as out of reach is in the table, and changing it changes no case."""
    cases, cells = trials(rule_of(key), tmp_path), rows()[key].cells
    there = [Mutant(key, one, None if weight is not None else Severity.FAIL) for one, weight in cells.items()]
    assert [] == [str(one) for one in there if (key, one.column) in UNREACHED and noticed(one, cases)]


def test_every_case_is_about_a_rule_of_the_table() -> None:
    """No case is left over from a rule that is gone, and no two cases of a rule share a name."""
    assert {one.rule for one in CASES} == set(rules())
    names = [(one.rule, one.name) for one in CASES]
    assert len(names) == len(set(names))


def test_every_case_says_what_it_proves() -> None:
    """Each case has its sentence."""
    assert [] == [one.name for one in CASES if not one.sentence.endswith(".")]


def test_a_change_lasts_no_longer_than_it_is_wanted() -> None:
    """The table is whole again after a change, even where the judgement raised."""
    before = rows()
    with pytest.raises(ZeroDivisionError), changed("chain.invalid", "inbound", None):
        _ = 1 / (rows() == before)
    assert rows() == before
