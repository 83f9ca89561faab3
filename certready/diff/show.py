"""A difference as text and as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from certready.diff.model import ConnectorChange, Difference, Effect
from certready.render.html import report_view
from certready.render.layout import Line, Span, hanging, table
from certready.render.page import page
from certready.render.page import table as page_table
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


_ORDER: tuple[Effect, ...] = ("breaks", "attention", "note", "same")
_SIDES = ("", "from", "until", "key", "thumbprint")


def difference_lines(difference: Difference, *, verbose: bool, width: int | None) -> Iterator[Line]:
    """What breaks first, then the rest, the connectors, the steps, and the verdict on NEW."""
    word, style = _HEADLINES[difference.effect]
    yield ((word, style), (f"  {difference.old.target} -> {difference.new.target}", "bold"))
    yield from table(_SIDES, _sides(difference))
    yield ()
    for effect in _ORDER:
        for change in (candidate for candidate in difference.changes if candidate.effect == effect):
            yield from _row(effect, change.aspect, change.message, width)
            if verbose or (change.aspect == "identity" and effect != "same"):
                yield from hanging(((" " * 22, ""), ("old ", "dim")), change.old, "dim", width, 26)
                yield from hanging(((" " * 22, ""), ("new ", "dim")), change.new, "dim", width, 26)
        for connector in (candidate for candidate in difference.connectors if candidate.effect == effect):
            yield from _row(effect, "connector", _about(connector), width)
    yield ()
    yield (("In this order:", "bold"),)
    for number, step in enumerate(difference.steps, 1):
        yield from hanging(((f"{number:>3}. ", ""),), step.text, "", width, 5)
        for line in step.lines:
            yield from hanging(((" " * 7, ""),), line, "", None, 7)
    yield ()
    yield (("As if NEW were in place:", "bold"),)
    lines = report_lines(difference.report, verbose=verbose, width=width)
    # A headline that says ready under one that says that mail stops would be read as the answer.
    yield from islice(lines, 1 if difference.report.verdict == "ready" != difference.verdict else 0, None)


def _sides(difference: Difference) -> list[list[Span]]:
    return [
        [
            (label, ""),
            (f"{side.not_before:%Y-%m-%d}" if side.not_before else "unreadable", ""),
            (f"{side.not_after:%Y-%m-%d}" if side.not_after else "unreadable", ""),
            (side.key, ""),
            (side.thumbprint, ""),
        ]
        for label, side in (("OLD", difference.old), ("NEW", difference.new))
    ]


def _row(effect: Effect, label: str, message: str, width: int | None) -> Iterator[Line]:
    word, style = _WORDS[effect]
    head: Line = ((word.ljust(9), style), (label.ljust(13), "bold"))
    yield from hanging(head, message, "", width, 22)


def _about(connector: ConnectorChange) -> str:
    return f"{connector.direction} connector '{connector.name}' ({connector.value or 'no value'}): {connector.message}"


def difference_page(difference: Difference) -> str:
    """The difference as one HTML file: what breaks first, the steps, and the report on NEW."""
    word, style = _HEADLINES[difference.effect]
    changes = [
        *((change.effect, change.aspect, change.message, change.old, change.new) for change in difference.changes),
        *(
            (connector.effect, "connector", _about(connector), connector.old_name, connector.new_name)
            for connector in difference.connectors
        ),
    ]
    changes.sort(key=lambda change: _ORDER.index(change[0]))
    harmless: list[list[Span]] = [
        [(aspect, ""), _WORDS[effect], (message, ""), (old or "", "soft"), (new or "", "soft")]
        for effect, aspect, message, old, new in changes
        if effect in ("note", "same")
    ]
    return page(
        "difference",
        f"{word}: {difference.old.target} to {difference.new.target}",
        word=word,
        style=style,
        difference=difference,
        sides=page_table("OLD and NEW", ("side", *_SIDES[1:]), _sides(difference)),
        changes=[(*_WORDS[effect], *rest) for effect, *rest in changes if effect in ("breaks", "attention")],
        harmless=page_table("What does no harm", ("what", "effect", "what it means", "OLD", "NEW"), harmless),
        steps=difference.steps,
        view=report_view("new", difference.new.target, difference.report),
    )
