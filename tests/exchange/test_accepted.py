"""Accepted domains: which of them decides, and what they give away."""

from __future__ import annotations

import pytest

from certready.exchange.accepted import Acceptance, Accepted, as_accepted, fitting_values, takes
from certready.exchange.matching import parse_value
from certready.model import AcceptedDomain


@pytest.mark.parametrize(
    ("domains", "value", "expected"),
    [
        ((AcceptedDomain("contoso.com"),), "contoso.com", Acceptance("accepted", "contoso.com")),
        ((AcceptedDomain("contoso.com"),), "*.contoso.com", Acceptance("accepted", "contoso.com")),
        ((AcceptedDomain("CONTOSO.com."),), "*.contoso.com", Acceptance("accepted", "contoso.com")),
        ((AcceptedDomain("mail.contoso.com"),), "*.contoso.com", Acceptance("subdomain", "mail.contoso.com")),
        ((AcceptedDomain("mail.contoso.com"),), "contoso.com", Acceptance("not-accepted")),
        ((AcceptedDomain("notcontoso.com"),), "*.contoso.com", Acceptance("not-accepted")),
        ((AcceptedDomain("contoso.com", True),), "mail.contoso.com", Acceptance("match-subdomains", "contoso.com")),
        ((AcceptedDomain("contoso.com"),), "mail.contoso.com", Acceptance("not-accepted")),
        (  # The same domain twice: covered where either of them says so.
            (AcceptedDomain("contoso.com", True), AcceptedDomain("Contoso.com")),
            "mail.contoso.com",
            Acceptance("match-subdomains", "contoso.com"),
        ),
        (
            (AcceptedDomain("contoso.com"), AcceptedDomain("Contoso.com", True)),
            "mail.contoso.com",
            Acceptance("match-subdomains", "contoso.com"),
        ),
        (  # Every domain's reversed name stands in order, whatever its length.
            (AcceptedDomain("fabrikam.com"), AcceptedDomain("a.contoso.com"), AcceptedDomain("zzz.example")),
            "*.contoso.com",
            Acceptance("subdomain", "a.contoso.com"),
        ),
        (
            (AcceptedDomain("ba.contoso.com"), AcceptedDomain("ab.fabrikam.net"), AcceptedDomain("c.contoso.org")),
            "*.fabrikam.net",
            Acceptance("subdomain", "ab.fabrikam.net"),
        ),
    ],
)
def test_standing(domains: tuple[AcceptedDomain, ...], value: str, expected: Acceptance) -> None:
    """A value's domain is accepted itself, through what lies under or over it, or not at all."""
    assert Accepted(domains).acceptance(parse_value(value)) == expected


@pytest.mark.parametrize(
    ("domains", "expected"),
    [
        (["contoso.com"], "worldwide"),
        (["contoso.com", "contoso.onmicrosoft.com"], "worldwide"),
        (["contoso.com", "contoso.partner.onmschina.cn"], "operated by 21Vianet in China"),
    ],
)
def test_cloud(domains: list[str], expected: str) -> None:
    """The initial domain gives the cloud away; without one it is nearly everybody's."""
    assert Accepted(AcceptedDomain(name) for name in domains).cloud.name == expected


@pytest.mark.parametrize(
    ("accepted", "domain", "expected"),
    [
        (AcceptedDomain("contoso.com"), "contoso.com", True),
        (AcceptedDomain("Contoso.com"), "contoso.com", True),
        (AcceptedDomain("contoso.com"), "mail.contoso.com", False),
        (AcceptedDomain("contoso.com", True), "mail.contoso.com", True),
        (AcceptedDomain("contoso.com", True), "contoso.com", True),
        (AcceptedDomain("contoso.com", True), "fabrikam.com", False),
        (AcceptedDomain("contoso.com", True), "notcontoso.com", False),
        (AcceptedDomain("no domain at all", True), "mail.contoso.com", False),
    ],
)
def test_takes(accepted: AcceptedDomain, domain: str, expected: bool) -> None:
    """Mail to a domain, and to what lies under it where subdomains match, is mail to the accepted domain."""
    assert takes(accepted, domain) is expected


def test_fitting_values_put_accepted_first() -> None:
    """Of the values that a certificate satisfies those come first whose domain is accepted."""
    names = ("mail.alpha.example", "mail.contoso.com")
    values = fitting_values(names, Accepted([AcceptedDomain("contoso.com")]))
    assert {parse_value(value).domain for value in values[:1]} == {"contoso.com"}
    assert "mail.alpha.example" in values
    others = fitting_values(names, None)
    assert sorted(others) == sorted(values)
    assert others[0] == "mail.alpha.example"


@pytest.mark.parametrize(
    ("domains", "expected"),
    [
        (None, None),
        ("contoso.com", (AcceptedDomain("contoso.com"),)),
        (["Contoso.com", "bücher.example"], (AcceptedDomain("contoso.com"), AcceptedDomain("xn--bcher-kva.example"))),
        ([AcceptedDomain("contoso.com", True)], (AcceptedDomain("contoso.com", True),)),
        (["no domain"], (AcceptedDomain("no domain"),)),
        ([], ()),
    ],
)
def test_as_accepted(domains: list[str | AcceptedDomain] | str | None, expected: tuple[AcceptedDomain, ...]) -> None:
    """A caller's accepted domains are kept as A-labels; what is no domain stays as it was given."""
    assert as_accepted(domains) == expected
