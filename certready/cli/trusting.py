"""What the trust command shows: plain data about stores and roots, and their text and JSON forms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from certready import bundle
from certready.errors import InputError, StoreError
from certready.model import Root
from certready.path import judge
from certready.render.layout import visible
from certready.roots import microsoft, plain, stores
from certready.roots.limits import Standing, standing
from certready.x509.certificate import CLIENT_AUTH, SERVER_AUTH, Certificate

Row = dict[str, Any]
Loaded = Mapping[str, plain.Store | microsoft.MicrosoftStore | StoreError]

STORES = ("microsoft", "mozilla", "system")
SCHEMA = "certready.trust/1"
USAGES = {"serverAuth": SERVER_AUTH, "clientAuth": CLIENT_AUTH}


def loaded(environment: Mapping[str, str]) -> Loaded:
    """Every store by name, or the error that says why it cannot be read."""
    return {name: _load(name, environment) for name in STORES}


def _load(name: str, environment: Mapping[str, str]) -> plain.Store | microsoft.MicrosoftStore | StoreError:
    try:
        found = stores.load(name, environment=environment)
    except StoreError as error:
        return error
    if not isinstance(found, plain.Store | microsoft.MicrosoftStore):
        raise TypeError(name)
    return found


# -- the stores -----------------------------------------------------------------------------------------------------


def overview(held: Loaded, now: datetime) -> list[Row]:
    """Name, list date, age in days and number of roots of every store; ``error`` where it cannot be read."""
    return [_store_row(name, store, now) for name, store in held.items()]


def _store_row(name: str, store: plain.Store | microsoft.MicrosoftStore | StoreError, now: datetime) -> Row:
    if isinstance(store, StoreError):
        return {"store": name, "as_of": None, "age_days": None, "roots": None, "error": store.message}
    as_of = store.info.as_of
    age = (now.date() - datetime.fromisoformat(as_of).date()).days if as_of else None
    return {"store": name, "as_of": as_of, "age_days": age, "roots": store.info.count, "error": None}


def overview_text(rows: Sequence[Row]) -> str:
    """The overview as a table, the reasons for what could not be read below it."""
    lines = [f"{'store':<11}{'list of':<13}{'age':<11}roots"]
    for row in rows:
        age = "" if row["age_days"] is None else f"{row['age_days']} days"
        lines.append(f"{row['store']:<11}{row['as_of'] or '-':<13}{age or '-':<11}{row['roots'] or '-'}")
    lines += [f"{row['store']}: {visible(row['error'])}" for row in rows if row["error"]]
    return "\n".join(lines) + "\n"


# -- one root -------------------------------------------------------------------------------------------------------


def standings(asked: bytes | str, held: Loaded, now: datetime) -> list[Row]:
    """Every store's word about the roots of a file's chain, or about the root with this fingerprint.

    Raises InputError where the file holds no certificate, or no store knows the fingerprint.
    """
    if isinstance(asked, str):
        root = next(_by_fingerprint(asked, held), None)
        if root is None:
            raise InputError(
                f"No root store holds a root with the fingerprint {asked}.",
                hint="Give the SHA-256 or SHA-1 of a root certificate, or a file with the chain.",
            )
        return [_root_row(root, held, now, now)]
    chain = bundle.load(asked).chains[0]
    return [
        _root_row(root, held, chain.leaf_certificate.parsed.not_before, now) for root in _roots_of(asked, held, now)
    ]


def _by_fingerprint(digits: str, held: Loaded) -> Iterator[Certificate]:
    hashed = hashlib.sha256 if len(digits) == 64 else hashlib.sha1
    for der in dict.fromkeys(der for store in held.values() for der in _ders(store)):
        if hashed(der).hexdigest() == digits:
            yield Certificate(der)


def _ders(store: plain.Store | microsoft.MicrosoftStore | StoreError) -> tuple[bytes, ...]:
    if isinstance(store, StoreError):
        return ()
    return store.plain.roots if isinstance(store, microsoft.MicrosoftStore) else store.roots


def _roots_of(data: bytes, held: Loaded, now: datetime) -> tuple[Certificate, ...]:
    """The root that the file's chain leads to in any store; without one, the certificate where its path ends."""
    chain = bundle.load(data).chains[0]
    found: dict[Certificate, None] = {}
    end = chain.leaf_certificate
    for store in held.values():
        if not isinstance(store, StoreError):
            roots = tuple(Root(one.certificate) for one in store.candidates(chain.certificates))
            judged = judge(chain, (), roots, now)
            end = judged.path[-1]
            if judged.anchor:
                found[judged.anchor.certificate] = None
    return tuple(found) or (end,)


def _root_row(root: Certificate, held: Loaded, issued: datetime, now: datetime) -> Row:
    """``issued`` is the notBefore of the leaf that the cut-off dates are compared with."""
    places = {
        name: _place(root, store, issued, now) for name, store in held.items() if not isinstance(store, StoreError)
    }
    return {"sha256": root.sha256, "name": root.parsed.label, "subject": root.parsed.subject, "stores": places}


def _place(root: Certificate, store: plain.Store | microsoft.MicrosoftStore, issued: datetime, now: datetime) -> Row:
    found = next((one for one in store.candidates((root,)) if one.certificate == root), None)
    row: Row = {"held": found is not None, "as_of": store.info.as_of}
    if found and found.limits:
        for name, usage in USAGES.items():
            row[name] = _standing(standing(found.limits, usage, issued, now))
    return row


def _standing(found: Standing) -> Row:
    return {"state": found.state, "since": found.since.date().isoformat() if found.since else None}


def trusted(rows: Sequence[Row]) -> bool:
    """Whether Microsoft's programme trusts one of the roots for servers."""
    return any(row["stores"].get("microsoft", {}).get("serverAuth", {}).get("state") == "allowed" for row in rows)


def standings_text(rows: Sequence[Row]) -> str:
    """Each root with a line for every store."""
    return "\n".join(_root_text(row) for row in rows)


def _root_text(row: Row) -> str:
    lines = [f"{visible(row['name'])}", f"  sha-256    {row['sha256']}"]
    for name, place in row["stores"].items():
        dated = f" (list of {place['as_of']})" if place["as_of"] else ""
        lines.append(f"  {name:<11}{_words(place)}{dated}")
    return "\n".join(lines) + "\n"


def _words(place: Row) -> str:
    if not place["held"]:
        return "does not have it"
    limits = [f"{name} {_state(place[name])}" for name in USAGES if name in place]
    return "has it" + (f": {', '.join(limits)}" if limits else "")


def _state(found: Row) -> str:
    words = {
        "allowed": "trusted",
        "disabled": "distrusted since {since}",
        "cut-off": "distrusted in certificates issued after {since}",
        "not-listed": "not listed",
        "unclear": "unclear, its limit has no readable date",
    }
    return words[found["state"]].format(since=found["since"])


def as_json(key: str, rows: Sequence[Row]) -> str:
    """The rows as ``certready.trust/1``."""
    return json.dumps({"schema": SCHEMA, key: rows}, indent=2) + "\n"
