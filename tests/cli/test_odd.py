"""Certificates that cannot be read completely, through every way in: files, a store of roots, AIA, a live gateway."""

from __future__ import annotations

from base64 import encodebytes
from collections.abc import Callable
from pathlib import Path

import pytest

import certready
from certready.demo.pki import Authority, Issued
from certready.model import Ask, Options, Reply
from certready.net.gateway import fetch
from certready.roots import plain
from certready.x509.certificate import Certificate
from tests import odd
from tests.cli.conftest import Ran
from tests.live.servers import FaultySmtp, tls, tls_context

pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")

CRL, AIA = "http://crl.example.test/ca.crl", "http://crl.example.test/ca.cer"
ROOT = Authority.root("Odd Root", crl_url=CRL, ocsp_url="http://ocsp.example.test/")
CA = ROOT.intermediate("Odd CA", crl_url=CRL, ocsp_url="http://ocsp.example.test/", aia_url=AIA)
LEAF = CA.issue("mail.contoso.com")
LEAVES, AUTHORITIES = odd.odd_certificates(LEAF), odd.odd_certificates(CA)
WRONG = ("ParseError", "Traceback", "check-crashed", "wrong password")
# What is said of no certificate but the one that has no extension.
ABSENT = ("no DNS name", "names neither", "no extended key usage", "is no CA")


def pem(*ders: bytes) -> bytes:
    return b"".join(
        b"-----BEGIN CERTIFICATE-----\n" + encodebytes(der) + b"-----END CERTIFICATE-----\n" for der in ders
    )


def wrong(name: str, said: str) -> list[str]:
    """What should not have been said."""
    plain_one = name in ("no extension", "extension of junk", "extensions of junk")
    return [words for words in (*WRONG, *(() if plain_one else ABSENT)) if words in said]


@pytest.mark.parametrize("name", LEAVES)
def test_files(name: str, tmp_path: Path, run: Callable[..., Ran]) -> None:
    """A file with an odd leaf, with an odd CA in either order, and an odd root are judged, and never an inner error."""
    (tmp_path / "root.pem").write_bytes(ROOT.pem)
    (tmp_path / "odd-root.pem").write_bytes(pem(AUTHORITIES[name]))
    ways = {
        "leaf.pem": pem(LEAVES[name], CA.der),
        "leaf.der": LEAVES[name],
        "ca.pem": pem(LEAF.der, AUTHORITIES[name]),
        "first.pem": pem(AUTHORITIES[name], LEAF.der),
    }
    for file, data in ways.items():
        (tmp_path / file).write_bytes(data)
        for store in ("root.pem", "odd-root.pem"):
            trust = ("--trust", str(tmp_path / store))
            ran = run("check", str(tmp_path / file), "--certificate-only", "--offline", *trust, "-v")
            assert ran.code in (1, 2, 3), (file, store, ran.err)
            assert (2 != ran.code) or "holds no root" in ran.err, (file, store)
            assert [] == wrong(name, ran.out + ran.err), (file, store)


@pytest.mark.parametrize("name", AUTHORITIES)
def test_an_odd_issuer_fetched_by_aia(name: str) -> None:
    """An odd CA that AIA yields explains a gap or is passed over, and never breaks the run."""

    class Canned:
        def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
            bodies = {AIA: AUTHORITIES[name]}
            return tuple(Reply(bodies.get(ask.url), None if ask.url in bodies else "nobody", 1) for ask in asks)

    found = certready.check(
        certready.load(LEAF.pem),
        now=ROOT.moment,
        roots=plain.from_certificates("test", [Certificate(ROOT.der)]),
        fetcher=Canned(),
        options=Options(certificate_only=True),
    )
    assert "not-ready" == found.verdict
    assert [] == wrong(name, found.to_json())


@pytest.mark.parametrize(
    "name",
    [
        "alternative names: X.400 address beside a good one",
        "policies: a notice of a wrong string type",
        "subject in Latin-1",
        "version 4",
    ],
)
def test_an_odd_leaf_at_a_gateway(name: str, tmp_path: Path) -> None:
    """An odd leaf that a gateway presents arrives and is read as far as it can be."""

    class Odd(Issued):
        @property
        def pem(self) -> bytes:
            return pem(LEAVES[name])

    context = tls_context(LEAF, tmp_path, sent=[Odd(LEAF.x509, LEAF.key, CA), CA])
    steps = (b"220 gw ESMTP\r\n", b"250-gw\r\n250 STARTTLS\r\n", b"220 go\r\n")
    with FaultySmtp(*steps, tls(context)) as server:
        bundle = fetch("127.0.0.1", server.port)
    assert LEAVES[name] == bundle.chains[0].leaf_certificate.der
    assert bundle.chains[0].leaf_certificate.parsed.crl_urls
