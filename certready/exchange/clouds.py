"""Microsoft's clouds: the hosts to which a gateway hands its mail, the certificate they present, their admin centers.

A host is recognised by its form, never derived from a domain. Deriving is a known way to go wrong: domains with hyphens
follow no published rule, and newer ones are served under mx.microsoft. The name to send to is the one the MX record
holds, or the one the admin center shows.
Sources: learn.microsoft.com "External Domain Name System records for Office 365" and "DNS records for Office 365 GCC
High"; 21Vianet documentation; Enable-DnssecForVerifiedDomain; Connect-ExchangeOnline, -ExchangeEnvironmentName; the
certificate name of GCC High and DoD as Microsoft's CSS-Exchange project gives it (pull request 2000, "AFAIK").
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from certready.exchange.matching import a_label, quoted, under

Form = Literal["worldwide", "dnssec", "us-government", "china", "germany", "submission", "legacy", "address", "other"]


class Cloud(Struct, frozen=True):
    """One of Microsoft's clouds.

    ``certificate_name`` is what its hosts present on port 25, the value for TlsDomain of a send connector.
    ``initial_suffix`` is what every tenant's initial domain lies under. ``exchange`` and ``admin`` are the addresses of
    the Exchange admin center and the Microsoft 365 admin center, None where no document names it. ``environment`` is
    the value of Connect-ExchangeOnline -ExchangeEnvironmentName.
    """

    name: str
    form: Form
    suffix: str
    certificate_name: str
    initial_suffix: str
    exchange: str | None
    admin: str | None
    environment: str | None


WORLDWIDE = Cloud(
    "worldwide",
    "worldwide",
    "mail.protection.outlook.com",
    "mail.protection.outlook.com",
    "onmicrosoft.com",
    "https://admin.exchange.microsoft.com",
    "https://admin.microsoft.com",
    None,
)
CLOUDS: tuple[Cloud, ...] = (
    WORLDWIDE,
    Cloud(
        "GCC High",
        "us-government",
        "mail.protection.office365.us",
        "mail.protection.office365.us",
        "onmicrosoft.us",
        "https://admin.exchange.office365.us",
        "https://portal.office365.us",
        "O365USGovGCCHigh",
    ),
    Cloud(
        "DoD",
        "us-government",
        "mail.protection.office365.us",
        "mail.protection.office365.us",
        "onmicrosoft.us",
        None,
        None,
        "O365USGovDoD",
    ),
    Cloud(
        "operated by 21Vianet in China",
        "china",
        "mail.protection.partner.outlook.cn",
        "*.mail.protection.partner.outlook.cn",
        "partner.onmschina.cn",
        None,
        "https://portal.partner.microsoftonline.cn",
        "O365China",
    ),
)

# One label, that of the tenant's domain, stands before the suffix.
_SUFFIXES: tuple[tuple[str, Form], ...] = (
    *((cloud.suffix, cloud.form) for cloud in CLOUDS),
    ("mail.protection.outlook.de", "germany"),
)
# contosotest-com.o-v1.mx.microsoft: the domain's label, then the zone of its generation.
_DNSSEC = re.compile(r"[a-z0-9_-]+\.[a-z0-9]+-v[0-9]+\.mx\.microsoft")
# Hosts for clients that log in, by their whole names; connectors are not looked at there.
_SUBMISSION = (
    *("smtp.office365.com", "smtp-legacy.office365.com", "smtp-hve.office365.com", "outlook.office365.com"),
    *("smtp-mail.outlook.com", "smtp.office365.us", "outlook.office365.us", "smtp.partner.outlook.cn"),
    "smtp.hve.mx.microsoft",
)
_LEGACY = ("mail.messaging.microsoft.com", "frontbridge.com", "bigfish.com", "mail.eo.outlook.com")
_OWN = (
    *("outlook.com", "microsoft.com", "office365.com", "office.com", "office365.us", "outlook.cn", "outlook.de"),
    *("mx.microsoft", "microsoftonline.com", "hotmail.com", "live.com", "microsoft365.com"),
)
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


class SmartHost(Struct, frozen=True):
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


def of_microsoft(host: str) -> bool:
    """Whether a host, or a mail domain, is one of Microsoft's own rather than a customer's."""
    name = a_label(host)
    return name is not None and any(name == domain or under(name, domain) for domain in (*_OWN, *_LEGACY))


def cloud_of(hosts: Iterable[str]) -> Cloud | None:
    """The cloud whose smart host, or whose tenant's initial domain, is among these; None where none of them tells.

    GCC High and DoD share their hosts: what is said of the one holds for the other, but for the admin center.
    """
    names = [host.strip().lower() for host in hosts]
    forms = {_form(name) for name in names}
    clouds = (
        cloud for cloud in CLOUDS if cloud.form in forms or any(under(name, cloud.initial_suffix) for name in names)
    )
    return next(clouds, None)


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
    if _DNSSEC.fullmatch(name):
        return "dnssec"
    for suffix, form in _SUFFIXES:
        if under(name, suffix) and "." not in name.removesuffix(f".{suffix}"):
            return form
    return "other"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_network(host.strip("[]"), strict=False)
    except ValueError:
        return False
    return True
