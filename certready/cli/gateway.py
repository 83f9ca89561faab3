"""listen, rehearse and compare: what a gateway presents as client, what a smart host answers to it, and whether it is
the same certificate everywhere."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from certready.cli import files, output
from certready.cli.judge import Prepared, Progress, conclude, gatherer, prepare, replayed
from certready.cli.options import FILE, SectionedCommand, Shared, host_and_port, shared
from certready.errors import UsageError
from certready.model import Bundle, Chain, Evidence, Target
from certready.x509.certificate import Certificate

EXIT_CANNOT_TELL = 3
_ENDINGS = (".pem", ".crt", ".cer", ".der", ".pfx", ".p12", ".p7b", ".json")


@click.command(cls=SectionedCommand, short_help="Capture the client certificate a gateway really sends with.")
@click.option("--bind", metavar="ADDR:PORT", help="Where to listen, such as 0.0.0.0:2525.")
@click.option("--server-cert", metavar="FILE", multiple=True, type=FILE, help="What to present: PEM with key, or PFX.")
@click.option("--max-connections", metavar="N", type=click.IntRange(1), help="End after so many connections.")
@click.option("--once", is_flag=True, help="End after the first completed STARTTLS session.")
@click.option("--exact-replies", is_flag=True, help="Refuse as Exchange Online does; a real message then bounces.")
@shared
def listen(
    *,
    bind: str | None,
    server_cert: tuple[Path, ...],
    max_connections: int | None,
    once: bool,
    exact_replies: bool,
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
            sessions.log(_started(listener.address, own=bool(server_cert)))
            listener.run()
        except KeyboardInterrupt:
            interrupted = True
    if sessions.verdict is None and interrupted:
        raise KeyboardInterrupt
    sessions.conclude()
    if sessions.verdict is None:
        sessions.log("no gateway completed a STARTTLS session: nothing can be told")
    return {"ready": 0, "not-ready": 1}.get(sessions.verdict or "", EXIT_CANNOT_TELL)


@click.command(cls=SectionedCommand, short_help="Present this certificate to the real smart host, up to RCPT TO.")
@click.argument("paths", metavar="FILE...", nargs=-1, type=FILE)
@click.option("--smart-host", metavar="HOST[:PORT]", help="The smart host; nothing is sent to any other.")
@click.option("--recipient", metavar="ADDRESS", help="A recipient, best one outside of the tenant.")
@click.option("--sender", metavar="ADDRESS", help="The sender; the null sender unless given.")
@click.option("--null-sender", is_flag=True, help="Send as <>, as bounces do: then the certificate alone decides.")
@shared
def rehearse(
    *,
    paths: tuple[Path, ...],
    smart_host: str | None,
    recipient: str | None,
    sender: str | None,
    null_sender: bool,
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
    if not prepared.connectors and not prepared.options.certificate_only and not shared.tenant:
        # The smart host judges the connector itself.
        prepared = replace(prepared, options=replace(prepared.options, certificate_only=True))
    with output.progress() as progress:
        evidence = _rehearsed(prepared, paths, (smart_host, recipient, sender or ""), progress)
    return conclude(evidence, shared, destinations)


def _rehearsed(prepared: Prepared, paths: tuple[Path, ...], how: tuple[str, str, str], progress: Progress) -> Evidence:
    """The evidence on the certificate, with what the smart host (how: host, recipient, sender) said and presented."""
    from certready.cli.identity import read_identity
    from certready.net.client import Plan
    from certready.net.client import rehearse as talk
    from certready.smtp.rehearse import check_address

    smart_host, recipient, sender = how
    host, port = host_and_port(smart_host)
    plan_sender = check_address(sender) if sender else ""
    bundle, identity = read_identity(paths, prepared.wanted)
    plan = Plan(identity, plan_sender, check_address(recipient), prepared.wanted.timeout)
    said = talk(host, port or 25, plan, progress)
    target = Target("rehearse", f"{bundle.target.name} at {smart_host}")
    evidence = gatherer(prepared)(Bundle(target, bundle.chains, (said.endpoint,)), progress)
    evidence = replace(evidence, dialogue=said.dialogue)
    if not said.peer:
        return evidence
    peer = Chain("s1", "tls", tuple(map(Certificate, said.peer)))
    bare = replace(prepared, connectors=(), options=replace(prepared.options, certificate_only=True, revocation="off"))
    roots = gatherer(bare)(Bundle(target, (peer,)), progress).roots
    return replace(evidence, peers=(peer,), roots=tuple(dict.fromkeys((*evidence.roots, *roots))))


@click.command(short_help="Is it the same certificate and chain everywhere?")
@click.argument("places", metavar="FILE|HOST[:PORT]...", nargs=-1)
@click.option("--protocol", default="smtp", metavar="NAME", help="How hosts are spoken to, as for probe (smtp).")
@click.option("--sni", metavar="NAME", help="The server name to ask for; the host unless given.")
@click.option("--ehlo", metavar="NAME", help="The name to greet with; this host's own unless given.")
@click.option(
    "--timeout", metavar="S", type=click.FloatRange(0, 600, min_open=True), default=10.0, help="Seconds (10)."
)
@click.option("--password-file", metavar="FILE", type=FILE, help="The PFX password is this file's first line.")
@click.option("--password-env", metavar="NAME", help="The PFX password is in this environment variable.")
@click.option("--password-fd", metavar="N", type=int, help="The PFX password is read from this descriptor.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="text or json.")
def compare(
    *,
    places: tuple[str, ...],
    protocol: str,
    sni: str | None,
    ehlo: str | None,
    timeout: float,
    password_file: Path | None,
    password_env: str | None,
    password_fd: int | None,
    form: str,
) -> int:
    """Compare certificate files, live gateways and saved evidence: exit code 0 where all are the same."""
    if not places:
        raise UsageError("Nothing to compare was named.", hint="certready compare gateway.pfx mail.contoso.com:25")
    from certready import compare as comparing

    secret = files.password(password_file, password_env, password_fd)

    def look(place: str, progress: Progress) -> Bundle:
        path = Path(place)
        if path.exists() or not _is_host(place):
            return _read_place(path, secret)
        from certready.net.gateway import fetch

        host, port = host_and_port(place)
        return fetch(host, port, protocol=protocol, ehlo=ehlo, sni=sni, timeout=timeout, progress=progress)

    with output.progress() as progress:
        found = comparing.compare([look(place, progress) for place in places])
    output.write(sys.stdout, comparing.to_json(found) if form == "json" else comparing.text(found))
    return found.exit_code


def _is_host(place: str) -> bool:
    """Whether this can be a host rather than a file that is missing."""
    return not (set("/\\") & set(place) or place.lower().endswith(_ENDINGS))


def _read_place(path: Path, secret: bytes | None) -> Bundle:
    """A certificate file, or the chains of saved evidence."""
    data = files.read(path, files.EVIDENCE_LIMIT)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        from certready.serial import load

        saved = load(data)
        # The endpoint of a rehearsal is the smart host, which presented none of these chains.
        endpoints = () if saved.target.kind == "rehearse" else saved.endpoints
        return Bundle(Target(saved.target.kind, f"{path} ({saved.target.name})"), saved.chains, endpoints)
    return files.read_bundle([path], secret, ask=True)


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
    from certready.net.resolve import greeting_name

    name = greeting_name(address)
    return "certready.invalid" if name.startswith("[") else name


def _started(address: tuple[str, int], *, own: bool) -> str:
    host, port = address
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    presents = (
        "the certificate of --server-cert" if own else "a throw-away certificate (--server-cert FILE for another)"
    )
    return f"listening on {shown} with {presents}; Ctrl-C ends it"
