"""expiry.*: the dates of every certificate on the path."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from certready.case import Case
from certready.checks.expiry import check_expiry, warning_time
from certready.demo.pki import DAY, Authority, Issued
from certready.model import Evidence, ExpiryWarning, Known, Options
from certready.rules.model import NotApplicable, Observation
from tests import pki

MOMENT = datetime(2026, 11, 21, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def observations(evidence: Evidence) -> list[Observation]:
    return [one for one in check_expiry(Case(evidence)) if isinstance(one, Observation)]


def rules(evidence: Evidence) -> list[tuple[str, str]]:
    return [(one.rule.id, one.variant) for one in observations(evidence)]


def judged(leaf: Issued, *sent: Authority, root: Authority, at: datetime = MOMENT) -> list[tuple[str, str]]:
    return rules(pki.evidence(pki.chain(leaf, *sent), roots=pki.roots(root), at=at))


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root(moment=MOMENT)


def test_valid(root: Authority) -> None:
    """Valid dates are good news, with the day of the end and the days left."""
    leaf = root.issue("a.example", days=90)
    (found,) = observations(pki.evidence(pki.chain(leaf), roots=pki.roots(root), at=MOMENT))
    assert ("expiry.valid", pki.certificate(leaf).sha256) == (found.rule.id, found.certificate)
    assert "All 2 certificates of the chain are valid; a.example expires on 2027-02-18, in 89 days." == found.message


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (timedelta(0), []),
        (-SECOND, [("expiry.not-yet-valid", "")]),
        (-SECOND / 2, [("expiry.not-yet-valid", "")]),
    ],
)
def test_first_second(offset: timedelta, expected: list[tuple[str, str]], root: Authority) -> None:
    """A certificate is valid from notBefore on, not a part of a second earlier."""
    leaf = root.issue("a.example", not_before=MOMENT, days=90)
    assert (expected or [("expiry.valid", "")]) == judged(leaf, root=root, at=MOMENT + offset)


@pytest.mark.parametrize(
    ("offset", "rule"), [(timedelta(0), "expiry.valid"), (SECOND / 2, "expiry.valid"), (SECOND, "expiry.expired")]
)
def test_last_second(offset: timedelta, rule: str, root: Authority) -> None:
    """notAfter itself, and all of that second, is still valid; the next one is not."""
    leaf = root.issue("a.example", not_after=MOMENT)
    assert rule == judged(leaf, root=root, at=MOMENT + offset)[0][0]


def test_expired_says_both_moments(root: Authority) -> None:
    """The finding names the end and the moment of the judgement."""
    leaf = root.issue("a.example", age=40, days=30)
    (found,) = observations(pki.evidence(pki.chain(leaf), roots=pki.roots(root), at=MOMENT))
    assert (
        "The certificate a.example expired on 2026-11-11 09:00:00 UTC; judged as of 2026-11-21 09:00:00 UTC."
        == found.message
    )


def test_expired_issuer_and_root() -> None:
    """An expired issuer and an expired root on the only path are each found."""
    root = Authority.root(moment=MOMENT, age=100, days=95)
    middle = root.intermediate(age=50, days=40)
    leaf = middle.issue("a.example", age=1, days=90)
    found = judged(leaf, middle, root=root)
    assert [("expiry.expired", "issuer"), ("expiry.expired", "root")] == found[:2]
    assert {("expiry.issuer-first", "issuer"), ("expiry.issuer-first", "root")} == set(found[2:])


def test_at_decides(root: Authority) -> None:
    """The moment asked for decides, not the one of the gathering."""
    leaf = root.issue("a.example", days=90)
    options = Options(at=MOMENT + 200 * DAY)
    evidence = pki.evidence(pki.chain(leaf), roots=pki.roots(root), at=MOMENT, options=options)
    assert [("expiry.expired", "")] == rules(evidence)


def test_renewed_issuer_saves_the_chain(root: Authority) -> None:
    """With an expired issuer and its renewal sent, nothing has expired."""
    old = root.intermediate("Middle", days=15)
    renewed = pki.cross_signed(old, root)
    assert [("expiry.valid", "")] == judged(old.issue("a.example"), old, renewed, root=root)


@pytest.mark.parametrize("key_of_its_own", [False, True])
def test_a_known_renewal_of_an_expired_issuer_is_the_fix(root: Authority, key_of_its_own: bool) -> None:
    """Where only the expired issuer was sent, its known renewal is named with its end and where it was found; a
    certificate of that name with another key is not taken for one."""
    old = root.intermediate("Middle", days=15)
    renewed = pki.look_alike(old) if key_of_its_own else pki.cross_signed(old, root, days=400)
    known = Known(pki.certificate(renewed), "intermediate-file", "renewed.pem")
    chain = pki.chain(old.issue("a.example"), old)
    evidence = pki.evidence(chain, roots=pki.roots(root), known=[known], at=MOMENT)
    found = next(one for one in observations(evidence) if one.rule.id == "expiry.expired")
    ends = f"{renewed.x509.not_valid_after_utc:%Y-%m-%d}"
    said = f" A renewed one, valid until {ends}, was found in renewed.pem."
    assert ("issuer", key_of_its_own) == (found.variant, said not in found.message)
    assert key_of_its_own or found.fix == f"Send that Middle, valid until {ends}, in the place of the expired one."


def test_a_renewal_that_leads_nowhere_is_no_fix(root: Authority) -> None:
    """A known certificate with the issuer's name and key under a root that is not trusted is not offered."""
    old = root.intermediate("Middle", days=15)
    stray = pki.cross_signed(old, Authority.root("Stray"), days=400)
    known = Known(pki.certificate(stray), "intermediate-file", "stray.pem")
    evidence = pki.evidence(pki.chain(old.issue("a.example"), old), roots=pki.roots(root), known=[known], at=MOMENT)
    assert "stray.pem" not in " ".join(one.message for one in observations(evidence))


def test_issuer_that_was_not_sent_is_judged_too(root: Authority) -> None:
    """The dates of a known issuer count on the repaired path."""
    middle = root.intermediate(days=15)
    known = Known(pki.certificate(middle), "aia", "http://ca.example/")
    chain = pki.chain(middle.issue("a.example"))
    evidence = pki.evidence(chain, roots=pki.roots(root), known=[known], at=MOMENT)
    assert [("expiry.expired", "issuer"), ("expiry.issuer-first", "issuer")] == rules(evidence)


@pytest.mark.parametrize(
    ("warning", "lifetime", "expected"),
    [
        (ExpiryWarning(), 90, 30),
        (ExpiryWarning(), 47, 47 / 3),
        (ExpiryWarning(), 398, 30),
        (ExpiryWarning(fraction=0.5, days=None), 398, 199),
        (ExpiryWarning(fraction=None, days=14), 398, 14),
        (ExpiryWarning(fraction=None, days=None), 398, 0),
    ],
)
def test_warning_time(warning: ExpiryWarning, lifetime: int, expected: float) -> None:
    """By default a third of the lifetime, at most thirty days; either alone where only one is asked for."""
    assert timedelta(days=expected) == warning_time(warning, lifetime * DAY)


def test_soon(root: Authority) -> None:
    """A leaf within its warning time expires soon and is still valid; an expired one does not expire soon."""
    leaf = root.issue("a.example", age=70, days=90)
    assert [("expiry.valid", ""), ("expiry.soon", "")] == judged(leaf, root=root)
    assert [("expiry.valid", "")] == judged(leaf, root=root, at=MOMENT - 11 * DAY)
    assert [("expiry.expired", "")] == judged(leaf, root=root, at=MOMENT + 30 * DAY)


def test_less_than_a_day_is_said_in_hours(root: Authority) -> None:
    """The last day is counted in hours."""
    leaf = root.issue("a.example", not_after=MOMENT + timedelta(hours=5), age=80)
    found = observations(pki.evidence(pki.chain(leaf), roots=pki.roots(root), at=MOMENT))
    assert "in 5 hours." in found[1].message


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=2), "in 2 days."),
        (timedelta(days=1), "in 1 day."),
        (timedelta(hours=1, minutes=59), "in 1 hour."),
        (timedelta(minutes=59), "in 59 minutes."),
        (timedelta(seconds=90), "in 1 minute."),
        (timedelta(seconds=1), "in less than a minute."),
    ],
)
def test_what_is_left_is_never_nothing(root: Authority, left: timedelta, said: str) -> None:
    """What is left is said in the largest unit of which there is one: never in 0 hours, nor in 1 hours."""
    leaf = root.issue("a.example", not_after=MOMENT + left, age=80)
    found = observations(pki.evidence(pki.chain(leaf), roots=pki.roots(root), at=MOMENT))
    assert found[1].message.endswith(said)


def test_issuer_first(root: Authority) -> None:
    """An issuer that ends before the leaf is said while both are valid."""
    middle = root.intermediate(age=20, days=80)
    leaf = middle.issue("a.example", days=90)
    assert [("expiry.valid", ""), ("expiry.issuer-first", "issuer")] == judged(leaf, middle, root=root)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("issued", "limit"),
    [
        ("2018-03-01", 825),
        ("2020-08-31", 825),
        ("2020-09-01", 398),
        ("2026-03-14", 398),
        ("2026-03-15", 200),
        ("2027-03-14", 200),
        ("2027-03-15", 100),
        ("2029-03-14", 100),
        ("2029-03-15", 47),
    ],
)
def test_lifetime_limit_on_the_day_of_issue(issued: str, limit: int) -> None:
    """The limit in force on notBefore binds to the second, the last second counted."""
    root = Authority.root(moment=day("2018-01-01"))
    start = day(issued)
    exact = root.issue("a.example", not_before=start, not_after=start + limit * DAY - SECOND)
    over = root.issue("b.example", not_before=start, not_after=start + limit * DAY)
    at = start + DAY
    assert ("expiry.lifetime-too-long", "") not in judged(exact, root=root, at=at)
    assert ("expiry.lifetime-too-long", "") in judged(over, root=root, at=at)


def test_no_limit_before_2018() -> None:
    """Certificates from before March 2018 are bound by no limit here."""
    root = Authority.root(moment=day("2017-06-01"))
    leaf = root.issue("a.example", not_before=day("2018-02-28"), days=3000)
    assert [("expiry.valid", "")] == judged(leaf, root=root, at=day("2018-06-01"))


def test_lifetime_under_a_private_root(root: Authority) -> None:
    """Under a private root the limit is said to bind public CAs only."""
    leaf = root.issue("a.example", days=400)
    for roots in ((), pki.roots(root, extra=True)):
        found = observations(pki.evidence(pki.chain(leaf, root), roots=roots, at=MOMENT))
        assert ("expiry.lifetime-too-long", "private") == (found[-1].rule.id, found[-1].variant)
        assert "This limit binds public CAs" in found[-1].message


def test_nothing_to_judge() -> None:
    """No chain means not applicable; the dates of a leaf that cannot be read are said to be unknown."""
    assert [NotApplicable("No certificate was seen.")] == list(check_expiry(Case(pki.evidence())))
    assert [("expiry.valid", "unreadable")] == [
        (one.rule.id, one.variant) for one in observations(pki.evidence(pki.chain(b"\x30\x00")))
    ]
