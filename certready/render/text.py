"""The report for people: the verdict, what to mend, what could not be told, what is fine, and what was looked at.

Away from a terminal each finding is one line, whatever its length, so that ``grep`` and ``diff`` work; on a terminal
the caller gives the width. All text of our own is ASCII.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TextIO

from certready.model.plain import plain as plain_json
from certready.model.report import ConnectorResult, Finding, Report, Severity, Verdict
from certready.render.context import context
from certready.render.layout import (
    VERDICT_WORDS,
    Line,
    coloured,
    console,
    counted,
    hanging,
    plain,
    print_lines,
    visible,
)

VERDICTS: dict[Verdict, tuple[str, str]] = {
    "ready": (VERDICT_WORDS["ready"], "pass"),
    "not-ready": (VERDICT_WORDS["not-ready"], "fail"),
    "cannot-tell": (VERDICT_WORDS["cannot-tell"], "unknown"),
    "not-applicable": (VERDICT_WORDS["not-applicable"], "dim"),
}
# With less room than this beside the rule ids, messages go below them.
_NARROWEST = 60
_MARGIN = len("unknown") + 2


def render(report: Report, *, verbose: bool = False, color: bool = False, width: int | None = None) -> str:
    """The report as text that ends with a line end.

    Args:
        verbose: add sources, values compared, and the tables of certificates, revocation and endpoints.
        color: with ANSI colours; whether the terminal and ``NO_COLOR`` allow them is the caller's to know.
        width: columns to wrap at; None: one line for each finding, whatever its length.
    """
    lines = report_lines(report, verbose=verbose, width=width)
    return coloured(lines) if color else plain(lines)


def render_many(
    reports: Sequence[Report],
    verdict: Verdict,
    *,
    verbose: bool = False,
    color: bool = False,
    width: int | None = None,
) -> str:
    """Every report, and below them one line for each with the worst verdict of all."""
    texts = [render(report, verbose=verbose, color=color, width=width) for report in reports]
    lines = list(_overview(reports, verdict))
    return "\n\n".join([*texts, coloured(lines) if color else plain(lines)])


def print_rich(report: Report, file: TextIO | None = None, *, verbose: bool = False, width: int | None = None) -> None:
    """Write the report in colour to a terminal: standard output, or ``file``; ``width`` None: as wide as it is."""
    terminal = console(file)
    print_lines(report_lines(report, verbose=verbose, width=width or terminal.width), terminal)


def report_lines(report: Report, *, verbose: bool, width: int | None) -> Iterator[Line]:
    """The whole report, line by line: verdict and summary, findings from worst to best, what was looked at."""
    yield _headline(report)
    yield from hanging((), _summary(report), "", width, 0)
    ids = max((len(finding.rule) for finding in report.findings), default=0)
    for severity in sorted(Severity, reverse=True):
        group = [finding for finding in report.findings if finding.severity == severity]
        if group:
            yield ()
        for finding in group:
            yield from _finding(report, finding, ids, verbose, width)
    yield ()
    yield from context(report, verbose=verbose, width=width)


def _headline(report: Report) -> Line:
    word, style = VERDICTS[report.verdict]
    target = report.target.name or f"({report.target.kind})"
    return ((word, style), ("  ", ""), (target, "bold"), (_for_whom(_judged(report)), ""))


def _for_whom(judged: Sequence[ConnectorResult]) -> str:
    if not judged:
        return ""
    if len(judged) == 1:
        return f'  for the {judged[0].direction} connector "{judged[0].name}"'
    directions = {connector.direction for connector in judged}
    return f"  for {len(judged)} {directions.pop() + ' ' if len(directions) == 1 else ''}connectors"


def _judged(report: Report) -> list[ConnectorResult]:
    return [connector for connector in report.connectors if connector.verdict != "not-applicable"]


def _summary(report: Report) -> str:
    """One sentence that says how it came to the verdict."""
    by_severity = {
        severity: [finding for finding in report.findings if finding.severity == severity] for severity in Severity
    }
    fails, unknowns, warns, passes = (len(by_severity[severity]) for severity in sorted(Severity, reverse=True))
    rest = (
        f"{unknowns} could not be told" if unknowns else "",
        counted(warns, "warning") if warns else "",
        f"{passes} passed" if passes else "",
    )
    if fails:
        return _sentence(f"{counted(fails, 'failure')} to mend", ", ", rest)
    if report.verdict == "not-ready":
        return _sentence("Nothing fails by itself, but warnings count as failures (--strict)", ": ", rest)
    if unknowns:
        more = f" ({unknowns - 1} more below)" if unknowns > 1 else ""
        return f"Nothing failed, but this could not be told: {by_severity[Severity.UNKNOWN][0].message}{more}"
    if report.verdict == "ready":
        return _sentence("Every required check was made and none failed", ": ", rest)
    return _sentence("Nothing could be judged", ": ", rest)


def _sentence(first: str, joint: str, rest: Sequence[str]) -> str:
    """``first``, and what there is of ``rest`` after the joint."""
    counts = ", ".join(part for part in rest if part)
    return f"{first}{joint}{counts}." if counts else f"{first}."


def _finding(report: Report, finding: Finding, ids: int, verbose: bool, width: int | None) -> Iterator[Line]:
    """One finding: severity, rule and message in columns, or the message below where the terminal is narrow."""
    style = str(finding.severity)
    beside = width is None or width - (_MARGIN + ids + 2) >= _NARROWEST
    indent = _MARGIN + ids + 2 if beside else _MARGIN
    head: Line = ((style.ljust(_MARGIN), style), (visible(finding.rule).ljust(ids + 2 if beside else 0), "bold"))
    if not beside:
        yield head
        head = ((" " * indent, ""),)
    yield from hanging(head, _tag(report, finding) + finding.message, "", width, indent)
    for label, text, style in _below(finding, verbose):
        lead: Line = ((" " * indent, ""), (f"{label}: ", style))
        yield from hanging(lead, text, "" if label == "fix" else "dim", width, indent + len(label) + 2)


def _tag(report: Report, finding: Finding) -> str:
    """Which of several connectors, endpoints or chains the finding is about, where its message does not say so."""
    chain = finding.chain if len(report.chains) > 1 else None
    endpoint = finding.endpoint if len(report.endpoints) > 1 else None
    connector = finding.connector if len(_judged(report)) > 1 else None
    parts = [part for part in (connector, endpoint or chain) if part and part not in finding.message]
    return f"[{', '.join(parts)}] " if parts else ""


def _below(finding: Finding, verbose: bool) -> Iterator[tuple[str, str, str]]:
    """The lines below a finding: label, text and the label's style."""
    if finding.fix and (finding.severity != Severity.PASS or verbose):
        yield "fix", finding.fix, "bold"
    if not verbose:
        return
    if finding.reference:
        yield "source", finding.reference, "dim"
    if finding.certificate:
        yield "certificate", finding.certificate, "dim"
    if finding.severity == Severity.WARN and not finding.counted:
        yield "strict", "not counted by --strict", "dim"
    for key, value in finding.evidence.items():
        yield str(key), value if isinstance(value, str) else json.dumps(plain_json(value)), "dim"


def _overview(reports: Sequence[Report], verdict: Verdict) -> Iterator[Line]:
    widest = max((len(VERDICTS[report.verdict][0]) for report in reports), default=0)
    for report in reports:
        word, style = VERDICTS[report.verdict]
        yield ((word.ljust(widest + 2), style), (report.target.name, ""))
    word, style = VERDICTS[verdict]
    yield ((word, style), (f"  is the worst of {counted(len(reports), 'report')}.", ""))
