"""The answer of ``certready tenant`` as ``certready.tenant/1``, in ASCII."""

from __future__ import annotations

import json

from certready._version import __version__
from certready.exchange.attribution import Step
from certready.exchange.clouds import SmartHost
from certready.exchange.facts import FACTS
from certready.exchange.route import Route
from certready.model import AcceptedDomain, Connector
from certready.model.plain import finding_dict
from certready.tenant.answer import Answer, Asked, Mx


def text(answer: Answer) -> str:
    """``certready.tenant/1`` in ASCII, two spaces of indent, a line end at the end."""
    return json.dumps(as_dict(answer), indent=2, ensure_ascii=True) + "\n"


def as_dict(answer: Answer) -> dict[str, object]:
    """The answer as plain JSON values."""
    domains = answer.tenant.accepted_domains
    return {
        "schema": "certready.tenant/1",
        "certready": __version__,
        "verdict": answer.verdict,
        "connectors": [_connector_dict(one) for one in answer.tenant.connectors],
        "accepted_domains": None if domains is None else [_domain_dict(one) for one in domains],
        "findings": None if answer.findings is None else [finding_dict(one) for one in answer.findings],
        "route": _route_dict(answer.route) if answer.route else None,
        "names": None if answer.names is None else list(answer.names),
        "messages": [_asked_dict(one) for one in answer.asked],
        "mx": _mx_dict(answer.mx) if answer.mx else None,
        "smart_hosts": [_host_dict(one) for one in answer.smart_hosts],
        "notes": list(answer.notes),
    }


def _connector_dict(one: Connector) -> dict[str, object]:
    return {
        "name": one.name,
        "direction": one.direction,
        "type": one.kind,
        "enabled": one.enabled,
        "level": one.level,
        "value": one.value,
        "domains": [*one.sender_domains, *one.recipient_domains],
        "smart_hosts": list(one.smart_hosts),
    }


def _domain_dict(one: AcceptedDomain) -> dict[str, object]:
    return {
        "name": one.name,
        "type": one.kind,
        "default": one.default,
        "initial": one.initial,
        "match_subdomains": one.match_subdomains,
    }


def _route_dict(route: Route) -> dict[str, object]:
    return {
        "domain": route.domain,
        "chosen": route.chosen.name if route.chosen else None,
        "certain": route.certain,
        "considered": [
            {
                "connector": one.connector.name,
                "standing": one.standing,
                "pattern": one.fit.pattern if one.fit else None,
                "reason": one.reason,
            }
            for one in route.considered
        ],
        "notes": list(route.notes),
    }


def _asked_dict(one: Asked) -> dict[str, object]:
    found = one.attribution
    return {
        "scenario": one.scenario,
        "sender": one.message.sender,
        "recipient": one.message.recipient,
        "ip": one.message.ip,
        "outcome": found.outcome,
        "connector": found.connector,
        "decided_by": _step_dict(found.decided_by),
        "steps": [_step_dict(step) for step in found.steps],
        "reply": found.reply,
        "notes": list(found.notes),
    }


def _step_dict(step: Step) -> dict[str, object]:
    return {
        "fact": step.fact,
        "basis": step.basis,
        "answer": step.answer,
        "text": step.text,
        "source": FACTS[step.fact].source,
    }


def _mx_dict(mx: Mx) -> dict[str, object]:
    hosts = [{"preference": preference, **_host_dict(host)} for preference, host in mx.hosts]
    return {"domain": mx.domain, "hosts": hosts, "error": mx.error}


def _host_dict(host: SmartHost) -> dict[str, object]:
    return {
        "name": host.name,
        "form": host.form,
        "exchange_online": host.exchange_online,
        "sentence": host.sentence,
    }
