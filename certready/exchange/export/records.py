"""Records of Get-InboundConnector, Get-OutboundConnector and Get-AcceptedDomain into the model.

Keys are compared without regard to case, unknown ones (``@data.type`` side cars among them) are passed over, and a
value may have gone through any of PowerShell's serialisers: a list as ``{"value": [...], "Count": n}`` or, under the
default depth, as text; a boolean as "True"; an enumeration as a number. What the depth cut off altogether is named in
``Connector.unread``, so that an empty list is never taken for a harmless one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from certready.errors import TenantError
from certready.exchange.export.properties import (
    Record,
    address_spaces,
    boolean,
    holds,
    illegible,
    items,
    text,
    unknown_shape,
)
from certready.exchange.export.read import HINT
from certready.exchange.matching import a_label, quoted
from certready.model import AcceptedDomain, Connector, Level
from certready.model.connector import Kind as ConnectorType

Kind = Literal["inbound", "outbound", "accepted"]

_LEVELS: Mapping[str, Level] = {
    "none": "none",
    "0": "none",
    "encryptiononly": "encryption-only",
    "1": "encryption-only",
    "certificatevalidation": "certificate-validation",
    "2": "certificate-validation",
    "domainvalidation": "domain-validation",
    "3": "domain-validation",
}
_LEVEL_NAMES: Mapping[Level, str] = {
    "none": "no TLS setting",
    "encryption-only": "EncryptionOnly",
    "certificate-validation": "CertificateValidation",
    "domain-validation": "DomainValidation",
}
_TYPES: Mapping[str, ConnectorType] = {"onpremises": "OnPremises", "partner": "Partner"}
_NAME_KEYS = ("name", "identity", "id", "guid")

# What only one cmdlet prints; checked in this order (reference of the three cmdlets).
_MARKS: Mapping[Kind, frozenset[str]] = {
    "inbound": frozenset(
        {"senderdomains", "tlssendercertificatename", "restrictdomainstocertificate", "senderipaddresses"}
    ),
    "outbound": frozenset({"recipientdomains", "usemxrecord", "smarthosts", "tlssettings", "tlsdomain"}),
    "accepted": frozenset({"domainname", "domaintype", "matchsubdomains"}),
}
_ON_PREMISES = {"addressspaces": "Get-SendConnector", "bindings": "Get-ReceiveConnector"}
_EXTRA: Mapping[Kind, frozenset[str]] = {
    "inbound": frozenset({"requiretls", "trustedorganizations"}),
    "outbound": frozenset({"allaccepteddomains", "istransportrulescoped"}),
    "accepted": frozenset({*_NAME_KEYS, "default"}),
}
# The properties whose loss would look like a harmless setting, as the cmdlets spell them.
_INBOUND_PROPERTIES = {
    name.lower(): name
    for name in (
        *("ConnectorType", "TlsSenderCertificateName", "TrustedOrganizations", "SenderDomains", "SenderIPAddresses"),
        *("AssociatedAcceptedDomains", "Enabled", "RestrictDomainsToCertificate", "RestrictDomainsToIPAddresses"),
        *("RequireTls", "CloudServicesMailEnabled", "TreatMessagesAsInternal"),
    )
}
_OUTBOUND_PROPERTIES = {
    name.lower(): name
    for name in (
        *("ConnectorType", "TlsDomain", "TlsSettings", "RecipientDomains", "SmartHosts"),
        *("SmtpDaneMode", "Enabled", "AllAcceptedDomains", "IsTransportRuleScoped", "TestMode", "UseMXRecord"),
        *("RouteAllMessagesViaOnPremises", "CloudServicesMailEnabled"),
    )
}
# Those of them that are on or off, and those that hold several values.
_SWITCHES = (
    *("restrictdomainstocertificate", "restrictdomainstoipaddresses", "requiretls", "cloudservicesmailenabled"),
    *("treatmessagesasinternal", "allaccepteddomains", "istransportrulescoped", "testmode", "usemxrecord"),
    "routeallmessagesviaonpremises",
)
_LISTS = (
    *("trustedorganizations", "senderdomains", "senderipaddresses", "associatedaccepteddomains"),
    *("recipientdomains", "smarthosts"),
)
_DANE_MODES = frozenset({"", "none", "opportunistic", "mandatory"})


class Place(Struct, frozen=True):
    """Where a record stands, for messages: the file and the record's number in it, from 1."""

    file: str
    index: int

    def __str__(self) -> str:
        return f"record {self.index}{f' of {self.file!a}' if self.file else ''}"


def kind_of(record: Record, hint: Kind | None, place: Place) -> Kind:
    """What a record (keys lowered) is: what its section says (``hint``) where its keys agree, else what its keys say.

    Raises:
        TenantError: it is none of the three, it could be two, or it comes from an on-premises server.
    """
    for key, cmdlet in _ON_PREMISES.items():
        if key in record:
            raise TenantError(
                f"{str(place).capitalize()} was printed by {cmdlet} of an on-premises server, not by Exchange Online.",
                hint=HINT,
            )
    fitting: tuple[Kind, ...] = tuple(kind for kind, marks in _MARKS.items() if record.keys() & marks)
    if hint and (hint in fitting or (not fitting and record.keys() & _EXTRA[hint])):
        return hint
    declared = _declared_kind(record)
    if declared and (declared in fitting or not fitting):
        return declared
    if len(fitting) == 1:
        return fitting[0]
    problem = "mixes keys of several cmdlets" if fitting else "has no key of a connector or an accepted domain"
    raise TenantError(f"{str(place).capitalize()} {problem}.", hint=HINT)


def _declared_kind(record: Record) -> Kind | None:
    """What CIPP's ``cippconnectortype`` says."""
    declared = str(record.get("cippconnectortype", "")).lower()
    return "inbound" if declared == "inbound" else "outbound" if declared == "outbound" else None


def inbound(record: Record, place: Place) -> tuple[Connector, tuple[str, ...]]:
    """An inbound connector and notes about what the record left out."""
    value = text(record.get("tlssendercertificatename"))
    name = _name(record, value, f"inbound connector {place.index}")
    kind, notes = _type(record, name, place)
    unread = _unread(record, _INBOUND_PROPERTIES)
    connector = Connector(
        name=name,
        direction="inbound",
        value=value,
        kind=kind,
        enabled=boolean(record.get("enabled")) is not False,
        source="tenant",
        require_tls=boolean(record.get("requiretls")),
        trusted_organizations=items(record.get("trustedorganizations")),
        sender_domains=address_spaces(record.get("senderdomains")),
        sender_ips=items(record.get("senderipaddresses")),
        restrict_to_certificate=boolean(record.get("restrictdomainstocertificate")),
        restrict_to_ips=boolean(record.get("restrictdomainstoipaddresses")),
        associated_domains=items(record.get("associatedaccepteddomains")),
        cloud_services_mail=boolean(record.get("cloudservicesmailenabled")),
        treat_as_internal=boolean(record.get("treatmessagesasinternal")),
        made_by_hybrid_wizard=text(record.get("connectorsource")) == "HybridWizard",
        unread=unread,
    )
    return connector, (*notes, *_unread_notes(name, unread))


def outbound(record: Record, place: Place) -> tuple[Connector, tuple[str, ...]]:
    """An outbound connector and notes about what the record left out."""
    value = text(record.get("tlsdomain"))
    name = _name(record, value, f"outbound connector {place.index}")
    kind, type_notes = _type(record, name, place)
    level, level_notes = _level(record, name, value, place)
    unread = _unread(record, _OUTBOUND_PROPERTIES)
    connector = Connector(
        name=name,
        direction="outbound",
        value=value,
        level=level,
        kind=kind,
        enabled=boolean(record.get("enabled")) is not False,
        source="tenant",
        cloud_services_mail=boolean(record.get("cloudservicesmailenabled")),
        recipient_domains=address_spaces(record.get("recipientdomains")),
        smart_hosts=items(record.get("smarthosts")),
        use_mx=boolean(record.get("usemxrecord")),
        all_accepted_domains=boolean(record.get("allaccepteddomains")),
        transport_rule_scoped=boolean(record.get("istransportrulescoped")),
        test_mode=boolean(record.get("testmode")),
        route_via_on_premises=boolean(record.get("routeallmessagesviaonpremises")),
        dane_mode=text(record.get("smtpdanemode")),
        mta_sts_mode=text(record.get("mtastsmode")),
        validated=boolean(record.get("isvalidated")),
        made_by_hybrid_wizard=text(record.get("connectorsource")) == "HybridWizard",
        unread=unread,
    )
    return connector, (*type_notes, *level_notes, *_unread_notes(name, unread))


def accepted(record: Record, place: Place) -> tuple[AcceptedDomain | None, tuple[str, ...]]:
    """An accepted domain; None with a note where its name is no domain."""
    written = next((domain_name for key in ("domainname", *_NAME_KEYS) if (domain_name := text(record.get(key)))), "")
    name = a_label(written)
    if name is None:
        return None, (f"The accepted domain {quoted(written)} ({place}) is not a domain name and was left out.",)
    domain = AcceptedDomain(
        name=name,
        match_subdomains=bool(boolean(record.get("matchsubdomains"))),
        default=bool(boolean(record.get("default"))),
        initial=bool(boolean(record.get("initialdomain"))),
        kind=text(record.get("domaintype")) or "Authoritative",
        region=None if (region := text(record.get("mailflowregion"))) == "None" else region,
    )
    lost = [name for name in ("MatchSubDomains", "Default", "InitialDomain") if _unknown_switch(record, name.lower())]
    if not lost:
        return domain, ()
    return domain, (f"{', '.join(lost)} of the accepted domain {name} cannot be read in the file and was read as off.",)


def _unknown_switch(record: Record, key: str) -> bool:
    """Whether a property that is on or off holds something, and neither can be read of it."""
    return holds(record.get(key)) and boolean(record[key]) is None


def _unread(record: Record, properties: Mapping[str, str]) -> tuple[str, ...]:
    """The properties of this record that were cut off, that hold something and give nothing (a boolean in another
    language, a list of objects, a word that is no DANE mode), or that are numbers whose meaning is documented nowhere.
    ConnectorType and Enabled may not be missing either; of TlsSettings the number that is read as the strictest level
    can hide nothing."""
    numbers = {"connectortype": text(record.get("connectortype")), "tlssettings": text(record.get("tlssettings"))}
    unclear = {
        key for key, number in numbers.items() if number and number.isdigit() and (key, number) != ("tlssettings", "3")
    }
    unclear |= {key for key in _LISTS if illegible(record.get(key))}
    if text(record.get("connectortype")) is None:
        unclear.add("connectortype")
    if boolean(record.get("enabled")) is None:
        unclear.add("enabled")
    single = ("tlssendercertificatename", "tlsdomain", "tlssettings", "smtpdanemode")
    unclear |= {key for key in single if unknown_shape(record.get(key))}
    unclear |= {key for key in _SWITCHES if _unknown_switch(record, key)}
    if (text(record.get("smtpdanemode")) or "").lower() not in _DANE_MODES:
        unclear.add("smtpdanemode")
    return tuple(name for key, name in properties.items() if key in unclear)


def _unread_notes(name: str, unread: tuple[str, ...]) -> tuple[str, ...]:
    if not unread:
        return ()
    lost = ", ".join(unread)
    return (f"{lost} of connector {quoted(name)} cannot be read in the file; export the whole object with -Depth 5.",)


def _name(record: Record, value: str | None, fallback: str) -> str:
    return next((name for key in _NAME_KEYS if (name := text(record.get(key)))), None) or value or fallback


def _type(record: Record, name: str, place: Place) -> tuple[ConnectorType, tuple[str, ...]]:
    written = text(record.get("connectortype"))
    if written is None:
        return "OnPremises", ()  # said by _unread_notes: Partner is what New-InboundConnector makes of none
    if written.isdigit():
        return "OnPremises", (
            f"Connector {quoted(name)} has the number {written[:9]} as ConnectorType: no document says which that is.",
        )
    kind = _TYPES.get(written.lower())
    if kind is None:
        raise _unknown("ConnectorType", written, "OnPremises or Partner", name, place)
    return kind, ()


def _level(record: Record, name: str, value: str | None, place: Place) -> tuple[Level, tuple[str, ...]]:
    """TlsSettings; null is opportunistic TLS, but a record without the key is read as the strictest it could be."""
    if "tlssettings" not in record:
        assumed: Level = "domain-validation" if value else "certificate-validation"
        return assumed, (f"Connector {quoted(name)} has no TlsSettings in the file; it was read as {assumed}.",)
    if unknown_shape(record["tlssettings"]):
        return ("domain-validation" if value else "certificate-validation"), ()
    written = text(record["tlssettings"])
    if written is None:
        return "none", ()
    level = _LEVELS.get(written.lower().replace("-", ""))
    if level and written.isdigit():
        read = f"it was read by its order as {_LEVEL_NAMES[level]}, which no document confirms"
        return level, (f"Connector {quoted(name)} has the number {written} as TlsSettings; {read}.",)
    if level is None:
        allowed = "EncryptionOnly, CertificateValidation, DomainValidation or null"
        raise _unknown("TlsSettings", written, allowed, name, place)
    return level, ()


def _unknown(key: str, written: str, allowed: str, name: str, place: Place) -> TenantError:
    return TenantError(f"{key} of connector {quoted(name)} ({place}) is {quoted(written)}, not {allowed}.", hint=HINT)
