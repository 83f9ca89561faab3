"""Raw DNS answers over a real socket: kept whole, within bounds, and enough to judge them again."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading

import dns.flags
import dns.message
import pytest

from certready.dane.survey import promises
from certready.demo.pki import now
from certready.model import Dane
from certready.net.dns import Nameserver
from certready.net.dnssec import AT_ONCE, MOST_QUESTIONS, Recorder, ask_about
from tests.dnssec.server import DnsServer, sockets
from tests.dnssec.zones import Dns, Zone, name

MOMENT = now()
PIN = "3 1 1 " + "ab" * 32


def world(**records: list[str]) -> Dns:
    """A signed domain with one MX host, whose TLSA records are ``records["tlsa"]``."""
    content = {
        "@": {"MX": ["10 mx.contoso.com."]},
        "mx": {"A": ["192.0.2.1"]},
        "_25._tcp.mx": {"TLSA": records.get("tlsa", [PIN])},
    }
    return Dns(Zone(".", {}, MOMENT), Zone("com", {}, MOMENT), Zone("contoso.com", content, MOMENT)).delegate()


def asked(there: Dns, **who: object) -> Dane:
    """What is asked about, on trust in the root of this world."""
    return Dane(anchors=(there.zones[name(".")].anchor,), **who)  # type: ignore[arg-type]


@pytest.mark.parametrize("room", [1232, 20])
def test_over_udp_and_tcp(room: int) -> None:
    """Answers come over UDP, and over TCP where they do not fit; each question is put once."""
    there = world()
    with DnsServer(there, room=room) as server:
        found = ask_about(
            asked(there, domain="contoso.com"), Nameserver("127.0.0.1", server.port), timeout=5, moment=MOMENT
        )
        assert bool(server.by_tcp) == (room == 20)
    (promise,) = promises(found, MOMENT, MOMENT)
    assert (promise.state, promise.owner, promise.ttl) == ("records", "_25._tcp.mx.contoso.com", 3600)
    questions = [(answer.name, answer.kind) for answer in found.answers]
    assert len(questions) == len(set(questions)) < 15


def test_many_records() -> None:
    """A set of hundreds of records comes whole, over TCP, and is verified."""
    there = world(tlsa=[f"3 1 1 {number:064x}" for number in range(600)])
    with DnsServer(there) as server:
        found = ask_about(
            asked(there, hosts=("mx.contoso.com",)), Nameserver("127.0.0.1", server.port), timeout=5, moment=MOMENT
        )
    (promise,) = promises(found, MOMENT, MOMENT)
    assert (promise.state, len(promise.records)) == ("records", 600)


def test_nobody_answers() -> None:
    """Where nobody answers every host is unanswered, in the time that was given."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        server = Nameserver("127.0.0.1", silent.getsockname()[1])
        found = ask_about(asked(world(), hosts=("mx.contoso.com",)), server, timeout=0.3, moment=MOMENT)
    (promise,) = promises(found, MOMENT, MOMENT)
    assert (promise.state, "no DNS server answered" in promise.why) == ("unanswered", True)


def test_forged_answers_are_passed_over() -> None:
    """A datagram with another number, or about something else, is not taken for the answer."""
    there = world()
    with DnsServer(there) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as between:
        between.bind(("127.0.0.1", 0))

        def relay() -> None:
            query, client = between.recvfrom(4096)
            between.sendto(bytes([query[0] ^ 1]) + query[1:2] + b"\x80" + query[3:], client)
            between.sendto(query[:2] + b"\x80" + query[3:12] + b"\x01x" + query[12:], client)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as onward:
                onward.settimeout(5)
                onward.sendto(query, ("127.0.0.1", server.port))
                between.sendto(onward.recv(4096), client)

        thread = threading.Thread(target=relay, daemon=True)
        thread.start()
        answer = Recorder([("127.0.0.1", between.getsockname()[1])], 5.0)("mx.contoso.com", "A")
        thread.join(10)
    assert answer.wire is not None
    assert answer.wire[2] & 0x80


def test_questions_are_counted() -> None:
    """A run puts so many questions and no more."""
    there = world()
    with DnsServer(there) as server:
        recorder = Recorder([("127.0.0.1", server.port)], 5.0)
        for number in range(MOST_QUESTIONS):
            assert recorder(f"host{number}.contoso.com", "A").wire is not None
        assert recorder("one.contoso.com", "A").error == "more questions would have been needed than one run asks"


def test_questions_are_put_at_the_same_time() -> None:
    """So many questions are put at once: a server that answers none before it has all gets an answer through."""
    there = world()
    names = [f"host{number}.contoso.com" for number in range(AT_ONCE)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as patient:
        patient.bind(("127.0.0.1", 0))

        def serve() -> None:
            waiting: dict[bytes, object] = {}
            while len(waiting) < AT_ONCE:
                query, client = patient.recvfrom(4096)
                waiting[query] = client
            for query, client in waiting.items():
                reply = there.reply(dns.message.from_wire(query))
                assert reply is not None
                patient.sendto(reply.to_wire(max_size=65535), client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        recorder = Recorder([("127.0.0.1", patient.getsockname()[1])], 20.0)
        answers = recorder.all([(host, "A") for host in names])
        thread.join(20)
    assert [(answer.name, answer.error) for answer in answers] == [(host, None) for host in names]


def test_more_questions_than_one_run_asks() -> None:
    """Of a round that goes beyond the bound the first questions are put, and no more."""
    with DnsServer(world()) as server:
        recorder = Recorder([("127.0.0.1", server.port)], 5.0)
        answers = recorder.all([(f"host{number}.contoso.com", "A") for number in range(MOST_QUESTIONS + 3)])
    assert [answer.name for answer in answers if answer.error] == [
        f"host{number}.contoso.com" for number in range(MOST_QUESTIONS, MOST_QUESTIONS + 3)
    ]


@pytest.mark.parametrize("said", [b"", b"\x00", b"\x40\x00" + b"\x00" * 100])
def test_stream_that_stalls(said: bytes) -> None:
    """A server that has an answer cut off, and then says nothing more over TCP or stops in the middle, has not
    answered, and the question ends in the time that was given."""
    udp, tcp = sockets()
    with udp, tcp:

        def datagrams() -> None:
            while True:
                query, client = udp.recvfrom(4096)
                if not query:
                    return
                udp.sendto(query[:2] + bytes([query[2] | 0x82]) + query[3:], client)

        def streams() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = tcp.accept()
                    connection.sendall(said)
                    held.append(connection)

        held: list[socket.socket] = []
        threads = [threading.Thread(target=serve, daemon=True) for serve in (datagrams, streams)]
        for thread in threads:
            thread.start()
        answer = Recorder([udp.getsockname()], 0.5)("mx.contoso.com", "A")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", udp.getsockname())
        tcp.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)
        for connection in held:
            connection.close()
    assert held
    assert (answer.wire, answer.error) == (None, "no DNS server answered about the A records of mx.contoso.com")


def test_answers_that_stay_cut_off() -> None:
    """An answer that is cut off over TCP too says nothing: it is unanswered, not a set without the rest."""
    there = world()

    def cut(message: dns.message.Message) -> None:
        message.flags |= dns.flags.TC

    there.tamper["_25._tcp.mx.contoso.com", "TLSA"] = cut
    with DnsServer(there) as server:
        found = ask_about(
            asked(there, hosts=("mx.contoso.com",)), Nameserver("127.0.0.1", server.port), timeout=5, moment=MOMENT
        )
    (promise,) = promises(found, MOMENT, MOMENT)
    assert (promise.state, "it is cut off" in promise.why) == ("unanswered", True)


def test_time_is_bounded() -> None:
    """A run of questions ends though each server is slow."""
    ticks = itertools.count(0, 61)
    recorder = Recorder([("127.0.0.1", 9)], 1.0, clock=lambda: float(next(ticks)))
    assert recorder("mx.contoso.com", "A").error == "more questions would have been needed than one run asks"
