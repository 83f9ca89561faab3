"""How long an answer may be kept: read out of its own bytes, because what HTTP says about that is not signed. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta

from cryptography.x509 import ocsp

from certready import bounds
from certready.x509.der import INTEGER, SEQUENCE, MalformedError, element, members

# No answer is used longer without asking its server, whatever it promises: by the CA/B Baseline Requirements (4.9.7,
# 4.9.10) none about a subscriber's certificate is valid for longer.
LONGEST = timedelta(days=10)
UNDATED = timedelta(hours=1)  # a list or answer without nextUpdate, and certificates
BRIEFLY = timedelta(seconds=60)  # a failure, and an answer that is none, such as tryLater

_ENUMERATED, _UTC_TIME, _GENERALIZED_TIME = 0x0A, 0x17, 0x18
_MOST_LISTS = bounds.LISTS_IN_A_FILE
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,30})-----([A-Za-z0-9+/=\s]*)-----END")
_TIME = re.compile(rb"(?:[0-9]{2})?[0-9]{12}Z")


def expires(body: bytes) -> datetime | None:
    """The nextUpdate of an OCSP answer or CRL, the earliest where there are several; None where there is none or the
    bytes are neither. Of a CRL only the head is read, however long it is. Never raises."""
    try:
        if body.startswith(b"\x30"):
            return _ocsp(body) if _is_ocsp(body) else _crl(body)
        dates = [_crl(der) for label, der in _pem(body) if label in (b"X509 CRL", b"CRL")]
        return min((date for date in dates if date), default=None)
    except (MalformedError, ValueError, TypeError, NotImplementedError):
        return None


def keep_until(body: bytes, now: datetime) -> datetime | None:
    """Until when an answer is kept that came at ``now``; None where keeping it serves nobody: it is no DER and no PEM,
    as the page of a captive proxy is not, or it is out of date already."""
    if not body.startswith((b"\x30", b"-----BEGIN ")):
        return None
    if _is_ocsp(body) and not _successful(body):
        return now + BRIEFLY
    date = expires(body)
    if date is None:
        return now + UNDATED
    return min(date, now + LONGEST) if date > now else None


def _is_ocsp(body: bytes) -> bool:
    """Whether this looks like an OCSPResponse: a sequence that begins with a status (RFC 6960, 4.2.1)."""
    try:
        first = members(element(body), 1)
    except MalformedError:
        return False
    return bool(first) and first[0].tag == _ENUMERATED


def _successful(body: bytes) -> bool:
    try:
        return ocsp.load_der_ocsp_response(body).response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    except (ValueError, TypeError, NotImplementedError):
        return False


def _ocsp(body: bytes) -> datetime | None:
    """The earliest nextUpdate, or None where one of the answers has none. Raises ValueError for what cannot be read."""
    response = ocsp.load_der_ocsp_response(body)
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return None
    dates = [single.next_update_utc for single in response.responses]
    known_dates = [date for date in dates if date is not None]
    return min(known_dates) if known_dates and len(known_dates) == len(dates) else None


def _crl(body: bytes) -> datetime | None:
    """The nextUpdate of a list (RFC 5280, 5.1.2): the fifth or sixth member, before the revoked certificates. Raises
    MalformedError."""
    outer = members(element(body), 1)
    parts = members(outer[0], 6) if outer else ()
    if parts and parts[0].tag == INTEGER:  # the version
        parts = parts[1:]
    times = (_UTC_TIME, _GENERALIZED_TIME)
    tags = tuple(part.tag for part in parts[:4])
    if len(tags) < 4 or tags[:2] != (SEQUENCE, SEQUENCE) or tags[2] not in times or tags[3] not in times:
        return None
    return _moment(parts[3].content)


def _moment(text: bytes) -> datetime | None:
    """A UTCTime or GeneralizedTime as RFC 5280, 5.1.2.4 wants them: to the second, in UTC."""
    if not _TIME.fullmatch(text):
        return None
    if len(text) == 13:
        century = b"19" if text[:2] >= b"50" else b"20"
        text = century + text
    return datetime.strptime(text.decode("ascii"), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _pem(body: bytes) -> list[tuple[bytes, bytes]]:
    """Label and content of each PEM block, at most 20; damaged ones are left out."""
    blocks: list[tuple[bytes, bytes]] = []
    for match in _PEM.finditer(body):
        try:
            blocks.append((match[1], base64.b64decode(match[2])))
        except (binascii.Error, ValueError):
            continue
        if len(blocks) == _MOST_LISTS:
            break
    return blocks
