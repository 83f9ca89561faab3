"""The answer of ``certready tenant`` as ``certready.tenant/1``."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field, structs

from certready._version import __version__
from certready.exchange.attribution import Outcome, Step
from certready.exchange.attribution.steps import State
from certready.exchange.clouds import Form, SmartHost
from certready.exchange.facts import FACTS, Basis
from certready.exchange.route import Considered, Pattern, Route, Standing
from certready.model import Connector, Direction, Level
from certready.model.plain import json_text
from certready.model.report import Finding, ReportVerdict
from certready.tenant.answer import Answer, Asked, Mx


class ConnectorDocument(Struct, frozen=True):
    """One connector as it was read."""

    name: str
    direction: Direction
    type: Literal["OnPremises", "Partner"]
    enabled: bool
    level: Level | None
    value: str | None
    domains: tuple[str, ...]
    smart_hosts: tuple[str, ...]


class DomainDocument(Struct, frozen=True):
    """One accepted domain."""

    name: str
    kind: str = field(name="type")
    default: bool
    initial: bool
    match_subdomains: bool


class ConsideredDocument(Struct, frozen=True):
    """One outbound connector and why it wins or loses."""

    connector: str
    standing: Standing
    pattern: Pattern | None
    reason: str


class RouteDocument(Struct, frozen=True):
    """The outbound connector for a recipient domain."""

    domain: str
    chosen: str | None
    certain: bool
    considered: tuple[ConsideredDocument, ...]
    notes: tuple[str, ...]


class StepDocument(Struct, frozen=True):
    """One step of the walk, with the fact it rests on (docs/decisions.md)."""

    fact: Annotated[str, Meta(extra_json_schema={"pattern": r"^[0-9]+(\.[0-9]+)+$"})]
    basis: Basis
    answer: State
    text: str
    source: str


class MessageDocument(Struct, frozen=True):
    """One message and its attribution."""

    scenario: str | None
    sender: Annotated[str | None, Meta(description="A domain; null is the null sender.")]
    recipient: Annotated[str | None, Meta(description="A domain; null is somebody outside the tenant.")]
    ip: str | None
    outcome: Outcome
    connector: str | None
    decided_by: StepDocument
    steps: tuple[StepDocument, ...]
    reply: str | None
    notes: tuple[str, ...]
    certificate: Annotated[str | None, Meta(description="Which one is presented, where several were given.")]


class MxHostDocument(Struct, frozen=True):
    """One MX record."""

    preference: int
    name: str
    form: Form
    exchange_online: bool
    sentence: str


class MxDocument(Struct, frozen=True):
    """The MX records of a domain."""

    domain: str
    hosts: tuple[MxHostDocument, ...]
    error: str | None


class TenantDocument(Struct, frozen=True, tag_field="schema", tag="certready.tenant/1"):
    """What certready tenant says of a tenant's connectors, and its answer to what was asked."""

    certready: Annotated[str, Meta(description="The release that answered.")]
    verdict: ReportVerdict
    connectors: tuple[ConnectorDocument, ...]
    accepted_domains: tuple[DomainDocument, ...] | None
    findings: Annotated[
        tuple[Finding, ...] | None, Meta(description="The lint; null where a question was asked instead.")
    ]
    route: RouteDocument | None
    names: Annotated[tuple[str, ...] | None, Meta(description="The certificate's names.")]
    messages: tuple[MessageDocument, ...]
    mx: MxDocument | None
    smart_hosts: tuple[SmartHost, ...]
    notes: tuple[str, ...]


def text(answer: Answer) -> str:
    """``certready.tenant/1`` in ASCII, two spaces of indent, a line end at the end."""
    return json_text(document(answer))


def document(answer: Answer) -> TenantDocument:
    """The answer as ``certready.tenant/1``."""
    return TenantDocument(
        certready=__version__,
        verdict=answer.verdict,
        connectors=tuple(map(_connector, answer.tenant.connectors)),
        accepted_domains=msgspec.convert(
            answer.tenant.accepted_domains, tuple[DomainDocument, ...] | None, from_attributes=True
        ),
        findings=answer.findings,
        route=_route(answer.route) if answer.route else None,
        names=answer.names,
        messages=tuple(map(_message, answer.asked)),
        mx=_mx(answer.mx) if answer.mx else None,
        smart_hosts=answer.smart_hosts,
        notes=answer.notes,
    )


def _connector(connector: Connector) -> ConnectorDocument:
    return ConnectorDocument(
        connector.name,
        connector.direction,
        connector.kind,
        connector.enabled,
        connector.level,
        connector.value,
        (*connector.sender_domains, *connector.recipient_domains),
        connector.smart_hosts,
    )


def _route(route: Route) -> RouteDocument:
    chosen = route.chosen.name if route.chosen else None
    return RouteDocument(route.domain, chosen, route.certain, tuple(map(_considered, route.considered)), route.notes)


def _considered(candidate: Considered) -> ConsideredDocument:
    pattern = candidate.fit.pattern if candidate.fit else None
    return ConsideredDocument(candidate.connector.name, candidate.standing, pattern, candidate.reason)


def _message(asked: Asked) -> MessageDocument:
    answer = asked.attribution
    return MessageDocument(
        asked.scenario,
        asked.message.sender,
        asked.message.recipient,
        asked.message.ip,
        answer.outcome,
        answer.connector,
        _step(answer.decided_by),
        tuple(map(_step, answer.steps)),
        answer.reply,
        answer.notes,
        asked.certificate,
    )


def _step(step: Step) -> StepDocument:
    return StepDocument(step.fact, step.basis, step.answer, step.text, FACTS[step.fact].source)


def _mx(mx: Mx) -> MxDocument:
    hosts = tuple(MxHostDocument(preference, *structs.astuple(host)) for preference, host in mx.hosts)
    return MxDocument(mx.domain, hosts, mx.error)
