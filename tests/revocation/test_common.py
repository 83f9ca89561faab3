"""What lists and OCSP answers are judged by alike, in whole values: borders of time, holds, newer lists, what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from certready.revocation.common import (
    MISREAD,
    ORDER,
    SKEW,
    Moment,
    Opinion,
    best,
    not_an_answer,
    revoked,
    same_der,
    same_name,
    superseded,
    timely,
    web_page,
    when,
)

AT = datetime(2026, 11, 21, 9, 0, 30, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
TEN = 10 * DAY
HOLD = "certificateHold"


def good(this: datetime | None, following: datetime | None) -> Opinion:
    return Opinion("good", "It says good.", this, following)


FRESH = "It says good. The answer of 2026-11-20 09:00 UTC stands until 2026-11-21 09:00 UTC."
NEW = "It says good. The answer of 2026-11-21 09:00 UTC stands until 2026-11-22 09:00 UTC."
ENDED = "The answer is out of date: it was good until 2026-11-21 09:00 UTC and is judged at 2026-11-21 09:00 UTC."
OLD = "The answer gives no nextUpdate and is 10 days old, made at 2026-11-11 09:00 UTC."
LATER = "which is later than the moment asked about, 2026-11-21 09:00 UTC."
OPEN = "It says good. The answer of {} gives no nextUpdate."


@pytest.mark.parametrize(
    ("this", "following", "without_next", "status", "detail"),
    [
        (AT - DAY, AT, TEN, "good", FRESH),
        (AT - DAY, AT - SECOND, TEN, "stale", ENDED),
        (AT, AT + DAY, TEN, "good", NEW),
        (AT + SECOND, AT + DAY, TEN, "unknown", f"The answer was made at 2026-11-21 09:00 UTC, {LATER}"),
        (None, AT + DAY, TEN, "unknown", f"The answer was without a date, {LATER}"),
        (AT - TEN, None, TEN, "good", OPEN.format("2026-11-11 09:00 UTC")),
        (AT - TEN - SECOND, None, TEN, "stale", OLD),
        (AT - 900 * DAY, None, None, "good", OPEN.format("2024-06-04 09:00 UTC")),
    ],
)
def test_dates_bound_a_good_opinion(
    this: datetime | None, following: datetime | None, without_next: timedelta | None, status: str, detail: str
) -> None:
    """To the second, both ends included: what is out of date is stale, what was made later unknown, and the sentence
    has the dates."""
    expected = Opinion(status, detail, this, following)  # type: ignore[arg-type]
    assert expected == timely(good(this, following), Moment(AT), without_next=without_next)


def test_skew_reaches_ahead_and_no_further() -> None:
    """A date up to the skew ahead is reached, and without any skew none that lies ahead is."""
    assert [True, False] == [Moment(AT, SKEW).reached(AT + SKEW + late) for late in (timedelta(0), SECOND)]
    assert [True, False] == [Moment(AT).reached(AT + late) for late in (timedelta(0), SECOND)]
    assert timedelta(minutes=5) == SKEW


SAID = "Revoked at 2026-11-20 09:00 UTC, reason certificateHold."
AHEAD = (
    "Revoked from 2026-11-21 09:00 UTC on, without a reason, which lies after the moment asked about, "
    "2026-11-21 09:00 UTC."
)
HELD = "It is out of date since 2026-11-21 09:00 UTC, and a hold may be lifted. It said: "


@pytest.mark.parametrize(
    ("date", "reason", "following", "status", "detail"),
    [
        (AT - DAY, None, None, "revoked", "Revoked at 2026-11-20 09:00 UTC, without a reason."),
        (AT, "superseded", AT - SECOND, "revoked", "Revoked at 2026-11-21 09:00 UTC, reason superseded."),
        (AT + SECOND, None, AT, "revoked", AHEAD),
        (None, None, AT, "revoked", "Revoked, without a reason, at a date that cannot be read."),
        (None, "keyCompromise", AT - DAY, "revoked", "Revoked, reason keyCompromise, at a date that cannot be read."),
        (AT - DAY, HOLD, AT, "revoked", SAID),
        (AT - DAY, HOLD, None, "revoked", SAID),
        (AT - DAY, HOLD, AT - SECOND, "stale", HELD + SAID),
    ],
)
def test_revocation_and_its_date(
    date: datetime | None, reason: str | None, following: datetime | None, status: str, detail: str
) -> None:
    """A revocation counts whatever its date; only a hold in an answer that is out of date may have been lifted."""
    opinion = Opinion("good", "", AT - 2 * DAY, following, date, reason)
    assert Opinion(status, detail, AT - 2 * DAY, following, date, reason) == revoked(opinion, Moment(AT))  # type: ignore[arg-type]


def listed(status: str, days: int | None, reason: str | None = None, scope: str | None = "one") -> Opinion:
    """What a list of this age says."""
    this = None if days is None else AT - days * DAY
    return Opinion(status, "It says so.", this, None, None, reason, scope)  # type: ignore[arg-type]


REPLACED = "A newer list, of 2026-11-20 09:00 UTC, replaces this one, which said: It says so."


@pytest.mark.parametrize(
    ("older", "stale"),
    [
        (listed("good", 2), True),
        (listed("revoked", 2, HOLD), True),
        (listed("revoked", 2), False),
        (listed("revoked", 2, "keyCompromise"), False),
        (listed("unknown", 2, HOLD), True),
        (listed("good", 1), False),
        (listed("good", 2, scope="two"), False),
        (listed("good", 2, scope=None), False),
        (listed("good", None), False),
    ],
)
def test_newer_list_of_the_same_scope(older: Opinion, stale: bool) -> None:
    """It makes an older one stale, which keeps what it said, unless that revoked for good, in whatever order they come;
    nothing of another scope, or without one or a date, is touched."""
    newer, oldest = listed("good", 1), listed("good", 3)
    expected = Opinion("stale", REPLACED, older.this_update, None, None, older.reason, older.scope) if stale else older
    oldest_after = Opinion("stale", REPLACED, oldest.this_update, scope="one")
    assert (newer, expected, oldest_after) == superseded([newer, older, oldest])
    assert (oldest_after, expected, newer) == superseded([oldest, older, newer])


def test_alone_nothing_is_replaced() -> None:
    """Opinions without a scope replace none and are replaced by none, whatever their dates."""
    opinions = (listed("good", 2, scope=None), listed("good", 1, scope=None), listed("invalid", None, scope=None))
    assert opinions == superseded(opinions)


def test_order_of_the_contract() -> None:
    """Of any two opinions the one further up in the contract's order stands."""
    assert ORDER == ("revoked", "good", "unknown", "stale", "invalid", "unreachable", "not-checkable", "skipped")
    opinions = [Opinion(status, "") for status in ORDER]
    for place in range(len(ORDER)):
        assert opinions[place] == best([*opinions[:place:-1], opinions[place]])


def test_moments_for_people() -> None:
    """A moment is told to the minute, in UTC."""
    assert "2026-11-21 09:00 UTC" == when(AT)
    assert "0476-09-04 00:00 UTC" == when(datetime(476, 9, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    ("body", "page"),
    [
        (b"<html>", True),
        (b"\xef\xbb\xbf \t\r\n<?xml", True),
        (b" " * 255 + b"<", True),
        (b" " * 256 + b"<", False),
        (b"X<html>", False),
        (b"0<", False),
        (b"", False),
    ],
)
def test_web_pages(body: bytes, page: bool) -> None:
    """A web page begins with its first tag, behind a byte order mark and white space within 256 bytes."""
    assert page == web_page(body)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The answer is empty where a CRL should be."),
        (b" \r\n", "The answer is empty where a CRL should be."),
        (b" <html>", "The answer is a web page, perhaps of a proxy, and not a CRL."),
        (b"rubbish", "The answer is not a CRL that can be read."),
    ],
)
def test_what_is_no_answer(body: bytes, detail: str) -> None:
    """Nothing, a web page and rubbish are invalid, each with its own sentence."""
    assert Opinion("invalid", detail) == not_an_answer(body, "a CRL")


def test_names_as_they_compare() -> None:
    """Names are the same whatever case and spaces, and bytes that are no name only where they are the same bytes."""
    plain, spelled, other = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
        for text in ("Issuing CA", "ISSUING  CA", "Other")
    )
    assert [True, False] == [same_name(plain, name.public_bytes()) for name in (spelled, other)]
    assert [True, False] == [same_der(b"\xff", der) for der in (b"\xff", b"\xfe")]


@pytest.mark.parametrize(
    "error", [ValueError("a"), x509.DuplicateExtension("twice", x509.OCSPNoCheck.oid), OverflowError()]
)
def test_what_reading_may_raise(error: Exception) -> None:
    """A malformed value, an extension given twice and a number that is too large are no answer, and no fault of ours."""
    assert isinstance(error, MISREAD)
