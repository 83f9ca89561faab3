"""The nouns of a renewal rehearsed, and the document that says it in JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from certready.model import Direction, MatchKind
from certready.model.plain import Moment, Sha256, Thumbprint, to_the_second
from certready.model.report import Report, ReportDocument, ReportVerdict, exit_code, worst

Effect = Literal["same", "note", "attention", "breaks"]
"""Nothing changes; it changes and does no harm; somebody must do something; mail stops unless somebody does."""
Aspect = Literal[
    "identity", "names", "usages", "key", "chain", "root", "lifetime", "revocation", "overlap", "dane", "mta-sts"
]


class Side(Struct, frozen=True):
    """One of the two certificates. ``tls_certificate_name`` is ``<I>issuer<S>subject`` as Exchange writes it; dates
    are aware and in UTC, None where they cannot be read; ``root`` is the anchor its chain reaches, None where it
    reaches none."""

    target: str
    sha256: Sha256
    thumbprint: Thumbprint
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: Moment | None
    not_after: Moment | None
    key: str
    tls_certificate_name: Annotated[str | None, Meta(description="<I>issuer<S>subject.")]
    root: str | None

    def __post_init__(self) -> None:
        to_the_second(self, "not_before", "not_after")


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
    direction: Direction
    value: str | None
    old_match: MatchKind
    old_name: str | None
    new_match: MatchKind
    new_name: str | None
    wins: Annotated[
        tuple[bool, bool] | None,
        Meta(description="Whether Exchange Online chooses this inbound connector, with OLD and with NEW."),
    ]
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
        effects = [*(change.effect for change in self.changes), *(change.effect for change in self.connectors)]
        return max(effects, key=order.index, default="same")

    @property
    def verdict(self) -> ReportVerdict:
        """That on NEW; not ready too where something breaks that OLD met (contract, "Exit codes")."""
        return worst((self.report.verdict, "not-ready" if self.effect == "breaks" else "ready"))

    @property
    def standing(self) -> Report:
        """The report on NEW with the verdict of the difference, for what knows reports alone."""
        return replace(self.report, verdict=self.verdict)

    @property
    def broken(self) -> str | None:
        """What breaks, where the report on NEW does not say so."""
        connectors = [connector.message for connector in self.connectors if connector.effect == "breaks"]
        changes = [change.message for change in self.changes if change.effect == "breaks"]
        return None if self.verdict == self.report.verdict else next(iter((*connectors, *changes)), None)

    @property
    def exit_code(self) -> int:
        """The verdict as the contract's exit code."""
        return exit_code(self.verdict)

    @property
    def document(self) -> DiffDocument:
        """The difference as ``certready.diff/1``."""
        return DiffDocument(
            self.report.certready,
            self.report.evaluated_at,
            self.effect,
            self.verdict,
            self.old,
            self.new,
            self.changes,
            self.connectors,
            self.steps,
            self.report.document,
        )


class DiffDocument(Struct, frozen=True, tag_field="schema", tag="certready.diff/1"):
    """A renewal rehearsed: what breaks when NEW replaces OLD."""

    certready: Annotated[str, Meta(description="The release that judged.")]
    evaluated_at: Moment
    effect: Annotated[Effect, Meta(description="The worst effect of all changes.")]
    verdict: Annotated[ReportVerdict, Meta(description="The verdict on NEW.")]
    old: Side
    new: Side
    changes: tuple[Change, ...]
    connectors: tuple[ConnectorChange, ...]
    steps: Annotated[tuple[Step, ...], Meta(description="The changeover without a gap, in this order.")]
    report: Annotated[ReportDocument, Meta(description="The verdict as if NEW were in place.")]
