"""Is this host name one of Exchange Online's own? Recognised by its form, never derived from a domain.

Deriving is a known way to go wrong: domains with hyphens follow no published rule, and newer ones are served under
mx.microsoft. The name to send to is the one the MX record holds, or the one the admin center shows.
Sources: learn.microsoft.com "External Domain Name System records for Office 365" and "DNS records for Office 365 GCC
High"; 21Vianet documentation; Enable-DnssecForVerifiedDomain.
"""

from __future__ import annotations

import ipaddress
from typing import Literal, NamedTuple

from certready.exchange.matching import a_label, quoted, under

Form = Literal["worldwide", "dnssec", "us-government", "china", "germany", "submission", "legacy", "address", "other"]

# The suffix, the form, and how many labels stand before it.
_SUFFIXES: tuple[tuple[str, Form, int], ...] = (
    ("mail.protection.outlook.com", "worldwide", 1),
    ("mx.microsoft", "dnssec", 2),
    ("mail.protection.office365.us", "us-government", 1),
    ("mail.protection.partner.outlook.cn", "china", 1),
    ("mail.protection.outlook.de", "germany", 1),
)
_SUBMISSION = frozenset(
    {"smtp.office365.com", "smtp-mail.outlook.com", "smtp.partner.outlook.cn", "outlook.office365.com"}
)
_LEGACY = ("mail.messaging.microsoft.com", "frontbridge.com", "bigfish.com", "mail.eo.outlook.com")
CURRENT: frozenset[Form] = frozenset({"worldwide", "dnssec", "us-government", "china"})

_WORDS: dict[Form, str] = {
    "worldwide": "is a host of Exchange Online (mail.protection.outlook.com).",
    "dnssec": "is a host of Exchange Online (mx.microsoft, the form that DNSSEC can protect).",
    "us-government": "is a host of Exchange Online for GCC High and DoD (mail.protection.office365.us).",
    "china": "is a host of Exchange Online operated by 21Vianet in China (mail.protection.partner.outlook.cn).",
    "germany": "is a host of the former Microsoft Cloud Germany, which is closed.",
    "submission": "is for mail clients that log in (SMTP AUTH); connectors are not looked at there.",
    "legacy": "is a name from before Exchange Online Protection; mail sent there goes to the wrong region or nowhere.",
    "address": "is an address, and Microsoft's addresses change; a smart host is the name out of the MX record.",
    "other": "is none of the forms of Exchange Online's own hosts.",
}


class SmartHost(NamedTuple):
    """What a host name is. ``exchange_online`` says that mail for a tenant can be handed in there; ``sentence`` is
    about the name as given."""

    name: str
    form: Form
    exchange_online: bool
    sentence: str


def recognise(host: str) -> SmartHost:
    """What the host name (or address, in brackets or not) is. Never raises; nothing is looked up."""
    form = _form(host.strip())
    return SmartHost(host, form, form in CURRENT, f"{quoted(host)} {_WORDS[form]}")


def is_exchange_online(host: str) -> bool:
    """Whether mail sent to this host arrives at Exchange Online, by whichever of its names, former ones too."""
    return _form(host.strip()) in CURRENT | {"germany", "legacy"}


def _form(host: str) -> Form:
    if _is_address(host):
        return "address"
    name = a_label(host)
    if name is None:
        return "other"
    if name in _SUBMISSION:
        return "submission"
    if any(name == suffix or under(name, suffix) for suffix in _LEGACY):
        return "legacy"
    for suffix, form, labels in _SUFFIXES:
        if under(name, suffix) and name.removesuffix(f".{suffix}").count(".") == labels - 1:
            return form
    return "other"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_network(host.strip("[]"), strict=False)
    except ValueError:
        return False
    return True
