"""MTA-STS of a mail domain: its TXT record, its policy over HTTPS, and the hosts that its MX names."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from msgspec import Struct

from certready import bounds
from certready.model import MtaSts
from certready.model.budget import Budget
from certready.mta_sts import LARGEST_POLICY
from certready.net.dns import (
    Nameserver,
    NoSuchNameError,
    ResolveError,
    exchangers,
    host_addresses,
    texts,
)
from certready.net.http.guard import Run
from certready.net.http.request import Request, Result, Route, exchange
from certready.net.threads import start

PATH = "/.well-known/mta-sts.txt"
MOST_TEXTS = 50
MOST_HOSTS = bounds.MAIL_HOSTS


class Way(Struct, frozen=True):
    """How the policy host is reached: ``server`` is the DNS server to ask about it too, None for the system's.

    ``timeout`` is in seconds for each step; ``ca_bundle`` a PEM file of the roots that count for HTTPS, certifi's where
    None; ``allow_private`` lets the host's address be private. ``port`` is another than 443 in tests alone.
    """

    server: Nameserver | None = None
    timeout: float = 10.0
    ca_bundle: str | None = None
    proxy: str | None = None
    allow_private: bool = False
    port: int = 443


def ask_about(domain: str, way: Way, clock: Callable[[], float] = time.monotonic) -> MtaSts:
    """What a mail domain (an A-label name) has published, all asked at once. Never raises for what others answer."""
    server = way.server or Nameserver()
    url = f"https://mta-sts.{domain}{f':{way.port}' if way.port != 443 else ''}{PATH}"
    hosts = start(partial(_hosts, domain, server, way), "mx")
    policy = start(partial(_policy, url, way, clock), "policy")
    published, trouble = _texts(domain, server, way)
    named, unnamed = hosts.result()
    try:
        served = policy.result(3 * way.timeout)
    except TimeoutError:
        served = Result(error="It did not answer completely in time.")
    return MtaSts(
        domain,
        hosts=named,
        hosts_error=unnamed,
        texts=published,
        texts_error=trouble,
        url=url,
        body=served.body,
        media_type=served.media_type[:200],
        status=served.status,
        error=served.error,
    )


def _texts(domain: str, server: Nameserver, way: Way) -> tuple[tuple[str, ...], str | None]:
    try:
        return texts(f"_mta-sts.{domain}", server, timeout=way.timeout)[:MOST_TEXTS], None
    except NoSuchNameError:
        return (), None
    except ResolveError as error:
        return (), str(error)


def _hosts(domain: str, server: Nameserver, way: Way) -> tuple[tuple[str, ...], str | None]:
    try:
        records = exchangers(domain, server, timeout=way.timeout)
    except ResolveError as error:
        return (), str(error)
    hosts = tuple(dict.fromkeys(record.host for record in records if record.host)) if records else (domain,)
    return hosts[:MOST_HOSTS], None


def _policy(url: str, way: Way, clock: Callable[[], float]) -> Result:
    """The policy as a sender fetches it: no redirect, a certificate for the host by a root that counts (RFC 8461, 3.3).
    A named DNS server is asked about the host as about everything else."""
    host = url.split("/")[2].partition(":")[0]
    pinned: dict[str, tuple[str, ...]] = {}
    if way.server is not None:
        try:
            pinned[host] = host_addresses(host, way.server, timeout=way.timeout).addresses
        except ResolveError as error:
            return Result(error=str(error))
    run = Run(way.allow_private, way.timeout, clock() + 2 * way.timeout, clock, pinned)
    try:
        request = Request(url, limit=LARGEST_POLICY, follow=False)
        return exchange(request, Route(way.proxy, way.ca_bundle), run, Budget())
    finally:
        run.abandon()
