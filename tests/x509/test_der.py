"""Issuer, subject and key out of a certificate's own bytes."""

from contextlib import suppress

from certready.x509.der import INTEGER, SEQUENCE, VERSION, MalformedError, element, encoded, expect, integer, parties
from tests import pki

Parties = tuple[bytes, bytes, bytes]


def _one_by_one(certificate: bytes) -> Parties | None:
    """The same, element by element; None where that is malformed."""
    with suppress(MalformedError):
        outer = element(certificate)
        tbs = element(certificate, outer.body, outer.end)
        fields = [element(certificate, tbs.body, tbs.end)]
        while len(fields) < (7 if fields[0].tag == VERSION else 6):
            fields.append(element(certificate, fields[-1].end, tbs.end))
        fields = fields[-6:]
        expect(tuple(fields), INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE)
        return fields[2].encoded, fields[4].encoded, fields[5].encoded
    return None


def _at_once(certificate: bytes) -> Parties | None:
    with suppress(MalformedError):
        return parties(certificate)
    return None


def test_cut_short() -> None:
    """A certificate that ends anywhere too early is malformed, and nothing else is raised."""
    der = pki.Authority.root().issue("mail.contoso.com").der
    assert [] == [length for length in range(len(der)) if _at_once(der[:length]) is not None]


def test_any_byte_changed() -> None:
    """Whatever byte is another one, the parts are those that reading element by element gives, or none."""
    der = pki.Authority.root().issue("mail.contoso.com").der
    for at in range(len(der)):
        for value in (0, der[at] ^ 0x80, 0x7F, 0x80, 0x81, 0xFF):
            changed = der[:at] + bytes((value,)) + der[at + 1 :]
            both = _at_once(changed), _one_by_one(changed)
            assert both[0] == both[1], (at, value)


def test_nothing_behind_the_key() -> None:
    """A key of a few bytes that ends the certificate is read to its end, and no further than that."""
    empty = encoded(SEQUENCE, b"")
    fields = encoded(INTEGER, integer(1)) + empty * 4 + encoded(SEQUENCE, b"key")
    certificate = encoded(SEQUENCE, encoded(SEQUENCE, fields))
    assert parties(certificate) == (empty, empty, encoded(SEQUENCE, b"key"))
    longer = encoded(SEQUENCE, encoded(SEQUENCE, fields[:-4] + b"\x04key") + empty)
    assert _at_once(longer) is None
