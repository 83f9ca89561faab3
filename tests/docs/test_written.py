"""The pages that are written from the code are as it would write them now."""

from __future__ import annotations

import runpy

import pytest

from tests.docs.pages import REPOSITORY

WRITTEN = runpy.run_path(str(REPOSITORY / "docs" / "written.py"))["PAGES"]


@pytest.mark.parametrize("name", WRITTEN)
def test_page(name: str) -> None:
    """``python docs/written.py`` was run after the last change of options, help or documents."""
    assert WRITTEN[name]() == (REPOSITORY / "docs" / "reference" / name).read_text("utf-8")
