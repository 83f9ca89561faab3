"""Which certificates of real servers a probe sees: limits on connections, server names, TLS 1.3 alone, demands."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from certready.cli import main
from certready.demo.pki import Authority, Issued
from certready.model import Bundle
from certready.net.gateway import fetch
from tests.live.mailbox import Dovecot
from tests.live.servers import HOST, UnavailableError

pytestmark = pytest.mark.live

Start = Callable[..., Any]
NAME = "gw.contoso.test"


@pytest.fixture
def shelf() -> Iterator[Path]:
    """A directory that servers without privileges can read."""
    directory = Path(tempfile.mkdtemp(prefix="certready-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def lay(shelf: Path, **leaves: Issued) -> None:
    """Key and chain of each under its name: ``X.pem`` with the key first, ``X.crt`` and ``X.key`` apart."""
    for name, leaf in leaves.items():
        (shelf / f"{name}.pem").write_bytes(leaf.key_pem + leaf.chain_pem)
        (shelf / f"{name}.crt").write_bytes(leaf.chain_pem)
        (shelf / f"{name}.key").write_bytes(leaf.key_pem)


def look(port: int, **options: Any) -> Bundle:
    """What a probe of the name sees."""
    return fetch(NAME, port, ehlo="probe.example.org", resolve={NAME: [HOST]}, **options)


def leaves(bundle: Bundle) -> set[tuple[str | None, bytes]]:
    """Under which server name each leaf was seen."""
    return {(chain.sni, chain.leaf_certificate.der) for chain in bundle.chains}


@pytest.fixture
def pair(authority: Authority, shelf: Path) -> tuple[Issued, Issued]:
    """An expired RSA certificate and a good ECDSA one."""
    old, good = authority.issue(NAME, key="rsa", age=90, days=30), authority.issue(NAME)
    lay(shelf, old=old, good=good)
    return old, good


class TestLimits:
    """Postfix, which prefers the good certificate and lets few connections in at a time or in a minute."""

    def probe(self, start: Start, authority: Authority, shelf: Path, good: Issued, limit: str, *more: str) -> int:
        """The exit code of a probe."""
        server = start(
            good,
            settings=[
                f"smtpd_tls_chain_files = {shelf}/good.pem, {shelf}/old.pem",
                "smtpd_client_event_limit_exceptions =",
                limit,
            ],
        )
        root = authority.issuer
        assert root is not None
        (shelf / "root.pem").write_bytes(root.pem)
        return main(
            [
                *("probe", f"{NAME}:{server.port}", "--resolve", f"{NAME}={HOST}", "--outbound", NAME),
                *("--trust", str(shelf / "root.pem"), "--revocation", "off", *more),
            ]
        )

    @pytest.mark.parametrize("at_once", [1, 2])
    def test_at_a_time(
        self, start_postfix: Start, authority: Authority, shelf: Path, pair: tuple[Issued, Issued], at_once: int
    ) -> None:
        """What was turned away beside other connections is asked again alone: the expired certificate is seen."""
        limit = f"smtpd_client_connection_count_limit = {at_once}"
        assert 1 == self.probe(start_postfix, authority, shelf, pair[1], limit)

    def test_in_a_minute(
        self,
        start_postfix: Start,
        authority: Authority,
        shelf: Path,
        pair: tuple[Issued, Issued],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Where no more connections are admitted, a certificate may be hidden, and nothing is ready."""
        limit = "smtpd_client_connection_rate_limit = 2"  # one is that of the check that the server is up
        assert 3 == self.probe(start_postfix, authority, shelf, pair[1], limit)
        said = " ".join(capsys.readouterr().out.split())
        assert "whether it has an RSA certificate" in said
        assert "421 4.7.0" in said

    def test_gentle(
        self,
        start_postfix: Start,
        authority: Authority,
        shelf: Path,
        pair: tuple[Issued, Issued],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """With --gentle one connection is all there is, and what it does not show is a warning."""
        limit = "smtpd_client_connection_rate_limit = 2"
        assert 0 == self.probe(start_postfix, authority, shelf, pair[1], limit, "--gentle")
        assert "because --gentle was given" in " ".join(capsys.readouterr().out.split())


def test_tls13_alone(start_postfix: Start, shelf: Path, pair: tuple[Issued, Issued]) -> None:
    """A Postfix of TLS 1.3 alone shows both its certificates."""
    old, good = pair
    only = ["smtpd_tls_protocols = >=TLSv1.3", f"smtpd_tls_chain_files = {shelf}/good.pem, {shelf}/old.pem"]
    bundle = look(start_postfix(good, settings=only).port)
    assert {der for _, der in leaves(bundle)} == {old.der, good.der}
    assert bundle.endpoints[0].tls_version == "TLSv1.3"


class TestServerNames:
    """Under its name a server shows a good certificate, and without a name an RSA one that nobody renewed."""

    def test_postfix(self, start_postfix: Start, shelf: Path, pair: tuple[Issued, Issued]) -> None:
        """Postfix with a map of server names."""
        old, good = pair
        (shelf / "main.cf").write_text("compatibility_level = 3.6\n")
        (shelf / "names").write_text(f"{NAME} {shelf}/good.pem\n")
        subprocess.run(["postmap", "-c", shelf, "-F", f"hash:{shelf}/names"], check=True)
        maps = [
            f"tls_server_sni_maps = hash:{shelf}/names",
            f"smtpd_tls_chain_files = {shelf}/good.pem, {shelf}/old.pem",
        ]
        assert leaves(look(start_postfix(good, settings=maps).port)) == {(NAME, good.der), (None, old.der)}

    def test_exim(self, start_exim: Start, shelf: Path, pair: tuple[Issued, Issued]) -> None:
        """Exim, whose certificates are chosen by an expansion."""
        old, good = pair

        def chosen(option: str, ending: str) -> str:
            both = f"{shelf}/old.{ending} : {shelf}/good.{ending}"
            return f"{option} = ${{if eq{{$tls_in_sni}}{{{NAME}}}{{{shelf}/good.{ending}}}{{{both}}}}}"

        settings = [chosen("tls_certificate", "crt"), chosen("tls_privatekey", "key")]
        server = start_exim(good, settings=settings)
        assert leaves(look(server.port)) == {(NAME, good.der), (None, old.der)}

    def test_dovecot(self, shelf: Path, pair: tuple[Issued, Issued]) -> None:
        """Dovecot with a block for the name."""
        old, good = pair
        settings = [
            f"ssl_alt_cert = <{shelf}/good.crt\nssl_alt_key = <{shelf}/good.key",
            f"local_name {NAME} {{\n  ssl_cert = <{shelf}/good.crt\n  ssl_key = <{shelf}/good.key",
            "  ssl_alt_cert =\n  ssl_alt_key =\n}",
        ]
        try:
            dovecot = Dovecot(old, settings=settings)
        except UnavailableError as reason:
            pytest.skip(str(reason))
        with dovecot as server:
            bundle = look(server.port, protocol="imap")
        assert leaves(bundle) == {(NAME, good.der), (None, old.der)}


class TestDemands:
    @pytest.mark.parametrize("versions", ["TLSv1.2", "TLSv1.3"])
    def test_postfix(self, start_postfix: Start, authority: Authority, versions: str) -> None:
        """A Postfix that demands a client certificate is said to do that, and shows its own."""
        demand = [
            "smtpd_tls_security_level = encrypt",
            "smtpd_tls_req_ccert = yes",
            f"smtpd_tls_mandatory_protocols = {versions}",
        ]
        leaf = authority.issue(NAME, key="rsa")
        bundle = look(start_postfix(leaf, settings=demand).port)
        (endpoint,) = bundle.endpoints
        assert {der for _, der in leaves(bundle)} == {leaf.der}
        assert (endpoint.trouble, bool(endpoint.demands_certificate)) == ("", True)

    def test_exim(self, start_exim: Start, authority: Authority, shelf: Path) -> None:
        """An Exim that does is likewise."""
        leaf = authority.issue(NAME, key="rsa")
        (shelf / "ca.pem").write_bytes(authority.pem)
        demand = ["tls_verify_hosts = *", f"tls_verify_certificates = {shelf}/ca.pem"]
        bundle = look(start_exim(leaf, settings=demand).port)
        assert {der for _, der in leaves(bundle)} == {leaf.der}
        assert bundle.endpoints[0].demands_certificate
