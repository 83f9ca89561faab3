"""Has the issuer taken a certificate back? Every certificate of the path but the root, one finding for each.

What each source said is judged in :mod:`certready.revocation`; here the sources are put together, and said.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from msgspec.structs import replace

from certready.model import Answer, Evidence
from certready.model.report import RevocationResult, Status
from certready.path import full_path
from certready.revocation import Question, judge, overall, questions, short_lived, signed_by
from certready.revocation.common import when
from certready.rules import revocation as rules
from certready.rules.model import NotApplicable, Observation, Rule
from certready.x509.certificate import Certificate

__all__ = ["check_revocation", "results"]

# An answer fetched during the run may be dated after its start, by a clock that is not ours; OpenSSL allows as much.
SKEW = timedelta(minutes=5)

DOCUMENTED = (
    "Microsoft documents that outbound connectors with certificate validation check the revocation list, and nothing "
    "for inbound ones, whose gateway vendors require that the status can be checked. What Exchange Online makes of a "
    "check that nobody answers is not documented, so it is prudent to count it as a refusal."
)
_UNSETTLED: dict[Status, Rule] = {
    "unknown": rules.UNKNOWN,
    "stale": rules.STALE,
    "invalid": rules.INVALID,
    "unreachable": rules.UNREACHABLE,
    "not-checkable": rules.NOT_CHECKABLE,
}


class _Subject(NamedTuple):
    """A certificate to ask about, its issuer on the path (None: not known), and the chains it is part of."""

    certificate: Certificate
    issuer: Certificate | None
    chains: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.certificate.parsed.label


def check_revocation(evidence: Evidence) -> Iterator[Observation | NotApplicable]:
    """One observation for each certificate of every path that somebody could revoke, and the missing staples."""
    judged = _judged(evidence)
    if not judged:
        yield NotApplicable("no certificate here has an issuer that could revoke it")
    for subject, found in judged:
        observation = _observe(subject, found, evidence)
        chain = subject.chains[0] if len(subject.chains) == 1 else None
        yield replace(
            observation,
            certificate=subject.certificate.sha256,
            chain=chain,
            evidence={"sources": [_plain(result) for result in found]},
        )
    yield from _missing_staples(evidence)


def results(evidence: Evidence) -> tuple[RevocationResult, ...]:
    """What every source is worth, certificate after certificate from the leaf up; each answer is judged once."""
    return tuple(result for _, found in _judged(evidence) for result in found)


# -- what was said ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _judged(evidence: Evidence) -> tuple[tuple[_Subject, tuple[RevocationResult, ...]], ...]:
    return tuple((subject, tuple(_heard(subject, evidence))) for subject in _subjects(evidence))


def _subjects(evidence: Evidence) -> tuple[_Subject, ...]:
    """Every certificate of every path but anchors and self-signed ends, once, leaf first."""
    found: dict[Certificate, _Subject] = {}
    anchors = {root.certificate for root in evidence.roots}
    for chain in evidence.chains:
        path = full_path(evidence, chain)
        for certificate, issuer in zip(path, (*path[1:], None), strict=True):
            if issuer is None and (certificate in anchors or signed_by(certificate, certificate) in ("valid", "weak")):
                continue
            before = found.get(certificate, _Subject(certificate, issuer, ()))
            chains = tuple(dict.fromkeys((*before.chains, chain.id)))
            found[certificate] = _Subject(certificate, before.issuer or issuer, chains)
    return tuple(found.values())


def _heard(subject: _Subject, evidence: Evidence) -> Iterator[RevocationResult]:
    """One result for each answer about the certificate, and for each source that was not asked."""
    certificate, issuer = subject.certificate, subject.issuer
    if issuer is None:
        return
    asked = questions(certificate, issuer)
    if evidence.options.revocation == "off":
        yield from (_without_answer(one, "skipped", "It was not asked: --revocation off.") for one in asked)
        return
    answers = [answer for answer in evidence.answers if answer.certificate == certificate.sha256]
    sources = {(one.method, one.url) for one in asked}
    aside = [answer for answer in answers if (answer.method, answer.url) not in sources]
    yield from (_judge(subject, answer, evidence) for answer in aside if answer.method == "stapled")
    for question in asked:
        yield from _asked(subject, question, answers, evidence)
    yield from (_judge(subject, answer, evidence) for answer in aside if answer.method != "stapled")


def _asked(
    subject: _Subject, question: Question, answers: list[Answer], evidence: Evidence
) -> Iterator[RevocationResult]:
    """What became of one source that the certificate names."""
    if question.ask is None:
        yield _without_answer(question, "not-checkable", question.reason or "It cannot be asked.")
        return
    came = [answer for answer in answers if (answer.method, answer.url) == (question.method, question.url)]
    if not came:
        why = ", because --offline forbids it" if evidence.options.offline else " when this evidence was gathered"
        yield _without_answer(question, "unreachable", f"It was not asked{why}.")
    yield from (_judge(subject, answer, evidence) for answer in came)


def _judge(subject: _Subject, answer: Answer, evidence: Evidence) -> RevocationResult:
    """One answer, judged at the moment of the verdict or, where that lies later, of the gathering (contract, --at)."""
    at = min(evidence.evaluated_at, evidence.gathered_at)
    skew = SKEW if evidence.evaluated_at >= evidence.gathered_at else timedelta(0)
    result = judge(subject.certificate, subject.issuer or subject.certificate, answer, at, skew=skew)
    return replace(result, detail=f"{result.detail} {answer.note}") if answer.note else result


def _without_answer(question: Question, status: Status, detail: str) -> RevocationResult:
    return RevocationResult(
        question.certificate, question.method, "network", question.url, status=status, detail=detail
    )


# -- how it is said -----------------------------------------------------------------------------------------------


def _observe(subject: _Subject, found: tuple[RevocationResult, ...], evidence: Evidence) -> Observation:
    """The one finding about a certificate: the first status of the contract's order that holds."""
    label = subject.label
    if evidence.options.revocation == "off":
        return Observation(rules.SKIPPED, f"Revocation of {label} was not asked (--revocation off).")
    if subject.issuer is None:
        return _issuer_unknown(subject)
    status, deciding = overall(found)
    if deciding is not None and status == "revoked":
        return Observation(rules.REVOKED, f"{label} is revoked, says the {_source(deciding)}. {deciding.detail}")
    if deciding is not None and status == "good":
        return _good(label, deciding, evidence)
    if status == "not-checkable":
        return _not_checkable(subject, found)
    return _unsettled(label, status, found, evidence)


def _good(label: str, deciding: RevocationResult, evidence: Evidence) -> Observation:
    message = f"{label} is not revoked, says the {_source(deciding)}. {deciding.detail}"
    if evidence.evaluated_at <= evidence.gathered_at:
        return Observation(rules.GOOD, message)
    now, then = when(evidence.gathered_at), when(evidence.evaluated_at)
    later = f"That is as of {now}; whether it will hold at {then} nobody can tell yet."
    return Observation(rules.GOOD, f"{message} {later}", "later", fix="Check again when that time has come.")


def _unsettled(label: str, status: Status, found: tuple[RevocationResult, ...], evidence: Evidence) -> Observation:
    """No source says good: each is named with its reason, the best described first."""
    lead = {
        "unknown": f"No source can tell whether {label} is revoked.",
        "stale": f"Only answers that are out of date speak of {label}.",
        "invalid": f"No answer about the revocation of {label} can be relied on.",
        "unreachable": f"Nobody answered whether {label} is revoked.",
    }[status]
    said = " ".join(f"{_capital(_source(result))}: {result.detail}" for result in _ordered(status, found))
    offline = status == "unreachable" and evidence.options.offline
    fix = "Run without --offline, or give the answers at hand by --crl FILE or --ocsp FILE." if offline else None
    if status == "unknown" and evidence.evaluated_at < evidence.gathered_at:
        fix = "Judge without --at: what is published now need not tell how it was at an earlier moment."
    return Observation(_UNSETTLED[status], f"{lead} {said} {DOCUMENTED}", fix=fix)


def _not_checkable(subject: _Subject, found: tuple[RevocationResult, ...]) -> Observation:
    """Nobody to ask: excused for a short-lived certificate, and for no other."""
    parsed, label = subject.certificate.parsed, subject.label
    if short_lived(subject.certificate):
        hours = (parsed.not_after - parsed.not_before) / timedelta(hours=1)
        message = f"{label} is valid for {hours:.0f} hours only and need not be revocable, so nobody is asked."
        return Observation(rules.SHORT_LIVED, message)
    said = " ".join(f"{_capital(_source(result))}: {result.detail}" for result in found)
    names = "names only places that cannot be asked over http" if found else "names neither an OCSP responder nor a CRL"
    lead = f"{label} {names}, so nobody can check whether it is revoked."
    return Observation(rules.NOT_CHECKABLE, " ".join(part for part in (lead, said, DOCUMENTED) if part))


def _issuer_unknown(subject: _Subject) -> Observation:
    parsed = subject.certificate.parsed
    if parsed.x509 is None:
        return Observation(rules.UNKNOWN, "A certificate that cannot be read cannot be asked about.")
    return Observation(
        rules.UNKNOWN,
        f"Revocation of {subject.label} was not asked: its issuer, {parsed.issuer or 'without a name'}, is not known, "
        "and only the issuer's key can authenticate an answer.",
        fix="Complete the chain, or name the issuer's certificate with --intermediate FILE.",
    )


def _missing_staples(evidence: Evidence) -> Iterator[Observation]:
    """Addresses of a probed host that send no stapled answer though the certificate demands one (RFC 7633)."""
    leaves = {chain.id: chain.leaf_certificate for chain in evidence.chains}
    for endpoint in evidence.endpoints if evidence.target.kind == "host" else ():
        leaf = leaves.get(endpoint.chain or "")
        if leaf is not None and leaf.parsed.must_staple and not endpoint.staple:
            yield Observation(
                rules.STAPLE_MISSING,
                f"{leaf.parsed.label} demands a stapled OCSP answer (must-staple), and {endpoint.name} sends none; "
                "clients that honour the demand refuse it.",
                certificate=leaf.sha256,
                chain=endpoint.chain,
                endpoint=endpoint.name,
            )


def _ordered(status: Status, found: tuple[RevocationResult, ...]) -> list[RevocationResult]:
    return sorted(found, key=lambda result: result.status != status)


def _source(result: RevocationResult) -> str:
    """The source for people: "OCSP responder http://...", "CRL given as a file"."""
    if result.method == "stapled":
        return "stapled OCSP answer"
    if result.url is None:
        return "CRL given as a file" if result.method == "crl" else "OCSP answer given as a file"
    return f"CRL {_shown(result.url)}" if result.method == "crl" else f"OCSP responder {_shown(result.url)}"


def _shown(url: str) -> str:
    """A URL out of a certificate as it may be printed: ASCII, no controls, not endless."""
    return "".join(letter if "!" <= letter <= "~" else "?" for letter in url[:200])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(result: RevocationResult) -> dict[str, object]:
    return {"method": result.method, "url": result.url, "status": result.status}
