"""Public keys by how they begin."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from certready.x509.key import USUAL

CURVES = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())


def _rsa(bits: int, exponent: int = 65537) -> bytes:
    """The key of a modulus of this size that nobody can factor because nobody made it out of primes."""
    modulus = (1 << (bits - 1)) + 1
    return (
        rsa.RSAPublicNumbers(exponent, modulus)
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_usual_rsa(bits: int) -> None:
    """An RSA key of 2048, 3072 or 4096 bits is known by how it begins."""
    assert _rsa(bits).startswith(USUAL)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: str(curve.name))
def test_usual_curves(curve: ec.EllipticCurve) -> None:
    """A key on a curve of NIST's, named, is known by how it begins, its point compressed or not."""
    point = ec.derive_private_key(7, curve).public_key()
    assert point.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).startswith(USUAL)


@pytest.mark.parametrize("bits", [1024, 1536, 2040, 2047])
def test_small_rsa(bits: int) -> None:
    """No RSA key below 2048 bits begins like a usual one."""
    assert not _rsa(bits).startswith(USUAL)


@pytest.mark.parametrize("curve", [ec.SECP224R1(), ec.SECP192R1()], ids=lambda curve: str(curve.name))
def test_small_curves(curve: ec.EllipticCurve) -> None:
    """No key on a smaller curve begins like a usual one."""
    point = ec.derive_private_key(7, curve).public_key()
    assert not point.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).startswith(USUAL)


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_padded_modulus(bits: int) -> None:
    """A short modulus that is padded to begin like a usual key is no key for anybody."""
    usual = _rsa(bits)
    at = usual.index((1 << (bits - 1) | 1).to_bytes(bits // 8, "big"))
    padded = usual[:at] + b"\x00\x01" + usual[at + 2 :]
    assert padded.startswith(USUAL)
    with pytest.raises(ValueError, match=r"."):
        load_der_public_key(padded)
