"""A connection that the listener accepted, under limits of time and size."""

from __future__ import annotations

import socket
import time

from certready.net.admission import Limits
from certready.net.session import TooMuchError
from certready.net.wire import CHUNK


class Accepted:
    """A connection that was accepted: every step ends after ``limits.step`` seconds, however slowly bytes drip, and
    all of them after ``limits.total``. Raises TimeoutError and TooMuchError."""

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        self._socket = connection
        self._limits = limits
        self.started = time.monotonic()
        self._room = limits.handshake_bytes + limits.session_bytes
        self.begin()

    def begin(self) -> None:
        """Start a step."""
        self._step_end = min(time.monotonic() + self._limits.step, self.started + self._limits.total)

    @property
    def elapsed_ms(self) -> int:
        return round((time.monotonic() - self.started) * 1000)

    def receive(self) -> bytes:
        """What has arrived; empty where the client closed or reset the connection."""
        self._arm()
        try:
            data = self._socket.recv(CHUNK)
        except TimeoutError:
            raise
        except OSError:
            return b""
        self._room -= len(data)
        if self._room < 0:
            raise TooMuchError("The client sent more than any mail client needs to.")
        return data

    def send(self, data: bytes) -> None:
        """All of it. A client that has gone is no error: what it said before is still to be read."""
        self._arm()
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise
        except OSError:
            return

    def _arm(self) -> None:
        left = self._step_end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
