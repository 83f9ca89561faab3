"""A small PKI shared by the revocation tests, and short ways to ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from certready.demo.pki import Authority, Issued
from certready.model import Answer
from certready.model.report import RevocationResult
from certready.revocation import judge
from certready.x509.certificate import Certificate

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


def tlv(tag: int, content: bytes, *, padded: int = 0) -> bytes:
    """One element; its length as DER writes it, or in that many more bytes than needed."""
    size = len(content)
    if size < 0x80 and not padded:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8 or 1, "big")
    length = b"\0" * (padded - (size < 0x80)) + length
    return bytes((tag, 0x80 | len(length))) + length + content


ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
DATE = tlv(0x17, b"261101120000Z")


def entry(serial: int | bytes, *rest: bytes, date: bytes = DATE) -> bytes:
    """A list entry; ``serial`` as content bytes stands there as it is."""
    if isinstance(serial, int):
        serial = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    return tlv(0x30, tlv(2, serial) + date + b"".join(rest))


def fields(revoked: bytes | None, extensions: bytes | None = None, issuer: Issued = CA) -> list[bytes]:
    """The members of a TBSCertList in their order; ``revoked`` is the content of revokedCertificates."""
    dates = [tlv(0x17, (AT + days * DAY).strftime("%y%m%d%H%M%SZ").encode()) for days in (-1, 6)]
    parts = [b"\x02\x01\x01", ECDSA_SHA256, issuer.x509.subject.public_bytes(), *dates]
    if revoked is not None:
        parts.append(tlv(0x30, revoked))
    if extensions is not None:
        parts.append(tlv(0xA0, tlv(0x30, extensions)))
    return parts


def assembled(members: list[bytes], signer: Issued = CA) -> bytes:
    """A CRL of these TBSCertList members, whatever they are, with a signature that fits."""
    assert isinstance(signer.key, ec.EllipticCurvePrivateKey)
    tbs = tlv(0x30, b"".join(members))
    return tlv(0x30, tbs + ECDSA_SHA256 + tlv(3, b"\0" + signer.key.sign(tbs, ec.ECDSA(hashes.SHA256()))))
