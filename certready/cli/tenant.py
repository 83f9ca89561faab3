"""The tenant command: lint a tenant's connectors, or ask which one takes a recipient and which mail may relay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec.structs import replace

from certready.cli import files, output
from certready.cli.commands import argument, command, option
from certready.cli.progress import waiting
from certready.cli.shared import Dns, PasswordEnv, PasswordFd, PasswordFile, Quiet, Readable, Timeout, Verbose
from certready.errors import UsageError

if TYPE_CHECKING:
    from certready.bundle.passwords import Passwords
    from certready.tenant.answer import Answer, Mx
    from certready.x509.certificate import Certificate


@command(
    "certready tenant tenant.json",
    "certready tenant tenant.json --recipient user@example.org",
    "certready tenant tenant.json --certificate gateway.pfx --sender user@example.org",
)
def tenant(
    paths: Annotated[
        tuple[Path, ...],
        argument("FILE...", help="Export of Get-InboundConnector, Get-OutboundConnector and Get-AcceptedDomain."),
    ] = (),
    *,
    recipient: Annotated[
        str | None,
        option("--recipient", help="Which outbound connector takes mail for this recipient.", metavar="ADDRESS"),
    ] = None,
    certificate: Annotated[
        tuple[Path, ...],
        option(
            "--certificate",
            help="Which mail a gateway with it may relay. Repeat it where chain and key lie apart.",
            metavar="FILE",
        ),
    ] = (),
    sender: Annotated[
        str | None, option("--sender", help="The envelope sender of the message in question.", metavar="ADDRESS")
    ] = None,
    null_sender: Annotated[
        bool, option("--null-sender", help="The message has no envelope sender, as bounces have none.")
    ] = False,
    ip: Annotated[str | None, option("--ip", help="The gateway's public address.", metavar="ADDRESS")] = None,
    accepted_domain: Annotated[
        tuple[str, ...],
        option("--accepted-domain", help="An accepted domain of the tenant. Repeat it for several.", metavar="DOMAIN"),
    ] = (),
    mx: Annotated[
        str | None,
        option("--mx", help="Read the MX of this domain and say which host is Exchange Online.", metavar="DOMAIN"),
    ] = None,
    dns: Dns = None,
    smart_host: Annotated[
        tuple[str, ...],
        option("--smart-host", help="Say whether this host is Exchange Online. Repeat it for several.", metavar="HOST"),
    ] = (),
    timeout: Timeout = 10.0,
    password_file: PasswordFile = None,
    password_env: PasswordEnv = None,
    password_fd: PasswordFd = None,
    formats: Readable = (),
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> int:
    """Read a tenant's connectors and accepted domains and lint them; with options, answer a question instead.

    With --recipient alone: the outbound connector that Exchange Online uses. With --certificate, --sender,
    --null-sender or --ip: would the message be attributed to the tenant, and may it relay; with --certificate alone
    for the four kinds of mail that matter. Exit code 1: a setting fails, or the message is not attributed.
    """
    destinations = output.text_or_json(formats, "tenant", "html")
    if not paths and not mx and not smart_host:
        raise UsageError(
            "No tenant file was named.",
            hint="certready tenant tenant.json; the README has the line of PowerShell that makes the file.",
        )
    if sender is not None and null_sender:
        raise UsageError("--sender and --null-sender exclude each other.", hint="Leave one of them out.")
    from certready.tenant.answer import Answer

    read = files.tenant(paths, accepted_domain)
    answer = Answer(read, notes=read.notes)
    if certificate or sender is not None or null_sender or ip:
        secrets = files.passwords(password_file, password_env, password_fd)
        answer = _relayed(answer, _leaves(certificate, secrets), sender, recipient, ip, null_sender=null_sender)
    elif recipient is not None:
        from certready.exchange.route import route

        answer = replace(answer, route=route(read, _domain(recipient, "--recipient")))
    elif paths:
        from certready.tenant.lint import lint

        answer = replace(answer, findings=lint(read))
    with waiting(quiet=quiet) as progress:
        if mx:
            progress(f"looking up the MX of {mx}")
        answer = _hosts(answer, smart_host, mx, dns, timeout)
    from certready.render.tenant import lines
    from certready.render.tenant_html import text as as_html
    from certready.render.tenant_json import document

    output.write_document(
        destinations,
        lambda width: lines(answer, verbose=verbose, width=width),
        lambda: document(answer),
        lambda: as_html(answer),
    )
    return answer.exit_code


def _leaves(paths: tuple[Path, ...], passwords: Passwords) -> tuple[Certificate, ...]:
    """The certificates in these files that are judged, each by itself: a gateway presents one of them."""
    return tuple(chain.leaf_certificate for chain in files.read_bundle(paths, passwords).chains) if paths else ()


def _relayed(
    answer: Answer,
    leaves: tuple[Certificate, ...],
    sender: str | None,
    recipient: str | None,
    ip: str | None,
    *,
    null_sender: bool,
) -> Answer:
    """The question whether mail may relay, with each of the certificates, or without any."""
    from certready.exchange.attribution import Message
    from certready.tenant.answer import ask, certificate_notes
    from certready.x509.certificate import told_apart

    address = _address(ip) if ip else None
    given = sender is not None or null_sender
    if not given and (not leaves or recipient is not None):
        raise UsageError("Nobody sends the message.", hint="Add --sender ADDRESS or --null-sender.")
    null = null_sender or (sender or "").strip() in ("", "<>")
    message = None
    if given:
        to = _domain(recipient, "--recipient") if recipient is not None else None
        message = Message(None if null else _domain(sender or "", "--sender"), to, address)
    if not leaves:
        return replace(answer, asked=ask(answer.tenant, (), message, address))
    notes = [note for leaf in leaves for note in certificate_notes(answer.tenant, leaf.parsed.names)]
    asked = [
        replace(attribution, certificate=label if len(leaves) > 1 else None)
        for leaf, label in zip(leaves, told_apart(leaves), strict=True)
        for attribution in ask(answer.tenant, leaf.parsed.names, message, address)
    ]
    names = tuple(dict.fromkeys(name for leaf in leaves for name in leaf.parsed.names))
    return replace(answer, asked=tuple(asked), names=names, notes=(*answer.notes, *dict.fromkeys(notes)))


def _hosts(answer: Answer, hosts: tuple[str, ...], mx: str | None, dns: str | None, timeout: float) -> Answer:
    from certready.exchange.clouds import recognise

    recognised = tuple(map(recognise, hosts))
    return replace(answer, smart_hosts=recognised, mx=_mx(mx, dns, timeout) if mx else None)


def _mx(domain: str, server: str | None, timeout: float) -> Mx:
    """The MX records of a domain, each host recognised; a failure to look them up is said, not raised."""
    from certready.exchange.clouds import recognise
    from certready.net.dns import Nameserver, ResolveError, domain_name, exchangers, nameserver
    from certready.tenant.answer import Mx

    name = domain_name(domain)
    try:
        records = exchangers(name, nameserver(server) if server else Nameserver(), timeout=timeout)
    except ResolveError as error:
        return Mx(name, error=str(error))
    if not records:
        return Mx(name, error=f"{name} has no MX record.")
    if all(not record.host for record in records):
        return Mx(name, error=f"{name} takes no mail: it has a null MX (RFC 7505).")
    return Mx(name, tuple((record.preference, recognise(record.host)) for record in records if record.host))


def _domain(text: str, option: str) -> str:
    """The domain of ``user@domain`` or of a bare domain, as an A-label. Raises UsageError."""
    from certready.exchange.matching import a_label, quoted

    domain = text.strip().removeprefix("<").removesuffix(">").rpartition("@")[2]
    label = a_label(domain)
    if label is None:
        raise UsageError(f"{option}: {quoted(text)} is no mail address.", hint=f"Write {option} user@contoso.com.")
    return label


def _address(text: str) -> str:
    import ipaddress

    from certready.exchange.matching import quoted

    try:
        return str(ipaddress.ip_address(text.strip().strip("[]")))
    except ValueError:
        raise UsageError(f"--ip: {quoted(text)} is no IP address.", hint="Write --ip 192.0.2.25.") from None
