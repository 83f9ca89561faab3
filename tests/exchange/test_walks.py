"""Walks of the attribution, kept whole: every step, the fact it rests on, what it answers, and the sentence."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from certready.exchange.attribution import Message, attribute
from certready.exchange.attribution.scenarios import default_domain_note, scenarios
from certready.exchange.attribution.sender import by_sender, contains
from certready.exchange.attribution.steps import Ground, State
from certready.model import AcceptedDomain, Connector, Tenant
from tests.decisions import domains, inbound

GATEWAY = inbound("Gateway", "*.contoso.com")
ADDRESS = replace(inbound("Address", None), sender_ips=("192.0.2.0/30",))
PARTNER = replace(inbound("Partner", "mail.partner.example"), kind="Partner", restrict_to_certificate=True)
OUTBOUND = Connector("Out", "outbound", "mail.contoso.com", source="tenant")
CONTOSO = domains(("contoso.com",))
NAMES = ("mail.contoso.com",)
OUTSIDE = Message(None)
OWN = Message("contoso.com")
HERE = Message("foreign.example", "contoso.com")


def tenant(*connectors: Connector, accepted: tuple[AcceptedDomain, ...] | None = CONTOSO, **more: Any) -> Tenant:
    return Tenant(connectors, accepted, **more)


def gateway(name: str = "Gateway", **settings: Any) -> Connector:
    return replace(GATEWAY, name=name, **settings)


def partner(**settings: Any) -> Connector:
    return replace(PARTNER, **{"sender_domains": ("*",), **settings})


BELOW = domains(("mail.contoso.com",))
ABOVE = domains(("+example",))
WALKS: dict[str, tuple[Tenant, tuple[str, ...], Message]] = {
    # The certificate.
    "no certificate": (tenant(gateway()), (), OUTSIDE),
    "no connector in the file": (tenant(lists_connectors=False), NAMES, OUTSIDE),
    "no connector in the tenant": (tenant(), NAMES, OUTSIDE),
    "an outbound connector alone": (tenant(OUTBOUND), NAMES, OUTSIDE),
    "disabled": (tenant(gateway(enabled=False)), NAMES, OUTSIDE),
    "a Partner connector asks": (tenant(partner(value="*.contoso.com")), NAMES, OUTSIDE),
    "below a wildcard": (tenant(gateway()), NAMES, OUTSIDE),
    "exact": (tenant(gateway(value="mail.contoso.com"), accepted=BELOW), NAMES, OUTSIDE),
    "exact wildcard": (tenant(gateway()), ("*.contoso.com",), OUTSIDE),
    "a wildcard certificate for a host": (
        tenant(gateway(value="mail.contoso.com"), accepted=BELOW), ("*.contoso.com",), OUTSIDE),
    "a wildcard certificate for the domain": (tenant(gateway(value="contoso.com")), ("*.contoso.com",), OUTSIDE),
    "a connector beside a file that lists none": (tenant(gateway(), lists_connectors=False), NAMES, OUTSIDE),
    "no certificate, accepted domains unknown": (tenant(gateway(), accepted=None), (), OUTSIDE),
    "the domain itself": (tenant(gateway()), ("contoso.com",), OUTSIDE),
    "deep": (tenant(gateway()), ("a.b.contoso.com",), OUTSIDE),
    "an issuer part": (tenant(gateway(value="<I>CN=CA<S>CN=mail.contoso.com"), accepted=BELOW), NAMES, OUTSIDE),
    "no name meets it": (tenant(gateway()), ("mail.fabrikam.com",), OUTSIDE),
    "malformed": (tenant(gateway(value="m*.contoso.com")), NAMES, OUTSIDE),
    "no value": (tenant(gateway(value=None)), NAMES, OUTSIDE),
    "a value unread": (tenant(gateway(value=None, unread=("TlsSenderCertificateName",))), NAMES, OUTSIDE),
    "a value and another property unread": (tenant(gateway(unread=("TlsSenderCertificateName",))), NAMES, OUTSIDE),
    "TrustedOrganizations": (tenant(gateway(trusted_organizations=("x.org",))), NAMES, OUTSIDE),
    "TrustedOrganizations unread": (tenant(gateway(unread=("TrustedOrganizations",))), NAMES, OUTSIDE),
    "state unread": (tenant(gateway(unread=("Enabled", "ConnectorType"))), NAMES, OUTSIDE),
    "limited to others": (tenant(gateway(associated_domains=("fabrikam.com",))), NAMES, OUTSIDE),
    "limited unread": (tenant(gateway(unread=("AssociatedAcceptedDomains",))), NAMES, OUTSIDE),
    "two alike, one of them unread": (
        tenant(gateway("A"), gateway("B", unread=("TrustedOrganizations",))), NAMES, OUTSIDE),
    "two alike, one of them barred": (
        tenant(gateway("A"), gateway("B", trusted_organizations=("x.org",))), NAMES, OUTSIDE),
    "two alike, the first of them barred": (
        tenant(gateway("A", trusted_organizations=("x.org",)), gateway("B")), NAMES, OUTSIDE),
    # The accepted domain.
    "not accepted": (tenant(gateway(), accepted=domains(("fabrikam.com",))), NAMES, OUTSIDE),
    "not accepted but the domain above": (tenant(gateway(value="mail.contoso.com")), NAMES, OUTSIDE),
    "a subdomain accepted": (tenant(gateway(), accepted=BELOW), NAMES, OUTSIDE),
    "covered from above": (tenant(gateway(value="a.example"), accepted=ABOVE), ("a.example",), OUTSIDE),
    "accepted domains unknown": (tenant(gateway(), accepted=None), NAMES, OUTSIDE),
    "a plain value, accepted domains unknown": (
        tenant(gateway(value="mail.contoso.com"), accepted=None), NAMES, OUTSIDE),
    # The sender.
    "own sender, domain not accepted for the certificate": (tenant(gateway(value="mail.contoso.com")), NAMES, OWN),
    "foreign sender, domain not accepted": (
        tenant(gateway(value="mail.contoso.com")), NAMES, Message("foreign.example")),
    "own sender by address": (tenant(ADDRESS), (), Message("contoso.com", ip="192.0.2.1")),
    "own sender by address, certificate of others": (
        tenant(ADDRESS, gateway()), ("x.example",), Message("contoso.com", ip="192.0.2.1")),
    "own sender, another address": (tenant(ADDRESS), (), Message("contoso.com", ip="192.0.2.9")),
    "own sender, address not given": (tenant(ADDRESS), (), OWN),
    "certificate unclear, address known": (
        tenant(ADDRESS, gateway(unread=("TrustedOrganizations",))), NAMES, Message("contoso.com", ip="192.0.2.1")),
    "certificate unclear, address not given": (
        tenant(ADDRESS, gateway(unread=("TrustedOrganizations",))), NAMES, OWN),
    "certificate unclear, no address": (tenant(gateway(unread=("TrustedOrganizations",))), NAMES, OWN),
    "certificate barred, address not given": (
        tenant(ADDRESS, gateway(trusted_organizations=("x.org",))), NAMES, OWN),
    "address of a Partner connector": (
        tenant(replace(ADDRESS, kind="Partner")), (), Message("contoso.com", ip="192.0.2.1")),
    "address of an outbound connector": (
        tenant(replace(ADDRESS, direction="outbound")), (), Message("contoso.com", ip="192.0.2.1")),
    "address of a disabled connector": (
        tenant(replace(ADDRESS, enabled=False)), (), Message("contoso.com", ip="192.0.2.1")),
    "address beside a value": (
        tenant(replace(ADDRESS, value="*.contoso.com")), (), Message("contoso.com", ip="192.0.2.1")),
    "address beside TrustedOrganizations": (
        tenant(replace(ADDRESS, trusted_organizations=("x.org",))), (), Message("contoso.com", ip="192.0.2.1")),
    "address beside what is unread": (
        tenant(replace(ADDRESS, unread=("Enabled",))), (), Message("contoso.com", ip="192.0.2.1")),
    "another address beside a value": (
        tenant(replace(ADDRESS, value="*.contoso.com")), (), Message("contoso.com", ip="192.0.2.9")),
    "address unreadable": (
        tenant(replace(ADDRESS, sender_ips=("192.0.2.1-192.0.2.9",))), (), Message("contoso.com", ip="192.0.2.1")),
    "two with the address, one of them with a value": (
        tenant(replace(ADDRESS, value="*.contoso.com"), replace(ADDRESS, name="Bare")), (),
        Message("contoso.com", ip="192.0.2.1")),
    "two with addresses, the second fits": (
        tenant(replace(ADDRESS, name="Elsewhere", sender_ips=("198.51.100.1",)), ADDRESS), (),
        Message("contoso.com", ip="192.0.2.1")),
    "sender covered from above": (
        tenant(ADDRESS, accepted=domains(("+contoso.com",))), (), Message("a.contoso.com", ip="192.0.2.1")),
    "sender below, not covered": (tenant(ADDRESS), (), Message("a.contoso.com", ip="192.0.2.1")),
    "sender of others, accepted with subdomains": (
        tenant(ADDRESS, accepted=domains(("+contoso.com",))), (), Message("fabrikam.com", ip="192.0.2.1")),
    "sender, accepted domains unknown": (tenant(ADDRESS, accepted=None), (), Message("contoso.com", ip="192.0.2.1")),
    "null sender by address": (tenant(ADDRESS), (), Message(None, ip="192.0.2.1")),
    # The recipient.
    "incoming": (tenant(), (), HERE),
    "incoming, own sender": (tenant(), (), Message("contoso.com", "contoso.com")),
    "incoming, second of the accepted domains": (
        tenant(accepted=domains(("fabrikam.com", "contoso.com"))), (), Message("fabrikam.com", "contoso.com")),
    "incoming to a subdomain": (
        tenant(accepted=domains(("+contoso.com",))), (), Message("foreign.example", "a.contoso.com")),
    "to a stranger": (tenant(), (), Message("foreign.example", "other.example")),
    "no accepted domain, no recipient": (tenant(accepted=()), (), OUTSIDE),
    "Partner with another certificate": (tenant(partner()), (), HERE),
    "Partner with its certificate": (tenant(partner()), ("mail.partner.example",), HERE),
    "Partner with a name too deep": (
        tenant(partner(value="*.partner.example")), ("a.b.partner.example",), HERE),
    "Partner, certificate not asked": (tenant(partner(restrict_to_certificate=False)), (), HERE),
    "Partner, direction outbound": (tenant(partner(direction="outbound")), (), HERE),
    "Partner, disabled": (tenant(partner(enabled=False)), (), HERE),
    "OnPremises with restrictions": (tenant(partner(kind="OnPremises")), (), HERE),
    "Partner, addresses asked and not given": (
        tenant(partner(restrict_to_certificate=False, restrict_to_ips=True, sender_ips=("192.0.2.1",))), (), HERE),
    "Partner, addresses asked and met": (
        tenant(partner(restrict_to_certificate=False, restrict_to_ips=True, sender_ips=("192.0.2.1",))), (),
        replace(HERE, ip="192.0.2.1")),
    "Partner, addresses asked and not met": (
        tenant(partner(restrict_to_certificate=False, restrict_to_ips=True, sender_ips=("192.0.2.1",))), (),
        replace(HERE, ip="192.0.2.9")),
    "Partner, addresses asked and unread": (
        tenant(partner(restrict_to_certificate=False, restrict_to_ips=True, sender_ips=("192.0.2.1",),
                       unread=("SenderIPAddresses",))), (), replace(HERE, ip="192.0.2.9")),
    "Partner, certificate not met, addresses unknown": (
        tenant(partner(restrict_to_ips=True, sender_ips=("192.0.2.1",))), (), HERE),
    "two Partners, the second not met": (
        tenant(partner(restrict_to_certificate=False, restrict_to_ips=True), replace(partner(), name="Second")), (),
        HERE),
    "Partner for the sender": (tenant(partner(sender_domains=("x.org", "foreign.example"))), (), HERE),
    "Partner for a domain above the sender": (
        tenant(partner(sender_domains=("x.org",))), (), Message("a.x.org", "contoso.com")),
    "Partner for what is below the sender": (
        tenant(partner(sender_domains=("*.x.org",))), (), Message("x.org", "contoso.com")),
    "Partner for what is below another": (
        tenant(partner(sender_domains=("*.x.org",))), (), Message("y.org", "contoso.com")),
    "Partner for a subdomain": (tenant(partner(sender_domains=("*.x.org",))), (), Message("a.x.org", "contoso.com")),
    "Partner for a sender, null sender": (
        tenant(partner(sender_domains=("*.x.org", "x.org"))), (), Message(None, "contoso.com")),
    "Partner, a restriction unread": (
        tenant(partner(restrict_to_certificate=None, unread=("RestrictDomainsToCertificate",))), (), HERE),
    "Partner for others, a restriction unread": (
        tenant(partner(sender_domains=("x.org",), unread=("RestrictDomainsToIPAddresses",))), (), HERE),
    "Partner for no domain": (tenant(partner(sender_domains=("no domain",))), (), Message("x.org", "contoso.com")),
}  # fmt: skip


@pytest.mark.parametrize("name", WALKS)
def test_walk(name: str, snapshot: SnapshotAssertion) -> None:
    """A walk takes these steps, says these sentences, and comes to this."""
    asked, names, message = WALKS[name]
    came = attribute(asked, names, message)
    lines = [f"{step.fact} {step.basis} {step.answer}: {step.text}" for step in came.steps]
    decided = came.steps.index(came.decided_by) + 1
    lines += [f"-> {came.outcome} by step {decided}, connector {came.connector}, reply {came.reply}", *came.notes]
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("ranges", "ip", "state"),
    [
        (("192.0.2.1",), "192.0.2.1", "yes"),
        (("192.0.2.1/30",), "192.0.2.2", "yes"),  # host bits are set, as administrators write it
        (("192.0.2.1/30",), "192.0.2.4", "no"),
        (("nonsense", "192.0.2.1"), "192.0.2.1", "yes"),
        (("192.0.2.9", "nonsense"), "192.0.2.1", "unclear"),
        (("192.0.2.1",), "nonsense", "unclear"),
        ((), "192.0.2.1", "no"),
    ],
)
def test_contains(ranges: tuple[str, ...], ip: str, state: str) -> None:
    """An address lies in a range, in none, or a range that cannot be read leaves it open."""
    assert contains(ranges, ip) == state


@pytest.mark.parametrize(
    ("known", "address", "expected"),
    [
        # by certificate, by address, and by which of them the gateway is known
        ("yes", ADDRESS, ("yes", "Gateway")),
        ("unclear", ADDRESS, ("yes", "Address")),
        ("no", ADDRESS, ("yes", "Address")),
        ("unclear", replace(ADDRESS, value="x.org"), ("unclear", "Gateway")),
        ("no", replace(ADDRESS, value="x.org"), ("unclear", "Address")),
        ("unclear", replace(ADDRESS, sender_ips=("198.51.100.1",)), ("unclear", "Gateway")),
        ("no", replace(ADDRESS, sender_ips=("198.51.100.1",)), ("no", "Gateway")),
        ("unclear", OUTBOUND, ("unclear", "Gateway")),
    ],
)
def test_what_knows_the_gateway(known: State, address: Connector, expected: tuple[State, str]) -> None:
    """A gateway is known by its address only where that is surer than by its certificate."""
    certificate = Ground("no", known, (), "Gateway")
    came = by_sender(tenant(address), Message("contoso.com", ip="192.0.2.1"), certificate)
    assert (came.identity, came.connector) == expected


def test_scenarios() -> None:
    """The four kinds of mail come from the gateway's address, the own one from a domain that stands for the tenant's
    where the file names none."""
    for asked, own in ((tenant(), "contoso.com"), (tenant(accepted=None), "own.example")):
        messages = [scenario.message for scenario in scenarios(asked, "192.0.2.1")]
        assert messages == [
            Message(own, ip="192.0.2.1"),
            Message(None, ip="192.0.2.1"),
            Message("foreign.example", ip="192.0.2.1"),
            Message("foreign.example", ip="192.0.2.1"),
        ]


@pytest.mark.parametrize(
    ("names", "noted"),
    [
        (("contoso.com",), False),
        (("CONTOSO.com",), False),
        (("Mail.Contoso.COM",), False),
        (("gw.vendor.example", "mail.contoso.com"), False),
        (("notcontoso.com",), True),
        (("gw.vendor.example",), True),
        ((), False),
    ],
)
def test_default_domain_note(names: tuple[str, ...], noted: bool) -> None:
    """It is noted where no name lies in the default domain, and never without a name or a domain."""
    assert (default_domain_note(tenant(), names) is not None) is noted
    assert default_domain_note(tenant(accepted=None), names) is None
