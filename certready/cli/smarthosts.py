"""probe without a host: the smart hosts of a tenant's outbound connectors, each judged for those that send there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from certready.cli.judge import Gatherer, Prepared
from certready.cli.progress import Progress
from certready.errors import UsageError
from certready.model import Bundle, Connector, Endpoint, Evidence, Target
from certready.x509.certificate import Certificate

if TYPE_CHECKING:
    from certready.net.gateway import How

_RANGE = "The smart host {} is a range of addresses; probe the addresses in it one by one."


class Route(Struct, frozen=True):
    """The smart hosts that one or more connectors send to, as typed but in lower case and without brackets."""

    hosts: tuple[str, ...]
    connectors: tuple[Connector, ...]


def routes(prepared: Prepared) -> tuple[Route, ...]:
    """The routes of the enabled outbound connectors. Raises UsageError where none names a smart host."""
    outbound = [each for each in prepared.tenant.connectors if each.direction == "outbound" and each.enabled]
    senders: dict[tuple[str, ...], list[Connector]] = {}
    for connector in outbound:
        hosts = dict.fromkeys(host.strip().strip("[]").lower() for host in connector.smart_hosts if host.strip())
        if hosts:
            senders.setdefault(tuple(hosts), []).append(connector)
    if not senders:
        by_mx = any(connector.use_mx for connector in outbound)
        raise UsageError(
            "No enabled outbound connector of the tenant names a smart host.",
            hint="Its mail goes by MX: name the domain with --mx." if by_mx else "Name the gateway's host.",
        )
    return tuple(Route(hosts, tuple(connectors)) for hosts, connectors in senders.items())


def fetch(
    wanted: Sequence[Route], how: How, progress: Progress, arrived: Callable[[tuple[Certificate, ...]], None]
) -> Bundle:
    """What every smart host presented, each asked once.

    A smart host is a name, an address or a range of addresses (New-OutboundConnector, -SmartHosts).
    """
    from certready.net.gateway import Node, fetch_many

    hosts = dict.fromkeys(host for route in wanted for host in route.hosts)
    nodes = [Node(_bare(host), error=_RANGE.format(host) if "/" in host else None) for host in hosts]
    return fetch_many("the smart hosts of the tenant", nodes, how, progress=progress, arrived=arrived)


def gather(wanted: Sequence[Route], bundle: Bundle, gatherer: Gatherer, progress: Progress) -> list[Evidence]:
    """The evidence of each route: its own hosts, and the connectors that send there."""
    from certready.net.names import host_name

    evidence = []
    for route in wanted:
        tenant = replace(gatherer.prepared.tenant, connectors=route.connectors)
        prepared = replace(gatherer.prepared, tenant=tenant, named=True)
        names = {host_name(_bare(host)) for host in route.hosts}
        endpoints = [endpoint for endpoint in bundle.endpoints if endpoint.host in names]
        mine = part(bundle, ", ".join(route.hosts), endpoints)
        evidence.append(replace(gatherer, prepared=prepared)(mine, progress))
    return evidence


def part(bundle: Bundle, name: str, endpoints: Sequence[Endpoint]) -> Bundle:
    """What some of a bundle's endpoints presented, as a target of this name."""
    used = {chain for endpoint in endpoints for chain in endpoint.chain_ids}
    chains = tuple(chain for chain in bundle.chains if chain.id in used)
    return Bundle(Target("host", name), chains, tuple(endpoints))


def _bare(host: str) -> str:
    return host.partition("/")[0]
