"""Whether a server asks for a client's certificate, noticed in either way."""

from __future__ import annotations

import itertools
from contextlib import suppress

import pytest
from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL

from certready.demo.pki import Authority
from certready.net import requested
from certready.net.offers import EVERYTHING, make_context
from certready.net.requested import Notes, prepare, watch

VERSIONS = [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION]


@pytest.fixture(params=["the hook", "the states"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """By OpenSSL's call, or, where that cannot be had, by the states of the handshake."""
    way: str = request.param
    if way == "the states":
        monkeypatch.setattr(requested, "_hook", lambda: None)
    return way


def shaken(version: int, *, asks: bool) -> Notes:
    """What was noted in a handshake with a server that asks or not."""
    issued = Authority.root("Test Root").issue("gw.contoso.com")
    server = SSL.Context(SSL.TLS_SERVER_METHOD)
    server.set_max_proto_version(version)
    server.use_certificate(issued.x509)
    server.use_privatekey(issued.key)
    if asks:
        server.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    context = make_context(EVERYTHING)
    prepare(context)
    notes = Notes()
    ends = [SSL.Connection(each, None) for each in (context, server)]
    ends[0].set_app_data(notes)
    kept = watch(ends[0], notes)
    ends[0].set_connect_state()
    ends[1].set_accept_state()
    for here, there in itertools.islice(itertools.cycle([ends, ends[::-1]]), 8):
        with suppress(SSL.WantReadError):
            here.do_handshake()
        with suppress(SSL.WantReadError):
            there.bio_write(here.bio_read(65536))
    assert ends[0].get_peer_certificate() is not None
    del kept
    return notes


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("asks", [True, False])
def test_asking(version: int, *, asks: bool) -> None:
    """It is noted when the server asks, and only then, in TLS 1.2 and 1.3."""
    assert shaken(version, asks=asks).asked == asks


def test_the_hook_is_there() -> None:
    """The installed binding of OpenSSL has the setter, so that no state need be watched."""
    assert hasattr(Binding().lib, "SSL_set_cert_cb")
    assert requested._hook() is not None
