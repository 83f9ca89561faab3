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


@functools.lru_cache(maxsize=64)  # several cases are made of one piece of evidence as it grows
def groups(certificates: tuple[Certificate, ...], keys: tuple[str, ...]) -> tuple[Group, ...]:
    """Every leaf as a group of its own, in the order given; of CA certificates alone the likeliest one.

    Where private keys belong to some of the leaves only those are judged, and the others stay in every group. Without
    any, the other leaves and what belongs to their chains alone are left out.

    Args:
        certificates: at least one, each once.
        keys: SHA-256 of the SubjectPublicKeyInfo of each private key that came along.
    """
    found = leaves(certificates, keys)
    if not found:
        index = _likeliest(certificates)
        return (Group(tuple(certificates), index, tuple(keys)),)
    owned = [one for one in found if one.parsed.spki_sha256 in keys]
    judged = owned or found
    members = {one: above(one, certificates) for one in judged}
    return tuple(_group(one, judged, members, certificates, keys) for one in judged)


@functools.lru_cache(maxsize=64)
def leaves(certificates: tuple[Certificate, ...], keys: tuple[str, ...] = ()) -> tuple[Certificate, ...]:
    """The end-entity certificates among these: no CA, signer of none of the others, and not self-signed beside others
    unless its private key is there. Where none is left: the self-signed ones; a CA with a host's name that signed
    nothing; those that cannot be read."""
    readable = [one for one in certificates if not one.parsed.error]
    signers = issuers(readable)
    ends = [one for one in readable if not ca_like(one) and one not in signers]
    if len(ends) > 1:
        alone = [one for one in ends if one.parsed.spki_sha256 not in keys and _self_signed(one)]
        ends = [one for one in ends if one not in alone] or ends
    if ends:
        return tuple(ends)
    hosts = [one for one in readable if one.parsed.dns_names and not any(_may_issue(one, two) for two in readable)]
    unreadable = [one for one in certificates if one.parsed.error]
    return tuple(hosts or unreadable)


def ca_like(certificate: Certificate) -> bool:
    """A CA; version 1 has no extension to say so, and the roots of that age are self-issued."""
    parsed = certificate.parsed
    return parsed.is_ca or (parsed.version == 1 and parsed.self_issued)


def issuers(certificates: Sequence[Certificate]) -> frozenset[Certificate]:
    """Those whose key signed another of them, whatever their CA flag says."""
    by_subject: dict[bytes, list[Certificate]] = {}
    for one in certificates:
        by_subject.setdefault(one.parsed.subject_der, []).append(one)
    found: set[Certificate] = set()
    checks = 0
    for child in certificates:
        for issuer in by_subject.get(child.parsed.issuer_der, ()):
            if issuer == child or issuer in found or ca_like(issuer):
                continue
            checks += 1
            if checks > MAX_CHECKS:
                return frozenset(found)
            if joins(child, issuer) in ("valid", "weak"):
                found.add(issuer)
    return frozenset(found)


def _self_signed(certificate: Certificate) -> bool:
    return certificate.parsed.self_issued and signed_by(certificate, certificate) in ("valid", "weak")


def _likeliest(certificates: Sequence[Certificate]) -> int:
    """Of CA certificates alone the one that is issued by another, which would be sent first; else the first."""
    issued = (index for index, one in enumerate(certificates) if not one.parsed.error and not one.parsed.self_issued)
    return next(issued, 0)


def above(leaf: Certificate, certificates: Sequence[Certificate]) -> frozenset[Certificate]:
    """Whatever may be an issuer above this certificate, by name or by key identifier."""
    named: dict[object, list[Certificate]] = {}
    for one in certificates:
        for mark in _marks(one):
            named.setdefault(mark, []).append(one)
    found: set[Certificate] = set()
    tips = [leaf]
    while tips:
        for mark in _wanted(tips.pop()):
            for one in named.pop(mark, ()):
                if one not in found and one != leaf:
                    found.add(one)
                    tips.append(one)
    return frozenset(found)


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
    others = frozenset(judged) - {leaf}
    foreign = frozenset[Certificate]().union(*(members[one] for one in others)) - members[leaf] - {leaf}
    kept = tuple(one for one in certificates if one not in others and one not in foreign)
    theirs = {one.parsed.spki_sha256 for one in others} - {leaf.parsed.spki_sha256}
    return Group(kept, kept.index(leaf), tuple(key for key in keys if key not in theirs))
