"""Every hostile client at one listener at once, beside honest ones, within limits."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from certready.demo.pki import Authority, Issued
from tests.live.servers import pem
from tests.measured import MEBIBYTES, Leaving, Left, leaving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")

PATIENCE = 120  # seconds after which a test gives up on an answer
EHLO = b"EHLO gw.contoso.com\r\n"
RECIPIENT = b"MAIL FROM:<>\r\nRCPT TO:<user@example.org>\r\n"


class Client:
    """A connection to the listener from an address of its own."""

    def __init__(self, port: int, network: int) -> None:
        self.address = f"127.1.{network}.1"
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE, source_address=(self.address, 0))

    def say(self, data: bytes, replies: int = 1) -> bytes:
        """Send this and hear so many replies; the last line of the last one."""
        self.socket.sendall(data)
        last = b""
        for _ in range(replies):
            last = b"   -"
            while last[3:4] == b"-":
                last = self.line()
        return last

    def line(self) -> bytes:
        """The next line; empty where the listener closed."""
        line = b""
        while not line.endswith(b"\n"):
            piece = self.socket.recv(1)
            if not piece:
                return b""
            line += piece
        return line

    def start_tls(self) -> None:
        """As far as a client may begin the handshake."""
        self.line()
        assert self.say(EHLO + b"STARTTLS\r\n", 2).startswith(b"220")

    def secure(self, context: ssl.SSLContext) -> None:
        """Up to TLS, and the greeting inside it."""
        self.start_tls()
        self.socket = context.wrap_socket(self.socket)
        self.say(EHLO)

    def ask(self, context: ssl.SSLContext) -> str:
        """What an honest client is told of its recipient."""
        self.secure(context)
        answer = self.say(RECIPIENT, 2).decode()
        self.say(b"QUIT\r\n")
        self.socket.close()
        return answer

    def until_closed(self) -> None:
        """Hear whatever comes until the listener closes."""
        while self.socket.recv(4096):
            pass

    def flood(self, data: bytes) -> None:
        """Send this without end, hearing nothing."""
        while True:
            self.socket.sendall(data)

    def reset(self) -> None:
        """End the connection as a crash does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def client_context(leaf: Issued | None, folder: Path, sent: Sequence[Issued] | None = None) -> ssl.SSLContext:
    """A client's context that presents this certificate, and the others that are ``sent``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if leaf is not None:
        file = folder / f"{leaf.x509.serial_number}.pem"
        file.write_bytes(pem(leaf.chain if sent is None else sent) + leaf.key_pem)
        context.load_cert_chain(file)
    return context


def hello() -> bytes:
    """A client's first message of a handshake."""
    asked = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        client_context(None, Path()).wrap_bio(ssl.MemoryBIO(), asked).do_handshake()
    return asked.read()


Act = Callable[[Client], None]


def drip(client: Client) -> None:
    for _ in range(10_000):
        client.socket.sendall(b"E")
        threading.Event().wait(0.2)


def after_start(*sent: bytes, then: Act = Client.until_closed) -> Act:
    """STARTTLS, these bytes, and what comes then."""

    def act(client: Client) -> None:
        client.start_tls()
        for data in sent:
            client.socket.sendall(data)
        then(client)

    return act


def say(*sent: bytes, then: Act = Client.until_closed) -> Act:
    """These bytes at once, and what comes then."""

    def act(client: Client) -> None:
        for data in sent:
            client.socket.sendall(data)
        then(client)

    return act


def inside(context: ssl.SSLContext, then: Act) -> Act:
    def act(client: Client) -> None:
        client.secure(context)
        then(client)

    return act


def crowd(client: Client) -> None:
    """Forty more connections from one address, of which nothing comes."""
    with ExitStack() as stack:
        port = client.socket.getpeername()[1]
        for _ in range(40):
            source = (client.address, 0)
            with contextlib.suppress(OSError):
                stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE, source_address=source))
        client.until_closed()


def hostile(authority: Authority, folder: Path) -> Mapping[str, Act]:
    """Every way in which a client is hostile that the tests know."""
    leaf = authority.issue("mail.contoso.com")
    lowest = authority
    for number in range(90):
        lowest = lowest.intermediate(f"Step {number}")
    strangers = [Authority.root(f"Stranger {number}") for number in range(60)]
    good = client_context(authority.issue("mail.contoso.com"), folder)
    return {
        "says nothing": Client.until_closed,
        "drips": drip,
        "floods a line": lambda client: client.flood(b"A" * 60_000),
        "floods commands": lambda client: client.flood(b"NOOP\r\n" * 1000),
        "sends random bytes": say(bytes(range(256)) * 40),
        "speaks TLS at once": say(hello()),
        "speaks HTTP": say(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        "injects plain text": say(EHLO + b"STARTTLS\r\n" + RECIPIENT),
        "sends no TLS": after_start(b"MAIL FROM:<>\r\n" * 20),
        "says nothing where TLS begins": after_start(),
        "stops in the handshake": after_start(hello()[:100]),
        "stops behind its hello": after_start(hello()),
        "closes in the handshake": after_start(hello()[:100], then=lambda client: client.socket.close()),
        "resets in the handshake": after_start(hello(), then=Client.reset),
        "resets at once": Client.reset,
        "floods records": after_start(then=lambda client: client.flood(b"\x16\x03\x03\x40\x00" + bytes(0x4000))),
        "mail in clear text": say(b"EHLO \x1b[2J\x1b]0;owned\x07\r\n" + RECIPIENT + b"DATA\r\nQUIT\r\n"),
        "a chain of ninety": lambda client: (
            client.ask(client_context(lowest.issue("mail.contoso.com"), folder)) and None
        ),
        "a crowd of strangers": lambda client: client.ask(client_context(leaf, folder, [leaf, *strangers])) and None,
        "floods inside TLS": inside(good, lambda client: client.flood(b"A" * 60_000)),
        "says nothing inside TLS": inside(client_context(None, folder), Client.until_closed),
        "takes many places": crowd,
    }


def honest(authority: Authority, folder: Path) -> Mapping[str, ssl.SSLContext]:
    """Clients that behave, ready and not."""
    alone = authority.issue("mail.contoso.com")
    return {
        "honest": client_context(authority.issue("mail.contoso.com"), folder),
        "honest too": client_context(authority.issue("mail.contoso.com", key="rsa"), folder),
        "of another name": client_context(authority.issue("mail.fabrikam.com"), folder),
        "the leaf alone": client_context(alone, folder, [alone]),
        "no certificate": client_context(None, folder),
    }


class Listening:
    """``certready listen`` while it runs; what it says on stderr is read as it comes."""

    def __init__(self, started: Leaving) -> None:
        self._started = started
        assert started.process.stderr is not None
        self._errors = started.process.stderr
        self.said = [self._errors.readline()]
        match = re.search(r"127\.0\.0\.1:(\d+)", self.said[0])
        assert match, self.said[0] + self._errors.read()
        self.port = int(match[1])
        self._out: list[str] = []
        self._readers = [
            threading.Thread(target=lambda: self.said.extend(self._errors), daemon=True),
            threading.Thread(target=lambda: self._out.extend(started.process.stdout or ()), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def ended(self) -> tuple[Mapping[str, Any], Left]:
        """Ended as systemd does: the reports by address, and what is left behind."""
        self._started.process.send_signal(signal.SIGTERM)
        left = self._started.left("".join(self.said))
        for reader in self._readers:
            reader.join()
        reports = map(json.loads, self._out)
        return {report["target"]["name"]: report for report in reports}, left


@contextmanager
def listening(folder: Path) -> Iterator[Listening]:
    words = "listen --bind 127.0.0.1:0 --inbound *.contoso.com --accepted-domain contoso.com --trust root.pem"
    with leaving(*words.split(), "--revocation", "off", "--format", "jsonl", folder=folder) as started:
        yield Listening(started)


class Heard(NamedTuple):
    """What came of it: the answers to honest clients by name, the reports by address, and what was left and said."""

    answers: Mapping[str, str]
    reports: Mapping[str, Any]
    left: Left
    said: str


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.root("Hostile Root").intermediate("Hostile CA")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Path:
    folder = tmp_path_factory.mktemp("listen")
    assert authority.issuer is not None
    (folder / "root.pem").write_bytes(authority.issuer.pem)
    return folder


@pytest.fixture(scope="module")
def asked(authority: Authority, folder: Path) -> Mapping[str, ssl.SSLContext]:
    return honest(authority, folder)


@pytest.fixture(scope="module")
def together(authority: Authority, folder: Path, asked: Mapping[str, ssl.SSLContext]) -> Heard:
    """Every hostile client under way, then the honest ones, each from an address of its own."""
    acts = hostile(authority, folder)
    with listening(folder) as listener, ExitStack() as stack:
        for network, act in enumerate(acts.values(), 100):
            client = Client(listener.port, network)
            stack.callback(client.socket.close)
            thread = threading.Thread(target=_quietly, args=(act, client), daemon=True)
            thread.start()
        answers = _answers(listener, asked)
        reports, left = listener.ended()
        return Heard(answers, reports, left, "".join(listener.said))


def _quietly(act: Act, client: Client) -> None:
    with contextlib.suppress(OSError, AssertionError):  # the listener may leave whenever it likes
        act(client)


def _answers(listener: Listening, asked: Mapping[str, ssl.SSLContext]) -> Mapping[str, str]:
    return {name: Client(listener.port, network).ask(context) for network, (name, context) in enumerate(asked.items())}


def test_within_limits(together: Heard) -> None:
    """The listener stays within its memory and ends when it is told to, whoever is still connected."""
    assert together.left.mebibytes < MEBIBYTES
    assert "Traceback" not in together.said


def test_nothing_is_left_behind(together: Heard) -> None:
    """No socket is open at its end, and every thread ends by itself."""
    assert (together.left.sockets, together.left.threads) == (0, ())


def test_honest_clients_are_answered_as_alone(
    folder: Path, asked: Mapping[str, ssl.SSLContext], together: Heard
) -> None:
    """Whoever is hostile beside them, honest clients get the answers and verdicts that they get without."""
    with listening(folder) as listener:
        alone = _answers(listener, asked)
        reports, _ = listener.ended()
    assert [answer[:3] for answer in alone.values()] == ["250", "250", "450", "450", "450"]
    assert together.answers == alone
    for network in range(len(asked)):
        address = f"127.1.{network}.1"
        assert together.reports[address]["verdict"] == reports[address]["verdict"]


def test_no_hostile_client_is_ready(together: Heard) -> None:
    """What is reported of the hostile is not ready, but for the one that shows what a good client shows."""
    networks = {f"127.1.{100 + number}.1": number for number in range(60)}
    ready = {address for address, report in together.reports.items() if report["verdict"] == "ready"}
    assert len(ready & networks.keys()) <= 1


def test_what_they_sent_is_shown_safely(together: Heard) -> None:
    """No line of the log holds a character that a terminal would act on, or is without an end."""
    for line in together.said.splitlines():
        assert line.isprintable()
        assert len(line) < 1000
