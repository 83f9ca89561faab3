"""Lists and issuers served by nginx, as most CAs serve them: validators and 304, compression, redirects."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from certready import bundle
from certready.cache import CachingFetcher
from certready.demo.pki import DAY, Authority, Issued, now
from certready.gathering import check
from certready.model import Ask, Fetcher, Options
from certready.model.report import Report
from certready.net.http.fetcher import HttpFetcher
from certready.roots.stores import load as load_roots
from tests.live.nginx import Nginx, nginx
from tests.live.servers import UnavailableError

pytestmark = pytest.mark.live

HTTP = HttpFetcher(allow_private=True)


@pytest.fixture
def server() -> Iterator[Nginx]:
    with ExitStack() as kept:
        try:
            running = kept.enter_context(nginx())
        except UnavailableError as reason:
            pytest.skip(str(reason))
        yield running


def published(server: Nginx) -> tuple[Authority, Authority, Issued]:
    """A root, an issuing CA and a leaf, and everything they point to on the server."""
    root = Authority.root(crl_url=f"{server.url}/root.crl")
    urls = {"crl_url": f"{server.url}/packed/issuing.crl", "aia_url": f"{server.url}/moved/issuing.cer"}
    issuing = root.intermediate(**urls)
    server.put("root.crl", root.crl())
    server.put("packed/issuing.crl.gz", gzip.compress(issuing.crl()))
    server.put("issuing.cer", issuing.der)
    return root, issuing, issuing.issue("mail.contoso.com")


def judged(directory: Path, root: Authority, pem: bytes, fetcher: Fetcher) -> Report:
    (directory / "root.pem").write_bytes(root.pem)
    return check(
        bundle.load(pem),
        now=now(),
        roots=load_roots(str(directory / "root.pem")),
        fetcher=fetcher,
        options=Options(certificate_only=True),
    )


def test_good(server: Nginx, tmp_path: Path) -> None:
    """Plain and compressed lists count; each is fetched once."""
    root, _, leaf = published(server)
    report = judged(tmp_path, root, leaf.chain_pem, HTTP)
    assert ("ready", {"good"}) == (report.verdict, {one.status for one in report.revocation})
    assert ["GET /packed/issuing.crl 200", "GET /root.crl 200"] == sorted(one.rpartition(" ")[0] for one in server.hits)


def test_revoked(server: Nginx, tmp_path: Path) -> None:
    """A compressed list that names the certificate revokes it."""
    root, issuing, leaf = published(server)
    server.put("packed/issuing.crl.gz", gzip.compress(issuing.crl([(leaf.x509.serial_number, now() - DAY, None)])))
    assert "not-ready" == judged(tmp_path, root, leaf.chain_pem, HTTP).verdict


def test_missing_issuer(server: Nginx, tmp_path: Path) -> None:
    """An issuer behind a redirect is fetched and explains what is missing."""
    root, _, leaf = published(server)
    report = judged(tmp_path, root, leaf.pem, HTTP)
    assert "chain.incomplete" in {finding.rule for finding in report.findings}
    assert {"good"} == {one.status for one in report.revocation}
    assert "GET /issuing.cer 200" in {one.rpartition(" ")[0] for one in server.hits}


def test_cached(server: Nginx, tmp_path: Path) -> None:
    """A second run with a cache asks nothing and comes to the same verdict."""
    root, _, leaf = published(server)
    cached = CachingFetcher(HTTP, tmp_path / "answers", now)
    assert ["ready", "ready"] == [judged(tmp_path, root, leaf.chain_pem, cached).verdict for _ in range(2)]
    assert 2 == len(server.hits)


def test_not_modified(server: Nginx, tmp_path: Path) -> None:
    """What is refreshed and has not changed costs a 304 without a body; what has changed comes anew."""
    _, issuing, leaf = published(server)
    began = now()
    cached = CachingFetcher(HTTP, tmp_path / "answers", lambda: began)
    asks = (Ask(f"{server.url}/moved/issuing.cer"),)
    cached.fetch_all(asks)
    later = replace(cached, clock=lambda: began + timedelta(hours=1))
    assert issuing.der == later.fetch_all(asks)[0].body
    server.put("issuing.cer", leaf.der)
    last = replace(cached, clock=lambda: began + timedelta(hours=2))
    assert leaf.der == last.fetch_all(asks)[0].body
    sent = [one for one in server.hits if "/issuing.cer" in one and "/moved" not in one]
    assert [
        f"GET /issuing.cer 200 {len(issuing.der)}",
        "GET /issuing.cer 304 0",
        f"GET /issuing.cer 200 {len(leaf.der)}",
    ] == sent


def test_a_list_that_is_not_there(server: Nginx, tmp_path: Path) -> None:
    """A list that is gone leaves the verdict open, and is asked for once."""
    root, _, leaf = published(server)
    (server.files / "root.crl").unlink()
    report = judged(tmp_path, root, leaf.chain_pem, HTTP)
    assert ("cannot-tell", "unreachable") == (report.verdict, report.revocation[1].status)
    assert 1 == sum("/root.crl 404" in one for one in server.hits)
