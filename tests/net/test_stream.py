"""A connection within a loop: what becomes of it before anything is said."""

from __future__ import annotations

import queue
import socket
import struct
import threading

from certready.net.loop import Loop
from certready.net.resolve import Address
from certready.net.stream import dial
from certready.net.wire import Timed, connect

PATIENT = 30.0  # seconds: for what comes at once


def reset_at_once(listener: socket.socket, gone: threading.Event) -> None:
    """Let the next connection stand, and reset it."""
    accepted, _ = listener.accept()
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    accepted.close()
    gone.set()


def test_a_connection_that_was_reset_before_anybody_looked() -> None:
    """It stood: it is one of which nothing arrives, and not one that was never made."""
    gone = threading.Event()
    heard: queue.SimpleQueue[object] = queue.SimpleQueue()
    loop = Loop("test")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address(socket.AF_INET, listener.getsockname())

        async def converse() -> None:
            with await dial(loop, address, timeout=PATIENT, total=PATIENT) as stream:
                await stream.send(b"EHLO gw\r\n")
                heard.put(await stream.receive())

        async def busy() -> None:
            gone.wait(PATIENT)  # its turn follows, and the loop looks at no socket meanwhile

        async def both() -> None:
            loop.begin(converse())
            loop.begin(busy())

        server = threading.Thread(target=reset_at_once, args=(listener, gone))
        server.start()
        loop.submit(both, heard.put)
        assert [None, b""] == [heard.get(timeout=PATIENT), heard.get(timeout=PATIENT)]
        server.join()


def test_a_blocking_one() -> None:
    """The same of a connection whose thread waits for it, however the two come together."""
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=reset_at_once, args=(listener, gone))
        server.start()
        with connect(Address(socket.AF_INET, listener.getsockname()), timeout=PATIENT, total=PATIENT) as wire:
            gone.wait(PATIENT)
            wire.send(b"EHLO gw\r\n")
            assert b"" == wire.receive()
        server.join()


def test_the_own_address_of_a_connection_that_is_gone() -> None:
    """Some systems no longer know it of one that was reset: that is no error."""
    gone = socket.socket()
    gone.close()
    assert Timed(gone, step=PATIENT, total=PATIENT).local == ""
