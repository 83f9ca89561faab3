"""The limits on the search for paths, each at its edge, and the order that it looks in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from certready.demo.pki import Authority, Issued
from certready.model import Root
from certready.path import build
from certready.x509.certificate import Certificate
from tests import odd, pki

MOMENT = datetime(2026, 11, 21, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def found(leaf: Issued | bytes, *sent: Issued | bytes, roots: tuple[Issued, ...] = ()) -> tuple[list[int], bool]:
    """How long each path is, and whether a limit was met."""
    pool = [pki.certificate(each) for each in (leaf, *sent)]
    search = build.search(pool[0], pool, pki.roots(*roots), MOMENT)
    return [len(path.certificates) for path in search.paths], search.capped


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root(moment=MOMENT)


@pytest.fixture(scope="module")
def stranger() -> Authority:
    """Of two keys and one name: the short way does not apply to what it issues."""
    return Authority.root("Stranger", moment=MOMENT)


def test_dates_hold_to_the_second(root: Authority) -> None:
    """A path holds from the last notBefore on until the first notAfter, both included."""
    leaf = root.issue("a.example", not_before=MOMENT, not_after=MOMENT + 9 * SECOND)
    path = build.Path((pki.certificate(leaf), pki.certificate(root)), "anchor")
    assert [False, True, True, False] == [path.holds(MOMENT + number * SECOND) for number in (-1, 0, 9, 10)]


def test_the_size_of_a_certificate(root: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate of exactly the limit is considered, as leaf and as issuer; a larger one is not."""
    middle = root.intermediate(moment=MOMENT)
    leaf = middle.issue("a.example", not_before=MOMENT, days=9)
    larger = max(len(leaf.der), len(middle.der), len(root.der))
    monkeypatch.setattr(build, "MAX_DER", larger)
    assert ([3], False) == found(leaf, middle, roots=(root,))
    padded = middle.issue(*(f"{number}.example" for number in range(90)), not_before=MOMENT, days=9)
    monkeypatch.setattr(build, "MAX_DER", len(padded.der))
    assert ([3], False) == found(padded, middle, roots=(root,))
    monkeypatch.setattr(build, "MAX_DER", len(padded.der) - 1)
    assert ([], True) == found(padded, middle, roots=(root,))
    monkeypatch.setattr(build, "MAX_DER", len(middle.der) - 1)
    small = middle.issue("a", not_before=MOMENT, days=9)
    if len(small.der) < len(middle.der):
        assert [1] == found(small, middle, roots=(root,))[0]


def test_the_depth_of_a_path(root: Authority, stranger: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path of exactly the limit is found, with one way or with several; a longer one ends the search. A path that
    ends there by itself met no limit."""
    upper = root.intermediate("Upper", moment=MOMENT)
    lower = upper.intermediate("Lower", moment=MOMENT)
    leaf = lower.issue("a.example", not_before=MOMENT, days=9)
    twin = pki.cross_signed(lower, stranger, moment=MOMENT)
    monkeypatch.setattr(build, "MAX_DEPTH", 4)
    assert ([4], False) == found(leaf, lower, upper, roots=(root,))
    assert ([3, 4], False) == found(leaf, lower, twin, upper, roots=(root, stranger))
    monkeypatch.setattr(build, "MAX_DEPTH", 3)
    assert ([], True) == found(leaf, lower, upper, roots=(root,))
    assert ([3], True) == found(leaf, lower, twin, upper, roots=(root, stranger))
    assert ([3], False) == found(leaf, lower, upper)


def test_the_number_of_signatures(root: Authority, stranger: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly as many signatures as the limit says are verified."""
    middle = root.intermediate("Step", moment=MOMENT)
    twin = pki.cross_signed(middle, stranger, moment=MOMENT)
    leaf = middle.issue("a.example", not_before=MOMENT, days=9)
    monkeypatch.setattr(build, "MAX_CHECKS", 4)
    assert ([3, 3], False) == found(leaf, middle, twin, roots=(root, stranger))
    monkeypatch.setattr(build, "MAX_CHECKS", 3)
    lengths, capped = found(leaf, middle, twin, roots=(root, stranger))
    assert capped
    assert 3 in lengths
    monkeypatch.setattr(build, "MAX_CHECKS", 1)
    assert found(leaf, middle, twin, roots=(root, stranger))[1]


def test_the_number_of_namesakes(root: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one name no more are kept than signatures could be verified, and exactly as many are no limit."""
    middle = root.intermediate("Step", moment=MOMENT)
    leaf = middle.issue("a.example", not_before=MOMENT, days=9)
    others = [root.intermediate("Step", moment=MOMENT) for _ in range(3)]
    monkeypatch.setattr(build, "MAX_CHECKS", 9)
    assert ([3], False) == found(leaf, *others, middle, roots=(root,))
    monkeypatch.setattr(build, "MAX_CHECKS", 3)
    lengths, capped = found(leaf, *others, middle, roots=(root,))
    assert ([1], True) == (lengths, capped)


@pytest.mark.parametrize(("paths", "capped"), [(2, True), (3, False)])
def test_the_number_of_paths(paths: int, capped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that has found as many paths as the limit says goes on no further."""
    roots = [Authority.root(name, moment=MOMENT) for name in ("One", "Two")]
    middle = roots[0].intermediate("Step", moment=MOMENT)
    leaf = middle.issue("a.example", not_before=MOMENT, days=9)
    twin = pki.cross_signed(middle, roots[1], moment=MOMENT)
    monkeypatch.setattr(build, "MAX_PATHS", paths)
    third = pki.cross_signed(middle, Authority.root("Three", moment=MOMENT), moment=MOMENT)
    lengths, met = found(leaf, middle, twin, third, roots=tuple(roots))
    assert met == capped
    assert len(lengths) == (2 if capped else 3)


def test_the_number_of_steps(root: Authority, stranger: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search takes exactly as many steps as the limit says."""
    middle = root.intermediate("Step", moment=MOMENT)
    twin = pki.cross_signed(middle, stranger, moment=MOMENT)
    leaf = middle.issue("a.example", not_before=MOMENT, days=9)
    monkeypatch.setattr(build, "MAX_STEPS", 5)  # the leaf, two twins, two roots
    assert ([3, 3], False) == found(leaf, middle, twin, roots=(root, stranger))
    monkeypatch.setattr(build, "MAX_STEPS", 4)
    assert ([3], True) == found(leaf, middle, twin, roots=(root, stranger))


def test_anchors_that_are_no_roots(root: Authority) -> None:
    """An intermediate in the store ends a path, once, and the way to its own issuer is found too."""
    middle = root.intermediate("Step", moment=MOMENT)
    leaf = middle.issue("a.example", not_before=MOMENT, days=9)
    assert ([2], False) == found(leaf, middle, roots=(middle,))
    assert ([2, 3], False) == found(leaf, middle, roots=(middle, root))


def test_what_cannot_be_verified(root: Authority) -> None:
    """A certificate that cannot be read is signed by nobody known, and one that cannot be read signs nothing known."""
    junk = pki.certificate(b"\x30\x00")
    leaf = pki.certificate(root.issue("a.example", not_before=MOMENT, days=9))
    assert "unsupported" == build.signature(junk, pki.certificate(root))
    assert "unsupported" == build.signature(leaf, junk)
    assert "good" == build.signature(leaf, pki.certificate(root))


def test_the_likeliest_issuer_is_tried_first(root: Authority) -> None:
    """A root of the store, then a fitting key identifier, then one that a root may have signed, then one whose dates
    hold: each issuer is put in its place by the first that it lacks."""
    middle = root.intermediate("Step", moment=MOMENT)
    child = pki.certificate(middle.issue("a.example", not_before=MOMENT, days=9))
    other = pki.certificate(root.intermediate("Step", moment=MOMENT))
    deep = pki.certificate(middle.intermediate("Deep", moment=MOMENT))
    first = pki.certificate(root.intermediate("Step", key=middle.key, not_before=MOMENT, not_after=MOMENT + SECOND))

    def order(issuer: Certificate, at: datetime = MOMENT, **anchors: bool) -> tuple[bool, ...]:
        held = {issuer: Root(issuer, **anchors)} if anchors else {}
        names = frozenset({pki.certificate(root).parsed.subject_der})
        return build._Walk(held, {}, at, names, capped=False).order(child, issuer)

    fitting = pki.certificate(middle)
    assert (True, False, False, False) == order(fitting)
    assert (False, False, False, False) == order(fitting, extra=False)
    assert (True, False, False, False) == order(fitting, extra=True)
    assert (True, True, False, False) == order(other)
    assert order(deep)[2]
    assert [True, False, False, True] == [order(first, MOMENT + number * SECOND)[3] for number in (-1, 0, 1, 2)]
    without = pki.certificate(odd.changed(middle, version=b"", extensions=b""))
    assert without.parsed.subject_key_id is None
    assert not order(without)[1]
    unlinked = pki.certificate(odd.changed(middle.issue("a.example"), version=b"", extensions=b""))
    assert unlinked.parsed.authority_key_id is None
    walk = build._Walk({}, {}, MOMENT, frozenset(), capped=False)
    assert not walk.order(unlinked, other)[1]
