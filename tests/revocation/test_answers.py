"""Replies as answers about certificates, and which kept ones are asked for again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from msgspec.structs import replace

from certready.demo.pki import DAY, Authority, Issued, now
from certready.model import Answer, Ask, Reply
from certready.revocation import OCSP_LIMIT, Question, judge, questions, relevant
from certready.revocation.answers import answers, doubtful
from certready.revocation.common import SKEW
from certready.x509.certificate import Certificate

AT = now()
CA = Authority.root(moment=AT, crl_url="http://pki.example/ca.crl", ocsp_url="http://pki.example/ocsp")
STRANGER = Authority.root(moment=AT)
LEAF, OTHER = CA.issue("mail.contoso.com"), CA.issue("mail.fabrikam.com")
LDAP = CA.issue("mail.contoso.com", crl_urls=["ldap://dc/cn=ca"], ocsp_urls=[])
GOOD, STALE = CA.crl(), CA.crl(this_update=AT - 9 * DAY, next_update=AT - DAY)
REVOKED = CA.crl([(LEAF.x509.serial_number, AT - DAY, None)])


def link(leaf: Issued) -> tuple[Certificate, Certificate]:
    return Certificate(leaf.der), Certificate(CA.der)


def listed(leaf: Issued) -> Question:
    """The question of the leaf that a CRL answers."""
    return next(one for one in questions(*link(leaf)) if one.method == "crl")


def kept(body: bytes | None, **others: object) -> Reply:
    return replace(Reply(body, None if body else "It refused the connection.", 0, "cache"), **others)  # type: ignore[arg-type]


def asked_again(reply: Reply, *leaves: Issued) -> tuple[Ask, ...]:
    found = [listed(leaf) for leaf in leaves or (LEAF,)]
    return doubtful(found, [link(leaf) for leaf in leaves or (LEAF,)], {one.ask: reply for one in found if one.ask}, AT)


@pytest.mark.parametrize("body", [STALE, STRANGER.crl(), b"\x30\x00", b"", GOOD[:-1] + bytes([GOOD[-1] ^ 1])])
def test_what_does_not_count_is_asked_again(body: bytes) -> None:
    """A kept answer that is out of date, somebody else's or damaged is asked for again; just received, it is not."""
    assert (listed(LEAF).ask,) == asked_again(replace(kept(b"x"), body=body))
    assert () == asked_again(replace(kept(b"x"), body=body, source="network"))


@pytest.mark.parametrize("body", [GOOD, REVOKED, None])
def test_what_counts_is_not(body: bytes | None) -> None:
    """A kept answer that says good or revoked is not, and neither is a kept failure: it is brief anyway."""
    assert () == asked_again(kept(body))


def test_one_list_for_several_certificates() -> None:
    """A list that is worthless for two certificates is asked for once."""
    assert (listed(LEAF).ask,) == asked_again(kept(STALE), LEAF, OTHER)


def test_answers() -> None:
    """Each question has an answer with what is known about the reply, or the reason why it cannot be asked."""
    reply = kept(GOOD, note="That is from the cache.", elapsed_ms=3)
    question, unusable = listed(LEAF), listed(LDAP)
    found = list(answers((question, unusable), {question.ask: reply} if question.ask else {}, offline=False))
    assert (question.certificate, "crl", "cache", question.url, GOOD, 3, "That is from the cache.") == (
        *(found[0].certificate, found[0].method, found[0].source, found[0].url),
        *(found[0].body, found[0].elapsed_ms, found[0].note),
    )
    assert unusable.reason
    assert unusable.reason == found[1].error


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ldap://dc/cn=ca", "has ldap:"),
        ("pki.example/ca.crl", "has no scheme"),
        ("http://[2001:db8::1/ca.crl", "is malformed"),
        ("http://pki.example/a list.crl", "characters that no URL may hold"),
        (f"http://pki.example/{'a' * 2048}", "longer than 2048 characters"),
    ],
)
def test_an_address_that_cannot_be_asked(url: str, reason: str) -> None:
    """It is a question without an answer, and the reason is said."""
    (question,) = questions(*link(CA.issue("mail.contoso.com", crl_urls=[url], ocsp_urls=[])))
    assert question.ask is None
    assert reason in (question.reason or "")


def test_what_is_too_large_or_about_another_says_nothing() -> None:
    """An answer beyond the bound is not read, and one about a certificate of another CA, or about none, is no answer."""
    certificate, issuer = link(LEAF)
    huge = b"\0" * (OCSP_LIMIT + 1)
    assert not relevant("ocsp", huge, certificate, issuer)
    answer = Answer(certificate.sha256, "ocsp", "network", "http://pki.example/ocsp", huge, None)
    other = Certificate(Authority.root("Other", moment=AT).der)
    unreadable = Certificate(LEAF.der[:-9])
    assert [("invalid", True), ("invalid", True), ("unknown", True)] == [
        (said.status, part in (said.detail or ""))
        for said, part in (
            (judge(certificate, issuer, answer, AT), "larger than"),
            (judge(certificate, other, answer, AT), "names another issuer than Other"),
            (judge(unreadable, issuer, answer, AT), "cannot be read"),
        )
    ]


def test_offline() -> None:
    """Offline, what is not kept has no answer: it was not asked."""
    question = listed(LEAF)
    assert question.ask
    for offline, count in ((True, 0), (False, 1)):
        assert count == len(list(answers((question,), {question.ask: kept(None)}, offline=offline)))


def test_replies_in_whole_answers() -> None:
    """All that is known of a reply is in the answer, its failure and the clock of whoever answered too; what was not
    kept has none offline, and what was kept, or cannot be asked at all, has one."""
    question, unusable = listed(LEAF), listed(LDAP)
    assert question.ask
    about = (question.certificate, "crl")
    refused = Reply(None, "It refused the connection.", 5, "network", 503, note="Twice.", date=AT)
    expected = Answer(*about, "network", question.url, None, "It refused the connection.", 5, "Twice.", AT)  # type: ignore[arg-type]
    assert [expected] == list(answers((question,), {question.ask: refused}, offline=False))
    assert [] == list(answers((question,), {question.ask: refused}, offline=True))
    kept_answer = Answer(*about, "cache", question.url, GOOD, None, 0)  # type: ignore[arg-type]
    without = Answer(unusable.certificate, "crl", "network", unusable.url, error=unusable.reason)
    for offline in (False, True):
        asked = (unusable, question)
        assert [without, kept_answer] == list(answers(asked, {question.ask: kept(GOOD)}, offline=offline))


SIBLING = Authority.root("Sibling", moment=AT)


def test_which_of_several_are_asked_again() -> None:
    """Each by itself: what cannot be asked, was just received or has failed keeps no other from being asked again."""
    leaves = [CA.issue("mail.contoso.com", crl_urls=[f"http://pki.example/{name}"], ocsp_urls=[]) for name in "abcd"]
    first, second, third, fourth = (listed(leaf) for leaf in leaves)
    replies = {
        first.ask: kept(STALE),
        second.ask: Reply(STALE, None, 0, "network"),
        third.ask: kept(None),
        fourth.ask: kept(STALE),
    }
    asked = doubtful(
        (listed(LDAP), second, first, third, fourth),
        [link(leaf) for leaf in (*leaves, LDAP)],
        {ask: reply for ask, reply in replies.items() if ask},
        AT,
    )
    assert (first.ask, fourth.ask) == asked


@pytest.mark.parametrize(("issuers", "again"), [([CA], False), ([SIBLING], True), ([CA, SIBLING], False), ([], True)])
def test_an_answer_that_counts_on_one_path(issuers: list[Authority], again: bool) -> None:
    """An answer is not asked for again where it counts on any path that is judged, nor a failure on whatever paths."""
    question = listed(LEAF)
    assert question.ask
    links = [(link(LEAF)[0], Certificate(issuer.der)) for issuer in issuers]
    assert ((question.ask,) if again else ()) == doubtful((question,), links, {question.ask: kept(GOOD)}, AT)
    assert () == doubtful((question,), links, {question.ask: kept(None)}, AT)


def test_a_clock_that_runs_ahead() -> None:
    """An answer of a responder whose certificate begins within five minutes counts, and a list of a later moment is not
    worthless; neither is asked for again, and the answer of a responder that begins later is."""
    assert () == asked_again(kept(CA.crl(this_update=AT + DAY, next_update=AT + 2 * DAY)))
    question = next(each for each in questions(*link(LEAF)) if each.method == "ocsp")
    assert question.ask
    for ahead, again in ((SKEW, ()), (SKEW + timedelta(seconds=1), (question.ask,))):
        responder = CA.issue(
            common_name="Responder",
            san=[],
            ekus=[ExtendedKeyUsageOID.OCSP_SIGNING],
            not_before=AT + ahead,
            not_after=AT + DAY,
        )
        reply = kept(CA.ocsp(LEAF.x509, responder=responder))
        assert again == doubtful((question,), [link(LEAF)], {question.ask: reply}, AT)
