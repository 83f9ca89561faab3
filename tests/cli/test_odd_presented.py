"""Certificates that cannot be read completely, presented in TLS by gateways and to the listener: as far as OpenSSL, on
the presenting side, takes them at all."""

from __future__ import annotations

import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import certready
from certready.demo.pki import Issued
from certready.model import Bundle, Connector
from certready.model.report import Report, Verdict
from certready.net.gateway import fetch
from certready.net.listener import Listener, Visit
from certready.net.session import Identity
from certready.render.text import render
from certready.roots import plain
from certready.x509.certificate import Certificate
from tests.cli.test_odd import CA, LEAF, LEAVES, ROOT, pem, wrong
from tests.live.servers import FaultySmtp, tls, tls_context
from tests.net.test_server import Client, context

pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")

SERVER = ROOT.issue("exo.example.test")
STEPS = (b"220 gw ESMTP\r\n", b"250-gw\r\n250 STARTTLS\r\n", b"220 go\r\n")


def odd(name: str) -> Issued:
    """What carries an odd certificate in the place of the leaf's own."""

    class Odd(Issued):
        @property
        def pem(self) -> bytes:
            return pem(LEAVES[name])

    return Odd(LEAF.x509, LEAF.key, CA)


def presentable(name: str) -> bool:
    """Whether OpenSSL lets anybody present it: what it does not read itself, and what it finds malformed, it does not."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "odd.pem"
        file.write_bytes(pem(LEAVES[name]) + LEAF.key_pem)
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(file)
        except ssl.SSLError:
            return False
    return True


UNDECODED = "dates without seconds"  # OpenSSL presents it, and ends a handshake in which it is presented
PRESENTABLE = [name for name in LEAVES if name != UNDECODED and presentable(name)]


class Host:
    """A host that keeps what came."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.came = threading.Event()

    def judge(self, bundle: Bundle) -> Verdict:
        return judged(bundle, "inbound").verdict

    def done(self, visit: Visit) -> None:
        self.visits.append(visit)
        self.came.set()

    def log(self, line: str) -> None:
        """Nothing is looked at."""


def judged(bundle: Bundle, direction: str) -> Report:
    return certready.check(
        bundle,
        Connector("x", direction, "mail.contoso.com"),  # type: ignore[arg-type]
        now=ROOT.moment,
        roots=plain.from_certificates("test", [Certificate(ROOT.der)]),
        accepted_domains=["mail.contoso.com"],
    )


def said_wrongly(name: str, report: Report) -> list[str]:
    return wrong(name, report.to_json() + render(report, verbose=True))


@pytest.mark.parametrize("name", PRESENTABLE)
def test_at_a_gateway(name: str, tmp_path: Path) -> None:
    """What a gateway presents arrives byte for byte, and nothing in it is called absent that is merely unreadable."""
    with FaultySmtp(*STEPS, tls(tls_context(LEAF, tmp_path, sent=[odd(name), CA]))) as server:
        bundle = fetch("127.0.0.1", server.port)
    report = judged(bundle, "outbound")
    assert LEAVES[name] == bundle.chains[0].leaf_certificate.der
    assert "ready" != report.verdict
    assert [] == said_wrongly(name, report)


def test_what_openssl_does_not_decode(tmp_path: Path) -> None:
    """Where the handshake ends because of what was presented, nothing is known of the certificate, and that is said."""
    with FaultySmtp(*STEPS, tls(tls_context(LEAF, tmp_path, sent=[odd(UNDECODED), CA]))) as server:
        bundle = fetch("127.0.0.1", server.port)
    report = judged(bundle, "outbound")
    assert ("cannot-tell", ()) == (report.verdict, bundle.chains)
    assert "the certificate that it presents cannot be decoded" in report.to_json()
    assert [] == said_wrongly(UNDECODED, report)


@pytest.mark.parametrize("name", PRESENTABLE)
def test_to_the_listener(name: str, tmp_path: Path) -> None:
    """What a client presents is captured byte for byte, judged as far as it can be read, and never ready."""
    (tmp_path / "client.pem").write_bytes(pem(LEAVES[name], CA.der) + LEAF.key_pem)
    how: ssl.SSLContext = context(tmp_path / "client.pem")
    host = Host()
    listener = Listener(
        ("127.0.0.1", 0),
        Identity((SERVER.der,), SERVER.key),
        host,
        name="exo.example.test",
        clock=lambda: datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
    )
    with listener:
        threading.Thread(target=listener.run, daemon=True).start()
        with Client(listener.address[1]) as client:
            client.secure(how)
            assert "250" == client.say("EHLO gw.contoso.com")[:3]
            assert "450" == client.say("MAIL FROM:<>")[:3] or client.say("RCPT TO:<a@example.org>")[:3] == "450"
            client.say("QUIT")
        assert host.came.wait(60)
    report = judged(host.visits[0].bundle, "inbound")
    assert LEAVES[name] == host.visits[0].bundle.chains[0].leaf_certificate.der
    assert [] == said_wrongly(name, report)
