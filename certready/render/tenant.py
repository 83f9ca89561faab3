"""The answer of ``certready tenant`` as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from certready.exchange.attribution import Step
from certready.exchange.attribution.steps import Outcome
from certready.exchange.clouds import SmartHost
from certready.exchange.route import Route
from certready.model import AcceptedDomain, Connector, Tenant
from certready.model.report import Finding, Severity
from certready.render.findings import OwnedMessage, by_rule, troubles, worst_first
from certready.render.layout import (
    MARGIN,
    SEVERITY_WORDS,
    Line,
    Span,
    fix_lines,
    hanging,
    plain,
    table,
    titled,
)
from certready.rules import RULES
from certready.tenant.answer import Answer, Asked, Mx
from certready.wording import and_more, counted, listed, visible

OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "relayed": ("RELAYED", "pass"),
    "incoming": ("INCOMING", "warn"),
    "refused": ("REFUSED", "fail"),
    "cannot-tell": ("CANNOT TELL", "unknown"),
}
CONNECTORS = ("connector", "direction", "type", "state", "TLS level", "value", "for")
DOMAINS = ("accepted domain", "type", "remarks")
CONSIDERED = ("connector", "standing", "why")
SCENARIOS = ("mail", "outcome", "connector")
NO_DOMAINS = "accepted domains: the file names none (Get-AcceptedDomain)"
MOST = 200  # rows of a table; the JSON has them all
_STANDINGS = {"chosen": "pass", "equal": "unknown", "unclear": "unknown"}


def text(answer: Answer, *, verbose: bool = False, width: int | None = None) -> str:
    """The answer as plain text that ends with a line end; ``width`` None keeps every sentence on one line."""
    return plain(lines(answer, verbose=verbose, width=width))


def lines(answer: Answer, *, verbose: bool, width: int | None) -> Iterator[Line]:
    """Every part that was asked for, one below the other."""
    parts = [list(part) for part in _parts(answer, verbose, width)]
    for number, part in enumerate(part for part in parts if part):
        if number:
            yield ()
        yield from part


def _parts(answer: Answer, verbose: bool, width: int | None) -> Iterator[Iterator[Line]]:
    if answer.findings is not None:
        yield _findings(answer.findings, answer.tenant, verbose, width)
        yield _connectors(answer.tenant, width)
        yield _domains(answer.tenant, width)
    if answer.route:
        yield _route(answer.route, width)
    for certificate, asked in groupby(answer.asked, key=lambda asked: asked.certificate):
        if certificate:
            yield iter([((f"With the certificate {certificate}:", "bold"),)])
        messages = tuple(asked)
        yield _message(messages[0], verbose, width) if len(messages) == 1 else _scenarios(messages, verbose, width)
    if answer.mx:
        yield _mx(answer.mx, width)
    for host in answer.smart_hosts:
        yield iter(hanging((), host.sentence, "pass" if host.exchange_online else "warn", width, 0))
    if answer.notes:
        yield _notes(answer.notes, width)


# -- the lint -----------------------------------------------------------------------------------------------------


def lint_verdict(findings: Sequence[Finding]) -> tuple[str, str, str]:
    """The lint in a word, the word's style, and how many findings there are of each severity."""
    fails, unknown, warns = (
        sum(finding.severity is severity for finding in findings)
        for severity in (Severity.FAIL, Severity.UNKNOWN, Severity.WARN)
    )
    counts = ", ".join((f"{fails} failed", f"{unknown} unknown", counted(warns, "warning")))
    if fails:
        return "PROBLEMS", "fail", counts
    return ("CANNOT TELL", "unknown", counts) if unknown else ("SOUND", "pass", counts)


def _findings(findings: Sequence[Finding], tenant: Tenant, verbose: bool, width: int | None) -> Iterator[Line]:
    word, style, counts = lint_verdict(findings)
    yield ((word, style), (f"  {counted(len(tenant.connectors), 'connector')}: {counts}", ""))
    shown = worst_first(findings) if verbose else troubles(findings)
    fixes: set[str] = set()
    if width is None:
        yield ()
        ids = max((len(finding.rule) for finding in shown), default=0) + 2
        for finding in shown:
            level = str(finding.severity)
            head: Line = ((level.ljust(MARGIN), level), (visible(finding.rule).ljust(ids), "bold"))
            yield from hanging(head, finding.message, "", None, 0)
            yield from _below(finding, set(), verbose, None)
        return
    for group in by_rule(shown):
        yield ()
        rule, severity = group[0].rule, group[0].severity
        title = RULES[rule].title if rule in RULES else rule
        yield from titled(((SEVERITY_WORDS[severity].ljust(MARGIN), str(severity)),), title, visible(rule), width)
        for _, message in messages(group):
            yield from hanging(((" " * MARGIN, ""),), message, "", width, MARGIN)
        for finding in group:
            yield from _below(finding, fixes, verbose, width)


def messages(group: Sequence[Finding]) -> list[OwnedMessage]:
    """What the findings of one rule say, each sentence once; they name their connectors themselves."""
    return [((), message) for message in dict.fromkeys(finding.message for finding in group)]


def _below(finding: Finding, fixes: set[str], verbose: bool, width: int | None) -> Iterator[Line]:
    """The fix, where it was not given before, and the source where all is asked for."""
    if finding.fix and finding.fix not in fixes:
        fixes.add(finding.fix)
        yield from fix_lines(finding.fix, width)
    if verbose and finding.reference:
        yield from hanging(((" " * MARGIN, ""), ("source: ", "dim")), finding.reference, "dim", width, MARGIN + 8)


def _connectors(tenant: Tenant, width: int | None) -> Iterator[Line]:
    if tenant.connectors:
        yield from table(CONNECTORS, map(connector_row, tenant.connectors[:MOST]), width)
    yield from _rest(len(tenant.connectors))


def connector_row(connector: Connector) -> list[Span]:
    """A connector in the columns of :data:`CONNECTORS`."""
    state = "test mode" if connector.enabled and connector.test_mode else "on" if connector.enabled else "off"
    return [
        (connector.name, "bold"),
        (connector.direction, ""),
        (connector.kind, ""),
        (state, "" if connector.enabled else "warn"),
        (connector.level or ("required" if connector.require_tls else ""), ""),
        (connector.value or "", ""),
        (_for(connector), ""),
    ]


def _for(connector: Connector) -> str:
    if connector.transport_rule_scoped:
        return "a mail flow rule"
    every = ("all accepted domains",) if connector.all_accepted_domains else ()
    return listed([*connector.recipient_domains, *connector.sender_domains, *every], 3)


def _domains(tenant: Tenant, width: int | None) -> Iterator[Line]:
    if tenant.accepted_domains is None:
        yield ((f"  {NO_DOMAINS}", "warn"),)
        return
    yield from table(DOMAINS, map(domain_row, tenant.accepted_domains[:MOST]), width)
    yield from _rest(len(tenant.accepted_domains))


def domain_row(domain: AcceptedDomain) -> list[Span]:
    """An accepted domain in the columns of :data:`DOMAINS`."""
    marks = (("default", domain.default), ("initial", domain.initial), ("MatchSubDomains", domain.match_subdomains))
    return [(domain.name, "bold"), (domain.kind, ""), (", ".join(word for word, holds in marks if holds), "")]


def _rest(count: int) -> Iterator[Line]:
    if rest := and_more(count, MOST):
        yield ((f"  {rest}", "dim"),)


# -- questions ----------------------------------------------------------------------------------------------------


def route_answer(route: Route) -> Span:
    """Which connector the route takes."""
    if route.chosen:
        return f"'{route.chosen.name}'", "pass"
    if route.certain:
        return "none: mail goes by the recipient domain's MX record", "pass"
    return "unknown", "unknown"


def considered_rows(route: Route) -> list[list[Span]]:
    """The connectors in the columns of :data:`CONSIDERED`, the chosen one first."""
    return [
        [
            (considered.connector.name, "bold"),
            (considered.standing, _STANDINGS.get(considered.standing, "dim")),
            (considered.reason, ""),
        ]
        for considered in sorted(route.considered, key=lambda candidate: candidate.standing != "chosen")[:MOST]
    ]


def _route(route: Route, width: int | None) -> Iterator[Line]:
    chosen, style = route_answer(route)
    yield from hanging(((f"Outbound connector for {route.domain}: ", "bold"),), chosen, style, width, 4)
    if rows := considered_rows(route):
        yield from table(CONSIDERED, rows, width)
    yield from _notes(route.notes, width)


def envelope(asked: Asked) -> str:
    """From whom to whom the message goes."""
    return f"from {asked.message.sender or '<>'} to {asked.message.recipient or 'outside the tenant'}"


def _message(asked: Asked, verbose: bool, width: int | None) -> Iterator[Line]:
    attribution = asked.attribution
    yield (OUTCOMES[attribution.outcome], (f"  {envelope(asked)}", ""))
    yield from hanging((("decided by ", "dim"),), step_text(attribution.decided_by), "", width, 11)
    for step in attribution.steps:
        if verbose or step != attribution.decided_by:
            yield from hanging(((f"  {step.answer.ljust(8)}", "dim"),), step_text(step), "", width, 10)
    if attribution.reply:
        yield from hanging((("reply: ", "bold"),), attribution.reply, "", width, 7)
    yield from _notes(attribution.notes, width)


def step_text(step: Step) -> str:
    """The step's sentence, and the fact it rests on."""
    return f"{step.text} ({step.basis}, fact {step.fact})"


def scenario_rows(asked: Sequence[Asked]) -> list[list[Span]]:
    """The kinds of mail in the columns of :data:`SCENARIOS`."""
    return [
        [
            (message.scenario or "", "bold"),
            OUTCOMES[message.attribution.outcome],
            (message.attribution.connector or "", ""),
        ]
        for message in asked
    ]


def _scenarios(asked: Sequence[Asked], verbose: bool, width: int | None) -> Iterator[Line]:
    """The kinds of mail in a table, and below it why each fares as it does."""
    yield from table(SCENARIOS, scenario_rows(asked), width)
    yield ()
    for _, group in groupby(
        asked, key=lambda message: message.attribution.steps if verbose else message.attribution.decided_by
    ):
        alike = list(group)
        for message in alike:
            yield from hanging(((f"  {message.scenario}: ", "bold"),), message.text or "", "dim", width, 4)
        yield from hanging((("    ", ""),), step_text(alike[0].attribution.decided_by), "", width, 4)
        for step in alike[0].attribution.steps if verbose else ():
            if step != alike[0].attribution.decided_by:
                yield from hanging(((f"    {step.answer.ljust(8)}", "dim"),), step_text(step), "", width, 12)
    replies = dict.fromkeys(message.attribution.reply for message in asked if message.attribution.reply)
    for reply in replies:
        yield from hanging((("reply: ", "bold"),), reply or "", "", width, 7)
    yield from _notes(dict.fromkeys(note for message in asked for note in message.attribution.notes), width)


def exchanger_rows(mx: Mx) -> list[list[Span]]:
    """Preference and host of every MX record."""
    return [[(str(preference), "dim"), *host_row(host)] for preference, host in mx.hosts]


def host_row(host: SmartHost) -> list[Span]:
    """What a host is."""
    return [(host.sentence, "pass" if host.exchange_online else "warn")]


def exchange_online_among(mx: Mx) -> str | None:
    """Which of the hosts a gateway has to send to; None where no host is known."""
    own = next((host.name for _, host in mx.hosts if host.exchange_online), None)
    if own:
        return f"The gateway's smart host for this domain is {own}."
    if mx.hosts:
        return (
            "None of them is Exchange Online, so the smart host is not to be had from here: see the domain's DNS "
            "records in the Microsoft 365 admin center."
        )
    return None


def _mx(mx: Mx, width: int | None) -> Iterator[Line]:
    yield ((f"MX of {mx.domain}", "bold"),)
    if mx.error:
        yield from hanging((("  ", ""),), mx.error, "unknown", width, 2)
    for (preference, _), (sentence, style) in exchanger_rows(mx):
        yield from hanging(((f"  {preference:>5}  ", "dim"),), sentence, style, width, 9)
    if own := exchange_online_among(mx):
        yield from hanging((), own, "", width, 0)


def _notes(notes: Sequence[str] | dict[str, None], width: int | None) -> Iterator[Line]:
    for note in notes:
        yield from hanging((("note: ", "dim"),), note, "", width, 6)
