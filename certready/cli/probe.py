"""probe: one gateway, the gateways of a mail domain, or the smart hosts of a tenant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Struct
from msgspec.structs import replace

from certready.cli import output
from certready.cli.commands import argument, command, option
from certready.cli.connection import Connection, how_asked
from certready.cli.judge import Gatherer, conclude, conclude_all, gatherer, one_to_save, prepare, replayed
from certready.cli.options import present
from certready.cli.progress import Progress, waiting
from certready.cli.shared import DnsAnchor, Shared
from certready.errors import UsageError
from certready.model import Ask, Bundle, Chain, Evidence, Target
from certready.net.threads import Task, start
from certready.typed import host_and_port
from certready.wording import host_port
from certready.x509.certificate import Certificate

if TYPE_CHECKING:
    from certready.net.gateway import Node
    from certready.net.http.prefetch import Ahead

Arrived = Callable[[tuple[Certificate, ...]], None]
MAX_HOSTS = 16  # as many as one run asks


class Asked(Struct, frozen=True):
    """Who is asked, how, and what the mail domain's promises are compared with; as typed."""

    hosts: tuple[str, ...]
    connection: Connection
    mx: str | None = None
    dane: bool = False
    anchor: Path | None = None
    mta_sts: bool = False


@command(
    "certready probe mail.contoso.com --outbound mail.contoso.com",
    "certready probe --mx contoso.com --dane --mta-sts --outbound '*.contoso.com'",
    "certready probe --tenant tenant.json",
)
def probe(
    hosts: Annotated[
        tuple[str, ...],
        argument("HOST[:PORT]...", help="Gateways, each at every address of its name; each has a report of its own."),
    ] = (),
    *,
    mx: Annotated[
        str | None, option("--mx", help="Every host that the MX records of this mail domain name.", metavar="DOMAIN")
    ] = None,
    connection: Connection,
    dane: Annotated[bool, option("--dane", help="Compare with the TLSA records of each host, by DNSSEC.")] = False,
    mta_sts: Annotated[bool, option("--mta-sts", help="With --mx: compare with the policy of the domain.")] = False,
    dns_anchor: DnsAnchor = None,
    shared: Shared,
) -> int:
    """Judge the certificates that live gateways present on every address of their names.

    With --tenant and no host, the smart hosts of the tenant's outbound connectors are probed.
    """
    asked = Asked(hosts, connection, mx, dane, dns_anchor, mta_sts)
    destinations = output.destinations(shared.formats)
    if shared.replay:
        saved = replayed(prepare(shared, "server"), asked.hosts or asked.mx)
        return conclude(_promised(saved, asked, shared, lambda _: None), shared, destinations)
    _check(asked, shared)
    prepared = prepare(shared, "server")
    from certready.cli import smarthosts

    routes = () if asked.hosts or asked.mx else smarthosts.routes(prepared)
    one_to_save(len(routes), shared, "Choose one of the tenant's connectors with --connector NAME.")
    with waiting(quiet=shared.quiet) as progress:
        later = start(partial(gatherer, prepared, progress.count), "store")
        from certready.net.http.prefetch import Ahead

        ahead = Ahead(lambda: later.result().fetcher)
        arrived = partial(_begin, ahead, later)
        if routes:
            bundle = smarthosts.fetch(routes, how_asked(connection, shared.timeout), progress, arrived)
        else:
            bundle = fetch(asked, shared.timeout, progress, arrived)
        gather = later.result()
        gather = replace(gather, fetcher=ahead if gather.fetcher else None)
        if routes:
            evidence = smarthosts.gather(routes, bundle, gather, progress)
        else:
            evidence = [gather(each, progress) for each in _apart(bundle, _nodes(asked))]
        evidence = [_promised(each, asked, shared, progress) for each in evidence]
    if len(evidence) > 1:
        return conclude_all(evidence, shared, destinations)
    return conclude(evidence[0], shared, destinations)


def _promised(evidence: Evidence, asked: Asked, shared: Shared, progress: Callable[[str], None]) -> Evidence:
    """With what the domain promises about the hosts, where ``--dane`` and ``--mta-sts`` ask for it."""
    if not asked.dane and not asked.mta_sts:
        return evidence
    from certready.cli import promises
    from certready.net.dns import domain_name

    dns = promises.Resolving(asked.connection.dns, asked.anchor)
    if asked.dane:
        wanted = promises.probed(evidence, asked.mx)
        evidence = promises.with_dane(evidence, wanted, dns, shared, progress=progress)
    if asked.mta_sts and asked.mx:
        evidence = promises.with_mta_sts(evidence, domain_name(asked.mx), dns, shared, progress=progress)
    return evidence


def _check(asked: Asked, wanted: Shared) -> None:
    """Raises UsageError for options that cannot be meant together."""
    if wanted.offline:
        raise UsageError(
            "A probe needs the network.", hint="Leave --offline out, or judge a file with certready check."
        )
    if asked.hosts and asked.mx:
        raise UsageError("Name hosts or --mx DOMAIN, not both.", hint="Run probe once for each.")
    if asked.mta_sts and not asked.mx:
        raise UsageError(
            "--mta-sts needs the mail domain, whose policy it is.", hint="certready probe --mx contoso.com --mta-sts"
        )
    if len(asked.hosts) > MAX_HOSTS:
        raise UsageError(f"probe asks at most {MAX_HOSTS} hosts at once.", hint="Run it once for each group of them.")
    one_to_save(len(_nodes(asked)), wanted, "Run probe once for each host.")
    if not (asked.hosts or asked.mx or wanted.tenant):
        raise UsageError(
            "No host was named.",
            hint="certready probe mail.contoso.com --outbound mail.contoso.com, or --mx contoso.com, or --tenant FILE "
            "for the smart hosts of its outbound connectors.",
        )


def fetch(asked: Asked, timeout: float, progress: Progress, arrived: Arrived | None = None) -> Bundle:
    """What the hosts presented. Raises UsageError."""
    from certready.net.gateway import fetch_many

    how = how_asked(asked.connection, timeout)
    if asked.mx:
        from certready.net.mx import fetch_mx

        return fetch_mx(asked.mx, how, note=partial(_note, progress), progress=progress, arrived=arrived)
    return fetch_many(None, _nodes(asked), how, progress=progress, arrived=arrived)


def _nodes(asked: Asked) -> list[Node]:
    """The hosts that were named, each once, with their ports. Raises UsageError."""
    from certready.net.gateway import Node
    from certready.net.names import host_name
    from certready.smtp.starttls import protocol

    default = protocol(asked.connection.protocol).port
    places = (host_and_port(text) for text in asked.hosts)
    return [Node(*place) for place in dict.fromkeys((host_name(host), port or default) for host, port in places)]


def _apart(bundle: Bundle, nodes: Sequence[Node]) -> list[Bundle]:
    """What each of several hosts presented, as a bundle of its own."""
    if len(nodes) < 2:
        return [bundle]
    from certready.cli import smarthosts

    return [
        smarthosts.part(
            bundle,
            host_port(node.host, node.port),
            [endpoint for endpoint in bundle.endpoints if (endpoint.host, endpoint.port) == (node.host, node.port)],
        )
        for node in nodes
    ]


def _note(progress: Progress, sentence: str) -> None:
    with progress.aside():
        output.note(sentence)


# -- side by side -------------------------------------------------------------------------------------------------


def _begin(ahead: Ahead, later: Task[Gatherer], certificates: tuple[Certificate, ...]) -> None:
    """Begin to fetch what judging this chain will need."""
    ahead.start(partial(_asks, later, certificates))


def _asks(later: Task[Gatherer], certificates: tuple[Certificate, ...]) -> tuple[Ask, ...]:
    """What gathering will ask about this chain."""
    from certready.fetching import first_asks

    gather = later.result()
    bundle = Bundle(Target("host", ""), (Chain("c1", "tls", certificates),))
    return first_asks(bundle, gather.roots, gather.prepared.options, present())
