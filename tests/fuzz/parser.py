"""What is said of a parser or dialogue, so that it can be given hostile input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from certready.case import Case
from certready.checks import run
from certready.errors import CertreadyError
from certready.judging import judge
from certready.model import Evidence
from certready.steps import finish
from tests.fuzz.mutation import Shape

LONGEST_SENTENCE = 2000  # characters of an error
SEPARATOR = b"\x1e"  # between what a server says at one time and what it says at the next


class Parser(NamedTuple):
    """One reader of bytes from outside.

    Args:
        take: reads them, and does with the result what commands do. It returns, or raises a CertreadyError; anything
            else is a fault, a false answer included, about which it raises AssertionError.
        samples: honest input, a sound one first; made once.
        shapes: the ways in which a sample is changed.
        tests: properties of the suite about the same reader, as ``path::name`` under ``tests``.
    """

    take: Callable[[bytes], None]
    samples: Callable[[], Sequence[bytes]]
    shapes: tuple[Shape, ...]
    tests: tuple[str, ...] = ()


def judged(evidence: Evidence) -> str:
    """The verdict on it. Raises AssertionError where a check crashed inside, which a report would only mention."""
    crashed = [seen.message for seen in finish(run(Case(evidence))) if seen.rule.id.endswith(".check-crashed")]
    assert not crashed, crashed
    return judge(evidence).verdict


def refused_well(error: CertreadyError) -> str | None:
    """What is wrong with a refusal: it is one printable sentence and says what to do. None where nothing is."""
    if not error.message or not error.message.isprintable() or len(error.message) > LONGEST_SENTENCE:
        return f"an error that is no printable sentence: {error.message[:300]!a}"
    if error.hint is not None and not (error.hint and all(line.isprintable() for line in error.hint.splitlines())):
        return f"a hint that is not printable: {error.hint[:300]!a}"
    return None
