"""Root stores by name: Microsoft's (see ``microsoft``), Mozilla's from ``certifi``, the system's, or a PEM file."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

from certready.errors import StoreError
from certready.model import RootStore, StoreInfo
from certready.roots.plain import GIVE_ROOTS, Store, anchors, read, split

MAX_FILES = 5000  # in a directory of certificates

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

_VERSION = re.compile(r"""__version__\s*=\s*["'](\d{4})\.(\d{1,2})\.(\d{1,2})""")


def load(name: str | Path, *, environment: Mapping[str, str] | None = None) -> RootStore:
    """The store called ``microsoft``, ``mozilla`` or ``system``, or the PEM (or DER) file of that path.

    Of a file the self-signed and the CA certificates are roots, the others are left out and named. Raises StoreError
    where it cannot be read or holds no root. ``environment`` stands in for the process's.
    """
    surroundings = os.environ if environment is None else environment
    name = str(name)
    if name == "microsoft":
        from certready.roots import microsoft

        return microsoft.load(surroundings)
    if name == "mozilla":
        return _package("certifi", name)
    if name == "system":
        return system_store(sys.platform, surroundings)
    certificates = split(read(Path(name)))
    if not certificates:
        raise StoreError(f"{name} holds no certificate.", hint=GIVE_ROOTS)
    roots, left_out = anchors(certificates, name)
    return Store(StoreInfo(name, None, len(roots), left_out), roots)


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
    """The operating system's roots. SSL_CERT_FILE and SSL_CERT_DIR come first, as OpenSSL reads them.

    Args:
        platform: as ``sys.platform`` has it.
        environment: that of the process.
        windows_roots: stands in for the Windows certificate store in a test; gives each root as DER.

    Raises:
        StoreError: there are none, or they cannot be read.
    """
    windows = windows_roots or _windows_roots
    roots = tuple(dict.fromkeys(windows())) if platform == "win32" else _bundle(environment)
    if not roots:
        hint = "Name a PEM file, or use microsoft or mozilla."
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
