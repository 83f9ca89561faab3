"""listen, rehearse and compare as they are typed: exit codes, output, and the words for what cannot be done."""

from __future__ import annotations

import json
import os
import queue
import signal
import smtplib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from jsonschema import Draft202012Validator

from certready import schemas
from certready.demo.pki import Authority
from certready.x509.certificate import Certificate
from tests.cli.conftest import Material, Ran
from tests.ending import Child
from tests.live.servers import FaultySmtp, tls, tls_context
from tests.net.nameserver import NameServer

Run = Callable[..., Ran]


class Listening:
    """``certready listen`` in a process of its own; its standard error is read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._out: list[str] = []
        threading.Thread(target=self._read, args=(process.stderr,), daemon=True).start()
        self._reader = threading.Thread(target=self._collect, args=(process.stdout,), daemon=True)
        self._reader.start()
        self.started = self.line()
        self.port = int(self.started.split()[2].rpartition(":")[2])

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.lines.put(line)

    def _collect(self, stream: IO[str]) -> None:
        self._out.append(stream.read())

    def line(self) -> str:
        """The next line of the log."""
        return self.lines.get(timeout=60)

    def until(self, wanted: str) -> str:
        """Read the log up to this line."""
        while (line := self.line().rstrip("\n")) != wanted:
            pass
        return line

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def ended(self) -> tuple[int, str]:
        """Exit code and standard output, once it has ended by itself; it fails where it does not."""
        code = self.process.wait(60)
        self._reader.join(60)
        return code, "".join(self._out)


@contextmanager
def listening(*words: str) -> Iterator[Listening]:
    command = [sys.executable, "-m", "certready", "listen", "--bind", "127.0.0.1:0", *words]
    with Child(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Listening(process)
        finally:
            process.kill()


ZONE = {
    ("example.org", "MX"): ["10 mx.example.org."],
    ("example.net", "MX"): ["10 example-net.mail.protection.outlook.com."],
    ("filtered.example", "MX"): ["10 mx.filter.example."],
    ("filtered.example", "TXT"): ['"v=spf1 include:spf.protection" ".outlook.com -all"'],
    ("failing.example", "MX"): ["SERVFAIL"],
}


@pytest.fixture(scope="module")
def dns() -> Iterator[str]:
    """A DNS server that knows where the mail of the recipients goes."""
    with NameServer(ZONE) as server:
        yield f"127.0.0.1:{server.port}"


@pytest.fixture
def rehearse(run: Run, material: Material, dns: str) -> Callable[..., Ran]:
    """Rehearse with a file at a port of loopback."""

    def call(file: str, port: int, *words: str, recipient: str = "user@example.org") -> Ran:
        how = ("--smart-host", f"127.0.0.1:{port}", "--recipient", recipient, "--dns", dns, "--revocation", "off")
        return run("rehearse", material / file, *how, "--trust", material / "root.pem", *words)

    return call


def valid(text: str, name: str) -> dict[str, object]:
    """The JSON document, after its schema has accepted it."""
    document: dict[str, object] = json.loads(text)
    Draft202012Validator(schemas.load(name)).validate(document)
    return document


@pytest.mark.parametrize(
    ("file", "verdict", "code", "rule"),
    [
        ("good.pem", "ready", 0, "rehearse.accepted"),
        ("stranger.pem", "not-ready", 1, "rehearse.refused"),
    ],
)
def test_rehearse_against_listen(
    material: Material, rehearse: Callable[..., Ran], tmp_path: Path, file: str, verdict: str, code: int, rule: str
) -> None:
    """Both ends agree: what listen judges ready, rehearse is told 250 for, and both exit alike; both reports are valid."""
    key = "good.pem"
    if file != key:
        leaf = material.issuing.issue("mail.fabrikam.com")
        (tmp_path / "stranger.pem").write_bytes(leaf.chain_pem + leaf.key_pem)
    shown = file if file == key else str(tmp_path / "stranger.pem")
    with listening("--once", *material.offline, *material.inbound, "--format", "json") as listener:
        ran = rehearse(shown, listener.port, "--format", "json")
        listen_code, out = listener.ended()
    ours, theirs = valid(ran.out, "report"), valid(out, "report")
    assert (verdict, code, verdict, code) == (ours["verdict"], ran.code, theirs["verdict"], listen_code)
    assert ({"kind": "listen", "name": "127.0.0.1"}, "rehearse") == (theirs["target"], ours["target"]["kind"])
    assert rule in [one["rule"] for one in ours["findings"]]
    assert "PRIVATE KEY" not in ran.out + out


@pytest.mark.parametrize(
    ("recipient", "words"),
    [
        ("user@example.net", "the MX of example.net is example-net.mail.protection.outlook.com"),
        ("user@FILTERED.example", "v=spf1 include:spf.protection.outlook.com -all"),
        ("user@failing.example", "its servers fail or refuse (SERVFAIL)"),
        ("user@missing.example", "does not exist in DNS (NXDOMAIN)"),
        ("user@[192.0.2.1]", "is no mail domain"),
    ],
)
def test_a_recipient_that_proves_nothing(
    material: Material, rehearse: Callable[..., Ran], tmp_path: Path, run: Run, recipient: str, words: str
) -> None:
    """A 250 for a recipient who may live in a tenant is cannot-tell, now and replayed, and the report says why."""
    saved = str(tmp_path / "evidence.json")
    with listening("--once", *material.offline, *material.inbound) as listener:
        ran = rehearse("good.pem", listener.port, "--save-evidence", saved, recipient=recipient)
        assert 0 == listener.ended()[0]
    again = run("rehearse", "--replay", saved)
    assert (3, 3) == (ran.code, again.code)
    assert words in " ".join(ran.out.split())
    assert "250 2.1.5" in again.out


def test_evidence_of_a_release_that_looked_nothing_up(
    material: Material, rehearse: Callable[..., Ran], tmp_path: Path, run: Run
) -> None:
    """Evidence without what DNS said is still read, and a 250 in it is no longer taken for ready."""
    saved = tmp_path / "evidence.json"
    with listening("--once", *material.offline, *material.inbound) as listener:
        assert 0 == rehearse("good.pem", listener.port, "--save-evidence", str(saved)).code
    assert 0 == run("rehearse", "--replay", str(saved)).code
    document = json.loads(saved.read_text())
    del document["rehearsal"]
    saved.write_text(json.dumps(document))
    replayed = run("rehearse", "--replay", str(saved))
    assert (3, True) == (replayed.code, "was not looked up" in " ".join(replayed.out.split()))


def test_listen_prints_reports_as_they_come(material: Material, rehearse: Callable[..., Ran]) -> None:
    """Text comes one report after another; the worst verdict is the exit code after so many connections."""
    with listening("--max-connections", "2", *material.offline, *material.inbound) as listener:
        rehearse("good.pem", listener.port)
        rehearse("open.pfx", listener.port)
        code, out = listener.ended()
    assert (0, 2) == (code, out.count("READY  127.0.0.1 > inbound connector"))


def test_exact_replies(material: Material, rehearse: Callable[..., Ran]) -> None:
    """With --exact-replies the refusal is Exchange Online's own, and the first line of the log warns of it."""
    with listening("--once", "--exact-replies", "--offline", "--inbound", "x.test") as listener:
        ran = rehearse("good.pem", listener.port)
        assert 1 == listener.ended()[0]
        assert "a real message bounces" in listener.started
    assert 'RCPT TO:<user@example.org> is "550 5.7.64 TenantAttribution; Relay Access Denied"' in ran.out


def test_a_gateway_that_sends_in_clear_text(
    material: Material, rehearse: Callable[..., Ran], run: Run, tmp_path: Path
) -> None:
    """Its message is put off, the session is not ready, --once waits on for TLS, and the worst session decides."""
    saved = ("--save-evidence", str(tmp_path / "evidence.json"))
    with listening("--once", *material.offline, *material.inbound, *saved) as server:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                client.sendmail("user@contoso.com", ["user@example.org"], "Subject: test")
            assert [450] == [code for code, _ in refused.value.recipients.values()]
        server.until("session 1, 127.0.0.1: not ready")
        assert 0 == rehearse("good.pem", server.port).code
        code, out = server.ended()
    assert 1 == code
    assert 1 == run("listen", "--replay", str(tmp_path / "evidence.json"), *material.inbound).code
    assert "handed in mail without TLS" in out
    assert "It was offered STARTTLS and did not use it." in out


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to a single process there.")
def test_ctrl_c_before_any_verdict() -> None:
    """Interrupted with nothing seen: 130, no report, no traceback."""
    with listening("--certificate-only") as listener:
        listener.interrupt()
        assert (130, "") == listener.ended()
        assert "interrupted" == listener.until("interrupted")


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to a single process there.")
def test_ctrl_c_after_verdicts(material: Material, rehearse: Callable[..., Ran], tmp_path: Path) -> None:
    """Interrupted after sessions: the worst verdict so far, and all reports in the JSON that was asked for."""
    (tmp_path / "alone.pem").write_bytes(material.good.pem + material.good.key_pem)
    with listening(*material.offline, *material.inbound, "--format", "json") as listener:
        assert 1 == rehearse(str(tmp_path / "alone.pem"), listener.port).code
        assert 0 == rehearse("good.pem", listener.port).code
        listener.until("session 2, 127.0.0.1: ready")
        listener.interrupt()
        code, out = listener.ended()
    document = valid(out, "reports")
    assert (1, "not-ready", 2) == (code, document["verdict"], len(document["reports"]))  # type: ignore[arg-type]


@pytest.mark.skipif(os.name == "nt", reason="SIGTERM ends a process there without asking it.")
def test_terminated_after_a_verdict(material: Material, rehearse: Callable[..., Ran]) -> None:
    """SIGTERM, sent twice as timeout(1) does, ends it like Ctrl-C: with the reports and the worst verdict so far."""
    with listening(*material.offline, *material.inbound, "--format", "json") as listener:
        rehearse("good.pem", listener.port)
        listener.until("session 1, 127.0.0.1: ready")
        listener.process.terminate()
        listener.process.terminate()
        code, out = listener.ended()
    assert (0, "ready") == (code, valid(out, "report")["verdict"])


@pytest.mark.parametrize("option", ["--save-evidence", "--remedies", "--format"])
def test_what_cannot_be_written_is_said_before_listening(run: Run, tmp_path: Path, option: str) -> None:
    """A path that cannot be written is an error at once, not after an hour of listening."""
    file = str(tmp_path / "missing" / "file")
    value = f"json={file}" if option == "--format" else file
    ran = run("listen", "--bind", "127.0.0.1:0", "--certificate-only", "--max-connections", "1", option, value)
    assert (2, "", 1) == (ran.code, ran.out, ran.err.count(f"{file} cannot be written."))


def test_a_file_that_fails_later_costs_no_report(
    material: Material, rehearse: Callable[..., Ran], tmp_path: Path
) -> None:
    """Where the evidence cannot be written any more, the report is printed, --once ends, and the exit code is 2."""
    directory = tmp_path / "gone"
    directory.mkdir()
    saving = ("--save-evidence", str(directory / "seen.json"))
    with listening("--once", *material.offline, *material.inbound, *saving) as listener:
        directory.rmdir()
        rehearse("good.pem", listener.port)
        code, out = listener.ended()
    assert (2, True) == (code, out.startswith("READY  127.0.0.1"))


def test_no_visitor_worth_the_name(rehearse: Callable[..., Ran], material: Material) -> None:
    """Where nobody completed a session nothing can be told: exit code 3."""
    import socket

    with listening("--max-connections", "1", "--certificate-only") as listener:
        with socket.create_connection(("127.0.0.1", listener.port), 60) as client:
            client.sendall(b"QUIT\r\n")
        assert (3, "") == listener.ended()


def test_saved_evidence_of_listen_is_judged_and_compared(
    run: Run, material: Material, rehearse: Callable[..., Ran], tmp_path: Path
) -> None:
    """What listen saved can be replayed to the same verdict, and compared with the file the gateway was given."""
    saved = str(tmp_path / "seen.json")
    with listening("--once", *material.offline, *material.inbound, "--save-evidence", saved) as listener:
        rehearse("good.pem", listener.port)
        assert 0 == listener.ended()[0]
    assert b"PRIVATE" not in Path(saved).read_bytes()
    replayed = run("listen", "--replay", saved)
    same, other = run("compare", material / "good.pfx", saved), run("compare", saved, material / "stranger.pem")
    assert (0, 2) == (replayed.code, same.code)  # the PFX wants its password
    same = run("compare", material / "good.pem", saved)
    assert (0, 1) == (same.code, other.code)
    assert same.out.startswith("SAME  ")


def test_a_trusted_server_certificate(material: Material, tmp_path: Path) -> None:
    """With --server-cert the listener presents that chain, here to a client that verifies it."""
    import smtplib
    import ssl

    server = material.issuing.issue("exo.example.test")
    (tmp_path / "server.pem").write_bytes(server.chain_pem + server.key_pem)
    context = ssl.create_default_context(cafile=material / "root.pem")
    context.check_hostname = False
    with (
        listening("--once", "--certificate-only", "--server-cert", str(tmp_path / "server.pem")) as listener,
        smtplib.SMTP("127.0.0.1", listener.port, timeout=60) as client,
    ):
        client.starttls(context=context)
        assert Certificate(server.der).der == client.sock.getpeercert(binary_form=True)  # type: ignore[union-attr]


def test_a_protected_key_for_a_rehearsal(rehearse: Callable[..., Ran], material: Material) -> None:
    """A PFX is opened with its password; without or with a wrong one it is an error that says so, and nothing connects."""
    context = tls_context(material.issuing.issue("exo.example.test"), material.directory)
    with FaultySmtp(b"220 a\r\n", b"250-a\r\n250 STARTTLS\r\n", b"220 b\r\n", tls(context)) as server:
        missing = rehearse("good.pfx", server.port)
        wrong = rehearse("good.pfx", server.port, "--password-file", material / "wrong.txt")
        assert [] == server.heard
        right = rehearse("good.pfx", server.port, "--password-file", material / "password.txt", "--timeout", "1")
        assert server.heard
    assert [2, 2, 3] == [missing.code, wrong.code, right.code]
    assert "rehearse.inconclusive" in right.out


def test_a_file_without_key_cannot_be_presented(rehearse: Callable[..., Ran]) -> None:
    """A certificate without its private key, or with another's, is an error before anything is sent."""
    ran = rehearse("leaf.pem", 1)
    assert (2, True) == (ran.code, "no private key that belongs to its certificate" in ran.err)


def test_an_unreachable_smart_host(rehearse: Callable[..., Ran]) -> None:
    """A smart host that cannot be reached is never 0 and never 1."""
    ran = rehearse("good.pem", 1)
    assert 3 == ran.code
    assert "tls.unreachable" in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ("listen",),
        ("listen", "--bind", "127.0.0.1"),
        ("listen", "--bind", "127.0.0.1:99999"),
        ("listen", "--bind", "192.0.2.1:2525", "--offline"),
        ("listen", "--bind", "127.0.0.1:0", "--max-connections", "0"),
        ("rehearse",),
        ("rehearse", "x.pem", "--smart-host", "127.0.0.1"),
        ("rehearse", "x.pem", "--smart-host", "h", "--recipient", "a@b.c", "--offline"),
        ("rehearse", "x.pem", "--smart-host", "h", "--recipient", "a@b.c", "--sender", "a@b.c", "--null-sender"),
        ("rehearse", "x.pem", "--smart-host", "h", "--recipient", "a@b.c\r\nDATA"),
        ("rehearse", "x.pem", "--smart-host", "h", "--recipient", "a@b.c", "--dns", "dns.example.org"),
        ("compare",),
        ("compare", "missing.pem", "other.pem"),
        ("compare", "host:port"),
    ],
)
def test_wrong_usage(run: Run, words: tuple[str, ...]) -> None:
    """What cannot be done is said in a sentence, with exit code 2 and without a traceback."""
    ran = run(*words)
    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith("error: ")
    assert "Traceback" not in ran.err


def test_outbound_is_not_proved_by_listening(material: Material, rehearse: Callable[..., Ran]) -> None:
    """A client certificate proves no outbound connector: the verdict stays open, whatever else is fine."""
    with listening("--once", *material.offline, "--outbound", "mail.contoso.com") as listener:
        rehearse("good.pem", listener.port)
        code, out = listener.ended()
    assert (3, True) == (code, "tls.direction" in out)


def test_compare_files_and_hosts(run: Run, material: Material) -> None:
    """Files and live hosts side by side; JSON names what differs, and a host that is down makes it unknown."""
    context = tls_context(material.good, material.directory)
    with FaultySmtp(b"220 a\r\n", b"250-a\r\n250 STARTTLS\r\n", b"220 b\r\n", tls(context)) as server:
        place = f"127.0.0.1:{server.port}"
        same, other = run("compare", material / "good.pem", place), run("compare", place, material / "expired.pem")
    down = run("compare", material / "good.pem", "127.0.0.1:1", "--format", "json")
    assert [0, 1, 3] == [same.code, other.code, down.code]
    assert f"differs  {material / 'expired.pem'} from {place}" in other.out
    assert ("certready.comparison/1", "cannot-tell") == (
        json.loads(down.out)["schema"],
        json.loads(down.out)["verdict"],
    )


def test_the_throw_away_certificate_is_new_each_time() -> None:
    """Two listeners present different certificates, valid now and for the name asked."""
    from certready.cli.identity import throw_away

    first, second = (Certificate(throw_away("exo.example.test").certificates[0]) for _ in range(2))
    assert first != second
    assert ("exo.example.test",) == first.parsed.names
    assert first.parsed.not_before < Authority.root().moment < first.parsed.not_after
