"""The demonstration in words: an introduction, each case with its report, and staged against seen. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from certready.demo.scenarios import Result
from certready.model.report import Report
from certready.render.layout import hanging, plain

INTRODUCTION = """\
On 127.0.0.1 there now run a private CA's OCSP responder, its CRL and AIA server, and an SMTP gateway with STARTTLS.
Each certificate is judged twice: check reads its file, as client of Exchange Online; probe asks the gateway, as server.
The root store is the private CA itself, so every report warns (chain.other-store): Exchange Online trusts no such CA.
"""

HEADINGS = ("case", "command", "staged", "seen", "")


class Summary(Struct, frozen=True):
    """Whether every report came out as staged, the rows of the closing table, and the sentence about it."""

    ok: bool
    rows: tuple[tuple[str, ...], ...]
    sentence: str

    @property
    def exit_code(self) -> int:
        """0 when every report came out as staged, else 1 (contract, "Exit codes")."""
        return 0 if self.ok else 1


def summary(results: Sequence[Result]) -> Summary:
    """Compare what was staged with what was seen. No result at all is not as staged."""
    wrong = [f"{one.kind} of {one.scenario.name}" for one in results if not one.as_staged]
    if not results:
        sentence = "Nothing was judged."
    elif wrong:
        sentence = f"Not as staged: {', '.join(wrong)}."
    else:
        sentence = f"All {len(results)} reports came out as staged."
    return Summary(bool(results) and not wrong, tuple(_row(one) for one in results), sentence)


def narrate(results: Iterable[Result], render: Callable[[Report], str], width: int | None = None) -> Iterator[str]:
    """The text of the demonstration, block by block as the results come; ``render`` makes the text of one report.

    Each block ends in a line end. The last one is the closing table with the sentence of :func:`summary`.
    """
    yield plain(line for text in INTRODUCTION.splitlines() for line in hanging((), text, "", width, 0))
    seen: list[Result] = []
    for result in results:
        if not seen or seen[-1].scenario != result.scenario:
            yield heading(result)
        yield f"\n$ {result.command}\n\n{render(result.report).rstrip()}\n"
        seen.append(result)
    yield f"\n{table(summary(seen))}"


def heading(result: Result) -> str:
    """The title of a case, underlined, and what is staged."""
    title = f"{result.scenario.title} ({result.scenario.name})"
    return f"\n{title}\n{'=' * len(title)}\n{result.scenario.staged}\n"


def table(found: Summary) -> str:
    """The closing table, ASCII, columns padded, and the sentence about it."""
    rows = (HEADINGS, *found.rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths[:-1]))
    return "\n".join((*lines, "", found.sentence, ""))


def _row(result: Result) -> tuple[str, ...]:
    staged = _outcome(result.scenario.verdict, result.scenario.fails)
    seen = _outcome(result.report.verdict, result.fails)
    return result.scenario.name, result.kind, staged, seen, "as staged" if result.as_staged else "NOT AS STAGED"


def _outcome(verdict: str, fails: tuple[str, ...]) -> str:
    return f"{verdict}: {', '.join(fails)}" if fails else verdict
