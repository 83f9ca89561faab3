"""A whole trace or log explained at once: its failures grouped by first cause, the worst first. Pure."""

from __future__ import annotations

import re
from collections import Counter

from msgspec import Struct, field

from certready.explain.find import explain
from certready.explain.model import Entry, Explanation, Seen
from certready.explain.records import Failure, Records, read_records

MAX_TEXTS = 1_000  # different error texts that are explained; the others are counted as unknown
_VARIABLE = re.compile(r"<[^>]*>|\b[\w.+=-]+@[\w.-]+|\[[^\]]{20,}\]|\b[0-9A-Fa-f-]{8,}\b|\d{4,}|\d+\.\d+\.\d+\.\d+")


class Group(Struct):
    """The failures of one cause. ``entry`` is None for texts that are not in the catalogue. ``messages`` are the
    messages concerned, ``failed`` those that were given up."""

    entry: Entry | None
    seen: Seen
    example: str
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
        """3 where something failed that is not explained, as for a single text."""
        unknown = self.records.silent or (self.groups and not any(one.entry for one in self.groups))
        return 3 if unknown else 0


def explain_trace(text: str) -> Trace | None:
    """The trace or log explained; None where the text is none."""
    records = read_records(text)
    if records is None:
        return None
    groups: dict[str, Group] = {}
    known: dict[str, Explanation] = {}
    for failure in () if records.silent else records.failures:
        mark = _VARIABLE.sub("", failure.text)[:2_000]
        if mark not in known and len(known) < MAX_TEXTS:
            known[mark] = explain(failure.text)
        _into(groups, failure, known.get(mark), mark)
    return Trace(records, tuple(sorted(groups.values(), key=lambda one: (not one.failed, -len(one.messages)))))


def most_first(counted: Counter[str]) -> tuple[str, ...]:
    """The keys, the most frequent first, equally frequent ones by name."""
    return tuple(sorted(counted, key=lambda key: (-counted[key], key)))


def _into(groups: dict[str, Group], failure: Failure, found: Explanation | None, mark: str) -> None:
    entry = found.entries[0] if found and found.entries else None
    key = entry.id if entry else f" {mark[:80]}" if found else " "
    seen = found.seen if found else Seen()
    group = groups.setdefault(key, Group(entry, seen, failure.text))
    one = (failure.message, failure.recipient)
    group.messages.add(one)
    if failure.final:
        group.failed.add(one)
    group.senders[_domain(failure.sender)] += 1
    group.recipients[_domain(failure.recipient)] += 1


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip("<>; ").lower() or "<>"
