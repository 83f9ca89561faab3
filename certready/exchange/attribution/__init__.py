"""Would Exchange Online attribute this message to the tenant, and may it relay?

The documented order is walked: the certificate's names, then the sending address with the envelope sender, then the
recipient (Exchange Team, "Office 365 Message Attribution", which calls itself simplified). Each step says which fact it
rests on and whether that is documented. It is assumed that the gateway presents the certificate and that Exchange
Online trusts it, which ``certready check`` judges.
"""

from __future__ import annotations

from collections.abc import Sequence

from certready.exchange import facts
from certready.exchange.attribution.certificate import by_certificate
from certready.exchange.attribution.recipient import by_recipient
from certready.exchange.attribution.sender import by_sender
from certready.exchange.attribution.steps import Attribution, Message, Outcome, Step
from certready.model import Tenant

__all__ = ["Attribution", "Message", "Outcome", "Step", "attribute", "by_certificate"]


def attribute(tenant: Tenant, names: Sequence[str], message: Message) -> Attribution:
    """The attribution of one message. ``names`` are those of the certificate presented, () where there is none."""
    certificate = by_certificate(tenant, names)
    if certificate.state == "yes":
        return Attribution("relayed", certificate.steps[-1], certificate.steps, certificate.connector)
    sender = by_sender(tenant, message, certificate)
    steps = (*certificate.steps, *sender.steps)
    if sender.state == "yes":
        notes = (facts.FACTS["1.3.11"].text,) if certificate.identity == "yes" else ()
        return Attribution("relayed", steps[-1], steps, sender.connector, notes=notes)
    if "unclear" in (certificate.state, sender.state):
        unclear = next(step for step in steps if step.answer == "unclear")
        return Attribution("cannot-tell", unclear, steps, certificate.connector or sender.connector)
    return by_recipient(tenant, names, message, steps)
