"""JSON lines: one ``certready.report/1`` a line, for logs and for programs that read as it comes."""

from __future__ import annotations

from collections.abc import Sequence

from certready.model.plain import json_line
from certready.model.report import Report, Verdict


def render(report: Report) -> str:
    """The report on one line of ASCII."""
    return json_line(report.document)


def render_many(reports: Sequence[Report], verdict: Verdict) -> str:  # noqa: ARG001 - each line holds its own
    """A line for each report."""
    return "".join(map(render, reports))
