"""The table of files in the docs is what the loaders really say."""

from __future__ import annotations

from pathlib import Path

import pytest

from certready.bundle import load
from tests.bundle.forms import BINARY, PEM, page
from tests.bundle.test_bundle import LEAF, PASSWORD


def test_the_page_in_the_docs() -> None:
    """docs/files.md is what reading every form gives now."""
    docs = Path(__file__).parents[2] / "docs" / "files.md"
    assert docs.read_text("utf-8").splitlines() == list(page())


@pytest.mark.parametrize("data", [*PEM.values(), *BINARY.values()], ids=[*PEM, *BINARY])
def test_every_form_is_read(data: bytes) -> None:
    """Every form that holds the gateway's certificate gives it as the leaf."""
    assert load(data, password=PASSWORD).chains[0].leaf_certificate.der == LEAF.der
