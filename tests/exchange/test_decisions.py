"""decisions: every row of the decision tables, and the page that is made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from certready.exchange.attribution import Message, attribute
from certready.exchange.facts import FACTS
from certready.exchange.matching import match, parse_value
from certready.exchange.route import route
from certready.model import Tenant
from certready.model.report import Severity
from certready.tenant.lint import lint
from tests import decisions
from tests.decisions import CHOOSING, MATCHING, OUTBOUND, RELAYING, Choosing, Matching, Outbound, Relaying

PAGE = Path(__file__).parents[2] / "docs" / "decisions.md"


def label(row: Matching | Relaying | Outbound | Choosing) -> str:
    """A short name for a row."""
    return f"{row.fact} {getattr(row, 'when', '') or getattr(row, 'value', '')}"


@pytest.mark.parametrize("row", MATCHING, ids=label)
def test_a_name_meets_a_value_as_the_table_says(row: Matching) -> None:
    """A certificate name meets a connector value by the rule, and with the certainty, of the fact."""
    try:
        value = parse_value(row.value)
    except ValueError:
        assert "malformed" == row.match
        return
    found = match(value, row.names)
    assert (row.match, row.certain) == (found.kind, not found.uncertain)


@pytest.mark.parametrize("row", RELAYING, ids=label)
def test_a_message_fares_as_the_table_says(row: Relaying) -> None:
    """A message is relayed, incoming, refused or not to be told, and where the table names it, by the step of that fact."""
    found = attribute(row.tenant, row.names, Message(row.sender, row.recipient, row.ip))
    assert row.outcome == found.outcome
    assert row.deciding in (None, found.decided_by.fact)
    assert found.decided_by in found.steps
    assert ("refused" == row.outcome) == (found.reply is not None)


@pytest.mark.parametrize("row", OUTBOUND, ids=label)
def test_an_outbound_setting_is_said_as_the_table_says(row: Outbound) -> None:
    """An outbound connector's setting is warned of, or not, as the fact asks."""
    connectors = (decisions.outbound(**row.settings), decisions.inbound("Gateway", "contoso.com"))
    tenant = Tenant(connectors, decisions.domains(decisions.CONTOSO))
    said = [one.rule for one in lint(tenant) if one.severity is not Severity.PASS]
    assert ([row.says] if row.says else []) == [one for one in said if one != "connector.counterpart-missing"]


@pytest.mark.parametrize("row", CHOOSING, ids=label)
def test_a_recipient_gets_the_connector_of_the_table(row: Choosing) -> None:
    """The most specific outbound connector takes the recipient; where two are equal nobody can tell."""
    tenant = Tenant(row.connectors, decisions.domains(decisions.EXAMPLE_DOMAINS))
    found = route(tenant, row.recipient)
    assert (row.chosen, row.certain) == (found.chosen.name if found.chosen else None, found.certain)
    assert len(row.connectors) == len(found.considered)


def test_every_fact_has_both_outcomes_or_a_place_of_its_own() -> None:
    """Each fact of the sections on values, attribution and outbound connectors has at least two rows that differ, or is
    named among those that decide nothing by themselves."""
    outcomes: dict[str, set[object]] = {}
    for row in MATCHING:
        outcomes.setdefault(row.fact, set()).add((row.match, row.names))
    for one in RELAYING:
        outcomes.setdefault(one.fact, set()).add((one.outcome, one.when))
    for setting in OUTBOUND:
        outcomes.setdefault(setting.fact, set()).add((setting.says, setting.when))
    for choice in CHOOSING:
        outcomes.setdefault(choice.fact, set()).add((choice.chosen, choice.when))
    assert [] == [number for number in FACTS if len(outcomes.get(number, ())) < 2 and number not in decisions.ELSEWHERE]
    assert [] == [number for number in decisions.ELSEWHERE if number not in FACTS]


def test_the_page_is_made_of_the_tables() -> None:
    """docs/decisions.md is what the tables of the tests give, to the letter."""
    assert decisions.document() == PAGE.read_text("utf-8")
