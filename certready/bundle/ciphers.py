"""With what a PFX or a private key is encrypted, and how much work its password costs, read before it is tried.

Sources: RFC 8018 (PBES1, PBES2, PBKDF2), RFC 7292 appendix C (the PKCS#12 algorithms), RFC 7914 (scrypt), RFC 9579
(PBMAC1).
"""

from __future__ import annotations

from msgspec import Struct

from certready.bundle.asn1 import SEQUENCE, Node

# Rounds of hashing that are still answered: some two seconds. Real files have 2,000 (Windows) to 600,000.
MAX_ROUNDS = 1_000_000

PKCS5, PKCS12, _AES = "1.2.840.113549.1.5.", "1.2.840.113549.1.12.1.", "2.16.840.1.101.3.4.1."
PBES2, PBMAC1, PBKDF2, SCRYPT = PKCS5 + "13", PKCS5 + "14", PKCS5 + "12", "1.3.6.1.4.1.11591.4.11"
_HMAC = "1.2.840.113549.2."

NAMES = {
    PKCS12 + "1": "RC4-128",
    PKCS12 + "2": "RC4-40",
    PKCS12 + "3": "3DES",
    PKCS12 + "4": "2-key 3DES",
    PKCS12 + "5": "RC2-128",
    PKCS12 + "6": "RC2-40",
    PKCS5 + "1": "DES with MD2",
    PKCS5 + "3": "DES with MD5",
    PKCS5 + "4": "RC2 with MD2",
    PKCS5 + "6": "RC2 with MD5",
    PKCS5 + "10": "DES with SHA-1",
    PKCS5 + "11": "RC2 with SHA-1",
    "1.3.14.3.2.7": "DES-CBC",
    "1.2.840.113549.3.2": "RC2-CBC",
    "1.2.840.113549.3.7": "3DES-CBC",
    _AES + "2": "AES-128-CBC",
    _AES + "22": "AES-192-CBC",
    _AES + "42": "AES-256-CBC",
    _AES + "6": "AES-128-GCM",
    _AES + "26": "AES-192-GCM",
    _AES + "46": "AES-256-GCM",
    "1.2.840.113549.2.5": "MD5",
    "1.3.14.3.2.26": "SHA-1",
    "2.16.840.1.101.3.4.2.1": "SHA-256",
    "2.16.840.1.101.3.4.2.2": "SHA-384",
    "2.16.840.1.101.3.4.2.3": "SHA-512",
    "2.16.840.1.101.3.4.2.4": "SHA-224",
    _HMAC + "7": "HMAC-SHA-1",
    _HMAC + "8": "HMAC-SHA-224",
    _HMAC + "9": "HMAC-SHA-256",
    _HMAC + "10": "HMAC-SHA-384",
    _HMAC + "11": "HMAC-SHA-512",
}


class Cipher(Struct, frozen=True):
    """An algorithm in words, the rounds its key derivation takes, and whether certready knows it."""

    name: str
    rounds: int = 1
    known: bool = True


def encryption(algorithm: Node) -> Cipher:
    """The AlgorithmIdentifier of an encryption under a password. Raises Asn1Error where it is malformed."""
    identifier = algorithm.child(0).oid()
    if identifier == PBES2:
        parameters = algorithm.child(1, SEQUENCE)
        scheme = parameters.child(1, SEQUENCE).child(0).oid()
        rounds, known = _derivation(parameters.child(0, SEQUENCE))
        return Cipher(f"PBES2 {NAMES.get(scheme, scheme)}", rounds, known and scheme in NAMES)
    known = identifier in NAMES
    rounds = algorithm.child(1, SEQUENCE).child(1).integer() if known else 1
    return Cipher(NAMES.get(identifier, identifier), rounds, known)


def integrity(mac: Node) -> Cipher:
    """The MacData of a PFX: its hash and rounds (RFC 7292, 4; RFC 9579). Raises Asn1Error where it is malformed."""
    algorithm = mac.child(0, SEQUENCE).child(0, SEQUENCE)
    identifier = algorithm.child(0).oid()
    if identifier == PBMAC1:
        parameters = algorithm.child(1, SEQUENCE)
        scheme = parameters.child(1, SEQUENCE).child(0).oid()
        rounds, known = _derivation(parameters.child(0, SEQUENCE))
        return Cipher(f"PBMAC1 {NAMES.get(scheme, scheme)}", rounds, known and scheme in NAMES)
    counts = mac.first(3)[2:]
    rounds = counts[0].integer() if counts else 1
    return Cipher(f"MAC {NAMES.get(identifier, identifier)}", rounds, identifier in NAMES)


def _derivation(algorithm: Node) -> tuple[int, bool]:
    """The rounds of a key derivation, and whether it is known. scrypt's N, r and p count as their product."""
    identifier = algorithm.child(0).oid()
    if identifier == PBKDF2:
        return algorithm.child(1, SEQUENCE).child(1).integer(), True
    if identifier == SCRYPT:
        parameters = algorithm.child(1, SEQUENCE)
        return (
            parameters.child(1).integer() * parameters.child(2).integer() * parameters.child(3).integer(),
            True,
        )
    return 1, False
