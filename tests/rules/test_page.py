"""docs/rules.md is written from the rules, so that no word and no weight changes unseen."""

from __future__ import annotations

import re
from pathlib import Path

from certready.rules import RULES
from certready.rules.page import COMMAND, page


def test_the_page_in_the_docs_is_the_generated_one() -> None:
    """docs/rules.md is what the documented command writes."""
    written = Path(__file__).parents[2] / "docs" / "rules.md"
    assert page() == written.read_text("utf-8"), COMMAND


def test_the_page_has_a_section_for_each_rule() -> None:
    """Every rule has one section, in report order but for its subject."""
    assert sorted(RULES) == sorted(re.findall(r"^### (\S+)$", page(), re.MULTILINE))


def test_the_page_has_every_weight() -> None:
    """Every row of every rule is a line of the page, and a rule without a row for any situation says what then holds."""
    lines = [
        line
        for line in page().splitlines()
        if re.fullmatch(r"\| .* \|( (pass|warn|unknown|fail|-)(, not counted)? \|){4}", line)
    ]
    open_ends = [rule for rule in RULES.values() if not any(row.variant == "" for row in rule.weights)]
    assert sum(len(rule.weights) for rule in RULES.values()) + len(open_ends) == len(lines)
