"""Certificates with a part that cannot be read: the other parts are read, and nothing is called absent."""

from __future__ import annotations

import pytest
from cryptography import x509
from msgspec.structs import replace

from certready.demo.pki import Authority
from certready.judging import judge
from certready.model import AcceptedDomain, Connector, Options, Target
from certready.model.report import Report, Severity
from certready.render.text import render
from certready.x509 import names
from certready.x509.certificate import Parsed
from certready.x509.unreadable import Unreadable, readable
from tests import odd, pki

CRL = "http://crl.example.test/ca.crl"
pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")

ROOT = Authority.root("Odd Root", crl_url="http://crl.example.test/root.crl", ocsp_url="http://ocsp.example.test/")
CA = ROOT.intermediate(
    "Odd CA", crl_url=CRL, ocsp_url="http://ocsp.example.test/", aia_url="http://crl.example.test/ca.cer"
)
LEAF = CA.issue("mail.contoso.com", "smtp.contoso.com")
ODD = odd.odd_certificates(LEAF)
# What no report may say of a certificate that merely cannot be read.
ABSENT = (
    "no DNS name",
    "no CN",
    "the only name is",
    "names neither",
    "no extended key usage",
    "is missing",
    "holds no",
    "is no CA",
    "ParseError",
    "ASN.1",
)


def report(leaf: bytes, *above: bytes, container: str = "pem") -> Report:
    """The report on this leaf for an inbound connector that wants its name."""
    chain = pki.chain(leaf, *above, container=container)  # type: ignore[arg-type]
    given = pki.evidence(chain, roots=pki.roots(ROOT), options=Options(hostname="mail.contoso.com"))
    connector = Connector("x", "inbound", "mail.contoso.com")
    target = Target("host" if container == "tls" else "file", "test")
    domains = (AcceptedDomain("mail.contoso.com"),)
    return judge(replace(given, connectors=(connector,), accepted_domains=domains, target=target))


def sentences(found: Report) -> list[str]:
    return [one.message for one in found.findings if one.severity is not Severity.PASS]


@pytest.mark.parametrize("name", ODD)
def test_no_part_is_called_absent(name: str) -> None:
    """Nothing is called absent that is merely unreadable, no check crashes, and the chain is never ready."""
    if name == "no extension":
        return
    found = report(ODD[name], CA.der)
    assert [] == [
        (words, message) for words in ABSENT for message in sentences(found) if words.lower() in message.lower()
    ]
    assert [] == [one.rule for one in found.findings if one.rule.endswith("check-crashed")]
    assert found.verdict != "ready"


@pytest.mark.parametrize("name", odd.EXTENSIONS)
def test_the_other_extensions_are_read(name: str) -> None:
    """Each extension is decoded by itself: what another says is read all the same."""
    parsed = Parsed(ODD[name])
    oid = odd.EXTENSIONS[name][0]
    assert parsed.error is None
    assert any(isinstance(one.value, Unreadable) for one in parsed.extensions)
    if oid != odd.SAN:
        assert ("mail.contoso.com", "smtp.contoso.com") == parsed.dns_names
    if oid != odd.EKU:
        assert readable(parsed.ekus)
    if oid != odd.CDP:
        assert (CRL,) == parsed.crl_urls
    if oid != odd.BASIC:
        assert isinstance(parsed.extension(x509.BasicConstraints), x509.BasicConstraints)


def test_the_rest_of_a_list_is_read() -> None:
    """Of a list the elements that can be read are, and the others are said to be there."""
    names_beside = [parsed for name in ODD if "beside a good one" in name for parsed in [Parsed(ODD[name])]]
    assert {("mail.contoso.com",), ("mail.contoso.com", "smtp.contoso.com")} == {one.dns_names for one in names_beside}
    points = Parsed(ODD["distribution points: an empty one beside a good one"])
    assert (("http://crl.example.test/a.crl",), True) == (points.crl_urls, points.pointers_unreadable is not None)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("alternative names: junk", "names.unreadable"),
        ("alternative names: malformed otherName beside a good one", "names.unreadable"),
        ("extended key usage: junk", "usage.unreadable"),
        ("key usage: junk", "usage.unreadable"),
        ("distribution points: twice", "revocation.unreachable"),
        ("dates in the year 0", "expiry.valid"),
        ("serial number padded", "chain.invalid"),
        ("dates without seconds", "chain.invalid"),
    ],
)
def test_what_cannot_be_read_is_unknown(name: str, rule: str) -> None:
    """What depends on the unreadable part is unknown, and is named."""
    assert (rule, Severity.UNKNOWN) in {(one.rule, one.severity) for one in report(ODD[name], CA.der).findings}


@pytest.mark.parametrize("name", ["distribution points: an empty point", "distribution points: 8-bit URI"])
def test_pointers_that_cannot_be_read(name: str) -> None:
    """A certificate whose only pointers cannot be read is unknown to revocation, not without pointers."""
    leaf = CA.issue("mail.contoso.com", ocsp_urls=[], crl_urls=[CRL])
    der = odd.with_extension(leaf, *odd.EXTENSIONS[name])
    found = [one for one in report(der, CA.der).findings if one.rule.startswith("revocation.")]
    assert ("revocation.unknown", Severity.UNKNOWN) in {(one.rule, one.severity) for one in found}
    assert "revocation.not-checkable" not in {one.rule for one in found}


def test_a_point_with_a_relative_name_alone() -> None:
    """A distribution point that names its list relative to its issuer is a pointer, one that HTTP does not reach."""
    relative = x509.RelativeDistinguishedName([x509.NameAttribute(x509.NameOID.COMMON_NAME, "list")])
    point = x509.DistributionPoint(None, relative, None, None)
    leaf = CA.issue("mail.contoso.com", ocsp_urls=[], crl_urls=[], extra=[(x509.CRLDistributionPoints([point]), False)])
    (found,) = (one for one in report(leaf.der, CA.der).findings if one.rule == "revocation.not-checkable")
    assert "only places that cannot be asked over http" in found.message


@pytest.mark.parametrize(
    "name", [name for name in ODD if not name.startswith(("key of", "subject of", "extensions of"))]
)
def test_an_odd_ca_stays_a_ca(name: str) -> None:
    """A CA with an odd part still issues, and is never said to be none or to be missing."""
    middle = ROOT.intermediate("Odd Middle")
    made = odd.odd_certificates(middle)
    if name not in made or name.startswith("subject"):
        return
    leaf = middle.issue("mail.contoso.com")
    found = report(leaf.der, made[name])
    wrong = ("is no CA", "is missing")
    expected = name in ("no extension", "extension of junk")
    if not expected:
        assert [] == [one for one in sentences(found) for words in wrong if words in one]
    assert [] == [one.rule for one in found.findings if one.rule.endswith("check-crashed")]


@pytest.mark.parametrize(
    "name", ["basic constraints: a path length without digits", *(name for name in ODD if "neither true" in name)]
)
def test_what_has_no_digits_is_no_zero(name: str) -> None:
    """A path length or a cA that is empty is there and cannot be read: it is neither 0 nor FALSE."""
    assert isinstance(Parsed(ODD[name]).extension(x509.BasicConstraints), Unreadable)


def test_what_an_old_authority_wrote_out() -> None:
    """``cA FALSE`` written out is what DER leaves out; it says the same, and only strict clients mind."""
    der = odd.with_extension(LEAF, odd.BASIC, b"\x30\x03\x01\x01\x00")
    basic = Parsed(der).extension(x509.BasicConstraints)
    assert x509.BasicConstraints(False, None) == basic
    assert "chain.trusted" in {one.rule for one in report(der, CA.der).findings}


@pytest.mark.parametrize(
    ("tag", "value", "expected"),
    [
        (0x0C, b"M\xc3\xbcller", "M\u00fcller"),
        (0x14, b"M\xfcller", "M\u00fcller"),
        (0x14, b"M\xc3\xbcller", "M\u00fcller"),
        (0x13, b"*.contoso.com", "*.contoso.com"),
        (0x1E, "M\u00fcller".encode("utf-16-be"), "M\u00fcller"),
        (0x1C, "M\u00fcller".encode("utf-32-be"), "M\u00fcller"),
        (0x16, b"M\xfcller", None),
        (0x0C, b"M\xfcller", None),
        (0x02, b"\x01", None),
    ],
)
def test_strings_of_every_type(tag: int, value: bytes, expected: str | None) -> None:
    """A name's text is read in every string type, a T61String as Latin-1; what cannot be read is None."""
    assert (expected,) == names.values(odd.named(tag, value), names.COMMON_NAME)


def test_names_that_are_the_same() -> None:
    """Names are equal whatever string type, case and spacing they are written in, and not otherwise."""
    same = [(0x0C, b"Contoso  Ltd"), (0x13, b"CONTOSO ltd"), (0x1E, "contoso Ltd ".encode("utf-16-be"))]
    assert 1 == len({names.comparable(odd.named(*one)) for one in same})
    assert names.comparable(odd.named(0x0C, b"Contoso Ltd")) != names.comparable(odd.named(0x0C, b"ContosoLtd"))


def test_text_of_a_name() -> None:
    """A name's own text is that of the library wherever both can read it."""
    for subject in (LEAF.x509.subject, x509.Name.from_rfc4514_string(r"CN=a\,b\+c,O=Contoso\, Inc.,L=x,C=DE")):
        assert subject.rfc4514_string() == names.text(subject.public_bytes())


def test_dates_that_cannot_be_read_in_a_report() -> None:
    """A report has no date where none can be read, as JSON and as text."""
    found = report(ODD["dates in the year 0"], CA.der)
    (leaf,) = (one for one in found.certificates if one.role == "leaf")
    assert (None, 2049) == (leaf.not_before, leaf.not_after and leaf.not_after.year)
    assert '"not_before": null' in found.to_json()
    assert "dates that cannot be read" in render(found)
