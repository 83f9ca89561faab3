"""A revocation list as it is read: its parts, and what it says of itself, each read once."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from cryptography import x509

from certready.revocation.layout import Layout, layout, may_be_critical
from certready.x509.certificate import E
from certready.x509.kept import cached_property

# Up to here cryptography reads every entry as well (2 ms a megabyte), and refuses the list where one is malformed; of a
# longer list it reads what is around the entries and one entry of every form, and all of them only where they have many
# forms or the bytes among them allow that one is about the certificate.
READ_IN_FULL = 4 * 1024 * 1024
# Whose a list is, is worked out once for the many certificates of a run, where it is small; the bytes of a long one are
# held no longer than they are needed.
REMEMBERED = 1024 * 1024
LISTS_REMEMBERED = 64
UNDERSTOOD = (
    x509.IssuingDistributionPoint,
    x509.DeltaCRLIndicator,
    x509.CRLNumber,
    x509.AuthorityKeyIdentifier,
    x509.FreshestCRL,
    x509.IssuerAlternativeName,
    x509.AuthorityInformationAccess,
)
UNDERSTOOD_IN_ENTRY = (x509.CRLReason, x509.InvalidityDate)


class RevocationList:
    """One list: its bytes, where its parts lie, and everything but its entries as cryptography reads it (``header``
    holds a few of them, which are not looked at). What it says of itself is read once, for whoever asks about it.

    Reading any of it may raise one of MISREAD.
    """

    def __init__(self, der: bytes, parts: Layout, header: x509.CertificateRevocationList) -> None:
        self.der = der
        self.layout = parts
        self.header = header

    @cached_property
    def issuer(self) -> bytes:
        """The issuer's name, DER."""
        return self.header.issuer.public_bytes()

    @cached_property
    def dates(self) -> tuple[datetime, datetime | None]:
        """thisUpdate and nextUpdate."""
        return self.header.last_update_utc, self.header.next_update_utc

    @cached_property
    def scope(self) -> x509.IssuingDistributionPoint | None:
        return self._extension(x509.IssuingDistributionPoint)

    @cached_property
    def delta(self) -> bool:
        """Whether it holds only what changed since another list."""
        return self._extension(x509.DeltaCRLIndicator) is not None

    @cached_property
    def key_id(self) -> bytes | None:
        """The identifier of the key that it says signed it."""
        named = self._extension(x509.AuthorityKeyIdentifier)
        return named.key_identifier if named else None

    @cached_property
    def unknown(self) -> x509.ObjectIdentifier | None:
        """The first critical extension of the list itself that is not understood."""
        critical = (extension for extension in self.header.extensions if extension.critical)
        return next((extension.oid for extension in critical if type(extension.value) not in UNDERSTOOD), None)

    @cached_property
    def unknown_in_entries(self) -> x509.ObjectIdentifier | None:
        """The first critical entry extension that is not understood. Entries are looked at one by one only where the
        bytes of a critical flag occur among them at all, which in a large list saves nearly all the work."""
        if self.layout.entries is None or not may_be_critical(self.layout.entries):
            return None
        critical = (extension for entry in self.in_full() for extension in entry.extensions if extension.critical)
        return next((extension.oid for extension in critical if type(extension.value) not in UNDERSTOOD_IN_ENTRY), None)

    def _extension(self, kind: type[E]) -> E | None:
        values = (extension.value for extension in self.header.extensions)
        return next((value for value in values if isinstance(value, kind)), None)

    def in_full(self) -> x509.CertificateRevocationList:
        """The list with its entries. Raises ValueError where any of them is malformed."""
        return x509.load_der_x509_crl(self.der)


def read(der: bytes) -> RevocationList:
    """Raises one of MISREAD where these bytes are no list."""
    return _remembered(der) if len(der) <= REMEMBERED else _parsed(der)


@lru_cache(maxsize=LISTS_REMEMBERED)
def _remembered(der: bytes) -> RevocationList:
    return _parsed(der)


def _parsed(der: bytes) -> RevocationList:
    parts = layout(der)
    crl = RevocationList(der, parts, x509.load_der_x509_crl(parts.header))
    if len(der) <= READ_IN_FULL:
        crl.in_full()
    return crl
