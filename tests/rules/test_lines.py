"""What a rule's words name is there: commands and options of certready."""

from __future__ import annotations

import re

import pytest

from certready.cli.app import COMMANDS
from certready.rules import RULES
from certready.rules.model import Rule
from tests.cli.test_help import ALL

OPTIONS = {option for command in ALL.values() for one in command.params for option in (*one.opts, *one.secondary_opts)}
OTHERS = {"--upgrade"}  # pip's


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_names_only_what_there_is(rule: Rule) -> None:
    """No text of a rule names a command or an option that certready does not have."""
    words = " ".join((rule.title, rule.statement, rule.why, rule.advice, *(row.when for row in rule.weights)))
    assert set() == set(re.findall(r"--[a-z][a-z-]*", words)) - OPTIONS - OTHERS
    assert set() == set(re.findall(r"certready ([a-z]+)", words)) - COMMANDS.keys()
