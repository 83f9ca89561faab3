"""The zones of ``tests.dnssec.zones`` behind a DNS server on loopback, over UDP and TCP."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Self

import dns.flags
import dns.message

from tests.dnssec.zones import Dns


class DnsServer:
    """Answers queries over both on one port of 127.0.0.1. ``room`` is what it puts into a datagram."""

    def __init__(self, there: Dns, *, room: int = 1232) -> None:
        self.there = there
        self.room = room
        self.by_tcp = 0
        self._udp, self._tcp = sockets()
        self.port = int(self._udp.getsockname()[1])
        self._threads = [threading.Thread(target=serve, daemon=True) for serve in (self._datagrams, self._streams)]

    @property
    def address(self) -> str:
        """As ``--dns`` names it."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        with contextlib.suppress(OSError):
            self._tcp.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._udp.close()
        self._tcp.close()

    def _datagrams(self) -> None:
        while True:
            data, client = self._udp.recvfrom(4096)
            if not data:
                return
            reply = self.there.reply(dns.message.from_wire(data))
            if reply is None:
                continue
            wire = reply.to_wire(max_size=65535)
            if len(wire) > self.room:
                short = dns.message.make_response(dns.message.from_wire(data))
                short.flags |= dns.flags.TC
                wire = short.to_wire()
            self._udp.sendto(wire, client)

    def _streams(self) -> None:
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                (length,) = struct.unpack(">H", connection.recv(2))
                reply = self.there.reply(dns.message.from_wire(connection.recv(length)))
                self.by_tcp += 1
                if reply is not None:
                    wire = reply.to_wire(max_size=65535)
                    connection.sendall(struct.pack(">H", len(wire)) + wire)


def sockets() -> tuple[socket.socket, socket.socket]:
    """A free port of both kinds."""
    for _ in range(50):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind(("127.0.0.1", udp.getsockname()[1]))
        except OSError:
            udp.close()
            tcp.close()
            continue
        tcp.listen(16)
        return udp, tcp
    raise OSError("no port is free for both UDP and TCP")
