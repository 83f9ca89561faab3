"""What a root programme's limits mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from certready.model import Limits
from certready.roots.limits import Standing, standing
from certready.x509.certificate import CLIENT_AUTH, SERVER_AUTH

BEFORE, LIMIT, AFTER = (datetime(year, 1, 1, tzinfo=UTC) for year in (2024, 2025, 2026))
BOTH = (SERVER_AUTH, CLIENT_AUTH)


@pytest.mark.parametrize(
    ("limits", "usage", "not_before", "at", "expected"),
    [
        (None, SERVER_AUTH, AFTER, AFTER, Standing("allowed")),
        (Limits(), SERVER_AUTH, AFTER, AFTER, Standing("allowed")),
        (Limits(usages=BOTH), SERVER_AUTH, AFTER, AFTER, Standing("allowed")),
        (Limits(usages=(SERVER_AUTH,)), CLIENT_AUTH, AFTER, AFTER, Standing("not-listed")),
        (Limits(usages=()), SERVER_AUTH, AFTER, AFTER, Standing("not-listed")),
        (Limits(disabled_from=LIMIT), SERVER_AUTH, BEFORE, AFTER, Standing("disabled", LIMIT)),
        (Limits(disabled_from=LIMIT), SERVER_AUTH, BEFORE, LIMIT, Standing("disabled", LIMIT)),
        (Limits(disabled_from=LIMIT), SERVER_AUTH, BEFORE, BEFORE, Standing("allowed")),
        (Limits(disabled_from=LIMIT, disabled_usages=(CLIENT_AUTH,)), SERVER_AUTH, BEFORE, AFTER, Standing("allowed")),
        (Limits(cutoff=LIMIT), SERVER_AUTH, AFTER, AFTER, Standing("cut-off", LIMIT)),
        (Limits(cutoff=LIMIT), SERVER_AUTH, LIMIT, AFTER, Standing("allowed")),
        (Limits(cutoff=LIMIT), SERVER_AUTH, BEFORE, AFTER, Standing("allowed")),
        (Limits(cutoff=LIMIT, cutoff_usages=(SERVER_AUTH,)), CLIENT_AUTH, AFTER, AFTER, Standing("allowed")),
        (Limits(unclear=True), SERVER_AUTH, BEFORE, AFTER, Standing("unclear")),
        (Limits(unclear=True, cutoff=LIMIT), SERVER_AUTH, AFTER, AFTER, Standing("cut-off", LIMIT)),
    ],
)
def test_standing(limits: Limits | None, usage: str, not_before: datetime, at: datetime, expected: Standing) -> None:
    """A limit holds for its usages, from its date, and only for what it is about."""
    assert expected == standing(limits, usage, not_before, at)
