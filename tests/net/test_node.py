"""What a probe asks beside the ordinary handshake: key types, the suites of Exchange Online, no server name."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import pytest

from certready.demo.pki import Authority, Issued
from certready.model import Bundle, Endpoint
from certready.net.gateway import fetch
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
        assert outcomes(endpoint) == {"exchange": "done", "ecdsa": "done", "no-name": "done"}
        assert {chain.family for chain in bundle.chains} == {"rsa", "ecdsa"}
        assert {chain.leaf_certificate.der for chain in bundle.chains} == {rsa.der, ecdsa.der}
        assert set(endpoint.chain_ids) == {"c1", "c2"}
        versions = {one.question: one.tls_version for one in endpoint.handshakes}
        assert (endpoint.tls_version, versions["exchange"], versions["ecdsa"]) == ("TLSv1.3", "TLSv1.2", "TLSv1.2")

    def test_rsa_alone(self, rsa: Issued, tmp_path: Path) -> None:
        """A gateway without an ECDSA certificate refuses that question, and has one chain."""
        bundle, _ = ask(*gateway(tls_context(rsa, tmp_path)))
        assert outcomes(bundle.endpoints[0]) == {"exchange": "done", "ecdsa": "refused", "no-name": "done"}
        assert [chain.family for chain in bundle.chains] == ["rsa"]
        assert bundle.endpoints[0].trouble == ""

    def test_ecdsa_alone(self, ecdsa: Issued, tmp_path: Path) -> None:
        """Where the published suites are refused, every other suite of that kind is asked for too."""
        bundle, _ = ask(*gateway(tls_context(ecdsa, tmp_path)))
        expected = {"exchange": "refused", "rsa": "refused", "ecdsa": "done", "no-name": "done"}
        assert outcomes(bundle.endpoints[0]) == expected
        assert len(bundle.chains) == 1

    def test_other_suites_alone(self, rsa: Issued, tmp_path: Path) -> None:
        """A gateway that serves TLS 1.2 with none of the published suites is seen to do so."""
        context = tls_context(rsa, tmp_path)
        context.set_ciphers("ECDHE-RSA-CHACHA20-POLY1305")
        bundle, _ = ask(*gateway(context))
        by_question = {one.question: one for one in bundle.endpoints[0].handshakes}
        assert (by_question["exchange"].outcome, by_question["rsa"].outcome) == ("refused", "done")
        assert by_question["rsa"].cipher == "ECDHE-RSA-CHACHA20-POLY1305"

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
        assert bundle.endpoints[0].handshakes[-1].chain == "c2"

    def test_an_address_has_no_name_to_leave_out(self, rsa: Issued, tmp_path: Path) -> None:
        """Where no server name is sent at all, nobody asks what comes without one."""
        bundle, server = ask(*gateway(tls_context(rsa, tmp_path)), sni=None)
        assert set(outcomes(bundle.endpoints[0])) == {"exchange", "ecdsa"}
        assert set(server.server_names) == {None}

    def test_no_name_wanted(self, rsa: Issued, tmp_path: Path) -> None:
        """An empty server name sends none, for a host that has a name too."""
        with FaultySmtp(*gateway(tls_context(rsa, tmp_path))) as server:
            where = {"gw.contoso.test": ["127.0.0.1"]}
            bundle = fetch("gw.contoso.test", server.port, sni="", resolve=where, thorough=False)
        assert (server.server_names, bundle.chains[0].sni) == ([None], None)

    def test_one_connection_a_question(self, rsa: Issued, tmp_path: Path) -> None:
        """A node is asked four times at most where its certificate has an RSA key: once and once for each question."""
        _, server = ask(*gateway(tls_context(rsa, tmp_path)))
        assert server.heard.count(b"STARTTLS\r\n") == 4
        assert set(server.heard) == {b"EHLO probe.example.org\r\n", b"STARTTLS\r\n", b"QUIT\r\n"}

    def test_not_thorough(self, rsa: Issued, tmp_path: Path) -> None:
        """One connection is all there is where no more is wanted."""
        bundle, server = ask(*gateway(tls_context(rsa, tmp_path)), thorough=False)
        assert (server.heard.count(b"STARTTLS\r\n"), bundle.endpoints[0].handshakes) == (1, ())

    @pytest.mark.parametrize("asks", [False, True])
    @pytest.mark.parametrize("maximum", [None, ssl.TLSVersion.TLSv1_2])
    def test_client_certificate(self, rsa: Issued, tmp_path: Path, asks: bool, maximum: ssl.TLSVersion | None) -> None:
        """Whether the server asks for a client certificate is seen, in TLS 1.2 and 1.3."""
        context = tls_context(rsa, tmp_path, maximum=maximum)
        if asks:
            context.verify_mode = ssl.CERT_OPTIONAL
            context.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(rsa.der))
        bundle, _ = ask(*gateway(context), thorough=False)
        assert bundle.endpoints[0].asks_certificate is asks


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
        assert outcomes(endpoint) == dict.fromkeys(("exchange", "ecdsa", "no-name"), "unanswered")
        assert all(one.error for one in endpoint.handshakes)

    def test_further_connections_that_hang(self, rsa: Issued, tmp_path: Path) -> None:
        """Further questions that nobody answers are given up long before their timeout, and said to be unanswered."""
        counter = _Counter(say(*gateway(tls_context(rsa, tmp_path))), Visit.drain)
        bundle, _ = ask(counter, timeout=1.5)
        assert bundle.endpoints[0].trouble == ""
        assert {one.error for one in bundle.endpoints[0].handshakes} == {"It was not answered in time."}

    def test_nobody_is_asked_more_who_does_not_let_us_in(self) -> None:
        """A gateway whose banner turns us away gets one connection."""
        counter = _Counter(say(b"554 no\r\n"))
        ask(counter)
        assert counter.visits == 1

    def test_second_attempt(self, rsa: Issued, tmp_path: Path) -> None:
        """A gateway that puts us off once is asked again after a pause, and what it said first is kept."""
        counter = _Counter(say(b"421-4.3.2 Busy\r\n421 4.3.2 Later\r\n"), say(*gateway(tls_context(rsa, tmp_path))))
        bundle, _ = ask(counter, thorough=False)
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
