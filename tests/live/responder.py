"""A CA kept by OpenSSL, an OCSP responder with OpenSSL's own logic, and a server for CRLs and issuers; on 127.0.0.1.

``openssl ocsp -port`` is not used: it listens on every interface. Its logic answers one request at a time here
(``-reqin``/``-respout``) behind a server of ours.
"""

from __future__ import annotations

import base64
import http.server
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from cryptography import x509

from certready.demo.pki import Authority, Issued

MALFORMED_REQUEST = bytes.fromhex("30030a0101")

CONFIGURATION = """
[ca]
default_ca = this
[this]
database = {directory}/index.txt
crlnumber = {directory}/crlnumber
certificate = {directory}/ca.pem
private_key = {directory}/ca.key
default_md = {digest}
default_crl_days = 7
crl_extensions = of_lists
unique_subject = no
[of_lists]
authorityKeyIdentifier = keyid
"""


@dataclass(frozen=True)
class OpensslCa:
    """The files of a CA as ``openssl ca`` keeps them, and its tools."""

    directory: Path

    def crl(self, *options: str) -> bytes:
        """A CRL by ``openssl ca -gencrl``, DER."""
        run("ca", "-config", self._file("openssl.cnf"), "-gencrl", *options, "-out", self._file("list.pem"))
        run("crl", "-in", self._file("list.pem"), "-outform", "DER", "-out", self._file("list.crl"))
        return (self.directory / "list.crl").read_bytes()

    def ocsp(self, request: bytes, *options: str, signer: str = "ca") -> bytes:
        """OpenSSL's answer to a request in DER, signed by ``signer``.pem with ``signer``.key."""
        (self.directory / "request.der").write_bytes(request)
        answer = self.directory / "answer.der"
        answer.unlink(missing_ok=True)
        run(
            "ocsp",
            *("-index", self._file("index.txt"), "-CA", self._file("ca.pem")),
            *("-rsigner", self._file(f"{signer}.pem"), "-rkey", self._file(f"{signer}.key")),
            *("-reqin", self._file("request.der"), "-respout", str(answer), "-noverify", *options),
        )
        return answer.read_bytes() if answer.exists() else MALFORMED_REQUEST

    def _file(self, name: str) -> str:
        return str(self.directory / name)


def run(*arguments: str) -> None:
    """Runs ``openssl`` with these arguments; its complaints are in the exception where it fails."""
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)


def keep(
    directory: Path,
    authority: Authority,
    issued: tuple[Issued, ...],
    revoked: dict[int, tuple[datetime, str]],
    *,
    responder: Issued | None = None,
    digest: str = "sha256",
) -> OpensslCa:
    """Writes the CA's files. ``revoked`` maps serial numbers to date and OpenSSL's name of the reason ("" for none)."""
    signers = {"ca": authority} | ({"responder": responder} if responder else {})
    for name, signer in signers.items():
        (directory / f"{name}.pem").write_bytes(signer.pem)
        (directory / f"{name}.key").write_bytes(signer.key_pem)
    (directory / "index.txt").write_text("".join(_row(one.x509, revoked) for one in issued), encoding="ascii")
    (directory / "index.txt.attr").write_text("unique_subject = no\n", encoding="ascii")
    (directory / "crlnumber").write_text("1000\n", encoding="ascii")
    text = CONFIGURATION.format(directory=directory.as_posix(), digest=digest)
    (directory / "openssl.cnf").write_text(text, encoding="utf-8")
    return OpensslCa(directory)


def _row(certificate: x509.Certificate, revoked: dict[int, tuple[datetime, str]]) -> str:
    """A line of ``index.txt``: status, end, revocation, serial number, file, subject, parted by tabs."""
    shape = "%y%m%d%H%M%SZ"
    number = f"{certificate.serial_number:X}"
    number = number if len(number) % 2 == 0 else f"0{number}"
    end = certificate.not_valid_after_utc.strftime(shape)
    if certificate.serial_number not in revoked:
        return f"V\t{end}\t\t{number}\tunknown\t/CN=x\n"
    date, reason = revoked[certificate.serial_number]
    when = date.strftime(shape) + (f",{reason}" if reason else "")
    return f"R\t{end}\t{when}\t{number}\tunknown\t/CN=x\n"


@dataclass
class Responder:
    """A running server: where, what it was asked, and how it answers now. ``answer`` and ``files`` may be changed."""

    url: str
    answer: Callable[[bytes], bytes]
    files: dict[str, bytes] = field(default_factory=dict)
    hits: list[tuple[str, str]] = field(default_factory=list)
    status: int = 200


@contextmanager
def responding(answer: Callable[[bytes], bytes], files: dict[str, bytes] | None = None) -> Iterator[Responder]:
    """Serves OCSP under "/ocsp" with ``answer`` (request DER to response DER), and ``files`` by path, such as
    "/ca.crl"."""
    state = Responder("", answer, files if files is not None else {})

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.say(state.status, state.answer(self.rfile.read(int(self.headers.get("Content-Length", 0)))))

        def do_GET(self) -> None:
            body = state.files.get(self.path)
            if self.path.startswith("/ocsp/"):
                body = state.answer(base64.b64decode(unquote(self.path.removeprefix("/ocsp/"))))
            self.say(404 if body is None else state.status, body or b"")

        def say(self, status: int, body: bytes) -> None:
            state.hits.append((self.command, "/ocsp" if self.path.startswith("/ocsp/") else self.path))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
