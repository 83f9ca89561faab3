"""A comparison as text and as a page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from certready.compare import Comparison, Item, Verdict
from certready.render.layout import Line, Span, hanging, table
from certready.render.page import page
from certready.render.page import table as page_table
from certready.wording import counted, listed

_HEADLINES: dict[Verdict, tuple[str, str]] = {
    "same": ("SAME", "pass"),
    "different": ("DIFFERENT", "fail"),
    "cannot-tell": ("CANNOT TELL", "unknown"),
}
_PLACES = ("place", "certificate", "name", "key", "until", "intermediates")
_LABEL = 22


def comparison_lines(comparison: Comparison, width: int | None) -> Iterator[Line]:
    """The verdict, every place, and for each pair that differs the values in which it does."""
    word, style = _HEADLINES[comparison.verdict]
    yield from hanging(((word, style), ("  ", "")), _summary(comparison), "", width, len(word) + 2)
    yield ()
    if comparison.items:
        yield from table(_PLACES, map(_place, comparison.items), width)
    for unreached in comparison.unreached:
        yield from hanging((("  ", ""), (f"{unreached.name}  ", "bold")), unreached.error, "unknown", width, 4)
    pairs = groupby(comparison.differences, key=lambda difference: (difference.first.name, difference.second.name))
    for (first, second), differences in pairs:
        yield ()
        yield from hanging((("differs  ", "fail"),), f"{second} from {first}", "bold", width, 9)
        for difference in differences:
            yield from hanging(
                ((f"  {difference.field.ljust(_LABEL)}", "dim"),), difference.second.value, "", width, _LABEL + 6
            )
            yield from hanging(
                ((" " * (_LABEL - 3), ""), ("from ", "dim")), difference.first.value, "", width, _LABEL + 6
            )


def comparison_page(comparison: Comparison) -> str:
    """The comparison as one HTML file."""
    word, style = _HEADLINES[comparison.verdict]
    differences: list[list[Span]] = [
        [
            (difference.field, ""),
            *((text, "") for side in (difference.first, difference.second) for text in (side.name, side.value)),
        ]
        for difference in comparison.differences
    ]
    unreached: list[list[Span]] = [[(place.name, ""), (place.error, "unknown")] for place in comparison.unreached]
    return page(
        "comparison",
        f"{word}: {counted(len(comparison.items), 'place')}",
        word=word,
        style=style,
        summary=_summary(comparison),
        places=page_table("Places", _PLACES, map(_place, comparison.items)),
        unreached=page_table("Places without a certificate", ("place", "why"), unreached),
        differences=page_table("Differences", ("what", "first", "its value", "other", "its value"), differences),
    )


def _place(item: Item) -> list[Span]:
    leaf = item.leaf.parsed
    ends = leaf.known_dates[1]
    return [
        (item.name, "bold"),
        (f"{item.leaf.sha256[:16]}...", ""),
        (listed(leaf.names, 1) or leaf.label, ""),
        (str(leaf.key), ""),
        (f"{ends:%Y-%m-%d}" if ends else "unreadable", ""),
        (str(len(item.members) - 1), ""),
    ]


def _summary(comparison: Comparison) -> str:
    places = counted(len(comparison.items), "place")
    if comparison.differences:
        return f"Certificate or chain is not the same in {places}."
    if comparison.unreached:
        return f"The same as far as it was seen ({places}); {len(comparison.unreached)} could not be seen."
    if len(comparison.items) < 2:
        return "There is only one certificate: nothing to compare it with."
    return f"The same certificate and chain in {places}."
