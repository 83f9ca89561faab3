"""Signatures over original bytes: valid, weak, wrong and unsupported are told apart, whatever the bytes."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed448, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from certready.demo.pki import Authority, subject
from certready.x509.certificate import Certificate
from certready.x509.der import MalformedError, element, members, names, signed
from certready.x509.signature import signed_by, verify
from tests.revocation.kit import AT, CA, DAY, LEAF, ROOT, certificate

RSA = Authority.root("RSA CA", key="rsa", moment=AT)
OID_MD5, OID_SHA1 = (bytes.fromhex(text) for text in ("2a864886f70d010104", "2a864886f70d010105"))


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def made(scheme: padding.AsymmetricPadding, digest: hashes.HashAlgorithm, algorithm: bytes, data: bytes) -> bytes:
    """SIGNED{data} by the RSA CA under this AlgorithmIdentifier."""
    assert isinstance(RSA.key, rsa.RSAPrivateKey)
    signature = RSA.key.sign(data, scheme, digest)
    return tlv(0x30, data + algorithm + tlv(3, b"\0" + signature))


def outcome(whole: bytes, signer: Certificate) -> str:
    return verify(signed(element(whole)), signer)


DATA = tlv(0x30, b"\x02\x01\x05")


def test_certificates() -> None:
    """A certificate is signed by its issuer's key and by no other."""
    assert ["valid", "wrong"] == [signed_by(certificate(LEAF), certificate(one)) for one in (CA, ROOT)]
    assert "valid" == signed_by(certificate(ROOT), certificate(ROOT))


@pytest.mark.parametrize("oid", [OID_SHA1, OID_MD5])
def test_weak_hashes(oid: bytes) -> None:
    """A fitting signature over SHA-1 or MD5 is weak, one that does not fit is wrong."""
    digest = hashes.SHA1() if oid == OID_SHA1 else hashes.MD5()
    whole = made(padding.PKCS1v15(), digest, tlv(0x30, tlv(6, oid) + b"\x05\x00"), DATA)
    assert ["weak", "wrong"] == [outcome(one, certificate(RSA)) for one in (whole, whole[:-1] + bytes([whole[-1] ^ 1]))]


PSS_OID = tlv(6, bytes.fromhex("2a864886f70d01010a"))
SHA384 = tlv(0x30, tlv(6, bytes.fromhex("608648016503040202")))
MGF = tlv(6, bytes.fromhex("2a864886f70d010108"))


def test_pss_parameters() -> None:
    """Hash, mask and salt of a PSS signature are those of its parameters; without any they are SHA-1's."""
    scheme = padding.PSS(padding.MGF1(hashes.SHA384()), 48)
    parameters = tlv(0xA0, SHA384) + tlv(0xA1, tlv(0x30, MGF + SHA384)) + tlv(0xA2, b"\x02\x01\x30")
    whole = made(scheme, hashes.SHA384(), tlv(0x30, PSS_OID + tlv(0x30, parameters)), DATA)
    old = padding.PSS(padding.MGF1(hashes.SHA1()), 20)
    default = made(old, hashes.SHA1(), tlv(0x30, PSS_OID + tlv(0x30, b"")), DATA)
    assert ["valid", "weak"] == [outcome(one, certificate(RSA)) for one in (whole, default)]


@pytest.mark.parametrize("salt", [b"", b"\xec", b"\0\0\x14"])
def test_a_salt_that_is_no_length(salt: bytes) -> None:
    """A PSS salt without digits, below zero or longer than any key is read as none, and the signature is not checked."""
    scheme = padding.PSS(padding.MGF1(hashes.SHA384()), int.from_bytes(salt, "big") & 0x7F)
    parameters = tlv(0xA0, SHA384) + tlv(0xA1, tlv(0x30, MGF + SHA384)) + tlv(0xA2, tlv(2, salt))
    whole = made(scheme, hashes.SHA384(), tlv(0x30, PSS_OID + tlv(0x30, parameters)), DATA)
    assert "unsupported" == outcome(whole, certificate(RSA))


def test_ed448() -> None:
    """Ed448 is known as well."""
    key = ed448.Ed448PrivateKey.generate()
    builder = x509.CertificateBuilder().subject_name(subject("a")).issuer_name(subject("a")).serial_number(5)
    builder = builder.public_key(key.public_key()).not_valid_before(AT).not_valid_after(AT + DAY)
    made_by_it = builder.sign(key, None)
    from cryptography.hazmat.primitives.serialization import Encoding

    one = Certificate(made_by_it.public_bytes(Encoding.DER))
    assert "valid" == signed_by(one, one)


@pytest.mark.parametrize("oid", ["2a864886f70d01010b", "2a8648ce3d040302", "2b6570"])
def test_key_of_another_kind(oid: str) -> None:
    """An algorithm that the key cannot have used makes the signature wrong; an unknown one is unsupported."""
    other = Authority.root("Other", key="ed25519" if oid != "2b6570" else "ec", moment=AT)
    whole = tlv(0x30, DATA + tlv(0x30, tlv(6, bytes.fromhex(oid))) + tlv(3, b"\0" + b"x" * 64))
    strange = tlv(0x30, DATA + tlv(0x30, tlv(6, b"\x2a\x03")) + tlv(3, b"\0" + b"x" * 64))
    assert ["wrong", "unsupported"] == [outcome(one, certificate(other)) for one in (whole, strange)]


def test_names_are_the_original_bytes() -> None:
    """Issuer, subject and key bits are those that cryptography reads."""
    found = names(LEAF.der)
    assert (CA.x509.subject.public_bytes(), LEAF.x509.subject.public_bytes()) == (found.issuer, found.subject)
    digest = x509.SubjectKeyIdentifier.from_public_key(LEAF.x509.public_key()).digest
    sha1 = hashes.Hash(hashes.SHA1())
    sha1.update(found.key_bits)
    assert digest == sha1.finalize()


def test_tbs_is_the_original_bytes() -> None:
    """What is verified are the bytes of the certificate that cryptography calls its TBS."""
    assert LEAF.x509.tbs_certificate_bytes == signed(element(LEAF.der)).tbs.encoded


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are walked or refused as malformed, never past their end."""
    try:
        outer = element(data)
        assert outer.end <= len(data)
        assert all(outer.body <= one.start < one.end <= outer.end for one in members(outer))
        parts = signed(outer)
    except MalformedError:
        return
    assert "valid" != verify(parts, certificate(RSA))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40), st.binary(max_size=80))
def test_any_algorithm(algorithm: bytes, signature: bytes) -> None:
    """Whatever stands for algorithm and signature, nothing raises and nothing is valid."""
    parts = signed(element(LEAF.der))
    identifier = element(tlv(0x30, algorithm))
    assert "valid" != verify(replace(parts, algorithm=identifier, signature=signature), certificate(RSA))
