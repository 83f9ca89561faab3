"""One OCSP answer, judged for one certificate (RFC 6960, 3.2 and 4.2; RFC 5019).

An answer counts when its signature is made by the issuer's own key, or by the key of a responder certificate inside
the answer which that same issuer key signed and which may sign OCSP answers at the moment of judgement.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.x509 import ocsp
from msgspec.structs import replace

from certready.revocation.common import MISREAD, Moment, Opinion, not_an_answer, revoked, same_name, timely, when
from certready.x509.certificate import OCSP_SIGNING, Certificate, attempt
from certready.x509.der import (
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    Element,
    MalformedError,
    Signed,
    element,
    encoded,
    expect,
    integer,
    members,
    names,
    signed,
)
from certready.x509.signature import signed_by, verify
from certready.x509.unreadable import Unreadable, readable

WHAT = "an OCSP answer"
MOST_RESPONDERS = 8  # certificates inside an answer that are looked at
MOST_WORDS = 10_000  # single responses of one answer that are searched for critical extensions
LEAST_RSA_BITS = 2048  # CA/B Baseline Requirements, 6.1.5
BOOLEAN, GENERALIZED_TIME, EXTENSIONS = 0x01, 0x18, 0xA1
NONCE = bytes.fromhex("2b0601050507300102")  # id-pkix-ocsp-nonce
# Without nextUpdate newer information is always to be had (RFC 6960, 4.2.2.1); ten days is the longest that the CA/B
# Baseline Requirements (4.9.10) let any answer stand.
_SHA1_ALGORITHM = bytes.fromhex("300906052b0e03021a0500")
WITHOUT_NEXT_UPDATE = timedelta(days=10)
UNDERSTOOD = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.SubjectAlternativeName,
)  # of a responder
_UNSUCCESSFUL = {
    ocsp.OCSPResponseStatus.MALFORMED_REQUEST: "The responder says that the question is malformed.",
    ocsp.OCSPResponseStatus.INTERNAL_ERROR: "The responder says that it has an internal error.",
    ocsp.OCSPResponseStatus.TRY_LATER: "The responder says to try again later.",
    ocsp.OCSPResponseStatus.SIG_REQUIRED: "The responder answers signed questions only.",
    ocsp.OCSPResponseStatus.UNAUTHORIZED: "The responder says unauthorized: it does not know this certificate.",
}


def request(certificate: Certificate, issuer: Certificate) -> bytes | None:
    """The question in DER: one SHA-1 CertID, which every responder understands, and no nonce (RFC 5019, 2.1.1).

    None where the certificate or its issuer cannot be read well enough to ask.
    """
    if certificate.parsed.serial_unreadable:
        return None
    try:
        own, theirs = names(certificate.der), names(issuer.der)
    except MalformedError:
        return None
    # Written out, because cryptography asks about no serial number below one, which old authorities gave.
    identity = (
        _SHA1_ALGORITHM,
        encoded(OCTET_STRING, _hash("sha1", own.issuer)),  # a CertID names, it does not protect
        encoded(OCTET_STRING, _hash("sha1", theirs.key_bits)),
        encoded(INTEGER, integer(certificate.parsed.serial)),
    )
    question = encoded(SEQUENCE, b"".join(identity))
    for _ in ("Request", "requestList", "TBSRequest", "OCSPRequest"):
        question = encoded(SEQUENCE, question)
    return question


def relevant(body: bytes, certificate: Certificate, issuer: Certificate) -> bool:
    """Whether the answer has a word on this certificate of this issuer; says nothing about who signed it."""
    try:
        response = ocsp.load_der_ocsp_response(body)
        successful = response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
        return successful and any(_about(response, certificate, issuer))
    except MISREAD:
        return False


def judge(certificate: Certificate, issuer: Certificate, body: bytes, moment: Moment) -> Opinion:
    """What the answer says of the certificate. Never raises."""
    try:
        response = ocsp.load_der_ocsp_response(body)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return Opinion("unknown", _UNSUCCESSFUL[response.response_status])
        basic = _basic(body)
        refused = _understood(basic)
        if refused:
            return Opinion("invalid", refused)
        singles = tuple(_about(response, certificate, issuer))
        if not singles:
            return Opinion("invalid", "The answer speaks of another certificate, not of this one.")
        voucher = _voucher(response, basic, issuer, moment)
        if isinstance(voucher, str):
            return replace(_dated(singles[0]), status="invalid", detail=voucher)
        return _worst([_said(single, voucher, moment) for single in singles])
    except MISREAD:
        return not_an_answer(body, WHAT)


class _Basic(NamedTuple):
    """The BasicOCSPResponse in its original bytes, and the certificates it brings."""

    parts: Signed
    certificates: tuple[Certificate, ...]


class _Voucher(NamedTuple):
    """Who stands behind an authentic answer; ``note`` is what to know about them, a sentence, or ""; ``produced`` is
    when they signed it."""

    signer: Certificate
    note: str
    produced: datetime


def _basic(body: bytes) -> _Basic:
    """The signed part of a successful response. Raises MalformedError."""
    outer = members(element(body))
    if len(outer) < 2:
        raise MalformedError("it holds no answer")
    wrapped = members(members(outer[1])[0]) if members(outer[1]) else ()
    expect(wrapped, OID, OCTET_STRING)
    whole = element(wrapped[1].content)
    extra = members(whole)[3:4]
    brought = members(members(extra[0])[0], MOST_RESPONDERS) if extra and members(extra[0]) else ()
    return _Basic(signed(whole), tuple(Certificate(member.encoded) for member in brought if member.tag == SEQUENCE))


def _understood(basic: _Basic) -> str | None:
    """Why an answer must not be used for a critical extension that is not understood, of its own or of any single
    response in it (RFC 6960, 4.4), or None. A nonce is understood: none was sent, so none can be wrong."""
    tbs = basic.parts.tbs
    if tbs.data.find(b"\x01\x01\xff", tbs.body, tbs.end) < 0:
        return None
    words = _behind_date(tbs, SEQUENCE)
    singles = members(words, MOST_WORDS) if words else ()
    if words and singles and singles[-1].end != words.end:
        return f"The answer speaks of more than {MOST_WORDS} certificates."
    if all(oid == NONCE for holder in (tbs, *singles) for oid in _critical(holder)):
        return None
    return "The answer has a critical extension that is not understood, and must not be used."


def _critical(holder: Element) -> Iterator[bytes]:
    """The critical extensions of a ResponseData or of a SingleResponse, by the content of their OIDs; both have them
    in [1], behind their date (RFC 6960, 4.2.1)."""
    tagged = _behind_date(holder, EXTENSIONS)
    for extension in members(members(tagged)[0]) if tagged and members(tagged) else ():
        parts = members(extension)
        if len(parts) > 1 and parts[1].tag == BOOLEAN and any(parts[1].content):
            yield parts[0].content


def _behind_date(holder: Element, tag: int) -> Element | None:
    """The first element with this tag that follows the first date directly inside."""
    parts = iter(members(holder))
    if not any(part.tag == GENERALIZED_TIME for part in parts):  # takes them up to the date
        return None
    return next((part for part in parts if part.tag == tag), None)


def _about(
    response: ocsp.OCSPResponse, certificate: Certificate, issuer: Certificate
) -> Iterator[ocsp.OCSPSingleResponse]:
    """The single responses whose CertID is this certificate's: issuer name, issuer key and serial (RFC 6960, 4.1.1)."""
    own, theirs = names(certificate.der), names(issuer.der)
    for single in response.responses:
        digest = attempt(lambda single=single: single.hash_algorithm.name)  # type: ignore[misc]
        if single.serial_number != certificate.parsed.serial or digest not in ("sha1", "sha256", "sha384", "sha512"):
            continue
        named = {_hash(digest, name) for name in (own.issuer, theirs.subject)}
        if single.issuer_name_hash in named and single.issuer_key_hash == _hash(digest, theirs.key_bits):
            yield single


def _hash(name: str, data: bytes) -> bytes:
    return hashlib.new(name, data, usedforsecurity=False).digest()


def _voucher(response: ocsp.OCSPResponse, basic: _Basic, issuer: Certificate, moment: Moment) -> _Voucher | str:
    """Whose answer this is, or the sentence why it is nobody's that counts."""
    signers = [signer for signer in (issuer, *basic.certificates) if _is_responder(response, signer)]
    if not signers:
        return f"The answer is signed by a responder that is neither {issuer.parsed.label} nor brought along with it."
    vouchers = [_vouch(response, basic, signer, issuer, moment) for signer in dict.fromkeys(signers)]
    return next((voucher for voucher in vouchers if isinstance(voucher, _Voucher)), vouchers[-1])


def _vouch(
    response: ocsp.OCSPResponse, basic: _Basic, signer: Certificate, issuer: Certificate, moment: Moment
) -> _Voucher | str:
    """The signer, if it may answer for the issuer and did sign, or the sentence why not."""
    direct = signer == issuer
    refused = None if direct else _may_not_answer(signer, issuer, moment)
    if refused:
        return refused
    outcome = verify(basic.parts, signer)
    if outcome != "valid":
        return {
            "weak": "The answer is signed with SHA-1 or an older hash, which no longer proves who made it.",
            "wrong": f"The signature of the answer is not that of {signer.parsed.label}.",
            "unsupported": "The answer is signed with an algorithm that is not supported.",
        }[outcome]
    unchecked = direct or signer.parsed.extension(x509.OCSPNoCheck) is not None
    note = "" if unchecked else " The responder's certificate lacks ocsp-nocheck, and its own revocation was not asked."
    return _Voucher(signer, note, response.produced_at_utc)


def _is_responder(response: ocsp.OCSPResponse, candidate: Certificate) -> bool:
    """Whether the responder id, by key or by name, is this certificate's (RFC 6960, 4.2.1)."""
    if candidate.parsed.error is not None:
        return False
    if response.responder_key_hash is not None:
        return response.responder_key_hash == _hash("sha1", names(candidate.der).key_bits)
    named = response.responder_name
    return named is not None and same_name(named, candidate.parsed.subject_der)


def _may_not_answer(responder: Certificate, issuer: Certificate, moment: Moment) -> str | None:
    """Why a delegated responder does not speak for the issuer (RFC 6960, 4.2.2.2), or None where it does."""
    parsed = responder.parsed
    outcome = signed_by(responder, issuer)
    if outcome == "weak":
        return f"The certificate of the responder {parsed.label} is signed with SHA-1 or an older hash."
    if outcome != "valid":
        return f"The responder {parsed.label} was not appointed by {issuer.parsed.label}: another key signed it."
    if parsed.faults or any(isinstance(extension.value, Unreadable) for extension in parsed.extensions):
        return f"The certificate of the responder {parsed.label} cannot be read completely."
    strange = [
        extension.oid
        for extension in parsed.extensions
        if extension.critical and type(extension.value) not in UNDERSTOOD
    ]
    if strange:
        oid = strange[0]
        return f"The responder's certificate {parsed.label} has a critical extension that is not understood, {oid}."
    if parsed.key.kind == "RSA" and parsed.key.bits < LEAST_RSA_BITS:
        return f"The key of the responder {parsed.label} is too weak to prove anything: {parsed.key}."
    if OCSP_SIGNING not in (readable(parsed.ekus) or ()):
        return f"The certificate of the responder {parsed.label} does not allow OCSP signing."
    usage = readable(parsed.key_usage)
    if usage and not usage.digital_signature:
        return f"The key usage of the responder {parsed.label} does not allow signatures."
    if not parsed.not_before <= moment.at + moment.skew or moment.at > parsed.not_after:
        span = f"from {when(parsed.not_before)} to {when(parsed.not_after)}"
        return f"The certificate of the responder {parsed.label} is valid {span}, not at {when(moment.at)}."
    return None


def _dated(single: ocsp.OCSPSingleResponse) -> Opinion:
    return Opinion("unknown", "", single.this_update_utc, single.next_update_utc)


def _said(single: ocsp.OCSPSingleResponse, voucher: _Voucher, moment: Moment) -> Opinion:
    """What an authentic single response says, its dates weighed."""
    dated = _dated(single)
    if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        reason = single.revocation_reason.value if single.revocation_reason else None
        return revoked(replace(dated, revoked_at=single.revocation_time_utc, reason=reason), moment)
    if single.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        return replace(dated, status="unknown", detail=f"The responder does not know the certificate.{voucher.note}")
    who = f"The responder {voucher.signer.parsed.label} says good, signed at {when(voucher.produced)}."
    good = replace(dated, status="good", detail=f"{who}{voucher.note}")
    return timely(good, moment, without_next=WITHOUT_NEXT_UPDATE)


def _worst(opinions: list[Opinion]) -> Opinion:
    """Of several words on the same certificate in one answer the least favourable: they should not differ."""
    order = ("revoked", "unknown", "stale", "good")
    return min(opinions, key=lambda opinion: order.index(opinion.status))
