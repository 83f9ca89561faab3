"""The demo command: run the scenarios and show them as text while they come, or as JSON at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from certready.cli import output
from certready.demo.scenarios import Result, run
from certready.demo.telling import narrate, summary
from certready.errors import UsageError
from certready.model.report import worst
from certready.render import renderer
from certready.render.layout import plain
from certready.render.text import report_lines


def show(destinations: Sequence[output.Destination], *, verbose: bool) -> int:
    """Run the demonstration. Returns 0 when every report came out as staged, else 1."""
    if any(name == output.NAGIOS for name, _ in destinations):
        raise UsageError("The demonstration is no plugin.", hint="certready demo --format text, or another format.")
    seen: list[Result] = []

    def kept() -> Iterator[Result]:
        for result in run():
            seen.append(result)
            yield result

    if ("text", None) in destinations:
        width = output.columns(sys.stdout)
        for block in narrate(kept(), lambda report: report_lines(report, verbose=verbose, width=width), width):
            output.show(lambda _, block=block: block)  # type: ignore[misc]
    else:
        list(kept())
    staged = summary(seen)
    reports = [result.report for result in seen]
    for name, path in destinations:
        if name != "text":
            document = renderer(name).render_many(reports, worst(report.verdict for report in reports))
        elif path is None:
            continue
        else:
            told = narrate(seen, lambda report: report_lines(report, verbose=verbose, width=None))
            document = plain(line for block in told for line in block)
        output.deliver(document, path)
    return staged.exit_code
