"""Thousands of worlds, each with faults of its own, against an oracle that knows the contract and none of our code.

Never ready where anything is wrong, never an alarm where nothing is, never a crash. CERTREADY_WORLDS=100000 judges more
of them than the suite does, CERTREADY_SEED=7 others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

import certready
from certready.bundle import archive, targets
from certready.bundle.parts import Collected, Part
from certready.model import AcceptedDomain, Connector, Endpoint, Options, Tenant
from certready.model.report import Report, Severity, worst
from certready.roots import plain
from certready.x509.certificate import Certificate
from tests.worlds import axes, material
from tests.worlds.axes import World

COUNT = int(os.environ.get("CERTREADY_WORLDS", "1800"))
SEED = int(os.environ.get("CERTREADY_SEED", "0"))
ROOTS = plain.from_certificates(
    "world", [Certificate(material.authority("root").certificate.public_bytes(Encoding.DER))]
)
LEVELS = {"outbound-name": "domain-validation", "outbound-chain": "certificate-validation"}


def bundles(world: World) -> tuple[certready.Bundle, ...]:
    """The world's file, loaded; of a folder or an archive a bundle for each certificate in it."""
    file = World(
        **axes.PLAIN
        | {name: getattr(world, name) for name in ("leaf", "chain", "names", "beside", "container")}
        | {"revocation": "no-pointer" if world.revocation == "no-pointer" else "good"}
    )
    name = f"world.{world.container}"
    if world.container == "folder":
        parts = tuple(Part(f"world/{name}", data, folder="world") for name, data in material.folder(file).items())
        return targets.load(Collected(parts), "world").bundles
    data = material.container(file)
    if world.container == "zip":
        return targets.load(archive.unpack(data, name), name).bundles
    return (certready.load(data, password=material.PASSWORD, name=name),)


def connector(world: World) -> Connector:
    """The connector that is asked about."""
    value = {"wildcard": "*.contoso.com", "outbound-chain": None, "outbound-encryption": None}.get(
        world.connector, "mail.contoso.com"
    )
    settings: dict[str, Any] = {"value": value, "source": "option" if world.tenant == "by-hand" else "tenant"}
    settings["kind"] = "Partner" if world.connector == "partner" else "OnPremises"
    if axes.outbound(world):
        settings |= {"direction": "outbound", "level": LEVELS.get(world.connector, "encryption-only")}
    faults: dict[str, dict[str, Any]] = {
        "disabled": {"enabled": False},
        "valueless": {"value": None},
        "trusted-organizations": {"trusted_organizations": ("fabrikam.com",)},
        "unread": {"unread": ("Enabled",)},
        "malformed": {"value": "m*.contoso.com"} if value else {},
    }
    if axes.outbound(world):
        faults["trusted-organizations"] = {}
    return Connector(**{"name": "Gateway", "direction": "inbound"} | settings | faults.get(world.state, {}))


def tenant(world: World) -> Tenant:
    """The tenant with this connector and its accepted domains."""
    exact = world.connector != "wildcard"
    domain = {
        "yes": "mail.contoso.com" if exact else "contoso.com",
        "no": "fabrikam.com",
        "other": "contoso.com" if exact else "sub.contoso.com",
    }.get(world.accepted)
    accepted = (AcceptedDomain(domain),) if domain else None
    if world.connector == "none":
        return Tenant((), accepted)
    asked = connector(world)
    off = axes.outbound(world)
    other = Connector("Other", asked.direction, "*.fabrikam.org", asked.level, enabled=not off, source="tenant")
    chosen = {"whole-other-first": (other, asked), "whole-empty": ()}.get(world.tenant, (asked,))
    return Tenant(chosen, accepted)


def evidence_of(world: World) -> tuple[certready.Evidence, ...]:
    """What is gathered about it, of each certificate, and edited as it says."""
    return tuple(_evidence_of(world, bundle) for bundle in bundles(world))


def _evidence_of(world: World, bundle: certready.Bundle) -> certready.Evidence:
    named = not axes.whole(world)
    options = Options(
        revocation=world.mode,  # type: ignore[arg-type]
        certificate_only=world.connector == "none",
        role="server" if axes.outbound(world) else "client",
    )
    evidence = certready.gather(
        bundle,
        tenant(world),
        named=named,
        now=material.NOW,
        roots=ROOTS,
        options=options,
        supplied=certready.Supplied(crls=material.lists(world)),
    )
    edit = EDITS.get(world.evidence)
    if edit:
        document = json.loads(certready.dump_evidence(evidence))
        edit(document)
        evidence = certready.load_evidence(json.dumps(document).encode())
    return evidence


def judged(world: World) -> tuple[Report, ...]:
    """What certready says of it, of each certificate."""
    return tuple(map(certready.judge, evidence_of(world)))


def _unseen(document: dict[str, Any]) -> None:
    _connected(document)
    document["endpoints"] = [
        dict.fromkeys(Endpoint.__struct_fields__)
        | {"host": "gw.contoso.com", "address": "192.0.2.1", "port": 25, "stage": "done", "trouble": ""}
        | {"protocol": "smtp", "handshakes": []}
    ]


def _connected(document: dict[str, Any]) -> None:
    document["target"]["kind"] = "host"


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "replayed": lambda document: None,
    "no-chains": lambda document: document.update(chains=[]),
    "no-connection": _connected,
    "unseen-endpoint": _unseen,
    "certificate-only-set": lambda document: document["options"].update(certificate_only=True),
}


def deviations(worlds: Iterable[World]) -> list[str]:
    """Every world that came out otherwise than the oracle says."""
    found = []
    for world in worlds:
        wanted = axes.expected(world)
        reports = judged(world)
        verdict, findings = worst(one.verdict for one in reports), [one for each in reports for one in each.findings]
        crashed = [one.rule for one in findings if one.rule.endswith(".check-crashed")]
        thinned = world.evidence in ("no-chains", "no-connection", "unseen-endpoint")
        right = verdict != "ready" if thinned else verdict == wanted.verdict
        if crashed or not right:
            changed = {name: value for name, value in world._asdict().items() if value != axes.PLAIN[name]}
            said = [f"{one.rule} {one.severity}" for one in findings if one.severity > Severity.WARN]
            found.append(
                f"{changed}: wanted {wanted.verdict} {sorted(wanted.fails | wanted.unknowns)}, {verdict} {said}"
            )
    return found


def test_no_world_is_ready_that_is_not() -> None:
    """Every world has the verdict that follows from its faults, and no check crashes in any."""
    found = deviations(axes.worlds(COUNT, SEED))
    assert [] == found[:20], f"{len(found)} worlds"
