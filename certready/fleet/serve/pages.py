"""The pages of a fleet that is served, out of what is known of its lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from certready._version import __version__
from certready.fleet import lines as records
from certready.fleet import overview
from certready.fleet.across import Owners, across
from certready.fleet.entries import Entry
from certready.fleet.inventory import Line
from certready.fleet.restored import reports as restored
from certready.fleet.serve import metrics
from certready.fleet.serve.board import HTML, METRICS, Kept, Known, Page, Published, address_of, key_of
from certready.fleet.serve.public import Public
from certready.fleet.setup import Setup
from certready.fleet.summary import STYLES, Run
from certready.model import Tenant
from certready.model.report import Report
from certready.render.html import report_view
from certready.render.layout import VERDICT_WORDS
from certready.render.page import page, policy
from certready.wording import counted


class View(Struct, frozen=True):
    """What there is to show.

    Args:
        inventory: what it is called.
        lines: all of it.
        known: what is known of them, by name.
        setup: of the last check.
        every: the time between two checks.
        owners: the tenant of each line, by name.
        tenants: what their exports say.
        trouble: why the inventory of before is still used, None where it is not.
    """

    inventory: str
    lines: Sequence[Line]
    known: Mapping[str, Known]
    setup: Setup
    every: timedelta
    owners: Mapping[str, str]
    tenants: Mapping[str, Tenant]
    trouble: str | None = None


class _Shown(Struct, frozen=True):
    """A line as others may see it: under its public name."""

    name: str
    line: Line
    known: Known
    public: Public
    setup: Setup

    def reports(self, kept: Kept) -> tuple[Report, ...]:
        """What a check came to: one report, or one for each certificate of a folder or archive, the worst first."""
        info = self.setup.roots.info
        return restored(
            self.public.document(kept.record, self.name),
            strict=self.setup.options.strict,
            certready=__version__,
            trust=replace(info, name=self.public.text(info.name)),
            extra=self.line.keys.extra,
        )

    def entry(self) -> Entry:
        """Of the latest check; what it could not see of certificates is what the last answer saw."""
        extra, latest = self.line.keys.extra, self.known.latest
        seen = records.entry(self.public.document(latest.record, self.name), extra)
        seen = replace(seen, line=self.line.number, extra=extra)
        before = self.known.before
        if before is None or seen.leaves:
            return seen
        return replace(seen, leaves=before.entry.leaves, issuers=before.entry.issuers)

    def remarks(self) -> tuple[str, ...]:
        latest, before = self.known.latest, self.known.before
        checked = f"Checked {_time(latest.checked_at)}."
        if before is None:
            return (checked,)
        word = VERDICT_WORDS[before.entry.verdict] if before.entry.verdict else ""
        age = _age(latest.checked_at - before.checked_at)
        return (checked, f"The last answer was {word}, {_time(before.checked_at)}, {age} before this check.")


def published(view: View, public: Public) -> Published:
    """What is served of this view. The overview and the metrics are made now, a report when it is asked for."""
    names = public.names(line.name for line in view.lines)
    shown = [
        _Shown(names[line.name], line, known, public, view.setup)
        for line in view.lines
        if (known := view.known.get(line.name))
    ]
    return Published(
        _overview(view, public, names, shown),
        Page(_metrics(view, shown).encode("utf-8", "backslashreplace"), METRICS),
        {key_of(each.name): (_version(each.known), partial(_report, each)) for each in shown},
        {each.line.number: key_of(each.name) for each in shown},
        [each.known.latest.checked_at for each in shown],
        len(view.lines),
    )


def _version(known: Known) -> object:
    """Tells one check's page from the next one's."""
    return (known.latest.checked_at, known.latest.entry.digest, known.before and known.before.checked_at)


def _overview(view: View, public: Public, names: Mapping[str, str], shown: Sequence[_Shown]) -> Page:
    now = view.setup.options.at or view.setup.now
    entries = tuple(each.entry() for each in shown)
    called = public.names(view.tenants)
    owners = Owners(
        {names[line]: called[owner] for line, owner in view.owners.items() if line in names},
        {called[owner]: tenant for owner, tenant in view.tenants.items()},
    )
    run = Run(view.inventory, now, entries, across(entries, owners, view.setup.limits, now, None))
    served = overview.Served(
        tuple(_notes(view, public, len(shown))),
        {each.name: address_of(each.name, each.line.number) for each in shown},
        {each.name: each.remarks() for each in shown},
        _judged(entries),
    )
    reports = (report for each in shown for report in each.reports(each.known.latest))
    text = overview.render(run, reports, public.text(view.setup.roots.info.name), served)
    return Page(text.encode("ascii"), HTML, policy(overview.PARTS))


def _notes(view: View, public: Public, checked: int) -> Iterator[str]:
    if view.trouble:
        yield f"The inventory cannot be read, and the lines of before are checked: {public.error(view.trouble)}"
    missing = len(view.lines) - checked
    if missing:
        yield f"{counted(missing, 'target')} not checked yet."
    yield f"Every target is checked again after {duration(view.every)}."


def _judged(entries: Sequence[Entry]) -> str:
    """As of when: after a restart some lines were judged before others."""
    first, last = (_time(which(each.evaluated_at for each in entries)) for which in (min, max)) if entries else ("", "")
    if first == last:
        return f"judged as of {first}" if first else ""
    return f"judged as of moments from {first} to {last}"


def _report(shown: _Shown) -> Page:
    latest, before = shown.known.latest, shown.known.before
    reports = list(_titled("Summary" if before is None else "The latest check", shown.reports(latest)))
    if before is not None:
        reports += _titled(f"The last answer, {_time(before.checked_at)}", shown.reports(before))
    views = [
        (title, report_view(f"report-{number}", title if title != "Summary" else shown.name, report))
        for number, (title, report) in enumerate(reports, 1)
    ]
    verdict = latest.entry.verdict
    word = VERDICT_WORDS[verdict] if verdict else "ERROR"
    text = page(
        "line",
        f"{word}: {shown.name}",
        style=STYLES[verdict],
        word=word,
        name=shown.name,
        home="../",
        notes=shown.remarks(),
        views=views,
    )
    return Page(text.encode("ascii"), HTML, policy())


def _titled(title: str, reports: Sequence[Report]) -> Iterator[tuple[str, Report]]:
    """Each report with its heading, which names its file where there are several."""
    for report in reports:
        file = dict(report.extra).get("file", "") if len(reports) > 1 else ""
        yield f"{title}: {file}" if file else title, report


def _metrics(view: View, shown: Sequence[_Shown]) -> str:
    """Certificates that the latest check could not see are those of the last answer: an alert on their ends stays."""
    reports: list[Report] = []
    checks: list[metrics.Check] = []
    for each in shown:
        latest = each.reports(each.known.latest)
        before, answered = each.known.before, each.known.answered
        if before is not None and not any(report.certificates for report in latest):
            earlier = each.reports(before)
            certificates = tuple(dict.fromkeys(info for report in earlier for info in report.certificates))
            revocation = tuple(dict.fromkeys(result for report in earlier for result in report.revocation))
            latest = (replace(latest[0], certificates=certificates, revocation=revocation), *latest[1:])
        reports.extend(latest)
        checks.append(metrics.Check(each.name, each.known.latest.checked_at, answered.checked_at if answered else None))
    return metrics.text(reports, checks, len(view.lines), view.every, broken=bool(view.trouble))


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _age(length: timedelta) -> str:
    minutes = max(round(length.total_seconds() / 60), 0)
    for unit, size in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * size:
            return counted(minutes // size, unit)
    return counted(minutes, "minute")


def duration(length: timedelta) -> str:
    """A length of time in words, exact: in the largest unit that it is a whole number of."""
    seconds = round(length.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds % size == 0:
            return counted(seconds // size, unit)
    return counted(seconds, "second")
