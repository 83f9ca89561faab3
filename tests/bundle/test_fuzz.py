"""Every loader on mutated input: no exception but ours, within bounds; the longer run is ``tests.bundle.fuzz``."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.bundle.fuzz import CRASHERS, LOADERS, mutated, trouble
from tests.bundle.loaders import seeds


@pytest.mark.parametrize("loader", sorted(LOADERS))
def test_mutated_input(loader: str) -> None:
    """Some mutations of sound input, always the same ones."""
    chance, given = random.Random(1), seeds(loader)
    assert trouble(loader, given[0]) is None
    for _ in range(40):
        data = mutated(given, chance)
        assert (None, data) == (trouble(loader, data), data)


@pytest.mark.parametrize("path", sorted(CRASHERS.glob("*-*")), ids=lambda path: path.name)
def test_what_once_broke(path: Path) -> None:
    """What a longer run found stays mended."""
    assert trouble(path.name.rpartition("-")[0], path.read_bytes()) is None
