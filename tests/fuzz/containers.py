"""Certificates, keys and requests in every container, and stores of roots."""

from __future__ import annotations

import base64
import json
import tempfile
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from certready import bundle
from certready.bundle import archive as archives
from certready.bundle import openssl, parts, read_files, targets
from certready.bundle.passwords import Passwords
from certready.bundle.private import private_key
from certready.demo.pki import new_key, now
from certready.model import Bundle, Connector, Options
from certready.roots import stores
from certready.show import document, from_files, lines
from certready.show.pick import pick, stored
from tests import odd, pki
from tests.bundle import forms
from tests.bundle.test_bundle import CHAIN_PEM, ISSUER, LEAF, P7B, PASSWORD, ROOT, pfx
from tests.fuzz.mutation import archive, armoured, octets, tree, values
from tests.fuzz.mutation import lines as by_lines
from tests.fuzz.parser import Parser, judged

HONEST = frozenset(pki.certificate(one.der).sha256 for one in (LEAF, ISSUER, ROOT))
OPTIONS = Options(certificate_only=True, revocation="off")


def verdict(loaded: Bundle) -> str:
    """That on the chains of a file."""
    return judged(pki.evidence(*loaded.chains, roots=pki.roots(ROOT), options=OPTIONS))


def read(data: bytes) -> None:
    """Opened, judged and shown, as check, show and repair do. Nothing that was changed is ready."""
    loaded = bundle.load(data, password=PASSWORD, name="FILE")
    if verdict(loaded) == "ready":
        assert {chain.leaf_certificate.sha256 for chain in loaded.chains} <= HONEST, "a changed certificate is ready"
    shown = from_files(read_files([("FILE", data)], password=PASSWORD))
    document(shown)
    tuple(lines(shown, 80))
    pick(stored(shown), "mail.contoso.com", now())


def read_with_key(data: bytes) -> None:
    """As :func:`read`, and what OpenSSL and whoever needs the private key make of it."""
    openssl.load_chain(data)
    read(data)
    loaded = bundle.load(data, password=PASSWORD, name="FILE")
    if loaded.chains:
        private_key([("FILE", data)], loaded, Passwords(PASSWORD))


def read_archive(data: bytes) -> None:
    """Several targets in one archive, each judged."""
    collected = archives.unpack(data, "FILE") if parts.is_zip(data) else parts.Collected((parts.Part("FILE", data),))
    for target in targets.load(collected, "FILE", password=PASSWORD)[0]:
        evidence = pki.evidence(*target.chains, roots=pki.roots(ROOT), options=OPTIONS)
        judged(replace(evidence, faults=target.faults))


def read_request(data: bytes) -> None:
    """A signing request, whose names are compared with a connector's value."""
    loaded = bundle.load_files([("FILE", data)], password=PASSWORD, requests=True)
    connector = Connector("From gateway", "inbound", value="*.contoso.com")
    evidence = replace(pki.evidence(options=OPTIONS), planned=loaded.planned, connectors=(connector,))
    assert judged(evidence) != "ready" or not loaded.planned.unreadable


def read_issuers(data: bytes) -> None:
    """What an address of issuers answers with."""
    bundle.certificates(data, "ISSUERS")


def read_roots(data: bytes) -> None:
    """A file of ``--trust``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roots.pem"
        path.write_bytes(data)
        store = stores.load(path)
    store.candidates((pki.certificate(LEAF.der), pki.certificate(ISSUER.der)))


def _request() -> list[bytes]:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.contoso.com")])
    builder = x509.CertificateSigningRequestBuilder(subject)
    names = x509.SubjectAlternativeName([x509.DNSName("a.contoso.com"), x509.DNSName("b.contoso.com")])
    made = builder.add_extension(names, critical=False).sign(new_key("ec"), hashes.SHA256())
    return [made.public_bytes(Encoding.PEM), made.public_bytes(Encoding.DER)]


def _zip() -> list[bytes]:
    data = BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("gateway/fullchain.pem", CHAIN_PEM)
        made.writestr("gateway/privkey.pem", LEAF.key_pem)
    return [data.getvalue()]


def _listing() -> list[bytes]:
    rows = [
        {"RawData": list(LEAF.der), "Services": "SMTP, IIS"},
        {"RawData": base64.b64encode(ISSUER.der).decode(), "Services": 4},
    ]
    return [json.dumps(rows).encode(), json.dumps(rows[0]).encode("utf-16")]


def _odd() -> list[bytes]:
    return list(odd.odd_certificates(pki.Authority.root("Odd").issue("mail.contoso.com")).values())


def _der() -> list[bytes]:
    return [LEAF.der, ISSUER.der, ROOT.der, LEAF.der + ISSUER.der, LEAF.key_pem, forms.CRIPPLED]


def _pfx() -> list[bytes]:
    return [pfx(), forms.without_mac(pfx()), pfx(leaf=None), pfx(password=None), forms.indefinite(pfx(), 4)]


PARSERS: Mapping[str, Parser] = {
    "pem": Parser(
        read_with_key,
        lambda: [CHAIN_PEM + LEAF.key_pem, *forms.PEM.values(), *forms.REFUSED.values()],
        (octets, armoured, by_lines),
        (
            "bundle/test_bundle.py::test_arbitrary_text",
            "bundle/test_openssl.py::test_any_file",
            "roots/test_stores.py::test_split_never_raises",
        ),
    ),
    "der": Parser(
        read,
        _der,
        (octets, tree),
        (
            "bundle/test_bundle.py::test_arbitrary_bytes",
            "x509/test_certificate.py::test_no_damage_raises",
            "path/test_judge.py::test_damaged_certificates_never_raise",
        ),
    ),
    "odd-certificate": Parser(read, _odd, (octets, tree)),
    "pfx": Parser(read_with_key, _pfx, (octets, tree), ("bundle/test_pfx.py::test_mutated",)),
    "p7b": Parser(
        read,
        lambda: [P7B, forms.indefinite(P7B, 3), forms.armour(P7B, "PKCS7")],
        (octets, tree, armoured),
        ("bundle/test_bundle.py::test_mutated_containers",),
    ),
    "zip": Parser(read_archive, _zip, (octets, archive)),
    "request": Parser(read_request, _request, (octets, tree, armoured)),
    "exchange-list": Parser(read, _listing, (octets, values)),
    "issuers": Parser(read_issuers, lambda: [ISSUER.der, P7B, ISSUER.pem], (octets, tree, armoured)),
    "roots": Parser(
        read_roots,
        lambda: [ROOT.pem + ISSUER.pem, ROOT.der],
        (octets, tree, armoured, by_lines),
        ("roots/test_stores.py::test_split_never_raises",),
    ),
}
