"""What repair writes, loaded by the servers it is for: each presents the whole chain, and a probe finds it ready."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from certready.cli import main
from certready.demo.pki import Authority, Issued
from certready.model import Bundle
from certready.net.gateway import fetch
from tests.ending import Child
from tests.live.nginx import Nginx, nginx
from tests.live.servers import HOST, STARTING, UnavailableError, free_port

pytestmark = pytest.mark.live

Start = Callable[..., Any]
NAME = "gw.contoso.test"
STRANGER = Authority.root("Stranger").intermediate("Strange Intermediate")


@pytest.fixture
def shelf() -> Iterator[Path]:
    """A directory that servers without privileges can enter; repair's files in it are its owner's alone."""
    directory = Path(tempfile.mkdtemp(prefix="certready-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def leaf(authority: Authority) -> Issued:
    """An RSA certificate under two CAs."""
    return authority.issue(NAME, key="rsa2048")


def repaired(shelf: Path, leaf: Issued, *words: str) -> Path:
    """The folder that repair wrote out of a shuffled file with a stranger in it; the result was ready."""
    root = leaf.chain[-1].issuer or leaf.chain[-1]
    given, store, out = shelf / "given.pem", shelf / "root.crt", shelf / "fixed"
    given.write_bytes(leaf.key_pem + STRANGER.pem + b"".join(one.pem for one in reversed(leaf.chain)))
    store.write_bytes(root.pem)
    (shelf / "word").write_text("new secret\n")
    options = ("--trust", str(store), "--revocation", "off", "--offline")
    assert 0 == main(["repair", str(given), "--out", str(out), *options, *words])
    return out


def ready(shelf: Path, port: int, capsys: pytest.CaptureFixture[str], *words: str) -> Bundle:
    """A probe is ready for an outbound connector, and sees leaf and intermediate in order."""
    capsys.readouterr()
    where = (f"{NAME}:{port}", "--resolve", f"{NAME}={HOST}", "--ehlo", "probe.example.org", *words)
    judging = ("--outbound", NAME, "--trust", str(shelf / "root.crt"), "--revocation", "off", "--format", "json")
    code = main(["probe", *where, *judging])
    report = json.loads(capsys.readouterr().out)
    assert (0, "ready") == (code, report["verdict"]), report["findings"]
    assert [2] == [len(chain["sent"]) for chain in report["chains"]]
    options = {"protocol": words[1]} if words else {}
    return fetch(NAME, port, ehlo="probe.example.org", resolve={NAME: [HOST]}, **options)


def test_postfix(start_postfix: Start, leaf: Issued, shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Postfix loads gateway.pem by the line that repair prints for main.cf."""
    out = repaired(shelf, leaf, "--for", "postfix")
    line = next(one.strip() for one in capsys.readouterr().out.splitlines() if "smtpd_tls_chain_files" in one)
    server = start_postfix(leaf, settings=[line])
    assert str(out / "gateway.pem") in line
    ready(shelf, server.port, capsys)


def test_exim(start_exim: Start, leaf: Issued, shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exim loads chain and key by the lines that repair prints for the main section."""
    out = repaired(shelf, leaf, "--for", "exim")
    printed = [one.strip() for one in capsys.readouterr().out.splitlines()]
    section = printed[next(at for at, one in enumerate(printed) if one.startswith("In the main section")) :]
    lines = [one for one in section if one.startswith(("tls_certificate =", "tls_privatekey ="))]
    assert 2 == len(lines)
    for path in (out, *out.iterdir()):
        shutil.chown(path, 65534)  # Exim runs as nobody here
    server = start_exim(leaf, settings=lines)
    ready(shelf, server.port, capsys)


def test_haproxy(leaf: Issued, shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """HAProxy loads gateway.pem, checks its configuration without a warning and presents the chain."""
    program = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("HAProxy is not installed (Debian: apt-get install haproxy)")
    out = repaired(shelf, leaf, "--for", "haproxy")
    line = next(one.strip() for one in capsys.readouterr().out.splitlines() if " crt " in one)
    port = free_port()
    certificate = line.partition(" crt ")[2].split()[0]
    assert certificate == str(out / "gateway.pem")
    configuration = shelf / "haproxy.cfg"
    configuration.write_text(
        "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n"
        f"listen gateway\n  bind {HOST}:{port} ssl crt {certificate}\n  tcp-request content reject if WAIT_END\n"
    )
    checked = subprocess.run([program, "-c", "-f", str(configuration)], capture_output=True, text=True, check=False)
    assert (0, False) == (checked.returncode, "WARN" in checked.stderr.upper()), checked.stderr
    with Child([program, "-db", "-f", str(configuration)], stderr=subprocess.PIPE) as process:
        try:
            _open(port, process)
            ready(shelf, port, capsys, "--protocol", "tls")
        finally:
            process.kill()


def test_nginx(leaf: Issued, shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """nginx loads fullchain.pem and key.pem and presents the chain."""
    out = repaired(shelf, leaf, "--with-key")
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("nginx is not installed (Debian: apt-get install nginx-light)")
    port = free_port()
    configuration = shelf / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {shelf}/nginx.pid; error_log {shelf}/error.log; events {{}}\n"
        f"http {{ access_log off; server {{ listen {HOST}:{port} ssl; ssl_certificate {out}/fullchain.pem;"
        f" ssl_certificate_key {out}/key.pem; }} }}\n"
    )
    command = [program, "-p", str(shelf), "-c", str(configuration), "-e", str(shelf / "error.log")]
    with Child(command, stderr=subprocess.PIPE) as process:
        try:
            _open(port, process)
            ready(shelf, port, capsys, "--protocol", "tls")
        finally:
            process.terminate()


def test_openssl(leaf: Issued, shelf: Path) -> None:
    """The real openssl verifies the chain below the root alone, and opens the PFX, for old and new Windows."""
    for target, legacy in (("windows-2016", ["-legacy"]), ("modern", [])):
        out = repaired(shelf, leaf, "--pfx", target, "--new-password-file", str(shelf / "word"), "--force")
        verify = ["-CAfile", str(shelf / "root.crt"), "-untrusted", str(out / "chain.pem"), str(out / "fullchain.pem")]
        subprocess.run(["openssl", "verify", *verify], check=True, capture_output=True)
        pfx = ["-in", str(out / "bundle.pfx"), "-passin", f"file:{shelf / 'word'}", "-nodes", *legacy]
        opened = subprocess.run(["openssl", "pkcs12", *pfx], check=True, capture_output=True).stdout
        assert (2, 1) == (opened.count(b"BEGIN CERTIFICATE"), opened.count(b"BEGIN PRIVATE KEY"))


@pytest.fixture
def web() -> Iterator[Nginx]:
    """A web server on loopback. Skips where the machine has none."""
    try:
        with nginx() as running:
            yield running
    except UnavailableError as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("allowed", [True, False])
def test_the_missing_issuer_is_fetched(
    web: Nginx, shelf: Path, capsys: pytest.CaptureFixture[str], allowed: bool
) -> None:
    """An intermediate that nobody gave comes from the address in the certificate, guarded: loopback only if allowed."""
    root = Authority.root("Live Test Root")
    issuing = root.intermediate("Fetched Intermediate", aia_url=f"{web.url}/issuing.cer")
    web.put("issuing.cer", issuing.der)
    leaf = issuing.issue(NAME, key="rsa2048")
    (shelf / "given.pem").write_bytes(leaf.pem)
    (shelf / "root.crt").write_bytes(root.pem)
    words = ["repair", str(shelf / "given.pem"), "--out", str(shelf / "fixed"), "--trust", str(shelf / "root.crt")]
    more = ["--revocation", "off", "--no-cache", *(["--allow-private"] if allowed else [])]
    code = main([*words, *more])
    said = capsys.readouterr().out
    if not allowed:
        assert (1, False, []) == (code, (shelf / "fixed").exists(), web.hits)
        assert "Nothing was written" in said
        return
    assert (0, issuing.pem.split()) == (code, (shelf / "fixed" / "chain.pem").read_bytes().split())
    assert f"it was found in {web.url}/issuing.cer" in said


def _open(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until the port takes connections. Raises RuntimeError with what the program said where it ends before."""
    import socket

    for _ in range(STARTING * 50):
        if process.poll() is not None:
            assert process.stderr is not None
            raise RuntimeError(process.stderr.read().decode("utf-8", "replace"))
        with closing(socket.socket()) as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("the port was not opened")
