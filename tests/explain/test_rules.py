"""Rule ids into what they are about."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from certready import schemas
from certready.explain.document import of_rule
from certready.explain.show import rule_lines
from certready.model.plain import json_values
from certready.render.layout import plain
from certready.rules import RULES, looks_like_a_rule, rule_called, rule_in

VALIDATOR = Draft202012Validator(schemas.load("explain"))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_explained(rule: str) -> None:
    """Each rule id is recognised in any case, shown, and its JSON meets the schema."""
    assert looks_like_a_rule(rule.upper())
    found = rule_called(rule.upper())
    assert found is not None
    assert rule in plain(rule_lines(found, 80))
    assert [] == list(VALIDATOR.iter_errors(json_values(of_rule(found, rule))))


def test_a_crashed_check_is_explained_too() -> None:
    """The finding of a crashed check has an id of each subject and can be explained."""
    found = rule_called("names.check-crashed")
    assert found is not None
    assert "--save-evidence" in plain(rule_lines(found, None))
    assert rule_called("nothing.check-crashed") is None


def test_an_unknown_rule_names_those_spelt_alike() -> None:
    """A misspelt rule id is unknown and names its neighbours."""
    assert rule_called("chain.incomplet") is None
    nearest = json_values(of_rule(None, "chain.incomplet"))["nearest"]
    assert {"id": "chain.incomplete", "title": "An intermediate certificate is missing"} in nearest  # type: ignore[operator]


def test_a_rule_is_found_in_a_line_of_a_report() -> None:
    """A pasted line of a report leads to its rule."""
    assert "chain.incomplete" == rule_in("fail     chain.incomplete   The issuer of mail.contoso.com is missing.")
