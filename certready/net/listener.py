"""The listener: accepts SMTP clients, secures them with TLS, and hands what they presented to whoever judges it.

One daemon thread for each connection, few connections at a time, each under limits of time and size.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Protocol, Self

from msgspec import Struct
from msgspec.structs import replace

from certready.errors import CertreadyError
from certready.model import Bundle, Chain, Endpoint, Target
from certready.model.dialogue import Exchange
from certready.model.report import Verdict
from certready.net.admission import Admission, Failures, Limits
from certready.net.binding import bound
from certready.net.session import Identity, LeftError, Line, Secured, Tls, accepting, server_context
from certready.net.threads import Task, start
from certready.net.wire import TooMuchError, Wire
from certready.smtp.listen import STILL_CONNECTED, Conversation, clear_text, turned_away
from certready.smtp.replies import printable
from certready.x509.certificate import Certificate

if TYPE_CHECKING:
    from OpenSSL import SSL

POLL = 0.2  # seconds between two looks at whether to stop: accept() is not interrupted by Ctrl-C everywhere
PARTING = 2.0  # seconds that connections under way may take to end; a thread that takes longer is left behind
QUIET = 10.0  # seconds between two log lines about connections that were turned away


class Visit(Struct, frozen=True):
    """What came of one connection that got as far as TLS, or wanted to send without it: ``bundle`` holds the client's
    chain (none where it presented none) and its endpoint, ``dialogue`` what was said, ``completed`` whether the
    handshake was."""

    bundle: Bundle
    dialogue: tuple[Exchange, ...]
    completed: bool


class Host(Protocol):
    """Who runs the listener. Called in the threads of the connections, so at the same time."""

    def judge(self, bundle: Bundle) -> Verdict:
        """The verdict on what a client presented, while it waits."""

    def done(self, visit: Visit) -> None:
        """A connection has ended that came to TLS, broke off because of our certificate, or sent in clear text."""

    def log(self, line: str) -> None:
        """One line of the log, printable ASCII, without a line end."""


class Listener:
    """An SMTP server on one address. ``run`` serves until ``stop``; made with ``with``, it is closed at the end.

    Args:
        bind: address and port; port 0 takes a free one.
        identity: the server certificate to present.
        name: how to greet; a host name in ASCII.
        exact: answer RCPT TO with Exchange Online's own refusal.
        clock: the present, for the log.

    Raises:
        CertreadyError: the address cannot be bound, or the server certificate not be used.
    """

    def __init__(
        self,
        bind: tuple[str, int],
        identity: Identity,
        host: Host,
        *,
        name: str,
        clock: Callable[[], datetime],
        exact: bool = False,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        max_connections: int | None = None,
    ) -> None:
        self._host = host
        self._name = name
        self._exact = exact
        self._limits = limits
        self._clock = clock
        self._left = max_connections
        self._admission = Admission(limits)
        self._failures = Failures()
        self._stopping = threading.Event()
        self._open: dict[int, tuple[Task[None], socket.socket]] = {}
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self._context = _context(identity)
        self._socket = bound(bind)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        self._socket.close()
        with self._lock:
            still = list(self._open.values())
        for _, connection in still:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        end = time.monotonic() + PARTING
        for task, _ in still:
            task.wait(max(0.0, end - time.monotonic()))

    @property
    def address(self) -> tuple[str, int]:
        """Address and port that are listened on."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    @property
    def refused(self) -> int:
        """How many connections were turned away so far."""
        return self._admission.refused

    def stop(self) -> None:
        """Take no more connections; ``run`` returns. Any thread may call it."""
        self._stopping.set()

    def run(self) -> None:
        """Serve until :meth:`stop`, or until ``max_connections`` have come to their end."""
        self._socket.settimeout(POLL)
        while not self._stopping.is_set() and self._left != 0:
            try:
                connection, peer = self._socket.accept()
            except TimeoutError:
                continue
            except OSError as error:
                if self._stopping.is_set():
                    return
                # A client that was gone again, or no descriptor left: neither ends the listener.
                self._say(f"a connection could not be accepted: {error.strerror or type(error).__name__}")
                self._stopping.wait(POLL)
                continue
            self._admit(connection, str(peer[0]), int(peer[1]))
        if self._left == 0:
            self._drain()

    def _drain(self) -> None:
        while self._admission.count and not self._stopping.is_set():
            self._stopping.wait(POLL / 4)

    def _admit(self, connection: socket.socket, address: str, port: int) -> None:
        now = time.monotonic()
        reason = self._admission.admit(address, now)
        if reason:
            with contextlib.suppress(OSError), connection:
                connection.settimeout(0)
                connection.send(turned_away(self._name, reason))
            if now >= self._quiet_until:
                self._quiet_until = now + QUIET
                self._say(f"{address} was turned away: the listener {reason}")
            return
        self._left = None if self._left is None else self._left - 1
        with self._lock:  # it takes itself out again, once it is in
            self._open[id(connection)] = (start(partial(self._serve, connection, address, port), "listen"), connection)

    def _serve(self, connection: socket.socket, address: str, port: int) -> None:
        """One connection from banner to end, whatever happens."""
        try:
            limits = self._limits
            room = limits.handshake_bytes + limits.session_bytes
            with Wire(connection, step=limits.step, total=limits.total, room=room) as wire:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._talk(wire, address, port)
        except TimeoutError:
            self._say(f"{address}: dropped, too slow")
        except TooMuchError as error:
            self._say(f"{address}: dropped. {error}")
        except OSError as error:
            self._say(f"{address}: the connection broke: {error.strerror or type(error).__name__}")
        except Exception as error:  # noqa: BLE001 - one client's oddity must not end the listener
            self._say(f"{address}: failed inside: {type(error).__name__}: {printable(str(error).encode()[:200])}")
        finally:
            with self._lock:
                self._open.pop(id(connection), None)
            self._admission.release(address)

    def _talk(self, wire: Wire, address: str, port: int) -> None:
        talk = Conversation(self._name, address, exact=self._exact)
        wire.send(talk.greet())
        try:
            upgrade = _converse(talk, wire, wire)
        except BaseException:  # of which there is a line of its own
            self._report_clear_text(talk, address, port)
            raise
        if not upgrade:
            self._say(f"{address}: {self._how_it_ended(talk)}{' It wanted to send without TLS.' * talk.clear_mail}")
            self._report_clear_text(talk, address, port)
            return
        blank = Endpoint(talk.client or address, address, port, stage="handshake")
        wire.begin()
        try:
            tls = Tls(accepting(self._context), "client")
            secured = Secured(wire, tls)
            chain = tls.client_chain()
        except LeftError as error:
            if self._stopping.is_set():
                self._say(f"{address} ({talk.client}): in the TLS handshake. {STILL_CONNECTED}")
                return
            self._say(f"{address} ({talk.client}): {error}")
            self._failures.add(address, str(error))
            if error.distrust:
                failed = replace(blank, trouble="handshake-failed", error=str(error))
                bundle = Bundle(Target("listen", address), (), (failed,))
                self._host.done(Visit(bundle, tuple(talk.exchanges), completed=False))
            return
        self._secured(wire, secured, talk, _bundle(blank, wire, tls, chain))

    def _how_it_ended(self, talk: Conversation) -> str:
        """How a connection ended that never got to TLS."""
        if self._cut_off(talk):
            return f"without TLS, after {_verbs(talk)}. {STILL_CONNECTED}"
        return f"{'sent away' if talk.sent_away else 'left'} before TLS, after {_verbs(talk)}."

    def _report_clear_text(self, talk: Conversation, address: str, port: int) -> None:
        """A report on a client that wanted to send mail without TLS, however the connection ended."""
        if talk.clear_mail:
            sentence = clear_text(offered=talk.offered, failure=self._failures.get(address))
            endpoint = Endpoint(
                talk.client or address, address, port, stage="ehlo", trouble="clear-text", error=sentence
            )
            bundle = Bundle(Target("listen", address), (), (endpoint,))
            self._host.done(Visit(bundle, tuple(talk.exchanges), completed=False))

    def _cut_off(self, talk: Conversation) -> bool:
        """Whether it was over because the listener is."""
        return self._stopping.is_set() and not (talk.sent_away or talk.has_quit)

    def _secured(self, wire: Wire, secured: Secured, talk: Conversation, bundle: Bundle) -> None:
        """The part inside TLS: judge, answer, and report however it ends."""
        endpoint = bundle.endpoints[0]
        completed = True
        leaf = printable(bundle.chains[0].leaf_certificate.parsed.label.encode()[:200]) if bundle.chains else "none"
        self._say(f"{endpoint.address} ({talk.client}): {endpoint.tls_version}, client certificate: {leaf}")
        try:
            talk.secured(self._host.judge(bundle))
            _converse(talk, secured, wire)
            secured.close()
        except LeftError as error:
            self._say(f"{endpoint.address}: {STILL_CONNECTED if self._cut_off(talk) else error}")
            if error.distrust:  # in TLS 1.3 the client's word on our certificate comes after the server's handshake
                completed = False
                self._failures.add(endpoint.address, str(error))
            bundle = replace(bundle, endpoints=(replace(endpoint, error=str(error)),))
        finally:
            if self._cut_off(talk):
                bundle = replace(bundle, endpoints=(replace(bundle.endpoints[0], error=STILL_CONNECTED),))
            (endpoint,) = bundle.endpoints  # inside TLS it may have greeted with a truer name
            bundle = replace(bundle, endpoints=(replace(endpoint, host=talk.client or endpoint.host),))
            self._host.done(Visit(bundle, tuple(talk.exchanges), completed=completed))

    def _say(self, line: str) -> None:
        moment = self._clock().strftime("%H:%M:%S")
        self._host.log(f"{moment} {line}")


def _converse(talk: Conversation, line: Line, wire: Wire) -> bool:
    """Talk until TLS is to begin (True) or the connection is over (False)."""
    while True:
        wire.begin()
        data = line.receive()
        if not data:
            return False
        turn = talk.hear(data)
        while not turn.send and turn.then == "go-on":  # half a line: the step goes on
            data = line.receive()
            if not data:
                return False
            turn = talk.hear(data)
        line.send(turn.send)
        if turn.then != "go-on":
            return turn.then == "tls"


def _verbs(talk: Conversation) -> str:
    """What the client said, without repetitions; "nothing" where that is so."""
    verbs = [(verb, len(list(times))) for verb, times in groupby(one.sent for one in talk.exchanges[1:]) if verb]
    return " ".join(f"{verb} ({count} times)" if count > 1 else verb for verb, count in verbs) or "nothing"


def _bundle(blank: Endpoint, wire: Wire, tls: Tls, ders: tuple[bytes, ...]) -> Bundle:
    endpoint = replace(
        blank,
        chain="c1" if ders else None,
        tls_version=tls.version,
        cipher=tls.cipher,
        stage="done",
        elapsed_ms=wire.elapsed_ms,
    )
    name = tls.server_name
    sni = printable(name.encode()[:255]) if name else None
    chains = (Chain("c1", "tls", tuple(map(Certificate, ders)), sni=sni),) if ders else ()
    return Bundle(Target("listen", blank.address), chains, (endpoint,))


def _context(identity: Identity) -> SSL.Context:
    try:
        return server_context(identity)
    except ValueError as error:
        raise CertreadyError(
            f"The server certificate cannot be used: {error}.", hint="Leave --server-cert out for a throw-away one."
        ) from None
