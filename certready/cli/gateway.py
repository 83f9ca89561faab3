"""listen, rehearse and compare: what a gateway presents as client, what a smart host answers to it, and whether it is
the same certificate everywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec.structs import replace

from certready.cli import files, output
from certready.cli.commands import argument, command, option
from certready.cli.judge import Prepared, Progress, conclude, gatherer, prepare, replayed
from certready.cli.options import could_be_host, host_and_port
from certready.cli.shared import PasswordEnv, PasswordFd, PasswordFile, Readable, Shared, Timeout
from certready.errors import UsageError
from certready.model import Bundle, Chain, Evidence, Target, Tenant
from certready.x509.certificate import Certificate

if TYPE_CHECKING:
    from certready.bundle.passwords import Passwords


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
    address = _bind_address(bind)
    from certready.cli.identity import read_identity, throw_away
    from certready.cli.listening import Sessions, check_writable, terminable
    from certready.net.listener import Listener

    check_writable([*(path for _, path in destinations), shared.save_evidence, shared.remedies])
    name = _greeting(address[0])
    gather = gatherer(prepared)
    identity = read_identity(server_cert, shared)[1] if server_cert else throw_away(name)
    sessions = Sessions(
        lambda bundle: gather(bundle, lambda _: None),
        destinations,
        verbose=shared.verbose,
        save=shared.save_evidence,
        redact=shared.redact,
        remedies=shared.remedies,
    )
    interrupted = False
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
    with terminable(), listener:
        try:
            sessions.log(_started(listener.address, own=bool(server_cert), exact=exact_replies))
            listener.run()
        except KeyboardInterrupt:
            interrupted = True
    if sessions.verdict is None and interrupted:
        raise KeyboardInterrupt
    sessions.conclude()
    if sessions.verdict is None:
        sessions.log("no gateway completed a STARTTLS session: nothing can be told")
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
    if not paths or not smart_host or not recipient or (sender and null_sender):
        raise UsageError(
            "A rehearsal needs the certificate with its key, --smart-host, --recipient and at most one sender.",
            hint="certready rehearse gateway.pfx --smart-host contoso-com.mail.protection.outlook.com "
            "--recipient someone@example.org",
        )
    if shared.offline:
        raise UsageError("A rehearsal needs the network.", hint="Leave --offline out, or use certready check.")
    if not prepared.tenant.connectors and not prepared.options.certificate_only and not shared.tenant:
        # The smart host judges the connector itself.
        prepared = replace(prepared, options=replace(prepared.options, certificate_only=True))
    with output.progress() as progress:
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
    evidence = gatherer(prepared)(Bundle(target, bundle.chains, (said.endpoint,)), progress)
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


@command(
    "certready compare gateway.pfx mail.contoso.com:25",
    "certready compare node1.contoso.com node2.contoso.com node3.contoso.com",
    "certready compare old.pem new.pem --format json",
)
def compare(
    places: Annotated[
        tuple[str, ...],
        argument(
            "FILE|HOST[:PORT]...", help="Certificate files, live gateways and saved evidence, the first the model."
        ),
    ] = (),
    *,
    protocol: Annotated[
        str, option("--protocol", help="How hosts are spoken to, as for probe.", metavar="NAME")
    ] = "smtp",
    sni: Annotated[
        str | None, option("--sni", help="The server name to ask for; the host unless given.", metavar="NAME")
    ] = None,
    ehlo: Annotated[
        str | None, option("--ehlo", help="The name to greet with; this host's own unless given.", metavar="NAME")
    ] = None,
    timeout: Timeout = 10.0,
    password_file: PasswordFile = None,
    password_env: PasswordEnv = None,
    password_fd: PasswordFd = None,
    formats: Readable = (),
) -> int:
    """Compare certificate files, live gateways and saved evidence: exit code 0 where all are the same."""
    destinations = output.text_or_json(formats, "compare", "html")
    if not places:
        raise UsageError("Nothing to compare was named.", hint="certready compare gateway.pfx mail.contoso.com:25")
    from certready.compare import compare as compared
    from certready.compare import document
    from certready.compare.show import comparison_lines, comparison_page

    secrets = files.passwords(password_file, password_env, password_fd)

    def look(place: str, progress: Progress) -> Bundle:
        path = Path(place)
        if path.exists() or not could_be_host(place):
            return _read_place(path, secrets)
        from certready.net.gateway import fetch

        host, port = host_and_port(place)
        return fetch(host, port, protocol=protocol, ehlo=ehlo, sni=sni, timeout=timeout, progress=progress)

    with output.progress() as progress:
        comparison = compared([look(place, progress) for place in places])
    output.write_document(
        destinations,
        lambda width: comparison_lines(comparison, width),
        lambda: document(comparison),
        lambda: comparison_page(comparison),
    )
    return comparison.exit_code


def _read_place(path: Path, passwords: Passwords) -> Bundle:
    """A certificate file, or the chains of saved evidence."""
    data = files.read(path, files.EVIDENCE_LIMIT)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        from certready.serial import load

        saved = load(data)
        # The endpoint of a rehearsal is the smart host, which presented none of these chains.
        endpoints = () if saved.target.kind == "rehearse" else saved.endpoints
        return Bundle(Target(saved.target.kind, f"{path} ({saved.target.name})"), saved.chains, endpoints)
    return files.read_bundle([path], passwords)


def _bind_address(text: str) -> tuple[str, int]:
    """Address and port; port 0 takes a free one. Raises UsageError."""
    if text.endswith(":0"):
        return host_and_port(text.removesuffix(":0") + ":1")[0], 0
    host, port = host_and_port(text)
    if port is None:
        raise UsageError(f"--bind {text!r} names no port.", hint="Write 0.0.0.0:25, 127.0.0.1:2525 or [::]:25.")
    return host, port


def _greeting(address: str) -> str:
    """The name in the banner: this machine's own, where it has a full one."""
    from certready.net.names import greeting_name

    name = greeting_name(address)
    return "certready.invalid" if name.startswith("[") else name


def _started(address: tuple[str, int], *, own: bool, exact: bool) -> str:
    host, port = address
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    presents = (
        "the certificate of --server-cert" if own else "a throw-away certificate (--server-cert FILE for another)"
    )
    bounces = "; with --exact-replies a real message bounces" if exact else ""
    return f"listening on {shown} with {presents}{bounces}; Ctrl-C ends it"
