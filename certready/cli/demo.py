"""The demo command: run the scenarios and show them as text while they come, or as JSON at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from certready.cli import output
from certready.demo.scenarios import Result, run
from certready.demo.telling import narrate, summary
from certready.model.report import Report, worst
from certready.render.json import render_many
from certready.render.text import render


def show(destinations: Sequence[output.Destination], *, verbose: bool) -> int:
    """Run the demonstration. Returns 0 when every report came out as staged, else 1."""
    seen: list[Result] = []

    def kept() -> Iterator[Result]:
        for result in run():
            seen.append(result)
            yield result

    def text(report: Report) -> str:
        return render(report, verbose=verbose)

    for_stdout = [name for name, path in destinations if path is None]
    if "text" in for_stdout:
        for block in narrate(kept(), text):
            output.write(sys.stdout, block)
    else:
        list(kept())
    found = summary(seen)
    whole = {
        "json": lambda: render_many([one.report for one in seen], worst(one.report.verdict for one in seen)),
        "text": lambda: "".join(narrate(seen, text)),
    }
    for name, path in destinations:
        if path is not None:
            output.write_file(path, whole[name]().encode())
        elif name != "text":
            output.write(sys.stdout, whole[name]())
    return found.exit_code
