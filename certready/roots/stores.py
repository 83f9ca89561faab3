"""Root stores by name: Microsoft's (see ``microsoft``), Mozilla's from ``certifi``, the system's, or a PEM file.

A store holds several hundred roots and a chain needs one or two: the PEM is split into DER, an issuer's name is looked
for as bytes, and only what has it is decoded.
"""

from __future__ import annotations

import binascii
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from certready.errors import StoreError
from certready.model import Root, RootStore, StoreInfo
from certready.x509.certificate import Certificate

MAX_BYTES = 64 * 1024 * 1024
MAX_FILES = 5000  # in a directory of certificates
MANY_NAMES = 50  # from here on decoding every root is cheaper than searching for each name

# Where distributions keep their bundle: Debian, Fedora, openSUSE, RHEL, Alpine and OpenSSL's own default, FreeBSD.
SYSTEM_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
)
SYSTEM_DIRECTORIES = ("/etc/ssl/certs", "/etc/pki/tls/certs")

_PEM = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----([^-]{1,1000000})-----END (?:TRUSTED )?CERTIFICATE-----")
_VERSION = re.compile(r"""__version__\s*=\s*["'](\d{4})\.(\d{1,2})\.(\d{1,2})""")


class Store(NamedTuple):
    """Roots as DER, none of them decoded until a chain asks for it, and the ``extra`` ones beside them."""

    info: StoreInfo
    roots: tuple[bytes, ...]
    extra: tuple[bytes, ...] = ()

    def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
        """Every root whose subject is the issuer of one of these certificates, or that is one of them.

        A root that cannot be decoded is left out. One that is in the store and extra comes as the store's.
        """
        wanted = {certificate.parsed.issuer_der for certificate in certificates} - {b""}
        own = {certificate.der for certificate in certificates}
        found = [Root(one) for one in _matching(self.roots, wanted, own)]
        held = {root.certificate for root in found}
        return (*found, *(Root(one, extra=True) for one in _matching(self.extra, wanted, own) if one not in held))

    def holds(self, certificate: Certificate) -> Root | None:
        """This certificate as a root of the store, None where it is none."""
        return Root(certificate) if certificate.der in self.roots else None


def _matching(roots: Iterable[bytes], names: set[bytes], own: set[bytes]) -> list[Certificate]:
    """The roots with one of these subjects, or that are themselves asked for."""
    every = len(names) > MANY_NAMES
    hits = (Certificate(der) for der in roots if every or der in own or any(name in der for name in names))
    return [one for one in hits if one.parsed.x509 and (one.parsed.subject_der in names or one.der in own)]


def load(name: str, *, environment: Mapping[str, str] | None = None) -> RootStore:
    """The store called ``microsoft``, ``mozilla`` or ``system``, or the PEM (or DER) file of that path.

    Raises StoreError where it cannot be read or holds no certificate. ``environment`` stands in for the process's.
    """
    surroundings = os.environ if environment is None else environment
    if name == "microsoft":
        from certready.roots import microsoft

        return microsoft.load(surroundings)
    if name == "mozilla":
        return _package("certifi", name)
    if name == "system":
        return system_store(sys.platform, surroundings)
    roots = split(read(Path(name)))
    if not roots:
        raise StoreError(f"{name} holds no certificate.", hint="Give a PEM file with the roots that are to be trusted.")
    return Store(StoreInfo(name, None, len(roots)), roots)


def from_certificates(name: str, certificates: Iterable[Certificate]) -> RootStore:
    """A store of just these anchors."""
    roots = tuple(dict.fromkeys(certificate.der for certificate in certificates))
    return Store(StoreInfo(name, None, len(roots)), roots)


def with_extra(store: RootStore, certificates: Iterable[Certificate]) -> RootStore:
    """The store with further anchors under which checks go on, but which are not trusted (``Root.extra``)."""
    extra = tuple(dict.fromkeys(certificate.der for certificate in certificates))
    if isinstance(store, Store):
        return Store(store.info, store.roots, tuple(dict.fromkeys((*store.extra, *extra))))
    return _Beside(store, Store(store.info, (), extra))


class _Beside(NamedTuple):
    """Somebody else's store and our extra roots."""

    store: RootStore
    extra: Store

    @property
    def info(self) -> StoreInfo:
        return self.store.info

    def holds(self, certificate: Certificate) -> Root | None:
        return self.store.holds(certificate)

    def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
        found = self.store.candidates(certificates)
        held = {root.certificate for root in found}
        return (*found, *(root for root in self.extra.candidates(certificates) if root.certificate not in held))


def split(data: bytes) -> tuple[bytes, ...]:
    """The certificates of a PEM text as DER, undecoded and each once; or the one that DER bytes are."""
    found = [_decode(match[1]) for match in _PEM.finditer(data)]
    if not found and data[:1] == b"\x30" and Certificate(data).parsed.x509:
        return (data,)
    return tuple(dict.fromkeys(der for der in found if der))


def _decode(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text)
    except binascii.Error:
        return b""


def _package(package: str, name: str) -> RootStore:
    """A list that a Python package carries, dated by the package's version. The package itself is not imported:
    that costs more than the whole check."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise StoreError(f"The package {package} is not installed.", hint=f"Run: pip install {package}")
    origin = Path(spec.origin)
    roots = split(read(origin.with_name("cacert.pem")))
    if not roots:
        raise StoreError(f"The package {package} holds no certificates.", hint=f"Run: pip install --upgrade {package}")
    version = _VERSION.search(read(origin).decode("utf-8", "replace"))
    as_of = "{}-{:0>2}-{:0>2}".format(*version.groups()) if version else None
    return Store(StoreInfo(name, as_of, len(roots)), roots)


def system_store(
    platform: str, environment: Mapping[str, str], windows_roots: Callable[[], Iterable[bytes]] | None = None
) -> RootStore:
    """The operating system's roots. ``windows_roots`` stands in for the Windows certificate store in a test.

    SSL_CERT_FILE and SSL_CERT_DIR come first, as OpenSSL reads them. Raises StoreError where nothing is found.
    """
    windows = windows_roots or _windows_roots
    roots = tuple(dict.fromkeys(windows())) if platform == "win32" else _bundle(environment)
    if not roots:
        hint = "Name a PEM file with --trust FILE, or use --trust microsoft or --trust mozilla."
        if platform == "darwin":
            raise StoreError("The roots in the macOS keychain cannot be read by certready.", hint=hint)
        raise StoreError("No root store of this system was found.", hint=hint)
    return Store(StoreInfo("system", None, len(roots)), roots)


def _windows_roots() -> Iterable[bytes]:
    # Reading the ROOT store is all that is used of ssl here; no connection is made.
    import ssl  # noqa: TID251

    enumerate_store: Callable[[str], Iterable[tuple[bytes, str, object]]] = vars(ssl)["enum_certificates"]
    return [der for der, encoding, _ in enumerate_store("ROOT") if encoding == "x509_asn"]


def _bundle(environment: Mapping[str, str]) -> tuple[bytes, ...]:
    """The first bundle that holds certificates, else the first directory that does."""
    for name in (environment.get("SSL_CERT_FILE"), *SYSTEM_FILES):
        if name and Path(name).is_file():
            roots = split(read(Path(name)))
            if roots:
                return roots
    for name in (environment.get("SSL_CERT_DIR"), *SYSTEM_DIRECTORIES):
        if name and Path(name).is_dir():
            files = sorted(path for path in Path(name).iterdir() if path.is_file())[:MAX_FILES]
            roots = tuple(dict.fromkeys(der for path in files for der in split(read(path))))
            if roots:
                return roots
    return ()


def read(path: Path) -> bytes:
    """The whole file. Raises StoreError where it cannot be read or is larger than a root store can be."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable file name"
        hint = "Use microsoft, mozilla or system, or name a readable PEM file."
        raise StoreError(f"The root store {path} cannot be read: {reason}.", hint=hint) from error
    if len(data) > MAX_BYTES:
        raise StoreError(f"The root store {path} is larger than {MAX_BYTES} bytes.", hint="Name a PEM file of roots.")
    return data
