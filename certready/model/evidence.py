"""Evidence, and what it is made of: targets, chains, roots, answers, options.

A failure to fetch something is a value here, not an exception.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal, Protocol, get_args

from msgspec import Meta, Struct

from certready.model.connector import AcceptedDomain, Connector
from certready.model.dialogue import Exchange, Rehearsal
from certready.model.dns import Dane
from certready.model.endpoint import Endpoint
from certready.model.mta_sts import MtaSts
from certready.model.plain import to_utc
from certready.x509.certificate import Certificate

Instant = Annotated[
    datetime,
    Meta(
        description="A moment in UTC, ISO 8601.",
        extra_json_schema={"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{6})?Z$"},
    ),
]
RevocationMode = Literal["require", "report", "off"]
Role = Literal["client", "server", "both"]
_MODES, _ROLES = get_args(RevocationMode), get_args(Role)
Container = Literal["pem", "der", "pfx", "p7b", "tls"]
TargetKind = Literal["file", "host", "listen", "rehearse", "bytes", "planned"]
Origin = Literal["intermediate-file", "aia"]


class Target(Struct, frozen=True):
    """What was looked at: ``kind`` is file, host, listen, rehearse, bytes or planned (names alone); ``name`` is how the
    user named it."""

    kind: TargetKind
    name: str


class Fault(Struct, frozen=True):
    """Something wrong with a ``file``.

    ``kind`` is "certificate" or "key" for one that is there and cannot be read or opened, "refused" for a PEM that
    OpenSSL refuses to load, "passed-over" for one of which it silently loads less, "several" for one with further
    end-entity certificates, each a target of its own, "file" for a file of which nothing could be read. ``message`` is
    a sentence, ``hint`` one on what to do about it, where there is more to say than the rule does. ``certificates`` are
    the SHA-256 of those it is about.
    """

    kind: Literal["certificate", "key", "refused", "passed-over", "several", "file"]
    file: str
    message: str
    certificates: tuple[str, ...] = ()
    hint: str = ""


class Chain(Struct, frozen=True):
    """Certificates that arrived together, in the order in which they arrived.

    ``leaf`` is the index of the certificate that is judged: the first on the wire; in a file the one a private key
    belongs to, else the first that is no CA. ``keys`` holds the SHA-256 of the SubjectPublicKeyInfo of each private
    key that came along, never a key. ``encryption`` names what a PFX is encrypted with, such as "PBES2 AES-256".
    ``notes`` are oddities met while reading the container, each a sentence; ``faults`` what is wrong with the files.
    """

    id: str
    container: Container
    certificates: tuple[Certificate, ...]
    leaf: int = 0
    keys: tuple[str, ...] = ()
    sni: str | None = None
    encryption: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def leaf_certificate(self) -> Certificate:
        """The end-entity certificate: the one at index ``leaf``."""
        return self.certificates[self.leaf]

    @property
    def family(self) -> str:
        """The family of the leaf's key, such as "rsa"."""
        return self.leaf_certificate.parsed.key.family


class Planned(Struct, frozen=True):
    """The ``names`` of a certificate that does not exist yet: as given, or as a signing request (CSR) asks for them,
    CN first. ``request`` is what the request is called, None where there is none; ``unreadable`` is a clause about
    names of it that cannot be read."""

    names: tuple[str, ...]
    request: str | None = None
    unreadable: str | None = None


class Limits(Struct, frozen=True):
    """What a root programme limits a root to (Microsoft's certificate trust list; property numbers of wincrypt.h).

    ``usages`` are the extended key usages it is trusted for, dotted OIDs, None: all (9). ``disabled_from`` is when its
    distrust begins (104), for ``disabled_usages`` alone where they are given (122). Leaves whose notBefore
    is after ``cutoff`` are distrusted (126), for ``cutoff_usages`` alone where they are given (127). ``unclear`` says
    that a limit is there whose moment cannot be read.
    """

    usages: tuple[str, ...] | None = None
    disabled_from: Instant | None = None
    disabled_usages: tuple[str, ...] | None = None
    cutoff: Instant | None = None
    cutoff_usages: tuple[str, ...] | None = None
    unclear: bool = False

    def __post_init__(self) -> None:
        to_utc(self, "disabled_from", "cutoff")


class Root(Struct, frozen=True):
    """A candidate anchor out of the chosen store; ``extra`` marks one given by ``--extra-root``, which never counts
    as trusted where the connector enforces trust. ``limits`` is None where the store knows of none."""

    certificate: Certificate
    extra: bool = False
    limits: Limits | None = None


class StoreInfo(Struct, frozen=True):
    """The root store a run used: its ``name`` (microsoft, mozilla, system, or a file's name), the date of its list as
    ISO text where one is known, and how many roots it holds. ``left_out`` names what a file of roots holds besides:
    certificates that are neither self-signed nor a CA's."""

    name: str
    as_of: str | None = None
    count: int = 0
    left_out: tuple[str, ...] = ()


class Known(Struct, frozen=True):
    """A certificate known beside the chain: it explains and repairs, and never counts as sent."""

    certificate: Certificate
    origin: Origin
    source: str


class Bundle(Struct, frozen=True):
    """What one file (several are read as one) or one live host presented: chains and, for a host, endpoints; or, with
    no chain, what is planned.

    ``known`` are certificates that lie beside the file in its folder or archive and are not sent; ``faults`` is why
    there is no chain, where the target is a file of which nothing could be read.
    """

    target: Target
    chains: tuple[Chain, ...]
    endpoints: tuple[Endpoint, ...] = ()
    planned: tuple[Planned, ...] = ()
    known: tuple[Known, ...] = ()
    faults: tuple[Fault, ...] = ()


class Elsewhere(Struct, frozen=True):
    """A candidate root of another store than the chosen one: it explains and is never trusted."""

    store: str
    root: Root


class Answer(Struct, frozen=True):
    """What one revocation source said of one certificate: ``body`` (DER as received) or ``error`` (why there is none).

    ``certificate`` is the SHA-256 of the certificate asked about. ``url`` is None for a stapled answer and for one
    given by hand. ``source`` says where it came from, ``elapsed_ms`` how long that took, ``note`` what else to know
    about how it was come by, a sentence or "". ``date`` is what the clock of whoever answered said, None where it was
    not asked now.
    """

    certificate: str
    method: Literal["ocsp", "crl", "stapled"]
    source: Literal["network", "cache", "file", "handshake"]
    url: str | None = None
    body: bytes | None = None  # perhaps tens of megabytes: compared, not hashed
    error: str | None = None
    elapsed_ms: int | None = None
    note: str = ""
    date: Instant | None = None

    def __post_init__(self) -> None:
        to_utc(self, "date")


class Fetched(Struct, frozen=True):
    """An attempt to fetch issuer certificates by AIA: the URL, and why nothing usable came (None where it did)."""

    url: str
    error: str | None = None


class ExpiryWarning(Struct, frozen=True):
    """When expiry starts to warn: ``fraction`` of the lifetime left (0..1), or whole ``days`` left; with both set,
    whichever is later, that is: the shorter warning time."""

    fraction: float | None = 1 / 3
    days: int | None = 30


class Options(Struct, frozen=True):
    """What the judgement depends on besides the evidence. Times are aware and in UTC."""

    at: Instant | None = None
    revocation: RevocationMode = "require"
    offline: bool = False
    strict: bool = False
    expiry_warning: ExpiryWarning = ExpiryWarning()
    certificate_only: bool = False
    same_certificate: bool = False
    hostname: str | None = None
    role: Role = "client"

    def __post_init__(self) -> None:
        """Raises ValueError for a word that is none of those there are, because nothing would be weighed by it, and
        TypeError for an expiry warning in words."""
        to_utc(self, "at")
        for name, word, allowed in (("revocation", self.revocation, _MODES), ("role", self.role, _ROLES)):
            if word not in allowed:
                raise ValueError(f"{name} is {word!r}, not one of {', '.join(allowed)}")
        if not isinstance(self.expiry_warning, ExpiryWarning):
            raise TypeError(f"expiry_warning is an ExpiryWarning, not {self.expiry_warning!r}")


class Evidence(Struct, frozen=True):
    """Everything a verdict rests on, and no verdict: it can be saved, shipped and judged again.

    ``connectors`` are the candidates; ``named`` says that each was chosen by the user (then each is judged), otherwise
    they are a whole tenant's and the best match is judged. ``accepted_domains`` is None where they are not known.
    ``roots`` are those anchors of the store that any certificate here could chain to, ``answers`` every revocation
    answer, ``known`` the certificates besides those sent. ``consulted`` names the other stores that were looked into,
    ``elsewhere`` what they hold. ``redacted`` says that names, keys and certificates are stand-ins.
    ``dialogue`` is the SMTP talk of listen and rehearse, ``peers`` what the smart host of a rehearsal
    presented itself, which is shown and never judged for the connector, ``rehearsal`` what its answer is worth (None
    elsewhere, and where an older release saved it). ``exported_at`` is when the tenant's export was made, None where it
    does not say. ``unlisted`` are the SHA-256 of ``roots`` that a replay did not find in the store they
    are said to be of. ``planned`` are names without a certificate. ``gathered_until`` is when gathering ended, where
    ``gathered_at`` is the one moment of a run that went on for long. ``dane`` is what was asked about TLSA records,
    ``mta_sts`` what about a mail domain's policy, None where nobody asked. ``faults`` is what could not be
    read where the target is a file without any chain for it. It holds no private key.
    """

    certready: str
    gathered_at: Instant
    target: Target
    options: Options
    store: StoreInfo
    chains: tuple[Chain, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    connectors: tuple[Connector, ...] = ()
    named: bool = True
    accepted_domains: tuple[AcceptedDomain, ...] | None = None
    known: tuple[Known, ...] = ()
    fetched: tuple[Fetched, ...] = ()
    roots: tuple[Root, ...] = ()
    answers: tuple[Answer, ...] = ()
    consulted: tuple[str, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    redacted: bool = False
    dialogue: tuple[Exchange, ...] = ()
    peers: tuple[Chain, ...] = ()
    rehearsal: Rehearsal | None = None
    exported_at: Instant | None = None
    unlisted: tuple[str, ...] = ()
    planned: tuple[Planned, ...] = ()
    gathered_until: Instant | None = None
    dane: Dane | None = None
    mta_sts: MtaSts | None = None
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        to_utc(self, "gathered_at", "exported_at", "gathered_until")

    @property
    def evaluated_at(self) -> datetime:
        """The moment the verdict is for: ``--at``, else when the evidence was gathered."""
        return self.options.at or self.gathered_at

    @property
    def gathering(self) -> timedelta:
        """How long after ``gathered_at`` answers may still have come."""
        return max((self.gathered_until or self.gathered_at) - self.gathered_at, timedelta(0))

    def chain(self, chain_id: str) -> Chain:
        """The chain with this id. Raises KeyError where there is none."""
        return {chain.id: chain for chain in self.chains}[chain_id]


class RootStore(Protocol):
    """A named set of anchors that can be asked for the few a chain may need."""

    @property
    def info(self) -> StoreInfo: ...

    def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
        """Every root whose subject is the issuer of one of these certificates, or that is one of them."""

    def holds(self, certificate: Certificate) -> Root | None:
        """This very certificate as a root of the store, or None."""
