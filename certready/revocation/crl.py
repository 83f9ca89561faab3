"""One certificate revocation list, judged for one certificate (RFC 5280, 5 and 6.3).

A list counts when the issuer's own key verifies its signature over the bytes as received; its name, serials and
look-alikes prove nothing. Indirect lists are reported and not used, delta lists never suffice for "good".

A long list is not read entry by entry: :mod:`certready.revocation.layout` says why its silence is proved all the same.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from typing import NamedTuple

from cryptography import x509
from msgspec.structs import replace

from certready import bounds
from certready.revocation import points
from certready.revocation.common import (
    MISREAD,
    Moment,
    Opinion,
    best,
    not_an_answer,
    revoked,
    same_der,
    superseded,
    timely,
)
from certready.revocation.forms import uniform
from certready.revocation.layout import Layout, excerpt, layout, mentions, sampled
from certready.revocation.lists import LISTS_REMEMBERED, READ_IN_FULL, REMEMBERED, RevocationList, read
from certready.x509.certificate import Certificate, attempt
from certready.x509.signature import Outcome, verify
from certready.x509.unreadable import Unreadable

WHAT = "a CRL"
AS_PEM = "It came as PEM, where RFC 5280 (4.2.1.13) asks for DER, and some clients read nothing else."
SPELLED = (
    "It spells the issuer's name in other bytes than the issuer does (string type, case or spaces), and strict clients "
    "take it for another issuer's."
)
MOST_LISTS = bounds.LISTS_IN_A_FILE
_PEM = re.compile(rb"-----BEGIN (?:X509 )?CRL-----([A-Za-z0-9+/=\s]*)-----END (?:X509 )?CRL-----")


def lists(body: bytes) -> tuple[bytes, ...]:
    """Every CRL in these bytes, DER: the bytes themselves, or what is between PEM lines (at most 20)."""
    if body.startswith(b"\x30"):
        return (body,)
    lists: list[bytes] = []
    for match in _PEM.finditer(body):
        try:
            lists.append(base64.b64decode(memoryview(body)[match.start(1) : match.end(1)]))
        except (binascii.Error, ValueError):
            continue
        if len(lists) == MOST_LISTS:
            break
    return tuple(lists)


def relevant(body: bytes, issuer: Certificate) -> bool:
    """Whether a list in these bytes names this issuer as its own."""
    return any(_named(der, issuer) for der in lists(body))


def judge(
    certificate: Certificate, issuer: Certificate, body: bytes, moment: Moment, url: str | None = None
) -> Opinion:
    """What the list, or the best of the lists in a PEM file, says of the certificate. Never raises.

    ``url`` is where it came from, None where it was given by hand.
    """
    every = lists(body)
    if not every:
        return not_an_answer(body, WHAT)
    fitting = every if len(every) == 1 else [der for der in every if _named(der, issuer)] or every[:1]
    opinion = best(superseded([_judge(_Link(certificate, issuer, url), der, moment) for der in fitting]))
    if url is None or body.startswith(b"\x30"):
        return opinion
    return replace(opinion, detail=f"{opinion.detail} {AS_PEM}")


class _Link(NamedTuple):
    """The certificate asked about, its issuer, and the URL that was asked."""

    certificate: Certificate
    issuer: Certificate
    url: str | None


def _uniform(layout: Layout) -> bool:
    """Whether the entries are well-formed, as far as that is told without reading each; False where it is not told.
    Raises one of MISREAD where one of them is malformed."""
    tbs, entries = layout.parts.tbs, layout.entries
    if entries is None:
        return True
    return uniform(entries, sampled(entries), lambda some: x509.load_der_x509_crl(excerpt(tbs, entries, some)))


def _named(der: bytes, issuer: Certificate) -> bool:
    """Whether this is a list under the issuer's name."""
    if len(der) <= REMEMBERED:
        return _remembered_name(der, issuer)
    return _has_name(der, issuer)


@lru_cache(maxsize=LISTS_REMEMBERED * 4)
def _remembered_name(der: bytes, issuer: Certificate) -> bool:
    return _has_name(der, issuer)


def _has_name(der: bytes, issuer: Certificate) -> bool:
    try:
        return same_der(x509.load_der_x509_crl(layout(der).header).issuer.public_bytes(), issuer.parsed.subject_der)
    except MISREAD:
        return False


def _judge(link: _Link, der: bytes, moment: Moment) -> Opinion:
    try:
        crl = read(der)
        opinion = Opinion("good", "", *crl.dates)
        refused = _authentic(crl, link, opinion)
        if refused:
            return refused
        if len(der) > READ_IN_FULL and not _uniform(crl.layout):
            crl.in_full()  # raises where an entry is malformed; it copies the whole, so only the issuer's own word
        if moment.reached(crl.dates[0]):
            # What is equal for lists of one issuer that replace each other: which certificates and reasons they cover.
            opinion = replace(opinion, scope=(crl.scope, crl.delta))
        said = _unusable(crl, link, opinion) or _said(crl, link, opinion, moment)
        spelled = crl.issuer == link.issuer.parsed.subject_der
        return said if spelled else replace(said, detail=f"{said.detail} {SPELLED}")
    except MISREAD:
        return not_an_answer(der, WHAT)


def _authentic(crl: RevocationList, link: _Link, opinion: Opinion) -> Opinion | None:
    """Why the list is not the issuer's word, or None where it is."""
    issuer = link.issuer
    parsed = issuer.parsed
    if not same_der(crl.issuer, parsed.subject_der):
        if points.delegated(link.certificate, crl.header.issuer):
            return replace(opinion, status="unknown", detail=points.DELEGATED)
        name = crl.header.issuer.rfc4514_string()[:200]
        return replace(
            opinion, status="invalid", detail=f"The CRL is of another issuer, {name}, not of {parsed.label}."
        )
    usage = parsed.key_usage
    if isinstance(usage, Unreadable):
        detail = f"Whether {parsed.label} may sign CRLs is not known: its key usage cannot be read."
        return replace(opinion, status="unknown", detail=detail)
    if usage and not usage.crl_sign:
        detail = f"The key usage of {parsed.label} does not allow it to sign CRLs."
        return replace(opinion, status="invalid", detail=detail)
    outcome = _signed(crl.der, issuer) if len(crl.der) <= REMEMBERED else verify(crl.layout.parts, issuer)
    if outcome == "valid":
        return None
    said = {
        "weak": f"The CRL is signed with SHA-1 or an older hash, which no longer proves that {parsed.label} made it.",
        "wrong": f"The signature of the CRL is not that of {parsed.label}.{_other_key(crl, issuer)}",
        "unsupported": "The CRL is signed with an algorithm that is not supported.",
    }
    return replace(opinion, status="invalid", detail=said[outcome])


@lru_cache(maxsize=LISTS_REMEMBERED * 4)
def _signed(der: bytes, issuer: Certificate) -> Outcome:
    return verify(read(der).layout.parts, issuer)


def _other_key(crl: RevocationList, issuer: Certificate) -> str:
    """A hint where the list names another key of the issuer's name, as CAs have several after a change of keys."""
    key, own = crl.key_id, issuer.parsed.subject_key_id
    if key is None or own is None or key == own:
        return ""
    return f" It names another key of that name ({key.hex()[:40]}); each key of a CA has a list of its own."


def _unusable(crl: RevocationList, link: _Link, opinion: Opinion) -> Opinion | None:
    """Why the list must not be used though it is authentic: a critical extension that is not understood, in the list
    or in any entry (RFC 5280, 5.2 and 5.3), or a scope that the certificate is not in."""
    unknown, scope = crl.unknown, crl.scope
    outside = points.outside(link.certificate, link.issuer, scope) if scope and not unknown else None
    if outside:
        return replace(opinion, status="unknown", detail=outside)
    unknown = unknown or crl.unknown_in_entries
    if unknown is None:
        return None
    detail = f"The CRL has a critical extension that is not understood, {unknown.dotted_string}, and must not be used."
    return replace(opinion, status="invalid", detail=detail)


def _said(crl: RevocationList, link: _Link, opinion: Opinion, moment: Moment) -> Opinion:
    """What an authentic list says: revoked, or good as far as its scope and dates go."""
    entry = _entry(crl, link.certificate.parsed.serial)
    if entry is not None:
        return _listed(entry, opinion, moment)
    if crl.delta:
        detail = "It is a delta CRL, which holds only what changed since its base CRL and cannot say good alone."
        return replace(opinion, status="unknown", detail=detail)
    undetermined = points.undetermined(link.certificate, link.issuer, crl.scope, link.url)
    if undetermined:
        return replace(opinion, status="unknown", detail=undetermined)
    good = timely(replace(opinion, detail="The CRL does not list the certificate."), moment, without_next=None)
    if good.status == "good" and good.next_update is None:
        return replace(good, detail=f"{good.detail} Windows takes such a CRL for ever; ask the CA for a newer one.")
    return good


def _entry(crl: RevocationList, serial: int) -> x509.RevokedCertificate | None:
    """The entry for this serial number, or None where there is none."""
    if crl.layout.entries is None or not mentions(crl.layout.entries, serial):
        return None
    full = crl.in_full()
    if serial >= 0:
        return full.get_revoked_certificate_by_serial_number(serial)
    return next((entry for entry in full if entry.serial_number == serial), None)


def _listed(entry: x509.RevokedCertificate, opinion: Opinion, moment: Moment) -> Opinion:
    """The certificate's serial number is in the list."""
    reason = _reason(entry)
    dated = replace(opinion, revoked_at=attempt(lambda: entry.revocation_date_utc), reason=reason)
    if reason == "removeFromCRL":
        detail = "The CRL says that the certificate was taken off the list again; only the full CRL can say good."
        return replace(dated, status="unknown", detail=detail)
    return revoked(dated, moment)


def _reason(entry: x509.RevokedCertificate) -> str | None:
    """The reason given, None where none is or where it cannot be read: the entry itself says revoked."""
    try:
        reasons = [
            extension.value.reason.value
            for extension in entry.extensions
            if isinstance(extension.value, x509.CRLReason)
        ]
    except MISREAD:
        return None
    return reasons[0] if reasons else None
