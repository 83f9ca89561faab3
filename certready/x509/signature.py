"""Does this key verify this signature, and is the hash behind it one that still proves anything?

The three are kept apart: a signature that is wrong, one that fits but rests on a broken hash, and one whose
algorithm is not known. Library calls that verify whole objects refuse SHA-1 as if the signature were wrong.
"""

from __future__ import annotations

from typing import Literal, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

from certready.x509.certificate import Certificate
from certready.x509.der import INTEGER, OID, SEQUENCE, Element, MalformedError, Signed, element, members, signed

Outcome = Literal["valid", "weak", "wrong", "unsupported"]

# Object identifiers as the DER content holds them: PKCS #1 (RFC 8017), ANSI X9.62 (RFC 5758), DSA (RFC 3279 and 5758),
# NIST's for SHA-3 (FIPS 202), RFC 8410.
_RSA = bytes.fromhex("2a864886f70d0101")
_ECDSA = bytes.fromhex("2a8648ce3d04")
_DSA_SHA1 = bytes.fromhex("2a8648ce380403")
_NIST = bytes.fromhex("6086480165030403")
_PSS = _RSA + b"\x0a"
_ED25519, _ED448 = bytes.fromhex("2b6570"), bytes.fromhex("2b6571")
_SHA1 = bytes.fromhex("2b0e03021a")
_SHA2 = bytes.fromhex("6086480165030402")
_Hashes = dict[bytes, hashes.HashAlgorithm]


def _row(prefix: bytes, first: int, *digests: hashes.HashAlgorithm) -> _Hashes:
    """Algorithms whose identifiers count up from ``first``."""
    return {prefix + bytes([first + step]): digest for step, digest in enumerate(digests)}


_SHA3 = (hashes.SHA3_224(), hashes.SHA3_256(), hashes.SHA3_384(), hashes.SHA3_512())
_RSA_HASHES: _Hashes = {
    **_row(_RSA, 0x04, hashes.MD5(), hashes.SHA1()),  # noqa: S303 - recognised, so that they can be refused by name
    **_row(_RSA, 0x0B, hashes.SHA256(), hashes.SHA384(), hashes.SHA512(), hashes.SHA224()),
    **_row(_NIST, 0x0D, *_SHA3),
}
_ECDSA_HASHES: _Hashes = {
    **_row(_ECDSA, 0x01, hashes.SHA1()),  # noqa: S303
    **_row(_ECDSA + b"\x03", 0x01, hashes.SHA224(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()),
    **_row(_NIST, 0x09, *_SHA3),
}
_DSA_HASHES: _Hashes = {
    _DSA_SHA1: hashes.SHA1(),  # noqa: S303
    **_row(_NIST, 0x01, hashes.SHA224(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()),
}
_PSS_HASHES: _Hashes = {
    _SHA1: hashes.SHA1(),  # noqa: S303
    **_row(_SHA2, 0x01, hashes.SHA256(), hashes.SHA384(), hashes.SHA512(), hashes.SHA224()),
}
_UNREADABLE_HASHES = {_RSA + b"\x02", _RSA + b"\x03"}  # MD2 and MD4
_KNOWN = {*_RSA_HASHES, *_ECDSA_HASHES, *_DSA_HASHES, _PSS, _ED25519, _ED448}
_WEAK = ("md5", "sha1")


def verify(parts: Signed, signer: Certificate) -> Outcome:
    """Whether ``signer``'s key made this signature over these very bytes.

    ``weak`` is a signature that fits and rests on SHA-1 or older, which proves nothing any more (RFC 9155; CA/B
    Baseline Requirements 7.1.3.2), and any over MD2 or MD4, which nobody verifies. Never raises.
    """
    outcome, oid = _outcome(parts, signer)
    return "weak" if oid in _UNREADABLE_HASHES else outcome


def _outcome(parts: Signed, signer: Certificate) -> tuple[Outcome, bytes]:
    """What verifying came to, and the OID of the algorithm, b"" where it cannot be read."""
    oid = b""
    try:
        oid, parameters = _algorithm(parts.algorithm)
        return _verify(parts, signer.parsed.public_key, oid, parameters), oid
    except InvalidSignature:
        return "wrong", oid
    except (UnsupportedAlgorithm, MalformedError):
        return "unsupported", oid
    except (ValueError, TypeError):
        return "wrong", oid


def signed_by(certificate: Certificate, issuer: Certificate) -> Outcome:
    """Whether ``issuer``'s key signed ``certificate``. Never raises."""
    try:
        return verify(signed(element(certificate.der)), issuer)
    except MalformedError:
        return "wrong"


def joins(certificate: Certificate, issuer: Certificate) -> Outcome:
    """As :func:`signed_by`, but "unsupported" over MD2 or MD4, which nobody can verify: for callers to whom a weak
    signature still shows who issued whom."""
    try:
        return _outcome(signed(element(certificate.der)), issuer)[0]
    except MalformedError:
        return "wrong"


def signs_itself(certificate: Certificate) -> bool:
    """Whether a certificate signed itself; one with its own name and an unknown algorithm counts too."""
    return certificate.parsed.self_issued and joins(certificate, certificate) != "wrong"


def _algorithm(identifier: Element) -> tuple[bytes, Element | None]:
    """The OID and the parameters of an AlgorithmIdentifier."""
    parts = members(identifier)
    if not parts or parts[0].tag != OID:
        raise MalformedError("its signature algorithm cannot be read")
    return parts[0].content, parts[1] if len(parts) > 1 else None


def _verify(parts: Signed, key: object, oid: bytes, parameters: Element | None) -> Outcome:
    # Any buffer is taken, and a list of tens of megabytes is not copied; the annotations of RSA keys say bytes.
    signature, data = parts.signature, cast(bytes, parts.tbs.view)
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
    if oid in _DSA_HASHES and isinstance(key, dsa.DSAPublicKey):
        key.verify(signature, data, _DSA_HASHES[oid])
        return _strength(_DSA_HASHES[oid])
    if (oid == _ED25519 and isinstance(key, ed25519.Ed25519PublicKey)) or (
        oid == _ED448 and isinstance(key, ed448.Ed448PublicKey)
    ):
        key.verify(signature, data)
        return "valid"
    return "wrong" if oid in _KNOWN and key is not None else "unsupported"


def sign(key: object, data: bytes, algorithm: Element) -> bytes:
    """A signature over ``data`` by an algorithm that :func:`verify` knows, the weak ones too.

    Raises MalformedError where the algorithm is not known or cannot be read, or the key is of another kind.
    """
    oid, parameters = _algorithm(algorithm)
    if oid in _RSA_HASHES and isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), _RSA_HASHES[oid])
    if oid == _PSS and isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, *_pss(parameters))
    if oid in _ECDSA_HASHES and isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(_ECDSA_HASHES[oid]))
    if oid in (_ED25519, _ED448) and isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return key.sign(data)
    raise MalformedError("its signature algorithm is not one that can be made again")


def _strength(digest: hashes.HashAlgorithm) -> Outcome:
    return "weak" if digest.name in _WEAK else "valid"


def _pss(parameters: Element | None) -> tuple[padding.PSS, hashes.HashAlgorithm]:
    """RSASSA-PSS-params, whose members default to SHA-1 and a salt of 20 bytes (RFC 4055, 3.1)."""
    tagged = {member.tag: member for member in members(parameters)} if parameters and parameters.tag == SEQUENCE else {}
    digest = mask = _PSS_HASHES[_SHA1]
    salt = 20
    if 0xA0 in tagged:
        digest = _hash(_algorithm(_only(tagged[0xA0]))[0])
    if 0xA1 in tagged:
        inner = _algorithm(_only(tagged[0xA1]))[1]
        mask = _hash(_algorithm(inner)[0]) if inner else mask
    if 0xA2 in tagged:
        number = _only(tagged[0xA2])
        salt = int.from_bytes(number.content, "big", signed=True)
        if number.tag != INTEGER or not 0 < len(number.content) <= 2 or salt < 0:
            raise MalformedError("its salt length cannot be read")
    return padding.PSS(padding.MGF1(mask), salt), digest


def _hash(oid: bytes) -> hashes.HashAlgorithm:
    if oid not in _PSS_HASHES:
        raise MalformedError("its hash is not known")
    return _PSS_HASHES[oid]


def _only(outer: Element) -> Element:
    elements = members(outer)
    if not elements:
        raise MalformedError("a part of its signature algorithm is missing")
    return elements[0]
