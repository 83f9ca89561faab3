"""The description of OpenSSL's PEM reader, held against the real one: Python's own and the one pyOpenSSL brings."""

from __future__ import annotations

import base64
import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from OpenSSL import SSL, crypto

from certready.bundle import openssl
from certready.bundle.openssl import Loaded, load_chain
from certready.bundle.pem import armoured
from certready.demo.pki import Authority, Issued

ROOT = Authority.root()
ISSUER = ROOT.intermediate()
LEAF = ISSUER.issue("mail.example.test")
ALL = {issued.der: issued for issued in (LEAF, ISSUER, ROOT)}
Reader = Callable[[Path, Issued], tuple[bytes, ...] | None]


def python_ssl(path: Path, first: Issued) -> tuple[bytes, ...] | None:
    """What a server of Python's ``ssl`` sends with this chain file, None where it refuses the file."""
    key = path.with_suffix(".key")
    key.write_bytes(first.key_pem)
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    try:
        server.load_cert_chain(path, key)
    except ssl.SSLError:
        return None
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [server.wrap_bio(up, down, server_side=True), client.wrap_bio(down, up)]
    for end in (ends[1], ends[0], ends[1]):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    chain = ends[1]._sslobj.get_unverified_chain()  # type: ignore[attr-defined]
    return tuple(ssl.PEM_cert_to_DER_cert(item.public_bytes()) for item in chain)


def pyopenssl(path: Path, first: Issued) -> tuple[bytes, ...] | None:
    """The same of pyOpenSSL, whose OpenSSL is the one of cryptography and usually newer."""
    context = SSL.Context(SSL.TLS_METHOD)
    try:
        context.use_certificate_chain_file(str(path))
        context.use_privatekey(first.key)
    except SSL.Error:
        return None
    server, client = SSL.Connection(context), SSL.Connection(SSL.Context(SSL.TLS_METHOD))
    server.set_accept_state()
    client.set_connect_state()
    for one, other in ((client, server), (server, client), (client, server)):
        with contextlib.suppress(SSL.WantReadError):
            one.do_handshake()
        other.bio_write(one.bio_read(65536))
    chain = client.get_peer_cert_chain() or []
    return tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, item) for item in chain)


READERS: dict[str, Reader] = {"ssl": python_ssl, "pyOpenSSL": pyopenssl}


def agrees(data: bytes, folder: Path) -> Loaded:
    """Our description of the file, after both real readers have said the same."""
    path = folder / "chain.pem"
    path.write_bytes(data)
    said = load_chain(data)
    first = ALL.get(said.certificates[0], LEAF) if said.certificates else LEAF
    for name, real in READERS.items():
        seen = real(path, first)
        assert (name, seen) == (name, None if said.refusal else said.certificates)
    return said


L, I, R = (issued.pem.decode() for issued in (LEAF, ISSUER, ROOT))  # noqa: E741
BODY = "".join(L.splitlines()[1:-1])


def indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


def trusted(issued: Issued) -> str:
    aux = bytes.fromhex("300c300a06082b06010505070301")
    body = base64.encodebytes(issued.der + aux).decode()
    return f"-----BEGIN TRUSTED CERTIFICATE-----\n{body}-----END TRUSTED CERTIFICATE-----\n"


def labelled(text: str, label: str) -> str:
    return text.replace("CERTIFICATE", label)


LOADED = {
    "as it is": (L + I, 2),
    "text around": ("Bag Attributes\n    friendlyName: gw\n" + L + "subject=CN = x\n\n" + I + "\nregards\n", 2),
    "CRLF": ((L + I).replace("\n", "\r\n"), 2),
    "byte order mark": ("\ufeff" + L + I, 2),
    "blanks at line ends": ((L + I).replace("\n", " \t\n"), 2),
    "no-break spaces at line ends": ((L + I).replace("\n", "\u00a0\n"), 2),
    "one long line": (f"-----BEGIN CERTIFICATE-----\n{BODY}\n-----END CERTIFICATE-----\n{I}", 2),
    "no line end at the end": ((L + I).rstrip(), 2),
    "indented base64": (L.replace("\nM", "\n   M", 1) + I, 2),
    "old label": (labelled(L, "X509 CERTIFICATE") + labelled(I, "X509 CERTIFICATE"), 2),
    "trusted leaf": (trusted(LEAF) + I, 2),
    "key first": (LEAF.key_pem.decode() + L + I, 2),
    "empty line behind BEGIN": (L.replace("-----\n", "-----\n\n", 1) + I, 2),
    "root too": (L + I + R, 3),
    # without a word, less than what stands in the file
    "indented issuer": (L + indented(I), 1),
    "indented BEGIN of the issuer": (L + " " + I, 1),
    "typographic dashes": (L + I.replace("-----", "\u2014\u2013\u2014"), 1),
    "trusted issuer": (L + trusted(ISSUER), 1),
    "issuer of another label": (L + labelled(I, "CA CERTIFICATE"), 1),
    "quoted issuer": (L + "".join(f"> {line}\n" for line in I.splitlines()), 1),
    "END line lost in between": (L.replace("-----END CERTIFICATE-----\n", "") + I, 1),
    "END line without a label": (L.replace("END CERTIFICATE", "END") + I, 1),
    "a zero byte at a line's beginning": (L + "\0\n" + I, 1),
    "four dashes": (L + I.replace("-----BEGIN", "----BEGIN"), 1),
    "indented leaf": (indented(L) + I, 1),
    "issuer in CR": (L + I.replace("\n", "\r"), 1),
}


@pytest.mark.parametrize(("text", "count"), LOADED.values(), ids=LOADED)
def test_what_is_loaded(text: str, count: int, tmp_path: Path) -> None:
    """As many certificates are loaded as the real readers load and then send, the same ones, and nothing is refused."""
    said = agrees(text.encode(), tmp_path)
    assert (len(said.certificates), said.refusal) == (count, "")


REFUSED = {
    "CR only": ((L + I).replace("\n", "\r"), openssl.CR_ONLY),
    "glued": ((L.rstrip() + I), openssl.NO_END),
    "indented leaf alone": (indented(L), openssl.NO_BEGIN),
    "bare base64": (BODY, openssl.NO_BEGIN),
    "END cut short": (L + I.rstrip("-\n") + "\n", openssl.NO_END),
    "END lost at the end": (L + I.replace("-----END CERTIFICATE-----\n", ""), openssl.NO_END),
    "indented END": (L + I.replace("-----END", "  -----END"), openssl.NO_END),
    "quoted": ("".join(f"> {line}\n" for line in (L + I).splitlines()), openssl.NO_BEGIN),
    "empty line inside": (L[:200] + "\n\n" + L[200:] + I, openssl.HEADERS),
    "header inside": (L.replace("-----\n", "-----\nSubject: x\n\n", 1) + I, openssl.HEADERS),
    "not base64": (L + I.replace("\nM", "\n%", 1), openssl.BAD_BASE64),
    "P7B labelled as a certificate": (
        "-----BEGIN CERTIFICATE-----\nMA8GCSqGSIb3DQEHAqACMAA=\n-----END CERTIFICATE-----\n",
        openssl.NO_CERTIFICATE,
    ),
    "damaged key behind": (
        L + I + "-----BEGIN PRIVATE KEY-----\n%%%%\n-----END PRIVATE KEY-----\n",
        openssl.BAD_BASE64,
    ),
    "escaped line ends": ((L + I).replace("\n", "\\n"), openssl.NO_BEGIN),
    "END of another label": (L.replace("END CERTIFICATE", "END X509 CERTIFICATE") + I, openssl.NO_END),
    "empty": ("", openssl.NO_BEGIN),
    "empty block": ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", openssl.BAD_BASE64),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    """What the real readers refuse is said to be refused, and why."""
    assert agrees(text.encode(), tmp_path) == Loaded(refusal=reason)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16(encoding: str, tmp_path: Path) -> None:
    """UTF-16 is refused."""
    assert agrees((L + I).encode(encoding), tmp_path).refusal == openssl.UTF_16


@pytest.mark.parametrize("width", [252, 253, 254, 255, 256, 508])
def test_lines_longer_than_the_buffer(width: int, tmp_path: Path) -> None:
    """Lines around the length of OpenSSL's buffer are read as it reads them, at a header's end as well."""
    wide = "\n".join(BODY[at : at + width] for at in range(0, len(BODY), width))
    for text in (wide, wide + " " * 300, "\n" + wide, " " * 253 + "\n" + wide, " " * 254 + "\n" + wide):
        agrees(f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n{I}".encode(), tmp_path)
    agrees(("x" * width + "-----BEGIN CERTIFICATE-----\r" + L + I).encode(), tmp_path)


PIECES = st.sampled_from(
    [
        *("\n", "\n\n", "\r", " ", "\t", "-", "-----", "=", ":", "\0", "\u00a0", "A", "END", "BEGIN", "\ufeff", "%"),
        *("-----BEGIN CERTIFICATE-----\n", "-----BEGIN TRUSTED CERTIFICATE-----\n", "\n-----END CERTIFICATE-----\n"),
        *("\u2014", " " * 254),
    ]
)
BLOCKS = (L, I, R, trusted(LEAF), trusted(ISSUER), LEAF.key_pem.decode(), indented(I), labelled(I, "X509 CERTIFICATE"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_file(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is changed in a file of blocks, both real readers load what the description says, or refuse with it."""
    text = "".join(data.draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=3)))
    for _ in range(data.draw(st.integers(0, 3))):
        marks = [at for at in range(len(text)) if text.startswith(("-----", "\n", "BEGIN", "END"), at)]
        at = data.draw(st.sampled_from(marks) if marks and data.draw(st.booleans()) else st.integers(0, len(text)))
        text = text[:at] + data.draw(PIECES) + text[at + data.draw(st.integers(0, 6)) :]
    whole = text.encode("utf-8", "surrogatepass")
    assume(ALL.keys() >= set(load_chain(whole).certificates))  # a reader of PEM does not say what damaged DER is
    agrees(whole, tmp_path)


def test_time_is_linear() -> None:
    """Megabytes of anything are described at once."""
    for data in (b"-----BEGIN CERTIFICATE-----\n" * 70_000, b"A" * 2_000_000, b"\n" * 2_000_000, b"\0" * 2_000_000):
        assert load_chain(data).refusal


def test_what_is_written_as_usual_is_loaded_whole(tmp_path: Path) -> None:
    """Of certificates as certready itself writes them OpenSSL loads each, so that such a file is not read again as
    OpenSSL does."""
    every = (LEAF.der, ISSUER.der, ROOT.der)
    written = b"".join(armoured(der, "CERTIFICATE") for der in every)
    assert agrees(written, tmp_path) == Loaded(every)
