"""``certready.report/1`` and its company as text, several reports in one document, and errors in place of a report."""

from __future__ import annotations

from collections.abc import Sequence

from certready.model.plain import json_text
from certready.model.report import ErrorDocument, Report, ReportsDocument, ReportVerdict


def render(report: Report) -> str:
    """The report as JSON text, two spaces of indent, a line end at the end."""
    return report.to_json()


def render_many(reports: Sequence[Report], verdict: ReportVerdict) -> str:
    """Several reports as ``certready.reports/1``; ``verdict`` is the worst of theirs."""
    return json_text(ReportsDocument(verdict, tuple(report.document for report in reports)))


def error_json(code: int, message: str, hint: str | None = None) -> str:
    """What stands in a report's place where there is none (exit codes 2 and 4), ``certready.error/1``."""
    return json_text(ErrorDocument(code, message, hint))
