"""What a situation is made of: a CA of its own with what it publishes over HTTP, and a gateway at one or two addresses."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certready.demo.pki import Authority, Issued
from certready.demo.servers import Register, ocsp_answer
from tests.live.servers import HOST, Act, FaultySmtp, Visit, tls_context

NAME = "mail.contoso.example"
BANNER, EHLO, READY = b"220 gw ESMTP\r\n", b"250-gw\r\n250 STARTTLS\r\n", b"220 go ahead\r\n"
Content = bytes | Callable[[bytes], bytes]


class Stage:
    """One situation being set up: ``root`` and ``issuing``, what they publish, and the addresses that listen.

    What is published is kept by path, as bytes or as a function of the request's body; a path that is not there is
    404.
    """

    def __init__(self, directory: Path, base: str, published: dict[str, Content]) -> None:
        self.directory, self.base, self.published = directory, base, published
        self.root = Authority.root("Staged Root", crl_url=f"{base}/root.crl", key="rsa")
        self.issuing = self.root.intermediate("Staged Issuing", **self.pointers(), key="rsa")
        self.addresses: list[str] = [HOST]
        self.gateways: list[Sequence[bytes | Act]] = []
        self.issued: list[Issued] = []
        self.published["/root.crl"] = self.root.crl()

    def pointers(self, *, crl: bool = True, ocsp: bool = True) -> dict[str, Any]:
        """Where the issuing CA's leaves say that revocation is asked."""
        return {
            "crl_url": f"{self.base}/issuing.crl" if crl else None,
            "ocsp_url": f"{self.base}/issuing/ocsp" if ocsp else None,
        }

    def issue(self, *names: str, **options: Any) -> Issued:
        """A leaf for ``names`` (the gateway's by default), published as good by OCSP and CRL."""
        leaf = self.issuing.issue(*(names or (NAME,)), **{"key": "rsa", **options})
        self.publish(leaf)
        return leaf

    def publish(self, leaf: Issued, revoked: Sequence[Any] = (), *, by: Sequence[str] = ("ocsp", "crl")) -> None:
        """Publish the leaf's status; ``revoked`` are entries of the CRL, told ``by`` these services alone."""
        self.issued.append(leaf)
        known = tuple(each.x509 for each in self.issued)
        register = Register(self.issuing, known, tuple(revoked) if "ocsp" in by else ())
        self.published["/issuing/ocsp"] = lambda body: ocsp_answer(register, body)
        self.published["/issuing.crl"] = self.issuing.crl(revoked if "crl" in by else ())

    def sends(self, leaf: Issued, sent: Sequence[Issued] | None = None, **options: Any) -> None:
        """A gateway that presents this leaf, with this chain in place of the right one."""
        self.speaks(BANNER, EHLO, READY, conversing(tls_context(leaf, self.directory, sent=sent, **options)))

    def speaks(self, *script: bytes | Act) -> None:
        """A gateway that follows this script; a second one stands at a second address."""
        self.gateways.append(script)
        if len(self.gateways) > 1:
            self.addresses.append(f"127.0.0.{len(self.gateways)}")

    @contextmanager
    def running(self) -> Iterator[int]:
        """The gateways, all at one port; yields it."""
        with ExitStack() as stack:
            first = stack.enter_context(FaultySmtp(*self.gateways[0]))
            for address, script in zip(self.addresses[1:], self.gateways[1:], strict=True):
                stack.enter_context(FaultySmtp(*script, address=address, port=first.port))
            yield first.port


def conversing(context: ssl.SSLContext) -> Act:
    """Shake hands as server, then answer what is said inside TLS as a gateway does, until the client leaves."""

    def act(visit: Visit) -> None:
        visit.socket = context.wrap_socket(visit.socket, server_side=True)
        while line := visit.line().strip().upper():
            visit.socket.sendall(b"221 Bye\r\n" if line == b"QUIT" else b"250 gw\r\n")
            if line == b"QUIT":
                break

    return act


def context_of(stage: Stage, *leaves: Issued) -> ssl.SSLContext:
    """A server's context with a certificate for each kind of key."""
    context = tls_context(leaves[0], stage.directory)
    for number, leaf in enumerate(leaves[1:]):
        chain, key = stage.directory / f"more{number}.pem", stage.directory / f"more{number}.key"
        chain.write_bytes(leaf.chain_pem)
        key.write_bytes(leaf.key_pem)
        context.load_cert_chain(chain, key)
    return context


def weak_context(stage: Stage, leaf: Issued) -> ssl.SSLContext:
    """A server's context for what OpenSSL would not load by its own default."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    chain = stage.directory / "weak.pem"
    chain.write_bytes(leaf.chain_pem + leaf.key_pem)
    context.load_cert_chain(chain)
    return context


def answer(leaf: Issued, issuing: Authority, **options: Any) -> Callable[[bytes], bytes]:
    """A responder that says this about the leaf, whatever it is asked."""
    made = issuing.ocsp(leaf.x509, **options)
    return lambda _: made


def refusal(status: ocsp.OCSPResponseStatus) -> Callable[[bytes], bytes]:
    """A responder that gives no answer but this status."""
    made = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    return lambda _: made


@contextmanager
def published() -> Iterator[tuple[str, dict[str, Content]]]:
    """An HTTP server on loopback: its address, and the mapping of what it serves."""
    paths: dict[str, Content] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _answer(self, body: bytes) -> None:
            content = paths.get(self.path)
            self.send_response(404 if content is None else 200)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(content(body) if callable(content) else content or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}", paths
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def staged(build: Callable[[Stage], None], directory: Path) -> Iterator[tuple[Stage, int]]:
    """A situation built and running: the stage, and the port of its gateways. ``root.pem`` lies in the directory."""
    with published() as (base, paths):
        stage = Stage(directory, base, paths)
        build(stage)
        (directory / "root.pem").write_bytes(stage.root.pem)
        with stage.running() as port:
            yield stage, port
