"""What the leaf may be used for: extended key usage for TLS server and client, and the key usage beside it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from certready import remedy
from certready.case import Case
from certready.model import Chain
from certready.rules import usage as rules
from certready.rules.model import NotApplicable, Observation
from certready.x509.certificate import ANY_EKU, CLIENT_AUTH, SERVER_AUTH, Certificate
from certready.x509.unreadable import Unreadable, readable

USAGE_NAMES = {
    SERVER_AUTH: "serverAuth",
    CLIENT_AUTH: "clientAuth",
    ANY_EKU: "any",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
}


def check_usage(case: Case) -> Iterator[Observation | NotApplicable]:
    """The leaf of every chain. The usages of the CAs above it are part of the path (``chain.invalid``)."""
    if not case.chains:
        yield NotApplicable("there is no certificate")
    for chain in case.chains:
        leaf = chain.leaf_certificate
        if leaf.parsed.error:
            yield _unreadable(chain, f"The certificate cannot be read: {leaf.parsed.error}.")
        else:
            yield from _extended(case, chain)
            yield from _plain(case, chain)


def _unreadable(chain: Chain, why: str) -> Observation:
    message = f"What the certificate may be used for is not known. {why}"
    return rules.UNREADABLE.observed(message, chain=chain, evidence=_listed(chain.leaf_certificate))


def _extended(case: Case, chain: Chain) -> Iterator[Observation]:
    leaf = chain.leaf_certificate
    label = case.label(leaf)
    usages = leaf.parsed.ekus
    if isinstance(usages, Unreadable):
        yield _unreadable(chain, f"{label} has an extended key usage that cannot be read: {usages.reason}.")
        return
    if usages is None:
        message = f"{label} may be used for anything: it has no extended key usage."
        yield rules.SERVER_AUTH.observed(message, chain=chain, evidence=_listed(leaf))
        return
    listed = ", ".join(USAGE_NAMES.get(usage, usage) for usage in usages)
    if SERVER_AUTH in usages or ANY_EKU in usages:
        yield rules.SERVER_AUTH.observed(
            f"{label} is for TLS servers (extended key usage: {listed}).", chain=chain, evidence=_listed(leaf)
        )
    else:
        message = f"{label} is not for TLS servers: its extended key usage is {listed}, without serverAuth."
        fix = partial(remedy.certificates.renewed, case, chain)
        yield rules.SERVER_AUTH_MISSING.observed(message, chain=chain, fix=fix, evidence=_listed(leaf))
    if CLIENT_AUTH not in usages and ANY_EKU not in usages:
        message = f"{label} is not for TLS clients: its extended key usage is {listed}, without clientAuth."
        message += f" {rules.CLIENT_AUTH_MISSING.why}"
        fix = partial(remedy.certificates.presented, case, chain)
        yield rules.CLIENT_AUTH_MISSING.observed(message, chain=chain, fix=fix, evidence=_listed(leaf))


def _plain(case: Case, chain: Chain) -> Iterator[Observation]:
    """Only digitalSignature is needed: TLS 1.3 and ECDHE sign; RSA key transport, which wants keyEncipherment, is
    going away, so that its absence is normal."""
    leaf = chain.leaf_certificate
    label = case.label(leaf)
    usage = leaf.parsed.key_usage
    if usage is None:
        return
    if isinstance(usage, Unreadable):
        yield _unreadable(chain, f"{label} has a key usage that cannot be read: {usage.reason}.")
        return
    faults = []
    if not usage.digital_signature:
        faults.append("lacks digitalSignature, which TLS 1.3 and every ECDHE suite need")
    if usage.key_cert_sign and not leaf.parsed.is_ca:
        faults.append("allows signing certificates (keyCertSign), though it is no CA")
    for fault in faults:
        fix = partial(remedy.certificates.renewed, case, chain)
        message = f"The key usage of {label} {fault}."
        yield rules.KEY_USAGE.observed(message, chain=chain, fix=fix, evidence=_listed(leaf))


def _listed(leaf: Certificate) -> dict[str, object]:
    usages = readable(leaf.parsed.ekus)
    return {"extended_key_usage": None if usages is None else list(usages)}
