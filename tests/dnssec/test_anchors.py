"""Trust anchors: those that are shipped, and those of a file."""

from __future__ import annotations

import dns.name
import pytest

from certready.dnssec import ROOT, ROOT_AS_OF, parse, read
from certready.errors import InputError


def test_both_keys_of_the_root() -> None:
    """The root's key of 2017 and its successor are both known, with the date of the newer one."""
    (records,) = parse(ROOT).values()
    assert [one.key_tag for one in records] == [20326, 38696]
    assert ROOT_AS_OF == "2024-07-18"


def test_file() -> None:
    """A file holds DS and DNSKEY records as dnssec-signzone and unbound write them; comments and others are left out."""
    text = (
        "; a lab\n"
        f"test. IN DS 12345 13 2 {'AB' * 32}\n"
        f"contoso.test. 3600 IN DNSKEY 257 3 13 {'AQID' * 21}AQ==\n"
        "contoso.test. IN A 192.0.2.1\n"
    )
    lines = read(text, "anchor.txt")
    assert [line.split()[:2] for line in lines] == [["test.", "DS"], ["contoso.test.", "DNSKEY"]]
    assert set(parse(lines)) == {dns.name.from_text("test"), dns.name.from_text("contoso.test")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds neither a DS nor a DNSKEY record"),
        ("contoso.test. IN A 192.0.2.1\n", "holds neither a DS nor a DNSKEY record"),
        ("hello\n", "holds no DNS records that can be read"),
        ("$GENERATE 1-99999999 a$ A 192.0.2.1\n", "holds no DNS records that can be read"),
        ("$INCLUDE /etc/passwd\n", "holds no DNS records that can be read"),
        ("".join(f"z{n}. IN DS 1 13 2 {'ab' * 32}\n" for n in range(80)), "holds more than 64 trust anchors"),
    ],
)
def test_no_anchors(text: str, said: str) -> None:
    """A file without anchors, or with too many, is refused in a sentence that names it."""
    with pytest.raises(InputError, match=r"anchor\.txt") as caught:
        read(text, "anchor.txt")
    assert said in str(caught.value)


@pytest.mark.parametrize("line", ["", "test.", "test. A 192.0.2.1", "test. DS hello", "a..b DS 1 13 2 abcd"])
def test_damaged_line(line: str) -> None:
    """A line of evidence that is no anchor is refused."""
    with pytest.raises(ValueError, match="DS"):
        parse([line])
