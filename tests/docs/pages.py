"""README.md and the pages of docs/, and the blocks of code in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
PAGES = (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md")))
_BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """Code of a page: where, in which language (empty where the page does not say), and its text."""

    page: str
    language: str
    text: str


def blocks() -> Iterator[Block]:
    """Every block of code in every page."""
    for page in PAGES:
        name = page.relative_to(REPOSITORY).as_posix()
        for language, text in _BLOCK.findall(page.read_text("utf-8")):
            yield Block(name, language, text)
