"""The gateways of a mail domain: every host its MX records name, each with every address."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import Struct

from certready.errors import UsageError
from certready.exchange.clouds import is_exchange_online
from certready.model import Bundle
from certready.net.dns import Exchanger, Located, Nameserver, ResolveError, domain_name, exchangers, host_addresses
from certready.net.gateway import Arrived, How, Node, Progress, fetch_many
from certready.net.names import host_name, is_literal
from certready.net.threads import in_parallel


class Mail(Struct, frozen=True):
    """Where a domain's mail goes: the hosts to ask in order of preference, the addresses found for them, and ``notes``,
    sentences about what is odd or left out."""

    nodes: tuple[Node, ...]
    resolve: dict[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()


def fetch_mx(
    domain: str,
    how: How,
    *,
    note: Callable[[str], None] | None = None,
    progress: Progress | None = None,
    arrived: Arrived | None = None,
    mail: Mail | None = None,
) -> Bundle:
    """Ask every address of every host that a domain's MX records name; the bundle's target is ``mx of DOMAIN``.

    ``how.dns`` is the server to ask, by default those of the system; ``how.resolve`` still goes first for the hosts.
    ``mail`` is what :func:`find` said of the domain, where that is known already.
    A domain that does not exist, takes no mail or cannot be looked up is an Endpoint with ``trouble``. ``note`` is told
    a sentence about everything odd. Raises UsageError where every host is Exchange Online's own.
    """
    name = domain_name(domain)
    if progress:
        progress(f"looking up the MX of {name}")
    mail = find(name, how) if mail is None else mail
    if note:
        for sentence in mail.notes:
            note(sentence)
    located = how._replace(resolve={**mail.resolve, **how.resolve}, dns=how.dns or Nameserver())
    return fetch_many(f"mx of {name}", mail.nodes, located, progress=progress, arrived=arrived)


def find(domain: str, how: How) -> Mail:
    """Where the mail of a domain (an A-label name) goes. Raises UsageError where that is Exchange Online alone."""
    server = how.dns or Nameserver()
    try:
        records = exchangers(domain, server, timeout=how.timeout)
    except ResolveError as error:
        return Mail((Node(domain, error=str(error)),), {})
    if not records:
        text = f"{domain} has no MX record, so its mail goes to its own address (RFC 5321, 5.1)."
        return Mail((Node(domain),), {}, (text,))
    if all(not record.host for record in records):
        text = f"{domain} takes no mail: it has a null MX (RFC 7505), so there is no gateway to probe."
        return Mail((Node(domain, error=text),), {})
    return _located(_own(domain, records), server, how)


def _own(domain: str, records: tuple[Exchanger, ...]) -> Mail:
    """The hosts that are not Microsoft's."""
    hosts = tuple(dict.fromkeys(record.host for record in records if record.host))
    theirs = [host for host in hosts if is_exchange_online(host)]
    if len(theirs) == len(hosts):
        raise UsageError(
            f"The MX of {domain} is {theirs[0]}: this is Exchange Online, not your gateway.",
            hint="Name the gateway itself, as in certready probe gw.contoso.com, or take it from the outbound "
            "connector with --tenant FILE.",
        )
    notes = tuple(f"The MX {host} is Exchange Online, not your gateway, and is not probed." for host in theirs)
    return Mail(tuple(_node(host, domain) for host in hosts if host not in theirs), {}, notes)


def _node(host: str, domain: str) -> Node:
    """The host of an MX record, or why mail servers cannot use it (RFC 5321, 5.1; RFC 1123, 2.1)."""
    try:
        name = host_name(host)
    except UsageError:
        return Node(domain, error=f"An MX record names {host[:80]!a}, which is no host name.")
    if is_literal(name):
        return Node(name, error=f"An MX record names the address {name}; it must name a host, and none will follow it.")
    return Node(name)


def _located(mail: Mail, server: Nameserver, how: How) -> Mail:
    """With the addresses of every host that is not given one by hand."""
    given = {host_name(name) for name in how.resolve}
    hosts = [node.host for node in mail.nodes if node.error is None and node.host not in given]
    results = in_parallel([partial(_look_up, host, server, how.timeout) for host in hosts], "dns")
    errors = {
        host: str(result) for host, result in zip(hosts, results, strict=True) if isinstance(result, ResolveError)
    }
    located = {host: result for host, result in zip(hosts, results, strict=True) if isinstance(result, Located)}
    aliases = tuple(
        f"The MX {host} is an alias (CNAME) of {location.canonical}, which RFC 2181, 10.3 forbids; some servers will "
        "not send there."
        for host, location in located.items()
        if location.canonical
    )
    nodes = tuple(node._replace(error=node.error or errors.get(node.host)) for node in mail.nodes)
    return Mail(nodes, {host: location.addresses for host, location in located.items()}, (*mail.notes, *aliases))


def _look_up(host: str, server: Nameserver, timeout: float) -> Located | ResolveError:
    try:
        return host_addresses(host, server, timeout=timeout)
    except ResolveError as error:
        return error
