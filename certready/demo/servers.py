"""Loopback servers for the demonstration: what a CA publishes over HTTP, and a gateway that offers STARTTLS.

They bind 127.0.0.1 on a port that the system picks, serve every connection in a thread of its own, log nothing, and
are gone (connections closed, threads joined) when their ``with`` block ends.
"""

from __future__ import annotations

import base64
import binascii
import socket
import socketserver
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from msgspec import Struct

from certready.demo.pki import Authority, Revoked
from certready.net.threads import Task, start

PATIENCE = 5.0  # seconds that a silent client is waited for
MAX_OCSP_REQUEST = 16 * 1024
MAX_COMMAND = 1024  # RFC 5321, 4.5.3.1.4 asks for 512 octets, extensions may need more


class Register(Struct, frozen=True):
    """What one authority knows of its certificates: those ``issued``, and those of them that are ``revoked``."""

    authority: Authority
    issued: tuple[x509.Certificate, ...] = ()
    revoked: tuple[Revoked, ...] = ()


class Page(Struct, frozen=True):
    """An HTTP answer: status code, Content-Type and body."""

    status: int
    content_type: str
    body: bytes


NOT_FOUND = Page(404, "text/plain", b"There is nothing here.\n")


@contextmanager
def publishing(registers: Mapping[str, Register]) -> Iterator[str]:
    """Serve what these authorities publish; yields the base URL, ``http://127.0.0.1:port``.

    The register under the name ``N`` is served as ``/N.crl`` (RFC 5280, DER), ``/N.crt`` (the authority's own
    certificate, DER) and ``/N/ocsp`` (RFC 6960, POST and GET). The mapping is read at each request, so it can be
    filled once the URL is known, and changed while the server runs.
    """
    handler = partial(_Http, answer=partial(page, registers))
    with _serving(_Loopback(handler)) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def gateway(
    certificate_file: Path, key_file: Path | None = None, *, name: str = "mail.contoso.example"
) -> Iterator[int]:
    """Run an SMTP server with STARTTLS (RFC 3207) that presents the chain in this PEM file; yields its port.

    ``key_file`` is left out where the key is in the same file. ``name`` is how the server greets. It accepts no mail.
    Raises OSError (ssl.SSLError is one) where the files cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate_file, key_file)
    with _serving(_Loopback(partial(_smtp, context, name.encode("ascii")))) as port:
        yield port


def page(registers: Mapping[str, Register], path: str, body: bytes | None) -> Page:
    """The answer to one request for ``path``: a POST where there is a ``body``, else a GET."""
    name, _, rest = path.removeprefix("/").partition("/")
    if not rest and body is None:
        return _file(registers, name)
    register = registers.get(name)
    service, _, encoded = rest.partition("/")
    if register is None or service != "ocsp":
        return NOT_FOUND
    request = _from_path(encoded) if body is None else body
    return Page(200, "application/ocsp-response", ocsp_answer(register, request))


def ocsp_answer(register: Register, request: bytes) -> bytes:
    """The OCSP answer, DER, to a request, DER. A certificate that this authority did not issue is "unauthorized"
    (RFC 5019, 2.2.3), a request that cannot be read is "malformedRequest" (RFC 6960, 2.3)."""
    try:
        ocsp_request = ocsp.load_der_ocsp_request(request)
        serial, algorithm, key_hash = (
            ocsp_request.serial_number,
            ocsp_request.hash_algorithm,
            ocsp_request.issuer_key_hash,
        )
        nonces = [
            extension.value.nonce
            for extension in ocsp_request.extensions
            if isinstance(extension.value, x509.OCSPNonce)
        ]
    except (ValueError, NotImplementedError):
        return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    certificate = next((candidate for candidate in register.issued if candidate.serial_number == serial), None)
    if certificate is None or key_hash != _key_hash(register.authority, certificate, algorithm):
        return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    nonce = nonces[0] if nonces else None
    entry = next((entry for entry in register.revoked if entry[0] == serial), None)
    if entry is None:
        return register.authority.ocsp(certificate, algorithm=algorithm, nonce=nonce)
    revoked = ocsp.OCSPCertStatus.REVOKED
    return register.authority.ocsp(
        certificate, status=revoked, revoked_at=entry[1], reason=entry[2], algorithm=algorithm, nonce=nonce
    )


def _key_hash(authority: Authority, certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> bytes:
    mine = ocsp.OCSPRequestBuilder().add_certificate(certificate, authority.x509, algorithm).build()
    return mine.issuer_key_hash


def _refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


def _file(registers: Mapping[str, Register], name: str) -> Page:
    stem, _, ending = name.rpartition(".")
    register = registers.get(stem)
    if register is None:
        return NOT_FOUND
    if ending == "crl":
        return Page(200, "application/pkix-crl", register.authority.crl(register.revoked))
    if ending == "crt":
        return Page(200, "application/pkix-cert", register.authority.der)
    return NOT_FOUND


def _from_path(encoded: str) -> bytes:
    """The request out of a GET: base64, then percent-encoded (RFC 6960, appendix A.1); b"" where it is neither."""
    try:
        return base64.b64decode(unquote(encoded), validate=True)
    except (binascii.Error, ValueError):
        return b""


class _Http(BaseHTTPRequestHandler):
    """HTTP/1.0 over :func:`page`: one request, one answer, and the connection is closed."""

    timeout = PATIENCE

    def __init__(self, *connection: Any, answer: Callable[[str, bytes | None], Page]) -> None:
        self.answer = answer
        super().__init__(*connection)

    def do_GET(self) -> None:
        self._send(self.answer(self.path, None))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or len(length) > 9 or int(length) > MAX_OCSP_REQUEST:
            self._send(Page(413, "text/plain", b"The request is too large, or does not say how large it is.\n"))
            return
        self._send(self.answer(self.path, self.rfile.read(int(length))))

    def _send(self, answer: Page) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Nothing: stderr belongs to the demonstration."""


def _smtp(context: ssl.SSLContext, name: bytes, connection: socket.socket, peer: object, server: _Loopback) -> None:
    connection.settimeout(PATIENCE)
    with connection.makefile("rwb", buffering=0) as stream:
        stream.write(b"220 " + name + b" ESMTP\r\n")
        if not _converse(stream.readline, stream.write, name, secured=False):
            return
    with context.wrap_socket(connection, server_side=True) as secured:
        server.conversations[peer] = secured
        with secured.makefile("rwb", buffering=0) as stream:
            _converse(stream.readline, stream.write, name, secured=True)


def _converse(read: Callable[[int], bytes], write: Callable[[bytes], object], name: bytes, *, secured: bool) -> bool:
    """Answer commands until the client leaves (False) or the handshake is due (True)."""
    while line := read(MAX_COMMAND):
        command = line.strip().upper()
        if command == b"STARTTLS" and not secured:
            write(b"220 2.0.0 Ready to start TLS\r\n")
            return True
        if command == b"QUIT":
            write(b"221 2.0.0 Bye\r\n")
            return False
        write(_reply(command, name, secured=secured))
    return False


def _reply(command: bytes, name: bytes, *, secured: bool) -> bytes:
    verb = command.partition(b" ")[0]
    if verb == b"EHLO":
        extensions = (name, b"PIPELINING", *(() if secured else (b"STARTTLS",)))
        return b"".join(b"250-" + line + b"\r\n" for line in extensions) + b"250 8BITMIME\r\n"
    if verb == b"HELO":
        return b"250 " + name + b"\r\n"
    if verb in {b"NOOP", b"RSET"}:
        return b"250 2.0.0 OK\r\n"
    return b"502 5.5.1 This gateway takes no mail\r\n"


class _Loopback(socketserver.ThreadingTCPServer):
    """A TCP server on 127.0.0.1 that knows its open connections and can end them.

    http.server's own class is not used: it looks up the name of its address, which can take seconds.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler: Callable[..., Any]) -> None:
        self.conversations: dict[object, socket.socket] = {}  # by the peer's address
        self.tasks: list[Task[None]] = []
        super().__init__(("127.0.0.1", 0), handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.conversations[client_address] = request
        self.tasks.append(start(partial(self.process_request_thread, request, client_address), "demo"))

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.conversations.pop(client_address, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a client that hangs up or sends something unexpected is no error of the demonstration."""

    def server_close(self) -> None:
        super().server_close()
        for connection in tuple(self.conversations.values()):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for its client
        for task in self.tasks:
            task.wait(PATIENCE)


@contextmanager
def _serving(server: _Loopback) -> Iterator[int]:
    serving = start(partial(server.serve_forever, 0.02), "demo")
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        serving.wait()
        server.server_close()
