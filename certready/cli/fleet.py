"""fleet: an inventory of certificates, gateways and tenants, checked in one run."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Annotated

from msgspec.structs import replace

from certready.cli import fetching, output, promises
from certready.cli.commands import argument, command, option
from certready.cli.connection import Connection, how_asked
from certready.cli.fleet_book import Book, log_to
from certready.cli.judge import Prepared, gatherer, other_stores
from certready.cli.options import judging_options, present
from certready.cli.progress import waiting
from certready.cli.shared import Dns, DnsAnchor, Ehlo, Gentle, IPv4, IPv6, Protocol, Resolve, Shared
from certready.errors import UsageError
from certready.fleet import Inventory, Keys, Planner, Setup, lines
from certready.fleet.schedule import JOBS, PER_HOST, scheduled
from certready.fleet.setup import PER_NETWORK
from certready.model import Tenant
from certready.typed import duration

MOST_JOBS, MOST_PROCESSES = 256, 64


@command(
    "certready fleet inventory.csv",
    "certready fleet inventory.yaml --resume tonight.jsonl --format html=overview.html",
    "certready fleet inventory.yaml --serve 127.0.0.1:8080 --every 6h",
)
def fleet(
    inventory: Annotated[
        Path | None, argument("INVENTORY", help="The targets: CSV with a header, JSON, YAML or TOML; - for stdin.")
    ] = None,
    *,
    init: Annotated[
        Path | None,
        option("--init", help="Print an inventory of the certificates and exports in a folder.", metavar="FOLDER"),
    ] = None,
    jobs: Annotated[
        int | None,
        option(
            "--jobs",
            help="Lines under way at once; 16 unless given, on a cluster 16 for each worker.",
            metavar="N",
            min=1,
            max=MOST_JOBS,
        ),
    ] = None,
    per_host: Annotated[
        int, option("--per-host", help="Lines under way at once for one host.", metavar="N", min=1, max=MOST_JOBS)
    ] = PER_HOST,
    per_network: Annotated[
        int,
        option(
            "--per-network",
            help="Lines under way at once for one network, a /24 of IPv4 or a /48 of IPv6.",
            metavar="N",
            min=1,
            max=MOST_JOBS,
        ),
    ] = PER_NETWORK,
    processes: Annotated[
        int, option("--processes", help="Processes that share the work.", metavar="N", min=1, max=MOST_PROCESSES)
    ] = 1,
    dask: Annotated[
        str | None,
        option("--dask", help="Share the work between the workers of a Dask cluster.", metavar="ADDRESS"),
    ] = None,
    resume: Annotated[
        Path | None,
        option("--resume", help="Go on with an earlier run's jsonl: do what it lacks, and append.", metavar="FILE"),
    ] = None,
    max_age: Annotated[
        str, option("--max-age", help="With --resume: do what is older again, as in 12h or 7d.", metavar="TIME")
    ] = "24h",
    since: Annotated[
        Path | None, option("--since", help="Say what changed since this earlier run's jsonl.", metavar="FILE")
    ] = None,
    serve: Annotated[
        str | None, option("--serve", help="Check again and again, and show it over HTTP.", metavar="ADDR:PORT")
    ] = None,
    every: Annotated[
        str | None, option("--every", help="With --serve: check each line again after 90s, 30m, 6h.", metavar="TIME")
    ] = None,
    host: Annotated[
        tuple[str, ...],
        option("--host", help="With --serve: answer to this host name too. Repeat it for several.", metavar="NAME"),
    ] = (),
    protocol: Protocol = "smtp",
    resolve: Resolve = (),
    dns: Dns = None,
    dns_anchor: DnsAnchor = None,
    ehlo: Ehlo = None,
    ipv4: IPv4 = False,
    ipv6: IPv6 = False,
    gentle: Gentle = False,
    shared: Shared,
) -> int:
    """Check every target of an inventory: files as certready check does, hosts as certready probe does.

    The shared options are defaults for lines that say nothing else. Each line has a verdict of its own, and one bad
    line stops nothing; the exit code is the worst.
    """
    if init is not None:
        if inventory is not None:
            raise UsageError("--init prints an inventory and checks none.", hint="certready fleet --init certificates/")
        from certready.cli.fleet_init import print_inventory

        return print_inventory(init)
    if inventory is None:
        raise UsageError("No inventory was named.", hint="certready fleet inventory.csv, or --init FOLDER to make one.")
    _check(shared)
    if dask and (processes > 1 or serve is not None):
        raise UsageError(
            "--dask excludes --processes and --serve.",
            hint="A cluster's processes are its workers: dask worker --nworkers.",
        )
    resolving = promises.Resolving(dns, dns_anchor)

    def made() -> Setup:
        connection = Connection(protocol, resolve, dns, ehlo, None, ipv4, ipv6, gentle)
        setup = _setup(shared, connection, resolving)
        return replace(setup, per_network=max(1, per_network // processes))

    if serve is not None or every is not None or host:
        from certready.cli.fleet_serve import Making, Serving
        from certready.cli.fleet_serve import serve as run

        return run(
            Serving(serve, every, host, inventory, resume, since, jobs or JOBS, per_host, processes),
            shared,
            Making(
                made,
                _defaults(shared, protocol),
                partial(_executor, processes, jobs or JOBS),
            ),
        )
    destinations = output.destinations(shared.formats)
    age = duration(max_age, "--max-age")
    setup = made()
    known = Inventory.load(inventory)
    before = lines.read(since).entries if since else None
    logs = log_to(destinations, resume)
    book = Book(
        "standard input" if inventory == Path("-") else inventory.name, known, setup, destinations, logs, before=before
    )
    planner = Planner(setup, _defaults(shared, protocol), known.folder, book.note)
    todo = book.unfinished(planner.jobs(known.lines), logs.earlier, age)
    pool: Executor
    if dask:
        from certready.cli.fleet_dask import cluster, travelling

        setup = travelling(setup, shared, resolving)
        pool = cluster(dask, shared, jobs, book.note)
    else:
        pool = _executor(processes, jobs or JOBS)
    results = scheduled(
        todo,
        setup,
        pool,
        at_once=jobs or JOBS,
        per_host=per_host,
        workers=processes if processes > 1 else None,
        room=getattr(pool, "room", None),
    )
    try:
        with waiting(quiet=shared.quiet) as progress:
            book.fill(results, progress)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return book.conclude()


def _check(wanted: Shared) -> None:
    """Raises UsageError for shared options that mean nothing here."""
    if wanted.replay or wanted.save_evidence or wanted.redact or wanted.remedies:
        raise UsageError(
            "--replay, --save-evidence, --redact and --remedies are for one target.",
            hint="Run certready check or certready probe for the line in question.",
        )
    if wanted.password_fd is not None:
        raise UsageError(
            "--password-fd can be read once, and lines need their passwords when they are opened.",
            hint="Use --password-file or --password-env, or those keys in the inventory.",
        )
    if wanted.password_file and wanted.password_env:
        raise UsageError("Give one of --password-file and --password-env, not both.")


def _setup(wanted: Shared, connection: Connection, dns: promises.Resolving) -> Setup:
    """What holds for every line. Raises CertreadyError where an option or its file cannot be read."""
    options = judging_options(wanted, "client")
    made = gatherer(Prepared(wanted, options, Tenant(), named=True))
    return Setup(
        present(),
        made.roots,
        options=options,
        fetcher=partial(fetching.fetcher, wanted),
        others=partial(other_stores, wanted),
        supplied=made.supplied,
        how=how_asked(connection, wanted.timeout),
        promises=partial(promises.of_line, dns, wanted),
        clock=present,
    )


def _defaults(wanted: Shared, protocol: str) -> Keys:
    """The keys of lines that say nothing else."""
    return Keys(
        role=wanted.role,
        tenant=tuple(map(str, wanted.tenant)) or None,
        connector=wanted.connector or None,
        inbound=wanted.inbound or None,
        outbound=wanted.outbound or None,
        tls_settings=wanted.tls_settings,
        accepted_domains=wanted.accepted_domain or None,
        hostname=wanted.hostname,
        same_certificate=wanted.same_certificate or None,
        certificate_only=wanted.certificate_only or None,
        protocol=protocol,
        password_env=wanted.password_env,
        password_file=str(wanted.password_file) if wanted.password_file else None,
    )


def _executor(processes: int, jobs: int) -> Executor:
    if processes == 1:
        from certready.net.executor import DaemonExecutor

        return DaemonExecutor(jobs, "fleet")
    from certready.fleet.workers import Workers

    return Workers(processes)
