"""Path building: a breadth-first walk from the leaf over edges whose signatures verify (RFC 4158).

A name alone joins nothing, and a key identifier only decides what is tried first. Every path is kept, the shortest
first, and the work is capped, because certificates that sign each other are cheap to make and dear to follow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Literal

from msgspec import Struct, field

from certready.model import Root
from certready.path import engines
from certready.x509.certificate import Certificate
from certready.x509.names import comparable
from certready.x509.signature import Outcome, joins, signs_itself

MAX_DEPTH = 10  # certificates in a path
MAX_CHECKS = 200  # signatures verified for one chain
MAX_PATHS = 50
MAX_STEPS = 2000  # partial paths looked at
MAX_DER = 256 * 1024  # bytes of a certificate that is considered at all

Signed = Literal["good", "bad", "unsupported"]
_SIGNED: dict[Outcome, Signed] = {"valid": "good", "weak": "good", "wrong": "bad", "unsupported": "unsupported"}

End = Literal["anchor", "self-signed", "incomplete"]


class Path(Struct, frozen=True):
    """Certificates leaf first, each signed by the next. ``end`` says what the last one is: an anchor of the store
    (then ``anchor`` is set), self-signed outside the store, or one whose issuer was not found.

    ``unverified`` are those whose signature nobody here can verify, for its algorithm or for the issuer's key: the name
    alone makes the next one their issuer, so that the path proves nothing, and lacks nothing either.
    """

    certificates: tuple[Certificate, ...]
    end: End
    anchor: Root | None = None
    unverified: tuple[Certificate, ...] = ()

    def holds(self, at: datetime) -> bool:
        """Whether every certificate of the path, the anchor too, is within its dates at this moment."""
        every = [certificate.parsed for certificate in self.certificates]
        return all(certificate.not_before <= at <= certificate.not_after for certificate in every)


class Search(Struct, frozen=True):
    """Every path found, shortest first; ``capped`` says that a limit on work ended the search early."""

    paths: tuple[Path, ...]
    capped: bool


def search(leaf: Certificate, pool: Iterable[Certificate], roots: Iterable[Root], at: datetime) -> Search:
    """Every path from ``leaf`` through ``pool`` to ``roots`` and to the dead ends; ``at`` only orders the walk."""
    # A root given both by the store and as an extra one counts as the store's.
    anchors = {root.certificate: root for root in sorted(roots, key=lambda root: not root.extra)}
    by_subject: dict[bytes, list[Certificate]] = {}
    for certificate in dict.fromkeys((*anchors, *pool)):
        if certificate.parsed.error is None and len(certificate.der) <= MAX_DER:
            by_subject.setdefault(certificate.parsed.subject_der, []).append(certificate)
    # No more of one name than could be tried anyway; anchors come first and stay.
    too_many = [name for name, several in by_subject.items() if len(several) > MAX_CHECKS]
    by_subject |= {name: by_subject[name][:MAX_CHECKS] for name in too_many}
    if len(leaf.der) > MAX_DER:
        return Search((), capped=True)
    only = _only_path(leaf, anchors, by_subject, at)
    if only:
        return Search((only,), capped=bool(too_many))
    names = frozenset(anchor.parsed.subject_der for anchor in anchors)
    walk = _Walk(anchors, by_subject, at, names, capped=bool(too_many))
    walk.run(leaf)
    return Search(tuple(walk.paths), walk.capped)


def _only_path(
    leaf: Certificate,
    anchors: Mapping[Certificate, Root],
    by_subject: Mapping[bytes, Sequence[Certificate]],
    at: datetime,
) -> Path | None:
    """The path of the usual chain, whose names lead one way only, up to a self-issued anchor, where the strict engine
    accepts it: it has then verified exactly these signatures, and nobody has to do so twice."""
    path = [leaf]
    while path[-1] not in anchors:
        named = by_subject.get(path[-1].parsed.issuer_der, ())
        if len(named) != 1 or len(path) >= MAX_DEPTH or named[0] in path or not _whole(path[-1]):
            return None
        path.append(named[0])
    candidate = Path(tuple(path), "anchor", anchors[path[-1]])
    moment = engines.moment(candidate.certificates, at)
    if not moment or not path[-1].parsed.self_issued or engines.strict(candidate.certificates, moment)[0] != "accepted":
        return None
    return candidate


def _whole(certificate: Certificate) -> bool:
    """Whether a signature leaves no bits unused, which the strict engine does not look at."""
    loaded = certificate.parsed.x509
    return loaded is not None and certificate.der.endswith(b"\x00" + loaded.signature)


class _Walk(Struct):
    """The state of one search; it does not outlive it."""

    anchors: dict[Certificate, Root]
    by_subject: dict[bytes, list[Certificate]]
    at: datetime
    anchor_names: frozenset[bytes]
    capped: bool
    checks: int = 0
    paths: list[Path] = field(default_factory=list)
    verified: dict[Certificate, tuple[Certificate, ...]] = field(default_factory=dict)
    unverified: set[Certificate] = field(default_factory=set)
    by_name: dict[Hashable, list[Certificate]] | None = None

    def run(self, leaf: Certificate) -> None:
        queue: deque[tuple[Certificate, ...]] = deque([(leaf,)])
        steps = 0
        while queue:
            steps += 1
            if steps > MAX_STEPS or len(self.paths) >= MAX_PATHS:
                self.capped = True
                return
            queue.extend(self.step(queue.popleft()))

    def step(self, path: tuple[Certificate, ...]) -> list[tuple[Certificate, ...]]:
        """Note the path where it ends; what it can be continued to otherwise."""
        tip = path[-1]
        anchor = self.anchors.get(tip)
        if anchor:
            self.note(path, "anchor", anchor)
            if tip.parsed.self_issued:
                return []
        passed = {_entity(certificate) for certificate in path}
        issuers = [issuer for issuer in self.issuers(tip) if _entity(issuer) not in passed]
        if issuers and len(path) >= MAX_DEPTH:
            self.capped = True
            return []
        if not issuers and not anchor:
            self.note(path, "self-signed" if signs_itself(tip) else "incomplete")
        return [(*path, issuer) for issuer in issuers]

    def note(self, path: tuple[Certificate, ...], end: End, anchor: Root | None = None) -> None:
        self.paths.append(
            Path(path, end, anchor, tuple(certificate for certificate in path[:-1] if certificate in self.unverified))
        )

    def issuers(self, child: Certificate) -> tuple[Certificate, ...]:
        """Whoever verifiably signed ``child``, the likeliest first, found out once; where nobody did, whoever has the
        issuer's name and may have signed with an algorithm that cannot be verified here."""
        if child not in self.verified:
            named = self.namesakes(child)
            if len(named) > 1:
                named.sort(key=lambda candidate: self.order(child, candidate))
            outcomes = [(issuer, self.signed(child, issuer)) for issuer in named]
            good = tuple(issuer for issuer, outcome in outcomes if outcome == "good")
            self.verified[child] = good or tuple(issuer for issuer, outcome in outcomes if outcome == "unsupported")
            if self.verified[child] and not good:
                self.unverified.add(child)
        return self.verified[child]

    def namesakes(self, child: Certificate) -> list[Certificate]:
        """Whoever has the name of the issuer, in the same bytes or in another spelling (RFC 5280, 7.1)."""
        if self.by_name is None:
            self.by_name = {}
            for subject, several in self.by_subject.items():
                self.by_name.setdefault(comparable(subject), []).extend(several)
        same = self.by_subject.get(child.parsed.issuer_der, ())
        alike = self.by_name.get(comparable(child.parsed.issuer_der), ())
        return [namesake for namesake in dict.fromkeys((*same, *alike)) if namesake != child]

    def order(self, child: Certificate, issuer: Certificate) -> tuple[bool, bool, bool, bool]:
        """Roots first, then a fitting key identifier, then an issuer that a root may have signed, then dates that
        hold: hints for the order of work, no more."""
        root = self.anchors.get(issuer)
        wanted, offered = child.parsed.authority_key_id, issuer.parsed.subject_key_id
        return (
            root is None or root.extra,
            bool(wanted and offered and wanted != offered),
            issuer.parsed.issuer_der not in self.anchor_names,
            not issuer.parsed.not_before <= self.at <= issuer.parsed.not_after,
        )

    def signed(self, child: Certificate, issuer: Certificate) -> Signed:
        if self.checks >= MAX_CHECKS:
            self.capped = True
            return "bad"
        self.checks += 1
        return signature(child, issuer)


def _entity(certificate: Certificate) -> tuple[bytes, bytes]:
    """Name and key: a path never passes the same entity twice (RFC 4158, 5.2), under whichever certificate."""
    return certificate.parsed.subject_der, certificate.parsed.key_der


@lru_cache(maxsize=1024)
def signature(child: Certificate, issuer: Certificate) -> Signed:
    """Whether the key of ``issuer`` verifies the signature of ``child``, over the bytes as they were signed.

    SHA-1 and MD5 verify here, so that a weak signature is not taken for a missing issuer.
    """
    if child.parsed.error is not None:
        return "unsupported"
    return _SIGNED[joins(child, issuer)]
