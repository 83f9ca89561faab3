"""How long answers are kept, read out of real ones and out of bytes that are none."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.cache.lasting import BRIEFLY, LONGEST, UNDATED, expires, keep_until
from certready.demo.pki import DAY, Authority

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
CA = Authority.root(moment=NOW)
LEAF = CA.issue("mail.contoso.com")
HOUR = timedelta(hours=1)


def pem(crl: bytes) -> bytes:
    return b"-----BEGIN X509 CRL-----\n" + base64.encodebytes(crl) + b"-----END X509 CRL-----\n"


def crl(next_update: datetime) -> bytes:
    return CA.crl(this_update=NOW - DAY, next_update=next_update)


def answer(next_update: datetime | None) -> bytes:
    good, sha1 = ocsp.OCSPCertStatus.GOOD, hashes.SHA1()
    builder = ocsp.OCSPResponseBuilder().add_response(
        LEAF.x509, CA.x509, sha1, good, NOW - DAY, next_update, None, None
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, CA.x509).sign(CA.key, hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


@pytest.mark.parametrize("days", [1, 30, 9000])
def test_next_update(days: int) -> None:
    """The nextUpdate of a CRL, in DER and PEM and in both forms of time, and of an OCSP answer is read."""
    then = NOW + days * DAY
    assert (then, then, then) == (expires(crl(then)), expires(pem(crl(then))), expires(answer(then)))


def test_the_earliest_of_several() -> None:
    """Of several lists in one PEM file the first to end counts."""
    assert expires(pem(crl(NOW + 5 * DAY)) + pem(crl(NOW + DAY)) + pem(crl(NOW + 9 * DAY))) == NOW + DAY


def test_without_next_update() -> None:
    """An OCSP answer without nextUpdate has no date."""
    assert expires(answer(None)) is None


def test_a_long_list_is_not_read() -> None:
    """Only the head of a list is looked at: what follows may be anything."""
    whole = CA.crl([(n, NOW, None) for n in range(1, 300)], this_update=NOW, next_update=NOW + DAY)
    assert expires(whole[:400] + b"\xff" * (len(whole) - 400)) == NOW + DAY


@pytest.mark.parametrize("body", [b"", b"<html>", b"\x30", b"\x30\x80", b"\x30\x00", LEAF.der, LEAF.pem, b"-----BEGIN"])
def test_what_has_no_date(body: bytes) -> None:
    """A certificate, a web page and a fragment have no nextUpdate."""
    assert expires(body) is None


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0, max_value=10_000), st.binary(max_size=4))
def test_damage_is_no_exception(at: int, inserted: bytes) -> None:
    """Whatever is damaged in an answer, there is a date or none."""
    for body in (crl(NOW + DAY), answer(NOW + DAY)):
        place = at % len(body)
        found = expires(body[:place] + inserted + body[place + len(inserted) :])
        assert found is None or found.tzinfo is not None


def test_kept_until_next_update() -> None:
    """An answer is kept until its nextUpdate."""
    assert NOW + HOUR == keep_until(crl(NOW + HOUR), NOW)
    assert NOW + HOUR == keep_until(answer(NOW + HOUR), NOW)


def test_kept_no_longer_than_ten_days() -> None:
    """A list that promises to stand for years is looked at again after ten days."""
    assert NOW + LONGEST == keep_until(crl(NOW + 3000 * DAY), NOW)


def test_kept_for_an_hour() -> None:
    """What has no date is kept for an hour: an undated answer, a certificate."""
    assert [NOW + UNDATED] * 3 == [keep_until(body, NOW) for body in (answer(None), LEAF.der, LEAF.pem)]


@pytest.mark.parametrize("body", [b"", b"<!DOCTYPE html><html></html>", b"not found", crl(NOW), answer(NOW - HOUR)])
def test_not_kept(body: bytes) -> None:
    """The page of a captive proxy and an answer that is out of date already are not kept at all."""
    assert keep_until(body, NOW) is None


@pytest.mark.parametrize("status", [one for one in ocsp.OCSPResponseStatus if one.value])
def test_kept_briefly(status: ocsp.OCSPResponseStatus) -> None:
    """A responder that does not answer the question is asked again after a minute."""
    body = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    assert NOW + BRIEFLY == keep_until(body, NOW)
