"""The sentences of the name checks: what was compared, and what it means for mail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from certready import wording
from certready.exchange.accepted import Acceptance
from certready.exchange.matching import (
    Match,
    Value,
    dns_names,
    is_dns_name,
    nearest,
    parse_value,
    quoted,
)
from certready.model import Connector

ADDRESS = re.compile(r"[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*|.*@.*")
PARTNER = (
    " It is a Partner connector: it grants no relay and knows no accepted-domain rule, "
    "it only lets in or restricts mail that comes from a partner."
)


def connector_words(connector: Connector, *, start: bool = False) -> str:
    """The connector in a sentence: ``the inbound connector 'X'``, or the option it was given by."""
    words = f"the {connector.direction} connector "
    words += f"'{connector.name}'" if connector.source == "tenant" else f"given as {connector.name}"
    return words[0].upper() + words[1:] if start else words


def parameter(connector: Connector) -> str:
    """The name of the value's parameter."""
    return "TlsSenderCertificateName" if connector.direction == "inbound" else "TlsDomain"


def listed(names: Iterable[str]) -> str:
    """The DNS names among a certificate's names, at most five of them written out."""
    return wording.listed(dns_names(names)) or "no DNS name"


def _typed_wrong(names: Iterable[str]) -> str:
    """A sentence, with a blank before it, about names that look like DNS names and are none, such as one with a blank
    or ``https://mail.contoso.com``; "" where there is none. IP and e-mail addresses and words are none of these."""
    dotted = (name for name in names if "." in name and name.isascii() and not is_dns_name(name))
    wrong = [quoted(name) for name in dotted if not ADDRESS.fullmatch(name) and len(name.split()) == 1]
    return f" Not a DNS name, and therefore matching nothing: {wording.listed(wrong, 2)}." if wrong else ""


def matched(connector: Connector, value: Value, match: Match, who: str) -> str:
    """Why the value is met with certainty."""
    what = f"the {parameter(connector)} {value} of {connector_words(connector)}"
    how = {
        "exact": f"is exactly {what}",
        "apex": f"is met by {what}, which stands for the domain itself and its hosts",
        "wildcard-value": f"is a host under {what}",
    }[match.kind]
    partner = PARTNER if connector.kind == "Partner" and connector.direction == "inbound" else ""
    return f"{who.capitalize()} name {match.name} {how}.{partner}"


def mismatch(connector: Connector, value: Value, names: Sequence[str], who: str) -> str:
    """What was asked for, what the certificate (``who``) has instead, and why the nearest of it does not do."""
    said = f"{connector_words(connector, start=True)} asks for {value} ({parameter(connector)}); "
    close = nearest(value, names)
    hint = ""
    if close and not value.wildcard and close.lower().endswith(f".{value.domain}"):
        hint = (
            f" By the cmdlet's own example (inferred) a plain value stands for {value.domain} alone, not for hosts "
            f"under it such as {close}."
        )
    elif close and len(dns_names(names)) > 1:
        hint = f" The nearest is {close}."
    return f"{said}{who} has {listed(names)}.{hint}{_typed_wrong(names)}"


def none_matches(near: Connector, count: int, names: Sequence[str], who: str, malformed: str | None = None) -> str:
    """A whole tenant without a match; ``malformed`` says what is wrong with the nearest one's value."""
    several = count > 1
    which = f"None of the tenant's {count} enabled inbound certificate connectors asks"
    if not several:
        which = "The tenant's one enabled inbound certificate connector does not ask"
    close = (
        f"The nearest, '{near.name}', asks for {near.value}." if several else f"'{near.name}' asks for {near.value}."
    )
    if malformed:
        close = f"'{near.name}' can match no certificate. {malformed}"
    return f"{which} for a name of {who}, which has {listed(names)}. {close}{_typed_wrong(names)}"


def uncertain(connector: Connector, value: Value, match: Match, who: str) -> str:
    """Why the match is not certain."""
    words = connector_words(connector)
    if not match.plain:
        return (
            f"{who.capitalize()} name {quoted(match.name or '')} is not plain ASCII. Only if it is read as "
            f"{parse_value(match.name or '')}, which a certificate should say itself, does it meet the "
            f"{parameter(connector)} {value} of {words}; whether Exchange Online reads it so is not documented."
        )
    if match.kind == "deep":
        return (
            f"{who.capitalize()} name {match.name} lies more than one label under the {parameter(connector)} {value} "
            f"of {words}: the cmdlet reference says all subdomains, on-premises behaviour suggests one label."
        )
    covered = "covers" if match.kind == "wildcard-certificate" else "has the same domain as"
    return (
        f"The wildcard certificate name {match.name} {covered} the {parameter(connector)} {value} of {words}; that "
        "Exchange Online takes the one for the other is not documented, only inferred."
    )


def unreadable(label: str, what: str, names: Sequence[str]) -> str:
    """Names that are there and cannot be read, and those that can."""
    known = f"What can be read are {listed(names)}; what" if dns_names(names) else "What"
    return f"Names of {label} cannot be read ({what}). {known} the others are, and whether others do, is unknown."


def excluded(connector: Connector, value: Value, match: Match) -> str:
    """A CN that the CAs above may not vouch for, while the alternative names are what they may."""
    return (
        f"Only the CN {match.name} meets the {parameter(connector)} {value} of {connector_words(connector)}, and the "
        "name constraints of the chain exclude that name; whether Exchange Online heeds it all the same is not "
        "documented."
    )


def no_name(connector: Connector) -> str:
    """An outbound connector that is to compare a name and has none."""
    who = connector_words(connector, start=True)
    return f"{who} asks for DomainValidation but has no TlsDomain: there is no name to compare."


def issuer_unverified(connector: Connector, value: Value, match: Match, who: str) -> str:
    """A value that names an issuer as well."""
    return (
        f"{who.capitalize()} name {match.name} meets the subject part, {value}, of the {parameter(connector)} of "
        f"{connector_words(connector)}; whether its issuer part {quoted(value.issuer or '')} is met was not verified."
    )


def hostname_mismatch(hostname: str, names: Sequence[str], excluded_names: Iterable[str], who: str) -> str:
    """The host name is not covered, and who minds; ``excluded_names`` are CNs that name constraints exclude."""
    out = ", ".join(excluded_names)
    but = f" Name constraints of the chain exclude the CN {out}." if out else ""
    return (
        f"The host name {hostname} is covered by no name that counts; {who} has {listed(names)}.{but}"
        f"{_typed_wrong(names)} Exchange Online does not compare it, the gateway's vendor asks for it."
    )


def no_connector(other_direction: bool, values: Sequence[str], who: str) -> str:
    """Nothing to compare with, and what would fit."""
    why = "The tenant has no enabled outbound connector to judge" if other_direction else "No connector was given"
    if not values:
        return f"{why}, and {who} shows no DNS name that could be read and that a connector could ask for."
    return f"{why}. Connector values that {who} could satisfy: {', '.join(values)}."


# -- accepted domains ---------------------------------------------------------------------------------------------


def accepted(value: Value) -> str:
    """The domain is accepted, and what that is worth."""
    return (
        f"{value.domain} is an accepted domain of the tenant: mail from a gateway whose certificate meets {value} is "
        "attributed to the tenant whatever its sender, bounces and forwarded mail included."
    )


def acceptance_unknown(value: Value) -> str:
    """Nobody said which domains are accepted."""
    return (
        f"Whether {value.domain} is an accepted domain of the tenant is not known; without that, Exchange Online does "
        "not attribute mail to the tenant by this certificate."
    )


def acceptance_uncertain(value: Value, acceptance: Acceptance) -> str:
    """Covered by something that may not count."""
    if acceptance.standing == "subdomain":
        return (
            f"{value.domain} itself is no accepted domain, only its subdomain {acceptance.domain} is: one note of 2017 "
            "says that this is enough for a wildcard value, newer documents ask for the parent."
        )
    return (
        f"{value.domain} itself is no accepted domain; {acceptance.domain} is, with MatchSubDomains, and what that is "
        "worth for a certificate is documented nowhere."
    )


def not_accepted(connector: Connector, value: Value) -> str:
    """Which mail stops and which may still pass."""
    return (
        f"{value.domain}, for which {connector_words(connector)} asks, is no accepted domain of the tenant. What stops "
        "(5.7.64, 5.7.51): mail with an empty sender such as bounces and automatic replies, forwarded mail, and mail "
        "of any sender whose domain is not accepted. Mail whose envelope sender has an accepted domain may still pass "
        "by that sender domain; Microsoft calls relying on it an anti-pattern that can end without notice (MC1226222)."
    )
