"""The demo command: run the scenarios and show them as text while they come, or as JSON at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

from certready.cli import output
from certready.demo.scenarios import Result, run
from certready.demo.telling import narrate, summary
from certready.errors import UsageError
from certready.model.report import Report, worst
from certready.render import renderer
from certready.render.text import render


def show(destinations: Sequence[output.Destination], *, verbose: bool) -> int:
    """Run the demonstration. Returns 0 when every report came out as staged, else 1."""
    if any(name == output.NAGIOS for name, _ in destinations):
        raise UsageError("The demonstration is no plugin.", hint="certready demo --format text, or another format.")
    seen: list[Result] = []
    width, colour = output.columns(sys.stdout), output.colourful(sys.stdout) and os.name != "nt"

    def kept() -> Iterator[Result]:
        for result in run():
            seen.append(result)
            yield result

    def text(report: Report) -> str:
        return render(report, verbose=verbose, color=colour, width=width)

    for_stdout = [name for name, path in destinations if path is None]
    if "text" in for_stdout:
        for block in narrate(kept(), text, width):
            output.write(sys.stdout, block)
    else:
        list(kept())
    found = summary(seen)
    reports = [result.report for result in seen]
    for name, path in destinations:
        if name != "text":
            document = renderer(name).render_many(reports, worst(report.verdict for report in reports))
        elif path is None:
            continue
        else:
            document = "".join(narrate(seen, lambda report: render(report, verbose=verbose)))
        if path is None:
            output.write(sys.stdout, document)
        else:
            output.write_file(path, document.encode("utf-8", "backslashreplace"))
    return found.exit_code
