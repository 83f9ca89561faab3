"""What is said of every source that could speak of a certificate, asked or not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from certready.model import Answer, Evidence, Options
from certready.model.report import RevocationResult
from certready.revocation.common import SKEW
from certready.revocation.sources import heard
from tests import pki
from tests.revocation.kit import AT, CA, CRL_URL, DAY, LEAF, OCSP_URL, certificate

SHA256 = certificate(LEAF).sha256
FILED = Answer(SHA256, "crl", "file", body=CA.crl())
ASKED = Answer(SHA256, "ocsp", "network", OCSP_URL, CA.ocsp(LEAF.x509))
STAPLED = Answer(SHA256, "stapled", "handshake", body=CA.ocsp(LEAF.x509))


def given(*answers: Answer, **options: object) -> Evidence:
    """Evidence with these answers about the leaf."""
    evidence = pki.evidence(pki.chain(LEAF, CA), at=AT, options=Options(**options))  # type: ignore[arg-type]
    return replace(evidence, answers=answers)


def results(*answers: Answer, **options: object) -> list[RevocationResult]:
    """What is heard of the leaf with these answers."""
    return list(heard(given(*answers, **options), certificate(LEAF), certificate(CA)))


@pytest.mark.parametrize("answers", [(FILED, ASKED, STAPLED), (STAPLED, ASKED, FILED)])
def test_each_answer_once_and_in_its_place(answers: tuple[Answer, ...]) -> None:
    """A stapled answer first, then the sources that the certificate names in their order, then what was handed in."""
    assert [
        ("stapled", "handshake", None, "good"),
        ("ocsp", "network", OCSP_URL, "good"),
        ("crl", "network", CRL_URL, "unreachable"),
        ("crl", "file", None, "good"),
    ] == [(each.method, each.source, each.url, each.status) for each in results(*answers)]


@pytest.mark.parametrize(
    ("offline", "why"),
    [
        (True, "It was not asked, because --offline forbids it."),
        (False, "It was not asked when this evidence was gathered."),
    ],
)
def test_why_a_source_was_not_asked(offline: bool, why: str) -> None:
    """Silence has its reason: what was forbidden is told from what old evidence does not hold."""
    assert [("unreachable", why)] * 2 == [(each.status, each.detail) for each in results(offline=offline)]


def test_why_a_source_cannot_be_asked() -> None:
    """A source that cannot be asked says what is wrong with its address."""
    leaf = certificate(CA.issue("mail.contoso.com", crl_urls=["ldap://ca.example/"], ocsp_urls=[]))
    [result] = heard(given(), leaf, certificate(CA))
    assert "not-checkable" == result.status
    assert "The URL has ldap:, and Exchange Online can ask http only." == result.detail


def test_a_note_stands_behind_what_the_answer_says() -> None:
    """How an answer was come by is said after what it says; without a note nothing is."""
    [plain] = [each for each in results(FILED) if each.source == "file"]
    [noted] = [each for each in results(replace(FILED, note="It is kept.")) if each.source == "file"]
    assert f"{plain.detail} It is kept." == noted.detail
    assert plain == replace(noted, detail=plain.detail)


def test_an_answer_of_a_long_gathering() -> None:
    """What was made while the evidence was gathered counts, and so does what a clock five minutes ahead made then."""
    took = timedelta(minutes=30)

    def status(made: timedelta) -> str:
        crl = replace(FILED, body=CA.crl(this_update=AT + made, next_update=AT + 9 * DAY))
        evidence = replace(given(crl), gathered_until=AT + took)
        return next(each.status for each in heard(evidence, certificate(LEAF), certificate(CA)) if not each.url)

    ends = took + SKEW
    assert ["good", "good", "unknown"] == [status(made) for made in (took, ends, ends + timedelta(minutes=1))]
