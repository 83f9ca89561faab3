"""Public keys in words, and their identity."""

from __future__ import annotations

import hashlib
from typing import cast

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


class Key(Struct, frozen=True):
    """A public key in words: ``kind`` is "RSA", "ECDSA", "Ed25519"..., ``bits`` the size (0: unknown)."""

    kind: str
    bits: int
    curve: str | None = None

    def __str__(self) -> str:
        if self.kind == "ECDSA":
            return f"ECDSA {self.curve}"
        return f"{self.kind} {self.bits}" if self.bits else self.kind

    @property
    def family(self) -> str:
        """The family as TLS names it, lower case: ``rsa``, ``ecdsa``, ``ed25519``..."""
        return self.kind.lower()


def spki_sha256(key: object) -> str:
    """SHA-256 of the SubjectPublicKeyInfo of a public key object, hexadecimal."""
    readable = cast("rsa.RSAPublicKey", key)
    return hashlib.sha256(readable.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def describe_key(key: object) -> Key:
    """A public key object in words; ``Key("unknown", 0)`` for None."""
    match key:
        case rsa.RSAPublicKey():
            return Key("RSA", key.key_size)
        case ec.EllipticCurvePublicKey():
            return Key("ECDSA", key.curve.key_size, _CURVES.get(key.curve.name, key.curve.name))
        case ed25519.Ed25519PublicKey():
            return Key("Ed25519", 256)
        case ed448.Ed448PublicKey():
            return Key("Ed448", 448)
        case dsa.DSAPublicKey():
            return Key("DSA", key.key_size)
        case None:
            return Key("unknown", 0)
        case _:
            return Key(type(key).__name__.removesuffix("PublicKey"), 0)
