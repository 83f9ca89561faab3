"""Explanations as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from certready.explain.facts import NumberedFact, as_of, numbered
from certready.explain.find import similar
from certready.explain.model import Entry, Explanation, Quotation, Seen
from certready.render.layout import Line, hanging
from certready.rules import RULES
from certready.rules.model import Rule

IN_FULL = 3  # entries whose causes are written out
_PLACES: Mapping[str, str] = {
    "gateway": "<gateway host>",
    "smart_host": "<smart host>",
    "domain": "<your domain>",
    "sender": "<sender>",
    "recipient": "<recipient>",
}
_FILE = "<file the gateway sends with>"


def filled(command: str, seen: Seen) -> str:
    """A command with what the text names, and with places to fill in where it names nothing."""
    if "{" not in command:
        return command
    values = {key: getattr(seen, key) or place for key, place in _PLACES.items()}
    sender = "--null-sender" if seen.sender == "<>" else f"--sender {seen.sender or _PLACES['sender']}"
    return command.format(file=_FILE, **{**values, "sender": sender})


def explanation_lines(explanation: Explanation, width: int | None) -> Iterator[Line]:
    """Entries with their causes, most likely first; for an unknown text, the nearest entries by name."""
    if explanation.cut:
        yield from hanging((), "Only the first MiB of the text was read.", "dim", width, 0)
    if not explanation.entries:
        yield from _unknown(explanation, width)
        return
    yield from _seen(explanation.seen, width)
    for index, entry in enumerate(explanation.entries):
        if index:
            yield ()
        if index < IN_FULL:
            yield from _entry(entry, explanation.seen, width)
        else:
            yield from hanging((("Also: ", "dim"),), f"{entry.title} ({entry.id})", "", width, 6)


def rule_lines(rule: Rule, width: int | None) -> Iterator[Line]:
    """What a rule says, why it matters, how sure that is, and what to do."""
    yield ((rule.id, "bold"), (f"  {rule.title}", ""))
    yield ()
    parts = (
        ("what", rule.statement),
        ("why", rule.why),
        ("confidence", rule.confidence),
        ("source", rule.reference),
        ("fix", rule.advice),
    )
    for label, text in parts:
        yield from hanging(((f"{label:<12}", "dim"),), text, "", width, 12)


def fact_lines(fact: NumberedFact, width: int | None) -> Iterator[Line]:
    """What a fact says, how sure that is, where it is written, and which facts to read beside it."""
    yield ((f"Fact {fact.number}", "bold"),)
    yield ()
    beside = [f"{number}: {numbered()[number].text}" for number in fact.see]
    parts = (("fact", fact.text), ("confidence", fact.confidence), ("source", fact.source), ("read", as_of()))
    for label, text in (*parts, *(("see", other) for other in beside)):
        yield from hanging(((f"{label:<12}", "dim"),), text, "", width, 12)


def unknown_rule_lines(name: str, width: int | None) -> Iterator[Line]:
    """No such rule, and those that are spelt alike."""
    near = similar(name.lower(), RULES)
    yield from hanging((), f"There is no rule {name[:80]!a}.", "", width, 0)
    if near:
        yield from hanging((("Nearest: ", "dim"),), ", ".join(near), "", width, 9)
    yield from hanging((), "certready rules lists every rule.", "dim", width, 0)


def unknown_fact_lines(number: str, width: int | None) -> Iterator[Line]:
    """No such fact, and those whose numbers are spelt alike."""
    near = ", ".join(similar(number, numbered()))
    yield from hanging((), f"There is no fact {number}.{f' Nearest: {near}.' if near else ''}", "", width, 0)


def _entry(entry: Entry, seen: Seen, width: int | None) -> Iterator[Line]:
    yield from hanging((), entry.title, "bold", width, 0)
    yield from hanging((), f"{entry.meaning} ({_direction(entry)}; source: {entry.source.title})", "", width, 0)
    for number, cause in enumerate(entry.causes, 1):
        yield ()
        lead: Line = ((f"  {number}. ", ""), (f"[{cause.confidence}] ", "dim"))
        yield from hanging(lead, cause.text, "", width, 5)
        for command in cause.confirm:
            yield from hanging((("     confirm: ", "bold"),), filled(command, seen), "", width, 14)
        yield from hanging((("     change:  ", "bold"),), cause.change, "", width, 14)
        for line in cause.lines:
            yield (("       ", ""), (line, ""))
        if cause.quotation:
            yield from hanging((("     source:  ", "dim"),), _quoted(cause.quotation), "dim", width, 14)


def _quoted(quotation: Quotation) -> str:
    source = quotation.source
    return f'"{quotation.text}" ({source.title}{f", {source.address}" if source.address else ""})'


def _direction(entry: Entry) -> str:
    words = {
        "inbound": "gateway to Exchange Online",
        "outbound": "Exchange Online to gateway",
        "either": "either direction",
    }
    return words[entry.direction]


def _seen(seen: Seen, width: int | None) -> Iterator[Line]:
    if seen.expected and seen.presented:
        text = f"The text says: expected {seen.expected}, presented {seen.presented}."
        if seen.thumbprint:
            text += f" Thumbprint {seen.thumbprint}."
        yield from hanging((), text, "", width, 0)
        yield ()


def _unknown(explanation: Explanation, width: int | None) -> Iterator[Line]:
    yield from hanging((), "This text is not in the catalogue.", "bold", width, 0)
    if not explanation.nearest:
        yield from hanging((), "Nothing in it is near either: paste the whole reply or notice.", "", width, 0)
    for entry in explanation.nearest:
        yield from hanging((("Nearest: ", "dim"),), f"{entry.title} ({entry.id})", "", width, 9)
