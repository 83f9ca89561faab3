"""What lines have in common that none of them shows alone: twins, ends that hit many, what a root programme will break,
what falls due, and what changed. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from certready.fleet.entries import Entry, Held
from certready.model import Limits, Tenant
from certready.model.plain import Moment, to_the_second
from certready.wording import counted, listed
from certready.x509.certificate import SERVER_AUTH

CALENDAR = timedelta(days=90)
AHEAD = timedelta(days=365)  # for the ends of issuers
MANY = 2  # lines from which on an issuer's end is more than that line's own trouble
NAMED = 5

LimitsOf = Callable[[str], Limits | None]
Kind = Literal[
    "same-certificate",
    "same-value",
    "same-sender-ip",
    "different-certificates",
    "nodes-differ",
    "issuer-ends",
    "distrust",
    "renewal",
    "changed",
]


class Across(Struct, frozen=True):
    """Something that several lines have in common, or that falls due: its ``kind``, a sentence, the names of the lines,
    and the moment it is about, where there is one."""

    kind: Kind
    message: str
    lines: tuple[str, ...]
    at: Moment | None = None

    def __post_init__(self) -> None:
        to_the_second(self, "at")


class Owners(Struct, frozen=True):
    """Whose the lines are: the tenant of each line by name, and what its export says, where there is one."""

    by_line: Mapping[str, str]
    tenants: Mapping[str, Tenant]


def across(
    entries: Sequence[Entry], owners: Owners, limits: LimitsOf, now: datetime, earlier: Mapping[str, Entry] | None
) -> tuple[Across, ...]:
    """Everything the lines have in common.

    Args:
        entries: every line of the run.
        owners: their tenants.
        limits: what the root programme limits a root to, by SHA-256.
        now: the moment of the run.
        earlier: the lines of an earlier run by name, None where none was given.
    """
    common = (
        *_shared_certificates(entries, owners),
        *_shared_values(entries, owners),
        *_shared_addresses(owners),
        *_several_in_tenant(entries, owners),
        *_nodes(entries),
        *_issuer_ends(entries, now),
        *_distrust(entries, limits, now),
        *_calendar(entries, now),
    )
    return (*common, *(_changes(entries, earlier) if earlier is not None else ()))


def _grouped(pairs: Iterable[tuple[Hashable, str]]) -> dict[Any, tuple[str, ...]]:
    """The lines of each key, each once, in order."""
    lines_by_key: defaultdict[Hashable, dict[str, None]] = defaultdict(dict)
    for key, line in pairs:
        lines_by_key[key][line] = None
    return {key: tuple(lines) for key, lines in lines_by_key.items()}


def _names(lines: Sequence[str]) -> str:
    return listed(lines, NAMED)


# -- what two share -----------------------------------------------------------------------------------------------


def _shared_certificates(entries: Sequence[Entry], owners: Owners) -> Iterator[Across]:
    """One certificate in two tenants: Exchange Online tells tenants apart by it."""
    held = {leaf.sha256: leaf for entry in entries for leaf in entry.leaves}
    for sha256, lines in _grouped((leaf.sha256, entry.name) for entry in entries for leaf in entry.leaves).items():
        tenants = dict.fromkeys(owners.by_line[line] for line in lines if line in owners.by_line)
        if len(tenants) > 1:
            yield Across(
                "same-certificate",
                f"{len(tenants)} tenants share the certificate {held[sha256].label} ({sha256[:16]}): {_names(lines)}.",
                lines,
            )


def _shared_values(entries: Sequence[Entry], owners: Owners) -> Iterator[Across]:
    pairs = [
        (value.lower(), owners.by_line[entry.name], entry.name)
        for entry in entries
        if entry.name in owners.by_line
        for _, direction, value in entry.connectors
        if direction == "inbound" and value
    ]
    tenants = _grouped((value, tenant) for value, tenant, _ in pairs)
    lines = _grouped((value, line) for value, _, line in pairs)
    for value, several in tenants.items():
        if len(several) > 1:
            yield Across(
                "same-value",
                f"Inbound connectors of {len(several)} tenants name the same value {value}: {_names(several)}.",
                lines[value],
            )


def _shared_addresses(owners: Owners) -> Iterator[Across]:
    pairs = [
        (address, tenant)
        for tenant, export in owners.tenants.items()
        for connector in export.connectors
        if connector.direction == "inbound" and connector.enabled
        for address in connector.sender_ips
    ]
    for address, several in _grouped(pairs).items():
        if len(several) > 1:
            lines = tuple(line for line, tenant in owners.by_line.items() if tenant in several)
            yield Across(
                "same-sender-ip",
                f"{len(several)} tenants list {address} under SenderIPAddresses: {_names(several)}.",
                lines,
            )


def _several_in_tenant(entries: Sequence[Entry], owners: Owners) -> Iterator[Across]:
    """Different certificates for the same names within one tenant: after a renewal some gateway still has the old. One
    presented as client and another as server are meant to differ."""
    pairs = [
        ((owners.by_line[entry.name], direction, leaf.label), leaf, entry.name)
        for entry in entries
        if entry.name in owners.by_line
        for leaf in entry.leaves
        for direction in entry.directions or ("",)
    ]
    lines = _grouped((key, line) for key, _, line in pairs)
    leaves = _grouped((key, leaf.sha256) for key, leaf, _ in pairs)
    for key, several in leaves.items():
        if len(several) > 1:
            tenant, direction, label = key
            side = {"inbound": " as client", "outbound": " as server"}.get(direction, "")
            yield Across(
                "different-certificates",
                f"Within {tenant} {label} has {len(several)} different certificates{side}: {_names(lines[key])}.",
                lines[key],
            )


def _nodes(entries: Sequence[Entry]) -> Iterator[Across]:
    lines = tuple(entry.name for entry in entries if entry.nodes_differ)
    if lines:
        yield Across("nodes-differ", f"The nodes of one gateway present different chains: {_names(lines)}.", lines)


# -- what falls due -----------------------------------------------------------------------------------------------


def _issuers(entries: Sequence[Entry]) -> Iterator[tuple[Held, tuple[str, ...]]]:
    """Every issuer and root with the lines whose paths lead over it."""
    held = {issuer.sha256: issuer for entry in entries for issuer in entry.issuers}
    for sha256, lines in _grouped((issuer.sha256, entry.name) for entry in entries for issuer in entry.issuers).items():
        yield held[sha256], lines


def _issuer_ends(entries: Sequence[Entry], now: datetime) -> Iterator[Across]:
    for issuer, lines in _issuers(entries):
        end = issuer.not_after
        if end and end <= now + AHEAD and len(lines) >= MANY:
            verb = "ended" if end < now else "ends"
            what = "root" if issuer.role == "root" else "issuer"
            yield Across(
                "issuer-ends",
                f"The {what} {issuer.label} {verb} on {end:%Y-%m-%d}, and {len(lines)} lines rest on it: "
                f"{_names(lines)}.",
                lines,
                end,
            )


def _distrust(entries: Sequence[Entry], limits: LimitsOf, now: datetime) -> Iterator[Across]:
    """Dates at which the root programme stops trusting a root, or what it issues from then on, that lie ahead."""
    for issuer, lines in _issuers(entries):
        limit = limits(issuer.sha256) if issuer.role == "root" else None
        if limit is None:
            continue
        if limit.disabled_from and now < limit.disabled_from and _for_servers(limit.disabled_usages):
            yield Across(
                "distrust",
                f"Microsoft distrusts the root {issuer.label} from {limit.disabled_from:%Y-%m-%d} on. "
                f"{_rest_on_it(lines, 'by then')}",
                lines,
                limit.disabled_from,
            )
        if limit.cutoff and now < limit.cutoff and _for_servers(limit.cutoff_usages):
            yield Across(
                "distrust",
                f"Microsoft distrusts what the root {issuer.label} issues after {limit.cutoff:%Y-%m-%d}. "
                f"{_rest_on_it(lines, 'for renewals from then on')}",
                lines,
                limit.cutoff,
            )


def _rest_on_it(lines: Sequence[str], when: str) -> str:
    """A path over another root may be there already, which only a judgement as of that day would show."""
    rest, need = ("rests", "needs") if len(lines) == 1 else ("rest", "need")
    return f"{counted(len(lines), 'line')} {rest} on it and {need} another root {when}: {_names(lines)}."


def _for_servers(usages: tuple[str, ...] | None) -> bool:
    return not usages or SERVER_AUTH in usages


def _calendar(entries: Sequence[Entry], now: datetime) -> Iterator[Across]:
    """Certificates that end within the next 90 days, the first first, each with its lines, and with those of them whose
    TLSA records do not fit the next one."""
    held = {leaf.sha256: leaf for entry in entries for leaf in entry.leaves}
    groups = _grouped((leaf.sha256, entry.name) for entry in entries for leaf in entry.leaves)
    due = [
        (leaf.not_after, leaf) for leaf in held.values() if leaf.not_after and now <= leaf.not_after < now + CALENDAR
    ]
    for end, leaf in sorted(due, key=lambda pair: (pair[0].date(), pair[1].label, pair[1].sha256)):
        days = (end - now).days
        lines = groups[leaf.sha256]
        message = f"{end:%Y-%m-%d}, in {days} days: {leaf.label}, for {_names(lines)}."
        pinned = [entry.name for entry in entries if leaf.sha256 in entry.pinned]
        if pinned:
            message += f" Publish the TLSA record (DANE) of the next one before it is installed: {_names(pinned)}."
        yield Across("renewal", message, lines, end)


# -- what changed -------------------------------------------------------------------------------------------------


def _changes(entries: Sequence[Entry], earlier: Mapping[str, Entry]) -> Iterator[Across]:
    names = {entry.name for entry in entries}
    for entry in entries:
        before = earlier.get(entry.name)
        if before is None:
            yield Across("changed", f"{entry.name} is new: {_word(entry)}.", (entry.name,))
            continue
        changes = [*_change(before, entry)]
        if changes:
            yield Across("changed", f"{entry.name}: {'; '.join(changes)}.", (entry.name,))
    gone = tuple(name for name in earlier if name not in names)
    if gone:
        yield Across("changed", f"No longer in the inventory: {_names(gone)}.", gone)


def _change(before: Entry, now: Entry) -> Iterator[str]:
    if before.verdict != now.verdict:
        yield f"was {_word(before)}, is {_word(now)}"
    old, new = ({leaf.sha256 for leaf in entry.leaves} for entry in (before, now))
    if old and new and old != new:
        ends = f", which ends on {now.ends:%Y-%m-%d}" if now.ends else ""
        yield f"has another certificate{ends}"
    came = sorted({*now.findings} - {*before.findings})
    if came:
        yield f"new: {listed(came, NAMED)}"
    went = sorted({*before.findings} - {*now.findings})
    if went:
        yield f"gone: {listed(went, NAMED)}"


def _word(entry: Entry) -> str:
    return (entry.verdict or "in error").replace("-", " ")
