"""The severity table as the tests see it: the one place that knows where certready keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from msgspec.structs import force_setattr, replace

from certready import Severity
from certready.rules import RULES, model
from certready.rules.model import COLUMNS, Column

_FIELDS = dict(zip(COLUMNS, ("inbound", "partner", "validation", "domain"), strict=True))


class Row(NamedTuple):
    """A row as it stands: its weight in each column, None where it is not said, and whether ``--strict`` counts it."""

    cells: dict[Column, Severity | None]
    counted: bool


def rows() -> dict[str, Row]:
    """Every row by its key: the rule, ``/variant`` and ``@mode`` where it has them."""
    return {
        _key(rule.id, row): Row({column: row.cell(column) for column in COLUMNS}, row.counted)
        for rule in RULES.values()
        for row in rule.weights
    }


def rule_of(key: str) -> str:
    """The rule of a row's key."""
    return key.partition("@")[0].partition("/")[0]


@contextmanager
def changed(key: str, column: Column | None, to: Severity | bool | None) -> Iterator[None]:
    """While it lasts, the cell of this row and column weighs ``to``; with no column, ``to`` says whether it counts."""
    rule = RULES[rule_of(key)]
    before = rule.weights
    change = {_FIELDS[column] if column else "counted": to}
    # The checks name the very entry that is changed here; that it is frozen is for everybody else.
    weights = tuple(replace(row, **change) if _key(rule.id, row) == key else row for row in before)
    _weigh(rule, weights)
    try:
        yield
    finally:
        _weigh(rule, before)


def _weigh(rule: model.Rule, weights: tuple[model.Row, ...]) -> None:
    """Give the entry these rows, and have it look them up anew."""
    force_setattr(rule, "weights", weights)
    vars(rule).pop("_rows", None)


def _key(rule: str, row: model.Row) -> str:
    return rule + (f"/{row.variant}" if row.variant else "") + (f"@{row.mode}" if row.mode else "")
