"""The judgement of a chain: which path, which outcome, and why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.case import Case
from certready.demo.pki import CLIENT, DAY, Authority, Issued, now
from certready.model import Chain, Known
from certready.path import Judgement, build, engines, judge, lint
from certready.x509.certificate import Certificate
from certready.x509.der import element, members
from tests import odd, pki

ML_DSA_44 = bytes.fromhex("0609608648016503040311")


def with_algorithm(issued: Issued, oid: bytes) -> bytes:
    """The certificate, naming another algorithm for its signature."""
    algorithm = odd.tlv(0x30, oid)
    tbs, _, signature = members(element(odd.changed(issued, algorithm=algorithm)))
    return odd.tlv(0x30, tbs.encoded, algorithm, signature.encoded)


def labels(path: tuple[Certificate, ...] | None) -> list[str] | None:
    return None if path is None else [one.parsed.label for one in path]


def test_trusted() -> None:
    """A complete chain under a root of the store is trusted, and its path ends in that root."""
    root = Authority.root()
    middle = root.intermediate()
    leaf = middle.issue("a.example")
    found = judge(pki.chain(leaf, middle), (), pki.roots(root), now())
    assert ("trusted", ["a.example", "Test Intermediate", "Test Root"]) == (found.outcome, labels(found.path))
    assert (pki.roots(root)[0], (), None, None) == (found.anchor, found.problems, found.missing, found.strict_refusal)


def test_leaf_is_not_always_first() -> None:
    """The chain's leaf is judged wherever it stands."""
    root = Authority.root()
    middle = root.intermediate()
    found = judge(pki.chain(middle, middle.issue("a.example"), leaf=1), (), pki.roots(root), now())
    assert ("trusted", "a.example") == (found.outcome, found.path[0].parsed.label)


def test_incomplete_names_the_issuer() -> None:
    """A chain without its intermediate is incomplete; the issuer and where to fetch it are named."""
    root = Authority.root(aia_url="http://root.example/")
    middle = root.intermediate(aia_url="http://ca.example/ca.cer")
    leaf = middle.issue("a.example")
    found = judge(pki.chain(leaf), (), pki.roots(root), now())
    assert ("incomplete", ["a.example"], None) == (found.outcome, labels(found.path), found.anchor)
    missing = found.missing
    assert missing is not None
    assert (pki.certificate(leaf).sha256, "CN=Test Intermediate,O=Example Test", ("http://ca.example/ca.cer",), False) == (
        missing.child, missing.issuer, missing.urls, missing.same_name_other_key,
    )  # fmt: skip


def test_known_certificates_repair_and_do_not_count() -> None:
    """A known intermediate yields the repaired path, and the chain stays incomplete."""
    root = Authority.root()
    middle = root.intermediate()
    found = judge(pki.chain(middle.issue("a.example")), (pki.certificate(middle),), pki.roots(root), now())
    assert ("incomplete", ["a.example"]) == (found.outcome, labels(found.path))
    assert ["a.example", "Test Intermediate", "Test Root"] == labels(found.repaired)


def test_known_certificates_do_not_repair_what_is_complete() -> None:
    """Where the sent certificates reach an anchor nothing is repaired, not even an expired issuer."""
    root = Authority.root()
    old = root.intermediate("Middle", days=19)
    renewed = pki.cross_signed(old, root)
    found = judge(pki.chain(old.issue("a.example"), old), (pki.certificate(renewed),), pki.roots(root), now())
    assert (None, pki.certificate(old)) == (found.repaired, found.path[1])


def test_right_name_with_another_key_is_missing() -> None:
    """A look-alike of the intermediate counts as nowhere, and is mentioned."""
    root = Authority.root()
    middle = root.intermediate()
    found = judge(pki.chain(middle.issue("a.example"), pki.look_alike(middle)), (), pki.roots(root), now())
    assert "incomplete" == found.outcome
    assert found.missing is not None
    assert found.missing.same_name_other_key
    assert 1 == len(found.unrelated)


def test_broken_signature_is_no_edge() -> None:
    """A leaf whose signature was exchanged has no issuer."""
    root = Authority.root()
    found = judge(pki.chain(pki.broken_signature(root.issue("a.example"))), (), pki.roots(root), now())
    assert "incomplete" == found.outcome


def test_unknown_algorithm_is_said() -> None:
    """An issuer whose signature cannot be verified here is not missing: the chain is complete, and unknown."""
    root = Authority.root()
    leaf = pki.certificate(with_algorithm(root.issue("a.example"), ML_DSA_44))
    found = judge(Chain("c1", "pem", (leaf,)), (), pki.roots(root), now())
    assert ("unreadable", None, ["unreadable"]) == (found.outcome, found.missing, [one.kind for one in found.problems])
    assert "cannot be verified here" in found.problems[0].message
    assert [leaf.parsed.label, "Test Root"] == labels(found.path)


def test_root_with_an_unknown_key() -> None:
    """A root of the store whose key nobody here can use is not missing either."""
    root = Authority.root()
    key = odd.tlv(0x30, odd.tlv(0x30, ML_DSA_44), b"\x03\x02\x00\x01")
    anchor = odd.changed(root, key=key)
    found = judge(pki.chain(root.issue("a.example")), (), pki.roots(anchor), now())
    assert ("unreadable", None) == (found.outcome, found.missing)


def test_unverifiable_signature_never_hides_a_good_one() -> None:
    """Of two issuers of a name the one whose signature verifies is the issuer."""
    root = Authority.root()
    twin = odd.changed(root, key=odd.tlv(0x30, odd.tlv(0x30, ML_DSA_44), b"\x03\x02\x00\x01"))
    found = judge(pki.chain(root.issue("a.example")), (), pki.roots(twin, root), now())
    assert ("trusted", pki.certificate(root)) == (found.outcome, found.path[-1])


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (0x13, b"Odd Issuing CA"),
        (0x14, b"Odd Issuing CA"),
        (0x0C, b"ODD issuing ca"),
        (0x0C, b" Odd  Issuing CA "),
        (0x1E, "Odd Issuing CA".encode("utf-16-be")),
    ],
)
def test_names_in_another_spelling(tag: int, text: bytes) -> None:
    """An issuer whose name is spelled otherwise in the certificate is found; only strict clients mind."""
    root = Authority.root()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Odd Issuing CA")])
    middle = root.intermediate(subject_name=name)
    leaf = odd.changed(middle.issue("a.example"), issuer=odd.named(tag, text))
    found = judge(pki.chain(leaf, middle), (), pki.roots(root), now())
    assert ("trusted", None, ()) == (found.outcome, found.missing, found.unrelated)
    assert "in other bytes than that issuer does" in (found.strict_refusal or "")


def test_other_spelling_without_the_signature() -> None:
    """A name alone joins nothing, in any spelling."""
    root = Authority.root()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Odd Issuing CA")])
    middle, other = (root.intermediate(subject_name=name) for _ in range(2))
    leaf = odd.changed(middle.issue("a.example"), issuer=odd.named(0x0C, b"odd issuing ca"))
    found = judge(pki.chain(leaf, other), (), pki.roots(root), now())
    assert ("incomplete", True) == (found.outcome, found.missing is not None and found.missing.same_name_other_key)


@pytest.mark.parametrize(("usage", "outcome"), [("1.3.6.1.5.5.7.3.1", "trusted"), ("1.3.6.1.5.5.7.3.4", "unreadable")])
def test_critical_application_policies(usage: str, outcome: str) -> None:
    """Windows understands critical application policies; where they do not name servers their weight is unknown."""
    oid = x509.ObjectIdentifier("1.3.6.1.4.1.311.21.10")
    value = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(usage), None)]).public_bytes()
    root = Authority.root()
    leaf = root.issue("a.example", extra=[(x509.UnrecognizedExtension(oid, value), True)])
    found = judge(pki.chain(leaf), (), pki.roots(root), now())
    assert (outcome, outcome == "trusted") == (found.outcome, found.strict_refusal is not None)


def test_circle_is_incomplete() -> None:
    """CAs that sign each other in a circle lead nowhere, and that is said."""
    ring = pki.circle(3)
    found = judge(pki.chain(ring[0].issue("a.example"), *ring), (), (), now())
    assert "incomplete" == found.outcome
    assert found.missing is not None
    assert "circle" in found.missing.note


def test_self_signed() -> None:
    """A leaf that signed itself is self-signed, also where it was given as an extra root."""
    leaf = Authority.root("a.example")
    for roots in ((), pki.roots(leaf, extra=True)):
        assert "self-signed" == judge(pki.chain(leaf), (), roots, now()).outcome


def test_untrusted_root() -> None:
    """A chain that ends in a self-signed certificate outside the store has an untrusted root."""
    root = Authority.root()
    found = judge(pki.chain(root.issue("a.example"), root), (), (), now())
    assert ("untrusted-root", None, ["a.example", "Test Root"]) == (found.outcome, found.anchor, labels(found.path))


def test_extra_root_completes_the_path_without_trust() -> None:
    """An extra root is reached, so that checks go on, and the root stays untrusted."""
    root = Authority.root()
    found = judge(pki.chain(root.issue("a.example")), (), pki.roots(root, extra=True), now())
    assert ("untrusted-root", pki.roots(root, extra=True)[0]) == (found.outcome, found.anchor)


def test_twin_of_a_root_outside_the_store_is_found() -> None:
    """With a sent self-signed root outside the store beside its cross-signed twin, the twin's path is taken."""
    old, new = Authority.root("Old"), Authority.root("New")
    twin = pki.cross_signed(new, old)
    middle = new.intermediate("Middle")
    for sent in ((new, twin), (twin, new)):
        found = judge(pki.chain(middle.issue("a.example"), middle, *sent), (), pki.roots(old), now())
        assert ("trusted", ["a.example", "Middle", "New", "Old"]) == (found.outcome, labels(found.path))


def test_known_twin_repairs_an_untrusted_root() -> None:
    """A known cross-signed twin of the sent root leads to the store."""
    old, new = Authority.root("Old"), Authority.root("New")
    twin = pki.certificate(pki.cross_signed(new, old))
    found = judge(pki.chain(new.issue("a.example"), new), (twin,), pki.roots(old), now())
    assert ("untrusted-root", ["a.example", "New", "Old"]) == (found.outcome, labels(found.repaired))


def test_path_whose_dates_hold_is_preferred() -> None:
    """Of an expired intermediate and its renewal the renewal is judged, in whichever order they come."""
    root = Authority.root()
    old = root.intermediate("Middle", days=19)
    renewed = pki.cross_signed(old, root)
    leaf = old.issue("a.example")
    for sent in ((old, renewed), (renewed, old)):
        found = judge(pki.chain(leaf, *sent), (), pki.roots(root), now())
        assert ("trusted", pki.certificate(renewed), 1) == (found.outcome, found.path[1], found.alternatives)


def test_clean_path_is_preferred() -> None:
    """Of a twin that is no CA and one that is, the CA is judged."""
    root = Authority.root()
    middle = root.intermediate("Middle")
    bad = root.issue(common_name="Middle", key=middle.key)
    found = judge(pki.chain(middle.issue("a.example"), bad, middle), (), pki.roots(root), now())
    assert ("trusted", pki.certificate(middle)) == (found.outcome, found.path[1])


def test_store_is_preferred_to_extra() -> None:
    """A path to the store is judged even where a shorter one leads to an extra root."""
    old, new = Authority.root("Old"), Authority.root("New")
    twin = pki.cross_signed(new, old)
    roots = (*pki.roots(new, extra=True), *pki.roots(old))
    assert "trusted" == judge(pki.chain(new.issue("a.example"), twin), (), roots, now()).outcome


def test_invalid_lists_every_problem() -> None:
    """A path over certificates that may not be there is invalid, with all its problems."""
    root = Authority.root()
    leaf = root.issue("shop.example")
    found = judge(pki.chain(pki.issued_by_leaf(leaf, "bank.example"), leaf), (), pki.roots(root), now())
    assert ("invalid", [lint.NOT_A_CA, lint.KEY_CERT_SIGN]) == (found.outcome, [one.kind for one in found.problems])


def test_weak_signature_is_not_missing() -> None:
    """A SHA-1 leaf is invalid for being weak, under a path that is complete."""
    root = Authority.root(key="rsa")
    leaf = pki.weakly_signed(root.issue("a.example"), "sha1")
    found = judge(pki.chain(leaf), (), pki.roots(root), now())
    assert ("invalid", [lint.WEAK_SIGNATURE], None) == (
        found.outcome,
        [one.kind for one in found.problems],
        found.missing,
    )


def test_weak_signature_of_a_leaf_that_is_a_root() -> None:
    """A gateway's certificate in the root store does not hide its own weak signature; a CA's does."""
    alone = Authority.root("gw.contoso.com", key="rsa", without=[x509.BasicConstraints])
    weak, ca = pki.weakly_signed(alone, "sha1"), pki.weakly_signed(Authority.root("Root", key="rsa"), "sha1")
    found = [judge(pki.chain(one), (), pki.roots(one), now()) for one in (weak, ca)]
    assert ["invalid", "trusted"] == [one.outcome for one in found]
    assert ["weak-signature"] == [problem.kind for problem in found[0].problems]


@pytest.mark.parametrize("days", [-400, 400])
def test_dates_are_no_part_of_the_outcome(days: int) -> None:
    """A sound chain outside its dates is trusted: dates are a question of their own."""
    root = Authority.root()
    middle = root.intermediate()
    at = now() + days * DAY
    assert "trusted" == judge(pki.chain(middle.issue("a.example"), middle), (), pki.roots(root), at).outcome


def test_chain_that_was_never_valid_as_a_whole() -> None:
    """Where no moment is common to all certificates lint alone decides."""
    root = Authority.root()
    middle = root.intermediate(days=5)
    leaf = middle.issue("a.example")
    assert engines.moment(tuple(pki.certificate(one) for one in (leaf, middle, root)), now()) is None
    assert "trusted" == judge(pki.chain(leaf, middle), (), pki.roots(root), now()).outcome


@pytest.mark.parametrize("leaf", ["plain", "wildcard", "client", "no-san"])
def test_names_and_usage_of_the_leaf_are_not_judged_here(leaf: str) -> None:
    """The engines judge the chain: a wildcard, a leaf for clients and one without alternative names pass."""
    root = Authority.root()
    issued = {
        "plain": lambda: root.issue("a.example"),
        "wildcard": lambda: root.issue("*.a.example"),
        "client": lambda: root.issue("a.example", ekus=[CLIENT]),
        "no-san": lambda: root.issue(common_name="a.example", ekus=None),
    }[leaf]()
    found = judge(pki.chain(issued), (), pki.roots(root), now())
    assert ("trusted", None) == (found.outcome, found.strict_refusal)


def test_strict_refusal_is_noted() -> None:
    """What cryptography refuses and certvalidator accepts is trusted, with the reason of the refusal."""
    root = Authority.root()
    middle = root.intermediate(without=[x509.KeyUsage])
    found = judge(pki.chain(middle.issue("a.example"), middle), (), pki.roots(root), now())
    assert "trusted" == found.outcome
    assert "2.5.29.15" in str(found.strict_refusal)


def test_ca_certificate_as_leaf() -> None:
    """A CA certificate as leaf is trusted, and strict clients refuse it."""
    root = Authority.root()
    found = judge(pki.chain(root.intermediate()), (), pki.roots(root), now())
    assert ("trusted", [lint.LEAF_IS_CA]) == (found.outcome, [one.kind for one in found.problems])
    assert found.strict_refusal


def test_path_that_strict_clients_accept_is_preferred() -> None:
    """Of two clean paths the one that cryptography accepts is judged."""
    root = Authority.root()
    middle = root.intermediate("Middle")
    odd = pki.cross_signed(middle, root, without=[x509.KeyUsage])
    found = judge(pki.chain(middle.issue("a.example"), odd, middle), (), pki.roots(root), now())
    assert (pki.certificate(middle), None) == (found.path[1], found.strict_refusal)


def test_refused_by_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clean path that both engines refuse is invalid with both reasons; one that stumbles leaves it open."""
    root = Authority.root()
    leaf = root.issue("a.example")
    monkeypatch.setattr(engines, "strict", lambda path, at: ("refused", "one"))
    monkeypatch.setattr(engines, "lenient", lambda path, at: ("refused", "two"))
    assert ("invalid", ("one", "two")) == outcome(judge(pki.chain(leaf), (), pki.roots(root), now()))
    monkeypatch.setattr(engines, "lenient", lambda path, at: ("inconclusive", "crash"))
    later = now() + timedelta(minutes=1)
    assert ("too-complex", ("one", "crash")) == outcome(judge(pki.chain(leaf), (), pki.roots(root), later))


def outcome(found: Judgement) -> tuple[str, tuple[str, ...]]:
    return found.outcome, found.refusals


@pytest.mark.parametrize("critical", [True, False])
@pytest.mark.parametrize(
    ("policy", "expected"), [("1.3.6.1.4.1.55555.1", "trusted"), ("1.3.6.1.4.1.55555.2", "invalid")]
)
def test_demanded_policies(policy: str, expected: str, critical: bool) -> None:
    """A CA's demand for policies is judged, critical or not: a leaf under another policy is refused."""
    root = Authority.root()
    demand = [(policies("1.3.6.1.4.1.55555.1"), False), (x509.PolicyConstraints(0, None), critical)]
    middle = root.intermediate(extra=demand)
    leaf = middle.issue("a.example", extra=[(policies(policy), False)])
    found = judge(pki.chain(leaf, middle), (), pki.roots(root), now())
    assert (expected, critical and expected == "trusted") == (found.outcome, found.strict_refusal is not None)


def policies(oid: str) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), None)])


def test_engines_really_refuse() -> None:
    """Given a path that breaks a rule, each engine refuses by itself."""
    root = Authority.root()
    shop = root.issue("shop.example")
    path = tuple(pki.certificate(one) for one in (pki.issued_by_leaf(shop, "bank.example"), shop, root))
    assert ["refused", "refused"] == [engine(path, now())[0] for engine in (engines.strict, engines.lenient)]


def test_second_engine_is_guarded() -> None:
    """The second engine is not given what is too large, and stumbling over bytes is no refusal."""
    root = Authority.root()
    padded = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x04\x00" + bytes(300_000))
    big = root.issue("a.example", extra=[(padded, False)])
    for path in ((pki.certificate(big), pki.certificate(root)), (Certificate(b"\x30\x00"), pki.certificate(root))):
        assert "inconclusive" == engines.lenient(path, now())[0]


def test_mesh_is_too_complex() -> None:
    """A hundred CAs of one name that sign each other end in too-complex."""
    mesh = pki.mesh(11)
    assert "too-complex" == judge(pki.chain(mesh[0].issue("a.example"), *mesh), (), (), now()).outcome


def test_good_path_beside_a_mesh_is_found() -> None:
    """A good path is found beside a mesh that uses up the cap."""
    mesh = pki.mesh(11)
    root = Authority.root()
    way_out = pki.cross_signed(mesh[0], root)
    found = judge(pki.chain(mesh[0].issue("a.example"), *mesh, way_out), (), pki.roots(root), now())
    assert ("trusted", ()) == (found.outcome, found.unrelated)


def test_unreadable() -> None:
    """A leaf that is no certificate is unreadable and nothing else."""
    found = judge(pki.chain(b"\x30\x03\x02\x01\x00"), (), (), now())
    assert ("unreadable", 1) == (found.outcome, len(found.path))


def test_unreadable_extensions_are_not_trusted() -> None:
    """A leaf whose extensions cannot be read is not trusted, and not called invalid either."""
    root = Authority.root()
    broken = x509.UnrecognizedExtension(x509.oid.ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x05\x00")
    leaf = root.issue(common_name="a.example", ekus=None, extra=[(broken, False)])
    assert "unreadable" == judge(pki.chain(leaf), (), pki.roots(root), now()).outcome


def test_unrelated_certificates() -> None:
    """What lies on no path is unrelated; the root that was sent along is not."""
    root, stranger = Authority.root(), Authority.root("Stranger")
    found = judge(pki.chain(root.issue("a.example"), stranger, root), (), pki.roots(root), now())
    assert (pki.certificate(stranger).sha256,) == found.unrelated


def test_last_second_counts() -> None:
    """A certificate is valid in every part of its last second."""
    root = Authority.root()
    old = root.intermediate("Middle", not_before=now() - 30 * DAY, not_after=now())
    path = build.search(pki.certificate(old.issue("a.example")), [pki.certificate(old)], pki.roots(root), now()).paths[
        0
    ]
    assert path.holds(old.x509.not_valid_after_utc)
    assert not path.holds(old.x509.not_valid_after_utc + timedelta(seconds=1))


def test_full_path() -> None:
    """The full path is the repaired one, else the path as sent."""
    root = Authority.root()
    middle = root.intermediate()
    chain = pki.chain(middle.issue("a.example"))
    known = Known(pki.certificate(middle), "aia", "http://ca.example/")
    bare = pki.evidence(chain, roots=pki.roots(root))
    repaired = pki.evidence(chain, roots=pki.roots(root), known=[known])
    assert ["a.example"] == labels(Case(bare).full_path(chain))
    assert ["a.example", "Test Intermediate", "Test Root"] == labels(Case(repaired).full_path(chain))
    assert "incomplete" == Case(repaired).judgement(chain).outcome


_OLD, _NEW = Authority.root("Old"), Authority.root("New")
_MIDDLE = _NEW.intermediate("Middle")
_SENT = (
    _MIDDLE.issue("a.example"),
    _MIDDLE,
    _NEW,
    pki.cross_signed(_NEW, _OLD),
    pki.cross_signed(_MIDDLE, _NEW, days=19),
    pki.look_alike(_MIDDLE),
    Authority.root("Stranger"),
)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(len(_SENT))))
def test_order_never_matters(order: list[int]) -> None:
    """Whatever the order of what was sent, the same path is judged with the same result."""
    chain = pki.chain(*(_SENT[index] for index in order), leaf=order.index(0))
    found = judge(chain, (), pki.roots(_OLD), now())
    assert ("trusted", [pki.certificate(one) for one in (*_SENT[:2], _SENT[3], _OLD)]) == (
        found.outcome,
        list(found.path),
    )
    assert {pki.certificate(one).sha256 for one in _SENT[5:]} == set(found.unrelated)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damaged_certificates_never_raise(data: st.DataObject) -> None:
    """A chain with a flipped byte anywhere is judged without an exception, and is never trusted."""
    leaf, middle = bytearray(_SENT[0].der), bytearray(_MIDDLE.der)
    victim = data.draw(st.sampled_from([leaf, middle]))
    position = data.draw(st.integers(0, len(victim) - 1))
    victim[position] ^= data.draw(st.integers(1, 255))
    found = judge(pki.chain(bytes(leaf), bytes(middle)), (), pki.roots(_NEW), now())
    assert found.outcome != "trusted"


def test_a_root_outside_the_store_that_was_left_out_is_untrusted_not_missing() -> None:
    """Where all that was not sent is the self-signed root, and it is known, the fault is whose root it is."""
    root = Authority.root("Private Root")
    middle = root.intermediate()
    leaf = middle.issue("a.example")
    known = (pki.certificate(root),)
    found = judge(pki.chain(leaf, middle), known, (), now())
    assert ("untrusted-root", None) == (found.outcome, found.missing)
    assert ["a.example", "Test Intermediate", "Private Root"] == labels(found.path)
    assert "incomplete" == judge(pki.chain(leaf), known, (), now()).outcome
    assert "incomplete" == judge(pki.chain(leaf), (*known, pki.certificate(middle)), (), now()).outcome
