"""Every case of the severity table: the weight that the contract gives it, for each connector that can be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.weights.case import Audience, Case
from tests.weights.cases import CASES

TRIALS = [(case, audience) for case in CASES for audience in case.expected]


@pytest.mark.parametrize(
    ("case", "audience"), TRIALS, ids=[f"{case.rule} {case.name} {audience}" for case, audience in TRIALS]
)
def test_a_case_weighs_what_the_contract_says(case: Case, audience: Audience, tmp_path: Path) -> None:
    """In the situation that the case's own sentence describes, its rule weighs what is written there, counted or not."""
    found = case.found(case.judging(audience, tmp_path))
    assert {one for one in [case.expected[audience]] if one} == found, case.sentence
