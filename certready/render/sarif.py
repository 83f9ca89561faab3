"""Reports as SARIF 2.1.0 (OASIS), for code scanning and pipelines: one run for each report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from certready._version import __version__
from certready.model.report import Finding, Report, Severity, Verdict
from certready.render.layout import distinct_names
from certready.rules import rule_called
from certready.wording import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.FAIL: "error", Severity.UNKNOWN: "warning", Severity.WARN: "note"}


def render(report: Report) -> str:
    """One report as a log of one run."""
    return render_many((report,), report.verdict)


def render_many(reports: Sequence[Report], verdict: Verdict) -> str:  # noqa: ARG001 - each run holds its own
    """A log with a run for each report."""
    runs = [_run(name, report) for name, report in zip(distinct_names(reports), reports, strict=True)]
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}
    return json.dumps(log, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _run(name: str, report: Report) -> dict[str, object]:
    findings = [finding for finding in report.findings if finding.severity is not Severity.PASS]
    ids = list(dict.fromkeys(finding.rule for finding in findings))
    driver = {"name": "certready", "version": __version__, "rules": [_rule(rule) for rule in ids]}
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": _message(name)["text"]},
        "results": [_result(finding, ids, name) for finding in findings],
        "columnKind": "unicodeCodePoints",
        "properties": {"verdict": report.verdict, **{visible(key): visible(value) for key, value in report.extra}},
    }


def _rule(name: str) -> dict[str, object]:
    rule = rule_called(name)
    if rule is None:
        return {"id": name}
    help_text = f"{rule.why} {rule.fix}".strip()
    described: dict[str, object] = {
        "id": name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.what},
        "help": {"text": help_text},
    }
    address = next((source.address for source in rule.sources if source.address), None)
    return {**described, "helpUri": address} if address else described


def _result(finding: Finding, ids: Sequence[str], name: str) -> dict[str, object]:
    message = f"{finding.message}\n\nFix: {finding.fix}" if finding.fix else finding.message
    about = {key: getattr(finding, key) for key in ("certificate", "connector", "direction", "chain", "endpoint")}
    return {
        "ruleId": finding.rule,
        "ruleIndex": ids.index(finding.rule),
        "level": _LEVELS[finding.severity],
        "message": _message(message),
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(name)}}}],
        "properties": {"counted": finding.counted, **{key: value for key, value in about.items() if value}},
    }


def _message(text: str) -> dict[str, str]:
    """Plain text: braces are doubled (one is a placeholder, 3.11.5), brackets of links escaped (3.11.6)."""
    shown = "\n".join(visible(line) for line in text.splitlines())
    doubled = shown.replace("{", "{{").replace("}", "}}")
    return {"text": doubled.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")}


def _uri(name: str) -> str:
    """The target as a relative URI: no drive, no root, no scheme (3.4.3)."""
    path = name.replace("\\", "/").lstrip("/")
    return quote(visible(path), safe="/") or "target"
