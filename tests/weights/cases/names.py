"""Names and accepted domains (contract: the value and the names, the tenant's domains, --hostname, CN and many names)."""

from __future__ import annotations

from cryptography import x509

from certready import AcceptedDomain
from tests.pki import constrained
from tests.weights.case import (
    FAIL,
    PASS,
    UNKNOWN,
    WARN,
    Cases,
    Checked,
    Expected,
    Severity,
    by_audience,
    everywhere,
)
from tests.weights.material import CA, checked, file

CASES = Cases()


def compared(severity: Severity) -> Expected:
    """What is said where names are compared: not at the level certificate-validation, and not without a connector."""
    return by_audience(inbound=severity, partner=severity, domain=severity, validation=None, alone=None)


def accepted(severity: Severity) -> Expected:
    """What is said of accepted domains: of an inbound connector that is no Partner's, and of no other."""
    return by_audience(inbound=severity, partner=None, domain=None, validation=None, alone=None)


@CASES.add("names.connector-match", compared(PASS))
def a_host_under_the_value() -> Checked:
    """A certificate name that satisfies the connector's value passes."""
    return checked(file())


@CASES.add("names.connector-match", by_audience(inbound=PASS, partner=PASS))
def the_apex_under_a_wildcard_value() -> Checked:
    """The apex name under the value *.P passes."""
    return checked(file(CA.issue("contoso.com")))


@CASES.add("names.connector-match", by_audience(inbound=PASS, partner=PASS))
def a_wildcard_under_the_same_wildcard_value() -> Checked:
    """*.P in the certificate under the value *.P passes."""
    return checked(file(CA.issue("*.contoso.com")))


@CASES.add("names.connector-match", by_audience(validation=None, domain=PASS))
def a_name_that_the_level_does_not_compare() -> Checked:
    """At the level certificate-validation a TlsDomain is compared with nothing, and nothing is said."""
    return checked(file(), tried={"value": "mail.contoso.com"})


@CASES.add("names.connector-mismatch", compared(FAIL))
def a_name_of_another_company() -> Checked:
    """Where no name satisfies the value, the connector fails."""
    return checked(file(CA.issue("mail.fabrikam.com")))


@CASES.add("names.connector-mismatch", compared(FAIL))
def a_value_that_is_malformed() -> Checked:
    """A malformed value out of a tenant's file is met by nothing: it fails."""
    return checked(file(), tried={"value": "m*.contoso.com", "source": "tenant"})


@CASES.add("names.connector-mismatch", by_audience(domain=UNKNOWN, inbound=None, partner=None, validation=None))
def an_outbound_connector_without_a_name() -> Checked:
    """DomainValidation without a TlsDomain leaves unknown which name is compared."""
    return checked(file(), tried={"value": None})


@CASES.add("names.connector-match-uncertain", compared(WARN))
def a_plain_value_and_a_wildcard_certificate() -> Checked:
    """A plain value met by a wildcard name alone is a warning: it is only inferred that it counts."""
    return checked(file(CA.issue("*.contoso.com")), tried={"value": "mail.contoso.com"})


@CASES.add("names.connector-match-uncertain", compared(WARN))
def the_domain_itself_and_its_wildcard() -> Checked:
    """The value P met by *.P alone is a warning."""
    return checked(file(CA.issue("*.contoso.com")), tried={"value": "contoso.com"})


@CASES.add("names.connector-match-uncertain", compared(UNKNOWN))
def two_labels_under_the_value() -> Checked:
    """A name more than one label under *.P is unknown: documents disagree."""
    return checked(file(CA.issue("a.b.contoso.com")), tried={"value": "*.contoso.com"})


@CASES.add("names.connector-match-uncertain", compared(UNKNOWN))
def a_value_that_names_the_issuer_too() -> Checked:
    """A value that asks for an issuer as well is unknown: how that is compared is not documented."""
    return checked(file(), tried={"value": "<I>CN=Issuing CA<S>CN=mail.contoso.com"})


@CASES.add("names.connector-match-uncertain", compared(UNKNOWN))
def a_common_name_that_is_not_plain_ascii() -> Checked:
    """A CN that only looks like the value, because it is not plain ASCII, is unknown."""
    return checked(file(CA.issue(common_name="\uff4dail.contoso.com", san=())), tried={"value": "*.contoso.com"})


@CASES.add("names.connector-match-uncertain", compared(UNKNOWN))
def a_common_name_that_the_chain_excludes() -> Checked:
    """A name that the name constraints of its own chain exclude is unknown."""
    bound = CA.intermediate("Bound CA", extra=[constrained(excluded=["contoso.com"])])
    return checked(
        file(bound.issue("mail.fabrikam.com", common_name="mail.contoso.com")), tried={"value": "*.contoso.com"}
    )


@CASES.add("names.unreadable", everywhere(UNKNOWN))
def names_that_cannot_be_read() -> Checked:
    """Alternative names that are there and cannot be decoded are unknown."""
    broken = x509.UnrecognizedExtension(x509.oid.ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x05\x00")
    leaf = CA.issue(common_name="mail.contoso.com", san=(), extra=[(broken, False)])
    return checked(file(leaf), tried={"value": "*.contoso.com"})


@CASES.add("names.accepted-domain", accepted(PASS))
def the_domain_is_accepted() -> Checked:
    """*.P where the tenant accepts P passes; a Partner connector knows no such rule."""
    return checked(file())


@CASES.add("names.domain-not-accepted", accepted(FAIL))
def the_domain_is_not_accepted() -> Checked:
    """*.P where the tenant accepts neither P nor anything near it fails."""
    return checked(file(), accepted_domains=["fabrikam.com"])


@CASES.add("names.domain-not-accepted", accepted(FAIL))
def a_host_whose_domain_alone_is_accepted() -> Checked:
    """The plain value of a host fails where only its domain is accepted."""
    return checked(file(), tried={"value": "mail.contoso.com"})


@CASES.add("names.domain-acceptance-uncertain", accepted(UNKNOWN))
def only_a_subdomain_is_accepted() -> Checked:
    """*.P where only a subdomain of P is accepted is unknown."""
    return checked(file(), accepted_domains=["mail.contoso.com"])


@CASES.add("names.domain-acceptance-uncertain", accepted(UNKNOWN))
def a_parent_with_its_subdomains_is_accepted() -> Checked:
    """A host's value under a parent accepted with MatchSubDomains is unknown."""
    domains = [AcceptedDomain("contoso.com", match_subdomains=True)]
    return checked(file(), accepted_domains=domains, tried={"value": "mail.contoso.com"})


@CASES.add("names.accepted-domains-unknown", accepted(UNKNOWN))
def accepted_domains_are_not_known() -> Checked:
    """Where no accepted domain of the tenant is known, an inbound connector is unknown."""
    return checked(file(), accepted_domains=None)


@CASES.add("names.no-connector", by_audience(alone=UNKNOWN))
def no_connector_is_named() -> Checked:
    """Without a connector and without --certificate-only it is unknown."""
    return checked(file(), options={"certificate_only": False})


@CASES.add("names.hostname-match", everywhere(PASS))
def the_host_name_is_covered() -> Checked:
    """--hostname covered by the certificate passes."""
    return checked(file(), options={"hostname": "mail.contoso.com"})


@CASES.add("names.hostname-mismatch", everywhere(FAIL))
def the_host_name_is_not_covered() -> Checked:
    """--hostname given and not covered fails, whoever asks."""
    return checked(file(), options={"hostname": "gw.contoso.com"})


@CASES.add("names.no-common-name", everywhere(PASS))
def no_common_name() -> Checked:
    """A certificate without a CN passes, and that is said."""
    return checked(file(CA.issue("mail.contoso.com", common_name=None)))


@CASES.add("names.common-name-only", everywhere(WARN))
def the_common_name_alone() -> Checked:
    """A certificate whose only name is its CN is a warning."""
    return checked(file(CA.issue(common_name="mail.contoso.com", san=())))


@CASES.add("names.many-names", everywhere(WARN))
def a_hundred_and_one_names() -> Checked:
    """Over 100 names are a warning."""
    names = [f"host{number}.contoso.com" for number in range(100)]
    return checked(file(CA.issue("mail.contoso.com", *names)))
