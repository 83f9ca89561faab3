"""One address of a gateway: the conversation up to TLS, one more attempt where it was put off, and beside it the
further TLS questions, each in a connection of its own.

The further questions start once the gateway has let the first connection in, and never delay its answer for long: what
they do not learn is no finding.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Literal, NamedTuple

from msgspec.structs import replace

from certready.model.endpoint import Endpoint, Handshake
from certready.net.handshake import ECDSA, EVERYTHING, EXCHANGE, RSA, HandshakeError, Offer, SharedContext, handshake
from certready.net.names import greeting_name
from certready.net.resolve import Address
from certready.net.threads import Pool
from certready.net.wire import FIREWALL, ConnectError, Wire, connect
from certready.smtp.starttls import Outcome, Protocol, Step

TOTAL_STEPS = 3  # one address may take so many times the timeout altogether
BACK_OFF = 0.2  # of the timeout, before a gateway that put us off is asked once more
PATIENCE = 0.2  # of the timeout, or three times what the first answer took: so long further questions are waited for

Question = Literal["exchange", "rsa", "ecdsa", "no-name"]
OFFERS: Mapping[Question, Offer] = MappingProxyType(
    {"exchange": EXCHANGE, "rsa": RSA, "ecdsa": ECDSA, "no-name": EVERYTHING}
)

Tell = Callable[[str], None]


class Plan(NamedTuple):
    """What is done with every address of one host. ``timeout`` is in seconds, for each step."""

    host: str
    port: int
    protocol_name: str
    protocol: Protocol
    ehlo: str | None
    sni: str | None
    timeout: float
    thorough: bool
    context: SharedContext

    @property
    def total(self) -> float:
        return self.timeout * TOTAL_STEPS

    def endpoint(self, address: str = "") -> Endpoint:
        """An endpoint of which nothing is known yet."""
        return Endpoint(self.host, address, self.port, protocol=self.protocol_name)


class Seen(NamedTuple):
    """What one handshake sent, DER, leaf first; empty where it came to none."""

    endpoint: Endpoint
    chain: tuple[bytes, ...] = ()
    sni: str | None = None
    further: tuple[tuple[Handshake, tuple[bytes, ...]], ...] = ()


def probe(plan: Plan, address: Address, tell: Tell, arrived: Callable[[tuple[bytes, ...]], None]) -> Seen:
    """Connect, talk, shake hands: what came of it with one address. ``arrived`` is given the first chain at once."""
    further = _Further(plan, address)
    began = time.monotonic()
    end = began + plan.total
    seen = _attempt(further, tell, plan.total)
    if seen.endpoint.trouble == "deferred":
        seen = _again(further, tell, seen, end)
    if not seen.chain:
        return seen
    arrived(seen.chain)
    now = time.monotonic()
    return seen._replace(further=further.collect(min(max(PATIENCE * plan.timeout, 3 * (now - began)), end - now)))


def unreachable(endpoint: Endpoint, sentence: str) -> Endpoint:
    """The endpoint of which no more is known than this sentence."""
    return replace(endpoint, trouble="unreachable", error=sentence)


# -- the ordinary question ----------------------------------------------------------------------------------------


def _again(further: _Further, tell: Tell, first: Seen, end: float) -> Seen:
    """A second attempt after a pause, where there is time for one: 421 and 450 say that it may go better."""
    pause = BACK_OFF * further.plan.timeout
    left = end - time.monotonic() - pause
    if left <= pause:
        return first
    tell(f"{first.endpoint.name}: put off, waiting for {pause:g} s")
    time.sleep(pause)
    second = _attempt(further, tell, left)
    deferred = " ".join((first.endpoint.reply or "").split())
    error = second.endpoint.error
    if second.endpoint.trouble == "deferred":
        error = f"{error} (as it did {pause:g} s earlier)"
    return second._replace(endpoint=replace(second.endpoint, deferred=deferred, error=error))


def _attempt(further: _Further, tell: Tell, total: float) -> Seen:
    """The ordinary question, within ``total`` seconds; the further ones start once it is let in."""
    plan, address = further.plan, further.address
    blank = plan.endpoint(address.text)
    tell(f"connecting to {blank.name}")
    try:
        wire = connect(address, timeout=plan.timeout, total=total)
    except ConnectError as error:
        return Seen(unreachable(blank, str(error)))
    with wire:
        outcome = _converse(plan, wire, lambda stage: tell(f"{blank.name}: {stage}"), further.start)
        reached = replace(blank, stage=outcome.stage, reply=outcome.reply, trouble=outcome.trouble, error=outcome.error)
        if outcome.trouble:
            return Seen(reached)
        tell(f"{blank.name}: handshake")
        wire.begin()
        try:
            session = handshake(wire, plan.context.get(), sni=plan.sni, farewell=plan.protocol.farewell)
        except HandshakeError as error:
            return Seen(replace(reached, trouble="handshake-failed", error=str(error)))
        done = replace(
            reached,
            stage="done",
            tls_version=session.version,
            cipher=session.cipher,
            staple=session.staple,
            asks_certificate=session.asks_certificate,
            elapsed_ms=wire.elapsed_ms,
        )
        return Seen(done, session.chain, plan.sni)


def _converse(plan: Plan, wire: Wire, tell: Tell, admitted: Callable[[], None]) -> Outcome:
    """Drive the protocol's dialogue over the wire until it ends or time is up; ``admitted`` is called once the server
    has shown that it deals with us."""
    dialogue = plan.protocol.dialogue(plan.ehlo or greeting_name(wire.local))
    step: Step | None = None
    if not plan.protocol.greets:
        admitted()
    try:
        step = next(dialogue)
        wire.begin()
        tell(step.stage)
        while True:
            if step.send:
                wire.begin()
                if step.stage != "banner":
                    admitted()
                tell(step.stage)
                wire.send(step.send)
            step = dialogue.send(wire.receive())
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    except TimeoutError:
        return _timed_out(plan, step)


def _timed_out(plan: Plan, step: Step | None) -> Outcome:
    stage, reply = (step.stage, step.reply) if step else ("connect", None)
    if stage == "banner":
        sentence = (
            f"The connection was accepted, and no whole banner came within {plan.timeout:g} s: {FIREWALL}, the gateway "
            "delays its banner on purpose (--timeout 30), or the port expects TLS at once (--protocol smtps)."
        )
    else:
        asked = step.asked if step else "us"
        sentence = f"The gateway did not answer {asked} within {plan.timeout:g} s."
    return Outcome("unreachable", stage, reply, sentence)


# -- the further questions ----------------------------------------------------------------------------------------

_Result = tuple[Handshake, tuple[bytes, ...]]


class _Further:
    """The further questions to one address, one connection each, all at the same time; started at most once."""

    def __init__(self, plan: Plan, address: Address) -> None:
        self.plan = plan
        self.address = address
        self.asked: tuple[Question, ...] = ()
        self.pool: Pool[list[_Result]] = Pool("question")

    def start(self) -> None:
        if self.asked or not self.plan.thorough:
            return
        self.asked = ("exchange", "ecdsa", "no-name") if self.plan.sni else ("exchange", "ecdsa")
        self.pool.start([partial(self._answers, question) for question in self.asked], len(self.asked))

    def collect(self, patience: float) -> tuple[_Result, ...]:
        """What was learnt, in the order of the questions, after ``patience`` seconds at most."""
        end = time.monotonic() + patience
        answers = dict(self.pool.results(lambda: end - time.monotonic()))
        late = "It was not answered in time."
        return tuple(
            result
            for number, question in enumerate(self.asked)
            for result in answers.get(number, [(Handshake(question, "unanswered", error=late), ())])
        )

    def _answers(self, question: Question) -> list[_Result]:
        result = _ask(self.plan, self.address, question)
        if question == "exchange" and result[0].outcome == "refused":
            return [result, _ask(self.plan, self.address, "rsa")]
        return [result]


def _ask(plan: Plan, address: Address, question: Question) -> _Result:
    """One further handshake, with one offer."""
    sni = None if question == "no-name" else plan.sni
    try:
        with connect(address, timeout=plan.timeout, total=plan.total) as wire:
            outcome = _converse(plan, wire, lambda _: None, lambda: None)
            if outcome.trouble:
                return Handshake(question, "unanswered", error=outcome.error), ()
            wire.begin()
            context = plan.context.get(OFFERS[question])
            session = handshake(wire, context, sni=sni, farewell=plan.protocol.farewell)
    except ConnectError as error:
        return Handshake(question, "unanswered", error=str(error)), ()
    except HandshakeError as error:
        return Handshake(question, "refused" if error.refused else "unanswered", error=str(error)), ()
    done = Handshake(question, "done", tls_version=session.version, cipher=session.cipher, staple=session.staple)
    return done, session.chain
