"""What one file or one block of it turned out to hold, and the sentences for what certready cannot use."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from certready.errors import InputError
from certready.model import Container
from certready.x509.certificate import Certificate

MAX_BYTES = 10 * 1024 * 1024
MAX_CERTIFICATES = 500
MAX_STORE = 5000  # a PEM file of roots: Microsoft's programme alone names some 550
MAX_KEYS = 20
MAX_BLOCKS = 2 * MAX_STORE

# What else arrives by mistake: the words for it, and what to do.
OTHERS = {
    "csr": (
        "a certificate signing request (CSR)",
        "Send the request to the certification authority; check the certificate that comes back.",
    ),
    "crl": ("a revocation list (CRL)", "Give the certificate file; a revocation list is given with --crl."),
    "ocsp": ("an OCSP answer", "Give the certificate file; an OCSP answer is given with --ocsp."),
    "public key": ("a public key", "Give the certificate; a bare public key carries no name and no issuer."),
    "ssh": ("an SSH key", "Mail gateways use X.509 certificates: give the PEM, PFX or P7B file of the certificate."),
    "pgp": ("PGP data", "Mail gateways use X.509 certificates: give the PEM, PFX or P7B file of the certificate."),
    "pkcs7": (
        "a PKCS#7 message",
        "Export the certificate again, with its chain, as PEM, PFX or P7B.",
    ),
}


class Contents(Struct, frozen=True):
    """``certificates`` in stored order; ``keys`` the SHA-256 of each private key's public half; ``encryption`` as in
    ``model.Chain``; ``others`` the keys of OTHERS for what was there besides; ``notes`` sentences."""

    container: Container
    certificates: tuple[Certificate, ...] = ()
    keys: tuple[str, ...] = ()
    encryption: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def join(parts: Iterable[Contents], container: Container) -> Contents:
    """Several contents as one, in order; every key, algorithm and note once, every certificate as often as it came."""
    parts = tuple(parts)
    return Contents(
        container,
        tuple(certificate for part in parts for certificate in part.certificates),
        tuple(dict.fromkeys(key for part in parts for key in part.keys)),
        tuple(dict.fromkeys(name for part in parts for name in part.encryption)),
        tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        tuple(dict.fromkeys(other for part in parts for other in part.others)),
    )


def with_note(contents: Contents, note: str) -> Contents:
    return replace(contents, notes=(*contents.notes, note))


def leaf_index(certificates: tuple[Certificate, ...], keys: tuple[str, ...]) -> int:
    """The certificate that is judged: one that a private key belongs to, else the first that is no CA, else the first.

    Among several with a key, one that is no CA goes first; one that cannot be read goes last.
    """

    def rank(index: int) -> tuple[bool, bool, bool, int]:
        parsed = certificates[index].parsed
        return (parsed.error is not None, parsed.spki_sha256 not in keys, parsed.may_be_ca, index)

    return min(range(len(certificates)), key=rank)


def no_certificate(contents: Contents, place: str) -> InputError:
    """The error for a file that was read and holds no certificate: what it does hold, and what to do."""
    if contents.keys:
        return InputError(
            f"{place} holds a private key but no certificate.",
            hint="Give the certificate file as well; several files are read as one bundle.",
        )
    if contents.others:
        words, hint = OTHERS[contents.others[0]]
        return InputError(f"{place} holds {words} but no certificate.", hint=hint)
    return InputError(
        f"{place} holds no certificate.", hint="Export the certificate again, with its chain, as PEM, PFX or P7B."
    )


def too_many(place: str, limit: int = MAX_CERTIFICATES) -> InputError:
    return InputError(
        f"{place} holds more than {limit} certificates.",
        hint="Give the file that is installed on the gateway, not a whole root store.",
    )
