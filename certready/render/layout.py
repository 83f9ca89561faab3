"""Lines of styled spans: what a text report is laid out in before it becomes plain text or goes to a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from certready.model.report import Severity
from certready.wording import listed, visible

if TYPE_CHECKING:
    from rich.console import Console

    from certready.model.report import Report, Verdict

Span = tuple[str, str]
"""Text and the name of its style, "" for none."""
Line = tuple[Span, ...]

MARGIN = len("unknown") + 2  # where a finding's text begins
_LEAST = 20  # columns that a text has, however far it is indented
_SHORT = 14
RIGHT = 100  # counts and rule ids end here at the latest, where the eye still finds them

# Select Graphic Rendition codes (ECMA-48, 8.3.117); only the eight basic colours, which every theme keeps readable.
_SGR = {
    "bold": "1",
    "dim": "2",
    "fail": "1;31",
    "unknown": "1;35",
    "warn": "33",
    "pass": "32",
}
_RICH = {"bold": "bold", "dim": "dim", "fail": "bold red", "unknown": "bold magenta", "warn": "yellow", "pass": "green"}


_COMMAND = re.compile(r"  |[A-Z][a-z]+-[A-Z][A-Za-z]+ |certready ")

VERDICT_WORDS: dict[Verdict, str] = {
    "ready": "READY",
    "not-ready": "NOT READY",
    "cannot-tell": "CANNOT TELL",
    "not-applicable": "NOT APPLICABLE",
}
SEVERITY_WORDS = {Severity.FAIL: "FAIL", Severity.UNKNOWN: "UNKNOWN", Severity.WARN: "warn", Severity.PASS: "ok"}
VERDICT_STYLES: dict[Verdict, str] = {
    "ready": "pass",
    "not-ready": "fail",
    "cannot-tell": "unknown",
    "not-applicable": "dim",
}


def distinct_names(reports: Sequence[Report]) -> list[str]:
    """The targets' names, told apart where several are equal."""
    return distinct(report.target.name or report.target.kind for report in reports)


def distinct(bases: Iterable[str]) -> list[str]:
    """These names, told apart where several are equal: ``X``, ``X #2``."""
    names: dict[str, None] = {}
    met: dict[str, int] = {}
    for base in bases:
        name = base
        while name in names:
            met[base] = met.get(base, 1) + 1
            name = f"{base} #{met[base]}"
        names[name] = None
    return list(names)


def shorten(text: str, limit: int) -> str:
    """The text made visible and cut to ``limit`` characters, the cut marked by three dots."""
    shown = visible(text)
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def listed_shortened(items: Sequence[str], limit: int, joint: str = ", ") -> str:
    """The first ``limit`` items, each shortened, joined by ``joint``, and how many there are besides."""
    return listed([shorten(item, 120) for item in items], limit, joint)


def wrapped(text: str, width: int | None, indent: int) -> list[str]:
    """The text made visible, in lines of at most ``width`` columns less the indent; one line where width is None."""
    shown = visible(text)
    return [shown] if width is None else _filled(shown, max(width, indent + _LEAST), indent, indent)


def _filled(text: str, width: int, first: int, indent: int) -> list[str]:
    """Lines of whole words that fill ``width``, of which ``first`` columns are taken in the first line, ``indent`` in
    every other. A word that is longer, such as an address, is never cut."""
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    if indent < first and first + len(word) > width:
        return ["", *_filled(text, width, indent, indent)]
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=" " * first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line[indent if number else first :] for number, line in enumerate(lines)] or [""]


def packed(parts: Sequence[Span], width: int | None, indent: int) -> list[Line]:
    """The parts side by side, three columns apart, as many on a line of ``width`` columns as fit, ``indent`` columns
    from the left; one that is too long is wrapped. ``width`` None: all of them on one line."""
    lines: list[list[Span]] = []
    used = 0
    for text, style in ((visible(text), style) for text, style in parts):
        if lines and (width is None or used + 3 + len(text) <= width):
            lines[-1] += [("   ", ""), (text, style)]
            used += 3 + len(text)
            continue
        first, *rest = wrapped(text, width, indent)
        lines += [[(" " * indent, ""), (line, style)] for line in (first, *rest)]
        used = indent + len((first, *rest)[-1])
    return [tuple(line) for line in lines]


def hanging(head: Line, text: str, style: str, width: int | None, indent: int) -> list[Line]:
    """``head`` and after it the text in this style; what does not fit in ``width`` columns goes on below, ``indent``
    columns from the left. ``width`` None: nothing is wrapped."""
    shown = visible(text)
    used = sum(len(visible(part)) for part, _ in head)
    first, *rest = [shown] if width is None else _filled(shown, max(width, indent + _LEAST), used, indent)
    return [(*head, (first, style)), *(((" " * indent, ""), (line, style)) for line in rest)]


def titled(head: Line, title: str, rule: str, width: int) -> Iterator[Line]:
    """A title and the rule's id at the right end of its last line, or below where it does not fit there."""
    right = min(width, RIGHT)
    lines = hanging(head, title, "bold", right, MARGIN)
    used = sum(len(text) for text, _ in lines[-1])
    yield from lines[:-1]
    if used + 2 + len(rule) <= right:
        yield (*lines[-1], (" " * (right - used - len(rule)), ""), (rule, "dim"))
    else:
        yield lines[-1]
        yield ((" " * max(MARGIN, right - len(rule)), ""), (rule, "dim"))


def fix_lines(fix: str, width: int | None) -> Iterator[Line]:
    """What to do, below its finding. A line that is a command is copied, so it is never wrapped or cut."""
    head: Line = (("Fix ".rjust(MARGIN), "bold"),)
    for line in fix.splitlines():
        yield from hanging(head, line, "", None if is_command(line) else width, MARGIN)
        head = ((" " * MARGIN, ""),)


def is_command(line: str) -> bool:
    """Whether a line of a fix is to be typed: its author indented it, or it begins with a cmdlet or with certready."""
    return bool(_COMMAND.match(line))


def table(headers: Sequence[str], rows: Iterable[Sequence[Span]], width: int | None = None) -> list[Line]:
    """A header line and the rows in columns, indented by two; a column in which every cell is empty is left out.

    Where the columns take more than ``width``, the widest give way and their cells go on below. Where words would have
    to break for that, each row becomes a block: its first cell, and below it the others with their headers.
    """
    shown = [[(visible(text), style) for text, style in row] for row in rows]
    kept = filled_columns(headers, shown)
    lines = [[(headers[column], "dim") for column in kept], *([row[column] for column in kept] for row in shown)]
    natural = [max(len(line[place][0]) for line in lines) for place in range(len(kept))]
    least = [max(_least(line[place][0]) for line in lines) for place in range(len(kept))]
    widths = _fitted(natural, least, width)
    if widths is None:
        label = max((len(headers[column]) for column in kept[1:]), default=0) + 2
        return [line for row in lines[1:] for line in _block(lines[0], row, width, label)]
    return [(("  ", ""), *_columns(cells, widths)) for line in lines for cells in _split(line, widths)]


def _least(text: str) -> int:
    """The columns that a cell needs: what is short stays on one line."""
    return len(text) if len(text) <= _SHORT else max(map(len, text.split()), default=0)


def _fitted(natural: Sequence[int], least: Sequence[int], width: int | None) -> list[int] | None:
    """The columns' widths within ``width``, the widest narrowed first; None where words would have to break."""
    widths = list(natural)
    over = 0 if width is None else sum(widths) + 2 * len(widths) - width
    while over > 0:
        place = max(range(len(widths)), key=lambda column: (widths[column] > least[column], widths[column]))
        if widths[place] <= least[place]:
            return None
        widths[place] -= 1
        over -= 1
    return widths


def _split(cells: Sequence[Span], widths: Sequence[int]) -> Iterator[list[Span]]:
    """A row of cells as the lines it takes."""
    columns = [
        (_filled(text, width, 0, 0) if len(text) > width else [text], style)
        for (text, style), width in zip(cells, widths, strict=True)
    ]
    for line in range(max((len(texts) for texts, _ in columns), default=0)):
        yield [(texts[line] if line < len(texts) else "", style) for texts, style in columns]


def filled_columns(headers: Sequence[str], rows: Sequence[Sequence[Span]]) -> list[int]:
    """The places of the columns in which some cell is not empty."""
    return [place for place in range(len(headers)) if any(row[place][0] for row in rows)]


def _columns(cells: Sequence[Span], widths: Sequence[int]) -> list[Span]:
    return [(text.ljust(width + 2), style) for (text, style), width in zip(cells, widths, strict=True)]


def _block(headers: Sequence[Span], row: Sequence[Span], width: int | None, label: int) -> Iterator[Line]:
    yield from hanging((("  ", ""), headers[0], (" ", "")), row[0][0], row[0][1], width, 4)
    for (header, header_style), (text, style) in zip(headers[1:], row[1:], strict=True):
        if text:
            yield from hanging(((f"    {header:<{label}}", header_style),), text, style, width, 4 + label)


def plain(lines: Iterable[Line]) -> str:
    """The lines as text without any colour, each with a line end and no spaces before that."""
    return "".join("".join(visible(text) for text, _ in line).rstrip() + "\n" for line in lines)


def coloured(lines: Iterable[Line]) -> str:
    """The lines as text with ANSI colours, for a terminal that understands them."""
    return "".join("".join(_paint(*span) for span in _trimmed(line)) + "\n" for line in lines)


def console(file: TextIO | None) -> Console:
    """A terminal as rich sees it; it also knows Windows consoles that understand no ANSI sequences."""
    from rich.console import Console

    return Console(file=file, highlight=False, force_terminal=True)


def print_lines(lines: Iterable[Line], to: Console) -> None:
    """Write the lines in colour; what the terminal's encoding cannot hold is escaped."""
    from rich.text import Text

    for line in lines:
        parts = (
            (visible(text).encode(to.encoding, "backslashreplace").decode(to.encoding), style) for text, style in line
        )
        text = Text.assemble(*((part, _RICH.get(style, "")) for part, style in _trimmed(tuple(parts))))
        to.print(text, soft_wrap=True)


def _trimmed(line: Line) -> Line:
    """The line without the padding at its end."""
    while line and not line[-1][0].strip():
        line = line[:-1]
    return (*line[:-1], (line[-1][0].rstrip(), line[-1][1])) if line else ()


def _paint(text: str, style: str) -> str:
    shown = visible(text)
    code = _SGR.get(style)
    return f"\x1b[{code}m{shown}\x1b[0m" if code and shown else shown
