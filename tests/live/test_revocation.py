"""Questions over HTTP to OpenSSL's own OCSP logic and CRLs made by ``openssl ca``, judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from certready.demo.pki import DAY, Authority, Issued, now
from certready.model import Answer
from certready.model.report import RevocationResult
from certready.net.http.fetcher import HttpFetcher
from certready.revocation import judge, questions
from certready.x509.certificate import Certificate
from tests.live.responder import OpensslCa, Responder, keep, responding

pytestmark = pytest.mark.live

MINUTES = timedelta(minutes=5)


@dataclass
class Pki:
    """A CA kept by OpenSSL with its server, three leaves of it, and one that it never heard of."""

    ca: Authority
    tool: OpensslCa
    server: Responder
    good: Issued
    revoked: Issued
    held: Issued
    unheard: Issued


@pytest.fixture(params=["ec", "rsa"])
def pki(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pki]:
    with responding(lambda _: b"") as server:
        ca = Authority.root(key=request.param, crl_url=f"{server.url}/ca.crl", ocsp_url=f"{server.url}/ocsp")
        good, revoked, held, unheard = (ca.issue(f"{name}.contoso.com") for name in ("good", "revoked", "held", "no"))
        signing = [x509.ExtendedKeyUsageOID.OCSP_SIGNING]
        nocheck = [(x509.OCSPNoCheck(), False)]
        responder = ca.issue(common_name="Responder", san=[], ekus=signing, extra=nocheck, key="rsa")
        entries = {
            revoked.x509.serial_number: (now() - 2 * DAY, "keyCompromise"),
            held.x509.serial_number: (now() - DAY, "certificateHold"),
        }
        tool = keep(tmp_path, ca, (good, revoked, held), entries, responder=responder)
        server.answer = lambda question: tool.ocsp(question, "-nmin", "60", signer="responder")
        server.files["/ca.crl"] = tool.crl()
        yield Pki(ca, tool, server, good, revoked, held, unheard)


def heard(pki: Pki, leaf: Issued, *, days: int = 0) -> dict[str, RevocationResult]:
    """What each source says of the leaf, asked over HTTP now and judged ``days`` later."""
    child, issuer = Certificate(leaf.der), Certificate(pki.ca.der)
    asked = [one for one in questions(child, issuer) if one.ask]
    replies = HttpFetcher(allow_private=True).fetch_all(tuple(one.ask for one in asked if one.ask))
    at = now() + days * DAY
    return {
        one.method: judge(
            child,
            issuer,
            Answer(child.sha256, one.method, "network", one.url, reply.body, reply.error),
            at,
            skew=MINUTES,
        )
        for one, reply in zip(asked, replies, strict=True)
    }


def statuses(found: dict[str, RevocationResult]) -> dict[str, str]:
    return {method: result.status for method, result in found.items()}


def test_good(pki: Pki) -> None:
    """OpenSSL's responder and list both say good of a certificate that is."""
    assert {"ocsp": "good", "crl": "good"} == statuses(heard(pki, pki.good))
    assert [("GET", "/ca.crl"), ("GET", "/ocsp")] == sorted(pki.server.hits)


def test_revoked(pki: Pki) -> None:
    """Both say revoked, with the same date and reason."""
    found = heard(pki, pki.revoked)
    assert {"ocsp": "revoked", "crl": "revoked"} == statuses(found)
    assert {"keyCompromise"} == {result.reason for result in found.values()}
    assert 1 == len({result.revoked_at for result in found.values()})


def test_on_hold(pki: Pki) -> None:
    """A certificate on hold is revoked, with that reason."""
    found = heard(pki, pki.held)
    assert {("revoked", "certificateHold")} == {(result.status, result.reason) for result in found.values()}


def test_never_heard_of(pki: Pki) -> None:
    """The responder says unknown of a certificate that is not in its database."""
    assert "unknown" == heard(pki, pki.unheard)["ocsp"].status


def test_direct_answer(pki: Pki) -> None:
    """An answer that the CA signs itself counts as well, its responder id by name or by key."""
    for options in (("-nmin", "60"), ("-nmin", "60", "-resp_key_id")):
        pki.server.answer = lambda question, options=options: pki.tool.ocsp(question, *options)  # type: ignore[misc]
        assert "good" == heard(pki, pki.good)["ocsp"].status


def test_answer_without_next_update(pki: Pki) -> None:
    """OpenSSL's answer without nextUpdate counts while it is young."""
    pki.server.answer = pki.tool.ocsp
    assert ["good", "stale"] == [heard(pki, pki.good, days=days)["ocsp"].status for days in (0, 11)]


def test_other_hash(pki: Pki) -> None:
    """An answer signed with SHA-384 counts, one signed with SHA-1 does not."""
    found = []
    for digest in ("sha384", "sha1"):
        pki.server.answer = lambda question, digest=digest: pki.tool.ocsp(question, "-rmd", digest)  # type: ignore[misc]
        found.append(heard(pki, pki.good)["ocsp"].status)
    assert ["good", "invalid"] == found


def test_mangled_answer(pki: Pki) -> None:
    """An answer damaged on the way is invalid."""
    pki.server.answer = lambda question: _mangled(pki.tool.ocsp(question, "-nmin", "60", "-resp_no_certs"))
    assert "invalid" == heard(pki, pki.good)["ocsp"].status


def _mangled(answer: bytes) -> bytes:
    """The last byte, which is one of the signature, turned over."""
    return answer[:-1] + bytes([answer[-1] ^ 0xFF])


def test_answer_of_yesterday(pki: Pki) -> None:
    """What was good today is stale once its time is over."""
    assert {"ocsp": "stale", "crl": "stale"} == statuses(heard(pki, pki.good, days=8))


def test_server_errors(pki: Pki) -> None:
    """A server that fails leaves both unreachable, with the status it gave."""
    pki.server.status = 503
    found = heard(pki, pki.good)
    assert {"ocsp": "unreachable", "crl": "unreachable"} == statuses(found)
    assert {"It answered with HTTP status 503."} == {result.detail for result in found.values()}


def test_page_of_a_proxy(pki: Pki) -> None:
    """A login page in place of the answers is named as one."""
    html = b"<!DOCTYPE html><html><body>Please log in</body></html>"
    pki.server.answer, pki.server.files["/ca.crl"] = (lambda _: html), html
    found = heard(pki, pki.good)
    assert {("invalid", True)} == {(result.status, "web page" in result.detail) for result in found.values()}


def test_pem_list(pki: Pki) -> None:
    """A list published in PEM is read."""
    pki.server.files["/ca.crl"] = (pki.tool.directory / "list.pem").read_bytes()
    assert "revoked" == heard(pki, pki.revoked)["crl"].status
