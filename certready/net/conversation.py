"""The conversation with one address up to TLS, over a stream and under a clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from certready.model.endpoint import Endpoint
from certready.net.handshake import SharedContext
from certready.net.names import greeting_name
from certready.net.offers import EVERYTHING, Offer
from certready.net.stream import Stream
from certready.net.wire import FIREWALL
from certready.smtp.replies import printable
from certready.smtp.starttls import Outcome, Protocol, Step

if TYPE_CHECKING:
    from OpenSSL import SSL

TOTAL_STEPS = 3  # one address may take so many times the timeout altogether
Tell = Callable[[str], None]


class Plan(Struct, frozen=True):
    """What is done with every address of one host. ``timeout`` is in seconds, for each step."""

    host: str
    port: int
    protocol_name: str
    protocol: Protocol
    ehlo: str | None
    sni: str | None
    timeout: float
    gentle: bool
    contexts: SharedContext
    every_group: bool = False  # offers those too that hardly any gateway needs

    @property
    def total(self) -> float:
        return self.timeout * TOTAL_STEPS

    async def context(self, offer: Offer = EVERYTHING) -> SSL.Context:
        """What makes this offer. Raises NotOfferedError."""
        return await self.contexts.context(replace(offer, groups=b"") if self.every_group else offer)

    def endpoint(self, address: str = "") -> Endpoint:
        """An endpoint of which nothing is known yet."""
        return Endpoint(self.host, address, self.port, protocol=self.protocol_name)


def unheard(*_: object) -> None:
    """Stands for whoever would be told, where nobody listens."""


async def converse(
    plan: Plan,
    stream: Stream,
    tell: Tell,
    admitted: Callable[[], None],
    hold: Callable[[], Awaitable[object]] | None = None,
) -> Outcome:
    """Drive the protocol's dialogue over the stream until it ends or time is up.

    ``tell`` is given each stage before anything is sent in it; ``admitted`` is called once the server has shown that it
    deals with us; ``hold`` is awaited before the word that begins TLS.
    """
    dialogue = plan.protocol.dialogue(plan.ehlo or greeting_name(stream.local))
    step: Step | None = None
    greeting = data = b""
    if not plan.protocol.greets:
        admitted()
    try:
        step = next(dialogue)
        stream.begin()
        tell(step.stage)
        while True:
            if step.send:
                if step.stage != "banner":
                    admitted()
                if hold and step.stage == "starttls":
                    await hold()
                tell(step.stage)
                stream.begin()
                await stream.send(step.send)
            data = await stream.receive()
            if step.stage == "banner":
                greeting += data
            step = dialogue.send(data)
    except StopIteration as end:
        outcome: Outcome = end.value
        return replace(outcome, banner=printable(greeting) or None)
    except TimeoutError:
        return _timed_out(plan, step, silent=not data)


def _timed_out(plan: Plan, step: Step | None, *, silent: bool) -> Outcome:
    stage, reply = (step.stage, step.reply) if step else ("connect", None)
    if stage == "banner" and not silent:
        sentence = (
            f"The gateway began its banner and did not end it within {plan.timeout:g} s: it delays the rest on "
            "purpose, as postscreen and tarpits do (--timeout 30)."
        )
    elif stage == "banner":
        sentence = (
            f"The connection was accepted, and no whole banner came within {plan.timeout:g} s: {FIREWALL}, the gateway "
            "delays its banner on purpose (--timeout 30), or the port expects TLS at once (--protocol smtps)."
        )
    else:
        asked = step.asked if step else "us"
        sentence = f"The gateway did not answer {asked} within {plan.timeout:g} s."
    return Outcome("unreachable", stage, reply, sentence)
