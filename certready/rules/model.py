"""What a rule is: one entry that says what a finding means, where that is written, and how much it weighs.

A check says what it *saw* (an :class:`Observation`); the rule it names says everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from certready.model import Chain, Connector, Direction, Endpoint, RevocationMode
from certready.model.remedy import SCRIPT, Remedy, fix_text
from certready.model.report import Severity
from certready.x509.certificate import Certificate
from certready.x509.kept import cached_property

Confidence = Literal["documented", "reported", "inferred"]
"""Documented by the owner of the thing; reported from the field; or inferred from other facts."""
Column = Literal["inbound", "partner", "certificate-validation", "domain-validation"]
"""The kinds of connector that weigh findings differently."""
COLUMNS: tuple[Column, ...] = ("inbound", "partner", "certificate-validation", "domain-validation")

P, W, U, F = Severity.PASS, Severity.WARN, Severity.UNKNOWN, Severity.FAIL
NOTHING_TO_DO = "No action needed."
ENCODE_CORRECTLY = "Ask the certification authority for a certificate that is encoded correctly."


Build = Callable[[], Iterable[Remedy]]
"""What makes the remedies of one observation, best first."""


class Source(Struct, frozen=True):
    """A document by its title and the address it is read at, None where nothing is published."""

    title: str
    address: str | None = None

    def __str__(self) -> str:
        return f"{self.title} ({self.address})" if self.address else self.title


class Row(Struct, frozen=True):
    """What a rule weighs in one situation: under each column, None where it is not said for such a connector.

    ``variant`` is the situation ("" for any that has no row of its own), ``when`` says it in words. ``mode`` is the
    ``--revocation`` mode, None where that makes no difference. ``counted`` is False where ``--strict`` does not count
    the warning.
    """

    inbound: Severity | None
    partner: Severity | None
    validation: Severity | None
    domain: Severity | None
    variant: str = ""
    when: str = ""
    mode: RevocationMode | None = None
    counted: bool = True

    def cell(self, column: Column) -> Severity | None:
        """The weight under this column."""
        match column:
            case "inbound":
                return self.inbound
            case "partner":
                return self.partner
            case "certificate-validation":
                return self.validation
            case _:
                return self.domain


def everywhere(
    weight: Severity, variant: str = "", when: str = "", *, mode: RevocationMode | None = None, counted: bool = True
) -> Row:
    """The same weight whoever judges."""
    return Row(weight, weight, weight, weight, variant, when, mode, counted)


def columns(
    inbound: Severity | None, validation: Severity | None, domain: Severity | None, variant: str = "", when: str = ""
) -> Row:
    """Inbound, outbound certificate-validation, outbound domain-validation; Partner connectors weigh like inbound
    ones."""
    return Row(inbound, inbound, validation, domain, variant, when)


def relaying(weight: Severity) -> Row:
    """Said only for inbound connectors that grant relay: not for Partner connectors and none that is outbound."""
    return Row(weight, None, None, None)


class Rule(Struct, frozen=True, dict=True):
    """One entry: ``id`` is ``subject.problem``, names the problem and is never reused.

    ``title`` is a clause without a full stop; ``what`` says in a sentence when the rule is met ("" where the title says
    it all), ``why`` what that means for mail, ``fix`` what to do in general ("" where no action is needed).
    ``confidence`` is that of the rule, ``sources`` are where it can be read, ``weights`` has a row for each situation
    that weighs differently.
    """

    id: str
    title: str
    why: str
    confidence: Confidence
    sources: tuple[Source, ...]
    weights: tuple[Row, ...]
    what: str = ""
    fix: str = ""

    @cached_property
    def subject(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def statement(self) -> str:
        """When the rule is met, as a sentence."""
        return self.what or f"{self.title}."

    @cached_property
    def reference(self) -> str:
        """The sources in one line, each with its address."""
        return "; ".join(map(str, self.sources))

    @property
    def advice(self) -> str:
        """What to do in general, said even where that is nothing."""
        return self.fix or NOTHING_TO_DO

    def row(self, variant: str, mode: RevocationMode) -> Row:
        """The most specific row for a situation; ``unknown`` everywhere where there is none, so that an omission in a
        table never becomes a pass."""
        rows = self._rows
        for key in ((variant, mode), ("", mode), (variant, None), ("", None)):
            if key in rows:
                return rows[key]
        return everywhere(U)

    @cached_property
    def _rows(self) -> Mapping[tuple[str, RevocationMode | None], Row]:
        return {(row.variant, row.mode): row for row in self.weights}

    def observed(
        self,
        message: str,
        variant: str = "",
        *,
        chain: Chain | str | None = None,
        certificate: Certificate | str | None = None,
        connector: Connector | None = None,
        endpoint: Endpoint | None = None,
        fix: str | Build | None = None,
        evidence: Mapping[str, object] | None = None,
    ) -> Observation:
        """An observation of this rule: ``message`` is a sentence with the values that were compared, ``fix`` what to do
        in this very case, as ``Observation.remedy``.

        A chain is given where the observation is about its leaf or, with ``certificate``, about another certificate
        of it; by its id alone it is only where something was seen. Certificates may be given by their SHA-256. What
        is said of a connector alone has the connector's value among its evidence.
        """
        if certificate is None and chain is not None and not isinstance(chain, str):
            certificate = chain.leaf_certificate
        setting = {"value": connector.value} if connector and certificate is None else {}
        return Observation(
            rule=self,
            message=message,
            variant=variant,
            remedy=fix,
            certificate=certificate if certificate is None or isinstance(certificate, str) else certificate.sha256,
            chain=chain if chain is None or isinstance(chain, str) else chain.id,
            connector=connector.name if connector else None,
            direction=connector.direction if connector else None,
            endpoint=endpoint.name if endpoint else None,
            evidence={**setting, **(evidence or {})},
        )


class Observation(Struct, frozen=True):
    """What a check saw, not yet weighed.

    ``message`` is a sentence with the values that were compared. ``variant`` picks the row of the rule's weights where
    it has several ("" for the only one). ``remedy`` makes what is to be done in this very case, when that is wanted, or
    is a sentence, with lines to type below it; None where the rule's own words are all. ``certificate`` is a SHA-256,
    None for what holds whatever certificate is shown (TLS itself, the connector's own settings);
    ``chain`` is an id, ``connector`` a name (None: it is about every connector) and ``direction`` its direction,
    ``endpoint`` an ``address:port``. ``by_clock`` says that it holds by this machine's clock alone, which others put
    off.
    ``evidence`` holds plain JSON values.
    """

    rule: Rule
    message: str
    variant: str = ""
    remedy: Build | str | None = None
    certificate: str | None = None
    chain: str | None = None
    connector: str | None = None
    endpoint: str | None = None
    evidence: Mapping[str, object] = field(default_factory=dict)
    direction: Direction | None = None
    by_clock: bool = False

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """What to do about it, best first; the rule's own words stand where the check has none."""
        every = tuple(remedy for remedy in self._titled() if remedy is not SCRIPT)
        return every or ((Remedy(self.rule.fix),) if self.rule.fix else ())

    @property
    def fix(self) -> str | None:
        """What a report says of the remedies; None where nothing is to be done. What follows for the script alone is
        not even made."""
        said = takewhile(lambda remedy: not remedy.script_only, self._titled())
        return fix_text(said) or self.rule.fix or None

    def _titled(self) -> Iterator[Remedy]:
        for remedy in self._made():
            yield remedy if remedy.title or remedy is SCRIPT else replace(remedy, title=self.rule.fix)

    def _made(self) -> Iterator[Remedy]:
        """What the check attached. A builder that fails costs its lines and never the observation."""
        if isinstance(self.remedy, str):
            title, *lines = self.remedy.splitlines()
            yield Remedy(title, lines=tuple(line.strip() for line in lines))
        elif self.remedy is not None:
            try:
                yield from self.remedy()
            except Exception as error:  # noqa: BLE001 - whatever a builder raises, what was seen is still reported
                failed = f"What to type for it could not be written: {type(error).__name__}: {error}."
                yield Remedy(f"{self.rule.fix} {failed}".lstrip())


class NotApplicable(Struct, frozen=True):
    """A check's word that it has nothing to look at here, and why."""

    reason: str
