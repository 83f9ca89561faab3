"""Real clients sending through the listener: Postfix, Exim, Sendmail, swaks and openssl, right and wrong in the usual
ways. Whatever a mail server does, its message stays in its queue."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from certready import gathering as pipeline
from certready.cli.identity import throw_away
from certready.cli.listening import Sessions
from certready.demo.pki import Authority
from certready.exchange import from_options
from certready.model import Bundle, Evidence, Options
from certready.model.report import Report, Severity
from certready.net.client import Plan, rehearse
from certready.net.listener import Listener
from certready.net.session import Identity
from certready.roots import plain
from certready.x509.certificate import Certificate
from tests.ending import Child
from tests.live.clients import SendingExim, SendingPostfix, SendingSendmail, write_client_files
from tests.live.servers import HOST, FaultySmtp, UnavailableError, Visit, free_port

pytestmark = pytest.mark.live

INBOUND = from_options(("*.contoso.com",), (), "domain-validation")


@dataclass
class Listening:
    """A listener for *.contoso.com that trusts the tests' root, and its sessions."""

    listener: Listener
    sessions: Sessions

    @property
    def port(self) -> int:
        return self.listener.address[1]

    def reports(self, count: int) -> list[Report]:
        """The first so many reports, once they are there."""
        pause = threading.Event()
        assert any(len(self.sessions.reports) >= count or pause.wait(0.05) for _ in range(2400))
        return self.sessions.reports[:count]

    def report(self) -> Report:
        """The first report, once there is one."""
        return self.reports(1)[0]


@pytest.fixture
def listening(authority: Authority) -> Iterator[Listening]:
    root = authority.issuer
    assert root is not None
    roots = plain.from_certificates("test", (Certificate(root.der),))

    def gather(bundle: Bundle) -> Evidence:
        return pipeline.gather(
            bundle,
            INBOUND,
            now=datetime.now(UTC).replace(microsecond=0),
            roots=roots,
            accepted_domains=["contoso.com"],
            options=Options(revocation="off"),
        )

    sessions = Sessions(gather, (("json", None),))
    listener = Listener(
        ("127.0.0.1", 0),
        throw_away("exo.example.test"),
        sessions,
        name="exo.example.test",
        clock=lambda: datetime.now(UTC),
    )
    with listener:
        threading.Thread(target=listener.run, daemon=True).start()
        yield Listening(listener, sessions)


Send = Callable[..., Any]


KINDS: dict[str, Any] = {"postfix": SendingPostfix, "exim": SendingExim, "sendmail": SendingSendmail}


@pytest.fixture(params=KINDS)
def sender(request: pytest.FixtureRequest) -> Iterator[Send]:
    """Starts a mail server that sends one message to a port, and gives it back."""
    with ExitStack() as running:

        def send(*args: Any, **options: Any) -> Any:
            kind = KINDS[request.param]
            if kind is not SendingPostfix:
                options["root"] = request.getfixturevalue(request.param)
            if "settings" in options:
                options["settings"] = options["settings"][kind]
            try:
                server = kind(*args, **options)
            except UnavailableError as reason:
                pytest.skip(str(reason))
            running.enter_context(server)
            server.send()
            return server

        yield send


def fails(report: Report) -> list[str]:
    return sorted({one.rule for one in report.findings if one.severity is Severity.FAIL})


def sent(report: Report) -> list[str]:
    return list(report.chains[0].sent)


def logged(server: Any, words: str) -> bool:
    """Whether the words turn up in the sender's log, which other processes write."""
    return any(words in server.log() or threading.Event().wait(0.05) for _ in range(400))


DEFERRED = {SendingPostfix: "status=deferred", SendingExim: " == ", SendingSendmail: "Deferred"}


def keeps_its_message(server: Any) -> bool:
    """Whether the sender has given the attempt up, holds its message in its queue, and bounced nothing."""
    return logged(server, DEFERRED[type(server)]) and (1, False) == (server.queue(), server.gave_up())


def test_a_ready_gateway(listening: Listening, sender: Send, authority: Authority) -> None:
    """A gateway that sends with its whole chain is ready, and its message stays in its queue."""
    leaf = authority.issue("mail.contoso.com", key="rsa")
    server = sender(leaf, listening.port)
    report = listening.report()
    assert ("ready", []) == (report.verdict, fails(report))
    assert [Certificate(one.der).sha256 for one in (leaf, authority)] == sent(report)
    assert ("listen", "127.0.0.1") == (report.target.kind, report.target.name)
    assert "gw.contoso.test" == report.endpoints[0].host
    assert logged(server, "451 4.3.2 certready: ready")
    assert keeps_its_message(server)


def test_a_gateway_with_the_leaf_alone(listening: Listening, sender: Send, authority: Authority) -> None:
    """A gateway that forgets its intermediate is not ready, and reads in its own log what Exchange Online would say."""
    leaf = authority.issue("mail.contoso.com")
    server = sender(leaf, listening.port, sent=[leaf])
    report = listening.report()
    assert ("not-ready", ["chain.incomplete"]) == (report.verdict, fails(report))
    assert logged(server, "550 5.7.64 TenantAttribution; Relay Access Denied")
    assert keeps_its_message(server)


def test_a_gateway_without_client_certificate(listening: Listening, sender: Send, authority: Authority) -> None:
    """A gateway that presents nothing is not ready, and the report says just that."""
    server = sender(authority.issue("mail.contoso.com"), listening.port, certificate=False)
    report = listening.report()
    assert ("not-ready", ["tls.no-client-certificate"]) == (report.verdict, fails(report))
    assert () == report.chains
    assert keeps_its_message(server)


def test_a_gateway_with_another_name(listening: Listening, sender: Send, authority: Authority) -> None:
    """A good certificate for another domain meets no connector."""
    sender(authority.issue("mail.fabrikam.com"), listening.port)
    report = listening.report()
    assert ("not-ready", ["names.connector-mismatch"]) == (report.verdict, fails(report))


INSISTING = {
    SendingPostfix: ["smtp_tls_security_level = secure", "smtp_tls_secure_cert_match = exo.example.test"],
    SendingExim: ["  tls_verify_hosts = *", f"  hosts_require_tls = {HOST}"],
    SendingSendmail: [SendingSendmail.VERIFYING],
}


def test_a_gateway_that_insists_on_a_trusted_server(listening: Listening, sender: Send, authority: Authority) -> None:
    """A gateway that verifies leaves because of the listener's certificate; its own was seen and the way round said."""
    server = sender(authority.issue("mail.contoso.com"), listening.port, settings=INSISTING)
    report = listening.report()
    (finding,) = [one for one in report.findings if one.rule == "listen.distrusted"]
    assert "--server-cert" in (finding.fix or "")
    assert "before MAIL" in finding.message
    assert 1 == len(report.chains)
    assert keeps_its_message(server)


CLEAR = {
    SendingPostfix: ["smtp_tls_security_level = none"],
    SendingExim: ["  hosts_avoid_tls = *"],
    SendingSendmail: ["CLIENT_OPTIONS(`Family=inet, M=S')dnl"],
}


def test_a_gateway_in_clear_text(listening: Listening, sender: Send, authority: Authority) -> None:
    """A gateway that sends without TLS is not ready, reads why, keeps its message, and bounces nothing."""
    server = sender(authority.issue("mail.contoso.com"), listening.port, settings=CLEAR)
    report = listening.report()
    assert ("not-ready", ["tls.no-client-certificate"]) == (report.verdict, fails(report))
    assert "offered STARTTLS and did not use it" in report.findings[0].message
    assert logged(server, "no TLS and so no client certificate; Exchange Online would answer: 550 5.7.64")
    assert keeps_its_message(server)


# Exim goes on in clear text where it distrusts the server, Postfix where no handshake comes about; Sendmail never.
FALLING_BACK = {
    SendingPostfix: [
        "smtp_tls_security_level = may",
        "smtp_tls_protocols = <=TLSv1.2",
        "smtp_tls_ciphers = null",
        "tls_null_cipherlist = eNULL",
        "minimal_backoff_time = 1s",  # before that has passed it does not fall back
        "queue_run_delay = 1s",
    ],
    SendingExim: ["  tls_verify_hosts = *"],
}


@pytest.mark.parametrize("sender", ["postfix", "exim"], indirect=True)
def test_a_gateway_that_falls_back_to_clear_text(listening: Listening, sender: Send, authority: Authority) -> None:
    """A gateway that gives TLS up and comes back in clear text keeps its message, and its session is not ready."""
    server = sender(authority.issue("mail.contoso.com"), listening.port, settings=FALLING_BACK)
    count = 2 if isinstance(server, SendingExim) else 1  # a handshake without a word about a certificate is no session
    (report,) = [one for one in listening.reports(count) if one.endpoints[0].stage == "ehlo"]
    assert ("not-ready", ["tls.no-client-certificate"]) == (report.verdict, fails(report))
    assert keeps_its_message(server)


@pytest.fixture
def client_files(tmp_path: Path, authority: Authority) -> dict[str, str]:
    return write_client_files(tmp_path, authority.issue("mail.contoso.com"), [authority])


@pytest.fixture
def short_files(tmp_path: Path, authority: Authority) -> dict[str, str]:
    """A certificate straight from the root: swaks sends no intermediates."""
    root = authority.issuer
    assert root is not None
    return write_client_files(tmp_path, root.issue("mail.contoso.com"), [])


def run(*command: str, said: bytes = b"") -> str:
    """A command-line client, everything it printed; skips where it is not installed."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not here: install the Debian package {command[0]}.")
    ran = subprocess.run(
        command, input=said, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False
    )
    return ran.stdout.decode(errors="replace")


def openssl(port: int, *options: str) -> str:
    said = b"EHLO gw.contoso.com\nMAIL FROM:<>\nRCPT TO:<user@example.org>\nQUIT\n"
    base = ("openssl", "s_client", "-starttls", "smtp", "-connect", f"127.0.0.1:{port}", "-crlf", "-quiet")
    return run(*base, *options, said=said)


def test_openssl_with_and_without_chain(listening: Listening, client_files: dict[str, str]) -> None:
    """openssl s_client is told 250 with the whole chain and 450 with the leaf alone."""
    key = ("-cert", client_files["leaf"], "-key", client_files["key"])
    assert "250 2.1.5" in openssl(listening.port, *key, "-cert_chain", client_files["chain"])
    assert "450 4.7.0 certready: not ready" in openssl(listening.port, *key)
    assert ["ready", "not-ready"] == [one.verdict for one in listening.reports(2)]


def swaks(port: int, *options: str) -> str:
    base = ("swaks", "--server", f"127.0.0.1:{port}", "--tls", "--ehlo", "gw.contoso.com", "--from", "user@contoso.com")
    return run(*base, "--to", "user@example.org", *options)


def test_swaks_with_and_without_certificate(listening: Listening, short_files: dict[str, str]) -> None:
    """swaks is told 250 with a certificate, 450 without, and its message is not taken."""
    with_it = swaks(listening.port, "--tls-cert", short_files["leaf"], "--tls-key", short_files["key"])
    without = swaks(listening.port)
    assert [True, True, False] == ["250 2.1.5" in with_it, "451 4.3.2" in with_it, "354" in with_it]
    assert "450 4.7.0 certready: not ready" in without
    assert ["ready", "not-ready"] == [one.verdict for one in listening.reports(2)]


@pytest.mark.parametrize(("known", "code"), [(True, "250"), (False, "554")])
def test_rehearsing_at_a_postfix_that_relays_by_fingerprint(
    tmp_path: Path, authority: Authority, known: bool, code: str
) -> None:
    """A smart host that relays for known client certificates takes a known one and refuses another."""
    leaf = authority.issue("mail.contoso.com")
    shown = leaf if known else authority.issue("mail.contoso.com")
    digest = ":".join(f"{byte:02X}" for byte in bytes.fromhex(Certificate(leaf.der).sha256))
    (tmp_path / "clients").write_text(f"{digest} gateway\n")
    tmp_path.chmod(0o755)
    plan = Plan(Identity((shown.der, authority.der), shown.key), "", "user@example.org", timeout=60.0)
    settings = [
        "mynetworks =",
        "smtpd_tls_ask_ccert = yes",
        "smtpd_tls_fingerprint_digest = sha256",
        f"relay_clientcerts = texthash:{tmp_path}/clients",
        "smtpd_relay_restrictions = permit_tls_clientcerts, reject_unauth_destination",
    ]
    try:
        server = SendingPostfix(authority.issue("exo.example.test"), 25, settings=settings)  # it never sends
    except UnavailableError as reason:
        pytest.skip(str(reason))
    with server:
        found = rehearse("127.0.0.1", server.port, plan, lambda _: None)
    answers = {one.sent.split()[0]: one.reply[:3] for one in found.dialogue}
    assert {"EHLO": "250", "MAIL": "250", "RCPT": code, "RSET": "250"} == answers
    assert (True, "done") == (found.endpoint.asks_certificate, found.endpoint.stage)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_certificate_of_a_kind_that_is_not_taken(tmp_path: Path, authority: Authority, version: str) -> None:
    """Where a server asks for RSA certificates alone, an ECDSA one is not sent, and the rehearsal knows that."""
    files = write_client_files(tmp_path, authority.issue("exo.example.test", key="rsa"), [authority])
    port = free_port()
    command = ["openssl", "s_server", "-accept", f"{HOST}:{port}", "-cert", files["leaf"], "-key", files["key"]]
    takes = ["-verify", "1", "-client_sigalgs", "RSA-PSS+SHA256:RSA+SHA256", version, "-quiet"]
    if not shutil.which(command[0]):
        pytest.skip("openssl is not here: install the Debian package openssl.")

    def relay(visit: Visit) -> None:
        """Hand the connection through to openssl once it listens."""
        pause = threading.Event()
        for _ in range(100):
            with suppress(ConnectionRefusedError), socket.create_connection((HOST, port)) as server:
                threading.Thread(target=pump, args=(server, visit.socket), daemon=True).start()
                pump(visit.socket, server)
                return
            pause.wait(0.05)

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                sink.sendall(data)

    leaf = authority.issue("mail.contoso.com", key="ec")
    plan = Plan(Identity((leaf.der, authority.der), leaf.key), "", "user@example.org", timeout=1.0)
    script = (b"220 exo ESMTP\r\n", b"250-exo\r\n250 STARTTLS\r\n", b"220 go\r\n", relay)
    with Child([*command, *takes], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as openssl_server:
        try:
            with FaultySmtp(*script) as gateway:
                found = rehearse(HOST, gateway.port, plan, lambda _: None)
        finally:
            openssl_server.kill()
    assert (True, False) == (found.endpoint.asks_certificate, found.presented)
    assert "done" == found.endpoint.stage
