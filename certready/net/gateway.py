"""Live gateways: every address they have, the dialogue up to TLS, and the chains exactly as they were sent."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import NamedTuple, get_args

from msgspec import Struct
from msgspec.structs import replace

from certready.errors import UsageError
from certready.model import Bundle, Chain, Endpoint, Target
from certready.model.patience import timeout
from certready.net.conversation import Plan, unheard
from certready.net.dns import Nameserver, ResolveError, nameserver
from certready.net.handshake import SharedContext
from certready.net.jobs import Job, NoSocketError
from certready.net.names import host_name, server_name
from certready.net.node import Seen, probe, unreachable
from certready.net.questions import CONNECTIONS
from certready.net.resolve import Address, Family, addresses
from certready.net.threads import in_parallel
from certready.net.wire import socket_sentence
from certready.smtp.starttls import check_ehlo
from certready.smtp.starttls import protocol as protocol_named
from certready.x509.certificate import Certificate

MAX_ADDRESSES = 16
MAX_HOSTS = 16
PARALLEL = 8
POLL = 0.5  # seconds between two looks for Ctrl-C, which waiting does not notice everywhere

Progress = Callable[[str], None]
Arrived = Callable[[tuple[Certificate, ...]], None]
LookUp = Callable[..., "tuple[Address, ...]"]  # as addresses does


class How(NamedTuple):
    """How gateways are asked; the fields mean what the arguments of :func:`fetch` mean. ``look_up`` finds the addresses
    of a host, and ``context`` keeps what handshakes need, for whoever asks many gateways."""

    protocol: str = "smtp"
    ehlo: str | None = None
    sni: str | None = None
    timeout: float = 10.0
    resolve: Mapping[str, Sequence[str]] = MappingProxyType({})
    family: Family = "any"
    dns: Nameserver | None = None
    gentle: bool = False
    look_up: LookUp = addresses
    context: SharedContext | None = None


class Node(NamedTuple):
    """A host to be asked. With an ``error`` it is not: the sentence becomes its endpoint's trouble."""

    host: str
    port: int | None = None
    error: str | None = None


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
    family: Family = "any",
    dns: Nameserver | str | None = None,
    gentle: bool = False,
    arrived: Arrived | None = None,
) -> Bundle:
    """Ask every address of a gateway for its certificates.

    The result is what was seen: one Endpoint for each address in the resolver's order (one without an address where
    the name leads nowhere), each different chain once as c1, c2... A gateway that cannot be reached, refuses or
    misbehaves is an Endpoint with ``trouble``, never an exception. Nothing is verified or judged.

    Args:
        host: name (IDN allowed) or IP address, IPv6 with or without brackets.
        port: by default the protocol's (25 for smtp).
        protocol: a key of :data:`certready.smtp.starttls.PROTOCOLS`.
        ehlo: the name to greet with; by default this machine's full name, else its address in brackets.
        sni: the server name sent in the handshake; by default the host, for an address none; "" sends none.
        timeout: seconds for looking up and for each step with an address; one address takes at most three times
            as long.
        progress: told a short sentence as each stage is reached, always in the caller's thread.
        resolve: addresses by host name, used instead of asking DNS.
        family: which addresses are asked: "any", "ipv4" or "ipv6".
        dns: the DNS server to ask instead of the system's resolver, as ``ADDRESS[:PORT]`` too.
        gentle: one handshake for each address. Otherwise each is asked, in connections of their own, for its
            certificates of either key type in TLS 1.2 and 1.3, and for those it has for clients that name no server.
        arrived: given the first chain of each address as soon as it is there, in the caller's thread.

    Raises:
        UsageError: host, port, protocol, ehlo, sni, family, dns or timeout are not what they must be.
    """
    if family not in get_args(Family):
        raise UsageError(f"{family!a} is no family of addresses.", hint=f"Use one of {', '.join(get_args(Family))}.")
    server = nameserver(dns) if isinstance(dns, str) else dns
    how = How(protocol, ehlo, sni, timeout, resolve or {}, family, server, gentle)
    return fetch_many(None, [Node(host, port)], how, progress=progress, arrived=arrived)


def fetch_many(
    name: str | None,
    nodes: Sequence[Node],
    how: How,
    *,
    progress: Progress | None = None,
    arrived: Arrived | None = None,
) -> Bundle:
    """Ask every address of several hosts, as :func:`fetch` does one. Hosts named twice are asked once.

    ``name`` is what they are together; None: the first one's ``host:port``. Raises UsageError.
    """
    tell = progress or (lambda _sentence: None)
    context = how.context or SharedContext()
    plans = {_plan(node, how, context): node.error for node in nodes}
    located = _locate(plans, how, tell)
    jobs = [(target.plan, address) for target in located for address in target.addresses]
    results = iter(_probe_all(jobs, context, tell if progress else None, arrived))
    seen: list[Seen] = []
    for host in located:
        seen += [*(next(results) for _ in host.addresses), *host.others]
    return _bundle(Target("host", name or _shown(next(iter(plans)))), seen)


def _shown(plan: Plan) -> str:
    return f"[{plan.host}]:{plan.port}" if ":" in plan.host else f"{plan.host}:{plan.port}"


def _plan(node: Node, how: How, context: SharedContext) -> Plan:
    protocol = protocol_named(how.protocol)
    host = host_name(node.host)
    port = protocol.port if node.port is None else node.port
    if not 0 < port < 65536:
        raise UsageError(f"{port} is no port number.", hint="Ports go from 1 to 65535.")
    if how.ehlo is not None:
        check_ehlo(how.ehlo)
    shown = server_name(host) if how.sni is None else server_name(host_name(how.sni)) if how.sni else None
    return Plan(host, port, how.protocol.lower(), protocol, how.ehlo, shown, timeout(how.timeout), how.gentle, context)


# -- where they are -----------------------------------------------------------------------------------------------


class _Located(Struct, frozen=True):
    """A host, the addresses to probe, and what is said of what is not probed."""

    plan: Plan
    addresses: tuple[Address, ...] = ()
    others: tuple[Seen, ...] = ()


def _locate(plans: Mapping[Plan, str | None], how: How, tell: Progress) -> list[_Located]:
    """The addresses of every host, looked up at the same time."""
    asked = [plan for plan, error in plans.items() if error is None][:MAX_HOSTS]

    def look_up(plan: Plan) -> _Located:
        try:
            resolved = how.look_up(
                plan.host, plan.port, timeout=how.timeout, resolve=how.resolve, family=how.family, dns=how.dns
            )
        except ResolveError as error:
            return _Located(plan, others=(Seen(unreachable(plan.endpoint(), str(error))),))
        first, rest = resolved[:MAX_ADDRESSES], resolved[MAX_ADDRESSES:]
        unprobed = (
            (Seen(unreachable(plan.endpoint(rest[0].text), _too_many(plan.host, len(resolved)))),) if rest else ()
        )
        return _Located(plan, first, unprobed)

    for plan in asked:
        tell(f"looking up {plan.host}")
    located = dict(zip(asked, in_parallel([partial(look_up, plan) for plan in asked], "resolve"), strict=True))
    return [located.get(plan) or _Located(plan, others=(_not_asked(plan, error),)) for plan, error in plans.items()]


def _not_asked(plan: Plan, error: str | None) -> Seen:
    return Seen(unreachable(plan.endpoint(), error or f"Only the first {MAX_HOSTS} hosts were probed; this was not."))


def _too_many(host: str, count: int) -> str:
    return f"{host} has {count} addresses, and only the first {MAX_ADDRESSES} were probed; this and the rest were not."


# -- every address at once ----------------------------------------------------------------------------------------

_Job = tuple[Plan, Address]


def _probe_all(
    jobs: Sequence[_Job], contexts: SharedContext, tell: Progress | None, arrived: Arrived | None
) -> list[Seen]:
    """Probe the addresses eight at a time. Who listens is told in this thread, which waits meanwhile."""
    events: queue.SimpleQueue[tuple[int, Seen | Exception] | Callable[[], object]] = queue.SimpleQueue()
    done: dict[int, Seen] = {}

    def say(sentence: str) -> None:
        if tell:
            tell(f"{sentence} ({len(done)} of {len(jobs)} addresses done)" if len(jobs) > 1 else sentence)

    def ask(number: int) -> Job:
        plan, address = jobs[number]
        begin = partial(
            probe,
            plan,
            address,
            (lambda sentence: events.put(partial(say, sentence))) if tell else unheard,
            (lambda chain: events.put(lambda: arrived(tuple(map(Certificate, chain))))) if arrived else unheard,
        )
        return contexts.loop.submit(
            begin,
            lambda came: events.put((number, came)),
            sockets=1 if plan.gentle else CONNECTIONS,
            limit=plan.total + plan.timeout,
        )

    running = {number: ask(number) for number in range(min(PARALLEL, len(jobs)))}
    try:
        contexts.load()  # while the loop waits for banners
        while running:
            try:
                event = events.get(timeout=POLL)
            except queue.Empty:
                continue
            if not isinstance(event, tuple):
                event()
                continue
            number, came = event
            del running[number]
            done[number] = _seen(came, *jobs[number])
            if len(done) + len(running) < len(jobs):
                following = len(done) + len(running)
                running[following] = ask(following)
    finally:
        for job in running.values():
            contexts.loop.cancel(job)
    return [done[number] for number in range(len(jobs))]


def _seen(came: Seen | Exception, plan: Plan, address: Address) -> Seen:
    """What a probe came to, and the sentence where it came to no end. Raises whatever else it did."""
    if isinstance(came, TimeoutError):
        late = f"The probe did not come to an end within {plan.total:g} s."
        return Seen(unreachable(plan.endpoint(address.text), late))
    if isinstance(came, NoSocketError):
        return Seen(unreachable(plan.endpoint(address.text), socket_sentence(address, came)))
    if isinstance(came, Exception):
        raise came
    return came


# -- what they showed ---------------------------------------------------------------------------------------------


def _bundle(target: Target, seen: Sequence[Seen]) -> Bundle:
    """Each different chain once: first those of the ordinary handshakes in the order of the endpoints, then those that
    only a further question brought up."""
    names: dict[tuple[bytes, ...], str | None] = {}
    for shown in seen:
        if shown.chain:
            names.setdefault(shown.chain, shown.sni)
    for shown in seen:
        for result in shown.further:
            if result.chain:
                names.setdefault(result.chain, None if result.handshake.question.startswith("no-name") else shown.sni)
    ids = {chain: f"c{number}" for number, chain in enumerate(names, 1)}
    chains = tuple(Chain(ids[ders], "tls", tuple(map(Certificate, ders)), sni=sni) for ders, sni in names.items())
    return Bundle(target, chains, tuple(_endpoint(shown, ids) for shown in seen))


def _endpoint(seen: Seen, ids: Mapping[tuple[bytes, ...], str]) -> Endpoint:
    further = tuple(replace(result.handshake, chain=ids.get(result.chain)) for result in seen.further)
    return replace(seen.endpoint, chain=ids.get(seen.chain), handshakes=further)
