"""The loopback servers of the demonstration, asked by clients that are not ours."""

from __future__ import annotations

import base64
import smtplib
import socket
import ssl
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certready.demo.pki import DAY, Authority, Issued
from certready.demo.servers import MAX_OCSP_REQUEST, Register, gateway, ocsp_answer, page, publishing

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
NAME = "mail.contoso.example"


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root("Servers Root")


@pytest.fixture(scope="module")
def leaf(root: Authority) -> Issued:
    return root.intermediate("Servers Issuing").issue(NAME)


@pytest.fixture
def register(leaf: Issued) -> Register:
    assert isinstance(leaf.issuer, Authority)
    return Register(leaf.issuer, (leaf.x509,))


def question(leaf: Issued, algorithm: hashes.HashAlgorithm | None = None, nonce: bytes | None = None) -> bytes:
    assert leaf.issuer is not None
    builder = ocsp.OCSPRequestBuilder().add_certificate(leaf.x509, leaf.issuer.x509, algorithm or hashes.SHA1())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def post(url: str, body: bytes) -> bytes:
    request = urllib.request.Request(url, body, {"Content-Type": "application/ocsp-request"})
    with OPENER.open(request, timeout=5) as reply:
        return bytes(reply.read())


def get(url: str) -> bytes:
    with OPENER.open(url, timeout=5) as reply:
        return bytes(reply.read())


def write_pem(folder: Path, leaf: Issued) -> Path:
    path = folder / "gateway.pem"
    path.write_bytes(leaf.chain_pem + leaf.key_pem)
    return path


def test_ocsp_by_post_is_good(register: Register, leaf: Issued) -> None:
    """A POST about an issued certificate is answered "good", signed by the authority."""
    with publishing({"issuing": register}) as url:
        answer = ocsp.load_der_ocsp_response(post(f"{url}/issuing/ocsp", question(leaf)))
    assert answer.certificate_status == ocsp.OCSPCertStatus.GOOD
    assert leaf.x509.serial_number == answer.serial_number
    key = register.authority.key.public_key()
    key.verify(answer.signature, answer.tbs_response_bytes, _ecdsa(answer))


def _ecdsa(answer: ocsp.OCSPResponse) -> object:
    from cryptography.hazmat.primitives.asymmetric import ec

    assert answer.signature_hash_algorithm is not None
    return ec.ECDSA(answer.signature_hash_algorithm)


def test_ocsp_by_get_says_the_same(register: Register, leaf: Issued) -> None:
    """The same request in the path of a GET (RFC 6960, A.1) finds the same status."""
    with publishing({"issuing": register}) as url:
        encoded = quote(base64.b64encode(question(leaf)).decode("ascii"), safe="")
        answer = ocsp.load_der_ocsp_response(get(f"{url}/issuing/ocsp/{encoded}"))
    assert answer.certificate_status == ocsp.OCSPCertStatus.GOOD


def test_status_is_computed_live(register: Register, leaf: Issued) -> None:
    """A certificate revoked while the server runs is "revoked" from then on, in OCSP and CRL, with date and reason."""
    registers = {"issuing": register}
    with publishing(registers) as url:
        assert len(list(x509.load_der_x509_crl(get(f"{url}/issuing.crl")))) == 0
        entry = (leaf.x509.serial_number, register.authority.moment - 2 * DAY, x509.ReasonFlags.key_compromise)
        registers["issuing"] = Register(register.authority, register.issued, (entry,))
        answer = ocsp.load_der_ocsp_response(post(f"{url}/issuing/ocsp", question(leaf)))
        crl = x509.load_der_x509_crl(get(f"{url}/issuing.crl"))
    assert answer.certificate_status == ocsp.OCSPCertStatus.REVOKED
    assert entry[1] == answer.revocation_time_utc
    assert x509.ReasonFlags.key_compromise == answer.revocation_reason
    assert crl.get_revoked_certificate_by_serial_number(leaf.x509.serial_number) is not None
    assert crl.is_signature_valid(register.authority.key.public_key())  # type: ignore[arg-type]


def test_issuer_certificate_is_served_in_der(register: Register) -> None:
    """The caIssuers file is the authority's own certificate in DER."""
    with publishing({"issuing": register}) as url:
        assert register.authority.der == get(f"{url}/issuing.crt")


@pytest.mark.parametrize("path", ["/", "/issuing", "/issuing.txt", "/other.crl", "/issuing/other", "/other/ocsp/AA"])
def test_unknown_pages_are_404(register: Register, path: str) -> None:
    """Whatever is not published is 404."""
    assert page({"issuing": register}, path, None).status == 404


def test_post_elsewhere_is_404(register: Register) -> None:
    """A POST to anything but a responder is 404."""
    assert page({"issuing": register}, "/issuing.crl", b"x").status == 404


def test_stranger_is_unauthorized(register: Register, root: Authority) -> None:
    """About a certificate of another issuer the responder says "unauthorized", with or without a known serial."""
    stranger = root.issue("stranger.example", serial=register.issued[0].serial_number)
    other = root.issue("other.example")
    for asked in (stranger, other):
        answer = ocsp.load_der_ocsp_response(ocsp_answer(register, question(asked)))
        assert answer.response_status == ocsp.OCSPResponseStatus.UNAUTHORIZED


@pytest.mark.parametrize("request_bytes", [b"", b"\x30\x00", b"not DER", b"\x00" * 64])
def test_nonsense_is_malformed(register: Register, request_bytes: bytes) -> None:
    """What is no OCSP request is answered "malformedRequest"."""
    answer = ocsp.load_der_ocsp_response(ocsp_answer(register, request_bytes))
    assert answer.response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_bad_base64_in_get_is_malformed(register: Register) -> None:
    """A GET whose path is no base64 is answered "malformedRequest", not with an error page."""
    answer = ocsp.load_der_ocsp_response(page({"issuing": register}, "/issuing/ocsp/%%%", None).body)
    assert answer.response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_answer_keeps_hash_and_nonce(register: Register, leaf: Issued) -> None:
    """The answer uses the CertID hash of the request and repeats its nonce (RFC 8954)."""
    answer = ocsp.load_der_ocsp_response(ocsp_answer(register, question(leaf, hashes.SHA256(), b"0123456789abcdef")))
    assert answer.hash_algorithm.name == "sha256"
    assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"0123456789abcdef"


def test_large_post_is_refused(register: Register) -> None:
    """A request larger than any OCSP request is refused before it is read."""
    with publishing({"issuing": register}) as url, pytest.raises(urllib.error.HTTPError) as refused:
        post(f"{url}/issuing/ocsp", b"x" * (MAX_OCSP_REQUEST + 1))
    assert refused.value.code == 413
    refused.value.close()


def test_many_at_once(register: Register) -> None:
    """Forty requests at once are all answered, also while other connections stay silent."""
    with publishing({"issuing": register}) as url:
        port = int(url.rpartition(":")[2])
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(get, [f"{url}/issuing.crt"] * 40))
        for connection in silent:
            connection.close()
    assert [register.authority.der] * 40 == answers


def test_gateway_presents_its_chain(tmp_path: Path, leaf: Issued, root: Authority) -> None:
    """smtplib, trusting the root alone, verifies the chain behind STARTTLS; before it, STARTTLS is offered."""
    context = ssl.create_default_context(cadata=root.pem.decode("ascii"))
    with gateway(write_pem(tmp_path, leaf)) as port, smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        client._host = NAME  # smtplib sends this as SNI and compares the certificate with it
        client.ehlo("client.example")
        assert client.has_extn("starttls")
        client.starttls(context=context)
        assert isinstance(client.sock, ssl.SSLSocket)
        assert leaf.der == client.sock.getpeercert(binary_form=True)
        client.ehlo("client.example")
        assert not client.has_extn("starttls")


def test_gateway_without_intermediate_cannot_be_verified(tmp_path: Path, leaf: Issued, root: Authority) -> None:
    """A gateway that holds its leaf alone sends it alone: a client that trusts the root refuses it."""
    (tmp_path / "leaf.pem").write_bytes(leaf.pem)
    (tmp_path / "key.pem").write_bytes(leaf.key_pem)
    context = ssl.create_default_context(cadata=root.pem.decode("ascii"))
    with gateway(tmp_path / "leaf.pem", tmp_path / "key.pem") as port:
        client = smtplib.SMTP("127.0.0.1", port, timeout=5)
        client._host = NAME
        with pytest.raises(ssl.SSLCertVerificationError):
            client.starttls(context=context)
        client.close()


def test_gateway_takes_no_mail(tmp_path: Path, leaf: Issued) -> None:
    """HELO, NOOP and RSET are answered, mail is refused with 502."""
    with gateway(write_pem(tmp_path, leaf)) as port, smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        assert [client.docmd(line)[0] for line in ("HELO client.example", "NOOP", "RSET", "MAIL FROM:<>")] == [
            250,
            250,
            250,
            502,
        ]


def test_plaintext_behind_starttls_is_discarded(tmp_path: Path, leaf: Issued) -> None:
    """Commands pipelined behind STARTTLS are not answered in the clear (RFC 3207, 4.2)."""
    with (
        gateway(write_pem(tmp_path, leaf)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
    ):
        received = connection.recv(1024)
        connection.sendall(b"STARTTLS\r\nNOOP\r\n")
        with suppress(OSError):
            while more := connection.recv(1024):
                received += more
    assert b"250 " not in received


def test_gateway_survives_rude_clients(tmp_path: Path, leaf: Issued) -> None:
    """Clients that hang up, or send nonsense instead of a handshake, leave the gateway answering."""
    with gateway(write_pem(tmp_path, leaf)) as port:
        socket.create_connection(("127.0.0.1", port)).close()
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.recv(1024)
            connection.sendall(b"STARTTLS\r\n")
            connection.recv(1024)
            connection.sendall(b"no handshake at all" * 10)
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
            assert client.noop()[0] == 250


def test_nothing_is_left_behind(tmp_path: Path, register: Register, leaf: Issued) -> None:
    """When the blocks end, ports are closed and threads joined, even with silent clients still connected."""
    before = set(threading.enumerate())
    with publishing({"issuing": register}) as url, gateway(write_pem(tmp_path, leaf)) as port:
        ports = [int(url.rpartition(":")[2]), port]
        silent = [socket.create_connection(("127.0.0.1", number), timeout=5) for number in ports]
        assert silent[1].recv(4) == b"220 "
        client = smtplib.SMTP("127.0.0.1", port, timeout=5)
        client.starttls(context=ssl._create_unverified_context())
    assert set() == set(threading.enumerate()) - before
    for number in ports:
        with pytest.raises(OSError, match=r".+"):
            socket.create_connection(("127.0.0.1", number), timeout=1)
    for connection in (*silent, client):
        connection.close()
