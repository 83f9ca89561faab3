"""A whole run: ``certready.fleet/1``, and the table of it for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from certready.fleet.across import Across
from certready.fleet.entries import Entry, worst_first
from certready.fleet.lines import LineError, Outcome
from certready.model.plain import Moment, json_values
from certready.model.report import ReportVerdict, worst
from certready.render.layout import VERDICT_WORDS, Line, hanging, shorten
from certready.wording import counted, visible

COUNTS = ("ready", "not-ready", "cannot-tell", "error")
STYLES = {"ready": "pass", "not-ready": "fail", "cannot-tell": "unknown", None: "fail"}
TITLES = {
    "same-certificate": "The same certificate in several tenants",
    "same-value": "The same connector value in several tenants",
    "same-sender-ip": "The same sender address in several tenants",
    "different-certificates": "Different certificates within one tenant",
    "nodes-differ": "Nodes that differ",
    "issuer-ends": "Issuers and roots that end",
    "distrust": "What Microsoft will distrust",
    "renewal": "To be renewed within 90 days",
    "changed": "Changed since the earlier run",
}
_MARGIN = 13
_SHORT = 160  # characters of a reason or a fix in the table


class Run(Struct, frozen=True):
    """A run as a whole: the inventory's name, the moment, its lines and what they have in common. ``unfinished`` is how
    many lines were not done, ``defaults_file`` the certready.toml whose defaults held."""

    inventory: str
    evaluated_at: datetime
    entries: tuple[Entry, ...]
    across: tuple[Across, ...] = ()
    unfinished: int = 0
    defaults_file: str | None = None

    @property
    def verdict(self) -> ReportVerdict:
        """The worst verdict; a line in error counts as one of which nothing is known."""
        return worst(entry.verdict or "cannot-tell" for entry in self.entries)

    @property
    def counts(self) -> dict[str, int]:
        """How many lines came to what, zeros too."""
        seen = Counter[str](entry.verdict or "error" for entry in self.entries)
        return {name: seen[name] for name in COUNTS}

    def to_dict(self) -> dict[str, Any]:
        """The run as ``certready.fleet/1``: plain JSON values."""
        ordered = sorted(self.entries, key=lambda entry: entry.line)
        document = FleetDocument(
            self.verdict,
            CountsDocument(*self.counts.values()),
            self.evaluated_at,
            tuple(map(_line, ordered)),
            self.across,
            self.defaults_file,
        )
        values = json_values(document)
        for line, entry in zip(values["lines"], ordered, strict=True):
            line.update(entry.extra)
        return values


class CountsDocument(Struct, frozen=True):
    """How many lines came to what."""

    ready: Annotated[int, Meta(ge=0)]
    not_ready: Annotated[int, Meta(ge=0)] = field(name="not-ready")
    cannot_tell: Annotated[int, Meta(ge=0)] = field(name="cannot-tell")
    error: Annotated[int, Meta(ge=0)]


class FleetLineDocument(Outcome, frozen=True):
    """What one line came to, without its report. Keys of the inventory that begin with x_ stand behind the others."""

    error: LineError | None


class FleetDocument(Struct, frozen=True, omit_defaults=True, tag_field="schema", tag="certready.fleet/1"):
    """A fleet's run: the worst verdict, how many lines came to what, the lines without their reports, and what lines
    have in common."""

    verdict: ReportVerdict
    counts: CountsDocument
    evaluated_at: Moment
    lines: tuple[FleetLineDocument, ...]
    findings: tuple[Across, ...]
    defaults_file: Annotated[str | None, Meta(description="The certready.toml whose defaults held.")] = None


def _line(entry: Entry) -> FleetLineDocument:
    return FleetLineDocument(
        entry.line,
        entry.digest,
        entry.evaluated_at,
        entry.name,
        entry.target,
        entry.verdict,
        entry.code,
        entry.elapsed_ms,
        None if entry.verdict else LineError(entry.message, entry.fix or None),
    )


# -- for people ---------------------------------------------------------------------------------------------------


def lines(run: Run, *, width: int | None) -> Iterator[Line]:
    """One table, worst first, with the reason and the fix in short, and below it what lines have in common."""
    yield from _headline(run)
    yield ()
    for entry in worst_first(run.entries):
        yield from _row(entry, run.evaluated_at, width)
    for kind, title in TITLES.items():
        several = [finding for finding in run.across if finding.kind == kind]
        if several:
            yield ()
            yield ((title, "bold"),)
            for finding in several:
                yield from hanging((("  ", ""),), finding.message, "", width, 2)


def _headline(run: Run) -> Iterator[Line]:
    shown = [f"{count} {name.replace('-', ' ')}" for name, count in run.counts.items() if count]
    total = counted(len(run.entries), "target")
    yield (
        (VERDICT_WORDS[run.verdict], STYLES[run.verdict]),
        ("  ", ""),
        (run.inventory, "bold"),
        (f"  {total}: {', '.join(shown) or 'none was checked'}", ""),
    )
    if run.defaults_file:
        yield ((f"By the defaults of {run.defaults_file}.", "dim"),)
    if run.unfinished:
        yield ((f"{counted(run.unfinished, 'target')} not checked: --resume goes on with them.", "unknown"),)


def _row(entry: Entry, now: datetime, width: int | None) -> Iterator[Line]:
    word = VERDICT_WORDS[entry.verdict] if entry.verdict else "ERROR"
    name = entry.name if entry.target in ("", entry.name) else f"{entry.name} ({entry.target})"
    facts = [
        left((entry.ends - now).days) if entry.ends else "",
        *(f"{key}={value}" for key, value in entry.extra),
    ]
    head: Line = (
        (word.ljust(_MARGIN), STYLES[entry.verdict]),
        (shorten(name, 100), "bold"),
        ("".join(f"  {fact}" for fact in facts if fact), "dim"),
    )
    if entry.verdict == "ready" and not entry.counts[2]:
        yield head
        return
    reason = f"{entry.rule}: {entry.message}" if entry.rule else entry.message
    more = sum(entry.counts) - 1
    reason = shorten(reason, _SHORT) + (f" (and {counted(more, 'finding')} more)" if more > 0 and entry.rule else "")
    fix = shorten(entry.fix, _SHORT)
    if width is None:
        yield (*head, (f"  {reason}", ""), (f"  fix: {fix}" if fix else "", ""))
        return
    yield head
    indent: Line = ((" " * _MARGIN, ""),)
    yield from hanging(indent, reason, "", width, _MARGIN)
    if fix:
        yield from hanging(indent, f"fix: {fix}", "", width, _MARGIN)


def left(days: int) -> str:
    """How long a certificate lasts, or since when it does not."""
    return f"{counted(days, 'day')} left" if days >= 0 else f"ended {counted(-days, 'day')} ago"


def worst_so_far(entries: Sequence[Entry]) -> str:
    """The worst line in a few words, for whoever watches the run."""
    if not entries:
        return "nothing is done yet"
    entry = max(entries, key=lambda entry: entry.rank)
    return f"worst {(entry.verdict or 'error').replace('-', ' ')}" + (f": {visible(entry.name)}" if entry.code else "")
