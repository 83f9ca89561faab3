"""One X.509 certificate: its DER bytes, and everything that is read out of them once.

``Certificate`` is the value that travels (hashable, picklable); ``Certificate.parsed`` is the reading, kept in a
bounded memo beside it, because a certificate is looked at by many checks and must be decoded by none of them twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from cryptography import x509
from cryptography.x509.oid import NameOID
from msgspec import Struct

from certready.wording import shortened
from certready.x509 import names
from certready.x509.der import parties
from certready.x509.extended import LONGEST_NAME, E, Extended
from certready.x509.extensions import UNREADABLE, skeleton
from certready.x509.kept import cached_property
from certready.x509.key import Key, describe_key, spki_sha256
from certready.x509.parts import LONGEST_SERIAL
from certready.x509.unreadable import Unreadable, first_line, readable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

__all__ = ["UNREADABLE", "Certificate", "E", "Parsed", "attempt", "first_line"]

T = TypeVar("T")
P = ParamSpec("P")

SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
ANY_EKU = "2.5.29.37.0"
LONGEST_TEXT = 1000  # characters of a whole name that are kept
LONGEST_DN = 16 * 1024  # bytes of a name that are taken apart
NEVER = datetime.min.replace(tzinfo=UTC)


class Certificate(Struct, frozen=True, dict=True):
    """A certificate as it was met. Two are the same exactly when all their bytes are.

    What was read of it once stays with it (``dict``), and is no part of the value: nobody compares, hashes or stores
    it.
    """

    der: bytes

    @cached_property
    def sha256(self) -> str:
        """The identity: SHA-256 of the whole DER, 64 lower-case hexadecimal digits."""
        return self.parsed.sha256

    @cached_property
    def parsed(self) -> Parsed:
        """What the bytes say. Never raises: ``parsed.error`` tells why they cannot be read."""
        return _parse(self.der)

    def __repr__(self) -> str:
        return f"<Certificate {self.parsed.label} {self.sha256[:12]}>"


@lru_cache(maxsize=2048)
def _parse(der: bytes) -> Parsed:
    return Parsed(der)


class Parsed(Extended):
    """The reading of one certificate. Attributes are computed when first asked for, and empty where there is ``error``.

    ``faults`` names whatever of its parts a strict reader refuses. A part that is there and cannot be read is
    :class:`Unreadable`, or has an attribute that says so (``names_unreadable``, ``pointers_unreadable``,
    ``dates_unreadable``) beside what of it can be read.

    Read at once is what every judge of a path asks for: ``issuer_der`` and ``subject_der``, the Names in DER as they
    stand, which those of parent and child are compared by; ``key_der``, the SubjectPublicKeyInfo likewise;
    ``self_issued``, whether both Names are the same (RFC 5280, 3.2), which says nothing of who signed; ``not_before``
    and ``not_after``, the first and the last second of its life, long ago where they cannot be read;
    ``dates_unreadable``, why one of them cannot be, None where both can.
    """

    def __init__(self, der: bytes) -> None:
        super().__init__(der)
        # Out of the bytes: to decode a Name and encode it again costs several times that.
        every = attempt(parties, der) if self.error is None else None
        self.issuer_der, self.subject_der, self.key_der = every or (b"", b"", b"")
        self.self_issued = self.subject_der == self.issuer_der != b""
        before, after = self._dates = self._read_dates()
        self.not_before, self.not_after = readable(before) or NEVER, readable(after) or NEVER
        broken = before if isinstance(before, Unreadable) else after
        self.dates_unreadable = broken if isinstance(broken, Unreadable) else None

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the whole DER, hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def faults(self) -> tuple[str, ...]:
        """Sentences about whatever of the certificate itself, its extensions apart, is not encoded as it must be."""
        if self.error is not None or (self.x509 is not None and self.dates_unreadable is None):
            return ()
        malformed = self.parts.faults if self.parts else ()
        return malformed or ("It is not encoded as a certificate must be.",)

    @cached_property
    def version(self) -> int:
        """1, 2 or 3; another number where the certificate says so, 3 where it cannot be read."""
        if self.x509 is not None:
            return self.x509.version.value + 1
        return self.parts.version if self.parts else 3

    # -- who ------------------------------------------------------------------------------------------------------

    @cached_property
    def subject(self) -> str:
        """The subject in RFC 4514 form ("CN=mail.contoso.com,O=Contoso"), bounded; "" where it is empty."""
        name = self.subject_name
        return shortened((attempt(name.rfc4514_string) if name else None) or _name_text(self.subject_der), LONGEST_TEXT)

    @cached_property
    def issuer(self) -> str:
        """The issuer in RFC 4514 form, bounded."""
        whole = self.x509 is not None and len(self.issuer_der) <= LONGEST_DN
        return _issuer(self.issuer_der) if whole else shortened(_name_text(self.issuer_der), LONGEST_TEXT)

    @cached_property
    def common_names(self) -> tuple[str, ...]:
        """The values of every CN in the subject that can be read, as written, each bounded."""
        every: Iterable[str | None]
        if self.subject_name:
            every = (
                str(attribute.value) for attribute in self.subject_name.get_attributes_for_oid(NameOID.COMMON_NAME)
            )
        else:
            every = attempt(names.values, self.subject_der, names.COMMON_NAME) or ()
        return tuple(shortened(value, LONGEST_NAME) for value in every if value is not None)

    @cached_property
    def label(self) -> str:
        """The shortest name a person recognises: the CN, else the first DNS name, else the subject."""
        names_known = self.common_names or self.dns_names
        return names_known[0] if names_known and names_known[0] else self.subject or "(no subject)"

    @cached_property
    def serial(self) -> int:
        """The serial number, 0 where it cannot be read."""
        return readable(self._serial) or 0

    @property
    def serial_unreadable(self) -> bool:
        """Whether there is a serial number that cannot be read."""
        return isinstance(self._serial, Unreadable)

    @cached_property
    def _serial(self) -> int | Unreadable[int]:
        if self.x509:
            serial = self.x509.serial_number
            return serial if serial.bit_length() <= 8 * LONGEST_SERIAL else Unreadable("it is too long")
        return self.parts.serial if self.parts else Unreadable("it is missing")

    # -- when -----------------------------------------------------------------------------------------------------

    @property
    def known_dates(self) -> tuple[datetime | None, datetime | None]:
        """Both dates, None for one that cannot be read: for whoever shows them."""
        return readable(self._dates[0]), readable(self._dates[1])

    def _read_dates(self) -> tuple[datetime | Unreadable[datetime], datetime | Unreadable[datetime]]:
        if self.x509:
            try:
                return self.x509.not_valid_before_utc, self.x509.not_valid_after_utc
            except UNREADABLE:  # such as the year 0
                pass
        read = self.parts
        return (read.not_before, read.not_after) if read else (Unreadable("it is missing"), Unreadable("it is missing"))

    # -- key and signature ----------------------------------------------------------------------------------------

    @cached_property
    def public_key(self) -> CertificatePublicKeyTypes | None:
        """The key object, None where its algorithm or encoding is not known."""
        try:
            return self.x509.public_key() if self.x509 else _load_key(self.key_der)
        except UNREADABLE:
            return None

    @cached_property
    def spki_sha256(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo, hexadecimal; "" where the key cannot be read."""
        return spki_sha256(self.public_key) if self.public_key else ""

    @cached_property
    def key(self) -> Key:
        """The family and size of the public key."""
        return describe_key(self.public_key)

    @cached_property
    def signature_hash(self) -> str:
        """The hash of the signature, as "sha256"; "" where it has none of its own (Ed25519) or is unknown."""
        try:
            loaded = self.x509 or (skeleton(algorithm=self.parts.algorithm) if self.parts else None)
            algorithm = loaded.signature_hash_algorithm if loaded else None
        except UNREADABLE:
            return ""
        return algorithm.name if algorithm else ""

    # -- names ----------------------------------------------------------------------------------------------------

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every CN and DNS name that can be read, once, CN first, as written."""
        return tuple(dict.fromkeys((*self.common_names, *self.dns_names)))

    @cached_property
    def names_unreadable(self) -> str | None:
        """A clause about names that are there and cannot be read, None where all can."""
        listed = self.extension(x509.SubjectAlternativeName)
        if isinstance(listed, Unreadable):
            return f"the subject alternative name: {listed.reason}"
        if len(self.subject_der) > LONGEST_DN:
            return f"the subject: it is longer than the {LONGEST_DN // 1024} KiB that are read"
        if self.subject_name is not None or self.error is not None:
            return None
        values = attempt(names.values, self.subject_der, names.COMMON_NAME)
        return None if values is not None and None not in values else "the subject: its encoding is malformed"

    @cached_property
    def subject_name(self) -> x509.Name | None:
        """The subject as cryptography has it, None where it cannot decode it as a whole, or is too long."""
        loaded = self.x509 if len(self.subject_der) <= LONGEST_DN else None
        return attempt(lambda: loaded.subject) if loaded else None

    @cached_property
    def issuer_name(self) -> x509.Name | None:
        """The issuer's name likewise."""
        loaded = self.x509 if len(self.issuer_der) <= LONGEST_DN else None
        return attempt(lambda: loaded.issuer) if loaded else None


@lru_cache(maxsize=256)
def _issuer(name: bytes) -> str:
    """The text of a Name, the same for all that an authority issued."""
    try:
        text = skeleton(issuer=name).issuer.rfc4514_string() if name else ""
    except UNREADABLE:
        text = ""
    return shortened(text or _name_text(name), LONGEST_TEXT)


def told_apart(certificates: Sequence[Certificate]) -> tuple[str, ...]:
    """The label of each, with its serial number where another has the same label."""
    count = Counter(certificate.parsed.label for certificate in certificates)
    return tuple(
        f"{certificate.parsed.label} (serial number {certificate.parsed.serial:x})"
        if count[certificate.parsed.label] > 1
        else certificate.parsed.label
        for certificate in certificates
    )


def attempt(read: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T | None:
    """The value, or None where the bytes behind it cannot be read."""
    try:
        return read(*arguments, **options)
    except UNREADABLE:
        return None


def _load_key(spki: bytes) -> CertificatePublicKeyTypes | None:
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    return load_der_public_key(spki) if spki else None  # type: ignore[return-value]


def _name_text(name: bytes) -> str:
    return (attempt(names.text, name) if name else None) or ""
