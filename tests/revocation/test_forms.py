"""The forms of entries: a pattern finds a malformed entry anywhere in a long list wherever a reader of all would."""

from __future__ import annotations

import pytest
from cryptography import x509
from hypothesis import example, given, settings
from hypothesis import strategies as st

from certready.revocation import crl, forms
from certready.revocation.common import MISREAD
from certready.revocation.forms import uniform
from certready.revocation.layout import excerpt, layout
from tests.revocation.kit import ask, assembled, entry, fields, tlv

REASON = tlv(0x30, tlv(0x30, bytes.fromhex("0603551d1504030a0101")))
OTHER = tlv(0x30, tlv(0x30, bytes.fromhex("0603551d1504030a0104")))
LATE = tlv(0x18, b"20510101000000Z")
PLAIN = st.builds(entry, st.integers(1, 2**159), st.sampled_from([b"", REASON, OTHER]))
ODD = st.sampled_from(
    [entry(5, date=LATE), entry(2**1200), entry(b"\x85"), entry(b"\0"), entry(7, tlv(0x30, REASON[2:]))]
)
COUNT = 300


def told(body: bytes, first: int = 0) -> bool:
    """Whether the entries are uniform, those up to this offset from the first being known."""
    found = layout(body)
    assert found.entries is not None
    tbs, entries = found.parts.tbs, found.entries
    return uniform(entries, entries.body + first, lambda some: x509.load_der_x509_crl(excerpt(tbs, entries, some)))


def refused(body: bytes) -> bool:
    try:
        x509.load_der_x509_crl(body)
    except MISREAD:
        return True
    return False


@settings(max_examples=150, deadline=None)
@given(st.lists(PLAIN | ODD, min_size=1, max_size=40))
def test_ordinary_entries(entries: list[bytes]) -> None:
    """Entries that cryptography reads are found well-formed, whatever their forms, or cryptography is asked."""
    body = assembled(fields(b"".join(entries)))
    assert not refused(body)
    assert told(body)


@settings(max_examples=400, deadline=None)
@given(st.lists(PLAIN, min_size=1, max_size=12), st.data())
@example([entry(5)], None)
def test_any_change_of_a_byte(entries: list[bytes], data: st.DataObject | None) -> None:
    """Whatever byte of an entry is changed, the list is found well-formed only where cryptography reads it too, unless
    the byte is one of a date's."""
    known = b"".join(entries)
    content = bytearray(known * 2)
    at = data.draw(st.integers(len(known), len(content) - 1)) if data else len(known)
    content[at] ^= data.draw(st.integers(1, 255)) if data else 1
    body = assembled(fields(bytes(content)))
    try:
        good = told(body, len(known))
    except MISREAD:
        good = False
    if good and refused(body):
        begin = content.rindex(b"\x17\x0d", 0, at) + 2
        assert begin <= at < begin + 12


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, COUNT), st.binary(max_size=40) | st.binary(min_size=1, max_size=40).map(lambda one: tlv(0x30, one))
)
def test_rubbish_between_entries(place: int, rubbish: bytes) -> None:
    """Rubbish anywhere among many entries is noticed where cryptography notices it."""
    entries = [entry(0x4000 + index, OTHER if index % 2 else b"") for index in range(COUNT)]
    body = assembled(fields(b"".join((*entries[:place], rubbish, *entries[place:]))))
    try:
        assert told(body) <= (not refused(body))
    except MISREAD:
        assert refused(body)


@pytest.mark.parametrize("forms_of", ["sizes", "endings", "dates"])
def test_too_many_forms(forms_of: str) -> None:
    """Where entries come in more forms than a pattern is made for, nothing is told, and the list is read in full."""
    many = {
        "sizes": [entry(1 << 8 * size) for size in range(90)],
        "endings": [entry(5, tlv(0x30, tlv(0x30, b"\x06\x01\x2a" + tlv(4, bytes([one]))))) for one in range(90)],
        "dates": [entry(5, date=LATE)] * 90,
    }[forms_of]
    assert not told(assembled(fields(b"".join(many))))
    assert max(forms.MOST_FORMS, forms.MOST_ODD) < len(many)


WRONG = {
    "not minimal": entry(b"\0\x05" + b"\x33" * 14),
    "length of the entry": b"\x30\x81" + entry(5)[1:],
    "cut short": entry(5)[:-1],
    "without a date": tlv(0x30, tlv(2, b"\x05")),
    "wrong order": tlv(0x30, entry(5)[5:] + entry(5)[2:5]),
    "rubbish": b"\xff\xff\xff",
    "no ending": entry(0x40 << 120, b"\x30\x0c" + b"\0" * 12),
}


@pytest.fixture(scope="module")
def content() -> bytes:
    """More than four megabytes of ordinary entries."""
    return b"".join(entry(bytes((0x40, *index.to_bytes(3, "big"))) + b"\x33" * 12) for index in range(130_000))


@pytest.mark.parametrize("wrong", sorted(WRONG))
@pytest.mark.parametrize("behind", [True, False])
def test_malformed_entry_far_inside(content: bytes, wrong: str, behind: bool) -> None:
    """A malformed entry far inside a long list refuses it, although it is not about the certificate."""
    middle = 37 * 100_000 if not behind else len(content)
    entries = content[: middle - middle % len(entry(b"\x40" * 16))]
    body = assembled(fields(entries + WRONG[wrong] + content[len(entries) :]))
    assert len(body) > crl.READ_IN_FULL
    assert refused(body)
    assert "invalid" == ask("crl", body).status


# -- which entries are read ---------------------------------------------------------------------------------------


def looked_at(entries: list[bytes], first: int = 0) -> tuple[bool, list[int]]:
    """Whether the entries are uniform, and the places of those that were read; so many from the first are known."""
    found = layout(assembled(fields(b"".join(entries)))).entries
    assert found is not None
    starts = [found.body + sum(map(len, entries[:place])) for place in range(len(entries))]
    read: list[int] = []

    def note(some: slice) -> None:
        place = starts.index(some.start)
        assert some.stop == some.start + len(entries[place])
        read.append(place)

    return uniform(found, found.body + sum(map(len, entries[:first])), note), read


ALIKE = {
    "one byte": [b"\x05", b"\x7f", b"\x01"],
    "two bytes": [b"\x01\x00", b"\x7f\xff"],
    "newlines": [b"\x0a\x0b\x0c", b"\x0a\x0a\x0a"],
    "twenty bytes": [b"\x11" * 20, b"\x01" + b"\xff" * 19],
    "padded": [b"\0\x80", b"\0\xff"],
    "padded and longer": [b"\0\x80\x01", b"\0\xff\x0a"],
}


@pytest.mark.parametrize("name", sorted(ALIKE))
@pytest.mark.parametrize("rest", [b"", REASON])
def test_entries_of_one_form(name: str, rest: bytes) -> None:
    """Of entries whose serial numbers have one size and one sign, and that end alike, only the first is read, and none
    where it is among those that are known."""
    entries = [entry(content, rest) for content in ALIKE[name]] * 2
    assert (True, [0]) == looked_at(entries)
    assert (True, []) == looked_at(entries, first=1)
    assert (True, []) == looked_at(entries, first=len(entries))


APART = {
    "padded and not": [entry(b"\0\x80"), entry(b"\x01\x00")],
    "size of the number": [entry(b"\x05"), entry(b"\x05\x05")],
    "ending": [entry(5, REASON), entry(5, OTHER), entry(5)],
    "zero": [entry(b"\0"), entry(b"\0")],
    "negative": [entry(b"\x85"), entry(b"\x85")],
    "least negative": [entry(b"\x80"), entry(b"\x80")],
    "negative and longer": [entry(b"\x80\x01"), entry(b"\x80\x01")],
    "padded in vain": [entry(b"\0\x05"), entry(b"\0\x05")],
    "no number": [entry(b""), entry(b"")],
    "zero, then not": [entry(b"\0"), entry(b"\x05")],
    "negative, then not": [entry(b"\x85"), entry(b"\x05")],
    "another date": [entry(5, date=LATE), entry(5, date=LATE)],
    "shorter date": [entry(5, date=tlv(0x17, b"2611011200Z"))] * 2,
    "longer date": [entry(5, date=tlv(0x17, b"261101120000ZZ"))] * 2,
    "date without Z": [entry(5, date=tlv(0x17, b"2611011200000"))] * 2,
    "date of another tag": [entry(5, date=tlv(0x16, b"261101120000Z"))] * 2,
    "date of another tag, then not": [entry(5, date=tlv(0x16, b"261101120000Z")), entry(5)],
    "serial of another tag, then not": [tlv(0x30, tlv(4, b"\x05") + entry(5)[5:]), entry(5)],
    "serial of another tag": [tlv(0x30, tlv(4, b"\x05") + entry(5)[5:])] * 2,
    "long": [entry(5, tlv(4, b"\x11" * 200))] * 2,
}


@pytest.mark.parametrize("name", sorted(APART))
def test_entries_that_are_read_each(name: str) -> None:
    """Entries that differ in form, or have none that a pattern tells, are each read, whatever came before."""
    entries = APART[name]
    assert (True, list(range(len(entries)))) == looked_at(entries)


def test_longest_entry_with_a_form() -> None:
    """An entry of 127 bytes has a form, and one of 128 has none."""
    short, long = (entry(5, tlv(4, b"\x11" * (size - len(entry(5)) - 2))) for size in (127, 128))
    assert (127, 128) == (len(short), len(long))
    assert (True, [0]) == looked_at([short] * 2)
    assert (True, [0, 1]) == looked_at([long] * 2)


def test_forms_return() -> None:
    """A form that was read once is known wherever it returns."""
    entries = [entry(5), entry(5, REASON), entry(6), entry(0x1234), entry(7, REASON), entry(0x4321), entry(5, OTHER)]
    assert (True, [0, 1, 3, 6]) == looked_at(entries)
    assert (True, [3, 6]) == looked_at(entries, first=3)


def test_how_many_forms_are_told() -> None:
    """Up to 48 forms among the known entries, and up to 47 entries read one by one; with more, nothing is told."""
    many = [entry(b"\x11" * size, rest) for size in range(1, 18) for rest in (b"", REASON, OTHER)]
    assert (48, 48) == (forms.MOST_FORMS, forms.MOST_ODD)
    assert [(True, []), (False, [])] == [looked_at(many[:count], first=count) for count in (48, 49)]
    assert (True, list(range(47))) == looked_at(many[:47])
    assert (False, list(range(48))) == looked_at(many[:48])


def test_what_the_reader_raises_is_raised() -> None:
    """A reader that refuses an entry refuses the list."""
    found = layout(assembled(fields(entry(5)))).entries
    assert found is not None

    def refuse(some: slice) -> None:
        raise ValueError(some)

    with pytest.raises(ValueError, match="slice"):
        uniform(found, found.body, refuse)


FORMLESS = (
    *("zero", "negative", "least negative", "negative and longer", "no number", "another date", "shorter date"),
    *("longer date", "date of another tag", "serial of another tag", "long"),
)


@pytest.mark.parametrize("name", FORMLESS)
def test_entries_without_a_form_add_none(name: str) -> None:
    """An entry that has no form of those that a pattern tells leaves room for as many others."""
    many = [entry(b"\x11" * size, rest) for size in range(3, 19) for rest in (b"", REASON, OTHER)]
    known = [APART[name][0], *many]
    assert (True, []) == looked_at(known, first=len(known))
