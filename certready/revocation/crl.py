"""One certificate revocation list, judged for one certificate (RFC 5280, 5 and 6.3).

A list counts when the issuer's own key verifies its signature over the bytes as received; its name, serials and
look-alikes prove nothing. Indirect lists are reported and not used, delta lists never suffice for "good".
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from cryptography import x509

from certready.certificate import Certificate, attempt
from certready.der import SEQUENCE, Element, Signed, element, members, signed
from certready.revocation.common import (
    MISREAD,
    Moment,
    Opinion,
    best,
    not_an_answer,
    revoked,
    same_name,
    timely,
)
from certready.signature import verify

WHAT = "a CRL"
MOST_LISTS = 20  # in one PEM file
CRITICAL = b"\x01\x01\xff"  # the BOOLEAN TRUE of an extension's "critical", in DER
UNDERSTOOD = (
    x509.IssuingDistributionPoint,
    x509.DeltaCRLIndicator,
    x509.CRLNumber,
    x509.AuthorityKeyIdentifier,
    x509.FreshestCRL,
    x509.IssuerAlternativeName,
    x509.AuthorityInformationAccess,
)
UNDERSTOOD_IN_ENTRY = (x509.CRLReason, x509.InvalidityDate)
_PEM = re.compile(rb"-----BEGIN (?:X509 )?CRL-----([A-Za-z0-9+/=\s]*)-----END (?:X509 )?CRL-----")


def lists(body: bytes) -> tuple[bytes, ...]:
    """Every CRL in these bytes, DER: the bytes themselves, or what is between PEM lines (at most 20)."""
    if body.startswith(b"\x30"):
        return (body,)
    found: list[bytes] = []
    for match in _PEM.finditer(body):
        try:
            found.append(base64.b64decode(match[1]))
        except (binascii.Error, ValueError):
            continue
        if len(found) == MOST_LISTS:
            break
    return tuple(found)


def relevant(body: bytes, issuer: Certificate) -> bool:
    """Whether a list in these bytes names this issuer as its own."""
    return any(_named(der, issuer) for der in lists(body))


def judge(certificate: Certificate, issuer: Certificate, body: bytes, moment: Moment) -> Opinion:
    """What the list, or the best of the lists in a PEM file, says of the certificate. Never raises."""
    every = lists(body)
    if not every:
        return not_an_answer(body, WHAT)
    fitting = every if len(every) == 1 else [der for der in every if _named(der, issuer)] or every[:1]
    return best(_judge(certificate, issuer, der, moment) for der in fitting)


def _named(der: bytes, issuer: Certificate) -> bool:
    """Whether this is a list under the issuer's name."""
    crl = attempt(lambda: x509.load_der_x509_crl(der))
    return crl is not None and bool(attempt(lambda: _same_issuer(crl, issuer)))


def _same_issuer(crl: x509.CertificateRevocationList, issuer: Certificate) -> bool:
    return issuer.parsed.x509 is not None and same_name(crl.issuer, issuer.parsed.x509.subject)


def _judge(certificate: Certificate, issuer: Certificate, der: bytes, moment: Moment) -> Opinion:
    try:
        parts = signed(element(der))
        crl = x509.load_der_x509_crl(der)
        opinion = Opinion("good", "", crl.last_update_utc, crl.next_update_utc)
        return (
            _authentic(parts, crl, issuer, opinion)
            or _understood(parts, crl, opinion)
            or _said(certificate, issuer, crl, opinion, moment)
        )
    except MISREAD:
        return not_an_answer(der, WHAT)


def _authentic(
    parts: Signed, crl: x509.CertificateRevocationList, issuer: Certificate, opinion: Opinion
) -> Opinion | None:
    """Why the list is not the issuer's word, or None where it is."""
    parsed = issuer.parsed
    if not _same_issuer(crl, issuer):
        name = crl.issuer.rfc4514_string()[:200]
        return replace(
            opinion, status="invalid", detail=f"The CRL is of another issuer, {name}, not of {parsed.label}."
        )
    if parsed.key_usage and not parsed.key_usage.crl_sign:
        detail = f"The key usage of {parsed.label} does not allow it to sign CRLs."
        return replace(opinion, status="invalid", detail=detail)
    outcome = verify(parts, issuer)
    if outcome == "valid":
        return None
    said = {
        "weak": f"The CRL is signed with SHA-1 or an older hash, which no longer proves that {parsed.label} made it.",
        "wrong": f"The signature of the CRL is not that of {parsed.label}.",
        "unsupported": "The CRL is signed with an algorithm that is not supported.",
    }
    return replace(opinion, status="invalid", detail=said[outcome])


def _understood(parts: Signed, crl: x509.CertificateRevocationList, opinion: Opinion) -> Opinion | None:
    """Why the list must not be used though it is authentic: a critical extension that is not understood, in the list
    or in any entry (RFC 5280, 5.2 and 5.3)."""
    unknown = next((one.oid for one in crl.extensions if one.critical and type(one.value) not in UNDERSTOOD), None)
    unknown = unknown or _unknown_in_entries(parts, crl)
    if unknown is None:
        return None
    detail = f"The CRL has a critical extension that is not understood, {unknown.dotted_string}, and must not be used."
    return replace(opinion, status="invalid", detail=detail)


def _unknown_in_entries(parts: Signed, crl: x509.CertificateRevocationList) -> x509.ObjectIdentifier | None:
    """The first critical entry extension that is not understood. Entries are looked at one by one only where the bytes
    of a critical flag occur among them at all, which in a large list saves nearly all the work."""
    entries = _entries(parts.tbs)
    if entries is None or entries.data.find(CRITICAL, entries.body, entries.end) < 0:
        return None
    critical = (one for entry in crl for one in entry.extensions if one.critical)
    return next((one.oid for one in critical if type(one.value) not in UNDERSTOOD_IN_ENTRY), None)


def _entries(tbs: Element) -> Element | None:
    """revokedCertificates: the SEQUENCE after thisUpdate and the optional nextUpdate; None where the list is empty."""
    times = (0x17, 0x18)  # UTCTime, GeneralizedTime
    parts = members(tbs)
    for before, part in pairwise(parts):
        if before.tag in times and part.tag == SEQUENCE:
            return part
    return None


def _said(
    certificate: Certificate,
    issuer: Certificate,
    crl: x509.CertificateRevocationList,
    opinion: Opinion,
    moment: Moment,
) -> Opinion:
    """What an authentic list says: out of scope, revoked, or good as far as its dates go."""
    scope = _issuing_point(crl)
    outside = _outside(certificate, issuer, scope) if scope else None
    if outside:
        return replace(opinion, status="unknown", detail=outside)
    entry = crl.get_revoked_certificate_by_serial_number(certificate.parsed.serial)
    if entry is not None:
        return _listed(entry, opinion, moment)
    if any(isinstance(one.value, x509.DeltaCRLIndicator) for one in crl.extensions):
        detail = "It is a delta CRL, which holds only what changed since its base CRL and cannot say good alone."
        return replace(opinion, status="unknown", detail=detail)
    if scope and scope.only_some_reasons:
        detail = "The CRL covers only some of the reasons for revocation, so its silence does not say good."
        return replace(opinion, status="unknown", detail=detail)
    good = timely(replace(opinion, detail="The CRL does not list the certificate."), moment, without_next=None)
    if good.status == "good" and good.next_update is None:
        return replace(good, detail=f"{good.detail} Windows takes such a CRL for ever; ask the CA for a newer one.")
    return good


def _listed(entry: x509.RevokedCertificate, opinion: Opinion, moment: Moment) -> Opinion:
    """The certificate's serial number is in the list."""
    reason = _reason(entry)
    dated = replace(opinion, revoked_at=_date(entry), reason=reason)
    if reason == "removeFromCRL":
        detail = "The CRL says that the certificate was taken off the list again; only the full CRL can say good."
        return replace(dated, status="unknown", detail=detail)
    return revoked(dated, moment)


def _date(entry: x509.RevokedCertificate) -> datetime | None:
    return attempt(lambda: entry.revocation_date_utc)


def _reason(entry: x509.RevokedCertificate) -> str | None:
    for extension in entry.extensions:
        if isinstance(extension.value, x509.CRLReason):
            return extension.value.reason.value
    return None


def _issuing_point(crl: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    found = (one.value for one in crl.extensions)
    return next((value for value in found if isinstance(value, x509.IssuingDistributionPoint)), None)


def _outside(certificate: Certificate, issuer: Certificate, scope: x509.IssuingDistributionPoint) -> str | None:
    """Why the list is not about certificates like this one (RFC 5280, 5.2.5 and 6.3.3 b), or None."""
    if scope.indirect_crl:
        return "It is an indirect CRL, which covers several issuers; such lists are not used."
    if scope.only_contains_attribute_certs:
        return "The CRL covers attribute certificates only."
    if scope.only_contains_user_certs and certificate.parsed.is_ca:
        return "The CRL covers end-entity certificates only, and this is a CA certificate."
    if scope.only_contains_ca_certs and not certificate.parsed.is_ca:
        return "The CRL covers CA certificates only, and this is an end-entity certificate."
    theirs = _names(scope.full_name, scope.relative_name, issuer)
    if theirs and not theirs & _distribution_names(certificate, issuer):
        return "The CRL is one part of a divided list, and not the part that the certificate points to."
    return None


def _distribution_names(certificate: Certificate, issuer: Certificate) -> set[x509.GeneralName]:
    points = certificate.parsed.extension(x509.CRLDistributionPoints) or ()
    return {name for point in points for name in _names(point.full_name, point.relative_name, issuer)}


def _names(
    full: list[x509.GeneralName] | None, relative: x509.RelativeDistinguishedName | None, issuer: Certificate
) -> set[x509.GeneralName]:
    """A distribution point's names; one that is relative to the CRL issuer is spelled out."""
    if relative is not None and issuer.parsed.x509 is not None:
        return {x509.DirectoryName(x509.Name([*issuer.parsed.x509.subject.rdns, relative]))}
    return set(full or ())
