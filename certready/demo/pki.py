"""A certification authority made on the fly, for the demonstration and for the tests.

Everything has a sane default and a keyword that overrides it; nothing is stored. Keys are ECDSA P-256 unless asked
otherwise, because an RSA key costs a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal, TypedDict, Unpack

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID
from msgspec import Struct, field

from certready.x509.issue import (
    CLIENT,
    DAY,
    SERVER,
    PrivateKey,
    Revoked,
    hash_for,
    key_usage,
    new_key,
    sign,
    subject,
)

__all__ = [
    "CLIENT",
    "DAY",
    "SERVER",
    "Authority",
    "AuthorityOptions",
    "Issued",
    "PrivateKey",
    "Revoked",
    "key_usage",
    "new_key",
    "now",
    "subject",
]


def now() -> datetime:
    """The present in UTC, whole seconds, as certificates hold it."""
    return datetime.now(UTC).replace(microsecond=0)


class AuthorityOptions(TypedDict, total=False):
    """What can be said about a new CA: its dates, its own extensions, and the pointers for what it will issue."""

    days: float
    age: float
    not_before: datetime
    not_after: datetime
    moment: datetime
    path_length: int | None
    ekus: Sequence[x509.ObjectIdentifier]
    extra: Iterable[tuple[x509.ExtensionType, bool]]
    without: Iterable[type[x509.ExtensionType]]
    subject_name: x509.Name
    serial: int
    hash_algorithm: hashes.HashAlgorithm
    crl_url: str | None
    ocsp_url: str | None
    aia_url: str | None
    crl_urls: Sequence[str]
    ocsp_urls: Sequence[str]


class Issued(Struct, frozen=True):
    """A certificate with its private key and whoever issued it (None: itself)."""

    x509: x509.Certificate
    key: PrivateKey
    issuer: Authority | None = None

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.x509.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate in PEM."""
        return self.x509.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key in PEM: PKCS#8, not encrypted."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def chain(self) -> tuple[Issued, ...]:
        """This certificate and its issuers, up to but without the root."""
        if self.issuer is None:
            return ()
        return (self, *self.issuer.chain)

    @property
    def chain_pem(self) -> bytes:
        """The chain as a gateway should send it: leaf first, no root."""
        return b"".join(link.pem for link in self.chain)


class Authority(Issued, frozen=True):
    """A certification authority. ``crl_url``, ``ocsp_url`` and ``aia_url`` go into what it issues."""

    crl_url: str | None = None
    ocsp_url: str | None = None
    aia_url: str | None = None
    moment: datetime = field(default_factory=now)

    @classmethod
    def root(
        cls, name: str = "Test Root", *, key: str | PrivateKey = "ec", **options: Unpack[AuthorityOptions]
    ) -> Authority:
        """A self-signed root valid for 20 years; ``options`` as for :meth:`issue` and the URLs of the class."""
        return _authority(None, name, key, options)

    def intermediate(
        self, name: str = "Test Intermediate", *, key: str | PrivateKey = "ec", **options: Unpack[AuthorityOptions]
    ) -> Authority:
        """A CA issued by this one, valid for ten years."""
        return _authority(self, name, key, options)

    def issue(
        self,
        *names: str,
        common_name: str | None = "",
        key: str | PrivateKey = "ec",
        days: float = 90,
        age: float = 1,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        ekus: Sequence[x509.ObjectIdentifier] | None = (SERVER, CLIENT),
        usage: x509.KeyUsage | Literal["default"] | None = "default",
        serial: int | None = None,
        hash_algorithm: hashes.HashAlgorithm | None = None,
        subject_name: x509.Name | None = None,
        san: Iterable[x509.GeneralName] | None = None,
        extra: Iterable[tuple[x509.ExtensionType, bool]] = (),
        without: Iterable[type[x509.ExtensionType]] = (),
        crl_urls: Sequence[str] | None = None,
        ocsp_urls: Sequence[str] | None = None,
    ) -> Issued:
        """A leaf for these DNS names, issued by this CA.

        Args:
            names: what the subject alternative name holds, unless ``san`` gives general names of any kind.
            common_name: the first name unless given; None leaves it out. ``subject_name`` is a whole subject instead.
            key: a kind of key that :func:`new_key` makes, or the key itself.
            days, age: how long it lasts, and how long ago it began, seen from the authority's moment; in days.
            not_before, not_after: its dates instead, aware.
            ekus, usage: the extended key usages and the key usage ("default" fits the key); None leaves them out.
            serial, hash_algorithm: None for a random number, and for the usual hash of the CA's key.
            extra, without: extensions to add, each with whether it is critical, and types of extensions to leave out.
            crl_urls, ocsp_urls: pointers in place of the authority's.
        """
        private = new_key(key) if isinstance(key, str) else key
        start = not_before or self.moment - age * DAY
        common_name = (names[0] if names else None) if common_name == "" else common_name
        extensions: list[tuple[x509.ExtensionType, bool]] = [(x509.BasicConstraints(ca=False, path_length=None), True)]
        if usage is not None:
            default = key_usage(
                "digital_signature", *(["key_encipherment"] if isinstance(private, rsa.RSAPrivateKey) else [])
            )
            extensions.append((default if usage == "default" else usage, True))
        if ekus is not None:
            extensions.append((x509.ExtendedKeyUsage(ekus), False))
        alternative = [x509.DNSName(name) for name in names] if san is None else list(san)
        if alternative:
            extensions.append((x509.SubjectAlternativeName(alternative), False))
        extensions += self.pointers(crl_urls, ocsp_urls) + list(extra)
        certificate = sign(
            subject_name if subject_name is not None else subject(common_name),
            private,
            (self.x509.subject, self.key),
            (start, not_after or start + days * DAY),
            [pair for pair in extensions if type(pair[0]) not in tuple(without)],
            serial=serial,
            hash_algorithm=hash_algorithm,
        )
        return Issued(certificate, private, self)

    def crl(
        self,
        revoked: Iterable[Revoked] = (),
        *,
        this_update: datetime | None = None,
        next_update: datetime | None = None,
        extra: Iterable[tuple[x509.ExtensionType, bool]] = (),
        signer: PrivateKey | None = None,
        issuer_name: x509.Name | None = None,
        hash_algorithm: hashes.HashAlgorithm | None = None,
    ) -> bytes:
        """A CRL of this CA, in DER (RFC 5280, 5).

        Args:
            revoked: (serial number, date, reason or None) of each certificate.
            this_update, next_update: aware; a day before the authority's moment, and a week later, by default.
            extra: extensions to add, each with whether it is critical.
            signer, issuer_name: the key that signs, and the issuer that the list names, in place of this CA's.
            hash_algorithm: None for the usual one of the key that signs.
        """
        begins = this_update or self.moment - DAY
        builder = x509.CertificateRevocationListBuilder().issuer_name(issuer_name or self.x509.subject)
        builder = builder.last_update(begins).next_update(next_update or begins + 7 * DAY)
        builder = builder.add_extension(x509.CRLNumber(1), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
        )
        for extension, critical in extra:
            builder = builder.add_extension(extension, critical=critical)
        for serial, date, reason in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(date)
            if reason is not None:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        private = signer or self.key
        signed = builder.sign(private, hash_algorithm or hash_for(private))  # type: ignore[arg-type]
        return signed.public_bytes(Encoding.DER)

    def ocsp(
        self,
        certificate: x509.Certificate,
        *,
        status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
        this_update: datetime | None = None,
        next_update: datetime | None = None,
        revoked_at: datetime | None = None,
        reason: x509.ReasonFlags | None = None,
        responder: Issued | None = None,
        issuer: x509.Certificate | None = None,
        algorithm: hashes.HashAlgorithm | None = None,
        by_name: bool = False,
        nonce: bytes | None = None,
    ) -> bytes:
        """An OCSP answer about ``certificate``, in DER (RFC 6960), signed by this CA or by a delegated ``responder``.

        Args:
            status: good, revoked or unknown; ``revoked_at`` (default: ``this_update``) and ``reason`` are for revoked.
            this_update, next_update: aware; a day before the authority's moment, and a week later, by default.
            responder: what signs in place of this CA; its certificate is sent along.
            issuer, algorithm: the issuer and the hash (SHA-1 by default) of the CertID.
            by_name: whether the responder is identified by its name instead of its key's hash.
            nonce: a nonce to answer with; None for none.
        """
        begins = this_update or self.moment - DAY
        signer = responder or self
        builder = ocsp.OCSPResponseBuilder().add_response(
            certificate,
            issuer or self.x509,
            algorithm or hashes.SHA1(),  # the CertID's hash, which names and does not protect (RFC 6960, 4.1.1)
            status,
            begins,
            next_update or begins + 7 * DAY,
            (revoked_at or begins) if status is ocsp.OCSPCertStatus.REVOKED else None,
            reason if status is ocsp.OCSPCertStatus.REVOKED else None,
        )
        encoding = ocsp.OCSPResponderEncoding.NAME if by_name else ocsp.OCSPResponderEncoding.HASH
        builder = builder.responder_id(encoding, signer.x509)
        if responder:
            builder = builder.certificates([responder.x509])
        if nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.sign(signer.key, hash_for(signer.key)).public_bytes(Encoding.DER)

    def pointers(
        self, crl_urls: Sequence[str] | None, ocsp_urls: Sequence[str] | None
    ) -> list[tuple[x509.ExtensionType, bool]]:
        """The CRL distribution points and authority information access that go into what this CA issues."""
        crls = ([self.crl_url] if self.crl_url else []) if crl_urls is None else crl_urls
        responders = ([self.ocsp_url] if self.ocsp_url else []) if ocsp_urls is None else ocsp_urls
        access = [(AuthorityInformationAccessOID.OCSP, url) for url in responders]
        access += [(AuthorityInformationAccessOID.CA_ISSUERS, self.aia_url)] if self.aia_url else []
        extensions: list[tuple[x509.ExtensionType, bool]] = []
        if crls:
            points = [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None) for url in crls]
            extensions.append((x509.CRLDistributionPoints(points), False))
        if access:
            entries = [x509.AccessDescription(oid, x509.UniformResourceIdentifier(url)) for oid, url in access]
            extensions.append((x509.AuthorityInformationAccess(entries), False))
        return extensions


def _authority(issuer: Authority | None, name: str, key: str | PrivateKey, options: AuthorityOptions) -> Authority:
    private = new_key(key) if isinstance(key, str) else key
    moment = options.get("moment") or (issuer.moment if issuer else now())
    start = options.get("not_before") or moment - options.get("age", 20 if issuer else 30) * DAY
    end = options.get("not_after") or start + options.get("days", 3650 if issuer else 7300) * DAY
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=True, path_length=options.get("path_length")), True),
        (key_usage("key_cert_sign", "crl_sign", "digital_signature"), True),
    ]
    ekus = options.get("ekus")
    if ekus is not None:
        extensions.append((x509.ExtendedKeyUsage(ekus), False))
    if issuer:
        extensions += issuer.pointers(options.get("crl_urls"), options.get("ocsp_urls"))
    extensions += options.get("extra", ())
    without = tuple(options.get("without", ()))
    own_name = options.get("subject_name") or subject(name)
    certificate = sign(
        own_name,
        private,
        (issuer.x509.subject, issuer.key) if issuer else (own_name, private),
        (start, end),
        [pair for pair in extensions if type(pair[0]) not in without],
        serial=options.get("serial"),
        hash_algorithm=options.get("hash_algorithm"),
    )
    urls = {field: options.get(field) for field in ("crl_url", "ocsp_url", "aia_url")}
    return Authority(certificate, private, issuer, moment=moment, **urls)  # type: ignore[arg-type]
