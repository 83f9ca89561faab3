"""A tenant's connectors by themselves, no certificate at hand: every setting that decides, or spoils, what one is for.

The same functions serve ``certready check``; what only a look at the whole tenant can tell is here. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from certready import judging, remedy
from certready.checks import connector_settings as settings
from certready.checks.connector import Rivals, overlap, rivals
from certready.checks.connector_settings import locks_down
from certready.checks.names import accepted_domain, malformed
from certready.checks.names_text import no_name
from certready.exchange import Accepted, accepted_of, value_of
from certready.exchange.matching import parent, parse_value, registrable
from certready.model import Connector, Tenant
from certready.model.report import Finding, Verdict
from certready.rules import connector as rules
from certready.rules import connector_outbound as outbound_rules
from certready.rules.model import Observation
from certready.weighing import column_of
from certready.wording import LISTED, listed

Seen = tuple[Connector, Observation]


def lint(tenant: Tenant) -> tuple[Finding, ...]:
    """The findings on every connector of the tenant, the worst first."""
    findings = (_weighed(observation, connector) for connector, observation in _observations(tenant))
    return tuple(
        sorted((finding for finding in findings if finding), key=lambda finding: finding.severity, reverse=True)
    )


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Ready where nothing was found, too: there is nothing that a lint must have looked at."""
    return judging.verdict_of(findings, strict=False) if findings else "ready"


def _observations(tenant: Tenant) -> Iterator[Seen]:
    competing = rivals(tenant.connectors)
    accepted = accepted_of(tenant)
    exposed = next((connector.name for connector in tenant.connectors if _exposed(connector, accepted)), None)
    for connector in tenant.connectors:
        for observation in _about(connector, accepted, exposed, competing):
            yield connector, observation
    yield from _together(tenant)


def _about(
    connector: Connector, accepted: Accepted | None, exposed: str | None, competing: Rivals
) -> Iterator[Observation]:
    """The observations on one connector; of a disabled one only that it is disabled."""
    if not connector.enabled:
        yield settings.disabled(connector, "unnamed")
    elif connector.direction == "outbound":
        yield from settings.outbound(connector)
        yield from _outbound(connector)
    elif connector.value:
        yield from settings.inbound(connector)
        yield from _value(connector, accepted, competing)
        yield from _lock(connector, exposed)
    else:
        yield from settings.unread(connector)
        yield from settings.internal(connector)
        yield from _no_value(connector)
        yield from _lock(connector, exposed)


def _outbound(connector: Connector) -> Iterator[Observation]:
    named = f"The outbound connector '{connector.name}'"
    if connector.level == "domain-validation" and not connector.value and "TlsDomain" not in connector.unread:
        fix = partial(remedy.connectors.asking_for, connector)
        yield outbound_rules.NO_TLS_DOMAIN.observed(no_name(connector), connector=connector, fix=fix)
    if connector.validated is False:
        message = (
            f"{named} is not marked as validated. Validating it does not set that mark by itself, so it may still work."
        )
        yield outbound_rules.NOT_VALIDATED.observed(message, connector=connector)


def _value(connector: Connector, accepted: Accepted | None, competing: Rivals) -> Iterator[Observation]:
    """The value of an inbound connector against the accepted domains and against other connectors."""
    try:
        value = parse_value(connector.value or "")
    except ValueError as error:
        yield malformed(connector, str(error), accepted)
        return
    yield from settings.wrong_type(connector, value, accepted)
    yield from overlap(connector, value, competing)
    yield accepted_domain(connector, value, accepted)


def _no_value(connector: Connector) -> Iterator[Observation]:
    """An inbound connector that asks for no certificate."""
    if connector.kind == "Partner" or connector.trusted_organizations or connector.unread:
        return
    if not connector.sender_ips:
        yield settings.no_mark(connector)
        return
    message = (
        f"The inbound connector '{connector.name}' knows the gateway by its address alone: bounces, automatic replies "
        "and mail with a foreign sender do not relay (5.7.64), and an address shared with other tenants is what "
        "Microsoft calls an anti-pattern (MC1226222)."
    )
    fix = partial(remedy.connectors.asking_for, connector)
    yield rules.IP_ONLY.observed(
        message,
        connector=connector,
        fix=fix,
        evidence={"addresses": list(connector.sender_ips[:LISTED])},
    )


def _lock(connector: Connector, exposed: str | None) -> Iterator[Observation]:
    """A lock-down for a filter is a documented setting; one that nothing can pass, or that the tenant's own gateway
    may fall under, is not. ``exposed`` names a connector whose mail may count as mail from outside."""
    if not locks_down(connector):
        return
    opening = f"The Partner connector '{connector.name}' holds for every sender"
    if value_of(connector) is None:
        message = (
            f"{opening} and asks for a certificate name that nothing can meet: it locks out all mail from outside."
        )
        fix = partial(remedy.connectors.let_out, connector)
        yield rules.LOCKS_DOWN.observed(message, "everyone", connector=connector, fix=fix)
        return
    narrow = partial(remedy.connectors.narrowed, connector)
    if exposed:
        message = (
            f"{opening} and refuses (5.7.51) what does not come with {connector.value}. Mail of the gateway behind "
            f"'{exposed}' may fall under it, because that connector does not attribute it for certain."
        )
        yield rules.LOCKS_DOWN.observed(message, connector=connector, fix=narrow, evidence={"exposed": exposed})
        return
    message = f"{opening}: all mail from outside must come with {connector.value}, as for a filter before the tenant."
    yield rules.LOCKS_DOWN.observed(message, "documented", connector=connector, fix=narrow)


def _exposed(connector: Connector, accepted: Accepted | None) -> bool:
    """An OnPremises connector whose mail may count as mail from outside."""
    if connector.direction != "inbound" or connector.kind == "Partner" or connector.trusted_organizations:
        return False
    value = value_of(connector)
    if not connector.enabled or value is None:
        return True
    return accepted is not None and accepted.acceptance(value).standing != "accepted"


# -- several connectors together ----------------------------------------------------------------------------------


def _together(tenant: Tenant) -> Iterator[Seen]:
    connectors = [connector for connector in tenant.connectors if connector.enabled and connector.kind != "Partner"]
    inbound = [connector for connector in connectors if connector.direction == "inbound"]
    outbound = [connector for connector in connectors if connector.direction == "outbound" and not connector.test_mode]
    if inbound and not outbound:
        message = (
            f"'{inbound[0].name}' takes in the gateway's mail, and the file names no enabled outbound connector of the "
            "same type: right for relaying alone, but a gateway in both directions needs the pair."
        )
        yield (
            inbound[0],
            rules.COUNTERPART_MISSING.observed(message, "relay-only", connector=inbound[0]),
        )
    if outbound and not inbound:
        message = (
            f"'{outbound[0].name}' sends mail to the gateway, and the file names no enabled inbound connector of the "
            "same type: what the gateway sends back is not attributed to the tenant."
        )
        fix = remedy.connectors.counterpart
        yield (
            outbound[0],
            rules.COUNTERPART_MISSING.observed(message, connector=outbound[0], fix=fix),
        )
    yield from _several(inbound)
    yield from ((inbound[0], observation) for observation in settings.in_region(tenant))


def _several(inbound: Sequence[Connector]) -> Iterator[Seen]:
    """Plain values under one parent: allowed, but one wildcard connector for the tenant is enough."""
    groups: dict[str, list[Connector]] = {}
    for connector in inbound:
        value = value_of(connector)
        above = parent(value.domain) if value and not value.wildcard else ""
        if above and registrable(above):
            groups.setdefault(above, []).append(connector)
    for above, members in groups.items():
        if len(members) > 1:
            names = listed([f"'{member.name}'" for member in members])
            message = f"{names} each stand for one host under {above}: one connector with *.{above} would be enough."
            yield (
                members[0],
                rules.SEVERAL.observed(message, connector=members[0]),
            )


def _weighed(observation: Observation, connector: Connector) -> Finding | None:
    """The observation with its weight for this kind of connector; None where it is not said there."""
    row = observation.rule.row(observation.variant, "require")
    severity = row.cell(column_of(connector))
    if severity is None:
        return None
    return judging.finding(observation, (severity, row.counted), connector if observation.connector else None)
