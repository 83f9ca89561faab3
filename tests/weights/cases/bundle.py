"""How the certificates arrived (contract: wrong order, strangers, root sent, several leaves, keys, PFX encryption)."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import PBES, serialize_key_and_certificates

import certready
from certready import Bundle
from certready.demo.pki import Authority
from tests.weights.case import FAIL, PASS, UNKNOWN, WARN, Cases, Checked, everywhere
from tests.weights.material import CA, LEAF, OTHER, ROOT, checked, file, node, pem, probed, sent

CASES = Cases()
PASSWORD = b"correct horse"
NOT_READABLE = bytes.fromhex("300b3003020102300003020000")  # three parts, as a certificate has, and none of its own
STRANGER = Authority.root("Stranger", moment=ROOT.moment).intermediate("Strange CA")


def _pfx(encryption: KeySerializationEncryption) -> Bundle:
    data = serialize_key_and_certificates(b"mail", LEAF.key, LEAF.x509, [CA.x509], encryption)  # type: ignore[arg-type]
    return certready.load(data, name="gateway.pfx", password=PASSWORD)


def block(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


def _indented(block: bytes) -> bytes:
    return b"".join(b"  " + line for line in block.splitlines(keepends=True))


def file_text() -> bytes:
    """The usual file: leaf, issuer and key."""
    return LEAF.pem + CA.pem + LEAF.key_pem


@CASES.add("bundle.key-present", everywhere(PASS))
def the_key_is_in_the_file() -> Checked:
    """A private key that belongs to the certificate is said and passes."""
    return checked(file())


@CASES.add("bundle.key-missing", everywhere(PASS))
def no_key_in_a_pem_file() -> Checked:
    """A PEM file without a private key passes: it is said, and none is needed to judge."""
    return checked(pem(LEAF, CA))


@CASES.add("bundle.key-missing", everywhere(WARN))
def a_pfx_without_a_key() -> Checked:
    """A PFX without a private key is a warning: it is what a gateway imports."""
    cas = [LEAF.x509, CA.x509]
    data = serialize_key_and_certificates(None, None, None, cas, BestAvailableEncryption(PASSWORD))
    return checked(certready.load(data, name="gateway.pfx", password=PASSWORD))


@CASES.add("bundle.key-unreadable", everywhere(WARN))
def a_key_that_cannot_be_opened() -> Checked:
    """A private key that is there and cannot be opened is a warning, and never called missing."""
    locked = LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD))
    return checked(pem(LEAF, CA, locked))


@CASES.add("bundle.unreadable", everywhere(WARN))
def a_certificate_beside_the_chain_that_cannot_be_read() -> Checked:
    """A certificate beside the chain that cannot be read is a warning."""
    return checked(pem(LEAF, CA, block(NOT_READABLE), LEAF.key_pem))


@CASES.add("bundle.irregular-pem", everywhere(UNKNOWN))
def an_intermediate_that_openssl_passes_over() -> Checked:
    """Where OpenSSL silently loads fewer certificates than were judged, a gateway may send less: unknown."""
    return checked(pem(LEAF, _indented(CA.pem), LEAF.key_pem))


@CASES.add("bundle.irregular-pem", everywhere(WARN))
def a_stranger_that_openssl_passes_over() -> Checked:
    """Where the chain does not need what OpenSSL passes over, that is a warning."""
    return checked(pem(LEAF, CA, _indented(STRANGER.pem), LEAF.key_pem))


@CASES.add("bundle.irregular-pem", everywhere(WARN))
def a_file_that_openssl_refuses() -> Checked:
    """A PEM that OpenSSL refuses to load is a warning: a gateway says so when it starts."""
    return checked(certready.load(file_text().replace(b"\n", b"\r"), name="gateway.pem"))


@CASES.add("bundle.key-mismatch", everywhere(FAIL))
def the_key_of_another_certificate() -> Checked:
    """A private key that does not belong to the certificate fails for everybody."""
    return checked(pem(LEAF, CA, OTHER.key_pem))


@CASES.add("bundle.key-mismatch", everywhere(WARN))
def a_key_too_many() -> Checked:
    """A second private key beside the right one is a warning."""
    return checked(pem(LEAF, CA, LEAF.key_pem, OTHER.key_pem))


@CASES.add("bundle.ca-key", everywhere(WARN))
def the_key_of_the_ca() -> Checked:
    """A CA's private key beside the gateway's own is a warning."""
    return checked(pem(LEAF, CA, LEAF.key_pem, CA.key_pem))


@CASES.add("bundle.order", everywhere(WARN))
def the_issuer_before_the_leaf() -> Checked:
    """Certificates in the wrong order are a warning."""
    return checked(pem(CA, LEAF, LEAF.key_pem))


@CASES.add("bundle.root-included", everywhere(PASS))
def the_root_in_a_file() -> Checked:
    """A root inside a file is said and passes."""
    return checked(pem(LEAF, CA, ROOT, LEAF.key_pem))


@CASES.add("bundle.root-included", everywhere(WARN))
def the_root_on_the_wire() -> Checked:
    """A root that is sent on the wire is a warning."""
    return probed(node(), chains=(sent(LEAF, CA, ROOT),))


@CASES.add("bundle.unrelated-certificate", everywhere(WARN))
def a_stranger_in_the_file() -> Checked:
    """A certificate that has no part in the chain is a warning."""
    return checked(pem(LEAF, CA, STRANGER, LEAF.key_pem))


@CASES.add("bundle.legacy-encryption", everywhere(WARN))
def a_pfx_of_the_past() -> Checked:
    """A PFX encrypted with 3DES and SHA-1, which some systems refuse, is a warning."""
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2000)
    builder = builder.key_cert_algorithm(PBES.PBESv1SHA1And3KeyTripleDESCBC).hmac_hash(hashes.SHA1())
    return checked(_pfx(builder.build(PASSWORD)))


@CASES.add("bundle.modern-encryption", everywhere(WARN))
def a_pfx_of_today() -> Checked:
    """A PFX encrypted with AES-256, which old Windows refuses, is a warning."""
    return checked(_pfx(BestAvailableEncryption(PASSWORD)))


@CASES.add("bundle.several-leaves", everywhere(WARN))
def two_leaves_and_one_key() -> Checked:
    """A second end-entity certificate in the file is a warning."""
    return checked(pem(LEAF, CA, OTHER, LEAF.key_pem))
