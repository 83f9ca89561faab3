"""What the threat model says is held by a test that is there."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.pages import REPOSITORY

PAGE = (REPOSITORY / "docs" / "threats.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py(?:::\w+)?)`", PAGE)) - {"certready/bounds.py"})
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| they ", "|---"))]


@pytest.mark.parametrize("name", NAMED)
def test_the_test_is_there(name: str) -> None:
    """A test that the page names is in the suite, and says in a sentence what it proves."""
    path, _, function = name.partition("::")
    tree = ast.parse((REPOSITORY / "tests" / path).read_text("utf-8"))
    tests = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    if function:
        assert ast.get_docstring(tests[function])
    else:
        assert any(name.startswith("test_") for name in tests)


@pytest.mark.parametrize("row", ROWS)
def test_every_threat_names_one(row: str) -> None:
    """No line of the page stands without a test."""
    assert "::test_" in row or ".py`" in row
