"""The steps of a walk, what it comes to, and the replies Exchange Online gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from certready.exchange import facts
from certready.exchange.facts import Basis

State = Literal["yes", "unclear", "no"]
Outcome = Literal["relayed", "incoming", "refused", "cannot-tell"]

ORDER: tuple[State, ...] = ("no", "unclear", "yes")

RELAY_DENIED = "550 5.7.64 TenantAttribution; Relay Access Denied"
LOCKED_OUT = (
    "550 5.7.51 TenantInboundAttribution; There is a partner connector configured that matched the message's recipient "
    "domain. The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set"
)
DIRECT_SEND = (
    "If the tenant has RejectDirectSend on, this mail is refused with 5.7.68 instead: its sender domain is the "
    "tenant's own and no connector matched."
)
ELSEWHERE = "If the recipient's domain belongs to another Microsoft 365 tenant, it is incoming mail there."


class Message(Struct, frozen=True):
    """An envelope: domains of MAIL FROM and RCPT TO as A-labels and the sending address.

    ``sender`` None is the null sender; ``recipient`` None is somebody outside the tenant; ``ip`` None is not known.
    """

    sender: str | None
    recipient: str | None = None
    ip: str | None = None


class Step(Struct, frozen=True):
    """One step of the walk: the fact it rests on, how sure that is, what came of it, and the sentence."""

    fact: str
    basis: Basis
    answer: State
    text: str


class Attribution(Struct, frozen=True):
    """The answer: ``relayed`` (attributed to the tenant, any recipient), ``incoming`` (mail from the Internet for the
    tenant's own recipient), ``refused`` with the ``reply`` of Exchange Online, or ``cannot-tell``.

    ``decided_by`` is the step that decides, ``connector`` the name of the inbound connector that does.
    """

    outcome: Outcome
    decided_by: Step
    steps: tuple[Step, ...]
    connector: str | None = None
    reply: str | None = None
    notes: tuple[str, ...] = ()


class Ground(Struct, frozen=True):
    """What speaks for the tenant: ``state`` of attributing by it, ``identity`` whether a connector is matched."""

    state: State
    identity: State
    steps: tuple[Step, ...]
    connector: str | None = None


def step_on(fact: str, answer: State, text: str) -> Step:
    """A step that rests on the fact of this number (``certready.exchange.facts``): what it answers, and the
    sentence."""
    return Step(fact, facts.basis(fact), answer, text)


def worst(states: Iterable[State]) -> State:
    """The state that decides where all of these have to hold. Raises ValueError for none."""
    return min(states, key=ORDER.index)
