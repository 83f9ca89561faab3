"""A difference as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from certready.diff.model import Difference, Effect
from certready.render.layout import Line, hanging, table
from certready.render.text import report_lines

_WORDS: Mapping[Effect, tuple[str, str]] = {
    "breaks": ("breaks", "fail"),
    "attention": ("check", "warn"),
    "note": ("note", ""),
    "same": ("same", "dim"),
}
_HEADLINES: Mapping[Effect, tuple[str, str]] = {
    "breaks": ("BREAKS", "fail"),
    "attention": ("NEEDS CARE", "warn"),
    "note": ("HARMLESS", "pass"),
    "same": ("NO CHANGE", "pass"),
}


def difference_lines(found: Difference, *, verbose: bool, width: int | None) -> Iterator[Line]:
    """What breaks first, then the rest, the connectors, the steps, and the verdict on NEW."""
    word, style = _HEADLINES[found.effect]
    yield ((word, style), (f"  {found.old.target} -> {found.new.target}", "bold"))
    yield from _heads(found)
    yield ()
    order: tuple[Effect, ...] = ("breaks", "attention", "note", "same")
    for effect in order:
        for change in (one for one in found.changes if one.effect == effect):
            yield from _row(effect, change.aspect, change.message, width)
            if verbose or (change.aspect == "identity" and effect != "same"):
                yield from hanging(((" " * 22, ""), ("old ", "dim")), change.old, "dim", width, 26)
                yield from hanging(((" " * 22, ""), ("new ", "dim")), change.new, "dim", width, 26)
        for connector in (one for one in found.connectors if one.effect == effect):
            asked = connector.value or "no value"
            text = f"{connector.direction} connector '{connector.name}' ({asked}): {connector.message}"
            yield from _row(effect, "connector", text, width)
    yield ()
    yield (("In this order:", "bold"),)
    for number, step in enumerate(found.steps, 1):
        yield from hanging(((f"{number:>3}. ", ""),), step.text, "", width, 5)
        for line in step.lines:
            yield from hanging(((" " * 7, ""),), line, "", None, 7)
    yield ()
    yield (("As if NEW were in place:", "bold"),)
    lines = report_lines(found.report, verbose=verbose, width=width)
    # A headline that says ready under one that says that mail stops would be read as the answer.
    yield from islice(lines, 1 if found.report.verdict == "ready" != found.verdict else 0, None)


def _heads(found: Difference) -> Iterator[Line]:
    rows = [
        [
            (label, ""),
            (f"{side.not_before:%Y-%m-%d}" if side.not_before else "unreadable", ""),
            (f"{side.not_after:%Y-%m-%d}" if side.not_after else "unreadable", ""),
            (side.key, ""),
            (side.thumbprint, ""),
        ]
        for label, side in (("OLD", found.old), ("NEW", found.new))
    ]
    yield from table(("", "from", "until", "key", "thumbprint"), rows)


def _row(effect: Effect, label: str, message: str, width: int | None) -> Iterator[Line]:
    word, style = _WORDS[effect]
    head: Line = ((word.ljust(9), style), (label.ljust(13), "bold"))
    yield from hanging(head, message, "", width, 22)
