"""Files as an administrator has them, made once, and the command line run in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from certready.cli import main
from certready.demo.pki import Authority, Issued

PASSWORD = "corr\u00e8ct horse"


@dataclass(frozen=True)
class Material:
    """A directory of certificate files and the PKI they came from."""

    directory: Path
    root: Authority
    issuing: Authority
    good: Issued

    def __truediv__(self, name: str) -> str:
        return str(self.directory / name)

    @property
    def offline(self) -> list[str]:
        """Options under which the good certificate is ready without any network."""
        return [
            *("--trust", self / "root.pem"),
            *("--offline", "--crl", self / "issuing.crl", "--crl", self / "root.crl"),
        ]

    @property
    def inbound(self) -> list[str]:
        return ["--inbound", "*.contoso.com", "--accepted-domain", "contoso.com"]


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    directory = tmp_path_factory.mktemp("files")
    root = Authority.root(crl_url="http://crl.example.test/root.crl")
    issuing = root.intermediate(crl_url="http://crl.example.test/issuing.crl", aia_url="http://crl.example.test/i.cer")
    good = issuing.issue("mail.contoso.com", key="rsa")
    expired = issuing.issue("mail.contoso.com", age=100, days=90)
    stranger = issuing.issue("mail.fabrikam.com")
    revoked = issuing.issue("mail.contoso.com")
    ca = [issuing.x509]
    files = {
        "good.pem": good.chain_pem + good.key_pem,
        "leaf.pem": good.pem,
        "leaf.der": good.der,
        "key.pem": good.key_pem,
        "issuing.pem": issuing.pem,
        "expired.pem": expired.chain_pem,
        "stranger.pem": stranger.chain_pem,
        "revoked.pem": revoked.chain_pem,
        "root.pem": root.pem,
        "issuing.crl": issuing.crl([(revoked.x509.serial_number, issuing.moment, None)]),
        "root.crl": root.crl(),
        "good.pfx": serialize_key_and_certificates(
            b"mail", good.key, good.x509, ca, BestAvailableEncryption(PASSWORD.encode())
        ),
        "open.pfx": serialize_key_and_certificates(b"mail", good.key, good.x509, ca, NoEncryption()),
        "empty.pem": b"",
        "text.txt": b"Dear administrator, here is your certificate.\n",
        "password.txt": PASSWORD.encode() + b"\r\n",
        "wrong.txt": b"wrong\n",
    }
    for name, data in files.items():
        (directory / name).write_bytes(data)
    return Material(directory, root, issuing, good)


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the command line and give its exit code and what it wrote to stdout and stderr."""

    def call(*words: str) -> Ran:
        code = main(words)
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return call
