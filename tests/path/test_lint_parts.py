"""Lint, part by part: each extension, each kind of key, roots of version 1, and the words for each."""

from __future__ import annotations

import pytest
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certready.demo.pki import Authority, Issued
from certready.path import lint
from certready.x509.extensions import Extension
from certready.x509.unreadable import Unreadable
from tests import odd, pki
from tests.path.test_lint import kinds

# -- each extension -----------------------------------------------------------------------------------------------


def encoded(oid: str) -> bytes:
    """An object identifier's content in DER."""
    return bytes(core.ObjectIdentifier(oid).contents)


@pytest.mark.parametrize(
    "oid",
    [
        *(f"2.5.29.{number}" for number in (15, 17, 18, 19, 30, 31, 32, 33, 36, 37, 54)),
        *("1.3.6.1.5.5.7.1.24", "1.3.6.1.5.5.7.48.1.5"),
    ],
)
def test_critical_extensions_that_are_understood(oid: str) -> None:
    """A critical extension of RFC 5280, a TLS feature or OCSP nocheck is none that nobody understands."""
    root = Authority.root()
    leaf = odd.with_extension(root.issue("a.example"), encoded(oid), b"\x05\x00", critical=True)
    assert "critical-extension" not in {kind for kind, _ in kinds(leaf, root)}


def messages(*path: Issued | bytes) -> list[str]:
    return [one.message for one in lint.problems(tuple(pki.certificate(each) for each in path), rooted=True)]


@pytest.mark.parametrize(
    ("oid", "said"),
    [
        ("2.5.29.14", "a.example marks subjectKeyIdentifier as critical, which is not allowed."),
        ("2.5.29.35", "a.example marks authorityKeyIdentifier as critical, which is not allowed."),
        ("1.3.6.1.5.5.7.1.1", "a.example marks authorityInfoAccess as critical, which is not allowed."),
        ("1.3.6.1.4.1.11129.2.4.3", "a.example is a precertificate, which is not for use."),
        ("1.3.6.1.4.1.55555.7", "a.example has the critical extension 1.3.6.1.4.1.55555.7, which is not understood."),
    ],
)
def test_what_is_wrong_with_a_critical_extension(oid: str, said: str) -> None:
    """Each has its own sentence."""
    root = Authority.root()
    leaf = odd.with_extension(root.issue("a.example"), encoded(oid), b"\x04\x00", critical=True)
    assert said in messages(leaf, root)


@pytest.mark.parametrize(
    ("oid", "name"),
    [
        ("2.5.29.14", "subjectKeyIdentifier"),
        ("2.5.29.15", "keyUsage"),
        ("2.5.29.17", "subjectAltName"),
        ("2.5.29.19", "basicConstraints"),
        ("2.5.29.30", "nameConstraints"),
        ("2.5.29.31", "cRLDistributionPoints"),
        ("2.5.29.32", "certificatePolicies"),
        ("2.5.29.35", "authorityKeyIdentifier"),
        ("2.5.29.37", "extKeyUsage"),
        ("1.3.6.1.5.5.7.1.1", "authorityInfoAccess"),
        ("1.3.6.1.5.5.7.1.24", "TLS feature"),
        ("2.5.29.18", "2.5.29.18"),
    ],
)
def test_an_unreadable_extension_is_called_by_its_name(oid: str, name: str) -> None:
    """By that of RFC 5280 where there is one, by its number otherwise."""
    leaf = pki.certificate(Authority.root().issue("a.example"))
    words = lint.unreadable_words(leaf, Extension(oid, False, Unreadable("it is junk")))
    assert f"The extension {name} of a.example cannot be read: it is junk." == words


LIMITS = [f"2.5.29.{number}" for number in (15, 19, 30, 36, 37)]
OF_POLICIES = [f"2.5.29.{number}" for number in (32, 54)]


@pytest.mark.parametrize("oid", [*LIMITS, *OF_POLICIES, "2.5.29.31"])
def test_what_limits_a_ca_must_be_readable(oid: str) -> None:
    """An unreadable extension is a problem where it limits what a CA may do: those of policies where policies are
    demanded. In a leaf it limits nobody."""
    root = Authority.root()
    middle = root.intermediate()
    leaf = middle.issue("a.example")
    broken = odd.with_extension(middle, encoded(oid), b"\x30\x05\x00")
    assert (("unreadable", "Test Intermediate") in kinds(leaf, broken, root)) == (oid in LIMITS)
    assert [] == kinds(odd.with_extension(leaf, encoded(oid), b"\x30\x05\x00"), middle, root)
    demands = (x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None), True)
    strict = root.intermediate("Strict", extra=[demands])
    lower = strict.intermediate("Lower")
    broken = odd.with_extension(lower, encoded(oid), b"\x30\x05\x00")
    found = kinds(lower.issue("a.example"), broken, strict, root)
    assert (("unreadable", "Lower") in found) == (oid in (*LIMITS, *OF_POLICIES))


def test_unreadable_basic_constraints_are_not_absent() -> None:
    """A CA whose basic constraints cannot be read is not said to be none."""
    root = Authority.root()
    middle = root.intermediate()
    broken = odd.with_extension(middle, odd.BASIC, b"\x30\x05\x00", critical=True)
    assert [("unreadable", "Test Intermediate")] == kinds(middle.issue("a.example"), broken, root)


APPLICATION = "1.3.6.1.4.1.311.21.10"
FOR_SERVERS, FOR_ANY, FOR_CLIENTS = (
    bytes.fromhex(digits) for digits in ("06082b06010505070301", "060a2b0601040182370a0c01", "06082b06010505070302")
)


@pytest.mark.parametrize(("usage", "fine"), [(FOR_SERVERS, True), (FOR_ANY, True), (FOR_CLIENTS, False)])
def test_application_policies_of_windows(usage: bytes, fine: bool) -> None:
    """Critical application policies that name TLS servers, or any use, are understood; what other extensions name is
    no part of them."""
    root = Authority.root()
    policies = x509.UnrecognizedExtension(x509.ObjectIdentifier(APPLICATION), usage)
    other = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.7"), FOR_SERVERS)
    leaf = root.issue("a.example", extra=[(other, False), (policies, True)])
    assert ([] if fine else [("unreadable", "a.example")]) == kinds(leaf, root)


def test_application_policies_that_are_there_twice() -> None:
    """What they name is not known, and nothing breaks."""
    root = Authority.root()
    written = odd.tlv(0x30, odd.tlv(0x30, FOR_SERVERS))
    leaf = odd.with_extension(root.issue("a.example"), encoded(APPLICATION), written, critical=True, twice=True)
    assert {("unreadable", "a.example")} == set(kinds(leaf, root))
    assert "a.example has critical application policies, and they do not name TLS servers." in messages(leaf, root)


# -- authority and keys -------------------------------------------------------------------------------------------


def of_version_1(issued: Issued) -> bytes:
    return odd.changed(issued, version=b"", extensions=b"")


def test_roots_of_version_1() -> None:
    """A root of version 1 cannot say that it is a CA; an intermediate of version 1 is none, self-issued or not, and
    neither is a root of version 3 that does not say so."""
    root = Authority.root()
    leaf = root.issue("a.example")
    assert [] == kinds(leaf, of_version_1(root))
    middle = root.intermediate("Old")
    assert [("not-a-ca", "Old")] == kinds(middle.issue("a.example"), of_version_1(middle), root)
    assert [("not-a-ca", "Old")] == kinds(middle.issue("a.example"), of_version_1(middle), rooted=False)
    renewed = root.intermediate(subject_name=root.x509.subject, key=root.key)
    assert [("not-a-ca", "Test Root")] == kinds(leaf, of_version_1(renewed), root)
    plain = Authority.root("Plain", without=[x509.BasicConstraints])
    assert [("not-a-ca", "Plain")] == kinds(plain.issue("a.example"), plain)


def test_a_ca_as_leaf_is_named() -> None:
    """The sentence names the CA that stands in the leaf's place."""
    root = Authority.root()
    assert ["Step is a CA certificate and is used as a server's or client's."] == messages(
        root.intermediate("Step"), root
    )


def test_a_path_length_of_what_is_no_ca() -> None:
    """A path length counts for a CA only."""
    root = Authority.root()
    upper = root.intermediate("Upper")
    lower = upper.intermediate("Lower")
    none = odd.with_extension(upper, odd.BASIC, bytes.fromhex("3003020100"), critical=True)
    assert "path-length" not in {kind for kind, _ in kinds(lower.issue("a.example"), lower, none, root)}


def test_keys_of_issuers() -> None:
    """An intermediate needs 2048 bits of RSA, a root 1024, and both 256 of an elliptic curve; the leaf's key is judged
    elsewhere."""
    root = Authority.root(key="rsa1024")
    assert [] == kinds(root.issue("a.example"), root)
    middle = root.intermediate(key="rsa")
    assert [] == kinds(middle.issue("a.example", key="rsa1024"), middle, root)
    renewed = root.intermediate(subject_name=root.x509.subject, key="rsa1024")
    assert [("weak-key", "Test Root")] == kinds(renewed.issue("a.example"), renewed, root)
    last = root.intermediate("Last", key="rsa1024")
    assert [("weak-key", "Last")] == kinds(last.issue("a.example"), last, rooted=False)
    least = root.intermediate("Least", key=rsa.generate_private_key(3, 2048))
    assert [] == kinds(least.issue("a.example"), least, root)
    small = root.intermediate("Small", key=ec.generate_private_key(ec.SECP224R1()))
    assert [("weak-key", "Small")] == kinds(small.issue("a.example"), small, root)


def test_an_explicit_curve_is_one_of_a_key() -> None:
    """The same bytes elsewhere in a certificate with another kind of key are no curve."""
    root = Authority.root()
    field = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.7"), lint.PRIME_FIELD)
    assert [] == kinds(root.issue("a.example", key="rsa", extra=[(field, False)]), root)


def test_weak_hashes_are_named() -> None:
    """Each weak signature below the root has its sentence, SHA-1 written as it is called."""
    root = Authority.root(key="rsa")
    leaf = root.issue("a.example")
    assert ["a.example is signed with SHA-1."] == messages(pki.weakly_signed(leaf, "sha1"), root)
    assert ["a.example is signed with MD5."] == messages(pki.weakly_signed(leaf, "md5"), root)
    middle = root.intermediate("Step", key="rsa")
    below = (pki.weakly_signed(middle.issue("a.example"), "md5"), pki.weakly_signed(middle, "md5"))
    both = [("weak-signature", "a.example"), ("weak-signature", "Step")]
    assert both == kinds(*below, root)
    assert both == kinds(*below, rooted=False)


# -- how a certificate is written ---------------------------------------------------------------------------------


def test_a_date_that_cannot_be_read_is_named() -> None:
    """Also where the extensions can."""
    root = Authority.root()
    leaf = odd.changed(root.issue("a.example"), **odd.FIELDS_OF["dates in the year 0"])
    fault = "Its notBefore cannot be read: 00000101000000Z is not a calendar date."
    assert [f"a.example is encoded in a way that not everybody reads. {fault}"] == messages(leaf, root)


def test_a_part_that_der_does_not_allow_is_named() -> None:
    """A certificate whose serial number is padded is said to be encoded in a way that not everybody reads, and why."""
    root = Authority.root()
    leaf = odd.changed(root.issue("a.example"), serial=odd.tlv(0x02, b"\x00\x00\x05"))
    reason = "Its serial number is padded, which DER does not allow."
    assert messages(leaf, root) == [f"a.example is encoded in a way that not everybody reads. {reason}"]
