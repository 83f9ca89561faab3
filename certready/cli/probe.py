"""probe: one gateway, the gateways of a mail domain, or the smart hosts of a tenant."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from msgspec.structs import replace

from certready.cli import output
from certready.cli.commands import argument, command, option
from certready.cli.judge import Gatherer, conclude, conclude_all, gatherer, prepare, replayed
from certready.cli.options import host_and_port, present
from certready.cli.progress import Progress, waiting
from certready.cli.shared import Dns, DnsAnchor, Ehlo, Gentle, IPv4, IPv6, Protocol, Resolve, Shared, Sni
from certready.errors import UsageError
from certready.model import Ask, Bundle, Chain, Evidence, Target
from certready.net.threads import Task, start
from certready.x509.certificate import Certificate

if TYPE_CHECKING:
    from certready.net.gateway import How, Node
    from certready.net.http.prefetch import Ahead
    from certready.net.resolve import Family

Arrived = Callable[[tuple[Certificate, ...]], None]
MAX_HOSTS = 16  # as many as one run asks


class Asked(NamedTuple):
    """The options of ``probe`` alone, as typed."""

    hosts: tuple[str, ...]
    mx: str | None
    protocol: str
    resolve: tuple[str, ...]
    dns: str | None
    ehlo: str | None
    sni: str | None
    ipv4: bool
    ipv6: bool
    gentle: bool
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
    protocol: Protocol = "smtp",
    resolve: Resolve = (),
    dns: Dns = None,
    ehlo: Ehlo = None,
    sni: Sni = None,
    ipv4: IPv4 = False,
    ipv6: IPv6 = False,
    gentle: Gentle = False,
    dane: Annotated[bool, option("--dane", help="Compare with the TLSA records of each host, by DNSSEC.")] = False,
    mta_sts: Annotated[bool, option("--mta-sts", help="With --mx: compare with the policy of the domain.")] = False,
    dns_anchor: DnsAnchor = None,
    shared: Shared,
) -> int:
    """Judge the certificates that live gateways present on every address of their names.

    With --tenant and no host, the smart hosts of the tenant's outbound connectors are probed.
    """
    asked = Asked(hosts, mx, protocol, resolve, dns, ehlo, sni, ipv4, ipv6, gentle, dane, dns_anchor, mta_sts)
    destinations = output.destinations(shared.formats)
    if shared.replay:
        saved = replayed(prepare(shared, "server"), asked.hosts or asked.mx)
        return conclude(_promised(saved, asked, shared, lambda _: None), shared, destinations)
    _check(asked, shared)
    prepared = prepare(shared, "server")
    from certready.cli import smarthosts

    routes = () if asked.hosts or asked.mx else smarthosts.routes(prepared)
    with waiting(quiet=shared.quiet) as progress:
        later = start(partial(gatherer, prepared, progress.count), "store")
        from certready.net.http.prefetch import Ahead

        ahead = Ahead(lambda: later.result().fetcher)
        arrived = partial(_begin, ahead, later)
        if routes:
            bundle = smarthosts.fetch(routes, how_asked(asked, shared.timeout), progress, arrived)
        else:
            bundle = fetch(asked, shared.timeout, progress, arrived)
        gather = later.result()
        gather = replace(gather, fetcher=ahead if gather.fetcher else None)
        if routes:
            evidence = smarthosts.gather(routes, bundle, gather, progress)
        else:
            evidence = [gather(each, progress) for each in _apart(bundle, _nodes(asked))]
        evidence = [_promised(one, asked, shared, progress) for one in evidence]
    if len(evidence) > 1:
        hint = "Probe one host at a time, or choose one of the tenant's connectors with --connector NAME."
        return conclude_all(evidence, shared, destinations, hint)
    return conclude(evidence[0], shared, destinations)


def _promised(evidence: Evidence, asked: Asked, shared: Shared, progress: Callable[[str], None]) -> Evidence:
    """With what the domain promises about the hosts, where ``--dane`` and ``--mta-sts`` ask for it."""
    if not asked.dane and not asked.mta_sts:
        return evidence
    from certready.cli import promises
    from certready.net.dns import domain_name

    dns = promises.Resolving(asked.dns, asked.anchor)
    if asked.dane:
        wanted = promises.probed(evidence, asked.mx)
        evidence = promises.with_dane(evidence, wanted, dns, shared, progress)
    if asked.mta_sts and asked.mx:
        evidence = promises.with_mta_sts(evidence, domain_name(asked.mx), dns, shared, progress)
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
    if len(_nodes(asked)) > 1 and wanted.save_evidence:
        raise UsageError(
            "--save-evidence writes what is known of one host, and several were named.",
            hint="Run probe once for each host.",
        )
    if not (asked.hosts or asked.mx or wanted.tenant):
        raise UsageError(
            "No host was named.",
            hint="certready probe mail.contoso.com --outbound mail.contoso.com, or --mx contoso.com, or --tenant FILE "
            "for the smart hosts of its outbound connectors.",
        )


def fetch(asked: Asked, timeout: float, progress: Progress, arrived: Arrived | None = None) -> Bundle:
    """What the hosts presented. Raises UsageError."""
    from certready.net.gateway import fetch_many

    how = how_asked(asked, timeout)
    if asked.mx:
        from certready.net.mx import fetch_mx

        return fetch_mx(asked.mx, how, note=partial(_note, progress), progress=progress, arrived=arrived)
    return fetch_many(None, _nodes(asked), how, progress=progress, arrived=arrived)


def _nodes(asked: Asked) -> list[Node]:
    """The hosts that were named, each once, with their ports. Raises UsageError."""
    from certready.net.gateway import Node
    from certready.net.names import host_name
    from certready.smtp.starttls import protocol

    default = protocol(asked.protocol).port
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
            f"[{node.host}]:{node.port}" if ":" in node.host else f"{node.host}:{node.port}",
            [endpoint for endpoint in bundle.endpoints if (endpoint.host, endpoint.port) == (node.host, node.port)],
        )
        for node in nodes
    ]


def how_asked(asked: Asked, timeout: float) -> How:
    """How gateways are asked. Raises UsageError for options that contradict each other or cannot be read."""
    from certready.net.gateway import How

    if asked.ipv4 and asked.ipv6:
        raise UsageError("-4 and -6 exclude each other.", hint="Leave both out to probe every address.")
    server = None
    if asked.dns:
        from certready.net.dns import nameserver

        server = nameserver(asked.dns)
    family: Family = "ipv4" if asked.ipv4 else "ipv6" if asked.ipv6 else "any"
    return How(asked.protocol, asked.ehlo, asked.sni, timeout, _resolved(asked.resolve), family, server, asked.gentle)


def _resolved(texts: tuple[str, ...]) -> dict[str, list[str]]:
    """``HOST=IP`` as addresses by host name. Raises UsageError."""
    from certready.net.names import host_name

    found: dict[str, list[str]] = {}
    for text in texts:
        host, separator, address = text.partition("=")
        if not separator or not address:
            raise UsageError(
                f"--resolve {text!a} is no HOST=IP.", hint="Write --resolve gw.contoso.com=192.0.2.1, once per address."
            )
        found.setdefault(host_name(host), []).append(address)
    return found


def _note(progress: Progress, sentence: str) -> None:
    with progress.aside():
        output.write(sys.stderr, f"note: {sentence}\n")


# -- side by side -------------------------------------------------------------------------------------------------


def _begin(ahead: Ahead, later: Task[Gatherer], certificates: tuple[Certificate, ...]) -> None:
    """Begin to fetch what judging this chain will need."""
    ahead.start(partial(_asks, later, certificates))


def _asks(later: Task[Gatherer], certificates: tuple[Certificate, ...]) -> tuple[Ask, ...]:
    """What gathering will ask about this chain."""
    from certready.gathering import first_asks

    gather = later.result()
    bundle = Bundle(Target("host", ""), (Chain("c1", "tls", certificates),))
    return first_asks(bundle, gather.roots, gather.prepared.options, present())
