"""Long lists, which are searched and not read: what the search says is what a reader of every entry would say."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from certready.demo.pki import Issued
from certready.model.report import RevocationResult
from certready.revocation import crl, lists
from certready.revocation import layout as layouts
from certready.revocation.common import MISREAD
from certready.revocation.layout import layout, may_be_critical, mentions
from certready.revocation.ocsp import request
from certready.x509.der import MalformedError, integer
from tests import odd
from tests.revocation.kit import CA, DATE, LEAF, ROOT, ask, assembled, certificate, entry, fields, tlv

SERIAL = LEAF.x509.serial_number
MAGNITUDE = SERIAL.to_bytes((SERIAL.bit_length() + 7) // 8, "big")
REASON = bytes.fromhex("0603551d15"), bytes.fromhex("04030a0101")
STRANGE = bytes.fromhex("06032a0304"), tlv(4, b"\x05\x00")


def extensions(*each: tuple[bytes, bytes], critical: bytes = b"") -> bytes:
    """Entry extensions: pairs of OID and OCTET STRING, each with this BOOLEAN between."""
    return tlv(0x30, b"".join(tlv(0x30, oid + critical + value) for oid, value in each))


TRUE = b"\x01\x01\xff"


def loaded(body: bytes) -> x509.CertificateRevocationList | None:
    """The list as cryptography reads it, with every entry but not yet their extensions; None where it refuses it."""
    try:
        return x509.load_der_x509_crl(body)
    except MISREAD:
        return None


def as_long_list(body: bytes, serial: int = SERIAL) -> RevocationResult:
    """What is said of the certificate with this number if no list is short enough to be read in full or in part."""
    leaf = LEAF if serial == SERIAL else CA.issue("any.contoso.com", serial=serial)
    with searched():
        return ask("crl", body, leaf=leaf)


@contextmanager
def searched() -> Iterator[None]:
    """Entries are searched only, however few they are, and none is read with the header."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (crl, lists):
            patch.setattr(module, "READ_IN_FULL", 0)
        patch.setattr(layouts, "SAMPLE", 0)
        yield


def by_reading(body: bytes, serial: int = SERIAL) -> str:
    """What a reader of every entry and extension says of a fresh and authentic list: good, revoked, or invalid."""
    found = loaded(body)
    if found is None:
        return "invalid"
    flagged = [one.value for each in found for one in each.extensions if one.critical]
    if not all(isinstance(value, x509.CRLReason) for value in flagged):
        return "invalid"
    return "revoked" if found.get_revoked_certificate_by_serial_number(serial) else "good"


# -- ordinary lists -----------------------------------------------------------------------------------------------

EDGES = [1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 2**63, 2**127 - 1, 2**127, 2**158, SERIAL - 1, SERIAL, SERIAL + 1]
PLAIN = st.builds(
    entry,
    st.sampled_from(EDGES) | st.integers(1, 2**159),
    st.sampled_from([b"", extensions(REASON), extensions(STRANGE), extensions(REASON, STRANGE)]),
    date=st.sampled_from([DATE, tlv(0x18, b"20261101120000Z")]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PLAIN, max_size=12), st.sampled_from(EDGES))
def test_ordinary_lists(entries: list[bytes], serial: int) -> None:
    """On a well-formed list the search says what reading every entry says, at every edge of the serial numbers."""
    body = assembled(fields(b"".join(entries) if entries else None))
    assert loaded(body) is not None
    assert by_reading(body, serial) == as_long_list(body, serial).status


@pytest.mark.parametrize("place", [0, 1, -1])
def test_place_in_the_list(place: int) -> None:
    """The first and the last entry are found like any other."""
    entries = [entry(number) for number in range(1000, 1200)]
    entries[place] = entry(SERIAL, extensions(REASON))
    found = as_long_list(assembled(fields(b"".join(entries))))
    assert ("revoked", "keyCompromise") == (found.status, found.reason)
    assert datetime(2026, 11, 1, 12, tzinfo=UTC) == found.revoked_at


def elsewhere() -> Iterator[list[bytes]]:
    """Lists that hold the bytes of the serial number, and no entry for it."""
    yield fields(entry(5, extensions((STRANGE[0], tlv(4, MAGNITUDE)))))
    yield fields(entry(int.from_bytes(b"\x11" + MAGNITUDE, "big")))
    yield fields(entry(int.from_bytes(MAGNITUDE + b"\x11", "big")))
    yield fields(entry(5) + entry(6), extensions=tlv(0x30, STRANGE[0] + tlv(4, MAGNITUDE)))
    yield fields(None, extensions=tlv(0x30, STRANGE[0] + tlv(4, MAGNITUDE)))


@pytest.mark.parametrize("members", list(elsewhere()))
def test_bytes_of_the_number_elsewhere(members: list[bytes]) -> None:
    """The number's bytes inside an extension or a longer number are no entry."""
    assert "good" == as_long_list(assembled(members)).status


@pytest.mark.parametrize("text", [b"2611", b"17\x0d"])
def test_number_that_looks_like_a_date(text: bytes) -> None:
    """A number whose bytes stand in every date is looked up, and found or not like any other."""
    serial = int.from_bytes(text, "big")
    lists = [assembled(fields(entry(5) + listed)) for listed in (b"", entry(serial))]
    assert ["good", "revoked"] == [as_long_list(body, serial).status for body in lists]


def test_number_inside_the_signature() -> None:
    """Bytes of the signature are not searched."""
    body = assembled(fields(entry(5)))
    serial = int.from_bytes(body[-8:], "big") | 1 << 64
    number = int.from_bytes(body[-9:], "big")
    assert ["good", "good"] == [as_long_list(body, one).status for one in (serial, number)]


# -- hostile lists ------------------------------------------------------------------------------------------------

SERIALS = st.sampled_from(
    [MAGNITUDE, b"\0" + MAGNITUDE, b"\0\0" + MAGNITUDE, b"\xff" + MAGNITUDE, b"", b"\x85", b"\0\x05"]
)
DATES = st.sampled_from([DATE, DATE, tlv(0x17, b"261301120000Z"), tlv(0x17, b"2611011200Z"), b"", tlv(4, MAGNITUDE)])
RESTS = st.sampled_from(
    [
        *(b"", b"", extensions(REASON), extensions(REASON, critical=TRUE), extensions(STRANGE, critical=TRUE)),
        *(extensions(REASON, REASON), extensions((REASON[0], tlv(4, b"\x0a\x01\x63"))), b"\x05\x00", extensions()),
    ]
)
HOSTILE = st.builds(entry, SERIALS | st.integers(1, 2**130), RESTS, date=DATES) | st.binary(max_size=30)


@settings(max_examples=300, deadline=None)
@given(st.lists(PLAIN | HOSTILE, min_size=1, max_size=6))
@example([entry(b"\0\0" + MAGNITUDE)])
@example([entry(b"\xff" + MAGNITUDE)])
@example([entry(5, extensions(STRANGE, critical=TRUE))])
def test_hostile_entries(entries: list[bytes]) -> None:
    """Where cryptography refuses an authentic list for one of its entries, a short list is invalid, and a long one
    says good only if the bytes of the number are nowhere among them; where it reads the list, both say what it says."""
    body = assembled(fields(b"".join(entries)))
    short, long = ask("crl", body).status, as_long_list(body).status
    if loaded(body) is None:
        assert "invalid" == short
        assert "invalid" == long or ("good" == long and MAGNITUDE not in b"".join(entries))
        return
    assert short == long
    try:
        assert by_reading(body) == short
    except MISREAD:  # the extensions of an entry cannot be read
        assert short == "invalid" or (short == "revoked") == listed(body)


def listed(body: bytes) -> bool:
    found = loaded(body)
    return found is not None and found.get_revoked_certificate_by_serial_number(SERIAL) is not None


@pytest.mark.parametrize("rest", [extensions(REASON, REASON), extensions((REASON[0], tlv(4, b"\x0a\x01\x63")))])
def test_reason_that_cannot_be_read(rest: bytes) -> None:
    """A listed certificate is revoked where the entry's reason cannot be read."""
    body = assembled(fields(entry(SERIAL, rest)))
    assert [("revoked", None)] * 2 == [(one.status, one.reason) for one in (ask("crl", body), as_long_list(body))]


@pytest.mark.parametrize("zeros", [2, 40])
def test_padded_numbers(zeros: int) -> None:
    """An entry that pads the number is met, and the list refused, however long it is."""
    body = assembled(fields(entry(5) + entry(b"\0" * zeros + MAGNITUDE)))
    assert ["invalid", "invalid"] == [ask("crl", body).status, as_long_list(body).status]


@pytest.mark.parametrize("content", [b"\x85", b"\xff\x05"])
def test_negative_numbers(content: bytes) -> None:
    """A negative number in a list is not the positive one whose bytes it shares, and no reader takes it for that."""
    body = assembled(fields(entry(content) + entry(6)))
    for serial in (0x85, 0x05, 0xFF85):
        expected = by_reading(body, serial)
        short = ask("crl", body, leaf=CA.issue("any.contoso.com", serial=serial)).status
        assert (expected, expected) == (short, as_long_list(body, serial).status)
        assert "revoked" != expected


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@pytest.mark.parametrize("serial", [-1, -128, -129, -0x21524110FF])
def test_negative_number_of_a_certificate(serial: int) -> None:
    """A certificate with a negative number, as old authorities gave them, is found in a list and in an OCSP answer."""
    leaf = Issued(x509.load_der_x509_certificate(numbered(serial)), LEAF.key, CA)
    listed, other = (assembled(fields(entry(integer(number)) + entry(6))) for number in (serial, serial - 1))
    assert ["revoked", "good"] == [ask("crl", body, leaf=leaf).status for body in (listed, other)]
    with searched():
        assert ["revoked", "good"] == [ask("crl", body, leaf=leaf).status for body in (listed, other)]
    question = ocsp.load_der_ocsp_request(request(certificate(leaf), certificate(CA)) or b"")
    assert serial == question.serial_number


def numbered(serial: int) -> bytes:
    """The leaf with this serial number."""
    return odd.changed(LEAF, serial=odd.tlv(0x02, integer(serial)))


@pytest.mark.parametrize("place", [0, -1])
def test_critical_extension_of_another_entry(place: int) -> None:
    """A critical extension that is not understood refuses a long list, whichever entry has it."""
    entries = [entry(number) for number in range(1000, 1100)]
    entries[place] = entry(77, extensions(STRANGE, critical=TRUE))
    assert "invalid" == as_long_list(assembled(fields(b"".join(entries)))).status


def test_critical_flag_by_chance() -> None:
    """The bytes of a critical flag inside a serial number refuse nothing."""
    body = assembled(fields(entry(0x010101FF0402)))
    entries = layout(body).entries
    assert entries is not None
    assert may_be_critical(entries)
    assert "good" == as_long_list(body).status


BASE = fields(entry(5) + entry(6, extensions(REASON)), tlv(0x30, bytes.fromhex("0603551d14") + tlv(4, b"\x02\x01\x07")))

WHOLE = assembled(BASE)
BITS = len(WHOLE) - len(layout(WHOLE).parts.signature) - 1  # unused ones of the signature, which only we look at


def shuffled() -> st.SearchStrategy[list[bytes]]:
    """The members of a list left out, doubled or in another order."""
    return st.permutations(BASE) | st.lists(st.sampled_from(BASE), max_size=9) | st.just([*BASE, b"\x05\x00"] * 12)


@settings(max_examples=200, deadline=None)
@given(shuffled())
@example(BASE)
@example([*BASE[:4], BASE[5], BASE[4], BASE[6]])
@example([*BASE[:6], BASE[5], BASE[6]])
@example([*BASE[:5], BASE[6], BASE[5]])
def test_members_out_of_place(members: list[bytes]) -> None:
    """A list whose members are missing, doubled or in the wrong order is refused exactly where cryptography refuses."""
    body = assembled(members)
    # Well-formed lists out of these members may have other dates, and are then stale, or of a later time.
    assert (loaded(body) is None) == (as_long_list(body).status == "invalid")


@pytest.mark.parametrize("where", ["whole", "signed", "entries"])
@pytest.mark.parametrize("padded", [1, 2])
def test_lengths_that_are_not_minimal(where: str, padded: int) -> None:
    """A length written in more bytes than needed refuses the list, as cryptography does."""
    revoked = tlv(0x30, entry(5), padded=padded if where == "entries" else 0)
    members = [*fields(None), revoked]
    body = assembled(members)
    tbs = tlv(0x30, b"".join(members))
    rest = body[body.index(tbs) + len(tbs) :]
    if where == "signed":
        body = tlv(0x30, tlv(0x30, b"".join(members), padded=padded) + rest)
    if where == "whole":
        body = tlv(0x30, tbs + rest, padded=padded)
    assert loaded(body) is None
    assert "invalid" == as_long_list(body).status


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_cut_and_lengthened(size: int, more: bytes) -> None:
    """A list cut short anywhere, or with bytes behind it, is invalid."""
    body = WHOLE
    assert ["invalid", "invalid"] == [
        as_long_list(one).status for one in (body[: min(size, len(body) - 1)], body + more)
    ]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_change_outside_the_entries(data: st.DataObject) -> None:
    """Whatever byte around the entries is changed, what is read of them is what cryptography reads, or nothing."""
    body = bytearray(WHOLE)
    revoked = WHOLE.index(BASE[5])
    at = data.draw(st.integers(0, len(body) - 1).filter(lambda place: not revoked <= place < revoked + len(BASE[5])))
    assume(at != BITS)
    body[at] ^= data.draw(st.integers(1, 255))
    try:
        with searched():
            header = x509.load_der_x509_crl(layout(bytes(body)).header)
    except MISREAD:
        assert loaded(bytes(body)) is None
        return
    assert facts(x509.load_der_x509_crl(bytes(body))) == facts(header)


def facts(found: x509.CertificateRevocationList) -> list[object]:
    """What stands around the entries; an exception's type where it cannot be read."""
    seen: list[object] = [found.signature, found.last_update_utc, found.next_update_utc]
    for name in ("issuer", "extensions", "signature_algorithm_oid"):
        try:
            value = getattr(found, name)
            seen.append(list(value) if name == "extensions" else value)
        except MISREAD as error:
            seen.append(type(error))
    return seen


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes(body: bytes) -> None:
    """Any bytes are laid out or refused as malformed."""
    try:
        found = layout(body)
    except MalformedError:
        return
    assert found.parts.tbs.end <= len(body)


# -- a list that is long ------------------------------------------------------------------------------------------

COUNT = 130_000


@pytest.fixture(scope="module")
def numbers() -> list[bytes]:
    """Entries of more than four megabytes, none of which holds the number of the leaf."""
    return [entry(bytes((0x40, *index.to_bytes(3, "big"))) + b"\x33" * 12) for index in range(COUNT)]


@pytest.mark.parametrize(
    ("place", "listed", "expected"),
    [
        (0, b"", "good"),
        (0, entry(SERIAL), "revoked"),
        (COUNT // 2, entry(SERIAL), "revoked"),
        (COUNT, entry(SERIAL), "revoked"),
        (COUNT, entry(7, extensions(STRANGE, critical=TRUE)), "invalid"),
        (COUNT, entry(b"\0\0" + MAGNITUDE), "invalid"),
    ],
)
def test_long_list(numbers: list[bytes], place: int, listed: bytes, expected: str) -> None:
    """In a list too long to be read in full an entry is found at any place, and its absence is proved."""
    body = assembled(fields(b"".join((*numbers[:place], listed, *numbers[place:]))))
    assert len(body) > crl.READ_IN_FULL
    assert expected == ask("crl", body).status


def test_long_list_of_entries_that_are_none() -> None:
    """A long list whose first entries are malformed is refused, although nothing in it names the certificate."""
    for wrong in (b"\x30\x00", entry(b"\0\0\x01"), entry(5, date=tlv(0x17, b"261301120000Z")), b"\xff\xff"):
        body = assembled(fields(wrong * (crl.READ_IN_FULL // len(wrong) + 1)))
        assert len(body) > crl.READ_IN_FULL
        assert "invalid" == ask("crl", body).status


def test_long_list_is_neither_copied_nor_taken_apart(numbers: list[bytes]) -> None:
    """Judging a list of several megabytes takes a small fraction of its size in memory."""
    body = assembled(fields(b"".join(numbers)))
    ask("crl", body)  # whatever is imported or remembered is there now
    tracemalloc.start()
    try:
        assert "good" == ask("crl", body).status
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(body) // 20


def test_long_list_of_another_key(numbers: list[bytes]) -> None:
    """The signature of a long list is verified like any other."""
    assert "invalid" == ask("crl", assembled(fields(b"".join(numbers)), ROOT)).status


def test_what_the_search_proves() -> None:
    """The bytes of a number are missing only where no entry can be about it; zero and short ones are always met."""
    found = layout(assembled(fields(entry(5) + entry(SERIAL)))).entries
    assert found is not None
    assert [True, True, False, True] == [mentions(found, one) for one in (5, SERIAL, SERIAL + 1, 0)]


# -- where the parts lie ------------------------------------------------------------------------------------------


def test_first_entries_stand_in_the_header() -> None:
    """The header is the same list with its first 256 entries; one with no more, or with none, is its own header."""
    every = [entry(0x4000 + number) for number in range(300)]
    body = assembled(fields(b"".join(every)))
    found = layout(body)
    assert found.entries is not None
    assert b"".join(every) == found.entries.content
    shortened = tlv(0x30, b"".join(fields(b"".join(every[:256]))))
    rest = body[found.parts.tbs.end :]
    assert tlv(0x30, shortened + rest) == found.header
    assert tlv(0x30, found.parts.tbs.encoded + rest) == body
    for short in (assembled(fields(b"".join(every[:256]))), assembled(fields(None)), assembled(fields(b""))):
        assert short == layout(short).header
    assert layout(assembled(fields(None))).entries is None
    assert layout(assembled(fields(None, tlv(0x30, STRANGE[0] + tlv(4, b""))))).entries is None


def late(members: list[bytes]) -> list[bytes]:
    """The same with its dates as GeneralizedTime."""
    return [tlv(0x18, b"20" + each[2:]) if each[0] == 0x17 else each for each in members]


def test_dates_of_either_kind() -> None:
    """What follows the last date, of whichever kind, are the entries."""
    for members in (fields(entry(5)), late(fields(entry(5))), [*fields(entry(5))[:4], *fields(entry(5))[5:]]):
        found = layout(assembled(members)).entries
        assert found is not None
        assert entry(5) == found.content


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ([*BASE[:5], BASE[6], BASE[5]], "not where they belong"),
        ([*BASE, BASE[6]], "not where they belong"),
        ([*BASE[:5], b"\x05\x00"], "not where they belong"),
        ([*BASE[:5], b"\x05\x00", BASE[5]], "not where they belong"),
        ([*BASE[:6], BASE[5]], "not where they belong"),
        ([*BASE, *[b"\x05\x00"] * 100], "too many parts"),
    ],
)
def test_parts_out_of_place_are_refused(members: list[bytes], why: str) -> None:
    """Whatever follows the last date beside entries and extensions, in this order, is refused."""
    with pytest.raises(MalformedError, match=why):
        layout(assembled(members))


def test_bytes_behind_a_list() -> None:
    """A list that something follows is refused."""
    with pytest.raises(MalformedError, match="bytes follow it"):
        layout(assembled(BASE) + b"\0")
