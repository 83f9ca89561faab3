"""The private key that belongs to a bundle's leaf, out of whatever its files hold it in."""

from __future__ import annotations

import base64
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from certready.bundle import load_files
from certready.bundle.passwords import Passwords
from certready.bundle.private import PrivateKey, private_key
from certready.demo.pki import Issued
from certready.errors import InputError, PasswordError
from certready.x509.key import spki_sha256
from tests.bundle.test_bundle import ISSUER, PASSWORD, ROOT, pfx

RSA, EC = ISSUER.issue("rsa.example.test", key="rsa"), ISSUER.issue("ec.example.test")
ED25519 = ISSUER.issue("ed.example.test", key=ed25519.Ed25519PrivateKey.generate())
OTHER = ISSUER.issue("other.example.test")
SEALED = BestAvailableEncryption(PASSWORD.encode())


def key_of(leaf: Issued, *files: bytes, password: str | None = PASSWORD) -> PrivateKey:
    """The key of the leaf's certificate, out of these files."""
    certificate, passwords = ("leaf.pem", leaf.pem), Passwords(password)
    bundle = load_files([certificate], password=passwords)
    return private_key(
        [certificate, *((f"{number}.key", data) for number, data in enumerate(files))], bundle, passwords
    )


def written(leaf: Issued, form: PrivateFormat, encoding: Encoding = Encoding.PEM, *, sealed: bool = False) -> bytes:
    return leaf.key.private_bytes(encoding, form, SEALED if sealed else NoEncryption())


def legacy(leaf: Issued) -> bytes:
    """As OpenSSL wrote keys until 1.0: Proc-Type and DEK-Info before the base64."""
    command = ["openssl", "rsa", "-traditional", "-aes128", "-passout", f"pass:{PASSWORD}"]
    return subprocess.run(command, input=leaf.key_pem, capture_output=True, check=True, timeout=30).stdout


FORMS = {
    "PKCS#8": (EC, written(EC, PrivateFormat.PKCS8)),
    "PKCS#8 in DER": (EC, written(EC, PrivateFormat.PKCS8, Encoding.DER)),
    "PKCS#8 in base64": (EC, base64.b64encode(written(EC, PrivateFormat.PKCS8, Encoding.DER))),
    "SEC 1": (EC, written(EC, PrivateFormat.TraditionalOpenSSL)),
    "PKCS#1": (RSA, written(RSA, PrivateFormat.TraditionalOpenSSL)),
    "PKCS#1 in DER": (RSA, written(RSA, PrivateFormat.TraditionalOpenSSL, Encoding.DER)),
    "Ed25519": (ED25519, written(ED25519, PrivateFormat.PKCS8)),
    "encrypted": (EC, written(EC, PrivateFormat.PKCS8, sealed=True)),
    "encrypted in DER": (EC, written(EC, PrivateFormat.PKCS8, Encoding.DER, sealed=True)),
    "encrypted as of old": (RSA, legacy(RSA)),
    "behind another key": (EC, OTHER.key_pem + EC.key_pem),
    "behind another encrypted key": (EC, written(OTHER, PrivateFormat.PKCS8, sealed=True) + EC.key_pem),
    "before certificates": (EC, EC.key_pem + OTHER.pem + ISSUER.pem),
    "behind words": (EC, b"subject=CN = ec.example.test\nKey Attributes: <No Attributes>\n" + EC.key_pem),
    "one DER behind the other": (
        EC, written(OTHER, PrivateFormat.PKCS8, Encoding.DER) + written(EC, PrivateFormat.PKCS8, Encoding.DER)
    ),
}  # fmt: skip


@pytest.mark.parametrize(("leaf", "data"), FORMS.values(), ids=FORMS)
def test_the_key_in_every_form(leaf: Issued, data: bytes) -> None:
    """The leaf's own key is found, whatever it is written in and wherever it lies."""
    key = key_of(leaf, data)
    assert spki_sha256(key.public_key()) == spki_sha256(leaf.key.public_key())


def test_the_key_in_another_file() -> None:
    """The files are looked through in their order; those without the key are passed over."""
    for others in ((OTHER.key_pem, EC.key_pem), (pfx(), EC.key_pem), (b"no key", b"\x30\x82", EC.key_pem)):
        assert spki_sha256(key_of(EC, *others).public_key()) == spki_sha256(EC.key.public_key())


X25519 = x25519.X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
STRANGERS = {
    "none": b"",
    "words": b"There is no key here.",
    "another's": OTHER.key_pem,
    "one that signs nothing": X25519,
    "damaged": EC.key_pem[:60] + b"AAAA" + EC.key_pem[64:],
    "cut off": written(EC, PrivateFormat.PKCS8, Encoding.DER)[:-4],
}


@pytest.mark.parametrize("data", STRANGERS.values(), ids=STRANGERS)
def test_no_key_of_the_leaf(data: bytes) -> None:
    """Where no key belongs to the leaf none is taken for it; nothing of a key stands in the message."""
    with pytest.raises(InputError) as caught:
        key_of(EC, data)
    assert "leaf.pem holds no private key that belongs to its certificate." == caught.value.message
    assert "Name the PFX, or the certificate and the key file together." == caught.value.hint


@pytest.mark.parametrize(
    ("password", "missing", "words"),
    [(None, True, "is encrypted, and no password was given"), ("wrong", False, "does not fit")],
)
def test_the_password_of_the_only_key(password: str | None, missing: bool, words: str) -> None:
    """Where the key is there and sealed, its password is asked for: it is not said that there is none."""
    for leaf, sealed in ((EC, written(EC, PrivateFormat.PKCS8, sealed=True)), (RSA, legacy(RSA))):
        with pytest.raises(PasswordError, match=words) as caught:
            key_of(leaf, sealed, password=password)
        assert missing == caught.value.missing


def test_a_sealed_key_of_another_is_no_matter() -> None:
    """A key that cannot be opened hinders nothing where the leaf's own lies open."""
    sealed = written(OTHER, PrivateFormat.PKCS8, sealed=True)
    for files in ((sealed, EC.key_pem), (EC.key_pem, sealed)):
        key = key_of(EC, *files, password="wrong")
        assert spki_sha256(key.public_key()) == spki_sha256(EC.key.public_key())


def test_the_keys_of_a_ca_are_not_the_leafs() -> None:
    """The key of the CA that came along is never presented."""
    with pytest.raises(InputError, match="holds no private key that belongs to its certificate"):
        key_of(EC, ISSUER.key_pem + ROOT.key_pem)
