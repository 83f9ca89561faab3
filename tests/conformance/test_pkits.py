"""NIST's Public Key Interoperability Test Suite (PKITS): paths and CRLs together, every row of its table."""

from __future__ import annotations

import pytest

from tests.conformance import pkits

pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")


@pytest.fixture(scope="module")
def rows() -> list[pkits.Row]:
    found = pkits.rows()
    if found is None:
        pytest.skip(pkits.ABSENT)
    return found


@pytest.fixture(scope="module")
def accepted(rows: list[pkits.Row]) -> dict[str, bool]:
    """Whether each row is accepted, by its name."""
    return {row["Name"]: pkits.accepts(row) for row in rows}


def test_the_table_is_whole(rows: list[pkits.Row]) -> None:
    """All 249 rows are there, each under a name of its own."""
    assert 249 == len(rows) == len({row["Name"] for row in rows})


def test_nothing_is_falsely_accepted(rows: list[pkits.Row], accepted: dict[str, bool]) -> None:
    """No path that PKITS refuses is trusted with good revocation, but where the verifier has to demand policies."""
    wrong = [row for row in rows if accepted[row["Name"]] and not row["ShouldValidate"]]
    assert sorted(pkits.WITHOUT_DEMANDS) == sorted(row["Name"] for row in wrong)
    assert [] == [
        row["Name"] for row in wrong if all(row[option] == usual for option, usual in pkits.NO_DEMANDS.items())
    ]


def test_what_is_refused_beyond_pkits(rows: list[pkits.Row], accepted: dict[str, bool]) -> None:
    """Every path that PKITS accepts is accepted, but for those listed with a reason."""
    valid = [row["Name"] for row in rows if row["ShouldValidate"]]
    assert sorted(pkits.STRICTER) == sorted(name for name in valid if not accepted[name])


def test_revocation_is_found(rows: list[pkits.Row]) -> None:
    """Where PKITS names a certificate revoked, that is what is said of it."""
    named = [row for row in rows if "Revoked" in row["Name"]]
    assert named
    for row in named:
        root, *below = pkits.certificates(row)
        assert "revoked" in pkits.statuses(row, (*reversed(below), root)), row["Name"]
