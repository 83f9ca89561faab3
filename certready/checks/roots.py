"""What the root programme says of the root a chain leads to: its limits, other programmes, the age of the list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from certready import remedy
from certready.case import Case
from certready.model import Chain, Root
from certready.path import Judgement
from certready.roots.limits import Standing, standing
from certready.rules import chain as rules
from certready.rules.model import Observation
from certready.wording import listed
from certready.x509.certificate import CLIENT_AUTH, SERVER_AUTH, Certificate
from certready.x509.names import comparable
from certready.x509.signature import joins

# In a public certificate: embedded timestamps of a log, or a policy of the CA/Browser Forum (2.23.140.1.*).
_PUBLIC_MARKS = (bytes.fromhex("060a2b06010401d679020402"), bytes.fromhex("67810c01"))
_INTERNAL = (".local", ".lan", ".internal", ".intern", ".corp", ".home", ".localdomain", ".arpa")
OLD = timedelta(days=90)
MICROSOFT = "microsoft"
PROGRAMMES = {MICROSOFT: "Microsoft's root programme", "mozilla": "Mozilla's root programme"}


def restriction(case: Case, chain: Chain, judgement: Judgement) -> Observation | None:
    """The finding about a trusted path's root where the programme does not trust it for servers; None where it does.

    Variants: "" trusted for neither servers nor clients, "client-only", and "unclear" where a limit is there whose
    date cannot be read.
    """
    root, leaf = judgement.anchor, chain.leaf_certificate
    if root is None or root.limits is None:
        return None
    server, client = (
        standing(root.limits, usage, leaf.parsed.not_before, case.evaluated_at) for usage in (SERVER_AUTH, CLIENT_AUTH)
    )
    if server.allowed:
        return None
    name = root.certificate.parsed.label
    why = f"{name} {_why(server, 'server authentication')}"
    if server.state == "unclear":
        variant, rest = "unclear", "so whether Exchange Online trusts it is unknown."
    elif client.allowed:
        variant, rest = "client-only", "while it stays trusted for client authentication."
    else:
        variant, rest = "", f"and for client authentication it {_why(client, '')}".rstrip() + "."
    return rules.ROOT_RESTRICTED.observed(
        f"The chain leads to a root that the list of {case.evidence.store.as_of} limits: {why}, {rest}",
        variant,
        chain=chain,
        certificate=root.certificate,
        fix=partial(remedy.certificates.renewed, case, chain),
        evidence={
            "server_auth": server.state,
            "client_auth": client.state,
            "since": server.since.date().isoformat() if server.since else None,
            "leaf_not_before": leaf.parsed.not_before.date().isoformat(),
        },
    )


def purposes(root: Root | None, not_before: datetime, at: datetime) -> str:
    """A sentence about what a trusted root is trusted for; "" where its store knows no limits."""
    if root is None or root.limits is None:
        return ""
    if standing(root.limits, CLIENT_AUTH, not_before, at).allowed:
        return "Microsoft's root programme trusts it for server and client authentication."
    return "Microsoft's root programme trusts it for server authentication."


def elsewhere(case: Case, judgement: Judgement) -> str:
    """A sentence about which other programme has, or lacks, the root that this chain leads or would lead to."""
    if not case.evidence.consulted:
        return ""
    held = {other.store for other in case.evidence.elsewhere if _leads(judgement.path, other.root.certificate)}
    if judgement.outcome == "trusted":
        held = {
            other.store
            for other in case.evidence.elsewhere
            if judgement.anchor and other.root.certificate == judgement.anchor.certificate
        }
        missing = [PROGRAMMES[name] for name in case.evidence.consulted if name in PROGRAMMES and name not in held]
        return " ".join(f"{name[0].upper()}{name[1:]} does not have this root." for name in missing)
    if not held and judgement.outcome == "untrusted-root" and "mozilla" in case.evidence.consulted:
        return "Mozilla's does not have it either: it is a private CA, or one outside both programmes."
    own = PROGRAMMES.get(case.evidence.store.name, f"the {case.evidence.store.name} store").partition(
        " root programme"
    )[0]
    return " ".join(f"{PROGRAMMES[name]} has the root; {own} does not." for name in sorted(held) if name in PROGRAMMES)


def _leads(path: tuple[Certificate, ...], root: Certificate) -> bool:
    """Whether the root is on the path or signed one of its certificates; to have the issuer's name is not enough."""
    wanted = comparable(root.parsed.subject_der)
    children = (certificate for certificate in path if comparable(certificate.parsed.issuer_der) == wanted)
    return root in path or any(joins(child, root) in ("valid", "weak") for child in children)


def private(leaf: Certificate, judgement: Judgement) -> str | None:
    """A sentence about why the chain of a leaf, which lacks an issuer, looks like one of a private CA, or None."""
    if judgement.untrusted:
        return f"What was found of the rest leads to {judgement.untrusted.parsed.label}, which is in no root store."
    looks = _looks_private(leaf)
    return f"It looks like the certificate of a private CA: {looks}." if looks else None


def _looks_private(certificate: Certificate) -> str | None:
    """Why a certificate looks like one of a private CA, a clause, or None.

    Public authorities of servers' certificates log them (RFC 6962) or name the CA/Browser Forum's policy, and all of
    them say over public http where revocation is asked (CA/B Baseline Requirements, 7.1.2.7). Only where there is
    nothing of all that, and everything could be read, the look is private.
    """
    parsed = certificate.parsed
    unread = parsed.pointers_unreadable or parsed.whole is None
    if unread or parsed.is_ca or any(mark in certificate.der for mark in _PUBLIC_MARKS):
        return None
    urls = (*parsed.ocsp_urls, *parsed.crl_urls, *parsed.ca_issuer_urls)
    if any(_public(url) for url in urls):
        return None
    where = "only places inside an organisation" if urls else "no place at all"
    return f"it names {where} to ask about it, and carries no mark of a public CA"


def _public(url: str) -> bool:
    """Whether a URL leads to a host that the public internet may know."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return True
    inside = host.endswith(_INTERNAL) or "." not in host or host.replace(".", "").isdigit()
    return parts.scheme in ("http", "https") and not inside


def left_out(case: Case) -> str:
    """A sentence about what a file of roots holds besides them, with a blank before it; "" where there is nothing."""
    names = case.evidence.store.left_out
    if not names:
        return ""
    if len(names) == 1:
        what = "is neither self-signed nor a CA's certificate and was left out"
    else:
        what = "are neither self-signed nor CA certificates and were left out"
    return f" Of what the file holds, {listed(names)} {what}."


def store_age(case: Case) -> Iterator[Observation]:
    """The finding about a list that is older than 90 days when the evidence is gathered."""
    if case.evidence.store.as_of is None:
        return
    dated = datetime.fromisoformat(case.evidence.store.as_of).replace(tzinfo=case.evidence.gathered_at.tzinfo)
    age = case.evidence.gathered_at - dated
    if age > OLD:
        message = (
            f"The list of the {case.evidence.store.name} store is of {case.evidence.store.as_of}, {age.days} days old: "
            "roots may have been added or distrusted since."
        )
        yield rules.STORE_OLD.observed(message)


def _why(limit: Standing, usage: str) -> str:
    """What the list says, as the rest of a sentence about the root."""
    purpose = f" for {usage}" if usage else ""
    since = f"{limit.since:%Y-%m-%d}" if limit.since else ""
    match limit.state:
        case "disabled":
            return f"is distrusted{purpose} since {since}"
        case "cut-off":
            return f"is distrusted{purpose} in certificates issued after {since}"
        case "not-listed":
            return f"is not listed{purpose}"
        case "unclear":
            return "has a limit whose date cannot be read"
        case _:
            return f"is trusted{purpose}"
