"""What the other side of a conversation says: gateways, smart hosts, clients of the listener and of the web server."""

from __future__ import annotations

import re
import socket
import ssl
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

from certready.demo.pki import Authority, now
from certready.fleet.serve.app import App, all_headers
from certready.fleet.serve.board import Board, Page, Published
from certready.net.gateway import How, Node, fetch_many
from certready.net.handshake import SharedContext
from certready.net.threads import start
from certready.net.web import WebServer
from certready.smtp.listen import REFUSED, Conversation
from certready.smtp.rehearse import Dialogue, meaning
from tests.fuzz.answers import answering
from tests.fuzz.mutation import lines, octets, tree
from tests.fuzz.parser import SEPARATOR, Parser
from tests.smtp.test_protocols import GOOD, response
from tests.smtp.test_protocols import talk as talked

SMTP = (b"220 gw ESMTP\r\n", b"250-gw.contoso.com\r\n250-SIZE 1\r\n250 STARTTLS\r\n", b"220 2.0.0 Ready\r\n")
ANSWERS: Mapping[str, Sequence[tuple[bytes, ...]]] = {
    "smtp": (SMTP, (SMTP[0], SMTP[1], b"454 4.7.0 TLS not available\r\n"), (b"421 4.3.2 busy\r\n",)),
    "lmtp": (GOOD["lmtp"],),
    "imap": (GOOD["imap"], (b"* BYE [UNAVAILABLE] later\r\n",)),
    "pop3": (GOOD["pop3"], (b"+OK\r\n", b"-ERR what\r\n", b"+OK go\r\n")),
    "ldap": (GOOD["ldap"], (response(0, long=True),), (response(52, b"Error initializing SSL/TLS"),)),
}
BY_BYTES = 20_000
TROUBLES = ("", "unreachable", "deferred", "no-starttls", "handshake-failed")
# What a server must have said before TLS begins, whatever else it said.
GO_AHEAD = {"smtp": rb"220", "lmtp": rb"220", "imap": rb"(?i)a2 +OK", "pop3": rb"\+OK", "ldap": rb"(?s)\x0a.{1,5}\x00"}


def upgrade(protocol: str, data: bytes) -> None:
    """A server's answers up to TLS, whole and, as far as it does not take long, byte by byte."""
    for replies, chop in ((data.split(SEPARATOR), 1 << 30), (data[:BY_BYTES].split(SEPARATOR), 1)):
        outcome, _ = talked(protocol, *replies, chop=chop)
        assert outcome.trouble in TROUBLES
        assert (outcome.trouble == "") == (outcome.error is None)
        assert (outcome.error or "").isascii()
        assert (outcome.error or "").isprintable(), outcome.error
        assert len(outcome.error or "") < 1000
        assert outcome.trouble or re.search(GO_AHEAD[protocol], data), "TLS began though nobody said so"


def rehearsed(data: bytes) -> None:
    """A smart host's answers inside TLS."""
    dialogue, replies = Dialogue("gw.contoso.com", "", "a@example.org"), data.split(SEPARATOR)
    talk = dialogue.run()
    with suppress(StopIteration):
        sent = next(talk)
        for _ in range(len(replies) + 9):
            sent = talk.send(replies.pop(0) if replies else b"")
        raise AssertionError(f"it goes on though the server has closed: {sent!r}")
    for exchange in dialogue.exchanges:
        if meaning(exchange.reply).kind == "accepted":
            assert exchange.reply.lstrip().startswith("2"), exchange
    assert (dialogue.error or "").isprintable()


def listened(data: bytes) -> None:
    """A client's commands, with TLS wherever it asks for it."""
    for exact in (False, True):
        talk = Conversation("exo.example.test", "192.0.2.1", exact=exact)
        sent = talk.greet()
        for piece in data.split(SEPARATOR):
            turn = talk.hear(piece)
            sent += turn.send
            if turn.then == "close":
                break
            if turn.then == "tls":
                talk.secured("not-ready")
        assert sent.isascii()
        codes = {line[:3] for line in sent.splitlines()}
        assert b"354" not in codes
        assert exact or not any(code.startswith(b"5") for code in codes)
        assert all(line == REFUSED.encode() for line in sent.splitlines() if line.startswith(b"5"))
        assert talk.client.isprintable()


def served(data: bytes) -> None:
    """A client's request to the web server of ``fleet --serve``: every answer is HTTP with its headers, or none."""
    notes: list[str] = []
    page = Page(b"overview", "text/html; charset=utf-8")
    board = Board(timedelta(hours=1), Published(page, page, {b"gw": (1, lambda: page)}, {1: b"gw"}, [now()], 1))
    server = WebServer(("127.0.0.1", 0), all_headers())
    running = start(lambda: server.run(App(board, (), now, notes.append)), "web")
    answer = b""
    try:
        with socket.create_connection(server.address, 30) as client, suppress(OSError):
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            while piece := client.recv(65536):
                answer += piece
    finally:
        server.stop()
        running.result(30)
    assert not notes, notes
    if answer:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert re.match(rb"HTTP/1\.[01] [245]\d\d ", head), head
        assert b"x-content-type-options: nosniff" in head.lower(), head
        assert body in (b"", b"overview") or body.isascii()


def shaken(data: bytes) -> None:
    """A server's side of the handshake, to which no certificate belongs that was not in it."""
    with answering(data) as port:
        how = How("tls", timeout=1.0, gentle=True, context=contexts())
        seen = fetch_many(None, [Node("127.0.0.1", port)], how)
    (endpoint,) = seen.endpoints
    assert endpoint.trouble, "a handshake came to its end that was recorded"
    assert endpoint.error
    assert endpoint.error.isprintable()


@cache
def contexts() -> SharedContext:
    """Kept, with its thread, which would otherwise wait a while for more to do."""
    return SharedContext()


@cache
def flights() -> list[bytes]:
    """What a server answers a client's first message, in TLS 1.2 and 1.3."""
    leaf = Authority.root("Flight Root").intermediate("Flight CA").issue("mail.contoso.com")
    recorded = []
    with tempfile.TemporaryDirectory() as folder:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            ours.check_hostname, ours.verify_mode = False, ssl.CERT_NONE
            ours.maximum_version = version
            (Path(folder) / "chain.pem").write_bytes(leaf.key_pem + leaf.chain_pem)
            theirs.load_cert_chain(Path(folder) / "chain.pem")
            asked, answered = ssl.MemoryBIO(), ssl.MemoryBIO()
            client = ours.wrap_bio(ssl.MemoryBIO(), asked)
            with suppress(ssl.SSLWantReadError):
                client.do_handshake()
            with suppress(ssl.SSLWantReadError):
                theirs.wrap_bio(asked, answered, server_side=True).do_handshake()
            recorded.append(answered.read())
    return [*recorded, b"\x15\x03\x03\x00\x02\x02\x28", b"220 gw ESMTP\r\n"]


REQUESTS = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"HEAD /report/gw HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\n\r\n",
    b"GET /report/?line=1&x=%ff HTTP/1.1\r\nHost: [::1]\r\n\r\n",
    b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
)
REPLIES = (
    b"250-exo Hello\r\n250-SIZE 1\r\n250 SMTPUTF8\r\n",
    b"250 2.1.0 Sender OK\r\n",
    b"550-5.7.64 TenantAttribution;\r\n550 5.7.64 Relay Access Denied\r\n",
    b"250 2.0.0 Resetting\r\n",
)
COMMANDS = (
    b"EHLO gw.contoso.com\r\nSTARTTLS\r\n",
    b"EHLO gw.contoso.com\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.org>\r\nDATA\r\n",
    b"RSET\r\nNOOP\r\nVRFY x\r\nHELP\r\nAUTH PLAIN x\r\nBDAT 5 LAST\r\nQUIT\r\n",
)
_PROPERTIES = ("smtp/test_protocols.py::test_any_server", "smtp/test_protocols.py::test_any_split_of_any_reply")


def _joined(*talks: Sequence[bytes]) -> Callable[[], list[bytes]]:
    return lambda: [SEPARATOR.join(replies) for replies in talks]


PARSERS: Mapping[str, Parser] = {
    **{
        name: Parser(partial(upgrade, name), _joined(*talks), (octets, tree if name == "ldap" else lines), _PROPERTIES)
        for name, talks in ANSWERS.items()
    },
    "rehearsal": Parser(
        rehearsed,
        _joined(REPLIES, (*REPLIES[:2], b"250 2.1.5 Recipient OK\r\n", REPLIES[3])),
        (octets, lines),
        ("smtp/test_rehearse.py::test_every_dialogue_ends", "smtp/test_rehearse.py::test_every_reply_means_something"),
    ),
    "listener": Parser(
        listened,
        _joined(COMMANDS, COMMANDS[1:]),
        (octets, lines),
        (
            "smtp/test_listen.py::test_nothing_permanent_is_ever_said",
            "smtp/test_listen.py::test_what_is_said_and_kept_stays_small",
        ),
    ),
    "handshake": Parser(shaken, flights, (octets,)),
    "http-request": Parser(served, lambda: REQUESTS, (octets, lines)),
}
