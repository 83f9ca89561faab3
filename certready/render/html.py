"""A report as one HTML file: verdict, what to do, the path and the dates as pictures, and every table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from certready.model.report import CertificateInfo, Finding, Report, Severity, Verdict
from certready.render.context import label, leaf_facts, run_facts
from certready.render.findings import by_rule, counts, said, troubles
from certready.render.layout import VERDICT_STYLES, VERDICT_WORDS, Span, distinct_names
from certready.render.page import Entry, Table, entries, page, table
from certready.render.pictures import TimeLine, by_role, path_picture, time_line
from certready.wording import counted, listed

_MOST_NAMES = 20


def render(report: Report) -> str:
    """One report as a page."""
    return render_many((report,), report.verdict)


def render_many(reports: Sequence[Report], verdict: Verdict) -> str:
    """Several reports on one page, a list of them at its beginning."""
    names = distinct_names(reports)
    word = VERDICT_WORDS[verdict]
    views = [
        report_view(f"report-{number}", name, report)
        for number, (name, report) in enumerate(zip(names, reports, strict=True), 1)
    ]
    title = f"{word}: {names[0] if len(names) == 1 else counted(len(names), 'report')}"
    return page("reports", title, verdict=verdict, word=word, reports=views)


def report_view(place: str, name: str, report: Report) -> Mapping[str, object]:
    """What the template ``report`` shows of a report; ``place`` begins the ids of its elements."""
    certificates = {info.sha256: info for info in report.certificates}
    times = time_line(report)
    return {
        "id": place,
        "name": name,
        "report": report,
        "word": VERDICT_WORDS[report.verdict],
        "summary": counts(report),
        "leaves": list(_leaves(report, certificates)),
        "facts": [*run_facts(report), *(f"{key}={value}" for key, value in report.extra)],
        "troubles": _entries(report, troubles(report.findings)),
        "passes": _entries(report, [finding for finding in report.findings if finding.severity is Severity.PASS]),
        "paths": [
            {"chain": chain, "picture": picture, "words": " > ".join(step.name for step in picture.steps)}
            for chain in report.chains
            for picture in [path_picture(chain, certificates, report)]
            if picture.steps
        ],
        "times": times,
        "dates": times and _dates(times, name),
        "answers": list(_answers(report, name)),
        "tables": list(_tables(report, name)),
    }


def _entries(report: Report, findings: Sequence[Finding]) -> list[Entry]:
    return list(entries((group, said(report, group)) for group in by_rule(findings)))


def _leaves(report: Report, certificates: Mapping[str, CertificateInfo]) -> Iterator[list[str]]:
    """The judged certificate of each chain in a line of phrases."""
    for chain in report.chains:
        info = certificates.get(next(iter(chain.path or chain.sent), ""))
        if info:
            several = [f"chain {chain.id} ({VERDICT_WORDS[chain.verdict].lower()})"] if len(report.chains) > 1 else []
            thumbprint = [f"thumbprint {info.sha1.upper()}"] if info.sha1 else []
            yield [*several, *(text for text, _ in leaf_facts(info, report.evaluated_at)), *thumbprint]


def _dates(times: TimeLine, name: str) -> Table | None:
    rows: list[list[Span]] = [
        [(bar.label, ""), (f"{bar.begins:%Y-%m-%d %H:%M}", ""), (f"{bar.until:%Y-%m-%d %H:%M}", "")]
        for bar in times.bars
    ]
    renew = f" Dashed line: renew from {times.renew_on:%Y-%m-%d}." if times.renew_on else ""
    return table(f"Dates of {name}", ("What", "From", "Until"), rows, f"Solid line: checked.{renew} Times are in UTC.")


def _answers(report: Report, name: str) -> Iterator[tuple[str, Table]]:
    """Each connector's verdict and what each address presents, where there are any."""
    connectors: list[list[Span]] = [
        [
            (connector.name, ""),
            (VERDICT_WORDS[connector.verdict].lower(), VERDICT_STYLES[connector.verdict]),
            (connector.direction, ""),
            (connector.level or "", ""),
            (connector.value or "", ""),
            (connector.matched_name or "", ""),
        ]
        for connector in report.connectors
    ]
    endpoints: list[list[Span]] = [
        [
            (endpoint.name, ""),
            (endpoint.host, ""),
            (endpoint.tls_version or "", ""),
            (endpoint.cipher or "", ""),
            (", ".join(endpoint.chain_ids), ""),
            (endpoint.stage, "pass" if endpoint.stage == "done" else "unknown"),
            (endpoint.error or "", ""),
        ]
        for endpoint in report.endpoints
    ]
    yield from _titled(
        "Connectors", name, ("Connector", "Verdict", "Direction", "Level", "Value", "Matched by"), connectors
    )
    yield from _titled("Endpoints", name, ("Address", "Host", "TLS", "Cipher", "Chain", "Ended at", "Error"), endpoints)


def _tables(report: Report, name: str) -> Iterator[tuple[str, Table]]:
    """What was seen of certificates and of their revocation, where there is any."""
    labels = {info.sha256: label(info) for info in report.certificates}
    certificates: list[list[Span]] = [
        [
            (info.subject or "(no name)", ""),
            (info.role, ""),
            (listed(info.names, _MOST_NAMES), ""),
            (info.issuer, ""),
            (info.key, ""),
            (info.sha1.upper() if info.sha1 else "", "code"),
        ]
        for info in sorted(report.certificates, key=by_role)
    ]
    revocation: list[list[Span]] = [
        [
            (labels.get(result.certificate, result.certificate[:16]), ""),
            (result.status, {"good": "pass", "revoked": "fail"}.get(result.status, "unknown")),
            (result.method.upper(), ""),
            (result.url or result.source, ""),
            (result.detail, ""),
        ]
        for result in report.revocation
    ]
    yield from _titled(
        "Certificates", name, ("Subject", "Role", "Names", "Issuer", "Key", "Thumbprint (SHA-1)"), certificates
    )
    yield from _titled("Revocation", name, ("Certificate", "Status", "By", "From", "Detail"), revocation)


def _titled(title: str, name: str, headers: Sequence[str], rows: list[list[Span]]) -> Iterator[tuple[str, Table]]:
    shown = table(f"{title} of {name}", headers, rows)
    if shown:
        yield title, shown
