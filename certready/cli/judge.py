"""check, and what every judging command does: a bundle from somewhere, the same pipeline, a report out of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Struct
from msgspec.structs import replace

from certready.cli import fetching, files, output, promises
from certready.cli.commands import argument, command, option
from certready.cli.options import judging_options, present
from certready.cli.progress import Heard, waiting
from certready.cli.shared import CONNECTOR, Dane, Dns, DnsAnchor, MtaStsDomain, Shared
from certready.errors import UsageError
from certready.model import Bundle, Evidence, Fetcher, Options, Role, RootStore, Tenant
from certready.model.report import Report, worst

if TYPE_CHECKING:
    from certready.gathering import Supplied


@command(
    "certready check gateway.pfx --inbound '*.contoso.com' --accepted-domain contoso.com",
    "certready check mail.zip --tenant tenant.json --format json=report.json",
    "certready check --planned gw.contoso.com --planned mail.contoso.com --tenant tenant.json",
)
def check(
    paths: Annotated[
        tuple[Path, ...],
        argument("FILE...", help="Certificate, chain and key: PEM, DER, PFX or P7B, told by content; a folder or ZIP."),
    ],
    *,
    dane: Dane = (),
    mta_sts: MtaStsDomain = None,
    dns: Dns = None,
    dns_anchor: DnsAnchor = None,
    shared: Shared,
    planned: Annotated[
        tuple[str, ...],
        option(
            "--planned",
            help="Compare this name before a certificate exists; FILE can be a CSR too. Repeat it for several.",
            panel=CONNECTOR,
            metavar="NAME",
        ),
    ] = (),
) -> int:
    """Judge the certificate in these files: PEM, DER, PFX or P7B; several are read as one bundle.

    Of a folder or ZIP archive each certificate has a report of its own, with the keys and CA files that lie there.
    """
    if planned and (dane or mta_sts):
        raise UsageError(
            "--planned compares names alone; --dane and --mta-sts need a certificate.",
            hint="Leave out --dane and --mta-sts.",
        )
    if not paths and not planned and not shared.replay:
        raise UsageError("No file was named.", hint="certready check gateway.pfx --inbound '*.contoso.com'")
    complete = promises.asked_for(dane, mta_sts, promises.Resolving(dns, dns_anchor), shared)
    destinations = output.destinations(shared.formats)
    prepared = prepare(shared, "client")
    if shared.replay:
        with waiting(quiet=shared.quiet) as progress:
            evidence = [complete(replayed(prepared, (*paths, *planned)), progress)]
        return conclude(evidence[0], shared, destinations)
    bundles = (_planned(planned, paths, shared),) if planned else _read(paths, shared)
    one_to_save(len(bundles), shared, "Name one of them: certready check FILE.")
    with waiting(quiet=shared.quiet) as progress:
        gather = gatherer(prepared, progress.count)
        evidence = [complete(gather(bundle, progress), progress) for bundle in bundles]
    if len(evidence) > 1:
        return conclude_all(evidence, shared, destinations)
    return conclude(evidence[0], shared, destinations)


def _read(paths: tuple[Path, ...], wanted: Shared) -> tuple[Bundle, ...]:
    """The files as one bundle, or a bundle for each certificate in a folder or archive; beside connectors, a signing
    request as the names it asks for. What was passed over is said on stderr."""
    secrets = files.passwords(wanted.password_file, wanted.password_env, wanted.password_fd)
    asked = bool(wanted.inbound or wanted.outbound or wanted.connector or wanted.tenant)
    bundles, notes = files.read_targets(paths, secrets, requests=asked)
    for note in notes:
        output.note(note)
    return bundles


def _planned(names: tuple[str, ...], paths: tuple[Path, ...], wanted: Shared) -> Bundle:
    """Names in place of a certificate. Raises UsageError where there is one, or nothing to compare them with."""
    from certready.exchange.planned import planned

    if paths:
        raise UsageError(
            "--planned is for a certificate that does not exist yet, and there is a file.",
            hint="Leave out one of them; a signing request (CSR) can be the file.",
        )
    if wanted.certificate_only:
        raise UsageError(
            "--planned compares names with connectors, and --certificate-only judges none.",
            hint="Leave out --certificate-only.",
        )
    return planned(*names)


class Prepared(Struct, frozen=True):
    """What the options ask for, read and checked: it serves any number of bundles. ``tenant`` holds the connectors to
    choose from, or, where they are ``named``, those to judge."""

    wanted: Shared
    options: Options
    tenant: Tenant
    named: bool


def prepare(wanted: Shared, role: Role) -> Prepared:
    """The options of a judging command, with ``role`` where they name none. Raises UsageError, InputError."""
    if wanted.redact and not wanted.save_evidence:
        raise UsageError("--redact is about the file of --save-evidence.", hint="Add --save-evidence FILE.")
    options = judging_options(wanted, role)
    known = files.tenant(wanted.tenant, wanted.accepted_domain)
    for note in known.notes:
        output.note(note)
    tenant, named = _chosen(wanted, known)
    return Prepared(wanted, options, tenant, named)


class Gatherer(Struct, frozen=True):
    """Makes evidence of bundles, with everything that was read once for all of them."""

    prepared: Prepared
    roots: RootStore
    fetcher: Fetcher | None
    supplied: Supplied

    def __call__(self, bundle: Bundle, progress: Callable[[str], None]) -> Evidence:
        from certready import gathering as pipeline

        prepared = self.prepared
        return pipeline.gather(
            bundle,
            prepared.tenant,
            now=present(),
            roots=self.roots,
            fetcher=self.fetcher,
            named=prepared.named,
            options=prepared.options,
            supplied=self.supplied,
            others=lambda: other_stores(prepared.wanted),
            progress=progress,
        )


def gatherer(prepared: Prepared, heard: Heard | None = None) -> Gatherer:
    """Makes evidence of bundles; store and files are read now, once. ``heard`` is told of answers as they come.

    Raises CertreadyError where a file cannot be read.
    """
    from certready import gathering as pipeline

    wanted = prepared.wanted
    supplied = pipeline.Supplied(
        files.intermediates(wanted.intermediate),
        tuple(files.read(path, files.CRL_LIMIT) for path in wanted.crl),
        tuple(files.read(path) for path in wanted.ocsp),
    )
    return Gatherer(prepared, _store(wanted), fetching.fetcher(wanted, heard), supplied)


def conclude(evidence: Evidence, wanted: Shared, destinations: Sequence[output.Destination]) -> int:
    """Save the evidence where that is wanted, judge it, write the report. Returns the exit code."""
    save(evidence, wanted.save_evidence, redacted=wanted.redact)
    report = judged(evidence)
    write_remedies([(report, evidence)], wanted.remedies)
    output.emit(report, destinations, verbose=wanted.verbose)
    return output.exit_code([report], destinations)


def judged(evidence: Evidence) -> Report:
    """The report on this evidence, which says the file whose defaults held."""
    from certready.cli.defaults import defaults_file
    from certready.judging import judge

    file = defaults_file()
    return replace(judge(evidence), defaults_file=str(file) if file else None)


def save(evidence: Evidence, path: Path | None, *, redacted: bool) -> None:
    """Write the evidence where ``--save-evidence`` asks for it. Raises CertreadyError where it cannot be written, or
    not ``redacted``."""
    if path is None:
        return
    from certready.serial import dump

    if redacted:
        from certready.redact import redact

        evidence = redact(evidence)
    output.write_file(path, dump(evidence))


def one_to_save(reports: int, wanted: Shared, hint: str) -> None:
    """Raises UsageError before anything is asked where several reports come and evidence is to be saved, which is saved
    for one; ``hint`` says how to have one."""
    if wanted.save_evidence and reports > 1:
        raise UsageError("There are several reports, and --save-evidence keeps what one rests on.", hint=hint)


def conclude_all(evidence: Sequence[Evidence], wanted: Shared, destinations: Sequence[output.Destination]) -> int:
    """Judge each, write all reports as one document. Returns the exit code of the worst."""
    reports = [judged(each) for each in evidence]
    write_remedies(list(zip(reports, evidence, strict=True)), wanted.remedies)
    output.emit_many(reports, worst(report.verdict for report in reports), destinations, verbose=wanted.verbose)
    return output.exit_code(reports, destinations)


def write_remedies(judged: Sequence[tuple[Report, Evidence]], path: Path | None) -> None:
    """The fixes as a script of comments, where ``--remedies`` asks for one. Raises CertreadyError."""
    if path:
        from certready.judging import remedies
        from certready.render.script import script

        output.write_file(path, script([(remedies(evidence), report) for report, evidence in judged]))


def _chosen(wanted: Shared, tenant: Tenant) -> tuple[Tenant, bool]:
    """The tenant with the connectors to judge, and whether each was named. Raises UsageError for contradictions."""
    from certready.exchange.choose import judged_of

    return judged_of(
        tenant,
        wanted.connector,
        wanted.inbound,
        wanted.outbound,
        wanted.tls_settings,
        from_file=bool(wanted.tenant),
        certificate_only=wanted.certificate_only,
    )


def _store(wanted: Shared) -> RootStore:
    from certready import bundle
    from certready.roots import plain, stores

    store = stores.load(wanted.trust or "microsoft")
    extra = [root for path in wanted.extra_root for root in bundle.certificates(files.read(path), str(path))]
    return plain.with_extra(store, tuple(extra)) if extra else store


def other_stores(wanted: Shared) -> tuple[RootStore, ...]:
    """The other root store to compare with: Mozilla's beside Microsoft's, else Microsoft's."""
    from certready.roots import stores

    return (stores.load("microsoft" if wanted.trust not in (None, "microsoft") else "mozilla"),)


def replayed(prepared: Prepared, beside: object = None) -> Evidence:
    """Saved evidence under the options given now; what was not given stays as it was gathered.

    Raises UsageError where ``beside`` (a file or host) or an answer was named that would not be looked at.
    """
    from certready.replay import load

    wanted, tenant = prepared.wanted, prepared.tenant
    if beside:
        raise UsageError(
            "--replay judges what was saved and looks at no other file or host.",
            hint="Leave out --replay, or leave out what it is to take the place of.",
        )
    if wanted.crl or wanted.ocsp or wanted.intermediate:
        raise UsageError(
            "--replay gathers nothing: --crl, --ocsp and --intermediate would not be looked at.",
            hint="Judge the certificate itself with them; --save-evidence then keeps them.",
        )
    saved = load(files.read(wanted.replay, files.EVIDENCE_LIMIT)) if wanted.replay else None
    if saved is None:
        raise UsageError("--replay names no file.")
    asked = prepared.options
    options = replace(
        saved.options,
        at=asked.at or saved.options.at,
        revocation=wanted.revocation or saved.options.revocation,
        strict=asked.strict or saved.options.strict,
        expiry_warning=asked.expiry_warning if wanted.expiry_warning else saved.options.expiry_warning,
        certificate_only=asked.certificate_only
        or (saved.options.certificate_only and not (tenant.connectors or wanted.tenant)),
        same_certificate=asked.same_certificate or saved.options.same_certificate,
        hostname=asked.hostname or saved.options.hostname,
        role=wanted.role or saved.options.role,
    )
    evidence = replace(saved, options=options)
    if tenant.connectors or wanted.tenant or asked.certificate_only:
        evidence = replace(evidence, connectors=tenant.connectors, named=prepared.named, exported_at=tenant.exported_at)
    if tenant.accepted_domains is not None:
        evidence = replace(evidence, accepted_domains=tenant.accepted_domains)
    if wanted.trust or wanted.extra_root:
        store = _store(wanted)
        sent = tuple(certificate for chain in saved.chains for certificate in chain.certificates)
        seen = (*sent, *(known.certificate for known in saved.known))
        return replace(evidence, store=store.info, roots=store.candidates(seen), unlisted=())
    return evidence
