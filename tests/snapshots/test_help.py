"""What the library of the command line words for us: the help page of every command, and what is wrong with a line.

Its releases differ in that, so these are compared with the newest alone.
"""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from certready.cli.app import COMMANDS
from tests.snapshots.conftest import Typed

PAGES = {"certready": "", **{name: name for name in COMMANDS}, "cache-show": "cache show", "cache-clear": "cache clear"}
MISTAKES = {
    "command": "chek good.pem",
    "option": "check good.pem --inbund contoso.com",
    "choice": "diff a b --role host",
}


@pytest.mark.parametrize("page", PAGES)
def test_help(typed: Typed, snapshot: SnapshotAssertion, page: str) -> None:
    """The help page of every command."""
    lines = typed(*PAGES[page].split(), "--help").splitlines()
    assert "".join(f"{line.rstrip()}\n" for line in lines) == snapshot  # the frames are padded to the terminal's width


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(typed: Typed, snapshot: SnapshotAssertion, mistake: str) -> None:
    """A mistyped command line is answered with what is nearest, or with where to look."""
    assert typed(*MISTAKES[mistake].split()) == snapshot
