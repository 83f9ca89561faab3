"""The parts that certificates are made of: keys, names, dates, one signature."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Revoked = tuple[int, datetime, x509.ReasonFlags | None]

DAY = timedelta(days=1)
KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


def new_key(kind: str = "ec") -> PrivateKey:
    """A private key: ``ec`` (P-256), ``p384``, ``ed25519``, or ``rsa``, ``rsa1024``, ``rsa4096``..."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:] or 2048))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP384R1() if kind == "p384" else ec.SECP256R1())


def subject(common_name: str | None, organization: str | None = "Example Test") -> x509.Name:
    """A subject of O and CN; either is left out where it is None."""
    parts = ((NameOID.ORGANIZATION_NAME, organization), (NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value is not None])


def key_usage(*names: str) -> x509.KeyUsage:
    """A KeyUsage with just these bits, such as ``key_usage("digital_signature", "key_encipherment")``."""
    return x509.KeyUsage(**{name: name in names for name in KEY_USAGES})


def sign(
    name: x509.Name,
    private: PrivateKey,
    issuer: tuple[x509.Name, PrivateKey],
    validity: tuple[datetime, datetime],
    extensions: Iterable[tuple[x509.ExtensionType, bool]],
    *,
    serial: int | None,
    hash_algorithm: hashes.HashAlgorithm | None,
) -> x509.Certificate:
    """A certificate for the key ``private``, with the key identifiers added.

    Args:
        name: the subject.
        private: its key; only the public half goes into the certificate.
        issuer: the issuer's name and its key, which signs.
        validity: notBefore and notAfter, aware.
        extensions: each with whether it is critical.
        serial: None for a random one.
        hash_algorithm: None for the usual one of the issuer's key (:func:`hash_for`).
    """
    issuer_name, signer = issuer
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer_name)
    builder = builder.public_key(private.public_key()).serial_number(serial or x509.random_serial_number())
    builder = builder.not_valid_before(validity[0]).not_valid_after(validity[1])
    identifiers = (
        (x509.SubjectKeyIdentifier.from_public_key(private.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False),
    )
    for extension, critical in (*extensions, *identifiers):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signer, hash_algorithm or hash_for(signer))  # type: ignore[arg-type]


def hash_for(key: PrivateKey) -> hashes.SHA256 | None:
    """SHA-256, or None for a key whose algorithm has its own hash."""
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
