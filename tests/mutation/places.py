"""Where a node hangs in a tree, and one replacement of it."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

LONGEST = 110  # characters of code in a change's name


class Place(NamedTuple):
    """Where a node hangs in the tree: a field of its parent, and the index where that field is a list."""

    parent: ast.AST
    field: str
    index: int | None = None

    def put(self, node: ast.AST | None) -> None:
        """Hang another node there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


class Change(NamedTuple):
    """One replacement: what hangs at ``place`` becomes ``node``. It is named by the code at ``shown``, before and after,
    or by ``words`` in place of the code after, and ``before`` in place of the code before."""

    place: Place
    node: ast.AST | None
    shown: Place | None = None
    words: str = ""
    before: str = ""


def at(place: Place) -> Any:
    """What hangs there."""
    held = getattr(place.parent, place.field)
    return held if place.index is None else held[place.index]


def code(place: Place) -> str:
    """The code of what hangs there, in one line."""
    return " ".join(ast.unparse(at(place)).split())


def short(text: str) -> str:
    """A text cut to what a name may hold."""
    return text if len(text) <= LONGEST else text[: LONGEST - 4] + " ..."
