"""One TLS handshake over memory BIOs: nothing is verified here, because any chain must be seen as it was sent.

Works with pyOpenSSL because the standard library cannot give the chain as sent before Python 3.13, nor the stapled
OCSP answer at all. The socket stays ours, and with it the clock.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from certready.net.session import CIPHERS, LeftError, Secured
from certready.net.wire import TooMuchError, Wire

if TYPE_CHECKING:
    from OpenSSL import SSL

# Microsoft Learn, "Technical reference details about encryption": the TLS 1.2 suites of Exchange Online, by
# OpenSSL's names. Every one of them needs a server certificate with an RSA key.
EXCHANGE_CIPHERS = (
    b"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256:"
    b"ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA:AES256-GCM-SHA384:AES128-GCM-SHA256:@SECLEVEL=0"
)


class Offer(NamedTuple):
    """What a client offers in a handshake: OpenSSL's cipher list, and whether TLS 1.2 alone or every version."""

    ciphers: bytes = CIPHERS
    only_tls12: bool = False


EVERYTHING = Offer()
EXCHANGE = Offer(EXCHANGE_CIPHERS, only_tls12=True)
RSA = Offer(b"aRSA:!eNULL:!PSK:@SECLEVEL=0", only_tls12=True)
ECDSA = Offer(b"aECDSA:!eNULL:!PSK:@SECLEVEL=0", only_tls12=True)


class Session(NamedTuple):
    """What a handshake showed: version and cipher by OpenSSL's names, the chain as sent (DER), the stapled answer, and
    whether the server asked for a client certificate."""

    version: str
    cipher: str
    chain: tuple[bytes, ...]
    staple: bytes | None
    asks_certificate: bool = False


class HandshakeError(Exception):
    """The handshake failed; the text is the sentence that says why. ``refused`` is True where the other side ended it,
    as one does that has nothing in common with what was offered."""

    def __init__(self, sentence: str, *, refused: bool = False) -> None:
        super().__init__(sentence)
        self.refused = refused


class SharedContext:
    """The SSL contexts of a run, one for each offer, made when first asked for, by whichever thread that is.

    Importing OpenSSL takes as long as a few round trips, so it is done while the gateway is thinking.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[Offer, SSL.Context] = {}

    def get(self, offer: Offer = EVERYTHING) -> SSL.Context:
        with self._lock:
            if offer not in self._contexts:
                self._contexts[offer] = _new_context(offer)
            return self._contexts[offer]


class _Notes(Struct):
    """What OpenSSL's callbacks saw of one connection."""

    staples: list[bytes] = field(default_factory=list)
    asked: bool = False


def handshake(wire: Wire, context: SSL.Context, *, sni: str | None, farewell: bytes = b"") -> Session:
    """Complete a handshake as client, read what it showed, say ``farewell`` inside TLS and do not wait for an answer.

    ``sni`` is an A-label name, None sends none. Raises HandshakeError, also where time runs out.
    """
    from OpenSSL import SSL

    connection = SSL.Connection(context, None)
    notes = _Notes()
    connection.set_app_data(notes)
    connection.set_connect_state()
    connection.request_ocsp()
    if sni is not None:
        connection.set_tlsext_host_name(sni.encode("ascii"))
    try:
        tls = Secured(wire, connection, "gateway")
        chain = tls.server_chain()
    except LeftError as error:
        raise HandshakeError(_sentence(error), refused=True) from None
    except TooMuchError as error:
        raise HandshakeError(str(error)) from None
    except TimeoutError:
        raise HandshakeError("The gateway did not finish the TLS handshake in time.") from None
    if not chain:
        raise HandshakeError("The gateway presented no certificate.")
    with contextlib.suppress(TimeoutError):  # what there was to see has been seen
        tls.send(farewell)
        tls.close()
    return Session(
        version=tls.version,
        cipher=tls.cipher,
        chain=chain,
        staple=notes.staples[-1] if notes.staples and notes.staples[-1] else None,
        asks_certificate=notes.asked,
    )


def _new_context(offer: Offer) -> SSL.Context:
    from OpenSSL import SSL

    def keep(connection: SSL.Connection, staple: bytes, _data: object | None) -> bool:
        connection.get_app_data().staples.append(staple)
        return True  # judged later, with the certificates at hand

    def watch(connection: SSL.Connection, _where: int, _value: int) -> None:
        if b"certificate request" in connection.get_state_string():
            connection.get_app_data().asked = True

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE)
    context.set_min_proto_version(SSL.TLS1_2_VERSION if offer.only_tls12 else SSL.TLS1_VERSION)
    if offer.only_tls12:
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(offer.ciphers)
    context.set_info_callback(watch)
    context.set_options(SSL.OP_LEGACY_SERVER_CONNECT)  # gateways from before RFC 5746 still have a certificate
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_ocsp_client_callback(keep)
    return context


_EXPLAINED = {
    "wrong version number": "what arrived is not TLS",
    "packet length too long": "what arrived is not TLS",
    "http request": "what arrived is not TLS but HTTP",
    "excessive message size": "it sends more than 100 KB of certificates, which TLS clients refuse",
    "handshake failure": "gateway and client have no TLS version, cipher or key type in common",
    "protocol version": "gateway and client have no TLS version in common",
    "unsupported protocol": "gateway and client have no TLS version in common",
    "unrecognized name": "the gateway has no certificate for this server name",
}


def _sentence(error: LeftError) -> str:
    known = next((text for key, text in _EXPLAINED.items() if key in error.reason), None)
    if known:
        return f"The TLS handshake failed: {known} ({error.reason})."
    return str(error)
