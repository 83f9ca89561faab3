"""docs/hooks/install-if-ready.sh as a hook of the real certbot and the real lego, against pebble on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from certready.bundle import load
from certready.dane import record_of
from certready.demo.pki import Authority, now
from tests import pki
from tests.dnssec.server import DnsServer
from tests.dnssec.zones import Dns, Zone
from tests.live.pebble import Pebble, pebble
from tests.live.servers import UnavailableError, free_port

pytestmark = pytest.mark.live

HOOK = Path(__file__).parents[2] / "docs" / "hooks" / "install-if-ready.sh"
TENANT = {
    "InboundConnectors": [
        {
            "Name": "From gateway",
            "Enabled": True,
            "ConnectorType": "OnPremises",
            "TlsSenderCertificateName": "mail.contoso.com",
        }
    ],
    "OutboundConnectors": [],
    "AcceptedDomains": [{"DomainName": "mail.contoso.com", "DomainType": "Authoritative"}],
}


class Gateway(NamedTuple):
    """What the hook is told: its settings, where it installs, and a file that each reload adds a line to."""

    directory: Path
    reloads: Path
    environment: dict[str, str]

    def installed(self) -> tuple[str, ...]:
        """The names of the certificate that the gateway would read now, none where there is none."""
        file = self.directory / "fullchain.pem"
        return load(file.read_bytes()).chains[0].certificates[0].parsed.names if file.exists() else ()

    def count(self) -> int:
        return len(self.reloads.read_text().splitlines()) if self.reloads.exists() else 0


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    with ExitStack() as kept:
        try:
            yield kept.enter_context(pebble(tmp_path_factory.mktemp("pebble")))
        except UnavailableError as reason:
            pytest.skip(str(reason))


@pytest.fixture
def gateway(acme: Pebble, tmp_path: Path) -> Gateway:
    """A gateway whose certificate the hook installs, and a tenant that knows it as mail.contoso.com."""
    (tmp_path / "tenant.json").write_text(json.dumps(TENANT))
    (tmp_path / "root.pem").write_bytes(acme.root())
    gateway = Gateway(tmp_path / "tls", tmp_path / "reloads", {})
    options = f"--tenant {tmp_path}/tenant.json --trust {tmp_path}/root.pem --revocation off --offline"
    (tmp_path / "hook.conf").write_text(
        f"DIRECTORY='{gateway.directory}'\nOPTIONS='{options}'\nRELOAD='echo reloaded >>{gateway.reloads}'\n"
    )
    (tmp_path / "bin").mkdir()
    path = os.pathsep.join(sys.path)
    (tmp_path / "bin" / "certready").write_text(
        f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" -m certready "$@"\n'
    )
    (tmp_path / "bin" / "certready").chmod(0o755)
    return gateway._replace(
        environment={
            **os.environ,
            "CERTREADY_HOOK_CONF": str(tmp_path / "hook.conf"),
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        }
    )


def certbot(acme: Pebble, gateway: Gateway, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs certbot, with the hook as its deploy hook."""
    if shutil.which("certbot") is None:
        pytest.skip("certbot is not installed (Debian's package certbot)")
    folders = [f"--{name}-dir={folder / name}" for name in ("config", "work", "logs")]
    line = ["certbot", *words, *folders, "-n", "--server", acme.directory, "--deploy-hook", str(HOOK)]
    environment = {**gateway.environment, "REQUESTS_CA_BUNDLE": str(acme.ca)}
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)


def issue(name: str) -> list[str]:
    """certbot's words for a certificate of this name, under the one name it keeps it by."""
    account = ["--agree-tos", "--register-unsafely-without-email"]
    port = ["--http-01-port", str(free_port()), "--http-01-address", "127.0.0.1"]
    return ["certonly", *account, "--standalone", *port, "--key-type", "rsa", "--cert-name", "gateway", "-d", name]


def test_certbot(acme: Pebble, gateway: Gateway, tmp_path: Path) -> None:
    """A certificate that the tenant knows is installed, its renewal too; one that would stop mail is not, and certbot
    says that the hook refused."""
    first = certbot(acme, gateway, tmp_path, *issue("mail.contoso.com"))
    assert (0, ("mail.contoso.com",), 1) == (first.returncode, gateway.installed(), gateway.count()), first.stderr
    before = (gateway.directory / "fullchain.pem").read_bytes()
    renewed = certbot(acme, gateway, tmp_path, "renew", "--force-renewal", "--no-random-sleep-on-renew")
    after = (gateway.directory / "fullchain.pem").read_bytes()
    assert (0, 2, True) == (renewed.returncode, gateway.count(), before != after), renewed.stderr
    wrong = certbot(acme, gateway, tmp_path, *issue("mail.fabrikam.com"), "--renew-with-new-domains")
    assert (after, 2) == ((gateway.directory / "fullchain.pem").read_bytes(), gateway.count())
    assert "reported error code 1" in wrong.stdout + wrong.stderr
    assert "the gateway keeps what it has" in wrong.stdout + wrong.stderr


def lego(acme: Pebble, gateway: Gateway, folder: Path, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs lego 4."""
    if shutil.which("lego") is None:
        pytest.skip("lego is not installed (Debian's package lego)")
    account = ["--server", acme.directory, "--email", "a@contoso.com", "--accept-tos"]
    line = ["lego", "--path", str(folder / "lego"), *account, "--http", "--http.port", f"127.0.0.1:{free_port()}"]
    environment = {**gateway.environment, "LEGO_CA_CERTIFICATES": str(acme.ca)}
    return subprocess.run([*line, "-d", name, *words], env=environment, capture_output=True, text=True, check=False)


def test_lego(acme: Pebble, gateway: Gateway, tmp_path: Path) -> None:
    """The same with lego, which itself ends with an error where the hook refuses."""
    first = lego(acme, gateway, tmp_path, "mail.contoso.com", "run", "--run-hook", str(HOOK))
    assert (0, ("mail.contoso.com",), 1) == (first.returncode, gateway.installed(), gateway.count()), first.stderr
    wrong = lego(acme, gateway, tmp_path, "mail.fabrikam.com", "run", "--run-hook", str(HOOK))
    assert (1, ("mail.contoso.com",), 1) == (wrong.returncode, gateway.installed(), gateway.count()), wrong.stderr


def run(gateway: Gateway, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the hook alone, with the variables that a tool sets."""
    environment = gateway.environment | variables
    return subprocess.run([HOOK, *words], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "variables", [("CERT_FULLCHAIN_PATH", "CERT_KEY_PATH"), ("LEGO_HOOK_CERT_PATH", "LEGO_HOOK_CERT_KEY_PATH"), ()]
)
def test_others(acme: Pebble, gateway: Gateway, tmp_path: Path, variables: tuple[str, ...]) -> None:
    """What acme.sh and lego 5 set, and two files named by hand, lead to the same."""
    (tmp_path / "root.pem").write_bytes((authority := Authority.root()).pem)
    files = []
    for name in ("mail.contoso.com", "mail.fabrikam.com"):
        leaf = authority.issue(name, key="rsa")
        files.append((tmp_path / f"{name}.pem", tmp_path / f"{name}.key"))
        files[-1][0].write_bytes(leaf.pem)
        files[-1][1].write_bytes(leaf.key_pem)
    for pair, code in zip(files, (0, 1), strict=True):
        words = [str(file) for file in pair]
        ran = run(gateway, **dict(zip(variables, words, strict=True))) if variables else run(gateway, *words)
        assert (code, ("mail.contoso.com",), 1) == (ran.returncode, gateway.installed(), gateway.count()), ran.stderr
    assert 0o600 == (gateway.directory / "privkey.pem").stat().st_mode & 0o777


def test_records_that_are_not_published(gateway: Gateway, tmp_path: Path) -> None:
    """With --dane a new key is refused as long as its TLSA record is not published, and installed once it is."""
    host, moment = "mail.contoso.com", now()
    (tmp_path / "root.pem").write_bytes((authority := Authority.root()).pem)
    leaves = [authority.issue(host, key="rsa") for _ in range(2)]
    records = [record_of(pki.certificate(leaf)) for leaf in leaves]
    texts = [f"{record.fields} {record.data.hex()}" for record in records]
    zone = Zone(host, {"@": {"A": ["192.0.2.1"]}}, moment)
    (tmp_path / "anchor").write_text(zone.anchor)
    with DnsServer(Dns(zone)) as server:
        conf = (tmp_path / "hook.conf").read_text()
        asked = f"--dane {host} --dns {server.address} --dns-anchor {tmp_path}/anchor"
        (tmp_path / "hook.conf").write_text(conf.replace("--offline", asked))
        for leaf, published, code in zip((0, 1, 1), (texts[:1], texts[:1], texts), (0, 1, 0), strict=True):
            zone.add("_25._tcp", "TLSA", published)
            (tmp_path / "new.pem").write_bytes(leaves[leaf].pem)
            (tmp_path / "new.key").write_bytes(leaves[leaf].key_pem)
            ran = run(gateway, str(tmp_path / "new.pem"), str(tmp_path / "new.key"))
            assert ran.returncode == code, ran.stdout + ran.stderr
            if code:
                assert f"_25._tcp.{host}. 3600 IN TLSA {texts[1]}" in [line.strip() for line in ran.stdout.splitlines()]
    assert gateway.count() == 2
    assert (gateway.directory / "fullchain.pem").read_bytes() == leaves[1].pem


def test_without_files(gateway: Gateway) -> None:
    """Without files, and outside every tool, it says what it wants."""
    ran = run(gateway)
    assert (2, False) == (ran.returncode, gateway.directory.exists())
    assert "give FULLCHAIN and KEY" in ran.stderr


def test_it_cannot_tell(gateway: Gateway, tmp_path: Path) -> None:
    """Where certready cannot run nothing is installed, and its exit code comes through."""
    (tmp_path / "empty.pem").write_bytes(b"")
    ran = run(gateway, str(tmp_path / "empty.pem"), str(tmp_path / "empty.pem"))
    assert (2, False) == (ran.returncode, gateway.directory.exists())
