"""chain.*: one diagnosis for each chain, in words that can be acted upon."""

from __future__ import annotations

import pytest
from cryptography import x509

from certready.case import Case
from certready.checks.chain import check_chain
from certready.demo.pki import CLIENT, Authority
from certready.judging import judge
from certready.model import Chain, Container, Evidence, Known, StoreInfo
from certready.path import engines
from certready.rules.model import NotApplicable, Observation
from tests import pki


def observations(evidence: Evidence) -> list[Observation]:
    found = list(check_chain(Case(evidence)))
    assert all(isinstance(one, Observation) for one in found)
    return [one for one in found if isinstance(one, Observation)]


def rules(evidence: Evidence) -> list[tuple[str, str]]:
    return [(one.rule.id, one.variant) for one in observations(evidence)]


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root()


@pytest.fixture(scope="module")
def middle(root: Authority) -> Authority:
    return root.intermediate(aia_url="http://ca.example/middle.cer")


def test_trusted(root: Authority, middle: Authority) -> None:
    """A chain to a root of the store is trusted, and the root is named."""
    chain = pki.chain(middle.issue("a.example"), middle)
    (found,) = observations(pki.evidence(chain, roots=pki.roots(root)))
    assert ("chain.trusted", "", chain.leaf_certificate.sha256, "c1") == (
        found.rule.id, found.variant, found.certificate, found.chain,
    )  # fmt: skip
    assert "Test Root" in found.message


def test_other_store(root: Authority) -> None:
    """Another store than Microsoft's is said once, whatever the number of chains."""
    first, second = pki.chain(root.issue("a.example")), pki.chain(root.issue("b.example"))
    chains = (first, Chain("c2", "pem", second.certificates))
    evidence = pki.evidence(*chains, roots=pki.roots(root), store=StoreInfo("mozilla", "2026-10-18", 1))
    assert [("chain.other-store", ""), ("chain.trusted", ""), ("chain.trusted", "")] == rules(evidence)


@pytest.mark.parametrize(
    ("pointers", "expected"),
    [
        ({}, True),
        ({"crl_urls": ["ldap:///CN=x"], "ocsp_urls": []}, True),
        ({"crl_urls": ["http://pki.contoso.local/ca.crl"], "ocsp_urls": ["http://10.1.2.3/"]}, True),
        ({"crl_urls": ["http://crl.example.com/ca.crl"], "ocsp_urls": []}, False),
    ],
)
def test_missing_issuer_of_a_private_ca(pointers: dict[str, list[str]], expected: bool) -> None:
    """Where the missing issuer looks like a private CA, that Exchange Online accepts none is said at once."""
    middle = Authority.root("Private Root").intermediate()
    (found,) = observations(pki.evidence(pki.chain(middle.issue("a.example", **pointers))))  # type: ignore[arg-type]
    assert ("chain.incomplete", expected) == (found.rule.id, "accepts no certificate of a private CA" in found.message)
    assert expected is ("public CA" in (found.fix or ""))


def test_missing_issuer_that_leads_to_a_private_root(root: Authority) -> None:
    """Where what is known beside the chain leads to a root in no store, completing the chain is not advised."""
    middle = root.intermediate(crl_url="http://crl.example.com/ca.crl")
    known = [Known(pki.certificate(one), "aia", "http://a.example") for one in (middle, root)]
    (found,) = observations(pki.evidence(pki.chain(middle.issue("a.example")), known=known))
    assert ("chain.incomplete", True) == (
        found.rule.id,
        "leads to Test Root, which is in no root store" in found.message,
    )


def test_file_of_roots_with_others(root: Authority) -> None:
    """What a file of roots holds besides them is named where the store is."""
    for left_out, words in ((("mail.contoso.com",), "was left out"), (("a", "b", "c", "d"), "were left out")):
        evidence = pki.evidence(pki.chain(root.issue("a.example")), store=StoreInfo("f.pem", None, 1, left_out))
        assert words in observations(evidence)[0].message


@pytest.mark.parametrize(
    ("container", "variant", "listens"),
    [("pem", "", True), ("pfx", "", True), ("p7b", "", True), ("tls", "", False), ("der", "der", False)],
)
def test_incomplete(container: Container, variant: str, listens: bool, root: Authority, middle: Authority) -> None:
    """A missing issuer is named with its address; a file may be filled by Windows, a DER file holds just one."""
    chain = pki.chain(middle.issue("a.example"), container=container)
    (found,) = observations(pki.evidence(chain, roots=pki.roots(root)))
    assert ("chain.incomplete", variant) == (found.rule.id, found.variant)
    assert "CN=Test Intermediate" in found.message
    assert "http://ca.example/middle.cer" in found.message
    assert listens is ("listen" in found.message)
    assert ("one certificate only" in found.message) is (container == "der")


def test_incomplete_says_where_the_issuer_was_found(root: Authority, middle: Authority) -> None:
    """Where a known certificate fills the gap, it is named and so is its source."""
    known = Known(pki.certificate(middle), "aia", "http://ca.example/middle.cer")
    evidence = pki.evidence(pki.chain(middle.issue("a.example")), roots=pki.roots(root), known=[known])
    (found,) = observations(evidence)
    assert "found in http://ca.example/middle.cer" in found.message
    assert found.fix is not None
    assert "Put Test Intermediate behind a.example" in found.fix


def test_incomplete_with_a_look_alike(root: Authority, middle: Authority) -> None:
    """A certificate of the right name with another key is mentioned."""
    chain = pki.chain(middle.issue("a.example"), pki.look_alike(middle))
    (found,) = observations(pki.evidence(chain, roots=pki.roots(root)))
    assert "its key did not sign" in found.message


def test_self_signed() -> None:
    """A self-signed leaf is that and nothing else."""
    leaf = Authority.root("a.example")
    assert [("chain.self-signed", "")] == rules(pki.evidence(pki.chain(leaf)))
    assert [("chain.self-signed", "")] == rules(pki.evidence(pki.chain(leaf), roots=pki.roots(leaf, extra=True)))


def test_untrusted_root(root: Authority) -> None:
    """A private root is untrusted, whether it was sent or given as an extra root."""
    leaf = root.issue("a.example")
    assert [("chain.untrusted-root", "")] == rules(pki.evidence(pki.chain(leaf, root)))
    (found,) = observations(pki.evidence(pki.chain(leaf), roots=pki.roots(root, extra=True)))
    assert ("chain.untrusted-root", True) == (found.rule.id, "extra root" in found.message)


def test_untrusted_root_with_a_known_twin() -> None:
    """Where a known twin of the root leads to the store, it is the fix."""
    old, new = Authority.root("Old"), Authority.root("New")
    known = Known(pki.certificate(pki.cross_signed(new, old)), "intermediate-file", "twin.pem")
    evidence = pki.evidence(pki.chain(new.issue("a.example"), new), roots=pki.roots(old), known=[known])
    (found,) = observations(evidence)
    assert ("chain.untrusted-root", True) == (found.rule.id, "Send New" in str(found.fix))


def test_invalid_has_a_finding_for_each_problem(root: Authority) -> None:
    """Each problem is a finding about its certificate, also under an extra root."""
    shop = root.issue("shop.example")
    chain = pki.chain(pki.issued_by_leaf(shop, "bank.example"), shop)
    expected = [("chain.invalid", ""), ("chain.invalid", "")]
    assert expected == rules(pki.evidence(chain, roots=pki.roots(root)))
    extra = pki.evidence(chain, roots=pki.roots(root, extra=True))
    assert [("chain.untrusted-root", ""), *expected] == rules(extra)
    assert {pki.certificate(shop).sha256} == {one.certificate for one in observations(extra)[1:]}


def test_problems_of_an_incomplete_chain_are_mentioned(root: Authority) -> None:
    """What is wrong with the part that is there stands in the one finding."""
    middle = root.intermediate(key="rsa1024")
    (found,) = observations(pki.evidence(pki.chain(middle.issue("a.example"), middle)))
    assert ("chain.incomplete", True) == (found.rule.id, "1024 bits" in found.message)


def test_weak_signature_has_its_own_rule() -> None:
    """SHA-1 below the root is chain.weak-signature, wherever the chain leads, and never beside chain.trusted."""
    root = Authority.root(key="rsa")
    chain = pki.chain(pki.weakly_signed(root.issue("a.example"), "sha1"))
    assert [("chain.weak-signature", "")] == rules(pki.evidence(chain, roots=pki.roots(root)))
    assert [("chain.incomplete", ""), ("chain.weak-signature", "")] == rules(pki.evidence(chain))


def test_variants_of_invalid(root: Authority) -> None:
    """A CA for clients only, and what cannot be read, can be weighed apart."""
    middle = root.intermediate(ekus=[CLIENT])
    chain = pki.chain(middle.issue("a.example"), middle)
    assert [("chain.invalid", "client-only")] == rules(pki.evidence(chain, roots=pki.roots(root)))
    broken = x509.UnrecognizedExtension(x509.oid.ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x05\x00")
    leaf = root.issue(common_name="a.example", ekus=None, extra=[(broken, False)])
    assert [("chain.invalid", "unreadable")] == rules(pki.evidence(pki.chain(leaf), roots=pki.roots(root)))
    assert [("chain.invalid", "unreadable")] == rules(pki.evidence(pki.chain(b"\x30\x00")))


def test_strict_clients(root: Authority) -> None:
    """What only strict clients refuse is trusted with a warning."""
    middle = root.intermediate(without=[x509.KeyUsage])
    evidence = pki.evidence(pki.chain(middle.issue("a.example"), middle), roots=pki.roots(root))
    assert [("chain.trusted", ""), ("chain.strict-clients-refuse", "")] == rules(evidence)


def test_refusals(root: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both engines' reasons are quoted; an engine that stumbles leaves the chain undecided."""
    evidence = [pki.evidence(pki.chain(root.issue(name)), roots=pki.roots(root)) for name in ("a.example", "b.example")]
    monkeypatch.setattr(engines, "strict", lambda path, at: ("refused", "one"))
    monkeypatch.setattr(engines, "lenient", lambda path, at: ("refused", "two"))
    (found,) = observations(evidence[0])
    assert ("chain.invalid", True) == (found.rule.id, "one; two" in found.message)
    monkeypatch.setattr(engines, "lenient", lambda path, at: ("inconclusive", "crash"))
    (found,) = observations(evidence[1])
    assert ("chain.too-complex", True) == (found.rule.id, "one; crash" in found.message)


def test_too_complex() -> None:
    """A chain that exhausts the work cap, or has too many names to compare, is undecided."""
    mesh = pki.mesh(11)
    assert [("chain.too-complex", "")] == rules(pki.evidence(pki.chain(mesh[0].issue("a.example"), *mesh)))
    root = Authority.root(extra=[pki.constrained(excluded=[f"{number}.example" for number in range(300)])])
    leaf = root.issue(*(f"host{number}.example.com" for number in range(200)))
    (found,) = observations(pki.evidence(pki.chain(leaf), roots=pki.roots(root)))
    assert ("chain.too-complex", True) == (found.rule.id, "name constraints" in found.message)


def test_a_line_longer_than_is_followed(root: Authority) -> None:
    """A chain of which every certificate is there, and more than are followed, is undecided; it is said to be longer,
    and of no issuer that it is not known."""
    line = [root]
    for number in range(12):
        line.append(line[-1].intermediate(f"Step {number}", crl_url="http://pki.example/x.crl"))
    evidence = pki.evidence(pki.chain(line[-1].issue("a.example"), *line[:0:-1]), roots=pki.roots(root))
    (found,) = observations(evidence)
    assert ("chain.too-complex", True) == (found.rule.id, "or only to paths of more than 10" in found.message)
    said = [finding.message for finding in judge(evidence).findings if finding.rule.startswith("revocation.")]
    assert ["ended before it was known who issued it" in message for message in said] == [True]


def test_fix_names_the_gap(root: Authority, middle: Authority) -> None:
    """The fix says behind which certificate the missing one belongs: the last that was sent, not always the leaf."""
    lower = middle.intermediate("Lower", crl_url="http://crl.example.com/lower.crl")
    (found,) = observations(pki.evidence(pki.chain(lower.issue("a.example"), lower), roots=pki.roots(root)))
    assert ("chain.incomplete", True) == (found.rule.id, "behind Lower wherever" in (found.fix or ""))


def test_nothing_to_judge() -> None:
    """Without a certificate there is no chain to judge; that this is no success is evidence.incomplete."""
    assert [NotApplicable("No certificate was seen.")] == list(check_chain(Case(pki.evidence())))
