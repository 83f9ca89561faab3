"""read: a tenant file's bytes into plain values, in every encoding, within bounds, or one sentence why not."""

from __future__ import annotations

import codecs

import pytest

from certready.errors import TenantError
from certready.exchange.export.read import HINT, MAX_BYTES, MAX_TOML, documents

TEXT = '{"Name": "Z\u00fcrich"}'
PLAIN = {"Name": "Z\u00fcrich"}
LATIN = "The tenant file 'a.json' is not UTF-8; it was read as Western European text (Latin-1)."


def refused(data: bytes, name: str = "a.json") -> str:
    """What is said of a file that is refused; the hint is always the line that makes an export."""
    with pytest.raises(TenantError) as raised:
        documents(data, name)
    assert raised.value.hint == HINT
    return raised.value.message.replace(f"The tenant file {name!a}", "It")


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        f" \ufeff\r\n{TEXT}\n\ufeff ".encode(),
    ],
)
def test_every_encoding_of_powershell_is_read_without_a_note(data: bytes) -> None:
    """UTF-8 and UTF-16 of either order, with and without a mark, give the same document."""
    assert ([PLAIN], ()) == documents(data, "a.json")


def test_another_code_page_is_read_with_a_note() -> None:
    """What is no UTF-8 is read as Western European text, and the note names the file where it has a name."""
    assert ([PLAIN], (LATIN,)) == documents(TEXT.encode("latin-1"), "a.json")
    assert (LATIN.replace(" 'a.json'", ""),) == documents(TEXT.encode("latin-1"), "")[1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x30\x82\x01\xff", "It is not a text file: byte 1 does not fit UTF-8."),
        (b'{"a": "\xfc\0"}', "It is not a text file: byte 7 does not fit UTF-8."),
        (codecs.BOM_UTF8 + b'{"a": "\xfc"}', "It is not a text file: byte 7 does not fit UTF-8-SIG."),
        (codecs.BOM_UTF16_LE + b"{\0\0", "It is not a text file: byte 4 does not fit UTF-16."),
        (b"{\0\0", "It is not a text file: byte 2 does not fit UTF-16-LE."),
        (b"\0{\0", "It is not a text file: byte 2 does not fit UTF-16-BE."),
    ],
)
def test_what_is_no_text_is_refused_with_the_byte(data: bytes, said: str) -> None:
    """DER, zero bytes and half characters are no other code page's text."""
    assert said == refused(data)


@pytest.mark.parametrize(
    ("data", "expected"), [(b"1", [1]), (b"", []), (b" \n", []), (b"7 8", [7, 8]), (b"[]{}", [[], {}])]
)
def test_documents_stand_one_behind_the_other(data: bytes, expected: list[object]) -> None:
    """``>>`` appends one document to another, with or without blanks; a file may be one digit, or blank."""
    assert (expected, ()) == documents(data, "")


def test_fifty_documents_are_read_and_no_more() -> None:
    """The number of documents is bounded."""
    assert [1] * 50 == documents(b"1 " * 50, "")[0]
    assert "It holds more than 50 JSON documents." == refused(b"1 " * 51)


def test_a_file_of_the_largest_size_is_read() -> None:
    """20 MiB are read, a byte more is not; TOML by hand ends at 1 MiB."""
    assert [1] == documents(b"1".ljust(MAX_BYTES), "")[0]
    assert "It is over 20 MiB, larger than any tenant's connectors." == refused(b"1".ljust(MAX_BYTES + 1))
    assert (20 * 1024 * 1024, 1024 * 1024) == (MAX_BYTES, MAX_TOML)
    assert [{"a": 1}] == documents(b"a = 1 #".ljust(MAX_TOML, b"-"), "")[0]
    large = refused(b"a = 1 #".ljust(MAX_TOML + 1, b"-"))
    assert "It is over 1 MiB, too large for connectors written by hand." == large


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"a = 1", "", {"a": 1}),
        (b"a-b = 1", "", {"a-b": 1}),
        (b"\n # remark\n  # another\n[[InboundConnectors]]\nName = 'x'", "t.json", {"InboundConnectors": [{"Name": "x"}]}),
        (b"[outboundconnector]\nName = 'x'", "", {"outboundconnector": {"Name": "x"}}),
        (b"[[ AcceptedDomains ]]\n", "", {"AcceptedDomains": [{}]}),
        (b"[other]\na = 1", "T.TOML", {"other": {"a": 1}}),
        (b"", "t.toml", {}),
        (b"'a' = 1", "t.toml", {"a": 1}),
    ],
)  # fmt: skip
def test_toml_is_told_by_its_name_or_its_beginning(data: bytes, name: str, expected: object) -> None:
    """A file called .toml is TOML, and so is one that begins with a section of a tenant or with ``key =``."""
    assert ([expected], ()) == documents(data, name)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[other]\na = 1", "It is not valid JSON at line 1, column 2: expecting value."),
        (b'{"a": 1, b: 2}', "It is not valid JSON at line 1, column 10: expecting property name enclosed in double quotes."),
        (b'{"a": NaN} x', "It is not valid JSON at line 1, column 12: expecting value."),
        (b'"half', "It is not valid JSON at line 1, column 1: unterminated string starting at."),
        (b'{"a": "\n"}', "It is not valid JSON at line 1, column 8: invalid control character at."),
        (b" \n-----BEGIN X-----", "It is a PEM file, not a tenant's connectors."),
        (b" \n<Objs>", "It is XML, not JSON: Export-Clixml writes what only PowerShell reads."),
        (b"Name\n----\nx", "It is neither JSON nor TOML (line 1, column 1): it looks like text as printed on the screen."),
        (b" \n Name : x", "It is neither JSON nor TOML (line 2, column 2): it looks like text as printed on the screen."),
        (b"[" + b"9" * 5000 + b"]", "It holds a number too long to read."),
        (b"[" * 100_000, "It is nested too deeply to be a tenant export."),
        (b"a = " + b"[" * 5000, "It is nested too deeply to be a tenant export."),
        (b"a = 1\na = 2", "It is not valid TOML: Cannot overwrite a value (at end of document)."),
        (b"a = 1\nb = x\n", "It is not valid TOML: Invalid value (at line 2, column 5)."),
    ],
)  # fmt: skip
def test_a_file_of_another_form_is_refused_with_its_place(data: bytes, said: str) -> None:
    """One sentence names the file and what it is instead, or the line and column."""
    assert said == refused(data)


def test_the_reason_of_a_toml_error_is_one_short_line_of_ascii() -> None:
    """Whatever the file holds, the first 200 characters of the reason are shown, none of them foreign."""
    key = "\u00fc" + "x" * 300
    said = refused(f"['{key}']\n['{key}']".encode(), "t.toml")
    shown = f"Cannot declare ('{key}"[:200].replace("\u00fc", "\\xfc")
    assert f"It is not valid TOML: {shown}." == said


def test_a_file_without_a_name_is_called_the_tenant_file() -> None:
    """Bytes from elsewhere have no name to show; a name is shown in ASCII."""
    with pytest.raises(TenantError, match=r"^The tenant file is a PEM file, not a tenant's connectors\.$"):
        documents(b"-----BEGIN", "")
    assert "It is a PEM file, not a tenant's connectors." == refused(b"-----BEGIN", "\u00e4.json")
