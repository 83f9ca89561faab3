"""What an administrator does about a finding, and what is typed for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

Where = Literal["exchange-online", "exchange-server", "seppmail", "postfix", "exim", "ca", "other"]


class Remedy(Struct, frozen=True):
    """One thing to do in one place.

    ``title`` is the sentence that says what it achieves ("" where the rule's own words do), ``where`` the system the
    ``lines`` belong to: PowerShell for ``exchange-online`` and ``exchange-server``, lines of configuration for
    ``postfix`` and ``exim``, a shell's for ``ca``; steps in words for ``seppmail`` and wherever a line begins with
    "# ". ``other`` is no system of these: the network, DNS, the machine that certready runs on. ``notes`` are sentences
    to read first. ``script_only`` is what a report has no room for, such as the lines for every kind of gateway.
    ``rules`` are the ids of the findings it answers. Angle brackets mark what only the administrator knows.
    """

    title: str
    where: Where = "other"
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    script_only: bool = False
    rules: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Title and lines as a report says them: the lines indented, a colon before them."""
        if not self.lines:
            return self.title
        return "\n".join((f"{self.title.rstrip('.:')}:", *(f"  {line}" for line in self.lines)))


SCRIPT = Remedy("", script_only=True)
"""What a builder yields before all that the script alone has: a report asks no further, so that it is not even made."""


def fix_text(remedies: Iterable[Remedy]) -> str | None:
    """What a report says of these remedies; None where there are none."""
    return "\n".join(remedy.text for remedy in remedies) or None
