"""Every loader of bytes from outside by its name, as something that answers or raises one of our errors, and what it
is given when nothing is wrong."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from io import BytesIO

from msgspec.structs import replace

import certready
from certready import bundle
from certready.bundle import read_files
from certready.case import Case
from certready.checks import run
from certready.errors import CertreadyError
from certready.model import Answer
from certready.roots import trustlist
from certready.show import document, from_files, lines
from certready.x509.certificate import Certificate
from tests import pki, stl
from tests.bundle import forms
from tests.bundle.test_bundle import CHAIN_PEM, ISSUER, LEAF, P7B, PASSWORD, ROOT, pfx


def _bundle(data: bytes) -> None:
    """Read, judged and shown, as check and show do."""
    loaded = bundle.load(data, password=PASSWORD, name="FILE")
    seen = run(Case(pki.evidence(*loaded.chains, roots=pki.roots(ROOT))))
    assert not [one.message for one in seen if one.rule.id.endswith(".check-crashed")]
    shown = from_files(read_files([("FILE", data)], password=PASSWORD))
    document(shown)
    tuple(lines(shown, 80))


def _quietly(read: Callable[[bytes], object]) -> Callable[[bytes], None]:
    """As it is, our own errors apart."""

    def loader(data: bytes) -> None:
        with suppress(CertreadyError):
            read(data)

    return loader


def _answered(method: str) -> Callable[[bytes], None]:
    """A revocation answer judged with the chain it is about."""

    def loader(data: bytes) -> None:
        given = pki.evidence(pki.chain(LEAF, ISSUER), roots=pki.roots(ROOT))
        answer = Answer(Certificate(LEAF.der).sha256, method, "network", "http://x.example/", data)  # type: ignore[arg-type]
        seen = run(Case(replace(given, answers=(answer,))))
        assert not [one.message for one in seen if one.rule.id.endswith(".check-crashed")]

    return loader


def _evidence(data: bytes) -> None:
    certready.judge(certready.load_evidence(data))


@cache
def _publisher() -> tuple[bytes, tuple[Certificate, ...], frozenset[str]]:
    """A signed list, the root it is signed under, and that root's digest."""
    entries = [stl.entry(LEAF.der, {})]
    signer = stl.signer_of(ROOT)
    data = stl.sign(stl.content(entries, LEAF.x509.not_valid_before_utc), signer, [signer.der])
    root = Certificate(ROOT.der)
    return data, (root,), frozenset({root.sha256})


def _trust_list(data: bytes) -> None:
    _, anchors, pinned = _publisher()
    trustlist.read(data, anchors, pinned=pinned)


LOADERS: Mapping[str, Callable[[bytes], None]] = {
    "pem": _quietly(_bundle),
    "der": _quietly(_bundle),
    "pfx": _quietly(_bundle),
    "p7b": _quietly(_bundle),
    "zip": _quietly(_bundle),
    "tenant": _quietly(certready.load_tenant),
    "exchange": _quietly(_bundle),
    "evidence": _quietly(_evidence),
    "trust-list": _quietly(_trust_list),
    "crl": _answered("crl"),
    "ocsp": _answered("ocsp"),
}


@cache
def seeds(loader: str) -> tuple[bytes, ...]:
    """Sound and odd input for a loader, the sound one first."""
    made: dict[str, Callable[[], list[bytes]]] = {
        "pem": lambda: [*forms.PEM.values(), *forms.REFUSED.values()],
        "der": lambda: [LEAF.der, ISSUER.der, ROOT.der, LEAF.der + ISSUER.der, LEAF.key_pem, forms.CRIPPLED],
        "pfx": lambda: [
            pfx(),
            forms.without_mac(pfx()),
            pfx(leaf=None),
            pfx(password=None),
            forms.indefinite(pfx(), 4),
        ],
        "p7b": lambda: [P7B, forms.indefinite(P7B, 3), forms.armour(P7B, "PKCS7")],
        "zip": lambda: [_archive()],
        "tenant": _tenants,
        "exchange": lambda: [json.dumps([{"RawData": list(LEAF.der), "Services": "SMTP"}]).encode("utf-16")],
        "evidence": lambda: [certready.dump_evidence(pki.evidence(pki.chain(LEAF, ISSUER), roots=pki.roots(ROOT)))],
        "trust-list": lambda: [_publisher()[0]],
        "crl": lambda: [ISSUER.crl([(LEAF.x509.serial_number, LEAF.x509.not_valid_before_utc, None)]), ISSUER.crl()],
        "ocsp": lambda: [ISSUER.ocsp(LEAF.x509)],
    }
    return tuple(made[loader]())


def _archive() -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gateway/fullchain.pem", CHAIN_PEM)
        archive.writestr("gateway/privkey.pem", LEAF.key_pem)
    return data.getvalue()


def _tenants() -> list[bytes]:
    row = {"Name": "From gateway", "ConnectorType": 1, "Enabled": True, "TlsSenderCertificateName": "*.contoso.com"}
    document = {
        "InboundConnectors": [row],
        "OutboundConnectors": [],
        "AcceptedDomains": [{"DomainName": "contoso.com"}],
    }
    toml = b'[[InboundConnectors]]\nName = "From gateway"\nTlsSenderCertificateName = "*.contoso.com"\n'
    return [json.dumps(document).encode(), json.dumps(document, indent=2).encode("utf-16"), toml]
