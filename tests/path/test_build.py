"""Path building: edges are signatures, every path is kept, work is capped."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ed448, padding
from cryptography.hazmat.primitives.serialization import Encoding

from certready.demo.pki import Authority, Issued, now
from certready.path import build
from certready.x509.signature import signs_itself
from tests import pki


def labels(path: build.Path) -> list[str]:
    return [one.parsed.label for one in path.certificates]


def search(
    leaf: Issued | bytes, *sent: Issued | bytes, roots: tuple[Issued, ...] = (), extra: bool = False
) -> build.Search:
    return build.search(
        pki.certificate(leaf), [pki.certificate(one) for one in (leaf, *sent)], pki.roots(*roots, extra=extra), now()
    )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_order_does_not_matter(order: tuple[int, int]) -> None:
    """The order in which intermediates were sent does not change the path."""
    root = Authority.root()
    upper = root.intermediate("Upper")
    lower = upper.intermediate("Lower")
    sent = [(upper, lower)[index] for index in order]
    found = search(lower.issue("a.example"), *sent, roots=(root,))
    assert [["a.example", "Lower", "Upper", "Test Root"]] == [labels(path) for path in found.paths]


@pytest.mark.parametrize("kind", ["rsa", "ec", "p384", "ed25519"])
def test_key_kinds(kind: str) -> None:
    """A signature of every usual kind makes an edge, and the same bytes with another signature make none."""
    root = Authority.root(key=kind)
    leaf = root.issue("a.example")
    assert build.signature(pki.certificate(leaf), pki.certificate(root)) == "good"
    other = root.issue("b.example")
    forged = pki.with_signature_of(leaf, other)
    assert build.signature(pki.certificate(forged), pki.certificate(root)) == "bad"


def signed_by_hand(key: object, hashed: hashes.HashAlgorithm | None, **options: object) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "By hand")])
    moment = now()
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, moment, moment.replace(year=2040))
    return builder.sign(key, hashed, **options).public_bytes(Encoding.DER)


@pytest.mark.parametrize("kind", ["pss", "ed448", "dsa"])
def test_rare_key_kinds(kind: str) -> None:
    """RSA-PSS, Ed448 and DSA signatures verify too."""
    rsa_key = Authority.root(key="rsa").key
    der = {
        "pss": lambda: signed_by_hand(
            rsa_key, hashes.SHA256(), rsa_padding=padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        ),
        "ed448": lambda: signed_by_hand(ed448.Ed448PrivateKey.generate(), None),
        "dsa": lambda: signed_by_hand(dsa.generate_private_key(2048), hashes.SHA256()),
    }[kind]()
    assert signs_itself(pki.certificate(der))


SHA2, SHA3 = ("SHA224", "SHA384", "SHA512"), ("SHA3_224", "SHA3_256", "SHA3_384", "SHA3_512")
HASHES = [getattr(hashes, name)() for name in (*SHA2, *SHA3)]
KEYS = {kind: Authority.root(key=kind).key for kind in ("rsa", "ec")}


@pytest.mark.parametrize("hashed", HASHES, ids=lambda one: one.name)
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_hashes(kind: str, hashed: hashes.HashAlgorithm) -> None:
    """A signature over every hash that cryptography signs with makes an edge."""
    own = pki.certificate(signed_by_hand(KEYS[kind], hashed))
    assert "good" == build.signature(own, own)


@pytest.mark.parametrize("weak", ["sha1", "md5"])
def test_weak_hashes_verify(weak: str) -> None:
    """A SHA-1 or MD5 signature is an edge: weak is not missing."""
    root = Authority.root(key="rsa")
    leaf = pki.weakly_signed(root.issue("a.example"), weak)
    assert build.signature(pki.certificate(leaf), pki.certificate(root)) == "good"


def test_unknown_algorithm_is_told_apart() -> None:
    """A signature algorithm that cannot be verified is neither good nor bad."""
    root = Authority.root(key="rsa")
    leaf = pki.unknown_algorithm(root.issue("a.example"))
    assert build.signature(pki.certificate(leaf), pki.certificate(root)) == "unsupported"


def test_signature_with_unused_bits_is_bad() -> None:
    """A signature that claims unused bits is not the one that was made, though its octets are the same."""
    root = Authority.root(key="ed25519")
    while (leaf := root.issue("a.example")).x509.signature[-1] & 1:
        continue
    value = leaf.x509.signature
    odd = leaf.der.removesuffix(b"\x00" + value) + b"\x01" + value
    assert pki.certificate(odd).parsed.error is None
    assert build.signature(pki.certificate(odd), pki.certificate(root)) == "bad"
    assert ["incomplete"] == [path.end for path in search(odd, roots=(root,)).paths]


def test_usual_chain_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where names lead one way only and the strict engine accepts it, no signature is verified a second time."""
    root = Authority.root()
    middle = root.intermediate()
    monkeypatch.setattr(build, "signature", lambda child, issuer: pytest.fail("verified again"))
    found = search(middle.issue("a.example"), middle, roots=(root,))
    assert [("anchor", ["a.example", "Test Intermediate", "Test Root"])] == [
        (one.end, labels(one)) for one in found.paths
    ]


def test_look_alike_is_no_issuer() -> None:
    """A CA with the right name, issuer and serial and another key issued nothing."""
    root = Authority.root()
    real = root.intermediate()
    fake = pki.look_alike(real)
    found = search(real.issue("a.example"), fake, roots=(root,))
    assert [("incomplete", ["a.example"])] == [(path.end, labels(path)) for path in found.paths]


def test_key_identifier_is_only_a_hint() -> None:
    """A wrong authority key identifier does not hide the issuer whose key signed."""
    root = Authority.root()
    identifier = x509.AuthorityKeyIdentifier(b"wrong", None, None)
    key = Authority.root().key
    builder = x509.CertificateBuilder(
        root.x509.subject, root.x509.subject, key.public_key(), 5, now(), now().replace(year=2040)
    ).add_extension(identifier, critical=False)
    child = builder.sign(root.key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert [["Test Root", "Test Root"]] == [labels(path) for path in search(child, roots=(root,)).paths]


def test_all_paths_of_cross_signed_twins() -> None:
    """Of a root and its cross-signed twin both paths are kept, and the sent root outside the store as a third."""
    old, new = Authority.root("Old"), Authority.root("New")
    twin = pki.cross_signed(new, old)
    middle = new.intermediate("Middle")
    found = search(middle.issue("a.example"), middle, twin, new, roots=(old,))
    assert {
        ("self-signed", ("a.example", "Middle", "New")),
        ("anchor", ("a.example", "Middle", "New", "Old")),
    } == {(path.end, tuple(labels(path))) for path in found.paths}


def test_copy_of_a_root_on_the_wire() -> None:
    """A sent self-signed certificate with name and key of a root of the store leads to the store's."""
    root = Authority.root()
    copy = Authority.root(key=root.key, days=9000)
    found = search(root.issue("a.example"), copy, roots=(root,))
    assert pki.certificate(root) in {path.certificates[-1] for path in found.paths if path.anchor}


def test_store_beats_extra() -> None:
    """A root that is in the store and given as extra counts as the store's."""
    root = Authority.root()
    both = (*pki.roots(root, extra=True), *pki.roots(root))
    leaf = pki.certificate(root.issue("a.example"))
    assert [False] == [path.anchor.extra for path in build.search(leaf, [leaf], both, now()).paths if path.anchor]


def test_duplicates_are_one() -> None:
    """A certificate sent twice is one certificate."""
    root = Authority.root()
    middle = root.intermediate()
    found = search(middle.issue("a.example"), middle, middle, roots=(root,))
    assert len(found.paths) == 1


def test_circle_ends() -> None:
    """CAs that sign each other in a circle end the walk without a cap."""
    ring = pki.circle(3)
    found = search(ring[0].issue("a.example"), *ring)
    assert (["incomplete"], False) == ([path.end for path in found.paths], found.capped)


def test_mesh_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred CAs of one name that all sign each other cost no more signature checks than the cap allows."""
    checked: list[object] = []
    real = build.signature
    monkeypatch.setattr(build, "signature", lambda child, issuer: checked.append(child) or real(child, issuer))
    mesh = pki.mesh(11)
    found = search(mesh[0].issue("a.example"), *mesh)
    assert len(mesh) >= 100
    assert found.capped
    assert len(checked) <= build.MAX_CHECKS + build.MAX_PATHS


def test_depth_is_capped() -> None:
    """Ten certificates make a path, eleven are not followed."""
    root = Authority.root()
    steps = [root]
    for number in range(9):
        steps.append(steps[-1].intermediate(f"Step {number}"))
    allowed = search(steps[8].issue("a.example"), *steps[1:9], roots=(root,))
    assert (["anchor"], False) == ([path.end for path in allowed.paths], allowed.capped)
    refused = search(steps[9].issue("a.example"), *steps[1:10], roots=(root,))
    assert ([], True) == (list(refused.paths), refused.capped)


def test_paths_are_capped() -> None:
    """Fifty paths are kept of the more that many renewals of two CAs make."""
    root = Authority.root()
    upper, lower = root.intermediate("Upper"), Authority.root("Lower")
    uppers = [pki.cross_signed(upper, root) for _ in range(8)]
    lowers = [pki.cross_signed(lower, upper) for _ in range(8)]
    found = search(lower.issue("a.example"), *uppers, *lowers, roots=(root,))
    assert (build.MAX_PATHS, True) == (len(found.paths), found.capped)


def test_huge_certificate_is_not_followed() -> None:
    """A certificate of more than 256 KiB is no issuer and no leaf."""
    root = Authority.root()
    padded = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x04\x00" + bytes(300_000))
    huge = root.intermediate(extra=[(padded, False)])
    assert ["incomplete"] == [path.end for path in search(huge.issue("a.example"), huge, roots=(root,)).paths]
    assert search(root.issue("a.example", extra=[(padded, False)]), roots=(root,)).capped


def test_namesakes_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more CAs of one name than could be tried some are left out, which is said."""
    monkeypatch.setattr(build, "MAX_CHECKS", 3)
    root = Authority.root()
    found = search(root.issue("a.example"), *(Authority.root() for _ in range(5)), roots=(root,))
    assert (["anchor"], True) == ([path.end for path in found.paths], found.capped)
