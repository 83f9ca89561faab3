"""Distribution points: which list speaks of which certificate, and for which reasons (RFC 5280, 4.2.1.13 and 6.3.3)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from cryptography import x509

from certready.revocation.common import same_name
from certready.x509.certificate import Certificate

DELEGATED = "The certificate leaves its revocation to another issuer of CRLs, and such lists are not used."
LIMITED = "The certificate points to the CRL for some reasons of revocation only, so its silence does not say good."
SOME_REASONS = "The CRL covers only some of the reasons for revocation, so its silence does not say good."
# What a point may be limited to (RFC 5280, 4.2.1.13): one that names all of these is not limited.
REASONS = frozenset(x509.ReasonFlags) - {x509.ReasonFlags.unspecified, x509.ReasonFlags.remove_from_crl}


def outside(certificate: Certificate, issuer: Certificate, scope: x509.IssuingDistributionPoint) -> str | None:
    """Why a list of this scope is not about certificates like this one (RFC 5280, 5.2.5 and 6.3.3 b), or None."""
    if scope.indirect_crl:
        return "It is an indirect CRL, which covers several issuers; such lists are not used."
    if scope.only_contains_attribute_certs:
        return "The CRL covers attribute certificates only."
    if scope.only_contains_user_certs and certificate.parsed.is_ca:
        return "The CRL covers end-entity certificates only, and this is a CA certificate."
    if scope.only_contains_ca_certs and not certificate.parsed.is_ca:
        return "The CRL covers CA certificates only, and this is an end-entity certificate."
    theirs = _names(scope, issuer)
    if theirs and not any(theirs & _names(point, issuer) for point in _points(certificate)):
        return "The CRL is one part of a divided list, and not the part that the certificate points to."
    return None


def undetermined(
    certificate: Certificate, issuer: Certificate, scope: x509.IssuingDistributionPoint | None, url: str | None
) -> str | None:
    """Why the silence of an authentic list leaves the certificate undetermined (RFC 5280, 6.3.3 d), or None.

    Every point that leads to the list is limited to some reasons, or names another issuer of lists. ``url`` is where
    the list came from, None where it was given by hand.
    """
    if scope and scope.only_some_reasons:
        return SOME_REASONS
    points = _points(certificate)
    lead: set[str | x509.GeneralName] = {_uri(url)} if url else _names(scope, issuer) if scope else set()
    leading = [point for point in points if lead & _names(point, issuer)] if lead else []
    leading = leading or list(points)
    own = [point for point in leading if not _foreign(point, issuer)]
    if leading and not own:
        return DELEGATED
    return LIMITED if own and all(point.reasons is not None and REASONS - point.reasons for point in own) else None


def delegated(certificate: Certificate, list_issuer: x509.Name) -> bool:
    """Whether a point of the certificate names this issuer of lists."""
    wanted = list_issuer.public_bytes()
    return any(same_name(name, wanted) for point in _points(certificate) for name in _list_issuers(point))


def _points(certificate: Certificate) -> tuple[x509.DistributionPoint, ...]:
    return certificate.parsed.crl_points


def _foreign(point: x509.DistributionPoint, issuer: Certificate) -> bool:
    """Whether the point's lists are issued by somebody else than the certificate's issuer."""
    own = issuer.parsed.subject_der
    return point.crl_issuer is not None and not any(same_name(name, own) for name in _list_issuers(point))


def _list_issuers(point: x509.DistributionPoint) -> Iterable[x509.Name]:
    return (name.value for name in point.crl_issuer or () if isinstance(name, x509.DirectoryName))


def _names(
    point: x509.DistributionPoint | x509.IssuingDistributionPoint, issuer: Certificate
) -> set[str | x509.GeneralName]:
    """A distribution point's names, in a form in which equal names are equal; one that is relative to the issuer of the
    list is spelled out."""
    own = issuer.parsed.subject_name
    if point.relative_name is not None and own is not None:
        return {x509.DirectoryName(x509.Name([*own.rdns, point.relative_name]))}
    full = point.full_name or ()
    return {_uri(name.value) if isinstance(name, x509.UniformResourceIdentifier) else name for name in full}


def _uri(text: str) -> str:
    """A URI as it compares: scheme and host in any case (RFC 3986, 6.2.2.1)."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    return urlunsplit(parts._replace(netloc=parts.netloc.lower()))
