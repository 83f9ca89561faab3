"""Every parser and dialogue on honest, changed and once fatal input; the longer run is ``python -m tests.fuzz``."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certready import load, load_evidence
from certready.dane import survey
from certready.smtp.starttls import PROTOCOLS, implicit
from tests.bundle.test_bundle import CHAIN_PEM
from tests.fuzz import answers, containers
from tests.fuzz.__main__ import CRASHERS
from tests.fuzz.children import trouble
from tests.fuzz.mutation import mutated
from tests.fuzz.parser import judged
from tests.fuzz.registry import PARSERS

TESTS = Path(__file__).parent.parent
EVERY = pytest.mark.parametrize("name", PARSERS)
KEPT = sorted(CRASHERS.glob("*-*"))


@EVERY
def test_honest_input(name: str) -> None:
    """The samples themselves break nothing, and the first of them is read."""
    parser = PARSERS[name]
    parser.take(parser.samples()[0])
    assert [None] * len(parser.samples()) == [trouble(parser, sample) for sample in parser.samples()]


def test_honest_input_is_ready() -> None:
    """What is signed is ready where it is whole, so that to forbid that of anything else says something."""
    assert containers.verdict(load(CHAIN_PEM)) == "ready"
    assert [answers.verdict("crl", answers.CLEAN_LIST), answers.verdict("ocsp", answers.GOOD_ANSWER)] == ["ready"] * 2
    assert judged(load_evidence(PARSERS["evidence"].samples()[0])) == "ready"
    assert [promise.state for promise in survey.promises(answers.zones()[1], answers.MOMENT, answers.MOMENT)] == [
        "records"
    ]


@EVERY
@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=15, derandomize=True)  # what is new is for the longer run to find
def test_changed_input(name: str, chance: Random) -> None:
    """However a sample is changed, it is answered or refused in a sentence, and nothing false is believed."""
    data = mutated(PARSERS[name].samples(), PARSERS[name].shapes, chance)
    assert trouble(PARSERS[name], data) is None


def test_within_limits(tmp_path: Path) -> None:
    """Every saved case and some changed samples, always the same ones, in processes that the system ends where they
    take too much memory or processor time."""
    words = ("--minutes", "0", "--round", "20", "--seed", "1", "--keep", str(tmp_path))
    ran = subprocess.run([sys.executable, "-m", "tests.fuzz", *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
    assert f"{20 * len(PARSERS)} cases, 0 faults" in ran.stdout


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name)
def test_what_once_broke(path: Path) -> None:
    """What a longer run found stays mended."""
    assert trouble(PARSERS[path.name.rpartition("-")[0]], path.read_bytes()) is None


@EVERY
def test_what_else_tries_it_is_there(name: str) -> None:
    """A property that is said to try a parser as well is in the suite, and one of hypothesis."""
    for place in PARSERS[name].tests:
        path, _, called = place.partition("::")
        tree = ast.parse((TESTS / path).read_text("utf-8"))
        (function,) = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == called]
        assert "given(" in " ".join(map(ast.unparse, function.decorator_list)), place


def test_every_dialogue_is_tried() -> None:
    """Each protocol that is spoken before TLS is there by the name of its dialogue."""
    spoken = {each.dialogue.__name__ for each in PROTOCOLS.values() if each.dialogue is not implicit}
    assert spoken <= PARSERS.keys()


def test_a_crasher_is_somebodys() -> None:
    """Every saved case is called after a parser that there is."""
    assert {path.name.rpartition("-")[0] for path in KEPT} <= PARSERS.keys()
