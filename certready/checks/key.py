"""How strong the keys are, of the leaf and of every CA below the root, and of which family the leaf's is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from certready import remedy
from certready.case import Case
from certready.model import Chain
from certready.rules import key as rules
from certready.rules.model import NotApplicable, Observation
from certready.x509.certificate import Certificate
from certready.x509.key import Key
from certready.x509.unreadable import MALFORMED

_CURVES = ("P-256", "P-384", "P-521")


def check_key(case: Case) -> Iterator[Observation | NotApplicable]:
    """Key sizes as the CA/Browser Forum asks (Exchange Online's own minimum is not published) and the family.

    The root's key is its programme's business: it is trusted as it is or not at all.
    """
    if not case.chains:
        yield NotApplicable("there is no certificate")
    for chain in case.chains:
        yield from _leaf(case, chain)
        for issuer in _issuers(case, chain):
            weakness = weakness_of(issuer.parsed.key)
            if weakness:
                variant, reason = weakness
                message = f"The key of the CA {issuer.parsed.label} is {issuer.parsed.key}: {reason}."
                words = "Ask the certification authority for a certificate under another, stronger intermediate."
                fix = partial(remedy.certificates.renewed, case, chain, words)
                yield rules.WEAK.observed(
                    message, variant, chain=chain, certificate=issuer, fix=fix, evidence=_measured(issuer)
                )


def weakness_of(key: Key) -> tuple[str, str] | None:
    """Why a key is too weak, as (variant, clause), or None. The variant is "" where it is certain, "unknown" where the
    algorithm is none that certready knows, "odd-size" for an RSA length that public CAs may not issue."""
    match key.kind:
        case "RSA" if key.bits < 2048:
            return "", "RSA needs 2048 bits or more"
        case "RSA" if key.bits % 8:
            return "odd-size", "an RSA length must be a multiple of 8 bits"
        case "DSA":
            return "", "DSA is not used in TLS any more"
        case "ECDSA" if key.bits < 256:
            return "", "ECDSA needs 256 bits or more"
        case "RSA" | "ECDSA" | "Ed25519" | "Ed448":
            return None
        case _:
            return "unknown", "the algorithm is none that TLS servers and public CAs use"


def _leaf(case: Case, chain: Chain) -> Iterator[Observation]:
    leaf = chain.leaf_certificate
    key, label = leaf.parsed.key, case.label(leaf)
    unread = leaf.parsed.x509 is None and leaf.parsed.public_key is None
    if unread:
        message = f"The key of {label} cannot be read: {leaf.parsed.error or MALFORMED}."
        fix = partial(remedy.certificates.renewed, case, chain)
        yield rules.WEAK.observed(message, "unreadable", chain=chain, fix=fix, evidence=_measured(leaf))
        return
    weakness = weakness_of(key)
    if weakness:
        variant, reason = weakness
        message, fix = f"The key of {label} is {key}: {reason}.", partial(remedy.certificates.renewed, case, chain)
        yield rules.WEAK.observed(message, variant, chain=chain, fix=fix, evidence=_measured(leaf))
    else:
        yield rules.STRONG.observed(f"The key of {label} is {key}.", chain=chain, evidence=_measured(leaf))
    if key.kind in ("ECDSA", "Ed25519", "Ed448"):
        message, fix = f"The key of {label} is {key}. {_doubt(key)}", partial(remedy.certificates.renewed, case, chain)
        yield rules.NOT_RSA.observed(message, chain=chain, fix=fix, evidence=_measured(leaf))


def _doubt(key: Key) -> str:
    """What is known about keys that are not RSA, and how well."""
    if key.kind != "ECDSA":
        return f"Public CAs may not issue certificates for {key.kind}. {rules.NOT_RSA.why}"
    if key.curve not in _CURVES:
        return f"Public CAs may use {', '.join(_CURVES)} only. {rules.NOT_RSA.why}"
    return rules.NOT_RSA.why


def _issuers(case: Case, chain: Chain) -> tuple[Certificate, ...]:
    """The CAs of the judged path below the root, whether or not the store has that root."""
    judgement = case.judgement(chain)
    above = judgement.path[1:]
    rooted = bool(above) and (judgement.anchor is not None or above[-1].parsed.self_issued)
    return above[:-1] if rooted else above


def _measured(certificate: Certificate) -> dict[str, object]:
    key = certificate.parsed.key
    return {"kind": key.kind, "bits": key.bits, "curve": key.curve}
