"""listen and rehearse: what a gateway presents as client, and what a smart host answers to it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from msgspec.structs import replace

from certready.cli import output
from certready.cli.commands import argument, command, option
from certready.cli.judge import Prepared, conclude, gatherer, prepare, replayed
from certready.cli.progress import Progress, waiting
from certready.cli.shared import Shared
from certready.errors import UsageError
from certready.model import Bundle, Chain, Evidence, Target, Tenant
from certready.typed import bind_address, host_and_port
from certready.wording import host_port
from certready.x509.certificate import Certificate


@command(
    "certready listen --bind 0.0.0.0:2525 --inbound '*.contoso.com'",
    "certready listen --bind 192.0.2.10:25 --tenant tenant.json --once",
    "certready listen --bind '[::]:2525' --certificate-only --max-connections 10",
)
def listen(
    *,
    bind: Annotated[
        str | None, option("--bind", help="Where to listen, such as 0.0.0.0:2525.", metavar="ADDR:PORT")
    ] = None,
    server_cert: Annotated[
        tuple[Path, ...],
        option(
            "--server-cert",
            help="What to present: PEM with key, or PFX. Repeat it where key and chain lie apart.",
            metavar="FILE",
        ),
    ] = (),
    max_connections: Annotated[
        int | None, option("--max-connections", help="End after so many connections.", metavar="N", min=1)
    ] = None,
    once: Annotated[bool, option("--once", help="End after the first completed STARTTLS session.")] = False,
    exact_replies: Annotated[
        bool, option("--exact-replies", help="Refuse as Exchange Online does; a real message then bounces.")
    ] = False,
    shared: Shared,
) -> int:
    """Be Exchange Online for a while: take connections from a gateway, ask for its client certificate, judge it.

    Nothing is relayed or stored. Point one test address or a test connector of the gateway here.
    """
    destinations = output.destinations(shared.formats)
    prepared = prepare(shared, "client")
    if shared.replay:
        return conclude(replayed(prepared, bind), shared, destinations)
    if not bind:
        raise UsageError("Where to listen was not said.", hint="certready listen --bind 0.0.0.0:2525 --inbound VALUE")
    address = bind_address(bind, "--bind")
    from certready.cli.identity import read_identity, throw_away
    from certready.cli.listening import Sessions, check_writable
    from certready.net.listener import Listener

    check_writable([*(path for _, path in destinations), shared.save_evidence, shared.remedies])
    name = _greeting(address[0])
    identity = read_identity(server_cert, shared)[1] if server_cert else throw_away(name)
    with waiting(quiet=shared.quiet) as progress:
        gather = gatherer(prepared, progress.count)
        sessions = Sessions(
            lambda bundle: gather(bundle, progress),
            destinations,
            verbose=shared.verbose,
            save=shared.save_evidence,
            redact=shared.redact,
            remedies=shared.remedies,
            progress=progress,
        )
        listener = Listener(
            address,
            identity,
            sessions,
            name=name,
            clock=lambda: datetime.now(UTC),
            exact=exact_replies,
            max_connections=max_connections,
        )
        if once:
            sessions.ended = listener.stop
        with listener:
            sessions.log(_started(listener.address, own=bool(server_cert), exact=exact_replies))
            try:
                sessions.wait()
                listener.run()
            except KeyboardInterrupt:
                if sessions.verdict is None:
                    raise
    sessions.conclude()
    if sessions.verdict is None:
        sessions.log("no gateway completed a STARTTLS session: the verdict is unknown")
    return output.exit_code([sessions.worst] if sessions.worst is not None else [], destinations)


@command(
    "certready rehearse gateway.pfx --smart-host contoso-com.mail.protection.outlook.com --recipient user@example.org",
    "certready rehearse cert.pem key.pem --smart-host mx.example:25 --recipient user@example.org --null-sender",
    "certready rehearse gateway.pfx --tenant tenant.json --smart-host mx.example --recipient user@example.org",
)
def rehearse(
    paths: Annotated[
        tuple[Path, ...],
        argument("FILE...", help="The certificate, its chain and its private key: PEM files or a PFX."),
    ] = (),
    *,
    smart_host: Annotated[
        str | None,
        option("--smart-host", help="The smart host; nothing is sent to any other.", metavar="HOST[:PORT]"),
    ] = None,
    recipient: Annotated[
        str | None,
        option("--recipient", help="A recipient whose mail does not go to Microsoft 365.", metavar="ADDRESS"),
    ] = None,
    sender: Annotated[
        str | None, option("--sender", help="The sender; the null sender unless given.", metavar="ADDRESS")
    ] = None,
    null_sender: Annotated[
        bool, option("--null-sender", help="Send as <>, as bounces do: then the certificate alone decides.")
    ] = False,
    dns: Annotated[
        str | None,
        option(
            "--dns",
            help="The DNS server to ask for the recipient's MX, ADDRESS[:PORT]; the system's unless given.",
            metavar="SERVER",
        ),
    ] = None,
    shared: Shared,
) -> int:
    """Be the gateway: STARTTLS with this certificate and key, MAIL, RCPT, and quote the answers. Never sends a message.

    Without a connector the smart host's answer and the certificate itself are judged.
    """
    destinations = output.destinations(shared.formats)
    prepared = prepare(shared, "client")
    if shared.replay:
        return conclude(replayed(prepared, paths or smart_host), shared, destinations)
    if not paths or not smart_host or not recipient:
        given = {"the certificate with its key": paths, "--smart-host": smart_host, "--recipient": recipient}
        raise UsageError(
            f"A rehearsal also needs {', '.join(name for name, value in given.items() if not value)}.",
            hint="certready rehearse gateway.pfx --smart-host contoso-com.mail.protection.outlook.com "
            "--recipient someone@example.org",
        )
    if sender and null_sender:
        raise UsageError("--sender and --null-sender exclude each other.", hint="Leave one of them out.")
    if shared.offline:
        raise UsageError("A rehearsal needs the network.", hint="Leave --offline out, or use certready check.")
    if not prepared.tenant.connectors and not prepared.options.certificate_only and not shared.tenant:
        # The smart host judges the connector itself.
        prepared = replace(prepared, options=replace(prepared.options, certificate_only=True))
    with waiting(quiet=shared.quiet) as progress:
        evidence = _rehearsed(prepared, paths, (smart_host, recipient, sender or "", dns), progress)
    return conclude(evidence, shared, destinations)


def _rehearsed(
    prepared: Prepared, paths: tuple[Path, ...], how: tuple[str, str, str, str | None], progress: Progress
) -> Evidence:
    """The evidence on the certificate, with what the smart host (how: host, recipient, sender, DNS server) said and
    presented, and where DNS says that the recipient's mail goes."""
    from certready.cli.identity import read_identity
    from certready.net.client import Plan
    from certready.net.client import rehearse as talk
    from certready.net.dns import Nameserver, nameserver
    from certready.net.recipient import look_up
    from certready.net.threads import start
    from certready.smtp.rehearse import check_address

    smart_host, recipient, sender, dns = how
    host, port = host_and_port(smart_host)
    plan_sender = check_address(sender) if sender else ""
    bundle, identity = read_identity(paths, prepared.wanted)
    plan = Plan(identity, plan_sender, check_address(recipient), prepared.wanted.timeout)
    server, timeout = nameserver(dns) if dns else Nameserver(), prepared.wanted.timeout
    looking = start(lambda: look_up(plan.recipient, server, timeout=timeout), "recipient")
    said = talk(host, port or 25, plan, progress)
    progress(f"looking up where the mail of {plan.recipient} goes")
    rehearsal = replace(looking.result(), presented=said.presented)
    target = Target("rehearse", f"{bundle.target.name} at {smart_host}")
    evidence = gatherer(prepared, progress.count)(Bundle(target, bundle.chains, (said.endpoint,)), progress)
    evidence = replace(evidence, dialogue=said.dialogue, rehearsal=rehearsal)
    if not said.peer:
        return evidence
    peer = Chain("s1", "tls", tuple(map(Certificate, said.peer)))
    bare = replace(
        prepared,
        tenant=Tenant(),
        named=True,
        options=replace(prepared.options, certificate_only=True, revocation="off"),
    )
    roots = gatherer(bare)(Bundle(target, (peer,)), progress).roots
    return replace(evidence, peers=(peer,), roots=tuple(dict.fromkeys((*evidence.roots, *roots))))


def _greeting(address: str) -> str:
    """The name in the banner: this machine's own, where it has a full one."""
    from certready.net.names import greeting_name

    name = greeting_name(address)
    return "certready.invalid" if name.startswith("[") else name


def _started(address: tuple[str, int], *, own: bool, exact: bool) -> str:
    presents = (
        "the certificate of --server-cert" if own else "a throw-away certificate (--server-cert FILE for another)"
    )
    bounces = "; with --exact-replies a real message bounces" if exact else ""
    return f"listening on {host_port(*address)} with {presents}{bounces}; Ctrl-C ends it"
