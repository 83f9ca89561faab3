"""Probing real servers that speak something else than SMTP: Dovecot for IMAP and POP3, slapd for LDAP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from certready.demo.pki import Authority
from certready.model import Bundle
from certready.net.gateway import fetch
from tests.live.mailbox import Dovecot, Slapd
from tests.live.servers import UnavailableError

pytestmark = pytest.mark.live

Start = Callable[..., Any]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a server; it is stopped when the test ends. Skips where the machine has none."""
    with ExitStack() as running:

        def started(kind: Callable[..., Any], *args: object, **options: object) -> object:
            try:
                server = kind(*args, **options)
            except UnavailableError as reason:
                pytest.skip(str(reason))
            return running.enter_context(server)

        yield started


def ders(bundle: Bundle) -> list[list[bytes]]:
    """Every chain as DER."""
    return [[certificate.der for certificate in chain.certificates] for chain in bundle.chains]


def test_dovecot(start: Start, authority: Authority) -> None:
    """IMAP and POP3, by STARTTLS and with TLS at once, give the chain as it was configured."""
    leaf = authority.issue("gw.contoso.test", key="rsa")
    server = start(Dovecot, leaf)
    ports = {
        "imap": server.port,
        "imaps": server.imaps_port,
        "pop3": server.pop3_port,
        "pop3s": server.pop3s_port,
    }
    for protocol, port in ports.items():
        bundle = fetch("127.0.0.1", port, protocol=protocol)
        (endpoint,) = bundle.endpoints
        assert (protocol, endpoint.trouble, endpoint.stage) == (protocol, "", "done"), endpoint.error
        assert ders(bundle) == [[leaf.der, authority.der]]
        assert {one.question: one.outcome for one in endpoint.handshakes} == {
            "exchange": "done",
            "ecdsa": "refused",
            "ecdsa-tls13": "refused",
        }


def test_dovecot_without_tls(start: Start, authority: Authority) -> None:
    """A Dovecot without TLS offers neither STARTTLS nor STLS, and that is what is said."""
    server = start(Dovecot, authority.issue("gw.contoso.test"), settings=["ssl = no"])
    for protocol, port in {"imap": server.port, "pop3": server.pop3_port}.items():
        (endpoint,) = fetch("127.0.0.1", port, protocol=protocol).endpoints
        assert (endpoint.trouble, endpoint.stage) == ("no-starttls", "ehlo"), endpoint.error


def test_slapd(start: Start, authority: Authority) -> None:
    """StartTLS of LDAP gives the chain as it was configured."""
    leaf = authority.issue("ldap.contoso.test", key="rsa")
    bundle = fetch("127.0.0.1", start(Slapd, leaf).port, protocol="ldap", sni="ldap.contoso.test")
    (endpoint,) = bundle.endpoints
    assert (endpoint.trouble, endpoint.stage, endpoint.reply) == ("", "done", "0 success"), endpoint.error
    assert ders(bundle) == [[leaf.der, authority.der]]


def test_slapd_without_tls(start: Start, authority: Authority) -> None:
    """An LDAP server without certificate refuses StartTLS, and its refusal is quoted."""
    server = start(Slapd, authority.issue("ldap.contoso.test"), settings=["idletimeout 60"])
    (endpoint,) = fetch("127.0.0.1", server.port, protocol="ldap").endpoints
    assert (endpoint.trouble, endpoint.stage) == ("no-starttls", "starttls"), endpoint.error
    assert str(endpoint.reply).startswith("2 protocolError")
