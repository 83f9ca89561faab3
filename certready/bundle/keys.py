"""Private keys: decrypted only to learn which certificate they belong to, then dropped."""

from __future__ import annotations

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

from certready.bundle import ciphers, pbe
from certready.bundle.asn1 import INTEGER, SEQUENCE, Asn1Error, Node, read
from certready.bundle.passwords import Passwords
from certready.errors import InputError, PasswordError
from certready.x509.certificate import UNREADABLE, first_line
from certready.x509.key import spki_sha256

# RSA 8192 in PKCS#8; checking a longer key takes seconds to minutes.
MAX_KEY_BYTES = 5000

_WORDS = b"certready: is this the private half?"
_EXPORT = "Export the private key again from where it was made."
GIVE_PASSWORD = "Give the password by prompt, --password-file, --password-env or --password-fd."  # noqa: S105
CHECK_PASSWORD = "Check the password (upper and lower case, keyboard layout, blanks at its end)."  # noqa: S105


def decrypted(node: Node, place: str, passwords: Passwords) -> bytes:
    """The PrivateKeyInfo inside an EncryptedPrivateKeyInfo (RFC 5958, 3), in DER.

    Args:
        node: the EncryptedPrivateKeyInfo.
        place: what to call the file in messages.
        passwords: those to try; whether one fitted, and the rounds that it cost, are noted in them.

    Raises PasswordError where the password is missing or wrong, InputError where it is damaged or its cipher unknown.
    """
    check_size(len(node.raw), place)
    try:
        algorithm, data = node.child(0, SEQUENCE), node.child(1).octets()
        passwords.rounds += ciphers.encryption(algorithm).rounds
        check_rounds(passwords.rounds, place)
        for password in passwords.attempts(place):
            for secret in pbe.secrets(password):
                plain = pbe.decrypt(algorithm, data, secret)
                if plain and _is_key(plain):
                    passwords.fitted = passwords.fitted or password is not None
                    return plain
    except pbe.UnsupportedError as error:
        raise InputError(
            f"{place} is a private key encrypted with {error}, which certready cannot open.",
            hint="Write it again with a usual cipher: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW.",
        ) from None
    except Asn1Error:
        raise InputError(f"{place} is an encrypted private key that is damaged.", hint=_EXPORT) from None
    raise refused(place, passwords)


def legacy(pem: bytes, place: str, passwords: Passwords) -> bytes:
    """As :func:`decrypted`, for a PEM key with ``Proc-Type: 4,ENCRYPTED`` (RFC 1421 headers, as OpenSSL wrote them
    until 1.0)."""
    check_size(len(pem) * 3 // 4, place)
    for password in passwords.attempts(place):
        if password is None:
            continue
        try:
            key = serialization.load_pem_private_key(pem, password, unsafe_skip_rsa_key_validation=True)
        except (*UNREADABLE, InternalError):
            continue
        passwords.fitted = True
        return key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    raise refused(place, passwords)


def fingerprint(der: bytes, place: str) -> str:
    """The SHA-256 of the public half of an open private key in DER (PKCS#8, PKCS#1, SEC 1). Raises InputError.

    The library's check of an RSA key's primes costs more than the rest of a run; that a signature made with the private
    half verifies with the public half says as much about what we ask.
    """
    check_size(len(der), place)
    try:
        key = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except (*UNREADABLE, InternalError) as error:
        reason = first_line(error) if isinstance(error, UnsupportedAlgorithm) else "its contents are damaged"
        raise InputError(f"{place} is a private key that cannot be read: {reason}.", hint=_EXPORT) from None
    if not _signs(key):
        raise InputError(
            f"{place} is a private key that is damaged: what it signs does not verify with its own public half.",
            hint=_EXPORT,
        )
    return spki_sha256(key.public_key())


def refused(place: str, passwords: Passwords) -> PasswordError:
    """The error where no password opens this place: none was given, or none of those given fits."""
    if passwords.given:
        return PasswordError(f"The password does not fit {place}.", hint=CHECK_PASSWORD, missing=False)
    return PasswordError(f"{place} is encrypted, and no password was given.", hint=GIVE_PASSWORD, missing=True)


def check_rounds(rounds: int, place: str) -> None:
    """Raises InputError where trying one password would take longer than anybody waits."""
    if rounds > ciphers.MAX_ROUNDS:
        raise InputError(
            f"{place} asks for {rounds} rounds of key derivation; certready stops at {ciphers.MAX_ROUNDS}.",
            hint="Export it again with the usual settings.",
        )


def check_size(size: int, place: str) -> None:
    """Raises InputError for a key so long that checking it takes minutes."""
    if size > MAX_KEY_BYTES:
        raise InputError(
            f"{place} is a private key of {size} bytes, longer than any that a mail gateway uses.",
            hint="Use RSA 2048 to 4096, or ECDSA P-256 or P-384.",
        )


def _is_key(plain: bytes) -> bool:
    """Whether this is a PrivateKeyInfo (RFC 5958, 2): a wrong password makes noise of it."""
    try:
        return read(plain).child(0, INTEGER).integer() in (0, 1) and read(plain).child(1).tag == SEQUENCE
    except Asn1Error:
        return False


def _signs(key: object) -> bool:
    """Whether private and public half fit; True for key types that do not sign."""
    try:
        match key:
            case rsa.RSAPrivateKey():
                signature = key.sign(_WORDS, padding.PKCS1v15(), hashes.SHA256())
                key.public_key().verify(signature, _WORDS, padding.PKCS1v15(), hashes.SHA256())
            case ec.EllipticCurvePrivateKey():
                key.public_key().verify(key.sign(_WORDS, ec.ECDSA(hashes.SHA256())), _WORDS, ec.ECDSA(hashes.SHA256()))
            case ed25519.Ed25519PrivateKey() | ed448.Ed448PrivateKey():
                key.public_key().verify(key.sign(_WORDS), _WORDS)
    except (*UNREADABLE, InvalidSignature, InternalError):
        return False
    return True
