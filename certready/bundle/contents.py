"""What one file or one block of it turned out to hold, and the sentences for what certready cannot use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from certready import bounds
from certready.bundle.ciphers import Cipher
from certready.bundle.passwords import Passwords
from certready.errors import InputError
from certready.model import Container, Planned
from certready.x509.certificate import Certificate

MAX_BYTES = bounds.FILE
MAX_CERTIFICATES = 500
MAX_STORE = 5000  # a PEM file of roots: Microsoft's programme alone names some 550
MAX_KEYS = 20
MAX_BLOCKS = 2 * MAX_STORE

# What else arrives by mistake: the words for it, and what to do.
OTHERS = {
    "csr": (
        "a certificate signing request (CSR)",
        "Check the certificate that is issued for it; its names before: certready check FILE --inbound '*.contoso.com'",
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


Kind = Literal["certificate", "key", "crl", "secret"]


class Entry(Struct, frozen=True):
    """One thing in a container. ``digest`` is the SHA-256 of a certificate, or of a private key's public half, "" where
    it could not be opened; ``provider`` the Windows key provider and ``key_spec`` "exchange" or "signature" where the
    container names them; ``local_key_id`` hexadecimal. ``services``, ``status`` and ``has_private_key`` are what
    Exchange Server says of a certificate in its store."""

    kind: Kind
    digest: str = ""
    friendly_name: str = ""
    local_key_id: str = ""
    provider: str = ""
    key_spec: str = ""
    services: str = ""
    status: str = ""
    has_private_key: bool | None = None


class Refusal(Struct, frozen=True):
    """What could not be read beside what was: a certificate or a key, why, and the certificate where it is one."""

    kind: Literal["certificate", "key"]
    error: InputError
    certificate: Certificate | None = None


class Reading(Struct, frozen=True):
    """How a file is to be read: the ``passwords`` to try, how many certificates are a bundle (``limit``), whether a
    certificate that cannot be read is said (``strict``), and whether keys may be opened (``secrets``)."""

    passwords: Passwords
    limit: int = MAX_CERTIFICATES
    strict: bool = True
    secrets: bool = True


class Contents(Struct, frozen=True):
    """``certificates`` in stored order, those that cannot be read among them; ``keys`` the SHA-256 of each private
    key's public half; ``refusals`` what could not be read; ``others`` the keys of OTHERS for what was there besides;
    ``notes`` sentences; ``entries`` what a PFX or Exchange's list (``exchange``) holds; ``requests`` the names that
    signing requests ask for.

    ``ciphers`` encrypt a PFX and ``mac`` protects it; ``opened_by`` says whether a password opened it or the empty one,
    "" where nothing in it is protected.
    """

    container: Container
    certificates: tuple[Certificate, ...] = ()
    keys: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    requests: tuple[Planned, ...] = ()
    ciphers: tuple[Cipher, ...] = ()
    mac: Cipher | None = None
    opened_by: Literal["", "password", "empty"] = ""
    exchange: bool = False

    @property
    def key_count(self) -> int:
        """How many private keys are there, those that could not be opened too."""
        return len(self.keys) + sum(refusal.kind == "key" for refusal in self.refusals)

    @property
    def encryption(self) -> tuple[str, ...]:
        """The names of the ciphers and of the MAC, each once."""
        return tuple(dict.fromkeys(cipher.name for cipher in (*self.ciphers, *([self.mac] if self.mac else []))))


def join(parts: Iterable[Contents], container: Container) -> Contents:
    """Several contents as one, in order; every key and note once, every certificate as often as it came."""
    parts = tuple(parts)
    if len(parts) == 1:
        return replace(parts[0], container=container)
    return Contents(
        container,
        tuple(certificate for part in parts for certificate in part.certificates),
        tuple(dict.fromkeys(key for part in parts for key in part.keys)),
        tuple(refusal for part in parts for refusal in part.refusals),
        tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        tuple(dict.fromkeys(kind for part in parts for kind in part.others)),
        tuple(entry for part in parts for entry in part.entries),
        tuple(dict.fromkeys(request for part in parts for request in part.requests)),
        tuple(dict.fromkeys(cipher for part in parts for cipher in part.ciphers)),
        next((part.mac for part in parts if part.mac), None),
        next((part.opened_by for part in parts if part.opened_by), ""),
    )


def with_note(contents: Contents, note: str) -> Contents:
    """The same contents with one more sentence among their notes."""
    return replace(contents, notes=(*contents.notes, note))


def unreadable(certificate: Certificate, place: str) -> Refusal:
    """The refusal of a certificate that has the right shape and that cryptography cannot read."""
    error = InputError(
        f"{place} holds a certificate that cannot be read: {certificate.parsed.error}.",
        hint="Ask the certification authority that issued it for one that keeps to X.509.",
    )
    return Refusal("certificate", error, certificate)


def no_certificate(contents: Contents, place: str) -> InputError:
    """The error for a file that was read and holds no certificate: what it does hold, and what to do."""
    if contents.keys or any(refusal.kind == "key" for refusal in contents.refusals):
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


def check_counts(place: str, *, certificates: int, private: int, blocks: int, limit: int) -> None:
    """Raises InputError once a file holds more than ``limit`` certificates, or more keys or blocks than one has."""
    if private > MAX_KEYS:
        raise too_many_keys(place)
    if certificates > limit:
        raise too_many(place, limit)
    if blocks > MAX_BLOCKS:
        raise InputError(
            f"{place} holds more than {MAX_BLOCKS} certificates, requests and other blocks.",
            hint="Give the file that is installed on the gateway.",
        )


def too_many_keys(place: str) -> InputError:
    """The error for a file with more than MAX_KEYS private keys."""
    return InputError(
        f"{place} holds more than {MAX_KEYS} private keys.", hint="Give the file that is installed on the gateway."
    )


def too_many(place: str, limit: int = MAX_CERTIFICATES) -> InputError:
    """The error for a file with more than ``limit`` certificates."""
    return InputError(
        f"{place} holds more than {limit} certificates.",
        hint="Give the file that is installed on the gateway, not a whole root store.",
    )
