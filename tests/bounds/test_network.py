"""Hostile gateways and hostile servers of revocation: within 300 MiB of memory and 10 seconds of processor time."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from certready.demo.pki import Authority
from tests.live.servers import FaultySmtp, flood, tls, tls_context
from tests.measured import MEBIBYTES, measured

ROOT = Authority.root("Bounds Root", crl_url="http://127.0.0.1:1/root.crl")
LARGE = 60 * 1024 * 1024
BOMB = gzip.compress(bytes(100_000_000))


class Hostile(BaseHTTPRequestHandler):
    """Answers by the first part of the path: 60 MiB of what may be a list, a body without an end, a bomb, a circle."""

    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        self.send_response(302 if kind == "circle" else 200)
        if kind == "large":
            self.send_header("Content-Length", str(LARGE))
        elif kind == "bomb":
            self.send_header("Content-Encoding", "gzip")
        elif kind == "circle":
            self.send_header("Location", f"{self.path}/again")
        self.end_headers()
        try:
            if kind == "bomb":
                self.wfile.write(BOMB)
            elif kind != "circle":
                self._send(LARGE if kind == "large" else 2**62)
        except OSError:  # the client left
            return

    do_POST = do_GET  # noqa: N815

    def _send(self, size: int) -> None:
        self.wfile.write(b"\x30\x84" + (LARGE - 6).to_bytes(4, "big"))
        piece, left = bytes(256 * 1024), size - 6
        while left:
            self.wfile.write(piece[:left])
            left -= min(left, len(piece))

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


@contextmanager
def hostile() -> Iterator[str]:
    """The server's URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_nine_certificates_with_five_long_lists(tmp_path: Path) -> None:
    """Of 2.6 GB of lists so much is read as a run may keep, from the network and then from the cache; the rest is said
    not to have been asked for or read."""
    ca = ROOT.intermediate("Bounds CA")
    (tmp_path / "root.pem").write_bytes(ROOT.pem)
    with hostile() as url:
        leaves = [
            ca.issue(f"mail{one}.contoso.com", crl_urls=[f"{url}/large/{one}/{two}.crl" for two in range(5)])
            for one in range(9)
        ]
        (tmp_path / "nine.pem").write_bytes(b"".join(leaf.pem for leaf in leaves) + ca.pem)
        words = ("check", "nine.pem", "--trust", "root.pem", "--certificate-only", "--allow-private", "-v")
        for _ in range(2):
            ran = measured(*words, folder=tmp_path)
            assert ran.code == 3
            assert "the answers of one run are" in ran.out
            assert ran.mebibytes < MEBIBYTES


def test_endless_answers_bombs_and_circles(tmp_path: Path) -> None:
    """Answers without an end, bombs and circles of redirects, to OCSP, CRL and AIA alike, cost no more than the limits,
    and what was asked is unknown."""
    with hostile() as url:
        ca = ROOT.intermediate("Bounds CA", crl_url=f"{url}/endless/ca.crl", aia_url=f"{url}/endless/ca.cer")
        kinds = ("endless", "bomb", "circle")
        leaf = ca.issue(
            "mail.contoso.com",
            ocsp_urls=[f"{url}/{kind}/ocsp" for kind in kinds],
            crl_urls=[f"{url}/{kind}/leaf.crl" for kind in kinds],
        )
        (tmp_path / "root.pem").write_bytes(ROOT.pem)
        (tmp_path / "leaf.pem").write_bytes(leaf.pem)
        (tmp_path / "chain.pem").write_bytes(leaf.chain_pem)
        for name in ("leaf.pem", "chain.pem"):
            words = ("check", name, "--trust", "root.pem", "--certificate-only", "--allow-private", "--no-cache")
            ran = measured(*words, folder=tmp_path)
            assert ran.code in (1, 3)
            assert "revocation.revoked" not in ran.out
            assert ran.mebibytes < MEBIBYTES


HELLO = (b"220 gw ESMTP\r\n", b"250-gw\r\n250 STARTTLS\r\n", b"220 go\r\n")
GATEWAYS = {
    "a banner without an end": (flood(b"220-gw " + b"x" * 60_000 + b"\r\n"),),
    "a banner of one line without an end": (flood(b"2" * 60_000),),
    "an answer to EHLO without an end": (HELLO[0], flood(b"250-SIZE\r\n" * 6000)),
    "an answer to STARTTLS without an end": (*HELLO[:2], flood(b"220-go\r\n" * 6000)),
    "records of TLS without an end": (*HELLO, flood(b"\x16\x03\x03\x40\x00" + bytes(0x4000))),
}


@pytest.mark.parametrize("name", GATEWAYS)
def test_gateways_without_an_end(name: str, tmp_path: Path) -> None:
    """A gateway that says more than any gateway does is left, and nothing is known of its certificate."""
    with FaultySmtp(*GATEWAYS[name]) as server:
        words = ("probe", f"127.0.0.1:{server.port}", "--outbound", "mail.contoso.com", "--revocation", "off")
        ran = measured(*words, "--timeout", "5", folder=tmp_path)
    assert ran.code == 3, ran.out + ran.err
    assert ran.mebibytes < MEBIBYTES
    assert len(ran.out) < 100_000


def test_a_gateway_with_a_long_chain(tmp_path: Path) -> None:
    """A gateway that sends ninety certificates costs no more than the limits."""
    lowest = ROOT
    for number in range(90):
        lowest = lowest.intermediate(f"Step {number}")
    leaf = lowest.issue("mail.contoso.com")
    (tmp_path / "root.pem").write_bytes(ROOT.pem)
    with FaultySmtp(*HELLO, tls(tls_context(leaf, tmp_path))) as server:
        words = ("probe", f"127.0.0.1:{server.port}", "--outbound", "mail.contoso.com", "--trust", "root.pem")
        ran = measured(*words, "--revocation", "off", "--timeout", "5", folder=tmp_path)
    assert ran.code in (1, 3), ran.out + ran.err
    assert ran.mebibytes < MEBIBYTES
