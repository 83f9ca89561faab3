"""The server's side of SMTP as far as a listener for client certificates needs it, without a socket.

A :class:`Conversation` hears bytes, cut anywhere, and says what to send. It offers STARTTLS and answers RCPT TO by the
verdict on the client certificate. It takes no message and makes none bounce: whatever is said, before TLS and inside
it, a refusal is a temporary one (4yz; RFC 5321, 4.2.1), after which a mail server keeps the message in its queue. What
it holds is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from certready.model.dialogue import Exchange
from certready.model.report import Verdict
from certready.smtp.replies import printable

MAX_LINE = 2048  # RFC 5321, 4.5.3.1.4 asks for 512 octets; extensions of MAIL and RCPT add to that
MAX_COMMANDS = 100
MAX_ERRORS = 10

# What Exchange Online says to a message that it can tie to no tenant (Microsoft Learn: "ATTR36" and its kin).
REFUSED = "550 5.7.64 TenantAttribution; Relay Access Denied"

# Why a recipient is refused: by the verdict on the client certificate, None where there is no TLS and so none.
_REASONS: Mapping[Verdict | None, str] = {
    "not-ready": "not ready; Exchange Online would answer",
    "cannot-tell": "cannot tell; what is not ready Exchange Online would answer",
    None: "no TLS and so no client certificate; Exchange Online would answer",
}

# Commands that are answered alike in every state.
_PLAIN: Mapping[str, str] = {
    "NOOP": "250 2.0.0 OK",
    "RSET": "250 2.0.0 OK",
    "HELP": "214 2.0.0 See certready listen --help",
    "VRFY": "252 2.5.0 Cannot verify",
}
_NOTED = frozenset({"EHLO", "HELO", "STARTTLS", "MAIL", "RCPT", "DATA", "BDAT", "AUTH", "QUIT", *_PLAIN})
OTHER = "(other)"  # how any other command is noted: a line of a login or of a message is nobody's business

STILL_CONNECTED = "It was still connected when the listener ended."

Then = Literal["go-on", "tls", "close"]


class Turn(Struct, frozen=True):
    """What to send, and what comes ``then``: the next command, the TLS handshake, or the end of the connection."""

    send: bytes
    then: Then = "go-on"


def rcpt_reply(verdict: Verdict | None, *, exact: bool) -> str:
    """The answer to RCPT TO; without TLS there is no verdict. Unless ``exact``, a refusal is a temporary one that
    quotes Exchange Online's: a message that really was on its way is then delayed and not bounced."""
    if verdict == "ready":
        return "250 2.1.5 Recipient OK"
    return REFUSED if exact else f"450 4.7.0 certready: {_REASONS[verdict]}: {REFUSED}"


def turned_away(name: str, reason: str) -> bytes:
    """The one line for a client that is refused at once (RFC 5321, 3.8)."""
    return f"421 4.3.2 {name} {reason}\r\n".encode("ascii", "replace")


def clear_text(*, offered: bool, failure: str | None) -> str:
    """The sentence about a client that wanted to send without TLS; ``failure`` is how its last handshake failed."""
    if failure:
        return f"It came back in clear text after TLS had failed: {failure}"
    if offered:
        return "It was offered STARTTLS and did not use it."
    return "It greeted with HELO, which asks for no STARTTLS."


class Conversation(Struct):
    """One SMTP client and how far the conversation with it has come.

    ``name`` is how the listener greets, ``address`` the client's, ``exact`` as for :func:`rcpt_reply`. ``client`` is
    the name in the client's EHLO, printable; ``exchanges`` what was said so far, verbs only. ``clear_mail`` says that
    the client wanted to send without TLS, ``offered`` that it was offered STARTTLS.
    """

    name: str
    address: str = ""
    exact: bool = False
    client: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    clear_mail: bool = False
    offered: bool = False
    _buffer: bytearray = field(default_factory=bytearray)
    _verdict: Verdict | None = None
    _greeted: bool = False
    _sender: bool = False
    _recipients: int = 0
    _commands: int = 0
    _errors: int = 0

    @property
    def sent_away(self) -> bool:
        """Whether it was this side that ended the conversation, with a 421."""
        return bool(self.exchanges) and self.exchanges[-1].reply.startswith("421")

    @property
    def has_quit(self) -> bool:
        """Whether the client ended it in the orderly way."""
        return bool(self.exchanges) and self.exchanges[-1].sent == "QUIT"

    def greet(self) -> bytes:
        """The banner."""
        return self._recorded("", f"220 {self.name} certready listens for client certificates; no mail is taken")

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
            if turn.then != "go-on":
                return Turn(bytes(sent), turn.then)
        if len(self._buffer) > MAX_LINE:
            return Turn(bytes(sent) + self._closing("", f"lines end within {MAX_LINE} bytes").send, "close")
        return Turn(bytes(sent))

    # -- one command ------------------------------------------------------------------------------------------------

    def _command(self, line: bytes) -> Turn:
        self._commands += 1
        verb, _, argument = line.partition(b" ")
        upper = printable(verb[:12]).upper()
        word = upper if upper in _NOTED else OTHER
        if self._commands > MAX_COMMANDS:
            return self._closing(word, "too many commands")
        match word:
            case "STARTTLS":
                return self._starttls(argument)
            case "QUIT":
                return Turn(self._recorded(word, "221 2.0.0 Bye"), "close")
            case "BDAT":  # the chunk is on its way already, and nobody here takes it (RFC 3030, 2)
                self._note_mail()
                return self._closing(word, "no mail is taken")
        text = self._reply(word, argument)
        if self._errors > MAX_ERRORS:
            return self._closing(word, "too many errors")
        return Turn(self._recorded(word, text))

    def _starttls(self, argument: bytes) -> Turn:
        if self._verdict is not None or not self._greeted or argument.strip():
            why = "STARTTLS has no parameters" if argument.strip() else "STARTTLS comes after EHLO, and once"
            return Turn(self._recorded("STARTTLS", self._mistake(why)))
        if self._buffer:
            # RFC 3207, 4.2 and 6: what comes before TLS must not be taken for what comes inside it (CVE-2011-0411).
            return self._closing("STARTTLS", "plain text follows STARTTLS")
        return Turn(self._recorded("STARTTLS", "220 2.0.0 Go ahead"), "tls")

    def _reply(self, word: str, argument: bytes) -> str:
        match word:
            case "EHLO" | "HELO":
                return self._hello(word, argument)
            case "MAIL" | "RCPT" | "DATA" | "AUTH":
                self._note_mail()
                return self._mail(word, argument)
            case "RSET":
                self._reset()
        return _PLAIN.get(word) or self._mistake("this command is not known here")

    def _hello(self, word: str, argument: bytes) -> str:
        if not argument.strip():
            return self._mistake(f"{word} needs a name")
        self.client = printable(argument.strip()[:255])
        self._greeted = True
        self._reset()
        if word == "HELO":
            return f"250 {self.name}"
        # SIZE without a limit (RFC 1870, 4): a message over it would be returned by its own server.
        offers = ["SIZE", "DSN", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8"]
        if self._verdict is None:
            offers.append("STARTTLS")
            self.offered = True
        lines = [f"{self.name} Hello [{self.address}]", *offers]
        return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])

    def _mail(self, word: str, argument: bytes) -> str:
        if not self._greeted:
            return self._mistake("EHLO comes first")
        if word == "AUTH":
            return self._mistake("the client certificate is all that counts here")
        if word == "DATA":
            return self._data()
        keyword = b"FROM:" if word == "MAIL" else b"TO:"
        if not argument.lstrip().upper().startswith(keyword):
            return self._mistake(f"{word} needs {keyword.decode()}")
        if word == "MAIL":
            if self._sender:
                return self._mistake("one sender at a time")
            self._sender = True
            return "250 2.1.0 Sender OK"
        if not self._sender:
            return self._mistake("MAIL comes first")
        self._recipients += self._verdict == "ready"
        return rcpt_reply(self._verdict, exact=self.exact)

    def _data(self) -> str:
        """Never 354, and temporary with exact replies too: Exchange Online would take what comes this far."""
        if not self._recipients:
            return self._mistake("no recipient was accepted")
        return "451 4.3.2 certready: ready, but it takes no mail; the message stays with you"

    def _note_mail(self) -> None:
        if self._verdict is None:
            self.clear_mail = True

    def _reset(self) -> None:
        self._sender = False
        self._recipients = 0

    # -- what is said -----------------------------------------------------------------------------------------------

    def _mistake(self, why: str) -> str:
        """The answer to a command that has no place here; after some of them the client is sent away."""
        self._errors += 1
        return f"451 4.5.1 certready: {why}"

    def _closing(self, word: str, why: str) -> Turn:
        """The answer that ends the connection (RFC 5321, 3.8: 421 may answer any command)."""
        return Turn(self._recorded(word, f"421 4.7.0 certready: {why}"), "close")

    def _recorded(self, word: str, text: str) -> bytes:
        self.exchanges.append(Exchange(word, text.rpartition("\r\n")[2]))
        return f"{text}\r\n".encode("ascii", "replace")
