"""A socket that keeps time: no step takes longer than its seconds, however slowly the bytes drip."""

from __future__ import annotations

import errno
import socket
import time
from types import TracebackType
from typing import Self

from certready.net.resolve import Address

CHUNK = 16 * 1024
FIREWALL = "a firewall may admit only certain addresses, such as Microsoft's"


class ConnectError(Exception):
    """No connection came about; the text is the sentence that says why."""


class Wire:
    """A TCP connection to one address under two limits: ``timeout`` seconds for each step and ``total`` for all.

    ``begin`` starts a step. What ``receive`` waits for is the end of the step and not the next byte, so a server
    cannot buy time by sending one byte after another. Raises ConnectError when made, TimeoutError later.
    """

    def __init__(self, address: Address, *, timeout: float, total: float) -> None:
        self.started = time.monotonic()
        self._timeout = timeout
        self._end = self.started + total
        self.begin()
        self._socket = _connect(address, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    @property
    def local(self) -> str:
        """The address this end has."""
        return str(self._socket.getsockname()[0])

    @property
    def elapsed_ms(self) -> int:
        """Whole milliseconds since before the connection was asked for."""
        return round((time.monotonic() - self.started) * 1000)

    def begin(self) -> None:
        """Start a step: it ends ``timeout`` seconds from now, or when the total is used up."""
        self._step_end = min(time.monotonic() + self._timeout, self._end)

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
            return self._socket.recv(CHUNK)
        except TimeoutError:
            raise
        except OSError:
            return b""

    def _arm(self) -> None:
        left = self._step_end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)


def _connect(address: Address, timeout: float) -> socket.socket:
    try:
        connection = socket.socket(address.family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConnectError(f"This machine cannot open a connection to {address.text}: {_why(error)}.") from None
    try:
        connection.settimeout(timeout)
        connection.connect(address.sockaddr)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        connection.close()
        raise ConnectError(_connect_sentence(address, error, timeout)) from None
    return connection


def _connect_sentence(address: Address, error: OSError, timeout: float) -> str:
    port = address.sockaddr[1]
    if isinstance(error, TimeoutError):
        blocked = f", or this network blocks outgoing port {port}" if port == 25 else ""
        return f"No connection to {address.text} on port {port} within {timeout:g} s: {FIREWALL}{blocked}."
    if isinstance(error, ConnectionRefusedError):
        return f"{address.text} refused the connection on port {port}: nothing listens there, or {FIREWALL}."
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL):
        family = " (it may have no IPv6)" if address.family == socket.AF_INET6 else ""
        return f"There is no route to {address.text} from this machine{family}."
    return f"No connection to {address.text} on port {port}: {_why(error)}."


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).encode("ascii", "backslashreplace").decode()
