"""TLS over memory BIOs with a certificate of our own, as server or as client: the socket and the clock stay ours.

The other side's certificates are accepted whatever they are: they are captured here and judged elsewhere.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from certready.net.wire import CHUNK, TooMuchError

if TYPE_CHECKING:
    from OpenSSL import SSL, crypto

    from certready.bundle.private import PrivateKey

MAX_CERTIFICATES = 100
MAX_CHAIN_BYTES = 1024 * 1024
MAX_HANDSHAKE_BYTES = 4 * 1024 * 1024
CIPHERS = b"ALL:!aNULL:!eNULL:@SECLEVEL=0"  # weak ones too: what is weak is for the report to say

# The alerts by which one side says that it does not like the certificate it was shown (RFC 8446, 6.2).
DISTRUST = (
    "unknown ca",
    "bad certificate",
    "certificate unknown",
    "certificate expired",
    "certificate revoked",
    "unsupported certificate",
    "certificate required",
    "access denied",
)


class Identity(Struct, frozen=True):
    """What one side of TLS presents: certificates in DER, its own first, and the private key of that."""

    certificates: tuple[bytes, ...]
    key: PrivateKey


class LeftError(Exception):
    """The other side broke TLS off; the text is the sentence about it, ``reason`` OpenSSL's (empty where the connection
    was just closed), ``distrust`` whether our certificate was why."""

    def __init__(self, sentence: str, reason: str = "", *, distrust: bool = False) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.distrust = distrust


class Line(Protocol):
    """What bytes come and go by, under whatever limits it has."""

    def receive(self) -> bytes: ...

    def send(self, data: bytes) -> None: ...


class Tls:
    """TLS without a socket: made from a connection over memory BIOs, it takes what arrived and gives what is to be
    sent.

    Args:
        connection: in accept or connect state.
        peer: who is at the other end, for sentences: "client", "smart host".
    """

    def __init__(self, connection: SSL.Connection, peer: str) -> None:
        from OpenSSL import SSL

        self._ssl = SSL
        self._connection = connection
        self._peer = peer
        self._received = 0  # during the handshake

    def shake(self) -> bool:
        """Go on with the handshake; whether it has come to its end, else more must arrive. Raises LeftError, of which
        an alert of ours is to be sent."""
        try:
            self._connection.do_handshake()
        except self._ssl.WantReadError:
            return False
        except self._ssl.Error as error:
            raise self._left(error, "The TLS handshake failed") from None
        return True

    def take_shaking(self, data: bytes) -> None:
        """What arrived during the handshake, nothing where the connection was closed. Raises LeftError and
        TooMuchError."""
        if not data:
            raise LeftError(f"The {self._peer} closed the connection during the TLS handshake.")
        self._received += len(data)
        if self._received > MAX_HANDSHAKE_BYTES:
            raise TooMuchError(f"The {self._peer} sent more than 4 MiB without finishing the TLS handshake.")
        self._connection.bio_write(data)

    def take(self, data: bytes) -> None:
        """What arrived after it."""
        self._connection.bio_write(data)

    def give(self) -> bytes:
        """What is to be sent."""
        given = b""
        while True:
            try:
                data = self._connection.bio_read(CHUNK)
            except self._ssl.Error:  # WantReadError: nothing is left to send
                return given
            if len(data) < CHUNK and not given:
                return data
            given += data

    def read(self) -> bytes | None:
        """What the other side said; empty where it is gone, None where more must arrive. Raises LeftError where it left
        with an alert."""
        try:
            return self._connection.recv(CHUNK)
        except self._ssl.WantReadError:
            return None
        except (self._ssl.ZeroReturnError, self._ssl.SysCallError):
            return b""
        except self._ssl.Error as error:
            raise self._left(error, f"The {self._peer} broke TLS off") from None

    def write(self, data: bytes) -> None:
        """Say this, unless the other side has left: the next reading says how."""
        with suppress(self._ssl.Error):
            self._connection.sendall(data)

    def end(self, farewell: bytes = b"") -> None:
        """Say goodbye, after these last words."""
        with suppress(self._ssl.Error):
            if farewell:
                self._connection.sendall(farewell)
            self._connection.shutdown()

    @property
    def version(self) -> str:
        return str(self._connection.get_protocol_version_name())

    @property
    def cipher(self) -> str:
        return self._connection.get_cipher_name() or ""

    @property
    def server_name(self) -> str | None:
        """The name the client asked for by SNI, as it came."""
        name = self._connection.get_servername()
        return name.decode("ascii", "backslashreplace") if name else None

    def client_chain(self) -> tuple[bytes, ...]:
        """The client's certificates in DER, as they came; empty where it presented none. Raises TooMuchError."""
        leaf = self._connection.get_peer_certificate()
        # OpenSSL gives a server the chain without its leaf (SSL_get_peer_cert_chain).
        return () if leaf is None else self._ders([leaf, *(self._connection.get_peer_cert_chain() or [])])

    def server_chain(self) -> tuple[bytes, ...]:
        """The server's certificates in DER, as they came. Raises TooMuchError."""
        return self._ders(self._connection.get_peer_cert_chain() or [])

    def _ders(self, certificates: list[crypto.X509]) -> tuple[bytes, ...]:
        if len(certificates) > MAX_CERTIFICATES:
            raise TooMuchError(
                f"The {self._peer} sent {len(certificates)} certificates; "
                f"more than {MAX_CERTIFICATES} are not looked at."
            )
        chain = ders(certificates)
        if sum(map(len, chain)) > MAX_CHAIN_BYTES:
            raise TooMuchError(f"The {self._peer} sent more than 1 MiB of certificates; so many are not looked at.")
        return chain

    def _left(self, error: SSL.Error, what: str) -> LeftError:
        reason = reason_of(error)
        distrust = "alert" in reason and any(word in reason for word in DISTRUST)
        sentence = (
            f"The {self._peer} broke off because of the certificate it was shown ({reason})."
            if distrust
            else f"{what}: {reason or 'no reason given'}."
        )
        return LeftError(sentence, reason, distrust=distrust)


class Secured:
    """TLS on a line: made by a handshake, then ``receive`` and ``send`` inside it, and at the end ``close``.

    Args:
        line: what carries the bytes; it raises TimeoutError where time is up.
        tls: what they mean, before the handshake.
    """

    def __init__(self, line: Line, tls: Tls) -> None:
        """Shake hands. Raises LeftError where it comes to nothing, TooMuchError, and whatever the line raises."""
        self.tls = tls
        self._line = line
        try:
            while not tls.shake():
                self._flush()
                tls.take_shaking(line.receive())
        finally:
            self._flush()  # also our alert, which tells the other side's log why

    def receive(self) -> bytes:
        """What the other side said; empty where it is gone. Raises LeftError where it left with an alert."""
        while (said := self.tls.read()) is None:
            self._flush()
            data = self._line.receive()
            if not data:
                return b""
            self.tls.take(data)
        return said

    def send(self, data: bytes) -> None:
        self.tls.write(data)
        self._flush()

    def close(self) -> None:
        """Say goodbye, and do not wait for an answer."""
        self.tls.end()
        with suppress(TimeoutError):
            self._flush()

    def _flush(self) -> None:
        data = self.tls.give()
        if data:
            self._line.send(data)


def ders(certificates: list[crypto.X509]) -> tuple[bytes, ...]:
    """As bytes, because cryptography may refuse what OpenSSL reads."""
    from OpenSSL import crypto

    return tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate) for certificate in certificates)


def server_context(identity: Identity) -> SSL.Context:
    """A context that presents ``identity``, asks for a client certificate, and takes any or none.

    Sessions are never resumed, because a resumed one shows no certificates. Raises ValueError where certificate and
    key do not fit or cannot be used.
    """
    from OpenSSL import SSL

    context = _context(SSL.TLS_SERVER_METHOD, identity)
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    return context


def accepting(context: SSL.Context) -> SSL.Connection:
    """A connection over memory BIOs that waits for a client."""
    from OpenSSL import SSL

    connection = SSL.Connection(context, None)
    connection.set_accept_state()
    return connection


class Presenting(Struct):
    """What became of a client's certificate: whether the server ``asked`` for it, and whether it was ``sent``. A client
    sends none where it has none of a kind that the server says it takes (RFC 8446, 4.4.2)."""

    asked: bool = False
    sent: bool = False


def client_context(identity: Identity, presenting: Presenting) -> SSL.Context:
    """A context that verifies nothing and presents ``identity`` where the server asks for a certificate, which
    ``presenting`` keeps. Raises ValueError as :func:`server_context`."""
    from OpenSSL import SSL

    def watch(connection: SSL.Connection, _where: int, _value: int) -> None:
        state = connection.get_state_string()
        presenting.asked |= b"certificate request" in state
        presenting.sent |= b"write certificate verify" in state  # follows a certificate, never an empty list of them

    context = _context(SSL.TLS_CLIENT_METHOD, identity)
    context.set_options(SSL.OP_LEGACY_SERVER_CONNECT)
    context.set_verify(SSL.VERIFY_NONE)
    context.set_info_callback(watch)
    return context


def _context(method: int, identity: Identity) -> SSL.Context:
    from cryptography import x509
    from OpenSSL import SSL, crypto

    context = SSL.Context(method)
    context.set_min_proto_version(SSL.TLS1_VERSION)  # an old gateway must be seen to be reported
    context.set_cipher_list(CIPHERS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    try:
        own, *issuers = [x509.load_der_x509_certificate(der) for der in identity.certificates]
        context.use_certificate(own)
        context.use_privatekey(identity.key)
        for issuer in issuers:
            context.add_extra_chain_cert(issuer)
        context.check_privatekey()
    except (SSL.Error, crypto.Error, TypeError, ValueError) as error:
        raise ValueError(reason_of(error) or "OpenSSL refuses it") from None
    return context


def reason_of(error: Exception) -> str:
    """OpenSSL's last reason, printable ASCII; empty where it gives none."""
    entries = error.args[0] if error.args and isinstance(error.args[0], list) else []
    reasons = [str(entry[-1]) for entry in entries if isinstance(entry, tuple)]
    return reasons[-1].encode("ascii", "backslashreplace").decode()[:100] if reasons else ""
