"""DNS answers as they come, signatures and all: what a validator of our own needs, asked within bounds.

Every question asks for signatures (DO) and that the server should not judge them itself (CD): a resolver that does
would answer a broken zone like a broken server.
"""

from __future__ import annotations

import secrets
import socket
import struct
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from certready.dane.survey import Question, gather
from certready.model import Dane, DnsAnswer
from certready.net.dns import Nameserver, resolver
from certready.net.threads import in_parallel

MOST_QUESTIONS = 400  # of one run
MOST_BYTES = 8 * 1024 * 1024  # of all answers of one run
MOST_SECONDS = 60.0
OVER = "more questions would have been needed than one run asks"
AT_ONCE = 16  # questions that are asked at the same time
UDP_SIZE = 1232  # what is sure to arrive unfragmented (DNS flag day 2020)
ROUNDS = 3
UDP_WAIT = 2.0  # seconds after which a question is put again


class Recorder:
    """Asks DNS servers, within the bounds of one run. The clock is monotonic seconds."""

    def __init__(
        self, servers: Sequence[tuple[str, int]], timeout: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._asked = 0
        self._servers = list(servers)
        self._timeout = timeout
        self._clock = clock
        self._until = clock() + max(MOST_SECONDS, timeout)
        self._bytes = 0

    def __call__(self, name: str, kind: str) -> DnsAnswer:
        """The answer about a name and a kind, or why there is none. Never raises."""
        return self.all(((name, kind),))[0]

    def all(self, questions: Sequence[Question]) -> list[DnsAnswer]:
        """The answer to each question, or why there is none, so many asked at the same time. Never raises."""
        answers: list[DnsAnswer] = []
        for start in range(0, len(questions), AT_ONCE):
            for answer in self._some(questions[start : start + AT_ONCE]):
                self._asked += 1
                self._bytes += len(answer.wire or b"")
                answers.append(answer)
        return answers

    def _some(self, questions: Sequence[Question]) -> list[DnsAnswer]:
        """As many of these as the run still has room for, at the same time."""
        spent = self._bytes > MOST_BYTES or self._clock() > self._until
        room = 0 if spent else max(MOST_QUESTIONS - self._asked, 0)
        answers = in_parallel([partial(self._answer, *question) for question in questions[:room]], "dnssec")
        return [*answers, *(DnsAnswer(name, kind, error=OVER) for name, kind in questions[room:])]

    def _answer(self, name: str, kind: str) -> DnsAnswer:
        end = min(self._until, self._clock() + self._timeout)
        try:
            query = _query(name, kind)
        except ValueError:
            return DnsAnswer(name, kind, error=f"{name[:80]!a} is no name that DNS can be asked for")
        failed: bytes | None = None
        for server in self._servers * ROUNDS:
            left = end - self._clock()
            if left <= 0:
                break
            try:
                wire = _exchange(query, server, min(left, max(UDP_WAIT, self._timeout / ROUNDS)), self._clock)
            except OSError:
                continue
            if wire[3] & 0x0F not in (2, 5):  # SERVFAIL and REFUSED: another server may know more
                return DnsAnswer(name, kind, wire)
            if failed is not None and len(self._servers) == 1:
                break
            failed = wire
        if failed is not None:
            return DnsAnswer(name, kind, failed)
        shown = "the root" if name == "." else name
        return DnsAnswer(name, kind, error=f"no DNS server answered about the {kind} records of {shown}")


Answers = Callable[[Sequence[Question]], Sequence[DnsAnswer]]
"""Gives the answer to each question."""


def ask_about(
    dane: Dane,
    server: Nameserver,
    *,
    timeout: float,
    moment: datetime,
    known: Callable[[Answers, Sequence[Question]], Sequence[DnsAnswer]] | None = None,
) -> Dane:
    """``dane``, which says about whom and on whose trust, with every answer that the judgement of it needs.

    ``timeout`` is in seconds for each question, ``moment`` the present; ``known`` answers questions out of what it
    knows, and has the others asked. Never raises for what DNS answers; ResolveError where this machine knows no server
    to ask.
    """
    system = resolver(server, timeout)
    servers = [(str(address), system.port) for address in system.nameservers]
    recorder = Recorder(servers, timeout)
    return replace(dane, answers=gather(partial(known, recorder.all) if known else recorder.all, dane, moment))


def _query(name: str, kind: str) -> bytes:
    """Raises ValueError where this is no name."""
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name

    try:
        message = dns.message.make_query(
            dns.name.from_text(name),
            kind,
            want_dnssec=True,
            payload=UDP_SIZE,
            flags=dns.flags.RD | dns.flags.CD,
            id=secrets.randbits(16),
        )
        return message.to_wire()
    except dns.exception.DNSException:
        raise ValueError(name) from None


def _exchange(query: bytes, server: tuple[str, int], wait: float, clock: Callable[[], float]) -> bytes:
    """One answer, over TCP where it does not fit into a datagram. Raises OSError."""
    end = clock() + wait
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect(server)
        sock.send(query)
        while True:
            sock.settimeout(_left(end, clock))
            wire = sock.recv(65535)
            if _answers(wire, query):
                break
    return _by_tcp(query, server, end, clock) if wire[2] & 0x02 else wire


def _by_tcp(query: bytes, server: tuple[str, int], end: float, clock: Callable[[], float]) -> bytes:
    with socket.create_connection(server, _left(end, clock)) as sock:
        sock.sendall(struct.pack(">H", len(query)) + query)
        (length,) = struct.unpack(">H", _read(sock, 2, end, clock))
        wire = _read(sock, length, end, clock)
    if not _answers(wire, query):
        raise OSError("it is no answer to what was asked")
    return wire


def _read(sock: socket.socket, count: int, end: float, clock: Callable[[], float]) -> bytes:
    data = b""
    while len(data) < count:
        sock.settimeout(_left(end, clock))
        piece = sock.recv(count - len(data))
        if not piece:
            raise OSError("it ended early")
        data += piece
    return data


def _left(end: float, clock: Callable[[], float]) -> float:
    left = end - clock()
    if left <= 0:
        raise TimeoutError
    return left


def _answers(wire: bytes, query: bytes) -> bool:
    """Whether this is the answer to that question: the same number, a response, the question repeated."""
    question = query[12 : query.index(b"\0", 12) + 5]
    return (
        len(wire) >= 12 + len(question)
        and wire[:2] == query[:2]
        and bool(wire[2] & 0x80)
        and wire[12 : 12 + len(question)].lower() == question.lower()
    )
