"""Connector: settings that decide, or spoil, what a certificate is good for, wherever the connector came from.

Advice, which only a whole tenant can bear out, is given for connectors read from one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from certready import remedy
from certready.case import Case
from certready.checks import connector_settings as settings
from certready.checks.connector_settings import locks_down
from certready.exchange import CERTIFICATE_NAME, candidates, value_of
from certready.exchange.matching import Value, dns_names, parent, registrable, under
from certready.model import Connector
from certready.rules import connector as rules
from certready.rules.model import NotApplicable, Observation
from certready.wording import LISTED, and_more, listed

__all__ = ["Rivals", "check_connector", "overlap", "rivals"]

Rivals = Mapping[Value, Sequence[Connector]]


def check_connector(case: Case) -> Iterator[Observation | NotApplicable]:
    """The settings of every judged connector, and what the whole tenant adds to them."""
    others = rivals(case.tenant.connectors)
    seen = [observation for connector in case.selection.judged for observation in _settings(case, connector, others)]
    seen += _whole_tenant(case)
    seen += settings.in_region(case.tenant)
    seen += settings.export_age(case.tenant, case.evaluated_at)
    yield from seen
    if not seen:
        yield NotApplicable("The settings of the judged connectors ask for no remark.")


def _settings(case: Case, connector: Connector, others: Rivals) -> Iterator[Observation]:
    if not connector.enabled:
        yield settings.disabled(connector)
    if connector.direction == "outbound":
        yield from settings.outbound(connector)
        return
    if not connector.value:
        yield from settings.unread(connector)
        if CERTIFICATE_NAME not in connector.unread:
            yield settings.no_mark(connector, remedy.connectors.fitting(case.names, case.accepted))
        return
    yield from settings.inbound(connector)
    value = value_of(connector)
    if value:
        yield from settings.wrong_type(connector, value, case.accepted)
        if connector.source == "tenant":
            yield from _wildcard_recommended(case, connector, value)
            yield from overlap(connector, value, others)


def _whole_tenant(case: Case) -> Iterator[Observation]:
    """What concerns all inbound mail of the tenant, whichever connector wins."""
    judged = case.selection.judged
    named = case.evidence.named or (case.options.certificate_only and not case.tenant.connectors)
    inbound_wanted = (
        any(connector.direction == "inbound" for connector in judged) if named else case.options.role != "server"
    )
    if not inbound_wanted:
        return
    if not named and not candidates(case.tenant.connectors):
        yield _no_certificate(case)
    for connector in case.tenant.connectors:
        if locks_down(connector):
            message = (
                f"The Partner connector '{connector.name}' holds for every sender and RestrictDomainsToCertificate is "
                f"true: mail that does not come with the certificate it asks for ({connector.value or 'none'}) and is "
                "not attributed to an OnPremises connector is refused with 5.7.51."
            )
            yield rules.LOCKS_DOWN.observed(
                message,
                connector=connector if connector in judged else None,
                fix=partial(remedy.connectors.narrowed, connector),
                evidence={"connector": connector.name, "value": connector.value},
            )


def _no_certificate(case: Case) -> Observation:
    idle = [
        connector
        for connector in case.tenant.connectors
        if connector.direction == "inbound" and connector.value and not connector.enabled
    ]
    off = [connector.name for connector in idle]
    what = f"; disabled are: {listed(off)}" if off else ""
    message = (
        f"No enabled inbound connector of the tenant has a TlsSenderCertificateName{what}: Exchange Online looks at no "
        "gateway certificate."
    )
    fix = partial(remedy.connectors.first_inbound, idle, remedy.connectors.fitting(case.names, case.accepted))
    return rules.NO_CERTIFICATE.observed(message, fix=fix, evidence={"disabled": off[:LISTED]})


def _wildcard_recommended(case: Case, connector: Connector, value: Value) -> Iterator[Observation]:
    """A plain value beside several names under one domain, or one that is not accepted itself. A wildcard whose domain
    the tenant does not accept would serve nobody."""
    if value.wildcard or connector.kind == "Partner":
        return
    several, names, who = _several_names(case, value)
    above = parent(value.domain)
    if several:
        why = f"{who} has {len(names)} names under {several} ({listed(names)})"
    elif case.accepted and case.accepted.acceptance(value).standing != "accepted" and registrable(above):
        several = above
        why = f"{value.domain} itself is no accepted domain"
    else:
        return
    wildcard = Value(several, wildcard=True)
    if case.accepted and case.accepted.acceptance(wildcard).standing != "accepted":
        return
    known = "" if case.accepted else f" where {several} is an accepted domain and"
    message = (
        f"The inbound connector '{connector.name}' asks for the plain name {value}, while {why}: {wildcard} would "
        f"serve,{known} as long as no other system shows a certificate under that domain."
    )
    fix = partial(remedy.connectors.asking_for, connector, f"{wildcard}")
    yield rules.WILDCARD_RECOMMENDED.observed(
        message, connector=connector, fix=fix, evidence={"recommended": f"{wildcard}"}
    )


def _several_names(case: Case, value: Value) -> tuple[str, tuple[str, ...], str]:
    """The domain under which two or more host names of one leaf lie, the value's own or its parent, those names, and
    what bears them."""
    for bearer in case.bearers:
        named = dns_names(bearer.names)
        for domain in (value.domain, parent(value.domain)):
            hosts = tuple(name for name in named if parent(name) == domain and not name.startswith("*."))
            if len(hosts) > 1 and registrable(domain):
                return domain, hosts, bearer.who
    return "", (), ""


def rivals(connectors: Iterable[Connector]) -> Rivals:
    """The connectors of a tenant that ask for a certificate, by their values."""
    by_value: dict[Value, list[Connector]] = {}
    for connector in candidates(connectors):
        value = value_of(connector)
        if value and connector.source == "tenant":
            by_value.setdefault(value, []).append(connector)
    return by_value


def overlap(connector: Connector, value: Value, others: Rivals) -> Iterator[Observation]:
    """Other enabled connectors of the tenant that the same certificate could meet."""
    if not connector.enabled:
        return
    alike = (every for other, every in others.items() if _overlapping(value, other))
    clashing = [rival for group in alike for rival in group if rival != connector]
    if clashing:
        first = clashing[:LISTED]
        shown = ", ".join(f"'{rival.name}' ({rival.value})" for rival in first)
        more = and_more(len(clashing), len(first))
        message = (
            f"The value {value} of the inbound connector '{connector.name}' overlaps that of {shown}"
            f"{' ' if more else ''}{more}: a wildcard may catch traffic that is meant for the other."
        )
        yield rules.OVERLAP.observed(
            message,
            connector=connector,
            fix=partial(remedy.connectors.one_for_each_name, connector),
            evidence={"connectors": [rival.name for rival in first]},
        )


def _overlapping(value: Value, other: Value) -> bool:
    """Whether a certificate name exists that meets both values."""
    if value.domain == other.domain:
        return True
    return (value.wildcard and under(other.domain, value.domain)) or (
        other.wildcard and under(value.domain, other.domain)
    )
