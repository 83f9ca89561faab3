"""An inventory of what a folder holds: certificate files, and the smart hosts of tenants whose exports lie there.

A tenant's export is what the three cmdlets print, in one file or in one for each; CIPP's list of connectors is one too.
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
from certready.exchange.export.load import load as load_tenant
from certready.model import Tenant

MAX_FILES = 20_000
CERTIFICATES = (".pem", ".crt", ".cer", ".der", ".pfx", ".p12", ".p7b")
EXPORTS = (".json", ".toml")


class Found(Struct):
    """What a folder holds: the targets with their keys, and sentences about what was passed over."""

    targets: list[Mapping[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def found(folder: Path) -> Found:
    """The targets in a folder and those below it, in order of their names. Raises InputError where it is none."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder.", hint="Name the folder with the certificates and exports.")
    result = Found()
    count = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        count += len(names)
        if count > MAX_FILES:
            raise InputError(f"{folder} holds more than {MAX_FILES} files.", hint="Name a folder further down.")
        _folder(Path(place), sorted(names), result)
    return result


def text(targets: Sequence[Mapping[str, object]]) -> str:
    """The targets as an inventory in YAML, whose values are written as JSON, which is YAML too."""
    if not targets:
        return "targets: []\n"
    lines = ["targets:"]
    for target in targets:
        for number, (key, value) in enumerate(target.items()):
            lines.append(f"{'- ' if number == 0 else '  '}{key}: {json.dumps(value)}")
    return "\n".join((*lines, ""))


def _folder(place: Path, names: Sequence[str], result: Found) -> None:
    tenants = _tenants(_exports(place, names))
    for files, tenant in tenants:
        result.targets.extend(_smart_hosts(files, tenant, result))
    for name in names:
        if name.lower().endswith(CERTIFICATES):
            keys = _certificate(place / name, result)
            if keys and len(tenants) == 1:
                keys["tenant"] = list(tenants[0][0])
            result.targets.extend([keys] if keys else [])


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


def _tenants(exports: Sequence[tuple[str, Tenant]]) -> list[tuple[tuple[str, ...], Tenant]]:
    """One tenant for each export; where those of a folder hold different kinds, one of them the accepted domains alone,
    they are one tenant's."""
    kinds = [_kinds(tenant) for _, tenant in exports]
    apart = sum(map(len, kinds)) == len(frozenset[str]().union(*kinds))
    if len(exports) > 1 and apart and frozenset(("accepted",)) in kinds:
        connectors = tuple(one for _, tenant in exports for one in tenant.connectors)
        return [(tuple(path for path, _ in exports), Tenant(connectors))]
    return [((path,), tenant) for path, tenant in exports]


def _kinds(tenant: Tenant) -> frozenset[str]:
    directions = {connector.direction for connector in tenant.connectors}
    return frozenset(directions | ({"accepted"} if tenant.accepted_domains else set()))


def _smart_hosts(files: Sequence[str], tenant: Tenant, result: Found) -> Iterator[Mapping[str, object]]:
    """A line for each smart host of the enabled outbound connectors, with the connectors that send there."""
    senders: dict[str, list[str]] = {}
    for connector in tenant.connectors:
        if connector.direction == "outbound" and connector.enabled:
            for host in connector.smart_hosts:
                senders.setdefault(host.strip().strip("[]").lower(), []).append(connector.name)
    owner = Path(files[0]).stem if len(files) == 1 else Path(files[0]).parent.name
    for host, connectors in senders.items():
        if "/" in host:
            result.notes.append(f"{files[0]}: the smart host {host} is a range of addresses and was left out.")
            continue
        yield {
            "name": f"{owner} {host}",
            "target": f"[{host}]" if host.count(":") > 1 else host,
            "role": "server",
            "tenant": list(files),
            "connector": [f"outbound:{name}" for name in dict.fromkeys(connectors)],
        }


def _certificate(path: Path, result: Found) -> dict[str, object] | None:
    """The line of a file that holds a leaf, or may: one that needs a password."""
    keys: dict[str, object] = {"target": str(path)}
    try:
        bundle = bundles.load_files([(str(path), reading.read(path))], password=Passwords())
    except PasswordError:
        result.notes.append(f"{path} needs a password: give the line password_file or password_env.")
        return keys
    except CertreadyError as error:
        result.notes.append(f"{path} was left out: {error.message}")
        return None
    if all(chain.leaf_certificate.parsed.is_ca for chain in bundle.chains):
        result.notes.append(f"{path} was left out: it holds certificates of CAs alone.")
        return None
    return keys
