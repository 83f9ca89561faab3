"""checks.names: what is said about a certificate's names, in which case, and with which fix."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from msgspec.structs import replace

from certready.case import Case
from certready.checks.names import check_names
from certready.demo.pki import Authority
from certready.exchange.matching import Match, parse_value
from certready.model import AcceptedDomain, Chain, Connector, Evidence, Options, Target
from certready.rules import rules_of
from certready.rules.model import NotApplicable, Observation
from tests import pki

CA = Authority.root()
HOST = CA.issue("mail.contoso.com")
WILD = CA.issue("*.contoso.com")
DEEP = CA.issue("gw.eu.contoso.com")
OTHER = CA.issue("mail.fabrikam.com", "www.fabrikam.com")


def inbound(value: str | None, name: str = "From gateway", **more: Any) -> Connector:
    """An inbound connector of the tenant."""
    return Connector(name, "inbound", value, source="tenant", **more)


def outbound(value: str | None, level: Any = "domain-validation", name: str = "To gateway") -> Connector:
    """An outbound connector of the tenant."""
    return Connector(name, "outbound", value, level=level, source="tenant")


def accepted(*names: str) -> tuple[AcceptedDomain, ...]:
    """Accepted domains; one with a ``+`` in front has MatchSubDomains."""
    return tuple(AcceptedDomain(one.lstrip("+"), match_subdomains=one.startswith("+")) for one in names)


def evidence(
    issued: Any,
    *connectors: Connector,
    domains: tuple[AcceptedDomain, ...] | None = None,
    named: bool = True,
    **options: Any,
) -> Evidence:
    """Evidence about one leaf (or these chains) and these connectors."""
    chains = issued if isinstance(issued, tuple) else (pki.chain(issued),)
    made = pki.evidence(*chains, options=Options(**options))
    return replace(made, connectors=connectors, named=named, accepted_domains=domains)


def observed(given: Evidence) -> list[Observation]:
    """What the check saw."""
    return [one for one in check_names(Case(given)) if isinstance(one, Observation)]


def said(given: Evidence) -> list[str]:
    """The rules it named, with their variants."""
    return [
        f"{one.rule.id.removeprefix('names.')}{f'/{one.variant}' if one.variant else ''}" for one in observed(given)
    ]


def one_of(given: Evidence, rule: str) -> Observation:
    """The only observation of this rule."""
    (found,) = (one for one in observed(given) if one.rule.id == f"names.{rule}")
    return found


DOMAINS = accepted("contoso.com")


@pytest.mark.parametrize(
    ("issued", "connector", "expected"),
    [
        (HOST, inbound("mail.contoso.com"), "connector-match"),
        (HOST, inbound("*.contoso.com"), "connector-match"),
        (WILD, inbound("*.contoso.com"), "connector-match"),
        (WILD, inbound("mail.contoso.com"), "connector-match-uncertain/wildcard-certificate"),
        (WILD, inbound("contoso.com"), "connector-match-uncertain/wildcard-certificate"),
        (DEEP, inbound("*.contoso.com"), "connector-match-uncertain/deep"),
        (HOST, inbound("contoso.com"), "connector-mismatch"),
        (HOST, inbound("m*.contoso.com"), "connector-mismatch/malformed"),
        (HOST, inbound("<I>CN=CA<S>CN=mail.contoso.com"), "connector-match-uncertain/issuer"),
        (WILD, inbound("<I>CN=CA<S>CN=mail.contoso.com"), "connector-match-uncertain/issuer"),
        (HOST, outbound("*.contoso.com"), "connector-match"),
        (OTHER, outbound("*.contoso.com"), "connector-mismatch"),
        (DEEP, outbound("*.contoso.com"), "connector-match-uncertain/deep"),
        (HOST, outbound(None), "connector-mismatch/no-value"),
    ],
)
def test_each_kind_of_match_is_its_own_finding(issued: Any, connector: Connector, expected: str) -> None:
    """A named connector's value is compared with the certificate, and the finding carries the connector's name."""
    given = evidence(issued, connector, domains=DOMAINS)
    assert expected == said(given)[0]
    assert connector.name == observed(given)[0].connector


def test_a_match_says_what_was_compared() -> None:
    """The evidence holds value, matched name and kind; the message names them; the leaf and its chain are given."""
    found = one_of(evidence(HOST, inbound("*.contoso.com"), domains=DOMAINS), "connector-match")
    assert {"value": "*.contoso.com", "matched_name": "mail.contoso.com", "match": "wildcard-value"} == found.evidence
    assert "mail.contoso.com is a host under the TlsSenderCertificateName *.contoso.com" in found.message
    assert pki.certificate(HOST).sha256 == found.certificate
    assert "c1" == found.chain
    assert found.certificate


def test_a_partner_connector_is_said_to_grant_no_relay() -> None:
    """A match of a Partner inbound connector carries the sentence that it grants no relay."""
    found = one_of(evidence(HOST, inbound("*.contoso.com", kind="Partner"), domains=DOMAINS), "connector-match")
    assert "grants no relay" in found.message


def test_a_mismatch_offers_both_ways_out() -> None:
    """The fix has the line for the connector, its name quoted, and the names for the certificate request; the value
    suggested is one whose domain is accepted."""
    issued = CA.issue("mail.fabrikam.com", "mail.contoso.com")
    found = one_of(evidence(issued, inbound("gw.contoso.com", "O'Brien"), domains=DOMAINS), "connector-mismatch")
    assert "Set-InboundConnector -Identity 'O''Brien' -TlsSenderCertificateName '*.contoso.com'" in (found.fix or "")
    assert "DNS:gw.contoso.com, DNS:mail.fabrikam.com, DNS:mail.contoso.com" in (found.fix or "")
    assert "The nearest is mail.contoso.com." in found.message
    assert "mail.contoso.com" == found.evidence["nearest"]


def test_a_host_under_a_plain_value_is_explained() -> None:
    """That ``contoso.com`` does not stand for ``mail.contoso.com`` (fact 1.2.3) is said where that is the mistake."""
    found = one_of(evidence(HOST, inbound("contoso.com"), domains=DOMAINS), "connector-mismatch")
    assert "a plain value stands for contoso.com alone" in found.message


def test_an_outbound_mismatch_is_mended_with_tls_domain() -> None:
    """For an outbound connector the line sets TlsDomain."""
    found = one_of(evidence(OTHER, outbound("mail.contoso.com")), "connector-mismatch")
    assert "-TlsSettings DomainValidation -TlsDomain 'mail.fabrikam.com'" in (found.fix or "")


def test_a_deep_name_is_mended_by_its_immediate_parent() -> None:
    """The fix for a name too deep under a wildcard is to accept the immediate parent or to name it exactly."""
    found = one_of(evidence(DEEP, inbound("*.contoso.com"), domains=DOMAINS), "connector-match-uncertain")
    assert "Accept the immediate parent, eu.contoso.com" in (found.fix or "")
    assert "'*.eu.contoso.com'" in (found.fix or "")
    assert "'gw.eu.contoso.com'" in (found.fix or "")


def test_hostile_names_do_not_reach_the_message() -> None:
    """Of a certificate's names only DNS names are repeated in a message."""
    issued = CA.issue(common_name="evil\x1b[31m\n name", san=[x509.DNSName("mail.fabrikam.com")])
    found = one_of(evidence(issued, inbound("*.contoso.com"), domains=DOMAINS), "connector-mismatch")
    assert "\x1b" not in found.message + (found.fix or "")
    assert "has mail.fabrikam.com." in found.message


@pytest.mark.parametrize(
    ("value", "domains", "expected"),
    [
        ("mail.contoso.com", ["mail.contoso.com"], "accepted-domain"),  # 1.3.5
        ("*.contoso.com", ["contoso.com"], "accepted-domain"),  # 1.3.6
        ("mail.contoso.com", ["contoso.com"], "domain-not-accepted"),  # 1.3.5
        ("*.contoso.com", ["fabrikam.com"], "domain-not-accepted"),  # 1.3.3
        ("*.contoso.com", ["eu.contoso.com"], "domain-acceptance-uncertain"),  # 1.3.6
        ("mail.contoso.com", ["+contoso.com"], "domain-acceptance-uncertain"),  # 1.3.15
        ("mail.contoso.com", None, "accepted-domains-unknown"),
        ("mail.contoso.com", [], "domain-not-accepted"),
    ],
)
def test_the_accepted_domain_rule(value: str, domains: list[str] | None, expected: str) -> None:
    """Each inbound connector with a value gets exactly one finding about its domain; it does not depend on the
    certificate."""
    known = None if domains is None else accepted(*domains)
    given = evidence(HOST, inbound(value), domains=known)
    assert ["connector-match", expected] == said(given)
    found = one_of(given, expected)
    assert not found.certificate
    assert found.certificate is None
    assert "From gateway" == found.connector


def test_what_stops_without_an_accepted_domain_is_said() -> None:
    """The message says which mail stops and which may still pass; the fix uses the accepted parent or registers the
    domain, for which Exchange Online has no cmdlet (facts 1.3.4, 1.3.9, 1.3.11, 1.3.14)."""
    found = one_of(evidence(HOST, inbound("mail.contoso.com"), domains=DOMAINS), "domain-not-accepted")
    for part in ("empty sender", "forwarded", "not accepted", "MC1226222", "may still pass"):
        assert part in found.message
    lines = (found.fix or "").splitlines()
    assert "Ask for what is accepted already (contoso.com):" == lines[0]
    assert lines[1].endswith("-TlsSenderCertificateName '*.contoso.com'")
    assert "no New-AcceptedDomain" in (found.fix or "")


def test_outbound_connectors_know_no_accepted_domains() -> None:
    """Nothing is said about accepted domains for an outbound connector."""
    assert ["connector-match"] == said(evidence(HOST, outbound("mail.contoso.com")))


def test_every_chain_is_compared_with_every_connector() -> None:
    """A gateway's two certificates are judged each; the accepted domain is judged once."""
    chains = (pki.chain(HOST), Chain("c2", "tls", (pki.certificate(OTHER),)))
    given = evidence(chains, inbound("*.contoso.com"), outbound("*.contoso.com"), domains=DOMAINS)
    expected = ["connector-match", "connector-mismatch", "accepted-domain", "connector-match", "connector-mismatch"]
    assert expected == said(given)
    assert ["c1", "c2", None, "c1", "c2"] == [one.chain for one in observed(given)]


def test_of_a_whole_tenant_the_best_match_alone_is_compared() -> None:
    """In a whole tenant the connector that wins is judged and the others are not mentioned."""
    connectors = (inbound("*.contoso.com", "wild"), inbound("mail.contoso.com", "exact"), inbound("x.com", "other"))
    given = evidence(HOST, *connectors, outbound("x.com"), domains=accepted("mail.contoso.com"), named=False)
    assert [("connector-match", "exact"), ("accepted-domain", "exact")] == [
        (one.rule.id.removeprefix("names."), one.connector) for one in observed(given)
    ]


def test_a_whole_tenant_without_a_match_is_one_mismatch() -> None:
    """Where no connector of the tenant matches, one finding about all of them names the nearest."""
    connectors = (inbound("*.adatum.com", "far"), inbound("gw.contoso.com", "near"))
    given = evidence(HOST, *connectors, domains=DOMAINS, named=False)
    assert ["connector-mismatch"] == said(given)
    found = observed(given)[0]
    assert found.connector is None
    assert "near" == found.evidence["nearest"]
    assert "'near', asks for gw.contoso.com" in found.message


def test_a_tenant_with_malformed_values_alone_is_one_malformed_mismatch() -> None:
    """Where the only candidate's value is malformed the one finding says that."""
    given = evidence(HOST, inbound("*.*.contoso.com"), domains=DOMAINS, named=False)
    assert ["connector-mismatch/malformed"] == said(given)
    assert "left-most label" in observed(given)[0].message


def test_in_both_roles_an_inbound_mismatch_stays_on_its_connector() -> None:
    """Beside outbound connectors that fit, the inbound mismatch is a finding of the nearest inbound connector."""
    given = evidence(
        HOST, inbound("*.adatum.com"), outbound("mail.contoso.com"), domains=DOMAINS, named=False, role="both"
    )
    assert [("connector-mismatch", "From gateway"), ("connector-match", "To gateway")] == [
        (one.rule.id.removeprefix("names."), one.connector) for one in observed(given)
    ]


def test_without_a_connector_the_possible_values_are_listed() -> None:
    """No connector is ``names.no-connector`` with the values this certificate could satisfy."""
    found = one_of(evidence(CA.issue("mail.contoso.com", "*.fabrikam.com")), "no-connector")
    assert {"values": ["mail.contoso.com", "*.contoso.com", "*.fabrikam.com"]} == found.evidence
    assert "mail.contoso.com, *.contoso.com, *.fabrikam.com" in found.message


def test_a_server_without_an_outbound_connector_has_no_connector() -> None:
    """A tenant without an enabled outbound connector leaves nothing to judge a server certificate by."""
    given = evidence(HOST, inbound("*.contoso.com"), domains=DOMAINS, named=False, role="server")
    assert ["no-connector"] == said(given)
    assert "no enabled outbound connector" in observed(given)[0].message


def test_a_tenant_without_certificate_connectors_is_the_connector_checks_matter() -> None:
    """Nothing is said here where no inbound connector asks for a certificate: ``connector.no-certificate`` does."""
    given = evidence(HOST, inbound(None), domains=DOMAINS, named=False)
    assert [] == said(given)


def test_certificate_only_asks_for_no_connector() -> None:
    """With ``--certificate-only`` there is nothing to compare, and the check says that it does not apply."""
    (only,) = check_names(Case(evidence(HOST, certificate_only=True)))
    assert isinstance(only, NotApplicable)


def test_an_outbound_connector_without_a_name_is_not_compared() -> None:
    """At the level certificate-validation without TlsDomain no name is asked for."""
    (only,) = check_names(Case(evidence(HOST, outbound(None, "certificate-validation"))))
    assert isinstance(only, NotApplicable)


def test_without_a_chain_nothing_is_compared() -> None:
    """An unreachable gateway shows no certificate: its names are neither right nor wrong."""
    given = evidence((), inbound("*.contoso.com"), domains=DOMAINS, named=False)
    assert [] == said(given)
    assert ["accepted-domain"] == said(replace(given, named=True))
    assert ["no-connector"] == said(evidence(()))


@pytest.mark.parametrize(
    ("hostname", "expected"),
    [
        ("mail.contoso.com", "hostname-match"),
        ("MAIL.contoso.com.", "hostname-match"),
        ("www.contoso.com", "hostname-mismatch"),
        ("contoso.com", "hostname-mismatch"),
    ],
)
def test_the_host_name_is_compared_only_when_asked(hostname: str, expected: str) -> None:
    """``--hostname`` is compared with CN and SAN; the message of a failure says who asks for it."""
    given = evidence(HOST, hostname=hostname, certificate_only=True)
    assert [expected] == said(given)
    if expected == "hostname-mismatch":
        assert "Exchange Online does not compare it, the gateway's vendor asks for it" in observed(given)[0].message


@pytest.mark.parametrize(
    ("issued", "expected"),
    [
        (HOST, []),
        (CA.issue("mail.contoso.com", common_name=None), ["no-common-name"]),
        (CA.issue(common_name="mail.contoso.com"), ["common-name-only"]),
        (CA.issue(common_name=None, san=[x509.DNSName("mail.contoso.com")]), ["no-common-name"]),
        (CA.issue(common_name="mail.contoso.com", san=[x509.RFC822Name("a@contoso.com")]), ["common-name-only"]),
        (CA.issue(*(f"h{number}.contoso.com" for number in range(100))), []),
        (CA.issue(*(f"h{number}.contoso.com" for number in range(101))), ["many-names"]),
        (b"no certificate", ["unreadable"]),
    ],
)
def test_what_the_names_themselves_show(issued: Any, expected: list[str]) -> None:
    """No CN, a CN alone and over a hundred names are each said, and what cannot be read is not guessed at."""
    assert expected == said(evidence(issued, certificate_only=True))


@pytest.mark.parametrize(
    ("san", "expected"),
    [
        ([x509.DNSName("mail.contoso.com")], "the names of the subject alternative name count alike."),
        ([x509.RFC822Name("a@contoso.com")], "there is no DNS name."),
    ],
)
def test_a_subject_without_a_cn_says_what_is_left(san: list[x509.GeneralName], expected: str) -> None:
    """Names that count alike are only spoken of where there are any."""
    (found,) = observed(evidence(CA.issue(common_name=None, san=san), certificate_only=True))
    assert found.message == f"The subject has no CN; {expected}"


def test_many_names_are_documented_for_exchange_server_alone() -> None:
    """That alternative names are ignored over a limit is said of Exchange Server, whose event it is."""
    names = (f"h{number}.contoso.com" for number in range(101))
    (found,) = observed(evidence(CA.issue(*names), certificate_only=True))
    assert "Exchange Server ignores all alternative names" in found.message
    assert "Exchange Online's limit is not published." in found.message


def test_an_unreadable_certificate_matches_nothing() -> None:
    """Of a leaf that cannot be decoded nothing says that a name is missing; a connector's value is not met either."""
    given = evidence(b"no certificate", inbound("*.contoso.com"), domains=DOMAINS, hostname="mail.contoso.com")
    assert ["unreadable", "accepted-domain"] == said(given)
    assert ["unreadable"] == said(replace(given, named=False))


def test_a_common_name_alone_can_match() -> None:
    """The CN is consulted beside the alternative names (fact 1.1.3)."""
    given = evidence(CA.issue(common_name="mail.contoso.com"), inbound("*.contoso.com"), domains=DOMAINS)
    assert ["common-name-only", "connector-match", "accepted-domain"] == said(given)


def test_a_case_tells_no_value_from_no_match() -> None:
    """For the report: None without a value, ``none`` for a malformed one, otherwise the match."""
    case = Case(evidence(HOST))
    assert case.match(inbound(None)) is None
    assert Match("none") == case.match(inbound("*"))
    assert Match("exact", "mail.contoso.com") == case.match(inbound("mail.contoso.com"))


def test_a_probe_changes_nothing_in_what_is_seen() -> None:
    """Direction is weighed elsewhere: the check sees the same at a probe as in a file."""
    given = evidence(HOST, inbound("*.contoso.com"), domains=DOMAINS)
    assert said(given) == said(replace(given, target=Target("host", "gw.contoso.com:25")))


@pytest.mark.parametrize("name", ["\uff4dai\u00adl\u3002contoso\u200b.com", "mail.b\u00fccher.contoso.com"])
def test_name_that_is_not_plain_ascii(name: str) -> None:
    """A CN that would meet the value only if it were mapped is unknown, and says what the certificate should say."""
    value = str(parse_value(name))
    issued = CA.issue("www.fabrikam.com", common_name=name)
    found = [one for one in observed(evidence(issued, inbound(value))) if one.rule.id.startswith("names.connector-")]
    assert [("names.connector-match-uncertain", "not-ascii")] == [(one.rule.id, one.variant) for one in found]
    assert found[0].message.isascii()
    assert f"DNS:{value}" in (found[0].fix or "")
    plain = CA.issue(value, common_name=name)
    assert "connector-match" in said(evidence(plain, inbound(value)))


@pytest.mark.parametrize(
    "name", [" mail.contoso.com", "https://mail.contoso.com", "mail.contoso.com/", "mail..contoso.com"]
)
def test_name_that_is_mistyped(name: str) -> None:
    """A name that was meant to be a DNS name and is none is named where nothing matches."""
    issued = CA.issue("www.fabrikam.com", san=[x509.DNSName("www.fabrikam.com"), x509.DNSName(name)])
    given = evidence(issued, inbound("mail.contoso.com"), hostname="mail.contoso.com")
    for rule in ("connector-mismatch", "hostname-mismatch"):
        assert f"matching nothing: {name!a}." in one_of(given, rule).message
    assert "matching nothing" not in one_of(evidence(OTHER, inbound("mail.contoso.com")), "connector-mismatch").message


def test_common_name_that_constraints_exclude() -> None:
    """A CN outside what the issuer may vouch for, beside DNS names inside it, is unknown and covers no host name."""
    limited = CA.intermediate(extra=[pki.constrained(permitted=["fabrikam.com"])])
    issued = limited.issue("mail.fabrikam.com", common_name="mail.contoso.com")
    chain = pki.chain(issued, limited, CA)
    for value in ("mail.contoso.com", "*.contoso.com"):
        assert "connector-match-uncertain/excluded" in said(evidence((chain,), inbound(value)))
    assert "connector-match" in said(evidence((chain,), inbound("mail.fabrikam.com")))
    found = said(evidence((chain,), inbound("mail.fabrikam.com"), hostname="mail.contoso.com"))
    assert "hostname-mismatch" in found


def test_every_rule_is_reachable_and_every_message_is_a_sentence() -> None:
    """Each rule of the subject is observed in some case above, in ASCII sentences that end with a full stop."""
    givens = [
        evidence(CA.issue(common_name="mail.contoso.com"), inbound("mail.contoso.com"), hostname="mail.contoso.com"),
        evidence(CA.issue("a.b.contoso.com", common_name=None), inbound("*.contoso.com"), domains=DOMAINS),
        evidence(OTHER, inbound("*.contoso.com"), domains=(), hostname="mail.contoso.com"),
        evidence(CA.issue(*(f"h{number}.contoso.com" for number in range(101)))),
        evidence(HOST, inbound("*.contoso.com"), domains=accepted("eu.contoso.com")),
        evidence(b"no certificate"),
    ]
    found = [one for given in givens for one in observed(given)]
    assert {one.rule for one in found} == set(rules_of("names"))
    for one in found:
        for sentence in (one.message, one.fix or "."):
            assert sentence.isascii()
            assert sentence.endswith(".") or sentence.splitlines()[-1].startswith("  ")  # a line to be typed
