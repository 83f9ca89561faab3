"""docs/rules.md: every rule with its words and every weight it has. The page is compared with the rules by a test."""

from __future__ import annotations

from collections.abc import Iterator

from certready.model.report import Severity
from certready.rules import SUBJECTS, rules_of
from certready.rules.model import COLUMNS, Row, Rule, Source, U, everywhere

COMMAND = "python -m certready.rules > docs/rules.md"

_HEAD = f"""# The rules

What every finding is about and how much it weighs; `certready explain RULE` prints the same words. This page is written
by `{COMMAND}` from the tables in `certready/rules`.

Confidence: *documented* by the owner of the thing, *reported* from the field, *inferred* from other facts.

The weights: *inbound* is an inbound connector of type OnPremises, or none at all; *Partner* one of that type;
*certificate* and *domain* are outbound connectors with certificate and domain validation. `-` means that the rule is
not said for such a connector, *not counted* that `--strict` leaves the warning a warning. What an outbound connector
does not enforce (the levels none and encryption-only) is a warning at most and not counted. A situation that has no row
weighs what "else" does, and unknown where there is no such row."""


def page() -> str:
    """The page as text, one section for each rule, in report order."""
    parts = [_HEAD]
    for subject in SUBJECTS:
        parts.append(f"## {subject}")
        for rule in rules_of(subject):
            parts += _section(rule)
    return "\n\n".join(parts) + "\n"


def _section(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}"
    yield _plain(f"{rule.title}.")
    if rule.what:
        yield _plain(f"**What it says.** {rule.what}")
    yield _plain(f"**Why it matters.** {rule.why}")
    yield _plain(f"**How to fix.** {rule.advice}")
    yield f"**Confidence and source.** {rule.confidence}: {'; '.join(map(_link, rule.sources))}"
    yield "\n".join(_table(rule))


def _table(rule: Rule) -> Iterator[str]:
    yield "| situation | inbound | Partner | certificate | domain |"
    yield "|---|---|---|---|---|"
    for row in rule.weights:
        yield _line(_situation(rule, row), row)
    if not any(row.variant == "" for row in rule.weights):
        yield _line("else", everywhere(U))


def _situation(rule: Rule, row: Row) -> str:
    several = any(other.variant != row.variant for other in rule.weights)
    words = f"`{row.variant}`: {row.when}" if row.variant else "else" if several else "always"
    return _plain(f"{words}, `--revocation {row.mode}`" if row.mode else words)


def _line(situation: str, row: Row) -> str:
    cells = (_weight(row.cell(column), counted=row.counted) for column in COLUMNS)
    return f"| {situation} | {' | '.join(cells)} |"


def _weight(severity: Severity | None, *, counted: bool) -> str:
    if severity is None:
        return "-"
    return str(severity) if counted else f"{severity}, not counted"


def _link(source: Source) -> str:
    return f"[{source.title}]({source.address})" if source.address else source.title


def _plain(text: str) -> str:
    """Text that Markdown shows as it stands."""
    return text.replace("<", "&lt;").replace("*.", "\\*.")
