"""A small PKI shared by the revocation tests, and short ways to ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from certready.certificate import Certificate
from certready.demo.pki import Authority, Issued
from certready.model import Answer
from certready.report import RevocationResult
from certready.revocation import judge

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CRL_URL, OCSP_URL = "http://pki.example/ca.crl", "http://pki.example/ocsp"

ROOT = Authority.root(moment=AT)
CA = ROOT.intermediate("Issuing CA", moment=AT, crl_url=CRL_URL, ocsp_url=OCSP_URL)
LEAF = CA.issue("mail.contoso.com")
OTHER = CA.issue("other.contoso.com")


def certificate(issued: Issued) -> Certificate:
    return Certificate(issued.der)


def ask(
    method: str,
    body: bytes | None,
    *,
    leaf: Issued = LEAF,
    issuer: Issued = CA,
    at: datetime = AT,
    skew: timedelta = timedelta(0),
    error: str | None = None,
) -> RevocationResult:
    """What this answer is worth for this leaf."""
    answer = Answer(certificate(leaf).sha256, method, "network", CRL_URL, body, error)  # type: ignore[arg-type]
    return judge(certificate(leaf), certificate(issuer), answer, at, skew=skew)


def resigned(body: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """The same OCSP answer, signed anew over its bytes as they stand by another key, which cryptography refuses to do."""
    from asn1crypto import ocsp

    tree = ocsp.OCSPResponse.load(body)
    basic = tree["response_bytes"]["response"].parsed
    basic["signature"] = key.sign(basic["tbs_response_data"].dump(force=True), ec.ECDSA(hashes.SHA256()))
    tree["response_bytes"]["response"] = ocsp.BasicOCSPResponse.load(basic.dump(force=True))
    return tree.dump(force=True)
