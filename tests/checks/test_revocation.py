"""The revocation check: which certificates are asked about, at which moment, and what is said of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.ocsp import OCSPCertStatus
from msgspec.structs import replace

from certready.case import Case
from certready.checks.revocation import check_revocation
from certready.demo.pki import Authority, Issued
from certready.model import Answer, Chain, Endpoint, Evidence, Known, Options, Root, StoreInfo, Target
from certready.model.endpoint import Handshake
from certready.model.report import RevocationResult
from certready.rules.model import NotApplicable, Observation
from certready.x509.certificate import Certificate

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
URLS = {"crl_url": "http://pki.example/ca.crl", "ocsp_url": "http://pki.example/ocsp"}

ROOT = Authority.root(moment=AT, crl_url="http://pki.example/root.crl")
CA = ROOT.intermediate("Issuing CA", moment=AT, crl_url=URLS["crl_url"], ocsp_url=URLS["ocsp_url"])
LEAF = CA.issue("mail.contoso.com")


def results(given: Evidence) -> tuple[RevocationResult, ...]:
    """What every source is worth."""
    return tuple(result for _, found in Case(given).heard for result in found)


def certificates(*issued: Issued) -> tuple[Certificate, ...]:
    return tuple(Certificate(one.der) for one in issued)


def evidence(*sent: Issued, answers: tuple[Answer, ...] = (), kind: str = "file", **options: object) -> Evidence:
    """What a file of these certificates under ROOT gives."""
    return Evidence(
        certready="0",
        gathered_at=AT,
        target=Target(kind, "x"),
        options=Options(**options),  # type: ignore[arg-type]
        store=StoreInfo("microsoft"),
        chains=(Chain("c1", "pem", certificates(*(sent or (LEAF, CA)))),),
        roots=(Root(*certificates(ROOT)),),
        answers=answers,
    )


def answer(about: Issued, method: str, body: bytes | None, *, url: str | None = "", error: str | None = None) -> Answer:
    """An answer about a certificate; by default under the URL that the certificates here name."""
    names = {"ocsp": URLS["ocsp_url"], "crl": "http://pki.example/root.crl" if about is CA else URLS["crl_url"]}
    place = names.get(method) if url == "" else url
    sources = {True: "network", False: "handshake" if method == "stapled" else "file"}
    return Answer(certificates(about)[0].sha256, method, sources[place is not None], place, body, error)  # type: ignore[arg-type]


def seen(given: Evidence) -> list[Observation]:
    return [one for one in check_revocation(Case(given)) if isinstance(one, Observation)]


def about(given: Evidence, issued: Issued) -> Observation:
    """The one observation about a certificate."""
    sha256 = certificates(issued)[0].sha256
    (found,) = [one for one in seen(given) if one.certificate == sha256]
    return found


GOOD_CA = answer(CA, "crl", ROOT.crl())


def test_one_finding_for_each_certificate_but_the_root() -> None:
    """Leaf and intermediate are told about, the root is nobody's to revoke."""
    given = evidence(answers=(GOOD_CA, answer(LEAF, "ocsp", CA.ocsp(LEAF.x509)), answer(LEAF, "crl", CA.crl())))
    assert ["revocation.good"] * 2 == [one.rule.id for one in seen(given)]
    assert [one.sha256 for one in certificates(LEAF, CA)] == [one.certificate for one in seen(given)]
    assert {"c1"} == {one.chain for one in seen(given)}


def test_every_source_is_a_result() -> None:
    """Each source of each certificate has its own result, from the leaf up."""
    given = evidence(answers=(GOOD_CA, answer(LEAF, "ocsp", None, error="It refused the connection.")))
    found = [(one.method, one.url, one.status) for one in results(given)]
    assert [
        ("ocsp", URLS["ocsp_url"], "unreachable"),
        ("crl", URLS["crl_url"], "unreachable"),
        ("crl", "http://pki.example/root.crl", "good"),
    ] == found


REVOKED = CA.crl([(LEAF.x509.serial_number, AT - 3 * DAY, x509.ReasonFlags.key_compromise)])
STALE = CA.crl(this_update=AT - 9 * DAY, next_update=AT - 2 * DAY)


@pytest.mark.parametrize(
    ("ocsp", "crl", "expected"),
    [
        (CA.ocsp(LEAF.x509), REVOKED, "revoked"),
        (CA.ocsp(LEAF.x509), STALE, "good"),
        (CA.ocsp(LEAF.x509), None, "good"),
        (b"rubbish", CA.crl(), "good"),
        (b"rubbish", STALE, "stale"),
        (b"rubbish", None, "invalid"),
        (bytes.fromhex("30030a0106"), STALE, "unknown"),
        (None, None, "unreachable"),
    ],
)
def test_first_that_holds(ocsp: bytes | None, crl: bytes | None, expected: str) -> None:
    """Of several answers the contract's order decides: revoked, good, unknown, stale, invalid, unreachable."""
    failed = "It refused the connection."
    answers = tuple(
        answer(LEAF, method, body, error=None if body else failed) for method, body in (("ocsp", ocsp), ("crl", crl))
    )
    found = about(evidence(answers=answers), LEAF)
    assert f"revocation.{expected}" == found.rule.id


def test_revoked_message() -> None:
    """A revocation is told with its date, its reason and who says so."""
    found = about(evidence(answers=(answer(LEAF, "crl", REVOKED),)), LEAF)
    assert "2026-11-18 09:00 UTC" in found.message
    assert "keyCompromise" in found.message
    assert URLS["crl_url"] in found.message


def test_good_message() -> None:
    """Good is told with the dates of the answer."""
    found = about(evidence(answers=(answer(LEAF, "crl", CA.crl()),)), LEAF)
    assert ("revocation.good", "") == (found.rule.id, found.variant)
    assert "2026-11-20 09:00 UTC" in found.message
    assert "2026-11-27 09:00 UTC" in found.message


def test_unreachable_names_each_source_with_its_reason() -> None:
    """Nobody answering is told with every URL and why it gave no answer, in a sentence each."""
    answers = (
        answer(LEAF, "ocsp", None, error="It refused the connection."),
        answer(LEAF, "crl", None, error="It answered with HTTP status 404."),
    )
    message = about(evidence(answers=answers), LEAF).message
    assert f"{URLS['ocsp_url']}: It refused the connection." in message
    assert f"{URLS['crl_url']}: It answered with HTTP status 404." in message
    both = about(
        evidence(answers=tuple(answer(LEAF, kind, None, error="It timed out.") for kind in ("ocsp", "crl"))), LEAF
    )
    assert both.message.endswith(f"{URLS['ocsp_url']}, CRL {URLS['crl_url']}: It timed out.")


def test_offline() -> None:
    """Offline and without answers at hand nobody was asked: the same rule, saying what to supply."""
    found = about(evidence(offline=True), LEAF)
    assert ("revocation.unreachable", "") == (found.rule.id, found.variant)
    assert "--offline" in found.message
    assert "--crl FILE" in (found.fix or "")


def test_offline_with_answers_at_hand() -> None:
    """A CRL and an OCSP answer given as files count like any other, the rest stays unreachable."""
    given = evidence(
        offline=True,
        answers=(answer(LEAF, "ocsp", CA.ocsp(LEAF.x509), url=None), answer(CA, "crl", ROOT.crl(), url=None)),
    )
    assert ["revocation.good"] * 2 == [one.rule.id for one in seen(given)]
    assert {("file", None, "good")} == {(one.source, one.url, one.status) for one in results(given) if one.url is None}


def test_stapled_answer() -> None:
    """A stapled answer counts and comes first."""
    given = evidence(answers=(answer(LEAF, "stapled", CA.ocsp(LEAF.x509), url=None), GOOD_CA))
    assert ("stapled", "handshake", "good") == (
        results(given)[0].method,
        results(given)[0].source,
        results(given)[0].status,
    )
    assert "stapled OCSP answer" in about(given, LEAF).message


def stapled(body: bytes) -> Answer:
    return answer(LEAF, "stapled", body, url=None)


@pytest.mark.parametrize(
    ("staple", "status"),
    [
        (CA.ocsp(LEAF.x509, this_update=AT - 9 * DAY, next_update=AT - 2 * DAY), "stale"),
        (CA.ocsp(CA.issue("other.contoso.com").x509), "invalid"),
        (Authority.root("Issuing CA", moment=AT).ocsp(LEAF.x509, issuer=CA.x509), "invalid"),
        (CA.ocsp(LEAF.x509, status=OCSPCertStatus.UNKNOWN), "unknown"),
        (b"rubbish", "invalid"),
    ],
)
def test_stapled_answers_that_do_not_count(staple: bytes, status: str) -> None:
    """A staple out of date, about another certificate, by another key, or that knows nothing is no good one: it is
    told as what it is, and the other sources decide."""
    alone = evidence(answers=(stapled(staple),))
    assert f"revocation.{status}" == about(alone, LEAF).rule.id
    assert status == results(alone)[0].status
    assert "revocation.good" == about(evidence(answers=(stapled(staple), answer(LEAF, "crl", CA.crl()))), LEAF).rule.id


def test_stapled_revocation() -> None:
    """A genuine staple that says revoked decides, whatever the other sources say."""
    staple = CA.ocsp(LEAF.x509, status=OCSPCertStatus.REVOKED, revoked_at=AT - 3 * DAY)
    found = about(evidence(answers=(stapled(staple), answer(LEAF, "crl", CA.crl()))), LEAF)
    assert ("revocation.revoked", True) == (found.rule.id, "stapled OCSP answer" in found.message)


def test_what_is_documented_is_told_from_what_is_prudent() -> None:
    """The rule, and not every sentence about an address, says what Microsoft documents for outbound, that it documents
    nothing for inbound, and what is prudent."""
    observation = about(evidence(), LEAF)
    for words in ("outbound connectors with certificate validation check", "nothing for inbound", "prudent"):
        assert words in observation.rule.why
        assert words not in observation.message


def test_off() -> None:
    """With --revocation off every certificate is told as skipped, once, and so is every source."""
    given = evidence(revocation="off", answers=(answer(LEAF, "crl", REVOKED),))
    assert ["revocation.skipped"] * 2 == [one.rule.id for one in seen(given)]
    assert {"skipped"} == {one.status for one in results(given)}


@pytest.mark.parametrize(
    ("urls", "word"),
    [
        ({"crl_urls": [], "ocsp_urls": []}, "names neither"),
        ({"crl_urls": ["ldap://dc/cn=ca?certificateRevocationList"], "ocsp_urls": []}, "ldap:"),
        ({"crl_urls": ["ldap:///cn=ca"], "ocsp_urls": []}, "names only places that cannot be asked over http"),
        ({"crl_urls": ["file://server/ca.crl"], "ocsp_urls": ["ldaps://dc/"]}, "file:"),
    ],
)
def test_not_checkable(urls: dict[str, list[str]], word: str) -> None:
    """No pointer, or only such as cannot be asked over HTTP, is not checkable and never good."""
    leaf = CA.issue("mail.contoso.com", **urls)  # type: ignore[arg-type]
    given = evidence(leaf, CA)
    assert "revocation.not-checkable" == about(given, leaf).rule.id
    assert word in about(given, leaf).message
    mine = [one.status for one in results(given) if one.certificate == certificates(leaf)[0].sha256]
    assert ["not-checkable"] * sum(map(len, urls.values())) == mine


def test_not_checkable_whatever_the_gathering_wrote() -> None:
    """A source that cannot be asked stays not checkable where the gathering noted an error for it."""
    url = "ldap://dc/cn=ca"
    leaf = CA.issue("mail.contoso.com", crl_urls=[url], ocsp_urls=[])
    given = evidence(leaf, CA, answers=(answer(leaf, "crl", None, url=url, error="The URL has ldap:."),))
    assert "revocation.not-checkable" == about(given, leaf).rule.id


@pytest.mark.parametrize("urls", [[], ["ldap://dc/cn=ca"]])
def test_not_checkable_though_a_list_is_at_hand(urls: list[str]) -> None:
    """A CRL given as a file does not help a certificate that names none over HTTP, but what it revokes is revoked."""
    leaf = CA.issue("mail.contoso.com", crl_urls=urls, ocsp_urls=[])
    entries = [[], [(leaf.x509.serial_number, AT - DAY, None)]]
    found = [
        about(evidence(leaf, CA, answers=(answer(leaf, "crl", CA.crl(revoked), url=None),)), leaf)
        for revoked in entries
    ]
    assert ["revocation.not-checkable", "revocation.revoked"] == [one.rule.id for one in found]


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("start", "lifetime", "expected"),
    [
        (datetime(2026, 3, 14, 23, 59, 59, tzinfo=UTC), 10 * DAY - SECOND, "short-lived"),
        (datetime(2026, 3, 14, 23, 59, 59, tzinfo=UTC), 10 * DAY, "not-checkable"),
        (datetime(2026, 3, 15, tzinfo=UTC), 7 * DAY - SECOND, "short-lived"),
        (datetime(2026, 3, 15, tzinfo=UTC), 7 * DAY, "not-checkable"),
        (datetime(2026, 11, 20, tzinfo=UTC), timedelta(hours=160), "short-lived"),
    ],
)
def test_short_lived(start: datetime, lifetime: timedelta, expected: str) -> None:
    """Ten days until 2026-03-15 and seven since, first and last second included, excuse from being revocable."""
    leaf = CA.issue("mail.contoso.com", crl_urls=[], ocsp_urls=[], not_before=start, not_after=start + lifetime)
    assert f"revocation.{expected}" == about(evidence(leaf, CA), leaf).rule.id


def test_short_lived_with_a_pointer_is_asked() -> None:
    """A short-lived certificate that names a source is asked about like any other."""
    leaf = CA.issue("mail.contoso.com", not_before=AT - DAY, not_after=AT + DAY)
    assert "revocation.unreachable" == about(evidence(leaf, CA), leaf).rule.id


def test_unknown_issuer() -> None:
    """Without the issuer's key no answer can be authenticated, so nothing counts."""
    given = evidence(LEAF, answers=(answer(LEAF, "crl", CA.crl()),))
    found = about(given, LEAF)
    assert "revocation.unknown" == found.rule.id
    assert "Issuing CA" in found.message
    assert () == results(given)


def test_issuer_known_beside_the_chain() -> None:
    """An issuer that was fetched or handed in serves to ask, although it was not sent."""
    given = replace(
        evidence(LEAF, answers=(answer(LEAF, "crl", CA.crl()), GOOD_CA)),
        known=(Known(certificates(CA)[0], "aia", "http://pki.example/ca.crt"),),
    )
    assert ["revocation.good"] * 2 == [one.rule.id for one in seen(given)]


def test_self_signed() -> None:
    """A certificate that signed itself has nobody who could revoke it."""
    alone = Authority.root("mail.contoso.com", moment=AT)
    (found,) = check_revocation(Case(evidence(alone)))
    assert isinstance(found, NotApplicable)


def test_unreadable_certificate() -> None:
    """A certificate that cannot be read is unknown, not passed over."""
    given = replace(evidence(), chains=(Chain("c1", "pem", (Certificate(b"\x30\x00"),)),))
    assert ["revocation.unknown"] == [one.rule.id for one in seen(given)]


def test_judged_later_than_gathered() -> None:
    """For a later moment the answers are judged as of the gathering, and that is said."""
    answers = (answer(LEAF, "crl", CA.crl()),)
    found = about(evidence(answers=answers, at=AT + 30 * DAY), LEAF)
    assert ("revocation.good", "later") == (found.rule.id, found.variant)
    assert "2026-12-21" in found.message


def test_judged_earlier_than_gathered() -> None:
    """For an earlier moment an answer made since never says good."""
    answers = (answer(LEAF, "crl", CA.crl(this_update=AT - timedelta(minutes=1))),)
    found = [about(evidence(answers=answers, at=at), LEAF).rule.id for at in (None, AT, AT - timedelta(minutes=2))]
    assert ["revocation.good", "revocation.good", "revocation.unknown"] == found


def test_unknown_at_an_earlier_moment() -> None:
    """Where an answer of today cannot speak for an earlier moment, the advice is to judge today, not to ask the CA."""
    found = about(evidence(answers=(answer(LEAF, "crl", CA.crl()),), at=AT - 2 * DAY), LEAF)
    assert ("revocation.unknown", True) == (found.rule.id, "without --at" in (found.fix or ""))


def test_answer_made_during_the_run() -> None:
    """An answer dated a minute after the start of the run, by another clock, counts; one of an hour later does not."""
    found = [
        about(evidence(answers=(answer(LEAF, "crl", CA.crl(this_update=AT + ahead)),)), LEAF).rule.id
        for ahead in (timedelta(minutes=1), timedelta(hours=1))
    ]
    assert ["revocation.good", "revocation.unknown"] == found


def test_shared_intermediate_is_told_once() -> None:
    """A certificate of several chains has one finding, which belongs to no single chain."""
    other = CA.issue("mail2.contoso.com")
    chains = tuple(Chain(f"c{n}", "tls", certificates(leaf, CA)) for n, leaf in enumerate((LEAF, other), 1))
    given = replace(evidence(), chains=chains)
    assert 3 == len(seen(given))
    assert [None, "c1"] == [about(given, one).chain for one in (CA, LEAF)]


def probed(leaf: Issued, staple: bytes | None, kind: str = "host") -> Evidence:
    given = evidence(leaf, CA, kind=kind)
    return replace(given, endpoints=(Endpoint("gw", "192.0.2.1", 25, "c1", staple=staple, stage="done"),))


@pytest.mark.parametrize(("staple", "kind", "expected"), [(None, "host", 1), (b"x", "host", 0), (None, "listen", 0)])
def test_missing_staple(staple: bytes | None, kind: str, expected: int) -> None:
    """A must-staple certificate without a staple at a probe is told, per address; a client cannot be blamed."""
    must = CA.issue("mail.contoso.com", extra=[(x509.TLSFeature([x509.TLSFeatureType.status_request]), False)])
    missing = [one for one in seen(probed(must, staple, kind)) if one.rule.id == "revocation.staple-missing"]
    assert expected == len(missing)
    assert {"192.0.2.1:25"} >= {one.endpoint for one in missing}


@pytest.mark.parametrize(("staple", "expected"), [(None, ["c2"]), (b"x", [])])
def test_missing_staple_of_another_kind_of_certificate(staple: bytes | None, expected: list[str]) -> None:
    """A certificate that only a further handshake brought up is held to its demand as well."""
    must = CA.issue("mail.contoso.com", extra=[(x509.TLSFeature([x509.TLSFeatureType.status_request]), False)])
    given = probed(LEAF, None)
    further = Handshake("ecdsa", "done", "c2", "TLSv1.2", staple=staple)
    given = replace(
        given,
        chains=(*given.chains, Chain("c2", "tls", certificates(must, CA))),
        endpoints=tuple(replace(endpoint, handshakes=(further,)) for endpoint in given.endpoints),
    )
    assert expected == [one.chain for one in seen(given) if one.rule.id == "revocation.staple-missing"]


def test_no_staple_is_no_fault_without_the_demand() -> None:
    """A certificate that does not demand a staple may come without."""
    assert "revocation.staple-missing" not in {one.rule.id for one in seen(probed(LEAF, None))}


def test_many_urls_are_bounded() -> None:
    """Of many URLs five of each kind are asked, so that many responders cannot crowd out the CRL."""
    leaf = CA.issue(
        "mail.contoso.com",
        ocsp_urls=[f"http://pki.example/{n}" for n in range(50)],
        crl_urls=[f"http://pki.example/{n}.crl" for n in range(50)],
    )
    found = [one.method for one in results(evidence(leaf, CA)) if one.certificate == certificates(leaf)[0].sha256]
    assert ["ocsp"] * 5 + ["crl"] * 5 == found


def test_hostile_urls_are_printed_harmlessly() -> None:
    """Control characters of a URL out of a certificate do not reach the message."""
    leaf = CA.issue("mail.contoso.com", ocsp_urls=["http://pki.example/\x1b[2J\n"], crl_urls=[])
    message = about(evidence(leaf, CA), leaf).message
    assert message.isprintable()
    assert "\x1b" not in message
