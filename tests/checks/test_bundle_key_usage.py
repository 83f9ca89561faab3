"""What came along with the certificate, how strong its key is, and what it may be used for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509 import BasicConstraints, KeyUsage
from cryptography.x509.oid import ExtendedKeyUsageOID

from certready.bundle import load
from certready.case import Case
from certready.checks.bundle import check_bundle
from certready.checks.chain import check_chain
from certready.checks.key import check_key, weakness_of
from certready.checks.usage import check_usage
from certready.demo.pki import CLIENT, SERVER, Authority, Issued, key_usage
from certready.model import Chain, Container, Evidence, Options, Root, StoreInfo, Target
from certready.rules.model import NotApplicable, Observation
from certready.x509.certificate import Certificate
from certready.x509.key import Key

ROOT = Authority.root()
ISSUER = ROOT.intermediate()
LEAF = ISSUER.issue("mail.example.test")
STRANGER = Authority.root("Other Root").intermediate("Other Intermediate")

Check = Callable[[Evidence], Iterator[Observation | NotApplicable]]


def evidence(*chains: Chain, root: Authority = ROOT) -> Evidence:
    return Evidence(
        certready="0",
        gathered_at=datetime.now(UTC),
        target=Target("file", "gw.pem"),
        options=Options(),
        store=StoreInfo("test"),
        chains=chains,
        roots=(Root(Certificate(root.der)),),
    )


def of(*issued: Issued | bytes, container: Container = "tls") -> Chain:
    """A chain of these certificates as sent."""
    return Chain("c1", container, tuple(Certificate(one if isinstance(one, bytes) else one.der) for one in issued))


def file(*parts: bytes) -> Chain:
    return load(b"".join(parts)).chains[0]


def seen(check: Check, chain: Chain, root: Authority = ROOT) -> list[tuple[str, str, str]]:
    """(rule, variant, label of the certificate) of every observation, each checked for its form."""
    labels = {one.sha256: one.parsed.label for one in (*chain.certificates, Certificate(root.der))}
    found = []
    for observation in check(Case(evidence(chain, root=root))):
        if isinstance(observation, Observation):
            assert (observation.chain, observation.message[-1], observation.message.isascii()) == ("c1", ".", True)
            found.append((observation.rule.id, observation.variant, labels[observation.certificate or ""]))
    return found


def rules(check: Check, chain: Chain, root: Authority = ROOT) -> set[str]:
    return {"/".join(filter(None, (rule, variant))) for rule, variant, _ in seen(check, chain, root)}


@pytest.mark.parametrize("check", [check_bundle, check_key, check_usage])
def test_no_chain(check: Check) -> None:
    """Without a certificate every one of these checks says that it does not apply."""
    assert [NotApplicable("there is no certificate")] == list(check(Case(evidence())))


# -- bundle ------------------------------------------------------------------------------------------------------------


def test_a_clean_chain_on_the_wire() -> None:
    """A chain sent in order, without root and strangers, has nothing to be said about a container."""
    (only,) = check_bundle(Case(evidence(of(LEAF, ISSUER))))
    assert isinstance(only, NotApplicable)


def test_key_present() -> None:
    """A key that belongs to the leaf is said to be there."""
    assert seen(check_bundle, file(LEAF.pem, ISSUER.pem, LEAF.key_pem)) == [
        ("bundle.key-present", "", "mail.example.test")
    ]


@pytest.mark.parametrize(
    ("container", "words"), [("pem", "No private key came along"), ("der", "A DER certificate"), ("p7b", "A P7B file")]
)
def test_key_missing(container: Container, words: str) -> None:
    """No key is said, with the format's reason where it can hold none."""
    (only,) = check_bundle(Case(evidence(of(LEAF, ISSUER, container=container))))
    assert isinstance(only, Observation)
    assert (only.rule.id, only.message.startswith(words)) == ("bundle.key-missing", True)


def test_key_mismatch() -> None:
    """A key that belongs to no certificate is a mismatch, with both fingerprints as evidence."""
    chain = file(LEAF.pem, ISSUER.pem, ISSUER.issue("old.example.test").key_pem)
    (only,) = check_bundle(Case(evidence(chain)))
    assert isinstance(only, Observation)
    assert (only.rule.id, only.variant) == ("bundle.key-mismatch", "")
    assert only.evidence == {"key": chain.keys[0], "certificate_key": chain.leaf_certificate.parsed.spki_sha256}


def test_left_over_keys() -> None:
    """A second key that fits nothing, and the key of a CA, are left-overs beside the right key."""
    other = ISSUER.issue("old.example.test").key_pem
    assert rules(check_bundle, file(LEAF.pem, ISSUER.pem, LEAF.key_pem, other)) == {
        "bundle.key-present",
        "bundle.key-mismatch/stray",
    }
    assert ("bundle.ca-key", "", "Test Intermediate") in seen(
        check_bundle, file(LEAF.pem, ISSUER.pem, LEAF.key_pem, ISSUER.key_pem)
    )


def test_the_key_of_a_ca_alone() -> None:
    """A CA's key beside a leaf changes nothing: the leaf is judged, and its own key did not come along."""
    assert rules(check_bundle, file(LEAF.pem, ISSUER.pem, ISSUER.key_pem)) == {
        "bundle.ca-key",
        "bundle.key-missing/pem",
    }


@pytest.mark.parametrize(
    ("sent", "in_order"),
    [
        ((LEAF, ISSUER), True),
        ((LEAF, ISSUER, ROOT), True),
        ((LEAF,), True),
        ((LEAF, STRANGER, ISSUER), True),
        ((LEAF, ROOT, ISSUER), False),
    ],
)
def test_order(sent: tuple[Issued, ...], *, in_order: bool) -> None:
    """Order is that of the path; a stranger in between has its own finding."""
    assert in_order == ("bundle.order" not in rules(check_bundle, of(*sent)))


def test_order_in_files() -> None:
    """Order is judged in PEM, where it reaches the wire, and not in P7B, which stores a set."""
    assert "bundle.order" in rules(check_bundle, file(ISSUER.pem, LEAF.pem))
    assert "bundle.order" not in rules(
        check_bundle, Chain("c1", "p7b", file(ISSUER.pem, LEAF.pem).certificates, leaf=1)
    )


@pytest.mark.parametrize(("container", "variant"), [("tls", "wire"), ("pem", "file"), ("p7b", "file")])
def test_root_included(container: Container, variant: str) -> None:
    """A root on the wire and one in a file are told apart."""
    found = seen(check_bundle, of(LEAF, ISSUER, ROOT, container=container))
    assert ("bundle.root-included", variant, "Test Root") in found
    assert not [rule for rule, _, _ in found if rule in ("bundle.unrelated-certificate", "bundle.order")]


def test_a_self_signed_leaf_is_no_root_included() -> None:
    """The certificate that is judged is never its own stranger."""
    assert rules(check_bundle, of(ROOT)) == set()


def test_unrelated() -> None:
    """A CA that is on no path has no part in the chain; the judged ones have."""
    assert seen(check_bundle, of(LEAF, ISSUER, STRANGER)) == [
        ("bundle.unrelated-certificate", "", "Other Intermediate")
    ]


def test_sent_twice() -> None:
    """A certificate sent twice is said to be."""
    (only,) = check_bundle(Case(evidence(of(LEAF, ISSUER, ISSUER))))
    assert isinstance(only, Observation)
    assert only.message == "The certificate Test Intermediate was sent 2 times."


def test_unreadable_stranger() -> None:
    """Bytes on the wire that are no certificate are said to be unreadable, and nothing else is said of them."""
    assert [rule for rule, _, _ in seen(check_bundle, of(LEAF, ISSUER, b"junk"))] == ["bundle.unreadable"]


def test_several_leaves() -> None:
    """A second end-entity certificate is said once, and not called unrelated as well."""
    other = ISSUER.issue("other.example.test")
    assert seen(check_bundle, of(LEAF, other, ISSUER)) == [("bundle.several-leaves", "", "mail.example.test")]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("RC2-40", "3DES", "MAC SHA-1"), {"bundle.legacy-encryption"}),
        (("3DES", "MAC SHA-1"), {"bundle.legacy-encryption/weak"}),
        *(((weak,), {"bundle.legacy-encryption/weak"}) for weak in ("3DES", "2-key 3DES", "MAC SHA-1", "MAC MD5")),
        (("PBES2 AES-256-CBC", "MAC SHA-256"), {"bundle.modern-encryption"}),
        (("3DES", "MAC SHA-256"), {"bundle.legacy-encryption/weak", "bundle.modern-encryption"}),
        ((), set()),
    ],
)
def test_encryption(names: tuple[str, ...], expected: set[str]) -> None:
    """What new systems refuse, what is weak, and what old Windows refuses are told apart."""
    chain = Chain("c1", "pfx", of(LEAF, ISSUER).certificates, encryption=names)
    assert expected | {"bundle.key-missing/pfx"} == rules(check_bundle, chain)


# -- what OpenSSL and certready read otherwise, and what cannot be read -----------------------------------------------

TRUSTED_ISSUER = ISSUER.pem.replace(b" CERTIFICATE", b" TRUSTED CERTIFICATE")
BROKEN = ISSUER.pem.replace(b"MII", b"M%%", 1)


@pytest.mark.parametrize(
    ("parts", "variant"),
    [
        ((LEAF.pem, b" " + ISSUER.pem), ""),
        ((LEAF.pem, TRUSTED_ISSUER), ""),
        ((LEAF.pem, ISSUER.pem, b" " + ROOT.pem), "unused"),
        ((LEAF.pem, ISSUER.pem, b" " + STRANGER.pem), "unused"),
        ((b" " + LEAF.pem, ISSUER.pem), "refused"),
        ((LEAF.pem.replace(b"\n", b"\r"), ISSUER.pem.replace(b"\n", b"\r")), "refused"),
        ((LEAF.pem.rstrip(), ISSUER.pem), "refused"),
        ((LEAF.pem, ISSUER.pem, LEAF.key_pem), None),
    ],
)
def test_irregular_pem(parts: tuple[bytes, ...], variant: str | None) -> None:
    """Where a gateway would send less it is unknown, where it would not start or needs no more a warning."""
    said = [found for found in seen(check_bundle, file(*parts)) if found[0] == "bundle.irregular-pem"]
    assert said == ([] if variant is None else [("bundle.irregular-pem", variant, "mail.example.test")])


def test_what_cannot_be_read_beside_the_chain() -> None:
    """A certificate that cannot be read is a warning, and what is missing beside it is unknown, not missing."""
    assert rules(check_bundle, file(LEAF.pem, ISSUER.pem, BROKEN)) >= {"bundle.unreadable"}
    for chain, expected in ((file(LEAF.pem, ISSUER.pem, BROKEN), ""), (file(LEAF.pem, BROKEN), "unreadable")):
        said = [one for one in check_chain(Case(evidence(chain))) if isinstance(one, Observation) and one.chain]
        assert [one.variant for one in said] == [expected]


def test_key_that_cannot_be_opened() -> None:
    """A private key that cannot be opened is there: it is not said to be missing, and no other is said to be wrong."""
    locked = LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    other = ISSUER.issue("old.example.test").key_pem
    assert rules(check_bundle, file(LEAF.pem, ISSUER.pem, locked)) == {"bundle.key-unreadable"}
    assert rules(check_bundle, file(LEAF.pem, ISSUER.pem, locked, other)) == {
        "bundle.key-unreadable",
        "bundle.key-mismatch/stray",
    }


# -- key ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "variant"),
    [
        (Key("RSA", 2048), None),
        (Key("RSA", 4096), None),
        (Key("RSA", 2047), ""),
        (Key("RSA", 1024), ""),
        (Key("RSA", 2049), "odd-size"),
        (Key("DSA", 3072), ""),
        (Key("ECDSA", 256, "P-256"), None),
        (Key("ECDSA", 224, "secp224r1"), ""),
        (Key("Ed25519", 256), None),
        (Key("X25519", 0), "unknown"),
        (Key("unknown", 0), "unknown"),
    ],
)
def test_weakness(one: Key, variant: str | None) -> None:
    """RSA from 2048 bits in whole bytes and ECDSA from 256 bits are strong; DSA and the unknown are not."""
    found = weakness_of(one)
    assert variant == (found[0] if found else None)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rsa", {"key.strong"}),
        ("rsa1024", {"key.weak"}),
        ("ec", {"key.strong", "key.not-rsa"}),
        ("ed25519", {"key.strong", "key.not-rsa"}),
    ],
)
def test_key_of_the_leaf(kind: str, expected: set[str]) -> None:
    """The leaf's key is judged by strength and by family."""
    assert expected == rules(check_key, of(ISSUER.issue("mail.example.test", key=kind), ISSUER))


def test_dsa_leaf() -> None:
    """A DSA key in a real certificate is weak."""
    private = dsa.generate_private_key(1024)
    leaf = ISSUER.issue("mail.example.test", key=private)  # type: ignore[arg-type]
    assert rules(check_key, of(leaf, ISSUER)) == {"key.weak"}


def test_key_of_a_ca() -> None:
    """A weak key of an intermediate is said of the intermediate; the root's is not judged, in or out of the store."""
    root = Authority.root("Weak Root", key="rsa1024")
    weak = root.intermediate("Weak Intermediate", key="rsa1024")
    leaf = weak.issue("mail.example.test", key="rsa")
    expected = [("key.strong", "", "mail.example.test"), ("key.weak", "", "Weak Intermediate")]
    assert seen(check_key, of(leaf, weak), root) == expected
    assert seen(check_key, of(leaf, weak, root), ROOT) == expected


def test_unreadable_leaf() -> None:
    """A leaf that cannot be read is unknown to key and usage, and never strong."""
    assert rules(check_key, of(b"\x30\x03\x02\x01\x00")) == {"key.weak/unreadable"}
    assert rules(check_usage, of(b"\x30\x03\x02\x01\x00")) == {"usage.unreadable"}


# -- usage -------------------------------------------------------------------------------------------------------------

ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
MAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION
BOTH_MISSING = {"usage.server-auth-missing", "usage.client-auth-missing"}


@pytest.mark.parametrize(
    ("ekus", "expected"),
    [
        ((SERVER, CLIENT), {"usage.server-auth"}),
        ((SERVER,), {"usage.server-auth", "usage.client-auth-missing"}),
        ((CLIENT,), {"usage.server-auth-missing"}),
        ((MAIL,), BOTH_MISSING),
        ((ANY,), {"usage.server-auth"}),
        (None, {"usage.server-auth"}),
    ],
)
def test_extended_key_usage(ekus: tuple[object, ...] | None, expected: set[str]) -> None:
    """serverAuth and clientAuth are each there or not; no extension, or anyExtendedKeyUsage, restricts nothing."""
    leaf = ISSUER.issue("mail.example.test", ekus=ekus)  # type: ignore[arg-type]
    assert expected == rules(check_usage, of(leaf, ISSUER))


def test_client_auth_message() -> None:
    """A missing clientAuth carries the dates on which CAs end it, and says that Microsoft asks for neither."""
    found = list(check_usage(Case(evidence(of(ISSUER.issue("mail.example.test", ekus=[SERVER]))))))
    message = next(one.message for one in found if isinstance(one, Observation) and "client" in one.rule.id)
    assert [date in message for date in ("2026-02-11", "2027-03-01", "2027-03-15")] == [True] * 3
    assert "Microsoft documents no requirement either way" in message


@pytest.mark.parametrize(
    ("bits", "odd"),
    [
        (("digital_signature", "key_encipherment"), 0),
        (("digital_signature",), 0),
        (("key_encipherment",), 1),
        (("digital_signature", "key_cert_sign"), 1),
        (("key_encipherment", "key_cert_sign"), 2),
    ],
)
def test_key_usage(bits: tuple[str, ...], odd: int) -> None:
    """digitalSignature is needed, keyCertSign on a leaf is odd, a missing keyEncipherment is normal."""
    leaf = ISSUER.issue("mail.example.test", key="rsa", usage=key_usage(*bits))
    assert odd == len([rule for rule, _, _ in seen(check_usage, of(leaf, ISSUER)) if rule == "usage.key-usage"])


def test_no_key_usage_and_a_ca_as_leaf() -> None:
    """An absent key usage restricts nothing; keyCertSign on a CA is as it should be."""
    assert rules(check_usage, of(ISSUER.issue("mail.example.test", without=[KeyUsage]))) == {"usage.server-auth"}
    assert rules(check_usage, of(ISSUER)) == {"usage.server-auth"}
    assert "usage.key-usage" in rules(
        check_usage,
        of(
            ISSUER.issue(
                "a.example.test", usage=key_usage("digital_signature", "key_cert_sign"), without=[BasicConstraints]
            )
        ),
    )


def test_extensions_that_cannot_be_read() -> None:
    """Where a usage is there twice, neither of them counts, and the other usage is still judged."""
    broken = LEAF.der.replace(bytes.fromhex("0603551d25"), bytes.fromhex("0603551d0f"), 1)  # key usage twice
    assert rules(check_usage, of(broken)) == {"usage.unreadable", "usage.server-auth"}
