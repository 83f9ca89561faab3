"""A DNS server on loopback whose zone is a dictionary: for answers that no real server gives on demand."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping, Sequence
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], Sequence[str]]


class NameServer:
    """Answers over UDP out of ``zone``: (name, type) to records. A name of which nothing is known is NXDOMAIN; the
    record "SERVFAIL" fails, "SILENT" is not answered, "GARBAGE" is answered with bytes that are no DNS, "TRUNCATED" is
    answered over UDP alone, which has no room for it, and "CIRCLE" with aliases that lead back."""

    def __init__(self, zone: Zone) -> None:
        self.zone = {(dns.name.from_text(name), kind): tuple(records) for (name, kind), records in zone.items()}
        self.asked: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, client = self._socket.recvfrom(4096)
            if not data:
                return
            answer = self._answer(dns.message.from_wire(data))
            if answer is not None:
                self._socket.sendto(answer, client)

    def _answer(self, query: dns.message.Message) -> bytes | None:
        (question,) = query.question
        name, kind = question.name, dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name.to_text(omit_final_dot=True), kind))
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        records = self.zone.get((name, kind), ())
        if records in {("SILENT",), ("GARBAGE",)}:
            return None if records == ("SILENT",) else b"\xff" * 40
        if records == ("SERVFAIL",):
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply.to_wire()
        if records == ("TRUNCATED",):
            reply.flags |= dns.flags.TC
            return reply.to_wire()
        if records == ("CIRCLE",):
            there = dns.name.from_text("there", name)
            for alias, target in ((name, there), (there, name)):
                reply.answer.append(dns.rrset.from_text(alias, 60, "IN", "CNAME", target.to_text()))
            return reply.to_wire()
        alias = self.zone.get((name, "CNAME"))
        if alias and kind != "CNAME":
            target = dns.name.from_text(alias[0])
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", target.to_text()))
            name, records = target, self.zone.get((target, kind), ())
        if records:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records))
        elif not any(known == name for known, _ in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()
