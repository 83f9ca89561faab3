"""The four kinds of mail that Microsoft's articles about relaying tell apart, each answered for one certificate."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from certready.exchange.attribution.steps import Message
from certready.model import Tenant

FOREIGN = "foreign.example"
OWN = "own.example"  # stands for a domain of the tenant where the file names none


class Scenario(Struct, frozen=True):
    """One kind of mail, in words, and the envelope that stands for it; its recipient is outside the tenant."""

    name: str
    text: str
    message: Message


def scenarios(tenant: Tenant, ip: str | None = None) -> tuple[Scenario, ...]:
    """Own sender, bounce, foreign sender and forwarded mail ("Configure a certificate-based connector to relay email
    messages through Microsoft 365"). ``ip`` is the gateway's address where it is known."""
    domain = own_domain(tenant) or OWN
    return (
        Scenario("own sender", f"mail of a sender at {domain} to the Internet", Message(domain, ip=ip)),
        Scenario("bounce", "a non-delivery report or automatic reply, which has no sender", Message(None, ip=ip)),
        Scenario("foreign sender", "mail of a sender whose domain the tenant does not own", Message(FOREIGN, ip=ip)),
        Scenario("forwarded", "a stranger's message that a mailbox forwards outside", Message(FOREIGN, ip=ip)),
    )


def own_domain(tenant: Tenant) -> str | None:
    """The tenant's default accepted domain, else its first one."""
    domains = tenant.accepted_domains or ()
    return next((domain.name for domain in domains if domain.default), domains[0].name if domains else None)


def default_domain_note(tenant: Tenant, names: Sequence[str]) -> str | None:
    """A note where no certificate name lies in the tenant's default domain; nothing requires one there."""
    domain = own_domain(tenant)
    if (
        domain is None
        or not names
        or any(name.lower() == domain or name.lower().endswith(f".{domain}") for name in names)
    ):
        return None
    return f"No name of the certificate lies in the tenant's default domain {domain}; nothing requires it."
