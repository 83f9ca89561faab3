"""What became of every source that could speak of a certificate: each answer judged, each silence named. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from msgspec.structs import replace

from certready.model import Evidence
from certready.model.report import RevocationResult, Status
from certready.revocation import Question, judge_all, questions
from certready.revocation.common import SKEW
from certready.x509.certificate import Certificate


def heard(evidence: Evidence, certificate: Certificate, issuer: Certificate | None) -> Iterator[RevocationResult]:
    """One result for each answer about the certificate, and for each source that was not asked; nothing where the
    issuer is not known, whose key alone authenticates an answer."""
    if issuer is None:
        return
    asked = questions(certificate, issuer)
    if evidence.options.revocation == "off":
        yield from (_without_answer(question, "skipped", "It was not asked: --revocation off.") for question in asked)
        return
    judged = tuple(_answered(evidence, certificate, issuer))
    sources = {(question.method, question.url) for question in asked}
    aside = [result for result in judged if (result.method, result.url) not in sources]
    yield from (result for result in aside if result.method == "stapled")
    for question in asked:
        if question.ask is None:
            yield _without_answer(question, "not-checkable", question.reason or "It cannot be asked.")
            continue
        came = [result for result in judged if (result.method, result.url) == (question.method, question.url)]
        if not came:
            why = ", because --offline forbids it" if evidence.options.offline else " when this evidence was gathered"
            yield _without_answer(question, "unreachable", f"It was not asked{why}.")
        yield from came
    yield from (result for result in aside if result.method != "stapled")


def _answered(evidence: Evidence, certificate: Certificate, issuer: Certificate) -> Iterator[RevocationResult]:
    """Every answer about the certificate, judged at the moment of the verdict or, where that lies later, of the
    gathering (contract, --at)."""
    at = min(evidence.evaluated_at, evidence.gathered_at)
    skew = SKEW + evidence.gathering if evidence.evaluated_at >= evidence.gathered_at else timedelta(0)
    answers = [answer for answer in evidence.answers if answer.certificate == certificate.sha256]
    for answer, result in zip(answers, judge_all(certificate, issuer, answers, at, skew=skew), strict=True):
        yield replace(result, detail=f"{result.detail} {answer.note}") if answer.note else result


def _without_answer(question: Question, status: Status, detail: str) -> RevocationResult:
    return RevocationResult(
        question.certificate, question.method, "network", question.url, status=status, detail=detail
    )
