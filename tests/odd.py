"""Certificates of which one part cannot be read, or is written as no strict reader takes it, signed as they stand."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from certready.demo.pki import Authority, Issued
from certready.x509.der import SEQUENCE, element, encoded, members

FIELDS = ("version", "serial", "algorithm", "issuer", "validity", "subject", "key", "extensions")
SAN, BASIC, USAGE, EKU, CDP, AIA, AKI, POLICIES, STAPLE = (
    bytes.fromhex(digits)
    for digits in (
        *("551d11", "551d13", "551d0f", "551d25", "551d1f", "2b06010505070101", "551d23", "551d20"),
        "2b06010505070118",
    )
)


def tlv(tag: int, *content: bytes) -> bytes:
    """One element in DER."""
    return encoded(tag, b"".join(content))


def changed(issued: Issued, **fields: bytes) -> bytes:
    """The certificate with these fields of its TBSCertificate, signed anew by its issuer."""
    _, algorithm, _ = members(element(issued.der))
    tbs = members(members(element(issued.der))[0])
    whole = tlv(SEQUENCE, *(fields.get(name, part.encoded) for name, part in zip(FIELDS, tbs, strict=True)))
    key = (issued.issuer or issued).key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signature = key.sign(whole, ec.ECDSA(hashes.SHA256()))
    return tlv(SEQUENCE, whole, algorithm.encoded, tlv(0x03, b"\0", signature))


def with_extension(issued: Issued, oid: bytes, value: bytes, *, critical: bool = False, twice: bool = False) -> bytes:
    """The certificate with this extension in the place of its own one of the type."""
    tbs = members(members(element(issued.der))[0])
    kept = [one.encoded for one in members(members(tbs[7])[0]) if members(one)[0].content != oid]
    flag = (b"\x01\x01\xff",) if critical else ()
    one = tlv(SEQUENCE, tlv(0x06, oid), *flag, tlv(0x04, value))
    return changed(issued, extensions=tlv(0xA3, tlv(SEQUENCE, *kept, *([one] * (2 if twice else 1)))))


def named(tag: int, value: bytes) -> bytes:
    """A subject of one CN in this string type."""
    return tlv(SEQUENCE, tlv(0x31, tlv(SEQUENCE, tlv(0x06, bytes.fromhex("550403")), tlv(tag, value))))


def dates(before: bytes) -> bytes:
    """A validity that begins so and ends in 2049."""
    return tlv(SEQUENCE, before, tlv(0x17, b"491231235959Z"))


DNS = tlv(0x82, b"mail.contoso.com")
POINT = tlv(SEQUENCE, tlv(0xA0, tlv(0xA0, tlv(0x86, b"http://crl.example.test/a.crl"))))
OCSP = bytes.fromhex("06082b06010505073001")

# Ways of being unreadable, each by the extension it concerns and its value.
EXTENSIONS = {
    "alternative names: junk": (SAN, b"\x30\x05\x00"),
    "alternative names: 8-bit DNS name beside a good one": (SAN, tlv(SEQUENCE, DNS, tlv(0x82, b"m\xfcller.de"))),
    "alternative names: malformed otherName beside a good one": (SAN, tlv(SEQUENCE, DNS, tlv(0xA0, b"\x06\x01"))),
    "alternative names: X.400 address beside a good one": (SAN, tlv(SEQUENCE, DNS, tlv(0xA3))),
    "alternative names: IP address of three bytes": (SAN, tlv(SEQUENCE, tlv(0x87, b"abc"), DNS)),
    "basic constraints: junk": (BASIC, b"\x01"),
    "basic constraints: a path length without digits": (BASIC, b"\x30\x05\x01\x01\xff\x02\x00"),
    "basic constraints: neither true nor false": (BASIC, b"\x30\x02\x01\x00"),
    "key usage: junk": (USAGE, b"\x03\x02\x07\xff\xff"),
    "extended key usage: junk": (EKU, b"\x30\x02\x06\x00"),
    "extended key usage: empty": (EKU, b"\x30\x00"),
    "distribution points: junk": (CDP, b"\x30\x05\x00"),
    "distribution points: an empty point": (CDP, tlv(SEQUENCE, tlv(SEQUENCE))),
    "distribution points: 8-bit URI": (
        CDP,
        tlv(SEQUENCE, tlv(SEQUENCE, tlv(0xA0, tlv(0xA0, tlv(0x86, b"http://\xfc/"))))),
    ),
    "distribution points: an empty one beside a good one": (CDP, tlv(SEQUENCE, POINT, tlv(SEQUENCE))),
    "authority information: junk": (AIA, tlv(SEQUENCE, tlv(SEQUENCE, b"\x06\x01"))),
    "authority information: 8-bit URI": (AIA, tlv(SEQUENCE, tlv(SEQUENCE, OCSP, tlv(0x86, b"http://\xfc/")))),
    "authority key: issuer without serial number": (AKI, tlv(SEQUENCE, tlv(0x80, b"abc"), tlv(0xA1, tlv(0x82, b"a")))),
    "policies: a notice of a wrong string type": (
        POLICIES,
        tlv(
            SEQUENCE,
            tlv(
                SEQUENCE,
                b"\x06\x02\x2a\x03",
                tlv(
                    SEQUENCE, tlv(SEQUENCE, bytes.fromhex("06082b06010505070202"), tlv(SEQUENCE, tlv(0x13, b"no@tice")))
                ),
            ),
        ),
    ),
    "TLS feature: junk": (STAPLE, b"\x02\x01\x05"),
}

# Other parts: what is put in the place of a field.
FIELDS_OF = {
    "version 4": {"version": tlv(0xA0, b"\x02\x01\x03")},
    "version empty": {"version": tlv(0xA0, b"\x02\x00")},
    "version written out": {"version": tlv(0xA0, b"\x02\x01\x00")},
    "serial number padded": {"serial": b"\x02\x03\x00\x00\x11"},
    "serial number negative": {"serial": b"\x02\x02\x85\x11"},
    "serial number empty": {"serial": b"\x02\x00"},
    "dates without seconds": {"validity": dates(tlv(0x17, b"2511010000Z"))},
    "dates with an offset": {"validity": dates(tlv(0x17, b"251101000000+0100"))},
    "dates with fractions": {"validity": dates(tlv(0x18, b"20251101000000.5Z"))},
    "dates in the year 0": {"validity": dates(tlv(0x18, b"00000101000000Z"))},
    "dates on 30 February": {"validity": dates(tlv(0x17, b"260230000000Z"))},
    "subject in Latin-1": {"subject": named(0x14, b"M\xfcller")},
    "subject in broken UTF-8": {"subject": named(0x0C, b"mail.c\xf6ntoso.com")},
    "subject with an asterisk in a PrintableString": {"subject": named(0x13, b"*.contoso.com")},
    "subject in half a BMPString": {"subject": named(0x1E, b"abc")},
    "subject of junk": {"subject": tlv(SEQUENCE, b"\x01\x02\x03")},
    "key of junk": {"key": tlv(SEQUENCE, b"abc")},
    "key of an unknown kind": {"key": tlv(SEQUENCE, tlv(SEQUENCE, b"\x06\x02\x2a\x03"), b"\x03\x02\x00\x01")},
    "extension of junk": {"extensions": tlv(0xA3, tlv(SEQUENCE, tlv(SEQUENCE, b"\x06\x00\x04\x00")))},
    "extensions of junk": {"extensions": tlv(0xA3, b"\x30\x05")},
    "no extension": {"extensions": tlv(0xA3, tlv(SEQUENCE))},
}


def odd_certificates(issued: Issued) -> dict[str, bytes]:
    """Every way of being unreadable, by name, each made of this certificate."""
    found = {name: with_extension(issued, oid, value) for name, (oid, value) in EXTENSIONS.items()}
    found |= {f"{name}, critical": with_extension(issued, *pair, critical=True) for name, pair in EXTENSIONS.items()}
    found |= {
        f"{name.partition(':')[0]}: twice": with_extension(issued, *pair, twice=True)
        for name, pair in EXTENSIONS.items()
    }
    return found | {name: changed(issued, **fields) for name, fields in FIELDS_OF.items()}


def authority(der: bytes, like: Authority) -> Issued:
    """What only carries these bytes, for what wants to be handed something issued."""
    return Issued(like.x509, like.key, like.issuer)
