"""What is kept of answers about CAs: it counts for the very same question alone."""

from __future__ import annotations

from datetime import timedelta

from certready.demo.pki import Authority, now
from certready.model import Answer
from certready.model.report import Status
from certready.revocation import judge_all
from tests import pki

ROOT = Authority.root("Root")
CA, OTHER = ROOT.intermediate("CA"), ROOT.intermediate("Other CA")
NAMESAKE = Authority.root("Root")  # another key


def status(ca: Authority, *lists: bytes, issuer: Authority = ROOT, late: timedelta = timedelta(0)) -> list[Status]:
    certificate = pki.certificate(ca)
    answers = tuple(Answer(certificate.sha256, "crl", "file", body=body) for body in lists)
    return [one.status for one in judge_all(certificate, pki.certificate(issuer), answers, now() + late)]


def test_each_part_of_the_question_counts() -> None:
    """Another certificate, list, issuer or moment is another question, in whatever order they are asked."""
    clean, revoking = ROOT.crl(), ROOT.crl([(CA.x509.serial_number, now() - timedelta(hours=1), None)])
    for _ in range(2):
        assert status(CA, clean) == ["good"]
        assert status(CA, revoking) == ["revoked"]
        assert status(CA, clean, revoking) == ["good", "revoked"]
        assert status(OTHER, revoking) == ["good"]
        assert status(CA, clean, issuer=NAMESAKE) == ["invalid"]
        assert status(CA, clean, late=timedelta(days=30)) == ["stale"]
        assert status(CA, clean, late=timedelta(days=-30)) == ["unknown"]


def test_each_answer_keeps_its_own_source() -> None:
    """An answer that says the same and came another way is told with its own source, address and time."""
    certificate, issuer, body = pki.certificate(CA), pki.certificate(ROOT), ROOT.crl()
    one = Answer(certificate.sha256, "crl", "network", "http://a.example/a.crl", body=body, elapsed_ms=7)
    two = Answer(certificate.sha256, "crl", "cache", "http://b.example/b.crl", body=body)
    (first,), (second,) = (judge_all(certificate, issuer, (answer,), now()) for answer in (one, two))
    assert (first.source, first.url, first.elapsed_ms) == ("network", "http://a.example/a.crl", 7)
    assert (second.source, second.url, second.elapsed_ms) == ("cache", "http://b.example/b.crl", None)
