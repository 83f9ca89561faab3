"""x509.leaves: which of the certificates given are the gateway's own, whatever order they lie in."""

from __future__ import annotations

from itertools import permutations

import pytest
from cryptography import x509

from certready.demo.pki import Authority, Issued
from certready.x509.certificate import Certificate
from certready.x509.leaves import groups, issuers, leaves
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


def named(authority: Authority, name: str, *hosts: str) -> Authority:
    """A CA below another that bears the names of hosts."""
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    return authority.intermediate(name, extra=[(names, False)])


def test_a_ca_that_bears_a_hosts_name_and_issued_nothing() -> None:
    """Some CA tools set the CA flag in every certificate: where no other is there, one with a host's name that issued none
    of the others is the gateway's own."""
    gateway, issuing = named(MIDDLE, "Gateway", "mail.contoso.com"), named(ROOT, "Issuing", "ca.contoso.com")
    assert ["Gateway"] == labels(leaves(made(ROOT, MIDDLE, gateway)))
    below = named(issuing, "Below", "mx.contoso.com")
    assert ["Below"] == labels(leaves(made(ROOT, issuing, below)))
    assert ["Gateway", "Below"] == labels(leaves(made(gateway, issuing, below)))
    odd = Certificate(b"\x30\x03\x02\x01\x01")
    assert ["Gateway"] == labels(leaves((*made(gateway), odd)))


def test_what_cannot_be_read_stays_with_every_leaf() -> None:
    """Nobody knows whose chain an unreadable certificate belongs to: it is in each, and is named there."""
    odd = Certificate(b"\x30\x03\x02\x01\x01")
    found = groups((*made(ONE, OTHER, MIDDLE), odd, *made(OTHER_MIDDLE)), ())
    assert [True, True] == [odd in group.certificates for group in found]
    one, other = (labels(tuple(each for each in group.certificates if each != odd)) for group in found)
    assert (["one.example", "Middle"], ["other.example", "Other Middle"]) == (one, other)


def test_issuers_are_looked_for_among_so_many() -> None:
    """Where telling issuers from leaves would take more than 200 signatures, what is no CA counts as a leaf: none is left
    out that might be the gateway's own."""
    signer = Authority(ONE.x509, ONE.key, ONE.issuer)
    below = [signer.issue(f"{number}.example") for number in range(3)]
    assert {"one.example"} == set(labels(tuple(issuers(made(ONE, *below)))))
    forged = [pki.broken_signature(each) for each in below]
    many = tuple(Certificate(each) for each in forged)
    found = issuers((*made(ONE), *many * 70, *made(below[0])))
    assert frozenset() == found
    assert {"one.example"} == set(labels(tuple(issuers((*made(ONE), *many * 60, *made(below[0]))))))
