"""What the extensions of a certificate say, each decoded by itself where they cannot be as a whole."""

from __future__ import annotations

from itertools import islice
from typing import Any, TypeVar

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from certready.wording import shortened
from certready.x509.der import MalformedError
from certready.x509.extensions import UNREADABLE, Extension, decode
from certready.x509.kept import cached_property
from certready.x509.parts import Parts, parts
from certready.x509.unreadable import Unreadable, readable

E = TypeVar("E", bound=x509.ExtensionType)

LONGEST_NAME = 300  # characters of a name that are kept: one over 253 is no host name (RFC 1035, 2.3.4)
# How much of a list is read. No authority issues more, and no TLS library takes a certificate that has them.
MOST_LISTED: dict[type[x509.ExtensionType], int] = {
    x509.SubjectAlternativeName: 5000,
    x509.CRLDistributionPoints: 100,
    x509.AuthorityInformationAccess: 100,
    x509.ExtendedKeyUsage: 100,
}


class Extended:
    """A certificate's bytes, what cryptography makes of them, and what its extensions say.

    ``error`` is a clause where the bytes have not even the shape of a certificate; there is no extension then. ``x509``
    is None where cryptography refuses to load the certificate, which is read part by part then.
    """

    def __init__(self, der: bytes) -> None:
        self.der = der
        self.error: str | None = None
        self.x509: x509.Certificate | None = None
        try:
            self.x509 = x509.load_der_x509_certificate(der)
        except UNREADABLE:
            try:
                self.parts = parts(der)
            except MalformedError as error:
                self.error = str(error)

    @cached_property
    def parts(self) -> Parts | None:
        """The certificate part by part, for whatever cryptography does not read."""
        try:
            return parts(self.der) if self.error is None else None
        except MalformedError:
            return None

    @cached_property
    def extensions(self) -> tuple[Extension, ...]:
        """Every extension that has the shape of one, each decoded by itself where they cannot be as a whole."""
        if self.whole is not None:
            return tuple(
                Extension(extension.oid.dotted_string, extension.critical, _bounded(extension.value))
                for extension in self.whole
            )
        return decode(self.parts.extensions) if self.parts else ()

    @property
    def critical(self) -> tuple[str, ...]:
        """The types of the critical extensions, dotted OIDs."""
        return self._sorted[1]

    @cached_property
    def whole(self) -> x509.Extensions | None:
        """The extensions as cryptography reads them, None where it does not: then one of them cannot be read."""
        try:
            return self.x509.extensions if self.x509 else None
        except UNREADABLE:
            return None

    @cached_property
    def _sorted(self) -> tuple[dict[type | str, Any], tuple[str, ...]]:
        """The values of the extensions, by type where they can be read as a whole, else by dotted OID; and the types of
        the critical ones."""
        values: dict[type | str, Any] = {}
        critical: list[str] = []
        if self.whole is None:
            for part in self.extensions:
                values[part.oid] = part.value
                if part.critical:
                    critical.append(part.oid)
            return values, tuple(critical)
        for extension in self.whole:
            value = extension.value
            kind = type(value)
            values[kind] = _bounded(value) if kind in MOST_LISTED else value
            if extension.critical:
                critical.append(extension.oid.dotted_string)
        return values, tuple(critical)

    def extension(self, kind: type[E]) -> E | Unreadable[E] | None:
        """The value of the extension of this type, None where it is not there."""
        values, _ = self._sorted
        if self.whole is not None:
            return values.get(kind)
        value = values.get(kind.oid.dotted_string)
        if value is None and self.x509 is None and self.parts and not self.parts.complete:
            return Unreadable("there is an extension whose type cannot be read")
        return value if isinstance(value, kind | Unreadable) else None

    @cached_property
    def is_ca(self) -> bool:
        """Whether it says that it is a CA; what cannot be read says nothing (``path.lint`` tells the two apart)."""
        basic = readable(self.extension(x509.BasicConstraints))
        return bool(basic and basic.ca)

    @cached_property
    def may_be_ca(self) -> bool:
        """Whether it says that it is a CA, or says something about it that cannot be read."""
        basic = self.extension(x509.BasicConstraints)
        return isinstance(basic, Unreadable) or bool(basic and basic.ca)

    @property
    def key_usage(self) -> x509.KeyUsage | Unreadable[x509.KeyUsage] | None:
        """The key usage (RFC 5280, 4.2.1.3); None where the extension is absent."""
        return self.extension(x509.KeyUsage)

    @cached_property
    def ekus(self) -> tuple[str, ...] | Unreadable[tuple[str, ...]] | None:
        """The extended key usages as dotted OIDs; None where the extension is absent (no restriction)."""
        usages = self.extension(x509.ExtendedKeyUsage)
        if isinstance(usages, Unreadable):
            return Unreadable(usages.reason, _dotted(usages.rest) if usages.rest else None)
        return None if usages is None else _dotted(usages)

    @cached_property
    def _alternative_names(self) -> x509.SubjectAlternativeName | None:
        return readable(self.extension(x509.SubjectAlternativeName))

    @cached_property
    def dns_names(self) -> tuple[str, ...]:
        """The DNS names of the subject alternative name that can be read, as written, each bounded."""
        listed = self._alternative_names
        values = listed.get_values_for_type(x509.DNSName) if listed else ()
        return tuple(shortened(name, LONGEST_NAME) for name in values)

    @cached_property
    def ip_names(self) -> tuple[str, ...]:
        """The IP addresses of the subject alternative name that can be read, as text."""
        listed = self._alternative_names
        return tuple(str(value) for value in listed.get_values_for_type(x509.IPAddress)) if listed else ()

    @cached_property
    def crl_urls(self) -> tuple[str, ...]:
        """Every URI of the CRL distribution points that can be read, any scheme, in order (RFC 5280, 4.2.1.13)."""
        every = [name for point in self.crl_points for name in point.full_name or ()]
        return tuple(name.value for name in every if isinstance(name, x509.UniformResourceIdentifier))

    @cached_property
    def crl_points(self) -> tuple[x509.DistributionPoint, ...]:
        """The CRL distribution points that can be read."""
        points = readable(self.extension(x509.CRLDistributionPoints))
        return tuple(points) if points else ()

    @cached_property
    def ocsp_urls(self) -> tuple[str, ...]:
        """Every OCSP responder of the authority information access that can be read (RFC 5280, 4.2.2.1)."""
        return self._access(AuthorityInformationAccessOID.OCSP)

    @cached_property
    def ca_issuer_urls(self) -> tuple[str, ...]:
        """Where the issuer's certificate can be fetched (caIssuers)."""
        return self._access(AuthorityInformationAccessOID.CA_ISSUERS)

    @cached_property
    def pointers_unreadable(self) -> str | None:
        """A clause about pointers to revocation that are there and cannot be read, None where all can."""
        kinds: tuple[tuple[type[x509.ExtensionType], str], ...] = (
            (x509.CRLDistributionPoints, "CRL distribution points"),
            (x509.AuthorityInformationAccess, "authority information access"),
        )
        for kind, name in kinds:
            value = self.extension(kind)
            if isinstance(value, Unreadable):
                return f"the {name}: {value.reason}"
        return None

    @cached_property
    def subject_key_id(self) -> bytes | None:
        """A hint for finding the issuer, None where there is none to be read."""
        identifier = readable(self.extension(x509.SubjectKeyIdentifier))
        return identifier.digest if identifier else None

    @cached_property
    def authority_key_id(self) -> bytes | None:
        """A hint for finding the issuer, None where there is none to be read."""
        identifier = readable(self.extension(x509.AuthorityKeyIdentifier))
        return identifier.key_identifier if identifier else None

    @cached_property
    def must_staple(self) -> bool:
        """The TLS feature status_request is demanded (RFC 7633), as far as that can be read."""
        features = readable(self.extension(x509.TLSFeature))
        return bool(features and x509.TLSFeatureType.status_request in features)

    def _access(self, method: x509.ObjectIdentifier) -> tuple[str, ...]:
        descriptions = readable(self.extension(x509.AuthorityInformationAccess))
        locations = [entry.access_location for entry in descriptions or () if entry.access_method == method]
        return tuple(name.value for name in locations if isinstance(name, x509.UniformResourceIdentifier))


def _dotted(usages: x509.ExtendedKeyUsage) -> tuple[str, ...]:
    return tuple(usage.dotted_string for usage in usages)


def _bounded(value: Any) -> Any:
    """The value of an extension, of a list too long to be read whole its beginning."""
    most = MOST_LISTED.get(type(value))
    if most is None or (count := _count(value)) <= most:
        return value
    first_items = list(islice(value, most))
    rest = type(value)(first_items) if _count(first_items) <= most else None
    return Unreadable(f"it lists {count} elements, and no more than {most} are read", rest)


def _count(listed: Any) -> int:
    """The elements of a list, of distribution points with every name of each."""
    if isinstance(listed, x509.CRLDistributionPoints | list):
        return sum(max(1, len(getattr(item, "full_name", None) or ())) for item in listed)
    return len(listed)
