"""check and probe: a bundle from somewhere, the same pipeline behind it, a report out of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from certready.cli import files, output
from certready.cli.options import (
    FILE,
    SectionedCommand,
    Shared,
    accepted_domains,
    host_and_port,
    judging_options,
    shared,
)
from certready.errors import UsageError
from certready.model import AcceptedDomain, Bundle, Connector, Evidence, Fetcher, Role, RootStore, Tenant

Progress = Callable[[str], None]


@click.command(cls=SectionedCommand, short_help="Judge certificate files: PEM, DER, PFX, P7B.")
@click.argument("paths", metavar="FILE...", nargs=-1, type=FILE)
@shared
def check(paths: tuple[Path, ...], shared: Shared) -> int:
    """Judge the certificate in these files: PEM, DER, PFX or P7B; several are read as one bundle."""
    if not paths and not shared.replay:
        raise UsageError("No file was named.", hint="certready check gateway.pfx --inbound '*.contoso.com'")
    secret = files.password(shared.password_file, shared.password_env, shared.password_fd)
    return _run(shared, "client", lambda _: files.read_bundle(paths, secret, ask=True))


@click.command(cls=SectionedCommand, short_help="Judge what a live gateway presents.")
@click.argument("host", metavar="HOST[:PORT]", required=False)
@click.option("--protocol", default="smtp", metavar="NAME", help="smtp (the default), submission, smtps or tls.")
@click.option("--ehlo", metavar="NAME", help="The name to greet with; this host's own unless given.")
@click.option("--sni", metavar="NAME", help="The server name to ask for; the host unless given.")
@shared
def probe(host: str | None, protocol: str, ehlo: str | None, sni: str | None, shared: Shared) -> int:
    """Judge the certificate that a live gateway presents on every address of its name."""
    if not host and not shared.replay:
        raise UsageError("No host was named.", hint="certready probe mail.contoso.com --outbound mail.contoso.com")
    if shared.offline and not shared.replay:
        raise UsageError(
            "A probe needs the network.", hint="Leave --offline out, or judge a file with certready check."
        )

    def load(progress: Progress) -> Bundle:
        from certready.net.tls import fetch

        name, port = host_and_port(host or "")
        return fetch(name, port, protocol=protocol, ehlo=ehlo, sni=sni, timeout=shared.timeout, progress=progress)

    return _run(shared, "server", load)


def _run(wanted: Shared, role: Role, load: Callable[[Progress], Bundle]) -> int:
    """The way of every judging command: options, evidence, report, output, exit code."""
    if wanted.timeout <= 0 or wanted.timeout > 600:
        raise UsageError("--timeout is a number of seconds above 0 and at most 600.")
    destinations = output.destinations(wanted.formats)
    options = judging_options(wanted, role)
    tenant = _tenant(wanted)
    connectors, named = _connectors(wanted, tenant)
    from certready.judging import judge

    with output.progress() as progress:
        if wanted.replay:
            evidence = _replayed(wanted, role, connectors, tenant, named=named)
        else:
            from certready import pipeline

            evidence = pipeline.gather(
                load(progress),
                connectors,
                now=datetime.now(UTC).replace(microsecond=0),
                roots=_store(wanted),
                fetcher=_fetcher(wanted),
                accepted_domains=tenant.accepted_domains,
                named=named,
                options=options,
                supplied=pipeline.Supplied(
                    files.intermediates(wanted.intermediate),
                    tuple(files.read(path, files.CRL_LIMIT) for path in wanted.crl),
                    tuple(files.read(path) for path in wanted.ocsp),
                ),
                progress=progress,
            )
    if wanted.save_evidence:
        from certready.evidence import dump

        output.write_file(wanted.save_evidence, dump(evidence))
    report = judge(evidence)
    output.emit(report, destinations, verbose=wanted.verbose)
    return report.exit_code


def _tenant(wanted: Shared) -> Tenant:
    """The tenant of the files, with the accepted domains of the options added."""
    tenant = Tenant()
    if wanted.tenant:
        from certready.tenant import load

        tenant = load([(str(path), files.read(path, files.TENANT_LIMIT)) for path in wanted.tenant])
        for note in tenant.notes:
            output.write(sys.stderr, f"note: {note}\n")
    if wanted.accepted_domain:
        added = tuple(AcceptedDomain(name) for name in accepted_domains(wanted.accepted_domain))
        tenant = replace(tenant, accepted_domains=(*(tenant.accepted_domains or ()), *added))
    return tenant


def _connectors(wanted: Shared, tenant: Tenant) -> tuple[tuple[Connector, ...], bool]:
    """The connectors to judge, and whether each was named. Raises UsageError for contradictions."""
    given = bool(wanted.connector or wanted.inbound or wanted.outbound)
    if wanted.certificate_only and (given or wanted.tenant):
        raise UsageError("--certificate-only judges no connector.", hint="Leave it out, or leave the connector out.")
    if wanted.connector and not wanted.tenant:
        raise UsageError("--connector chooses out of a tenant file.", hint="Add --tenant FILE, or use --inbound VALUE.")
    if not given:
        return tenant.connectors, False
    from certready.tenant import find, from_options

    chosen = find(tenant, wanted.connector) if wanted.connector else ()
    return (*chosen, *from_options(wanted.inbound, wanted.outbound, wanted.tls_settings)), True


def _store(wanted: Shared) -> RootStore:
    from certready import bundle, stores

    store = stores.load(wanted.trust or "microsoft")
    extra = [one for path in wanted.extra_root for one in bundle.certificates(files.read(path), str(path))]
    return stores.with_extra(store, tuple(extra)) if extra else store


def _fetcher(wanted: Shared) -> Fetcher | None:
    if wanted.offline:
        return None
    from certready.net.http import HttpFetcher

    return HttpFetcher(allow_private=wanted.allow_private, timeout=wanted.timeout, proxy=wanted.proxy)


def _replayed(
    wanted: Shared, role: Role, connectors: tuple[Connector, ...], tenant: Tenant, *, named: bool
) -> Evidence:
    """Saved evidence under the options given now; what was not given stays as it was gathered."""
    from certready.evidence import load

    saved = load(files.read(wanted.replay, files.EVIDENCE_LIMIT)) if wanted.replay else None
    if saved is None:
        raise UsageError("--replay names no file.")
    asked = judging_options(wanted, role)
    options = replace(
        saved.options,
        at=asked.at or saved.options.at,
        revocation=wanted.revocation or saved.options.revocation,
        strict=asked.strict or saved.options.strict,
        expiry_warning=asked.expiry_warning if wanted.expiry_warning else saved.options.expiry_warning,
        certificate_only=asked.certificate_only or (saved.options.certificate_only and not connectors),
        same_certificate=asked.same_certificate or saved.options.same_certificate,
        hostname=asked.hostname or saved.options.hostname,
        role=wanted.role or saved.options.role,
    )
    evidence = replace(saved, options=options)
    if connectors or asked.certificate_only:
        evidence = replace(evidence, connectors=connectors, named=named)
    if tenant.accepted_domains is not None:
        evidence = replace(evidence, accepted_domains=tenant.accepted_domains)
    if wanted.trust or wanted.extra_root:
        store = _store(wanted)
        seen = (*(one for chain in saved.chains for one in chain.certificates), *(k.certificate for k in saved.known))
        evidence = replace(evidence, store=store.info, roots=store.candidates(seen))
    return evidence
