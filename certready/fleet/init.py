"""An inventory of what a folder holds: certificate files, and the smart hosts of tenants whose exports lie there.

A tenant's export is what the three cmdlets print, in one file or in one for each; CIPP's list of connectors is one too.
A certificate is its whose connectors it meets: as client by an inbound one, as server by an outbound one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from certready import bundle as bundles
from certready import reading
from certready.bundle.passwords import Passwords
from certready.errors import CertreadyError, InputError, PasswordError
from certready.exchange.choose import match_of
from certready.exchange.export.load import load as load_tenant
from certready.model import Role, Tenant

MAX_FILES = 20_000
CERTIFICATES = (".pem", ".crt", ".cer", ".der", ".pfx", ".p12", ".p7b")
EXPORTS = (".json", ".toml")


class Draft(Struct):
    """An inventory in the making: the targets with their keys, and sentences about what was passed over."""

    targets: list[Mapping[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Owner(Struct, frozen=True):
    """A tenant whose export lies in a folder: its ``files``, and its connectors."""

    files: tuple[str, ...]
    tenant: Tenant

    @property
    def name(self) -> str:
        """What its lines are called after: the file, or the folder where there are several files."""
        first = Path(self.files[0])
        return first.stem if len(self.files) == 1 else first.parent.name


def draft(folder: Path) -> Draft:
    """The targets in a folder and those below it, in order of their names. Raises InputError where it is none."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder.", hint="Name the folder with the certificates and exports.")
    places: list[tuple[Path, list[str]]] = []
    count = 0
    for walked, folders, files in os.walk(folder):
        folders.sort()
        count += len(files)
        if count > MAX_FILES:
            raise InputError(f"{folder} holds more than {MAX_FILES} files.", hint="Name a folder further down.")
        places.append((Path(walked), sorted(files)))
    owners = [_owners(_exports(place, names)) for place, names in places]
    everybody = [owner for each in owners for owner in each]
    drafted = Draft()
    for (place, names), here in zip(places, owners, strict=True):
        for owner in here:
            drafted.targets.extend(_smart_hosts(owner, drafted))
        for name in names:
            if name.lower().endswith(CERTIFICATES):
                drafted.targets.extend(_certificate(place / name, here, everybody, drafted))
    return drafted


def text(targets: Sequence[Mapping[str, object]]) -> str:
    """The targets as an inventory in YAML, whose values are written as JSON, which is YAML too."""
    if not targets:
        return "targets: []\n"
    lines = ["targets:"]
    for target in targets:
        for number, (key, value) in enumerate(target.items()):
            lines.append(f"{'- ' if number == 0 else '  '}{key}: {json.dumps(value)}")
    return "\n".join((*lines, ""))


def _exports(place: Path, names: Sequence[str]) -> list[tuple[str, Tenant]]:
    """The exports among these files; others of their endings are passed over in silence, as they may be anything."""
    exports = []
    for name in names:
        if name.lower().endswith(EXPORTS):
            path = place / name
            try:
                tenant = load_tenant([(str(path), reading.read(path, reading.TENANT_LIMIT))])
            except CertreadyError:
                continue
            if tenant.connectors or tenant.accepted_domains:
                exports.append((str(path), tenant))
    return exports


def _owners(exports: Sequence[tuple[str, Tenant]]) -> list[Owner]:
    """One tenant for each export; where those of a folder hold different kinds, one of them the accepted domains alone,
    they are one tenant's."""
    kinds = [_kinds(tenant) for _, tenant in exports]
    apart = sum(map(len, kinds)) == len(frozenset[str]().union(*kinds))
    if len(exports) > 1 and apart and frozenset(("accepted",)) in kinds:
        connectors = tuple(connector for _, tenant in exports for connector in tenant.connectors)
        return [Owner(tuple(path for path, _ in exports), Tenant(connectors))]
    return [Owner((path,), tenant) for path, tenant in exports]


def _kinds(tenant: Tenant) -> frozenset[str]:
    directions = {connector.direction for connector in tenant.connectors}
    return frozenset(directions | ({"accepted"} if tenant.accepted_domains else set()))


def _smart_hosts(owner: Owner, drafted: Draft) -> Iterator[Mapping[str, object]]:
    """A line for each smart host of the enabled outbound connectors, with the connectors that send there."""
    senders: dict[str, list[str]] = {}
    for connector in owner.tenant.connectors:
        if connector.direction == "outbound" and connector.enabled:
            for host in connector.smart_hosts:
                senders.setdefault(host.strip().strip("[]").lower(), []).append(connector.name)
    for host, connectors in senders.items():
        if "/" in host:
            drafted.notes.append(f"{owner.files[0]}: the smart host {host} is a range of addresses and was left out.")
            continue
        yield {
            "name": f"{owner.name} {host}",
            "target": f"[{host}]" if host.count(":") > 1 else host,
            "role": "server",
            "tenant": list(owner.files),
            "connector": [f"outbound:{name}" for name in dict.fromkeys(connectors)],
        }


def _certificate(
    path: Path, here: Sequence[Owner], everybody: Sequence[Owner], drafted: Draft
) -> Iterator[dict[str, object]]:
    """The lines of a file that holds a leaf, or may: one that needs a password. One for each tenant whose connectors it
    meets, of those in its folder or else of all, as client, as server or as both; else one for its folder's tenant."""
    target: dict[str, object] = {"target": str(path)}
    names: list[str] = []
    try:
        bundle = bundles.load_files([(str(path), reading.read(path))], password=Passwords())
    except PasswordError:
        drafted.notes.append(f"{path} needs a password: give the line password_file or password_env.")
    except CertreadyError as error:
        drafted.notes.append(f"{path} was left out: {error.message}")
        return
    else:
        leaves = [chain.leaf_certificate.parsed for chain in bundle.chains]
        if all(leaf.is_ca for leaf in leaves):
            drafted.notes.append(f"{path} was left out: it holds certificates of CAs alone.")
            return
        names = [name for leaf in leaves for name in leaf.names]
    met = [(owner, role) for owner in here if (role := _role(names, owner.tenant))]
    met = met or [(owner, role) for owner in everybody if (role := _role(names, owner.tenant))]
    for owner, role in met:
        name = {"name": f"{owner.name} {path}"} if len(met) > 1 else {}
        yield {**name, **target, "role": role, "tenant": list(owner.files)}
    if not met and len(here) == 1:
        if names:
            drafted.notes.append(f"{path} meets no connector of {here[0].name}: say which one it is for.")
        yield {**target, "tenant": list(here[0].files)}
    elif not met:
        yield target


def _role(names: Sequence[str], tenant: Tenant) -> Role | None:
    """As what a certificate with these names is presented, by the connectors whose value it meets; None of none."""
    directions = {
        connector.direction
        for connector in tenant.connectors
        if connector.enabled and match_of(connector, names).kind != "none"
    }
    if len(directions) == 2:
        return "both"
    return {"inbound": "client", "outbound": "server"}[directions.pop()] if directions else None  # type: ignore[return-value]
