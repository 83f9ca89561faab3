"""Which of the certificates given are the gateway's own, and which belong to the chain of which. Pure.

Files name no leaf: what is there decides, never the order it lies in (contract, "Which certificate is judged").
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from msgspec import Struct

from certready.x509.certificate import Certificate
from certready.x509.names import comparable
from certready.x509.signature import joins, signed_by

MAX_CHECKS = 200  # signatures verified to tell issuers from leaves; beyond that, whatever is no CA counts as a leaf


class Group(Struct, frozen=True):
    """One leaf with what belongs to its chain, in the order given: ``leaf`` is its index, ``keys`` those of the private
    keys that are not another leaf's."""

    certificates: tuple[Certificate, ...]
    leaf: int
    keys: tuple[str, ...]


@functools.lru_cache(maxsize=256)  # several cases are made of one piece of evidence as it grows
def groups(certificates: tuple[Certificate, ...], keys: tuple[str, ...]) -> tuple[Group, ...]:
    """Every leaf as a group of its own, in the order given; of CA certificates alone the likeliest one.

    Where private keys belong to some of the leaves only those are judged, and the others stay in every group. Without
    any, the other leaves and what belongs to their chains alone are left out.

    Args:
        certificates: at least one, each once.
        keys: SHA-256 of the SubjectPublicKeyInfo of each private key that came along.
    """
    ends = leaves(certificates, keys)
    if not ends:
        index = _likeliest(certificates)
        return (Group(tuple(certificates), index, tuple(keys)),)
    owned = [leaf for leaf in ends if leaf.parsed.spki_sha256 in keys] if keys else []  # a key is dear to load
    judged = owned or ends
    if len(judged) == 1:
        return (Group(certificates, certificates.index(judged[0]), keys),)
    members = {leaf: above(leaf, certificates) for leaf in judged}
    return tuple(_group(leaf, judged, members, certificates, keys) for leaf in judged)


@functools.lru_cache(maxsize=256)
def leaves(certificates: tuple[Certificate, ...], keys: tuple[str, ...] = ()) -> tuple[Certificate, ...]:
    """The end-entity certificates among these: no CA, signer of none of the others, and not self-signed beside others
    unless its private key is there. Where none is left: the self-signed ones; a CA with a host's name that signed
    nothing; those that cannot be read."""
    readable = [certificate for certificate in certificates if not certificate.parsed.error]
    signers = issuers(readable)
    ends = [certificate for certificate in readable if not ca_like(certificate) and certificate not in signers]
    if len(ends) > 1:
        alone = [leaf for leaf in ends if leaf.parsed.spki_sha256 not in keys and _self_signed(leaf)]
        ends = [leaf for leaf in ends if leaf not in alone] or ends
    if ends:
        return tuple(ends)
    hosts = [
        certificate
        for certificate in readable
        if certificate.parsed.dns_names and not any(_may_issue(certificate, child) for child in readable)
    ]
    unreadable = [certificate for certificate in certificates if certificate.parsed.error]
    return tuple(hosts or unreadable)


def ca_like(certificate: Certificate) -> bool:
    """A CA; version 1 has no extension to say so, and the roots of that age are self-issued."""
    parsed = certificate.parsed
    return parsed.is_ca or (parsed.version == 1 and parsed.self_issued)


def issuers(certificates: Sequence[Certificate]) -> frozenset[Certificate]:
    """Those whose key signed another of them, whatever their CA flag says."""
    by_subject: dict[bytes, list[Certificate]] = {}
    for certificate in certificates:
        by_subject.setdefault(certificate.parsed.subject_der, []).append(certificate)
    signers: set[Certificate] = set()
    checks = 0
    for child in certificates:
        for issuer in by_subject.get(child.parsed.issuer_der, ()):
            if issuer == child or issuer in signers or ca_like(issuer):
                continue
            checks += 1
            if checks > MAX_CHECKS:
                return frozenset(signers)
            if joins(child, issuer) in ("valid", "weak"):
                signers.add(issuer)
    return frozenset(signers)


def _self_signed(certificate: Certificate) -> bool:
    return certificate.parsed.self_issued and signed_by(certificate, certificate) in ("valid", "weak")


def _likeliest(certificates: Sequence[Certificate]) -> int:
    """Of CA certificates alone the one that is issued by another, which would be sent first; else the first."""
    issued = (
        index
        for index, certificate in enumerate(certificates)
        if not certificate.parsed.error and not certificate.parsed.self_issued
    )
    return next(issued, 0)


def above(leaf: Certificate, certificates: Sequence[Certificate]) -> frozenset[Certificate]:
    """Whatever may be an issuer above this certificate, by name or by key identifier."""
    by_mark: dict[object, list[Certificate]] = {}
    for issuer in certificates:
        for mark in _marks(issuer):
            by_mark.setdefault(mark, []).append(issuer)
    lineage: set[Certificate] = set()
    tips = [leaf]
    while tips:
        for mark in _wanted(tips.pop()):
            for issuer in by_mark.pop(mark, ()):
                if issuer not in lineage and issuer != leaf:
                    lineage.add(issuer)
                    tips.append(issuer)
    return frozenset(lineage)


def _marks(issuer: Certificate) -> tuple[object, ...]:
    """What a certificate below may know its issuer by: the name, as bytes and as text, and the key's identifier."""
    parsed = issuer.parsed
    if parsed.error:
        return ()
    names = (parsed.subject_der, parsed.subject.casefold())
    return names if parsed.subject_key_id is None else (*names, ("key", parsed.subject_key_id))


def _wanted(child: Certificate) -> tuple[object, ...]:
    """The same, as the certificate below has it."""
    parsed = child.parsed
    if parsed.error:
        return ()
    names = (parsed.issuer_der, parsed.issuer.casefold())
    return names if parsed.authority_key_id is None else (*names, ("key", parsed.authority_key_id))


def _may_issue(issuer: Certificate, child: Certificate) -> bool:
    above, below = issuer.parsed, child.parsed
    if above.error or below.error:
        return False
    same_name = above.subject_der == below.issuer_der or comparable(above.subject_der) == comparable(below.issuer_der)
    return same_name or (below.authority_key_id is not None and below.authority_key_id == above.subject_key_id)


def _group(
    leaf: Certificate,
    judged: Sequence[Certificate],
    members: dict[Certificate, frozenset[Certificate]],
    certificates: Sequence[Certificate],
    keys: Sequence[str],
) -> Group:
    other_leaves = frozenset(judged) - {leaf}
    foreign = frozenset[Certificate]().union(*(members[other] for other in other_leaves)) - members[leaf] - {leaf}
    kept = tuple(
        certificate for certificate in certificates if certificate not in other_leaves and certificate not in foreign
    )
    theirs = {other.parsed.spki_sha256 for other in other_leaves} - {leaf.parsed.spki_sha256}
    return Group(kept, kept.index(leaf), tuple(key for key in keys if key not in theirs))
