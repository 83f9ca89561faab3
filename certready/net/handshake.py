"""One TLS handshake over memory BIOs: nothing is verified here, because any chain must be seen as it was sent.

Works with pyOpenSSL because the standard library cannot give the chain as sent before Python 3.13, nor the stapled
OCSP answer at all. The socket stays ours, and with it the clock.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from certready.net.wire import CHUNK, Wire

if TYPE_CHECKING:
    from OpenSSL import SSL

MAX_CERTIFICATES = 100
MAX_CHAIN_BYTES = 1024 * 1024
MAX_HANDSHAKE_BYTES = 4 * 1024 * 1024

# Old gateways must be seen to be reported, so every version and cipher with a certificate is offered; the best that
# both sides know is still what gets negotiated.
CIPHERS = b"ALL:!aNULL:!eNULL:@SECLEVEL=0"


@dataclass(frozen=True, slots=True)
class Session:
    """What a handshake showed: version and cipher by OpenSSL's names, the chain as sent (DER), the stapled answer."""

    version: str
    cipher: str
    chain: tuple[bytes, ...]
    staple: bytes | None


class HandshakeError(Exception):
    """The handshake failed; the text is the sentence that says why."""


class SharedContext:
    """The one SSL context of a run, made when it is first asked for, by whichever thread that is.

    Importing OpenSSL takes as long as a few round trips, so it is done while the gateway is thinking.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._context: SSL.Context | None = None

    def get(self) -> SSL.Context:
        with self._lock:
            if self._context is None:
                self._context = _new_context()
            return self._context


def handshake(wire: Wire, context: SSL.Context, *, sni: str | None, farewell: bytes = b"") -> Session:
    """Complete a handshake as client, read what it showed, say ``farewell`` inside TLS and do not wait for an answer.

    ``sni`` is an A-label name, None sends none. Raises HandshakeError, also where time runs out.
    """
    from OpenSSL import SSL

    connection = SSL.Connection(context, None)
    staples: list[bytes] = []
    connection.set_app_data(staples)
    connection.set_connect_state()
    connection.request_ocsp()
    if sni is not None:
        connection.set_tlsext_host_name(sni.encode("ascii"))
    try:
        _drive(wire, connection)
    except SSL.Error as error:
        raise HandshakeError(_sentence(error)) from None
    except TimeoutError:
        raise HandshakeError("The gateway did not finish the TLS handshake in time.") from None
    session = Session(
        version=connection.get_protocol_version_name(),
        cipher=connection.get_cipher_name() or "",
        chain=_sent(connection),
        staple=staples[-1] if staples and staples[-1] else None,
    )
    _say_goodbye(wire, connection, farewell)
    return session


def _new_context() -> SSL.Context:
    from OpenSSL import SSL

    def keep(connection: SSL.Connection, staple: bytes, _data: object | None) -> bool:
        connection.get_app_data().append(staple)
        return True  # judged later, with the certificates at hand

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_cipher_list(CIPHERS)
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
            raise HandshakeError("The gateway closed the connection during the TLS handshake.")
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
