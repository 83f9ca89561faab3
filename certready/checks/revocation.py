"""Has the issuer taken a certificate back? Every certificate of the path but the root, one finding for each.

What each source said is judged in :mod:`certready.revocation`; here the sources are put together, and said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from msgspec.structs import replace

from certready import remedy
from certready.case import Case, Revocable
from certready.model import Chain
from certready.model.report import RevocationResult, Status
from certready.revocation import overall, questions, short_lived
from certready.revocation.common import when
from certready.rules import revocation as rules
from certready.rules.model import ENCODE_CORRECTLY, NotApplicable, Observation, Rule

__all__ = ["check_revocation", "nobody_answered"]

_UNSETTLED: dict[Status, Rule] = {
    "unknown": rules.UNKNOWN,
    "stale": rules.STALE,
    "invalid": rules.INVALID,
    "unreachable": rules.UNREACHABLE,
    "not-checkable": rules.NOT_CHECKABLE,
}


def check_revocation(case: Case) -> Iterator[Observation | NotApplicable]:
    """One observation for each certificate of every path that somebody could revoke, and the missing staples."""
    if not case.heard:
        yield NotApplicable("no certificate here has an issuer that could revoke it")
    for subject, results in case.heard:
        observation = _observe(subject, results, case)
        chain = subject.chains[0] if len(subject.chains) == 1 else None
        yield replace(
            observation,
            certificate=subject.certificate.sha256,
            chain=chain,
            evidence={"sources": [_plain(result) for result in results]},
        )
    yield from _missing_staples(case)


# -- how it is said -----------------------------------------------------------------------------------------------


def _observe(subject: Revocable, results: tuple[RevocationResult, ...], case: Case) -> Observation:
    """The one finding about a certificate: the first status of the contract's order that holds."""
    label = subject.label
    if case.options.revocation == "off":
        return rules.SKIPPED.observed(f"Revocation of {label} was not asked (--revocation off).")
    if subject.issuer is None:
        return _issuer_unknown(subject, case)
    unread = subject.certificate.parsed.pointers_unreadable
    checkable = any(question.ask for question in questions(subject.certificate, subject.issuer))
    status, deciding = overall(results, checkable=checkable)
    if deciding is not None and status == "revoked":
        message = f"{label} is revoked, says the {_source(deciding)}. {deciding.detail}"
        return rules.REVOKED.observed(message, fix=partial(remedy.certificates.renewed, case, _chain(subject, case)))
    if deciding is not None and status == "good":
        return _good(label, deciding, case)
    if status == "not-checkable" and unread:
        message = f"Where {label} says that its revocation can be asked cannot be read ({unread})."
        return rules.UNKNOWN.observed(message, fix=ENCODE_CORRECTLY)
    if status == "not-checkable":
        return _not_checkable(subject, results, case)
    return _unsettled(label, status, results, case)


def _good(label: str, deciding: RevocationResult, case: Case) -> Observation:
    message = f"{label} is not revoked, says the {_source(deciding)}. {deciding.detail}"
    if case.evaluated_at <= case.evidence.gathered_at:
        return rules.GOOD.observed(message)
    now, then = when(case.evidence.gathered_at), when(case.evaluated_at)
    later = f"That is as of {now}; whether it will hold at {then} nobody can tell yet."
    return rules.GOOD.observed(f"{message} {later}", "later", fix="Check again when that time has come.")


def _unsettled(label: str, status: Status, results: tuple[RevocationResult, ...], case: Case) -> Observation:
    """No source says good: each is named with its reason, the best described first."""
    lead = {
        "unknown": f"No source can tell whether {label} is revoked.",
        "stale": f"Only answers that are out of date speak of {label}.",
        "invalid": f"No answer about the revocation of {label} can be relied on.",
    }.get(status)
    ordered = _ordered(status, results)
    message = f"{lead} {_said(ordered)}" if lead else nobody_answered([label], ordered)
    offline = status == "unreachable" and case.options.offline
    words = "Run without --offline, or give the answers at hand by --crl FILE or --ocsp FILE." if offline else ""
    if status == "unknown" and case.evaluated_at < case.evidence.gathered_at:
        words = "Judge without --at: what is published now need not tell how it was at an earlier moment."
    return _UNSETTLED[status].observed(message, fix=partial(remedy.certificates.asked_again, case, words))


def nobody_answered(labels: Sequence[str], results: Sequence[RevocationResult]) -> str:
    """That nobody answered about these certificates, who was asked, and why there is no answer."""
    return (
        f"Nobody answered whether {' and '.join(labels)} {'are' if len(labels) > 1 else 'is'} revoked. {_said(results)}"
    )


def _said(results: Sequence[RevocationResult]) -> str:
    """The sources with what each said; those that say the same together."""
    by_detail: dict[str, dict[str, None]] = {}
    for result in results:
        by_detail.setdefault(result.detail, {})[_source(result)] = None
    return " ".join(f"{_capital(', '.join(sources))}: {detail}" for detail, sources in by_detail.items())


def _not_checkable(subject: Revocable, results: tuple[RevocationResult, ...], case: Case) -> Observation:
    """Nobody to ask: excused for a short-lived certificate, and for no other."""
    parsed, label = subject.certificate.parsed, subject.label
    if short_lived(subject.certificate):
        hours = (parsed.not_after - parsed.not_before) / timedelta(hours=1)
        message = f"{label} is valid for {hours:.0f} hours only and need not be revocable, so nobody is asked."
        return rules.SHORT_LIVED.observed(message)
    named = parsed.ocsp_urls or parsed.crl_points
    names = "names only places that cannot be asked over http" if named else "names neither an OCSP responder nor a CRL"
    lead = f"{label} {names}, so nobody can check whether it is revoked."
    fix = partial(remedy.certificates.renewed, case, _chain(subject, case))
    return rules.NOT_CHECKABLE.observed(f"{lead} {_said(results)}".rstrip(), fix=fix)


def _chain(subject: Revocable, case: Case) -> Chain:
    """The first chain that the certificate is part of."""
    return case.chain(subject.chains[0])


def _issuer_unknown(subject: Revocable, case: Case) -> Observation:
    parsed = subject.certificate.parsed
    if parsed.error is not None:
        return rules.UNKNOWN.observed("A certificate that cannot be read cannot be asked about.")
    if case.judgement(_chain(subject, case)).outcome == "too-complex":  # who issued it may well have been sent
        return rules.UNKNOWN.observed(
            f"Revocation of {subject.label} was not asked: the search for its chain was ended before it was known who "
            "issued it, and only the issuer's key can authenticate an answer.",
            fix="Send the leaf and its intermediates only, without certificates that do not belong to the chain.",
        )
    return rules.UNKNOWN.observed(
        f"Revocation of {subject.label} was not asked: its issuer, {parsed.issuer or 'without a name'}, is not known, "
        "and only the issuer's key can authenticate an answer.",
        fix="Complete the chain, or name the issuer's certificate with --intermediate FILE.",
    )


def _missing_staples(case: Case) -> Iterator[Observation]:
    """Addresses of a probed host that send no stapled answer though a certificate of theirs demands one (RFC 7633)."""
    for endpoint in case.evidence.endpoints if case.evidence.target.kind == "host" else ():
        stapled = {handshake.chain for handshake in endpoint.handshakes if handshake.staple}
        stapled |= {endpoint.chain} if endpoint.staple else set()
        for chain in map(case.chain, endpoint.chain_ids):
            leaf = chain.leaf_certificate
            if leaf.parsed.must_staple and chain.id not in stapled:
                yield rules.STAPLE_MISSING.observed(
                    f"{case.label(leaf)} demands a stapled OCSP answer (must-staple), and {endpoint.name} sends none; "
                    "clients that honour the demand refuse it.",
                    chain=chain,
                    endpoint=endpoint,
                    fix=partial(remedy.certificates.stapled, case, chain),
                )


def _ordered(status: Status, results: tuple[RevocationResult, ...]) -> list[RevocationResult]:
    return sorted(results, key=lambda result: result.status != status)


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
