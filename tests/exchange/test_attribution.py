"""attribution: what the walk says beyond the decision tables, and that it never contradicts the check."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from certready.case import Case
from certready.checks.connector import check_connector
from certready.checks.names import check_names
from certready.demo.pki import Authority
from certready.exchange.attribution import Message, attribute
from certready.exchange.attribution.recipient import by_recipient
from certready.exchange.attribution.scenarios import default_domain_note, own_domain, scenarios
from certready.exchange.attribution.steps import DIRECT_SEND, ELSEWHERE, LOCKED_OUT, RELAY_DENIED
from certready.exchange.facts import FACTS
from certready.model import AcceptedDomain, Connector, Evidence, Options, Tenant
from certready.model.report import Severity
from certready.rules.model import NotApplicable
from certready.weighing import weigh
from tests import pki
from tests.decisions import BY_ADDRESS, LOCK, domains, inbound

GATEWAY = inbound("Gateway", "*.contoso.com")
TENANT = Tenant((GATEWAY,), domains(("contoso.com",)))
NULL = Message(None)


# -- the four kinds of mail ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tenant", "names", "ip", "outcomes"),
    [
        (TENANT, ("mail.contoso.com",), None, ["relayed"] * 4),
        (TENANT, (), None, ["refused"] * 4),
        (replace(TENANT, connectors=(BY_ADDRESS,)), (), "192.0.2.1", ["relayed", "refused", "refused", "refused"]),
        (replace(TENANT, accepted_domains=domains(("x.org",))), ("mail.contoso.com",), None,
         ["relayed", "refused", "refused", "refused"]),
        (replace(TENANT, accepted_domains=None), ("mail.contoso.com",), None, ["cannot-tell"] * 4),
        (Tenant(lists_connectors=False), ("mail.contoso.com",), None, ["cannot-tell"] * 4),
        (Tenant(accepted_domains=domains(("contoso.com",))), ("mail.contoso.com",), None, ["refused"] * 4),
    ],
)  # fmt: skip
def test_the_four_scenarios_fare_as_the_articles_say(
    tenant: Tenant, names: tuple[str, ...], ip: str | None, outcomes: list[str]
) -> None:
    """By an accepted certificate domain all four kinds of mail relay; by an address, or an accepted sender alone, only
    the tenant's own sender does; and what the file does not say cannot be told."""
    asked = scenarios(tenant, ip)
    assert ["own sender", "bounce", "foreign sender", "forwarded"] == [one.name for one in asked]
    assert outcomes == [attribute(tenant, names, one.message).outcome for one in asked]


@pytest.mark.parametrize("ips", [(), ("198.51.100.1",)])
@pytest.mark.parametrize("ip", [None, "192.0.2.1"])
def test_addresses_that_cannot_be_read_may_hold_the_gateways(ips: tuple[str, ...], ip: str | None) -> None:
    """A connector whose addresses the export lost may know the gateway: mail of the tenant's own sender is not said to
    be refused."""
    lost = inbound("Lost", sender_ips=ips, unread=("SenderIPAddresses",))
    answer = attribute(replace(TENANT, connectors=(lost,)), (), Message("contoso.com", ip=ip))
    assert "cannot-tell" == answer.outcome
    said = " ".join(step.text for step in answer.steps)
    known = "'Lost' identifies the gateway by the sending address, which was not given (--ip)."
    assert (known if ips and not ip else "An address of 'Lost' cannot be read.") in said
    assert "No OnPremises connector" not in said


def test_an_address_that_was_read_is_known_though_others_were_lost() -> None:
    """Of a connector that has the gateway's address among those that can be read it is said that it has it."""
    lost = inbound("Lost", sender_ips=("192.0.2.1",), unread=("SenderIPAddresses",))
    answer = attribute(replace(TENANT, connectors=(lost,)), (), Message("contoso.com", ip="192.0.2.1"))
    assert "cannot-tell" == answer.outcome
    said = "'Lost' has the address 192.0.2.1, but identifies the gateway by more, or parts of it are unread."
    assert said in [step.text for step in answer.steps]


@pytest.mark.parametrize("name", ["RestrictDomainsToCertificate", "RestrictDomainsToIPAddresses"])
def test_a_restriction_that_cannot_be_read_may_refuse(name: str) -> None:
    """Incoming mail past a Partner connector of which a restriction cannot be read may be refused by it."""
    partner = inbound("Filter", "*.filter.example", kind="Partner", sender_domains=("*",), unread=(name,))
    tenant = Tenant((GATEWAY, partner), TENANT.accepted_domains)
    answer = attribute(tenant, ["x.org"], Message("x.org", "contoso.com"))
    assert "cannot-tell" == answer.outcome
    assert f"is not known: {name} of it cannot be read in the file." in answer.steps[-1].text


def test_the_own_sender_is_of_the_default_domain() -> None:
    """The tenant's own sender has the default accepted domain, else the first one."""
    two = (AcceptedDomain("a.com"), AcceptedDomain("b.com", default=True))
    assert "b.com" == own_domain(Tenant(accepted_domains=two))
    assert "a.com" == own_domain(Tenant(accepted_domains=two[:1]))
    assert own_domain(Tenant()) is None


def test_the_default_domain_is_noted_where_no_name_lies_in_it() -> None:
    """A certificate without a name in the default domain gets a note that nothing requires one."""
    assert "contoso.com; nothing requires it" in (default_domain_note(TENANT, ["gw.vendor.example"]) or "")
    assert default_domain_note(TENANT, ["Mail.Contoso.com"]) is None
    assert default_domain_note(TENANT, []) is None


# -- replies and notes --------------------------------------------------------------------------------------------


def test_a_refusal_quotes_exchange_online() -> None:
    """To the Internet it is 5.7.64, with a word about other tenants; before a lock-down it is 5.7.51."""
    outside = attribute(TENANT, ["x.org"], NULL)
    inside = attribute(
        Tenant((GATEWAY, LOCK), TENANT.accepted_domains), ["x.org"], replace(NULL, recipient="contoso.com")
    )
    assert (RELAY_DENIED, LOCKED_OUT) == (outside.reply, inside.reply)
    assert RELAY_DENIED.startswith("550 5.7.64 ")
    assert LOCKED_OUT.startswith("550 5.7.51 ")
    assert ELSEWHERE in outside.notes


def test_direct_send_is_noted() -> None:
    """Incoming mail with the tenant's own sender may be refused as Direct Send; with a foreign sender it may not."""
    own = attribute(TENANT, [], Message("contoso.com", "contoso.com"))
    foreign = attribute(TENANT, [], Message("x.org", "contoso.com"))
    assert (("incoming", (DIRECT_SEND,)), ("incoming", ())) == (
        (own.outcome, own.notes),
        (foreign.outcome, foreign.notes),
    )


def test_relaying_by_the_sender_alone_is_called_an_anti_pattern() -> None:
    """Where the certificate's domain is not accepted and the sender's is, the note says what Microsoft calls that."""
    found = attribute(replace(TENANT, accepted_domains=domains(("x.org",))), ["mail.contoso.com"], Message("x.org"))
    assert ("relayed", (FACTS["1.3.11"].text,)) == (found.outcome, found.notes)


def test_a_less_close_connector_whose_domain_is_accepted_wins() -> None:
    """Of those that match, the one whose domain is accepted takes the message (fact 1.3.1)."""
    both = replace(TENANT, connectors=(GATEWAY, inbound("Host", "mail.contoso.com")))
    found = attribute(both, ["mail.contoso.com"], NULL)
    assert ("relayed", "Gateway") == (found.outcome, found.connector)


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        ({"unread": ("TrustedOrganizations",)}, "cannot-tell"),
        ({"unread": ("ConnectorType",)}, "cannot-tell"),
        ({"unread": ("TlsSenderCertificateName",)}, "cannot-tell"),
        ({"unread": ("AssociatedAcceptedDomains",)}, "cannot-tell"),
        ({"unread": ("Enabled",)}, "cannot-tell"),
        ({"unread": ("SenderDomains",)}, "relayed"),
        ({"associated_domains": ("contoso.com",)}, "relayed"),
        ({"associated_domains": ("fabrikam.com",)}, "cannot-tell"),
        ({"value": "m*.contoso.com"}, "refused"),
    ],
)
def test_what_hinders_a_matching_connector(settings: dict[str, object], outcome: str) -> None:
    """Properties that were cut off and a limit to other domains leave it open; a malformed value matches nothing."""
    tenant = replace(TENANT, connectors=(replace(GATEWAY, **settings),))  # type: ignore[arg-type]
    assert outcome == attribute(tenant, ["mail.contoso.com"], NULL).outcome


@pytest.mark.parametrize(
    ("addresses", "ip", "more", "outcome"),
    [
        (("192.0.2.1",), "192.0.2.1", {}, "relayed"),
        (("192.0.2.0/30",), "192.0.2.4", {}, "refused"),
        (("192.0.2.1-192.0.2.9",), "192.0.2.1", {}, "cannot-tell"),
        (("192.0.2.1",), "2001:db8::1", {}, "refused"),
        (("192.0.2.1",), "192.0.2.1", {"value": "x.org"}, "cannot-tell"),
        (("192.0.2.1",), "192.0.2.1", {"enabled": False}, "refused"),
        (("192.0.2.1",), "192.0.2.1", {"kind": "Partner"}, "refused"),
    ],
)
def test_an_address_counts_on_an_onpremises_connector_alone(
    addresses: tuple[str, ...], ip: str, more: dict[str, object], outcome: str
) -> None:
    """The sending address must lie in a range of an enabled OnPremises connector; what cannot be read, or stands beside
    a certificate name, leaves it open."""
    known = replace(BY_ADDRESS, sender_ips=addresses, **more)  # type: ignore[arg-type]
    tenant = Tenant((known,), TENANT.accepted_domains)
    assert outcome == attribute(tenant, [], Message("contoso.com", ip=ip)).outcome


@pytest.mark.parametrize(
    ("partner", "message", "outcome"),
    [
        ({"sender_domains": ("*.x.org",)}, Message("a.x.org", "contoso.com"), "refused"),
        ({"sender_domains": ("x.org",)}, Message("y.org", "contoso.com"), "incoming"),
        ({"sender_domains": ("x.org",)}, Message(None, "contoso.com"), "incoming"),
        ({}, Message(None, "contoso.com"), "refused"),
        ({"enabled": False}, Message(None, "contoso.com"), "incoming"),
        ({"value": None}, Message("x.org", "contoso.com"), "refused"),
        ({"restrict_to_certificate": False}, Message("x.org", "contoso.com"), "incoming"),
        ({"restrict_to_certificate": False, "restrict_to_ips": True}, Message("x.org", "contoso.com"), "cannot-tell"),
        (
            {"restrict_to_certificate": False, "restrict_to_ips": True, "sender_ips": ("192.0.2.1",)},
            Message("x.org", "contoso.com", "192.0.2.1"),
            "incoming",
        ),
        ({"sender_domains": (), "unread": ("SenderDomains",)}, Message("x.org", "contoso.com"), "cannot-tell"),
        ({"value": None, "unread": ("TlsSenderCertificateName",)}, Message("x.org", "contoso.com"), "cannot-tell"),
        ({"unread": ("Enabled",)}, Message("x.org", "contoso.com"), "cannot-tell"),
        ({"kind": "OnPremises", "unread": ("ConnectorType",)}, Message("x.org", "contoso.com"), "cannot-tell"),
        (
            {"sender_domains": ("y.org",), "unread": ("TlsSenderCertificateName",)},
            Message("x.org", "contoso.com"),
            "incoming",
        ),
        (
            {"restrict_to_certificate": False, "unread": ("TlsSenderCertificateName",)},
            Message("x.org", "contoso.com"),
            "incoming",
        ),
    ],
)
def test_a_partner_connector_restricts_its_senders(partner: dict[str, object], message: Message, outcome: str) -> None:
    """Mail from outside meets a Partner connector's restriction where the connector is for its sender; where what
    decides that cannot be read, nobody can tell."""
    tenant = Tenant((replace(LOCK, **partner),), TENANT.accepted_domains)  # type: ignore[arg-type]
    assert outcome == attribute(tenant, [], message).outcome


def test_a_restriction_without_a_name_is_said_so() -> None:
    """A Partner connector that asks for a certificate and names none is not said to ask for None."""
    tenant = Tenant((replace(LOCK, value=None),), TENANT.accepted_domains)
    found = attribute(tenant, [], Message("x.org", "contoso.com"))
    assert found.decided_by.text == "The Partner connector 'Filter' asks for a certificate and names none."


def test_an_unknown_recipient_domain_cannot_be_told() -> None:
    """Without accepted domains nobody can say whether the recipient is the tenant's own."""
    found = by_recipient(replace(TENANT, accepted_domains=None), [], Message(None, "contoso.com"), ())
    assert "cannot-tell" == found.outcome


def test_every_step_names_a_fact() -> None:
    """Each step of a walk rests on a fact that is written down, and is a sentence in ASCII."""
    for message in (NULL, Message("contoso.com"), Message("x.org", "contoso.com", "192.0.2.1")):
        for names in ((), ("mail.contoso.com",), ("a.b.contoso.com",)):
            for step in attribute(Tenant((GATEWAY, BY_ADDRESS, LOCK), TENANT.accepted_domains), names, message).steps:
                assert FACTS[step.fact].basis == step.basis
                assert step.text.isascii()
                assert step.text.endswith(".")


# -- check and tenant never contradict each other -----------------------------------------------------------------

CA = Authority.root()
LEAVES = [
    CA.issue(*names)
    for names in (
        ("contoso.com",),
        ("mail.contoso.com",),
        ("*.contoso.com",),
        ("a.b.contoso.com",),
        ("mail.contoso.com", "mail.fabrikam.com"),
        ("mail.tailspin.com",),
    )
]
VALUES = [
    *("contoso.com", "*.contoso.com", "mail.contoso.com", "*.b.contoso.com", "a.b.contoso.com", "*.fabrikam.com"),
    *("mail.fabrikam.com", "m*.contoso.com", "<I>CN=CA<S>CN=mail.contoso.com", None),
]
DOMAINS = ["contoso.com", "mail.contoso.com", "b.contoso.com", "+contoso.com", "fabrikam.com", "+com.org"]

CONNECTORS = st.builds(
    Connector,
    name=st.just("x"),
    direction=st.just("inbound"),
    value=st.sampled_from(VALUES),
    kind=st.sampled_from(["OnPremises", "OnPremises", "OnPremises", "Partner"]),
    enabled=st.sampled_from([True, True, True, False]),
    source=st.just("tenant"),
    trusted_organizations=st.sampled_from([(), (), (), ("x.org",)]),
    associated_domains=st.sampled_from([(), (), (), ("contoso.com",)]),
    unread=st.sampled_from([(), (), (), ("TrustedOrganizations",), ("SenderDomains",)]),
)
ACCEPTED = st.none() | st.lists(st.sampled_from(DOMAINS), max_size=3, unique=True).map(lambda one: domains(tuple(one)))


def severity(evidence: Evidence) -> Severity:
    """The worst of what the checks of names and connectors say of the connectors that are judged."""
    case = Case(evidence)
    judged = {one.name: one for one in case.selection.judged}
    worst = Severity.PASS
    for check in (check_names, check_connector):
        for seen in check(case):
            if isinstance(seen, NotApplicable):
                continue
            candidates = [judged[seen.connector]] if seen.connector in judged else list(judged.values()) or [None]
            weighed = [found for one in candidates if (found := weigh(seen, one, case))]
            worst = max([worst, *(one for one, _ in weighed)])
    return worst


@settings(max_examples=400, deadline=None)
@given(st.lists(CONNECTORS, max_size=4), ACCEPTED, st.sampled_from(LEAVES))
def test_check_and_tenant_never_contradict_each_other(
    connectors: list[Connector], accepted: tuple[AcceptedDomain, ...] | None, leaf: object
) -> None:
    """Where the checks of names and connectors find nothing amiss, a bounce relays by the certificate; where they
    cannot tell, neither can the walk; where they fail, it does not relay. A Partner connector relays nothing."""
    named = tuple(replace(one, name=f"C{number}") for number, one in enumerate(connectors))
    chain = pki.chain(leaf)  # type: ignore[arg-type]
    evidence = replace(pki.evidence(chain, options=Options()), connectors=named, named=False, accepted_domains=accepted)
    outcome = attribute(Tenant(named, accepted), chain.leaf_certificate.parsed.names, NULL).outcome
    if any(one.kind == "Partner" for one in Case(evidence).selection.judged):
        assert "refused" == outcome
        return
    expected = {Severity.FAIL: "refused", Severity.UNKNOWN: "cannot-tell"}.get(severity(evidence), "relayed")
    assert expected == outcome
