"""A certificate signing request (CSR, RFC 2986) as the names it asks for."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from certready.model import Planned
from certready.x509.certificate import attempt


def planned(request: x509.CertificateSigningRequest, place: str) -> Planned:
    """The CN and the DNS names of a request; what of them cannot be read is said."""
    subject = attempt(lambda: request.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
    listed = attempt(lambda: _alternative_names(request))
    unread = [part for part, value in (("its subject", subject), ("its alternative names", listed)) if value is None]
    names = (*(str(attribute.value) for attribute in subject or ()), *(listed or ()))
    return Planned(tuple(dict.fromkeys(names)), place, " and ".join(unread) or None)


def _alternative_names(request: x509.CertificateSigningRequest) -> tuple[str, ...]:
    try:
        extension = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(extension.value.get_values_for_type(x509.DNSName))
