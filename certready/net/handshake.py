"""One TLS handshake of a probe: nothing is verified here, because any chain must be seen as it was sent.

Works with pyOpenSSL because the standard library cannot give the chain as sent before Python 3.13, nor the stapled
OCSP answer at all.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from certready.net.jobs import NEVER
from certready.net.loop import Choice, Loop
from certready.net.offers import EVERYTHING, Offer, make_context
from certready.net.requested import Notes, prepare, watch
from certready.net.session import LeftError, Tls, ders
from certready.net.stream import Stream
from certready.net.wire import TooMuchError
from certready.smtp.replies import printable

if TYPE_CHECKING:
    from OpenSSL import SSL

PARTING = 2.0  # seconds that are waited for what a server says to our farewell, where that matters


class Session(Struct, frozen=True):
    """What a handshake showed: version and cipher by OpenSSL's names, the chain as sent (DER), the stapled answer,
    whether the server asked for a client certificate, and the sentence by which it insisted on one. ``completed`` is
    False where it did so before the handshake had ended."""

    version: str
    cipher: str
    chain: tuple[bytes, ...]
    staple: bytes | None
    asks_certificate: bool = False
    demands: str | None = None
    completed: bool = True


class HandshakeError(Exception):
    """The handshake failed; the text is the sentence that says why. ``refused`` is True where the other side ended it
    by an alert, ``nothing_shared`` where that says that it has nothing in common with what was offered; ``closed``
    where it just hung up."""

    def __init__(
        self, sentence: str, *, refused: bool = False, nothing_shared: bool = False, closed: bool = False
    ) -> None:
        super().__init__(sentence)
        self.refused = refused
        self.nothing_shared = nothing_shared
        self.closed = closed


class SharedContext:
    """The SSL contexts of a run, one for each offer, made when first asked for; and the ``loop`` that carries on its
    conversations.

    Importing OpenSSL takes as long as a few round trips, so whoever waits for the loop does it meanwhile: :meth:`load`.
    """

    def __init__(self) -> None:
        self.loop = Loop("probe")
        self._lock = threading.Lock()
        self._contexts: dict[Offer, SSL.Context] = {}
        self._loaded: Choice[bool] = Choice(self.loop)

    def load(self) -> None:
        """Import OpenSSL, in the caller's thread: the loop must not wait for that."""
        if not self._loaded.settled:
            self.get()
            self.loop.call(partial(self._loaded.settle, True))

    async def context(self, offer: Offer) -> SSL.Context:
        """What makes this offer, for a conversation of the loop. Raises NotOfferedError."""
        await self._loaded.wait(NEVER)
        return self.get(offer)

    def get(self, offer: Offer = EVERYTHING) -> SSL.Context:
        """The same for any thread, which imports OpenSSL where that has not been done. Raises NotOfferedError."""
        with self._lock:
            if offer not in self._contexts:
                self._contexts[offer] = _watched(make_context(offer))
            return self._contexts[offer]


async def handshake(
    stream: Stream, context: SSL.Context, *, sni: str | None, farewell: bytes = b"", linger: bool = False
) -> Session:
    """Complete a handshake as client, read what it showed, and say ``farewell`` inside TLS.

    What the server says to that is waited for where it asked for a client certificate (in TLS 1.3 only then it says
    that it insists on one), and with ``linger``, so that it knows this connection to be over before the next one comes.
    ``sni`` is an A-label name, None sends none. Raises HandshakeError, also where time runs out.
    """
    from OpenSSL import SSL

    connection = SSL.Connection(context, None)
    notes = Notes()
    connection.set_app_data(notes)
    _kept = watch(connection, notes)
    connection.set_connect_state()
    connection.request_ocsp()
    if sni is not None:
        connection.set_tlsext_host_name(sni.encode("ascii"))
    tls = Tls(connection, "gateway")
    try:
        await _shake(stream, tls)
    except LeftError as error:
        demanded = _demanded(connection, notes, error)
        if demanded:
            return demanded
        raise HandshakeError(
            _sentence(error),
            refused=_refused(error),
            nothing_shared=_NOTHING_SHARED in error.reason,
            closed=not error.reason,
        ) from None
    except TooMuchError as error:
        raise HandshakeError(str(error)) from None
    except TimeoutError:
        raise HandshakeError("The gateway did not finish the TLS handshake in time.") from None
    chain, error_text = _chain(tls)
    demands = await _part(stream, tls, farewell, answered=notes.asked or linger)
    if error_text:
        raise HandshakeError(error_text)
    return Session(
        version=tls.version,
        cipher=tls.cipher,
        chain=chain,
        staple=notes.staples[-1] if notes.staples and notes.staples[-1] else None,
        asks_certificate=notes.asked,
        demands=demands if notes.asked else None,
    )


async def _shake(stream: Stream, tls: Tls) -> None:
    """The end of the handshake is held back: it goes out with the first words inside TLS. Raises LeftError,
    TooMuchError, TimeoutError."""
    try:
        while not tls.shake():
            await stream.send(tls.give())
            tls.take_shaking(await stream.receive())
    except LeftError:
        await stream.send(tls.give())  # our alert tells the other side's log why
        raise


def _chain(tls: Tls) -> tuple[tuple[bytes, ...], str]:
    """The server's certificates, and the sentence where they are none that are looked at."""
    try:
        chain = tls.server_chain()
    except TooMuchError as error:
        return (), str(error)
    return chain, "" if chain else "The gateway presented no certificate."


def _watched(context: SSL.Context) -> SSL.Context:
    """The context with the callbacks that fill the notes of its connections."""

    def keep(connection: SSL.Connection, staple: bytes, _data: object | None) -> bool:
        connection.get_app_data().staples.append(staple)
        return True  # judged later, with the certificates at hand

    context.set_ocsp_client_callback(keep)
    prepare(context)
    return context


def _demanded(connection: SSL.Connection, notes: Notes, error: LeftError) -> Session | None:
    """What a handshake showed that the server ended by an alert because we have no certificate for it: in TLS 1.2 that
    comes after its own certificate (RFC 5246, 7.3)."""
    certificates = connection.get_peer_cert_chain() or []
    if not (notes.asked and certificates and "alert" in error.reason):
        return None
    return Session(
        version=connection.get_protocol_version_name(),
        cipher=connection.get_cipher_name() or "",
        chain=ders(certificates[:100]),
        staple=notes.staples[-1] if notes.staples and notes.staples[-1] else None,
        asks_certificate=True,
        demands=f"it ended the handshake when it was given none ({error.reason})",
        completed=False,
    )


async def _part(stream: Stream, tls: Tls, farewell: bytes, *, answered: bool) -> str | None:
    """Say goodbye; where the answer is waited for, how it says that a client certificate is demanded (a clause)."""
    demands = None
    try:
        if answered:
            tls.write(farewell)
            await stream.send(tls.give())
            stream.begin(PARTING if farewell else PARTING / 4)  # without a farewell only an alert can come
            demands = await _demand(stream, tls)
            tls.end()
        else:
            tls.end(farewell)
        await stream.send(tls.give())
    except TimeoutError:  # what there was to see has been seen
        return None
    return demands


async def _demand(stream: Stream, tls: Tls) -> str | None:
    """How the answer to the farewell says that a client certificate is demanded. Raises TimeoutError."""
    reply = b""
    try:
        while said := await _said(stream, tls):
            reply = (reply + said)[:1000]
    except LeftError as error:
        return f"it ended the session when it was given none ({error.reason})" if "alert" in error.reason else None
    # Postfix lets the handshake pass and refuses the first command (smtpd_tls_req_ccert).
    return f'it answers "{printable(reply.splitlines()[0][:200])}"' if reply[:1] in (b"4", b"5") else None


async def _said(stream: Stream, tls: Tls) -> bytes:
    """What the other side says inside TLS, empty where it is gone. Raises LeftError, TimeoutError."""
    while (said := tls.read()) is None:
        await stream.send(tls.give())
        data = await stream.receive()
        if not data:
            return b""
        tls.take(data)
    return said


_NOT_TLS = {
    "wrong version number": "what arrived is not TLS",
    "packet length too long": "what arrived is not TLS",
    "http request": "what arrived is not TLS but HTTP",
}
_NOTHING_SHARED = "handshake failure"
_EXPLAINED = {
    **_NOT_TLS,
    "excessive message size": "it sends more than 100 KB of certificates, which TLS clients refuse",
    _NOTHING_SHARED: "gateway and client have no TLS version, cipher or key type in common",
    "protocol version": "gateway and client have no TLS version in common",
    "unsupported protocol": "gateway and client have no TLS version in common",
    "ASN1 lib": "the certificate that it presents cannot be decoded",
    "unrecognized name": "the gateway has no certificate for this server name",
}


def _sentence(error: LeftError) -> str:
    known = next((text for key, text in _EXPLAINED.items() if key in error.reason), None)
    if known:
        return f"The TLS handshake failed: {known} ({error.reason})."
    return str(error)


def _refused(error: LeftError) -> bool:
    """Whether the server answered, and had nothing of what was offered; garbage is no answer."""
    return bool(error.reason) and not any(key in error.reason for key in _NOT_TLS)
