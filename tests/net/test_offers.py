"""What is offered in a handshake, as it stands in the ClientHello."""

from __future__ import annotations

import pytest
from OpenSSL import SSL

from certready.net import offers
from certready.net.offers import NotOfferedError, Offer, make_context


def hello(offer: Offer) -> bytes:
    """The ClientHello of a client that makes this offer."""
    connection = SSL.Connection(make_context(offer), None)
    connection.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        connection.do_handshake()
    return connection.bio_read(4096)


def algorithms(offer: Offer) -> set[int]:
    """The signature algorithms in it (RFC 8446, 4.2.3: extension 13, two lengths, two bytes each)."""
    data = hello(offer)
    start = data.index(b"\x00\x0d", 43 + data[43])  # behind the session id
    size = int.from_bytes(data[start + 4 : start + 6])
    body = data[start + 6 : start + 6 + size]
    return {int.from_bytes(body[index : index + 2]) for index in range(0, size, 2)}


def test_one_kind_of_certificate() -> None:
    """The installed binding of OpenSSL can ask for RSA alone and for ECDSA alone."""
    rsa, ecdsa = algorithms(offers.RSA_TLS13), algorithms(offers.ECDSA_TLS13)
    assert {0x0804, 0x0805, 0x0401} <= rsa
    assert {0x0403, 0x0503, 0x0603} <= ecdsa
    assert not rsa & ecdsa
    assert rsa | ecdsa <= algorithms(offers.EVERYTHING)


def test_no_post_quantum_key() -> None:
    """No post-quantum key is made for a ClientHello, unless every group is offered."""
    everything = hello(Offer(groups=b""))
    assert len(hello(offers.EVERYTHING)) < 1184 < len(everything)  # FIPS 203, table 3: a key of ML-KEM-768


def test_what_cannot_be_offered() -> None:
    """What the binding does not take is said, and leaves no error behind for the next handshake."""
    with pytest.raises(NotOfferedError, match="cannot ask for one kind of certificate"):
        make_context(Offer(algorithms=b"no such algorithm"))
    assert hello(offers.EVERYTHING)
