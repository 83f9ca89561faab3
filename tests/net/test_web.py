"""The web server: slow, greedy and broken clients within bounds, honest ones answered, nothing left behind."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from certready.errors import CertreadyError
from certready.net.threads import start
from certready.net.web import LOCAL_ADDRESS, REQUEST, Limits, WebServer
from tests.fleet.serving import PATIENCE, get, raw

pytest.importorskip("waitress")
PAGE = b"x" * 5_000_000  # more than a socket's buffers hold
HEADERS = (("X-Content-Type-Options", "nosniff"),)
ASK = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def application(environ: dict[str, object], start_response) -> list[bytes]:
    """Says where the request came in, at /large a large page, and fails at /broken."""
    if environ["PATH_INFO"] == "/broken":
        raise ValueError("secret")
    body = PAGE if environ["PATH_INFO"] == "/large" else str(environ[LOCAL_ADDRESS]).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def running(limits: Limits | None = None) -> Iterator[WebServer]:
    """A server on a free port of loopback."""
    server = WebServer(("127.0.0.1", 0), HEADERS, limits or Limits())
    serving = start(lambda: server.run(application), "web")
    try:
        yield server
    finally:
        server.stop()
        serving.result(PATIENCE)


@contextmanager
def clients(server: WebServer, count: int, data: bytes) -> Iterator[list[socket.socket]]:
    """So many connections that sent this and nothing more."""
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.create_connection(server.address, PATIENCE)) for _ in range(count)]
        for each in opened:
            each.sendall(data)
        yield opened


def closed(client: socket.socket) -> bool:
    """Whether the server has ended the connection, waited for."""
    try:
        while client.recv(65536):
            pass
    except ConnectionError:
        return True
    return True


def test_a_request_is_answered_and_the_connection_ends() -> None:
    """One connection carries one request; what follows it is not read."""
    with running() as server:
        answer = raw(server.address, ASK + ASK)
    assert (1, True) == (answer.count(b"HTTP/1.1 200 OK"), b"Connection: close" in answer)
    assert answer.endswith(b"\r\n\r\n127.0.0.1")


def test_a_slow_request_is_ended() -> None:
    """A client that never finishes its request is sent away after its time, though it goes on sending."""
    with running(Limits(patience=0.1)) as server, clients(server, 3, ASK[:20]) as slow:
        assert all(map(closed, slow))


@pytest.mark.parametrize(
    "data",
    [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"POST / HTTP/1.1\r\nContent-Length: 900\r\n\r\n"],
)
def test_slow_clients_give_way_to_honest_ones(data: bytes) -> None:
    """Though every place is taken by clients that do not go on, an honest one is answered: they give way, in an hour
    they otherwise have."""
    limits = Limits(connections=10, patience=3600, hurry=0.1)
    with running(limits) as server, clients(server, 10, data) as slow:
        while server.connections < 10:
            pass
        assert 200 == get(server.address, "/").status
        assert all(map(closed, slow))


def test_slow_readers_give_way_to_honest_clients() -> None:
    """Clients that ask for a large page and never read it hold no thread, and give way in the end."""
    limits = Limits(connections=10, threads=2, reading=3600, reading_hurry=0.1)
    with running(limits) as server, clients(server, 10, b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        assert [200] * 5 == [get(server.address, "/").status for _ in range(5)]


def test_no_more_connections_than_places() -> None:
    """However many clients come at once, no more are taken than there are places; all are answered."""
    limits = Limits(connections=10)
    most, answers = 0, []
    with running(limits) as server:
        barrier = threading.Barrier(200)

        def ask() -> None:
            nonlocal most
            barrier.wait()
            answers.append(get(server.address, "/").status)
            most = max(most, server.connections)

        threads = [threading.Thread(target=ask) for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert ([200] * 200, True) == (answers, most <= 10)


REFUSED = {
    "too many headers": (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: yyyyyyyy\r\n" * 6000 + b"\r\n", b"431"),
    "a long line": (b"GET /" + b"a" * REQUEST + b" HTTP/1.1\r\n\r\n", b"431"),
    "a large body": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", b"413"),
    "a body without end": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + b"a" * 1024 + b"\r\n",
        b"413",
    ),
    "two lengths": (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
    "a length below zero": (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
    "an odd method": (b"get / HTTP/1.1\r\n\r\n", b"400"),
    "a bare line feed": (b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", b"400"),
    "another coding": (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", b"501"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_requests_that_are_none(case: str) -> None:
    """What is too large or malformed is refused with the headers of every answer, and the server goes on."""
    data, status = REFUSED[case]
    with running() as server:
        answer = raw(server.address, data)
        assert (200, True) == (get(server.address, "/").status, server.connections <= 2)
    if answer:  # lost where the client was still sending when the connection ended
        assert answer.startswith((b"HTTP/1.0 " + status, b"HTTP/1.1 " + status)), answer[:200]
        assert b"X-Content-Type-Options: nosniff" in answer
        assert b"waitress" not in answer


@pytest.mark.parametrize("line", [b"\x84\n", b"\x1b[2J\x1b]0;owned\x07\n", b"x" * 30_000 + b"\n"])
def test_what_was_sent_is_quoted_safely(line: bytes) -> None:
    """Where a refusal quotes the request, it quotes a part, and no character that a terminal would act on."""
    with running() as server:
        answer = raw(server.address, b"GET / HTTP/1.1\r\n" + line + b"\r\n\r\n")
    body = answer.partition(b"\r\n\r\n")[2]
    assert body.startswith(b"Bad Request")
    assert len(body) < 1000
    assert body.decode("ascii").replace("\r\n", "").isprintable()


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\0" * 100, b"\r\n\r\n", b"EHLO x\r\n\r\n"]
)
def test_garbage_ends_nothing(data: bytes) -> None:
    """Whoever speaks TLS, SMTP or nothing at all to it is sent away, and the next is answered."""
    with running(Limits(patience=0.1)) as server, clients(server, 1, data) as (odd,):
        assert closed(odd)
        assert 200 == get(server.address, "/").status


def test_a_fault_inside_is_not_shown() -> None:
    """An application that fails costs one answer, which does not say how."""
    with running() as server:
        answer = raw(server.address, b"GET /broken HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert 200 == get(server.address, "/").status
    assert (True, False) == (answer.startswith(b"HTTP/1.1 500"), b"secret" in answer)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors cannot be counted here")
def test_nothing_is_left_behind() -> None:
    """After it stopped, with clients of all kinds still there, no thread and no descriptor is left."""
    with running() as server:  # whatever is made once is made now
        get(server.address, "/")
    before = threading.active_count(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with running() as server, clients(server, 5, ASK[:9]), clients(server, 5, ASK), clients(server, 5, b""):
        get(server.address, "/")
    assert before == (threading.active_count(), len(os.listdir("/proc/self/fd")))  # noqa: PTH208


def test_an_address_that_is_taken() -> None:
    """Somebody else's port is one sentence."""
    with running() as server, pytest.raises(CertreadyError) as refused:
        WebServer(server.address)
    assert f"127.0.0.1:{server.address[1]} cannot be listened on: Address already in use." == refused.value.message
