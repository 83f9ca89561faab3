"""Probing real mail servers: Postfix and Exim, as Debian ships them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certready.demo.pki import Authority
from certready.net.gateway import fetch

pytestmark = pytest.mark.live

Start = Callable[..., Any]


@pytest.fixture(params=["postfix", "exim"])
def start(request: pytest.FixtureRequest) -> Start:
    """Starts a Postfix, then an Exim."""
    return request.getfixturevalue(f"start_{request.param}")


@pytest.mark.parametrize("key", ["ec", "rsa"])
def test_whole_chain(start: Start, authority: Authority, key: str) -> None:
    """The chain is captured byte for byte as it was configured, whatever the kind of key."""
    leaf = authority.issue("gw.contoso.test", key=key)
    server = start(leaf)
    bundle = fetch("127.0.0.1", server.port, sni="gw.contoso.test", ehlo="probe.example.org")
    (endpoint,), (chain,) = bundle.endpoints, bundle.chains
    assert (endpoint.trouble, endpoint.stage, endpoint.tls_version) == ("", "done", "TLSv1.3")
    assert [certificate.der for certificate in chain.certificates] == [leaf.der, authority.der]
    assert (endpoint.reply or "").startswith("220 ")


def test_leaf_alone(start: Start, authority: Authority) -> None:
    """A server that forgets its intermediate is seen to send the leaf alone."""
    leaf = authority.issue("gw.contoso.test")
    bundle = fetch("127.0.0.1", start(leaf, sent=[leaf]).port)
    assert [certificate.der for certificate in bundle.chains[0].certificates] == [leaf.der]


def test_root_sent_too(start: Start, authority: Authority) -> None:
    """A server that also sends the root is seen to do so."""
    leaf, root = authority.issue("gw.contoso.test"), authority.issuer
    assert root is not None
    bundle = fetch("127.0.0.1", start(leaf, sent=[leaf, authority, root]).port)
    assert [certificate.der for certificate in bundle.chains[0].certificates] == [leaf.der, authority.der, root.der]


def test_no_complaint_in_the_log(start_postfix: Start, authority: Authority) -> None:
    """Postfix notes an honest EHLO and a proper TLS session, and no synchronization error."""
    server = start_postfix(
        authority.issue("gw.contoso.test", key="rsa"), settings=["smtpd_log_access_permit_actions = static:all"]
    )
    fetch("127.0.0.1", server.port, ehlo="probe.example.org")
    for _ in range(500):  # the log is written by another process, after the session has ended
        log = server.log()
        if log.count("disconnect from") == 5:  # the readiness check's and ours, one for each TLS question
            break
        time.sleep(0.02)
    assert "TLS connection established" in log
    assert "improper command pipelining" not in log


def test_two_key_types(start_postfix: Start, authority: Authority, tmp_path: Path) -> None:
    """A Postfix with an RSA and an ECDSA certificate shows both chains, each with its family."""
    rsa, ecdsa = authority.issue("gw.contoso.test", key="rsa"), authority.issue("gw.contoso.test")
    for name, leaf in (("rsa", rsa), ("ecdsa", ecdsa)):
        (tmp_path / name).write_bytes(leaf.key_pem + leaf.chain_pem)
    server = start_postfix(rsa, settings=[f"smtpd_tls_chain_files = {tmp_path}/rsa, {tmp_path}/ecdsa"])
    bundle = fetch("127.0.0.1", server.port, ehlo="probe.example.org")
    assert {(chain.family, chain.leaf_certificate.der) for chain in bundle.chains} == {
        ("rsa", rsa.der),
        ("ecdsa", ecdsa.der),
    }
    assert {one.question: one.outcome for one in bundle.endpoints[0].handshakes} == {
        "exchange": "done",
        "ecdsa": "done",
        "rsa-tls13": "done",
    }


def test_tls_switched_off(start_postfix: Start, authority: Authority) -> None:
    """A Postfix without TLS answers EHLO cleanly and offers no STARTTLS."""
    server = start_postfix(authority.issue("gw.contoso.test"), settings=["smtpd_tls_security_level = none"])
    (endpoint,) = fetch("127.0.0.1", server.port).endpoints
    assert (endpoint.trouble, endpoint.stage) == ("no-starttls", "ehlo")


def test_old_versions_only(start_postfix: Start, authority: Authority) -> None:
    """A Postfix that knows TLS 1.0 alone is still seen, with the version it negotiated."""
    old = ["smtpd_tls_protocols = TLSv1", "tls_medium_cipherlist = ALL:@SECLEVEL=0", "smtpd_tls_ciphers = medium"]
    server = start_postfix(authority.issue("gw.contoso.test", key="rsa"), settings=old)
    (endpoint,) = fetch("127.0.0.1", server.port).endpoints
    assert (endpoint.trouble, endpoint.tls_version) == ("", "TLSv1")


def test_stapled_answer(start_exim: Start, authority: Authority) -> None:
    """The OCSP answer that Exim staples is captured byte for byte."""
    leaf = authority.issue("gw.contoso.test", key="rsa")
    staple = authority.ocsp(leaf.x509)
    server = start_exim(leaf, staple=staple)
    (endpoint,) = fetch("127.0.0.1", server.port).endpoints
    assert (endpoint.trouble, endpoint.staple) == ("", staple)


def test_tls_at_once(start_exim: Start, authority: Authority) -> None:
    """A port that expects TLS from the first byte is read with the protocol smtps."""
    leaf = authority.issue("gw.contoso.test")
    bundle = fetch("127.0.0.1", start_exim(leaf, implicit=True).port, protocol="smtps")
    assert [certificate.der for certificate in bundle.chains[0].certificates] == [leaf.der, authority.der]
    assert (bundle.endpoints[0].protocol, bundle.endpoints[0].reply) == ("smtps", None)
