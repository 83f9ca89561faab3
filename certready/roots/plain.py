"""Plain root stores: certificates without limits of their own, split from PEM and decoded only where a chain asks.

A store holds several hundred roots and a chain needs one or two: an issuer's name is looked for as bytes, and only what
has it is decoded.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from certready.errors import StoreError
from certready.model import Root, RootStore, StoreInfo
from certready.reading import beginning
from certready.wording import listed
from certready.x509.certificate import Certificate, attempt
from certready.x509.der import parties
from certready.x509.names import comparable
from certready.x509.signature import signs_itself

MAX_BYTES = 64 * 1024 * 1024
GIVE_ROOTS = "Give a PEM file with the roots that are to be trusted."
LONGEST = 80  # letters of one name in a sentence
MANY_NAMES = 50  # from here on decoding every root is cheaper than searching for each name

_PEM = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----([^-]{1,1000000})-----END (?:TRUSTED )?CERTIFICATE-----")


class Store(Struct, frozen=True):
    """Roots as DER, none of them decoded until a chain asks for it, and the ``extra`` ones beside them."""

    info: StoreInfo
    roots: tuple[bytes, ...]
    extra: tuple[bytes, ...] = ()

    def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
        """Every root whose subject is the issuer of one of these certificates, or that is one of them.

        A root that cannot be decoded is left out. One that is in the store and extra comes as the store's.
        """
        wanted = {certificate.parsed.issuer_der for certificate in certificates} - {b""}
        own = {certificate.der for certificate in certificates}
        present = {certificate.parsed.subject_der for certificate in certificates}
        matched = [Root(certificate) for certificate in _matching(self.roots, wanted, own, present)]
        trusted = {root.certificate for root in matched}
        extra = _matching(self.extra, wanted, own, present)
        return (*matched, *(Root(certificate, extra=True) for certificate in extra if certificate not in trusted))

    def holds(self, certificate: Certificate) -> Root | None:
        """This certificate as a root of the store, None where it is none."""
        return Root(certificate) if certificate.der in self.roots else None


def _matching(
    roots: tuple[bytes, ...], names: set[bytes], own: set[bytes], present: set[bytes]
) -> tuple[Certificate, ...]:
    """The roots with one of these subjects, or that are themselves asked for.

    Where neither a root nor a certificate that is ``present`` has a name byte for byte, other spellings of it are
    compared as well (RFC 5280, 7.1), which means reading the subject of every root.
    """
    if not roots:
        return ()
    every = len(names) > MANY_NAMES
    hits = (Certificate(der) for der in roots if every or der in own or any(name in der for name in names))
    matching = [
        candidate
        for candidate in hits
        if candidate.parsed.error is None and (candidate.parsed.subject_der in names or candidate.der in own)
    ]
    unmet = names - present - {root.parsed.subject_der for root in matching}
    alike = (der for name in unmet for der in _by_name(roots).get(comparable(name), ()))
    return tuple(dict.fromkeys((*matching, *map(Certificate, alike))))


@lru_cache(maxsize=4)
def _by_name(roots: tuple[bytes, ...]) -> Mapping[Hashable, tuple[bytes, ...]]:
    """The roots by their subject in a form in which equal names are equal; without those that cannot be read."""
    by_name: dict[Hashable, tuple[bytes, ...]] = {}
    for der in roots:
        parts = attempt(parties, der)
        if parts is not None:
            name = comparable(parts[1])
            by_name[name] = (*by_name.get(name, ()), der)
    return by_name


def from_certificates(name: str, certificates: Iterable[Certificate]) -> RootStore:
    """A store of just these anchors."""
    roots = tuple(dict.fromkeys(certificate.der for certificate in certificates))
    return Store(StoreInfo(name, None, len(roots)), roots)


def with_extra(store: RootStore, certificates: Iterable[Certificate]) -> RootStore:
    """The store with further anchors under which checks go on, but which are not trusted (``Root.extra``).

    Raises StoreError where none of the certificates is a root; see :func:`anchors`.
    """
    extra, _ = anchors(dict.fromkeys(certificate.der for certificate in certificates), "--extra-root")
    if isinstance(store, Store):
        return Store(store.info, store.roots, tuple(dict.fromkeys((*store.extra, *extra))))
    return _Beside(store, Store(store.info, (), extra))


class _Beside(Struct, frozen=True):
    """Somebody else's store and our extra roots."""

    store: RootStore
    extra: Store

    @property
    def info(self) -> StoreInfo:
        return self.store.info

    @property
    def facts(self) -> object:
        """What a programme's list says of its roots, which further anchors do not change; None of another store."""
        return getattr(self.store, "facts", None)

    def holds(self, certificate: Certificate) -> Root | None:
        return self.store.holds(certificate)

    def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
        theirs = self.store.candidates(certificates)
        trusted = {root.certificate for root in theirs}
        return (*theirs, *(root for root in self.extra.candidates(certificates) if root.certificate not in trusted))

    def whole(self) -> RootStore:
        return _Beside(whole(self.store), self.extra)


def whole(store: RootStore) -> RootStore:
    """The store with all that it holds in itself, and nothing in files of this machine, so that it can leave it."""
    form: Callable[[], RootStore] | None = getattr(store, "whole", None)
    return form() if form else store


def anchors(given: Iterable[bytes], place: str) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """Those of these certificates, given by hand, that are roots, and the names of the others.

    Raises StoreError where none is one: an end-entity certificate vouches for nothing, not even for itself.
    """
    every = tuple(map(Certificate, given))
    roots = tuple(certificate for certificate in every if certificate.parsed.may_be_ca or signs_itself(certificate))
    refused = (certificate.parsed for certificate in every if certificate not in roots)
    names = tuple(
        plain_label(parsed.label) if parsed.error is None else "one that cannot be read" for parsed in refused
    )
    if not roots:
        raise StoreError(
            f"{place} holds no root: {listed(names)} is neither self-signed nor the certificate of a CA.",
            hint=GIVE_ROOTS,
        )
    return tuple(root.der for root in roots), names


def plain_label(name: str) -> str:
    """A name out of a certificate in a sentence: ASCII, at most 80 letters of it."""
    return name[:LONGEST].encode("ascii", "backslashreplace").decode()


def split(data: bytes) -> tuple[bytes, ...]:
    """The certificates of a PEM text as DER, undecoded and each once; or the one that DER bytes are."""
    decoded = [_decode(match[1]) for match in _PEM.finditer(data)]
    if not decoded and data[:1] == b"\x30" and Certificate(data).parsed.error is None:
        return (data,)
    return tuple(dict.fromkeys(der for der in decoded if der))


def _decode(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text)
    except binascii.Error:
        return b""


def read(path: Path) -> bytes:
    """The whole file. Raises StoreError where it cannot be read or is larger than a root store can be."""
    try:
        with path.open("rb", buffering=0) as file:
            data = beginning(file, MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable file name"
        hint = "Use microsoft, mozilla or system, or name a readable PEM file."
        raise StoreError(f"The root store {path} cannot be read: {reason}.", hint=hint) from error
    if len(data) > MAX_BYTES:
        raise StoreError(f"The root store {path} is larger than {MAX_BYTES} bytes.", hint="Name a PEM file of roots.")
    return data
