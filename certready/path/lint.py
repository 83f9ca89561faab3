"""Everything that is wrong with a path, each problem tied to its certificate (RFC 5280, 6.1 and 4.2).

Engines stop at the first problem; an administrator who has to order a new certificate wants all of them. Dates are
not judged here but in ``checks/expiry.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from msgspec import Struct

from certready.path import constraints
from certready.x509.certificate import ANY_EKU, CLIENT_AUTH, SERVER_AUTH, Certificate
from certready.x509.extensions import Extension
from certready.x509.key import USUAL
from certready.x509.unreadable import Unreadable, readable

NOT_A_CA = "not-a-ca"
PATH_LENGTH = "path-length"
KEY_CERT_SIGN = "key-cert-sign"
EKU_CHAIN = "eku-chain"  # a CA that may issue for no TLS at all
EKU_CLIENT_ONLY = "eku-client-only"  # a CA that may issue for TLS clients, not for servers
WEAK_SIGNATURE = "weak-signature"
WEAK_KEY = "weak-key"  # of an issuer; the leaf's own key is judged by checks/key.py
EXPLICIT_CURVE = "explicit-curve"
CRITICAL_EXTENSION = "critical-extension"
UNREADABLE = "unreadable"  # something cannot be read: not known to be wrong, and never trusted
NAME_CONSTRAINTS = "name-constraints"
NAME_LIMIT = "name-constraints-limit"  # too many to compare
LEAF_IS_CA = "leaf-is-ca"

# Windows takes a CA certificate as a server's own; strict verifiers do not, and say so when they are asked.
TOLERATED = frozenset({LEAF_IS_CA})

WEAK_HASHES = frozenset({"md2", "md4", "md5", "sha1"})
MINIMUM_RSA, BREAKABLE_RSA, MINIMUM_EC = 2048, 1024, 256  # bits
PRIME_FIELD = bytes.fromhex(
    "06072a8648ce3d0101"
)  # the OID that opens a curve given by its parameters (RFC 3279, 2.3.5)

# Critical extensions that are understood here or by the engines (RFC 5280, 4.2.1; RFC 7633; RFC 6960, 4.2.2.2.1).
UNDERSTOOD = frozenset(
    {
        "2.5.29.15",  # keyUsage
        "2.5.29.17",  # subjectAltName
        "2.5.29.18",  # issuerAltName
        "2.5.29.19",  # basicConstraints
        "2.5.29.30",  # nameConstraints
        "2.5.29.31",  # cRLDistributionPoints
        "2.5.29.32",  # certificatePolicies
        "2.5.29.33",  # policyMappings
        "2.5.29.36",  # policyConstraints
        "2.5.29.37",  # extKeyUsage
        "2.5.29.54",  # inhibitAnyPolicy
        "1.3.6.1.5.5.7.1.24",  # TLS feature
        "1.3.6.1.5.5.7.48.1.5",  # OCSP nocheck
    }
)
# These must not be critical (RFC 5280, 4.2.1.1, 4.2.1.2, 4.2.2.1), and verifiers refuse them where they are.
NEVER_CRITICAL = {
    "2.5.29.14": "subjectKeyIdentifier",
    "2.5.29.35": "authorityKeyIdentifier",
    "1.3.6.1.5.5.7.1.1": "authorityInfoAccess",
}
# What limits a CA, critical or not, and what does so where policies are demanded (RFC 5280, 6.1).
DECIDING = frozenset({"2.5.29.15", "2.5.29.19", "2.5.29.30", "2.5.29.36", "2.5.29.37"})
POLICIES = frozenset({"2.5.29.32", "2.5.29.33", "2.5.29.54"})
EXTENSION_NAMES = {
    "2.5.29.14": "subjectKeyIdentifier",
    "2.5.29.15": "keyUsage",
    "2.5.29.17": "subjectAltName",
    "2.5.29.19": "basicConstraints",
    "2.5.29.30": "nameConstraints",
    "2.5.29.31": "cRLDistributionPoints",
    "2.5.29.32": "certificatePolicies",
    "2.5.29.35": "authorityKeyIdentifier",
    "2.5.29.37": "extKeyUsage",
    "1.3.6.1.5.5.7.1.1": "authorityInfoAccess",
    "1.3.6.1.5.5.7.1.24": "TLS feature",
}
# Windows understands its own older form of the extended key usage (CertSrv's szOID_APPLICATION_CERT_POLICIES).
APPLICATION_POLICIES = "1.3.6.1.4.1.311.21.10"
_FOR_SERVERS = (bytes.fromhex("06082b06010505070301"), bytes.fromhex("060a2b0601040182370a0c01"))
PRECERTIFICATE = "1.3.6.1.4.1.11129.2.4.3"  # RFC 6962, 3.1


class Problem(Struct, frozen=True):
    """One thing that is wrong: ``kind`` is a constant of this module, ``certificate`` the SHA-256 of the one that is
    to blame, ``message`` a sentence."""

    kind: str
    certificate: str
    message: str


Found = Iterator[tuple[str, Certificate, str]]


def problems(path: tuple[Certificate, ...], *, rooted: bool) -> tuple[Problem, ...]:
    """Every problem of a path, leaf first. ``rooted``: the last certificate is self-signed or an anchor, whose own
    signature protects nothing and is not judged."""
    constrained = constraints.of(path)
    results = [problem for lint in LINTS for problem in lint(path)]
    results += _unreadable(path, constrained)
    results += _names(path, constrained)
    results += _weak_signatures(path[:-1] if rooted else path)
    return tuple(dict.fromkeys(Problem(kind, certificate.sha256, message) for kind, certificate, message in results))


def _authority(path: tuple[Certificate, ...]) -> Found:
    """Every issuer is a CA that may sign certificates (RFC 5280, 6.1.4 k and n); the leaf is none."""
    for certificate in path[1:]:
        parsed = certificate.parsed
        basic, usage = parsed.extension(x509.BasicConstraints), readable(parsed.key_usage)
        # A root of version 1 cannot say that it is a CA; being in the store says it.
        old_root = certificate is path[-1] and parsed.self_issued and parsed.version < 3
        unknown = isinstance(basic, Unreadable)  # said by _unreadable; what cannot be read is not absent
        if not parsed.is_ca and not unknown and not old_root:
            yield NOT_A_CA, certificate, f"{parsed.label} issued a certificate of this chain, but is no CA."
        if usage and not usage.key_cert_sign:
            yield KEY_CERT_SIGN, certificate, f"The key usage of {parsed.label} does not allow it to sign certificates."
    if path[0].parsed.is_ca and len(path) > 1:
        yield LEAF_IS_CA, path[0], f"{path[0].parsed.label} is a CA certificate and is used as a server's or client's."


def _path_length(path: tuple[Certificate, ...]) -> Found:
    """pathLenConstraint counts the intermediates below that are not self-issued (RFC 5280, 4.2.1.9)."""
    below = 0
    for certificate in path[1:]:
        parsed = certificate.parsed
        basic = readable(parsed.extension(x509.BasicConstraints))
        if basic and basic.path_length is not None and below > basic.path_length:
            message = f"{parsed.label} allows {basic.path_length} CAs below it, and this chain has {below}."
            yield PATH_LENGTH, certificate, message
        below += not parsed.self_issued


def _extended_key_usage(path: tuple[Certificate, ...]) -> Found:
    """An EKU in a CA certificate limits what it may issue for, as Windows, Mozilla and the CA/B Baseline
    Requirements 7.1.2.10.6 read it."""
    for certificate in path[1:]:
        usages = certificate.parsed.ekus
        if usages is None or isinstance(usages, Unreadable) or SERVER_AUTH in usages or ANY_EKU in usages:
            continue
        if CLIENT_AUTH in usages:
            message = f"{certificate.parsed.label} may issue certificates for TLS clients, not for TLS servers."
            yield EKU_CLIENT_ONLY, certificate, message
        else:
            message = f"{certificate.parsed.label} may not issue certificates for TLS (extended key usage)."
            yield EKU_CHAIN, certificate, message


def _keys(path: tuple[Certificate, ...]) -> Found:
    """Issuers' keys are of the size the CA/B Baseline Requirements 6.1.5 ask for; of a root, whose programme judges
    its strength, only what can be broken is refused. Curves are named, never spelt out (RFC 5480, 2.1.1)."""
    for certificate in path[1:]:
        if certificate.parsed.key_der.startswith(USUAL):  # large enough, and dear to load
            continue
        key = certificate.parsed.public_key
        root = certificate is path[-1] and certificate.parsed.self_issued
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < (BREAKABLE_RSA if root else MINIMUM_RSA):
            message = f"The issuer {certificate.parsed.label} has an RSA key of only {key.key_size} bits."
            yield WEAK_KEY, certificate, message
        if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < MINIMUM_EC:
            message = f"The issuer {certificate.parsed.label} has an elliptic curve key of only {key.key_size} bits."
            yield WEAK_KEY, certificate, message
    for certificate in path:
        if PRIME_FIELD in certificate.der and isinstance(certificate.parsed.public_key, ec.EllipticCurvePublicKey):
            message = f"The key of {certificate.parsed.label} spells out its elliptic curve instead of naming it."
            yield EXPLICIT_CURVE, certificate, message


def _weak_signatures(signed: tuple[Certificate, ...]) -> Found:
    for certificate in signed:
        name = certificate.parsed.signature_hash
        if name in WEAK_HASHES:
            shown = name.upper().replace("SHA1", "SHA-1")
            yield WEAK_SIGNATURE, certificate, f"{certificate.parsed.label} is signed with {shown}."


def _extensions(path: tuple[Certificate, ...]) -> Found:
    """A critical extension that is not understood refuses the certificate (RFC 5280, 4.2)."""
    for certificate in path:
        parsed = certificate.parsed
        for oid in parsed.critical:
            if oid in UNDERSTOOD:
                continue
            if oid == PRECERTIFICATE:
                yield CRITICAL_EXTENSION, certificate, f"{parsed.label} is a precertificate, which is not for use."
            elif oid in NEVER_CRITICAL:
                message = f"{parsed.label} marks {NEVER_CRITICAL[oid]} as critical, which is not allowed."
                yield CRITICAL_EXTENSION, certificate, message
            elif oid == APPLICATION_POLICIES:
                if not _policies_for_servers(certificate):
                    message = f"{parsed.label} has critical application policies, and they do not name TLS servers."
                    yield UNREADABLE, certificate, message
            else:
                message = f"{parsed.label} has the critical extension {oid}, which is not understood."
                yield CRITICAL_EXTENSION, certificate, message


def _policies_for_servers(certificate: Certificate) -> bool:
    """Whether the application policies name TLS servers, or any use."""
    values = (extension.value for extension in certificate.parsed.extensions if extension.oid == APPLICATION_POLICIES)
    written = next((value.value for value in values if isinstance(value, x509.UnrecognizedExtension)), b"")
    return any(usage in written for usage in _FOR_SERVERS)


def _unreadable(path: tuple[Certificate, ...], constrained: Sequence[constraints.Constrained]) -> Found:
    """What cannot be read and may decide over the path: how a certificate is encoded at all, anything critical, of a CA
    whatever limits it, and names that somebody above constrains."""
    bound = frozenset(certificate for _, _, below in constrained for certificate in below)
    suspect = [
        certificate
        for certificate in path
        if certificate.parsed.whole is None
        or certificate.parsed.faults
        or (certificate in bound and certificate.parsed.subject_name is None)
    ]
    if not suspect:
        return
    deciding = {*DECIDING, *(POLICIES if any(_demands_policies(certificate) for certificate in path) else ())}
    for certificate in suspect:
        parsed = certificate.parsed
        for fault in parsed.faults:
            message = f"{parsed.label} is encoded in a way that not everybody reads. {fault}"
            yield UNREADABLE, certificate, message
        for extension in unreadable_extensions(certificate):
            if extension.critical or (certificate is not path[0] and extension.oid in deciding):
                yield UNREADABLE, certificate, unreadable_words(certificate, extension)
        if certificate in bound and parsed.names_unreadable:
            yield UNREADABLE, certificate, f"Names of {parsed.label} cannot be read, and its issuers constrain them."
        elif certificate in bound and parsed.subject_name is None:
            message = f"The subject of {parsed.label} cannot be compared with the names that its issuers constrain."
            yield UNREADABLE, certificate, message


def unreadable_extensions(certificate: Certificate) -> tuple[Extension, ...]:
    """The extensions that are there and cannot be read, or not completely."""
    if certificate.parsed.whole is not None:
        return ()
    return tuple(extension for extension in certificate.parsed.extensions if isinstance(extension.value, Unreadable))


def unreadable_words(certificate: Certificate, extension: Extension) -> str:
    """A sentence about one of :func:`unreadable_extensions`."""
    name = EXTENSION_NAMES.get(extension.oid, extension.oid)
    return f"The extension {name} of {certificate.parsed.label} cannot be read: {extension.value.reason}."


def unverified(certificates: tuple[Certificate, ...]) -> tuple[Problem, ...]:
    """What cannot be verified of a path: the place is filled, and whether rightly so is unknown."""
    clause = "is signed with an algorithm, or by a key, that cannot be verified here"
    return tuple(
        Problem(UNREADABLE, certificate.sha256, f"{certificate.parsed.label} {clause}.") for certificate in certificates
    )


def _demands_policies(certificate: Certificate) -> bool:
    return certificate.parsed.extension(x509.PolicyConstraints) is not None


def _names(path: tuple[Certificate, ...], constrained: Sequence[constraints.Constrained]) -> Found:
    if constraints.comparisons(path, constrained) > constraints.MAX_COMPARISONS:
        yield NAME_LIMIT, path[0], "The chain has too many name constraints and names to compare them all."
        return
    for certificate, message in constraints.violations(path, constrained):
        yield NAME_CONSTRAINTS, certificate, message


# Those that look at nothing but the path, in the order of a report.
LINTS: tuple[Callable[[tuple[Certificate, ...]], Found], ...] = (
    _authority,
    _path_length,
    _extended_key_usage,
    _keys,
    _extensions,
)
