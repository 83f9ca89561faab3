"""Findings put together as people read them: those of one rule at once, whose they are, each sentence once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from certready.checks.revocation import nobody_answered
from certready.model.report import Finding, Report, Severity
from certready.render.context import judged, label
from certready.wording import counted, visible

OwnedMessage = tuple[tuple[str, ...], str]
"""Whose a sentence is, where it does not say so itself, and the sentence."""


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in the order of severity, else as they came."""
    return sorted(findings, key=lambda finding: finding.severity, reverse=True)


def troubles(findings: Iterable[Finding]) -> list[Finding]:
    """Those that are not pass, the worst first."""
    return worst_first(finding for finding in findings if finding.severity is not Severity.PASS)


def by_rule(findings: Iterable[Finding]) -> Iterator[tuple[Finding, ...]]:
    """Neighbours of one rule and severity."""
    for _, group in groupby(findings, key=lambda finding: (finding.severity, finding.rule)):
        yield tuple(group)


def counts(report: Report) -> str:
    """How many findings there are of each severity, in words."""
    by = {severity: sum(finding.severity is severity for finding in report.findings) for severity in Severity}
    strict = " (--strict)" if report.verdict == "not-ready" and not by[Severity.FAIL] else ""
    parts = (
        f"{by[Severity.FAIL]} failed" if by[Severity.FAIL] else "",
        f"{by[Severity.UNKNOWN]} unknown" if by[Severity.UNKNOWN] else "",
        counted(by[Severity.WARN], "warning") + strict if by[Severity.WARN] else "",
        f"{by[Severity.PASS]} ok" if by[Severity.PASS] else "",
    )
    return ", ".join(part for part in parts if part) or "nothing was judged"


def whose(report: Report, finding: Finding) -> tuple[str, ...]:
    """Which of several connectors, endpoints or chains the finding is about, where its message does not say so."""
    chain = finding.chain if len(report.chains) > 1 else None
    endpoint = finding.endpoint if len(report.endpoints) > 1 else None
    connector = report.connector_label(finding) if len(judged(report)) > 1 else None
    return tuple(part for part in (connector, endpoint or chain) if part and part not in finding.message)


def said(report: Report, group: Sequence[Finding]) -> list[OwnedMessage]:
    """What the findings of one rule say, each sentence once, behind all whose it is.

    Of several certificates about which nobody answers one sentence speaks: behind a firewall that is all of them.
    """
    asked = dict.fromkeys(finding.certificate for finding in group if finding.certificate)
    if group[0].rule == "revocation.unreachable" and len(asked) > 1:
        labels = {info.sha256: visible(label(info)) for info in report.certificates}
        tried = [result for result in report.revocation if result.certificate in asked]
        owners = dict.fromkeys(owner for finding in group for owner in whose(report, finding))
        return [(tuple(owners), nobody_answered([labels.get(sha256, sha256[:16]) for sha256 in asked], tried))]
    names: dict[str, dict[str, None]] = {}
    for finding in group:
        names.setdefault(finding.message, {}).update(dict.fromkeys(whose(report, finding)))
    return [(tuple(owners), message) for message, owners in names.items()]
