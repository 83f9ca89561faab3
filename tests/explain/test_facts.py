"""certready explain 1.3.4: the numbered facts, each with how sure it is and where it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

import certready
from certready import dane, schemas
from certready.cli import main
from certready.exchange.facts import FACTS
from certready.explain.facts import fact_number, numbered

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


def test_no_number_of_a_series_is_missing() -> None:
    """The lettered facts are there from the first to the last, so that no number leads nowhere."""
    last = {"N": 31, "U": 18, "S": 22, "F": 7, "P": 9, "D": 16, "M": 13, "E": 18}
    series = {f"{letter}{number}" for letter, end in last.items() for number in range(1, end + 1)}
    assert series == {number for number in numbered() if number[0].isalpha()}


def test_each_fact_is_found_by_its_number() -> None:
    """A number finds its fact, in either case, with the word before it, and as a line of a tenant's answer prints it."""
    for number in numbered():
        texts = (
            number,
            f" Fact {number.lower()}\n",
            f"REFUSED  No certificate is presented. (documented, fact {number})",
        )
        assert {number} == {fact_number(text) for text in texts}


def test_every_fact_that_a_sentence_names_is_there() -> None:
    """Whoever reads "fact U15" in a finding finds it."""
    package = Path(certready.__file__).parent
    named = {
        number
        for path in package.rglob("*.py")
        for number in re.findall(r"\(fact ([A-Z]\d+)\)", path.read_text("utf-8"))
    }
    assert named
    assert named | set(dane.FACTS.values()) <= set(numbered())


CODES = ["5.7.64", "4.4.317", "2.1.5", "2.0.0", "550 5.7.64", "2.10 is", "", "1.3.4.5", "FAIL", "S", "in fact N1 is so"]


@pytest.mark.parametrize("text", CODES)
def test_a_code_is_no_fact(text: str) -> None:
    """An enhanced status code and a text around a number name no fact."""
    assert fact_number(text) is None


@pytest.mark.parametrize("number", ["1.3.99", "n99", "2.77"])
def test_a_number_without_a_fact_is_said_to_be_none(number: str, capfd: pytest.CaptureFixture[str]) -> None:
    """There is no such fact (3), its neighbours are named, and the JSON meets the schema."""
    assert 3 == main(["explain", number])
    out = capfd.readouterr().out
    assert out.startswith(f"There is no fact {number.upper()}. Nearest: ")
    assert 3 == main(["explain", number, "--format", "json"])
    document = json.loads(capfd.readouterr().out)
    jsonschema.validate(document, schemas.load("explain"))
    assert document["nearest"]


def test_the_command_shows_a_fact(capfd: pytest.CaptureFixture[str]) -> None:
    """The text says the fact, its confidence and its source; the JSON keeps every key of the schema."""
    assert 0 == main(["explain", "1.3.4"])
    assert FACTS["1.3.4"].text in " ".join(capfd.readouterr().out.split())
    assert 0 == main(["explain", "2.10", "--format", "json"])
    found = json.loads(capfd.readouterr().out)
    jsonschema.validate(found, schemas.load("explain"))
    assert ["N20"] == found["fact"]["see"]
