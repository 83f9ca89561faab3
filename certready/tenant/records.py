"""Records of Get-InboundConnector, Get-OutboundConnector and Get-AcceptedDomain into the model.

Keys are compared without regard to case, unknown ones (``@data.type`` side cars among them) are passed over, and a
value may have gone through any of PowerShell's serialisers: a list as ``{"value": [...], "Count": n}`` or, under the
default depth, as text; a boolean as "True"; an enumeration as a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from certready.errors import TenantError
from certready.matching import a_label, quoted
from certready.model import AcceptedDomain, Connector, Level
from certready.tenant.read import HINT

Kind = Literal["inbound", "outbound", "accepted"]
Record = Mapping[str, object]

MAX_ITEMS = 10_000
MAX_TEXT = 1000
MAX_NUMBER = 10**15

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
_TYPES = {"onpremises": "OnPremises", "partner": "Partner"}
_BOOLEANS = {"true": True, "$true": True, "1": True, "false": False, "$false": False, "0": False}
_NAME_KEYS = ("name", "identity", "id", "guid")
_ADDRESS_SPACE = re.compile(r"\A(?:smtp:)?(.*?)(?:;\d+)?\Z", re.IGNORECASE | re.DOTALL)

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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands, for messages: the file and the record's number in it, from 1."""

    file: str
    index: int

    def __str__(self) -> str:
        return f"record {self.index}{f' of {self.file!a}' if self.file else ''}"


def lowered(record: Mapping[object, object]) -> Record:
    """The record with its keys in lower case; the first of two that differ in case only is kept."""
    found: dict[str, object] = {}
    for key, value in record.items():
        found.setdefault(str(key).lower(), value)
    return found


def kind_of(record: Record, hint: Kind | None, place: Place) -> Kind:
    """What a record (keys lowered) is: what its section says where its keys agree, else what its keys say.

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
    said = _said_kind(record)
    if said and (said in fitting or not fitting):
        return said
    if len(fitting) == 1:
        return fitting[0]
    what = "mixes keys of several cmdlets" if fitting else "has no key of a connector or an accepted domain"
    raise TenantError(f"{str(place).capitalize()} {what}.", hint=HINT)


def _said_kind(record: Record) -> Kind | None:
    """What CIPP's ``cippconnectortype`` says."""
    said = str(record.get("cippconnectortype", "")).lower()
    return "inbound" if said == "inbound" else "outbound" if said == "outbound" else None


def inbound(record: Record, place: Place) -> tuple[Connector, tuple[str, ...]]:
    """An inbound connector and notes about what the record left out."""
    value = text(record.get("tlssendercertificatename"))
    name = _name(record, value, f"inbound connector {place.index}")
    kind, notes = _type(record, name, place)
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
    )
    return connector, notes


def outbound(record: Record, place: Place) -> tuple[Connector, tuple[str, ...]]:
    """An outbound connector and notes about what the record left out."""
    value = text(record.get("tlsdomain"))
    name = _name(record, value, f"outbound connector {place.index}")
    kind, type_notes = _type(record, name, place)
    level, level_notes = _level(record, name, value, place)
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
    )
    return connector, (*type_notes, *level_notes)


def accepted(record: Record, place: Place) -> tuple[AcceptedDomain | None, tuple[str, ...]]:
    """An accepted domain; None with a note where its name is no domain."""
    written = next((found for key in ("domainname", *_NAME_KEYS) if (found := text(record.get(key)))), "")
    name = a_label(written)
    if name is None:
        return None, (f"The accepted domain {quoted(written)} ({place}) is no domain name and was left out.",)
    domain = AcceptedDomain(
        name=name,
        match_subdomains=bool(boolean(record.get("matchsubdomains"))),
        default=bool(boolean(record.get("default"))),
        initial=bool(boolean(record.get("initialdomain"))),
        kind=text(record.get("domaintype")) or "Authoritative",
    )
    return domain, ()


def text(value: object) -> str | None:
    """A property as one line of printable text of at most 1000 characters, None where it is not set.

    A structured domain (``{"Address": "*.contoso.com"}``), as Windows PowerShell leaves local objects, gives its text.
    """
    if isinstance(value, Mapping):
        inner = lowered(value)
        value = next((inner[key] for key in ("address", "value", "domain", "name") if inner.get(key)), None)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None or isinstance(value, (Mapping, list)) or (isinstance(value, int) and abs(value) > MAX_NUMBER):
        return None
    printable = (char if char.isprintable() else " " if char.isspace() else "?" for char in str(value)[:MAX_TEXT])
    return "".join(printable).strip() or None


def boolean(value: object) -> bool | None:
    """A property as a boolean, None where it is not set or not one."""
    return value if isinstance(value, bool) else _BOOLEANS.get((text(value) or "").lower())


def items(value: object) -> tuple[str, ...]:
    """A multi-valued property: a list, ``{"value": [...]}``, or text with blanks or commas between the values.

    Raises:
        TenantError: more than 10,000 values.
    """
    if isinstance(value, Mapping):
        inner = lowered(value)
        value = inner.get("value", [value])
    if value is None:
        return ()
    found: Iterable[object] = value if isinstance(value, list) else _split(value)
    listed = list(found)
    if len(listed) > MAX_ITEMS:
        raise TenantError(f"A property holds {len(listed)} values; at most {MAX_ITEMS} are read.", hint=HINT)
    return tuple(one for one in map(text, listed) if one)


def _split(value: object) -> list[str]:
    return re.split(r"[\s,]+", value[: MAX_ITEMS * MAX_TEXT]) if isinstance(value, str) else [text(value) or ""]


def address_spaces(value: object) -> tuple[str, ...]:
    """SenderDomains or RecipientDomains without the ``smtp:`` before and the ``;cost`` behind each."""
    stripped = (_ADDRESS_SPACE.sub(r"\1", one) for one in items(value))
    return tuple(one for one in stripped if one)


def _name(record: Record, value: str | None, fallback: str) -> str:
    return next((found for key in _NAME_KEYS if (found := text(record.get(key)))), None) or value or fallback


def _type(record: Record, name: str, place: Place) -> tuple[str, tuple[str, ...]]:
    written = text(record.get("connectortype"))
    if written is None:
        return "OnPremises", (f"Connector '{name}' has no ConnectorType in the file; it was read as OnPremises.",)
    kind = _TYPES.get(written.lower())
    if kind is None:
        raise _unknown("ConnectorType", written, "OnPremises or Partner", name, place)
    return kind, ()


def _level(record: Record, name: str, value: str | None, place: Place) -> tuple[Level, tuple[str, ...]]:
    """TlsSettings; null is opportunistic TLS, but a record without the key is read as the strictest it could be."""
    if "tlssettings" not in record:
        assumed: Level = "domain-validation" if value else "certificate-validation"
        return assumed, (f"Connector '{name}' has no TlsSettings in the file; it was read as {assumed}.",)
    written = text(record["tlssettings"])
    if written is None:
        return "none", ()
    level = _LEVELS.get(written.lower().replace("-", ""))
    if level is None:
        allowed = "EncryptionOnly, CertificateValidation, DomainValidation or null"
        raise _unknown("TlsSettings", written, allowed, name, place)
    return level, ()


def _unknown(key: str, written: str, allowed: str, name: str, place: Place) -> TenantError:
    return TenantError(f"{key} of connector {quoted(name)} ({place}) is {quoted(written)}, not {allowed}.", hint=HINT)
