"""Explanations as ``certready.explain/1``."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from certready.explain.facts import NumberedFact, as_of, numbered
from certready.explain.find import similar
from certready.explain.model import Cause, Direction, Entry, Explanation, Seen
from certready.explain.show import filled
from certready.explain.traces import Group, Trace, most_first
from certready.rules import RULES
from certready.rules.model import Confidence, Rule


class QuotationDocument(Struct, frozen=True):
    """The words of the source that carry the cause; always there for a documented cause."""

    text: str
    title: str
    address: str | None


class CauseDocument(Struct, frozen=True):
    """One possible cause, and what to do about it."""

    text: str
    confidence: Confidence
    confirm: Annotated[tuple[str, ...], Meta(description="Commands to run.")]
    change: str
    lines: Annotated[tuple[str, ...], Meta(description="Commands that make the change.")]
    quotation: QuotationDocument | None


class EntryDocument(Struct, frozen=True):
    """One entry of the catalogue."""

    id: str
    title: str
    direction: Direction
    symptom: bool
    meaning: str
    source: str
    address: Annotated[str | None, Meta(description="Where the source can be read.")]
    causes: Annotated[tuple[CauseDocument, ...], Meta(description="The most likely first.")]


class NearDocument(Struct, frozen=True):
    """An entry or rule that is like what was asked for."""

    id: str
    title: str


class RuleDocument(Struct, frozen=True):
    """A rule in words."""

    id: str
    title: str
    what: str
    why: str
    confidence: Confidence
    source: str
    fix: str


class FactDocument(Struct, frozen=True):
    """A fact, and when its sources were last read."""

    as_of: str
    number: str
    text: str
    confidence: Literal["documented", "reported", "inferred", "disputed", "not found"]
    source: str
    see: tuple[str, ...]


class GroupDocument(Struct, frozen=True):
    """The failures of one cause; ``entry`` is null for texts that are not in the catalogue."""

    entry: str | None
    examined: Annotated[bool, Meta(description="False for texts not looked at because there are too many.")]
    messages: int
    failed: int
    sender_domains: tuple[str, ...]
    recipient_domains: tuple[str, ...]
    example: str


class TraceDocument(Struct, frozen=True):
    """What a trace, a log or a queue holds. The groups stand the worst first."""

    records: int
    error_texts: bool
    unread: Annotated[int, Meta(description="Records of which a field is too long to read.")]
    cut: Annotated[bool, Meta(description="Whether there are more records than are read.")]
    groups: tuple[GroupDocument, ...]


class ExplainDocument(Struct, frozen=True, tag_field="schema", tag="certready.explain/1"):
    """What an error line, a bounce, a symptom, a rule id or a fact's number means."""

    known: Annotated[bool, Meta(description="Whether the text or rule is known; the exit code is 0 then, else 3.")]
    wrapper: Annotated[
        str | None, Meta(description="What the text was copied from, such as a Postfix log, where that shows.")
    ] = None
    seen: Seen = Seen()
    entries: Annotated[tuple[EntryDocument, ...], Meta(description="The entries the text matches, best first.")] = ()
    nearest: Annotated[tuple[NearDocument, ...], Meta(description="For what is not known: what is most like it.")] = ()
    rule: Annotated[RuleDocument | None, Meta(description="The rule that was asked for.")] = None
    fact: Annotated[
        FactDocument | UnsetType, Meta(description="The fact that was asked for by its number; absent otherwise.")
    ] = UNSET
    trace: Annotated[
        TraceDocument | UnsetType, Meta(description="What a trace, a log or a queue holds; absent for a text.")
    ] = UNSET


def of_text(explanation: Explanation) -> ExplainDocument:
    """The document of a text."""
    return ExplainDocument(
        bool(explanation.entries),
        explanation.wrapper,
        explanation.seen,
        tuple(_entry(entry, explanation.seen) for entry in explanation.entries),
        tuple(NearDocument(entry.id, entry.title) for entry in explanation.nearest),
    )


def of_rule(rule: Rule | None, name: str) -> ExplainDocument:
    """The document of a rule; ``rule`` is None where none has that name."""
    if rule is None:
        near = tuple(NearDocument(known, RULES[known].title) for known in similar(name.lower(), RULES))
        return ExplainDocument(known=False, nearest=near)
    words = RuleDocument(rule.id, rule.title, rule.statement, rule.why, rule.confidence, rule.reference, rule.advice)
    return ExplainDocument(known=True, rule=words)


def of_fact(fact: NumberedFact | None, number: str) -> ExplainDocument:
    """The document of a fact; ``fact`` is None where none has that number."""
    if fact is None:
        near = tuple(NearDocument(known, numbered()[known].text) for known in similar(number, numbered()))
        return ExplainDocument(known=False, nearest=near)
    return ExplainDocument(known=True, fact=FactDocument(as_of(), *structs.astuple(fact)))


def of_trace(trace: Trace) -> ExplainDocument:
    """The document of a trace: the entries as for a text, and the groups."""
    entries = tuple(_entry(group.entry, group.seen) for group in trace.groups if group.entry)
    records = trace.records
    groups = tuple(map(_group, trace.groups))
    document = TraceDocument(records.count, not records.silent, records.unread, records.cut, groups)
    return ExplainDocument(bool(entries), records.kind, entries=entries, trace=document)


def _entry(entry: Entry, seen: Seen) -> EntryDocument:
    return EntryDocument(
        id=entry.id,
        title=entry.title,
        direction=entry.direction,
        symptom=entry.symptom,
        meaning=entry.meaning,
        source=entry.source.title,
        address=entry.source.address,
        causes=tuple(_cause(cause, seen) for cause in entry.causes),
    )


def _cause(cause: Cause, seen: Seen) -> CauseDocument:
    quotation = cause.quotation
    return CauseDocument(
        cause.text,
        cause.confidence,
        tuple(filled(command, seen) for command in cause.confirm),
        cause.change,
        cause.lines,
        quotation and QuotationDocument(quotation.text, quotation.source.title, quotation.source.address),
    )


def _group(group: Group) -> GroupDocument:
    return GroupDocument(
        group.entry.id if group.entry else None,
        group.examined,
        len(group.messages),
        len(group.failed),
        most_first(group.senders),
        most_first(group.recipients),
        group.example,
    )
