"""What is kept in memory of each line of a run: enough for the table, the overview and what lines have in common."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from certready.model.report import ReportVerdict

ORDER: tuple[ReportVerdict | None, ...] = ("ready", "cannot-tell", None, "not-ready")


class Held(Struct, frozen=True):
    """A certificate of a line: the subject's shortest ``label``, its end (None where it cannot be read), its role."""

    sha256: str
    label: str
    issuer: str
    not_before: datetime | None
    not_after: datetime | None
    role: str


class Entry(Struct, frozen=True):
    """A line of a run as the overview has it. ``rule``, ``message`` and ``fix`` are those of the finding that decides,
    or of the error. ``connectors`` are (name, direction, value), ``directions`` those of the judged ones. ``counts``
    are the findings that fail, are unknown and warn, the counted ones. ``pinned`` are the leaves, by SHA-256, whose
    next renewal breaks the TLSA records that fit them now. ``extra`` are the inventory's ``x_`` keys. ``checked_at`` is
    when it was looked at, whatever moment it was judged for."""

    line: int
    digest: str
    evaluated_at: datetime
    checked_at: datetime
    name: str
    target: str
    verdict: ReportVerdict | None
    code: int
    elapsed_ms: int
    rule: str = ""
    message: str = ""
    fix: str = ""
    counts: tuple[int, int, int] = (0, 0, 0)
    leaves: tuple[Held, ...] = ()
    issuers: tuple[Held, ...] = ()
    connectors: tuple[tuple[str, str, str], ...] = ()
    directions: tuple[str, ...] = ()
    nodes_differ: bool = False
    findings: tuple[str, ...] = ()
    pinned: frozenset[str] = frozenset()
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def rank(self) -> tuple[int, int, int]:
        """Worse is larger: the verdict, then how much fails."""
        return ORDER.index(self.verdict), *self.counts[:2]

    @property
    def ends(self) -> datetime | None:
        """When the first of its leaves ends."""
        return min((leaf.not_after for leaf in self.leaves if leaf.not_after), default=None)


def worst_first(entries: Iterable[Entry]) -> list[Entry]:
    """What fails first, then what could not be run, then what is unknown; equal ones in the inventory's order."""
    return sorted(entries, key=lambda entry: (*(-part for part in entry.rank), entry.line))


def exit_code(codes: Iterable[int]) -> int:
    """The worst of several exit codes (contract, "Exit codes"); of none at all nothing is known."""
    order = (0, 3, 1, 2, 4)
    return max(codes, key=order.index, default=3)
