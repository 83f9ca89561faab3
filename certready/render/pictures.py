"""What the pictures of an HTML report are drawn from: boxes of a path, bars on a time line, in numbers of pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from certready.model.report import CertificateInfo, ChainResult, Finding, Report, Severity
from certready.render.context import ORIGINS, label
from certready.render.layout import shorten
from certready.rules import RULES

WIDTH = 640
_LABELS = 220  # where the bars begin
_ROW = 26
_LONGEST = 58  # characters of a box
_RENEW_DAYS = 30
_TICKS = 4
_KINDS = {"sent": "sent", "store": "added", "aia": "missing", "intermediate-file": "missing"}  # by origin
_ROLES = ("leaf", "intermediate", "root", "unused")
_OWN = ("expiry", "revocation", "key")  # subjects of findings about one certificate by itself


class Step(Struct, frozen=True):
    """A box of a path: ``kind`` is sent, added, broken or missing; ``until`` says when the certificate ends."""

    name: str
    note: str
    until: str
    kind: str
    y: int


class Picture(Struct, frozen=True):
    """The boxes of a path from the leaf downwards, and how high they stand together."""

    steps: tuple[Step, ...]
    height: int


def path_picture(chain: ChainResult, certificates: Mapping[str, CertificateInfo], report: Report) -> Picture:
    """The path of a chain; where its issuer is missing, a box that says so."""
    infos = [certificates[sha256] for sha256 in chain.path or chain.sent if sha256 in certificates]
    failed = [finding for finding in report.findings if finding.severity is Severity.FAIL]
    boxes = [_box(info, failed) for info in infos]
    broken = any(finding.rule == "chain.incomplete" and finding.chain in (None, chain.id) for finding in failed)
    if infos and broken and infos[-1].subject != infos[-1].issuer and infos[-1].origin != "store":
        boxes.append((shorten(infos[-1].issuer, _LONGEST), "missing", "", "missing"))
    steps = tuple(Step(*box, 8 + 64 * place) for place, box in enumerate(boxes))
    return Picture(steps, 64 * len(steps))


def _box(info: CertificateInfo, failed: Sequence[Finding]) -> tuple[str, str, str, str]:
    """Name, note, end and kind of a certificate's box: what fails about the certificate stands in its note."""
    wrong = dict.fromkeys(
        RULES[finding.rule].title
        for finding in failed
        if finding.certificate == info.sha256 and finding.rule.partition(".")[0] in _OWN and finding.rule in RULES
    )
    until = f"until {info.not_after:%Y-%m-%d}" if info.not_after else "dates unreadable"
    return _name(info), ". ".join((ORIGINS[info.origin], *wrong)), until, "broken" if wrong else _KINDS[info.origin]


def _name(info: CertificateInfo) -> str:
    return shorten(label(info), _LONGEST)


def by_role(info: CertificateInfo) -> int:
    """Where a certificate stands in a list: the leaf first, what was not used last."""
    return _ROLES.index(info.role)


class Bar(Struct, frozen=True):
    """A row of the time line. ``until`` may lie past the picture; ``x`` and ``width`` are cut at its edges."""

    label: str
    kind: str
    begins: datetime
    until: datetime
    y: int
    x: float
    width: float


class Tick(Struct, frozen=True):
    """A date under the time line."""

    day: str
    x: float


class TimeLine(Struct, frozen=True):
    """Bars of certificates and revocation answers, and where the moment of judging and that of renewing stand."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    today: float
    renew: float | None
    renew_on: datetime | None
    height: int


def time_line(report: Report) -> TimeLine | None:
    """The validity of every certificate and answer around that of the judged leaf; None without readable dates.

    To renew is advised when a third of the leaf's life is left, at most 30 days.
    """
    spans: list[tuple[str, str, datetime, datetime]] = [
        (_name(info), info.role, info.not_before, info.not_after)
        for info in sorted(report.certificates, key=by_role)
        if info.role != "unused" and info.not_before and info.not_after and info.not_before < info.not_after
    ]
    labels = {info.sha256: label(info) for info in report.certificates}
    spans += [
        (
            f"{result.method.upper()}: {labels.get(result.certificate, result.certificate[:16])}",
            "answer",
            result.this_update,
            result.next_update,
        )
        for result in report.revocation
        if result.this_update and result.next_update and result.this_update < result.next_update
    ]
    leaf = next((span for span in spans if span[1] == "leaf"), None)
    if leaf is None:
        return None
    begins, until = leaf[2], leaf[3]
    margin = max((until - begins) / 10, timedelta(hours=1))
    first, last = min(begins, report.evaluated_at) - margin, max(until, report.evaluated_at) + margin

    def x(moment: datetime) -> float:
        share = (min(max(moment, first), last) - first) / (last - first)
        return round(_LABELS + share * (WIDTH - _LABELS - 10), 1)

    bars = [
        Bar(shorten(name, 32), kind, start, end, 30 + _ROW * place, x(start), round(max(x(end) - x(start), 2), 1))
        for place, (name, kind, start, end) in enumerate(spans)
    ]
    renew = until - min((until - begins) / 3, timedelta(days=_RENEW_DAYS))
    days = [first + (last - first) * place / _TICKS for place in range(_TICKS)]
    ticks = tuple(Tick(f"{day:%Y-%m-%d}", x(day)) for day in days)
    return TimeLine(tuple(bars), ticks, x(report.evaluated_at), x(renew), renew, 56 + _ROW * len(bars))
