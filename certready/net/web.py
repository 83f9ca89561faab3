"""A web server for pages that are made already: waitress, within bounds that no client can stretch.

One connection carries one request, so that the time a connection may take bounds what a slow client holds. Where all
connections are taken, those that have not asked after :attr:`Limits.hurry` seconds give way; others wait meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask

from certready.net.binding import bound
from certready.smtp.replies import printable

REQUEST = 64 * 1024  # bytes of a request's line and headers
BODY = 1024  # bytes of a body, which no request here needs
QUOTED = 200  # bytes of a request that is none, in the answer to it
LOOK = 1  # seconds between two looks at who takes too long
LOCAL_ADDRESS = "certready.local_address"  # the key under which an application finds where a request came in

Headers = Sequence[tuple[str, str]]
Application = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]


class Limits(Struct, frozen=True):
    """What clients may take together, and each of them; times in seconds.

    Args:
        connections: at once; on Windows select() takes 512 sockets at most.
        threads: that answer.
        patience: how long a client has for its request; ``hurry``: where all connections are taken.
        reading: how long it may take to read the answer; ``reading_hurry``: where all connections are taken.
    """

    connections: int = 100
    threads: int = 4
    patience: float = 20.0
    hurry: float = 2.0
    reading: float = 300.0
    reading_hurry: float = 30.0


class WebServer:
    """Serves one application on one address, which is taken at once. ``run`` serves until ``stop``.

    Args:
        bind: address and port; port 0 takes a free one.
        headers: for answers to requests that are none and never reach the application.
        limits: what clients may take.

    Raises:
        CertreadyError: the address cannot be bound.
    """

    def __init__(self, bind: tuple[str, int], headers: Headers = (), limits: Limits = Limits()) -> None:  # noqa: B008 - frozen
        for name in ("waitress", "waitress.queue"):
            # What it has to say is about clients, and whoever can connect could fill a log with it.
            logger = logging.getLogger(name)
            logger.addHandler(logging.NullHandler())
            logger.propagate = False
        listening = bound(bind, backlog=1024, example="127.0.0.1:8080")
        host, port = listening.getsockname()[:2]
        self.address = (str(host), int(port))
        self._map: dict[int, Any] = {}
        self._dispatcher = ThreadedTaskDispatcher()
        self._dispatcher.set_thread_count(limits.threads)
        adjustments = Adjustments(
            sockets=[listening],
            threads=limits.threads,
            ident=None,
            connection_limit=limits.connections + 2,  # the listening socket and the trigger count
            asyncore_loop_timeout=LOOK,
            asyncore_use_poll=True,  # select() takes no descriptor above 1023
            log_socket_errors=False,
            max_request_header_size=REQUEST,
            max_request_body_size=BODY,
            clear_untrusted_proxy_headers=False,  # nothing here believes them
        )
        self._server = _Server(
            _unready,
            self._map,
            _sock=listening,
            dispatcher=self._dispatcher,
            adj=adjustments,
            bind_socket=False,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
        )
        self._server.error_headers = headers
        self._server.limits = limits
        self._stopping = False

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._server.active_channels)

    def run(self, application: Application) -> None:
        """Serve this until :meth:`stop`: by WSGI, and it must not block."""
        self._server.application = application
        loop = self._server.asyncore.loop
        while not self._stopping:
            loop(timeout=LOOK, use_poll=True, map=self._map, count=1)
            self._server.end_the_slow(time.time())
        self._dispatcher.shutdown()
        self._server.asyncore.close_all(self._map, ignore_all=True)

    def stop(self) -> None:
        """Take no more requests; ``run`` returns. Any thread may call it."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self._server.pull_trigger()


def _unready(_environ: dict[str, Any], _start: Callable[..., object]) -> Iterable[bytes]:
    raise NotImplementedError("nothing is served before run() says what")


class _Task(WSGITask):  # type: ignore[misc] # waitress has no types
    """A request, after which the connection ends."""

    def start(self) -> None:
        super().start()
        self.set_close_on_finish()

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[LOCAL_ADDRESS] = self.channel.local_address
        return environ


class _Refusal(ErrorTask):  # type: ignore[misc]
    """The answer to a request that is none, or too large."""

    def execute(self) -> None:
        self.response_headers.extend(self.channel.server.error_headers)
        error = self.request.error  # whose words quote what came, of any length
        error.body = printable(str(error.body).encode("utf-8", "replace")[:QUOTED])
        super().execute()


class _Channel(HTTPChannel):  # type: ignore[misc]
    task_class = _Task
    error_task_class = _Refusal

    def __init__(self, server: _Server, connection: socket.socket, *rest: Any, **named: Any) -> None:
        super().__init__(server, connection, *rest, **named)
        self.local_address = ""
        with contextlib.suppress(OSError):  # it may be gone again
            self.local_address = str(connection.getsockname()[0])


class _Server(TcpWSGIServer):  # type: ignore[misc]
    channel_class = _Channel
    error_headers: Headers = ()
    limits: Limits = Limits()

    def maintenance(self, now: float) -> None:
        """Nothing: a connection whose client reads nothing would never be ended by what waitress does here."""

    def end_the_slow(self, now: float) -> None:
        """End the connections that take too long: sooner where others wait for their places. Called between two looks
        at the sockets, because a number that is free again may be the next connection's."""
        limits = self.limits
        full = len(self.active_channels) >= limits.connections
        request, reading = (limits.hurry, limits.reading_hurry) if full else (limits.patience, limits.reading)
        for channel in list(self.active_channels.values()):
            most = reading if channel.total_outbufs_len else request
            # A request that has come whole is answered: the application does not block.
            if not channel.requests and now - channel.creation_time > most:
                channel.handle_close()
