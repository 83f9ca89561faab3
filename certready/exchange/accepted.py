"""Whether a tenant accepts the domain behind a connector value: the decision that lets a certificate relay.

Exchange Online attributes a session to a tenant only where the domain of the matching connector value is an accepted
domain of that tenant (Exchange Team, "Office 365 Message Attribution"; "Updated requirements for SMTP relay").
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from certready.exchange.clouds import WORLDWIDE, Cloud, cloud_of
from certready.exchange.matching import Value, a_label, ancestors, parse_value, satisfiable, under
from certready.model import AcceptedDomain, Tenant
from certready.x509.kept import cached_property

Standing = Literal["accepted", "subdomain", "match-subdomains", "not-accepted"]
STANDINGS: tuple[Standing, ...] = ("accepted", "subdomain", "match-subdomains", "not-accepted")


class Acceptance(Struct, frozen=True):
    """How a connector value stands to the accepted domains, and the accepted domain that decides (None: none does)."""

    standing: Standing
    domain: str | None = None


class Accepted:
    """A tenant's accepted domains, normalised once for however many connectors are held against them."""

    def __init__(self, domains: Iterable[AcceptedDomain]) -> None:
        self._subdomains: dict[str, bool] = {}  # by name, whether what lies under it is accepted as well
        for domain in domains:
            if name := a_label(domain.name):
                self._subdomains[name] = domain.match_subdomains or self._subdomains.get(name, False)
        self._reversed = sorted(name[::-1] for name in self._subdomains)  # what lies under a name stands together

    def acceptance(self, value: Value) -> Acceptance:
        """The standing of a value's domain P (``P`` and ``*.P`` alike).

        ``accepted``: P itself is (techcommunity 4420592 for a plain value; "Three Key Points for Connector Settings"
        for a wildcard). ``subdomain``: only a subdomain of P is, and the value is a wildcard; one note of 2017 lets
        that pass. ``match-subdomains``: a parent is, with MatchSubDomains, whose effect on attribution is documented
        nowhere.
        """
        if value.domain in self._subdomains:
            return Acceptance("accepted", value.domain)
        below = self._below(value.domain) if value.wildcard else None
        if below:
            return Acceptance("subdomain", below)
        above = next((name for name in ancestors(value.domain) if self._subdomains.get(name)), None)
        return Acceptance("match-subdomains", above) if above else Acceptance("not-accepted")

    def above(self, domain: str) -> str | None:
        """The accepted domain that is this normalised domain or lies over it, the deepest; None where none does."""
        return next((name for name in (domain, *ancestors(domain)) if name in self._subdomains), None)

    @cached_property
    def cloud(self) -> Cloud:
        """The cloud that the domains give away (the initial domain is among them), else nearly everybody's."""
        return cloud_of(self._subdomains) or WORLDWIDE

    def _below(self, domain: str) -> str | None:
        """An accepted domain that lies under this one."""
        place = bisect_left(self._reversed, f".{domain}"[::-1])
        name = self._reversed[place][::-1] if place < len(self._reversed) else ""
        return name if under(name, domain) else None


def accepted_of(tenant: Tenant) -> Accepted | None:
    """The accepted domains of a tenant, None where they are not known."""
    return None if tenant.accepted_domains is None else _accepted(tuple(tenant.accepted_domains))


@lru_cache(maxsize=64)  # many certificates are held against the domains of one tenant
def _accepted(domains: tuple[AcceptedDomain, ...]) -> Accepted:
    return Accepted(domains)


def takes(accepted: AcceptedDomain, domain: str) -> bool:
    """Whether mail to this normalised domain is mail to the accepted one (Set-AcceptedDomain, -MatchSubDomains)."""
    name = a_label(accepted.name)
    return name is not None and (domain == name or (accepted.match_subdomains and under(domain, name)))


def fitting_values(names: Iterable[str], accepted: Accepted | None) -> tuple[str, ...]:
    """Connector values that a certificate with these names satisfies with certainty, at most 20, those whose domain is
    accepted first."""
    return tuple(sorted(satisfiable(names), key=lambda value: not is_accepted(parse_value(value), accepted)))


def is_accepted(value: Value, accepted: Accepted | None) -> bool:
    """Whether a value's very domain is known to be accepted."""
    return accepted is not None and accepted.acceptance(value).standing == "accepted"


def as_accepted(domains: Sequence[str | AcceptedDomain] | str | None) -> tuple[AcceptedDomain, ...] | None:
    """A caller's accepted domains, or the one, as A-labels; None where they are not known."""
    if domains is None:
        return None
    return tuple(
        AcceptedDomain(a_label(domain) or domain) if isinstance(domain, str) else domain
        for domain in ([domains] if isinstance(domains, str) else domains)
    )
