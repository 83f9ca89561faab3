"""x509.leaves: which of the certificates given are the gateway's own, whatever order they lie in."""

from __future__ import annotations

from itertools import permutations

import pytest

from certready.demo.pki import Authority, Issued
from certready.x509.certificate import Certificate
from certready.x509.leaves import groups, leaves
from tests import pki

ROOT = Authority.root()
MIDDLE = ROOT.intermediate("Middle")
OTHER_MIDDLE = ROOT.intermediate("Other Middle")
ONE, TWO = MIDDLE.issue("one.example"), MIDDLE.issue("two.example")
OTHER = OTHER_MIDDLE.issue("other.example")
BELOW = pki.issued_by_leaf(ONE, "below.example")


def made(*issued: Issued) -> tuple[Certificate, ...]:
    return tuple(map(pki.certificate, issued))


def labels(certificates: tuple[Certificate, ...]) -> list[str]:
    return [one.parsed.label for one in certificates]


def key_of(issued: Issued) -> str:
    return pki.certificate(issued).parsed.spki_sha256


@pytest.mark.parametrize("order", list(permutations((ONE, TWO, MIDDLE))))
def test_every_leaf_is_judged_in_any_order(order: tuple[Issued, ...]) -> None:
    """Each end-entity certificate begins a chain of its own, without the other one in it."""
    found = groups(made(*order), ())
    assert {"one.example", "two.example"} == {one.certificates[one.leaf].parsed.label for one in found}
    assert all({"Middle"} < set(labels(one.certificates)) and 2 == len(one.certificates) for one in found)


def test_a_private_key_chooses() -> None:
    """With a key only its leaf is judged, and the others stay beside it to be named."""
    (found,) = groups(made(ONE, TWO, MIDDLE), (key_of(TWO),))
    assert ("two.example", ["one.example", "two.example", "Middle"]) == (
        found.certificates[found.leaf].parsed.label,
        labels(found.certificates),
    )


def test_each_of_two_keys_goes_with_its_leaf() -> None:
    """Two leaves with their keys are two chains, and neither is given the key of the other."""
    found = groups(made(ONE, TWO, MIDDLE), (key_of(ONE), key_of(TWO)))
    assert [((key_of(ONE),), ["one.example", "Middle"]), ((key_of(TWO),), ["two.example", "Middle"])] == [
        (one.keys, labels(one.certificates)) for one in found
    ]


def test_the_key_of_a_ca_chooses_nothing() -> None:
    """A CA's private key beside a leaf leaves the leaf the one that is judged."""
    (found,) = groups(made(MIDDLE, ONE), (key_of(MIDDLE),))
    assert "one.example" == found.certificates[found.leaf].parsed.label


def test_an_issuer_without_the_flag_belongs_to_the_chain() -> None:
    """Whose key signed another of them is that one's issuer, CA flag or not."""
    assert ["below.example"] == labels(leaves(made(ONE, BELOW)))
    assert ["below.example"] == labels(leaves(made(BELOW, ONE, MIDDLE)))


def test_a_foreign_intermediate_goes_with_its_own_leaf() -> None:
    """Of two chains in one input neither is said to hold the other's intermediate."""
    found = groups(made(ONE, MIDDLE, OTHER, OTHER_MIDDLE), ())
    assert [["one.example", "Middle"], ["other.example", "Other Middle"]] == [labels(one.certificates) for one in found]


def test_ca_certificates_alone_are_no_leaf() -> None:
    """Root and intermediate hold no end-entity certificate; the lower one stands for them."""
    assert () == leaves(made(ROOT, MIDDLE))
    (found,) = groups(made(ROOT, MIDDLE), ())
    assert "Middle" == found.certificates[found.leaf].parsed.label


def test_grouping_what_is_grouped_changes_nothing() -> None:
    """Evidence that was grouped when it was read is judged as it was grouped."""
    for keys in ((), (key_of(ONE),), (key_of(ONE), key_of(OTHER))):
        for group in groups(made(ONE, MIDDLE, OTHER, TWO, OTHER_MIDDLE, ROOT), keys):
            assert (group,) == groups(group.certificates, group.keys)


def test_what_cannot_be_read_is_judged_only_where_nothing_else_is() -> None:
    """A certificate that cannot be read beside a leaf is none; beside a CA it may be the gateway's."""
    odd = Certificate(b"\x30\x03\x02\x01\x01")
    assert ["one.example"] == labels(leaves((odd, *made(ONE))))
    assert (odd,) == leaves((odd, *made(MIDDLE)))


def test_a_leaf_with_the_name_of_anothers_issuer_stays_in_its_chain() -> None:
    """A name alone makes no issuer: both are judged, each with itself in its chain."""
    root = Authority.root()
    first = root.intermediate().issue("mail.contoso.com")
    second = root.intermediate(subject_name=first.x509.subject).issue("mx.contoso.com")
    found = groups((Certificate(first.der), Certificate(second.der)), ())
    assert [Certificate(first.der), Certificate(second.der)] == [one.certificates[one.leaf] for one in found]
