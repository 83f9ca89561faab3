"""PKCS#12 (PFX, P12): what it is encrypted with is read from outside, then it is opened with the password.

The library answers a wrong password, a missing one, an unsupported algorithm and damage with the same words, so the
structure (RFC 7292) is read first: what is intact outside and does not open, the password does not fit.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from certready.bundle import ciphers, keys
from certready.bundle.asn1 import CONTEXT_0, OID, SEQUENCE, Asn1Error, CutOffError, Node, read
from certready.bundle.contents import MAX_CERTIFICATES, Contents, leaf_index, too_many
from certready.errors import InputError, PasswordError
from certready.x509.certificate import UNREADABLE, Certificate, first_line
from certready.x509.key import spki_sha256

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12KeyAndCertificates

_DATA, _SIGNED, _ENCRYPTED = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.6"
_KEY_BAG, _SHROUDED_BAG = "1.2.840.113549.1.12.10.1.1", "1.2.840.113549.1.12.10.1.2"
_MAX_PARTS = 1000
_EXPORT = "Export the PFX again, with the private key and the whole chain."


class Structure(Struct, frozen=True):
    """What can be seen without the password: every cipher, keys that lie open, and whether there is a MAC."""

    ciphers: tuple[ciphers.Cipher, ...]
    open_keys: int
    longest_key: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cipher.name for cipher in self.ciphers))

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cipher.name for cipher in self.ciphers if not cipher.known))


def load(root: Node, place: str, password: bytes | None) -> Contents:
    """The leaf first, then the rest in stored order. Raises InputError, PasswordError."""
    structure = _structure(root, place)
    keys.check_rounds(sum(cipher.rounds for cipher in structure.ciphers), place)
    if structure.longest_key > keys.MAX_KEY_BYTES:
        raise InputError(f"{place} holds a private key longer than any that a mail gateway uses.", hint=_EXPORT)
    opened, used = _open(root.raw, structure, place, password)
    certificates, key = _taken(opened, place)
    notes: list[str] = []
    if structure.open_keys:
        notes.append(f"The private key in {place} is not encrypted: whoever has the file has the key.")
    elif key and used is None:
        notes.append(f"The password of {place} is empty: whoever has the file has the key.")
    return Contents("pfx", _leaf_first(certificates, key), key, structure.names, tuple(notes))


def _taken(opened: PKCS12KeyAndCertificates, place: str) -> tuple[tuple[Certificate, ...], tuple[str, ...]]:
    """The certificates and the SHA-256 of the key's public half; the key itself goes no further."""
    try:
        found = [opened.cert] if opened.cert else []
        found += opened.additional_certs
        if len(found) > MAX_CERTIFICATES:
            raise too_many(place)
        certificates = tuple(Certificate(item.certificate.public_bytes(Encoding.DER)) for item in found)
        return certificates, (spki_sha256(opened.key.public_key()),) if opened.key else ()
    except UNREADABLE as error:
        raise _unreadable(place, error) from None


def _unreadable(place: str, error: Exception) -> InputError:
    return InputError(f"{place} opens, but what is inside cannot be read: {first_line(error)}.", hint=_EXPORT)


def _leaf_first(certificates: tuple[Certificate, ...], key: tuple[str, ...]) -> tuple[Certificate, ...]:
    """Without a key the leaf lies anywhere among the additional certificates."""
    if not certificates:
        return ()
    leaf = leaf_index(certificates, key)
    return (certificates[leaf], *certificates[:leaf], *certificates[leaf + 1 :])


def _open(
    data: bytes, structure: Structure, place: str, password: bytes | None
) -> tuple[PKCS12KeyAndCertificates, bytes | None]:
    """The opened file and the password that fitted; None stands for "no password" and for the empty one."""
    if password is not None and b"\0" not in password:
        opened = _try(data, place, password)
        if opened:
            return opened, password
    opened = _try(data, place, None)
    if opened:
        return opened, None
    if not structure.ciphers:
        raise InputError(f"{place} is a PFX whose contents are damaged.", hint=_EXPORT)
    doubt = (
        f", or it uses an algorithm that is not supported ({', '.join(structure.unknown)})" if structure.unknown else ""
    )
    if password is None:
        raise PasswordError(f"{place} needs a password{doubt}.", hint=keys.GIVE_PASSWORD, missing=True)
    raise PasswordError(f"The password does not fit {place}{doubt}.", hint=keys.CHECK_PASSWORD, missing=False)


def _try(data: bytes, place: str, password: bytes | None) -> PKCS12KeyAndCertificates | None:
    """One attempt; None where the password does not fit. Raises InputError where it fits and the rest does not."""
    from cryptography.hazmat.primitives.serialization import pkcs12

    with warnings.catch_warnings():
        # BER from Java and from Windows is read as well; that the library wishes for DER helps nobody here.
        warnings.filterwarnings("ignore", message="PKCS#12 bundle could not be parsed as DER", category=UserWarning)
        try:
            return pkcs12.load_pkcs12(data, password)
        except (x509.InvalidVersion, UnsupportedAlgorithm) as error:
            raise _unreadable(place, error) from None
        except (*UNREADABLE, InternalError):
            return None


def _structure(root: Node, place: str) -> Structure:
    """The outer structure. Raises InputError where it is damaged or protected by a certificate, not a password."""
    try:
        content = root.child(1, SEQUENCE)
        kind = content.child(0, OID).oid()
        if kind == _SIGNED:
            raise InputError(f"{place} is a PFX that is signed instead of protected by a password.", hint=_EXPORT)
        found = tuple(_safes(_payload(content)))
        mac = tuple(ciphers.integrity(node) for node in root.first(3)[2:])
    except Asn1Error as error:
        reason = "is cut off" if isinstance(error, CutOffError) else f"is damaged ({error})"
        raise InputError(f"{place} looks like a PFX, but its structure {reason}.", hint=_EXPORT) from None
    hidden = tuple(cipher for cipher, _ in found if cipher)
    lengths = [length for _, length in found]
    return Structure((*hidden, *mac), sum(cipher is None for cipher, _ in found), max(lengths, default=0))


def _safes(authenticated: Node) -> Iterator[tuple[ciphers.Cipher | None, int]]:
    """For every encrypted part its cipher, for every key that lies open None; with it the key's length in bytes."""
    for safe in _few(authenticated):
        kind = safe.child(0, OID).oid()
        if kind == _ENCRYPTED:
            yield (
                ciphers.encryption(safe.child(1, CONTEXT_0).child(0, SEQUENCE).child(1, SEQUENCE).child(1, SEQUENCE)),
                0,
            )
        elif kind == _DATA:
            for bag in _few(_payload(safe)):
                yield from _bag(bag)


def _bag(bag: Node) -> Iterator[tuple[ciphers.Cipher | None, int]]:
    kind = bag.child(0, OID).oid()
    if kind == _SHROUDED_BAG:
        key = bag.child(1, CONTEXT_0).child(0, SEQUENCE)
        yield ciphers.encryption(key.child(0, SEQUENCE)), len(key.raw)
    elif kind == _KEY_BAG:
        yield None, len(bag.child(1, CONTEXT_0).raw)


def _few(node: Node) -> tuple[Node, ...]:
    """The elements inside, all of them or none: what is not counted here would still be worked through later."""
    found = node.first(_MAX_PARTS + 1)
    if len(found) > _MAX_PARTS:
        raise Asn1Error(f"more than {_MAX_PARTS} parts")
    return found


def _payload(content: Node) -> Node:
    """The ASN.1 inside the OCTET STRING of a ContentInfo of type data (RFC 5652, 4)."""
    return read(content.child(1, CONTEXT_0).child(0).octets())
