"""Work that is done step by step."""

from __future__ import annotations

import pytest

from certready.steps import Steps, finish


def counted(to: list[int], *, fails: bool = False) -> Steps[str]:
    """Three steps, each noted, and a word."""
    for number in range(3):
        to.append(number)
        yield
    if fails:
        raise ValueError("it failed")
    return "done"


def test_all_steps_are_taken_and_what_they_come_to_is_returned() -> None:
    """Finished work has taken each step once, in order, and gives its result."""
    seen: list[int] = []
    assert finish(counted(seen)) == "done"
    assert seen == [0, 1, 2]


def test_what_a_step_raises_is_raised() -> None:
    """An error of a step is the error of the work."""
    with pytest.raises(ValueError, match="it failed"):
        finish(counted([], fails=True))
