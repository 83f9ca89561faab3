"""What the settings of single connectors give away: pure functions over a connector and its tenant.

They serve the check, which knows a certificate, and the lint of a whole tenant, which knows none. A message says what
is set and what follows; an observation is never about a certificate.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from certready import remedy
from certready.exchange import DECISIVE, Accepted, associated, value_of
from certready.exchange.clouds import is_exchange_online
from certready.exchange.matching import Value
from certready.model import Connector, Tenant
from certready.rules import connector as rules
from certready.rules import connector_outbound as outbound_rules
from certready.rules.model import Observation
from certready.wording import LISTED, counted, listed

EXPORT_OLD = timedelta(days=30)
_DECISIVE_OUTBOUND = ("TlsDomain", "TlsSettings", "SmtpDaneMode", "Enabled")


def disabled(connector: Connector, variant: str = "") -> Observation:
    """A connector that is switched off."""
    message = f"The {connector.direction} connector '{connector.name}' is disabled: Exchange Online does not use it."
    return rules.DISABLED.observed(
        message, variant, connector=connector, fix=partial(remedy.connectors.enabled, connector)
    )


def outbound(connector: Connector) -> Iterator[Observation]:
    """The settings of an outbound connector."""
    named = f"The outbound connector '{connector.name}'"
    yield from unread(connector)
    yield from made_by(connector)
    if connector.value and connector.level != "domain-validation":
        message = (
            f"{named} has the TlsDomain {connector.value}, but at the level {connector.level} Exchange Online compares "
            "no name."
        )
        fix = partial(remedy.connectors.comparing_the_name, connector)
        yield outbound_rules.NAME_WITHOUT_VALIDATION.observed(message, connector=connector, fix=fix)
    if connector.use_mx is False and not connector.smart_hosts and "SmartHosts" not in connector.unread:
        message = f"{named} does not use MX records and has no smart host to send to."
        fix = partial(remedy.connectors.sending_to, connector)
        yield outbound_rules.NO_SMART_HOST.observed(message, connector=connector, fix=fix)
    if connector.test_mode:
        message = f"{named} is in test mode: it is taken to carry no mail but that of its validation (inferred)."
        fix = partial(remedy.connectors.carrying_mail, connector)
        yield outbound_rules.TEST_MODE.observed(message, connector=connector, fix=fix)
    if (connector.dane_mode or "").lower() == "mandatory":
        message = (
            f"{named} has SmtpDaneMode Mandatory: mail stops where the domain has no DANE, and where its TLSA record "
            "does not fit the certificate, for instance after a renewal."
        )
        fix = partial(remedy.connectors.with_dane_where_it_is, connector)
        yield outbound_rules.DANE_MANDATORY.observed(message, connector=connector, fix=fix)
    yield from _loop(connector)


def _loop(connector: Connector) -> Iterator[Observation]:
    own = [host for host in connector.smart_hosts if is_exchange_online(host)]
    if own:
        message = (
            f"The outbound connector '{connector.name}' sends to {own[0]}, which is Exchange Online: unless that is "
            "another tenant's host, the mail comes back and ends as a loop (554 5.4.14)."
        )
        fix = partial(remedy.connectors.sending_to, connector)
        yield outbound_rules.SMART_HOST_LOOP.observed(
            message, connector=connector, fix=fix, evidence={"smart_host": own[0]}
        )


def inbound(connector: Connector) -> Iterator[Observation]:
    """The settings of an inbound connector that asks for a certificate."""
    named = f"The inbound connector '{connector.name}'"
    yield from unread(connector)
    yield from made_by(connector)
    if connector.trusted_organizations:
        message = (
            f"{named} has TrustedOrganizations ({listed(connector.trusted_organizations)}): none of its "
            "other parameters is then used, its TlsSenderCertificateName neither."
        )
        fix = partial(remedy.connectors.without_trusted_organizations, connector)
        yield rules.TRUSTED_ORGANIZATIONS.observed(message, connector=connector, fix=fix)
    if connector.kind == "Partner" and connector.require_tls is False:
        message = (
            f"{named} does not require TLS: a gateway that falls back to plain text shows no certificate and is not "
            "recognised by it."
        )
        fix = partial(remedy.connectors.requiring_tls, connector)
        yield rules.TLS_NOT_REQUIRED.observed(message, connector=connector, fix=fix)
    if connector.kind == "Partner" and (connector.sender_ips or connector.restrict_to_ips):
        message = (
            f"{named} is a Partner connector that asks for the certificate name {connector.value} and for addresses: "
            "Microsoft advises against both in one connector."
        )
        fix = partial(remedy.connectors.without_addresses, connector)
        yield rules.IPS_BESIDE_CERTIFICATE.observed(message, connector=connector, fix=fix)
    yield from restriction(connector)
    yield from internal(connector)
    yield from _associated(connector, value_of(connector))


def restriction(connector: Connector) -> Iterator[Observation]:
    """Restrictions that only a Partner connector applies."""
    if connector.kind == "Partner":
        return
    settings = {
        "RestrictDomainsToCertificate": connector.restrict_to_certificate,
        "RestrictDomainsToIPAddresses": connector.restrict_to_ips,
    }
    if idle := [name for name, value in settings.items() if value]:
        message = (
            f"The inbound connector '{connector.name}' has {' and '.join(idle)}, which an OnPremises connector does "
            "not apply: mail that comes past the gateway is not refused by it."
        )
        fix = partial(remedy.connectors.without_restrictions, connector, idle)
        yield rules.RESTRICTION_WITHOUT_EFFECT.observed(message, connector=connector, fix=fix)


def made_by(connector: Connector) -> Iterator[Observation]:
    """What made the connector, where that makes it anew."""
    if connector.made_by_hybrid_wizard:
        message = f"The {connector.direction} connector '{connector.name}' was made by the Hybrid Configuration Wizard."
        yield rules.HYBRID_MANAGED.observed(message, connector=connector)


def internal(connector: Connector) -> Iterator[Observation]:
    """TreatMessagesAsInternal, which goes with neither hybrid mail nor a Partner connector."""
    if not connector.treat_as_internal or not (connector.cloud_services_mail or connector.kind == "Partner"):
        return
    beside = "CloudServicesMailEnabled" if connector.cloud_services_mail else "the connector type Partner"
    message = (
        f"The inbound connector '{connector.name}' has TreatMessagesAsInternal beside {beside}; the two must not be "
        "set together."
    )
    fix = partial(remedy.connectors.not_internal, connector)
    yield rules.INTERNAL_BESIDE_HYBRID.observed(message, connector=connector, fix=fix)


def _associated(connector: Connector, value: Value | None) -> Iterator[Observation]:
    if not connector.associated_domains:
        return
    only = listed(connector.associated_domains)
    elsewhere = value is not None and not associated(connector, value)
    what = (
        f"its own {value} is none of them, and what that does to attribution is not documented"
        if elsewhere
        else "Microsoft advises to leave it empty outside tests"
    )
    message = f"The inbound connector '{connector.name}' is limited by AssociatedAcceptedDomains ({only}): {what}."
    fix = partial(remedy.connectors.for_every_domain, connector)
    variant = "elsewhere" if elsewhere else ""
    yield rules.ASSOCIATED_DOMAINS.observed(message, variant, connector=connector, fix=fix)


def unread(connector: Connector) -> Iterator[Observation]:
    """Properties that the export cut off; some of them could change the verdict."""
    if connector.unread:
        decisive = DECISIVE if connector.direction == "inbound" else _DECISIVE_OUTBOUND
        decides = any(name in decisive for name in connector.unread)
        message = (
            f"{', '.join(connector.unread)} of the {connector.direction} connector '{connector.name}' cannot be read "
            "in the file: missing, cut off, or written in a way that no document explains."
        )
        variant = "decides" if decides else ""
        yield rules.UNREAD.observed(message, variant, connector=connector, evidence={"unread": list(connector.unread)})


def wrong_type(connector: Connector, value: Value, accepted: Accepted | None) -> Iterator[Observation]:
    """A Partner connector for what is the tenant's own."""
    if connector.kind == "Partner" and accepted is None:
        message = (
            f"The inbound connector '{connector.name}' is a Partner connector. Whether its value {value} lies under "
            "one of the tenant's own accepted domains is not known; if it does, it has the wrong type and grants no "
            "relay."
        )
        yield rules.WRONG_TYPE.observed(message, "unknown", connector=connector)
        return
    own = accepted.above(value.domain) if accepted else None
    if connector.kind == "Partner" and own:
        message = (
            f"The inbound connector '{connector.name}' is a Partner connector, but its value {value} lies under the "
            f"tenant's own accepted domain {own}: a Partner connector grants no relay and does not make the gateway's "
            "mail the tenant's own."
        )
        fix = partial(remedy.connectors.on_premises, connector)
        yield rules.WRONG_TYPE.observed(message, connector=connector, fix=fix, evidence={"accepted": own})


def export_age(tenant: Tenant, at: datetime) -> Iterator[Observation]:
    """When the export was made that the connectors were read from, and whether that is long ago at this moment."""
    made = tenant.exported_at
    if made is None:
        return
    age = at - made
    days = f"{counted(age.days, 'day')} before this check" if age.days >= 1 else "less than a day ago"
    if age < timedelta(0):
        days = f"after the moment that is judged ({at:%Y-%m-%d}): how the tenant was then is not known"
    if age > EXPORT_OLD:
        message = (
            f"The tenant's connectors were exported on {made:%Y-%m-%d}, {days}: what was changed since is not judged."
        )
        yield rules.EXPORT_OLD.observed(message, evidence={"exported_at": made.isoformat()})
    else:
        message = f"The tenant's connectors are those of the export made on {made:%Y-%m-%d}, {days}."
        yield rules.EXPORT_DATED.observed(message, evidence={"exported_at": made.isoformat()})


def in_region(tenant: Tenant) -> Iterator[Observation]:
    """What in-region routing asks of the certificates and addresses that the tenant's connectors go by."""
    regions = [f"{domain.name}: {domain.region}" for domain in tenant.accepted_domains or () if domain.region]
    gateways = [
        connector for connector in tenant.connectors if connector.direction == "inbound" and connector.kind != "Partner"
    ]
    if not regions or not any(gateway.enabled for gateway in gateways):
        return
    message = (
        f"Mail of some accepted domains is routed in a region of its own ({listed(regions)}): a certificate or address "
        "that the inbound connectors go by must not be used for mail to anybody but Exchange Online."
    )
    yield rules.IN_REGION_ROUTING.observed(message, evidence={"regions": regions[:LISTED]})


def no_mark(connector: Connector, value: str | None = None) -> Observation:
    """An inbound connector without a certificate name; ``value`` is one that the certificate satisfies."""
    other = "knows the gateway by its address" if connector.sender_ips else "names no address either"
    message = (
        f"The inbound connector '{connector.name}' asks for no certificate (TlsSenderCertificateName is empty) and "
        f"{other}: a certificate does nothing for it."
    )
    fix = partial(remedy.connectors.asking_for, connector, value, "Have the connector ask for the certificate's name.")
    return rules.NO_CERTIFICATE.observed(message, connector=connector, fix=fix)


def locks_down(connector: Connector) -> bool:
    """Whether a Partner connector refuses whatever does not come with its certificate, from any sender."""
    return (
        connector.direction == "inbound"
        and connector.source == "tenant"
        and connector.kind == "Partner"
        and connector.enabled
        and connector.restrict_to_certificate is True
        and "*" in connector.sender_domains
    )
