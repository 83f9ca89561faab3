"""x509-limbo: what other verifiers agree on, and where certready departs from what the suite expects."""

from __future__ import annotations

import pytest

from tests.conformance import limbo

pytestmark = [
    pytest.mark.skipif(not limbo.PRESENT, reason=limbo.ABSENT),
    pytest.mark.filterwarnings("ignore:Parsed a serial number"),
]


@pytest.fixture(scope="module")
def judged() -> list[tuple[limbo.Case, bool]]:
    """Every case, and whether certready accepts its certificate."""
    return [(case, not limbo.objections(case)) for case in limbo.cases()]


def test_what_others_agree_on(judged: list[tuple[limbo.Case, bool]]) -> None:
    """All 108 cases on which cryptography, Go and OpenSSL agree come out as expected, chain, dates, usage and name."""
    agreed = [(case, accepted) for case, accepted in judged if case["id"] in limbo.agreed()]
    assert 108 == len(agreed)
    assert [] == [case["id"] for case, accepted in agreed if accepted != limbo.expected(case)]


def test_what_is_falsely_accepted(judged: list[tuple[limbo.Case, bool]]) -> None:
    """Of the others nothing is accepted that should be refused, but for what is listed with a reason."""
    assert 208 == len(judged)
    wrong = [case for case, accepted in judged if accepted and not limbo.expected(case)]
    assert [] == [case["id"] for case in wrong if not limbo.milder(case)]
    assert set(limbo.MILDER.values()) == {limbo.milder(case) for case in wrong}
