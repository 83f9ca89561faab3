"""Does this key verify this signature, and is the hash behind it one that still proves anything?

The three are kept apart: a signature that is wrong, one that fits but rests on a broken hash, and one whose
algorithm is not known. Library calls that verify whole objects refuse SHA-1 as if the signature were wrong.
"""

from __future__ import annotations

from typing import Literal, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

from certready.certificate import Certificate
from certready.der import INTEGER, OID, SEQUENCE, Element, MalformedError, Signed, element, members, signed

Outcome = Literal["valid", "weak", "wrong", "unsupported"]

# Object identifiers as the DER content holds them: PKCS #1 (RFC 8017), ANSI X9.62 (RFC 5758), RFC 8410.
_RSA = bytes.fromhex("2a864886f70d0101")
_ECDSA = bytes.fromhex("2a8648ce3d04")
_RSA_HASHES: dict[bytes, hashes.HashAlgorithm] = {
    _RSA + b"\x04": hashes.MD5(),  # noqa: S303 - recognised, so that it can be refused by name
    _RSA + b"\x05": hashes.SHA1(),  # noqa: S303
    _RSA + b"\x0e": hashes.SHA224(),
    _RSA + b"\x0b": hashes.SHA256(),
    _RSA + b"\x0c": hashes.SHA384(),
    _RSA + b"\x0d": hashes.SHA512(),
}
_ECDSA_HASHES: dict[bytes, hashes.HashAlgorithm] = {
    _ECDSA + b"\x01": hashes.SHA1(),  # noqa: S303
    _ECDSA + b"\x03\x01": hashes.SHA224(),
    _ECDSA + b"\x03\x02": hashes.SHA256(),
    _ECDSA + b"\x03\x03": hashes.SHA384(),
    _ECDSA + b"\x03\x04": hashes.SHA512(),
}
_PSS = _RSA + b"\x0a"
_ED25519, _ED448 = bytes.fromhex("2b6570"), bytes.fromhex("2b6571")
_SHA1 = bytes.fromhex("2b0e03021a")
_SHA2 = bytes.fromhex("6086480165030402")
_PSS_HASHES: dict[bytes, hashes.HashAlgorithm] = {
    _SHA1: hashes.SHA1(),  # noqa: S303
    _SHA2 + b"\x04": hashes.SHA224(),
    _SHA2 + b"\x01": hashes.SHA256(),
    _SHA2 + b"\x02": hashes.SHA384(),
    _SHA2 + b"\x03": hashes.SHA512(),
}
_UNREADABLE_HASHES = {_RSA + b"\x02", _RSA + b"\x03"}  # MD2 and MD4
_WEAK = ("md5", "sha1")


def verify(parts: Signed, signer: Certificate) -> Outcome:
    """Whether ``signer``'s key made this signature over these very bytes.

    ``weak`` is a signature that fits and rests on SHA-1 or older, which proves nothing any more (RFC 9155; CA/B
    Baseline Requirements 7.1.3.2). Never raises.
    """
    try:
        oid, parameters = _algorithm(parts.algorithm)
        return _verify(parts, signer.parsed.public_key, oid, parameters)
    except InvalidSignature:
        return "wrong"
    except (UnsupportedAlgorithm, MalformedError):
        return "unsupported"
    except (ValueError, TypeError):
        return "wrong"


def signed_by(certificate: Certificate, issuer: Certificate) -> Outcome:
    """Whether ``issuer``'s key signed ``certificate``. Never raises."""
    try:
        return verify(signed(element(certificate.der)), issuer)
    except MalformedError:
        return "wrong"


def _algorithm(identifier: Element) -> tuple[bytes, Element | None]:
    """The OID and the parameters of an AlgorithmIdentifier."""
    parts = members(identifier)
    if not parts or parts[0].tag != OID:
        raise MalformedError("its signature algorithm cannot be read")
    return parts[0].content, parts[1] if len(parts) > 1 else None


def _verify(parts: Signed, key: object, oid: bytes, parameters: Element | None) -> Outcome:
    # Any buffer is taken, and a list of tens of megabytes is not copied; the annotations of RSA keys say bytes.
    signature, data = parts.signature, cast(bytes, parts.tbs.view)
    if oid in _UNREADABLE_HASHES:
        return "weak"
    if oid in _RSA_HASHES and isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, data, padding.PKCS1v15(), _RSA_HASHES[oid])
        return _strength(_RSA_HASHES[oid])
    if oid == _PSS and isinstance(key, rsa.RSAPublicKey):
        scheme, digest = _pss(parameters)
        key.verify(signature, data, scheme, digest)
        return _strength(digest)
    if oid in _ECDSA_HASHES and isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, data, ec.ECDSA(_ECDSA_HASHES[oid]))
        return _strength(_ECDSA_HASHES[oid])
    if (oid == _ED25519 and isinstance(key, ed25519.Ed25519PublicKey)) or (
        oid == _ED448 and isinstance(key, ed448.Ed448PublicKey)
    ):
        key.verify(signature, data)
        return "valid"
    known = {*_RSA_HASHES, *_ECDSA_HASHES, _PSS, _ED25519, _ED448}
    return "wrong" if oid in known and key is not None else "unsupported"


def _strength(digest: hashes.HashAlgorithm) -> Outcome:
    return "weak" if digest.name in _WEAK else "valid"


def _pss(parameters: Element | None) -> tuple[padding.PSS, hashes.HashAlgorithm]:
    """RSASSA-PSS-params, whose members default to SHA-1 and a salt of 20 bytes (RFC 4055, 3.1)."""
    tagged = {one.tag: one for one in members(parameters)} if parameters and parameters.tag == SEQUENCE else {}
    digest = mask = _PSS_HASHES[_SHA1]
    salt = 20
    if 0xA0 in tagged:
        digest = _hash(_algorithm(_only(tagged[0xA0]))[0])
    if 0xA1 in tagged:
        inner = _algorithm(_only(tagged[0xA1]))[1]
        mask = _hash(_algorithm(inner)[0]) if inner else mask
    if 0xA2 in tagged:
        number = _only(tagged[0xA2])
        if number.tag != INTEGER or len(number.content) > 2:
            raise MalformedError("its salt length cannot be read")
        salt = int.from_bytes(number.content, "big")
    return padding.PSS(padding.MGF1(mask), salt), digest


def _hash(oid: bytes) -> hashes.HashAlgorithm:
    if oid not in _PSS_HASHES:
        raise MalformedError("its hash is not known")
    return _PSS_HASHES[oid]


def _only(outer: Element) -> Element:
    found = members(outer)
    if not found:
        raise MalformedError("a part of its signature algorithm is missing")
    return found[0]
