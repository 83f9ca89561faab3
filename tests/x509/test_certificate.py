"""One certificate: what is read out of it, and that nothing in it raises."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.demo.pki import Authority, Issued
from certready.x509.certificate import Certificate, Parsed, told_apart

READINGS = [name for name in dir(Parsed) if not name.startswith("_") and name != "extension"]


@cache
def leaf() -> Issued:
    root = Authority.root(crl_url="http://crl.example.test/root.crl", aia_url="http://crl.example.test/root.cer")
    return root.issue("mail.contoso.com", "\u6771\u4eac.example".encode("idna").decode())


def everything(der: bytes) -> list[object]:
    """Every attribute of the reading."""
    parsed = Parsed(der)
    return [parsed.error, *(getattr(parsed, name) for name in READINGS)]


def test_what_a_certificate_says() -> None:
    """Names, dates, key, usages and pointers of an ordinary certificate are read."""
    parsed = Certificate(leaf().der).parsed
    assert ("mail.contoso.com", "xn--1lqs71d.example") == parsed.dns_names
    assert ("mail.contoso.com",) == parsed.common_names
    assert ("ECDSA P-256", "sha256", False) == (str(parsed.key), parsed.signature_hash, parsed.is_ca)
    assert ("http://crl.example.test/root.crl",) == parsed.crl_urls
    assert ("http://crl.example.test/root.cer",) == parsed.ca_issuer_urls
    assert (None, None) == (parsed.error, parsed.names_unreadable or parsed.pointers_unreadable)


def test_two_are_the_same_when_their_bytes_are() -> None:
    """A certificate is its bytes: equal and hashed alike, and nothing else makes two the same."""
    one, other = Certificate(leaf().der), Certificate(bytes(bytearray(leaf().der)))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Certificate(leaf().der + b"\0")


@pytest.mark.parametrize("tag", range(0x01, 0x1F))
def test_a_name_of_any_string_type(tag: int) -> None:
    """A subject in a string type that is none, or is unknown, is read as far as it can be; it never raises."""
    at = leaf().der.index(b"\x0c\x10mail.contoso.com")
    changed = leaf().der[:at] + bytes([tag]) + leaf().der[at + 1 :]
    assert everything(changed)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_damage_raises(data: st.DataObject) -> None:
    """Whatever byte is changed and wherever it is cut, every attribute has a value."""
    body = bytearray(leaf().der)
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    assert everything(bytes(body[: data.draw(st.one_of(st.just(len(body)), st.integers(0, len(body))))]))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    """Arbitrary bytes are a certificate that cannot be read, with a reason."""
    assert Parsed(data).error
    assert everything(data)


def test_certificates_of_one_name_are_told_apart() -> None:
    """Two certificates with the same CN are told apart by their serial numbers, others by their names alone."""
    root = Authority.root("Root")
    twins = [root.issue("mail.contoso.com", serial=number) for number in (17, 18)]
    every = [Certificate(one.der) for one in (root, *twins)]
    expected = ("Root", "mail.contoso.com (serial number 11)", "mail.contoso.com (serial number 12)")
    assert expected == told_apart(every)
