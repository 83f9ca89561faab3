"""A socket that keeps time: no step takes longer than its seconds, however slowly the bytes drip."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from types import TracebackType
from typing import Self

from certready.net.resolve import Address

CHUNK = 16 * 1024
# What becomes of a connection that stood and was reset before anybody looked: a refused one ends in ECONNREFUSED.
STOOD = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})
FIREWALL = "a firewall may admit only certain addresses, such as Microsoft's"


class ConnectError(Exception):
    """No connection came about; the text is the sentence that says why."""


class TooMuchError(Exception):
    """The other side sent more than anybody needs to; the text is the sentence about it."""


class Timed:
    """A TCP connection under a clock: ``step`` seconds for each step, ``total`` for all.

    ``begin`` starts a step. What is waited for is the end of the step and not the next byte, so nobody can buy time by
    sending one byte after another. ``started`` is the monotonic time from which the total counts; by default it is now.
    """

    def __init__(self, connection: socket.socket, *, step: float, total: float, started: float | None = None) -> None:
        self.started = time.monotonic() if started is None else started
        self._socket = connection
        self._step = step
        self._end = self.started + total
        self.begin()

    @property
    def local(self) -> str:
        """The address this end has; empty where the connection was reset, and the system knows it no more."""
        try:
            return str(self._socket.getsockname()[0])
        except OSError:
            return ""

    @property
    def elapsed_ms(self) -> int:
        """Whole milliseconds since it was started."""
        return round((time.monotonic() - self.started) * 1000)

    def begin(self, seconds: float | None = None) -> None:
        """Start a step: it ends after so many seconds (by default the step's), or when the total is used up."""
        self._step_end = min(time.monotonic() + (self._step if seconds is None else seconds), self._end)

    def close(self) -> None:
        """Close the connection, as the end of a ``with`` does."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Wire(Timed):
    """A connection whose thread waits for it, within ``room`` bytes to be received. Its methods raise TimeoutError and
    TooMuchError."""

    def __init__(
        self,
        connection: socket.socket,
        *,
        step: float,
        total: float,
        room: int | None = None,
        started: float | None = None,
    ) -> None:
        super().__init__(connection, step=step, total=total, started=started)
        self._room = room

    def send(self, data: bytes) -> None:
        """Send all of it. A connection that was closed meanwhile is no error here: what the other side said before it
        closed is still to be read."""
        self._arm()
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise
        except OSError:
            return

    def receive(self) -> bytes:
        """What has arrived, at least one byte; empty where the connection was closed or reset."""
        self._arm()
        try:
            data = self._socket.recv(CHUNK)
        except TimeoutError:
            raise
        except OSError:
            return b""
        if self._room is not None:
            self._room -= len(data)
            if self._room < 0:
                raise TooMuchError("It sent more than any mail client needs to.")
        return data

    def _arm(self) -> None:
        left = self._step_end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)


def connect(address: Address, *, timeout: float, total: float) -> Wire:
    """A connection to the address, made within ``timeout`` seconds, which is then the step's. Raises ConnectError."""
    started = time.monotonic()
    connection = unconnected(address)
    try:
        connection.settimeout(timeout)
        try:
            connection.connect(address.sockaddr)
        except OSError as error:
            if error.errno not in STOOD:
                raise
        undelayed(connection)
    except OSError as error:
        connection.close()
        raise ConnectError(connect_sentence(address, error, timeout)) from None
    return Wire(connection, step=timeout, total=total, started=started)


def unconnected(address: Address) -> socket.socket:
    """A socket for a connection to the address. Raises ConnectError where there is none to be had."""
    try:
        return socket.socket(address.family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConnectError(socket_sentence(address, error)) from None


def undelayed(connection: socket.socket) -> None:
    """Have each word sent at once. One that was reset meanwhile is still to be read."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def socket_sentence(address: Address, error: OSError) -> str:
    """Why there is not even a socket for a connection."""
    return f"This machine cannot open a connection to {address.text}: {why(error)}."


def connect_sentence(address: Address, error: OSError, timeout: float) -> str:
    """Why no connection came about within so many seconds."""
    port = address.sockaddr[1]
    if isinstance(error, TimeoutError):
        blocked = f", or this network blocks outgoing port {port}" if port == 25 else ""
        return f"No connection to {address.text} on port {port} within {timeout:g} s: {FIREWALL}{blocked}."
    if isinstance(error, ConnectionRefusedError):
        return f"{address.text} refused the connection on port {port}: nothing listens there, or {FIREWALL}."
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL):
        family = " (it may have no IPv6)" if address.family == socket.AF_INET6 else ""
        return f"There is no route to {address.text} from this machine{family}."
    return f"No connection to {address.text} on port {port}: {why(error)}."


def why(error: OSError) -> str:
    """The system's own words, in ASCII."""
    return (error.strerror or type(error).__name__).encode("ascii", "backslashreplace").decode()
