"""What the trust command shows of stores and roots: the document, and its text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType, field

from certready.cli.completing import STORES
from certready.errors import InputError, StoreError
from certready.model import Bundle, Chain, Root
from certready.model.plain import Sha256
from certready.path import judge
from certready.render.layout import Line, Span, hanging, table
from certready.roots import microsoft, plain, stores
from certready.roots.limits import Standing, State, standing
from certready.wording import counted
from certready.x509.certificate import CLIENT_AUTH, SERVER_AUTH, Certificate

Loaded = Mapping[str, plain.Store | microsoft.MicrosoftStore | StoreError]


class StoreDocument(Struct, frozen=True):
    """A root store; ``error`` is why it cannot be read."""

    store: str
    as_of: str | None
    age_days: int | None
    roots: int | None
    error: str | None


class StandingDocument(Struct, frozen=True):
    """What a programme says of a root for one usage, and since which date."""

    state: State
    since: str | None


class PlaceDocument(Struct, frozen=True):
    """A root in one store; the usages stand only where the store's programme limits it."""

    held: bool
    as_of: str | None
    server_auth: StandingDocument | UnsetType = field(default=UNSET, name="serverAuth")
    client_auth: StandingDocument | UnsetType = field(default=UNSET, name="clientAuth")

    @property
    def usages(self) -> Iterator[tuple[str, StandingDocument]]:
        """The usages that are limited, by their names."""
        for name, limited in (("serverAuth", self.server_auth), ("clientAuth", self.client_auth)):
            if limited is not UNSET:
                yield name, limited


class RootDocument(Struct, frozen=True):
    """A root, or where a chain ends, with every store's word about it."""

    sha256: Sha256
    name: str
    subject: str
    stores: dict[str, PlaceDocument]


class TrustDocument(Struct, frozen=True, tag_field="schema", tag="certready.trust/1"):
    """The root stores, or what they say of a root; one of the two."""

    stores: tuple[StoreDocument, ...] | UnsetType = UNSET
    roots: tuple[RootDocument, ...] | UnsetType = UNSET


def loaded(environment: Mapping[str, str]) -> Loaded:
    """Every store by name, or the error that says why it cannot be read."""
    return {name: _load(name, environment) for name in STORES}


def _load(name: str, environment: Mapping[str, str]) -> plain.Store | microsoft.MicrosoftStore | StoreError:
    try:
        store = stores.load(name, environment=environment)
    except StoreError as error:
        return error
    if not isinstance(store, plain.Store | microsoft.MicrosoftStore):
        raise TypeError(name)
    return store


# -- the stores -----------------------------------------------------------------------------------------------------


def overview(held: Loaded, now: datetime) -> tuple[StoreDocument, ...]:
    """Name, list date, age in days and number of roots of every store; ``error`` where it cannot be read."""
    return tuple(_store(name, store, now) for name, store in held.items())


def _store(name: str, store: plain.Store | microsoft.MicrosoftStore | StoreError, now: datetime) -> StoreDocument:
    if isinstance(store, StoreError):
        return StoreDocument(name, None, None, None, store.message)
    as_of = store.info.as_of
    age = (now.date() - datetime.fromisoformat(as_of).date()).days if as_of else None
    return StoreDocument(name, as_of, age, store.info.count, None)


def overview_lines(rows: Sequence[StoreDocument], width: int | None) -> Iterator[Line]:
    """The overview as a table, the reasons for what could not be read below it."""
    cells: list[list[Span]] = [
        [
            (row.store, "bold"),
            (row.as_of or "-", ""),
            ("-" if row.age_days is None else counted(row.age_days, "day"), ""),
            (str(row.roots or "-"), ""),
        ]
        for row in rows
    ]
    yield from table(("store", "list of", "age", "roots"), cells, width)
    for row in rows:
        if row.error:
            yield from hanging(((f"{row.store}: ", "bold"),), row.error, "fail", width, 4)


# -- one root -------------------------------------------------------------------------------------------------------


def standings(asked: Bundle | str, held: Loaded, now: datetime) -> tuple[RootDocument, ...]:
    """Every store's word about the roots of a bundle's first chain, or about the root with this fingerprint.

    Raises InputError where no store knows the fingerprint.
    """
    if isinstance(asked, str):
        root = next(_by_fingerprint(asked, held), None)
        if root is None:
            raise InputError(
                f"No root store holds a root with the fingerprint {asked}.",
                hint="Give the SHA-256 or SHA-1 of a root certificate, or a file with the chain.",
            )
        return (_root(root, held, now, now),)
    chain = asked.chains[0]
    issued = chain.leaf_certificate.parsed.not_before
    return tuple(_root(root, held, issued, now) for root in _roots_of(chain, held, now))


def _by_fingerprint(digits: str, held: Loaded) -> Iterator[Certificate]:
    hashed = hashlib.sha256 if len(digits) == 64 else hashlib.sha1
    for der in dict.fromkeys(der for store in held.values() for der in _ders(store)):
        if hashed(der).hexdigest() == digits:
            yield Certificate(der)


def _ders(store: plain.Store | microsoft.MicrosoftStore | StoreError) -> tuple[bytes, ...]:
    if isinstance(store, StoreError):
        return ()
    return store.plain.roots if isinstance(store, microsoft.MicrosoftStore) else store.roots


def _roots_of(chain: Chain, held: Loaded, now: datetime) -> tuple[Certificate, ...]:
    """The root that the chain leads to in any store; without one, the certificate where its path ends."""
    anchors: dict[Certificate, None] = {}
    end = chain.leaf_certificate
    for store in held.values():
        if not isinstance(store, StoreError):
            roots = tuple(Root(candidate.certificate) for candidate in store.candidates(chain.certificates))
            judged = judge(chain, (), roots, now)
            end = judged.path[-1]
            if judged.anchor:
                anchors[judged.anchor.certificate] = None
    return tuple(anchors) or (end,)


def _root(root: Certificate, held: Loaded, issued: datetime, now: datetime) -> RootDocument:
    """``issued`` is the notBefore of the leaf that the cut-off dates are compared with."""
    places = {
        name: _place(root, store, issued, now) for name, store in held.items() if not isinstance(store, StoreError)
    }
    return RootDocument(root.sha256, root.parsed.label, root.parsed.subject, places)


def _place(
    root: Certificate, store: plain.Store | microsoft.MicrosoftStore, issued: datetime, now: datetime
) -> PlaceDocument:
    held = next((each for each in store.candidates((root,)) if each.certificate == root), None)
    if not held or not held.limits:
        return PlaceDocument(held is not None, store.info.as_of)
    usages = (standing(held.limits, usage, issued, now) for usage in (SERVER_AUTH, CLIENT_AUTH))
    return PlaceDocument(True, store.info.as_of, *map(_standing, usages))


def _standing(standing: Standing) -> StandingDocument:
    return StandingDocument(standing.state, standing.since.date().isoformat() if standing.since else None)


def trusted(rows: Sequence[RootDocument]) -> bool:
    """Whether Microsoft's programme trusts one of the roots for servers."""
    places = (row.stores.get("microsoft") for row in rows)
    return any(place and place.server_auth and place.server_auth.state == "allowed" for place in places)


def standings_lines(rows: Sequence[RootDocument], width: int | None) -> Iterator[Line]:
    """Each root with a line for every store."""
    for number, row in enumerate(rows):
        if number:
            yield ()
        yield from hanging((), row.name, "bold", width, 0)
        yield (("  sha-256    ", "dim"), (row.sha256, ""))
        for name, place in row.stores.items():
            dated = f" (list of {place.as_of})" if place.as_of else ""
            style = "pass" if place.held else "warn"
            yield from hanging(((f"  {name:<11}", "dim"),), f"{_words(place)}{dated}", style, width, 13)


def _words(place: PlaceDocument) -> str:
    if not place.held:
        return "does not have it"
    limits = [f"{name} {_state(limited)}" for name, limited in place.usages]
    return "has it" + (f": {', '.join(limits)}" if limits else "")


def _state(standing: StandingDocument) -> str:
    words: dict[State, str] = {
        "allowed": "trusted",
        "disabled": "distrusted since {since}",
        "cut-off": "distrusted in certificates issued after {since}",
        "not-listed": "not listed",
        "unclear": "unclear, its limit has no readable date",
    }
    return words[standing.state].format(since=standing.since)
