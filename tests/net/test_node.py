"""What a probe asks beside the ordinary handshake: key types, the suites of Exchange Online, no server name."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL

from certready.demo.pki import Authority, Issued
from certready.model import Bundle, Endpoint
from certready.net.gateway import fetch
from certready.net.session import Identity, server_context
from tests.live.servers import Act, FaultySmtp, Visit, free_port, pem, tls, tls_context

BANNER = b"220 gw.contoso.test ESMTP\r\n"
EHLO = b"250-gw.contoso.test\r\n250 STARTTLS\r\n"
READY = b"220 Ready\r\n"
PATIENT = 2.0  # seconds: for gateways that answer at once


@pytest.fixture(scope="module")
def authority() -> Authority:
    """An intermediate CA under a private root."""
    return Authority.root().intermediate()


@pytest.fixture(scope="module")
def rsa(authority: Authority) -> Issued:
    """The gateway's certificate with an RSA key."""
    return authority.issue("gw.contoso.test", key="rsa")


@pytest.fixture(scope="module")
def ecdsa(authority: Authority) -> Issued:
    """The gateway's certificate with an ECDSA key."""
    return authority.issue("gw.contoso.test")


def add(context: ssl.SSLContext, leaf: Issued, directory: Path) -> ssl.SSLContext:
    """The context with a certificate of another key type beside the first."""
    (directory / "more.pem").write_bytes(pem(leaf.chain))
    (directory / "more.key").write_bytes(leaf.key_pem)
    context.load_cert_chain(directory / "more.pem", directory / "more.key")
    return context


def gateway(context: ssl.SSLContext) -> tuple[bytes | Act, ...]:
    """The script of a gateway that behaves."""
    return BANNER, EHLO, READY, tls(context)


def ask(*script: bytes | Act, **options: object) -> tuple[Bundle, FaultySmtp]:
    """The bundle, and the server with its notes."""
    with FaultySmtp(*script) as server:
        wanted = {"ehlo": "probe.example.org", "sni": "gw.contoso.test", "timeout": PATIENT, **options}
        return fetch("127.0.0.1", server.port, **wanted), server  # type: ignore[arg-type]


def outcomes(endpoint: Endpoint) -> dict[str, str]:
    """The outcome of each further question."""
    return {one.question: one.outcome for one in endpoint.handshakes}


class TestQuestions:
    def test_both_key_types(self, rsa: Issued, ecdsa: Issued, tmp_path: Path) -> None:
        """A gateway with an RSA and an ECDSA certificate shows both chains, each once, each with its family."""
        bundle, _ = ask(*gateway(add(tls_context(rsa, tmp_path), ecdsa, tmp_path)))
        (endpoint,) = bundle.endpoints
        expected = ("exchange", "ecdsa", "rsa-tls13", "no-name-rsa", "no-name-ecdsa")
        assert outcomes(endpoint) == dict.fromkeys(expected, "done")
        assert {chain.family for chain in bundle.chains} == {"rsa", "ecdsa"}
        assert {chain.leaf_certificate.der for chain in bundle.chains} == {rsa.der, ecdsa.der}
        assert set(endpoint.chain_ids) == {"c1", "c2"}
        versions = {one.question: one.tls_version for one in endpoint.handshakes}
        assert (endpoint.tls_version, versions["exchange"], versions["ecdsa"]) == ("TLSv1.3", "TLSv1.2", "TLSv1.2")

    def test_rsa_alone(self, rsa: Issued, tmp_path: Path) -> None:
        """A gateway without an ECDSA certificate refuses that question, and has one chain."""
        bundle, _ = ask(*gateway(tls_context(rsa, tmp_path)))
        assert outcomes(bundle.endpoints[0]) == {
            "exchange": "done",
            "ecdsa": "refused",
            "ecdsa-tls13": "refused",
            "no-name-rsa": "done",
            "no-name-ecdsa": "refused",
        }
        assert [chain.family for chain in bundle.chains] == ["rsa"]
        assert bundle.endpoints[0].trouble == ""

    def test_ecdsa_alone(self, ecdsa: Issued, tmp_path: Path) -> None:
        """Where the published suites are refused, every other suite of that kind is asked for too."""
        bundle, _ = ask(*gateway(tls_context(ecdsa, tmp_path)))
        assert outcomes(bundle.endpoints[0]) == {
            "exchange": "refused",
            "rsa": "refused",
            "rsa-tls13": "refused",
            "ecdsa": "done",
            "no-name-rsa": "refused",
            "no-name-ecdsa": "done",
        }
        assert len(bundle.chains) == 1

    def test_other_suites_alone(self, rsa: Issued, tmp_path: Path) -> None:
        """A gateway that serves TLS 1.2 with none of the published suites is seen to do so."""
        context = tls_context(rsa, tmp_path)
        context.set_ciphers("ECDHE-RSA-CHACHA20-POLY1305")
        bundle, _ = ask(*gateway(context))
        by_question = {one.question: one for one in bundle.endpoints[0].handshakes}
        assert (by_question["exchange"].outcome, by_question["rsa"].outcome) == ("refused", "done")
        assert by_question["rsa"].cipher == "ECDHE-RSA-CHACHA20-POLY1305"

    def test_other_suites_preferred(self, rsa: Issued, tmp_path: Path) -> None:
        """A gateway that would rather use another suite and serves a published one too is seen to serve that."""
        context = tls_context(rsa, tmp_path)
        context.set_ciphers("ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256")
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
        bundle, _ = ask(*gateway(context))
        by_question = {one.question: one for one in bundle.endpoints[0].handshakes}
        assert "rsa" not in by_question
        assert (by_question["exchange"].outcome, by_question["exchange"].cipher) == (
            "done",
            "ECDHE-RSA-AES128-GCM-SHA256",
        )

    def test_one_refusal_for_two_questions(self, ecdsa: Issued, tmp_path: Path) -> None:
        """Who refuses every RSA suite in TLS 1.2 is not asked for the published ones among them once more."""
        bundle, server = ask(*gateway(tls_context(ecdsa, tmp_path)))
        assert {"exchange", "rsa"} < set(outcomes(bundle.endpoints[0]))
        assert server.heard.count(b"STARTTLS\r\n") == len(bundle.endpoints[0].handshakes) == 6

    @pytest.mark.parametrize("gentle", [False, True])
    def test_post_quantum_alone(self, rsa: Issued, *, gentle: bool) -> None:
        """A gateway that has post-quantum groups alone is asked again with those, and so are the further questions."""
        context = server_context(Identity((rsa.der,), rsa.key))
        assert Binding().lib.SSL_CTX_set1_curves_list(context._context, b"X25519MLKEM768") == 1

        def secure(visit: Visit) -> None:
            connection = SSL.Connection(context, visit.socket)
            connection.set_accept_state()
            with contextlib.suppress(SSL.Error):
                connection.do_handshake()
                connection.recv(100)

        bundle, server = ask(BANNER, EHLO, READY, secure, gentle=gentle)
        (endpoint,) = bundle.endpoints
        assert (endpoint.trouble, endpoint.tls_version) == ("", "TLSv1.3")
        if gentle:
            assert server.heard.count(b"STARTTLS\r\n") == 2
        else:
            assert outcomes(endpoint)["no-name-rsa"] == "done"

    def test_without_a_name(self, authority: Authority, rsa: Issued, tmp_path: Path) -> None:
        """The certificate for clients that name no server is a chain of its own, without a server name."""
        other = authority.issue("default.contoso.test", key="rsa")
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        named, context = tls_context(rsa, tmp_path / "a"), tls_context(other, tmp_path / "b")

        def choose(connection: ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
            if name:
                connection.context = named

        context.sni_callback = choose  # type: ignore[assignment]
        bundle, _ = ask(*gateway(context))
        assert [(chain.id, chain.sni, chain.leaf_certificate.der) for chain in bundle.chains] == [
            ("c1", "gw.contoso.test", rsa.der),
            ("c2", None, other.der),
        ]
        chains = {one.question: one.chain for one in bundle.endpoints[0].handshakes}
        assert (chains["exchange"], chains["no-name-rsa"], chains.get("again")) == ("c1", "c2", None)

    def test_an_address_has_no_name_to_leave_out(self, rsa: Issued, tmp_path: Path) -> None:
        """Where no server name is sent at all, nobody asks what comes without one."""
        bundle, server = ask(*gateway(tls_context(rsa, tmp_path)), sni=None)
        assert set(outcomes(bundle.endpoints[0])) == {"exchange", "ecdsa", "ecdsa-tls13"}
        assert set(server.server_names) == {None}

    def test_no_name_wanted(self, rsa: Issued, tmp_path: Path) -> None:
        """An empty server name sends none, for a host that has a name too."""
        with FaultySmtp(*gateway(tls_context(rsa, tmp_path))) as server:
            where = {"gw.contoso.test": ["127.0.0.1"]}
            bundle = fetch("gw.contoso.test", server.port, sni="", resolve=where, gentle=True)
        assert (server.server_names, bundle.chains[0].sni) == ([None], None)

    def test_one_connection_a_question(self, rsa: Issued, tmp_path: Path) -> None:
        """A node is asked once, and once for each question; every session in TLS ends with QUIT."""
        bundle, server = ask(*gateway(tls_context(rsa, tmp_path)))
        assert server.heard.count(b"STARTTLS\r\n") == 1 + len(bundle.endpoints[0].handshakes) == 6
        assert server.heard.count(b"QUIT\r\n") == 3  # the others were refused
        assert set(server.heard) == {b"EHLO probe.example.org\r\n", b"STARTTLS\r\n", b"QUIT\r\n"}

    def test_old_versions_alone(self, rsa: Issued, tmp_path: Path) -> None:
        """The connection that is kept ready for a question in TLS 1.3 leaves a gateway that has none before TLS."""
        bundle, server = ask(*gateway(tls_context(rsa, tmp_path, maximum=ssl.TLSVersion.TLSv1_2)))
        questions = len(bundle.endpoints[0].handshakes)
        assert server.heard.count(b"STARTTLS\r\n") == 1 + questions == 5
        assert server.heard.count(b"EHLO probe.example.org\r\n") == 6
        assert server.heard.count(b"QUIT\r\n") == 4  # two were refused

    def test_nothing_waits_for_a_handshake_that_failed(self) -> None:
        """Where the ordinary handshake comes to nothing, the connection that waits for it leaves at once."""
        left = threading.Event()

        def hang_up(visit: Visit) -> None:
            if visit.line() == b"QUIT\r\n":
                left.set()

        with FaultySmtp(BANNER, EHLO, hang_up) as server:
            bundle = fetch("127.0.0.1", server.port, timeout=PATIENT)
            assert left.wait(10)
        assert bundle.endpoints[0].chain is None

    def test_gentle(self, rsa: Issued, tmp_path: Path) -> None:
        """One connection is all there is where no more is wanted, and what was not asked is kept."""
        bundle, server = ask(*gateway(tls_context(rsa, tmp_path)), gentle=True)
        assert server.heard.count(b"STARTTLS\r\n") == 1
        expected = ("exchange", "ecdsa", "no-name-rsa", "no-name-ecdsa")
        assert outcomes(bundle.endpoints[0]) == dict.fromkeys(expected, "not-asked")

    @pytest.mark.parametrize("asks", [False, True])
    @pytest.mark.parametrize("maximum", [None, ssl.TLSVersion.TLSv1_2])
    def test_client_certificate(self, rsa: Issued, tmp_path: Path, asks: bool, maximum: ssl.TLSVersion | None) -> None:
        """Whether the server asks for a client certificate is seen, in TLS 1.2 and 1.3."""
        context = tls_context(rsa, tmp_path, maximum=maximum)
        if asks:
            context.verify_mode = ssl.CERT_OPTIONAL
            context.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(rsa.der))
        bundle, _ = ask(*gateway(context), gentle=True)
        assert bundle.endpoints[0].asks_certificate is asks


class TestOtherCertificates:
    def test_tls13_alone(self, rsa: Issued, ecdsa: Issued, tmp_path: Path) -> None:
        """Where TLS 1.3 is all there is, both kinds of certificate are seen: signature algorithms ask for them."""
        context = add(tls_context(rsa, tmp_path), ecdsa, tmp_path)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        bundle, _ = ask(*gateway(context))
        (endpoint,) = bundle.endpoints
        assert {chain.leaf_certificate.der for chain in bundle.chains} == {rsa.der, ecdsa.der}
        refused = dict.fromkeys(("exchange", "rsa", "ecdsa"), "refused")
        assert outcomes(endpoint) == refused | dict.fromkeys(("rsa-tls13", "no-name-rsa", "no-name-ecdsa"), "done")

    def test_default_of_the_other_kind(self, authority: Authority, rsa: Issued, ecdsa: Issued, tmp_path: Path) -> None:
        """The RSA certificate for clients that name no server is seen behind an ECDSA one that would be preferred."""
        old = authority.issue("old.contoso.test", key="rsa")
        named = tls_context(ecdsa, tmp_path)
        context = add(tls_context(ecdsa, tmp_path), old, tmp_path)

        def choose(connection: ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
            if name:
                connection.context = named

        context.sni_callback = choose  # type: ignore[assignment]
        bundle, _ = ask(*gateway(context))
        assert [(chain.sni, chain.leaf_certificate.der) for chain in bundle.chains] == [
            ("gw.contoso.test", ecdsa.der),
            (None, old.der),
        ]

    def test_several_servers_behind_an_address(self, authority: Authority, rsa: Issued, tmp_path: Path) -> None:
        """A server that connections reach in turn is not taken for what clients see that name no server."""
        other = authority.issue("gw.contoso.test", key="rsa")
        contexts = [tls_context(rsa, tmp_path), tls_context(other, tmp_path)]
        visits = itertools.count()

        def balance(connection: ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
            visit = next(visits)
            by_chance = int(name is None) if visit < 6 else visit % 2  # six questions, then their repetitions
            connection.context = contexts[by_chance]

        balancer = tls_context(rsa, tmp_path)
        balancer.sni_callback = balance  # type: ignore[assignment]
        bundle, _ = ask(*gateway(balancer), timeout=5.0)
        (endpoint,) = bundle.endpoints
        strange = next(chain.id for chain in bundle.chains if chain.leaf_certificate.der == other.der)
        assert strange in {one.chain for one in endpoint.handshakes if not one.question.startswith("no-name")}

    @pytest.mark.parametrize("maximum", [None, ssl.TLSVersion.TLSv1_2])
    def test_client_certificate_demanded(self, rsa: Issued, tmp_path: Path, maximum: ssl.TLSVersion | None) -> None:
        """A server that insists on a client certificate is seen to do so, and its own certificate is seen."""
        context = tls_context(rsa, tmp_path, maximum=maximum)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(rsa.der))
        bundle, _ = ask(*gateway(context))
        (endpoint,) = bundle.endpoints
        assert [chain.leaf_certificate.der for chain in bundle.chains] == [rsa.der]
        assert (endpoint.trouble, endpoint.chain, endpoint.asks_certificate) == ("", "c1", True)
        assert "when it was given none (" in str(endpoint.demands_certificate)
        assert endpoint.stage == ("handshake" if maximum else "done")
        assert outcomes(endpoint)["exchange"] == "done"

    def test_client_certificate_demanded_in_words(self, rsa: Issued, tmp_path: Path) -> None:
        """A server that lets the handshake pass and refuses the first command, as Postfix does, is quoted."""
        context = tls_context(rsa, tmp_path)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(rsa.der))

        def refuse(visit: Visit) -> None:
            visit.socket = context.wrap_socket(visit.socket, server_side=True)
            visit.line()
            visit.socket.sendall(b"421 4.7.1 gw.contoso.test Error: No client certificate\r\n")

        bundle, _ = ask(BANNER, EHLO, READY, refuse, gentle=True)
        expected = 'it answers "421 4.7.1 gw.contoso.test Error: No client certificate"'
        assert bundle.endpoints[0].demands_certificate == expected


class _Counter:
    """Numbers the visits of a server, and lets each take its own script."""

    def __init__(self, *scripts: Act) -> None:
        self.scripts = list(scripts)
        self.lock = threading.Lock()
        self.visits = 0

    def __call__(self, visit: Visit) -> None:
        with self.lock:
            script = self.scripts[min(self.visits, len(self.scripts) - 1)]
            self.visits += 1
        script(visit)


def say(*lines: bytes | Act) -> Act:
    """Send bytes and hear a line after each; a function takes its turn."""

    def act(visit: Visit) -> None:
        for index, turn in enumerate(lines):
            if not isinstance(turn, bytes):
                turn(visit)
                continue
            if index and not visit.line():
                return
            visit.socket.sendall(turn)

    return act


class TestThrottled:
    @pytest.mark.parametrize("reply", [b"421 4.7.0 Too many connections\r\n", b"554 5.7.1 Go away\r\n", b""])
    def test_first_answer_stands(self, rsa: Issued, tmp_path: Path, reply: bytes) -> None:
        """A gateway that turns further connections away has a good first answer all the same."""
        counter = _Counter(say(*gateway(tls_context(rsa, tmp_path))), say(reply))
        bundle, _ = ask(counter)
        (endpoint,) = bundle.endpoints
        assert (endpoint.trouble, endpoint.chain, endpoint.stage) == ("", "c1", "done")
        assert set(outcomes(endpoint).values()) == {"unanswered"}
        assert all(one.error for one in endpoint.handshakes)

    def test_further_connections_that_hang(self, rsa: Issued, tmp_path: Path) -> None:
        """Further questions that nobody answers are given up with the time for the address, and said to be
        unanswered."""
        counter = _Counter(say(*gateway(tls_context(rsa, tmp_path))), Visit.drain)
        began = time.monotonic()
        bundle, _ = ask(counter, timeout=0.5)
        assert time.monotonic() - began < 0.5 * 5
        assert bundle.endpoints[0].trouble == ""
        assert set(outcomes(bundle.endpoints[0]).values()) == {"unanswered"}

    @pytest.mark.parametrize("at_once", [1, 2])
    def test_few_connections_at_a_time(self, rsa: Issued, ecdsa: Issued, tmp_path: Path, at_once: int) -> None:
        """A gateway that admits one connection at a time, or two, answers every question in the end."""
        free = threading.Semaphore(at_once)
        context = add(tls_context(ecdsa, tmp_path), rsa, tmp_path)

        def until_quit(visit: Visit) -> None:
            visit.socket = context.wrap_socket(visit.socket, server_side=True)
            while visit.line() not in (b"QUIT\r\n", b""):
                pass

        behave = say(BANNER, EHLO, READY, until_quit)

        def admit(visit: Visit) -> None:
            if not free.acquire(blocking=False):
                visit.socket.sendall(b"421 4.7.0 Too many connections\r\n")
                return
            try:
                behave(visit)
            finally:
                free.release()

        bundle, _ = ask(admit, timeout=5.0)
        assert set(outcomes(bundle.endpoints[0]).values()) == {"done"}
        assert {chain.family for chain in bundle.chains} == {"rsa", "ecdsa"}

    def test_hanging_up_alone_is_a_refusal(self, rsa: Issued, tmp_path: Path) -> None:
        """A server that hangs up without an alert on what it does not have is asked again alone, and then believed."""
        context = tls_context(rsa, tmp_path)

        def secure(visit: Visit) -> None:
            hello = visit.socket.recv(5 + 4096, socket.MSG_PEEK)
            if len(hello) < 5 + 4096 and b"\x04\x03" in hello and b"\x08\x04" not in hello:
                return  # a client that takes ECDSA alone
            tls(context)(visit)

        bundle, _ = ask(BANNER, EHLO, READY, secure, timeout=5.0)
        assert outcomes(bundle.endpoints[0])["ecdsa-tls13"] == "refused"

    def test_nobody_is_asked_more_who_does_not_let_us_in(self) -> None:
        """A gateway whose banner turns us away gets one connection."""
        counter = _Counter(say(b"554 no\r\n"))
        ask(counter)
        assert counter.visits == 1

    def test_second_attempt(self, rsa: Issued, tmp_path: Path) -> None:
        """A gateway that puts us off once is asked again after a pause, and what it said first is kept."""
        counter = _Counter(say(b"421-4.3.2 Busy\r\n421 4.3.2 Later\r\n"), say(*gateway(tls_context(rsa, tmp_path))))
        bundle, _ = ask(counter, gentle=True)
        (endpoint,) = bundle.endpoints
        assert (endpoint.trouble, endpoint.chain) == ("", "c1")
        assert endpoint.deferred == "421-4.3.2 Busy 421 4.3.2 Later"
        assert counter.visits == 2

    @pytest.mark.parametrize("reply", [b"421 4.7.0 Busy\r\n", b"450 4.7.1 Greylisted\r\n"])
    def test_put_off_twice(self, reply: bytes) -> None:
        """A gateway that puts us off twice is left alone, and both are said."""
        counter = _Counter(say(reply))
        bundle, _ = ask(counter, timeout=1.0)
        (endpoint,) = bundle.endpoints
        assert (endpoint.trouble, counter.visits) == ("deferred", 2)
        assert str(endpoint.error).endswith("(as it did 0.2 s earlier)")
        assert endpoint.deferred == reply.decode().strip()


def test_nothing_listens() -> None:
    """A closed port is asked once and is no bug of the further questions."""
    (endpoint,) = fetch("127.0.0.1", free_port(), timeout=PATIENT).endpoints
    assert (endpoint.trouble, endpoint.handshakes) == ("unreachable", ())
