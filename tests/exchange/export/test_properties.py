"""properties: what one exported value becomes, through whichever serialiser it went."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from certready.errors import TenantError
from certready.exchange.export.properties import (
    address_spaces,
    boolean,
    cut_off,
    illegible,
    items,
    lowered,
    moment,
    text,
    unknown_shape,
)

NOON = datetime(2026, 3, 3, 12, 30, tzinfo=UTC)


def test_keys_are_lowered_and_the_first_of_two_is_kept() -> None:
    """Keys that differ in case only are one key, and what stood first is its value."""
    assert {"name": 1, "7": 3} == lowered({"NAME": 1, "name": 2, 7: 3})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        (" \t", None),
        (" a b ", "a b"),
        ("a\tb\nc\u00a0d\u202ee\x00f", "a b c d?e?f"),
        ("Z\u00fcrich", "Z\u00fcrich"),
        ("x" * 1001, "x" * 1000),
        (7, "7"),
        (True, "True"),
        (10**15, "1000000000000000"),
        (10**15 + 1, None),
        (-(10**15) - 1, None),
        (1.5, "1.5"),
        ([], None),
        (["a.com"], "a.com"),
        (["a.com", "b.com"], None),
        ([["a.com"]], None),
        ([{"Address": "a.com"}], None),
        ({}, None),
        ({"Address": "a.com", "Domain": "b.com"}, "a.com"),
        ({"Address": "", "VALUE": ["c.com"]}, "c.com"),
        ({"Domain": "d.com", "Name": "e.com"}, "d.com"),
        ({"Name": "f.com"}, "f.com"),
        ({"Unknown": "g.com"}, None),
        ("@{Domain=a.com}", None),
        ("System.Object[]", None),
        ("Microsoft.Exchange.Data.TlsAuthLevel", None),
        ("Deserialized.System.Collections.Generic.List`1[System.String, x]", None),
        ("System.Object is what it says!", "System.Object is what it says!"),
        ("My System.Object", "My System.Object"),
    ],
)
def test_a_property_is_one_line_of_text(value: object, expected: str | None) -> None:
    """A value becomes one printable line of at most 1000 characters; what is no single text, a type's name or a number
    longer than any property's is not set, never words that nobody wrote."""
    assert expected == text(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((true, True) for true in (True, "True", "TRUE", "$true", " $True ", "1", 1, ["true"], {"value": True})),
        *((false, False) for false in (False, "False", "FALSE", "$false", "0", 0, ["False"])),
        *((other, None) for other in (None, "", "FALSCH", "WAHR", "yes", 2, -1, [], [True, True], {}, "System.Object")),
    ],
)
def test_a_boolean_is_one_of_powershells_words_or_open(value: object, expected: bool | None) -> None:
    """True and false as JSON, text, a variable or a number; a word in another language is neither."""
    assert expected is boolean(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((empty, False) for empty in (None, "", [], {}, "a", 0, False, ["a"], {"Name": "a"})),
        *((odd, True) for odd in (["a", "b"], [1, 2], {"Unknown": 1}, [None], 10**16, "System.Object[]", " ")),
    ],
)
def test_a_shape_that_holds_something_and_gives_no_text_is_unknown(value: object, expected: bool) -> None:
    """Only what is not set at all may count as not set."""
    assert expected is unknown_shape(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-03T12:30:00Z", NOON),
        ("2026-03-03T12:30:00", NOON),
        ("2026-03-03T14:30:00+02:00", NOON),
        (" 2026-03-03T12:30:00Z\r\n", NOON),
        ("/Date(1772541000000)/", NOON),
        ("/Date(1772541000000+0100)/", NOON),
        ("/Date(1772541000500)/", NOON + timedelta(milliseconds=500)),
        (NOON, NOON),
        (NOON.replace(tzinfo=None), NOON),
        (NOON.astimezone(timezone(timedelta(hours=-5))), NOON),
        ({"value": "/Date(1772541000000)/", "DisplayHint": 2}, NOON),
        ({"DateTime": "2026-03-03T12:30:00Z"}, NOON),
        ({"VALUE": "2026-03-03T12:30:00Z", "DateTime": "Tuesday, 3 March 2026"}, NOON),
        (date(2026, 3, 3), datetime(2026, 3, 3, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("/Date(0)/", datetime(1970, 1, 1, tzinfo=UTC)),
        ("8999-12-31T23:59:59Z", datetime(8999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("1969-12-31T23:59:59Z", None),
        ("/Date(-1)/", None),
        ("9000-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-10:00", None),
        ("0001-01-01T00:00:00", None),
        ("/Date(999999999999999)/", None),
        ("/Date(1772541000000)/ or so", None),
        ("Tuesday, 3 March 2026 12:30:00", None),
        ("03.03.2026", None),
        (1772541000000, None),
        ({"Unknown": "2026-03-03T12:30:00Z"}, None),
        ([], None),
        ("", None),
        (None, None),
    ],
)
def test_a_moment_is_read_in_utc_or_not_at_all(value: object, expected: datetime | None) -> None:
    """Every serialiser's form of a moment is the same moment in UTC, between 1970 and 9000; anything else is none."""
    read = moment(value)
    assert (expected, expected and UTC) == (read, read and read.tzinfo)


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local time far from UTC, where the system can change it."""
    adopt: Callable[[], None] = getattr(time, "tzset", lambda: None)
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "XXX-13")
        adopt()
        yield
    adopt()


@pytest.mark.usefixtures("far_east")
def test_a_moment_without_an_offset_is_never_local_time() -> None:
    """Wherever certready runs, a moment without an offset is one in UTC."""
    assert NOON == moment("2026-03-03T12:30:00") == moment(NOON.replace(tzinfo=None)) == moment("/Date(1772541000000)/")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ()),
        ("", ()),
        ([], ()),
        ({}, ()),
        (["a.com", None, "", " b.com "], ("a.com", "b.com")),
        (["a, b"], ("a, b",)),
        ([{"Address": "a.com"}, 7, {"Unknown": 1}], ("a.com", "7")),
        ("a.com b.com,c.com ,\n d.com", ("a.com", "b.com", "c.com", "d.com")),
        ({"value": ["a.com"], "Count": 1}, ("a.com",)),
        ({"VALUE": "a.com b.com"}, ("a.com", "b.com")),
        ({"Address": "a.com"}, ("a.com",)),
        ({"value": None}, ()),
        ({"value": {"Address": "a.com"}}, ("a.com",)),
        (25, ("25",)),
        ("System.Object[]", ()),
        ("@{Address=a.com b.com}", ()),
        (["a"] * 10_000, ("a",) * 10_000),
    ],
)
def test_a_property_of_several_values_is_a_tuple_of_texts(value: object, expected: tuple[str, ...]) -> None:
    """A list, a wrapped one, text with blanks or commas between, or one value alone."""
    assert expected == items(value)


@pytest.mark.parametrize("value", [["a"] * 10_001, "a " * 10_001, {"value": ["a"] * 10_001}])
def test_a_list_without_end_is_refused(value: object) -> None:
    """Over 10,000 values are no property of a connector, in whichever form."""
    with pytest.raises(TenantError, match=r"^A property holds 1000[12] values; at most 10000 are read\.$"):
        items(value)


def test_a_text_without_end_is_cut() -> None:
    """Of a text with values in it at most ten million characters are looked at."""
    assert ("a",) == items("a" + " " * 10_000_000 + "b")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((legible, False) for legible in (None, "", [], {}, "a b", 7, ["a", None], [{"Address": "a"}])),
        *((legible, False) for legible in ({"value": [], "Count": 0}, {"value": ["a"]}, {"value": {}}, {"Name": "a"})),
        *((odd, True) for odd in ([{"Unknown": 1}], ["a", {"Unknown": 1}], [["a", "b"]], {"Unknown": 1}, [10**16])),
        *((odd, True) for odd in ({"value": [{"Unknown": 1}]}, {"value": {"Unknown": 1}}, 10**16, ["System.Object"])),
    ],
)
def test_a_list_with_an_entry_that_is_no_text_is_illegible(value: object, expected: bool) -> None:
    """An entry that cannot be read is noticed, alone, among others and within a wrapper; an empty list holds none."""
    assert expected is illegible(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((whole, False) for whole in (None, "", "a", 7, [], ["a", 1, None], {"value": ["a"]}, {"Unknown": 1})),
        *((whole, False) for whole in ("The System.Object[]", ["of Microsoft.x"], "@ {a", "Systems.Object[]")),
        *((cut, True) for cut in ("System.Object[]", "@{a=1}", ["a", "System.Object"], {"VALUE": "System.Object[]"})),
        *((cut, True) for cut in ({"value": ["@{Domain=a.com}"]}, "Deserialized.Microsoft.Exchange.Data.X+Y")),
    ],
)
def test_what_the_depth_left_is_recognised(value: object, expected: bool) -> None:
    """A type's name or a hashtable's text, whole, alone, in a list or in a wrapper."""
    assert expected is cut_off(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["smtp:*;1", "SMTP:a.com;12", "b.com;3", "c.com"], ("*", "a.com", "b.com", "c.com")),
        (["smtp:;1", "smtp:"], ()),
        (["a.com;x", "x400:b.com"], ("a.com;x", "x400:b.com")),
        ("smtp:a.com;1, smtp:b.com;1", ("a.com", "b.com")),
        (["smtp:a b;1"], ("a b",)),
        (None, ()),
    ],
)
def test_an_address_space_is_its_domain(value: object, expected: tuple[str, ...]) -> None:
    """``smtp:`` before and the cost behind are left off, in any case; what is left empty is none."""
    assert expected == address_spaces(value)
