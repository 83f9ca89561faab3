"""Revocation, pure: what to ask about a certificate, and what each answer is worth.

One result per source, then one status per certificate (:func:`overall`). An answer is only as good as the key that
signed it: the issuer's on the judged path, or that of a responder which this very key appointed.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from certready import bounds
from certready.model import Answer, Ask
from certready.model.report import RevocationResult, Status
from certready.revocation.common import ORDER, Moment, Opinion, same_der, superseded
from certready.x509.certificate import Certificate
from certready.x509.signature import Outcome, signed_by

__all__ = ["Outcome", "Question", "judge", "judge_all", "overall", "questions", "relevant", "short_lived", "signed_by"]

Method = Literal["ocsp", "crl"]

CRL_LIMIT = bounds.CRL
OCSP_LIMIT = bounds.OCSP
MOST_URLS = 5  # of either kind, so that many of one cannot crowd out the other
LONGEST_URL = 2048
REMEMBERED = 1024 * 1024  # bytes of answers about a CA, up to which what they are worth is kept

_PRINTABLE = re.compile(r"[!-~]+")  # ASCII without spaces and controls: what may stand in a request line
_SHORTER = datetime(2026, 3, 15, tzinfo=UTC)


class Question(Struct, frozen=True):
    """One source to ask about one certificate (``certificate`` is its SHA-256).

    ``ask`` is None where the source cannot be used, and ``reason`` then says why, a sentence.
    """

    certificate: str
    method: Method
    url: str
    ask: Ask | None = None
    reason: str | None = None


@functools.lru_cache(maxsize=1024)
def questions(certificate: Certificate, issuer: Certificate) -> tuple[Question, ...]:
    """Every source that the certificate names: OCSP by POST, then CRLs by GET; each URL once, at most ten in all."""
    parsed = certificate.parsed
    body = None
    if parsed.ocsp_urls:
        from certready.revocation import ocsp

        body = ocsp.request(certificate, issuer)
    responders = [_question(certificate, "ocsp", url, body) for url in _first(parsed.ocsp_urls)]
    return (*responders, *(_question(certificate, "crl", url, None) for url in _first(parsed.crl_urls)))


def relevant(method: Method, body: bytes, certificate: Certificate, issuer: Certificate) -> bool:
    """Whether an answer handed in speaks of this certificate: a CRL under its issuer's name, an OCSP answer with its
    CertID. Says nothing about whether the answer is authentic. Never raises."""
    if len(body) > _limit(method):
        return False
    if method == "crl":
        from certready.revocation.crl import relevant as of_issuer

        return of_issuer(body, issuer)
    from certready.revocation.ocsp import relevant as of_certificate

    return of_certificate(body, certificate, issuer)


def judge(
    certificate: Certificate,
    issuer: Certificate,
    answer: Answer,
    at: datetime,
    *,
    skew: timedelta = timedelta(0),
) -> RevocationResult:
    """What one answer by itself is worth for one certificate, as :func:`judge_all` has it. Never raises."""
    return judge_all(certificate, issuer, (answer,), at, skew=skew)[0]


def judge_all(
    certificate: Certificate,
    issuer: Certificate,
    answers: Sequence[Answer],
    at: datetime,
    *,
    skew: timedelta = timedelta(0),
) -> tuple[RevocationResult, ...]:
    """What each of the answers about one certificate is worth beside the others. Never raises.

    Args:
        certificate: the one asked about.
        issuer: its issuer on the judged path; its key alone authenticates an answer.
        answers: what came back, or why nothing did. Of two authentic lists of one scope the newer counts.
        at: the moment of judgement, aware. An answer made later never says good, and one whose nextUpdate is past is
            stale.
        skew: by how much the clock of whoever answered may run ahead of ours; for answers just fetched, whose
            thisUpdate may be a moment past the start of the run. It never lengthens an answer's life.
    """
    if certificate.parsed.is_ca and sum(len(answer.body or b"") for answer in answers) <= REMEMBERED:
        return _remembered(certificate, issuer, tuple(answers), at, skew)
    return _judge_all(certificate, issuer, answers, at, skew)


@functools.lru_cache(maxsize=256)
def _remembered(
    certificate: Certificate, issuer: Certificate, answers: tuple[Answer, ...], at: datetime, skew: timedelta
) -> tuple[RevocationResult, ...]:
    """The same of a CA, of which a run asks for each certificate below it."""
    return _judge_all(certificate, issuer, answers, at, skew)


def _judge_all(
    certificate: Certificate, issuer: Certificate, answers: Sequence[Answer], at: datetime, skew: timedelta
) -> tuple[RevocationResult, ...]:
    moment = Moment(at, skew)
    opinions = superseded([_opinion(certificate, issuer, answer, moment) for answer in answers])
    return tuple(_result(certificate, answer, opinion) for answer, opinion in zip(answers, opinions, strict=True))


def _result(certificate: Certificate, answer: Answer, opinion: Opinion) -> RevocationResult:
    return RevocationResult(
        certificate=certificate.sha256,
        method=answer.method,
        source=answer.source,
        url=answer.url,
        status=opinion.status,
        this_update=opinion.this_update,
        next_update=opinion.next_update,
        revoked_at=opinion.revoked_at,
        reason=opinion.reason,
        elapsed_ms=answer.elapsed_ms,
        detail=opinion.detail,
    )


def overall(results: Sequence[RevocationResult], *, checkable: bool = True) -> tuple[Status, RevocationResult | None]:
    """One status for a certificate and the result that decides it: revoked, then good, then the best description of
    why not (contract, "One finding per certificate"). Without any result: not-checkable.

    ``checkable`` says that the certificate itself names a source that can be asked; where it names none, whoever meets
    it elsewhere can learn nothing, whatever was handed in here, and only a revocation counts.
    """
    first = min(results, key=lambda result: ORDER.index(result.status), default=None)
    if first is None or not (checkable or first.status == "revoked"):
        return "not-checkable", None
    return first.status, first


def short_lived(certificate: Certificate) -> bool:
    """Whether a subscriber certificate lives so briefly that it need not be revocable (CA/B Baseline Requirements,
    1.6.1 "Short-lived Subscriber Certificate"): ten days if issued before 2026-03-15, seven since, both ends of the
    validity period included (RFC 5280, 4.1.2.5)."""
    parsed = certificate.parsed
    if parsed.dates_unreadable or parsed.is_ca:
        return False
    longest = timedelta(days=10 if parsed.not_before < _SHORTER else 7)
    lifetime = parsed.not_after - parsed.not_before + timedelta(seconds=1)
    return timedelta(0) < lifetime <= longest


def _first(urls: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(urls))[:MOST_URLS]


def _question(certificate: Certificate, method: Method, url: str, body: bytes | None) -> Question:
    reason = _unusable(url)
    if reason is None and method == "ocsp" and body is None:
        reason = "No OCSP question can be made for a certificate that cannot be read completely."
    if reason is not None:
        return Question(certificate.sha256, method, url[:LONGEST_URL], reason=reason)
    ask = Ask(url, limit=CRL_LIMIT) if method == "crl" else Ask(url, body, "application/ocsp-request", OCSP_LIMIT)
    return Question(certificate.sha256, method, url, ask)


def _unusable(url: str) -> str | None:
    """Why a URL found in a certificate is not asked, or None."""
    if len(url) > LONGEST_URL:
        return f"The URL is longer than {LONGEST_URL} characters."
    return _malformed(url)


@functools.lru_cache(maxsize=256)  # all that a CA issues names the same few
def _malformed(url: str) -> str | None:
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        return "The URL is malformed."
    if scheme not in ("http", "https"):
        named = f"{scheme}:" if scheme else "no scheme"
        return f"The URL has {named}, and Exchange Online can ask http only."
    return None if _PRINTABLE.fullmatch(url) else "The URL holds characters that no URL may hold."


def _limit(method: str) -> int:
    return CRL_LIMIT if method == "crl" else OCSP_LIMIT


def _opinion(certificate: Certificate, issuer: Certificate, answer: Answer, moment: Moment) -> Opinion:
    if answer.error is not None or answer.body is None:
        return Opinion("unreachable", answer.error or "No answer came.")
    if certificate.parsed.error is not None or issuer.parsed.error is not None:
        return Opinion("unknown", "The certificate or its issuer cannot be read.")
    if not same_der(certificate.parsed.issuer_der, issuer.parsed.subject_der):
        return Opinion("invalid", f"The certificate names another issuer than {issuer.parsed.label}.")
    if certificate.parsed.serial_unreadable:
        return Opinion("unknown", "The certificate's serial number cannot be read, so that nothing is found under it.")
    if len(answer.body) > _limit(answer.method):
        size = _limit(answer.method) // 1024 // 1024
        return Opinion("invalid", f"The answer is larger than {size} MiB.")
    if answer.method == "crl":
        from certready.revocation.crl import judge as judge_list

        return judge_list(certificate, issuer, answer.body, moment, answer.url)
    from certready.revocation.ocsp import judge as judge_answer

    return judge_answer(certificate, issuer, answer.body, moment)
