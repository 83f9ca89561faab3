"""Remedies for names: those that a connector asks for, a certificate carries, and a tenant accepts as its domains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from certready.exchange import Accepted, cmdlets, fitting_values, is_accepted, is_partners
from certready.exchange.clouds import WORLDWIDE, Cloud
from certready.exchange.matching import Match, Value, dns_names, parent, parse_value, registrable
from certready.model import Connector
from certready.model.remedy import Remedy
from certready.remedy.connectors import admin_center, asking, asking_for, proved

REQUESTED = 10  # names that a sentence gives for a request


def renamed(
    connector: Connector,
    value: Value,
    names: Sequence[str],
    accepted: Accepted | None,
    host: str | None,
) -> Iterator[Remedy]:
    """The two ways out of a mismatch: another value for the connector, or another name in the certificate. A partner's
    connector is not for the certificate of the tenant's own gateway.

    Args:
        names: those of the certificate.
        accepted: the tenant's accepted domains, None where they are not known.
        host: the gateway's public host name, where it was given.
    """
    own = accepted and any(accepted.above(name.removeprefix("*.")) for name in dns_names(names))
    if own and is_partners(connector, accepted):
        yield Remedy("Check the certificate that the partner sends with: the connector is for the partner's mail.")
        return
    other = _another_value(connector, names, accepted)
    if other:
        yield other
    wanted = f"*.{value.domain} or a host directly under {value.domain}" if value.wildcard else value.domain
    first = f"*.{value.domain}" if value.wildcard else value.domain
    asked = ", ".join(f"DNS:{name}" for name in dict.fromkeys((first, *dns_names(names)[:REQUESTED])))
    issue = "Or have" if other else "Have"
    yield Remedy(
        f"{issue} the certificate issued with {wanted} (subject alternative name of the request: {asked}).", "ca"
    )
    if other:
        yield from proved(connector)
    from certready.remedy.request import request, wanted_names

    yield request(wanted_names(names, (first,), host))


def replaced(connector: Connector, names: Iterable[str], accepted: Accepted | None) -> Iterator[Remedy]:
    """A value that can match nothing, or none, replaced by one that the certificate satisfies."""
    other = _another_value(connector, names, accepted)
    yield other or asking(connector, None, "Give the connector a name in the certificate.")
    yield from proved(connector)


def _another_value(connector: Connector, names: Iterable[str], accepted: Accepted | None) -> Remedy | None:
    inbound = connector.direction == "inbound"
    other = next(iter(fitting_values(names, accepted if inbound else None)), None)
    if other is None:
        return None
    value = parse_value(other)
    needless = not inbound or connector.kind == "Partner" or is_accepted(value, accepted)
    return asking(connector, other, f"Set another value{'' if needless else _acceptance(value.domain)}.")


def issued_with(name: str, by: str = "") -> Iterator[Remedy]:
    """A certificate that carries this name; ``by`` is a clause about who issues it."""
    yield Remedy(f"Have the certificate issued with DNS:{name} in its subject alternative name{by}.", "ca")


def made_alike(connector: Connector, value: Value, match: Match) -> Iterator[Remedy]:
    """Value and name, of which it is uncertain that the one meets the other, made the same."""
    name = parse_value(match.name or str(value))
    inbound = connector.direction == "inbound"
    if not match.plain:
        yield from issued_with(str(name))
        return
    if match.kind != "deep":
        accept = _acceptance(name.domain) if inbound else ""
        yield asking(connector, str(name), f"Set another value{accept}.")
        yield Remedy(f"Or add DNS:{value} to the certificate's subject alternative name.", "ca")
    elif inbound:
        above = name.domain if name.wildcard else parent(name.domain)
        yield asking(connector, f"*.{above}", f"Accept the immediate parent, {above}, and name it.")
        yield asking(connector, str(name), f"Or name the certificate exactly{_acceptance(name.domain)}.")
    else:
        yield asking(connector, str(name), "Name it exactly.")
    yield from proved(connector)


def _acceptance(domain: str) -> str:
    return f" ({domain} must then be an accepted domain)"


# -- accepted domains ---------------------------------------------------------------------------------------------


def registered(domain: str, cloud: Cloud = WORLDWIDE, lead: str = "Register") -> Iterator[Remedy]:
    """How a domain becomes accepted. Exchange Online has no New-AcceptedDomain."""
    yield Remedy(
        f"{lead} {domain} in the {admin_center(cloud)} (Settings, Domains) and verify it; Exchange Online has no "
        "New-AcceptedDomain.",
        "exchange-online",
    )
    notes = (
        (
            "The Graph lines need Connect-MgGraph -Scopes Domain.ReadWrite.All. Exchange Online shows the domain when "
            "Email is among its SupportedServices (reported)."
        ),
        "Exchange Online has no New-AcceptedDomain; Set-AcceptedDomain only changes the type afterwards.",
        "InternalRelay where recipients of the domain live behind the gateway, Authoritative where they do not.",
    )
    title = f"Make {domain} an accepted domain."
    yield Remedy(title, "exchange-online", cmdlets.register_domain(domain), notes, script_only=True)


def accepting(connector: Connector, value: Value, accepted: Accepted) -> Iterator[Remedy]:
    """Another value where the immediate parent is accepted, and the registration."""
    cloud = accepted.cloud
    above = parent(value.domain)
    if not value.wildcard and registrable(above) and accepted.above(above) == above:
        yield from asking_for(connector, f"*.{above}", f"Ask for what is accepted already ({above}).")
        yield from registered(value.domain, cloud, "Or register")
    else:
        yield from registered(value.domain, cloud)
