"""The table of licences is what the packages themselves say."""

from __future__ import annotations

import runpy
from importlib.metadata import PackageNotFoundError

import pytest

from tests.docs.pages import REPOSITORY

SCRIPT = runpy.run_path(str(REPOSITORY / "docs" / "licences.py"))
PAGE = (REPOSITORY / "docs" / "supply-chain.md").read_text("utf-8")


def test_direct_dependencies_are_listed() -> None:
    """Every package that pyproject.toml asks for is in the table, as asked for."""
    for name in SCRIPT["direct"]():
        assert f"| {name} | direct | " in PAGE


def test_licences_are_those_of_the_packages() -> None:
    """What is installed here and listed is listed under the licence that its own metadata names."""
    try:
        licences = SCRIPT["licences"]()
    except PackageNotFoundError as missing:
        pytest.fail(f"a dependency is not installed: {missing}")
    rows = {
        line.split(" | ")[0].removeprefix("| "): line.rpartition(" | ")[2].removesuffix(" |")
        for line in PAGE.splitlines()
    }
    assert {name: rows[name] for name in licences if name in rows} == {
        name: licences[name] for name in licences if name in rows
    }
    assert len(set(licences) & set(rows)) > 20
