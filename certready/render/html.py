"""A report as one HTML file that loads nothing: for people who were sent it, on paper, on a phone, read aloud.

No script is needed to read it; the one there is copies a fix. Whatever came from certificates, servers and exports is
text, never markup and never a link, and the page's Content-Security-Policy allows nothing but its own style and script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from certready.model.report import Finding, Report, Severity, Verdict
from certready.render.layout import VERDICT_WORDS, counted, distinct_names, visible
from certready.render.pictures import path_picture, time_line
from certready.rules import RULES

if TYPE_CHECKING:
    from jinja2 import Template


def render(report: Report) -> str:
    """One report as a page."""
    return render_many((report,), report.verdict)


def render_many(reports: Sequence[Report], verdict: Verdict) -> str:
    """Several reports on one page, a list of them at its beginning."""
    from markupsafe import Markup

    style, script = _part("report.css"), _part("report.js")
    names = distinct_names(reports)
    return _template().render(
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'",
        verdict=verdict,
        word=VERDICT_WORDS[verdict],
        reports=[
            _view(number, name, report) for number, (name, report) in enumerate(zip(names, reports, strict=True), 1)
        ],
    )


@cache
def _template() -> Template:
    """The page, compiled once."""
    from jinja2 import DictLoader, Environment, StrictUndefined

    environment = Environment(
        loader=DictLoader({"page": _part("report.html.j2")}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page")


def _shown(value: object) -> object:
    """Text with what cannot be seen written as escapes; our own markup as it is."""
    from markupsafe import Markup

    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _view(number: int, name: str, report: Report) -> Mapping[str, object]:
    """What the template shows of a report."""
    findings = sorted(report.findings, key=lambda finding: finding.severity, reverse=True)
    certificates = {info.sha256: info for info in report.certificates}
    counts = {severity: sum(finding.severity is severity for finding in findings) for severity in Severity}
    words = {Severity.FAIL: "failed", Severity.UNKNOWN: "unknown", Severity.PASS: "ok"}
    summary = [
        counted(counts[severity], "warning") if severity is Severity.WARN else f"{counts[severity]} {words[severity]}"
        for severity in sorted(Severity, reverse=True)
        if counts[severity]
    ]
    return {
        "id": f"report-{number}",
        "name": name,
        "report": report,
        "word": VERDICT_WORDS[report.verdict],
        "words": VERDICT_WORDS,
        "summary": ", ".join(summary) or "nothing was judged",
        "troubles": [_finding(finding, report) for finding in findings if finding.severity is not Severity.PASS],
        "passes": [_finding(finding, report) for finding in findings if finding.severity is Severity.PASS],
        "paths": [
            {"chain": chain, "picture": picture, "words": " > ".join(step.name for step in picture.steps)}
            for chain in report.chains
            for picture in [path_picture(chain, certificates, report)]
            if picture.steps
        ],
        "times": time_line(report),
        "label": {sha256: _label(sha256, report) for sha256 in {entry.certificate for entry in report.revocation}},
    }


def _finding(finding: Finding, report: Report) -> Mapping[str, object]:
    judged = [connector for connector in report.connectors if connector.verdict != "not-applicable"]
    about = (
        finding.connector if len(judged) > 1 else None,
        finding.endpoint if len(report.endpoints) > 1 else None,
        finding.chain if len(report.chains) > 1 else None,
    )
    return {
        "severity": str(finding.severity),
        "rule": finding.rule,
        "title": RULES[finding.rule].title if finding.rule in RULES else finding.rule,
        "message": finding.message,
        "fix": (finding.fix or "").splitlines(),
        "reference": finding.reference,
        "about": ", ".join(part for part in about if part and part not in finding.message),
    }


def _label(sha256: str, report: Report) -> str:
    info = next((info for info in report.certificates if info.sha256 == sha256), None)
    return sha256[:16] if info is None else (info.names[0] if info.names else info.subject)
