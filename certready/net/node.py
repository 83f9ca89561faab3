"""One address of a gateway: the conversation up to TLS, one more attempt where it was put off, and beside it the
further TLS questions."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from certready.model.endpoint import Endpoint
from certready.net.conversation import Plan, Tell, converse
from certready.net.handshake import HandshakeError, handshake
from certready.net.questions import Questions, Result
from certready.net.resolve import Address
from certready.net.stream import dial
from certready.net.wire import ConnectError
from certready.x509.certificate import Certificate

BACK_OFF = 0.2  # of the timeout, before a gateway that answered with a temporary error is asked once more


class Seen(Struct, frozen=True):
    """What one handshake sent, DER, leaf first; empty where it came to none."""

    endpoint: Endpoint
    chain: tuple[bytes, ...] = ()
    sni: str | None = None
    further: tuple[Result, ...] = ()
    nothing_shared: bool = False  # the gateway says that it has nothing in common with what was offered


async def probe(plan: Plan, address: Address, tell: Tell, arrived: Callable[[tuple[bytes, ...]], None]) -> Seen:
    """Connect, talk, shake hands: what came of it with one address. ``arrived`` is given the first chain at once."""
    questions = Questions(plan, address)
    end = time.monotonic() + plan.total
    seen = await _attempt(questions, tell, plan.total)
    if seen.endpoint.trouble == "deferred":
        seen = await _again(questions, tell, seen, end)
    if seen.nothing_shared:
        questions, seen = await _with_every_group(questions, tell, seen, end)
    if not seen.chain:
        questions.drop()
        return seen
    arrived(seen.chain)
    family = Certificate(seen.chain[0]).parsed.key.family
    return replace(seen, further=await questions.answers(seen.endpoint.tls_version or "", family, seen.chain, end))


def unreachable(endpoint: Endpoint, sentence: str) -> Endpoint:
    """The endpoint of which no more is known than this sentence."""
    return replace(endpoint, trouble="unreachable", error=sentence)


# -- the ordinary question ----------------------------------------------------------------------------------------


async def _again(questions: Questions, tell: Tell, first: Seen, end: float) -> Seen:
    """A second attempt after a pause, where there is time for one: 421 and 450 say that it may go better."""
    pause = BACK_OFF * questions.plan.timeout
    left = end - time.monotonic() - pause
    if left <= pause:
        return first
    tell(f"{first.endpoint.name}: put off, waiting for {pause:g} s")
    await questions.plan.contexts.loop.sleep(time.monotonic() + pause)
    second = await _attempt(questions, tell, left)
    deferred = " ".join((first.endpoint.reply or "").split())
    error = second.endpoint.error
    if second.endpoint.trouble == "deferred":
        error = f"{error} (as it did {pause:g} s earlier)"
    return replace(second, endpoint=replace(second.endpoint, deferred=deferred, error=error))


async def _with_every_group(questions: Questions, tell: Tell, first: Seen, end: float) -> tuple[Questions, Seen]:
    """A second attempt that leaves out no group of the key exchange, which may be what was missing; with its questions,
    where it comes further."""
    left = end - time.monotonic()
    if left <= questions.plan.timeout:
        return questions, first
    wider = Questions(replace(questions.plan, every_group=True), questions.address)
    second = await _attempt(wider, tell, left)
    kept, other = (questions, wider) if not second.chain else (wider, questions)
    other.drop()
    return kept, second if second.chain else first


async def _attempt(questions: Questions, tell: Tell, total: float) -> Seen:
    """The ordinary question, within ``total`` seconds; the further ones start once it is let in."""
    plan, address = questions.plan, questions.address
    blank = plan.endpoint(address.text)
    tell(f"connecting to {blank.name}")
    try:
        stream = await dial(plan.contexts.loop, address, timeout=plan.timeout, total=total)
    except ConnectError as error:
        return Seen(unreachable(blank, str(error)))
    with stream:
        outcome = await converse(plan, stream, lambda stage: tell(f"{blank.name}: {stage}"), questions.start)
        reached = replace(
            blank,
            stage=outcome.stage,
            reply=outcome.reply,
            trouble=outcome.trouble,
            error=outcome.error,
            banner=outcome.banner,
        )
        if outcome.trouble:
            return Seen(reached)
        tell(f"{blank.name}: handshake")
        context = await plan.context()
        stream.begin()
        try:
            session = await handshake(stream, context, sni=plan.sni, farewell=plan.protocol.farewell)
        except HandshakeError as error:
            failed = replace(reached, trouble="handshake-failed", error=str(error))
            return Seen(failed, nothing_shared=error.nothing_shared)
        done = replace(
            reached,
            stage="done" if session.completed else "handshake",
            tls_version=session.version,
            cipher=session.cipher,
            staple=session.staple,
            asks_certificate=session.asks_certificate,
            demands_certificate=session.demands,
            elapsed_ms=stream.elapsed_ms,
        )
        return Seen(done, session.chain, plan.sni)
