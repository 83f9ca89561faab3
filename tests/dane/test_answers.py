"""What becomes of mail where a certificate does not fit, in words."""

from __future__ import annotations

import pytest

from certready.dane import consequence, fit
from tests.dane.test_matching import MOMENT, NAMES, ROWS, World
from tests.dane.test_matching import world as world  # noqa: PLC0414 - the fixture


@pytest.mark.parametrize(
    ("chain", "records", "said"),
    [
        (
            "leaf",
            "3 1 1 other",
            "Exchange Online holds the mail (4.7.323) and returns it after 24 hours; every other sender",
        ),
        ("foreign", "2 1 1 middle", "Exchange Online holds the mail (4.7.325) and returns it after 24 hours; every"),
        ("expired", "2 1 1 middle", "Exchange Online holds the mail (4.7.322) and returns it after 24 hours; every"),
        (
            "expired",
            "3 1 1 expired",
            "that the dates of a certificate under usage 3 matter to it is inferred (fact U14)",
        ),
        ("under-stale", "2 1 1 stale", "that the dates of the pinned authority matter to it is inferred (fact U14)"),
        ("leaf", "3 1 2 other,3 1 1 leaf", "whether Exchange Online does is not documented (fact U15)"),
    ],
)
def test_consequences(world: World, chain: str, records: str, said: str) -> None:
    """What is known of Exchange Online and of other senders is told apart from what is inferred or open."""
    assert said in consequence(fit(world.records(records), world.sent(chain), NAMES, MOMENT), "")


def test_only_exchange_online_gives_up_after_a_day(world: World) -> None:
    """Returning the mail after 24 hours is said of Exchange Online alone: others keep it for as long as they like."""
    sentence = consequence(fit(world.records("3 1 1 other"), world.sent("leaf"), NAMES, MOMENT))
    assert sentence.endswith("every other sender that checks DANE holds it too")


@pytest.mark.parametrize("row", [row for row in ROWS if row[2] in ("dates", "name", "mismatch")])
def test_another_host_may_serve(world: World, row: tuple[str, str, str, str, bool]) -> None:
    """Unless more is known another MX host may serve, whatever it is that does not fit; the answer that is expected is
    named, and none where none is known."""
    chain, records, _, code, others_accept = row
    sentence = consequence(fit(world.records(records), world.sent(chain), NAMES, MOMENT))
    assert "unless another MX host serves" in sentence
    assert (f"({code}," in sentence) == bool(code)
    assert ("accept it all the same" in sentence) == others_accept
