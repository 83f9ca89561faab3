"""Lint: every problem of a path, each tied to its certificate."""

from __future__ import annotations

import ipaddress

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certready.demo.pki import CLIENT, SERVER, Authority, Issued, key_usage
from certready.path import constraints, lint
from certready.x509.certificate import Certificate
from tests import odd, pki


def kinds(*path: Issued | bytes, rooted: bool = True) -> list[tuple[str, str]]:
    certificates = tuple(pki.certificate(one) for one in path)
    label = {one.sha256: one.parsed.label for one in certificates}
    return [(one.kind, label[one.certificate]) for one in lint.problems(certificates, rooted=rooted)]


def test_sound_path_has_no_problem() -> None:
    """A sound path has no problem."""
    root = Authority.root()
    middle = root.intermediate(path_length=0)
    assert [] == kinds(middle.issue("a.example"), middle, root)


def test_leaf_as_issuer() -> None:
    """A leaf that issued is no CA and may not sign certificates: both are said."""
    root = Authority.root()
    leaf = root.issue("shop.example")
    victim = pki.issued_by_leaf(leaf, "bank.example")
    assert [("not-a-ca", "shop.example"), ("key-cert-sign", "shop.example")] == kinds(victim, leaf, root)


def test_key_usage_of_a_ca() -> None:
    """A CA whose key usage lacks keyCertSign may not have signed; one without a key usage may."""
    root = Authority.root()
    free = root.intermediate(without=[x509.KeyUsage])
    assert [] == kinds(free.issue("a.example"), free, root)
    basic = x509.UnrecognizedExtension(x509.oid.ExtensionOID.BASIC_CONSTRAINTS, bytes.fromhex("30030101ff"))
    wrong = root.issue(
        common_name="Wrong",
        usage=key_usage("crl_sign"),
        ekus=None,
        without=[x509.BasicConstraints],
        extra=[(basic, True)],
    )
    assert [("key-cert-sign", "Wrong")] == kinds(pki.issued_by_leaf(wrong, "a.example"), wrong, root)


def test_path_length() -> None:
    """A CA that allows no CA below it has one below it; a self-issued one does not count."""
    root = Authority.root()
    upper = root.intermediate("Upper", path_length=0)
    lower = upper.intermediate("Lower")
    assert [("path-length", "Upper")] == kinds(lower.issue("a.example"), lower, upper, root)
    renewed = upper.intermediate(subject_name=upper.x509.subject)
    assert [] == kinds(renewed.issue("a.example"), renewed, upper, root)


@pytest.mark.parametrize(
    ("ekus", "expected"),
    [
        ([SERVER], []),
        ([SERVER, CLIENT], []),
        ([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], []),
        ([CLIENT], [("eku-client-only", "Test Intermediate")]),
        ([ExtendedKeyUsageOID.CODE_SIGNING], [("eku-chain", "Test Intermediate")]),
    ],
)
def test_extended_key_usage_of_a_ca(ekus: list[x509.ObjectIdentifier], expected: list[tuple[str, str]]) -> None:
    """The extended key usage of a CA limits what it may issue for."""
    root = Authority.root()
    middle = root.intermediate(ekus=ekus)
    assert expected == kinds(middle.issue("a.example"), middle, root)


@pytest.mark.parametrize("weak", ["sha1", "md5"])
def test_weak_signature_below_the_root(weak: str) -> None:
    """SHA-1 and MD5 count below the root; the root's own signature does not."""
    root = Authority.root(key="rsa")
    leaf = pki.weakly_signed(root.issue("a.example"), weak)
    old_root = pki.weakly_signed(root, weak)
    assert [("weak-signature", "a.example")] == kinds(leaf, old_root)
    assert [("weak-signature", "Test Root")] == kinds(root.issue("a.example"), old_root, rooted=False)


def test_weak_issuer_key() -> None:
    """An intermediate with an RSA key of 1024 bits is refused."""
    root = Authority.root()
    middle = root.intermediate(key="rsa1024")
    assert [("weak-key", "Test Intermediate")] == kinds(middle.issue("a.example"), middle, root)


def test_explicit_curve() -> None:
    """A key that spells out its curve is refused wherever it is, even where it is a root's."""
    root = pki.explicit_curve_root()
    assert [("explicit-curve", "Explicit Curve Root")] == kinds(root.issue("a.example"), root)


def critical(oid: str) -> tuple[x509.ExtensionType, bool]:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\x05\x00"), True


@pytest.mark.parametrize("oid", ["1.3.6.1.4.1.55555.7", "1.3.6.1.4.1.11129.2.4.3"])
def test_critical_extension(oid: str) -> None:
    """A critical extension that nobody understands, and the poison of a precertificate, refuse a certificate."""
    root = Authority.root()
    assert [("critical-extension", "a.example")] == kinds(root.issue("a.example", extra=[critical(oid)]), root)


def test_identifiers_must_not_be_critical() -> None:
    """A critical authorityInfoAccess is refused."""
    root = Authority.root()
    place = x509.UniformResourceIdentifier("http://ca.example/ca.cer")
    access = x509.AuthorityInformationAccess(
        [x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.CA_ISSUERS, place)]
    )
    assert [("critical-extension", "a.example")] == kinds(root.issue("a.example", extra=[(access, True)]), root)


def test_unreadable_extensions() -> None:
    """An extension that cannot be read is a problem where it is critical, or limits what a CA may do."""
    root = Authority.root()
    broken = x509.UnrecognizedExtension(x509.oid.ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x05\x00")
    leaves = [root.issue(common_name="a.example", ekus=None, extra=[(broken, critical)]) for critical in (False, True)]
    assert [[], [("unreadable", "a.example")]] == [kinds(leaf, root) for leaf in leaves]
    middle = root.intermediate()
    leaf = middle.issue("a.example")
    usages = odd.with_extension(middle, odd.EKU, b"\x30\x00")
    assert [("unreadable", "Test Intermediate")] == kinds(leaf, usages, root)
    key = odd.with_extension(middle, odd.AKI, b"\x30\x05\x00")
    assert [] == kinds(leaf, key, root)


def test_unreadable_names_under_constraints() -> None:
    """Names that cannot be read are a problem where an issuer above constrains names."""
    root = Authority.root()
    limited = root.intermediate(extra=[pki.constrained(permitted=["contoso.com"])])
    names = odd.EXTENSIONS["alternative names: malformed otherName beside a good one"]
    leaf = odd.with_extension(limited.issue("mail.contoso.com"), *names)
    assert [("unreadable", "mail.contoso.com")] == kinds(leaf, limited, root)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("serial", odd.tlv(0x02, b"\x00\x00\x05"), "The subject of mail.contoso.com cannot be compared"),
        ("subject", odd.named(0x0C, b"mail.c\xf6ntoso.com"), "Names of mail.contoso.com cannot be read"),
    ],
)
def test_a_subject_under_constraints(field: str, value: bytes, said: str) -> None:
    """One that cannot be read is said to be that; one that can be, of a certificate that libraries refuse for another
    part, is not: it is not compared."""
    root = Authority.root()
    limited = root.intermediate(extra=[pki.constrained(permitted=["contoso.com"])])
    leaf = odd.changed(limited.issue("mail.contoso.com"), **{field: value})
    path = tuple(map(pki.certificate, (leaf, limited, root)))
    found = [problem.message for problem in lint.problems(path, rooted=True)]
    assert [said] == [message[: len(said)] for message in found if "constrain" in message]
    other = odd.with_extension(limited.issue("mail.contoso.com"), odd.AIA, b"\x30\x05\x00")
    path = tuple(map(pki.certificate, (other, limited, root)))
    assert [] == [problem for problem in lint.problems(path, rooted=True) if "constrain" in problem.message]
    free = root.intermediate("Free")
    leaf = odd.changed(free.issue("mail.contoso.com"), **{field: value})
    path = tuple(map(pki.certificate, (leaf, free, root)))
    assert not [one for one in lint.problems(path, rooted=True) if "constrain" in one.message]


def test_ca_as_leaf() -> None:
    """A CA certificate in the leaf's place is noted; one that stands alone is not."""
    root = Authority.root()
    middle = root.intermediate()
    assert [("leaf-is-ca", "Test Intermediate")] == kinds(middle, root)
    assert [] == kinds(root)


def test_every_problem_is_listed() -> None:
    """All problems of a path are found at once."""
    root = Authority.root(key="rsa", path_length=0)
    upper = root.intermediate("Upper", key="rsa1024", ekus=[ExtendedKeyUsageOID.CODE_SIGNING])
    lower = upper.intermediate("Lower", extra=[pki.constrained(permitted=["other.example"])])
    leaf = lower.issue("a.example", extra=[critical("1.3.6.1.4.1.55555.7")])
    assert {
        ("path-length", "Test Root"),
        ("eku-chain", "Upper"),
        ("weak-key", "Upper"),
        ("critical-extension", "a.example"),
        ("name-constraints", "a.example"),
    } == set(kinds(leaf, lower, upper, root))


D, E, U = x509.DNSName, x509.RFC822Name, x509.UniformResourceIdentifier


def network(text: str) -> x509.IPAddress:
    return x509.IPAddress(ipaddress.ip_network(text))


def address(text: str) -> x509.IPAddress:
    return x509.IPAddress(ipaddress.ip_address(text))


def person(*parts: str) -> x509.DirectoryName:
    oids = (x509.NameOID.COUNTRY_NAME, x509.NameOID.ORGANIZATION_NAME, x509.NameOID.COMMON_NAME)
    return x509.DirectoryName(
        x509.Name([x509.NameAttribute(oid, part) for oid, part in zip(oids, parts, strict=False)])
    )


@pytest.mark.parametrize(
    ("name", "permitted", "excluded", "allowed"),
    [
        (D("a.example.com"), [D("example.com")], [], True),
        (D("EXAMPLE.com"), [D("example.COM")], [], True),
        (D("evilexample.com"), [D("example.com")], [], False),
        (D("a.example.com"), [D(".example.com")], [], True),
        (D("example.com"), [D(".example.com")], [], False),
        (D("example.org"), [D("example.com"), D("example.org")], [], True),
        (D("*.example.com"), [D("example.com")], [], True),
        (D("*.example.com"), [], [D("a.example.com")], False),
        (D("b.example.com"), [], [D("a.example.com")], True),
        (D("a.example.com"), [D("example.com")], [D("a.example.com")], False),
        (D("a.example.com"), [], [D("")], False),
        (D("a.example.com"), [network("192.0.2.0/24")], [], True),
        (address("192.0.2.7"), [network("192.0.2.0/24")], [], True),
        (address("198.51.100.7"), [network("192.0.2.0/24")], [], False),
        (address("2001:db8::1"), [network("192.0.2.0/24")], [], False),
        (address("2001:db8::1"), [], [network("2001:db8::/32")], False),
        (D("*.example.com"), [D("a.example.com")], [], False),
        (D("*.example.org"), [], [D("a.example.com")], True),
        (D("a.example.com."), [D("example.com")], [], True),
        (D("a.example.com"), [D("example.com.")], [], True),
        (address("192.0.2.1"), [D("example.com")], [], True),
        (E("a@example.com"), [E("a@EXAMPLE.com")], [], True),
        (E("a@EXAMPLE.com"), [E("a@example.com")], [], True),
        (E("A@example.com"), [E("a@example.com")], [], False),
        (E("a@EXAMPLE.com"), [E("example.com")], [], True),
        (E("a@example.com"), [E("EXAMPLE.com")], [], True),
        (E("a@b.EXAMPLE.com"), [E(".example.com")], [], True),
        (E("a@b.example.com"), [E(".EXAMPLE.com")], [], True),
        (U("urn:a:b"), [U("example.com")], [], False),
        (E("a@example.com"), [E("example.com")], [], True),
        (E("a@b.example.com"), [E("example.com")], [], False),
        (E("a@b.example.com"), [E(".example.com")], [], True),
        (E("a@example.com"), [E("b@example.com")], [], False),
        (E("a@example.com"), [E("example.org"), E("example.com")], [], True),
        (E("a@example.com"), [], [E("example.org"), E("example.com")], False),
        (E("a@example.com"), [], [E("example.org"), E("example.net")], True),
        (U("https://www.example.com/x"), [U(".example.com")], [], True),
        (U("https://www.example.org/x"), [U(".example.com")], [], False),
        (U("https://[broken/x"), [U(".example.com")], [], False),
        (x509.RegisteredID(x509.ObjectIdentifier("1.2.3")), [x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))], [], False),
        (x509.RegisteredID(x509.ObjectIdentifier("1.2.3")), [], [x509.RegisteredID(x509.ObjectIdentifier("1.2.4"))], False),
    ],
)  # fmt: skip
def test_name_constraints(
    name: x509.GeneralName, permitted: list[x509.GeneralName], excluded: list[x509.GeneralName], allowed: bool
) -> None:
    """A name is allowed by the constraints on its form, and by no others."""
    root = Authority.root()
    limits = x509.NameConstraints(permitted or None, excluded or None)
    middle = root.intermediate(extra=[(limits, True)])
    leaf = middle.issue(common_name="plain", san=[name])
    assert ([] if allowed else [("name-constraints", "plain")]) == kinds(leaf, middle, root)


def test_directory_name_constraints() -> None:
    """The subject is bound by a directoryName, whose values are compared without case."""
    root = Authority.root()
    limits = x509.NameConstraints([person("DE", "Contoso GmbH")], None)
    middle = root.intermediate(extra=[(limits, True)])
    inside = middle.issue("a.example", subject_name=person("DE", "CONTOSO  GmbH", "plain").value)
    outside = middle.issue("a.example", subject_name=person("DE", "Fabrikam", "plain").value)
    assert [] == kinds(inside, middle, root)
    assert [("name-constraints", "plain")] == kinds(outside, middle, root)


@pytest.mark.parametrize("name", ["192.0.2.1", "Contoso Ltd.", "mail contoso.com", "v1.2 gateway"])
def test_common_name_that_is_no_host_name(name: str) -> None:
    """A CN that is an IP address or words is no DNS name, and constraints on DNS names do not bind it."""
    root = Authority.root()
    middle = root.intermediate(extra=[pki.constrained(permitted=["contoso.com"])])
    leaf = middle.issue(common_name=name, san=[x509.IPAddress(ipaddress.ip_address("192.0.2.1"))])
    assert [] == kinds(leaf, middle, root)


MAIL = x509.NameOID.EMAIL_ADDRESS


@pytest.mark.parametrize(
    ("alternative", "allowed"),
    [
        ([], False),
        ([D("plain.example")], False),
        ([E("a@example.com")], True),
        ([D("plain.example"), E("a@example.com")], True),
        ([E("a@example.org")], False),
    ],
)
def test_a_mail_address_of_the_subject_is_bound_where_no_alternative_name_has_one(
    alternative: list[x509.GeneralName], allowed: bool
) -> None:
    """The subject's e-mail address is bound like an alternative name, but only where the alternative names hold no
    e-mail address of their own, whatever else they hold (RFC 5280, 4.2.1.10)."""
    root = Authority.root()
    middle = root.intermediate(extra=[(x509.NameConstraints([E("example.com")], None), True)])
    subject = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, "plain"), x509.NameAttribute(MAIL, "a@example.org")]
    )
    leaf = middle.issue(subject_name=subject, san=alternative)
    assert ([] if allowed else [("name-constraints", "plain")]) == kinds(leaf, middle, root)


def test_common_name_is_constrained_where_it_is_the_host() -> None:
    """A CN that serves as the host's name is bound like a DNS name."""
    root = Authority.root()
    middle = root.intermediate(extra=[pki.constrained(permitted=["contoso.com"])])
    leaf = middle.issue(common_name="mail.fabrikam.com")
    assert [("name-constraints", "mail.fabrikam.com")] == kinds(leaf, middle, root)


def test_constraints_of_the_root_bind_everything_below() -> None:
    """Constraints bind leaf and intermediates below, but not a self-issued intermediate."""
    limits = x509.NameConstraints([person("DE", "Contoso")], None)
    root = Authority.root(subject_name=person("DE", "Root").value, extra=[(limits, True)])
    renewed = root.intermediate(subject_name=root.x509.subject)
    leaf = renewed.issue("a.example", subject_name=person("DE", "Contoso", "plain").value)
    assert [] == kinds(leaf, renewed, root)


def test_many_names_are_summed_up() -> None:
    """A hundred forbidden names make one problem that shows three of them."""
    root = Authority.root()
    middle = root.intermediate(extra=[pki.constrained(permitted=["contoso.com"])])
    leaf = middle.issue(*(f"host{number}.example" for number in range(100)))
    found = lint.problems((pki.certificate(leaf), pki.certificate(middle), pki.certificate(root)), rooted=True)
    assert ["host0.example, host1.example, host2.example and 97 more."] == [
        one.message.partition("do not permit ")[2] for one in found
    ]


def test_too_many_constraints_are_not_compared() -> None:
    """Constraints and names beyond the cap are not compared, and said to be too many."""
    root = Authority.root()
    middle = root.intermediate(extra=[pki.constrained(excluded=[f"{number}.example" for number in range(300)])])
    leaf = middle.issue(*(f"host{number}.example.com" for number in range(200)))
    path: tuple[Certificate, ...] = tuple(pki.certificate(one) for one in (leaf, middle, root))
    assert constraints.comparisons(path, constraints.of(path)) > constraints.MAX_COMPARISONS
    assert ["name-constraints-limit"] == [one.kind for one in lint.problems(path, rooted=True)]
