"""The decision tables of connectors: for each fact what follows from it, both ways, as data.

``tests/exchange/test_decisions.py`` proves every row and holds docs/decisions.md to them, which this module writes:
``python -m tests.decisions > docs/decisions.md``.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

from certready.exchange.facts import FACTS
from certready.model import AcceptedDomain, Connector, Tenant

CONTOSO = ("contoso.com",)
HEAD = """# Decisions about connectors

What certready answers, fact by fact. Made from the tables that the tests prove (`tests/decisions.py`); to change a row,
change it there. *documented* means by Microsoft or the owner of the thing, *inferred* deduced from behaviour, *disputed*
that documents disagree. A domain with `+` before it is accepted with MatchSubDomains. Nothing here was tried against
Exchange Online itself.
"""
USUAL = (
    "Unless said otherwise: value `*.contoso.com`, certificate `mail.contoso.com`, accepted domain `contoso.com`, no "
    "envelope sender, a recipient outside the tenant.\n"
)


@dataclass(frozen=True)
class Matching:
    """Does a certificate name meet a connector value (section 1.2)?"""

    fact: str
    value: str
    names: tuple[str, ...]
    match: str
    certain: bool = True


@dataclass(frozen=True)
class Relaying:
    """What becomes of a message of a gateway (section 1.3): settings of the tenant, the envelope, the outcome."""

    fact: str
    when: str
    outcome: str
    value: str | None = "*.contoso.com"
    names: tuple[str, ...] = ("mail.contoso.com",)
    accepted: tuple[str, ...] = CONTOSO
    sender: str | None = None
    recipient: str | None = None
    ip: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    others: tuple[Connector, ...] = ()
    deciding: str | None = None

    @property
    def tenant(self) -> Tenant:
        gateway = Connector("Gateway", "inbound", self.value, source="tenant", **self.settings)
        return Tenant((gateway, *self.others), domains(self.accepted))


@dataclass(frozen=True)
class Outbound:
    """What the lint says of an outbound connector, or which one a recipient gets (section 2)."""

    fact: str
    when: str
    settings: dict[str, Any]
    says: str


@dataclass(frozen=True)
class Choosing:
    """Which of several outbound connectors takes a recipient (facts 2.6 to 2.8, 2.10)."""

    fact: str
    when: str
    connectors: tuple[Connector, ...]
    recipient: str
    chosen: str | None
    certain: bool = True


def domains(names: tuple[str, ...]) -> tuple[AcceptedDomain, ...]:
    """Accepted domains; one with a ``+`` in front has MatchSubDomains."""
    return tuple(AcceptedDomain(one.lstrip("+"), match_subdomains=one.startswith("+")) for one in names)


def inbound(name: str, value: str | None = None, **more: Any) -> Connector:
    """An inbound connector of the tenant."""
    return Connector(name, "inbound", value, source="tenant", **more)


def outbound(name: str = "To gateway", **more: Any) -> Connector:
    """An outbound connector of the tenant, to a smart host unless said otherwise."""
    settings: dict[str, Any] = {"level": "domain-validation", "value": "gw.contoso.com", "use_mx": False}
    settings |= {"smart_hosts": ("gw.contoso.com",)} | more
    return Connector(name, "outbound", source="tenant", **settings)


LOCK = inbound("Filter", "*.filter.example", kind="Partner", sender_domains=("*",), restrict_to_certificate=True)
BY_ADDRESS = inbound("By address", sender_ips=("192.0.2.0/24",))
ONE = outbound("1", all_accepted_domains=True)
TWO = outbound("2", recipient_domains=("Contoso.com",))
THREE = outbound("3", recipient_domains=("*.Contoso.com",))
EXAMPLE = (ONE, TWO, THREE)
EXAMPLE_DOMAINS = ("contoso.com", "sales.contoso.com", "fabrikam.com", "contoso.onmicrosoft.com")

MATCHING = (
    Matching("1.2.1", "*.contoso.com", ("mail.contoso.com",), "wildcard-value"),
    Matching("1.2.1", "domain.*.contoso.com", ("domain.a.contoso.com",), "malformed"),
    Matching("1.2.2", "contoso.com", ("contoso.com",), "exact"),
    Matching("1.2.2", "contoso.com", ("fabrikam.com",), "none"),
    Matching("1.2.3", "contoso.com", ("mail.contoso.com",), "none"),
    Matching("1.2.3", "mail.contoso.com", ("mail.contoso.com",), "exact"),
    Matching("1.2.4", "mail.contoso.com", ("*.contoso.com",), "wildcard-certificate", certain=False),
    Matching("1.2.4", "a.b.contoso.com", ("*.contoso.com",), "none"),
    Matching("1.2.4", "contoso.com", ("*.contoso.com",), "apex", certain=False),
    Matching("1.2.5", "*.contoso.com", ("mx1.contoso.com", "mx2.contoso.com"), "wildcard-value"),
    Matching("1.2.5", "*.contoso.com", ("mail.evilcontoso.com",), "none"),
    Matching("1.2.6", "*.contoso.com", ("*.contoso.com",), "exact"),
    Matching("1.2.6", "*.contoso.com", ("*.fabrikam.com",), "none"),
    Matching("1.2.7", "*.contoso.com", ("contoso.com",), "apex"),
    Matching("1.2.7", "*.eu.contoso.com", ("contoso.com",), "none"),
    Matching("1.2.8", "*.contoso.com", ("a.b.contoso.com",), "deep", certain=False),
    Matching("1.2.8", "*.contoso.com", ("b.contoso.com",), "wildcard-value"),
    Matching("1.2.9", "*.CONTOSO.com", ("Mail.Contoso.COM",), "wildcard-value"),
    Matching("1.2.9", "*.contoso.com", ("a.b.contoso.com", "mail.contoso.com"), "wildcard-value"),
    Matching("1.2.11", "*.contoso.com", ("mail1.contoso.com", "mail2.contoso.com"), "wildcard-value"),
    Matching("1.2.11", "mail1.contoso.com", ("mail2.contoso.com",), "none"),
    Matching("1.2.13", "<I>CN=Some CA<S>CN=mail.contoso.com", ("mail.contoso.com",), "exact"),
    Matching("1.2.13", "<I>CN=Some CA<S>O=Contoso", ("mail.contoso.com",), "malformed"),
)

RELAYING = (
    Relaying("1.2.8", "name two labels under the value", "cannot-tell", names=("a.b.contoso.com",), deciding="1.2.8"),
    Relaying(
        "1.2.13", "value with an issuer", "cannot-tell", value="<I>CN=Some CA<S>CN=contoso.com", names=CONTOSO, deciding="1.2.13"
    ),
    Relaying("1.3.1", "certificate, connector and accepted domain fit", "relayed", deciding="1.3.4"),
    Relaying("1.3.1", "no connector asks for the certificate", "refused", names=("x.org",), deciding="1.3.1"),
    Relaying("1.3.1", "the same, to a recipient of the tenant", "incoming", names=("x.org",), recipient="contoso.com"),
    Relaying("1.3.1", "the connector is disabled", "refused", settings={"enabled": False}),
    Relaying("1.3.2", "certificate goes before a foreign sender", "relayed", sender="x.org", deciding="1.3.4"),
    Relaying("1.3.2", "without it the sender counts", "relayed", names=(), sender="contoso.com", ip="192.0.2.1",
             others=(BY_ADDRESS,), deciding="1.3.3"),
    Relaying("1.3.3", "address and accepted sender", "relayed", value=None, names=(), sender="contoso.com",
             ip="192.0.2.1", others=(BY_ADDRESS,), deciding="1.3.3"),
    Relaying("1.3.3", "address and foreign sender", "refused", value=None, names=(), sender="x.org",
             ip="192.0.2.1", others=(BY_ADDRESS,)),
    Relaying("1.3.3", "accepted sender, nothing knows the gateway", "refused", value=None, names=(),
             sender="contoso.com", ip="198.51.100.1", others=(BY_ADDRESS,)),
    Relaying("1.3.3", "accepted sender, address not given", "cannot-tell", value=None, names=(),
             sender="contoso.com", others=(BY_ADDRESS,)),
    Relaying("1.3.4", "null sender, accepted certificate domain", "relayed", deciding="1.3.4"),
    Relaying("1.3.4", "null sender by address", "refused", value=None, names=(), ip="192.0.2.1", others=(BY_ADDRESS,)),
    Relaying("1.3.4", "null sender, certificate domain not accepted", "refused", accepted=("fabrikam.com",)),
    Relaying("1.3.5", "plain value, itself accepted", "relayed", value="mail.contoso.com",
             accepted=("mail.contoso.com",)),
    Relaying("1.3.5", "plain value, not accepted", "refused", value="contoso.com", names=CONTOSO,
             accepted=("fabrikam.com",), deciding="1.3.5"),
    Relaying("1.3.6", "*.P with P accepted", "relayed"),
    Relaying("1.3.6", "*.P with a subdomain of P accepted", "cannot-tell", accepted=("jpn.contoso.com",),
             deciding="1.3.6"),
    Relaying("1.3.7", "host under P alone, only P accepted", "refused", value="mail.contoso.com", deciding="1.3.7"),
    Relaying("1.3.7", "*.sub.P with sub.P accepted", "relayed", value="*.sub.contoso.com",
             names=("h.sub.contoso.com",), accepted=("sub.contoso.com",)),
    Relaying("1.3.7", "*.sub.P with P accepted alone", "refused", value="*.sub.contoso.com",
             names=("h.sub.contoso.com",), deciding="1.3.7"),
    Relaying("1.3.8", "the host itself as value and accepted domain", "relayed", value="email.contoso.com",
             names=("email.contoso.com",), accepted=("email.contoso.com",)),
    Relaying("1.3.8", "the host as value alone", "refused", value="email.contoso.com", names=("email.contoso.com",)),
    Relaying("1.3.9", "the wizard's *.P where the host is not accepted", "relayed", names=("exchange.contoso.com",)),
    Relaying("1.3.9", "the host as the wizard's value", "refused", value="exchange.contoso.com",
             names=("exchange.contoso.com",), deciding="1.3.7"),
    Relaying("1.3.10", "another system with a name under P", "relayed", names=("marketing.contoso.com",)),
    Relaying("1.3.10", "the same under an exact value", "refused", value="mail.contoso.com",
             names=("marketing.contoso.com",), accepted=("mail.contoso.com",)),
    Relaying("1.3.11", "certificate domain not accepted, sender is", "relayed", sender="fabrikam.com",
             accepted=("fabrikam.com",), deciding="1.3.3"),
    Relaying("1.3.11", "neither is", "refused", sender="x.org", accepted=("fabrikam.com",)),
    Relaying("1.3.13", "an add-on's domain for the tenant, accepted", "relayed", value="t1.vendor.example",
             names=("t1.vendor.example",), accepted=("contoso.com", "t1.vendor.example")),
    Relaying("1.3.13", "the same, not accepted", "refused", value="t1.vendor.example", names=("t1.vendor.example",)),
    Relaying("1.3.15", "value under P with MatchSubDomains", "cannot-tell", value="mail.contoso.com",
             accepted=("+contoso.com",), deciding="1.3.15"),
    Relaying("1.3.15", "sender under P with MatchSubDomains", "cannot-tell", names=(), value=None, ip="192.0.2.1",
             sender="eu.contoso.com", accepted=("+contoso.com",), others=(BY_ADDRESS,), deciding="1.3.15"),
    Relaying("1.3.16", "TrustedOrganizations beside the certificate", "refused",
             settings={"trusted_organizations": ("fabrikam.com",)}, deciding="1.3.16"),
    Relaying("1.3.16", "without it", "relayed", settings={"trusted_organizations": ()}),
    Relaying("1.3.17", "own sender and recipient, nothing matches", "incoming", names=(), sender="contoso.com",
             recipient="contoso.com"),
    Relaying("1.3.17", "the same with the connector's certificate", "relayed", sender="contoso.com",
             recipient="contoso.com"),
    Relaying("1.4", "lock-down for a filter, other mail", "refused", names=("x.org",), recipient="contoso.com",
             others=(LOCK,), deciding="1.4"),
    Relaying("1.4", "lock-down, mail of the filter", "incoming", names=("mx.filter.example",),
             recipient="contoso.com", others=(LOCK,)),
    Relaying("1.4", "lock-down, mail of the gateway", "relayed", recipient="contoso.com", others=(LOCK,)),
    Relaying("1.4", "a Partner connector alone", "refused", settings={"kind": "Partner"}),
)  # fmt: skip

OUTBOUND = (
    Outbound("2.1", "level none with a TlsDomain", {"level": "none"}, "connector.name-without-validation"),
    Outbound("2.1", "DomainValidation with a TlsDomain", {}, ""),
    Outbound("2.2", "TlsDomain at CertificateValidation", {"level": "certificate-validation"},
             "connector.name-without-validation"),
    Outbound("2.2", "DomainValidation without a TlsDomain", {"value": None}, "connector.no-tls-domain"),
    Outbound("2.3", "any certificate (EncryptionOnly), no name", {"level": "encryption-only", "value": None}, ""),
    Outbound("2.3", "a trusted one (CertificateValidation), no name",
             {"level": "certificate-validation", "value": None}, ""),
    Outbound("2.4", "no MX record and no smart host", {"smart_hosts": ()}, "connector.no-smart-host"),
    Outbound("2.4", "by MX record", {"smart_hosts": (), "use_mx": True}, ""),
    Outbound("2.5", "the smart host is an address", {"smart_hosts": ("192.0.2.1",)}, ""),
    Outbound("2.5", "the smart host has another name than TlsDomain", {"smart_hosts": ("mx.hoster.example",)}, ""),
    Outbound("2.9", "SmtpDaneMode Mandatory", {"dane_mode": "Mandatory"}, "connector.dane-mandatory"),
    Outbound("2.9", "SmtpDaneMode Opportunistic", {"dane_mode": "Opportunistic"}, ""),
    Outbound("2.10", "in test mode", {"test_mode": True}, "connector.test-mode"),
    Outbound("2.10", "not in test mode", {"test_mode": False}, ""),
    Outbound("2.11", "never validated: said, and no warning", {"validated": False}, ""),
    Outbound("2.11", "validated", {"validated": True}, ""),
)  # fmt: skip

CHOOSING = (
    Choosing("2.6", "an exact recipient domain", EXAMPLE, "contoso.com", "2"),
    Choosing("2.6", "a domain none is for", EXAMPLE, "example.org", None),
    Choosing("2.6", "for a mail flow rule only",
             (outbound("rule", transport_rule_scoped=True, recipient_domains=("*",)),), "example.org", None),
    Choosing("2.6", "a Partner connector has no AllAcceptedDomains",
             (outbound("partner", kind="Partner", all_accepted_domains=True),), "contoso.com", None),
    Choosing("2.7", "the article's example, fabrikam.com", EXAMPLE, "fabrikam.com", "1"),
    Choosing("2.7", "the article's example, contoso.com", EXAMPLE, "contoso.com", "2"),
    Choosing("2.7", "the article's example, sales.contoso.com", EXAMPLE, "sales.contoso.com", "3"),
    Choosing("2.7", "two with the same domain", (TWO, outbound("twin", recipient_domains=("contoso.com",))),
             "contoso.com", None, certain=False),
    Choosing("2.7", "the deeper wildcard", (THREE, outbound("deeper", recipient_domains=("*.eu.contoso.com",))),
             "mail.eu.contoso.com", "deeper"),
    Choosing("2.7", "all accepted domains before *", (ONE, outbound("star", recipient_domains=("*",))),
             "fabrikam.com", "1"),
    Choosing("2.7", "the domain itself under its wildcard", (THREE,), "contoso.com", "3"),
    Choosing("2.8", "centralized mail transport is said",
             (outbound("central", route_via_on_premises=True, recipient_domains=("*",)),), "example.org", "central"),
    Choosing("2.8", "without it", (outbound("plain", recipient_domains=("*",)),), "example.org", "plain"),
    Choosing("2.10", "in test mode", (outbound("test", test_mode=True, recipient_domains=("*",)),), "a.org", None),
    Choosing("2.10", "disabled", (outbound("off", enabled=False, recipient_domains=("*",)),), "a.org", None),
)  # fmt: skip

# Facts that decide nothing by themselves here, and where they are respected.
ELSEWHERE = {
    "1.2.10": "`names.many-names` warns over 100 names",
    "1.2.12": "one file is one tenant; other tenants are not seen",
    "1.3.12": "one file is one tenant; other tenants are not seen",
    "1.3.14": "the fix of `names.domain-not-accepted`",
    "1.3.18": "not a matter of the certificate or the connector",
    "2.12": "only the gateway's certificate is judged",
    "2.13": "`chain.incomplete`",
    "2.14": "nothing follows from it",
    "2.15": "`connector.counterpart-missing`",
}


def document() -> str:
    """docs/decisions.md."""
    parts = [
        HEAD,
        "## Does a certificate name meet the value?\n",
        _table(("fact", "value", "certificate names", "match", "certain"), [_matching(row) for row in MATCHING]),
        "\n## Which mail may relay?\n",
        USUAL,
        _table(("fact", "when", "outcome"), [(row.fact, row.when, row.outcome) for row in RELAYING]),
        "\n## Which outbound connector?\n",
        _table(("fact", "when", "recipient domain", "connector"), [_choosing(row) for row in CHOOSING]),
        "\n## What is said of an outbound connector?\n",
        _table(("fact", "when", "finding"), [(row.fact, row.when, row.says or "none") for row in OUTBOUND]),
        "\n## Facts that decide nothing by themselves\n",
        _table(("fact", "where it counts"), list(ELSEWHERE.items())),
        "\n## The facts\n",
        _table(("fact", "says", "basis", "source"), [(n, f.text, f.basis, f.source) for n, f in FACTS.items()]),
    ]
    return "\n".join(parts)


def _matching(row: Matching) -> tuple[str, ...]:
    names = ", ".join(f"`{name}`" for name in row.names)
    return row.fact, f"`{row.value}`", names, row.match, "yes" if row.certain else "no"


def _choosing(row: Choosing) -> tuple[str, ...]:
    return row.fact, row.when, row.recipient, row.chosen or ("none" if row.certain else "cannot be told")


def _table(headers: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [headers, tuple("---" for _ in headers), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in lines)


if __name__ == "__main__":
    sys.stdout.write(document())
