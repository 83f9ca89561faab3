"""PKCS#12 (PFX, P12; RFC 7292): opened part by part, so that a wrong password, an unknown algorithm, a MAC that does
not fit, a damaged structure and one unreadable certificate inside are different things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from certready.bundle import ciphers, keys, pbe
from certready.bundle.asn1 import CONTEXT_0, OID, SEQUENCE, SET, Asn1Error, CutOffError, Node, read
from certready.bundle.ciphers import Cipher
from certready.bundle.contents import (
    MAX_KEYS,
    Contents,
    Entry,
    Kind,
    Reading,
    Refusal,
    too_many,
    too_many_keys,
    unreadable,
)
from certready.bundle.passwords import Passwords
from certready.errors import InputError, PasswordError
from certready.x509.certificate import Certificate

_DATA, _SIGNED, _ENCRYPTED = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.6"
_BAG = "1.2.840.113549.1.12.10.1."
_KEY, _SHROUDED, _CERTIFICATE, _CRL, _SECRET, _NESTED = (_BAG + str(number) for number in range(1, 7))
_X509 = "1.2.840.113549.1.9.22.1"
_FRIENDLY_NAME, _LOCAL_KEY_ID = "1.2.840.113549.1.9.20", "1.2.840.113549.1.9.21"
_PROVIDER, _KEY_USAGE = "1.3.6.1.4.1.311.17.1", "2.5.29.15"
_KINDS: dict[str, Kind] = {
    _KEY: "key",
    _SHROUDED: "key",
    _CERTIFICATE: "certificate",
    _CRL: "crl",
    _SECRET: "secret",
}
_MAX_PARTS = 1000
_MAX_DEPTH = 4
_EXPORT = "Export the PFX again, with the private key and the whole chain."


class _Part(NamedTuple):
    """One part of a PFX as stored: its ``content``, or its ``algorithm`` and the encrypted bytes."""

    content: bytes
    algorithm: Node | None = None


class _Bag(NamedTuple):
    kind: str
    value: Node
    entry: Entry


class _Opened(NamedTuple):
    """The bags of a PFX, what protects it, and the form of the password that fits, None where nothing is protected."""

    bags: tuple[_Bag, ...]
    ciphers: tuple[Cipher, ...]
    mac: Cipher | None
    secret: pbe.Secret | None
    password: bytes | None


def load(root: Node, place: str, reading: Reading) -> Contents:
    """The contents of a PFX, certificates and keys in stored order; messages call it ``place``. Raises PasswordError
    where no password fits, InputError where it is damaged or holds too much."""
    opened = _open(root, place, reading.passwords)
    if sum(bag.kind in (_KEY, _SHROUDED) for bag in opened.bags) > MAX_KEYS:
        raise too_many_keys(place)
    certificates: list[Certificate] = []
    fingerprints: list[str] = []
    refusals: list[Refusal] = []
    entries: list[Entry] = []
    notes: list[str] = []
    for bag in opened.bags:
        digest, spec = "", bag.entry.key_spec
        if bag.kind == _CERTIFICATE:
            try:
                certificate = _certificate(bag.value)
            except Asn1Error as error:
                message = f"{place} holds a certificate that cannot be read: {error}."
                refusals.append(Refusal("certificate", InputError(message, hint=_EXPORT)))
                certificate = None
            if certificate:
                certificates.append(certificate)
                digest = certificate.sha256
                if certificate.parsed.error:
                    refusals.append(unreadable(certificate, place))
        elif bag.kind in (_KEY, _SHROUDED):
            try:
                key = _private(bag, place, reading.passwords)
                digest = keys.fingerprint(key, f"A key in {place}")
                fingerprints.append(digest)
                spec = spec or _key_spec(key)
            except InputError as error:
                refusals.append(Refusal("key", error))
        entries.append(replace(bag.entry, digest=digest, key_spec=spec))
    if len(certificates) > reading.limit:
        raise too_many(place, reading.limit)
    if any(bag.kind == _KEY for bag in opened.bags):
        notes.append(f"The private key in {place} is not encrypted: whoever has the file has the key.")
    elif fingerprints and opened.secret and opened.password is None:
        notes.append(f"The password of {place} is empty: whoever has the file has the key.")
    return Contents(
        "pfx",
        tuple(certificates),
        tuple(dict.fromkeys(fingerprints)),
        tuple(refusals),
        tuple(notes),
        entries=tuple(entries),
        ciphers=opened.ciphers,
        mac=opened.mac,
        opened_by="password" if opened.password else "empty" if opened.secret else "",
    )


def private_keys(root: Node, place: str, passwords: Passwords) -> Iterator[Callable[[], bytes]]:
    """For each private key a function that opens it and returns its PrivateKeyInfo in DER. Both this and the
    functions raise InputError, and PasswordError where no password fits; messages call the file ``place``."""
    for bag in _open(root, place, passwords).bags:
        if bag.kind in (_KEY, _SHROUDED):
            yield partial(_private, bag, place, passwords)


def _open(root: Node, place: str, passwords: Passwords) -> _Opened:
    try:
        content = root.child(1, SEQUENCE)
        if content.child(0, OID).oid() == _SIGNED:
            raise InputError(f"{place} is a PFX that is signed instead of protected by a password.", hint=_EXPORT)
        protected = _octets(content)
        parts = tuple(_part(safe, place) for safe in _few(read(protected)))
        sealed = _Sealed(place, protected, next(iter(root.first(3)[2:]), None), parts)
        mac = ciphers.integrity(sealed.mac) if sealed.mac else None
        hidden = tuple(ciphers.encryption(part.algorithm) for part in parts if part.algorithm)
        bags = tuple(bag for part in parts if not part.algorithm for bag in _bags(part.content))
        keys.check_rounds(
            sum(cipher.rounds for cipher in (*hidden, *_key_ciphers(bags), *([mac] if mac else []))), place
        )
        secret, password = _unlock(sealed, passwords) if mac or hidden else (None, None)
        if hidden and secret:
            bags = tuple(bag for part in parts for bag in _bags(_plain(part, secret, place)))
        ciphers_used = (*hidden, *_key_ciphers(bags))
        keys.check_rounds(sum(cipher.rounds for cipher in ciphers_used), place)
    except Asn1Error as error:
        reason = "is cut off" if isinstance(error, CutOffError) else f"is damaged ({error})"
        raise InputError(f"{place} looks like a PFX, but its structure {reason}.", hint=_EXPORT) from None
    return _Opened(bags, tuple(dict.fromkeys(ciphers_used)), mac, secret, password)


class _Sealed(NamedTuple):
    """A PFX whose password is not known yet: the bytes that its MAC protects, the MAC, and its parts."""

    place: str
    protected: bytes
    mac: Node | None
    parts: tuple[_Part, ...]


def _unlock(sealed: _Sealed, passwords: Passwords) -> tuple[pbe.Secret, bytes | None]:
    """The password that fits, in the form in which it fits.

    Raises PasswordError where none fits; InputError where an algorithm is not known, and where one decrypts what is
    inside although the MAC does not fit.
    """
    decrypts = False
    for password in passwords.attempts(sealed.place):
        for secret in pbe.secrets(password):
            if _fits(sealed, secret):
                passwords.fitted = passwords.fitted or password is not None
                return secret, password
            decrypts = decrypts or bool(sealed.mac and _decrypts(sealed, secret))
    if decrypts:
        raise InputError(
            f"The password opens {sealed.place}, but its MAC does not fit: the file was changed after it was made.",
            hint=f"Windows and OpenSSL refuse such a file. {_EXPORT}",
        )
    if not passwords.given:
        raise PasswordError(f"{sealed.place} needs a password.", hint=keys.GIVE_PASSWORD, missing=True)
    raise PasswordError(f"The password does not fit {sealed.place}.", hint=keys.CHECK_PASSWORD, missing=False)


def _fits(sealed: _Sealed, secret: pbe.Secret) -> bool:
    """By the MAC where it can be computed, else by decrypting. Raises InputError for an unknown cipher."""
    try:
        if sealed.mac:
            return pbe.authenticates(sealed.mac, sealed.protected, secret)
    except pbe.UnsupportedError as error:
        if not any(part.algorithm for part in sealed.parts):
            raise _unsupported(sealed.place, error) from None
    return _decrypts(sealed, secret)


def _decrypts(sealed: _Sealed, secret: pbe.Secret) -> bool:
    """Whether an encrypted part opens under the password: what a wrong one makes of a stream cipher may begin like
    anything, and is no list of bags. Raises InputError for an unknown cipher."""
    part = next((part for part in sealed.parts if part.algorithm), None)
    if part is None:
        return False
    try:
        return any(_bags(plain := _plain(part, secret, sealed.place))) or read(plain).after == len(plain)
    except Asn1Error:
        return False


def _plain(part: _Part, secret: pbe.Secret, place: str) -> bytes:
    """The SafeContents of a part. Raises InputError for an unknown cipher, Asn1Error where the padding is wrong."""
    if not part.algorithm:
        return part.content
    try:
        plain = pbe.decrypt(part.algorithm, part.content, secret)
    except pbe.UnsupportedError as error:
        raise _unsupported(place, error) from None
    if plain is None:
        raise Asn1Error("what is encrypted does not end as it should")
    return plain


def _private(bag: _Bag, place: str, passwords: Passwords) -> bytes:
    """A private key in DER. Raises InputError, PasswordError."""
    return bag.value.raw if bag.kind == _KEY else keys.decrypted(bag.value, f"A key in {place}", passwords)


def _part(safe: Node, place: str) -> _Part:
    """A ContentInfo of the authenticated safe (RFC 7292, 4.1). Raises InputError where only a private key opens it."""
    kind = safe.child(0, OID).oid()
    if kind == _DATA:
        return _Part(_octets(safe))
    if kind != _ENCRYPTED:
        raise InputError(
            f"{place} is a PFX that is encrypted for a recipient's key instead of a password.", hint=_EXPORT
        )
    info = safe.child(1, CONTEXT_0).child(0, SEQUENCE).child(1, SEQUENCE)
    return _Part(info.child(2).octets(), info.child(1, SEQUENCE))


def _bags(content: bytes, depth: int = 0) -> Iterator[_Bag]:
    """Every SafeBag of a SafeContents, nested ones too (RFC 7292, 4.2)."""
    if depth > _MAX_DEPTH:
        raise Asn1Error("it is nested too deeply")
    for bag in _few(read(content)):
        kind, value = bag.child(0, OID).oid(), bag.child(1, CONTEXT_0).child(0)
        if kind == _NESTED:
            yield from _bags(value.raw, depth + 1)
        elif kind in _KINDS:
            yield _Bag(kind, value, _entry(_KINDS[kind], bag))


def _entry(kind: Kind, bag: Node) -> Entry:
    """What the attributes of a bag say; one that is malformed says nothing."""
    attributes: dict[str, Node] = {}
    for attribute in _few(bag.first(3)[2]) if len(bag.first(3)) > 2 else ():
        try:
            attributes[attribute.child(0, OID).oid()] = attribute.child(1, SET).child(0)
        except Asn1Error:
            continue
    text = {
        oid: attributes[oid].content.decode("utf-16-be", "replace")
        for oid in (_FRIENDLY_NAME, _PROVIDER)
        if oid in attributes
    }
    key_id = attributes[_LOCAL_KEY_ID].content.hex() if _LOCAL_KEY_ID in attributes else ""
    return Entry(
        kind, "", text.get(_FRIENDLY_NAME, ""), key_id, text.get(_PROVIDER, ""), _spec(attributes.get(_KEY_USAGE))
    )


def _key_spec(der: bytes) -> str:
    """The same out of the attributes of a PrivateKeyInfo (RFC 5958, 2), where Windows and OpenSSL write it."""
    try:
        for attribute in next((node.children() for node in read(der).children() if node.tag == CONTEXT_0), ()):
            if attribute.child(0, OID).oid() == _KEY_USAGE:
                return _spec(attribute.child(1, SET).child(0))
    except Asn1Error:
        pass
    return ""


def _spec(usage: Node | None) -> str:
    """keyEncipherment and dataEncipherment are for exchange; digitalSignature and those of a CA for signature."""
    bits = usage.content[1] if usage and len(usage.content) > 1 else 0
    return "exchange" if bits & 0x30 else "signature" if bits & 0x86 else ""


def _certificate(value: Node) -> Certificate | None:
    """The X.509 certificate of a CertBag (RFC 7292, 4.2.3), None for another kind."""
    if value.child(0, OID).oid() != _X509:
        return None
    return Certificate(value.child(1, CONTEXT_0).child(0).octets())


def _key_ciphers(bags: Iterable[_Bag]) -> tuple[Cipher, ...]:
    return tuple(ciphers.encryption(bag.value.child(0, SEQUENCE)) for bag in bags if bag.kind == _SHROUDED)


def _unsupported(place: str, error: pbe.UnsupportedError) -> InputError:
    return InputError(
        f"{place} is protected with {error}, which certready does not support.",
        hint="Export it again with AES-256 and SHA-256, or as PEM.",
    )


def _few(node: Node) -> tuple[Node, ...]:
    """All elements inside, each of which is worked through later. Raises Asn1Error for more than _MAX_PARTS."""
    nodes = node.first(_MAX_PARTS + 1)
    if len(nodes) > _MAX_PARTS:
        raise Asn1Error(f"more than {_MAX_PARTS} parts")
    return nodes


def _octets(content: Node) -> bytes:
    """The bytes inside the OCTET STRING of a ContentInfo of type data (RFC 5652, 4)."""
    return content.child(1, CONTEXT_0).child(0).octets()
