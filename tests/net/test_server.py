"""The listener over real sockets: what it captures, what it survives, and whom it turns away."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest

from certready.demo.pki import Authority
from certready.errors import CertreadyError, UsageError
from certready.model import Bundle
from certready.model.report import Verdict
from certready.net.admission import WINDOW, Admission, Failures, Limits, network
from certready.net.listener import Listener, Visit
from certready.net.session import Identity

ROOT = Authority.root("Root")
ISSUING = ROOT.intermediate("Issuing")
LEAF = ISSUING.issue("mail.contoso.com")
SERVER = ROOT.issue("exo.example.test")
IDENTITY = Identity((SERVER.der,), SERVER.key)


@dataclass
class Guest:
    """A host that remembers; ready for whoever presents a certificate."""

    visits: list[Visit] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    judged: list[Bundle] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def judge(self, bundle: Bundle) -> Verdict:
        self.judged.append(bundle)
        return "ready" if bundle.chains else "not-ready"

    def done(self, visit: Visit) -> None:
        with self.arrived:
            self.visits.append(visit)
            self.arrived.notify_all()

    def log(self, line: str) -> None:
        with self.arrived:
            self.lines.append(line)
            self.arrived.notify_all()

    def wait(self, done: Callable[[], object]) -> None:
        """Until ``done`` holds; a listener that never gets there fails the test by name and not by hanging."""
        with self.arrived:
            assert self.arrived.wait_for(done, 60)


@dataclass
class Running:
    listener: Listener
    guest: Guest
    thread: threading.Thread

    @property
    def port(self) -> int:
        return self.listener.address[1]


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a listener on a free port of loopback; it is gone when the test ends."""
    with ExitStack() as running:

        def begin(**options: Any) -> Running:
            guest = Guest()
            listener = Listener(
                ("127.0.0.1", 0),
                IDENTITY,
                guest,
                name="exo.example.test",
                clock=lambda: datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
                **options,
            )
            running.enter_context(listener)
            thread = threading.Thread(target=listener.run, daemon=True)
            thread.start()
            return Running(listener, guest, thread)

        yield begin


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("client")
    for name, sent in {"whole": [LEAF, ISSUING], "leaf": [LEAF], "root": [LEAF, ISSUING, ROOT]}.items():
        (directory / f"{name}.pem").write_bytes(LEAF.key_pem + b"".join(one.pem for one in sent))
    (directory / "trust.pem").write_bytes(ROOT.pem)
    return directory


class Client:
    """A plain SMTP client that says a line and reads the whole reply."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), 60, source_address=(source, 0))
        self._pending = b""
        self.banner = self.reply()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def reply(self) -> str:
        """The last line of the next reply; empty where the connection was closed."""
        while True:
            line, mark, rest = self._pending.partition(b"\r\n")
            if mark:
                self._pending = rest
                if line[3:4] != b"-":
                    return line.decode()
                continue
            data = b""
            with suppress(ConnectionError):
                data = self.socket.recv(4096)
            if not data:
                return ""
            self._pending += data

    def say(self, line: str) -> str:
        with suppress(ConnectionError):
            self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def secure(self, context: ssl.SSLContext) -> None:
        self.say("EHLO gw.contoso.com")
        self.say("STARTTLS")
        self.socket = context.wrap_socket(self.socket, server_hostname="exo.example.test")


def context(chain: Path | None = None, **versions: ssl.TLSVersion) -> ssl.SSLContext:
    """A client's context that verifies nothing and presents this chain, if any."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    for name, version in versions.items():
        setattr(made, name, version)
    if chain:
        made.load_cert_chain(chain)
    return made


def send(running: Running, how: ssl.SSLContext) -> list[str]:
    """One whole attempt to hand in a message; the codes that came back inside TLS."""
    with Client(running.port) as client:
        client.secure(how)
        words = ("EHLO gw.contoso.com", "MAIL FROM:<>", "RCPT TO:<a@example.org>", "DATA", "QUIT")
        return [client.say(word)[:3] for word in words]


def ders(visit: Visit) -> list[bytes]:
    return [one.der for chain in visit.bundle.chains for one in chain.certificates]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_chain_is_captured_as_sent(start: Start, files: Path, version: ssl.TLSVersion) -> None:
    """Leaf first and root included, byte for byte, in TLS 1.2 and 1.3; a ready verdict is a 250, and DATA is refused."""
    running = start()
    codes = send(running, context(files / "root.pem", maximum_version=version))
    running.guest.wait(lambda: running.guest.visits)
    (visit,) = running.guest.visits
    (endpoint,) = visit.bundle.endpoints
    assert ["250", "250", "250", "451", "221"] == codes
    assert [LEAF.der, ISSUING.der, ROOT.der] == ders(visit)
    assert ("done", "", "gw.contoso.com") == (endpoint.stage, endpoint.trouble, endpoint.host)
    assert {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version] == endpoint.tls_version
    assert "exo.example.test" == visit.bundle.chains[0].sni


def test_no_client_certificate(start: Start) -> None:
    """A client without a certificate completes TLS, is told 450, and is reported without a chain."""
    running = start()
    codes = send(running, context())
    running.guest.wait(lambda: running.guest.visits)
    (visit,) = running.guest.visits
    assert ["250", "250", "450", "451", "221"] == codes
    assert ((), None, True) == (visit.bundle.chains, visit.bundle.endpoints[0].chain, visit.completed)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_not_resumed(start: Start, files: Path, version: ssl.TLSVersion) -> None:
    """A client that offers its last session again has to show its certificate again."""
    running = start()
    how = context(files / "whole.pem", maximum_version=version)
    with Client(running.port) as first:
        first.secure(how)
        first.say("EHLO gw.contoso.com")
        assert isinstance(first.socket, ssl.SSLSocket)
        session = first.socket.session
        first.say("QUIT")
    with Client(running.port) as second:
        second.say("EHLO gw.contoso.com")
        second.say("STARTTLS")
        resumed = how.wrap_socket(second.socket, server_hostname="exo.example.test", session=session)
        second.socket = resumed
        assert "250" == second.say("EHLO gw.contoso.com")[:3]
        assert not resumed.session_reused
    running.guest.wait(lambda: len(running.guest.visits) == 2)
    assert [[LEAF.der, ISSUING.der]] * 2 == [ders(visit) for visit in running.guest.visits]


def test_distrust_of_our_certificate_is_recognised(start: Start, files: Path) -> None:
    """A client that breaks the handshake off because it does not trust the listener is reported as just that."""
    running = start()
    strict = ssl.create_default_context()
    with pytest.raises(ssl.SSLCertVerificationError), Client(running.port) as client:
        client.secure(strict)
    running.guest.wait(lambda: running.guest.visits)
    (visit,) = running.guest.visits
    assert (False, "handshake-failed") == (visit.completed, visit.bundle.endpoints[0].trouble)
    assert "because of the certificate it was shown" in (visit.bundle.endpoints[0].error or "")


def test_mail_in_clear_text_is_reported(start: Start) -> None:
    """A client that never uses STARTTLS is put off, and reported as one that sends in clear text."""
    running = start()
    with Client(running.port) as client:
        words = ("EHLO gw.contoso.com", "MAIL FROM:<>", "RCPT TO:<a@example.org>", "DATA", "QUIT")
        assert ["250", "250", "450", "451", "221"] == [client.say(word)[:3] for word in words]
    running.guest.wait(lambda: running.guest.visits)
    (visit,) = running.guest.visits
    (endpoint,) = visit.bundle.endpoints
    assert (False, ()) == (visit.completed, visit.bundle.chains)
    assert ("clear-text", "gw.contoso.com", "ehlo") == (endpoint.trouble, endpoint.host, endpoint.stage)
    assert "did not use it" in (endpoint.error or "")
    assert ["", "EHLO", "MAIL", "RCPT", "DATA", "QUIT"] == [one.sent for one in visit.dialogue]


def test_mail_in_clear_text_is_reported_however_it_ends(start: Start) -> None:
    """A client that falls silent or floods after MAIL in clear text is reported all the same."""
    running = start(limits=Limits(step=0.3, handshake_bytes=20_000, session_bytes=20_000))
    for data in (b"", b"NOOP " + b"A" * 1000 + b"\r\n"):
        with Client(running.port) as client, suppress(OSError):
            client.say("EHLO gw.contoso.com")
            client.say("MAIL FROM:<>")
            for _ in range(100 if data else 0):
                client.socket.sendall(data)
            client.reply()
    running.guest.wait(lambda: len(running.guest.visits) == 2)
    assert ["clear-text"] * 2 == [visit.bundle.endpoints[0].trouble for visit in running.guest.visits]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_clear_text_after_a_failed_handshake_says_so(start: Start, version: ssl.TLSVersion) -> None:
    """A client that gave TLS up and comes back in clear text is reported with the reason it gave it up for, and
    neither of its sessions counts as completed: a listener for one session waits on."""
    running = start()
    strict = ssl.create_default_context()
    strict.maximum_version = version
    with pytest.raises(ssl.SSLCertVerificationError), Client(running.port) as client:
        client.secure(strict)
    running.guest.wait(lambda: running.guest.visits)
    with Client(running.port) as client:
        client.say("EHLO gw.contoso.com")
        client.say("MAIL FROM:<>")
    running.guest.wait(lambda: len(running.guest.visits) == 2)
    error = running.guest.visits[1].bundle.endpoints[0].error or ""
    assert "came back in clear text after TLS had failed" in error
    assert "because of the certificate it was shown" in error
    assert [False, False] == [visit.completed for visit in running.guest.visits]


def test_a_trusted_server_certificate_is_accepted(start: Start, files: Path) -> None:
    """A client that verifies is content with a certificate of a root it trusts, for the name it asked."""
    running = start()
    strict = ssl.create_default_context(cafile=str(files / "trust.pem"))
    strict.load_cert_chain(files / "whole.pem")
    assert "250" == send(running, strict)[2]


def test_handshakes_that_are_none(start: Start) -> None:
    """Garbage, silence and a hang-up in the handshake are a log line each and no report; the next client is served."""
    running = start(limits=Limits(step=0.3))
    for data in (b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\0" * 2000, b""):
        with Client(running.port) as client:
            client.say("EHLO gw.contoso.com")
            client.say("STARTTLS")
            client.socket.sendall(data)
            client.reply()
    running.guest.wait(lambda: len(running.guest.lines) >= 3)
    assert [] == running.guest.visits
    assert ["250", "250", "450", "451", "221"] == send(running, context())


def test_slow_clients_are_dropped(start: Start) -> None:
    """One that says nothing and one that drips bytes without ever finishing a line both lose the connection."""
    running = start(limits=Limits(step=0.3, total=0.6))
    with Client(running.port) as silent, Client(running.port) as dripping:
        gone = False
        for _ in range(2000):
            try:
                dripping.socket.sendall(b"A")
            except OSError:
                gone = True
                break
            threading.Event().wait(0.01)
        assert (True, "") == (gone, silent.reply())
    running.guest.wait(lambda: sum("too slow" in line for line in running.guest.lines) == 2)


@pytest.mark.parametrize("line", ["A" * 3000, "NOOP\r\n" * 200])
def test_whoever_is_sent_away_has_not_left(start: Start, line: str) -> None:
    """Of a client that the listener itself sends away the log says so, and repeats no command that it repeats."""
    running = start()
    with Client(running.port) as client:
        client.say(line)
        running.guest.wait(lambda: running.guest.lines)
    (logged,) = running.guest.lines
    assert "127.0.0.1: sent away before TLS, after " in logged
    assert logged.count("NOOP") == ("NOOP" in line)


def test_slow_clients_have_not_left(start: Start) -> None:
    """Of a client that is too slow there is one line."""
    running = start(limits=Limits(step=0.3, total=0.6))
    with Client(running.port) as silent:
        assert silent.reply() == ""
    with running.listener:
        pass
    assert [line[9:] for line in running.guest.lines] == ["127.0.0.1: dropped, too slow"]


def test_whoever_is_there_at_the_end_is_said_to_be(start: Start) -> None:
    """Clients that are connected when the listener ends, before TLS, in the handshake and inside TLS, are said to be
    that: none of them left, or failed, or distrusts the listener."""
    running = start()
    with Client(running.port) as plain, Client(running.port) as shaking, Client(running.port) as secured:
        plain.say("EHLO gw.contoso.com")
        shaking.say("EHLO gw.contoso.com")
        shaking.say("STARTTLS")
        secured.secure(context())
        secured.say("EHLO gw.contoso.com")
        running.guest.lines.clear()
        with running.listener:
            pass
    assert sorted(line[9:] for line in running.guest.lines)[:2] == [
        "127.0.0.1 (gw.contoso.com): in the TLS handshake. It was still connected when the listener ended.",
        "127.0.0.1: without TLS, after EHLO. It was still connected when the listener ended.",
    ]
    (visit,) = running.guest.visits
    assert visit.bundle.endpoints[0].error == "It was still connected when the listener ended."


@pytest.mark.parametrize("secure", [False, True])
def test_a_half_closed_client_is_answered_and_done_with(start: Start, secure: bool) -> None:
    """A client that says everything at once and closes its side is answered, and its session ends at once."""
    running = start()
    with Client(running.port) as client:
        if secure:
            client.secure(context())
        client.socket.sendall(b"EHLO gw.contoso.com\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n")
        codes = [client.reply()[:3] for _ in range(4)]
        client.socket.shutdown(socket.SHUT_WR)
        running.guest.wait(lambda: running.guest.visits)
    assert ["250", "250", "450", "451"] == codes
    assert secure == running.guest.visits[0].completed


def test_floods_are_dropped(start: Start) -> None:
    """A client that sends without end is cut off after a bounded number of bytes."""
    running = start(limits=Limits(handshake_bytes=50_000, session_bytes=50_000))
    with Client(running.port) as client, suppress(OSError):
        client.say("EHLO gw.contoso.com")
        client.say("STARTTLS")
        for _ in range(10_000):
            client.socket.sendall(b"\x16\x03\x01\x40\x00" + b"\0" * 16384)
    running.guest.wait(lambda: running.guest.lines)
    assert [] == running.guest.visits
    assert "250" == send(running, context())[0]


def test_one_address_may_not_take_all(start: Start) -> None:
    """Connections over the limit of one address or of all together are told 421 and closed; closing one frees a place."""
    running = start(limits=Limits(connections=3, per_address=2))
    with ExitStack() as open_clients:
        first = open_clients.enter_context(Client(running.port))
        open_clients.enter_context(Client(running.port))
        with Client(running.port) as third:
            assert "421" == third.banner[:3]
            assert "" == third.reply()
        other = open_clients.enter_context(Client(running.port, "127.0.0.2"))
        with Client(running.port, "127.0.0.3") as fourth:
            assert ("220", "421") == (other.banner[:3], fourth.banner[:3])
        first.say("QUIT")
        running.guest.wait(lambda: any("left before TLS" in line for line in running.guest.lines))
        for _ in range(500):
            with Client(running.port) as again:
                if again.banner.startswith("220"):
                    break
            threading.Event().wait(0.01)
        assert "220" == again.banner[:3]


def test_it_ends_after_so_many_connections(start: Start) -> None:
    """With a limit on connections the listener serves them to their end and returns."""
    running = start(max_connections=2)
    assert [["250", "250", "450", "451", "221"]] * 2 == [send(running, context()) for _ in range(2)]
    running.thread.join(60)
    assert (False, 2) == (running.thread.is_alive(), len(running.guest.visits))


def test_a_fault_of_ours_ends_one_connection_only(start: Start) -> None:
    """Where judging fails inside, that client loses its connection, the log says why, and the next one is served."""
    running = start()

    def fail(bundle: Bundle) -> Verdict:
        running.guest.judge = Guest().judge  # type: ignore[method-assign]
        raise RuntimeError("staged")

    running.guest.judge = fail  # type: ignore[method-assign]
    with Client(running.port) as client:
        client.secure(context())
        assert "" == client.say("EHLO gw.contoso.com")
    running.guest.wait(lambda: any("RuntimeError: staged" in line for line in running.guest.lines))
    assert "250" == send(running, context())[0]


def test_addresses_that_cannot_be_bound() -> None:
    """A port in use, an address of another machine and an unusable key are errors in a sentence with a hint."""
    guest, clock = Guest(), lambda: datetime(2026, 11, 21, tzinfo=UTC)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for bind in (("127.0.0.1", port), ("192.0.2.1", 2525)):
            with pytest.raises(UsageError, match="cannot be listened on") as caught:
                Listener(bind, IDENTITY, guest, name="x", clock=clock)
            assert caught.value.hint
    with pytest.raises(CertreadyError, match="server certificate cannot be used"):
        Listener(("127.0.0.1", 0), Identity((LEAF.der,), SERVER.key), guest, name="x", clock=clock)


def test_hundreds_of_connections_some_hostile(start: Start, files: Path) -> None:
    """300 connections, a third of them hostile: every honest client is answered, and memory stays where it was."""
    running = start(limits=Limits(connections=20, per_address=8, per_minute=100_000, step=2.0, total=10.0))
    good, bare = context(files / "whole.pem"), context()
    send(running, good)
    answers: list[str] = []
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    workers = [
        threading.Thread(target=_worker, args=(running, number, good, bare, answers), daemon=True)
        for number in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)
    running.guest.wait(lambda: len(running.guest.visits) == 201)
    running.guest.visits.clear()
    running.guest.lines.clear()
    running.guest.judged.clear()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert ["250"] * 100 + ["450"] * 100 == sorted(answers)
    assert grown < 2_000_000


def _worker(running: Running, number: int, good: ssl.SSLContext, bare: ssl.SSLContext, answers: list[str]) -> None:
    """Seventy-five visits from an address of its own: with a certificate, without, and hostile, in turn."""
    for turn in range(75):
        with Client(running.port, f"127.0.0.{10 + number}") as client:
            if turn % 3 == 2:
                client.socket.sendall((b"\0" * 100, b"EHLO x\r\nSTARTTLS\r\nMAIL\r\n", b"A" * 5000)[turn // 3 % 3])
                continue
            client.secure(good if turn % 3 else bare)
            client.say("EHLO gw.contoso.com")
            client.say("MAIL FROM:<>")
            answers.append(client.say("RCPT TO:<a@example.org>")[:3])


# -- who is let in ------------------------------------------------------------------------------------------------


def test_the_rate_of_one_address_is_bounded() -> None:
    """More connections within a minute than allowed are refused, however short they are; the next minute is a new one."""
    admission = Admission(Limits(per_minute=3))
    said = []
    for _ in range(4):
        said.append(admission.admit("192.0.2.1", 1000.0))
        if said[-1] is None:
            admission.release("192.0.2.1")
    assert [None, None, None] == said[:3]
    assert "within a minute" in (said[3] or "")
    assert None is admission.admit("192.0.2.2", 1000.0)
    assert None is admission.admit("192.0.2.1", 1000.0 + WINDOW)


def test_remembered_failures_stay_few() -> None:
    """Of very many addresses that broke TLS off only the latest are remembered."""
    failures = Failures(room=2)
    for number in range(4):
        failures.add(f"192.0.2.{number}", str(number))
    failures.add("192.0.2.2", "again")
    assert [None, None, "again", "3"] == [failures.get(f"192.0.2.{number}") for number in range(4)]


def test_an_ipv6_network_is_one_address() -> None:
    """Addresses of one /64 count together, and a mapped IPv4 address is that address."""
    assert network("2001:db8::1") == network("2001:db8::ffff:1")
    assert network("2001:db8::1") != network("2001:db8:0:1::1")
    assert "192.0.2.1" == network("::ffff:192.0.2.1")


def test_the_books_stay_small() -> None:
    """A sweep over very many addresses leaves no entry for each behind."""
    admission = Admission(Limits())
    for number in range(30_000):
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        assert None is admission.admit(address, 1.0)
        admission.release(address)
    assert (0, True) == (admission.count, len(admission._recent) <= 10_001)
