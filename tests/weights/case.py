"""A case: a situation with real certificates, and how much one rule must weigh there, for whom.

The weights are written down from the contract's table of severities, not from certready's own, so that the two check
each other. A situation is made once; judging it again is cheap.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from msgspec.structs import replace

import certready
from certready import Bundle, Connector, Evidence, Options, Severity
from certready.cli import main
from tests.weights.table import Column

PASS, WARN, UNKNOWN, FAIL = Severity.PASS, Severity.WARN, Severity.UNKNOWN, Severity.FAIL

# Who asks: a connector of each column, or nobody (``--certificate-only``), who counts like an inbound connector.
Audience = Literal["inbound", "partner", "certificate-validation", "domain-validation", "alone"]
AUDIENCES: tuple[Audience, ...] = ("inbound", "partner", "certificate-validation", "domain-validation", "alone")
TRIED = "Tried"
CONNECTORS: dict[Audience, Connector] = {
    "inbound": Connector(TRIED, "inbound", "*.contoso.com"),
    "partner": Connector(TRIED, "inbound", "*.contoso.com", kind="Partner"),
    "certificate-validation": Connector(TRIED, "outbound", level="certificate-validation"),
    "domain-validation": Connector(TRIED, "outbound", "mail.contoso.com", "domain-validation"),
}


def column_of(audience: Audience) -> Column:
    """The column of the contract's table that this audience is weighed by."""
    return "inbound" if audience == "alone" else audience


class Weight(NamedTuple):
    """A severity, and whether ``--strict`` counts it."""

    severity: Severity
    counted: bool


Expected = Mapping[Audience, Weight | None]
"""The weight for each audience that is tried; None: not a word is said."""


def by_audience(*, counted: bool = True, **severities: Severity | None) -> Expected:
    """Each audience named apart; ``validation`` and ``domain`` are the outbound levels."""
    names: dict[str, Audience] = {"validation": "certificate-validation", "domain": "domain-validation"}
    return {
        names.get(name, name): None if one is None else Weight(one, counted and one is not PASS)  # type: ignore[misc]
        for name, one in severities.items()
    }


def everywhere(severity: Severity, *, counted: bool = True) -> Expected:
    """The same whoever asks."""
    every = dict.fromkeys(("inbound", "partner", "validation", "domain", "alone"), severity)
    return by_audience(counted=counted, **every)


def connectors(severity: Severity, *, counted: bool = True) -> Expected:
    """The same for every connector; without one the question does not arise."""
    return {name: one for name, one in everywhere(severity, counted=counted).items() if name != "alone"}


def inbound_and_outbound(inbound: Severity | None, outbound: Severity | None) -> Expected:
    """One weight where the gateway is the TLS client, and without a connector; another where it is the server."""
    return by_audience(inbound=inbound, partner=inbound, alone=inbound, validation=outbound, domain=outbound)


Judging = Callable[[], Sequence[tuple[str, str | None, Weight]]]
"""Judges a situation anew: rule, connector and weight of every finding."""


class Situation(Protocol):
    """Something that is judged for one audience after the other."""

    def for_audience(self, audience: Audience, folder: Path) -> Judging:
        """Everything but the judgement itself is done now; ``folder`` is for files."""


def _unchanged(evidence: Evidence) -> Evidence:
    return evidence


@dataclass(frozen=True)
class Checked:
    """A bundle that is checked; the settings are those of ``certready.check``.

    ``tried`` changes the connector that is tried, ``beside`` stands beside it in the tenant. ``seen`` completes the
    evidence by what listen and rehearse add to it.
    """

    bundle: Bundle
    settings: Mapping[str, Any]
    options: Options
    tried: Mapping[str, Any] = field(default_factory=dict)
    beside: tuple[Connector, ...] = ()
    seen: Callable[[Evidence], Evidence] = _unchanged

    def evidence(self, audience: Audience) -> Evidence:
        asked = [replace(CONNECTORS[audience], **self.tried)] if audience in CONNECTORS else []
        options = self.options if not asked else replace(self.options, certificate_only=False)
        return self.seen(certready.gather(self.bundle, [*asked, *self.beside], options=options, **self.settings))

    def for_audience(self, audience: Audience, folder: Path) -> Judging:
        evidence = self.evidence(audience)
        return lambda: [
            (one.rule, one.connector, Weight(one.severity, one.counted)) for one in certready.judge(evidence).findings
        ]


@dataclass(frozen=True)
class Linted:
    """A tenant's export that ``certready tenant`` reads; one for each audience, whose connector is called ``Tried``."""

    exports: Mapping[Audience, Mapping[str, object]]

    def for_audience(self, audience: Audience, folder: Path) -> Judging:
        file = folder / "tenant.json"
        file.write_text(json.dumps(self.exports[audience]), "utf-8")
        return lambda: _linted(file)


def _linted(file: Path) -> list[tuple[str, str | None, Weight]]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        main(["tenant", str(file), "--format", "json"])
    return [
        (one["rule"], one["connector"], Weight(Severity[one["severity"].upper()], one["counted"]))
        for one in json.loads(out.getvalue())["findings"]
    ]


@dataclass(frozen=True)
class Case:
    """``rule`` weighs ``expected`` in the situation that ``make`` makes; ``sentence`` says so in words."""

    name: str
    sentence: str
    rule: str
    expected: Expected
    make: Callable[[], Situation]

    @cached_property
    def situation(self) -> Situation:
        return self.make()

    def judging(self, audience: Audience, folder: Path) -> Judging:
        return self.situation.for_audience(audience, folder)

    def weighs(self, audience: Audience, judging: Judging) -> bool:
        """Whether the rule weighs for this audience what it must, in every finding of it."""
        return self.found(judging) == {one for one in [self.expected[audience]] if one}

    def found(self, judging: Judging) -> set[Weight]:
        """How much the rule weighs where it is said of the connector that is tried, or of all."""
        return {weight for rule, connector, weight in judging() if rule == self.rule and connector in (None, TRIED)}


class Cases(list[Case]):
    """The cases of one subject, in the order in which they are written."""

    def add(self, rule: str, expected: Expected) -> Callable[[Callable[[], Situation]], Callable[[], Situation]]:
        """Makes the function below, whose docstring is the sentence it proves, a case."""

        def register(make: Callable[[], Situation]) -> Callable[[], Situation]:
            self.append(Case(make.__name__, make.__doc__ or "", rule, expected, make))
            return make

        return register
