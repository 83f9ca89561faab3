"""The demonstration in words: an introduction, each case with its report, and staged against seen. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from certready.demo.scenarios import Result
from certready.model.report import Report
from certready.render.layout import Line, Span, hanging, table

INTRODUCTION = (
    "On 127.0.0.1 there now run a private CA's OCSP responder, CRL and AIA server, and an SMTP gateway with STARTTLS.",
    "Each certificate is judged twice: check reads its file, as a client; probe asks the gateway, as a server.",
    "The root store is that private CA, so every report warns (chain.other-store): Exchange Online trusts no such CA.",
)

HEADINGS = ("case", "command", "staged", "seen", "outcome")
AS_STAGED = "as staged"


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
    wrong = [f"{result.kind} of {result.scenario.name}" for result in results if not result.as_staged]
    if not results:
        sentence = "Nothing was judged."
    elif wrong:
        sentence = f"Not as staged: {', '.join(wrong)}."
    else:
        sentence = f"All {len(results)} reports came out as staged."
    return Summary(bool(results) and not wrong, tuple(_row(result) for result in results), sentence)


def narrate(
    results: Iterable[Result], render: Callable[[Report], Iterable[Line]], width: int | None = None
) -> Iterator[list[Line]]:
    """The demonstration, block by block as the results come; ``render`` makes the lines of one report.

    The last block is the closing table with the sentence of :func:`summary`.
    """
    yield [line for text in INTRODUCTION for line in hanging((), text, "", width, 0)]
    seen: list[Result] = []
    for result in results:
        lines: list[Line] = [()]
        if not seen or seen[-1].scenario != result.scenario:
            lines += [*_heading(result, width), ()]
        # The command is copied, so it is not wrapped.
        yield [*lines, (("$ ", "dim"), (result.command, "bold")), (), *render(result.report)]
        seen.append(result)
    closing = summary(seen)
    yield [
        (),
        *table(HEADINGS, map(_spans, closing.rows), width),
        (),
        ((closing.sentence, "pass" if closing.ok else "fail"),),
    ]


def _heading(result: Result, width: int | None) -> Iterator[Line]:
    """The title of a case, underlined, and what is staged."""
    title = f"{result.scenario.title} ({result.scenario.name})"
    yield ((title, "bold"),)
    yield (("=" * len(title), "dim"),)
    yield from hanging((), result.scenario.staged, "", width, 0)


def _spans(row: Sequence[str]) -> list[Span]:
    """A row of the closing table; what was seen is shown only where it differs from what was staged."""
    name, command, staged, seen, outcome = row
    well = outcome == AS_STAGED
    return [
        (name, "bold"),
        (command, ""),
        (staged, ""),
        ("" if well else seen, ""),
        (outcome, "pass" if well else "fail"),
    ]


def _row(result: Result) -> tuple[str, ...]:
    staged = _outcome(result.scenario.verdict, result.scenario.fails)
    seen = _outcome(result.report.verdict, result.fails)
    return result.scenario.name, result.kind, staged, seen, AS_STAGED if result.as_staged else "NOT AS STAGED"


def _outcome(verdict: str, fails: tuple[str, ...]) -> str:
    return f"{verdict}: {', '.join(fails)}" if fails else verdict
