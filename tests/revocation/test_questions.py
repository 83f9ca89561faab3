"""What is asked about a certificate, in whole questions, and what is said before an answer is read at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from certready import revocation
from certready.demo.pki import Issued
from certready.model import Answer, Ask
from certready.model.report import RevocationResult
from certready.revocation import (
    CRL_LIMIT,
    LONGEST_URL,
    OCSP_LIMIT,
    REMEMBERED,
    Question,
    judge,
    judge_all,
    overall,
    questions,
    relevant,
    short_lived,
)
from certready.revocation.ocsp import request
from certready.x509.certificate import Certificate
from tests import odd
from tests.revocation.kit import AT, CA, CRL_URL, DAY, LEAF, OCSP_URL, ROOT, certificate

SECOND = timedelta(seconds=1)
MIB = 1024 * 1024
ISSUER = certificate(CA)
UNNUMBERED = Certificate(odd.changed(LEAF, serial=b"\x02\x00"))  # an INTEGER without content


def asked(crl: Sequence[str] = (), ocsp: Sequence[str] = ()) -> list[tuple[str, str, Ask | None, str | None]]:
    """The questions about a leaf with these addresses."""
    leaf = certificate(CA.issue("mail.contoso.com", crl_urls=crl, ocsp_urls=ocsp))
    found = questions(leaf, ISSUER)
    assert {leaf.sha256} >= {question.certificate for question in found}
    return [(question.method, question.url, question.ask, question.reason) for question in found]


def test_every_source_once() -> None:
    """OCSP first, by POST and up to one mebibyte, then lists by GET and up to 64; five of either, each once."""
    leaf = certificate(LEAF)
    body = request(leaf, ISSUER)
    assert body is not None
    assert questions(leaf, ISSUER) == (
        Question(leaf.sha256, "ocsp", OCSP_URL, Ask(OCSP_URL, body, "application/ocsp-request", MIB)),
        Question(leaf.sha256, "crl", CRL_URL, Ask(CRL_URL, limit=64 * MIB)),
    )
    many = [f"http://pki.example/{number}" for number in range(7)]
    found = asked([many[0], *many], [many[0], *many])
    assert [("ocsp", url) for url in many[:5]] + [("crl", url) for url in many[:5]] == [each[:2] for each in found]


LONG = "The URL is longer than 2048 characters."
SPELLING = "The URL holds characters that no URL may hold."


def scheme(what: str) -> str:
    return f"The URL has {what}, and Exchange Online can ask http only."


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("HTTPS://pki.example/ca.crl", None),
        (f"http://pki.example/{'a' * (2048 - 19)}", None),
        (f"http://pki.example/{'a' * (2049 - 19)}", LONG),
        (f"http://pki.example/{'a' * 5000}", LONG),
        ("ldap:///CN=CA", scheme("ldap:")),
        ("ftp://pki.example/ca.crl", scheme("ftp:")),
        ("//pki.example/ca.crl", scheme("no scheme")),
        ("http://[::1/ca.crl", "The URL is malformed."),
        ("http://pki.example/ ca.crl", SPELLING),
        ("http://pki.example/ca.crl\x7f", SPELLING),
        ("http://pki.example/ca.crl!~", None),
    ],
)
@pytest.mark.parametrize("method", ["crl", "ocsp"])
def test_which_addresses_are_asked(method: str, url: str, reason: str | None) -> None:
    """One of http or https with at most 2048 printable characters; of any other the reason is said, and of a longer one
    that many characters are shown."""
    ((told, shown, ask, why),) = asked(**{method: [url]})
    assert (method, url[:2048], reason) == (told, shown, why)
    assert (reason is None) == (ask is not None)
    assert ask is None or (url, CRL_LIMIT if method == "crl" else OCSP_LIMIT) == (ask.url, ask.limit)


def test_certificate_that_no_question_can_name() -> None:
    """Without a serial number that can be read no OCSP question is made, and its list is asked for all the same; an
    address that cannot be asked is told as that."""
    incomplete = "No OCSP question can be made for a certificate that cannot be read completely."
    assert [("ocsp", incomplete), ("crl", None)] == [
        (question.method, question.reason) for question in questions(UNNUMBERED, ISSUER)
    ]
    leaf = CA.issue("mail.contoso.com", crl_urls=[], ocsp_urls=["ldap://pki.example"])
    unnumbered = Certificate(odd.changed(leaf, serial=b"\x02\x00"))
    assert [scheme("ldap:")] == [question.reason for question in questions(unnumbered, ISSUER)]
    assert request(UNNUMBERED, ISSUER) is None
    assert request(certificate(LEAF), Certificate(b"\x30\x00")) is None


def said(
    subject: Certificate, issuer: Certificate, body: bytes | None, error: str | None = None, method: str = "ocsp"
) -> tuple[str, str]:
    answer = Answer(subject.sha256, method, "network", None, body, error)  # type: ignore[arg-type]
    result = judge(subject, issuer, answer, AT)
    return result.status, result.detail


UNREAD = ("unknown", "The certificate or its issuer cannot be read.")
NUMBERLESS = (
    "unknown",
    "The certificate's serial number cannot be read, so that nothing is found under it.",
)


def test_before_an_answer_is_read() -> None:
    """Silence is unreachable; about what cannot be read, or another issuer's, or in more bytes than are taken, nothing
    is concluded, and each has its sentence."""
    leaf, broken = certificate(LEAF), Certificate(b"\x30\x03\x02\x01\x05")
    good, crl = CA.ocsp(LEAF.x509), CA.crl()
    assert ("unreachable", "It refused the connection.") == said(leaf, ISSUER, good, "It refused the connection.")
    assert ("unreachable", "No answer came.") == said(leaf, ISSUER, None)
    assert [UNREAD] * 3 == [said(*pair, good) for pair in ((broken, ISSUER), (leaf, broken), (broken, broken))]
    other = certificate(ROOT)
    named = f"The certificate names another issuer than {other.parsed.label}."
    assert ("invalid", named) == said(leaf, other, good)
    assert [NUMBERLESS] * 2 == [
        said(UNNUMBERED, ISSUER, body, None, method) for method, body in (("ocsp", good), ("crl", crl))
    ]


@pytest.mark.parametrize(("method", "limit", "size"), [("ocsp", OCSP_LIMIT, 1), ("crl", CRL_LIMIT, 64)])
def test_how_large_an_answer_may_be(method: str, limit: int, size: int) -> None:
    """One byte more than is taken is refused for that; a full measure is read, and refused for what it holds."""
    leaf = certificate(LEAF)
    assert limit == size * MIB
    assert ("invalid", f"The answer is larger than {size} MiB.") == said(leaf, ISSUER, bytes(limit + 1), None, method)
    assert "that can be read." in said(leaf, ISSUER, b"\xff" * limit, None, method)[1]


def padded(body: bytes, size: int) -> bytes:
    """PEM of a list with rubbish in front, so many bytes in all."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    text = x509.load_der_x509_crl(body).public_bytes(Encoding.PEM)
    return b"#" * (size - len(text) - 1) + b"\n" + text


@pytest.mark.parametrize("method", ["crl", "ocsp"])
def test_relevance_ends_where_reading_ends(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer handed in is looked at up to the size that is read, and not a byte further."""
    body = CA.crl() if method == "crl" else CA.ocsp(LEAF.x509)
    for spare, expected in ((0, True), (-1, False)):
        monkeypatch.setattr(revocation, f"{method.upper()}_LIMIT", len(body) + spare)
        assert expected == relevant(method, body, certificate(LEAF), ISSUER)  # type: ignore[arg-type]


def result(status: str) -> RevocationResult:
    return RevocationResult("", "crl", "file", None, status=status)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("statuses", "checkable", "expected"),
    [
        ([], True, ("not-checkable", None)),
        (["unreachable", "good", "invalid"], True, ("good", 1)),
        (["good", "revoked"], True, ("revoked", 1)),
        (["skipped", "not-checkable", "unreachable", "invalid", "stale", "unknown"], True, ("unknown", 5)),
        (["stale", "stale"], True, ("stale", 0)),
        (["good"], False, ("not-checkable", None)),
        (["unknown", "revoked"], False, ("revoked", 1)),
    ],
)
def test_one_status_of_several_results(statuses: list[str], checkable: bool, expected: tuple[str, int | None]) -> None:
    """The best by the contract's order decides and is named, the first of equals; of a certificate that names no source
    only a revocation counts."""
    results = [result(status) for status in statuses]
    status, place = expected
    assert (status, None if place is None else results[place]) == overall(results, checkable=checkable)
    assert not checkable or overall(results) == overall(results, checkable=True)


def lived(start: datetime, lifetime: timedelta) -> Issued:
    return CA.issue("mail.contoso.com", not_before=start, not_after=start + lifetime - SECOND)


BEFORE, SINCE = datetime(2026, 3, 14, 23, 59, 59, tzinfo=UTC), datetime(2026, 3, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "lifetime", "expected"),
    [
        (BEFORE, 10 * DAY, True),
        (BEFORE, 10 * DAY + SECOND, False),
        (SINCE, 7 * DAY, True),
        (SINCE, 7 * DAY + SECOND, False),
        (SINCE, 2 * SECOND, True),
    ],
)
def test_short_lived(start: datetime, lifetime: timedelta, expected: bool) -> None:
    """To the second: ten days if issued before 15 March 2026, seven since, both ends included."""
    assert expected == short_lived(certificate(lived(start, lifetime)))


def validity(before: bytes, after: bytes) -> Certificate:
    times = (odd.tlv(0x17, before), odd.tlv(0x17, after))
    return Certificate(odd.changed(LEAF, validity=odd.tlv(0x30, *times)))


def test_what_is_never_short_lived() -> None:
    """A CA certificate is not, however brief, nor is one that ends before it begins or whose dates cannot be read."""
    start = datetime(2026, 11, 20, tzinfo=UTC)
    brief = ROOT.intermediate("Brief CA", not_before=start, not_after=start + DAY)
    assert not short_lived(certificate(brief))
    assert short_lived(validity(b"261120000000Z", b"261120000000Z"))
    assert not short_lived(validity(b"261120000000Z", b"261119235959Z"))
    assert not short_lived(validity(b"261120000000Z", b"261119000000Z"))
    for dates in ((b"261320000000Z", b"261120000000Z"), (b"261120000000Z", b"261320000000Z"), (b"261320000000Z",) * 2):
        assert not short_lived(validity(*dates))


def test_every_answer_in_its_place() -> None:
    """Each answer has one result, in their order, with all that is known about how it came."""
    leaf = certificate(LEAF)
    answers = (
        Answer(leaf.sha256, "crl", "cache", CRL_URL, CA.crl(), elapsed_ms=3),
        Answer(leaf.sha256, "stapled", "handshake", None, CA.ocsp(LEAF.x509)),
        Answer(leaf.sha256, "ocsp", "network", OCSP_URL, error="It refused the connection.", elapsed_ms=9),
    )
    first, second, third = judge_all(leaf, ISSUER, answers, AT)
    stands = "The answer of 2026-11-20 09:00 UTC stands until 2026-11-27 09:00 UTC."
    unlisted = f"The CRL does not list the certificate. {stands}"
    assert first == RevocationResult(
        leaf.sha256, "crl", "cache", CRL_URL, "good", AT - DAY, AT + 6 * DAY, None, None, 3, unlisted
    )
    assert ("stapled", "handshake", "good", None) == (second.method, second.source, second.status, second.elapsed_ms)
    assert third == RevocationResult(
        leaf.sha256, "ocsp", "network", OCSP_URL, "unreachable", None, None, None, None, 9, "It refused the connection."
    )


def test_what_is_kept_of_answers_about_a_ca() -> None:
    """Answers about a CA that are small are judged once for the certificates below it; others are not held in memory,
    and say the same."""
    from certready.revocation import _remembered

    ca, root, leaf = certificate(CA), certificate(ROOT), certificate(LEAF)
    small, silent = ROOT.crl(), Answer(ca.sha256, "crl", "file", error="It is gone.")
    for subject, issuer, body, kept in (
        (ca, root, small, 1),
        (ca, root, padded(small, REMEMBERED), 1),
        (ca, root, padded(small, REMEMBERED + 1), 0),
        (leaf, ISSUER, CA.crl(), 0),
    ):
        _remembered.cache_clear()
        answers = (Answer(subject.sha256, "crl", "file", body=body), silent)
        statuses = [result.status for result in judge_all(subject, issuer, answers, AT)]
        assert ["good", "unreachable"] == statuses
        assert kept == _remembered.cache_info().currsize
    assert MIB == REMEMBERED
    assert 2048 == LONGEST_URL
