"""Does the chain, as it was sent, lead to a trusted root (contract, "Diagnosis of a chain")."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from certready import remedy
from certready.case import Case
from certready.checks import roots
from certready.model import Chain
from certready.path import Judgement, Problem, lint
from certready.path.build import MAX_DEPTH
from certready.rules import chain as rules
from certready.rules.model import NotApplicable, Observation
from certready.x509.certificate import Certificate

# A CA as leaf is said by what strict verifiers make of it; names beyond the limit leave a chain open, not invalid.
_UNSAID = lint.TOLERATED | {lint.NAME_LIMIT}


def check_chain(case: Case) -> Iterator[Observation | NotApplicable]:
    """Judge every chain of the evidence, and say which store it was judged by."""
    if not case.chains:
        yield NotApplicable("No certificate was seen.")
        return
    if case.evidence.store.name != roots.MICROSOFT:
        message = f"Trust was judged by the root store {case.evidence.store.name}, not by Microsoft's root programme."
        yield rules.OTHER_STORE.observed(f"{message}{roots.left_out(case)}")
    yield from roots.store_age(case)
    for chain in case.chains:
        judgement = case.judgement(chain)
        yield from _diagnosis(case, chain, judgement)
        yield from _problems(case, chain, judgement)
        if judgement.strict_refusal and case.leaves(chain):
            message = f"Verifiers as strict as browsers refuse this chain: {judgement.strict_refusal}."
            yield rules.STRICT.observed(message, chain=chain, fix=partial(remedy.certificates.renewed, case, chain))


def _diagnosis(case: Case, chain: Chain, judgement: Judgement) -> Iterator[Observation]:
    """The one finding that says where the chain leads; an invalid one is explained by its problems alone."""
    match judgement.outcome:
        case "trusted":
            yield roots.restriction(case, chain, judgement) or _trusted(case, chain, judgement)
        case "incomplete":
            yield _incomplete(case, chain, judgement)
        case "self-signed":
            said = f"{case.label(judgement.path[0])} is signed by its own key, not by a CA."
            message = f"{said} {roots.elsewhere(case, judgement)}".rstrip()
            yield rules.SELF_SIGNED.observed(
                message, chain=chain, fix=partial(remedy.certificates.renewed, case, chain)
            )
        case "untrusted-root":
            yield _untrusted(case, chain, judgement)
        case "too-complex":
            yield _too_complex(chain, judgement)
        case "unreadable":
            yield from _unreadable(case, chain, judgement)
        case _:
            pass
    if judgement.refusals and judgement.outcome not in ("too-complex", "unreadable"):
        reasons = "; ".join(judgement.refusals)
        message = f"Both validation engines refuse the chain: {reasons}."
        yield rules.INVALID.observed(message, chain=chain, fix=partial(remedy.certificates.renewed, case, chain))


def _unreadable(case: Case, chain: Chain, judgement: Judgement) -> Iterator[Observation]:
    """What keeps the chain from being judged, where no problem of the path says so already."""
    error = judgement.path[0].parsed.error
    if error:
        message = f"The certificate cannot be read: {error}."
        yield rules.INVALID.observed(
            message, "unreadable", chain=chain, fix=partial(remedy.certificates.renewed, case, chain)
        )
    for certificate in judgement.path if judgement.refusals else ():
        for extension in lint.unreadable_extensions(certificate):
            said = f"{lint.unreadable_words(certificate, extension)} Whether the chain is valid is therefore not known."
            yield rules.INVALID.observed(said, "unreadable", chain=chain, certificate=certificate)


def _trusted(case: Case, chain: Chain, judgement: Judgement) -> Observation:
    leaf = chain.leaf_certificate.parsed
    parts = (
        f"The chain leads to {judgement.path[-1].parsed.label}, a root of the {case.evidence.store.name} store.",
        roots.purposes(judgement.anchor, leaf.not_before, case.evaluated_at),
        roots.elsewhere(case, judgement),
    )
    return rules.TRUSTED.observed(" ".join(part for part in parts if part), chain=chain)


def _incomplete(case: Case, chain: Chain, judgement: Judgement) -> Observation:
    """Which issuer is missing, where it can be had, and what that means for this kind of container."""
    missing, tip = judgement.missing, judgement.path[-1].parsed
    label = case.label(judgement.path[-1])
    issuer = missing.issuer if missing else tip.issuer
    unread = _unread(chain)
    said = "is not among the certificates that could be read" if unread else "is missing"
    parts = [f"The issuer of {label}, {issuer or '(no name)'}, {said}."]
    if unread:
        parts.append("One that cannot be read came along and may be it.")
    if missing and missing.same_name_other_key:
        parts.append("A certificate of that name is there, but its key did not sign this one.")
    if missing and missing.note:
        parts.append(missing.note)
    urls = missing.urls if missing else ()
    if urls:
        parts.append(f"The certificate says that it can be fetched from {urls[0]}; Exchange Online does not do that.")
    lacking = _lacking(case, chain, judgement)
    parts += [roots.elsewhere(case, judgement)] if case.evidence.elsewhere else []
    parts += [f"The right one was found in {source}." for source in dict.fromkeys(source for _, source in lacking)]
    private = None if lacking else roots.private(chain.leaf_certificate, judgement)
    if private:
        accepted = "Where it checks the chain, Exchange Online accepts no certificate of a private CA, complete or not."
        parts.append(f"{private} {accepted}")
    if chain.container == "der":
        parts.append("A DER file holds one certificate only, so it cannot show what the gateway sends.")
    elif chain.container != "tls":
        parts.append("Windows may fill the gap from its own store: prove it with the listen command.")
    names = " and ".join(certificate.parsed.label for certificate, _ in lacking) or "its issuer's certificate"
    order = ", in this order," if len(lacking) > 1 else ""
    fix = (
        partial(remedy.certificates.renewed, case, chain, rules.UNTRUSTED_ROOT.fix)
        if private
        else partial(
            remedy.certificates.sent_again,
            case,
            chain,
            f"Put {names} behind {label}{order} wherever the gateway takes its certificate from.",
        )
    )
    return rules.INCOMPLETE.observed(
        " ".join(part for part in (*parts, *_besides(judgement)) if part),
        "der" if chain.container == "der" else "unreadable" if unread else "",
        chain=chain,
        certificate=missing.child if missing else None,
        fix=fix,
        evidence={"issuer": issuer, "urls": list(urls), "found": [certificate.sha256 for certificate, _ in lacking]},
    )


def _unread(chain: Chain) -> bool:
    """Whether a certificate came along that cannot be read: what is missing may be there."""
    return any(fault.kind == "certificate" for fault in chain.faults) or any(
        certificate.parsed.error for certificate in chain.certificates
    )


def _lacking(case: Case, chain: Chain, judgement: Judgement) -> list[tuple[Certificate, str]]:
    """What the repaired path has that was not sent, and where each was found."""
    sources = {known.certificate: known.source for known in case.evidence.known}
    sent = set(chain.certificates)
    return [(known, sources[known]) for known in judgement.repaired or () if known in sources and known not in sent]


def _untrusted(case: Case, chain: Chain, judgement: Judgement) -> Observation:
    root = judgement.path[-1].parsed.label
    message = f"The chain ends in {root}, which is not in the {case.evidence.store.name} root store."
    fix = partial(remedy.certificates.renewed, case, chain)
    if judgement.anchor:
        message += " It was given as an extra root, so that the remaining checks could run."
    lacking = _lacking(case, chain, judgement)
    if lacking:
        names = " and ".join(certificate.parsed.label for certificate, _ in lacking)
        message += f" A trusted root is reached by way of {names}, which was not sent."
        fix = partial(
            remedy.certificates.sent_again,
            case,
            chain,
            f"Send {names} with the chain, in the place of the root that was sent.",
        )
    elif not judgement.anchor:
        message += "".join(f" {part}" for part in (roots.elsewhere(case, judgement), *_besides(judgement)) if part)
    return rules.UNTRUSTED_ROOT.observed(message, chain=chain, fix=fix, evidence={"root": judgement.path[-1].sha256})


def _besides(judgement: Judgement) -> list[str]:
    """Problems of a path that reaches no anchor: they are said, and no verdict of their own is based on them."""
    return [problem.message for problem in judgement.problems if problem.kind != lint.WEAK_SIGNATURE]


def _too_complex(chain: Chain, judgement: Judgement) -> Observation:
    limit = next((problem.message for problem in judgement.problems if problem.kind == lint.NAME_LIMIT), None)
    if limit:
        message = limit
    elif judgement.refusals:
        message = f"The validation engines did not come to a result: {'; '.join(judgement.refusals)}."
    else:
        message = (
            "The search was ended before it found a sound path: the certificates can be combined in too many ways, or "
            f"only to paths of more than {MAX_DEPTH}."
        )
    return rules.TOO_COMPLEX.observed(message, chain=chain)


def _problems(case: Case, chain: Chain, judgement: Judgement) -> Iterator[Observation]:
    """One finding for each problem; a weak signature counts wherever the chain leads, the others under an anchor.
    Of a chain that could not be judged completely, another path may be the sound one."""
    if judgement.outcome == "too-complex":
        return
    for problem in judgement.problems:
        if problem.kind == lint.WEAK_SIGNATURE:
            fix = partial(remedy.certificates.renewed, case, chain)
            yield rules.WEAK.observed(problem.message, chain=chain, certificate=problem.certificate, fix=fix)
        elif judgement.anchor and judgement.outcome != "self-signed" and problem.kind not in _UNSAID:
            yield _problem(case, chain, problem)


def _problem(case: Case, chain: Chain, problem: Problem) -> Observation:
    variants = {lint.EKU_CLIENT_ONLY: "client-only", lint.UNREADABLE: "unreadable"}
    return rules.INVALID.observed(
        problem.message,
        variants.get(problem.kind, ""),
        chain=chain,
        certificate=problem.certificate,
        fix=partial(remedy.certificates.renewed, case, chain),
        evidence={"problem": problem.kind},
    )
