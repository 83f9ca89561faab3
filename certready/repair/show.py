"""A repair as text."""

from __future__ import annotations

from collections.abc import Iterator

from certready.render.layout import Line, hanging
from certready.render.text import report_lines
from certready.repair.model import Repaired


def repair_lines(repaired: Repaired, *, verbose: bool, width: int | None) -> Iterator[Line]:
    """What was written, what was changed, how it is installed, and the verdict on it."""
    if repaired.refusal:
        yield from hanging((("Nothing was written: ", "fail"),), repaired.refusal, "", width, 4)
    else:
        names = ", ".join(repaired.written)
        yield from hanging((("Written ", "bold"),), f"to {repaired.folder}: {names}", "", width, 4)
        for change in repaired.changes or ("Nothing had to be changed.",):
            yield from hanging((("  - ", ""),), change, "", width, 4)
    for part in repaired.install:
        yield ()
        yield ((part.where, "bold"),)
        yield from ((("  " + line, ""),) for line in part.lines)
    yield ()
    yield from report_lines(repaired.report, verbose=verbose, width=width)
