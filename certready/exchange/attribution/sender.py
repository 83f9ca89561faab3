"""The second question: a gateway that is known, and an envelope sender whose domain is accepted?"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from certready.exchange.attribution.steps import ORDER, Ground, Message, State, Step, step_on, worst
from certready.exchange.matching import under
from certready.model import AcceptedDomain, Connector, Tenant


def by_sender(tenant: Tenant, message: Message, certificate: Ground) -> Ground:
    """The second question: a connector matched by certificate or address, and an accepted sender domain.
    ``certificate`` is the answer to the first."""
    if message.sender is None:
        step = step_on(
            "1.3.4", "no", "The sender is empty: without an accepted certificate domain nothing speaks for it."
        )
        return Ground("no", certificate.identity, (step,))
    steps: list[Step] = []
    identity, name = certificate.identity, certificate.connector
    if identity != "yes":
        address = _address(tenant, message.ip)
        steps.append(address.steps[0])
        if ORDER.index(address.state) > ORDER.index(identity):
            identity, name = address.state, address.connector
    sender = _sender(message.sender, tenant.accepted_domains)
    state = worst((identity, sender.answer))
    steps.append(sender)
    if state == "yes":
        steps.append(
            step_on("1.3.3", "yes", f"'{name}' knows the gateway and the sender domain is accepted: it relays.")
        )
    return Ground(state, identity, tuple(steps), name)


def _address(tenant: Tenant, ip: str | None) -> Ground:
    """Whether an OnPremises connector knows the sending address."""
    connectors = [
        connector
        for connector in tenant.connectors
        if connector.direction == "inbound"
        and connector.enabled
        and connector.kind != "Partner"
        and (connector.sender_ips or "SenderIPAddresses" in connector.unread)
    ]
    if not connectors:
        return Ground("no", "no", (step_on("1.3.1", "no", "No OnPremises connector knows a gateway by its address."),))
    if ip is None:
        legible = next((connector for connector in connectors if connector.sender_ips), None)
        text = (
            f"'{legible.name}' identifies the gateway by the sending address, which was not given (--ip)."
            if legible
            else f"An address of '{connectors[0].name}' cannot be read."
        )
        return Ground("unclear", "unclear", (step_on("1.3.1", "unclear", text),))
    fitting = [(connector, _knows(connector, ip)) for connector in connectors]
    best = max(fitting, key=lambda pair: (ORDER.index(pair[1]), pair[0].value is None))
    connector, state = best
    if state == "yes" and (connector.value or connector.trusted_organizations or connector.unread):
        text = (
            f"'{connector.name}' has the address {ip}, but identifies the gateway by more, or parts of it are unread."
        )
        return Ground("unclear", "unclear", (step_on("1.3.1", "unclear", text),), connector.name)
    words = {"yes": f"'{connector.name}' has the address {ip}.", "no": f"No OnPremises connector has {ip}."}
    text = words.get(state, f"An address of '{connector.name}' cannot be read.")
    return Ground(state, state, (step_on("1.3.1", state, text),), connector.name if state != "no" else None)


def _knows(connector: Connector, ip: str) -> State:
    """Whether the connector has this address; unclear where it may stand in what cannot be read of the file."""
    state = contains(connector.sender_ips, ip)
    return "unclear" if state == "no" and "SenderIPAddresses" in connector.unread else state


def contains(ranges: Iterable[str], ip: str) -> State:
    """Whether an address lies in one of these; unclear where one of them cannot be read."""
    state: State = "no"
    for written in ranges:
        try:
            if ipaddress.ip_address(ip) in ipaddress.ip_network(written, strict=False):
                return "yes"
        except ValueError:
            state = "unclear"
    return state


def _sender(domain: str, accepted: Sequence[AcceptedDomain] | None) -> Step:
    if accepted is None:
        return step_on("1.3.3", "unclear", f"Whether the sender domain {domain} is accepted is not known.")
    if any(entry.name == domain for entry in accepted):
        return step_on("1.3.3", "yes", f"The sender domain {domain} is an accepted domain.")
    above = next((entry.name for entry in accepted if entry.match_subdomains and under(domain, entry.name)), None)
    if above:
        return step_on(
            "1.3.15", "unclear", f"The sender domain {domain} is covered by MatchSubDomains of {above} alone."
        )
    return step_on("1.3.3", "no", f"The sender domain {domain} is not an accepted domain.")
