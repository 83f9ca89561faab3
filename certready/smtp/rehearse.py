"""What a gateway says to its smart host once TLS is up, without a socket, and what the answers mean.

The dialogue ends after RCPT TO: no message is ever sent. Meanings follow Microsoft's support articles on each code.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Literal

from msgspec import Struct, field

from certready.errors import UsageError
from certready.model.dialogue import Exchange
from certready.smtp.replies import NotSmtpError, ReplyReader, SmtpReply

Kind = Literal["accepted", "refused", "inconclusive"]

_ADDRESS = re.compile(r"[!-;=?-~]{1,64}@[A-Za-z0-9.:_\[\]-]{1,255}")


def check_address(text: str) -> str:
    """An address that can stand in MAIL or RCPT (RFC 5321, 4.1.2, without quoting). Raises UsageError."""
    if not _ADDRESS.fullmatch(text):
        raise UsageError(
            f"{text[:80]!a} cannot be sent as an address.", hint="Write it as user@contoso.com, in ASCII, without <>."
        )
    return text


class Dialogue(Struct):
    """The commands in order and the answers so far. ``error`` says why it ended early, None where it did not."""

    ehlo: str
    sender: str
    recipient: str
    exchanges: list[Exchange] = field(default_factory=list)
    error: str | None = None
    _reader: ReplyReader = field(default_factory=ReplyReader)

    def run(self) -> Generator[bytes, bytes, None]:
        """Yields what to send (nothing: only wait) and is sent what arrives, empty where the server closed. Ends after
        QUIT has been sent, whose answer nobody waits for; with an empty sender the null sender is used."""
        if (yield from self._ask(f"EHLO {self.ehlo}", "250")) and (
            yield from self._ask(f"MAIL FROM:<{self.sender}>", "250")
        ):
            yield from self._ask(f"RCPT TO:<{self.recipient}>", "25")
            if self.error is None:
                yield from self._ask("RSET", "250")

    def _ask(self, command: str, code: str) -> Generator[bytes, bytes, bool]:
        """Whether the command was answered as wanted; the reply is noted either way."""
        sent = f"{command}\r\n".encode("ascii", "replace")
        if (early := self._read()) is not None:
            # Taken for the answer to this command, a 250 too many would count as a recipient that was taken. A 421 is
            # the one reply that a server may send unasked, before it closes (RFC 5321, 3.8).
            if early.code == 421:
                self.exchanges.append(Exchange(command, early.text))
            self.error = f"The smart host is out of step: it answered {command} before that was sent ({early.quoted})."
            return False
        while (reply := self._read()) is None:
            if self.error is not None:
                return False
            data = yield sent
            sent = b""
            if not data:
                self.error = f"The smart host closed the connection where it should have answered {command}."
                return False
            self._reader.feed(data)
        self.exchanges.append(Exchange(command, reply.text))
        return str(reply.code).startswith(code)

    def _read(self) -> SmtpReply | None:
        try:
            return self._reader.read()
        except NotSmtpError as error:
            self.error = f"The smart host does not speak SMTP inside TLS: {error}."
            return None


# -- meanings -----------------------------------------------------------------------------------------------------


class Meaning(Struct, frozen=True):
    """What a reply says of the client certificate: ``why`` is a sentence, ``fix`` what to do where there is something
    to do."""

    kind: Kind
    why: str
    fix: str | None = None


class Row(Struct, frozen=True):
    """Replies of one meaning. One belongs here whose code begins with one of ``codes`` (where there are any) and that
    holds one of the ``status`` codes of RFC 3463, its class left out, or one of the ``words`` (where there are any)."""

    meaning: Meaning
    codes: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def fits(self, code: str, status: frozenset[str], text: str) -> bool:
        """Whether a reply belongs here: its ``code``, its enhanced ``status`` codes (RFC 3463) without the class,
        and its ``text`` in lower case."""
        if self.codes and not code.startswith(self.codes):
            return False
        fits_text = not status.isdisjoint(self.status) or any(word in text for word in self.words)
        return fits_text or not (self.status or self.words)


_CONNECTOR = (
    "Compare the certificate's names with TlsSenderCertificateName, see that the connector is enabled, that its domain "
    "is an accepted domain of this tenant, and that the whole chain is sent."
)
_CHAIN = "Send a certificate of a public authority with its whole chain; judge the file with certready check."
_SMART_HOST = "Use the host name out of the tenant's own MX record as smart host, port 25."
_LATER = "Rehearse again later, or from the address that the gateway sends from."

REFUSED_BY_TLS = Meaning(
    "refused",
    "The smart host ended TLS because of the certificate.",
    "Judge the file with certready check: chain, dates, usage and key.",
)

# In order: the first row that fits decides.
REPLIES: tuple[Row, ...] = (
    # RFC 5321, 4.3.3: no other 2yz takes a recipient, 221 least of all.
    Row(Meaning("accepted", "The smart host took the recipient."), codes=("250", "251")),
    Row(
        Meaning("inconclusive", "That does not answer this command: it means neither yes nor no.", _LATER),
        codes=("2", "3"),
    ),
    Row(
        Meaning(
            "inconclusive",
            "A certready listener has seen the certificate and could not tell whether it is ready.",
            "Read the listener's own report: it says what is unknown.",
        ),
        words=("certready: cannot tell",),
    ),
    Row(
        Meaning(
            "refused",
            "Exchange Online could tie the connection to no tenant: the certificate matches no enabled inbound "
            "connector whose domain the tenant accepts, or its chain is not complete and trusted.",
            _CONNECTOR,
        ),
        status=("7.64",),
        words=("tenantattribution", "attr36"),
    ),
    Row(
        Meaning(
            "refused",
            "The certificate was not recognised as the organisation's own, so the mail counted as Internet mail and "
            "met a Partner connector that admits only certain certificates or addresses.",
            _CONNECTOR,
        ),
        status=("7.51",),
        words=("tenantinboundattribution; there is a partner",),
    ),
    Row(
        Meaning(
            "refused",
            "The tenant rejects direct send, and no connector matched that would exempt this mail.",
            _CONNECTOR,
        ),
        status=("7.68",),
        words=("direct send not allowed",),
    ),
    Row(
        Meaning(
            "refused",
            "Microsoft has restricted the connector because of abuse.",
            "See Get-BlockedConnector; stop the abuse, then Remove-BlockedConnector.",
        ),
        status=("7.711",),
        words=("bad inbound connector",),
    ),
    Row(
        Meaning(
            "refused",
            "The tenant relays mail from domains that it does not accept, and is blocked from doing so.",
            "Add and verify the sender domains, or stop relaying for them.",
        ),
        status=("7.750",),
        words=("unregistered domain",),
    ),
    Row(
        Meaning(
            "refused",
            "Exchange Online does not trust the certificate, or demands better TLS than it was given.",
            _CHAIN,
        ),
        words=("untrustedroot", "failed to establish appropriate tls channel"),
    ),
    Row(
        Meaning("refused", "The smart host does not trust the client certificate.", _CHAIN),
        words=("client certificate not trusted", "no client certificate presented"),
    ),
    Row(
        Meaning("refused", "The smart host does not count this connection as TLS.", "Look for a proxy in between."),
        words=("must issue a starttls",),
    ),
    Row(
        Meaning(
            "refused",
            "No inbound connector matched, so the mail went by its recipient, or the smart host is that of another "
            "region.",
            "Use the host name out of the tenant's own MX record as smart host, and check the connector.",
        ),
        status=("4.62",),
        words=("attr35", "wrong office 365 region"),
    ),
    Row(
        Meaning(
            "refused", "This is a host for mail clients that log in, where no connector is looked at.", _SMART_HOST
        ),
        status=("7.57",),
        words=("client not authenticated", "smtp auth", "authentication required", "authentication is required"),
    ),
    Row(
        Meaning(
            "inconclusive",
            "The smart host refuses the address this rehearsal came from because of its reputation, before it looks at "
            "the certificate.",
            "Rehearse from the address that the gateway sends from; delist it at sender.office.com if it is that.",
        ),
        status=("7.511", *(f"7.{number}" for number in range(606, 650))),
        words=("banned sending ip", "(s3140)", "(s3150)", "blocked using", "client host ["),
    ),
    Row(
        Meaning(
            "refused", "The smart host does not relay for this client: it does not know the certificate.", _CONNECTOR
        ),
        words=(
            *("relay access denied", "relay not allowed", "relay not permitted", "not permitted to relay"),
            *("relaying denied", "relaying not allowed", "unable to relay"),
        ),
    ),
    Row(
        Meaning(
            "inconclusive",
            "The recipient itself was refused, which says nothing about the certificate.",
            "Give a recipient that exists, outside of the tenant.",
        ),
        status=("1.1", "1.10", "4.1"),
        words=("recipient address rejected", "user unknown", "recipientnotfound"),
    ),
    Row(
        Meaning(
            "inconclusive",
            "The smart host answers with a temporary error: throttling, greylisting, reputation or load.",
            _LATER,
        ),
        codes=("4",),
    ),
    Row(Meaning("inconclusive", "The smart host refuses this for a reason that certready does not know.")),
)

_STATUS = re.compile(r"(?<![\w.])[245]\.(\d{1,3}\.\d{1,3})(?!\.?\w)")


def meaning(reply: str) -> Meaning:
    """What a reply to MAIL or RCPT says of the client certificate; ``reply`` begins with its code."""
    status = frozenset(_STATUS.findall(reply))
    text = " ".join(line[4:] if line[:3] == reply[:3] else line for line in reply.splitlines()).lower()
    return next(row.meaning for row in REPLIES if row.fits(reply[:3], status, text))
