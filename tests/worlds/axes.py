"""The worlds: what can be wrong with a certificate, its chain, its revocation, names, connector, tenant, container and
evidence, one axis each, and what certready must say of any combination.

The oracle is written from the contract alone and imports nothing of certready.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from random import Random
from typing import NamedTuple

AXES: Mapping[str, tuple[str, ...]] = {
    "leaf": (
        "good",
        "ecdsa",
        "no-eku",
        "expired",
        "future",
        "small-key",
        "sha1",
        "client-only",
        "self-signed",
        "ca-only",
    ),
    "chain": ("complete", "with-root", "shuffled", "stranger", "incomplete", "untrusted", "look-alike", "old-issuer"),
    "revocation": ("good", "revoked", "issuer-revoked", "unanswered", "stale", "forged", "future", "no-pointer"),
    "mode": ("require", "report", "off"),
    "names": ("exact", "host", "apex", "wildcard", "deep", "foreign", "cn-only"),
    "connector": ("exact", "wildcard", "outbound-name", "outbound-chain", "outbound-encryption", "partner", "none"),
    "state": ("fine", "disabled", "valueless", "trusted-organizations", "unread", "malformed"),
    "tenant": ("by-hand", "whole", "whole-other-first", "whole-empty"),
    "accepted": ("yes", "no", "unknown", "other"),
    "beside": ("nothing", "expired-before", "expired-behind", "expired-but-keyed", "ca-key"),
    "container": ("pem", "pfx", "p7b", "der", "zip", "folder"),
    "evidence": ("as-gathered", "replayed", "no-chains", "no-connection", "unseen-endpoint", "certificate-only-set"),
}
PLAIN = {name: values[0] for name, values in AXES.items()}


class World(NamedTuple):
    """One combination: a value for each axis, in the order of ``AXES``."""

    leaf: str
    chain: str
    revocation: str
    mode: str
    names: str
    connector: str
    state: str
    tenant: str
    accepted: str
    beside: str
    container: str
    evidence: str


def worlds(count: int, seed: int = 0) -> Iterator[World]:
    """At least ``count`` different worlds: the plain one, every single fault, every pair of values in some world, and
    combinations of few and of many faults."""
    random = Random(seed)
    seen: set[World] = set()
    for world in _all(random):
        if world not in seen:
            seen.add(world)
            yield world
    while len(seen) < count:
        faults = random.choice((1, 2, 3, 4, 12))
        changed = random.sample(list(AXES), faults) if faults < len(AXES) else list(AXES)
        world = World(**(PLAIN | {name: random.choice(AXES[name]) for name in changed}))
        if world not in seen:
            seen.add(world)
            yield world


def _all(random: Random) -> Iterator[World]:
    yield World(**PLAIN)
    for name, values in AXES.items():
        yield from (World(**(PLAIN | {name: value})) for value in values[1:])
    # Every pair of values beside otherwise plain ones shows the two alone; the sampled rest mixes them.
    for one, other in combinations(AXES, 2):
        for first, second in product(AXES[one][1:], AXES[other][1:]):
            yield World(**(PLAIN | {one: first, other: second}))


# -- the oracle ---------------------------------------------------------------------------------------------------


class Expected(NamedTuple):
    """What makes the world not ready (``fails``) and what cannot be told in it (``unknowns``), by the axis."""

    fails: frozenset[str]
    unknowns: frozenset[str]

    @property
    def verdict(self) -> str:
        return "not-ready" if self.fails else "cannot-tell" if self.unknowns else "ready"


def expected(world: World) -> Expected:
    """What the contract says of this world. Where several faults hide each other only the worst is certain."""
    fails: set[str] = set()
    unknowns: set[str] = set()
    said = {"F": fails, "U": unknowns}
    verdicts = {**_connector(world), **({} if _ignored(world) else _certificate(world)), **_evidence(world)}
    for axis, weight in verdicts.items():
        if weight:
            said[weight].add(axis)
    return Expected(frozenset(fails), frozenset(unknowns))


def whole(world: World) -> bool:
    """Whether a whole tenant is given, of which Exchange Online's choice is judged."""
    return world.tenant.startswith("whole") and world.connector != "none"


def outbound(world: World) -> bool:
    return world.connector.startswith("outbound")


def _ignored(world: World) -> bool:
    """An outbound connector that only encrypts enforces nothing about the certificate."""
    return world.connector == "outbound-encryption" and not _absent(world)


def _absent(world: World) -> bool:
    """Whether no connector is left to judge."""
    return whole(world) and (world.tenant == "whole-empty" or (world.state == "disabled"))


def valueless(world: World) -> bool:
    return world.state == "valueless" and not outbound(world)


def _connector(world: World) -> dict[str, str]:
    """The connector, the tenant and the names."""
    if world.connector == "none" or (world.evidence == "certificate-only-set" and world.tenant == "whole-empty"):
        return {}
    if _absent(world) or (whole(world) and valueless(world)):
        return {"tenant": "U" if outbound(world) else "F"}
    found: dict[str, str] = {}
    inbound = not outbound(world)
    if world.state == "disabled" or (inbound and world.state in ("valueless", "trusted-organizations")):
        found["state"] = "F"
    if world.state == "unread":
        found["state"] = "U"
    if valueless(world):
        return found
    if world.state == "valueless" and world.connector == "outbound-name":
        return found | {"state": "U"}  # DomainValidation without a name to compare
    if world.state == "malformed" and world.connector not in ("outbound-chain", "outbound-encryption"):
        return found | {"state": "F"}
    if world.connector in ("exact", "wildcard", "outbound-name", "partner"):
        found["names"] = _names(world)
    if world.connector == "partner":
        found["accepted"] = {"yes": "F", "no": "", "other": "F", "unknown": "U"}[world.accepted]
    elif inbound:
        found["accepted"] = _accepted(world)
    return found


def _names(world: World) -> str:
    """The certificate's names against the value: mail.contoso.com, or *.contoso.com."""
    name = {"self-signed": world.names, "ca-only": "nothing"}.get(world.leaf, world.names)
    if world.connector != "wildcard":
        return {"exact": "", "cn-only": "", "wildcard": ""}.get(name, "F")
    return {"exact": "", "host": "", "apex": "", "wildcard": "", "cn-only": "", "deep": "U"}.get(name, "F")


def _accepted(world: World) -> str:
    """Whether the value's own domain is accepted; "other" is a domain above the exact value, one below the wildcard."""
    other = "U" if world.connector == "wildcard" else "F"
    return {"yes": "", "no": "F", "unknown": "U", "other": other}[world.accepted]


def _certificate(world: World) -> dict[str, str]:
    """Leaf, chain, revocation, and what lies beside them."""
    found: dict[str, str] = {}
    leaf, container = world.leaf, world.container
    if leaf == "ca-only":
        return {"leaf": "F"}
    client_only = "F" if outbound(world) and not _absent(world) else "U"
    found["leaf"] = {"expired": "F", "future": "F", "small-key": "F", "sha1": "F", "self-signed": "F"}.get(leaf, "")
    if leaf == "client-only":
        found["leaf"] = client_only
    found["beside"] = "F" if second(world) else ""
    if leaf == "self-signed":
        return found
    if container == "der":
        found["container"] = "U"  # the format holds one certificate, so what would be sent is not known
        return found | _revocation(world, issuer_known=False)
    broken = {"incomplete": "F", "untrusted": "F", "look-alike": "F", "old-issuer": "F"}
    found["chain"] = broken.get(world.chain, "")
    known = world.chain not in ("incomplete", "look-alike")
    return found | _revocation(world, issuer_known=known)


def second(world: World) -> bool:
    """Whether an expired certificate lies beside that no private key leaves out: one of a folder is in a file of its
    own, and a target of its own."""
    keyed = world.beside == "expired-but-keyed" and world.container in ("pem", "zip")
    return world.beside.startswith("expired") and world.container in ("pem", "p7b", "zip", "folder") and not keyed


def _silence(world: World) -> str:
    return {"require": "U", "report": "", "off": ""}[world.mode]


def _revocation(world: World, *, issuer_known: bool) -> dict[str, str]:
    """What is known of the leaf's and its issuer's revocation; a chain that fails anyway hides it."""
    if world.mode == "off":
        return {}
    if not issuer_known:
        return {"revocation": _silence(world)}
    if world.chain == "untrusted":
        return {"revocation": ""}
    if world.revocation == "no-pointer":
        return {"revocation": "F" if world.mode == "require" else ""}
    if world.revocation in ("revoked", "issuer-revoked"):
        return {"revocation": "F"}
    return {"revocation": "" if world.revocation == "good" else _silence(world)}


def _evidence(world: World) -> dict[str, str]:
    """What was done to the evidence after it was gathered."""
    return {"evidence": "U" if world.evidence in ("no-chains", "no-connection", "unseen-endpoint") else ""}
