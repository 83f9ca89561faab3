"""From a line to a job: its files read, its tenant's connectors chosen, its digest taken; nothing is judged yet."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from certready import folders, reading
from certready.bundle.parts import Collected, Part
from certready.errors import InputError, UsageError
from certready.exchange.choose import judged_of
from certready.exchange.export.load import load as load_tenant
from certready.fleet.inventory import NO, YES, Keys, Line, Problem
from certready.fleet.setup import Setup
from certready.model import Bundle, Level, Options, Tenant
from certready.model.plain import json_line
from certready.net.dns import domain_name
from certready.net.names import host_name
from certready.smtp.starttls import protocol as protocol_named
from certready.typed import accepting, host_and_port, hostname, names_a_host

MX = "mx:"
TENANTS_KEPT = 64  # files read, so that a run over one tenant's gateways reads it once


class Place(Struct, frozen=True):
    """Where a live target is: a ``host`` with its port, or the mail ``domain`` whose MX records name the hosts."""

    host: str | None = None
    port: int | None = None
    domain: str | None = None


class Promised(Struct, frozen=True):
    """Which promises of a mail domain a line is compared with: the TLSA records (``dane``) of these ``hosts``, or those
    of the live target; the MTA-STS policy of a domain. ``mx`` is the domain whose MX records name its hosts."""

    dane: bool = False
    hosts: tuple[str, ...] = ()
    mta_sts: str | None = None
    mx: str | None = None


class Job(Struct, frozen=True):
    """A line as it is run: its certificate ``files`` with their content, what was ``collected`` of its folder, archive
    or list, or its ``place``; what it is judged for; and where its password is, which is read where the files are
    opened and never kept. ``bundles`` are what they hold, where they are opened already, with ``notes`` on that."""

    line: Line
    digest: str
    tenant: Tenant = Tenant()
    named: bool = True
    options: Options = Options()
    files: tuple[tuple[str, bytes], ...] = ()
    collected: Collected | None = None
    place: Place | None = None
    protocol: str = "smtp"
    sni: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    promised: Promised | None = None
    problem: Problem | None = None
    bundles: tuple[Bundle, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """What a limit for each host goes by; "" for a file."""
        return (self.place.host or self.place.domain or "") if self.place else ""


class _Asked(NamedTuple):
    """What of a line's keys decides which connectors it is judged for: the same for many lines."""

    tenant: tuple[str, ...]
    accepted_domains: tuple[str, ...]
    connector: tuple[str, ...]
    inbound: tuple[str, ...]
    outbound: tuple[str, ...]
    tls_settings: Level
    certificate_only: bool


class Planner:
    """Makes jobs of lines.

    Args:
        setup: what holds for every line.
        defaults: the keys of lines that say nothing else: those of the command line's options.
        folder: that targets are relative to.
        note: told each sentence about how a tenant file was read, once.
    """

    def __init__(
        self, setup: Setup, defaults: Keys, folder: Path, note: Callable[[str], None] = lambda _sentence: None
    ) -> None:
        self._setup = setup
        self._defaults = defaults
        self._folder = folder
        self._note = lru_cache(maxsize=None)(note)
        self._read_tenant = lru_cache(maxsize=TENANTS_KEPT)(_tenant_file)
        self._common = _digest_of(setup)
        self._chosen = lru_cache(maxsize=TENANTS_KEPT)(self._judged)

    def jobs(self, lines: Iterable[Line]) -> Iterator[Job]:
        """One job for each line; of a line that cannot be run, with the problem."""
        return map(self.job, lines)

    def job(self, line: Line) -> Job:
        """The job of this line; where it cannot be run, with the problem."""
        keys = line.keys.over(self._defaults)
        keys = replace(keys, name=line.keys.name, target=line.keys.target)
        line = replace(line, keys=keys)
        digest = hashlib.sha256(self._common)
        digest.update(json_line(keys).encode("ascii"))
        problem, job = line.problem, None
        if problem is None:
            try:
                job = self._job(line, digest)
            except Exception as error:  # noqa: BLE001 - one line must not end the run
                problem = Problem.of(error)
        return job or Job(line, digest.hexdigest(), problem=problem)

    def _job(self, line: Line, digest: hashlib._Hash) -> Job:
        """Raises CertreadyError where it cannot be run."""
        keys = line.keys
        target = keys.target or ""
        place = self._place(target, keys.protocol or "smtp")
        files: tuple[tuple[str, bytes], ...] = ()
        collected = None
        if place is None:
            collected = _inside(self._folder / target)
            for part in collected.parts:
                for said in (part.name.encode("utf-8", "surrogateescape"), part.data, str(part.trouble).encode()):
                    digest.update(hashlib.sha256(said).digest())
            if collected.parts and not any(part.folder for part in collected.parts):
                files, collected = tuple((target, part.data) for part in collected.parts), None
        tenant, named = self._tenant(keys, digest)
        options = replace(
            self._setup.options,
            role=keys.role or ("server" if place else "client"),
            certificate_only=bool(keys.certificate_only),
            same_certificate=bool(keys.same_certificate),
            hostname=hostname(keys.hostname, "hostname"),
        )
        return Job(
            line,
            digest.hexdigest(),
            tenant,
            named,
            options,
            files,
            collected,
            place,
            keys.protocol or "smtp",
            keys.sni,
            keys.password_env,
            keys.password_file,
            _promised(keys, place),
        )

    def _place(self, target: str, protocol: str) -> Place | None:
        """Where a target is, None for a file (contract, "fleet"). Raises UsageError where it is neither."""
        if not names_a_host(target, self._folder):
            return None
        if target.lower().startswith(MX):
            return Place(domain=target[len(MX) :].strip())
        host, port = host_and_port(target)
        return Place(host_name(host), port or protocol_named(protocol).port)

    def _tenant(self, keys: Keys, digest: hashlib._Hash) -> tuple[Tenant, bool]:
        """Raises CertreadyError where a tenant file cannot be read or the keys contradict each other."""
        if keys.password_env and keys.password_file:
            raise UsageError("Give one of password_env and password_file, not both.")
        if keys.tenant:
            tenant, summary = self._read_tenant(keys.tenant)
            digest.update(summary)
            for note in tenant.notes:
                self._note(f"{', '.join(keys.tenant)}: {note}")
        return self._chosen(
            _Asked(
                tuple(keys.tenant or ()),
                tuple(keys.accepted_domains or ()),
                tuple(keys.connector or ()),
                tuple(keys.inbound or ()),
                tuple(keys.outbound or ()),
                keys.tls_settings or "domain-validation",
                bool(keys.certificate_only),
            )
        )

    def _judged(self, asked: _Asked) -> tuple[Tenant, bool]:
        """The tenant with the connectors to judge, and whether each of them was named. Raises as :meth:`_tenant`."""
        tenant = self._read_tenant(asked.tenant)[0] if asked.tenant else Tenant()
        return judged_of(
            accepting(tenant, asked.accepted_domains, "accepted_domains"),
            asked.connector,
            asked.inbound,
            asked.outbound,
            asked.tls_settings,
            from_file=bool(asked.tenant),
            certificate_only=asked.certificate_only,
        )


def _inside(path: Path) -> Collected:
    """The file, or what is in the folder, the archive or Exchange's list of this name. Raises InputError, also for a
    pipe or a device, which would keep the run waiting, and for what is called "-": no line is standard input."""
    if reading.is_stdin(path):
        path = Path.cwd() / path
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        mode = 0  # reading it says why
    if mode and not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise InputError(f"{path} is neither a file nor a folder.", hint="Name a certificate file or a folder of them.")
    return folders.inside(path) if mode else Collected((Part(str(path), reading.read(path)),))


def _promised(keys: Keys, place: Place | None) -> Promised | None:
    """What ``dane`` and ``mta_sts`` ask for: of a live target whether, of a file whose. Raises UsageError."""
    asked, domain = keys.dane or (), keys.mta_sts
    chosen = {word.lower() for word in asked} & {*YES, *NO}
    own = place.domain if place else None
    if chosen and (len(asked) > 1 or place is None):
        raise UsageError("dane names the mail hosts whose records a file is compared with; for a host it is true.")
    if asked and place and not chosen:
        raise UsageError("dane is true or false for a host: its own records are looked up.")
    if domain and domain.lower() in (*YES, *NO):
        if own is None and domain.lower() in YES:
            raise UsageError("mta_sts names the mail domain; only for mx:DOMAIN it is true.")
        domain = own if domain.lower() in YES else None
    hosts = () if chosen else tuple(map(host_name, asked))
    promised = Promised(bool(hosts) or bool(chosen & {*YES}), hosts, domain_name(domain) if domain else None, own)
    return promised if promised.dane or promised.mta_sts else None


def _tenant_file(paths: tuple[str, ...]) -> tuple[Tenant, bytes]:
    """The tenant of these files, and a digest of their content. Raises CertreadyError."""
    files = [(path, reading.read(Path(path), reading.TENANT_LIMIT)) for path in paths]
    return load_tenant(files), hashlib.sha256(b"".join(hashlib.sha256(data).digest() for _, data in files)).digest()


def _digest_of(setup: Setup) -> bytes:
    """What of a setup decides what a line comes to: its options, its roots and the answers at hand; not the moment."""
    how = setup.how._replace(look_up=None, context=None, resolve=tuple(setup.how.resolve.items()))  # type: ignore[arg-type]
    return repr((setup.options, setup.roots, setup.supplied, how)).encode("utf-8", "backslashreplace")


def owned(jobs: Iterable[Job], owners: dict[str, str], tenants: dict[str, Tenant]) -> Iterator[Job]:
    """The jobs; the tenant of each line by its name, and what its export says, are noted on the way."""
    for job in jobs:
        if job.line.keys.tenant:
            owner = ", ".join(job.line.keys.tenant)
            owners[job.line.name] = owner
            tenants[owner] = job.tenant
        yield job
