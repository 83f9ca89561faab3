"""A repair as text and as ``certready.repair/1``."""

from __future__ import annotations

from collections.abc import Iterator

from certready.model.plain import report_dict
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
    for title, lines in repaired.install:
        yield ()
        yield ((title, "bold"),)
        yield from ((("  " + line, ""),) for line in lines)
    yield ()
    yield from report_lines(repaired.report, verbose=verbose, width=width)


def repair_dict(repaired: Repaired) -> dict[str, object]:
    """The repair as plain JSON values; ``refusal`` is null where files were written."""
    return {
        "schema": "certready.repair/1",
        "written": list(repaired.written),
        "changes": list(repaired.changes),
        "folder": repaired.folder,
        "refusal": repaired.refusal or None,
        "install": [{"where": title, "lines": list(lines)} for title, lines in repaired.install],
        "report": report_dict(repaired.report),
    }
