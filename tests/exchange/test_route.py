"""Which outbound connector takes a recipient: how each covers the domain, which wins, and what is said of each."""

from __future__ import annotations

from typing import Any

import pytest

from certready.exchange.route import CENTRALIZED, DISAGREEMENT, Fit, fit, route
from certready.model import Connector, Tenant
from tests.decisions import domains, inbound, outbound

CONTOSO = domains(("contoso.com",))


def to(name: str, *recipients: str, **settings: Any) -> Connector:
    return outbound(name, recipient_domains=recipients, **settings)


def all_accepted(name: str = "all", *recipients: str, **settings: Any) -> Connector:
    return to(name, *recipients, all_accepted_domains=True, **settings)


@pytest.mark.parametrize(
    ("connector", "domain", "expected"),
    [
        (to("x", "contoso.com"), "contoso.com", Fit("exact", "contoso.com")),
        (to("x", "Contoso.COM."), "contoso.com", Fit("exact", "Contoso.COM.")),
        (to("x", "b\u00fccher.example"), "xn--bcher-kva.example", Fit("exact", "b\u00fccher.example")),
        (to("x", "contoso.com"), "mail.contoso.com", None),
        (to("x", "mail.contoso.com"), "contoso.com", None),
        (to("x", "no domain"), "contoso.com", None),
        (to("x"), "contoso.com", None),
        (to("x", "*"), "contoso.com", Fit("every-domain", "*")),
        (to("x", "*.contoso.com"), "mail.contoso.com", Fit("wildcard", "*.contoso.com", depth=2)),
        (to("x", "*.contoso.com"), "a.mail.contoso.com", Fit("wildcard", "*.contoso.com", depth=2)),
        (to("x", "*.mail.contoso.com"), "a.mail.contoso.com", Fit("wildcard", "*.mail.contoso.com", depth=3)),
        (to("x", "*.com"), "contoso.com", Fit("wildcard", "*.com", depth=1)),
        (to("x", "*.contoso.com"), "contoso.com", Fit("wildcard", "*.contoso.com", depth=2, inferred=True)),
        (to("x", "*.contoso.com"), "notcontoso.com", None),
        (to("x", "*.contoso.com"), "a.notcontoso.com", None),
        (to("x", "*.no domain"), "a.contoso.com", None),
        # The most specific of its entries counts, in whatever order they stand.
        (to("x", "*", "*.contoso.com", "mail.contoso.com"), "mail.contoso.com", Fit("exact", "mail.contoso.com")),
        (to("x", "mail.contoso.com", "*.contoso.com", "*"), "mail.contoso.com", Fit("exact", "mail.contoso.com")),
        (to("x", "*", "*.com", "*.contoso.com"), "mail.contoso.com", Fit("wildcard", "*.contoso.com", depth=2)),
        (to("x", "*.contoso.com", "*.com", "*"), "mail.contoso.com", Fit("wildcard", "*.contoso.com", depth=2)),
        # AllAcceptedDomains lies between a wildcard and every domain.
        (all_accepted(), "contoso.com", Fit("accepted-domains", "AllAcceptedDomains")),
        (all_accepted("x", "*"), "contoso.com", Fit("accepted-domains", "AllAcceptedDomains")),
        (all_accepted("x", "*.com"), "contoso.com", Fit("wildcard", "*.com", depth=1)),
        (all_accepted("x", "*"), "fabrikam.com", Fit("every-domain", "*")),
        (all_accepted(), "fabrikam.com", None),
        (all_accepted(), "mail.contoso.com", None),
        (all_accepted(kind="Partner"), "contoso.com", None),
        (outbound("x", all_accepted_domains=False), "contoso.com", None),
        (all_accepted(unread=("ConnectorType",)), "fabrikam.com",
         Fit("accepted-domains", "AllAcceptedDomains (the connector's type cannot be read)", unclear=True)),
        (all_accepted(kind="Partner", unread=("ConnectorType",)), "contoso.com", None),
        # What the export cut off may cover the domain as closely as anything; what is read goes first.
        (to("x", unread=("RecipientDomains",)), "contoso.com",
         Fit("exact", "RecipientDomains, which the export cut off,", unclear=True)),
        (to("x", "*", unread=("RecipientDomains",)), "contoso.com", Fit("every-domain", "*")),
        (to("x", "contoso.com", unread=("Enabled",)), "contoso.com",
         Fit("exact", "contoso.com (Enabled of the connector cannot be read)", unclear=True)),
        (to("x", "*.contoso.com", unread=("Enabled",)), "contoso.com",
         Fit("wildcard", "*.contoso.com (Enabled of the connector cannot be read)", depth=2, inferred=True,
             unclear=True)),
        (to("x", "contoso.com", unread=("Enabled",)), "fabrikam.com", None),
        (to("x", "contoso.com", unread=("TlsSettings",)), "contoso.com", Fit("exact", "contoso.com")),
        (to("x", "contoso.com", unread=("TestMode", "IsTransportRuleScoped")), "contoso.com",
         Fit("exact", "contoso.com (TestMode, IsTransportRuleScoped of the connector cannot be read)",
             unclear=True)),
        (to("x", unread=("AllAcceptedDomains",)), "contoso.com",
         Fit("accepted-domains", "AllAcceptedDomains, which cannot be read,", unclear=True)),
        (to("x", unread=("AllAcceptedDomains", "ConnectorType")), "contoso.com",
         Fit("accepted-domains", "AllAcceptedDomains, which cannot be read,", unclear=True)),
        (to("x", unread=("AllAcceptedDomains",)), "fabrikam.com", None),
        (to("x", unread=("AllAcceptedDomains",), kind="Partner"), "contoso.com", None),
        (to("x", "contoso.com", unread=("AllAcceptedDomains",)), "contoso.com", Fit("exact", "contoso.com")),
    ],
)  # fmt: skip
def test_fit(connector: Connector, domain: str, expected: Fit | None) -> None:
    """A connector covers a domain by the most specific of its entries; what cannot be read leaves it unclear."""
    assert fit(connector, domain, CONTOSO) == expected


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        (None, Fit("accepted-domains", "AllAcceptedDomains (the file names no accepted domain)", unclear=True)),
        ((), None),
        (("a.contoso.com",), Fit("accepted-domains", "AllAcceptedDomains")),
        (("fabrikam.com", "A.Contoso.com."), Fit("accepted-domains", "AllAcceptedDomains")),
        (("contoso.com",), None),
        (("+contoso.com",), Fit("accepted-domains", "AllAcceptedDomains, through MatchSubDomains", inferred=True)),
        (("fabrikam.com", "+contoso.com"),
         Fit("accepted-domains", "AllAcceptedDomains, through MatchSubDomains", inferred=True)),
        (("+contoso.com", "a.contoso.com"), Fit("accepted-domains", "AllAcceptedDomains")),
        (("+fabrikam.com",), None),
        (("+x.a.contoso.com",), None),
        (("no domain",), None),
    ],
)  # fmt: skip
def test_all_accepted_domains(accepted: tuple[str, ...] | None, expected: Fit | None) -> None:
    """AllAcceptedDomains covers an accepted domain, by inference what lies under one with MatchSubDomains, and perhaps
    any domain where the accepted ones are not known."""
    known = None if accepted is None else domains(accepted)
    assert fit(all_accepted(), "a.contoso.com", known) == expected


EXACT, WILD, ALL, STAR = to("exact", "a.contoso.com"), to("wild", "*.contoso.com"), all_accepted(), to("star", "*")
DEEP = to("deep", "*.a.contoso.com")
SPECIFIC = (EXACT, DEEP, WILD, ALL, STAR)
MANY = (to("a", "contoso.com"), to("b", "contoso.com"), to("c", "contoso.com"))

# The connectors, the recipient's domain, the connector chosen, whether that is certain, and what is said of each.
ROUTES: dict[str, tuple[tuple[Connector, ...], str, str | None, bool, list[str]]] = {
    "none for it": ((to("x", "fabrikam.com", "*.example.org"),), "contoso.com", None, True, [
        "x other-domains: It is for fabrikam.com, *.example.org."]),
    "none at all": ((), "contoso.com", None, True, []),
    "inbound ones are no matter": ((inbound("in", recipient_domains=("*",)),), "contoso.com", None, True, []),
    "no domain": ((outbound("x"),), "contoso.com", None, True, ["x other-domains: It is for no recipient domain."]),
    "accepted domains, and the domain is none": ((all_accepted("x", "x.org"),), "fabrikam.com", None, True, [
        "x other-domains: It is for x.org, AllAcceptedDomains."]),
    "accepted domains perhaps, and the domain is none": (
        (to("x", "x.org", unread=("AllAcceptedDomains",)),), "fabrikam.com", None, True, [
            "x other-domains: It is for x.org, perhaps all accepted domains."]),
    "the one": ((to("x", "contoso.com"),), "contoso.com", "x", True, [
        "x chosen: contoso.com covers the domain, and nothing is nearer."]),
    "the one, by inference": ((WILD,), "contoso.com", "wild", True, [
        "wild chosen: *.contoso.com covers the domain (only inferred), and nothing is nearer."]),
    "less specific, by inference": ((WILD, to("x", "contoso.com")), "contoso.com", "x", True, [
        "wild less-specific: *.contoso.com covers the domain (only inferred), but contoso.com is nearer.",
        "x chosen: contoso.com covers the domain, and nothing is nearer."]),
    "exact first": (SPECIFIC, "a.contoso.com", "exact", True, [
        "exact chosen: a.contoso.com covers the domain, and nothing is nearer.",
        "deep less-specific: *.a.contoso.com covers the domain (only inferred), but a.contoso.com is nearer.",
        "wild less-specific: *.contoso.com covers the domain, but a.contoso.com is nearer.",
        "all other-domains: It is for AllAcceptedDomains.",
        "star less-specific: * covers the domain, but a.contoso.com is nearer."]),
    "the deeper wildcard": (SPECIFIC, "b.a.contoso.com", "deep", True, [
        "exact other-domains: It is for a.contoso.com.",
        "deep chosen: *.a.contoso.com covers the domain, and nothing is nearer.",
        "wild less-specific: *.contoso.com covers the domain, but *.a.contoso.com is nearer.",
        "all other-domains: It is for AllAcceptedDomains.",
        "star less-specific: * covers the domain, but *.a.contoso.com is nearer."]),
    "all accepted domains before every domain": ((STAR, ALL), "contoso.com", "all", True, [
        "star less-specific: * covers the domain, but AllAcceptedDomains is nearer.",
        "all chosen: AllAcceptedDomains covers the domain, and nothing is nearer."]),
    "every domain last": (SPECIFIC, "fabrikam.com", "star", True, [
        "exact other-domains: It is for a.contoso.com.",
        "deep other-domains: It is for *.a.contoso.com.",
        "wild other-domains: It is for *.contoso.com.",
        "all other-domains: It is for AllAcceptedDomains.",
        "star chosen: * covers the domain, and nothing is nearer."]),
    "two alike": (MANY[:2], "contoso.com", None, False, [
        "a equal: contoso.com covers the domain as closely as 1 other, and none wins.",
        "b equal: contoso.com covers the domain as closely as 1 other, and none wins."]),
    "three alike": (MANY, "contoso.com", None, False, [
        "a equal: contoso.com covers the domain as closely as 2 others, and none wins.",
        "b equal: contoso.com covers the domain as closely as 2 others, and none wins.",
        "c equal: contoso.com covers the domain as closely as 2 others, and none wins."]),
    "two alike and one behind": ((*MANY[:2], STAR), "contoso.com", None, False, [
        "a equal: contoso.com covers the domain as closely as 1 other, and none wins.",
        "b equal: contoso.com covers the domain as closely as 1 other, and none wins.",
        "star less-specific: * covers the domain, but contoso.com is nearer."]),
    # A connector that no recipient chooses hides nothing.
    "disabled": ((to("off", "contoso.com", enabled=False), STAR), "contoso.com", "star", True, [
        "off disabled: contoso.com covers the domain, but it is disabled.",
        "star chosen: * covers the domain, and nothing is nearer."]),
    "in test mode": ((to("test", "contoso.com", test_mode=True), STAR), "contoso.com", "star", True, [
        "test test-mode: contoso.com covers the domain, but it is in test mode.",
        "star chosen: * covers the domain, and nothing is nearer."]),
    "for a rule": ((to("rule", "contoso.com", transport_rule_scoped=True), STAR), "contoso.com", "star", True, [
        ("rule rule-only: contoso.com covers the domain, but a mail flow rule must name it (IsTransportRuleScoped); "
        "recipients do not choose it."),
        "star chosen: * covers the domain, and nothing is nearer."]),
    "disabled, for another domain": ((to("off", "x.org", enabled=False),), "contoso.com", None, True, [
        "off other-domains: It is for x.org."]),
    "only disabled ones": ((to("off", "*", enabled=False),), "contoso.com", None, True, [
        "off disabled: * covers the domain, but it is disabled."]),
    # One that cannot be read leaves open whatever it may cover as closely.
    "unread, alone": ((to("lost", unread=("RecipientDomains",)),), "contoso.com", None, False, [
        "lost unclear: Whether RecipientDomains, which the export cut off, covers the domain is unknown."]),
    "unread, beside one that fits": ((to("lost", unread=("RecipientDomains",)), STAR), "contoso.com", None, False, [
        "lost unclear: Whether RecipientDomains, which the export cut off, covers the domain is unknown.",
        "star unclear: * covers the domain, but another connector may cover it more closely."]),
    "unread, as close as the best": (
        (to("lost", unread=("RecipientDomains",)), to("x", "contoso.com")), "contoso.com", None, False, [
            "lost unclear: Whether RecipientDomains, which the export cut off, covers the domain is unknown.",
            "x unclear: contoso.com covers the domain, but another connector may cover it more closely."]),
    "unread, and less close than the best": (
        (to("lost", "*", unread=("Enabled",)), to("x", "contoso.com")), "contoso.com", "x", True, [
            "lost unclear: Whether * (Enabled of the connector cannot be read) covers the domain is unknown.",
            "x chosen: contoso.com covers the domain, and nothing is nearer."]),
    "unread, beside a worse one": (
        (to("lost", unread=("RecipientDomains",)), to("x", "contoso.com"), STAR), "contoso.com", None, False, [
            "lost unclear: Whether RecipientDomains, which the export cut off, covers the domain is unknown.",
            "x unclear: contoso.com covers the domain, but another connector may cover it more closely.",
            "star less-specific: * covers the domain, but contoso.com is nearer."]),
    "unread and disabled": ((to("off", enabled=False, unread=("RecipientDomains",)), STAR), "contoso.com", "star", True, [
        "off disabled: Whether RecipientDomains, which the export cut off, covers the domain is unknown, but it is disabled.",
        "star chosen: * covers the domain, and nothing is nearer."]),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUTES)
def test_route(name: str) -> None:
    """The nearest connector in use takes the recipient, and of each other it is said why it does not."""
    connectors, domain, chosen, certain, said = ROUTES[name]
    answer = route(Tenant(connectors, CONTOSO), domain)
    assert answer.domain == domain
    assert (answer.chosen.name if answer.chosen else None, answer.certain) == (chosen, certain)
    assert [f"{seen.connector.name} {seen.standing}: {seen.reason}" for seen in answer.considered] == said
    assert [seen.fit for seen in answer.considered] == [
        fit(seen.connector, domain, CONTOSO) for seen in answer.considered
    ]


@pytest.mark.parametrize(
    ("connectors", "domain", "notes"),
    [
        ((STAR,), "contoso.com", ()),
        ((STAR, ALL), "contoso.com", ()),
        ((to("com", "*.com"), STAR), "contoso.com", ()),
        ((to("com", "*.com"), ALL), "contoso.com", (DISAGREEMENT,)),
        ((to("com", "*.com"), ALL, MANY[0]), "contoso.com", (DISAGREEMENT,)),
        ((to("com", "*.com"), ALL), "fabrikam.com", ()),
        ((to("com", "*.com", enabled=False), ALL), "contoso.com", ()),
        ((to("c", "*", route_via_on_premises=True),), "x.org", (CENTRALIZED.format(names="'c'"),)),
        ((to("c", "y.org", route_via_on_premises=True),), "x.org", (CENTRALIZED.format(names="'c'"),)),
        ((to("c", "*", route_via_on_premises=True), to("d", "*", route_via_on_premises=True)), "x.org",
         (CENTRALIZED.format(names="'c', 'd'"),)),
        ((to("c", "*", route_via_on_premises=True, enabled=False),), "x.org", ()),
        ((to("c", "*", route_via_on_premises=False),), "x.org", ()),
        ((to("com", "*.com"), all_accepted(route_via_on_premises=True)), "contoso.com",
         (DISAGREEMENT, CENTRALIZED.format(names="'all'"))),
    ],
)  # fmt: skip
def test_notes(connectors: tuple[Connector, ...], domain: str, notes: tuple[str, ...]) -> None:
    """Where the article contradicts itself, and where mail goes through the on-premises servers first, it is said."""
    assert route(Tenant(connectors, CONTOSO), domain).notes == notes
