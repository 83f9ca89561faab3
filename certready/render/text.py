"""The report for people: the verdict, what failed with its fix, one line of what passed, and what was looked at.

Away from a terminal each finding is one line, whatever its length, so that ``grep`` and ``diff`` work; on a terminal
the caller gives the width. All text of our own is ASCII.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from certready.model.report import ConnectorResult, Finding, Report, Severity, Verdict
from certready.render.context import context, footer, judged, label, path_picture
from certready.render.findings import by_rule, counts, said, troubles, whose, worst_first
from certready.render.layout import (
    MARGIN,
    RIGHT,
    SEVERITY_WORDS,
    VERDICT_STYLES,
    VERDICT_WORDS,
    Line,
    coloured,
    fix_lines,
    hanging,
    plain,
    titled,
)
from certready.rules import RULES
from certready.wording import counted, visible

VERDICTS: dict[Verdict, tuple[str, str]] = {
    verdict: (word, VERDICT_STYLES[verdict]) for verdict, word in VERDICT_WORDS.items()
}
# What passed, in a word or two; the rules' titles are sentences.
_PASSED = {
    "tls.established": "TLS",
    "tls.several-certificates": "other certificates",
    "listen.client-certificate": "client certificate presented",
    "rehearse.accepted": "recipient accepted",
    "rehearse.smart-host": "smart host",
    "bundle.key-present": "private key",
    "bundle.key-missing": "no private key needed",
    "bundle.root-included": "root included",
    "chain.trusted": "chain",
    "expiry.valid": "dates",
    "revocation.good": "not revoked",
    "revocation.short-lived": "short-lived",
    "names.connector-match": "connector name",
    "names.accepted-domain": "accepted domain",
    "names.hostname-match": "host name",
    "names.no-common-name": "no CN needed",
    "usage.server-auth": "usage",
    "key.strong": "key strength",
}


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
    lines = lines_of_many(reports, verdict, verbose=verbose, width=width)
    return coloured(lines) if color else plain(lines)


def lines_of_many(reports: Sequence[Report], verdict: Verdict, *, verbose: bool, width: int | None) -> Iterator[Line]:
    """Every report, two empty lines apart, and the overview."""
    for report in reports:
        yield from report_lines(report, verbose=verbose, width=width)
        yield from ((), ())
    yield from _overview(reports, verdict)


def report_lines(report: Report, *, verbose: bool, width: int | None) -> Iterator[Line]:
    """The whole report, line by line: headline, findings from worst to best, what was looked at."""
    yield from _headline(report, width)
    findings = worst_first(report.findings)
    if width is None:
        yield ()
        yield from _one_line_each(report, findings, verbose)
    else:
        before: set[str] = set()
        for group in by_rule(troubles(findings)):
            yield ()
            yield from _block(report, group, before, verbose, width)
        passes = [finding for finding in findings if finding.severity is Severity.PASS]
        yield from _passed(report, passes, verbose, width)
    yield ()
    if verbose:
        yield from context(report, verbose=True, width=width)
    else:
        yield from footer(report, width)


def _headline(report: Report, width: int | None) -> Iterator[Line]:
    """Verdict, target and connector, and the counts at the right, or below where they do not fit."""
    word, style = VERDICTS[report.verdict]
    target = visible(report.target.name or f"({report.target.kind})")
    whom, numbers = _for_whom(judged(report)), counts(report)
    used = len(word) + 2 + len(target) + len(whom)
    if width is None:
        yield ((word, style), ("  ", ""), (target, "bold"), (whom, ""), ("  ", ""), (numbers, ""))
    elif used + 2 + len(numbers) <= min(width, RIGHT):
        yield (
            (word, style),
            ("  ", ""),
            (target, "bold"),
            (whom.ljust(min(width, RIGHT) - used - len(numbers) + len(whom)), ""),
            (numbers, ""),
        )
    else:
        yield from hanging(((word, style), ("  ", "")), target + whom, "bold", width, len(word) + 2)
        yield ((" " * (len(word) + 2), ""), (numbers, ""))


def _for_whom(connectors: Sequence[ConnectorResult]) -> str:
    if not connectors:
        return ""
    if len(connectors) > 1:
        directions = {connector.direction for connector in connectors}
        return f" > {len(connectors)} {directions.pop() + ' ' if len(directions) == 1 else ''}connectors"
    connector = connectors[0]
    by_option = connector.name.startswith(f"--{connector.direction} ")
    name = connector.value or "(no value)" if by_option else f'"{connector.name}"'
    return visible(f" > {connector.direction} connector {name}")


# -- findings -----------------------------------------------------------------------------------------------------


def _one_line_each(report: Report, findings: Sequence[Finding], verbose: bool) -> Iterator[Line]:
    """Away from a terminal: severity, rule and message on one line; what belongs to it below, indented."""
    ids = max((len(finding.rule) for finding in findings), default=0)
    for finding in findings:
        style = str(finding.severity)
        head: Line = ((style.ljust(MARGIN), style), (visible(finding.rule).ljust(ids + 2), "bold"))
        yield from hanging(head, _tagged(whose(report, finding), finding.message), "", None, 0)
        yield from _below(finding, verbose, None, set())


def _block(report: Report, group: Sequence[Finding], before: set[str], verbose: bool, width: int) -> Iterator[Line]:
    """The findings of one rule: its title, their messages, their fixes, each said once; ``before`` is what was said."""
    rule, severity = group[0].rule, group[0].severity
    title = RULES[rule].title if rule in RULES else rule
    yield from titled(((SEVERITY_WORDS[severity].ljust(MARGIN), str(severity)),), title, visible(rule), width)
    for owners, message in said(report, group):
        shown = "The same, as above." if message in before else message
        before.add(message)
        yield from hanging(((" " * MARGIN, ""),), _tagged(owners, shown), "", width, MARGIN)
    if rule.startswith("chain.") and severity in (Severity.FAIL, Severity.UNKNOWN):
        for chain in dict.fromkeys(finding.chain for finding in group):
            yield from path_picture(report, chain, rule, MARGIN)
    for finding in group:
        yield from _below(finding, verbose, width, before)


def _passed(report: Report, passes: Sequence[Finding], verbose: bool, width: int) -> Iterator[Line]:
    """One line that names what passed, or every such finding where all is asked for."""
    if not passes:
        return
    yield ()
    head: Line = (("ok".ljust(MARGIN), "pass"),)
    if not verbose:
        troubled = {
            finding.rule.partition(".")[0] for finding in report.findings if finding.severity >= Severity.UNKNOWN
        }
        names = dict.fromkeys(_passed_name(report, finding, troubled) for finding in passes)
        yield from hanging(head, ", ".join(names), "", width, MARGIN)
        return
    for finding in passes:
        yield from titled(head, _tagged(whose(report, finding), finding.message), visible(finding.rule), width)
        yield from _below(finding, verbose, width, set())


def _passed_name(report: Report, finding: Finding, troubled: set[str]) -> str:
    """What passed; and for whom, where the same subject has trouble elsewhere."""
    name = _PASSED.get(finding.rule, finding.rule)
    if finding.rule.partition(".")[0] not in troubled:
        return name
    labels = {info.sha256: label(info) for info in report.certificates}
    about = report.connector_label(finding) or finding.endpoint or labels.get(finding.certificate or "")
    return f"{name} ({visible(about)})" if about else name


def _tagged(owners: Sequence[str], message: str) -> str:
    return f"[{', '.join(owners)}] {message}" if owners else message


def _below(finding: Finding, verbose: bool, width: int | None, before: set[str]) -> Iterator[Line]:
    """The fix, where it was not given before, and with all that is asked for the source and the values compared."""
    fix = finding.fix if finding.severity is not Severity.PASS or verbose else None
    if fix and fix not in before:
        before.add(fix)
        yield from fix_lines(fix, width)
    for name, text in _details(finding) if verbose else ():
        detail = f"{finding.rule} {name}: {text}"
        if width is not None and detail in before:
            continue
        before.add(detail)
        yield from hanging(((" " * MARGIN, ""), (f"{name}: ", "dim")), text, "dim", width, MARGIN + len(name) + 2)


def _details(finding: Finding) -> Iterator[tuple[str, str]]:
    if finding.reference:
        yield "source", finding.reference
    if finding.certificate:
        yield "certificate", finding.certificate
    if finding.severity == Severity.WARN and not finding.counted:
        yield "strict", "not counted by --strict"
    for key, value in finding.evidence.items():
        yield visible(str(key)), value if isinstance(value, str) else json.dumps(value)


def _overview(reports: Sequence[Report], verdict: Verdict) -> Iterator[Line]:
    widest = max((len(VERDICTS[report.verdict][0]) for report in reports), default=0)
    for report in reports:
        word, style = VERDICTS[report.verdict]
        yield ((word.ljust(widest + 2), style), (report.target.name, ""))
    word, style = VERDICTS[verdict]
    yield ((word, style), (f"  is the worst of {counted(len(reports), 'report')}.", ""))
