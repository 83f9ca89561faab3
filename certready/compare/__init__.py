"""Is it the same certificate and chain everywhere, and if not, what differs? Pure.

A chain is compared with the first one of the same key family, or with the very first where there is none of its family.
Self-issued roots do not count: files often hold one, and a gateway need not send it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from certready.model import Bundle, Chain, Container
from certready.model.plain import Moment, Sha256, to_the_second
from certready.x509.certificate import Certificate

# Containers whose order is that of the wire; PFX and P7B files are put in order by whoever reads them.
_ORDERED = ("pem", "tls")

Verdict = Literal["same", "different", "cannot-tell"]


class Item(Struct, frozen=True):
    """One chain and where it was seen: ``name`` is the file, or the host with its addresses; ``source`` the operand."""

    source: str
    name: str
    chain: Chain

    @property
    def leaf(self) -> Certificate:
        """The end-entity certificate of the chain."""
        return self.chain.leaf_certificate

    @property
    def members(self) -> tuple[Certificate, ...]:
        """The chain without roots, its leaf first, then the others as they lie there."""
        above = (
            certificate
            for certificate in self.chain.certificates
            if certificate != self.leaf and not certificate.parsed.self_issued
        )
        return (self.leaf, *above)


class Unreached(Struct, frozen=True):
    """A place where no certificate could be seen, and the sentence that says why."""

    name: str
    error: str


class Value(Struct, frozen=True):
    """What something is in one place: the place's ``name`` and the value there."""

    name: str
    value: str


class Difference(Struct, frozen=True):
    """One thing in which two places differ: ``field`` names it."""

    field: str
    first: Value
    second: Value


class Comparison(Struct, frozen=True):
    """Everything that was looked at and how it differs. ``verdict`` is the contract's exit code in words."""

    items: tuple[Item, ...]
    differences: tuple[Difference, ...]
    unreached: tuple[Unreached, ...]

    @property
    def verdict(self) -> Verdict:
        """ "different" where anything differs; "cannot-tell" where a place could not be seen, or there is only one."""
        if self.differences:
            return "different"
        return "cannot-tell" if self.unreached or len(self.items) < 2 else "same"

    @property
    def exit_code(self) -> int:
        """The exit code of ``certready compare``: 0 the same, 1 different, 3 cannot tell."""
        return {"same": 0, "different": 1, "cannot-tell": 3}[self.verdict]


def items(bundle: Bundle) -> tuple[tuple[Item, ...], tuple[Unreached, ...]]:
    """The chains of one operand, each as often as it was seen, and the endpoints that showed none."""
    source = bundle.target.name
    if not bundle.endpoints:
        return tuple(Item(source, source, chain) for chain in bundle.chains), ()
    chains = {chain.id: chain for chain in bundle.chains}
    places = []
    for endpoint in bundle.endpoints:
        for chain_id in endpoint.chain_ids:
            family = f" ({chains[chain_id].family})" if len(endpoint.chain_ids) > 1 else ""
            places.append(Item(source, f"{source} at {endpoint.name}{family}", chains[chain_id]))
    without = tuple(
        Unreached(f"{source} at {endpoint.name}" if endpoint.address else source, endpoint.error or "No certificate.")
        for endpoint in bundle.endpoints
        if not endpoint.chain_ids
    )
    return tuple(places), without


def compare(bundles: Sequence[Bundle]) -> Comparison:
    """All chains of all bundles against the first. Never raises."""
    compared: list[Item] = []
    unreached: list[Unreached] = []
    for bundle in bundles:
        places, without = items(bundle)
        compared += places
        unreached += without
    return Comparison(tuple(compared), tuple(_differences(compared)), tuple(unreached))


def _differences(compared: Sequence[Item]) -> Iterator[Difference]:
    if not compared:
        return
    models: dict[str, Item] = {}
    for item in compared:
        family = item.chain.family
        if family in models:
            yield from _between(models[family], item)
        elif models and not any(item.chain.family == family for item in compared if item.source == compared[0].source):
            yield from _between(compared[0], item)
        else:
            models[family] = item
    yield from _families(compared)


def _families(compared: Sequence[Item]) -> Iterator[Difference]:
    """A place that presents one of the first place's families and lacks another of them."""
    first = compared[0].source
    families = {item.chain.family for item in compared if item.source == first}
    for source in dict.fromkeys(item.source for item in compared if item.source != first):
        has = {item.chain.family for item in compared if item.source == source}
        if has & families and families - has:
            yield Difference(
                "key families", Value(first, ", ".join(sorted(families))), Value(source, ", ".join(sorted(has)))
            )


def _between(first: Item, second: Item) -> Iterator[Difference]:
    """What differs from one chain to another, the most important first."""
    pairs = (*zip(_facts(first), _facts(second), strict=True),)
    if first.leaf != second.leaf:
        for (field, value), (_, other_value) in pairs:
            if value != other_value:
                yield Difference(field, Value(first.name, value), Value(second.name, other_value))
    mine, theirs = first.members[1:], second.members[1:]
    members = Value(first.name, _listed(mine)), Value(second.name, _listed(theirs))
    if set(mine) != set(theirs):
        yield Difference("intermediates", *members)
    elif mine != theirs and first.chain.container in _ORDERED and second.chain.container in _ORDERED:
        yield Difference("order", *members)


def _facts(item: Item) -> tuple[tuple[str, str], ...]:
    """What identifies a leaf, as text."""
    leaf = item.leaf.parsed
    return (
        ("certificate (SHA-256)", item.leaf.sha256),
        ("names", ", ".join(leaf.names) or "none"),
        ("issuer", leaf.issuer),
        ("serial", f"{leaf.serial:x}"),
        ("valid from", _date(leaf.known_dates[0])),
        ("valid until", _date(leaf.known_dates[1])),
        ("key", str(leaf.key)),
        ("public key (SHA-256)", leaf.spki_sha256),
    )


def _date(date: datetime | None) -> str:
    return date.isoformat() if date else "unreadable"


def _listed(certificates: Sequence[Certificate]) -> str:
    return (
        " > ".join(f"{certificate.parsed.label} ({certificate.sha256[:16]}...)" for certificate in certificates)
        or "none"
    )


# -- the document -------------------------------------------------------------------------------------------------


class ItemDocument(Struct, frozen=True):
    """One certificate and where it was seen, with the chain it came in."""

    source: str
    name: str
    container: Container
    family: str
    sha256: Sha256
    subject: str
    issuer: str
    serial: str
    not_before: Moment | None
    not_after: Moment | None
    key: str
    public_key_sha256: str
    names: tuple[str, ...]
    sent: tuple[Sha256, ...]

    def __post_init__(self) -> None:
        to_the_second(self, "not_before", "not_after")


class ComparisonDocument(Struct, frozen=True, tag_field="schema", tag="certready.comparison/1"):
    """Whether it is the same certificate and chain in several places, and what differs."""

    verdict: Verdict
    items: tuple[ItemDocument, ...]
    differences: tuple[Difference, ...]
    unreached: Annotated[tuple[Unreached, ...], Meta(description="Where no certificate could be seen.")]


def document(comparison: Comparison) -> ComparisonDocument:
    """The comparison as ``certready.comparison/1``."""
    return ComparisonDocument(
        comparison.verdict, tuple(map(_item, comparison.items)), comparison.differences, comparison.unreached
    )


def _item(item: Item) -> ItemDocument:
    leaf = item.leaf.parsed
    return ItemDocument(
        source=item.source,
        name=item.name,
        container=item.chain.container,
        family=item.chain.family,
        sha256=item.leaf.sha256,
        subject=leaf.subject,
        issuer=leaf.issuer,
        serial=f"{leaf.serial:x}",
        not_before=leaf.known_dates[0],
        not_after=leaf.known_dates[1],
        key=str(leaf.key),
        public_key_sha256=leaf.spki_sha256,
        names=leaf.names,
        sent=tuple(certificate.sha256 for certificate in item.chain.certificates),
    )
