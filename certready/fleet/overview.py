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
from certready.render.layout import VERDICT_WORDS, counted, shorten
from certready.render.page import Entry as Finding
from certready.render.page import entries, page, table

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
        places={one.name: _place(one) for one in ordered},
        rows=(_row(one, by_name.get(one.name, ()), run.evaluated_at, served) for one in ordered),
    )


def _place(one: Entry) -> str:
    return f"line-{one.line}"


def _groups(run: Run) -> Iterator[Mapping[str, object]]:
    for kind, title in TITLES.items():
        rows = [found for found in run.across if found.kind == kind]
        if rows:
            yield {"kind": kind, "title": title, "rows": rows, "dated": kind in DATED}


def _row(one: Entry, reports: Sequence[Report], now: datetime, served: Served) -> Mapping[str, Any]:
    """What the page shows of a line; of one in error the error alone."""
    error = one.verdict is None
    days = (one.ends - now).days if one.ends else None
    reason = f"{one.rule}: {one.message}" if one.rule else one.message if error else ""
    return {
        "place": _place(one),
        "style": STYLES[one.verdict],
        "group": WORDS[one.verdict or "error"].replace(" ", "-"),
        "word": VERDICT_WORDS[one.verdict] if one.verdict else "ERROR",
        "name": one.name,
        "target": one.target,
        "extra": one.extra,
        "days": days,
        "ends": "" if one.ends is None else f"{one.ends:%Y-%m-%d}, {left(days or 0)}",
        "reason": shorten(reason, _SHORT),
        "remarks": served.remarks.get(one.name, ()),
        "link": served.links.get(one.name, ""),
        "short": shorten(one.name, 60),
        "error": one.message if error else "",
        "fix": one.fix if error else "",
        "reports": [] if error else [_view(report) for report in reports],
    }


def _view(report: Report) -> Mapping[str, object]:
    """One report of a line; of several, ``file`` says which certificate it is about."""
    file = dict(report.extra).get("file", "")
    name = file or report.target.name
    return {
        "file": file,
        "style": STYLES[report.verdict],
        "word": VERDICT_WORDS[report.verdict],
        "findings": _findings(report),
        "passed": _passed(report),
        "certificates": _certificates(report, name),
        "endpoints": _endpoints(report, name),
    }


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
