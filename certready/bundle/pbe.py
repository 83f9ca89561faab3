"""Decryption and authentication under a password, as PKCS#12 and PKCS#8 use them.

The library opens a PFX as a whole or not at all, and answers a wrong password, an unknown algorithm and damage with the
same words; here they are told apart. Sources: RFC 7292, appendices B and C; RFC 8018; RFC 7914; RFC 9579.
"""

from __future__ import annotations

import hashlib
import hmac

from msgspec import Struct

from certready.bundle.asn1 import INTEGER, OCTET_STRING, SEQUENCE, Asn1Error, Node
from certready.bundle.ciphers import NAMES, PBES2, PBKDF2, PBMAC1, PKCS5, PKCS12, SCRYPT

_HASHES = {
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "2.16.840.1.101.3.4.2.4": "sha224",
}
_PRFS = {
    "1.2.840.113549.2.7": "sha1",
    "1.2.840.113549.2.8": "sha224",
    "1.2.840.113549.2.9": "sha256",
    "1.2.840.113549.2.10": "sha384",
    "1.2.840.113549.2.11": "sha512",
}
_TRIPLE_DES, _RC2 = "1.2.840.113549.3.7", "1.2.840.113549.3.2"
_AES = {"2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.22": 24, "2.16.840.1.101.3.4.1.42": 32}
# PKCS#12's own schemes (RFC 7292, C): cipher, bytes of the key, bytes of the initialisation vector.
_SCHEMES = {
    PKCS12 + "1": ("RC4", 16, 0),
    PKCS12 + "2": ("RC4", 5, 0),
    PKCS12 + "3": ("3DES", 24, 8),
    PKCS12 + "4": ("3DES", 16, 8),
    PKCS12 + "5": ("RC2", 16, 8),
    PKCS12 + "6": ("RC2", 5, 8),
}
# PBES1 (RFC 8018, 6.1): cipher and hash.
_PBES1 = {
    PKCS5 + "3": ("DES", "md5"),
    PKCS5 + "10": ("DES", "sha1"),
    PKCS5 + "6": ("RC2", "md5"),
    PKCS5 + "11": ("RC2", "sha1"),
}
_MAX_SCRYPT = 128 * 1024 * 1024
_MAX_RC2 = 1024 * 1024  # it is computed in Python, some 3 microseconds for each byte


class UnsupportedError(Exception):
    """The algorithm, named in words, is none that certready can work with."""


class Secret(Struct, frozen=True):
    """A password in the two forms the standards use: as bytes (PKCS#5), and as BMPString with its end (PKCS#12)."""

    octets: bytes
    wide: bytes


def secrets(password: bytes | None) -> tuple[Secret, ...]:
    """The forms in which a password (UTF-8) can have been used; None: no password, and the empty one.

    Beyond ASCII old versions of OpenSSL took every byte of the UTF-8 for a character of its own.
    """
    if password is None:
        return Secret(b"", b"\0\0"), Secret(b"", b"")
    text = password.decode("utf-8", "surrogateescape")
    usual = Secret(password, text.encode("utf-16-be", "surrogatepass") + b"\0\0")
    if text.isascii():
        return (usual,)
    return usual, Secret(password, password.decode("latin-1").encode("utf-16-be") + b"\0\0")


def decrypt(algorithm: Node, data: bytes, secret: Secret) -> bytes | None:
    """What the AlgorithmIdentifier's cipher makes of ``data`` under the password; None where the padding is wrong,
    which a wrong password leaves right about once in 256 times.

    Args:
        algorithm: an AlgorithmIdentifier of PBES1 or PBES2 (RFC 8018, 6) or of PKCS#12 (RFC 7292, appendix C).
        data: the encrypted bytes.
        secret: the password in both encodings, as :func:`secrets` gives it.

    Raises:
        UnsupportedError: the algorithm is not known.
        Asn1Error: its parameters are malformed.
    """
    identifier = algorithm.child(0).oid()
    if identifier == PBES2:
        return _pbes2(algorithm.child(1, SEQUENCE), data, secret)
    if identifier in _SCHEMES:
        cipher, size, block = _SCHEMES[identifier]
        salt, rounds = _salt_and_rounds(algorithm)
        key = derive(secret.wide, salt, rounds, purpose=1, size=size, digest="sha1")
        iv = derive(secret.wide, salt, rounds, purpose=2, size=block, digest="sha1") if block else b""
        return _decrypted(cipher, key, iv, data)
    if identifier in _PBES1:
        cipher, digest = _PBES1[identifier]
        salt, rounds = _salt_and_rounds(algorithm)
        derived = secret.octets + salt
        for _ in range(rounds):
            derived = hashlib.new(digest, derived, usedforsecurity=False).digest()
        return _decrypted(cipher, derived[:8], derived[8:16], data)
    raise UnsupportedError(NAMES.get(identifier, identifier))


def authenticates(mac: Node, content: bytes, secret: Secret) -> bool:
    """Whether a PFX's MacData fits its content under the password (RFC 7292, 4; RFC 9579).

    Args:
        mac: the MacData.
        content: what is authenticated: the bytes of the AuthenticatedSafe.
        secret: the password in both encodings, as :func:`secrets` gives it.

    Raises UnsupportedError, Asn1Error.
    """
    info = mac.child(0, SEQUENCE)
    algorithm, expected = info.child(0, SEQUENCE), info.child(1).octets()
    identifier = algorithm.child(0).oid()
    if identifier == PBMAC1:
        parameters = algorithm.child(1, SEQUENCE)
        scheme = parameters.child(1, SEQUENCE).child(0).oid()
        if scheme not in _PRFS:
            raise UnsupportedError(f"PBMAC1 {NAMES.get(scheme, scheme)}")
        key, digest = _derived(parameters.child(0, SEQUENCE), secret, None), _PRFS[scheme]
    elif identifier in _HASHES:
        digest = _HASHES[identifier]
        rounds = [node.integer() for node in mac.first(3)[2:]] or [1]
        size = hashlib.new(digest, usedforsecurity=False).digest_size
        key = derive(secret.wide, mac.child(1).octets(), rounds[0], purpose=3, size=size, digest=digest)
    else:
        raise UnsupportedError(f"MAC {NAMES.get(identifier, identifier)}")
    return hmac.compare_digest(hmac.digest(key, content, digest), expected)


def derive(password: bytes, salt: bytes, rounds: int, *, purpose: int, size: int, digest: str) -> bytes:
    """The key derivation of RFC 7292, B.2.

    Args:
        password: as UTF-16, big endian, with two zero bytes at its end, or nothing (``Secret.wide``).
        salt: as the file has it.
        rounds: how often to hash.
        purpose: 1 for a key, 2 for an initialisation vector, 3 for a MAC key.
        size: how many bytes are wanted.
        digest: the name of the hash, as ``hashlib`` knows it.
    """
    block = hashlib.new(digest, usedforsecurity=False).block_size
    filled = b"".join(
        (part * (block // len(part) + 2))[: -(-len(part) // block) * block] for part in (salt, password) if part
    )
    out = b""
    while len(out) < size:
        derived = bytes([purpose]) * block + filled
        for _ in range(rounds):
            derived = hashlib.new(digest, derived, usedforsecurity=False).digest()
        out += derived
        added = int.from_bytes((derived * (block // len(derived) + 1))[:block], "big") + 1
        filled = b"".join(
            ((int.from_bytes(filled[at : at + block], "big") + added) % (1 << 8 * block)).to_bytes(block, "big")
            for at in range(0, len(filled), block)
        )
    return out[:size]


def _pbes2(parameters: Node, data: bytes, secret: Secret) -> bytes | None:
    scheme = parameters.child(1, SEQUENCE)
    identifier = scheme.child(0).oid()
    derivation = parameters.child(0, SEQUENCE)
    if identifier in _AES:
        return _decrypted("AES", _derived(derivation, secret, _AES[identifier]), scheme.child(1).octets(), data)
    if identifier == _TRIPLE_DES:
        return _decrypted("3DES", _derived(derivation, secret, 24), scheme.child(1).octets(), data)
    if identifier == _RC2:  # RFC 8018, B.2.3; the version that says the effective bits is taken to match the key
        return _decrypted(
            "RC2", _derived(derivation, secret, None), tuple(scheme.child(1, SEQUENCE).children())[-1].octets(), data
        )
    raise UnsupportedError(f"PBES2 {NAMES.get(identifier, identifier)}")


def _derived(algorithm: Node, secret: Secret, size: int | None) -> bytes:
    """PBKDF2 or scrypt. ``size`` None: as many bytes as the parameters say."""
    identifier = algorithm.child(0).oid()
    parameters = algorithm.child(1, SEQUENCE).first(5) if identifier in (PBKDF2, SCRYPT) else ()
    if identifier == PBKDF2:
        if parameters[0].tag != OCTET_STRING:
            raise UnsupportedError("PBKDF2 whose salt is not in the file")
        lengths = [node.integer() for node in parameters[2:] if node.tag == INTEGER]
        prfs = [node.child(0).oid() for node in parameters[2:] if node.tag == SEQUENCE] or ["1.2.840.113549.2.7"]
        if prfs[0] not in _PRFS:
            raise UnsupportedError(f"PBKDF2 {prfs[0]}")
        return hashlib.pbkdf2_hmac(
            _PRFS[prfs[0]], secret.octets, parameters[0].octets(), max(parameters[1].integer(), 1), _size(size, lengths)
        )
    if identifier == SCRYPT:
        cost, block, parallel = (node.integer() for node in parameters[1:4])
        memory = 128 * block * (cost + parallel + 2)
        if memory > _MAX_SCRYPT:
            raise UnsupportedError(f"scrypt with {memory // 2**20} MiB of memory")
        lengths = [node.integer() for node in parameters[4:]]
        try:
            return hashlib.scrypt(
                secret.octets,
                salt=parameters[0].octets(),
                n=cost,
                r=block,
                p=parallel,
                maxmem=memory + 2**20,
                dklen=_size(size, lengths),
            )
        except ValueError:
            raise Asn1Error("the parameters of scrypt contradict each other") from None
    raise UnsupportedError(f"key derivation {identifier}")


def _size(size: int | None, stated: list[int]) -> int:
    if size is None and not stated:
        raise Asn1Error("a key has no length")
    length = size or stated[0]
    if not 0 < length <= 64:
        raise Asn1Error("a key's length is out of range")
    return length


def _salt_and_rounds(algorithm: Node) -> tuple[bytes, int]:
    parameters = algorithm.child(1, SEQUENCE)
    return parameters.child(0).octets(), parameters.child(1).integer()


def _decrypted(cipher: str, key: bytes, iv: bytes, data: bytes) -> bytes | None:
    """The plain bytes without their padding (RFC 8018, 6.1.1), None where the padding is wrong."""
    block = 16 if cipher == "AES" else 8
    if cipher == "RC4":
        from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
        from cryptography.hazmat.primitives.ciphers import Cipher

        return Cipher(ARC4(key), None).decryptor().update(data)
    if not data or len(data) % block or len(iv) != block:
        return None
    plain = _blocks(cipher, key, iv, data)
    count = plain[-1]
    return plain[:-count] if 0 < count <= block and plain.endswith(bytes([count]) * count) else None


def _blocks(cipher: str, key: bytes, iv: bytes, data: bytes) -> bytes:
    if cipher == "RC2":
        from certready.bundle import rc2

        if len(data) > _MAX_RC2:
            raise UnsupportedError(f"RC2 over {_MAX_RC2 // 2**20} MiB")
        return rc2.decrypt(key, iv, data)
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    # One key three times is DES, two keys are the first one again.
    triple_key = key * 3 if len(key) == 8 else key + key[:8] if len(key) == 16 else key
    algorithm = algorithms.AES(key) if cipher == "AES" else TripleDES(triple_key)
    decryptor = Cipher(algorithm, modes.CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()
