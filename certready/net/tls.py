"""A live gateway: every address it has, the dialogue up to TLS, and the chain exactly as it was sent."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from certready.certificate import Certificate
from certready.errors import UsageError
from certready.model import Bundle, Chain, Endpoint, Target
from certready.net.handshake import HandshakeError, SharedContext, handshake
from certready.net.resolve import Address, ResolveError, addresses, greeting_name, host_name, server_name
from certready.net.wire import FIREWALL, ConnectError, Wire
from certready.starttls import Outcome, Protocol, Step, check_ehlo
from certready.starttls import protocol as protocol_named

MAX_ADDRESSES = 16
PARALLEL = 8
TOTAL_STEPS = 3  # one address may take so many times the timeout altogether

Progress = Callable[[str], None]


def fetch(
    host: str,
    port: int | None = None,
    *,
    protocol: str = "smtp",
    ehlo: str | None = None,
    sni: str | None = None,
    timeout: float = 10.0,
    progress: Progress | None = None,
    resolve: Mapping[str, Sequence[str]] | None = None,
) -> Bundle:
    """Ask every address of a gateway for its certificate.

    The result is what was seen: one Endpoint for each address in the resolver's order (one without an address where
    the name leads nowhere), each different chain once as c1, c2... A gateway that cannot be reached, refuses or
    misbehaves is an Endpoint with ``trouble``, never an exception. Nothing is verified or judged.

    Args:
        host: name (IDN allowed) or IP address, IPv6 with or without brackets.
        port: by default the protocol's (25 for smtp).
        protocol: a key of :data:`certready.starttls.PROTOCOLS`.
        ehlo: the name to greet with; by default this machine's full name, else its address in brackets.
        sni: the server name sent in the handshake; by default the host, for an address none.
        timeout: seconds for looking up and for each step with an address; one address takes at most three times
            as long.
        progress: told a short sentence as each stage is reached, always in the caller's thread.
        resolve: addresses by host name, used instead of asking DNS.

    Raises:
        UsageError: host, port, protocol, ehlo, sni or timeout are not what they must be.
    """
    plan = _plan(host, port, protocol, timeout, ehlo=ehlo, sni=sni)
    tell = progress or (lambda _sentence: None)
    target = Target("host", f"[{plan.host}]:{plan.port}" if ":" in plan.host else f"{plan.host}:{plan.port}")
    tell(f"looking up {plan.host}")
    try:
        found = addresses(plan.host, plan.port, timeout=timeout, resolve=resolve)
    except ResolveError as error:
        return Bundle(target, (), (_failed(plan.endpoint(""), str(error)),))
    seen = _probe_all(plan, found[:MAX_ADDRESSES], tell)
    if len(found) > MAX_ADDRESSES:
        seen.append(_Seen(_failed(plan.endpoint(found[MAX_ADDRESSES].text), _too_many(plan.host, len(found)))))
    return _bundle(target, plan, seen)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is done with every address."""

    host: str
    port: int
    protocol_name: str
    protocol: Protocol
    ehlo: str | None
    sni: str | None
    timeout: float
    context: SharedContext

    @property
    def total(self) -> float:
        return self.timeout * TOTAL_STEPS

    def endpoint(self, address: str) -> Endpoint:
        return Endpoint(self.host, address, self.port, protocol=self.protocol_name)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One address's endpoint and the chain it sent, DER, empty where it came to none."""

    endpoint: Endpoint
    chain: tuple[bytes, ...] = ()


def _plan(host: str, port: int | None, protocol: str, timeout: float, *, ehlo: str | None, sni: str | None) -> _Plan:
    how = protocol_named(protocol)
    name = host_name(host)
    number = how.port if port is None else port
    if not 0 < number < 65536:
        raise UsageError(f"{number} is no port number.", hint="Ports go from 1 to 65535.")
    if not (timeout > 0 and math.isfinite(timeout)) or timeout > 3600:
        raise UsageError(f"A timeout of {timeout:g} s cannot be kept.", hint="Give seconds, more than 0, at most 3600.")
    if ehlo is not None:
        check_ehlo(ehlo)
    shown = server_name(name) if sni is None else server_name(host_name(sni))
    return _Plan(name, number, protocol, how, ehlo, shown, timeout, SharedContext())


# -- every address at once ----------------------------------------------------------------------------------------

_Event = str | tuple[int, _Seen] | Exception


def _probe_all(plan: _Plan, found: Sequence[Address], tell: Progress) -> list[_Seen]:
    """Probe the addresses in daemon threads, eight at a time, and wait no longer than their limits allow."""
    events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
    todo = deque(enumerate(found))
    rounds = math.ceil(len(found) / PARALLEL)
    end = time.monotonic() + rounds * plan.total + plan.timeout
    for _ in range(min(PARALLEL, len(found))):
        threading.Thread(target=_work, args=(plan, todo, events), name="certready-probe", daemon=True).start()
    plan.context.get()  # OpenSSL is imported here while the threads wait for banners
    done: dict[int, _Seen] = {}
    while len(done) < len(found):
        try:
            event = events.get(timeout=max(end - time.monotonic(), 0))
        except queue.Empty:
            break
        if isinstance(event, Exception):
            raise event
        if isinstance(event, str):
            tell(event)
        else:
            done[event[0]] = event[1]
    late = f"The probe did not come to an end within {rounds * plan.total:g} s."
    return [done.get(index, _Seen(_failed(plan.endpoint(address.text), late))) for index, address in enumerate(found)]


def _work(plan: _Plan, todo: deque[tuple[int, Address]], events: queue.SimpleQueue[_Event]) -> None:
    while True:
        try:
            index, address = todo.popleft()
        except IndexError:
            return
        try:
            events.put((index, _probe(plan, address, events.put)))
        except Exception as error:  # noqa: BLE001 - a bug: raised again in the caller's thread
            events.put(error)


# -- one address ----------------------------------------------------------------------------------------------------


def _probe(plan: _Plan, address: Address, tell: Progress) -> _Seen:
    """Connect, talk, shake hands: what came of it with one address."""
    blank = plan.endpoint(address.text)
    tell(f"connecting to {blank.name}")
    try:
        wire = Wire(address, timeout=plan.timeout, total=plan.total)
    except ConnectError as error:
        return _Seen(_failed(blank, str(error)))
    with wire:
        outcome = _converse(plan, wire, lambda stage: tell(f"{blank.name}: {stage}"))
        reached = replace(blank, stage=outcome.stage, reply=outcome.reply, trouble=outcome.trouble, error=outcome.error)
        if outcome.trouble:
            return _Seen(reached)
        tell(f"{blank.name}: handshake")
        wire.begin()
        try:
            session = handshake(wire, plan.context.get(), sni=plan.sni, farewell=plan.protocol.farewell)
        except HandshakeError as error:
            return _Seen(replace(reached, trouble="handshake-failed", error=str(error)))
        return _Seen(
            replace(
                reached,
                stage="done",
                tls_version=session.version,
                cipher=session.cipher,
                staple=session.staple,
                elapsed_ms=wire.elapsed_ms,
            ),
            session.chain,
        )


def _converse(plan: _Plan, wire: Wire, tell: Progress) -> Outcome:
    """Drive the protocol's dialogue over the wire until it ends or time is up."""
    dialogue = plan.protocol.dialogue(plan.ehlo or greeting_name(wire.local))
    step: Step | None = None
    try:
        step = next(dialogue)
        wire.begin()
        tell(step.stage)
        while True:
            if step.send:
                wire.begin()
                tell(step.stage)
                wire.send(step.send)
            step = dialogue.send(wire.receive())
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    except TimeoutError:
        return _timed_out(plan, step)


def _timed_out(plan: _Plan, step: Step | None) -> Outcome:
    stage, reply = (step.stage, step.reply) if step else ("connect", None)
    if stage == "banner":
        sentence = (
            f"The connection was accepted, and no whole banner came within {plan.timeout:g} s: {FIREWALL}, or the port "
            "expects TLS at once (--protocol smtps)."
        )
    else:
        sentence = f"The gateway did not answer {stage.upper()} within {plan.timeout:g} s."
    return Outcome("unreachable", stage, reply, sentence)


def _failed(endpoint: Endpoint, sentence: str) -> Endpoint:
    return replace(endpoint, trouble="unreachable", error=sentence)


def _too_many(host: str, count: int) -> str:
    return f"{host} has {count} addresses, and only the first {MAX_ADDRESSES} were probed; this and the rest were not."


def _bundle(target: Target, plan: _Plan, seen: Sequence[_Seen]) -> Bundle:
    """Each different chain once, numbered in the order of the endpoints that sent it."""
    ids: dict[tuple[bytes, ...], str] = {}
    endpoints = []
    for one in seen:
        chain = ids.setdefault(one.chain, f"c{len(ids) + 1}") if one.chain else None
        endpoints.append(replace(one.endpoint, chain=chain))
    chains = tuple(Chain(name, "tls", tuple(map(Certificate, ders)), sni=plan.sni) for ders, name in ids.items())
    return Bundle(target, chains, tuple(endpoints))
