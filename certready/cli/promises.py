"""--dane and --mta-sts: the evidence completed by what a mail domain promises about its hosts."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from certready.cli import files
from certready.cli.shared import Shared
from certready.errors import InputError, UsageError
from certready.model import Dane, Evidence, MtaSts

if TYPE_CHECKING:
    from certready.fleet.plan import Promised
    from certready.fleet.sharing import SharedPromises

Progress = Callable[[str], None]
ANCHOR_LIMIT = 64 * 1024
SMTP_PORT = 25


class Resolving(Struct, frozen=True):
    """How DNS is asked, as typed: ``server`` as for ``--dns``, ``anchor`` the file of ``--dns-anchor``."""

    server: str | None = None
    anchor: Path | None = None


class Wanted(Struct, frozen=True):
    """Whose promises are looked up: those of every host that a mail ``domain`` names, else of these ``hosts``."""

    domain: str | None = None
    hosts: tuple[str, ...] = ()
    port: int = SMTP_PORT


def asked_for(
    names: Sequence[str], domain: str | None, dns: Resolving, shared: Shared
) -> Callable[[Evidence, Progress], Evidence]:
    """What completes evidence by the promises of the hosts of ``--dane HOST`` and of the mail domain of ``--mta-sts
    DOMAIN``; nothing where there are neither. Raises UsageError."""
    if not names and not domain:
        return lambda evidence, _: evidence
    from certready.net.dns import domain_name

    wanted = Wanted(hosts=_hosts(names))
    mail_domain = domain_name(domain) if domain else None

    def complete(evidence: Evidence, progress: Progress) -> Evidence:
        if wanted.hosts:
            evidence = with_dane(evidence, wanted, dns, shared, progress=progress)
        if mail_domain:
            evidence = with_mta_sts(evidence, mail_domain, dns, shared, progress=progress)
        return evidence

    return complete


def of_line(dns: Resolving, shared: Shared, evidence: Evidence, promised: Promised, known: SharedPromises) -> Evidence:
    """The evidence of a fleet's line, with what its keys ``dane`` and ``mta_sts`` ask for, where other lines have not
    asked for it already. Raises CertreadyError."""
    if promised.dane:
        wanted = Wanted(hosts=promised.hosts) if promised.hosts else probed(evidence, promised.mx)
        evidence = with_dane(evidence, wanted, dns, shared, progress=_unheard, known=known)
    if promised.mta_sts:
        evidence = with_mta_sts(evidence, promised.mta_sts, dns, shared, progress=_unheard, known=known)
    return evidence


def _unheard(_sentence: str) -> None:
    """A fleet tells how many lines are done instead."""


def _hosts(names: Sequence[str]) -> tuple[str, ...]:
    """The hosts of ``--dane HOST`` as DNS has them, each once. Raises UsageError."""
    from certready.net.names import host_name, is_literal

    hosts = tuple(dict.fromkeys(host_name(name) for name in names))
    for name in hosts:
        if is_literal(name):
            raise UsageError(
                f"--dane {name} is an address, and TLSA records stand at names.",
                hint="Name the mail host as its MX record does, such as --dane mx.contoso.com.",
            )
    return hosts


def probed(evidence: Evidence, domain: str | None) -> Wanted:
    """Whose promises a probe is about: those of the domain whose MX it followed, else of the hosts it asked; of saved
    evidence those that were asked for."""
    if evidence.dane:
        return Wanted(evidence.dane.domain, evidence.dane.hosts, evidence.dane.port)
    from certready.net.names import host_name

    other = next((endpoint.port for endpoint in evidence.endpoints if endpoint.port != SMTP_PORT), SMTP_PORT)
    names = tuple(dict.fromkeys(endpoint.host for endpoint in evidence.endpoints))
    return Wanted(host_name(domain) if domain else None, () if domain else names, other)


def with_dane(
    evidence: Evidence,
    wanted: Wanted,
    dns: Resolving,
    shared: Shared,
    *,
    progress: Progress,
    known: SharedPromises | None = None,
) -> Evidence:
    """The evidence with the DNS answers that the promises of these hosts rest on.

    Saved evidence, and a run with ``--offline``, ask nothing: what was not asked is then unknown. Raises CertreadyError
    for options that make no sense.
    """
    lines, as_of = _anchors(dns.anchor)
    saved = evidence.dane
    if shared.replay and saved and Wanted(saved.domain, saved.hosts, saved.port) == wanted:
        anchored = replace(saved, anchors=lines, anchors_as_of=as_of) if dns.anchor else saved
        return replace(evidence, dane=anchored)
    asked = Dane(wanted.domain, wanted.hosts, wanted.port, lines, as_of)
    if shared.replay or shared.offline or wanted.port != SMTP_PORT:
        return replace(evidence, dane=asked)
    from certready.net.dns import Nameserver, ResolveError, nameserver
    from certready.net.dnssec import ask_about

    progress(f"looking up the TLSA records of {wanted.domain or ', '.join(wanted.hosts[:4])}")
    server = nameserver(dns.server) if dns.server else Nameserver()
    try:
        answered = ask_about(
            asked,
            server,
            timeout=shared.timeout,
            moment=evidence.gathered_at,
            known=known.dns if known else None,
        )
    except ResolveError as error:
        raise UsageError(str(error)) from None
    return replace(evidence, dane=answered)


def with_mta_sts(
    evidence: Evidence,
    domain: str,
    dns: Resolving,
    shared: Shared,
    *,
    progress: Progress,
    known: SharedPromises | None = None,
) -> Evidence:
    """The evidence with the record and the policy of a mail domain, and the hosts that its MX names.

    Saved evidence, and a run with ``--offline``, ask nothing: what was not asked is then unknown. Raises CertreadyError
    for options that make no sense.
    """
    saved = evidence.mta_sts
    if shared.replay and saved and saved.domain == domain:
        return evidence
    if shared.replay or shared.offline:
        return replace(evidence, mta_sts=MtaSts(domain, texts_error="it was not asked for."))
    from certready.cli.fetching import check_ca_bundle, chosen_proxy
    from certready.net.dns import nameserver
    from certready.net.mta_sts import Way, ask_about

    proxy = chosen_proxy(shared.proxy, os.environ)
    check_ca_bundle(shared.ca_bundle)
    progress(f"looking up the MTA-STS policy of {domain}")
    way = Way(
        nameserver(dns.server) if dns.server else None,
        shared.timeout,
        str(shared.ca_bundle) if shared.ca_bundle else None,
        proxy,
        shared.allow_private,
    )
    ask = partial(ask_about, domain, way)
    return replace(evidence, mta_sts=known.mta_sts(domain, ask) if known else ask())


def _anchors(path: Path | None) -> tuple[tuple[str, ...], str]:
    """What trust begins with, and its date: the file's anchors, with the root's own keys unless it holds one."""
    from certready.dnssec import ROOT, ROOT_AS_OF, read

    if path is None:
        return ROOT, ROOT_AS_OF
    data = files.read(path, ANCHOR_LIMIT)
    try:
        lines = read(data.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text.", hint="--dns-anchor names a file of DS or DNSKEY records.") from None
    return (lines, "") if any(line.startswith(". ") for line in lines) else ((*lines, *ROOT), ROOT_AS_OF)
