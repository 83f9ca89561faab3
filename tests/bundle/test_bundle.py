"""Every way in which a certificate file arrives, and every sentence for what is none."""

from __future__ import annotations

import base64
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs7,
    pkcs12,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.bundle import MAX_BYTES, certificates, load, load_files
from certready.bundle.asn1 import read
from certready.demo.pki import Authority, Issued
from certready.errors import CertreadyError, InputError, PasswordError
from certready.model import Chain, Target
from certready.x509.certificate import Certificate
from certready.x509.key import spki_sha256

ROOT = Authority.root()
ISSUER = ROOT.intermediate()
LEAF = ISSUER.issue("mail.example.test")
PASSWORD = "correct horse 2026"
CHAIN_PEM = LEAF.pem + ISSUER.pem
P7B = pkcs7.serialize_certificates([LEAF.x509, ISSUER.x509], Encoding.DER)


def armour(der: bytes, label: str) -> bytes:
    """DER as PEM with any label."""
    body = base64.encodebytes(der)
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label.encode(), body, label.encode())


def pfx(*, password: str | None = PASSWORD, leaf: Issued | None = LEAF, algorithm: object = None) -> bytes:
    """A PFX of leaf, issuer and root; modern unless an ``algorithm`` is given, unencrypted without a password."""
    encryption: object = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    if algorithm and password:
        builder = PrivateFormat.PKCS12.encryption_builder().key_cert_algorithm(algorithm)  # type: ignore[arg-type]
        encryption = builder.hmac_hash(hashes.SHA1()).build(password.encode())
    return pkcs12.serialize_key_and_certificates(
        b"mail gw",
        leaf.key if leaf else None,
        leaf.x509 if leaf else None,
        [ISSUER.x509, ROOT.x509] if leaf else [ROOT.x509, LEAF.x509, ISSUER.x509],
        encryption,
    )


def encrypted_key(issued: Issued, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return issued.key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(PASSWORD.encode()))


def chain(data: bytes, password: str | bytes | None = None) -> Chain:
    return load(data, password=password).chains[0]


def ders(found: Chain) -> list[bytes]:
    return [certificate.der for certificate in found.certificates]


def openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True, timeout=30).stdout


def mail(text: str) -> str:
    return (
        "<html><body><pre>\n" + text.replace("\n", "<br>\n").replace("BEGIN ", "BEGIN&nbsp;") + "</pre></body></html>"
    )


def quoted(text: str) -> str:
    return "On Friday the CA wrote:\n" + "".join(f"> {line}\n" for line in text.splitlines())


TEXTS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR only": lambda text: text.replace("\n", "\r"),
    "indented": lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
    "one line": lambda text: text.replace("\n", " "),
    "escaped line ends": lambda text: text.replace("\n", "\\n"),
    "no newline between blocks": lambda text: text.replace("\n-----BEGIN", "-----BEGIN"),
    "no dash behind END": lambda text: text.rstrip("-\n"),
    "typographic dashes": lambda text: text.replace("-----", "\u2014\u2013\u2014"),
    "HTML mail": mail,
    "quoted mail": quoted,
    "quoted-printable": lambda text: text.replace("=", "=3D"),
    "text around": lambda text: "Bag Attributes\n    friendlyName: mail gw\n" + text + "\nregards\n-- \nyour CA\n",
    "doubled BEGIN": lambda text: "-----BEGIN CERTIFICATE-----\n" + text,
    "BEGIN with blanks": lambda text: text.replace("-----BEGIN CERTIFICATE-----", "----- BEGIN CERTIFICATE -----"),
    "no-break spaces": lambda text: text.replace("\n", "\u00a0\n"),
}
ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda text: text.encode("utf-8"),
    "UTF-8 with mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16 with mark": lambda text: text.encode("utf-16"),
    "UTF-16 big end with mark": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "UTF-16 little end": lambda text: text.encode("utf-16-le"),
    "UTF-16 big end": lambda text: text.encode("utf-16-be"),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("change", TEXTS.values(), ids=TEXTS)
def test_pem_as_it_arrives(change: Callable[[str], str], encode: Callable[[str], bytes]) -> None:
    """Whatever mail and editors do to a PEM chain, the same two certificates are read."""
    found = chain(encode(change(CHAIN_PEM.decode())))
    assert (found.container, ders(found), found.leaf) == ("pem", [LEAF.der, ISSUER.der], 0)


def test_typographic_dashes_of_windows() -> None:
    """Dashes in Windows' code page are dashes as well."""
    assert ders(chain(CHAIN_PEM.replace(b"-----", b"\x97\x96\x97"))) == [LEAF.der, ISSUER.der]


@pytest.mark.parametrize("label", ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PKCS7", "CMS"])
def test_labels_do_not_decide(label: str) -> None:
    """A certificate is a certificate under any label of the family."""
    assert ders(chain(armour(LEAF.der, label))) == [LEAF.der]


def test_trusted_certificate() -> None:
    """The trust data that OpenSSL puts behind a TRUSTED CERTIFICATE is no part of it."""
    trusted = openssl("x509", "-trustout", "-addtrust", "serverAuth", "-setalias", "gw", stdin=LEAF.pem)
    assert b"TRUSTED" in trusted
    assert ders(chain(trusted)) == [LEAF.der]


@pytest.mark.parametrize(
    "data",
    [P7B, armour(P7B, "PKCS7"), armour(P7B, "CERTIFICATE"), base64.b64encode(P7B), b"\n " + base64.encodebytes(P7B)],
)
def test_p7b(data: bytes) -> None:
    """P7B is P7B in DER, in PEM, mislabelled as a certificate, and in bare base64."""
    found = chain(data)
    assert (found.container, set(ders(found)), found.leaf_certificate.der) == ("p7b", {LEAF.der, ISSUER.der}, LEAF.der)


def indefinite(der: bytes, depth: int) -> bytes:
    """The same in BER with indefinite lengths down to ``depth``, as older tools write it."""
    out, offset = b"", 0
    while offset < len(der):
        node = read(der, offset)
        deeper = node.tag & 0x20 and depth
        out += bytes([node.tag, 0x80]) + indefinite(node.content, depth - 1) + b"\0\0" if deeper else node.raw
        offset = node.after
    return out


def test_ber() -> None:
    """Containers in BER with indefinite lengths are read like those in DER, and nothing warns."""
    assert set(ders(chain(indefinite(P7B, 3)))) == {LEAF.der, ISSUER.der}
    assert ders(chain(indefinite(pfx(), 3), PASSWORD)) == [LEAF.der, ISSUER.der, ROOT.der]


def test_der() -> None:
    """One DER certificate, bare base64 of it, and several glued together."""
    assert (chain(LEAF.der).container, ders(chain(LEAF.der))) == ("der", [LEAF.der])
    assert (chain(base64.b64encode(LEAF.der)).container, ders(chain(base64.b64encode(LEAF.der)))) == ("pem", [LEAF.der])
    assert ders(chain(LEAF.der + ISSUER.der + b"\r\n")) == [LEAF.der, ISSUER.der]
    left_over = chain(LEAF.der + b"tail!")
    assert (ders(left_over), left_over.notes) == ([LEAF.der], ("5 bytes behind the certificates were ignored.",))


def test_leaf_is_what_the_key_belongs_to() -> None:
    """Of several certificates the one with the private key is judged, wherever it stands."""
    other = ISSUER.issue("other.example.test")
    found = chain(other.pem + ISSUER.pem + LEAF.pem + LEAF.key_pem)
    assert (found.leaf, found.keys) == (2, (spki_sha256(LEAF.key.public_key()),))


def test_leaf_without_key() -> None:
    """Without a key the first that is no CA is judged, and among CAs alone the first."""
    assert chain(ROOT.pem + ISSUER.pem + LEAF.pem).leaf == 2
    assert chain(ISSUER.pem + ROOT.pem).leaf == 0


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_key_formats(kind: str, form: PrivateFormat) -> None:
    """PKCS#8, PKCS#1 and SEC 1 keys, plain and encrypted, in any text, say which certificate they belong to."""
    leaf = ISSUER.issue("mail.example.test", key=kind)
    expected = (spki_sha256(leaf.key.public_key()),)
    plain = leaf.key.private_bytes(Encoding.PEM, form, NoEncryption())
    assert chain(leaf.pem + plain).keys == expected
    assert chain(plain.replace(b"\n", b"\r\n  ") + leaf.pem).keys == expected
    assert chain(leaf.pem + encrypted_key(leaf, form).replace(b"\n", b"\r\n"), PASSWORD).keys == expected
    assert chain(leaf.der + leaf.key.private_bytes(Encoding.DER, form, NoEncryption())).keys == expected


def test_ec_parameters_are_passed_over() -> None:
    """``openssl ecparam -genkey`` puts the curve before the key."""
    key = openssl("ecparam", "-name", "prime256v1", "-genkey")
    assert b"EC PARAMETERS" in key
    assert len(chain(key + LEAF.pem).keys) == 1


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize(("password", "missing"), [(None, True), ("", True), ("wrong", False), ("wr\0ng", False)])
def test_encrypted_key_and_password(form: PrivateFormat, password: str | None, *, missing: bool) -> None:
    """An encrypted PEM key without a password is a fault beside the certificate; a wrong password is an error."""
    data = LEAF.pem + encrypted_key(LEAF, form)
    if missing:
        found = chain(data, password)
        (fault,) = found.faults
        assert (fault.kind, found.keys, ders(found)) == ("key", (), [LEAF.der])
        assert fault.message.endswith("is encrypted, and no password was given.")
        return
    with pytest.raises(PasswordError, match=r"of gw\.pem") as caught:
        load(data, password=password, name="gw.pem")
    assert not caught.value.missing


@pytest.mark.parametrize("dek", ["AES-256-CBC,00", "AES-256-CBC,XY", "BLOWFISH-CBC,0011223344556677", "DES-CBC"])
def test_legacy_key_with_odd_headers(dek: str) -> None:
    """A DEK-Info line that is damaged or names an unknown cipher is said to be so, before any decryption."""
    body = b"Proc-Type: 4,ENCRYPTED\nDEK-Info: %s\n\n" % dek.encode()
    key = armour(b"\x30" * 64, "RSA PRIVATE KEY").replace(b"KEY-----\n", b"KEY-----\n" + body, 1)
    (message,) = (fault.message for fault in chain(LEAF.pem + key, PASSWORD).faults if fault.kind == "key")
    assert "DEK-Info line is damaged" in message


def test_damaged_rsa_key() -> None:
    """A private half that does not fit its public half is damaged, whatever its structure says."""
    one, two = (rsa.generate_private_key(65537, 2048).private_numbers() for _ in range(2))
    broken = rsa.RSAPrivateNumbers(one.p, one.q, two.d, two.dmp1, two.dmq1, one.iqmp, one.public_numbers)
    key = broken.private_key(unsafe_skip_rsa_key_validation=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert [(fault.kind, "is damaged" in fault.message) for fault in chain(LEAF.pem + pem).faults] == [("key", True)]


ALGORITHMS = {
    "modern": (None, ("PBES2 AES-256-CBC", "MAC SHA-256")),
    "3DES": (pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC, ("3DES", "MAC SHA-1")),
}


@pytest.mark.parametrize(("algorithm", "names"), ALGORITHMS.values(), ids=ALGORITHMS)
def test_pfx(algorithm: object, names: tuple[str, ...]) -> None:
    """A PFX gives leaf, chain in stored order, the key's fingerprint and what it is encrypted with."""
    found = chain(pfx(algorithm=algorithm), PASSWORD)
    assert (found.container, ders(found), found.leaf) == ("pfx", [LEAF.der, ISSUER.der, ROOT.der], 0)
    assert (found.keys, found.encryption) == ((spki_sha256(LEAF.key.public_key()),), names)


def test_pfx_of_old_windows(tmp_path: Path) -> None:
    """RC2-40 and 3DES, as Windows wrote for twenty years, are read, though OpenSSL 3 refuses them by default."""
    (tmp_path / "all.pem").write_bytes(LEAF.key_pem + CHAIN_PEM)
    data = openssl(
        *("pkcs12", "-export", "-legacy", "-in", str(tmp_path / "all.pem"), "-passout", f"pass:{PASSWORD}"),
        *("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-RC2-40", "-macalg", "sha1"),
    )
    found = chain(data, PASSWORD)
    assert (ders(found), found.encryption) == ([LEAF.der, ISSUER.der], ("RC2-40", "3DES", "MAC SHA-1"))


def test_pfx_without_mac_and_with_empty_password(tmp_path: Path) -> None:
    """What is not protected opens with any password; an empty password opens by itself, and no other one fits it."""
    (tmp_path / "all.pem").write_bytes(LEAF.key_pem + CHAIN_PEM)
    export = ("pkcs12", "-export", "-in", str(tmp_path / "all.pem"), "-passout", "pass:")
    open_, empty = openssl(*export, "-nomac", "-keypbe", "NONE", "-certpbe", "NONE"), openssl(*export)
    for data, words in ((open_, "is not encrypted"), (empty, "is empty")):
        for password in (None, ""):
            found = chain(data, password)
            assert (ders(found), len(found.keys)) == ([LEAF.der, ISSUER.der], 1)
            assert words in found.notes[0]
    assert ders(chain(open_, "anything")) == [LEAF.der, ISSUER.der]
    error = refusal(empty, "anything")
    assert "its password is empty" in error.message
    assert isinstance(error, PasswordError)


def test_pfx_of_certificates_alone() -> None:
    """Without a key the leaf lies anywhere among the certificates, which stay in the order in which they are stored."""
    found = chain(pfx(leaf=None), PASSWORD)
    assert (ders(found), found.leaf, found.keys) == ([ROOT.der, LEAF.der, ISSUER.der], 1, ())


def test_pfx_in_base64() -> None:
    """A PFX in base64, as key vaults hand it out, is a PFX."""
    assert chain(base64.b64encode(pfx()), PASSWORD).container == "pfx"


@pytest.mark.parametrize(
    "password", ["p\u00e4ssw\u00f6rd", "p\u00e4ssw\u00f6rd".encode(), "p\u00e4ssw\u00f6rd".encode("latin-1")]
)
def test_password_beyond_ascii(password: str | bytes) -> None:
    """A password beyond ASCII fits as text, as UTF-8 and as Latin-1 bytes."""
    assert len(chain(pfx(password="p\u00e4ssw\u00f6rd"), password).keys) == 1


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        (None, True),
        ("", True),
        (b"", True),
        ("wrong", False),
        (b"\xff\xfe", False),
        ("a\0b", False),
        ("x" * 5000, False),
    ],
)
def test_pfx_and_password(password: str | bytes | None, *, missing: bool) -> None:
    """A missing and a wrong password are told apart, and no password ever ends in a crash."""
    with pytest.raises(PasswordError) as caught:
        load(pfx(), password=password, name="gw.pfx")
    assert missing == caught.value.missing
    assert caught.value.message == ("gw.pfx needs a password." if missing else "The password does not fit gw.pfx.")


def refusal(data: bytes, password: str | None = None, name: str = "gw.pem") -> InputError:
    with pytest.raises(InputError) as caught:
        load(data, password=password, name=name)
    return caught.value


def without_mac(data: bytes) -> bytes:
    """The same PFX without its MacData."""
    content = read(data).first(2)[1].raw
    body = read(data).child(0).raw + content
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


def test_pfx_with_an_unknown_algorithm() -> None:
    """An algorithm that certready does not know is named, since the password may be right."""
    aes256, unknown = bytes.fromhex("060960864801650304012a"), bytes.fromhex("060960864801650304017f")
    whole = pfx()
    message = refusal(without_mac(whole.replace(aes256, unknown)), PASSWORD).message
    assert message == "gw.pem is protected with PBES2 2.16.840.1.101.3.4.1.127, which certready does not support."


def test_pfx_that_would_take_hours() -> None:
    """A PFX or key that asks for two thousand million rounds is refused before the first of them."""
    der = pfx()
    mac = read(der).child(2)
    count = mac.child(2)
    wide = bytearray(der[: count.begin] + b"\x02\x04\x7f\xff\xff\xff" + der[count.after :])
    grown = len(wide) - len(der)
    wide[mac.begin + 1] += grown
    wide[2:4] = (int.from_bytes(wide[2:4], "big") + grown).to_bytes(2, "big")
    assert "rounds of key derivation; certready stops at 1000000" in refusal(bytes(wide), PASSWORD).message


def slow_key(rounds: int) -> bytes:
    """A key that asks for this many rounds of key derivation, in PEM."""
    words = ("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-iter", str(rounds), "-passout", f"pass:{PASSWORD}")
    return openssl(*words, stdin=LEAF.key_pem)


def test_many_keys_are_no_way_around_the_limit() -> None:
    """What the keys of one file ask for together is bounded, opened or not; each file counts for itself."""
    slow = slow_key(600_000)
    (one,) = load(CHAIN_PEM + slow, password=PASSWORD).chains
    assert ((one.leaf_certificate.parsed.spki_sha256,), ()) == (one.keys, one.faults)
    (two,) = load(CHAIN_PEM + slow + slow, password=PASSWORD).chains
    assert "asks for 1200000 rounds of key derivation" in two.faults[0].message
    (apart,) = load_files([("a.pem", CHAIN_PEM + slow), ("b.pem", slow)], password=PASSWORD).chains
    assert () == apart.faults
    many = CHAIN_PEM + encrypted_key(LEAF) * 21
    assert "gw.pem holds more than 20 private keys." == refusal(many, "wrong").message


def request() -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(LEAF.x509.subject)
    return builder.sign(LEAF.key, hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]


PUBLIC = LEAF.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
SSH = LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
VERSION_3, VERSION_8 = bytes.fromhex("a003020102"), bytes.fromhex("a003020107")
ODD = LEAF.der.replace(VERSION_3, VERSION_8, 1)
CRIPPLED = bytes.fromhex("300f300306012a30030601290303000000")
STRANGERS = {
    "empty": (b"", "gw.pem is empty."),
    "blank": (b" \r\n\t\n", "gw.pem is empty but for white space."),
    "text": (b"Dear customer,\nyour certificate is ready.\n", "gw.pem is text without a certificate in it."),
    "HTML": (b"<!DOCTYPE html><html><body>Log in</body></html>", "gw.pem is an HTML page without a certificate in it."),
    "junk": (b"\x01\x02\x03\xff" * 99, "gw.pem is binary data in no format that certready knows."),
    "too large": (b"\n" * (MAX_BYTES + 1), "gw.pem is larger than 10 MiB, too large for a certificate file."),
    "key": (LEAF.key_pem, "gw.pem holds a private key but no certificate."),
    "CSR": (request(), "gw.pem holds a certificate signing request (CSR) but no certificate."),
    "CSR in PEM": (
        armour(request(), "NEW CERTIFICATE REQUEST"),
        "gw.pem holds a certificate signing request (CSR) but no certificate.",
    ),
    "CRL": (armour(ISSUER.crl(), "X509 CRL"), "gw.pem holds a revocation list (CRL) but no certificate."),
    "OCSP": (ISSUER.ocsp(LEAF.x509), "gw.pem holds an OCSP answer but no certificate."),
    "public key": (armour(PUBLIC, "PUBLIC KEY"), "gw.pem holds a public key but no certificate."),
    "thousands of public keys": (
        PUBLIC * 10_001,
        "gw.pem holds more than 10000 certificates, requests and other blocks.",
    ),
    "thousands in PEM": (
        armour(PUBLIC, "PUBLIC KEY") * 10_001,
        "gw.pem holds more than 10000 certificates, requests and other blocks.",
    ),
    "JKS": (b"\xfe\xed\xfe\xed\0\0\0\2", "gw.pem is a Java keystore (JKS), not a certificate."),
    "SSH": (SSH, "gw.pem holds an SSH key but no certificate."),
    "SSH public": (b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@here\n", "gw.pem is an SSH key, not a certificate."),
    "PGP": (
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQEN\n-----END PGP-----\n",
        "gw.pem holds PGP data but no certificate.",
    ),
    "ZIP": (b"PK\x03\x04" + b"\0" * 60, "gw.pem is a ZIP archive, not a certificate."),
    "PKCS#7 data": (
        bytes.fromhex("300f06092a864886f70d010701a0020400"),
        "gw.pem holds a PKCS#7 message but no certificate.",
    ),
    "odd certificate": (CRIPPLED, "gw.pem holds a certificate that cannot be read: "),
    "odd certificate and CAs": (
        armour(CRIPPLED, "CERTIFICATE") + ISSUER.pem,
        "Block 1 (CERTIFICATE) of gw.pem holds a cert",
    ),
    "cut DER": (LEAF.der[:200], f"gw.pem is cut off: 200 of {len(LEAF.der)} bytes are there."),
    "cut PEM": (
        LEAF.pem[:300],
        f"Block 1 (CERTIFICATE) of gw.pem is cut off: 201 of {len(LEAF.der)} bytes are there, and its END line is missing.",
    ),
    "bad block": (
        ISSUER.pem + LEAF.pem.replace(b"MII", b"M%%", 1),
        "Block 2 (CERTIFICATE) of gw.pem holds characters that are not base64.",
    ),
    "empty block": (
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "Block 1 (CERTIFICATE) of gw.pem is empty.",
    ),
    "cut PFX": (pfx()[:400], "gw.pem is cut off: 400 of "),
    "damaged PFX": (
        pfx().replace(bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("06892a864886f70d010701")),
        "gw.pem looks like a PFX, but its structure is damaged",
    ),
}


@pytest.mark.parametrize(("data", "message"), STRANGERS.values(), ids=STRANGERS)
def test_what_is_no_certificate(data: bytes, message: str) -> None:
    """What is no certificate is called what it is, in one sentence, with a hint."""
    error = refusal(data)
    assert error.message.startswith(message)
    assert error.message.endswith(".")
    assert error.hint


def test_end_line_lost() -> None:
    """A block whose END line is lost but whose content is whole is read, and noted."""
    found = chain(CHAIN_PEM.removesuffix(b"-----END CERTIFICATE-----\n"))
    assert ders(found) == [LEAF.der, ISSUER.der]
    assert found.notes == ("Block 2 (CERTIFICATE) of the input has no END line, but is complete.",)


def test_several_files() -> None:
    """Several files are one bundle: certificates in file order, each once, the key of one for the leaf of another."""
    bundle = load_files(
        [("ca.pem", ISSUER.pem), ("gw.crt", LEAF.der), ("full.pem", CHAIN_PEM), ("gw.key", encrypted_key(LEAF))],
        password=PASSWORD,
    )
    found = bundle.chains[0]
    assert bundle.target == Target("file", "ca.pem + gw.crt + full.pem + gw.key")
    assert (ders(found), found.leaf, len(found.keys)) == ([ISSUER.der, LEAF.der], 1, 1)
    assert len(found.notes) == 2


@pytest.mark.parametrize(
    ("files", "container"),
    [
        ([LEAF.pem, LEAF.key_pem], "pem"),
        ([LEAF.key_pem, LEAF.pem], "pem"),
        ([ISSUER.pem, P7B], "p7b"),
        ([LEAF.der], "der"),
        ([LEAF.der, LEAF.key_pem], "pem"),
        ([LEAF.der, ISSUER.der], "pem"),
    ],
)
def test_container_of_several_files(files: list[bytes], container: str) -> None:
    """The container is that of the first file with the leaf; DER with something beside it holds what a PEM would."""
    assert load_files([(f"{index}", data) for index, data in enumerate(files)]).chains[0].container == container


def test_files_too_large_together() -> None:
    """The limit holds for all files together."""
    with pytest.raises(InputError, match="larger than 10 MiB"):
        load_files([("a", b"x" * (MAX_BYTES // 2)), ("b", b"x" * (MAX_BYTES // 2)), ("c", b"xx")])
    with pytest.raises(InputError, match="No file"):
        load_files([])


def test_targets() -> None:
    """Bytes without a name are bytes, with one a file."""
    assert load(LEAF.pem).target == Target("bytes", "")
    assert load(LEAF.pem, name="gw.pem").target == Target("file", "gw.pem")


def test_duplicates_once() -> None:
    """A byte-identical certificate is kept once, where it was first, and noted."""
    found = chain(LEAF.pem + ISSUER.pem + LEAF.pem)
    assert ders(found) == [LEAF.der, ISSUER.der]
    assert found.notes == ("The certificate mail.example.test is there 2 times; it was read once.",)


@pytest.mark.parametrize(
    "data",
    [
        LEAF.pem * 501,
        LEAF.der * 501,
        LEAF.key_pem * 21 + LEAF.pem,
        pkcs7.serialize_certificates([LEAF.x509] * 501, Encoding.DER),
    ],
    ids=["PEM", "DER", "keys", "P7B"],
)
def test_too_many(data: bytes) -> None:
    """More than 500 certificates, or 20 keys, in one bundle are refused, each by its own sentence."""
    what = "20 private keys" if data.startswith(LEAF.key_pem) else "500 certificates"
    assert f"holds more than {what}" in refusal(data).message


HOSTILE = {
    "dashes": b"-" * 3_000_000,
    "BEGINs": b"-----BEGIN CERTIFICATE-----" * 110_000,
    "half markers": b"-BEGIN A " * 300_000,
    "tags": b"-----BEGIN CERTIFICATE-----" + b"<" * 3_000_000,
    "references": b"-----BEGIN CERTIFICATE-----&#" + b"9" * 3_000_000,
    "quotes": b"-----BEGIN CERTIFICATE-----" + b"> " * 1_500_000,
    "equals": b"-----BEGIN CERTIFICATE-----%" + b"A=\n" * 1_000_000,
    "one huge block": b"-----BEGIN CERTIFICATE-----" + b"A" * 3_000_000,
    "nested BER": b"\x30\x80" * 1_500_000,
    "BER in pieces": b"\x30\x80" + b"\x04\x00" * 1_500_000,
    "bare base64": b"M" * 3_000_000,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_work_is_bounded(data: bytes) -> None:
    """Ten times the hostile bytes take no more than about ten times as long: nothing is quadratic."""

    def spent(size: int) -> float:
        begun = time.process_time()
        with pytest.raises(CertreadyError):
            load(data[:size])
        return time.process_time() - begun

    small = max(min(spent(len(data) // 10) for _ in range(2)), 0.005)
    assert spent(len(data)) < 40 * small


def test_certificates_of_a_store() -> None:
    """``certificates`` reads PEM, DER and PKCS#7, keeps what cannot be read, and takes more than a bundle may hold."""
    assert certificates(P7B) == tuple(Certificate(item.raw) for item in stored(P7B))
    assert certificates(LEAF.pem + armour(ODD, "CERTIFICATE") + LEAF.pem) == (Certificate(LEAF.der), Certificate(ODD))
    assert certificates(LEAF.pem * 600 + ISSUER.pem) == (Certificate(LEAF.der), Certificate(ISSUER.der))


def stored(p7b: bytes) -> list[object]:
    return list(read(p7b).child(1).child(0).child(3).children())


@pytest.mark.parametrize(
    "data", [pfx(), LEAF.pem + LEAF.key_pem, LEAF.pem + encrypted_key(LEAF), b"<html>", b"", CRIPPLED]
)
def test_certificates_refuses(data: bytes) -> None:
    """``certificates`` takes no keys and nothing that holds no certificate."""
    with pytest.raises(InputError) as caught:
        certificates(data, "answer of http://ca.example.test/int.cer")
    assert "answer of http" in caught.value.message


SAMPLES = [
    *(CHAIN_PEM, LEAF.der, P7B, armour(P7B, "PKCS7"), pfx(), pfx(password=None), LEAF.pem + encrypted_key(LEAF)),
    *(encrypted_key(LEAF, PrivateFormat.TraditionalOpenSSL) + LEAF.pem, CHAIN_PEM.decode().encode("utf-16")),
    *(pfx(algorithm=pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC), base64.b64encode(LEAF.der), request()),
]


def survives(data: bytes) -> None:
    """Loads, or says why not in a message that holds no secret."""
    for loads in (lambda: load(data, password=PASSWORD, name="f"), lambda: certificates(data, "f")):
        try:
            loads()
        except CertreadyError as error:
            said = f"{error.message} {error.hint} {error!r} {error.__context__!r}"
            assert PASSWORD not in said
            assert LEAF.key_pem.splitlines()[1].decode() not in said


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes(data: bytes) -> None:
    """Any bytes load or raise a CertreadyError, nothing else."""
    survives(data)
    survives(b"\x30\x82" + data)
    survives(b"-----BEGIN CERTIFICATE-----\n" + data)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_arbitrary_text(text: str) -> None:
    """Any text around and within markers loads or raises a CertreadyError."""
    survives(f"{text}-----BEGIN CERTIFICATE-----{text}-----END CERTIFICATE-----".encode("utf-8", "replace"))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_containers(data: st.DataObject) -> None:
    """Real containers, cut and with bytes changed, inserted and taken out, load or raise a CertreadyError."""
    sample = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(sample) - 1))
        sample[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    survives(bytes(sample[: data.draw(st.integers(1, len(sample)))]) if data.draw(st.booleans()) else bytes(sample))


def test_what_openssl_passes_over_is_said_among_many_faults() -> None:
    """Of many faults at most twenty-one are kept: what OpenSSL makes of a file comes first, and the last is about every
    certificate of the rest."""
    damaged = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    broken = [(f"broken{number}.pem", LEAF.pem + damaged) for number in range(25)]
    indented = ("indented.pem", LEAF.pem + b"  " + ISSUER.pem)
    (chain,) = load_files([*broken[:12], indented]).chains
    assert len(chain.faults) == 21
    (passed_over,) = [fault for fault in chain.faults if fault.kind == "passed-over"]
    assert passed_over.certificates == (Certificate(ISSUER.der).sha256,)
    (many,) = load_files([*[(f"{number}.pem", indented[1]) for number in range(25)]]).chains
    assert many.faults[-1].message == "5 more like these follow."
    assert many.faults[-1].certificates == (Certificate(ISSUER.der).sha256,)
