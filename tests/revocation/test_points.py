"""Distribution points limited to some reasons or to another issuer, and lists of one scope beside each other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certready.demo.pki import Issued
from certready.model import Answer
from certready.revocation import judge_all, overall
from tests.revocation.kit import AT, CA, CRL_URL, DAY, LEAF, ROOT, ask, certificate

SERIAL = LEAF.x509.serial_number
HOLD = x509.ReasonFlags.certificate_hold
SOME = frozenset([x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise])
ALL = frozenset(x509.ReasonFlags) - {x509.ReasonFlags.unspecified, x509.ReasonFlags.remove_from_crl}


def point(
    url: str = CRL_URL, reasons: frozenset[x509.ReasonFlags] | None = None, issuer: x509.Name | None = None
) -> x509.DistributionPoint:
    """A distribution point of a certificate."""
    lists = [x509.DirectoryName(issuer)] if issuer else None
    return x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, reasons, lists)


def pointing(*points: x509.DistributionPoint) -> Issued:
    """A leaf with these distribution points."""
    return CA.issue("mail.contoso.com", crl_urls=[], extra=[(x509.CRLDistributionPoints(points), False)])


def scope(url: str) -> tuple[x509.IssuingDistributionPoint, bool]:
    """The scope of one part of a divided list."""
    names = [x509.UniformResourceIdentifier(url)]
    return x509.IssuingDistributionPoint(names, None, False, False, None, False, False), True


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([point()], "good"),
        ([point(reasons=SOME)], "unknown"),
        ([point(reasons=ALL)], "good"),
        ([point(issuer=CA.x509.subject)], "good"),
        ([point(issuer=ROOT.x509.subject)], "unknown"),
        ([point(reasons=SOME), point()], "good"),
        ([point(reasons=SOME), point("http://pki.example/rest.crl")], "unknown"),
        ([point(issuer=ROOT.x509.subject), point("http://pki.example/rest.crl")], "unknown"),
    ],
)
def test_limited_points(points: list[x509.DistributionPoint], expected: str) -> None:
    """A list that the certificate points to for some reasons only, or as another issuer's, leaves it undetermined."""
    assert expected == ask("crl", CA.crl(), leaf=pointing(*points)).status


@pytest.mark.parametrize("reasons", [None, SOME])
def test_limited_point_still_revokes(reasons: frozenset[x509.ReasonFlags] | None) -> None:
    """What a list of a limited point revokes is revoked."""
    leaf = pointing(point(reasons=reasons))
    assert "revoked" == ask("crl", CA.crl([(leaf.x509.serial_number, AT - DAY, None)]), leaf=leaf).status


def test_list_of_another_issuer_that_the_certificate_names() -> None:
    """A list by the other issuer that the certificate leaves its revocation to is unknown, and the reason is said."""
    found = ask("crl", ROOT.crl(), leaf=pointing(point(issuer=ROOT.x509.subject)))
    assert ("unknown", True) == (found.status, "another issuer of CRLs" in found.detail)


def test_point_in_capitals() -> None:
    """The host of an issuing distribution point is the same in capitals; another path is another part."""
    bodies = [
        CA.crl(extra=[scope(url)]) for url in (CRL_URL.replace("pki", "PKI"), CRL_URL.replace("ca.crl", "CA.crl"))
    ]
    assert ["good", "unknown"] == [ask("crl", body).status for body in bodies]


# -- several lists ------------------------------------------------------------------------------------------------


def together(*bodies: bytes) -> str:
    """The one status that several lists, given by hand, come to in either order."""
    answers = [Answer(certificate(LEAF).sha256, "crl", "file", None, body) for body in bodies]
    found = {overall(judge_all(certificate(LEAF), certificate(CA), order, AT))[0] for order in (answers, answers[::-1])}
    assert 1 == len(found)
    return found.pop()


@pytest.mark.parametrize(
    ("older", "newer", "expected"),
    [
        ([], [(SERIAL, AT - DAY, None)], "revoked"),
        ([(SERIAL, AT - 3 * DAY, HOLD)], [], "good"),
        ([(SERIAL, AT - 3 * DAY, None)], [], "revoked"),
        ([(SERIAL, AT - 3 * DAY, x509.ReasonFlags.key_compromise)], [], "revoked"),
        ([], [(SERIAL, AT - DAY, HOLD)], "revoked"),
    ],
)
def test_newer_list_counts(older: list[object], newer: list[object], expected: str) -> None:
    """Of two lists of one scope the newer counts, but a revocation for any reason except a hold is never undone."""
    first = CA.crl(older, this_update=AT - 2 * DAY)  # type: ignore[arg-type]
    second = CA.crl(newer, this_update=AT - timedelta(hours=1))  # type: ignore[arg-type]
    assert expected == together(first, second)


def test_newer_list_that_ended_first() -> None:
    """An older list that would still be fresh does not speak for a newer one that is out of date."""
    older = CA.crl(this_update=AT - 3 * DAY, next_update=AT + DAY)
    newer = CA.crl(this_update=AT - 2 * DAY, next_update=AT - DAY)
    assert "stale" == together(older, newer)


def test_lists_that_do_not_replace_each_other() -> None:
    """A list of another scope, of a later moment or of another signer replaces nothing."""
    good = CA.crl(this_update=AT - 2 * DAY)
    part = CA.crl(this_update=AT - DAY, extra=[scope("http://pki.example/other.crl")])
    later = CA.crl(this_update=AT + DAY)
    forged = CA.crl(this_update=AT - DAY, signer=ROOT.key)
    assert ["good"] * 3 == [together(good, other) for other in (part, later, forged)]


def test_list_that_spells_its_issuer_otherwise() -> None:
    """A list under the issuer's name in another string type counts, and the spelling is mentioned."""
    upper = x509.Name([x509.NameAttribute(one.oid, str(one.value).upper()) for one in CA.x509.subject])
    found = [ask("crl", CA.crl(issuer_name=name)) for name in (None, upper)]
    assert [("good", False), ("good", True)] == [(one.status, "in other bytes" in one.detail) for one in found]


def test_lists_in_one_file() -> None:
    """The newer of two lists in one PEM file counts as well."""
    bodies = [CA.crl([(SERIAL, AT - 3 * DAY, HOLD)], this_update=AT - 2 * DAY), CA.crl()]
    pem = b"".join(x509.load_der_x509_crl(body).public_bytes(Encoding.PEM) for body in bodies)
    assert "good" == ask("crl", pem).status


def test_pem_over_http() -> None:
    """A list that came as PEM over HTTP is judged, and the form is mentioned; given by hand it is not."""
    pem = x509.load_der_x509_crl(CA.crl()).public_bytes(Encoding.PEM)
    over_http = ask("crl", pem)
    by_hand = judge_all(
        certificate(LEAF), certificate(CA), [Answer(certificate(LEAF).sha256, "crl", "file", None, pem)], AT
    )
    assert [("good", True), ("good", False)] == [
        (one.status, "asks for DER" in one.detail) for one in (over_http, *by_hand)
    ]
