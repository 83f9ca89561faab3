"""Private keys: decrypted only to learn which certificate they belong to, then dropped."""

from __future__ import annotations

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

from certready.bundle import ciphers
from certready.bundle.asn1 import SEQUENCE, Asn1Error, Node
from certready.errors import InputError, PasswordError
from certready.x509.certificate import UNREADABLE, first_line
from certready.x509.key import spki_sha256

# RSA 8192 in PKCS#8; checking a longer key takes seconds to minutes.
MAX_KEY_BYTES = 5000

_WORDS = b"certready: is this the private half?"


def fingerprint(node: Node, place: str, password: bytes | None, *, encrypted: bool) -> str:
    """The SHA-256 of the public half of a private key in DER (PKCS#8, PKCS#1, SEC 1, or encrypted PKCS#8).

    Raises PasswordError where it is encrypted and the password is missing or wrong, InputError where it is damaged.
    """
    _check_size(len(node.raw), place)
    if not encrypted:
        return _load(node.raw, place, None)
    try:
        cipher = ciphers.encryption(node.child(0, SEQUENCE))
    except Asn1Error:
        raise InputError(f"{place} is an encrypted private key that is damaged.", hint=_EXPORT) from None
    check_rounds(cipher.rounds, place)
    return _load(node.raw, place, need(password, place), cipher=cipher.name if not cipher.known else "")


def legacy_fingerprint(pem: bytes, place: str, password: bytes | None) -> str:
    """The same for a PEM key with ``Proc-Type: 4,ENCRYPTED`` (RFC 1421 headers, as OpenSSL wrote them until 1.0)."""
    _check_size(len(pem) * 3 // 4, place)
    return _load(pem, place, need(password, place))


def password_bytes(password: str | bytes | None) -> bytes | None:
    """A password as UTF-8, which is what the PKCS standards start from; bytes that are no UTF-8 count as Latin-1.

    "" counts as none: both are tried wherever no password is given.
    """
    if isinstance(password, str):
        password = password.encode("utf-8", "surrogatepass")
    elif password:
        try:
            password.decode("utf-8")
        except UnicodeDecodeError:
            password = password.decode("latin-1").encode("utf-8")
    return password or None


def need(password: bytes | None, place: str) -> bytes:
    """The password. Raises PasswordError where there is none."""
    if password is None:
        raise PasswordError(f"{place} is encrypted, and no password was given.", hint=GIVE_PASSWORD, missing=True)
    return password


def check_rounds(rounds: int, place: str) -> None:
    """Raises InputError where trying one password would take longer than anybody waits."""
    if rounds > ciphers.MAX_ROUNDS:
        raise InputError(
            f"{place} asks for {rounds} rounds of key derivation; certready stops at {ciphers.MAX_ROUNDS}.",
            hint="Export it again with the usual settings.",
        )


def _check_size(size: int, place: str) -> None:
    if size > MAX_KEY_BYTES:
        raise InputError(
            f"{place} is a private key of {size} bytes, longer than any that a mail gateway uses.",
            hint="Use RSA 2048 to 4096, or ECDSA P-256 or P-384.",
        )


def _load(data: bytes, place: str, password: bytes | None, *, cipher: str = "") -> str:
    """Decode, prove and describe. The library's check of an RSA key's primes costs more than the rest of a run; that
    a signature made with the private half verifies with the public half says as much about what we ask."""
    load = serialization.load_pem_private_key if data[:5] == b"-----" else serialization.load_der_private_key
    try:
        key = load(data, password, unsafe_skip_rsa_key_validation=True)
    except (*UNREADABLE, InternalError) as error:
        raise _refused(error, place, cipher, encrypted=password is not None) from None
    if not _signs(key):
        raise InputError(
            f"{place} is a private key that is damaged: what it signs does not verify with its own public half.",
            hint=_EXPORT,
        )
    return spki_sha256(key.public_key())


def _refused(error: Exception, place: str, cipher: str, *, encrypted: bool) -> InputError:
    if not encrypted:
        reason = first_line(error) if isinstance(error, UnsupportedAlgorithm) else "its contents are damaged"
        return InputError(f"{place} is a private key that cannot be read: {reason}.", hint=_EXPORT)
    doubt = f", or the key is encrypted with an algorithm that is not supported ({cipher})" if cipher else ""
    return PasswordError(f"The password does not fit {place}{doubt}.", hint=CHECK_PASSWORD, missing=False)


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


_EXPORT = "Export the private key again from where it was made."
GIVE_PASSWORD = "Give the password by prompt, --password-file, --password-env or --password-fd."  # noqa: S105
CHECK_PASSWORD = "Check the password (upper and lower case, keyboard layout, blanks at its end)."  # noqa: S105
