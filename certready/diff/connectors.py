"""What the change of certificate means for each connector. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from certready.case import Case
from certready.diff.model import ConnectorChange, Effect
from certready.exchange import accepted_of, fitting_values, match_of, select
from certready.exchange.matching import Match, match, parse_value
from certready.model import Connector, Tenant


def connector_changes(case: Case, old: Sequence[str], new: Sequence[str]) -> Iterator[ConnectorChange]:
    """Each connector of the case, compared with the names of OLD's certificate (``old``) and of NEW's (``new``)."""
    tenant, named = case.tenant, case.evidence.named
    before = select(tenant, "both", old, named=named).judged
    after = select(tenant, "both", new, named=named).judged
    aside = "" if named else {"client": "outbound", "server": "inbound"}.get(case.options.role, "")
    taken = [rival for rival in after if rival.direction == "inbound" and _wins(rival, after, new)]
    for connector in tenant.connectors:
        wins = None
        if not named and connector.direction == "inbound":
            wins = (_wins(connector, before, old), _wins(connector, after, new))
        change = _change(connector, match_of(connector, old), match_of(connector, new), wins)
        unread = case.chains[0].leaf_certificate.parsed.names_unreadable if case.chains else None
        if change.effect == "breaks" and unread:
            message = f"Whether NEW meets it is unknown, because names of NEW cannot be read ({unread})."
            change = replace(change, effect="attention", message=message)
        elif change.effect == "breaks" and connector.direction == aside:
            change = replace(change, effect="attention", message=f"{change.message} This direction was not judged.")
        elif change.effect == "breaks" and wins:
            change = _broken_in_a_tenant(change, taken, met=wins[0])
        yield change


def _broken_in_a_tenant(change: ConnectorChange, taken: Sequence[Connector], *, met: bool) -> ConnectorChange:
    """Of a whole tenant one inbound connector decides: where NEW meets another one, or OLD was not attributed by
    this one, nothing breaks."""
    if not met:
        return replace(change, effect="note", message="OLD met it and it was not chosen; no name of NEW meets it.")
    if not taken:
        return change
    message = f"It met OLD by {change.old_name}; no name of NEW does, and NEW is taken by '{taken[0].name}' instead."
    return replace(change, effect="attention", message=message)


def common_value(tenant: Tenant, old: Sequence[str], new: Sequence[str]) -> str | None:
    """A connector value that the names of both certificates, ``old`` and ``new``, satisfy with certainty; one under
    an accepted domain of the tenant before any other. None where there is none."""
    for value in fitting_values(new, accepted_of(tenant)):
        old_match = match(parse_value(value), old)
        if old_match.kind != "none" and not old_match.uncertain:
            return value
    return None


def _wins(connector: Connector, judged: Sequence[Connector], names: Sequence[str]) -> bool:
    return connector in judged and match_of(connector, names).kind != "none"


def _change(connector: Connector, old: Match, new: Match, wins: tuple[bool, bool] | None) -> ConnectorChange:
    effect, message = _meaning(connector, old, new, wins)
    return ConnectorChange(
        name=connector.name,
        direction=connector.direction,
        value=connector.value,
        old_match=old.kind,
        old_name=old.name,
        new_match=new.kind,
        new_name=new.name,
        wins=wins,
        effect=effect,
        message=message,
    )


def _meaning(connector: Connector, old: Match, new: Match, wins: tuple[bool, bool] | None) -> tuple[Effect, str]:
    if not connector.enabled:
        return "same", "It is disabled: the change does not affect it."
    if not connector.value:
        return "same", "It does not compare the names of the certificate."
    if connector.direction == "outbound" and connector.level != "domain-validation":
        return "same", f"At the level {connector.level} it does not compare names."
    if old.kind != "none" and new.kind == "none":
        return "breaks", _broken(connector, old)
    if wins and wins[0] and not wins[1]:
        return "attention", f"It met OLD by {old.name}; with NEW another connector matches better and takes its place."
    if wins and wins[1] and not wins[0]:
        return (
            "attention",
            f"With NEW ({new.name}) it is this connector that Exchange Online chooses; with OLD it was not.",
        )
    if old.kind == "none" and new.kind == "none":
        return "same", "Neither OLD nor NEW has a name it asks for."
    if old.kind == "none":
        return "note", f"OLD did not meet it; NEW does by {new.name} ({new.kind})."
    if new.uncertain and not old.uncertain:
        return (
            "attention",
            f"OLD met it with certainty by {old.name}; that NEW does by {new.name} ({new.kind}) is uncertain.",
        )
    if old.name == new.name:
        return "same", f"Both meet it by {new.name}."
    return "note", f"OLD met it by {old.name}, NEW does by {new.name}."


def _broken(connector: Connector, old: Match) -> str:
    if connector.direction == "outbound":
        return (
            f"OLD met it by {old.name}, and no name of NEW does: Exchange Online stops delivering to the gateway "
            "(450 4.4.317 SubjectMismatch)."
        )
    return (
        f"OLD met it by {old.name}, and no name of NEW does: the gateway is no longer recognised (550 5.7.64, 5.7.51)."
    )
