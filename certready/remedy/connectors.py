"""Remedies of the findings about connectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from certready.exchange import cmdlets
from certready.exchange.powershell import quote
from certready.model import Direction
from certready.model.report import Finding
from certready.remedy import exchange
from certready.remedy.model import Build, Remedy, Situation, fitting_value, host_of


def setting_of(direction: Direction | None, parameters: str, title: str, *notes: str) -> Build:
    """A remedy that sets the same parameters of each connector the finding is about, of one direction where the
    parameters belong to one: an inbound and an outbound connector may share a name."""

    def build(situation: Situation, _: Finding) -> Iterator[Remedy]:
        for connector in situation.connectors:
            if direction in (None, connector.direction):
                yield exchange.setting(connector, parameters, title, *notes)

    return build


def _no_certificate(situation: Situation, finding: Finding) -> Iterator[Remedy]:
    value = fitting_value(situation) or exchange.NAME_UNKNOWN
    own = [
        connector
        for connector in situation.connectors
        if connector.name == finding.connector and connector.direction == "inbound"
    ]
    for connector in own:
        yield exchange.set_connector_value(connector, value)
    off = finding.evidence.get("disabled")
    idle = [
        connector
        for connector in situation.connectors
        if isinstance(off, list) and connector.name in off and not connector.enabled
    ]
    for connector in idle:
        if connector.direction == "inbound":
            yield exchange.setting(connector, "-Enabled $true", f"Enable the connector '{connector.name}'.")
    if not own and not idle:
        yield exchange.new_inbound(value)


def _wildcard(situation: Situation, finding: Finding) -> Iterator[Remedy]:
    value = str(finding.evidence.get("recommended") or exchange.NAME_UNKNOWN)
    for connector in situation.connectors:
        if connector.direction == "inbound":
            yield exchange.set_connector_value(connector, value)


def _smart_host(situation: Situation, _: Finding) -> Iterator[Remedy]:
    settings = f"-UseMXRecord $false -SmartHosts {quote(host_of(situation))}"
    for connector in situation.connectors:
        if connector.direction == "outbound":
            yield exchange.setting(connector, settings, "Name the gateway as the connector's smart host.")


def _overlap(situation: Situation, _: Finding) -> Iterator[Remedy]:
    lines = [cmdlets.show_inbound()]
    lines += [
        cmdlets.inbound(connector.name, "-Enabled $false")
        for connector in situation.connectors
        if connector.direction == "inbound" and connector.source == "tenant"
    ]
    note = "Disable one of them, not each: whichever the gateway does not need."
    yield Remedy("Keep one connector for each name.", "exchange-online", tuple(lines), (note,))


def _locks_down(_: Situation, finding: Finding) -> Iterator[Remedy]:
    name = str(finding.evidence.get("connector") or "<connector>")
    line = cmdlets.inbound(name, f"-SenderDomains {quote('<domain of the partner>')}")
    yield Remedy("Narrow the Partner connector to its partner's domains.", "exchange-online", (line,))


def _value(situation: Situation, _: Finding) -> Iterator[Remedy]:
    """A certificate name for a connector that has none."""
    for connector in situation.connectors:
        yield exchange.set_connector_value(connector, fitting_value(situation) or exchange.NAME_UNKNOWN)


def _counterpart(situation: Situation, _: Finding) -> Iterator[Remedy]:
    """The connector of the direction that has none."""
    value = fitting_value(situation) or exchange.NAME_UNKNOWN
    if any(connector.direction == "inbound" for connector in situation.connectors):
        yield exchange.new_outbound(value, host_of(situation))
    else:
        yield exchange.new_inbound(value)


BUILDERS: Mapping[str, Build] = {
    "connector.disabled": setting_of(
        None,
        "-Enabled $true",
        "Enable the connector.",
        "In newer tenants an OnPremises inbound connector may need Microsoft support before it can be enabled.",
    ),
    "connector.wrong-type": setting_of("inbound", "-ConnectorType OnPremises", "Make it an OnPremises connector."),
    "connector.no-certificate": _no_certificate,
    "connector.trusted-organizations": setting_of(
        "inbound", "-TrustedOrganizations $null", "Let the connector see certificates."
    ),
    "connector.wildcard-recommended": _wildcard,
    "connector.tls-not-required": setting_of("inbound", "-RequireTls $true", "Require TLS."),
    "connector.name-without-validation": setting_of("outbound", "-TlsSettings DomainValidation", "Compare the name."),
    "connector.no-smart-host": _smart_host,
    "connector.overlap": _overlap,
    "connector.locks-down": _locks_down,
    "connector.ip-only": _value,
    "connector.no-tls-domain": _value,
    "connector.counterpart-missing": _counterpart,
    "connector.smart-host-loop": _smart_host,
    "connector.test-mode": setting_of("outbound", "-TestMode $false", "Let the connector carry real mail."),
    "connector.associated-domains": setting_of(
        "inbound", "-AssociatedAcceptedDomains $null", "Let it hold for every domain."
    ),
    "connector.internal-beside-hybrid": setting_of(
        "inbound", "-TreatMessagesAsInternal $false", "Do not mark all mail internal."
    ),
    "connector.dane-mandatory": setting_of(
        "outbound", "-SmtpDaneMode Opportunistic", "Let mail pass where the domain has no DANE at all."
    ),
    "connector.restriction-without-effect": setting_of(
        "inbound",
        "-RestrictDomainsToCertificate $false -RestrictDomainsToIPAddresses $false",
        "Take away restrictions that do nothing.",
        "Mail that does not come by way of the gateway is refused by a Partner connector beside this one, or by a mail "
        "flow rule.",
    ),
    "connector.ips-beside-certificate": setting_of(
        "inbound",
        "-RestrictDomainsToIPAddresses $false -SenderIPAddresses $null",
        "Keep the certificate, not the addresses.",
    ),
}
