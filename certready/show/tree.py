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
    for one in certificates:
        children.setdefault(issuers.get(one), []).append(one)
    seen: set[Certificate] = set()

    def below(issuer: Certificate | None, depth: int) -> Iterator[tuple[int, Certificate]]:
        for one in children.get(issuer, ()):
            if one not in seen and depth < _DEPTH:
                seen.add(one)
                yield depth, one
                yield from below(one, depth + 1)

    yield from below(None, 0)
    yield from ((0, one) for one in certificates if one not in seen)  # CAs that issued each other in a circle


def _issuers(certificates: Sequence[Certificate]) -> dict[Certificate, Certificate]:
    named: dict[bytes, list[Certificate]] = {}
    for one in certificates:
        if not one.parsed.error:
            named.setdefault(one.parsed.subject_der, []).append(one)
    found: dict[Certificate, Certificate] = {}
    left = _SIGNATURES
    for one in certificates:
        for issuer in named.get(one.parsed.issuer_der, ()) if not one.parsed.error else ():
            if issuer == one or left <= 0:
                continue
            left -= 1
            if signed_by(one, issuer) in ("valid", "weak"):
                found[one] = issuer
                break
    return found
