"""What becomes of a job: its certificates gathered and judged as ``check`` and ``probe`` do it, in any process."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from certready import bundle as bundles
from certready import reading
from certready.bundle.passwords import Passwords
from certready.case import Case
from certready.errors import UsageError
from certready.fleet.inventory import INTERNAL, Line, Problem
from certready.fleet.plan import Job, Place
from certready.fleet.setup import Setup, World, opened
from certready.gathering import gathering
from certready.judging import judging
from certready.model import Bundle
from certready.model.report import Report, ReportVerdict, Severity
from certready.net.dns import Nameserver, ResolveError, domain_name
from certready.net.gateway import How, Node, fetch_many
from certready.net.mx import fetch_mx
from certready.net.threads import in_parallel
from certready.steps import Steps, finish

SMALL = 64 * 1024  # bytes of a target's files up to which it is held together with others
TOGETHER = 16  # of these: 16 threads have then as many under way as are remembered from one step to the next
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
    live = [partial(_together, world, (job,)) for job in jobs if job.place]
    seen = iter(in_parallel(live, "fleet") if live else ())
    files = [job for job in jobs if _is_small(job)]
    groups = (_together(world, files[at : at + TOGETHER]) for at in range(0, len(files), TOGETHER))
    small = chain.from_iterable(groups)

    def result(job: Job) -> Result:
        if _is_small(job):
            return next(small)
        return (next(seen) if job.place else _together(world, (job,)))[0]

    return [result(job) for job in jobs]


def _is_small(job: Job) -> bool:
    """Whether it is about a few certificates on disk, so that many such jobs may be held at once."""
    return job.place is None and job.collected is None and sum(len(data) for _, data in job.files) <= SMALL


def _together(world: World, jobs: Sequence[Job]) -> list[Result]:
    """What these jobs come to, each step taken for all of them before the next is."""
    under_way = [_UnderWay(world, job) for job in jobs]
    unfinished = under_way
    while unfinished:
        unfinished = [each for each in unfinished if each.advanced()]
    return [each.result for each in under_way]


class _UnderWay:
    """A job on its way to its result."""

    def __init__(self, world: World, job: Job) -> None:
        self._world = world
        self._job = job
        self._spent = 0.0
        self._notes: list[str] = []
        self._reports: list[Report] = []
        self._problem = job.problem
        self._work = self._judged() if job.problem is None else iter(())

    def advanced(self) -> bool:
        """Take the next step: whether there was one. Never raises: one line must not end the run."""
        began = time.monotonic()
        try:
            more = next(self._work, False) is None
        except Exception as error:  # noqa: BLE001
            self._problem, self._reports, more = Problem.of(error), [], False
        self._spent += time.monotonic() - began
        return more

    def _judged(self) -> Iterator[None]:
        """What the target holds or presents, read, gathered and judged: of a folder, an archive or a list a bundle for
        each certificate, as ``certready check`` has it, one after another. Raises CertreadyError."""
        job, world = self._job, self._world
        waits = world.fetcher is not None or job.place is not None or job.promised is not None  # for a network
        with nullcontext() if waits else world.turn:
            for bundle in (yield from self._bundles()):
                yield
                case = yield from _case(world, job, bundle)
                yield
                self._reports.append(_in_turn(world, case) if waits else (yield from judging(case)))
        self._reports.sort(key=_rank)

    def _bundles(self) -> Steps[tuple[Bundle, ...]]:
        """What the target holds or presents. Raises CertreadyError."""
        job = self._job
        if job.place:
            return (_presented(self._world, job, job.place, self._notes),)
        self._notes += job.notes
        if job.bundles is not None:
            return job.bundles
        return (yield from opening(job, self._notes))

    @property
    def result(self) -> Result:
        """What it came to."""
        setup, job = self._world.setup, self._job
        worst, *others = self._reports or (None,)
        return Result(
            job.line,
            job.digest,
            setup.options.at or setup.now,
            worst,
            self._problem,
            round(self._spent * 1000),
            tuple(self._notes),
            tuple(others),
        )


def _in_turn(world: World, case: Case) -> Report:
    """The report, all steps at once: no turn is held while another job of this thread waits for a network."""
    with world.turn:
        return finish(judging(case))


def _rank(report: Report) -> tuple[int, int]:
    """The worst report is the smallest: by its verdict, then by how much fails."""
    verdicts: tuple[ReportVerdict, ...] = ("not-ready", "cannot-tell", "ready")
    return verdicts.index(report.verdict), -sum(finding.severity is Severity.FAIL for finding in report.findings)


def _case(world: World, job: Job, bundle: Bundle) -> Steps[Case]:
    """What a bundle is judged by. Raises CertreadyError."""
    setup = world.setup
    case = yield from gathering(
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
        case = case.over(setup.promises(case.evidence, job.promised, world.promises))
    return case.over(replace(case.evidence, gathered_until=setup.clock())) if setup.clock else case


def opening(job: Job, notes: list[str]) -> Steps[tuple[Bundle, ...]]:
    """What the files of a job hold. Raises CertreadyError where that cannot be read, or its password not."""
    secret = reading.given(Path(job.password_file) if job.password_file else None, job.password_env, None)
    if job.collected is None:
        return ((yield from bundles.loading(job.files, password=Passwords(secret))),)
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
