"""What decides between paths, and what is said of the one that is judged: each by a case in which nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from certready.demo.pki import Authority, Issued
from certready.model import Limits, Root
from certready.path import Judgement, build, diagnosis, engines, judge
from tests import odd, pki
from tests.path.test_judge import ML_DSA_44, labels, policies, with_algorithm

MOMENT = datetime(2026, 11, 21, 9, tzinfo=UTC)
DAY = timedelta(days=1)
# A demand that no leaf here meets: our lint finds nothing wrong, and both engines refuse.
DEMAND: list[tuple[x509.ExtensionType, bool]] = [
    (policies("1.3.6.1.4.1.55555.1"), False),
    (x509.PolicyConstraints(0, None), False),
]
# What Windows alone understands: the strict engine is not asked.
APPLICATION_POLICIES = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("1.3.6.1.4.1.311.21.10"),
    policies("1.3.6.1.5.5.7.3.1").public_bytes(),
)


def root(name: str, **options: Any) -> Authority:
    return Authority.root(name, **{"moment": MOMENT, **options})


def below(authority: Authority, name: str = "Step", **options: Any) -> Authority:
    return authority.intermediate(name, **{"moment": MOMENT, **options})


def twin(authority: Authority, by: Authority, **options: Any) -> Authority:
    return pki.cross_signed(authority, by, **{"moment": MOMENT, **options})


def leaf_of(authority: Authority, **options: Any) -> Issued:
    return authority.issue("a.example", **{"not_before": MOMENT, "days": 90, **options})


def judged(
    leaf: Issued | bytes,
    *sent: Issued | bytes,
    roots: tuple[Root, ...] = (),
    known: tuple[Issued, ...] = (),
    at: datetime = MOMENT,
) -> Judgement:
    return judge(pki.chain(leaf, *sent), tuple(map(pki.certificate, known)), roots, at)


# -- which path -----------------------------------------------------------------------------------------------------


def test_what_engines_refuse_gives_way_to_the_next_best() -> None:
    """Where both engines refuse the best path, one of the next grade that they accept is judged."""
    first, second = root("First"), root("Second")
    middle = below(first, extra=DEMAND)
    other = twin(middle, second)
    unclear = Root(pki.certificate(second), limits=Limits(unclear=True))
    found = judged(leaf_of(middle), middle, other, roots=(*pki.roots(first), unclear))
    assert ("trusted", pki.certificate(other), ()) == (found.outcome, found.path[1], found.refusals)


def test_an_extra_root_excuses_no_refusal() -> None:
    """A path to the store that both engines refuse is judged, whatever an extra root would accept."""
    first, second = root("First"), root("Second")
    middle = below(first, extra=DEMAND)
    roots = (*pki.roots(first), *pki.roots(second, extra=True))
    found = judged(leaf_of(middle), middle, twin(middle, second), roots=roots)
    assert ("invalid", pki.certificate(middle), 2) == (found.outcome, found.path[1], len(found.refusals))


def test_paths_to_extra_roots_are_asked_about() -> None:
    """What strict clients mind is said of a path to an extra root too, and of none that ends outside every store."""
    anchor = root("Private")
    leaf = leaf_of(anchor, extra=[(APPLICATION_POLICIES, True)])
    extra, outside = judged(leaf, roots=pki.roots(anchor, extra=True)), judged(leaf, anchor)
    assert ["untrusted-root"] * 2 == [extra.outcome, outside.outcome]
    assert [True, False] == [found.strict_refusal is not None for found in (extra, outside)]


def test_engines_are_asked_about_few_paths(count: Callable[[Any, str], list[Any]]) -> None:
    """Of many equally good paths that they refuse, the engines are asked about five."""
    anchors = [root(f"Root {number}") for number in range(diagnosis.MAX_ENGINE_PATHS + 2)]
    middle = below(anchors[0], extra=DEMAND)
    twins = [twin(middle, anchor, extra=DEMAND) for anchor in anchors[1:]]
    asked = count(engines, "strict")
    found = judged(leaf_of(middle), middle, *twins, roots=pki.roots(*anchors))
    assert ("invalid", len(anchors) - 1) == (found.outcome, found.alternatives)
    assert diagnosis.MAX_ENGINE_PATHS == len({path for path, _ in asked})


def test_the_shorter_way_to_an_anchor_is_judged() -> None:
    """Of two equally good paths to anchors the one that clients take first, whichever was sent first."""
    first, second = root("First"), root("Second")
    middle = below(first)
    between = below(second, "Between")
    longer = twin(middle, between)
    for sent in ((middle, longer, between), (longer, between, middle)):
        found = judged(leaf_of(middle), *sent, roots=pki.roots(first, second))
        assert ["a.example", "Step", "First"] == labels(found.path)


def test_the_longest_way_that_leads_nowhere_is_judged() -> None:
    """It says most about what is missing."""
    absent = root("Absent")
    middle = below(root("First"))
    between = below(absent, "Between")
    longer = twin(middle, between)
    for sent in ((middle, longer, between), (longer, between, middle)):
        found = judged(leaf_of(middle), *sent)
        assert ["a.example", "Step", "Between"] == labels(found.path)
        assert found.missing
        assert "CN=Absent" in found.missing.issuer


def test_a_self_signed_end_goes_before_a_longer_way_that_leads_nowhere() -> None:
    """A chain to a root outside the store is not said to lack an issuer for a longer way that does."""
    outside = root("Outside")
    middle = below(outside)
    upper = below(root("Absent"), "Upper")
    between = below(upper, "Between")
    longer = twin(middle, between)
    for sent in ((middle, outside, longer, between, upper), (longer, between, upper, middle, outside)):
        found = judged(leaf_of(middle), *sent)
        assert ("untrusted-root", ["a.example", "Step", "Outside"]) == (found.outcome, labels(found.path))


def test_dates_count_more_than_length() -> None:
    """A longer path whose dates hold is judged instead of a short one whose dates do not."""
    first, second = root("First"), root("Second")
    ended = below(first, not_before=MOMENT - 9 * DAY, not_after=MOMENT - DAY)
    between = below(second, "Between")
    longer = twin(ended, between)
    leaf = leaf_of(ended, not_before=MOMENT - 5 * DAY)
    found = judged(leaf, ended, longer, between, roots=pki.roots(first, second))
    assert ["a.example", "Step", "Between", "Second"] == labels(found.path)


@pytest.mark.parametrize("fraction", [timedelta(), timedelta(milliseconds=500), timedelta(microseconds=1)])
def test_the_whole_last_second_counts(fraction: timedelta) -> None:
    """A certificate holds until its last second is over (RFC 5280, 4.1.2.5), so that its shorter path is judged."""
    first, second = root("First"), root("Second")
    ending = below(first, not_before=MOMENT - 9 * DAY, not_after=MOMENT)
    between = below(second, "Between")
    longer = twin(ending, between)
    leaf, roots = leaf_of(ending, not_before=MOMENT - 5 * DAY), pki.roots(first, second)
    found = judged(leaf, ending, longer, between, roots=roots, at=MOMENT + fraction)
    assert ["a.example", "Step", "First"] == labels(found.path)
    later = judged(leaf, ending, longer, between, roots=roots, at=MOMENT + timedelta(seconds=1))
    assert ["a.example", "Step", "Between", "Second"] == labels(later.path)


def test_a_rolled_over_root_is_where_a_path_ends() -> None:
    """A root of the store that its predecessor signed too ends the path: there is no other one through it."""
    old, new = root("Root"), root("Root")
    found = judged(leaf_of(new), roots=pki.roots(twin(new, old), old))
    assert ("trusted", 2, 0) == (found.outcome, len(found.path), found.alternatives)


# -- searches that were cut short -------------------------------------------------------------------------------------


MESH = pki.mesh(11, moment=MOMENT)
STORE = root("Store")


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        (MOMENT + 400 * DAY, "trusted"),  # the leaf has ended: no path could be better
        (MOMENT, "too-complex"),  # its first second; the way out begins a day later
        (MOMENT + 5 * DAY, "trusted"),
        (MOMENT + 40 * DAY, "too-complex"),
        (MOMENT + 90 * DAY, "too-complex"),  # its last
    ],
)
def test_a_way_out_of_a_mesh_whose_dates_do_not_hold(at: datetime, outcome: str) -> None:
    """It is relied on where the leaf's own dates do not hold either; otherwise there may be a better one."""
    leaf = leaf_of(MESH[0])
    way_out = twin(MESH[0], STORE, not_before=MOMENT + DAY, not_after=MOMENT + 20 * DAY)
    assert outcome == judged(leaf, *MESH, way_out, roots=pki.roots(STORE), at=at).outcome


def test_a_way_out_of_a_mesh_that_engines_refuse() -> None:
    """It is not called invalid: there may be a better one."""
    way_out = twin(MESH[0], STORE, extra=DEMAND)
    assert "too-complex" == judged(leaf_of(MESH[0]), *MESH, way_out, roots=pki.roots(STORE)).outcome


# -- what certificates that are known add -------------------------------------------------------------------------------


def test_a_known_root_beside_a_known_way_to_the_store() -> None:
    """Where known certificates lead to the store, the chain lacks an issuer, and no other root is to blame."""
    store, private = root("Store"), root("Private")
    middle = below(private)
    for known in ((private, twin(private, store)), (twin(private, store), private)):
        found = judged(leaf_of(middle), middle, known=known, roots=pki.roots(store))
        assert ("incomplete", None) == (found.outcome, found.untrusted)
        assert ["a.example", "Step", "Private", "Store"] == labels(found.repaired)


def test_a_known_certificate_that_leads_nowhere() -> None:
    """It is no root to blame."""
    private = root("Private")
    middle = below(private)
    found = judged(leaf_of(middle), middle, known=(twin(private, root("Absent")),))
    assert ("incomplete", None, None) == (found.outcome, found.repaired, found.untrusted)


def test_a_known_root_beside_a_twin_that_leads_nowhere() -> None:
    """The chain is judged with the self-signed one, whichever comes first."""
    private = root("Private")
    middle, other = below(private), twin(private, root("Absent"))
    for known in ((private, other), (other, private)):
        found = judged(leaf_of(middle), middle, known=known)
        assert ("untrusted-root", pki.certificate(private)) == (found.outcome, found.path[-1])
        assert pki.certificate(private) == found.untrusted


def test_a_known_issuer_that_may_not_issue_repairs_nothing() -> None:
    """The full path that is proposed is a sound one, or there is none."""
    store = root("Store")
    middle = below(store)
    bad = store.issue(common_name="Step", key=middle.key, not_before=MOMENT, days=90)
    assert None is judged(leaf_of(middle), known=(bad,), roots=pki.roots(store)).repaired


def test_without_known_certificates_nothing_is_said_of_their_end() -> None:
    """The root that was sent is not one that known certificates lead to."""
    private = root("Private")
    found = judged(leaf_of(private), private)
    assert ("untrusted-root", None) == (found.outcome, found.untrusted)


# -- what is missing --------------------------------------------------------------------------------------------------


def test_a_certificate_is_no_namesake_of_its_own_issuer() -> None:
    """A rolled-over root that was sent without its predecessor lacks that, and nothing of the name is there."""
    old, new = root("Root"), root("Root")
    found = judged(leaf_of(new), twin(new, old))
    assert found.missing
    assert ("incomplete", False) == (found.outcome, found.missing.same_name_other_key)


def test_a_circle_is_no_namesake_with_another_key() -> None:
    """Who only signs in a circle has the right key, and that is said instead."""
    ring = pki.circle(3)
    found = judge(pki.chain(ring[0].issue("a.example"), *ring), (), (), ring[0].moment)
    assert found.missing
    assert (False, True) == (found.missing.same_name_other_key, "circle" in found.missing.note)


def test_a_circle_that_cannot_be_verified() -> None:
    """Certificates of an unknown algorithm that name each other: the last one's issuer is there, and whether it signed
    is unknown, so that nothing is said of a circle; whatever stands below it on the path is named."""
    ring = pki.circle(2)
    unknown = [with_algorithm(one, ML_DSA_44) for one in ring]
    found = judge(pki.chain(ring[0].issue("a.example"), *unknown), (), (), ring[0].moment)
    assert found.missing
    assert found.missing.note == "The signature of Circle 1 uses an algorithm that cannot be verified here."
    assert not found.missing.same_name_other_key
    assert ["Circle 0"] == [
        label
        for label, certificate in zip(labels(found.path), found.path, strict=True)
        if certificate.sha256 in {problem.certificate for problem in found.problems}
    ]


def test_of_many_namesakes_few_are_tried(count: Callable[[Any, str], list[Any]]) -> None:
    """Those of a missing issuer's name too."""
    middle = below(root("First"), "Step")
    key = root("Another").key
    sent = [root("Step", key=key, serial=number) for number in range(1, build.MAX_CHECKS + 12)]
    tried = count(build, "signature")
    found = judged(leaf_of(middle), *sent)
    assert found.missing
    assert found.missing.same_name_other_key
    assert len(tried) <= 2 * build.MAX_CHECKS


# -- what else is said -------------------------------------------------------------------------------------------------


def test_an_anchors_own_signature_is_not_judged() -> None:
    """However weak it is, also where the leaf is an ordinary one; of a leaf that signed itself neither."""
    anchor = root("Old Root", key="rsa")
    found = judged(leaf_of(anchor), roots=pki.roots(pki.weakly_signed(anchor, "sha1")))
    assert ("trusted", ()) == (found.outcome, found.problems)
    alone = root("a.example", key="rsa", without=[x509.BasicConstraints, x509.KeyUsage])
    found = judged(pki.weakly_signed(alone, "sha1"))
    assert ("self-signed", ()) == (found.outcome, found.problems)


def test_what_cannot_be_read_has_no_alternatives() -> None:
    """Nothing is known of other paths."""
    assert 0 == judged(b"\x30\x03\x02\x01\x00").alternatives


def test_an_unread_extension_that_both_engines_pass_over() -> None:
    """It decides nothing where the engines accept the path."""
    anchor = root("Root")
    leaf = odd.with_extension(leaf_of(anchor), odd.CDP, b"\x30\x05\x00")
    found = judged(leaf, roots=pki.roots(anchor))
    assert "trusted" == found.outcome


def test_constraints_bind_those_below() -> None:
    """A CA in the leaf's place is not held against the constraints that it makes itself."""
    anchor = root("Root")
    ca = below(anchor, "ca.example", extra=[pki.constrained(permitted=["other.example"])])
    found = judged(ca, roots=pki.roots(anchor))
    assert ["leaf-is-ca"] == [problem.kind for problem in found.problems]


def test_a_signature_with_bits_left_over_joins_nothing() -> None:
    """A signature is whole bytes; one whose last bits are said not to count is not the one that was made."""
    anchor = root("Root")
    leaf = next(leaf for leaf in iter(lambda: leaf_of(anchor), None) if not leaf.der[-1] & 1)
    signature = leaf.x509.signature
    der = leaf.der.replace(b"\0" + signature, b"\1" + signature)
    assert "trusted" == judged(leaf, roots=pki.roots(anchor)).outcome
    assert "incomplete" == judged(der, roots=pki.roots(anchor)).outcome
