"""What the checks of DANE and MTA-STS share: to say a thing once for all, or to each connector what it means there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from certready.case import Case
from certready.exchange.modes import Standard, mandatory, uncertain
from certready.model import Chain, Endpoint
from certready.rules.model import Observation, Rule


def said(
    case: Case,
    standard: Standard,
    rule: Rule,
    message: str,
    variant: str = "",
    *,
    demanded: bool = False,
    chain: Chain | None = None,
    endpoint: Endpoint | None = None,
    fix: str | None = None,
    evidence: Mapping[str, object] | None = None,
) -> Iterator[Observation]:
    """The observation; one for each judged connector where one of them has a word of its own in this.

    That may be that it is not known to be checked over it, or, where ``demanded``, that the connector insists on what
    is lacking here: the variant is then "mandatory".
    """
    judged = case.selection.judged
    reservations = [uncertain(connector, standard) for connector in judged]
    insisting = [demanded and mandatory(connector) for connector in judged]
    if not any(reservations) and not any(insisting):
        yield rule.observed(message, variant, chain=chain, endpoint=endpoint, fix=fix, evidence=evidence)
        return
    for connector, reservation, insists in zip(judged, reservations, insisting, strict=True):
        holds = "" if reservation else " and holds the mail"
        demand = f"The connector '{connector.name}' insists on DANE{holds} (SmtpDaneMode Mandatory)."
        words = (message, demand if insists else "", reservation)
        yield rule.observed(
            " ".join(filter(None, words)),
            "mandatory" if insists else variant,
            chain=chain,
            connector=connector,
            endpoint=endpoint,
            fix=fix,
            evidence=evidence,
        )
