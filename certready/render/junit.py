"""A report as JUnit XML, as Jenkins, GitLab and Azure DevOps read test results (Jenkins' junit-10.xsd)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from certready.model.report import Finding, Report, Severity, Verdict
from certready.render.layout import distinct_names
from certready.wording import visible


def render(report: Report) -> str:
    """One report as a document of one test suite."""
    return render_many((report,), report.verdict)


def render_many(reports: Sequence[Report], verdict: Verdict) -> str:  # noqa: ARG001 - each suite holds its own
    """A test suite for each report, named after its target."""
    root = Element("testsuites", name="certready")
    for name, report in zip(distinct_names(reports), reports, strict=True):
        _suite(root, name, report)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, name: str, report: Report) -> None:
    outcomes = Counter(_outcome(finding, report) for finding in report.findings)
    suite = SubElement(
        root,
        "testsuite",
        name=visible(name),
        tests=str(len(report.findings)),
        failures=str(outcomes["failure"]),
        errors=str(outcomes["error"]),
        timestamp=f"{report.evaluated_at:%Y-%m-%dT%H:%M:%S}",
    )
    if report.extra:
        properties = SubElement(suite, "properties")
        for key, value in report.extra:
            SubElement(properties, "property", name=visible(key), value=visible(value))
    seen: Counter[str] = Counter()
    for finding in report.findings:
        about = _about(finding, report)
        label = f"{finding.rule} ({about})" if about else finding.rule
        seen[label] += 1
        title = f"{label} #{seen[label]}" if seen[label] > 1 else label
        case = SubElement(suite, "testcase", name=visible(title), classname=visible(finding.rule))
        body = "\n".join(visible(line) for line in _body(finding))
        outcome = _outcome(finding, report)
        if outcome:
            SubElement(case, outcome, message=visible(finding.message), type=str(finding.severity)).text = body
        else:
            SubElement(case, "system-out").text = body


def _outcome(finding: Finding, report: Report) -> str:
    """``failure``, ``error``, or "" for a test that passed."""
    if finding.severity is Severity.FAIL or (report.strict and finding.severity is Severity.WARN and finding.counted):
        return "failure"
    return "error" if finding.severity is Severity.UNKNOWN else ""


def _about(finding: Finding, report: Report) -> str:
    parts = (
        report.connector_label(finding),
        finding.endpoint or finding.chain,
        finding.certificate and finding.certificate[:12],
    )
    return ", ".join(part for part in parts if part)


def _body(finding: Finding) -> list[str]:
    fix = finding.fix.splitlines() if finding.fix else []
    return [*finding.message.splitlines(), *(["Fix:", *fix] if fix else [])]
