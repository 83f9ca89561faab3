"""Public keys in words, and their identity."""

from __future__ import annotations

import hashlib
from typing import cast

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}

# How the SubjectPublicKeyInfo of the usual keys begins: RSA of 2048, 3072 and 4096 bits with an exponent of three bytes
# (RFC 8017), P-256, P-384 and P-521 by name (RFC 5480). Whatever follows, such a key is of that size or of none.
USUAL = tuple(
    map(
        bytes.fromhex,
        (
            "30820122300d06092a864886f70d01010105000382010f003082010a0282010100",
            "308201a2300d06092a864886f70d01010105000382018f003082018a0282018100",
            "30820222300d06092a864886f70d01010105000382020f003082020a0282020100",
            "3059301306072a8648ce3d020106082a8648ce3d030107",
            "3076301006072a8648ce3d020106052b81040022",
            "30819b301006072a8648ce3d020106052b81040023",
        ),
    )
)


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
