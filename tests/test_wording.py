"""Lists in sentences are bounded, and say that there is more."""

from __future__ import annotations

from certready.wording import and_more, listed


def test_a_short_list_is_said_whole() -> None:
    """Up to the limit every item is written out; of none nothing is."""
    assert ("", "a", "a, b") == (listed([]), listed(["a"]), listed(["a", "b"], 2))


def test_a_long_list_says_how_many_are_left_out() -> None:
    """Beyond the limit the rest is counted."""
    assert "a > b and 2 more" == listed(["a", "b", "c", "d"], 2, " > ")
    assert "a, b, c, d, e and 1 more" == listed("abcdef")


def test_nothing_left_out_is_not_mentioned() -> None:
    """Rows that all are shown have no remainder."""
    assert ("", "", "and 1 more") == (and_more(0, 3), and_more(3, 3), and_more(4, 3))
