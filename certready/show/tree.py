"""Who issued whom among the certificates at hand, as a tree: an edge only where a signature verifies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from certready.x509.certificate import Certificate
from certready.x509.signature import signed_by

_SIGNATURES = 2000  # certificates that all bear one name could otherwise ask for a quarter of a million
_DEPTH = 20


def tree(certificates: Sequence[Certificate]) -> Iterator[tuple[int, Certificate]]:
    """Every certificate with its depth, each issuer before what it issued; one whose issuer is not there at depth 0."""
    issuers = _issuers(certificates)
    children: dict[Certificate | None, list[Certificate]] = {}
    for certificate in certificates:
        children.setdefault(issuers.get(certificate), []).append(certificate)
    placed: set[Certificate] = set()

    def below(issuer: Certificate | None, depth: int) -> Iterator[tuple[int, Certificate]]:
        for certificate in children.get(issuer, ()):
            if certificate not in placed and depth < _DEPTH:
                placed.add(certificate)
                yield depth, certificate
                yield from below(certificate, depth + 1)

    yield from below(None, 0)
    yield from (
        (0, certificate) for certificate in certificates if certificate not in placed
    )  # CAs that issued each other in a circle


def _issuers(certificates: Sequence[Certificate]) -> dict[Certificate, Certificate]:
    by_subject: dict[bytes, list[Certificate]] = {}
    for certificate in certificates:
        if not certificate.parsed.error:
            by_subject.setdefault(certificate.parsed.subject_der, []).append(certificate)
    issuers: dict[Certificate, Certificate] = {}
    signatures_left = _SIGNATURES
    for certificate in certificates:
        for issuer in by_subject.get(certificate.parsed.issuer_der, ()) if not certificate.parsed.error else ():
            if issuer == certificate or signatures_left <= 0:
                continue
            signatures_left -= 1
            if signed_by(certificate, issuer) in ("valid", "weak"):
                issuers[certificate] = issuer
                break
    return issuers
