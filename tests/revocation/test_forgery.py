"""Forged, borrowed and replayed answers: none of them may ever say good."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp

from certready.demo.pki import Authority, Issued, key_usage
from tests.revocation.kit import AT, CA, CRL_URL, DAY, LEAF, OTHER, ROOT, ask, resigned

SIGNING = x509.ExtendedKeyUsageOID.OCSP_SIGNING
SERIAL = LEAF.x509.serial_number

STRANGER = Authority.root("Stranger", moment=AT)
NAMESAKE = Authority.root("Issuing CA", moment=AT)  # the same subject as CA, another key
SIBLING = ROOT.intermediate("Sibling CA", moment=AT)  # the same root, another key and name
TWIN = ROOT.intermediate("Issuing CA", moment=AT, serial=CA.x509.serial_number)  # name, serial and issuer of CA


def appointed(by: Authority, **options: object) -> Issued:
    """A delegated responder that ``by`` issued."""
    plain: dict[str, object] = {"common_name": "Responder", "san": [], "ekus": [SIGNING]}
    return by.issue(**(plain | {"extra": [(x509.OCSPNoCheck(), False)]} | options))  # type: ignore[arg-type]


def test_the_honest_answers_count() -> None:
    """What is forged below is good when it is honest, so that every refusal has the forgery as its reason."""
    honest = [ask("crl", CA.crl()), ask("ocsp", CA.ocsp(LEAF.x509)), ask("ocsp", delegated(appointed(CA)))]
    assert ["good"] * 3 == [one.status for one in honest]


def delegated(responder: Issued) -> bytes:
    return CA.ocsp(LEAF.x509, responder=responder)


FORGERS = {"stranger": STRANGER, "namesake": NAMESAKE, "sibling": SIBLING, "twin": TWIN}


@pytest.mark.parametrize("name", sorted(FORGERS))
def test_list_of_a_forger(name: str) -> None:
    """A CRL by any other key is invalid, whatever its issuer is called."""
    forger = FORGERS[name]
    assert "invalid" == ask("crl", forger.crl()).status
    assert "invalid" == ask("crl", forger.crl(issuer_name=CA.x509.subject)).status


@pytest.mark.parametrize("name", sorted(FORGERS))
@pytest.mark.parametrize("by_name", [False, True])
def test_answer_of_a_forger(name: str, by_name: bool) -> None:
    """An OCSP answer by any other key is invalid, also where it carries the real issuer's hashes."""
    forger = FORGERS[name]
    body = forger.ocsp(LEAF.x509, issuer=CA.x509, by_name=by_name)
    assert "invalid" == ask("ocsp", body).status
    assert "invalid" == ask("ocsp", forger.ocsp(LEAF.x509, by_name=by_name)).status


@pytest.mark.parametrize("method", ["crl", "ocsp"])
def test_answer_of_a_ca_that_the_certificate_does_not_name(method: str) -> None:
    """A CA that shares its key with the issuer under another name speaks of other certificates: what it says of this
    number counts for nothing, good or revoked."""
    renamed = ROOT.intermediate("Renamed CA", key=CA.key, moment=AT)
    gone = (SERIAL, AT - DAY, None)
    bodies = {
        "crl": (renamed.crl(), renamed.crl([gone])),
        "ocsp": (renamed.ocsp(LEAF.x509), renamed.ocsp(LEAF.x509, status=ocsp.OCSPCertStatus.REVOKED)),
    }[method]
    assert ["invalid", "invalid"] == [ask(method, body, issuer=renamed).status for body in bodies]
    own = renamed.issue("mail.contoso.com", serial=SERIAL)
    honest = renamed.crl() if method == "crl" else renamed.ocsp(own.x509)
    assert "good" == ask(method, honest, leaf=own, issuer=renamed).status


def test_forged_revocation() -> None:
    """A stranger cannot revoke either."""
    revoked = [(SERIAL, AT - DAY, x509.ReasonFlags.key_compromise)]
    assert "invalid" == ask("crl", STRANGER.crl(revoked, issuer_name=CA.x509.subject)).status
    body = NAMESAKE.ocsp(LEAF.x509, issuer=CA.x509, status=ocsp.OCSPCertStatus.REVOKED)
    assert "invalid" == ask("ocsp", body).status


@pytest.mark.parametrize("by_name", [False, True])
def test_answer_that_names_the_issuer_as_responder(by_name: bool) -> None:
    """A stranger that claims the issuer's own responder id, by key or by name, is found out by the signature."""
    found = ask("ocsp", resigned(CA.ocsp(LEAF.x509, by_name=by_name), STRANGER.key))  # type: ignore[arg-type]
    assert ("invalid", True) == (found.status, "signature" in found.detail)


def test_signing_anew_is_no_forgery_by_itself() -> None:
    """The tool of the forgeries here is sound: signed anew by the issuer, the answer counts."""
    assert "good" == ask("ocsp", resigned(CA.ocsp(LEAF.x509), CA.key)).status  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"ekus": None}, "does not allow OCSP signing"),
        ({"ekus": [x509.ExtendedKeyUsageOID.SERVER_AUTH]}, "does not allow OCSP signing"),
        ({"ekus": [x509.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]}, "does not allow OCSP signing"),
        ({"usage": key_usage("key_cert_sign")}, "key usage"),
        ({"not_before": AT - 9 * DAY, "not_after": AT - DAY}, "is valid from"),
        ({"not_before": AT + DAY, "not_after": AT + 9 * DAY}, "is valid from"),
    ],
)
def test_responder_that_may_not_answer(options: dict[str, object], word: str) -> None:
    """A certificate of the issuer that may not sign OCSP answers, or not now, is no responder; a leaf least of all."""
    found = ask("ocsp", delegated(appointed(CA, **options)))
    assert ("invalid", True) == (found.status, word in found.detail)


@pytest.mark.parametrize("name", [*sorted(FORGERS), "root"])
def test_responder_of_another_authority(name: str) -> None:
    """A responder that another CA appointed, even the root above, does not speak for this issuer."""
    found = ask("ocsp", delegated(appointed({**FORGERS, "root": ROOT}[name])))
    assert ("invalid", True) == (found.status, "was not appointed by" in found.detail)


def test_responder_below_a_responder() -> None:
    """The right to answer cannot be handed on: a certificate that a responder signed is no responder."""
    first = appointed(CA)
    middle = Authority(first.x509, first.key, CA, moment=AT)
    assert "invalid" == ask("ocsp", delegated(appointed(middle))).status


def test_responder_certificate_is_not_enough() -> None:
    """Bringing along the real responder's certificate proves nothing without its key."""
    found = ask("ocsp", resigned(delegated(appointed(CA)), STRANGER.key))  # type: ignore[arg-type]
    assert ("invalid", True) == (found.status, "signature" in found.detail)


def edited(body: bytes, old: datetime, new: datetime, shape: str) -> bytes:
    """The same bytes with one date written over another, the signature left as it was."""
    before, after = (moment.strftime(shape).encode() for moment in (old, new))
    assert before in body
    return body.replace(before, after)


@pytest.mark.parametrize(("method", "shape"), [("crl", "%y%m%d%H%M%SZ"), ("ocsp", "%Y%m%d%H%M%SZ")])
def test_edited_dates(method: str, shape: str) -> None:
    """A stale answer whose nextUpdate was moved is not fresh but invalid."""
    this, following = AT - 20 * DAY, AT - 13 * DAY
    stale = (
        CA.crl(this_update=this, next_update=following)
        if method == "crl"
        else CA.ocsp(LEAF.x509, this_update=this, next_update=following)
    )
    found = [ask(method, body).status for body in (stale, edited(stale, following, AT + DAY, shape))]
    assert ["stale", "invalid"] == found


@pytest.mark.parametrize("method", ["crl", "ocsp"])
def test_replayed_answers(method: str) -> None:
    """An old good answer, replayed, is stale; one recorded after the moment asked about is unknown."""
    body = CA.crl() if method == "crl" else CA.ocsp(LEAF.x509)
    moments = (AT + 7 * DAY, AT - 2 * DAY)
    assert ["stale", "unknown"] == [ask(method, body, at=at).status for at in moments]


def test_answer_about_another_certificate() -> None:
    """A good answer about a sibling of the certificate, or about one of the same number elsewhere, is none."""
    assert "invalid" == ask("ocsp", CA.ocsp(OTHER.x509)).status
    same_number = SIBLING.issue("mail.contoso.com", serial=SERIAL)
    assert "invalid" == ask("ocsp", SIBLING.ocsp(same_number.x509)).status
    assert "invalid" == ask("ocsp", CA.ocsp(same_number.x509, issuer=SIBLING.x509)).status


def test_list_of_the_issuer_above() -> None:
    """The root's list is not the intermediate's."""
    assert "invalid" == ask("crl", ROOT.crl()).status


def test_list_of_another_distribution_point() -> None:
    """A part of the issuer's own divided list that the certificate does not point to never says good."""
    for url, expected in ((CRL_URL, "good"), ("http://pki.example/other.crl", "unknown")):
        point = x509.IssuingDistributionPoint(
            full_name=[x509.UniformResourceIdentifier(url)],
            relative_name=None,
            only_contains_user_certs=False,
            only_contains_ca_certs=False,
            only_some_reasons=None,
            indirect_crl=False,
            only_contains_attribute_certs=False,
        )
        assert expected == ask("crl", CA.crl(extra=[(point, True)])).status


def test_judged_against_a_namesake() -> None:
    """On a path over a namesake of the issuer the real issuer's answers do not count: the key on the path decides."""
    for body, method in ((CA.crl(), "crl"), (CA.ocsp(LEAF.x509), "ocsp")):
        assert "invalid" == ask(method, body, issuer=NAMESAKE).status
        assert "invalid" == ask(method, body, issuer=TWIN).status


def test_renewed_issuer_with_the_same_key() -> None:
    """Another certificate of the issuer's own name and key is the issuer: the key decides, not the certificate."""
    renewed = ROOT.intermediate("Issuing CA", key=CA.key, moment=AT, age=5)
    assert renewed.x509 != CA.x509
    assert ["good", "good"] == [
        ask("crl", CA.crl(), issuer=renewed).status,
        ask("ocsp", CA.ocsp(LEAF.x509), issuer=renewed).status,
    ]


def test_swapped_methods() -> None:
    """A CRL where an OCSP answer belongs, and the other way round, is invalid."""
    assert ["invalid", "invalid"] == [ask("ocsp", CA.crl()).status, ask("crl", CA.ocsp(LEAF.x509)).status]


def test_skew_does_not_revive() -> None:
    """No tolerance for clocks makes an answer good that ended."""
    body = CA.crl(this_update=AT - 9 * DAY, next_update=AT - timedelta(seconds=1))
    assert "stale" == ask("crl", body, skew=timedelta(hours=1)).status
