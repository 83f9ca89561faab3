"""fleet: an inventory of certificates, gateways and tenants, checked in one run."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Annotated

from certready.cli import fetching, output, promises
from certready.cli.commands import argument, command, option
from certready.cli.connection import how_asked
from certready.cli.fleet_book import Book, log_to
from certready.cli.fleet_options import Asking, Effort, Records, Serving
from certready.cli.judge import Prepared, gatherer, other_stores
from certready.cli.options import judging_options, present
from certready.cli.progress import waiting
from certready.cli.shared import Shared
from certready.errors import UsageError
from certready.fleet import Inventory, Keys, Planner, Setup, lines
from certready.fleet.schedule import scheduled
from certready.model import Tenant
from certready.reading import is_stdin
from certready.typed import duration


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
    effort: Effort,
    records: Records,
    serving: Serving,
    asking: Asking,
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
    _check(shared, effort, serving)
    if serving != Serving():
        from certready.cli.fleet_serve import Making, Typed, serve

        making = Making(
            partial(_setup, shared, effort, asking),
            _defaults(shared, asking.protocol),
            partial(_executor, effort),
        )
        return serve(Typed(inventory, effort, records, serving), shared, making)
    return _once(inventory, effort, records, asking, shared)


def _once(inventory: Path, effort: Effort, records: Records, asking: Asking, shared: Shared) -> int:
    """Check every line that is to be checked, once, and write what they come to. Returns the exit code."""
    destinations = output.destinations(shared.formats)
    age = duration(records.max_age, "--max-age")
    setup = _setup(shared, effort, asking)
    known = Inventory.load(inventory)
    before = lines.read(records.since).entries if records.since else None
    logs = log_to(destinations, records.resume)
    book = Book(
        "standard input" if is_stdin(inventory) else inventory.name, known, setup, destinations, logs, before=before
    )
    planner = Planner(setup, _defaults(shared, asking.protocol), known.folder, book.note)
    todo = book.unfinished(planner.jobs(known.lines), logs.earlier, age)
    pool: Executor
    if effort.dask:
        from certready.cli.fleet_dask import cluster, travelling

        setup = travelling(setup, shared, asking.resolving)
        pool = cluster(effort.dask, shared, effort.jobs, book.note)
    else:
        pool = _executor(effort)
    results = scheduled(
        todo,
        setup,
        pool,
        at_once=effort.at_once,
        per_host=effort.per_host,
        workers=effort.workers,
        room=getattr(pool, "room", None),
    )
    try:
        with waiting(quiet=shared.quiet) as progress:
            book.fill(results, progress)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return book.conclude()


def _check(wanted: Shared, effort: Effort, serving: Serving) -> None:
    """Raises UsageError for options that mean nothing here, or nothing together."""
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
    if effort.dask and (effort.workers or serving.serve is not None):
        raise UsageError(
            "--dask excludes --processes and --serve.",
            hint="A cluster's processes are its workers: dask worker --nworkers.",
        )


def _setup(wanted: Shared, effort: Effort, asking: Asking) -> Setup:
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
        how=how_asked(asking.connection, wanted.timeout),
        promises=partial(promises.of_line, asking.resolving, wanted),
        clock=present,
        per_network=max(1, effort.per_network // effort.processes),
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


def _executor(effort: Effort) -> Executor:
    if not effort.workers:
        from certready.net.executor import DaemonExecutor

        return DaemonExecutor(effort.at_once, "fleet")
    from certready.fleet.workers import Workers

    return Workers(effort.workers)
