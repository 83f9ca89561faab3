"""Names as .NET and Exchange write them: the ``<I>issuer<S>subject`` value of TlsCertificateName.

The order is that of X509Certificate2.Subject: the last relative name first, so that the CN leads. The keys and the
quoting are those of CertNameToStr with CERT_X500_NAME_STR: ``S`` for the state, ``E`` for the address, ``OID.1.2.3``
for what has no key; a value is quoted where it is empty, begins or ends with a blank, or holds one of ``,+="<>#;`` or a
line end, and a quotation mark in it is doubled. Source: Set-SendConnector, -TlsCertificateName; CertNameToStrW.
"""

from __future__ import annotations

import hashlib

from cryptography import x509

from certready.x509.certificate import Certificate

_KEYS = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "S",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "T",
    "2.5.4.13": "Description",
    "2.5.4.17": "PostalCode",
    "2.5.4.18": "POBox",
    "2.5.4.20": "Phone",
    "2.5.4.24": "X21Address",
    "2.5.4.42": "G",
    "2.5.4.43": "I",
    "2.5.4.46": "dnQualifier",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "E",
}
_QUOTED = frozenset(',+="\n<>#;')


def distinguished_name(name: x509.Name) -> str:
    """The name as X509Certificate2.Subject gives it, such as ``CN=mail.contoso.com, O="Contoso, Inc.", S=WA, C=US``."""
    return ", ".join(" + ".join(map(_attribute, rdn)) for rdn in reversed(name.rdns))


def tls_certificate_name(certificate: Certificate) -> str | None:
    """``<I>issuer<S>subject`` for TlsCertificateName, None where the certificate or one of its names cannot be read.

    With an empty subject (Let's Encrypt's tlsserver profile) nothing follows ``<S>``.
    """
    issuer, subject = certificate.parsed.issuer_name, certificate.parsed.subject_name
    if issuer is None or subject is None:
        return None
    return f"<I>{distinguished_name(issuer)}<S>{distinguished_name(subject)}"


def thumbprint(certificate: Certificate) -> str:
    """The thumbprint of Windows: SHA-1 of the DER, 40 upper-case hexadecimal digits. It names and protects nothing."""
    return hashlib.sha1(certificate.der, usedforsecurity=False).hexdigest().upper()


def _attribute(attribute: x509.NameAttribute[str | bytes]) -> str:
    oid, value = attribute.oid.dotted_string, attribute.value
    text = f"#{value.hex().upper()}" if isinstance(value, bytes) else _quoted(value)
    return f"{_KEYS.get(oid, f'OID.{oid}')}={text}"


def _quoted(value: str) -> str:
    if value and not value[0].isspace() and not value[-1].isspace() and not _QUOTED & set(value):
        return value
    return '"' + value.replace('"', '""') + '"'
