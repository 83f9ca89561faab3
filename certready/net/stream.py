"""A connection that a loop carries on: like a :class:`Wire`, but nobody's thread waits for it."""

from __future__ import annotations

import errno
import os
import socket
import time

from certready.net.jobs import Watched
from certready.net.loop import READ, WRITE, Loop
from certready.net.resolve import Address
from certready.net.wire import CHUNK, STOOD, ConnectError, Timed, connect_sentence, unconnected, undelayed

_UNDER_WAY = {0, errno.EINPROGRESS, errno.EWOULDBLOCK}


class Stream(Timed):
    """A connection within a loop. Its methods raise TimeoutError where a step takes too long; use it with ``with``."""

    def __init__(self, loop: Loop, watched: Watched, *, step: float, total: float, started: float) -> None:
        super().__init__(watched.socket, step=step, total=total, started=started)
        self._loop = loop
        self._watched = watched

    def close(self) -> None:
        """Close the connection, of which the loop hears."""
        self._loop.close(self._watched)

    async def send(self, data: bytes) -> None:
        """Send all of it. A connection that was closed meanwhile is no error here: what the other side said before it
        closed is still to be read."""
        while data:
            try:
                data = data[self._socket.send(data) :]
            except BlockingIOError:
                await self._loop.wait(self._watched, WRITE, self._step_end)
            except OSError:
                return

    async def receive(self) -> bytes:
        """What has arrived, at least one byte; empty where the connection was closed or reset."""
        while True:
            await self._loop.wait(self._watched, READ, self._step_end)
            try:
                return self._socket.recv(CHUNK)
            except BlockingIOError:
                continue
            except OSError:
                return b""


async def dial(loop: Loop, address: Address, *, timeout: float, total: float) -> Stream:
    """A connection to the address, made within ``timeout`` seconds, which is then the step's, and within ``total``.
    Raises ConnectError."""
    started = time.monotonic()
    connection = unconnected(address)
    watched = Watched(connection)
    try:
        connection.setblocking(False)
        await _connected(loop, watched, address, started + min(timeout, total))
        undelayed(connection)
    except OSError as error:
        loop.close(watched)
        raise ConnectError(connect_sentence(address, error, min(timeout, round(total, 2)))) from None
    except BaseException:
        loop.close(watched)
        raise
    return Stream(loop, watched, step=timeout, total=total, started=started)


async def _connected(loop: Loop, watched: Watched, address: Address, until: float) -> None:
    """Raises OSError where it is not, by then. One that stood and was reset meanwhile is still to be read."""
    number = watched.socket.connect_ex(address.sockaddr)
    if number in _UNDER_WAY:
        await loop.wait(watched, WRITE, until)
        number = watched.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number and number not in STOOD:
        words = getattr(socket, "errorTab", {}).get(number) or os.strerror(number)  # Windows has a table of its own
        raise OSError(number, words)
