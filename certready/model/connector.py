"""Connectors and accepted domains of a tenant, as far as they bear on a certificate."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from msgspec import Struct

Direction = Literal["inbound", "outbound"]
Kind = Literal["OnPremises", "Partner"]
MatchKind = Literal["exact", "wildcard-value", "wildcard-certificate", "apex", "deep", "none"]
"""How a name of the certificate meets a connector's value."""
Level = Literal["none", "encryption-only", "certificate-validation", "domain-validation"]


class AcceptedDomain(Struct, frozen=True):
    """A row of Get-AcceptedDomain. ``name`` is a lower-case A-label domain; ``region`` is its MailFlowRegion, None for
    none."""

    name: str
    match_subdomains: bool = False
    default: bool = False
    initial: bool = False
    kind: str = "Authoritative"
    region: str | None = None


class Connector(Struct, frozen=True):
    """A connector of Exchange Online, as far as it bears on the certificate.

    ``value`` is TlsSenderCertificateName (inbound) or TlsDomain (outbound) as the administrator wrote it, None where it
    is not set; it may be malformed, which is a finding. ``level`` is the TlsSettings of an outbound connector, None for
    an inbound one. ``kind`` is "OnPremises" or "Partner". ``source`` is "option" for one given as ``--inbound`` or
    ``--outbound``, "tenant" for one out of an export. Booleans are None where the export did not say. ``unread`` names
    the properties whose text the export cut off or wrote in a form that says nothing, such as "System.Object[]".
    ``made_by_hybrid_wizard`` is a ConnectorSource of HybridWizard.
    Sources of the properties: Get-InboundConnector and Get-OutboundConnector (ExchangePowerShell reference).
    """

    name: str
    direction: Direction
    value: str | None = None
    level: Level | None = None
    kind: Kind = "OnPremises"
    enabled: bool = True
    source: Literal["option", "tenant"] = "option"
    require_tls: bool | None = None
    trusted_organizations: tuple[str, ...] = ()
    sender_domains: tuple[str, ...] = ()
    sender_ips: tuple[str, ...] = ()
    restrict_to_certificate: bool | None = None
    restrict_to_ips: bool | None = None
    associated_domains: tuple[str, ...] = ()
    cloud_services_mail: bool | None = None
    recipient_domains: tuple[str, ...] = ()
    smart_hosts: tuple[str, ...] = ()
    use_mx: bool | None = None
    all_accepted_domains: bool | None = None
    transport_rule_scoped: bool | None = None
    test_mode: bool | None = None
    treat_as_internal: bool | None = None
    route_via_on_premises: bool | None = None
    dane_mode: str | None = None
    mta_sts_mode: str | None = None
    validated: bool | None = None
    made_by_hybrid_wizard: bool = False
    unread: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for a word that no cmdlet has: a connector that nothing recognises would be judged by
        nothing."""
        words: tuple[tuple[str, str | None, object], ...] = (
            ("direction", self.direction, Direction),
            ("level", self.level, Level),
            ("kind", self.kind, Kind),
        )
        for name, word, allowed in words:
            if word not in get_args(allowed) and not (name == "level" and word is None):
                raise ValueError(f"{name} is {word!r}, not one of {', '.join(get_args(allowed))}")


class Tenant(Struct, frozen=True):
    """A tenant's connectors and accepted domains; ``accepted_domains`` is None where no export named them.

    ``lists_connectors`` is False where nothing was said about connectors, which is not the same as there being none.
    ``exported_at`` is when the export was made, None where it does not say.
    """

    connectors: tuple[Connector, ...] = ()
    accepted_domains: tuple[AcceptedDomain, ...] | None = None
    notes: tuple[str, ...] = ()
    lists_connectors: bool = True
    exported_at: datetime | None = None
