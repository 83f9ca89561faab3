"""Every parser and dialogue on honest, changed and once fatal input; the longer run is ``python -m tests.fuzz``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import CRASHERS
from tests.fuzz.children import trouble
from tests.fuzz.mutation import mutated
from tests.fuzz.registry import PARSERS

EVERY = pytest.mark.parametrize("name", PARSERS)
KEPT = sorted(CRASHERS.glob("*-*"))


@EVERY
def test_honest_input(name: str) -> None:
    """The samples themselves break nothing, and the first of them is read."""
    parser = PARSERS[name]
    parser.take(parser.samples()[0])
    assert [None] * len(parser.samples()) == [trouble(parser, sample) for sample in parser.samples()]


@EVERY
@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=15)
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
