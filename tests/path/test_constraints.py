"""Name constraints: whose names they bind, which names those are, and how many comparisons that takes."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from certready.demo.pki import Authority, Issued
from certready.path import constraints, lint
from certready.x509.certificate import Certificate
from tests import odd, pki

D, E = x509.DNSName, x509.RFC822Name


def path(*issued: Issued | bytes) -> tuple[Certificate, ...]:
    return tuple(pki.certificate(each) for each in issued)


def subject(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def organisation(name: str, common_name: str = "plain") -> x509.Name:
    return subject((NameOID.ORGANIZATION_NAME, name), (NameOID.COMMON_NAME, common_name))


OURS = (x509.NameConstraints([x509.DirectoryName(subject((NameOID.ORGANIZATION_NAME, "Ours")))], None), True)


def blamed(*issued: Issued | bytes) -> list[str]:
    """Whose names are not permitted."""
    found = {one.certificate for one in lint.problems(path(*issued), rooted=True) if one.kind == "name-constraints"}
    return [certificate.parsed.label for certificate in path(*issued) if certificate.sha256 in found]


def test_constraints_bind_what_is_below() -> None:
    """An issuer's constraints bind every intermediate below it, and neither itself nor whoever is above."""
    root = Authority.root(subject_name=organisation("Theirs", "Root"))
    limited = root.intermediate(subject_name=organisation("Theirs", "Limited"), extra=[OURS])
    lower = limited.intermediate(subject_name=organisation("Theirs", "Lower"))
    leaf = lower.issue("a.example", subject_name=organisation("Ours", "leaf"))
    assert ["Lower"] == blamed(leaf, lower, limited, root)
    assert [] == blamed(leaf, lower)


def test_a_self_issued_leaf_is_bound() -> None:
    """Only a self-issued intermediate goes free, never the leaf; a leaf's own constraints bind nobody."""
    root = Authority.root(subject_name=organisation("Theirs"), extra=[OURS])
    leaf = root.issue("a.example", subject_name=root.x509.subject)
    assert ["plain"] == blamed(leaf, root)
    free = Authority.root("Free")
    alone = free.intermediate(subject_name=organisation("Theirs"), extra=[OURS])
    assert [] == blamed(alone, free)


def test_the_number_of_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    """For each issuer its subtrees times the names below, those of the leaf with the CN that serves as a host: as many
    as the limit are made, and one more is said of the leaf."""
    root = Authority.root()
    limits = x509.NameConstraints([D("a.example"), D("b.example")], [D("c.example")])
    upper = root.intermediate("upper.example", extra=[(limits, True)])
    lower = upper.intermediate("lower.example", extra=[pki.constrained(excluded=["d.example"])])
    named, unnamed = lower.issue("x.a.example", "y.a.example"), lower.issue(common_name="x.a.example")
    for leaf, number in ((named, 3 * (3 + 1) + 1 * 3), (unnamed, 3 * (2 + 1) + 1 * 2)):
        whole = path(leaf, lower, upper, root)
        monkeypatch.setattr(constraints, "MAX_COMPARISONS", number)
        assert () == lint.problems(whole, rooted=True)
        monkeypatch.setattr(constraints, "MAX_COMPARISONS", number - 1)
        found = [(one.kind, one.certificate) for one in lint.problems(whole, rooted=True)]
        assert [("name-constraints-limit", whole[0].sha256)] == found


@pytest.mark.parametrize(
    ("common_name", "dns", "expected"),
    [
        ("a.example", ["b.example"], ("a.example",)),
        ("deep.a.example", ["b.example"], ("deep.a.example",)),
        ("b.example", ["b.example"], ()),
        ("c.example", ["b.example"], ()),
        ("a.example", [], ()),
        ("a.example", ["a.example", "b.example"], ()),
        ("plain", ["b.example"], ()),
    ],
)
def test_excluded_common_names(common_name: str, dns: list[str], expected: tuple[str, ...]) -> None:
    """A CN that some issuer above excludes counts as excluded where DNS names stand in its place, and it is none of
    them."""
    root = Authority.root(extra=[pki.constrained(excluded=["z.example"])])
    limited = root.intermediate(extra=[pki.constrained(excluded=["a.example", "plain"])])
    leaf = limited.issue(*dns, common_name=common_name)
    assert expected == constraints.excluded_names(path(leaf, limited, root))
    assert () == constraints.excluded_names(path(leaf, Authority.root()))


def test_what_a_ca_excludes_below_it_is_no_limit_of_its_own() -> None:
    """A CN that a CA in the leaf's place excludes for others is not excluded for it."""
    root = Authority.root()
    alternative = x509.SubjectAlternativeName([x509.DNSName("mail.contoso.com")])
    ca = root.intermediate("cn.contoso.com", extra=[pki.constrained(excluded=["cn.contoso.com"]), (alternative, False)])
    assert ("cn.contoso.com",) == pki.certificate(ca).parsed.common_names
    assert () == constraints.excluded_names(path(ca, root))


def names(issued: Issued | bytes, *, leaf: bool) -> list[x509.GeneralName]:
    return list(constraints.names(pki.certificate(issued), leaf=leaf))


def test_the_names_that_are_bound() -> None:
    """The alternative names and the subject; a CN that looks like a host in a leaf without DNS names; the subject's
    mail addresses that can be compared, where no alternative name is one."""
    root = Authority.root()
    host = root.issue(common_name="a.example")
    directory = x509.DirectoryName(host.x509.subject)
    assert [directory, D("a.example")] == names(host, leaf=True)
    assert [directory] == names(host, leaf=False)
    named = root.issue("b.example", common_name="a.example")
    assert [D("b.example"), x509.DirectoryName(named.x509.subject)] == names(named, leaf=True)
    words = root.issue(common_name="plain", san=[E("a@a.example")])
    assert [E("a@a.example"), x509.DirectoryName(words.x509.subject)] == names(words, leaf=True)
    mails = ("a@a.example", "\xfc@a.example", "b@a.example")
    mailed = root.issue(subject_name=subject(*((NameOID.EMAIL_ADDRESS, each) for each in mails)))
    bound = [E("a@a.example"), E("b@a.example")]
    assert [x509.DirectoryName(mailed.x509.subject), *bound] == names(mailed, leaf=True)


def test_a_subject_that_is_empty_or_cannot_be_read_is_no_name() -> None:
    """Nothing is compared in its place."""
    root = Authority.root()
    empty = root.issue("a.example", subject_name=x509.Name([]))
    assert [D("a.example")] == names(empty, leaf=True)
    broken = odd.changed(root.issue("a.example"), subject=odd.named(0x0C, b"\xff\xfe"))
    assert pki.certificate(broken).parsed.subject_name is None
    assert [D("a.example")] == names(broken, leaf=True)


def test_how_a_name_is_shown() -> None:
    """A directory name as RFC 4514 writes it, others as they are, and no more of one than 200 characters."""
    assert "CN=plain,O=Ours" == constraints.shown(x509.DirectoryName(organisation("Ours")))
    assert "a.example" == constraints.shown(D("a.example"))
    assert "a" * 200 == constraints.shown(D("a" * 250))
