"""The nouns of a renewal rehearsed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from certready.model.report import Report, Verdict, exit_code, worst

Effect = Literal["same", "note", "attention", "breaks"]
"""Nothing changes; it changes and does no harm; somebody must do something; mail stops unless somebody does."""
Aspect = Literal["identity", "names", "usages", "key", "chain", "root", "lifetime", "revocation", "overlap"]


class Side(Struct, frozen=True):
    """One of the two certificates. ``tls_certificate_name`` is ``<I>issuer<S>subject`` as Exchange writes it; dates
    are aware and in UTC, None where they cannot be read; ``root`` is the anchor its chain reaches, None where it
    reaches none."""

    target: str
    sha256: str
    thumbprint: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime | None
    not_after: datetime | None
    key: str
    tls_certificate_name: str | None
    root: str | None


class Change(Struct, frozen=True):
    """What differs in one respect: ``message`` says what that means, ``old`` and ``new`` hold the values compared."""

    aspect: Aspect
    effect: Effect
    message: str
    old: str
    new: str


class ConnectorChange(Struct, frozen=True):
    """What the exchange means for one connector: which name met it before and which does then, and by which kind of
    match (the contract's). ``wins`` says whether an inbound one is the one Exchange Online would choose, before and
    then; None where the connector was named or is an outbound one."""

    name: str
    direction: str
    value: str | None
    old_match: str
    old_name: str | None
    new_match: str
    new_name: str | None
    wins: tuple[bool, bool] | None
    effect: Effect
    message: str


class Step(Struct, frozen=True):
    """One step of the changeover: what to do, and lines to type."""

    text: str
    lines: tuple[str, ...] = ()


class Difference(Struct, frozen=True):
    """OLD against NEW, what each connector makes of it, the order of steps, and the verdict as if NEW were in place."""

    old: Side
    new: Side
    changes: tuple[Change, ...]
    connectors: tuple[ConnectorChange, ...]
    steps: tuple[Step, ...]
    report: Report

    @property
    def effect(self) -> Effect:
        """The worst effect of all changes."""
        order: tuple[Effect, ...] = ("same", "note", "attention", "breaks")
        effects = [*(one.effect for one in self.changes), *(one.effect for one in self.connectors)]
        return max(effects, key=order.index, default="same")

    @property
    def verdict(self) -> Verdict:
        """That on NEW; not ready too where something breaks that OLD met (contract, "Exit codes")."""
        return worst((self.report.verdict, "not-ready" if self.effect == "breaks" else "ready"))

    @property
    def exit_code(self) -> int:
        """The verdict as the contract's exit code."""
        return exit_code(self.verdict)
