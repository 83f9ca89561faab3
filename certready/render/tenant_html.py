"""The answer of ``certready tenant`` as one HTML file."""

from __future__ import annotations

from certready.render.findings import by_rule, troubles
from certready.render.layout import VERDICT_STYLES, VERDICT_WORDS, Span
from certready.render.page import entries, page, table
from certready.render.tenant import (
    CONNECTORS,
    CONSIDERED,
    DOMAINS,
    MOST,
    NO_DOMAINS,
    OUTCOMES,
    SCENARIOS,
    connector_row,
    considered_rows,
    domain_row,
    envelope,
    exchange_online_among,
    exchanger_rows,
    host_row,
    lint_verdict,
    messages,
    route_answer,
    scenario_rows,
)
from certready.tenant.answer import Answer
from certready.wording import counted


def text(answer: Answer) -> str:
    """The page, with every part that was asked for."""
    tenant, route, mx = answer.tenant, answer.route, answer.mx
    word, style, headline = _headline(answer)
    several = len(answer.asked) > 1
    linted = answer.findings is not None
    return page(
        "tenant",
        f"{word}: {headline}" if word else headline,
        word=word,
        style=style,
        headline=headline,
        findings=list(entries((group, messages(group)) for group in by_rule(troubles(answer.findings or ())))),
        route=route,
        considered=table("Outbound connectors", CONSIDERED, considered_rows(route)) if route else None,
        scenarios=table("Kinds of mail", SCENARIOS, scenario_rows(answer.asked)) if several else None,
        asked=answer.asked,
        connectors=table("Connectors", CONNECTORS, map(connector_row, tenant.connectors[:MOST])) if linted else None,
        domains=table("Accepted domains", DOMAINS, map(domain_row, (tenant.accepted_domains or ())[:MOST]))
        if linted
        else None,
        no_domains=NO_DOMAINS if linted and tenant.accepted_domains is None else None,
        mx=mx,
        exchangers=table("MX records", ("preference", "host"), exchanger_rows(mx)) if mx else None,
        hosts=table("Smart hosts", ("host",), map(host_row, answer.smart_hosts)),
        remarks=[*filter(None, [mx and exchange_online_among(mx)]), *answer.notes],
    )


def _headline(answer: Answer) -> tuple[str, str, str]:
    """The answer in a word, its style, and what it is about."""
    if answer.findings is not None:
        word, style, counts = lint_verdict(answer.findings)
        return word, style, f"{counted(len(answer.tenant.connectors), 'connector')}: {counts}"
    if len(answer.asked) == 1:
        return *OUTCOMES[answer.asked[0].attribution.outcome], envelope(answer.asked[0])
    if answer.asked:
        relayed = sum(message.attribution.outcome == "relayed" for message in answer.asked)
        about = f"{relayed} of {len(answer.asked)} kinds of mail are attributed to the tenant"
        return VERDICT_WORDS[answer.verdict], VERDICT_STYLES[answer.verdict], about
    if answer.route:
        chosen: Span = route_answer(answer.route)
        return *chosen, f"is the outbound connector for {answer.route.domain}"
    return "", "", "Smart hosts"
