"""A whole run: ``certready.fleet/1``, and the table of it for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from certready.fleet.across import Across
from certready.fleet.entries import Entry, worst_first
from certready.model.plain import moment
from certready.model.report import Verdict, worst
from certready.render.layout import VERDICT_WORDS, Line, counted, hanging, shorten, visible

SCHEMA = "certready.fleet/1"
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
    many lines were not done."""

    inventory: str
    evaluated_at: datetime
    entries: tuple[Entry, ...]
    across: tuple[Across, ...] = ()
    unfinished: int = 0

    @property
    def verdict(self) -> Verdict:
        """The worst verdict; a line in error counts as one of which nothing is known."""
        return worst(one.verdict or "cannot-tell" for one in self.entries)

    @property
    def counts(self) -> dict[str, int]:
        """How many lines came to what, zeros too."""
        seen = Counter[str](one.verdict or "error" for one in self.entries)
        return {name: seen[name] for name in COUNTS}

    def to_dict(self) -> dict[str, Any]:
        """The run as ``certready.fleet/1``: plain JSON values."""
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "counts": self.counts,
            "evaluated_at": moment(self.evaluated_at),
            "lines": [_line(one) for one in sorted(self.entries, key=lambda one: one.line)],
            "findings": [one.to_dict() for one in self.across],
        }


def _line(one: Entry) -> dict[str, Any]:
    return {
        "line": one.line,
        "digest": one.digest,
        "evaluated_at": moment(one.evaluated_at),
        "name": one.name,
        "target": one.target,
        "verdict": one.verdict,
        "code": one.code,
        "elapsed_ms": one.elapsed_ms,
        **dict(one.extra),
        "error": None if one.verdict else {"error": one.message, "hint": one.fix or None},
    }


# -- for people ---------------------------------------------------------------------------------------------------


def lines(run: Run, *, width: int | None) -> Iterator[Line]:
    """One table, worst first, with the reason and the fix in short, and below it what lines have in common."""
    yield from _headline(run)
    yield ()
    for one in worst_first(run.entries):
        yield from _row(one, run.evaluated_at, width)
    for kind, title in TITLES.items():
        several = [found for found in run.across if found.kind == kind]
        if several:
            yield ()
            yield ((title, "bold"),)
            for found in several:
                yield from hanging((("  ", ""),), found.message, "", width, 2)


def _headline(run: Run) -> Iterator[Line]:
    shown = [f"{count} {name.replace('-', ' ')}" for name, count in run.counts.items() if count]
    total = counted(len(run.entries), "target")
    yield (
        (VERDICT_WORDS[run.verdict], STYLES[run.verdict]),
        ("  ", ""),
        (run.inventory, "bold"),
        (f"  {total}: {', '.join(shown) or 'none was checked'}", ""),
    )
    if run.unfinished:
        yield ((f"{counted(run.unfinished, 'target')} not checked: --resume goes on with them.", "unknown"),)


def _row(one: Entry, now: datetime, width: int | None) -> Iterator[Line]:
    word = VERDICT_WORDS[one.verdict] if one.verdict else "ERROR"
    name = one.name if one.target in ("", one.name) else f"{one.name} ({one.target})"
    facts = [f"{(one.ends - now).days} days left" if one.ends else "", *(f"{key}={value}" for key, value in one.extra)]
    head: Line = (
        (word.ljust(_MARGIN), STYLES[one.verdict]),
        (shorten(name, 100), "bold"),
        ("".join(f"  {fact}" for fact in facts if fact), "dim"),
    )
    if one.verdict == "ready" and not one.counts[2]:
        yield head
        return
    reason = f"{one.rule}: {one.message}" if one.rule else one.message
    more = sum(one.counts) - 1
    reason = shorten(reason, _SHORT) + (f" (and {counted(more, 'finding')} more)" if more > 0 and one.rule else "")
    fix = shorten(one.fix, _SHORT)
    if width is None:
        yield (*head, (f"  {reason}", ""), (f"  fix: {fix}" if fix else "", ""))
        return
    yield head
    indent: Line = ((" " * _MARGIN, ""),)
    yield from hanging(indent, reason, "", width, _MARGIN)
    if fix:
        yield from hanging(indent, f"fix: {fix}", "", width, _MARGIN)


def worst_so_far(entries: Sequence[Entry]) -> str:
    """The worst line in a few words, for whoever watches the run."""
    if not entries:
        return "nothing is done yet"
    one = max(entries, key=lambda one: one.rank)
    return f"worst {(one.verdict or 'error').replace('-', ' ')}" + (f": {visible(one.name)}" if one.code else "")
