"""The nouns of the explanations."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from certready.rules.model import Confidence

Direction = Literal["inbound", "outbound", "either"]
"""Gateway to Exchange Online, Exchange Online to gateway, or either."""


class Cause(Struct, frozen=True):
    """One possible cause: what it is, how sure that is, what to run to confirm it, what to change.

    ``confirm`` are command lines in which ``{gateway}``, ``{smart_host}``, ``{domain}``, ``{sender}``, ``{recipient}``
    and ``{file}`` stand for what the pasted text shows.
    """

    text: str
    confidence: Confidence
    change: str
    confirm: tuple[str, ...] = ()


class Entry(Struct, frozen=True):
    """One line of the catalogue.

    ``marks`` are alternatives; of one alternative every word must occur near the others, in lower case, each as a word
    of its own. ``causes`` are ordered, the most likely first. ``symptom`` is True for what is no error line. ``beats``
    names entries that say the same less precisely.
    """

    id: str
    title: str
    direction: Direction
    meaning: str
    source: str
    marks: tuple[tuple[str, ...], ...]
    causes: tuple[Cause, ...]
    symptom: bool = False
    beats: tuple[str, ...] = ()


class Seen(Struct, frozen=True):
    """What the pasted text names: hosts, domains and addresses, None where it names none.

    ``expected`` and ``presented`` are the names of a SubjectMismatch, ``thumbprint`` its certificate's.
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

    ``cut`` says that only the beginning of the text was read.
    """

    entries: tuple[Entry, ...]
    nearest: tuple[Entry, ...]
    seen: Seen
    cut: bool = False

    @property
    def exit_code(self) -> int:
        """0 where the text was known, 3 where not (contract, "Exit codes")."""
        return 0 if self.entries else 3
