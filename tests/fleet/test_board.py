"""What is known of served lines: health by age, the last answer kept, and the file it is kept in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certready.errors import CertreadyError
from certready.fleet import lines
from certready.fleet.lines import LineDocument, LineError
from certready.fleet.serve.board import Board, Kept, Known, Page, Published, address_of, fresh, known
from certready.fleet.serve.state import State, place, read

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NO_PAGE = Page(b"", "text/plain")


def record(name: str, minutes: int, verdict: str | None = None, target: str = "gw:25") -> bytes:
    """A record of so many minutes ago; without a verdict one in error."""
    error = None if verdict else LineError("There is no file.", None)
    code = {"ready": 0, "not-ready": 1, "cannot-tell": 3, None: 2}[verdict]
    at = NOW - timedelta(minutes=minutes)
    return lines.encoded(LineDocument(1, "0" * 64, at, name, target, verdict, code, 1, None, error))  # type: ignore[arg-type]


def kept(name: str, minutes: int, verdict: str | None = None, target: str = "gw:25") -> Kept:
    data = record(name, minutes, verdict, target)
    entry = lines.entry(lines.decoded(data))
    return Kept.of(entry, entry.checked_at, data)


def board(*ages: timedelta, count: int | None = None) -> Board:
    """Lines that were checked so long ago, of so many; they are to be checked every hour."""
    checks = [NOW - age for age in ages]
    return Board(HOUR, Published(NO_PAGE, NO_PAGE, {}, {}, checks, len(checks) if count is None else count))


TROUBLE = {
    "all checked": (board(timedelta(0), HOUR, 2 * HOUR), None),
    "one missing": (board(HOUR, count=2), "1 of 2 lines not checked yet."),
    "none yet": (board(count=3), "3 of 3 lines not checked yet."),
    "one too old": (
        board(HOUR, 2 * HOUR + timedelta(seconds=1)),
        "The check of 1 line is older than twice the time between two checks.",
    ),
    "a clock set back": (board(-HOUR), "The check of 1 line is older than twice the time between two checks."),
    "a clock set back a little": (board(-timedelta(minutes=1)), None),
}


@pytest.mark.parametrize("case", TROUBLE)
def test_health(case: str) -> None:
    """Healthy once every line was checked, as long as no check is older than twice the time between two."""
    shown, trouble = TROUBLE[case]
    assert trouble == shown.trouble(NOW)


def test_a_length_of_time_beyond_the_calendar() -> None:
    """However long the time between two checks, nothing overflows."""
    assert fresh(NOW, NOW, timedelta(days=9_999_999) * 2)


@pytest.mark.parametrize(
    ("before", "after", "answered"),
    [
        ("ready", "ready", 1),
        ("ready", "not-ready", 1),
        ("ready", "cannot-tell", 60),
        ("not-ready", None, 60),
        (None, "cannot-tell", None),
    ],
)
def test_the_last_answer_stays(before: str | None, after: str | None, answered: int | None) -> None:
    """What a check could not tell leaves the answer of before; an answer replaces it."""
    seen = known(known(None, kept("a", 60, before)), kept("a", 1, after))
    assert after == seen.latest.entry.verdict
    assert (answered and NOW - timedelta(minutes=answered)) == (seen.answered and seen.answered.checked_at)


def test_the_answer_of_another_target_goes() -> None:
    """A line that now names something else has no answer of before."""
    seen = known(known(None, kept("a", 60, "ready")), kept("a", 1, "cannot-tell", "other:25"))
    assert seen.answered is None


@pytest.mark.parametrize(
    ("name", "address"),
    [("a b", "report/a%20b"), ("..", "report/?line=7"), ("a/..", "report/a%2F.."), ("x" * 1001, "report/?line=7")],
)
def test_addresses(name: str, address: str) -> None:
    """An address ends in the quoted name, but for names that no browser would send as they are."""
    assert address == address_of(name, 7)


def test_the_state_holds_two_records_a_line(tmp_path: Path) -> None:
    """After a round the file holds the latest record of each line and the last answer before it, and no more; what a
    round under way adds is there as well."""
    path = tmp_path / "new" / "state.jsonl"
    state = State(path)
    seen: dict[str, Known] = {}
    for minutes, verdict in ((90, "not-ready"), (60, "ready"), (30, "cannot-tell"), (1, None)):
        state.add(record("a", minutes, verdict))
        seen["a"] = known(seen.get("a"), kept("a", minutes, verdict))
    state.keep(seen.values())
    assert record("a", 60, "ready") + record("a", 1) == path.read_bytes()
    state.add(record("b", 0, "ready"))
    state.close()
    again = State(path)
    assert {**seen, "b": known(None, kept("b", 0, "ready"))} == again.known
    again.close()


def test_a_torn_record_is_passed_over(tmp_path: Path) -> None:
    """A record that was being written when the machine went down is left out, and the next begins a line."""
    path = tmp_path / "state.jsonl"
    path.write_bytes(record("a", 1, "ready") + record("b", 1, "ready")[:50])
    state = State(path)
    state.add(record("c", 1, "ready"))
    state.close()
    assert ["a", "c"] == list(read(path)[0])


@pytest.mark.parametrize("content", [b"no record\n", b"\0" * 100 + b"\n", b"{}\n"])
def test_a_damaged_state_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    """A state of our own that is none is no reason not to begin."""
    path = tmp_path / "state.jsonl"
    path.write_bytes(content)
    state = State(path)
    assert (True, {}) == (state.damaged, state.known)
    state.add(record("a", 1, "ready"))
    state.close()
    assert ["a"] == list(read(path)[0])


def test_a_state_that_cannot_be_written(tmp_path: Path) -> None:
    """Where a file is in the way of its folder, one sentence says so."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CertreadyError, match="cannot be"):
        State(tmp_path / "file" / "state.jsonl")


def test_each_inventory_has_its_own_state(tmp_path: Path) -> None:
    """Two inventories of one name in two folders do not share what is known."""
    places = {place(tmp_path, tmp_path / folder / "inventory.csv") for folder in ("a", "b", "./a")}
    assert 2 == len(places)
