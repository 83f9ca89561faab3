"""What was seen of one address of a gateway: how far the conversation came, and what each handshake showed."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from certready.wording import host_port

Trouble = Literal["", "unreachable", "deferred", "no-starttls", "handshake-failed", "clear-text"]
Stage = Literal["connect", "banner", "ehlo", "starttls", "handshake", "done"]
Question = Literal[
    "exchange", "rsa", "ecdsa", "rsa-tls13", "ecdsa-tls13", "no-name", "no-name-rsa", "no-name-ecdsa", "again"
]
Outcome = Literal["done", "refused", "unanswered", "not-asked"]


class Handshake(Struct, frozen=True):
    """One more handshake with an address, beside the ordinary one that offers everything and names the host.

    ``question`` is what it was for: "exchange" offers TLS 1.2 with the suites that Exchange Online publishes, which all
    need an RSA certificate; "rsa" (asked where "exchange" was refused) and "ecdsa" TLS 1.2 with every suite of that
    kind; "rsa-tls13" and "ecdsa-tls13" TLS 1.3 with the signature algorithms of that kind; "no-name-rsa" and
    "no-name-ecdsa" any version of that kind without a server name, "no-name" of any kind (asked where both were
    refused); "again" is a repetition that brought up a server nobody had seen behind the address. ``outcome`` is
    "done", "refused" (the server ended the handshake, having nothing of the kind), "unanswered" (nothing is known;
    ``error`` says why) or "not-asked" (``--gentle``).
    """

    question: Question
    outcome: Outcome
    chain: str | None = None
    tls_version: str | None = None
    cipher: str | None = None
    staple: bytes | None = None
    error: str | None = None

    @property
    def stapled(self) -> bool:
        """Whether an OCSP answer came with the certificate."""
        return self.staple is not None


class Endpoint(Struct, frozen=True):
    """One address of a gateway and how far the conversation with it came.

    ``trouble`` classifies a failure by the contract's ``tls.*`` ids ("" where TLS was established; "clear-text" is a
    client of the listener that wanted to send without TLS), ``stage`` is where it ended, ``reply`` the last SMTP reply
    as text, ``error`` the sentence about it. ``staple`` is the stapled OCSP answer, DER. ``elapsed_ms`` is the time to
    the end of the handshake. ``asks_certificate`` says whether the server asks its client for a certificate,
    ``demands_certificate`` how it insisted on one (a clause; ``stage`` is then where it did), ``deferred`` what it put
    a first attempt off with, where a second was made. ``banner`` is what it greeted with.
    """

    host: str
    address: str
    port: Annotated[int, Meta(ge=0, le=65535)]
    chain: str | None = None
    tls_version: str | None = None
    cipher: str | None = None
    staple: bytes | None = None
    stage: Stage = "connect"
    reply: str | None = None
    error: str | None = None
    trouble: Trouble = ""
    protocol: str = "smtp"
    elapsed_ms: int | None = None
    asks_certificate: bool | None = None
    deferred: str | None = None
    demands_certificate: str | None = None
    handshakes: tuple[Handshake, ...] = ()
    banner: str | None = None

    @property
    def stapled(self) -> bool:
        """Whether an OCSP answer came with the certificate."""
        return self.staple is not None

    @property
    def chain_ids(self) -> tuple[str, ...]:
        """Every chain it presented, the ordinary handshake's first, each once."""
        ids = (self.chain, *(handshake.chain for handshake in self.handshakes))
        return tuple(dict.fromkeys(chain_id for chain_id in ids if chain_id))

    @property
    def name(self) -> str:
        """``address:port``, an IPv6 address in brackets; the host where no address is known."""
        return host_port(self.address or self.host, self.port)
