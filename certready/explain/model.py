"""The nouns of the explanations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from msgspec import Struct

from certready.model import Connector
from certready.model.remedy import Remedy
from certready.rules.model import Confidence, Source

Direction = Literal["inbound", "outbound", "either"]
"""Gateway to Exchange Online, Exchange Online to gateway, or either."""

# Connectors of which only the administrator knows the name.
INBOUND = Connector("<connector>", "inbound")
OUTBOUND = Connector("<connector>", "outbound", level="domain-validation")


def typed(remedies: Iterable[Remedy]) -> tuple[str, ...]:
    """The lines of what a report says of these remedies."""
    return tuple(line for remedy in remedies if not remedy.script_only for line in remedy.lines)


class Quotation(NamedTuple):
    """A sentence of a source, or the part of it that carries the cause, in the source's own words."""

    text: str
    source: Source


class Cause(Struct, frozen=True):
    """One possible cause: what it is, how sure that is, what to run to confirm it, what to change.

    ``confirm`` are command lines in which ``{gateway}``, ``{smart_host}``, ``{domain}``, ``{sender}``, ``{recipient}``
    and ``{file}`` stand for what the pasted text shows; the first is the one that shows the fault. ``lines`` are the
    commands that make the change. A cause is *documented* only with a ``quotation`` of the owner of the thing.
    """

    text: str
    confidence: Confidence
    change: str
    confirm: tuple[str, ...] = ()
    quotation: Quotation | None = None
    lines: tuple[str, ...] = ()


class Entry(Struct, frozen=True):
    """One line of the catalogue.

    ``marks`` are alternatives; of one alternative every part must be in the text, near the others (``line.holds``
    explains the forms of a part). ``causes`` are ordered, the most likely first. ``symptom`` is True for what is no
    error line. ``refines`` names entries that say the same less precisely.
    """

    id: str
    title: str
    direction: Direction
    meaning: str
    source: Source
    marks: tuple[tuple[str, ...], ...]
    causes: tuple[Cause, ...]
    symptom: bool = False
    refines: tuple[str, ...] = ()


class Seen(Struct, frozen=True):
    """What the pasted text names in the fields that carry it: hosts, domains and addresses, None where it names none.

    ``sender`` is ``<>`` for the null sender. ``expected`` and ``presented`` are the names of a SubjectMismatch,
    ``thumbprint`` its certificate's.
    """

    gateway: str | None = None
    smart_host: str | None = None
    domain: str | None = None
    sender: str | None = None
    recipient: str | None = None
    expected: str | None = None
    presented: str | None = None
    thumbprint: str | None = None


class Explanation(Struct, frozen=True):
    """What a text was taken for: the entries it matches, best first, or the ``nearest`` where it matches none.

    ``wrapper`` names what the text was copied from, where that shows. ``cut`` says that only the beginning of the text
    was read.
    """

    entries: tuple[Entry, ...]
    nearest: tuple[Entry, ...]
    seen: Seen
    wrapper: str | None = None
    cut: bool = False

    @property
    def exit_code(self) -> int:
        """0 where the text was known, 3 where not (contract, "Exit codes")."""
        return 0 if self.entries else 3
