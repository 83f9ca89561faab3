"""PFX files of every kind and every maker: what is in them, and what is wrong with them, told apart."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import warnings
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.bundle import load
from certready.bundle.asn1 import read
from certready.bundle.passwords import Passwords
from certready.bundle.private import private_key
from certready.errors import InputError, PasswordError
from certready.model import Chain
from certready.x509.key import spki_sha256
from tests.bundle.test_bundle import (
    CHAIN_PEM,
    CRIPPLED,
    ISSUER,
    LEAF,
    PASSWORD,
    ROOT,
    indefinite,
    openssl,
    pfx,
    without_mac,
)

VECTORS = Path(cryptography_vectors.__file__).parent
PKITS = sorted((VECTORS / "x509" / "PKITS_data" / "pkcs12").glob("*.p12"))
CIPHERS = (
    "PBE-SHA1-3DES",
    "PBE-SHA1-RC2-40",
    "PBE-SHA1-RC2-128",
    "PBE-SHA1-2DES",
    "PBE-SHA1-RC4-40",
    "PBE-SHA1-RC4-128",
)
PBES2 = ("AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE3-CBC")


def chain(data: bytes, password: str | None = PASSWORD) -> Chain:
    return load(data, password=password, name="gw.pfx").chains[0]


def refusal(data: bytes, password: str | None = PASSWORD) -> InputError:
    with pytest.raises(InputError) as caught:
        load(data, password=password, name="gw.pfx")
    return caught.value


def exported(folder: Path, *options: str, password: str = PASSWORD, content: bytes = b"") -> bytes:
    (folder / "all.pem").write_bytes(content or LEAF.key_pem + CHAIN_PEM)
    source = ("pkcs12", "-export", "-in", str(folder / "all.pem"), "-passout", f"pass:{password}")
    return openssl(*source, *options)


@pytest.mark.parametrize("cipher", [*CIPHERS, *PBES2])
def test_every_cipher(cipher: str, tmp_path: Path) -> None:
    """What OpenSSL writes with each of its ciphers, old and new, opens with the password, and with no other."""
    data = exported(tmp_path, "-legacy", "-keypbe", cipher, "-certpbe", cipher)
    found = chain(data)
    assert [one.der for one in found.certificates] == [LEAF.der, ISSUER.der]
    assert found.keys == (spki_sha256(LEAF.key.public_key()),)
    assert refusal(data, "wrong").message == "The password does not fit gw.pfx."
    assert [one.der for one in chain(without_mac(data)).certificates] == [LEAF.der, ISSUER.der]
    assert refusal(without_mac(data), "wrong").message == "The password does not fit gw.pfx."


@pytest.mark.parametrize("mac", [True, False])
def test_no_wrong_password_is_said_to_fit(tmp_path: Path, mac: bool) -> None:
    """What a stream cipher gives under a wrong password begins like a list now and then, and is none."""
    whole = exported(tmp_path, "-legacy", "-keypbe", "PBE-SHA1-RC4-128", "-certpbe", "PBE-SHA1-RC4-128", "-iter", "1")
    data = whole if mac else without_mac(whole)
    said = {refusal(data, f"wrong {number}").message for number in range(1500)}
    assert {"The password does not fit gw.pfx."} == said


@pytest.mark.parametrize("hash_name", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_every_mac(hash_name: str, tmp_path: Path) -> None:
    """A MAC of any hash is checked, also without an encryption that could tell."""
    data = exported(tmp_path, "-macalg", hash_name, "-keypbe", "NONE", "-certpbe", "NONE")
    assert len(chain(data).certificates) == 2
    assert isinstance(refusal(data, "wrong"), PasswordError)


def tlv(tag: int, *parts: bytes) -> bytes:
    """An element of DER."""
    body = b"".join(parts)
    size = len(body)
    length = (
        bytes([size]) if size < 128 else bytes([0x80 | (n := (size.bit_length() + 7) // 8)]) + size.to_bytes(n, "big")
    )
    return bytes([tag]) + length + body


def with_pbmac1(data: bytes, password: str) -> bytes:
    """The same PFX with the MAC of RFC 9579: PBKDF2 and HMAC, both with SHA-256."""
    content = read(data).first(2)[1]
    salt = b"saltsalt"
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 2048, 32)
    digest = hmac.digest(key, content.child(1).child(0).octets(), "sha256")
    prf = tlv(0x30, HMAC_SHA256, b"\5\0")
    derivation = tlv(0x30, PBKDF2, tlv(0x30, tlv(4, salt), b"\2\2\x08\0", b"\2\1\x20", prf))
    algorithm = tlv(0x30, PBMAC1, tlv(0x30, derivation, prf))
    mac = tlv(0x30, tlv(0x30, algorithm, tlv(4, digest)), tlv(4, b"NOT USED"))
    return tlv(0x30, b"\2\1\3", content.raw, mac)


OPEN = ("-nomac", "-keypbe", "NONE", "-certpbe", "NONE")
DATA, X509 = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("060a2a864886f70d01091601")
CERTIFICATE_BAG = bytes.fromhex("060b2a864886f70d010c0a0103")
PBKDF2, PBMAC1 = bytes.fromhex("06092a864886f70d01050c"), bytes.fromhex("06092a864886f70d01050e")
HMAC_SHA256 = bytes.fromhex("06082a864886f70d0209")


def test_pbmac1() -> None:
    """PBMAC1 (RFC 9579), which only new software knows, is checked; the library takes the same file."""
    data = with_pbmac1(pfx(), PASSWORD)
    assert pkcs12.load_pkcs12(data, PASSWORD.encode()).key
    assert chain(data).encryption == ("PBES2 AES-256-CBC", "PBMAC1 HMAC-SHA-256")
    assert refusal(data, "wrong").message == "The password does not fit gw.pfx."


@pytest.mark.parametrize("path", PKITS, ids=lambda path: path.stem)
def test_pkits(path: Path) -> None:
    """NIST's PKCS#12 files hold what the library finds in them; two hold a certificate that only we describe."""
    data = path.read_bytes()
    expected = library(data, b"password")
    found = load(data, password="password").chains[0]
    if expected is None:
        assert "DSAParameter" in path.stem
        assert found.certificates
        return
    assert ({one.der for one in found.certificates}, set(found.keys)) == expected


SHA_256 = bytes.fromhex("0609608648016503040201")


def with_hash(data: bytes, identifier: bytes) -> bytes:
    """The same PFX whose MAC is said to be of another hash, whose identifier is as long."""
    name = read(data).child(2).child(0).child(0).child(0)
    assert len(identifier) == len(name.raw)
    return data[: name.begin] + identifier + data[name.after :]


@pytest.mark.parametrize("unknown", [SHA_256[:-1] + b"\x0a", bytes.fromhex("060960864801650304027f")])
def test_a_mac_that_is_not_known(unknown: bytes, tmp_path: Path) -> None:
    """Where the MAC alone would tell whether a password fits, one that is not known is named; where something is
    encrypted that tells it, and the file opens."""
    encrypted = with_hash(pfx(), unknown)
    assert [one.der for one in chain(encrypted).certificates] == [LEAF.der, ISSUER.der, ROOT.der]
    assert "does not fit" in refusal(encrypted, "wrong").message
    plain = with_hash(exported(tmp_path, "-keypbe", "NONE", "-certpbe", "NONE"), unknown)
    named = f"MAC 2.16.840.1.101.3.4.2.{unknown[-1]}"
    assert refusal(plain).message == f"gw.pfx is protected with {named}, which certready does not support."


def library(data: bytes, password: bytes | None) -> tuple[set[bytes], set[str]] | None:
    """What the library finds in a PFX, None where it does not open it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened = pkcs12.load_pkcs12(data, password)
    except ValueError:
        return None
    found = [*([opened.cert] if opened.cert else []), *opened.additional_certs]
    key = {spki_sha256(opened.key.public_key())} if opened.key else set()
    return {one.certificate.public_bytes(Encoding.DER) for one in found}, key


VECTOR_FILES = sorted((VECTORS / "pkcs12").glob("*.p12"))


@pytest.mark.parametrize("path", VECTOR_FILES, ids=lambda path: path.stem)
def test_vectors_of_the_library(path: Path) -> None:
    """The PKCS#12 files of the library's own tests give what the library finds, keys without certificates among them."""
    data = path.read_bytes()
    candidates = (b"cryptography", b"password", None, b"changeit")
    password, expected = next((one, found) for one in candidates if (found := library(data, one)) is not None)
    if not expected[0]:
        assert "holds a private key but no certificate" in refusal(data, (password or b"").decode()).message
        return
    found = chain(data, (password or b"").decode())
    assert ({one.der for one in found.certificates}, set(found.keys)) == expected


def test_keystores_of_java(tmp_path: Path) -> None:
    """A keystore that keytool writes is PKCS#12: one of keys, one with another password for its key, one of trust."""
    source, keystore = tmp_path / "gw.pfx", tmp_path / "gw.jks"
    source.write_bytes(pfx())
    words = (
        "-srcstoretype",
        "PKCS12",
        "-srcstorepass",
        PASSWORD,
        "-deststoretype",
        "PKCS12",
        "-deststorepass",
        PASSWORD,
    )
    keytool("-importkeystore", "-srckeystore", str(source), "-destkeystore", str(keystore), *words)
    found = chain(keystore.read_bytes())
    assert ({one.der for one in found.certificates}, len(found.keys)) == ({LEAF.der, ISSUER.der, ROOT.der}, 1)
    (tmp_path / "leaf.pem").write_bytes(LEAF.pem)
    trust = ("-importcert", "-noprompt", "-file", str(tmp_path / "leaf.pem"), "-alias", "gw", "-storepass", PASSWORD)
    keytool(*trust, "-keystore", str(tmp_path / "trust.p12"), "-storetype", "PKCS12")
    assert [one.der for one in chain((tmp_path / "trust.p12").read_bytes()).certificates] == [LEAF.der]


def keytool(*arguments: str) -> None:
    subprocess.run(["keytool", *arguments], capture_output=True, check=True, timeout=60)


def test_a_mac_that_does_not_fit() -> None:
    """A file that was changed after it was made decrypts, and its MAC does not fit: that is no wrong password."""
    data = pfx()
    digest = read(data).child(2).child(0).child(1)
    changed = data[: digest.start] + bytes([data[digest.start] ^ 1]) + data[digest.start + 1 :]
    error = refusal(changed)
    assert (
        error.message == "The password opens gw.pfx, but its MAC does not fit: the file was changed after it was made."
    )
    assert not isinstance(error, PasswordError)
    assert refusal(changed, "wrong").message == "The password does not fit gw.pfx."


def test_five_faults_have_five_sentences() -> None:
    """Wrong password, missing password, unknown algorithm, a MAC that does not fit and damage are told apart."""
    whole = pfx()
    mac = read(whole).child(2).child(0).child(1)
    aes256, unknown = bytes.fromhex("060960864801650304012a"), bytes.fromhex("060960864801650304017f")
    content = bytes.fromhex("06092a864886f70d010701")
    said = [
        refusal(whole, "wrong").message,
        refusal(whole, None).message,
        refusal(without_mac(whole.replace(aes256, unknown))).message,
        refusal(whole[: mac.start] + b"\0\0" + whole[mac.start + 2 :]).message,
        refusal(whole.replace(content, b"\x06\x89" + content[2:])).message,
    ]
    assert len(set(said)) == 5


def test_one_certificate_inside_that_cannot_be_read(tmp_path: Path) -> None:
    """With the right password and one certificate that cannot be read, the others are judged and it is a fault."""
    parts = read(read(exported(tmp_path, *OPEN)).child(1).child(1).child(0).octets()).content
    bag = tlv(0x30, X509, tlv(0xA0, tlv(4, CRIPPLED)))
    safe = tlv(0x30, DATA, tlv(0xA0, tlv(4, tlv(0x30, tlv(0x30, CERTIFICATE_BAG, tlv(0xA0, bag))))))
    found = chain(tlv(0x30, b"\2\1\3", tlv(0x30, DATA, tlv(0xA0, tlv(4, tlv(0x30, parts, safe))))))
    assert (found.leaf_certificate.der, len(found.certificates), len(found.keys)) == (LEAF.der, 3, 1)
    (fault,) = found.faults
    assert (fault.kind, fault.message.startswith("gw.pfx holds a certificate that cannot be read: ")) == (
        "certificate",
        True,
    )


def test_indefinite_lengths_within_indefinite_lengths() -> None:
    """BER in BER, as old Java wrote it, with its strings in pieces of pieces."""
    data = pfx()
    content = read(data).child(1)
    octets = content.child(1).child(0).octets()
    half = len(octets) // 2
    inner = b"\x24\x80" + tlv(4, octets[: half // 2]) + tlv(4, octets[half // 2 : half]) + b"\0\0"
    pieces = b"\x24\x80" + inner + tlv(4, octets[half:]) + b"\0\0"
    wrapped = b"\x30\x80" + content.child(0).raw + b"\xa0\x80" + pieces + b"\0\0\0\0"
    ber = b"\x30\x80" + b"\2\1\3" + wrapped + read(data).child(2).raw + b"\0\0"
    assert [one.der for one in chain(ber).certificates] == [LEAF.der, ISSUER.der, ROOT.der]
    assert len(chain(indefinite(data, 5)).keys) == 1


def test_several_keys(tmp_path: Path) -> None:
    """A PFX with two keys says which certificates both belong to."""
    other = ISSUER.issue("other.example.test")
    bags = [
        exported(tmp_path, "-nomac", "-keypbe", "NONE", "-certpbe", "NONE", content=one.key_pem + one.pem)
        for one in (LEAF, other)
    ]
    parts = b"".join(read(read(bag).child(1).child(1).child(0).octets()).content for bag in bags)
    data = tlv(0x30, b"\2\1\3", tlv(0x30, bytes.fromhex("06092a864886f70d010701"), tlv(0xA0, tlv(4, tlv(0x30, parts)))))
    found = load(data).chains
    assert [LEAF.der, other.der] == [each.leaf_certificate.der for each in found]
    assert [(each.leaf_certificate.parsed.spki_sha256,) for each in found] == [each.keys for each in found]


def test_the_key_that_is_presented(tmp_path: Path) -> None:
    """The private key of the leaf comes out of a PFX of any make."""
    for data in (pfx(), exported(tmp_path, "-legacy"), without_mac(pfx())):
        passwords = Passwords(PASSWORD)
        bundle = load(data, password=passwords)
        key = private_key([("gw.pfx", data)], bundle, passwords)
        assert spki_sha256(key.public_key()) == spki_sha256(LEAF.key.public_key())


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (["wrong", PASSWORD], "read"),
        (["wrong", "worse", PASSWORD], "read"),
        (["wrong", "worse", "worst", PASSWORD], "The password does not fit gw.pfx."),
        ([None], "gw.pfx needs a password."),
        ([""], "gw.pfx needs a password."),
    ],
)
def test_asking(answers: list[str | None], outcome: str) -> None:
    """A password is asked for three times, by the file's name, and each time it is said whether the last one was wrong."""
    asked: list[tuple[str, bool]] = []

    def ask(place: str, wrong: bool) -> str | None:
        asked.append((place, wrong))
        return answers[len(asked) - 1]

    passwords = Passwords(None, ask)
    if outcome == "read":
        assert load(pfx(), password=passwords, name="gw.pfx").chains[0].keys
    else:
        with pytest.raises(PasswordError) as caught:
            load(pfx(), password=passwords, name="gw.pfx")
        assert caught.value.message == outcome
    assert asked == [("gw.pfx", index > 0) for index in range(min(len(answers), 3))]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_mutated(data: st.DataObject) -> None:
    """A PFX with bytes changed loads, or raises an error of ours; so does one with another password."""
    sample = bytearray(data.draw(st.sampled_from((pfx(), without_mac(pfx()), indefinite(pfx(), 4), UNPROTECTED))))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(sample) - 1))
        sample[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    try:
        load(bytes(sample), password=data.draw(st.sampled_from((PASSWORD, "wrong", None))))
    except InputError as error:
        said = f"{error.message} {error.hint} {error!r}"
    else:
        said = ""
    assert PASSWORD not in said


UNPROTECTED = pfx(password=None)
