"""From a plain protocol to TLS, without a socket: the dialogues that ask for STARTTLS.

A dialogue is a generator. It yields a :class:`Step` (bytes to send, then wait), is sent whatever bytes arrive (empty:
the other side closed), and returns an :class:`Outcome`. Whoever drives it owns the socket and the clock. It never
raises, it ends, and what it holds is bounded, whatever arrives. Nothing is pipelined: many gateways hang up on that.

Another protocol is one more generator and one more entry in :data:`PROTOCOLS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from certready.errors import UsageError
from certready.smtp.starttls.ldap import UNBIND, ldap
from certready.smtp.starttls.mailbox import imap, pop3
from certready.smtp.starttls.smtp import lmtp, masked, smtp
from certready.smtp.starttls.talk import Dialogue, Outcome, Protocol, Step, cut

__all__ = [
    "PROTOCOLS",
    "Dialogue",
    "Outcome",
    "Protocol",
    "Step",
    "check_ehlo",
    "imap",
    "implicit",
    "ldap",
    "lmtp",
    "masked",
    "pop3",
    "protocol",
    "smtp",
]


def implicit(_ehlo: str) -> Dialogue:
    """TLS from the first byte (RFC 8314, 3): there is nothing to say before it."""
    yield from ()
    return Outcome("", "handshake")


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        "smtp": Protocol(25, smtp, b"QUIT\r\n"),
        "submission": Protocol(587, smtp, b"QUIT\r\n"),
        "smtps": Protocol(465, implicit, b"QUIT\r\n", greets=False),
        "lmtp": Protocol(24, lmtp, b"QUIT\r\n"),
        "imap": Protocol(143, imap, b"a3 LOGOUT\r\n"),
        "imaps": Protocol(993, implicit, b"a1 LOGOUT\r\n", greets=False),
        "pop3": Protocol(110, pop3, b"QUIT\r\n"),
        "pop3s": Protocol(995, implicit, b"QUIT\r\n", greets=False),
        "ldap": Protocol(389, ldap, UNBIND, greets=False),
        "tls": Protocol(443, implicit, greets=False),
    }
)


def protocol(name: str) -> Protocol:
    """The protocol of this name, in any case. Raises UsageError where there is none."""
    chosen = PROTOCOLS.get(name.lower())
    if chosen is None:
        raise UsageError(f'"{_safe(name)}" is not a known protocol.', hint=f"Use one of {', '.join(PROTOCOLS)}.")
    return chosen


def check_ehlo(name: str) -> str:
    """The name to greet with, where it can stand in an EHLO line (RFC 5321, 4.1.1.1). Raises UsageError."""
    if not re.fullmatch(r"[A-Za-z0-9._:\[\]-]{1,255}", name):
        raise UsageError(
            f'"{_safe(name)}" cannot be sent as the name in EHLO.',
            hint="Give this machine's public host name, or its address in brackets such as [192.0.2.1].",
        )
    return name


def _safe(text: str) -> str:
    return cut(text.encode("ascii", "backslashreplace").decode().translate(dict.fromkeys((*range(32), 127), "?")))
