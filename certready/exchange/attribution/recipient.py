"""The last question: whose recipient is it, and does a Partner connector stand before them?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from certready.exchange import CERTIFICATE_NAME, value_of
from certready.exchange.accepted import takes
from certready.exchange.attribution.sender import contains
from certready.exchange.attribution.steps import (
    DIRECT_SEND,
    ELSEWHERE,
    LOCKED_OUT,
    ORDER,
    RELAY_DENIED,
    Attribution,
    Message,
    State,
    Step,
    step_on,
)
from certready.exchange.matching import Match, a_label, match, under
from certready.model import Connector, Tenant

# What decides whether a Partner connector holds for a message, and whether the message has what it asks for.
_RESTRICTIONS = ("RestrictDomainsToCertificate", "RestrictDomainsToIPAddresses")
_RESTRICTING = ("ConnectorType", "Enabled", "SenderDomains", "SenderIPAddresses", CERTIFICATE_NAME, *_RESTRICTIONS)


def by_recipient(tenant: Tenant, names: Sequence[str], message: Message, steps: tuple[Step, ...]) -> Attribution:
    """The last question: not the tenant's own message, so mail from the Internet for whoever the recipient is.

    ``names`` are those of the certificate presented, ``steps`` those taken before; those of the answer follow them.
    """
    accepted = tenant.accepted_domains
    own = message.recipient and accepted is not None and any(takes(domain, message.recipient) for domain in accepted)
    if message.recipient and accepted is None:
        step = step_on("1.3.1", "unclear", f"Whether {message.recipient} is an accepted domain is not known.")
        return Attribution("cannot-tell", step, (*steps, step))
    if not own:
        who = message.recipient or "The recipient's domain"
        step = step_on("1.3.1", "no", f"{who} is not an accepted domain: the tenant does not take the message.")
        # What decides is where the message failed to become the tenant's own, not that it leaves the tenant.
        decisive = next(step for step in steps if step.answer == "no")
        return Attribution("refused", decisive, (*steps, step), reply=RELAY_DENIED, notes=(ELSEWHERE,))
    arrives = step_on("1.3.1", "yes", f"{message.recipient} is an accepted domain: it is incoming mail from outside.")
    return _restricted(tenant, names, message, (*steps, arrives))


def _restricted(tenant: Tenant, names: Sequence[str], message: Message, steps: tuple[Step, ...]) -> Attribution:
    """Incoming mail, unless a Partner connector for its sender asks for what it does not have."""
    partners = [
        connector
        for connector in tenant.connectors
        if connector.direction == "inbound" and (connector.kind == "Partner" or "ConnectorType" in connector.unread)
    ]
    checked = [step for connector in partners if connector.enabled for step in _partner(connector, names, message)]
    worst = min(checked, key=lambda step: ORDER.index(step.answer), default=None)
    all_steps = (*steps, *checked)
    if worst and worst.answer == "no":
        return Attribution("refused", worst, all_steps, reply=LOCKED_OUT)
    if worst and worst.answer == "unclear":
        return Attribution("cannot-tell", worst, all_steps)
    own = message.sender and any(domain.name == message.sender for domain in tenant.accepted_domains or ())
    return Attribution("incoming", steps[-1], all_steps, notes=(DIRECT_SEND,) if own else ())


def _partner(connector: Connector, names: Sequence[str], message: Message) -> Iterable[Step]:
    """What one enabled connector, of type Partner or perhaps so, asks of mail from this sender."""
    lost = [name for name in _RESTRICTING if name in connector.unread]
    for_sender = any(_fits(pattern, message.sender) for pattern in connector.sender_domains)
    if not for_sender and "SenderDomains" not in lost:
        return
    restricts = connector.restrict_to_certificate or connector.restrict_to_ips
    if lost and (restricts or not set(lost).isdisjoint(_RESTRICTIONS)):
        text = f"Whether the inbound connector '{connector.name}' refuses the message is not known"
        yield step_on("1.4", "unclear", f"{text}: {', '.join(lost)} of it cannot be read in the file.")
        return
    if connector.restrict_to_certificate:
        value = value_of(connector)
        name_match = match(value, names) if value else Match("none")
        answer: State = "no" if name_match.kind == "none" else "unclear" if name_match.uncertain else "yes"
        asked = connector.value or "a certificate and names none"
        yield step_on("1.4", answer, f"The Partner connector '{connector.name}' asks for {asked}.")
    if connector.restrict_to_ips:
        answer = contains(connector.sender_ips, message.ip) if message.ip else "unclear"
        yield step_on("1.4", answer, f"The Partner connector '{connector.name}' asks for its addresses.")


def _fits(pattern: str, sender: str | None) -> bool:
    """Whether a SenderDomains entry is for this sender; the null sender falls under ``*`` alone (inferred)."""
    if pattern == "*":
        return True
    name = a_label(pattern.removeprefix("*."))
    if sender is None or name is None:
        return False
    return sender == name or (pattern.startswith("*.") and under(sender, name))
