"""What every dialogue is made of: steps, an outcome, and a conversation that stops with a sentence."""

from __future__ import annotations

from collections.abc import Callable, Generator

from msgspec import Struct, field

from certready.model.endpoint import Stage, Trouble
from certready.smtp.replies import MAX_QUOTED, LineReader, NotSmtpError, printable
from certready.wording import shortened


class Step(Struct, frozen=True):
    """What a dialogue wants next: ``send`` these bytes (none where it is empty), then pass on what arrives.

    ``stage`` is how far the conversation has come, ``reply`` the last reply so far and ``asked`` the word for what is
    waited for (``EHLO``, ``CAPABILITY``...), for whoever has to say that time ran out.
    """

    send: bytes
    stage: Stage
    reply: str | None = None
    asked: str = ""


class Outcome(Struct, frozen=True):
    """How a dialogue ended. With ``trouble`` "" the next byte either way belongs to TLS, else ``error`` says why it
    does not. ``banner`` is what the server greeted with, where it did."""

    trouble: Trouble
    stage: Stage
    reply: str | None = None
    error: str | None = None
    banner: str | None = None


Dialogue = Generator[Step, bytes, Outcome]


class Protocol(Struct, frozen=True):
    """A way to reach TLS: the default ``port``, the ``dialogue`` (made from the name to greet with) and the
    ``farewell`` that is sent inside TLS once the certificate has been seen. ``greets`` says that the server speaks
    first."""

    port: int
    dialogue: Callable[[str], Dialogue]
    farewell: bytes = b""
    greets: bool = True


class StoppedError(Exception):
    """The dialogue is over; the text is the sentence for the user."""

    def __init__(self, trouble: Trouble, sentence: str) -> None:
        super().__init__(sentence)
        self.trouble = trouble


class Talk(Struct):
    """The state of one conversation in lines: how far it has come, the last reply, and what has arrived."""

    protocol: str
    lines: LineReader = field(default_factory=LineReader)
    stage: Stage = "banner"
    asked: str = "banner"
    last: str | None = None

    def say(self, command: bytes, stage: Stage, asked: str) -> Generator[Step, bytes, None]:
        """Send a command (none for the banner) and take in what arrives after it. ``asked`` is what messages call it.

        Raises StoppedError.
        """
        self.stage, self.asked = stage, asked
        if command:
            yield from self.wait(command)

    def wait(self, command: bytes = b"") -> Generator[Step, bytes, None]:
        """Take in more. Raises StoppedError where the other side closed."""
        data = yield Step(command, self.stage, self.last, self.asked)
        if not data:
            raise StoppedError("unreachable", closed(self.stage, self.asked))
        self.lines.feed(data)

    def line(self) -> Generator[Step, bytes, bytes]:
        """The next whole line. Raises StoppedError."""
        while True:
            try:
                line = self.lines.read()
            except NotSmtpError as error:
                raise self.nonsense(str(error)) from None
            if line is not None:
                return line
            yield from self.wait()

    def nonsense(self, clause: str) -> StoppedError:
        """What arrived is not this protocol; ``clause`` says in which way."""
        trouble: Trouble = "handshake-failed" if self.stage == "starttls" else "unreachable"
        return StoppedError(
            trouble, f"The gateway does not speak {self.protocol} {at(self.stage, self.asked)}: {clause}."
        )

    def upgraded(self) -> Outcome:
        """The end of a dialogue that reached TLS. Raises StoppedError where plain text is already there.

        RFC 3207, 4.2 and 6 (and RFC 2595, 2.2): what comes before TLS is unprotected and must not be taken for what
        comes inside it.
        """
        if self.lines.left_over:
            raise StoppedError("handshake-failed", injected(self.asked, bytes(self.lines.buffer[:60])))
        return Outcome("", "handshake", self.last)

    def stopped(self, stop: StoppedError) -> Outcome:
        """The end of a dialogue that did not."""
        return Outcome(stop.trouble, self.stage, self.last, str(stop))


def at(stage: Stage, asked: str) -> str:
    """How far a conversation has come, as a clause."""
    return "in its banner" if stage == "banner" else f"in answer to {asked}"


def closed(stage: Stage, asked: str) -> str:
    """The sentence about a connection that was closed too early."""
    if stage == "banner":
        return (
            "The connection was closed before a whole banner came: a firewall or the gateway may admit only certain "
            "addresses, such as Microsoft's."
        )
    return f"The gateway closed the connection where it should have answered {asked}."


def injected(asked: str, data: bytes) -> str:
    """The sentence about plain text where TLS should begin."""
    return (
        f'Plain text follows the answer to {asked} ("{printable(data)}"): a broken server, or someone on the way who '
        "injects commands (as in CVE-2011-0411)."
    )


def deferral(stage: Stage, asked: str, quoted: str) -> StoppedError:
    """The end of a conversation in which the command ``asked`` was answered with a temporary error, ``quoted``."""
    return StoppedError("deferred", f"The gateway answered with a temporary error {at(stage, asked)}: {quoted}")


def quoted(line: bytes) -> str:
    """A line for use in a sentence: printable, at most 200 characters."""
    return shortened(printable(line), MAX_QUOTED)


def cut(text: str) -> str:
    """At most 60 characters."""
    return shortened(text, 60)
