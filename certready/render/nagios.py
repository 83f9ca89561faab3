"""A report as one line of a Nagios plugin, with the plugins' exit codes (Monitoring Plugins guidelines)."""

from __future__ import annotations

from collections.abc import Sequence

from certready.model.report import Report, Severity, Verdict, worst
from certready.render.layout import shorten

OK, WARNING, CRITICAL, UNKNOWN = range(4)
_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_LONGEST = 400  # characters of the sentence: plugins' first lines are cut at 1 KiB by older cores


def render(report: Report, reason: str | None = None) -> str:
    """The line of one report, with what decided where no finding of it did."""
    days = min(_days(report), default=None)
    return line(exit_code((report,)), report.target.name or report.target.kind, reason or _reason(report), days)


def render_many(reports: Sequence[Report], verdict: Verdict) -> str:  # noqa: ARG001 - the worst report says it
    """The line of the worst report; ``days`` counts to the end of the earliest judged leaf of all."""
    chosen = max(reports, key=rank, default=None)
    if chosen is None:
        return line(UNKNOWN, "certready", "nothing was judged")
    days = [left for report in reports for left in _days(report)]
    return line(
        exit_code((chosen,)), chosen.target.name or chosen.target.kind, _reason(chosen), min(days, default=None)
    )


def exit_code(reports: Sequence[Report]) -> int:
    """0 ready, 1 ready with counted warnings, 2 not-ready, 3 cannot-tell (contract, "Other formats")."""
    verdict = worst(report.verdict for report in reports)
    if verdict == "not-ready":
        return CRITICAL
    if verdict != "ready":
        return UNKNOWN
    return WARNING if any(_warns(report) for report in reports) else OK


def line(code: int, target: str, reason: str, days: int | None = None) -> str:
    """The plugin's line (Monitoring Plugins guidelines).

    Args:
        code: the exit code, which becomes the word.
        target: what was judged.
        reason: the rest of the sentence. A bar, which would begin performance data, is replaced in it.
        days: the performance data, None for none.
    """
    shown = f"CERTREADY {_WORDS[code]} - {_plain(target)}: {_plain(reason)}"
    return shown + (f" | days={days};;;;\n" if days is not None else "\n")


def error_line(message: str) -> str:
    """The line of a run that could not judge anything."""
    return f"CERTREADY UNKNOWN - {_plain(message)}\n"


def _plain(text: str) -> str:
    return shorten(" ".join(text.split()), _LONGEST).replace("|", "/")


def rank(report: Report) -> tuple[int, int]:
    """How bad a report is: its verdict, then whether a counted warning stands in it."""
    order: tuple[Verdict, ...] = ("not-applicable", "ready", "cannot-tell", "not-ready")
    return order.index(report.verdict), int(_warns(report))


def _warns(report: Report) -> bool:
    return any(finding.severity is Severity.WARN and finding.counted for finding in report.findings)


def _reason(report: Report) -> str:
    """The first finding that decides."""
    if report.verdict == "ready" and not _warns(report):
        return "all required checks passed"
    deciding = [finding for finding in report.findings if finding.severity is not Severity.WARN or finding.counted]
    finding = max(deciding, key=lambda finding: finding.severity, default=None)
    return f"{finding.rule}: {finding.message}" if finding else "nothing was judged"


def _days(report: Report) -> list[int]:
    """Days to the end, where it can be read, of each judged leaf, rounded down; negative after it."""
    leaves = {(chain.path or chain.sent)[:1] for chain in report.chains}
    judged = {sha256 for leaf in leaves for sha256 in leaf}
    ends = [info.not_after for info in report.certificates if info.sha256 in judged]
    return [(end - report.evaluated_at).days for end in ends if end]
