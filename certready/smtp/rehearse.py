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


class Meaning(Struct, frozen=True):
    """What a reply says of the client certificate: ``why`` is a sentence, ``fix`` what to do where there is something
    to do."""

    kind: Kind
    why: str
    fix: str | None = None


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

    def _ask(self, command: str, wanted: str) -> Generator[bytes, bytes, bool]:
        """Whether the command was answered as wanted; the reply is noted either way."""
        sent = f"{command}\r\n".encode("ascii", "replace")
        if (early := self._read()) is not None:
            # Taken for the answer to this command, a 250 too many would count as a recipient that was taken.
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
        return str(reply.code).startswith(wanted)

    def _read(self) -> SmtpReply | None:
        try:
            return self._reader.read()
        except NotSmtpError as error:
            self.error = f"The smart host does not speak SMTP inside TLS: {error}."
            return None


# -- meanings -----------------------------------------------------------------------------------------------------

_CONNECTOR = (
    "Compare the certificate's names with TlsSenderCertificateName, see that the connector is enabled, that its domain "
    "is an accepted domain of this tenant, and that the whole chain is sent."
)
_LATER = "Rehearse again later, or from the address that the gateway sends from."

# The first that matches decides. Each is looked for in the whole reply, code included.
_MEANINGS: tuple[tuple[str, Meaning], ...] = (
    (
        r"certready: cannot tell",
        Meaning(
            "inconclusive",
            "A certready listener has seen the certificate and could not tell whether it is ready.",
            "Read the listener's own report: it says what could not be told.",
        ),
    ),
    (
        r"5\.7\.64\b|TenantAttribution|ATTR36",
        Meaning(
            "refused",
            "Exchange Online could tie the connection to no tenant: the certificate matches no enabled inbound "
            "connector whose domain the tenant accepts, or its chain is not complete and trusted.",
            _CONNECTOR,
        ),
    ),
    (
        r"5\.7\.51\b|TenantInboundAttribution; There is a partner",
        Meaning(
            "refused",
            "The certificate was not recognised as the organisation's own, so the mail counted as Internet mail and "
            "met a Partner connector that admits only certain certificates or addresses.",
            _CONNECTOR,
        ),
    ),
    (
        r"5\.7\.68\b|Direct Send not allowed",
        Meaning(
            "refused",
            "The tenant rejects direct send, and no connector matched that would exempt this mail.",
            _CONNECTOR,
        ),
    ),
    (
        r"5\.7\.711\b|bad inbound connector",
        Meaning(
            "refused",
            "Microsoft has restricted the connector because of abuse.",
            "See Get-BlockedConnector; stop the abuse, then Remove-BlockedConnector.",
        ),
    ),
    (
        r"5\.7\.750\b|unregistered domain",
        Meaning(
            "refused",
            "The tenant relays mail from domains that it does not accept, and is blocked from doing so.",
            "Add and verify the sender domains, or stop relaying for them.",
        ),
    ),
    (
        r"UntrustedRoot|Failed to establish appropriate TLS channel",
        Meaning(
            "refused",
            "Exchange Online does not trust the certificate, or demands better TLS than it was given.",
            "Send a certificate of a public authority with its whole chain; judge the file with certready check.",
        ),
    ),
    (
        r"5\.7\.0 Must issue a STARTTLS",
        Meaning("refused", "The smart host does not count this connection as TLS.", "Look for a proxy in between."),
    ),
    (
        r"4\.4\.62\b|ATTR35|wrong Office 365 region",
        Meaning(
            "refused",
            "No inbound connector matched, so the mail went by its recipient, or the smart host is that of another "
            "region.",
            "Use the host name out of the tenant's own MX record as smart host, and check the connector.",
        ),
    ),
    (
        r"5\.7\.57\b|Client not authenticated|SMTP AUTH",
        Meaning(
            "refused",
            "This is the host for mail clients that log in, where no connector is looked at.",
            "Use the host name out of the tenant's own MX record as smart host, port 25.",
        ),
    ),
    (
        r"5\.7\.(60[6-9]|6[1-4][0-9])\b|5\.7\.511\b|banned sending IP|\bS31[45]0\b|blocked using|Client host \[",
        Meaning(
            "inconclusive",
            "The smart host refuses the address this rehearsal came from because of its reputation, before it looks at "
            "the certificate.",
            "Rehearse from the address that the gateway sends from; delist it at sender.office.com if it is that.",
        ),
    ),
    (
        r"^4\d\d[ -]4\.7\.|4\.3\.[12]\b|4\.5\.3|throttl|too many|rate limit|Server busy|^421",
        Meaning(
            "inconclusive", "The smart host puts this address off: throttling, greylisting, reputation or load.", _LATER
        ),
    ),
    (
        r"5\.1\.1\b|5\.1\.10|5\.4\.1\b|Recipient address rejected|user unknown|RecipientNotFound",
        Meaning(
            "inconclusive",
            "The recipient was refused for its own sake, which says nothing of the certificate.",
            "Give a recipient that exists, outside of the tenant.",
        ),
    ),
    (
        r"relay access denied|relaying denied|unable to relay|relay not permitted|not permitted to relay",
        Meaning(
            "refused",
            "The smart host does not relay for this client: it does not know the certificate.",
            _CONNECTOR,
        ),
    ),
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), meaning) for pattern, meaning in _MEANINGS)


def meaning(reply: str) -> Meaning:
    """What a reply to MAIL or RCPT says of the client certificate; ``reply`` begins with its code."""
    if reply.startswith(("250", "251")):  # RFC 5321, 4.3.3: no other 2yz takes a recipient, 221 least of all
        return Meaning("accepted", "The smart host took the recipient.")
    for pattern, found in _COMPILED:
        if pattern.search(reply):
            return found
    if reply.startswith("4"):
        return Meaning("inconclusive", "The smart host puts this off for the moment, for a reason of its own.", _LATER)
    return Meaning("inconclusive", "The smart host refuses this for a reason that certready does not know.")
