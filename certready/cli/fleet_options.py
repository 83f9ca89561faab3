"""The options of fleet alone, as typed, in groups; the order is that of the help."""

from pathlib import Path
from typing import Annotated

from msgspec import Struct

from certready.cli.commands import option
from certready.cli.connection import Connection
from certready.cli.promises import Resolving
from certready.cli.shared import Dns, DnsAnchor, Ehlo, Gentle, IPv4, IPv6, Protocol, Resolve
from certready.fleet.schedule import JOBS, PER_HOST
from certready.fleet.setup import PER_NETWORK

MOST_JOBS, MOST_PROCESSES = 256, 64


class Effort(Struct, frozen=True):
    """How much is under way at once, and who does it."""

    jobs: Annotated[
        int | None,
        option(
            "--jobs",
            help="Lines under way at once; 16 unless given, on a cluster 16 for each worker.",
            metavar="N",
            min=1,
            max=MOST_JOBS,
        ),
    ] = None
    per_host: Annotated[
        int, option("--per-host", help="Lines under way at once for one host.", metavar="N", min=1, max=MOST_JOBS)
    ] = PER_HOST
    per_network: Annotated[
        int,
        option(
            "--per-network",
            help="Lines under way at once for one network, a /24 of IPv4 or a /48 of IPv6.",
            metavar="N",
            min=1,
            max=MOST_JOBS,
        ),
    ] = PER_NETWORK
    processes: Annotated[
        int, option("--processes", help="Processes that share the work.", metavar="N", min=1, max=MOST_PROCESSES)
    ] = 1
    dask: Annotated[
        str | None,
        option("--dask", help="Share the work between the workers of a Dask cluster.", metavar="ADDRESS"),
    ] = None

    @property
    def at_once(self) -> int:
        """Lines under way at once on this machine."""
        return self.jobs or JOBS

    @property
    def workers(self) -> int | None:
        """Processes that share the work; None where this one does it alone."""
        return self.processes if self.processes > 1 else None


class Records(Struct, frozen=True):
    """The records of earlier runs."""

    resume: Annotated[
        Path | None,
        option("--resume", help="Go on with an earlier run's jsonl: do what it lacks, and append.", metavar="FILE"),
    ] = None
    max_age: Annotated[
        str, option("--max-age", help="With --resume: do what is older again, as in 12h or 7d.", metavar="TIME")
    ] = "24h"
    since: Annotated[
        Path | None, option("--since", help="Say what changed since this earlier run's jsonl.", metavar="FILE")
    ] = None


class Serving(Struct, frozen=True):
    """Whether and how it is checked again and again, and shown over HTTP."""

    serve: Annotated[
        str | None, option("--serve", help="Check again and again, and show it over HTTP.", metavar="ADDR:PORT")
    ] = None
    every: Annotated[
        str | None, option("--every", help="With --serve: check each line again after 90s, 30m, 6h.", metavar="TIME")
    ] = None
    host: Annotated[
        tuple[str, ...],
        option("--host", help="With --serve: answer to this host name too. Repeat it for several.", metavar="NAME"),
    ] = ()


class Asking(Struct, frozen=True):
    """How hosts are asked, as :class:`Connection` has it; a server name is a line's own."""

    protocol: Protocol = "smtp"
    resolve: Resolve = ()
    dns: Dns = None
    dns_anchor: DnsAnchor = None
    ehlo: Ehlo = None
    ipv4: IPv4 = False
    ipv6: IPv6 = False
    gentle: Gentle = False

    @property
    def connection(self) -> Connection:
        """The options that a host is connected to by."""
        return Connection(self.protocol, self.resolve, self.dns, self.ehlo, None, self.ipv4, self.ipv6, self.gentle)

    @property
    def resolving(self) -> Resolving:
        """The options that the promises of mail domains are looked up by."""
        return Resolving(self.dns, self.dns_anchor)
