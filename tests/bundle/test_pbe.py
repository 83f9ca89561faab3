"""Private keys under a password, with every cipher and key derivation that is met: opened, or named and refused."""

from __future__ import annotations

import base64
import subprocess

import pytest

from certready.bundle import load
from certready.bundle.asn1 import read
from certready.bundle.passwords import Passwords
from certready.bundle.private import private_key
from certready.errors import PasswordError
from certready.x509.key import spki_sha256
from tests.bundle.test_bundle import ISSUER, LEAF, PASSWORD
from tests.bundle.test_pfx import tlv

OWN = (spki_sha256(LEAF.key.public_key()),)
PBKDF2, SCRYPT = bytes.fromhex("06092a864886f70d01050c"), bytes.fromhex("06092b06010401da47040b")
PBES2, AES_128 = bytes.fromhex("06092a864886f70d01050d"), bytes.fromhex("060960864801650304") + b"\1\2"
PBES1 = ("PBE-MD5-DES", "PBE-SHA1-DES", "PBE-MD5-RC2-64", "PBE-SHA1-RC2-64")


def written(*options: str, password: str = PASSWORD) -> bytes:
    """The leaf's key as OpenSSL writes it with these options, in DER."""
    command = ["openssl", "pkcs8", "-topk8", "-provider", "legacy", "-provider", "default", "-outform", "DER", *options]
    done = subprocess.run(
        [*command, "-passout", f"pass:{password}"], input=LEAF.key_pem, capture_output=True, check=True, timeout=30
    )
    return done.stdout


def pem(der: bytes) -> bytes:
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n%s-----END ENCRYPTED PRIVATE KEY-----\n" % base64.encodebytes(der)


def keys(der: bytes, password: str | None = PASSWORD) -> tuple[str, ...]:
    """The fingerprints of the keys that a file of the leaf and this key gives."""
    [chain] = load(LEAF.pem + ISSUER.pem + pem(der), password=password, name="gw.pem").chains
    assert not chain.faults
    return chain.keys


def refusal(der: bytes) -> str:
    """What is said of a key that is not opened; nothing is known of it then."""
    [chain] = load(LEAF.pem + ISSUER.pem + pem(der), password=PASSWORD, name="gw.pem").chains
    assert not chain.keys
    [fault] = chain.faults
    assert "key" == fault.kind
    return fault.message


def misfit(der: bytes, password: str = PASSWORD) -> str:
    """What is said where no password opens the key."""
    with pytest.raises(PasswordError) as caught:
        keys(der, password)
    return caught.value.message


def derived(derivation: bytes, cipher: bytes = AES_128, iv: bytes = bytes(16)) -> bytes:
    """An EncryptedPrivateKeyInfo of PBES2 with this key derivation (RFC 8018, A.4)."""
    scheme = tlv(0x30, cipher, tlv(4, iv))
    return tlv(0x30, tlv(0x30, PBES2, tlv(0x30, derivation, scheme)), tlv(4, bytes(64)))


def number(value: int) -> bytes:
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


@pytest.mark.parametrize(
    "options",
    [
        *(("-v1", scheme) for scheme in PBES1),
        *(("-v2", cipher) for cipher in ("rc2-cbc", "rc2-40-cbc", "rc2-64-cbc", "des3", "aes-128-cbc", "aes-192-cbc")),
        *(("-v2", "aes-256-cbc", "-v2prf", f"hmacWithSHA{bits}") for bits in ("1", "224", "384", "512")),
        ("-scrypt",),
        ("-scrypt", "-scrypt_N", "1024", "-scrypt_r", "4", "-scrypt_p", "2"),
    ],
    ids=" ".join,
)
def test_what_openssl_writes(options: tuple[str, ...]) -> None:
    """A key that OpenSSL has encrypted opens with its password, whatever the cipher, and with no other."""
    der = written(*options)
    assert OWN == keys(der)
    assert "does not fit" in misfit(der, "wrong")
    passwords = Passwords(PASSWORD)
    files = [("gw.pem", LEAF.pem), ("gw.key", der)]
    key = private_key(files, load(LEAF.pem, password=passwords), passwords)
    assert OWN == (spki_sha256(key.public_key()),)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("-v2", "des-cbc"), "PBES2 DES-CBC"),
        (("-v2", "aria-256-cbc"), "PBES2 1.2.410.200046.1.1.12"),
        (("-v2", "camellia-128-cbc"), "PBES2 1.2.392.200011.61.1.1.1.2"),
    ],
)
def test_what_is_not_opened_is_named(options: tuple[str, ...], named: str) -> None:
    """A cipher that certready does not know is named: nobody is told that the password is wrong."""
    assert f"is a private key encrypted with {named}, which certready cannot open" in refusal(written(*options))


SALT, ROUNDS = tlv(4, b"saltsalt"), number(2048)


@pytest.mark.parametrize(
    ("derivation", "said"),
    [
        (tlv(0x30, SCRYPT, tlv(0x30, SALT, number(2), number(2**18), number(1))), "scrypt with 160 MiB of memory"),
        (tlv(0x30, SCRYPT, tlv(0x30, SALT, number(1000), number(8), number(1))), "damaged"),
        (tlv(0x30, PBKDF2, tlv(0x30, tlv(0x30, PBES2), ROUNDS)), "PBKDF2 whose salt is not in the file"),
        (tlv(0x30, PBKDF2, tlv(0x30, SALT, ROUNDS, tlv(0x30, bytes.fromhex("06032a0304")))), "PBKDF2 1.2.3.4"),
        (tlv(0x30, bytes.fromhex("06032a0304"), tlv(0x30, SALT, ROUNDS)), "key derivation 1.2.3.4"),
        (tlv(0x30, PBKDF2, tlv(0x30, SALT)), "damaged"),
        (tlv(0x30, PBKDF2, tlv(0x30, SALT, number(10_000_000))), "asks for 10000000 rounds of key derivation"),
    ],
)
def test_a_key_derivation_that_cannot_be_done(derivation: bytes, said: str) -> None:
    """Work or memory without bounds, parameters that contradict each other, and what is not known: each by its name."""
    assert said in refusal(derived(derivation))


def test_the_length_of_a_key_of_rc2() -> None:
    """RC2 takes its key's length from the file: without one, or with one out of range, the key is damaged."""
    rc2 = bytes.fromhex("06082a864886f70d0302")
    scheme = tlv(0x30, rc2, tlv(0x30, number(58), tlv(4, bytes(8))))

    def sealed(*length: bytes) -> bytes:
        derivation = tlv(0x30, PBKDF2, tlv(0x30, SALT, ROUNDS, *length))
        return tlv(0x30, tlv(0x30, PBES2, tlv(0x30, derivation, scheme)), tlv(4, bytes(64)))

    for length in ((), (number(0),), (number(65),)):
        assert "damaged" in refusal(sealed(*length))
    for size in (1, 16, 64):
        assert "does not fit" in misfit(sealed(number(size)))


def test_a_ciphertext_that_does_not_come_in_blocks() -> None:
    """A key that was cut within a block fits no password: what is left of it is noise."""
    der = written("-v2", "aes-256-cbc")
    algorithm, data = read(der).child(0).raw, read(der).child(1).octets()
    assert OWN == keys(tlv(0x30, algorithm, tlv(4, data)))
    assert "does not fit" in misfit(tlv(0x30, algorithm, tlv(4, data[:-1])))
    assert "does not fit" in misfit(tlv(0x30, algorithm, tlv(4)))
