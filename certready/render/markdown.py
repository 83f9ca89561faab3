"""A report as Markdown (GitHub's kind), for tickets and pull requests.

Whatever came from certificates, servers and exports is text there: no markup, no HTML, no link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from certready.model.report import Finding, Report, Severity, Verdict
from certready.render.context import judged
from certready.render.layout import VERDICT_WORDS
from certready.wording import counted, visible

# What Markdown, GitHub's tables or HTML would read as more than a character.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$^=-])")
# What GitHub makes a link of, though nothing marks it as one.
_LINKS = re.compile(r"://|\bwww\.|@", re.IGNORECASE)


def render(report: Report) -> str:
    """One report: the verdict as a heading, findings as a table, their fixes as code blocks."""
    return "\n".join(_lines(report, "#")) + "\n"


def render_many(reports: Sequence[Report], verdict: Verdict) -> str:
    """Several reports under a heading with the worst verdict."""
    lines = [f"# {VERDICT_WORDS[verdict]}: the worst of {counted(len(reports), 'report')}", ""]
    for report in reports:
        lines += [*_lines(report, "##"), ""]
    return "\n".join(lines[:-1]) + "\n"


def _lines(report: Report, heading: str) -> Iterator[str]:
    yield f"{heading} {VERDICT_WORDS[report.verdict]}: {text(report.target.name or report.target.kind)}"
    yield ""
    store = f"{report.trust.name} of {report.trust.as_of}" if report.trust.as_of else report.trust.name
    yield f"Judged as of {report.evaluated_at:%Y-%m-%d %H:%M} UTC by the root store {text(store)}."
    if report.extra:
        yield from ("", ", ".join(f"{text(key)}: {text(value)}" for key, value in report.extra))
    marks = [info.sha1.upper() for info in report.certificates if info.role == "leaf" and info.sha1]
    if marks:
        yield from ("", f"Thumbprint of the certificate: {text(' and '.join(marks))}.")
    connectors = judged(report)
    if connectors:
        yield from ("", "| Connector | Direction | Value | Matched by | Verdict |", "|---|---|---|---|---|")
        for connector in connectors:
            cells = (connector.name, connector.direction, connector.value or "", connector.matched_name or "")
            yield _row((*cells, connector.verdict))
    yield from ("", "| Severity | Rule | Finding |", "|---|---|---|")
    findings = sorted(report.findings, key=lambda finding: finding.severity, reverse=True)
    for finding in findings:
        yield _row((str(finding.severity), finding.rule, finding.message))
    for finding in findings:
        if finding.fix and finding.severity is not Severity.PASS:
            yield from _fix(finding, heading + "#")


def _fix(finding: Finding, heading: str) -> Iterator[str]:
    """What to do, in a fence longer than any run of backticks in it."""
    lines = [visible(line) for line in (finding.fix or "").splitlines()]
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", "\n".join(lines))), default=0))
    yield from ("", f"{heading} Fix for {text(finding.rule)}", "", fence, *lines, fence)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(text, cells))} |"


def text(value: str) -> str:
    """The value as text that Markdown shows as it is."""
    escaped = _MARKUP.sub(r"\\\1", " ".join(visible(line) for line in value.splitlines()))
    return _LINKS.sub(lambda match: "".join(f"&#{ord(mark)};" for mark in match[0]), escaped)
