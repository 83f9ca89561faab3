"""Trust lists in Microsoft's form, signed by whoever a test likes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from asn1crypto import algos, cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from certready.demo.pki import Authority, Issued

LIST_SIGNER = x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.9")
TRUST_LIST = "1.3.6.1.4.1.311.10.1"
FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER element."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def oid(dotted: str) -> bytes:
    return core.ObjectIdentifier(dotted).dump()


def usages(*dotted: str) -> bytes:
    """The value of property 9, 122 or 127."""
    return tlv(0x30, *(oid(one) for one in dotted))


def filetime(moment: datetime) -> bytes:
    """The value of property 104 or 126."""
    return (int((moment - FILETIME_EPOCH).total_seconds()) * 10_000_000).to_bytes(8, "little")


def entry(certificate: bytes, properties: Mapping[int, bytes]) -> bytes:
    """One root of the list: its properties by their number; the SHA-256 (98) is added."""
    whole = {98: hashlib.sha256(certificate).digest(), **properties}
    attributes = [
        tlv(0x30, oid(f"1.3.6.1.4.1.311.10.11.{number}"), tlv(0x31, tlv(0x04, value)))
        for number, value in whole.items()
    ]
    return tlv(0x30, tlv(0x04, hashlib.sha1(certificate).digest()), tlv(0x31, *attributes))


def content(entries: Iterable[bytes], as_of: datetime) -> bytes:
    """The unsigned list (CTL)."""
    return tlv(
        0x30,
        tlv(0x30, oid("1.3.6.1.4.1.311.10.3.9")),
        core.Integer(1).dump(),
        tlv(0x17, as_of.strftime("%y%m%d%H%M%SZ").encode()),
        tlv(0x30, oid("1.3.14.3.2.26"), b"\x05\x00"),
        tlv(0x30, *entries),
    )


def signer_of(root: Authority, **options: object) -> Issued:
    """A certificate under ``root`` that may sign root lists."""
    return root.issue(common_name="List Publisher", key="rsa", **{"ekus": [LIST_SIGNER], "days": 4000, **options})  # type: ignore[arg-type]


def sign(
    listed: bytes,
    signer: Issued,
    carried: Iterable[bytes],
    *,
    digest_of: bytes | None = None,
    digest_by: str = "sha256",
    named: str = "sha256",
    attributed: bool = True,
    signers: int = 1,
) -> bytes:
    """The list as ``authroot.stl``.

    Args:
        digest_of: what the signature speaks of, where that is not the list.
        digest_by, named: the hash of the list in the signature, and the one that the signer says he uses.
        attributed: whether the signature has its signed attributes.
        signers: how often the signer is there.
    """
    inner = core.load(listed).contents if hasattr(core.load(listed), "contents") else b""
    digest = hashlib.new(digest_by, inner if digest_of is None else digest_of).digest()
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": [TRUST_LIST]},
            {"type": "message_digest", "values": [digest]},
        ]
    )
    assert isinstance(signer.key, rsa.RSAPrivateKey)
    information = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                {
                    "issuer": cms.Certificate.load(signer.der).issuer,
                    "serial_number": signer.x509.serial_number,
                },
            ),
            "digest_algorithm": {"algorithm": named},
            **({"signed_attrs": attributes} if attributed else {}),
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"}),
            "signature": signer.key.sign(attributes.untag().dump(), padding.PKCS1v15(), hashes.SHA256()),
        }
    )
    certificates = tlv(0xA0, *carried)
    data = tlv(
        0x30,
        core.Integer(1).dump(),
        tlv(0x31, tlv(0x30, oid("2.16.840.1.101.3.4.2.1"), b"\x05\x00")),
        tlv(0x30, oid(TRUST_LIST), tlv(0xA0, listed)),
        certificates,
        tlv(0x31, information.dump() * signers),
    )
    return tlv(0x30, oid("1.2.840.113549.1.7.2"), tlv(0xA0, data))
