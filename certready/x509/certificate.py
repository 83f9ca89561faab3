"""One X.509 certificate: its DER bytes, and everything that is read out of them once.

``Certificate`` is the value that travels (hashable, picklable); ``Certificate.parsed`` is the reading, kept in a
bounded memo beside it, because a certificate is looked at by many checks and must be decoded by none of them twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeVar, cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from msgspec import Struct

from certready.x509.der import parties
from certready.x509.key import Key, describe_key, spki_sha256

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

E = TypeVar("E", bound=x509.ExtensionType)

SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
ANY_EKU = "2.5.29.37.0"

# What the ASN.1 readers raise on hostile bytes; everything else is a bug and may surface.
# KeyError is what cryptography before 50 raises for a string type in a name that it does not know.
UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class Certificate(Struct, frozen=True):
    """A certificate as it was met. Two are the same exactly when all their bytes are."""

    der: bytes

    @property
    def sha256(self) -> str:
        """The identity: SHA-256 of the whole DER, 64 lower-case hexadecimal digits."""
        return self.parsed.sha256

    @property
    def parsed(self) -> Parsed:
        """What the bytes say. Never raises: ``parsed.error`` tells why they cannot be read."""
        return _parse(self.der)

    def __repr__(self) -> str:
        return f"<Certificate {self.parsed.label} {self.sha256[:12]}>"


@lru_cache(maxsize=2048)
def _parse(der: bytes) -> Parsed:
    return Parsed(der)


class Parsed:
    """The reading of one certificate. Attributes are computed when first asked for.

    ``x509`` is None, and ``error`` a sentence, where the bytes are no certificate that cryptography reads; every
    other attribute is then empty. ``extensions_error`` is set where it loads but its extensions do not.
    """

    def __init__(self, der: bytes) -> None:
        self.der = der
        self.error: str | None = None
        self.x509: x509.Certificate | None = None
        try:
            self.x509 = x509.load_der_x509_certificate(der)
        except UNREADABLE as error:
            self.error = first_line(error)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the whole DER, hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    # -- who ------------------------------------------------------------------------------------------------------

    @cached_property
    def subject(self) -> str:
        """The subject in RFC 4514 form ("CN=mail.contoso.com,O=Contoso"), "" where it is empty."""
        return _name_text(self._subject) if self._subject else ""

    @cached_property
    def issuer(self) -> str:
        """The issuer in RFC 4514 form."""
        loaded = self.x509
        name = attempt(lambda: loaded.issuer) if loaded else None
        return _name_text(name) if name else ""

    @property
    def subject_der(self) -> bytes:
        """The subject Name, DER as it stands: what a child's ``issuer_der`` is compared with."""
        return self._parties[1]

    @property
    def issuer_der(self) -> bytes:
        """The issuer Name, DER as it stands."""
        return self._parties[0]

    @property
    def key_der(self) -> bytes:
        """The SubjectPublicKeyInfo, DER as it stands; "" where the certificate cannot be read."""
        return self._parties[2]

    @cached_property
    def common_names(self) -> tuple[str, ...]:
        """The values of every CN in the subject, as written."""
        found = self._subject.get_attributes_for_oid(NameOID.COMMON_NAME) if self._subject else ()
        return tuple(str(attribute.value) for attribute in found)

    @cached_property
    def label(self) -> str:
        """The shortest name a person recognises: the CN, else the first DNS name, else the subject."""
        names = self.common_names or self.dns_names
        return names[0] if names and names[0] else self.subject or "(no subject)"

    @cached_property
    def serial(self) -> int:
        return self.x509.serial_number if self.x509 else 0

    @property
    def self_issued(self) -> bool:
        """Subject and issuer are the same name (RFC 5280, 3.2); whether it signed itself is ``path``'s question."""
        return bool(self.x509) and self.subject_der == self.issuer_der

    # -- when -----------------------------------------------------------------------------------------------------

    @cached_property
    def not_before(self) -> datetime:
        return self.x509.not_valid_before_utc if self.x509 else datetime.min.replace(tzinfo=UTC)

    @cached_property
    def not_after(self) -> datetime:
        return self.x509.not_valid_after_utc if self.x509 else datetime.min.replace(tzinfo=UTC)

    # -- key and signature ----------------------------------------------------------------------------------------

    @cached_property
    def public_key(self) -> CertificatePublicKeyTypes | None:
        """The key object, None where its algorithm or encoding is not known."""
        try:
            return self.x509.public_key() if self.x509 else None
        except UNREADABLE:
            return None

    @cached_property
    def spki_sha256(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo, hexadecimal; "" where the key cannot be read."""
        return spki_sha256(self.public_key) if self.public_key else ""

    @cached_property
    def key(self) -> Key:
        return describe_key(self.public_key)

    @cached_property
    def signature_hash(self) -> str:
        """The hash of the signature, as "sha256"; "" where it has none of its own (Ed25519) or is unknown."""
        try:
            found = self.x509.signature_hash_algorithm if self.x509 else None
        except UNREADABLE:
            return ""
        return found.name if found else ""

    # -- extensions -----------------------------------------------------------------------------------------------

    @cached_property
    def _extensions(self) -> tuple[x509.Extensions, str | None]:
        if self.x509:
            try:
                return self.x509.extensions, None
            except (*UNREADABLE, x509.DuplicateExtension) as error:
                return x509.Extensions([]), first_line(error)
        return x509.Extensions([]), None

    @property
    def extensions(self) -> x509.Extensions:
        """Every extension, or none where they cannot be read (``extensions_error`` then says why)."""
        return self._extensions[0]

    @property
    def extensions_error(self) -> str | None:
        return self._extensions[1]

    @cached_property
    def _values(self) -> dict[type, x509.ExtensionType]:
        return {type(one.value): one.value for one in self.extensions}

    def extension(self, kind: type[E]) -> E | None:
        """The value of the extension of this type, or None."""
        return cast("E | None", self._values.get(kind))

    @property
    def is_ca(self) -> bool:
        basic = self.extension(x509.BasicConstraints)
        return bool(basic and basic.ca)

    @property
    def key_usage(self) -> x509.KeyUsage | None:
        return self.extension(x509.KeyUsage)

    @cached_property
    def ekus(self) -> tuple[str, ...] | None:
        """The extended key usages as dotted OIDs; None where the extension is absent (no restriction)."""
        found = self.extension(x509.ExtendedKeyUsage)
        return None if found is None else tuple(usage.dotted_string for usage in found)

    @cached_property
    def _alternative_names(self) -> x509.SubjectAlternativeName | None:
        return self.extension(x509.SubjectAlternativeName)

    @cached_property
    def dns_names(self) -> tuple[str, ...]:
        """The DNS names of the subject alternative name, as written."""
        names = self._alternative_names
        return tuple(names.get_values_for_type(x509.DNSName)) if names else ()

    @cached_property
    def ip_names(self) -> tuple[str, ...]:
        """The IP addresses of the subject alternative name, as text."""
        names = self._alternative_names
        return tuple(str(value) for value in names.get_values_for_type(x509.IPAddress)) if names else ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every CN and DNS name once, CN first, as written."""
        return tuple(dict.fromkeys((*self.common_names, *self.dns_names)))

    @cached_property
    def crl_urls(self) -> tuple[str, ...]:
        """Every URI of the CRL distribution points, any scheme, in order (RFC 5280, 4.2.1.13)."""
        points = self.extension(x509.CRLDistributionPoints)
        names = [name for point in points or () for name in point.full_name or ()]
        return tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))

    @cached_property
    def ocsp_urls(self) -> tuple[str, ...]:
        """Every OCSP responder of the authority information access (RFC 5280, 4.2.2.1)."""
        return self._access(AuthorityInformationAccessOID.OCSP)

    @cached_property
    def ca_issuer_urls(self) -> tuple[str, ...]:
        """Where the issuer's certificate can be fetched (caIssuers)."""
        return self._access(AuthorityInformationAccessOID.CA_ISSUERS)

    @cached_property
    def subject_key_id(self) -> bytes | None:
        found = self.extension(x509.SubjectKeyIdentifier)
        return found.digest if found else None

    @cached_property
    def authority_key_id(self) -> bytes | None:
        found = self.extension(x509.AuthorityKeyIdentifier)
        return found.key_identifier if found else None

    @cached_property
    def must_staple(self) -> bool:
        """The TLS feature status_request is demanded (RFC 7633)."""
        found = self.extension(x509.TLSFeature)
        return bool(found and x509.TLSFeatureType.status_request in found)

    def _access(self, method: x509.ObjectIdentifier) -> tuple[str, ...]:
        found = self.extension(x509.AuthorityInformationAccess)
        names = [entry.access_location for entry in found or () if entry.access_method == method]
        return tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))

    @cached_property
    def _subject(self) -> x509.Name | None:
        """The subject, None where it cannot be decoded: cryptography decodes names late and raises then."""
        loaded = self.x509
        return attempt(lambda: loaded.subject) if loaded else None

    @cached_property
    def _parties(self) -> tuple[bytes, bytes, bytes]:
        """Issuer, subject and key out of the bytes: to decode a Name and encode it again costs several times that."""
        return (attempt(lambda: parties(self.der)) if self.x509 else None) or (b"", b"", b"")


T = TypeVar("T")


def attempt(read: Callable[[], T]) -> T | None:
    """The value, or None where the bytes behind it cannot be read."""
    try:
        return read()
    except UNREADABLE:
        return None


def first_line(error: BaseException) -> str:
    """The first line of an error's text, at most 200 characters: library errors quote whole structures."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _name_text(name: x509.Name) -> str:
    return attempt(name.rfc4514_string) or ""
