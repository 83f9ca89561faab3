"""probe without a host: the smart hosts of a tenant's outbound connectors, each judged for those that send there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from certready.cli import output
from certready.cli.judge import Gatherer, Prepared, Progress
from certready.cli.shared import Shared
from certready.errors import UsageError
from certready.model import Bundle, Connector, Evidence, Target
from certready.model.report import exit_code, worst
from certready.x509.certificate import Certificate

if TYPE_CHECKING:
    from certready.net.gateway import How

_RANGE = "The smart host {} is a range of addresses; probe the addresses in it one by one."


class Route(NamedTuple):
    """The smart hosts that one or more connectors send to, as typed but in lower case and without brackets."""

    hosts: tuple[str, ...]
    connectors: tuple[Connector, ...]


def routes(prepared: Prepared) -> tuple[Route, ...]:
    """The routes of the enabled outbound connectors. Raises UsageError where none names a smart host."""
    outbound = [one for one in prepared.connectors if one.direction == "outbound" and one.enabled]
    found: dict[tuple[str, ...], list[Connector]] = {}
    for connector in outbound:
        hosts = dict.fromkeys(host.strip().strip("[]").lower() for host in connector.smart_hosts if host.strip())
        if hosts:
            found.setdefault(tuple(hosts), []).append(connector)
    if not found:
        by_mx = any(one.use_mx for one in outbound)
        raise UsageError(
            "No enabled outbound connector of the tenant names a smart host.",
            hint="Its mail goes by MX: name the domain with --mx." if by_mx else "Name the gateway's host.",
        )
    return tuple(Route(hosts, tuple(connectors)) for hosts, connectors in found.items())


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
    found = []
    for route in wanted:
        prepared = replace(gatherer.prepared, connectors=route.connectors, named=True)
        found.append(replace(gatherer, prepared=prepared)(_part(bundle, route), progress))
    return found


def conclude_all(evidence: Sequence[Evidence], wanted: Shared, destinations: Sequence[output.Destination]) -> int:
    """Judge each, write all reports as one document. Returns the exit code of the worst. Raises UsageError."""
    from certready.judging import judge

    if wanted.save_evidence or wanted.remedies:
        raise UsageError(
            "The tenant's connectors have several smart hosts, and evidence and remedies are written for one.",
            hint="Choose with --connector NAME.",
        )
    reports = [judge(one) for one in evidence]
    verdict = worst(report.verdict for report in reports)
    output.emit_many(reports, verdict, destinations, verbose=wanted.verbose)
    return exit_code(verdict)


def _part(bundle: Bundle, route: Route) -> Bundle:
    from certready.net.names import host_name

    names = {host_name(_bare(host)) for host in route.hosts}
    endpoints = tuple(one for one in bundle.endpoints if one.host in names)
    used = {chain for one in endpoints for chain in one.chain_ids}
    chains = tuple(chain for chain in bundle.chains if chain.id in used)
    return Bundle(Target("host", ", ".join(route.hosts)), chains, endpoints)


def _bare(host: str) -> str:
    return host.partition("/")[0]
