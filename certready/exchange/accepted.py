"""Whether a tenant accepts the domain behind a connector value: the decision that lets a certificate relay.

Exchange Online attributes a session to a tenant only where the domain of the matching connector value is an accepted
domain of that tenant (Exchange Team, "Office 365 Message Attribution"; "Updated requirements for SMTP relay").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from certready.exchange.matching import Value, a_label, parse_value, satisfiable, under
from certready.model import AcceptedDomain

Standing = Literal["accepted", "subdomain", "match-subdomains", "not-accepted"]
STANDINGS: tuple[Standing, ...] = ("accepted", "subdomain", "match-subdomains", "not-accepted")


class Acceptance(NamedTuple):
    """How a connector value stands to the accepted domains, and the accepted domain that decides (None: none does)."""

    standing: Standing
    domain: str | None = None


def acceptance(value: Value, accepted: Iterable[AcceptedDomain]) -> Acceptance:
    """The standing of a value's domain P (``P`` and ``*.P`` alike).

    ``accepted``: P itself is (techcommunity 4420592 for a plain value; "Three Key Points for Connector Settings" for a
    wildcard). ``subdomain``: only a subdomain of P is, and the value is a wildcard; one note of 2017 lets that pass.
    ``match-subdomains``: a parent is, with MatchSubDomains, whose effect on attribution is documented nowhere.
    """
    domains = {name: one.match_subdomains for one in accepted if (name := a_label(one.name))}
    if value.domain in domains:
        return Acceptance("accepted", value.domain)
    below = next((name for name in domains if value.wildcard and under(name, value.domain)), None)
    if below:
        return Acceptance("subdomain", below)
    above = next((name for name, subdomains in domains.items() if subdomains and under(value.domain, name)), None)
    return Acceptance("match-subdomains", above) if above else Acceptance("not-accepted")


def takes(accepted: AcceptedDomain, domain: str) -> bool:
    """Whether mail to this normalised domain is mail to the accepted one (Set-AcceptedDomain, -MatchSubDomains)."""
    name = a_label(accepted.name)
    return name is not None and (domain == name or (accepted.match_subdomains and under(domain, name)))


def accepted_above(domain: str, accepted: Iterable[AcceptedDomain] | None) -> str | None:
    """The accepted domain that is this normalised domain or lies over it, the deepest; None where there is none."""
    names = (name for one in accepted or () if (name := a_label(one.name)))
    fitting = (name for name in names if name == domain or under(domain, name))
    return max(fitting, key=lambda name: name.count("."), default=None)


def fitting_values(names: Iterable[str], accepted: Iterable[AcceptedDomain] | None) -> tuple[str, ...]:
    """Connector values that a certificate with these names satisfies with certainty, at most 20, those whose domain is
    accepted first."""
    domains = {one.name for one in accepted or ()}
    return tuple(sorted(satisfiable(names), key=lambda value: parse_value(value).domain not in domains))
