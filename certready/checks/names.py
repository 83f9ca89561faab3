"""Names: does the certificate carry the name a connector asks for, and does the tenant accept that domain?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from certready import remedy
from certready.case import Bearer, Case
from certready.checks import names_text as text
from certready.exchange import Accepted, Selection, candidates
from certready.exchange.matching import (
    NO_MATCH,
    Value,
    covers,
    dns_names,
    match,
    nearest,
    parse_value,
    satisfiable,
)
from certready.model import Chain, Connector
from certready.rules import names as rules
from certready.rules.model import Build, NotApplicable, Observation

__all__ = ["accepted_domain", "check_names", "malformed"]

MANY = 100  # names; more of them may make Exchange ignore all but the CN (event MSExchangeTransport 11024)


def check_names(case: Case) -> Iterator[Observation | NotApplicable]:
    """The names of every leaf against every judged connector, its accepted domain, and the host name asked about."""
    empty = True
    for observation in _observations(case):
        empty = False
        yield observation
    if empty:
        yield NotApplicable("There is no connector value or host name to compare the certificate's names with.")


def _observations(case: Case) -> Iterator[Observation]:
    for bearer in case.bearers:
        yield from _unread(bearer)
        if bearer.chain:
            yield from _leaf_names(case, bearer.chain)
        if case.options.hostname:
            yield from _hostname(case, bearer, case.options.hostname)
    if _nothing_to_judge(case):
        yield _no_connector(case)
    for bearer in case.bearers:
        chosen = case.selection_for(bearer)
        if chosen.nearest and not bearer.unread:
            yield _none_matches(case, bearer, chosen, chosen.nearest)
    for connector in case.selection.judged:
        yield from _judged(case, connector)


def _judged(case: Case, connector: Connector) -> Iterator[Observation]:
    """Everything about one judged connector's value, compared with the leaves that it is judged for."""
    if not connector.value:
        if connector.level == "domain-validation" and "TlsDomain" not in connector.unread:
            yield _no_value(case, connector)
        return
    chosen = [(bearer, case.selection_for(bearer)) for bearer in case.bearers]
    compared = [
        bearer for bearer, selection in chosen if connector in selection.judged and connector != selection.nearest
    ]
    if case.bearers and not compared:
        return
    try:
        value = parse_value(connector.value)
    except ValueError as error:
        yield malformed(connector, str(error), case.accepted, case.names)
        return
    for bearer in compared:
        yield from _compared(case, bearer, connector, value)
    if connector.direction == "inbound":
        yield accepted_domain(connector, value, case.accepted)


def _unread(bearer: Bearer) -> Iterator[Observation]:
    if bearer.unread:
        message = text.unreadable(bearer.label, bearer.unread, bearer.names)
        yield rules.UNREADABLE.observed(message, chain=bearer.chain)


def _leaf_names(case: Case, chain: Chain) -> Iterator[Observation]:
    leaf = chain.leaf_certificate.parsed
    unread = leaf.error or leaf.names_unreadable
    common = any(leaf.common_names)
    if not common and not unread:
        names = "the names of the subject alternative name count alike" if leaf.dns_names else "there is no DNS name"
        yield rules.NO_COMMON_NAME.observed(
            f"The subject has no CN; {names}.",
            chain=chain,
            evidence={"names": len(dns_names(leaf.names))},
        )
    if common and not leaf.dns_names and not unread:
        yield rules.COMMON_NAME_ONLY.observed(
            "The only name is the CN: there is no DNS name in the subject alternative name, "
            "which public authorities must fill and many TLS clients insist on.",
            chain=chain,
            fix=partial(remedy.certificates.renewed, case, chain),
            evidence={"names": len(dns_names(leaf.names))},
        )
    if len(leaf.names) > MANY:
        yield rules.MANY_NAMES.observed(
            f"The certificate has {'more than ' if unread else ''}{len(leaf.names)} names; over a limit Exchange "
            "Server ignores all alternative names and reads the CN alone; Exchange Online's limit is not published.",
            chain=chain,
            fix=partial(remedy.certificates.renewed, case, chain),
            evidence={"names": len(leaf.names)},
        )


def _hostname(case: Case, bearer: Bearer, hostname: str) -> Iterator[Observation]:
    covering = covers([name for name in bearer.names if name not in bearer.excluded], hostname)
    seen = {"hostname": hostname, "matched_name": covering}
    if covering:
        message = f"The host name {hostname} is covered by {covering}."
        yield rules.HOSTNAME_MATCH.observed(message, chain=bearer.chain, evidence=seen)
    elif not bearer.unread:
        message = text.hostname_mismatch(hostname, bearer.names, bearer.excluded, bearer.who)
        fix = partial(remedy.certificates.renewed, case, bearer.chain)
        yield rules.HOSTNAME_MISMATCH.observed(message, chain=bearer.chain, fix=fix, evidence=seen)


def _compared(case: Case, bearer: Bearer, connector: Connector, value: Value) -> Iterator[Observation]:
    """The names of one leaf against one value."""
    chain, names = bearer.chain, bearer.names
    met = match(value, [name for name in names if name not in bearer.excluded])
    out = match(value, bearer.excluded) if met.kind == "none" else NO_MATCH
    if out.kind != "none":
        yield rules.CONNECTOR_MATCH_UNCERTAIN.observed(
            text.excluded(connector, value, out),
            "excluded",
            chain=chain,
            connector=connector,
            fix=partial(remedy.names.issued_with, f"{value}", ", by a CA that may do so"),
            evidence={"value": connector.value, "matched_name": out.name, "match": out.kind},
        )
        return
    if met.kind == "none" and bearer.unread:
        return  # said by _unread
    seen: dict[str, object] = {"value": connector.value, "matched_name": met.name, "match": met.kind}
    if met.kind == "none":
        seen["nearest"] = nearest(value, names)
        message = text.mismatch(connector, value, names, bearer.who)
        fix = _renamed(case, connector, value, names)
        yield rules.CONNECTOR_MISMATCH.observed(message, chain=chain, connector=connector, fix=fix, evidence=seen)
    elif value.issuer:  # weighs at least as much as whatever else is uncertain
        message = text.issuer_unverified(connector, value, met, bearer.who)
        yield rules.CONNECTOR_MATCH_UNCERTAIN.observed(
            message, "issuer", chain=chain, connector=connector, evidence=seen
        )
    elif met.uncertain:
        variant = "deep" if met.kind == "deep" else "wildcard-certificate"
        variant = variant if met.plain else "not-ascii"
        yield rules.CONNECTOR_MATCH_UNCERTAIN.observed(
            text.uncertain(connector, value, met, bearer.who),
            variant,
            chain=chain,
            connector=connector,
            fix=partial(remedy.names.made_alike, connector, value, met),
            evidence=seen,
        )
    else:
        message = text.matched(connector, value, met, bearer.who)
        yield rules.CONNECTOR_MATCH.observed(message, chain=chain, connector=connector, evidence=seen)


def accepted_domain(connector: Connector, value: Value, accepted: Accepted | None) -> Observation:
    """The accepted-domain rule for one inbound connector (the severity table drops it for Partner connectors)."""
    if accepted is None:
        message, asked = text.acceptance_unknown(value), {"domain": value.domain}
        export = remedy.connectors.exported
        return rules.ACCEPTED_DOMAINS_UNKNOWN.observed(message, connector=connector, fix=export, evidence=asked)
    acceptance = accepted.acceptance(value)
    seen = {"domain": value.domain, "accepted": acceptance.domain, "standing": acceptance.standing}
    if acceptance.standing == "accepted":
        return rules.ACCEPTED_DOMAIN.observed(text.accepted(value), connector=connector, evidence=seen)
    fix = partial(remedy.names.accepting, connector, value, accepted)
    if acceptance.standing == "not-accepted":
        message = text.not_accepted(connector, value)
        return rules.DOMAIN_NOT_ACCEPTED.observed(message, connector=connector, fix=fix, evidence=seen)
    message = text.acceptance_uncertain(value, acceptance)
    return rules.DOMAIN_ACCEPTANCE_UNCERTAIN.observed(message, connector=connector, fix=fix, evidence=seen)


def _nothing_to_judge(case: Case) -> bool:
    """No connector at all, or none of the outbound ones that the role asks for; a tenant without an inbound certificate
    connector is ``connector.no-certificate``."""
    if case.evidence.named or (case.options.certificate_only and not case.tenant.connectors):
        return not case.tenant.connectors and not case.options.certificate_only
    wanted = case.options.role != "client"
    return wanted and not any(connector.direction == "outbound" for connector in case.selection.judged)


def _no_connector(case: Case) -> Observation:
    values = satisfiable(case.names)
    who = next((bearer.who for bearer in case.bearers), "the certificate")
    message = text.no_connector(bool(case.tenant.connectors), values, who)
    chain = next(iter(case.chains), None)
    fix = partial(
        remedy.connectors.new_pair,
        remedy.connectors.fitting(case.names, case.accepted),
        remedy.certificates.gateway_host(case, chain),
    )
    return rules.NO_CONNECTOR.observed(message, fix=fix, evidence={"values": list(values)})


def _none_matches(case: Case, bearer: Bearer, chosen: Selection, near: Connector) -> Observation:
    """One finding for a whole tenant none of whose connectors fits: about all of them, so without a connector, unless
    the nearest is judged beside outbound ones."""
    possible = candidates(case.tenant.connectors)
    seen = {
        "value": near.value,
        "matched_name": None,
        "match": "none",
        "nearest": near.name,
        "candidates": len(possible),
    }
    connector = near if near in chosen.judged else None
    chain, names = bearer.chain, bearer.names
    try:
        value = parse_value(near.value or "")
    except ValueError as error:
        message = text.none_matches(near, len(possible), names, bearer.who, str(error))
        return rules.CONNECTOR_MISMATCH.observed(
            message,
            "malformed",
            chain=chain,
            connector=connector,
            fix=partial(remedy.names.replaced, near, names, case.accepted),
            evidence=seen,
        )
    message = text.none_matches(near, len(possible), names, bearer.who)
    fix = _renamed(case, near, value, names)
    return rules.CONNECTOR_MISMATCH.observed(message, chain=chain, connector=connector, fix=fix, evidence=seen)


def _renamed(case: Case, connector: Connector, value: Value, names: Sequence[str]) -> Build:
    return partial(remedy.names.renamed, connector, value, names, case.accepted, case.options.hostname)


def malformed(connector: Connector, reason: str, accepted: Accepted | None, names: Sequence[str] = ()) -> Observation:
    """A value that can match nothing, and why (a sentence); ``names`` are those of the certificate."""
    message = f"The value of {text.connector_words(connector)} can match no certificate. {reason}"
    seen = {"value": connector.value, "matched_name": None, "match": "none"}
    fix = partial(remedy.names.replaced, connector, names, accepted)
    return rules.CONNECTOR_MISMATCH.observed(message, "malformed", connector=connector, fix=fix, evidence=seen)


def _no_value(case: Case, connector: Connector) -> Observation:
    message, seen = text.no_name(connector), {"value": None}
    fix = partial(remedy.names.replaced, connector, case.names, case.accepted)
    return rules.CONNECTOR_MISMATCH.observed(message, "no-value", connector=connector, fix=fix, evidence=seen)
