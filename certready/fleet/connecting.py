"""The way to a Dask cluster: its address, its encryption, and one sentence where it cannot be reached."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from certready.errors import CertreadyError, UsageError
from certready.fleet.cluster import PATIENCE, Cluster
from certready.net.threads import within

SCHEMES = ("tcp", "tls", "ws", "wss", "ucx")
ENCRYPTED = ("tls", "wss", "inproc")
EXAMPLE = "Write it as tcp://scheduler.contoso.com:8786, or tls:// where the cluster is encrypted."
LONGEST = 200  # characters of a library's own words in a sentence


def connected(
    address: str,
    clock: Callable[[], datetime],
    *,
    timeout: float,
    jobs: int | None = None,
    patience: float = PATIENCE,
    note: Callable[[str], None] = lambda _sentence: None,
) -> Cluster:
    """The cluster of the scheduler at this address; how it is encrypted is the configuration of ``distributed``.

    Args:
        address: ``tcp://HOST:PORT`` or ``tls://HOST:PORT``.
        clock: the present, aware.
        timeout: seconds in which the scheduler must answer.
        jobs: lines under way at once on the whole cluster; None: 16 for each worker.
        patience: see :class:`Cluster`.
        note: told a sentence where what is sent can be read on the way, or the cluster has other versions of Dask.

    Raises:
        UsageError: the address is none, or the package is not installed.
        CertreadyError: the scheduler does not answer.
    """
    place = _place(address)
    try:
        from distributed import Client
        from distributed.versions import VersionMismatchWarning
    except ImportError as error:
        raise UsageError(
            f"--dask needs the package distributed, which is not installed ({error}).",
            hint='Run: pip install "certready[dask]"',
        ) from None
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", VersionMismatchWarning)
        client, scheduler, threads = _reached(
            partial(Client, place, timeout=timeout, set_as_default=False), place, timeout
        )
    for readable in in_plain_text((place, scheduler, *threads))[:1]:
        note(
            f"{readable} is not encrypted: whoever is on the way reads the certificates and answers that travel, and "
            "can have code run by the cluster and by this machine. Use tls://."
        )
    if any(issubclass(warning.category, VersionMismatchWarning) for warning in heard):
        note("the cluster has other versions of Python or Dask than this machine.")
    return Cluster(client, place, threads, clock, jobs=jobs, patience=patience)


def _place(address: str) -> str:
    """The address with its scheme. Raises UsageError where it is none."""
    whole = address if "://" in address else f"tcp://{address}"
    try:
        parts = urlsplit(whole)
        fine = parts.scheme in SCHEMES and parts.hostname and parts.port
    except ValueError:
        fine = None
    if not fine or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        shown = "" if "@" in address else f" {address[:LONGEST]!a}"  # what stands before an @ may be a password
        raise UsageError(f"--dask{shown} is no address of a scheduler.", hint=EXAMPLE)
    return whole


def _reached(make: Callable[[], Any], place: str, timeout: float) -> tuple[Any, str, dict[str, int]]:
    """The client that this makes, where the scheduler says it is, and the threads of each worker by its address.

    Raises CertreadyError.
    """
    try:
        client = within(timeout + 1, make, "dask")
        scheduler = within(timeout, client.scheduler_info, "dask")["address"]
        threads = within(timeout, client.nthreads, "dask")
    except Exception as error:  # noqa: BLE001 - sockets, TLS, settings and protocol: each in the library's own way
        reason = " ".join(str(error).split())[:LONGEST] or f"no answer within {timeout:g} seconds"
        raise CertreadyError(
            f"The scheduler at {place} cannot be reached ({reason}).",
            hint="Is it running, and is it encrypted as the address says? For tls:// Dask's own settings name the "
            "certificates (distributed.comm.tls).",
        ) from None
    return client, scheduler, threads


def in_plain_text(addresses: Iterable[str]) -> tuple[str, ...]:
    """Those of these addresses that are not encrypted and lead off this machine, or may."""
    return tuple(
        address for address in addresses if urlsplit(address).scheme not in ENCRYPTED and not _is_loopback(address)
    )


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
