"""Explained traces as text."""

from __future__ import annotations

from collections.abc import Iterator

from certready.explain.show import filled
from certready.explain.traces import Group, Trace, most_first
from certready.render.layout import Line, hanging, listed_shortened, shorten
from certready.wording import counted

DOMAINS = 3  # of senders and of recipients that are named
EXTENDED = (
    "This kind of file says that mail failed, not why. Take the extended report (Exchange admin center, Message trace, "
    "Extended report), or Get-MessageTraceDetailV2 of one message."
)


def trace_lines(trace: Trace, width: int | None) -> Iterator[Line]:
    """How many messages failed, then each cause with who is concerned and the command that shows the fault."""
    records = trace.records
    failed = len({(failure.message, failure.recipient) for failure in records.failures})
    text = f"A {records.kind} of {counted(records.count, 'record')}: {counted(failed, 'message')} failed or held up."
    yield from hanging((), text, "bold", width, 0)
    if records.unread:
        text = f"{counted(records.unread, 'record')} not read: a field of each is over 128 KiB."
        yield from hanging((), text, "warn", width, 0)
    if records.cut:
        yield from hanging((), f"Only the first {records.count:,} records were read.", "warn", width, 0)
    if records.silent:
        yield from hanging((), EXTENDED, "", width, 0)
    for group in trace.groups:
        yield ()
        yield from _group(group, width)


def _group(group: Group, width: int | None) -> Iterator[Line]:
    failed = f", {len(group.failed)} given up" if group.failed else ""
    count = f"{counted(len(group.messages), 'message')}{failed}"
    unknown = "Not in the catalogue" if group.examined else "Not looked at: there are too many different texts"
    title = group.entry.title if group.entry else unknown
    yield from hanging(((f"{count}: ", ""),), title, "bold", width, 2)
    senders, recipients = (
        listed_shortened(most_first(domains), DOMAINS) for domains in (group.senders, group.recipients)
    )
    whom = f"from {senders} to {recipients}"
    yield from hanging((("  who:     ", "dim"),), whom, "", width, 11)
    yield from hanging((("  text:    ", "dim"),), shorten(group.example, 300), "", width, 11)
    if group.entry is None:
        return
    cause = group.entry.causes[0]
    yield from hanging((("  cause:   ", "dim"), (f"[{cause.confidence}] ", "dim")), cause.text, "", width, 11)
    for command in cause.confirm[:1]:
        yield (("  confirm: ", "dim"), (filled(command, group.seen), ""))
    yield from hanging((("  change:  ", "dim"),), cause.change, "", width, 11)
