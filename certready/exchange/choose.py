"""Which of the connectors are judged (contract, "Which connectors are judged")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from certready.errors import UsageError
from certready.exchange.accepted import STANDINGS, Accepted, accepted_of
from certready.exchange.matching import NO_MATCH, Match, Value, a_label, closeness, match, parse_value, quoted
from certready.model import Connector, Direction, Level, Role, Tenant
from certready.wording import listed

LISTED = 20  # names in a message
# Without these an inbound connector may be something else than it looks like.
DECISIVE = ("ConnectorType", "TlsSenderCertificateName", "TrustedOrganizations", "AssociatedAcceptedDomains", "Enabled")
CERTIFICATE_NAME = "TlsSenderCertificateName"


class Selection(Struct, frozen=True):
    """The connectors that are judged, those that do not apply, and, where an inbound one was wanted and none matches,
    the ``nearest`` candidate."""

    judged: tuple[Connector, ...]
    not_applicable: tuple[Connector, ...] = ()
    nearest: Connector | None = None


def find(tenant: Tenant, names: Sequence[str]) -> tuple[Connector, ...]:
    """The tenant's connectors with these names, in the order asked for, each once.

    A name is looked for exactly, then in any case, then as the beginning of exactly one name. Where an inbound and an
    outbound connector share it, ``inbound:NAME`` and ``outbound:NAME`` tell them apart.

    Raises:
        UsageError: no connector has the name, or several do; the message lists names.
    """
    return tuple(dict.fromkeys(_find_connector(tenant, name) for name in names))


def select(
    tenant: Tenant, role: Role, certificate_names: Sequence[str], *, named: bool, accepted: Accepted | None = None
) -> Selection:
    """The connectors of the tenant that a certificate with these names is judged for. ``accepted`` are its accepted
    domains where they are normalised already.

    Named ones: each. Of a whole tenant, as what presents the certificate (``role``):

    - client: of the enabled inbound connectors that match, those whose domain is accepted, and of these the best:
      exact before wildcard, deeper before shallower (Exchange Team, "Office 365 Message Attribution", facts 1.3.1 and
      1.2.9). Where none of those that match is accepted, the best match. OnPremises ones go first, a Partner connector
      is only looked for where no OnPremises one matches. Several that are still equal are all judged, because nothing
      documents which of them wins, and so are those whose certificate name cannot be read. Where none matches,
      ``nearest`` is set.
    - server: every enabled outbound connector that is not in test mode.
    - both: the two together; the nearest inbound connector is then judged too where none matches, so that good outbound
      ones cannot hide the mismatch.
    """
    connectors = tenant.connectors
    if named:
        return Selection(connectors)
    inbound: tuple[Connector, ...] = ()
    nearest = None
    if role != "server":
        inbound, nearest = _inbound(connectors, certificate_names, accepted or accepted_of(tenant))
    outbound: tuple[Connector, ...] = ()
    if role != "client":
        outbound = tuple(
            connector
            for connector in connectors
            if connector.direction == "outbound" and connector.enabled and not connector.test_mode
        )
    if nearest and outbound:
        inbound = (nearest,)
    chosen = {*inbound, *outbound}
    judged = tuple(connector for connector in connectors if connector in chosen)
    return Selection(judged, tuple(connector for connector in connectors if connector not in chosen), nearest)


def candidates(connectors: Iterable[Connector]) -> tuple[Connector, ...]:
    """The enabled inbound connectors that ask for a certificate, or may: those of which one can win."""
    return tuple(
        connector
        for connector in connectors
        if connector.direction == "inbound" and connector.enabled and (connector.value or _name_unread(connector))
    )


def value_of(connector: Connector) -> Value | None:
    """The connector's value, None where it has none or a malformed one."""
    try:
        return parse_value(connector.value) if connector.value else None
    except ValueError:
        return None


def match_of(connector: Connector, names: Iterable[str]) -> Match:
    """How certificate names meet the connector's value: kind ``none`` too where it has none, or a malformed one."""
    value = value_of(connector)
    return match(value, names) if value else NO_MATCH


def associated(connector: Connector, value: Value) -> bool:
    """Whether AssociatedAcceptedDomains, where it is set, names the value's own domain."""
    return not connector.associated_domains or value.domain in {
        a_label(domain) for domain in connector.associated_domains
    }


def from_options(inbound: Sequence[str], outbound: Sequence[str], level: Level) -> tuple[Connector, ...]:
    """The connectors of ``--inbound`` and ``--outbound``; ``level`` holds for the outbound ones.

    Raises:
        UsageError: a value is malformed.
    """
    connectors = [_from_option("inbound", value, None) for value in inbound]
    connectors += [_from_option("outbound", value, level) for value in outbound]
    return tuple(dict.fromkeys(connectors))


def judged_of(
    tenant: Tenant,
    connectors: Sequence[str],
    inbound: Sequence[str],
    outbound: Sequence[str],
    level: Level,
    *,
    from_file: bool,
    certificate_only: bool,
) -> tuple[Tenant, bool]:
    """The tenant with the connectors to judge, and whether each of them was named.

    Args:
        tenant: what the tenant files say, nothing where there is none.
        connectors: names out of those files.
        inbound, outbound: values of connectors without a file.
        level: the TlsSettings of ``outbound``.
        from_file: whether there is a tenant file.
        certificate_only: no connector is judged.

    Raises:
        UsageError: they contradict each other, or a name or value is not what it must be.
    """
    given = bool(connectors or inbound or outbound)
    if certificate_only and (given or from_file):
        raise UsageError("--certificate-only judges no connector.", hint="Leave it out, or leave the connector out.")
    if connectors and not from_file:
        raise UsageError("--connector chooses out of a tenant file.", hint="Add --tenant FILE, or use --inbound VALUE.")
    if not given:
        return tenant, not (from_file and tenant.lists_connectors)
    chosen = find(tenant, connectors) if connectors else ()
    return replace(tenant, connectors=(*chosen, *from_options(inbound, outbound, level))), True


def _from_option(direction: Direction, text: str, level: Level | None) -> Connector:
    value = text.strip()
    try:
        parse_value(value)
    except ValueError as error:
        hint = f"Write --{direction} contoso.com for one name, --{direction} *.contoso.com for the hosts of a domain."
        raise UsageError(f"--{direction}: {error}", hint=hint) from None
    return Connector(name=f"--{direction} {value}", direction=direction, value=value, level=level)


def _inbound(
    connectors: Sequence[Connector], names: Sequence[str], accepted: Accepted | None
) -> tuple[tuple[Connector, ...], Connector | None]:
    """The best matching candidates and no nearest, or none and the nearest candidate (None where there is none)."""
    possible = candidates(connectors)
    unread = tuple(connector for connector in possible if _name_unread(connector))
    matched = [(connector, match_of(connector, names)) for connector in possible]
    matched = [pair for pair in matched if pair[1].kind != "none"]
    on_premises = [pair for pair in matched if pair[0].kind != "Partner"]
    ranked = [(_preference(*pair, accepted), pair[0]) for pair in on_premises or matched]
    best = min((key for key, _ in ranked), default=None)
    if best is not None:
        return tuple(connector for key, connector in ranked if key == best) + unread, None
    readable = (connector for connector in possible if connector not in unread)
    nearest = max(readable, key=lambda connector: _nearness(connector, names, accepted), default=None)
    return unread, None if unread else nearest


def _preference(connector: Connector, name_match: Match, accepted: Accepted | None) -> tuple[int, int, int]:
    """Smaller is better: whether the domain is accepted, then the match, then the depth of the value."""
    value = value_of(connector)
    if value is None:
        return 0, name_match.rank, 0
    standing = STANDINGS.index(accepted.acceptance(value).standing) if accepted else 0
    return standing, name_match.rank, -value.domain.count(".")


def _name_unread(connector: Connector) -> bool:
    return CERTIFICATE_NAME in connector.unread and not connector.value


def is_partners(connector: Connector, accepted: Accepted | None) -> bool:
    """Whether the connector's name is another organisation's: of type Partner, and under no domain of the tenant."""
    value = value_of(connector)
    return connector.kind == "Partner" and not (value and accepted and accepted.above(value.domain))


def _nearness(connector: Connector, names: Sequence[str], accepted: Accepted | None) -> tuple[bool, int, bool]:
    """Larger is nearer. A partner's connector counts only where there is no other."""
    value = value_of(connector)
    own = not is_partners(connector, accepted)
    return (own, closeness(value, names), connector.kind != "Partner") if value else (own, -1, False)


def _find_connector(tenant: Tenant, name: str) -> Connector:
    for fits in _readings(name.strip()):
        matches = tuple(connector for connector in tenant.connectors if fits(connector))
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise _ambiguous(name, matches)
    names = listed([f"'{connector.name}'" for connector in tenant.connectors], LISTED)
    hint = f"The connectors are: {names}." if names else "The tenant file holds no connector."
    raise UsageError(f"The tenant has no connector named {quoted(name)}.", hint=hint)


def _readings(name: str) -> tuple[Callable[[Connector], bool], ...]:
    """The ways in which the name of a connector may be meant, the strictest first."""
    folded = name.casefold()
    return (
        lambda connector: connector.name == name,
        lambda connector: f"{connector.direction}:{connector.name}".casefold() == folded,
        lambda connector: connector.name.casefold() == folded,
        lambda connector: bool(folded) and connector.name.casefold().startswith(folded),
    )


def _ambiguous(name: str, matches: Sequence[Connector]) -> UsageError:
    names = listed([f"'{connector.direction}:{connector.name}'" for connector in matches], LISTED)
    return UsageError(
        f"{quoted(name)} names {len(matches)} connectors of the tenant.",
        hint=f"Name one of them in full: {names}.",
    )
