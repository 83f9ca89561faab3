"""The answer of ``certready tenant`` as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from certready.exchange.attribution import Step
from certready.exchange.route import Route
from certready.model import AcceptedDomain, Connector, Tenant
from certready.model.report import Finding, Severity
from certready.render.layout import Line, Span, counted, hanging, plain, table
from certready.tenant.answer import Answer, Asked, Mx
from certready.wording import and_more, listed

_OUTCOMES = {
    "relayed": ("RELAYED", "pass"),
    "incoming": ("INCOMING", "warn"),
    "refused": ("REFUSED", "fail"),
    "cannot-tell": ("CANNOT TELL", "unknown"),
}
_STANDINGS = {"chosen": "pass", "equal": "unknown", "unclear": "unknown"}
_NO_ROUTE = "none: mail goes by the recipient domain's MX record"
_MOST = 200  # rows of a table; the JSON has them all


def text(answer: Answer, *, verbose: bool = False, width: int | None = None) -> str:
    """The answer as plain text that ends with a line end; ``width`` None keeps every sentence on one line."""
    return plain(lines(answer, verbose=verbose, width=width))


def lines(answer: Answer, *, verbose: bool, width: int | None) -> Iterator[Line]:
    """Every part that was asked for, one below the other."""
    parts = [list(part) for part in _parts(answer, verbose, width)]
    for number, part in enumerate(one for one in parts if one):
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
    if len(answer.asked) == 1:
        yield _message(answer.asked[0], verbose, width)
    elif answer.asked:
        yield _scenarios(answer.asked, verbose, width)
    if answer.mx:
        yield _mx(answer.mx, width)
    for host in answer.smart_hosts:
        yield iter(hanging((), host.sentence, "pass" if host.exchange_online else "warn", width, 0))
    if answer.notes:
        yield (line for note in answer.notes for line in hanging((("note: ", "dim"),), note, "", width, 6))


# -- the lint -----------------------------------------------------------------------------------------------------


def _findings(findings: tuple[Finding, ...], tenant: Tenant, verbose: bool, width: int | None) -> Iterator[Line]:
    wrong = [one for one in findings if one.severity is not Severity.PASS]
    fails = sum(one.severity is Severity.FAIL for one in findings)
    unknown = sum(one.severity is Severity.UNKNOWN for one in findings)
    warns = sum(one.severity is Severity.WARN for one in findings)
    style = "fail" if fails else "unknown" if unknown else "pass"
    word = "PROBLEMS" if fails else "CANNOT TELL" if unknown else "SOUND"
    counts = ", ".join((f"{fails} failed", f"{unknown} unknown", counted(warns, "warning")))
    yield ((word, style), (f"  {counted(len(tenant.connectors), 'connector')}: {counts}", ""))
    ids = max((len(one.rule) for one in findings), default=0) + 2
    for one in findings if verbose else wrong:
        level = str(one.severity)
        yield ()
        yield from hanging(((level.ljust(9), level), (one.rule.ljust(ids), "bold")), one.message, "", width, 9)
        for label, said in (("fix", one.fix), ("source", one.reference if verbose else None)):
            if said:
                yield from hanging(((" " * 9, ""), (f"{label}: ", "bold")), said, "", width, 14)


def _connectors(tenant: Tenant, width: int | None) -> Iterator[Line]:
    headers = ("connector", "direction", "type", "state", "TLS level", "value", "for")
    rows = [_connector_row(one) for one in tenant.connectors[:_MOST]]
    if rows:
        yield from table(headers, rows, width)
    rest = and_more(len(tenant.connectors), _MOST)
    if rest:
        yield ((f"  {rest}", "dim"),)


def _connector_row(one: Connector) -> list[Span]:
    state = "on" if one.enabled else "off"
    if one.enabled and one.test_mode:
        state = "test mode"
    return [
        (one.name, ""),
        (one.direction, ""),
        (one.kind, ""),
        (state, "" if one.enabled else "warn"),
        (one.level or ("required" if one.require_tls else ""), ""),
        (one.value or "", "bold"),
        (_for(one), ""),
    ]


def _for(one: Connector) -> str:
    if one.transport_rule_scoped:
        return "a mail flow rule"
    found = [
        *one.recipient_domains,
        *one.sender_domains,
        *(["all accepted domains"] if one.all_accepted_domains else []),
    ]
    return listed(found, 3)


def _domains(tenant: Tenant, width: int | None) -> Iterator[Line]:
    if tenant.accepted_domains is None:
        yield (("  accepted domains: the file names none (Get-AcceptedDomain)", "warn"),)
        return
    headers = ("accepted domain", "type", "remarks")
    yield from table(headers, [_domain_row(one) for one in tenant.accepted_domains[:_MOST]], width)
    rest = and_more(len(tenant.accepted_domains), _MOST)
    if rest:
        yield ((f"  {rest}", "dim"),)


def _domain_row(one: AcceptedDomain) -> list[Span]:
    marks = (("default", one.default), ("initial", one.initial), ("MatchSubDomains", one.match_subdomains))
    return [(one.name, ""), (one.kind, ""), (", ".join(word for word, said in marks if said), "")]


# -- questions ----------------------------------------------------------------------------------------------------


def _route(route: Route, width: int | None) -> Iterator[Line]:
    chosen = f"'{route.chosen.name}'" if route.chosen else _NO_ROUTE if route.certain else "unknown"
    yield ((f"Outbound connector for {route.domain}: ", "bold"), (chosen, "pass" if route.certain else "unknown"))
    rows: list[list[Span]] = [
        [(one.connector.name, ""), (one.standing, _STANDINGS.get(one.standing, "dim")), (one.reason, "")]
        for one in sorted(route.considered, key=lambda one: one.standing != "chosen")[:_MOST]
    ]
    if rows:
        yield from table(("connector", "standing", "why"), rows, width)
    for note in route.notes:
        yield from hanging((("note: ", "dim"),), note, "", width, 6)


def _message(asked: Asked, verbose: bool, width: int | None) -> Iterator[Line]:
    found = asked.attribution
    word, style = _OUTCOMES[found.outcome]
    sender, recipient = asked.message.sender or "<>", asked.message.recipient or "outside the tenant"
    yield ((word, style), (f"  from {sender} to {recipient}", ""))
    yield from hanging((("decided by ", "dim"),), _step(found.decided_by), "", width, 11)
    for step in found.steps if verbose else _before(found.steps, found.decided_by):
        yield from hanging(((f"  {step.answer.ljust(8)}", "dim"),), _step(step), "", width, 10)
    if found.reply:
        yield from hanging((("reply: ", "bold"),), found.reply, "", width, 7)
    for note in found.notes:
        yield from hanging((("note: ", "dim"),), note, "", width, 6)


def _before(steps: tuple[Step, ...], decided_by: Step) -> list[Step]:
    """The steps of the walk without the one that is told first."""
    return [one for one in steps if one != decided_by]


def _step(step: Step) -> str:
    return f"{step.text} ({step.basis}, fact {step.fact})"


def _scenarios(asked: tuple[Asked, ...], verbose: bool, width: int | None) -> Iterator[Line]:
    """The kinds of mail in a table, and below it why each fares as it does."""
    rows: list[list[Span]] = [
        [(one.scenario or "", "bold"), _OUTCOMES[one.attribution.outcome], (one.attribution.connector or "", "")]
        for one in asked
    ]
    yield from table(("mail", "outcome", "connector"), rows, width)
    yield ()
    for one in asked:
        yield from hanging(((f"  {one.scenario}: ", "bold"),), one.text or "", "dim", width, 4)
        yield from hanging((("    ", ""),), _step(one.attribution.decided_by), "", width, 4)
        for step in one.attribution.steps if verbose else ():
            yield from hanging(((f"    {step.answer.ljust(8)}", "dim"),), _step(step), "", width, 12)
    replies = dict.fromkeys(one.attribution.reply for one in asked if one.attribution.reply)
    for reply in replies:
        yield from hanging((("reply: ", "bold"),), reply or "", "", width, 7)
    for note in dict.fromkeys(note for one in asked for note in one.attribution.notes):
        yield from hanging((("note: ", "dim"),), note, "", width, 6)


def _mx(mx: Mx, width: int | None) -> Iterator[Line]:
    yield ((f"MX of {mx.domain}", "bold"),)
    if mx.error:
        yield from hanging((("  ", ""),), mx.error, "unknown", width, 2)
    for preference, host in mx.hosts:
        style = "pass" if host.exchange_online else "warn"
        yield from hanging(((f"  {preference:>5}  ", "dim"),), host.sentence, style, width, 9)
    own = next((host.name for _, host in mx.hosts if host.exchange_online), None)
    if own:
        yield from hanging((), f"The gateway's smart host for this domain is {own}.", "", width, 0)
    elif mx.hosts:
        said = "None of them is Exchange Online, so the smart host is not to be had from here: see the domain's DNS "
        yield from hanging((), f"{said}records in the Microsoft 365 admin center.", "", width, 0)
