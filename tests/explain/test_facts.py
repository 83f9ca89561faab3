"""certready explain 1.3.4: the numbered facts, each with how sure it is and where it is written."""

from __future__ import annotations

import json
from collections.abc import Callable

import jsonschema
import pytest

from certready import schemas
from certready.cli import main
from certready.exchange.facts import FACTS
from certready.explain.facts import fact_called, numbered

Run = Callable[..., tuple[int, str]]


def test_every_fact_is_a_sentence_with_a_source() -> None:
    """Each fact is one sentence or more, its source is named, its confidence is one of five, and what it refers to is
    there."""
    kinds = {"documented", "reported", "inferred", "disputed", "not found"}
    for fact in numbered().values():
        assert fact.text.endswith(".")
        assert fact.source
        assert fact.confidence in kinds
        assert set(fact.see) <= set(numbered())
        assert fact.number not in fact.see
    assert set(FACTS) <= set(numbered())


def test_each_fact_is_found_by_its_number() -> None:
    """A number finds its fact, in either case and with the word before it."""
    for number, fact in numbered().items():
        assert fact == fact_called(number) == fact_called(f" Fact {number.lower()}\n")


@pytest.mark.parametrize("text", ["5.7.64", "4.4.317", "1.2", "1.3.99", "N99", "550 5.7.64", "2.10 is", "", "1.3.4.5"])
def test_a_code_is_no_fact(text: str) -> None:
    """An enhanced status code, a number there is none of and a text around a number are no fact."""
    assert fact_called(text) is None


def test_the_command_shows_a_fact(capfd: pytest.CaptureFixture[str]) -> None:
    """The text says the fact, its confidence and its source; the JSON keeps every key of the schema."""
    assert 0 == main(["explain", "1.3.4"])
    assert FACTS["1.3.4"].text in " ".join(capfd.readouterr().out.split())
    assert 0 == main(["explain", "2.10", "--format", "json"])
    found = json.loads(capfd.readouterr().out)
    jsonschema.validate(found, schemas.load("explain"))
    assert ["N20"] == found["fact"]["see"]
