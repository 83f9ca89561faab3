"""One TLS handshake over memory BIOs: nothing is verified here, because any chain must be seen as it was sent.

Works with pyOpenSSL because the standard library cannot give the chain as sent before Python 3.13, nor the stapled
OCSP answer at all. The socket stays ours, and with it the clock.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from certready.net.wire import CHUNK, Wire

if TYPE_CHECKING:
    from OpenSSL import SSL

MAX_CERTIFICATES = 100
MAX_CHAIN_BYTES = 1024 * 1024
MAX_HANDSHAKE_BYTES = 4 * 1024 * 1024

# Old gateways must be seen to be reported, so every version and cipher with a certificate is offered; the best that
# both sides know is still what gets negotiated.
CIPHERS = b"ALL:!aNULL:!eNULL:@SECLEVEL=0"


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
        _drive(wire, connection)
    except SSL.Error as error:
        raise HandshakeError(_sentence(error), refused=True) from None
    except TimeoutError:
        raise HandshakeError("The gateway did not finish the TLS handshake in time.") from None
    session = Session(
        version=connection.get_protocol_version_name(),
        cipher=connection.get_cipher_name() or "",
        chain=_sent(connection),
        staple=notes.staples[-1] if notes.staples and notes.staples[-1] else None,
        asks_certificate=notes.asked,
    )
    _say_goodbye(wire, connection, farewell)
    return session


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


def _drive(wire: Wire, connection: SSL.Connection) -> None:
    """Carry bytes between socket and OpenSSL until the handshake is done."""
    from OpenSSL import SSL

    received = 0
    while True:
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            _flush(wire, connection)
        except SSL.Error:
            _flush(wire, connection)  # our alert tells the gateway's log why
            raise
        else:
            _flush(wire, connection)
            return
        data = wire.receive()
        received += len(data)
        if not data:
            raise HandshakeError("The gateway closed the connection during the TLS handshake.", refused=True)
        if received > MAX_HANDSHAKE_BYTES:
            raise HandshakeError("The gateway sent more than 4 MiB without finishing the TLS handshake.")
        connection.bio_write(data)


def _flush(wire: Wire, connection: SSL.Connection) -> None:
    from OpenSSL import SSL

    while True:
        try:
            data = connection.bio_read(CHUNK)
        except SSL.Error:  # WantReadError: nothing is left to send
            return
        wire.send(data)


def _sent(connection: SSL.Connection) -> tuple[bytes, ...]:
    """The certificates as they came, leaf first; as bytes, because cryptography may refuse what OpenSSL reads."""
    from OpenSSL import crypto

    certificates = connection.get_peer_cert_chain() or []
    if not certificates:
        raise HandshakeError("The gateway presented no certificate.")
    if len(certificates) > MAX_CERTIFICATES:
        raise HandshakeError(
            f"The gateway sent {len(certificates)} certificates; more than {MAX_CERTIFICATES} are not looked at."
        )
    chain = tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate) for certificate in certificates)
    if sum(map(len, chain)) > MAX_CHAIN_BYTES:
        raise HandshakeError("The gateway sent more than 1 MiB of certificates; so many are not looked at.")
    return chain


def _say_goodbye(wire: Wire, connection: SSL.Connection, farewell: bytes) -> None:
    from OpenSSL import SSL

    try:
        if farewell:
            connection.send(farewell)
        connection.shutdown()
        _flush(wire, connection)
    except (SSL.Error, TimeoutError):
        return  # what there was to see has been seen


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


def _sentence(error: SSL.Error) -> str:
    reasons = [str(entry[-1]) for entry in (error.args[0] if error.args else ()) if isinstance(entry, tuple)]
    reason = reasons[-1] if reasons else "no reason given"
    known = next((text for key, text in _EXPLAINED.items() if key in reason), None)
    shown = reason.encode("ascii", "backslashreplace").decode()[:100]
    return f"The TLS handshake failed: {known} ({shown})." if known else f"The TLS handshake failed: {shown}."
