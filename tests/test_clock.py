"""clock: what others said the time was, and whether that puts this machine's clock off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from certready import clock
from certready.model import Endpoint, Evidence, Options, StoreInfo, Target
from certready.model.dialogue import Exchange
from certready.model.report import RevocationResult

NOW = datetime(2026, 11, 26, 21, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def evidence(banner: str | None = None) -> Evidence:
    made = Evidence("0", NOW, Target("host", "gw.contoso.com"), Options(), StoreInfo("test"))
    return replace(made, endpoints=(Endpoint("gw.contoso.com", "192.0.2.1", 25, banner=banner),))


def answer(ahead: timedelta) -> RevocationResult:
    return RevocationResult("ab", "crl", "network", "http://crl.example/a.crl", "good", this_update=NOW + ahead)


@pytest.mark.parametrize(
    ("banner", "hours"),
    [
        ("220 gw ESMTP Exim 4.97 Thu, 26 Nov 2026 21:00:05 +0000", 0),
        ("220 gw Microsoft ESMTP MAIL Service ready at Fri, 27 Nov 2026 00:00:00 +0100", 2),
        ("220 gw ESMTP Sendmail 8.18.1/8.18.1; Thu, 26 Nov 2026 16:00:00 GMT", -5),
        ("220-gw ready\\x0d\\x0a220 26 Nov 2026 22:00:00 +0000", 1),
    ],
)
def test_banners_say_the_time(banner: str, hours: int) -> None:
    """Every mail server that dates its banner is heard."""
    (said,) = clock.readings(evidence(banner), ())
    assert hours == round(said.ahead / HOUR)
    assert bool(hours) == bool(clock.off((said,)))


@pytest.mark.parametrize("banner", [None, "220 gw ESMTP", "220 gw 99 Foo 2026 99:99:99 +0000", "220 1.2.3.4 2026"])
def test_a_banner_without_a_date_says_nothing(banner: str | None) -> None:
    """What is no date is passed over."""
    assert () == clock.readings(evidence(banner), ())


def test_the_smart_host_of_a_rehearsal_is_heard() -> None:
    """The first line of the dialogue is its banner."""
    greeting = Exchange("", "220 mx Microsoft ESMTP MAIL Service ready at Thu, 26 Nov 2026 23:00:00 +0000")
    given = replace(evidence(), target=Target("rehearse", "mx"), dialogue=(greeting,))
    assert [2 * HOUR] == [one.ahead for one in clock.readings(given, ())]


@pytest.mark.parametrize(("ahead", "doubtful"), [(-9 * HOUR, False), (9 * MINUTE, False), (11 * MINUTE, True)])
def test_an_answer_that_was_made_later_than_now(ahead: timedelta, doubtful: bool) -> None:
    """thisUpdate lies in the past of a right clock, however far; ahead of it only where it is wrong."""
    assert doubtful == bool(clock.off(clock.readings(evidence(), [answer(ahead)])))


def test_one_clock_that_agrees_outweighs_those_that_do_not() -> None:
    """Where another clock bears this machine's out, it is the others that are wrong."""
    given = evidence("220 gw ESMTP Exim 4.97 Thu, 26 Nov 2026 21:00:05 +0000")
    assert clock.off(clock.readings(given, [answer(5 * HOUR)])) is None
