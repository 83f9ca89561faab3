"""The sentences of the name checks: what was compared, what it means for mail, and the line that mends it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from certready import wording
from certready.exchange.accepted import Acceptance, Accepted, fitting_values
from certready.exchange.matching import (
    Match,
    Value,
    dns_names,
    is_dns_name,
    nearest,
    parent,
    parse_value,
    quoted,
    registrable,
)
from certready.exchange.powershell import set_value
from certready.model import AcceptedDomain, Connector

REQUESTED = 10

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


def matched(connector: Connector, value: Value, met: Match, who: str) -> str:
    """Why the value is met with certainty."""
    what = f"the {parameter(connector)} {value} of {connector_words(connector)}"
    how = {
        "exact": f"is exactly {what}",
        "apex": f"is met by {what}, which stands for the domain itself and its hosts",
        "wildcard-value": f"is a host under {what}",
    }[met.kind]
    partner = PARTNER if connector.kind == "Partner" and connector.direction == "inbound" else ""
    return f"{who.capitalize()} name {met.name} {how}.{partner}"


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


def mismatch_fix(
    connector: Connector, value: Value, names: Sequence[str], accepted: Sequence[AcceptedDomain] | None
) -> str:
    """The two ways out: another value for the connector, or another name in the certificate."""
    wanted = f"*.{value.domain} or a host directly under {value.domain}" if value.wildcard else value.domain
    first = f"*.{value.domain}" if value.wildcard else value.domain
    request = ", ".join(f"DNS:{name}" for name in dict.fromkeys((first, *dns_names(names)[:REQUESTED])))
    renew = f"have the certificate issued with {wanted} (subject alternative name of the request: {request})"
    other = _suggested(names, accepted if connector.direction == "inbound" else None)
    if other is None:
        return f"{renew[0].upper()}{renew[1:]}."
    return f"Set another value{_needed(connector, other, accepted)}:\n  {set_value(connector, other)}\nOr {renew}."


def malformed_fix(connector: Connector, names: Sequence[str], accepted: Sequence[AcceptedDomain] | None) -> str:
    """The line that replaces a malformed value by one that the certificate satisfies."""
    other = _suggested(names, accepted if connector.direction == "inbound" else None)
    if other is None:
        return no_value_fix(connector)
    return f"Set another value{_needed(connector, other, accepted)}:\n  {set_value(connector, other)}"


def _needed(connector: Connector, value: str, accepted: Sequence[AcceptedDomain] | None) -> str:
    """What setting this value needs besides, where the tenant is not known to have it."""
    domain = parse_value(value).domain
    needless = connector.direction == "outbound" or connector.kind == "Partner"
    known = domain in {each.name for each in accepted or ()}
    return "" if needless or known else _acceptance_words(domain)


def _suggested(names: Sequence[str], accepted: Sequence[AcceptedDomain] | None) -> str | None:
    """A value the certificate satisfies, one whose domain is accepted before any other."""
    return next(iter(fitting_values(names, accepted)), None)


def uncertain(connector: Connector, value: Value, met: Match, who: str) -> str:
    """Why the match is not certain."""
    words = connector_words(connector)
    if not met.plain:
        return (
            f"{who.capitalize()} name {quoted(met.name or '')} is not plain ASCII. Only if it is read as "
            f"{parse_value(met.name or '')}, which a certificate should say itself, does it meet the "
            f"{parameter(connector)} {value} of {words}; whether Exchange Online reads it so is not documented."
        )
    if met.kind == "deep":
        return (
            f"{who.capitalize()} name {met.name} lies more than one label under the {parameter(connector)} {value} "
            f"of {words}: the cmdlet reference says all subdomains, on-premises behaviour suggests one label."
        )
    covered = "covers" if met.kind == "wildcard-certificate" else "has the same domain as"
    return (
        f"The wildcard certificate name {met.name} {covered} the {parameter(connector)} {value} of {words}; that "
        "Exchange Online takes the one for the other is not documented, only inferred."
    )


def unreadable(label: str, what: str, names: Sequence[str]) -> str:
    """Names that are there and cannot be read, and those that can."""
    known = f"What can be read are {listed(names)}; what" if dns_names(names) else "What"
    return f"Names of {label} cannot be read ({what}). {known} the others are, and whether others do, is unknown."


def excluded(connector: Connector, value: Value, met: Match) -> str:
    """A CN that the CAs above may not vouch for, while the alternative names are what they may."""
    return (
        f"Only the CN {met.name} meets the {parameter(connector)} {value} of {connector_words(connector)}, and the "
        "name constraints of the chain exclude that name; whether Exchange Online heeds it all the same is not "
        "documented."
    )


def excluded_fix(value: Value) -> str:
    """A certificate of an issuer that may vouch for the name."""
    return f"Have the certificate issued with DNS:{value} in its subject alternative name, by a CA that may do so."


def uncertain_fix(connector: Connector, value: Value, met: Match) -> str:
    """How to make value and name the same."""
    name = parse_value(met.name or str(value))
    if not met.plain:
        return f"Have the certificate issued with DNS:{name} in its subject alternative name."
    if met.kind != "deep":
        accept = _acceptance_words(name.domain) if connector.direction == "inbound" else ""
        line = set_value(connector, str(name))
        return (
            f"Set another value{accept}:\n  {line}\nOr add DNS:{value} to the certificate's subject alternative name."
        )
    exact = set_value(connector, str(name))
    if connector.direction == "outbound":
        return f"Name it exactly:\n  {exact}"
    above = name.domain if name.wildcard else parent(name.domain)
    return (
        f"Accept the immediate parent, {above}, and name it:\n  {set_value(connector, f'*.{above}')}\n"
        f"Or name the certificate exactly{_acceptance_words(name.domain)}:\n  {exact}"
    )


def _acceptance_words(domain: str) -> str:
    return f" ({domain} must then be an accepted domain)"


def issuer_unverified(connector: Connector, value: Value, met: Match, who: str) -> str:
    """A value that names an issuer as well."""
    return (
        f"{who.capitalize()} name {met.name} meets the subject part, {value}, of the {parameter(connector)} of "
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


def no_value_fix(connector: Connector) -> str:
    """The line that gives a connector a name to compare."""
    return set_value(connector, "<name in the certificate>")


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


def acceptance_uncertain(value: Value, met: Acceptance) -> str:
    """Covered by something that may not count."""
    if met.standing == "subdomain":
        return (
            f"{value.domain} itself is no accepted domain, only its subdomain {met.domain} is: one note of 2017 says "
            "that this is enough for a wildcard value, newer documents ask for the parent."
        )
    return (
        f"{value.domain} itself is no accepted domain; {met.domain} is, with MatchSubDomains, and what that is worth "
        "for a certificate is documented nowhere."
    )


def not_accepted(connector: Connector, value: Value) -> str:
    """Which mail stops and which may still pass."""
    return (
        f"{value.domain}, for which {connector_words(connector)} asks, is no accepted domain of the tenant. What stops "
        "(5.7.64, 5.7.51): mail with an empty sender such as bounces and automatic replies, forwarded mail, and mail "
        "of any sender whose domain is not accepted. Mail whose envelope sender has an accepted domain may still pass "
        "by that sender domain; Microsoft calls relying on it an anti-pattern that can end without notice (MC1226222)."
    )


def not_accepted_fix(connector: Connector, value: Value, accepted: Accepted) -> str:
    """Another value where the immediate parent is accepted, and the registration."""
    above = parent(value.domain)
    if not value.wildcard and registrable(above) and accepted.above(above) == above:
        line = set_value(connector, f"*.{above}")
        return f"Ask for what is accepted already ({above}):\n  {line}\nOr: {register(value.domain)}"
    return register(value.domain)


def register(domain: str) -> str:
    """How a domain becomes accepted: Exchange Online has no New-AcceptedDomain."""
    return (
        f"Register {domain} in the Microsoft 365 admin center (Settings, Domains) and verify it; "
        "Exchange Online has no New-AcceptedDomain."
    )
