"""What a root programme's limits mean for one leaf, one key usage and one moment. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from certready.model import Limits

State = Literal["allowed", "disabled", "cut-off", "not-listed", "unclear"]


class Standing(Struct, frozen=True):
    """How a root stands for one usage: ``since`` is the date of the limit, where it has one."""

    state: State
    since: datetime | None = None

    @property
    def allowed(self) -> bool:
        """Whether the root may vouch for this usage."""
        return self.state == "allowed"


def standing(limits: Limits | None, usage: str, not_before: datetime, at: datetime) -> Standing:
    """Whether a root may vouch for a leaf.

    Args:
        limits: of the root; None where its store knows none, which allows everything.
        usage: the extended key usage asked about, dotted.
        not_before: of the leaf. A cut-off distrusts leaves issued later and keeps earlier ones
            (CERT_NOT_BEFORE_FILETIME_PROP_ID).
        at: the moment judged for. A disabling that begins later does not apply yet
            (CERT_DISALLOWED_FILETIME_PROP_ID).
    """
    if limits is None:
        return Standing("allowed")
    if limits.usages is not None and usage not in limits.usages:
        return Standing("not-listed")
    if limits.disabled_from and limits.disabled_from <= at and _names(limits.disabled_usages, usage):
        return Standing("disabled", limits.disabled_from)
    if limits.cutoff and not_before > limits.cutoff and _names(limits.cutoff_usages, usage):
        return Standing("cut-off", limits.cutoff)
    return Standing("unclear" if limits.unclear else "allowed")


def _names(usages: tuple[str, ...] | None, usage: str) -> bool:
    """A limit without usages of its own holds for all of them."""
    return not usages or usage in usages
