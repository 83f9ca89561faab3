"""A run as one HTML page: the worst first, filters and a search, what falls due, each report behind its line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from certready.fleet.entries import Entry, worst_first
from certready.fleet.summary import STYLES, TITLES, Run, left
from certready.model.report import Report, Severity
from certready.render.findings import by_rule, said, troubles
from certready.render.layout import VERDICT_WORDS, distinct, shorten
from certready.render.page import Entry as Finding
from certready.render.page import entries, page, table
from certready.wording import counted

WORDS = {"not-ready": "not ready", "error": "in error", "cannot-tell": "cannot tell", "ready": "ready"}
DATED = ("renewal", "issuer-ends", "distrust")
PARTS = ("page", "overview")
_SHORT = 200


class Served(Struct, frozen=True):
    """What an overview says where it is served: ``notes`` at its top; by the line's name where its report is
    (``links``), and sentences about its checks (``remarks``). ``judged`` says as of when the lines were judged, ""
    where that is the moment of the run."""

    notes: tuple[str, ...] = ()
    links: Mapping[str, str] = MappingProxyType({})
    remarks: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    judged: str = ""


def render(run: Run, reports: Iterable[Report], store: str, served: Served = Served()) -> str:  # noqa: B008 - frozen
    """The page of a run, with the reports of its lines, each under the line's name; ``store`` is the root store's,
    ``served`` what is said besides where a server shows it."""
    by_name: defaultdict[str, list[Report]] = defaultdict(list)
    for report in reports:
        by_name[report.target.name].append(report)
    ordered = worst_first(run.entries)
    return page(
        "overview",
        f"{VERDICT_WORDS[run.verdict]}: {run.inventory}",
        parts=PARTS,
        verdict=STYLES[run.verdict],
        word=VERDICT_WORDS[run.verdict],
        inventory=run.inventory,
        total=counted(len(run.entries), "target"),
        counts=[(count, WORDS[name], STYLES.get(name, "fail")) for name, count in run.counts.items() if count],
        judged=served.judged,
        moment=run.evaluated_at.strftime("%Y-%m-%d %H:%M UTC"),
        store=store,
        unfinished=f"{counted(run.unfinished, 'target')} not checked: the run was interrupted."
        if run.unfinished
        else "",
        notes=served.notes,
        groups=list(_groups(run)),
        places={entry.name: _place(entry) for entry in ordered},
        rows=(_row(entry, by_name.get(entry.name, ()), run.evaluated_at, served) for entry in ordered),
    )


def _place(entry: Entry) -> str:
    return f"line-{entry.line}"


def _groups(run: Run) -> Iterator[Mapping[str, object]]:
    for kind, title in TITLES.items():
        rows = [shared for shared in run.across if shared.kind == kind]
        if rows:
            yield {"kind": kind, "title": title, "rows": rows, "dated": kind in DATED}


def _row(entry: Entry, reports: Sequence[Report], now: datetime, served: Served) -> Mapping[str, Any]:
    """What the page shows of a line; of one in error the error alone."""
    error = entry.verdict is None
    days = (entry.ends - now).days if entry.ends else None
    reason = f"{entry.rule}: {entry.message}" if entry.rule else entry.message if error else ""
    return {
        "place": _place(entry),
        "style": STYLES[entry.verdict],
        "group": WORDS[entry.verdict or "error"].replace(" ", "-"),
        "word": VERDICT_WORDS[entry.verdict] if entry.verdict else "ERROR",
        "name": entry.name,
        "target": entry.target,
        "extra": entry.extra,
        "days": days,
        "ends": "" if entry.ends is None else f"{entry.ends:%Y-%m-%d}, {left(days or 0)}",
        "reason": shorten(reason, _SHORT),
        "remarks": served.remarks.get(entry.name, ()),
        "link": served.links.get(entry.name, ""),
        "short": shorten(entry.name, 60),
        "error": entry.message if error else "",
        "fix": entry.fix if error else "",
        "reports": [] if error else _views(reports),
    }


def _views(reports: Sequence[Report]) -> list[Mapping[str, object]]:
    """The reports of a line; of several, ``file`` says which certificate each is about."""
    files = [dict(report.extra).get("file", "") for report in reports]
    # A table is named after the line and the file: two folders may hold files of one name.
    names = distinct(
        f"{report.target.name}, {file}" if file else report.target.name
        for report, file in zip(reports, files, strict=True)
    )
    return [
        {
            "file": file,
            "style": STYLES[report.verdict],
            "word": VERDICT_WORDS[report.verdict],
            "findings": _findings(report),
            "passed": _passed(report),
            "certificates": _certificates(report, name),
            "endpoints": _endpoints(report, name),
        }
        for report, file, name in zip(reports, files, names, strict=True)
    ]


def _findings(report: Report) -> list[Finding]:
    return list(entries((group, said(report, group)) for group in by_rule(troubles(report.findings))))


def _passed(report: Report) -> str:
    return ", ".join(sorted({each.rule for each in report.findings if each.severity is Severity.PASS}))


def _certificates(report: Report, name: str) -> object:
    return table(
        f"Certificates of {name}",
        ("Certificate", "Until", "Issuer", "Key", "Thumbprint (SHA-1)"),
        [
            [
                (info.names[0] if info.names else info.subject or "(no name)", ""),
                (info.not_after.strftime("%Y-%m-%d") if info.not_after else "unreadable", ""),
                (info.issuer, ""),
                (info.key, ""),
                (info.sha1.upper(), "code"),
            ]
            for info in report.certificates
            if info.role != "unused"
        ],
    )


def _endpoints(report: Report, name: str) -> object:
    return table(
        f"Endpoints of {name}",
        ("Address", "TLS", "Ended at", "Error"),
        [
            [
                (endpoint.name, ""),
                (f"{endpoint.tls_version or ''} {endpoint.cipher or ''}".strip(), ""),
                (endpoint.stage, ""),
                (endpoint.error or "", ""),
            ]
            for endpoint in report.endpoints
        ],
    )
