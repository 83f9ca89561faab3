"""``certready.report/1`` and its company as text, several reports in one document, and errors in place of a report."""

from __future__ import annotations

from collections.abc import Sequence

from certready.model.plain import json_text, report_dict
from certready.model.report import Report, Verdict


def render(report: Report) -> str:
    """The report as JSON text, two spaces of indent, a line end at the end."""
    return json_text(report_dict(report))


def render_many(reports: Sequence[Report], verdict: Verdict) -> str:
    """Several reports as ``certready.reports/1``; ``verdict`` is the worst of theirs."""
    return json_text(
        {"schema": "certready.reports/1", "verdict": verdict, "reports": [report_dict(one) for one in reports]}
    )


def error_json(code: int, message: str, hint: str | None = None) -> str:
    """What stands in a report's place where there is none (exit codes 2 and 4), ``certready.error/1``."""
    return json_text({"schema": "certready.error/1", "code": code, "error": message, "hint": hint})
