"""Certificates that are wrong on purpose, built on ``certready.demo.pki``, and what tests need to hand them over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from certready._version import __version__
from certready.demo.pki import Authority, Issued, new_key, now
from certready.model import Chain, Container, Evidence, Known, Options, Root, StoreInfo, Target
from certready.x509.certificate import Certificate


def certificate(issued: Issued | bytes) -> Certificate:
    """The model's certificate of what the test CA issued, or of DER bytes."""
    return Certificate(issued if isinstance(issued, bytes) else issued.der)


def chain(*issued: Issued | bytes, container: Container = "pem", leaf: int = 0) -> Chain:
    """A chain ``c1`` as sent."""
    return Chain("c1", container, tuple(certificate(one) for one in issued), leaf)


def roots(*issued: Issued | bytes, extra: bool = False) -> tuple[Root, ...]:
    """Candidate anchors."""
    return tuple(Root(certificate(one), extra=extra) for one in issued)


def evidence(
    *chains: Chain,
    roots: tuple[Root, ...] = (),
    known: Sequence[Known] = (),
    at: datetime | None = None,
    options: Options | None = None,
    store: StoreInfo | None = None,
) -> Evidence:
    """Evidence about these chains, gathered now, judged by a store called ``microsoft`` unless said otherwise."""
    return Evidence(
        certready=__version__,
        gathered_at=at or now(),
        target=Target("file", "test.pem"),
        options=options or Options(),
        store=store or StoreInfo("microsoft", "2026-10-27", len(roots)),
        chains=chains,
        known=tuple(known),
        roots=roots,
    )


def cross_signed(authority: Authority, by: Authority, **options: Any) -> Authority:
    """The twin of a CA: its name and key, issued by another."""
    return by.intermediate(key=authority.key, subject_name=authority.x509.subject, **options)


def look_alike(issued: Authority) -> Authority:
    """A CA with the subject, issuer name and serial of another and a key of its own."""
    pretended = Authority.root(subject_name=issued.x509.issuer)
    return pretended.intermediate(subject_name=issued.x509.subject, serial=issued.x509.serial_number)


def broken_signature(issued: Issued) -> bytes:
    """The certificate with a signature that is well-formed and wrong."""
    decoded = _decoded(issued.der)
    other = Authority.root(key=new_key("rsa" if isinstance(issued.key, rsa.RSAPrivateKey) else "ec"))
    decoded["signature_value"] = other.x509.signature
    return _encoded(decoded)


def with_signature_of(issued: Issued, donor: Issued) -> bytes:
    """The certificate carrying the signature bytes of another one."""
    decoded = _decoded(issued.der)
    decoded["signature_value"] = donor.x509.signature
    return _encoded(decoded)


def weakly_signed(issued: Issued, hash_name: str) -> bytes:
    """The certificate signed anew by its issuer's RSA key with ``md5`` or ``sha1``."""
    key = (issued.issuer or issued).key
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("only an RSA issuer can sign like this")
    algorithm: hashes.HashAlgorithm = {"md5": hashes.MD5(), "sha1": hashes.SHA1()}[hash_name]
    decoded = _named(issued.der, f"{hash_name}_rsa")
    decoded["signature_value"] = key.sign(decoded["tbs_certificate"].dump(), padding.PKCS1v15(), algorithm)
    return _encoded(decoded)


def unknown_algorithm(issued: Issued) -> bytes:
    """The certificate with MD2 named as its signature's hash, which no library verifies any more."""
    return _encoded(_named(issued.der, "md2_rsa"))


def _named(der: bytes, algorithm: str) -> Any:
    decoded = _decoded(der)
    decoded["tbs_certificate"]["signature"]["algorithm"] = algorithm
    decoded["signature_algorithm"]["algorithm"] = algorithm
    return decoded


def circle(count: int) -> tuple[Authority, ...]:
    """CAs of which each is issued by the next and the last by the first; nobody is a root."""
    holders = [Authority.root(f"Circle {number}") for number in range(count)]
    return tuple(cross_signed(one, holders[(index + 1) % count]) for index, one in enumerate(holders))


def mesh(keys: int, name: str = "Mesh", **options: Any) -> tuple[Authority, ...]:
    """CAs of one subject and ``keys`` different keys, every key signed by every other: keys * (keys - 1) of them."""
    holders = [Authority.root(name, **options) for _ in range(keys)]
    return tuple(cross_signed(one, by, **options) for one in holders for by in holders if one is not by)


def ladder(root: Authority, count: int) -> Authority:
    """The lowest of ``count`` intermediates, each below the last."""
    lowest = root
    for number in range(count):
        lowest = lowest.intermediate(f"Step {number}")
    return lowest


def issued_by_leaf(leaf: Issued, *names: str) -> Issued:
    """A certificate that somebody signed with the key of an ordinary leaf."""
    return Authority(leaf.x509, leaf.key, leaf.issuer).issue(*names)


def explicit_curve_root(name: str = "Explicit Curve Root") -> Authority:
    """A self-signed CA whose P-256 key spells out the curve's numbers (RFC 3279, 2.3.5) instead of naming it."""
    key = ec.generate_private_key(ec.SECP256R1())
    decoded = _decoded(Authority.root(name, key=key).der)
    parameters = decoded["tbs_certificate"]["subject_public_key_info"]["algorithm"]
    parameters["parameters"] = asn1_keys.ECDomainParameters(  # type: ignore[no-untyped-call]
        "specified",
        asn1_keys.SpecifiedECDomain(_P256),  # type: ignore[no-untyped-call]
    )
    decoded["signature_value"] = key.sign(decoded["tbs_certificate"].dump(), ec.ECDSA(hashes.SHA256()))
    return Authority(x509.load_der_x509_certificate(_encoded(decoded)), key)


# The numbers of P-256 (FIPS 186-4, D.1.2.3; SEC 2, 2.4.2).
_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_P256 = {
    "version": 1,
    "field_id": {"field_type": "prime_field", "parameters": _P},
    "curve": {
        "a": (_P - 3).to_bytes(32, "big"),
        "b": bytes.fromhex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
    },
    "base": bytes.fromhex(
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    ),
    "order": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "cofactor": 1,
}


def constrained(permitted: Iterable[str] = (), excluded: Iterable[str] = ()) -> tuple[x509.ExtensionType, bool]:
    """A critical name constraint on DNS names, for the ``extra`` of a CA."""
    allowed, refused = ([x509.DNSName(name) for name in names] or None for names in (permitted, excluded))
    return x509.NameConstraints(allowed, refused), True


def _decoded(der: bytes) -> Any:
    return asn1.Certificate.load(der)  # type: ignore[no-untyped-call]


def _encoded(decoded: Any) -> bytes:
    return bytes(decoded.dump(force=True))
