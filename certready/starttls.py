"""From plain SMTP to TLS, without a socket: the dialogues that ask for STARTTLS.

A dialogue is a generator. It yields a :class:`Step` (bytes to send, then wait), is sent whatever bytes arrive (empty:
the other side closed), and returns an :class:`Outcome`. Whoever drives it owns the socket and the clock. It never
raises, it ends, and what it holds is bounded, whatever arrives. Nothing is pipelined: many gateways hang up on that.

Another protocol is one more generator and one more entry in :data:`PROTOCOLS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from certready.errors import UsageError
from certready.model import Stage, Trouble
from certready.replies import NotSmtpError, ReplyReader, SmtpReply, printable

_MASK = re.compile(r"X{4,}[A-Z]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Step:
    """What a dialogue wants next: ``send`` these bytes (none where it is empty), then pass on what arrives.

    ``stage`` is where the conversation stands and ``reply`` the last reply so far, for whoever has to say that time
    ran out.
    """

    send: bytes
    stage: Stage
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a dialogue ended. With ``trouble`` "" the next byte either way belongs to TLS, else ``error`` says why it
    does not."""

    trouble: Trouble
    stage: Stage
    reply: str | None = None
    error: str | None = None


Dialogue = Generator[Step, bytes, Outcome]


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way to reach TLS: the default ``port``, the ``dialogue`` (made from the name to greet with) and the
    ``farewell`` that is sent inside TLS once the certificate has been seen."""

    port: int
    dialogue: Callable[[str], Dialogue]
    farewell: bytes = b""


def smtp(ehlo: str) -> Dialogue:
    """Banner, EHLO, STARTTLS (RFC 3207): how far a gateway goes with a client that greets as ``ehlo``."""
    talk = _Talk()
    try:
        yield from _banner(talk)
        lines = yield from _hello(talk, ehlo)
        _must_offer(lines)
        yield from _upgrade(talk)
    except _StoppedError as stop:
        return Outcome(stop.trouble, talk.stage, talk.last, str(stop))
    return Outcome("", "handshake", talk.last)


def implicit(_ehlo: str) -> Dialogue:
    """TLS from the first byte (RFC 8314, 3): there is nothing to say before it."""
    yield from ()
    return Outcome("", "handshake")


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        "smtp": Protocol(25, smtp, b"QUIT\r\n"),
        "submission": Protocol(587, smtp, b"QUIT\r\n"),
        "smtps": Protocol(465, implicit, b"QUIT\r\n"),
        "tls": Protocol(443, implicit),
    }
)


def protocol(name: str) -> Protocol:
    """The protocol of this name. Raises UsageError where there is none."""
    if name not in PROTOCOLS:
        raise UsageError(f'"{_safe(name)}" is no known protocol.', hint=f"Use one of {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]


def check_ehlo(name: str) -> str:
    """The name to greet with, where it can stand in an EHLO line (RFC 5321, 4.1.1.1). Raises UsageError."""
    if not re.fullmatch(r"[A-Za-z0-9._:\[\]-]{1,255}", name):
        raise UsageError(
            f'"{_safe(name)}" cannot be sent as the name in EHLO.',
            hint="Give this machine's public host name, or its address in brackets such as [192.0.2.1].",
        )
    return name


def masked(reply: str | None) -> bool:
    """Whether an EHLO reply holds a keyword overwritten with X, as inspecting firewalls (Cisco ASA, PIX) do it."""
    lines = (reply or "").split("\n")[1:]  # the first line is the greeting
    return any(_MASK.fullmatch(line[4:].split(" ")[0]) for line in lines)


# -- the SMTP dialogue ------------------------------------------------------------------------------------------


class _StoppedError(Exception):
    """The dialogue is over; the text is the sentence for the user."""

    def __init__(self, trouble: Trouble, sentence: str) -> None:
        super().__init__(sentence)
        self.trouble = trouble


@dataclass(slots=True)
class _Talk:
    """The state of one conversation."""

    reader: ReplyReader = field(default_factory=ReplyReader)
    stage: Stage = "banner"
    last: str | None = None

    def ask(self, command: bytes, stage: Stage) -> Generator[Step, bytes, SmtpReply]:
        """Send one command (none for the banner), return the whole reply; a 4xx ends the conversation."""
        self.stage = stage
        if command:
            yield from self._wait(command)
        while (reply := self._read()) is None:
            yield from self._wait(b"")
        self.last = reply.text
        if 400 <= reply.code < 500:
            raise _StoppedError(
                "deferred", f"The gateway put us off {_AT[stage]} with a temporary error: {reply.quoted}"
            )
        return reply

    def _wait(self, command: bytes) -> Generator[Step, bytes, None]:
        data = yield Step(command, self.stage, self.last)
        if not data:
            raise _StoppedError("unreachable", _closed(self.stage))
        self.reader.feed(data)

    def _read(self) -> SmtpReply | None:
        try:
            return self.reader.read()
        except NotSmtpError as error:
            trouble: Trouble = "handshake-failed" if self.stage == "starttls" else "unreachable"
            raise _StoppedError(trouble, f"The gateway does not speak SMTP {_AT[self.stage]}: {error}.") from None


_AT: Mapping[Stage, str] = MappingProxyType(
    {"banner": "in its banner", "ehlo": "in answer to EHLO", "starttls": "in answer to STARTTLS"}
)


def _banner(talk: _Talk) -> Generator[Step, bytes, None]:
    reply = yield from talk.ask(b"", "banner")
    if reply.code != 220:
        raise _StoppedError("unreachable", f"The gateway turned us away in its banner: {reply.quoted}")


def _hello(talk: _Talk, ehlo: str) -> Generator[Step, bytes, tuple[str, ...]]:
    """The lines of a 250 to EHLO. Where it is refused, HELO only shows whether the server is just very old."""
    reply = yield from talk.ask(f"EHLO {ehlo}\r\n".encode("ascii", "replace"), "ehlo")
    if reply.code == 250:
        return reply.lines
    if reply.code < 500:
        raise _StoppedError("unreachable", f"The gateway does not answer EHLO as SMTP demands: {reply.quoted}")
    again = yield from talk.ask(f"HELO {ehlo}\r\n".encode("ascii", "replace"), "ehlo")
    if again.code != 250:
        raise _StoppedError("unreachable", f"The gateway refuses EHLO and HELO alike: {again.quoted}")
    talk.last = reply.text
    raise _StoppedError(
        "no-starttls", f"The gateway knows HELO but not EHLO, and without EHLO there is no STARTTLS: {reply.quoted}"
    )


def _must_offer(lines: tuple[str, ...]) -> None:
    keywords = [
        line.strip().split(" ")[0].upper() for line in lines[1:]
    ]  # RFC 5321, 4.1.1.1: the first line is a greeting
    if "STARTTLS" in keywords:
        return
    hidden = next((keyword for keyword in keywords if _MASK.fullmatch(keyword)), None)
    if hidden:
        raise _StoppedError(
            "no-starttls",
            f"A firewall on the way inspects SMTP and hides STARTTLS: the answer to EHLO holds {_cut(hidden)} in place "
            "of a keyword (Cisco ASA and PIX do this).",
        )
    raise _StoppedError("no-starttls", "The gateway answers EHLO and does not offer STARTTLS.")


def _upgrade(talk: _Talk) -> Generator[Step, bytes, None]:
    reply = yield from talk.ask(b"STARTTLS\r\n", "starttls")
    if reply.code >= 500:
        raise _StoppedError("no-starttls", f"The gateway offers STARTTLS and then refuses it: {reply.quoted}")
    if reply.code != 220:
        raise _StoppedError(
            "handshake-failed", f"The gateway answers STARTTLS with something else than 220: {reply.quoted}"
        )
    if talk.reader.left_over:
        # RFC 3207, 4.2 and 6: what comes before TLS is unprotected and must not be taken for what comes inside it.
        raise _StoppedError(
            "handshake-failed",
            f'Plain text follows the answer to STARTTLS ("{printable(bytes(talk.reader.buffer[:60]))}"): a broken '
            "server, or someone on the way who injects commands (as in CVE-2011-0411).",
        )


def _closed(stage: Stage) -> str:
    if stage == "banner":
        return (
            "The connection was closed before a whole banner came: a firewall or the gateway may admit only certain "
            "addresses, such as Microsoft's."
        )
    return f"The gateway closed the connection where it should have answered {stage.upper()}."


def _safe(text: str) -> str:
    return _cut(text.encode("ascii", "backslashreplace").decode().translate(dict.fromkeys(range(32), "?")))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
