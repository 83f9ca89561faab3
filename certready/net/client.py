"""The client's side of a rehearsal: as a gateway would, up to RCPT TO, to one host and to nobody else."""

from __future__ import annotations

from collections.abc import Callable, Generator

from msgspec import Struct
from msgspec.structs import replace

from certready.errors import CertreadyError
from certready.model import Endpoint
from certready.model.dialogue import SHOWN, Exchange
from certready.net.dns import ResolveError
from certready.net.names import greeting_name, host_name, server_name
from certready.net.resolve import Address, addresses
from certready.net.session import Identity, LeftError, Line, Presenting, Secured, Tls, client_context
from certready.net.wire import ConnectError, TooMuchError, Wire, connect
from certready.smtp.rehearse import Dialogue
from certready.smtp.starttls import Outcome, smtp

MAX_ADDRESSES = 4  # a gateway goes on to the next address where one cannot be reached
STEPS = 6  # the whole talk with one address may take so many times the timeout

Progress = Callable[[str], None]


class Rehearsed(Struct, frozen=True):
    """What came of it with the last address tried: its endpoint, the certificates the smart host sent (DER), and the
    dialogue inside TLS. ``presented`` says whether the client certificate was sent."""

    endpoint: Endpoint
    peer: tuple[bytes, ...] = ()
    dialogue: tuple[Exchange, ...] = ()
    presented: bool = False


class Plan(Struct, frozen=True):
    """What is said, and within how many seconds each step must be answered. An empty ``sender`` is the null sender."""

    identity: Identity
    sender: str
    recipient: str
    timeout: float = 10.0


def rehearse(host: str, port: int, plan: Plan, progress: Progress) -> Rehearsed:
    """Hand in a sender and a recipient at the smart host, presenting the identity, and quote what it answers.

    Never sends a message. What goes wrong is in the endpoint (``trouble``, ``error``). Raises UsageError for a host
    that is none, CertreadyError where OpenSSL refuses certificate or key.
    """
    name = host_name(host)
    blank = Endpoint(name, "", port)
    try:
        targets = addresses(name, port, timeout=plan.timeout)
    except ResolveError as error:
        return Rehearsed(replace(blank, trouble="unreachable", error=str(error)))
    rehearsed = Rehearsed(blank)
    for address in targets[:MAX_ADDRESSES]:
        rehearsed = _one(replace(blank, address=address.text), address, plan, progress)
        if rehearsed.endpoint.stage != "connect":
            break
    return rehearsed


def _one(blank: Endpoint, address: Address, plan: Plan, progress: Progress) -> Rehearsed:
    progress(f"connecting to {blank.name}")
    try:
        wire = connect(address, timeout=plan.timeout, total=plan.timeout * STEPS)
    except ConnectError as error:
        return Rehearsed(replace(blank, trouble="unreachable", error=str(error)))
    with wire:
        ehlo = greeting_name(wire.local)
        outcome = _upgrade(ehlo, wire)
        reached = replace(blank, stage=outcome.stage, reply=outcome.reply, trouble=outcome.trouble, error=outcome.error)
        if outcome.trouble:
            return Rehearsed(reached)
        return _inside(reached, wire, ehlo, plan)


def _upgrade(ehlo: str, wire: Wire) -> Outcome:
    """Banner, EHLO and STARTTLS."""
    dialogue = smtp(ehlo)
    stage, reply = "banner", None
    try:
        step = next(dialogue)
        while True:
            stage, reply = step.stage, step.reply
            if step.send:
                wire.begin()
                wire.send(step.send)
            step = dialogue.send(wire.receive())
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    except TimeoutError:
        sentence = f"The smart host did not answer in time (stage {stage})."
        return Outcome("unreachable", stage, reply, sentence)  # type: ignore[arg-type]


def _inside(reached: Endpoint, wire: Wire, ehlo: str, plan: Plan) -> Rehearsed:
    """The handshake and the dialogue inside TLS."""
    from OpenSSL import SSL

    presenting = Presenting()
    try:
        connection = SSL.Connection(client_context(plan.identity, presenting), None)
    except ValueError as error:
        raise CertreadyError(
            f"This certificate and key cannot be presented: {error}.", hint="Export both again; see certready check."
        ) from None
    connection.set_connect_state()
    sni = server_name(reached.host)
    if sni:
        connection.set_tlsext_host_name(sni.encode("ascii"))
    wire.begin()
    talk = Dialogue(ehlo, plan.sender, plan.recipient)
    try:
        tls = Tls(connection, "smart host")
        secured = Secured(wire, tls)
        peer = tls.server_chain()
    except (LeftError, TooMuchError, TimeoutError) as error:
        sentence = str(error) or "The smart host did not finish the TLS handshake in time."
        failed = replace(reached, trouble="handshake-failed", error=sentence, asks_certificate=presenting.asked)
        return Rehearsed(failed, (), _refused(error), presenting.sent)
    done = replace(
        reached,
        stage="done",
        tls_version=tls.version,
        cipher=tls.cipher,
        elapsed_ms=wire.elapsed_ms,
    )
    dialogue, error_text = _talk(talk, secured, wire)
    done = replace(done, error=error_text, asks_certificate=presenting.asked)
    return Rehearsed(done, peer, dialogue, presenting.sent)


def _talk(talk: Dialogue, secured: Secured, wire: Wire) -> tuple[tuple[Exchange, ...], str | None]:
    """The exchanges, and why they ended early. QUIT is sent and not waited for."""
    refused: tuple[Exchange, ...] = ()
    error: str | None = None
    try:
        _drive(talk.run(), secured, wire)
        secured.send(b"QUIT\r\n")
        secured.close()
    except LeftError as left:
        refused, error = _refused(left), str(left)
    except TimeoutError:
        error = "The smart host did not answer in time inside TLS."
    return (*talk.exchanges, *refused), talk.error or error


def _drive(dialogue: Generator[bytes, bytes, None], line: Line, wire: Wire) -> None:
    try:
        data = next(dialogue)
        while True:
            if data:
                wire.begin()
                line.send(data)
            data = dialogue.send(line.receive())
    except StopIteration:
        return


def _refused(error: Exception) -> tuple[Exchange, ...]:
    """The server's alert about our certificate as an exchange of its own."""
    if isinstance(error, LeftError) and error.distrust:
        return (Exchange(SHOWN, str(error)),)
    return ()
