"""The server's side of SMTP as far as a listener for client certificates needs it, without a socket.

A :class:`Conversation` hears bytes, cut anywhere, and says what to send. It offers STARTTLS, insists on it, and answers
RCPT TO by the verdict on the client certificate, in the words of Exchange Online. It takes no message, whatever is
said, and what it holds is bounded.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from certready.model.dialogue import Exchange
from certready.model.report import Verdict
from certready.smtp.replies import printable

MAX_LINE = 2048  # RFC 5321, 4.5.3.1.4 asks for 512 octets; extensions of MAIL and RCPT add to that
MAX_COMMANDS = 100
MAX_ERRORS = 10
MAX_EXCHANGES = 50

# What Exchange Online says to a message that it can tie to no tenant (Microsoft Learn: "ATTR36" and its kin).
REFUSED = "550 5.7.64 TenantAttribution; Relay Access Denied"

Then = Literal["go-on", "tls", "close"]


class Turn(Struct, frozen=True):
    """What to send, and what comes ``then``: the next command, the TLS handshake, or the end of the connection."""

    send: bytes
    then: Then = "go-on"


def rcpt_reply(verdict: Verdict, *, exact: bool) -> str:
    """The answer to RCPT TO. Unless ``exact``, a refusal is a temporary one that quotes Exchange Online's: a message
    that really was on its way is then delayed and not bounced."""
    if verdict == "ready":
        return "250 2.1.5 Recipient OK"
    if exact:
        return REFUSED
    if verdict == "not-ready":
        return f"450 4.7.0 certready: not ready; Exchange Online would answer: {REFUSED}"
    return f"450 4.7.0 certready: cannot tell; what is not ready Exchange Online would answer: {REFUSED}"


def turned_away(name: str, reason: str) -> bytes:
    """The one line for a client that is not let in (RFC 5321, 3.8)."""
    return f"421 4.3.2 {name} {reason}\r\n".encode("ascii", "replace")


class Conversation(Struct):
    """One SMTP client and where the talk with it stands.

    ``name`` is how the listener greets, ``address`` the client's, ``exact`` as for :func:`rcpt_reply`. ``client`` is
    the name in the client's EHLO, printable; ``exchanges`` what was said so far, verbs only, at most fifty of them.
    """

    name: str
    address: str = ""
    exact: bool = False
    client: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    _buffer: bytearray = field(default_factory=bytearray)
    _verdict: Verdict | None = None
    _greeted: bool = False
    _sender: bool = False
    _recipients: int = 0
    _commands: int = 0
    _errors: int = 0

    def greet(self) -> bytes:
        """The banner."""
        return self._said("", f"220 {self.name} certready listens for client certificates; no mail is taken")

    def secured(self, verdict: Verdict) -> None:
        """TLS is up and the client's certificate is judged. Everything said before is forgotten (RFC 3207, 4.2)."""
        self._verdict = verdict
        self._greeted = False
        self._reset()

    def hear(self, data: bytes) -> Turn:
        """What came from the client, decrypted where TLS is up. After "tls" call :meth:`secured`, then go on."""
        self._buffer += data
        sent = bytearray()
        while (end := self._buffer.find(b"\n", 0, MAX_LINE + 1)) >= 0:
            line = bytes(self._buffer[:end]).rstrip(b"\r")
            del self._buffer[: end + 1]
            turn = self._command(line)
            sent += turn.send
            if turn.then == "tls" and self._buffer:
                # RFC 3207, 4.2 and 6: what comes before TLS must not be taken for what comes inside it (CVE-2011-0411).
                return Turn(self._said("STARTTLS", "554 5.5.0 Plain text follows STARTTLS"), "close")
            if turn.then != "go-on":
                return Turn(bytes(sent), turn.then)
        if len(self._buffer) > MAX_LINE:
            return Turn(bytes(sent) + self._said("", f"500 5.5.2 Lines end within {MAX_LINE} bytes"), "close")
        return Turn(bytes(sent))

    # -- one command ------------------------------------------------------------------------------------------------

    def _command(self, line: bytes) -> Turn:
        self._commands += 1
        if self._commands > MAX_COMMANDS:
            return Turn(self._said("", "421 4.7.0 Too many commands"), "close")
        verb, _, rest = line.partition(b" ")
        word = printable(verb[:12]).upper()
        if word == "STARTTLS":
            return self._starttls(rest)
        if word in ("QUIT", "BDAT"):
            text = "221 2.0.0 Bye" if word == "QUIT" else "554 5.5.1 No mail is taken"
            return Turn(self._said(word, text), "close")
        text = self._reply(word, rest)
        self._errors += text.startswith("50")
        if self._errors > MAX_ERRORS:
            return Turn(self._said(word, "421 4.7.0 Too many errors"), "close")
        return Turn(self._said(word, text))

    def _starttls(self, rest: bytes) -> Turn:
        if self._verdict is not None or not self._greeted or rest.strip():
            text = "501 5.5.4 STARTTLS has no parameters" if rest.strip() else "503 5.5.1 Not now"
            return Turn(self._said("STARTTLS", text))
        return Turn(self._said("STARTTLS", "220 2.0.0 Go ahead"), "tls")

    def _reply(self, word: str, rest: bytes) -> str:
        match word:
            case "EHLO" | "HELO":
                return self._hello(word, rest)
            case "NOOP":
                return "250 2.0.0 OK"
            case "RSET":
                self._reset()
                return "250 2.0.0 OK"
            case "HELP":
                return "214 2.0.0 See certready listen --help"
            case "VRFY":
                return "252 2.5.0 Cannot verify"
            case "MAIL" | "RCPT" | "DATA" | "AUTH":
                return self._mail(word, rest)
            case _:
                return "500 5.5.1 Unknown command"

    def _hello(self, word: str, rest: bytes) -> str:
        if not rest.strip():
            return f"501 5.5.4 {word} needs a name"
        self.client = printable(rest.strip()[:255])
        self._greeted = True
        self._reset()
        if word == "HELO":
            return f"250 {self.name}"
        offers = ["SIZE 157286400", "DSN", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8"]
        offers += [] if self._verdict is not None else ["STARTTLS"]
        lines = [f"{self.name} Hello [{self.address}]", *offers]
        return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])

    def _mail(self, word: str, rest: bytes) -> str:
        if self._verdict is None:
            return "530 5.7.0 Must issue a STARTTLS command first"
        if not self._greeted:
            return "503 5.5.1 EHLO first"
        if word == "AUTH":
            return "502 5.5.1 The client certificate is all that counts here"
        if word == "DATA":
            return self._data()
        wanted = b"FROM:" if word == "MAIL" else b"TO:"
        if not rest.lstrip().upper().startswith(wanted):
            return f"501 5.5.4 {word} needs {wanted.decode()}"
        if word == "MAIL":
            if self._sender:
                return "503 5.5.1 One sender at a time"
            self._sender = True
            return "250 2.1.0 Sender OK"
        if not self._sender:
            return "503 5.5.1 MAIL first"
        self._recipients += self._verdict == "ready"
        return rcpt_reply(self._verdict, exact=self.exact)

    def _data(self) -> str:
        """Never 354. Where a real message has come this far, a temporary refusal leaves it in the gateway's queue."""
        if not self._recipients:
            return "503 5.5.1 No recipient was accepted"
        if self.exact:
            return "554 5.3.2 certready takes no mail"
        return "451 4.3.2 certready: ready, but it takes no mail; the message stays with you"

    def _reset(self) -> None:
        self._sender = False
        self._recipients = 0

    def _said(self, word: str, text: str) -> bytes:
        if len(self.exchanges) < MAX_EXCHANGES:
            self.exchanges.append(Exchange(word, text.rpartition("\r\n")[2]))
        return f"{text}\r\n".encode("ascii", "replace")
