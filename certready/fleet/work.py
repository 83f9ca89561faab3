"""What becomes of a job: its certificates gathered and judged as ``check`` and ``probe`` do it, in any process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from certready import bundle as bundles
from certready import reading
from certready.bundle.passwords import Passwords
from certready.errors import UsageError
from certready.fleet.inventory import INTERNAL, Line, Problem
from certready.fleet.plan import Job, Place
from certready.fleet.setup import Setup, World, opened
from certready.gathering import gather
from certready.judging import judge
from certready.model import Bundle
from certready.model.report import Report, ReportVerdict, Severity
from certready.net.dns import Nameserver, ResolveError, domain_name
from certready.net.gateway import How, Node, fetch_many
from certready.net.mx import fetch_mx
from certready.net.threads import in_parallel

NOT_ASKED = "It was not asked, because --offline forbids it."


class Result(Struct, frozen=True):
    """What one line came to: a ``report``, or the ``problem`` why there is none. Of a folder, an archive or a list with
    several certificates it is the worst report, and ``other_reports`` are those of the others. ``notes`` are sentences
    about how it was gathered. ``elapsed_ms`` is how long that took, the wait for room in its network included."""

    line: Line
    digest: str
    evaluated_at: datetime
    report: Report | None = None
    problem: Problem | None = None
    elapsed_ms: int = 0
    notes: tuple[str, ...] = ()
    other_reports: tuple[Report, ...] = ()

    @property
    def reports(self) -> tuple[Report, ...]:
        """Every report of the line, the worst first; none of a line in error."""
        return (self.report, *self.other_reports) if self.report is not None else ()

    @property
    def verdict(self) -> ReportVerdict | None:
        """The report's verdict, None of a line in error."""
        return self.report.verdict if self.report is not None else None

    @property
    def code(self) -> int:
        """The exit code of this line alone (contract, "Exit codes")."""
        if self.report is not None:
            return self.report.exit_code
        return self.problem.code if self.problem else INTERNAL


def check(setup: Setup, jobs: Sequence[Job]) -> list[Result]:
    """What each of these jobs comes to, those with live targets side by side. Never raises for one of them."""
    return checked(opened(setup), jobs)


def checked(world: World, jobs: Sequence[Job]) -> list[Result]:
    """What each of these jobs comes to in this world; see :func:`check`."""
    live = [partial(_result, world, job) for job in jobs if job.place]
    seen = iter(in_parallel(live, "fleet") if live else ())
    return [next(seen) if job.place else _result(world, job) for job in jobs]


def _result(world: World, job: Job) -> Result:
    began = time.monotonic()
    setup = world.setup
    blank = Result(job.line, job.digest, setup.options.at or setup.now, problem=job.problem)
    if job.problem:
        return blank
    notes: list[str] = []
    try:
        worst, *others = sorted((_report(world, job, bundle) for bundle in _bundles(world, job, notes)), key=_rank)
        blank = replace(blank, report=worst, other_reports=tuple(others))
    except Exception as error:  # noqa: BLE001 - one line must not end the run
        blank = replace(blank, problem=Problem.of(error))
    return replace(blank, elapsed_ms=round((time.monotonic() - began) * 1000), notes=tuple(notes))


def _rank(report: Report) -> tuple[int, int]:
    """The worst report is the smallest: by its verdict, then by how much fails."""
    verdicts: tuple[ReportVerdict, ...] = ("not-ready", "cannot-tell", "ready")
    return verdicts.index(report.verdict), -sum(finding.severity is Severity.FAIL for finding in report.findings)


def _report(world: World, job: Job, bundle: Bundle) -> Report:
    """Raises CertreadyError."""
    setup = world.setup
    evidence = gather(
        bundle,
        job.tenant,
        now=setup.now,
        roots=setup.roots,
        fetcher=world.fetcher,
        named=job.named,
        options=job.options,
        supplied=setup.supplied,
        others=world.others,
    )
    if job.promised:
        if setup.promises is None:
            raise UsageError("dane and mta_sts cannot be looked up here.")
        evidence = setup.promises(evidence, job.promised)
    if setup.clock:
        evidence = replace(evidence, gathered_until=setup.clock())
    return judge(evidence)


def _bundles(world: World, job: Job, notes: list[str]) -> tuple[Bundle, ...]:
    """What the target holds or presents: of a folder, an archive or a list a bundle for each certificate, as
    ``certready check`` has it. Raises CertreadyError."""
    if job.place:
        return (_presented(world, job, job.place, notes),)
    notes += job.notes
    return opened_files(job, notes) if job.bundles is None else job.bundles


def opened_files(job: Job, notes: list[str]) -> tuple[Bundle, ...]:
    """What the files of a job hold. Raises CertreadyError where that cannot be read, or its password not."""
    secret = reading.given(Path(job.password_file) if job.password_file else None, job.password_env, None)
    if job.collected is None:
        return (bundles.load_files(list(job.files), password=Passwords(secret)),)
    from certready.bundle import targets

    read = targets.load(job.collected, job.line.keys.target or "", password=Passwords(secret))
    notes += read.notes
    return read.bundles


def _presented(world: World, job: Job, place: Place, notes: list[str]) -> Bundle:
    """What a host, or each host of a mail domain, presents. Raises CertreadyError."""
    how = world.how._replace(protocol=job.protocol, sni=job.sni if job.sni is not None else world.how.sni)
    if job.options.offline:
        return fetch_many(None, [Node(place.host or place.domain or "", place.port, error=NOT_ASKED)], how)
    if place.domain:
        mail = world.mail(domain_name(place.domain), how)
        located = how._replace(resolve={**mail.resolve, **how.resolve}, dns=how.dns or Nameserver())
        hosts = [node.host for node in mail.nodes if node.error is None]
        with world.networks.room(address for host in hosts for address in _addresses(host, located)):
            return fetch_mx(place.domain, how, note=notes.append, mail=mail)
    with world.networks.room(_addresses(place.host or "", how)):
        return fetch_many(None, [Node(place.host or "", place.port)], how)


def _addresses(host: str, how: How) -> list[str]:
    """The addresses of a host, none where it has none; whoever asks it is told why."""
    try:
        looked_up = how.look_up(host, 25, timeout=how.timeout, resolve=how.resolve, family=how.family, dns=how.dns)
    except ResolveError:
        return []
    return [address.text for address in looked_up]
