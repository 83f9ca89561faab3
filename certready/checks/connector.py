"""Connector: settings of the tenant's own connectors that decide, or spoil, what a certificate is good for.

Said on evidence alone, and only of connectors read from a tenant: of one given by hand nothing but its value is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain as joined

from certready.matching import Value, dns_names, parent, registrable, under
from certready.model import Connector, Evidence
from certready.report import NotApplicable, Observation, Rule
from certready.tenant import acceptance, accepted_above, candidates, selection, value_of
from certready.tenant.powershell import command, set_value

LISTED = 5

INBOUND = "https://learn.microsoft.com/powershell/module/exchange/set-inboundconnector"
OUTBOUND = "https://learn.microsoft.com/powershell/module/exchange/set-outboundconnector"
ATTRIBUTION = 'Exchange Team Blog, "Office 365 Message Attribution" (techcommunity 749143)'

DISABLED = Rule("connector.disabled", "The connector is disabled.", None, INBOUND)
WRONG_TYPE = Rule("connector.wrong-type", "A Partner connector asks for one of the tenant's own names.", None, INBOUND)
NO_CERTIFICATE = Rule(
    "connector.no-certificate",
    "No enabled inbound connector asks for a certificate.",
    "Create an OnPremises inbound connector with TlsSenderCertificateName, or enable the one there is.",
    INBOUND,
)
TRUSTED_ORGANIZATIONS = Rule(
    "connector.trusted-organizations", "TrustedOrganizations makes the connector ignore its certificate.", None, INBOUND
)
WILDCARD_RECOMMENDED = Rule("connector.wildcard-recommended", "A wildcard value would serve better.", None, ATTRIBUTION)
TLS_NOT_REQUIRED = Rule("connector.tls-not-required", "The connector does not require TLS.", None, INBOUND)
NAME_WITHOUT_VALIDATION = Rule(
    "connector.name-without-validation", "TlsDomain is set, but the name is not validated.", None, OUTBOUND
)
NO_SMART_HOST = Rule(
    "connector.no-smart-host", "The connector has neither MX routing nor a smart host.", None, OUTBOUND
)
OVERLAP = Rule(
    "connector.overlap",
    "Several enabled inbound connectors ask for the same or overlapping names.",
    "Keep one connector for each name; the most exact value wins, and between equal ones it is not documented which.",
    ATTRIBUTION,
)
LOCKS_DOWN = Rule(
    "connector.locks-down",
    "A Partner connector lets in nothing but mail with its own certificate.",
    "Keep it where all mail must pass the filter behind it; otherwise narrow its SenderDomains.",
    "https://learn.microsoft.com/exchange/mail-flow-best-practices/manage-mail-flow-using-third-party-cloud",
)

RULES = (
    DISABLED,
    WRONG_TYPE,
    NO_CERTIFICATE,
    TRUSTED_ORGANIZATIONS,
    WILDCARD_RECOMMENDED,
    TLS_NOT_REQUIRED,
    NAME_WITHOUT_VALIDATION,
    NO_SMART_HOST,
    OVERLAP,
    LOCKS_DOWN,
)


def check_connector(evidence: Evidence) -> Iterator[Observation | NotApplicable]:
    """The settings of every judged connector that was read from a tenant, and what the whole tenant adds to them."""
    if not any(one.source == "tenant" for one in evidence.connectors) or evidence.options.certificate_only:
        yield NotApplicable("No connector was read from a tenant.")
        return
    judged = [one for one in selection(evidence).judged if one.source == "tenant"]
    rivals = [(one, value) for one in candidates(evidence.connectors) if (value := value_of(one))]
    own = (found for one in judged for found in _settings(evidence, one, rivals))
    empty = True
    for observation in joined(own, _whole_tenant(evidence, judged)):
        empty = False
        yield observation
    if empty:
        yield NotApplicable("The settings of the judged connectors ask for no remark.")


def _settings(
    evidence: Evidence, connector: Connector, rivals: Sequence[tuple[Connector, Value]]
) -> Iterator[Observation]:
    if not connector.enabled:
        yield _disabled(connector)
    if connector.direction == "outbound":
        yield from _outbound(connector)
        return
    if not connector.value:
        message = (
            f"The inbound connector '{connector.name}' asks for no certificate (TlsSenderCertificateName is empty): it "
            "knows the gateway by its address, and the certificate does nothing for it."
        )
        fix = f"{set_value(connector, '<name in the certificate>')}."
        yield _observe(NO_CERTIFICATE, message, connector, fix)
        return
    yield from _inbound(connector)
    value = value_of(connector)
    if value:
        yield from _wrong_type(evidence, connector, value)
        yield from _wildcard_recommended(evidence, connector, value)
        yield from _overlap(connector, value, rivals)


def _whole_tenant(evidence: Evidence, judged: Sequence[Connector]) -> Iterator[Observation]:
    """What concerns all inbound mail of the tenant, whichever connector wins."""
    inbound_wanted = (
        any(one.direction == "inbound" for one in judged) if evidence.named else (evidence.options.role != "server")
    )
    if not inbound_wanted:
        return
    if not evidence.named and not candidates(evidence.connectors):
        yield _no_certificate(evidence)
    for connector in evidence.connectors:
        if _locks_down(connector):
            message = (
                f"The Partner connector '{connector.name}' holds for every sender and RestrictDomainsToCertificate is "
                f"true: mail that does not come with the certificate it asks for ({connector.value or 'none'}) and is "
                "not attributed to an OnPremises connector is refused with 5.7.51."
            )
            yield Observation(
                LOCKS_DOWN,
                message,
                connector=connector.name if connector in judged else None,
                about_certificate=False,
                evidence={"connector": connector.name, "value": connector.value},
            )


def _disabled(connector: Connector) -> Observation:
    message = f"The {connector.direction} connector '{connector.name}' is disabled: Exchange Online does not use it."
    fix = (
        f"{command(connector, '-Enabled $true')}. In newer tenants Exchange Online may refuse that for an OnPremises "
        "inbound connector until Microsoft support allows it."
    )
    return _observe(DISABLED, message, connector, fix)


def _no_certificate(evidence: Evidence) -> Observation:
    off = [one.name for one in evidence.connectors if one.direction == "inbound" and one.value and not one.enabled]
    what = f"; disabled are: {', '.join(off[:LISTED])}" if off else ""
    message = (
        f"No enabled inbound connector of the tenant has a TlsSenderCertificateName{what}: Exchange Online looks at no "
        "gateway certificate."
    )
    return Observation(NO_CERTIFICATE, message, about_certificate=False, evidence={"disabled": off[:LISTED]})


def _outbound(connector: Connector) -> Iterator[Observation]:
    if connector.value and connector.level != "domain-validation":
        message = (
            f"The outbound connector '{connector.name}' has the TlsDomain {connector.value}, but at the level "
            f"{connector.level} Exchange Online compares no name."
        )
        fix = f"{command(connector, '-TlsSettings DomainValidation')}."
        yield _observe(NAME_WITHOUT_VALIDATION, message, connector, fix)
    if connector.use_mx is False and not connector.smart_hosts:
        message = f"The outbound connector '{connector.name}' does not use MX records and has no smart host to send to."
        fix = f"{command(connector, '-SmartHosts <host name of the gateway>')}."
        yield _observe(NO_SMART_HOST, message, connector, fix)


def _inbound(connector: Connector) -> Iterator[Observation]:
    if connector.trusted_organizations:
        message = (
            f"The inbound connector '{connector.name}' has TrustedOrganizations "
            f"({', '.join(connector.trusted_organizations[:LISTED])}): none of its other parameters is then used, its "
            "TlsSenderCertificateName neither."
        )
        fix = f"{command(connector, '-TrustedOrganizations $null')}."
        yield _observe(TRUSTED_ORGANIZATIONS, message, connector, fix)
    if connector.require_tls is False:
        message = (
            f"The inbound connector '{connector.name}' does not require TLS: a gateway that falls back to plain text "
            "shows no certificate and is not recognised by it."
        )
        yield _observe(TLS_NOT_REQUIRED, message, connector, f"{command(connector, '-RequireTls $true')}.")


def _wrong_type(evidence: Evidence, connector: Connector, value: Value) -> Iterator[Observation]:
    own = accepted_above(value.domain, evidence.accepted_domains)
    if connector.kind == "Partner" and own:
        message = (
            f"The inbound connector '{connector.name}' is a Partner connector, but its value {value} lies under the "
            f"tenant's own accepted domain {own}: a Partner connector grants no relay and does not make the gateway's "
            "mail the tenant's own."
        )
        fix = f"{command(connector, '-ConnectorType OnPremises')}."
        yield _observe(WRONG_TYPE, message, connector, fix, accepted=own)


def _wildcard_recommended(evidence: Evidence, connector: Connector, value: Value) -> Iterator[Observation]:
    """A plain value beside several names under one domain, or one that is not accepted itself."""
    if value.wildcard or connector.kind == "Partner":
        return
    several, names = _several_names(evidence, value)
    above = parent(value.domain)
    if several:
        why = f"the certificate has {len(names)} names under {several} ({', '.join(names[:LISTED])})"
    elif _not_accepted(evidence, value) and registrable(above):
        several = above
        why = f"{value.domain} itself is no accepted domain"
    else:
        return
    message = (
        f"The inbound connector '{connector.name}' asks for the plain name {value}, while {why}: *.{several} would "
        "serve, as long as no other system shows a certificate under that domain."
    )
    fix = f"{set_value(connector, f'*.{several}')}; {several} must be an accepted domain."
    yield _observe(WILDCARD_RECOMMENDED, message, connector, fix, recommended=f"*.{several}")


def _several_names(evidence: Evidence, value: Value) -> tuple[str, tuple[str, ...]]:
    """The domain under which two or more host names of one leaf lie, the value's own or its parent, and those names."""
    for chain in evidence.chains:
        found = dns_names(chain.leaf_certificate.parsed.names)
        for domain in (value.domain, parent(value.domain)):
            hosts = tuple(name for name in found if parent(name) == domain and not name.startswith("*."))
            if len(hosts) > 1 and registrable(domain):
                return domain, hosts
    return "", ()


def _not_accepted(evidence: Evidence, value: Value) -> bool:
    if evidence.accepted_domains is None:
        return False
    return acceptance(value, evidence.accepted_domains).standing != "accepted"


def _overlap(connector: Connector, value: Value, rivals: Sequence[tuple[Connector, Value]]) -> Iterator[Observation]:
    """Other enabled connectors of the tenant that the same certificate could meet."""
    if not connector.enabled:
        return
    alike = (one for one, other in rivals if _overlapping(value, other))
    clashing = [one for one in alike if one.source == "tenant" and one != connector]
    if clashing:
        shown = ", ".join(f"'{one.name}' ({one.value})" for one in clashing[:LISTED])
        more = f" and {len(clashing) - LISTED} more" if len(clashing) > LISTED else ""
        message = (
            f"The value {value} of the inbound connector '{connector.name}' overlaps that of {shown}{more}: a wildcard "
            "may catch traffic that is meant for the other."
        )
        names = [one.name for one in clashing[:LISTED]]
        yield _observe(OVERLAP, message, connector, OVERLAP.fix, connectors=names)


def _overlapping(one: Value, other: Value) -> bool:
    """Whether a certificate name exists that meets both values."""
    if one.domain == other.domain:
        return True
    return (one.wildcard and under(other.domain, one.domain)) or (other.wildcard and under(one.domain, other.domain))


def _locks_down(connector: Connector) -> bool:
    return (
        connector.direction == "inbound"
        and connector.source == "tenant"
        and connector.kind == "Partner"
        and connector.enabled
        and connector.restrict_to_certificate is True
        and "*" in connector.sender_domains
    )


def _observe(rule: Rule, message: str, connector: Connector, fix: str | None, **more: object) -> Observation:
    """An observation about a connector's own settings: it holds whatever certificate is shown."""
    return Observation(
        rule,
        message,
        fix=fix,
        connector=connector.name,
        about_certificate=False,
        evidence={"value": connector.value, **more},
    )
