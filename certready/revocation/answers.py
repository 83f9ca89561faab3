"""What a fetcher's replies answer about certificates, and which of the kept ones to ask for again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from certready.model import Answer, Ask, Reply
from certready.revocation import Question, judge
from certready.revocation.common import SKEW
from certready.x509.certificate import Certificate


def answers(questions: Iterable[Question], replies: Mapping[Ask, Reply], *, offline: bool) -> Iterator[Answer]:
    """One answer for each question. Offline, what is not in the cache was not asked and has none."""
    for question in questions:
        if question.ask is None:
            yield Answer(question.certificate, question.method, "network", question.url, error=question.reason)
        elif not offline or replies[question.ask].body is not None:
            yield _answer(question, replies[question.ask])


def doubtful(
    questions: Iterable[Question],
    links: Iterable[tuple[Certificate, Certificate]],
    replies: Mapping[Ask, Reply],
    at: datetime,
) -> tuple[Ask, ...]:
    """What a cache answered and does not count at this moment: damaged, out of date, or never authentic. Without asking
    again, whoever once slipped in a false answer would keep the true one away until the false one runs out.

    ``links`` are (certificate, issuer) of every path that is judged.
    """
    issuers: dict[str, list[tuple[Certificate, Certificate]]] = {}
    for certificate, issuer in links:
        issuers.setdefault(certificate.sha256, []).append((certificate, issuer))
    asks: list[Ask] = []
    for question in questions:
        reply = replies[question.ask] if question.ask else None
        if question.ask is None or reply is None or reply.source != "cache" or reply.body is None:
            continue
        answer = _answer(question, reply)
        judged = [judge(*link, answer, at, skew=SKEW).status for link in issuers.get(question.certificate, ())]
        if all(status in ("invalid", "stale") for status in judged):
            asks.append(question.ask)
    return tuple(dict.fromkeys(asks))


def _answer(question: Question, reply: Reply) -> Answer:
    return Answer(
        question.certificate,
        question.method,
        reply.source,
        question.url,
        body=reply.body,
        error=reply.error,
        elapsed_ms=reply.elapsed_ms,
        note=reply.note,
        date=reply.date,
    )
