"""Which of several paths is judged, where administrators send too much, too little or the wrong thing."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

from certready.demo.pki import Authority, Issued, now
from certready.path import Judgement, build, judge, lint
from certready.x509.certificate import Certificate
from tests import pki

ROOT = Authority.root("Known Root")


def judged(leaf: Issued, *sent: Issued, roots: tuple[Authority, ...] = (ROOT,)) -> list[Judgement]:
    """The judgements of every order of what was sent."""
    return [judge(pki.chain(leaf, *order), (), pki.roots(*roots), now()) for order in permutations(sent)]


def labels(path: tuple[Certificate, ...]) -> list[str]:
    return [one.parsed.label for one in path]


def holds(found: Judgement) -> bool:
    return build.Path(found.path, "anchor").holds(now())


def test_wrong_intermediate() -> None:
    """An intermediate of the right name with another key is no issuer, and is said to be of the right name."""
    right, wrong = ROOT.intermediate("Issuing CA"), ROOT.intermediate("Issuing CA")
    leaf = right.issue("a.example")
    for found in judged(leaf, wrong):
        assert found.missing is not None
        assert ("incomplete", True, ["a.example"]) == (
            found.outcome,
            found.missing.same_name_other_key,
            labels(found.path),
        )
    for found in judged(leaf, wrong, right):
        assert ("trusted", pki.certificate(right)) == (found.outcome, found.path[1])
        assert (pki.certificate(wrong).sha256,) == found.unrelated


def test_renewed_with_the_same_key() -> None:
    """Of an expired intermediate and its renewal with the same key the renewal is on the path, in any order."""
    expired = ROOT.intermediate("Issuing CA", days=10)
    renewed = pki.cross_signed(expired, ROOT)
    for found in judged(expired.issue("a.example"), expired, renewed):
        assert ("trusted", True, pki.certificate(renewed)) == (found.outcome, holds(found), found.path[1])


def test_renewed_with_another_key() -> None:
    """A renewal with another key did not sign the leaf: the expired intermediate stays on the path, and its dates show."""
    expired = ROOT.intermediate("Issuing CA", days=10)
    renewed = ROOT.intermediate("Issuing CA")
    for found in judged(expired.issue("a.example"), expired, renewed):
        assert ("trusted", False, pki.certificate(expired)) == (found.outcome, holds(found), found.path[1])
        assert (pki.certificate(renewed).sha256,) == found.unrelated


def test_expired_root_beside_its_renewal() -> None:
    """Of two roots of the store with one key the one whose dates hold is taken."""
    old = Authority.root("Old Root", days=10)
    new = Authority.root("Old Root", key=old.key)
    middle = old.intermediate("Issuing CA", not_after=now() + timedelta(days=90))
    for roots in ((old, new), (new, old)):
        for found in judged(middle.issue("a.example"), middle, roots=roots):
            assert ("trusted", True, pki.certificate(new)) == (found.outcome, holds(found), found.path[-1])


def test_leaf_used_as_ca() -> None:
    """A certificate signed with the key of an ordinary leaf is invalid, and the leaf that is no CA is to blame."""
    middle = ROOT.intermediate("Issuing CA")
    shop = middle.issue("shop.example")
    for found in judged(pki.issued_by_leaf(shop, "bank.example"), shop, middle):
        assert ("invalid", ["bank.example", "shop.example", "Issuing CA", "Known Root"]) == (
            found.outcome,
            labels(found.path),
        )
        blamed = {(problem.kind, problem.certificate) for problem in found.problems}
        assert {(kind, pki.certificate(shop).sha256) for kind in (lint.NOT_A_CA, lint.KEY_CERT_SIGN)} == blamed


def test_twins() -> None:
    """With a self-signed root outside the store beside its cross-signed twin, the twin's path is judged, in any order."""
    new = Authority.root("New Root")
    twin = pki.cross_signed(new, ROOT)
    middle = new.intermediate("Issuing CA")
    for found in judged(middle.issue("a.example"), middle, new, twin):
        assert ("trusted", ["a.example", "Issuing CA", "New Root", "Known Root"]) == (found.outcome, labels(found.path))
        assert () == found.unrelated


def test_expired_twin() -> None:
    """Where the cross-signature has expired and the new root is in the store, the new root ends the path."""
    new = Authority.root("New Root")
    twin = pki.cross_signed(new, ROOT, days=10)
    middle = new.intermediate("Issuing CA")
    for found in judged(middle.issue("a.example"), middle, twin, roots=(ROOT, new)):
        assert ("trusted", True, pki.certificate(new)) == (found.outcome, holds(found), found.path[-1])


def test_limited_twin() -> None:
    """Of two cross-signatures, one of them for other names, the one that fits is judged."""
    new = Authority.root("New Root")
    limited = pki.cross_signed(new, ROOT, extra=[pki.constrained(permitted=["elsewhere.example"])])
    free = pki.cross_signed(new, ROOT)
    middle = new.intermediate("Issuing CA")
    for found in judged(middle.issue("a.example"), middle, limited, free):
        assert ("trusted", (), pki.certificate(free)) == (found.outcome, found.problems, found.path[2])
