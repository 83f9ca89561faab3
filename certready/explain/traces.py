"""A whole trace or log explained at once: its failures grouped by first cause, the worst first. Pure."""

from __future__ import annotations

import re
from collections import Counter

from msgspec import Struct, field

from certready.explain.find import explain
from certready.explain.model import Entry, Explanation, Seen
from certready.explain.records import Failure, Records, read_records

MAX_TEXTS = 1_000  # different error texts that are explained
MAX_WORK = 2 * 1024 * 1024  # characters of them all together
# What differs between two reports of one fault: identifiers, addresses, hosts, moments. Every part is bounded, so that
# no text makes the search go back far.
_VARIABLE = re.compile(
    r"<[^<>]{0,250}>|\b[\w.+=-]{1,64}@[\w.-]{1,255}|\[[^\[\]]{20,400}\]|\b[0-9A-Fa-f-]{8,64}\b|\d{4,}"
    r"|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"
)
_TOLD_APART = 2_000  # characters of a text, without what varies, that tell it from another


class Group(Struct):
    """The failures of one cause. ``entry`` is None for texts that are not in the catalogue, and, where ``examined`` is
    False, for those that were not looked at because there are too many. ``messages`` are the messages concerned,
    ``failed`` those that were given up."""

    entry: Entry | None
    seen: Seen
    example: str
    examined: bool = True
    messages: set[tuple[str, str]] = field(default_factory=set)
    failed: set[tuple[str, str]] = field(default_factory=set)
    senders: Counter[str] = field(default_factory=Counter)
    recipients: Counter[str] = field(default_factory=Counter)


class Trace(Struct, frozen=True):
    """What was read, and its groups, the worst first: what was given up before what is held, then the most messages."""

    records: Records
    groups: tuple[Group, ...]

    @property
    def exit_code(self) -> int:
        """3 where nothing of what failed is explained, as for a single text, or where records were not read."""
        records = self.records
        unexplained = bool(self.groups) and not any(group.entry for group in self.groups)
        return 3 if records.silent or records.unread or records.cut or unexplained else 0


def explain_trace(text: str) -> Trace | None:
    """The trace or log explained; None where the text is none. Raises InputError for JSON that is too large."""
    records = read_records(text)
    if records is None:
        return None
    groups: dict[str, Group] = {}
    known: dict[str, Explanation] = {}
    marks: dict[str, str] = {}
    work = 0
    for failure in () if records.silent else records.failures:
        if failure.context not in marks:
            marks = {failure.context: _VARIABLE.sub("", failure.context)}
        mark = f"{marks[failure.context][:_TOLD_APART]} {_VARIABLE.sub('', failure.text)[:_TOLD_APART]}"
        if mark not in known and len(known) < MAX_TEXTS and work < MAX_WORK:
            known[mark] = explain(failure.whole)
            work += len(failure.whole)
        _into(groups, failure, known.get(mark), mark)
    worst_first = sorted(groups.values(), key=lambda group: (not group.failed, -len(group.messages)))
    return Trace(records, tuple(worst_first))


def most_first(counted: Counter[str]) -> tuple[str, ...]:
    """The keys, the most frequent first, equally frequent ones by name."""
    return tuple(sorted(counted, key=lambda key: (-counted[key], key)))


def _into(groups: dict[str, Group], failure: Failure, explanation: Explanation | None, mark: str) -> None:
    """The failure into the group of its cause, or with the others of its text, or with those not looked at."""
    entry = explanation.entries[0] if explanation and explanation.entries else None
    key = entry.id if entry else f" {mark[:80]}" if explanation else " "
    if key not in groups:
        seen = explanation.seen if explanation else Seen()
        groups[key] = Group(entry, seen, failure.whole, examined=explanation is not None)
    group = groups[key]
    message = (failure.message, failure.recipient)
    group.messages.add(message)
    if failure.final:
        group.failed.add(message)
    group.senders[_domain(failure.sender)] += 1
    group.recipients[_domain(failure.recipient)] += 1


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip("<>; ").lower() or "<>"
