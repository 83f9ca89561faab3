"""DER (and BER) of any kind into Contents: the shape decides what it is, never a label or a file name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Literal

from cryptography import x509

from certready.bundle import keys
from certready.bundle.asn1 import (
    CONTEXT_0,
    INTEGER,
    OID,
    SEQUENCE,
    Asn1Error,
    CutOffError,
    Node,
    read,
)
from certready.bundle.contents import (
    Contents,
    Reading,
    Refusal,
    check_counts,
    join,
    too_many,
    unreadable,
    with_note,
)
from certready.bundle.request import planned
from certready.errors import InputError
from certready.x509.certificate import UNREADABLE, Certificate, attempt

Kind = Literal["certificate", "pkcs7", "pfx", "key", "encrypted-key", "public key", "ocsp", "unknown"]

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_PADDING = b"\0\t\r\n\x1a "


def kind_of(node: Node) -> Kind:
    """What an outermost element is by the types of its first elements; "certificate" also for CSR and CRL, which
    have the same shape. "unknown" for everything else."""
    try:
        tags = tuple(child.tag for child in node.first(3)) if node.tag == SEQUENCE else ()
        version = node.child(0).integer() if tags[:1] == (INTEGER,) else None
    except Asn1Error:
        return "unknown"
    match tags:
        case (0x30, 0x30, 0x03):
            return "certificate"
        case (0x06, 0xA0):
            return "pkcs7"
        case (0x02, 0x30, *rest) if version == 3 and rest in ([], [SEQUENCE]):
            return "pfx"
        case (0x02, 0x30, 0x04) | (0x02, 0x02, 0x02) | (0x02, 0x04, *_) if version in (0, 1):
            return "key"
        case (0x30, 0x04):
            return "encrypted-key"
        case (0x30, 0x03):
            return "public key"
        case (0x0A, *_):
            return "ocsp"
        case _:
            return "unknown"


def looks_binary(data: bytes) -> bool:
    """Whether the bytes begin as every container does: a SEQUENCE with a long or indefinite length, or a known one."""
    if len(data) < 2 or data[0] != SEQUENCE:
        return False
    if 0x80 <= data[1] <= 0x84:
        return True
    try:
        return kind_of(read(data)) != "unknown"
    except Asn1Error:
        return False


def read_all(data: bytes, place: str, reading: Reading) -> Contents:
    """Every element of a binary file: usually one, several where files were concatenated.

    Args:
        data: the whole file.
        place: what to call it in messages.
        reading: how many certificates it may hold, and the passwords to try.

    Raises InputError or PasswordError. What follows the last readable element is noted, not refused.
    """
    parts: list[Contents] = []
    offset = certificates = private = 0
    while data[offset:].strip(_PADDING) if len(data) - offset < 64 else True:
        try:
            node = read(data, offset)
            known = kind_of(node) != "unknown"
        except Asn1Error as error:
            if not parts:
                raise cut_off(place, error) from None
            known = False
        if not known and parts:
            parts[-1] = with_note(parts[-1], f"{len(data) - offset} bytes behind the certificates were ignored.")
            break
        parts.append(interpret(node, place, reading))
        certificates, private = certificates + len(parts[-1].certificates), private + parts[-1].key_count
        check_counts(place, certificates=certificates, private=private, blocks=len(parts), limit=reading.limit)
        offset = node.after
    return join(parts, parts[0].container)


def interpret(node: Node, place: str, reading: Reading) -> Contents:
    """What one element of the file ``place`` holds. Raises InputError, for a PFX PasswordError."""
    kind = kind_of(node)
    if kind == "certificate":
        return _certificate(node.raw, place, reading)
    if kind == "pkcs7":
        return _pkcs7(node, place, reading)
    if kind == "unknown":
        raise InputError(
            f"{place} is ASN.1, but neither a certificate nor a container of certificates.",
            hint="Export the certificate again as PEM, DER, PFX or P7B.",
        )
    if kind in ("public key", "ocsp"):
        return Contents("der", others=(kind,))
    if not reading.secrets:
        raise InputError(f"{place} holds a private key.", hint="Only certificates belong here: PEM, DER or P7B.")
    if kind == "pfx":
        from certready.bundle import pfx

        return pfx.load(node, place, reading)
    return key(lambda: keys.decrypted(node, place, reading.passwords) if kind == "encrypted-key" else node.raw, place)


def key(open_: Callable[[], bytes], place: str) -> Contents:
    """A private key, or the reason why it cannot be opened: the certificates beside it are read all the same."""
    try:
        return Contents("der", keys=(keys.fingerprint(open_(), place),))
    except InputError as error:
        return Contents("der", refusals=(Refusal("key", error),))


def cut_off(place: str, error: Asn1Error) -> InputError:
    """The error for bytes that end too early, or whose lengths contradict each other."""
    if isinstance(error, CutOffError):
        return InputError(
            f"{place} is cut off: {error.present} of {error.wanted} bytes are there.",
            hint="Copy or export the file again, in binary mode and to its end.",
        )
    return InputError(f"{place} is damaged: {error}.", hint="Copy or export the file again.")


def _certificate(der: bytes, place: str, reading: Reading) -> Contents:
    """A certificate, or the CSR or CRL that has its shape."""
    certificate = Certificate(der)
    if certificate.parsed.error is None:
        return Contents("der", (certificate,))
    request = attempt(lambda: x509.load_der_x509_csr(der))
    if request:
        return Contents("der", others=("csr",), requests=(planned(request, place),))
    try:
        x509.load_der_x509_crl(der)
    except UNREADABLE:
        if not reading.strict:
            return Contents("der", (certificate,))
        return Contents("der", (certificate,), refusals=(unreadable(certificate, place),))
    return Contents("der", others=("crl",))


def _pkcs7(node: Node, place: str, reading: Reading) -> Contents:
    """The certificates of a SignedData (RFC 5652, 5.1), byte for byte and in stored order."""
    try:
        if node.child(0, OID).oid() != _SIGNED_DATA:
            return Contents("p7b", others=("pkcs7",))
        stored = tuple(islice(_stored(node), reading.limit + 1))
    except Asn1Error as error:
        raise cut_off(place, error) from None
    if len(stored) > reading.limit:
        raise too_many(place, reading.limit)
    parts = tuple(_certificate(der, place, reading) for der in stored)
    return join(parts, "p7b") if parts else Contents("p7b", others=("pkcs7",))


def _stored(node: Node) -> Iterator[bytes]:
    signed = node.child(1, CONTEXT_0).child(0, SEQUENCE)
    for field in signed.first(4)[3:]:
        if field.tag == CONTEXT_0:
            yield from (item.raw for item in field.children() if item.tag == SEQUENCE)
