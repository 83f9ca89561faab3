"""Which of two paths is judged: what is wrong with one, its dates and its root's limits, from best to worst."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from cryptography import x509

from certready.demo.pki import Authority, Issued
from certready.model import Limits, Root
from certready.path import judge
from certready.x509.certificate import CLIENT_AUTH
from tests import pki

MOMENT = datetime(2026, 11, 21, 9, tzinfo=UTC)
DAY = timedelta(days=1)
Way = tuple[list[Issued], list[Root]]  # what is sent, and what is in the store


def limited(limits: Limits | None, **options: object) -> Callable[[Authority, Authority], Way]:
    def way(middle: Authority, root: Authority) -> Way:
        twin = pki.cross_signed(middle, root, **{"moment": MOMENT, **options})
        return [twin], [Root(pki.certificate(root), limits=limits)]

    return way


def with_options(**options: object) -> Callable[[Authority, Authority], Way]:
    def way(middle: Authority, root: Authority) -> Way:
        twin = pki.cross_signed(middle, root, **{"moment": MOMENT, **options})
        return [twin], [Root(pki.certificate(root))]

    return way


def extra(middle: Authority, root: Authority) -> Way:
    return [pki.cross_signed(middle, root, moment=MOMENT)], [Root(pki.certificate(root), extra=True)]


def self_signed(middle: Authority, root: Authority) -> Way:
    return [pki.cross_signed(middle, root, moment=MOMENT), root], []


def incomplete(middle: Authority, root: Authority) -> Way:
    return [pki.cross_signed(middle, root, moment=MOMENT)], []


BEST_FIRST: dict[str, Callable[[Authority, Authority], Way]] = {
    "sound": limited(None),
    "ended": with_options(not_before=MOMENT - 9 * DAY, not_after=MOMENT - DAY),
    "no CA": with_options(without=[x509.BasicConstraints]),
    "unclear": limited(Limits(unclear=True)),
    "unclear, no CA": limited(Limits(unclear=True), without=[x509.BasicConstraints]),
    "clients only": limited(Limits(usages=(CLIENT_AUTH,))),
    "clients only, no CA": limited(Limits(usages=(CLIENT_AUTH,)), without=[x509.BasicConstraints]),
    "nobody": limited(Limits(usages=())),
    "nobody, no CA": limited(Limits(usages=()), without=[x509.BasicConstraints]),
    "extra": extra,
    "self-signed": self_signed,
    "incomplete": incomplete,
}


@pytest.mark.parametrize("worse_first", [True, False])
@pytest.mark.parametrize(("better", "worse"), list(pairwise(BEST_FIRST)))
def test_the_better_of_two_paths_is_judged(better: str, worse: str, worse_first: bool) -> None:
    """Whichever was sent first."""
    middle = Authority.root("Base", moment=MOMENT).intermediate("Step", moment=MOMENT)
    leaf = middle.issue("a.example", not_before=MOMENT, days=90)
    names = (worse, better) if worse_first else (better, worse)
    ways = {name: BEST_FIRST[name](middle, Authority.root(name, moment=MOMENT)) for name in names}
    sent = [issued for name in names for issued in ways[name][0]]
    roots = tuple(root for name in names for root in ways[name][1])
    found = judge(pki.chain(leaf, *sent), (), roots, MOMENT)
    assert pki.certificate(ways[better][0][0]) == found.path[1]


@pytest.mark.parametrize(
    ("limits", "anchored"),
    [
        (Limits(disabled_from=MOMENT + DAY), "limited"),
        (Limits(disabled_from=MOMENT), "other"),
        (Limits(cutoff=MOMENT), "limited"),
        (Limits(cutoff=MOMENT - DAY), "other"),
    ],
)
def test_a_cut_off_is_of_the_leaf(limits: Limits, anchored: str) -> None:
    """Whether a root is cut off is decided by when the leaf was issued, whoever is between."""
    roots = {name: Authority.root(name, moment=MOMENT) for name in ("limited", "other")}
    middle = roots["limited"].intermediate("Step", moment=MOMENT + 400 * DAY)
    twin = pki.cross_signed(middle, roots["other"], moment=MOMENT)
    leaf = middle.issue("a.example", not_before=MOMENT, days=90)
    old = pki.cross_signed(middle, roots["limited"], moment=MOMENT)
    store = (Root(pki.certificate(roots["limited"]), limits=limits), Root(pki.certificate(roots["other"])))
    found = judge(pki.chain(leaf, old, twin), (), store, MOMENT)
    assert found.anchor
    assert anchored == found.anchor.certificate.parsed.label


def test_the_other_paths_to_an_anchor_are_counted() -> None:
    """Each but the one that is judged, and none that leads nowhere."""
    first, second, third = (Authority.root(name, moment=MOMENT) for name in ("One", "Two", "Three"))
    middle = first.intermediate("Step", moment=MOMENT)
    leaf = middle.issue("a.example", not_before=MOMENT, days=90)
    sent = (middle, pki.cross_signed(middle, second, moment=MOMENT), pki.cross_signed(middle, third, moment=MOMENT))
    assert [0, 0, 1, 2] == [
        judge(pki.chain(leaf, *sent), (), pki.roots(*roots), MOMENT).alternatives
        for roots in ((), (first,), (first, second), (first, second, third))
    ]
