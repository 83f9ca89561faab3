"""What differs between two certificates and their chains, one function for each respect. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from certready.case import Case
from certready.diff.model import Aspect, Change
from certready.model import Chain
from certready.path import Judgement
from certready.remedy.dotnet import tls_certificate_name
from certready.wording import listed
from certready.x509.certificate import ANY_EKU, CLIENT_AUTH, SERVER_AUTH, Certificate
from certready.x509.unreadable import Unreadable, readable

LISTED = 10
_USAGES = {SERVER_AUTH: "serverAuth", CLIENT_AUTH: "clientAuth", ANY_EKU: "any"}


def changes(old: Case, new: Case) -> Iterator[Change]:
    """Every respect in order, also those in which nothing changes."""
    before, after = old.chains[0], new.chains[0]
    old_leaf, new_leaf = before.leaf_certificate, after.leaf_certificate
    judged = old.judgement(before), new.judgement(after)
    yield identity(old_leaf, new_leaf)
    yield _unreadable("names", old_leaf, new_leaf) or names(old_leaf, new_leaf)
    yield _unreadable("usages", old_leaf, new_leaf) or usages(old_leaf, new_leaf)
    yield key(old_leaf, new_leaf)
    yield chain(before, after, *judged)
    yield root(new, *judged)
    yield _unreadable("lifetime", old_leaf, new_leaf) or lifetime(old_leaf, new_leaf)
    yield _unreadable("overlap", old_leaf, new_leaf) or overlap(old_leaf, new_leaf, new.evaluated_at)
    yield _unreadable("revocation", old_leaf, new_leaf) or revocation(old_leaf, new_leaf)


def _unreadable(aspect: Aspect, old: Certificate, new: Certificate) -> Change | None:
    """That a respect cannot be compared, because it is there and cannot be read in one of the two; None where it can.
    What cannot be read is neither lost nor gained."""
    reasons = {"OLD": _reason(aspect, old), "NEW": _reason(aspect, new)}
    unread = [f"{side} ({reason})" for side, reason in reasons.items() if reason]
    if not unread:
        return None
    message = f"This part of {' and of '.join(unread)} cannot be read, so that what changes is unknown."
    return Change(aspect, "attention", message, *("(unreadable)" if reason else "" for reason in reasons.values()))


def _reason(aspect: Aspect, certificate: Certificate) -> str | None:
    parsed = certificate.parsed
    if parsed.error is not None:
        return parsed.error
    part: Unreadable[Any] | str | None = {
        "names": parsed.names_unreadable,
        "usages": parsed.ekus if isinstance(parsed.ekus, Unreadable) else None,
        "revocation": parsed.pointers_unreadable,
    }.get(aspect, parsed.dates_unreadable)
    return part.reason if isinstance(part, Unreadable) else part


def identity(old: Certificate, new: Certificate) -> Change:
    """Issuer and subject as Exchange's TlsCertificateName holds them."""
    before, after = tls_certificate_name(old) or "", tls_certificate_name(new) or ""
    if before == after:
        message = (
            "Issuer and subject stay the same: TlsCertificateName of Exchange Server needs no change, the newer of two "
            "such certificates is taken. The old one can only be removed while the value is not set."
        )
        return Change("identity", "same", message, before, after)
    differs = [
        word
        for word, old_half, new_half in zip(("issuer", "subject"), _halves(before), _halves(after), strict=True)
        if old_half != new_half
    ]
    message = (
        f"The {' and '.join(differs)} {'change' if len(differs) > 1 else 'changes'}: an Exchange send connector "
        f"bound to the old TlsCertificateName stops with 454 4.7.5 as soon as the old certificate is gone, and "
        f"goes on sending the old one until then. Set TlsCertificateName of send and receive connectors anew. "
        f"Other gateways are not affected."
    )
    return Change("identity", "attention", message, before, after)


def _halves(text: str) -> tuple[str, str]:
    issuer, _, subject = text.partition("<S>")
    return issuer, subject


def names(old: Certificate, new: Certificate) -> Change:
    """CN and DNS names lost and gained; what they mean for connectors is said for each connector."""
    before, after = _folded(old.parsed.names), _folded(new.parsed.names)
    lost, gained = [name for name in before if name not in after], [name for name in after if name not in before]
    shown = listed(before, LISTED), listed(after, LISTED)
    if not lost and not gained:
        return Change("names", "same", "The names stay the same.", *shown)
    parts = [f"lost: {listed(lost, LISTED)}"] if lost else []
    parts += [f"gained: {listed(gained, LISTED)}"] if gained else []
    return Change("names", "attention" if lost else "note", f"Names {'; '.join(parts)}.", *shown)


def usages(old: Certificate, new: Certificate) -> Change:
    """Extended key usages lost and gained."""
    before, after = _usages(old), _usages(new)
    lost = [usage for usage in before if usage not in after and "any" not in after]
    gained = [usage for usage in after if usage not in before]
    shown = ", ".join(before), ", ".join(after)
    if not lost:
        sentence = (
            f"Extended key usages gained: {', '.join(gained)}." if gained else "The extended key usages stay the same."
        )
        return Change("usages", "note" if gained else "same", sentence, *shown)
    message = f"Extended key usages lost: {', '.join(lost)}."
    if "serverAuth" in lost:
        message += " Without serverAuth outbound connectors that validate certificates refuse it."
        return Change("usages", "breaks", message, *shown)
    if "clientAuth" in lost:
        message += (
            " Whether Exchange Online asks for clientAuth is not published; some gateways no longer present such a "
            "certificate as client. Prove it with certready listen before the old one goes."
        )
    return Change("usages", "attention" if "clientAuth" in lost else "note", message, *shown)


def key(old: Certificate, new: Certificate) -> Change:
    """The key's family and size, and whether it is the same key."""
    shown = str(old.parsed.key), str(new.parsed.key)
    if old.parsed.spki_sha256 and old.parsed.spki_sha256 == new.parsed.spki_sha256:
        same_certificate = old.sha256 == new.sha256
        message = "It is the very same key: " + (
            "it is the same certificate."
            if same_certificate
            else "pinned keys and TLSA records 3 1 1 stay valid, but whoever has "
            "the old private key has the new one; a key that may have leaked must not be used again."
        )
        return Change("key", "note" if not same_certificate else "same", message, *shown)
    if old.parsed.key.family != new.parsed.key.family:
        message = (
            f"The key changes from {shown[0]} to {shown[1]}. The cipher suites Microsoft publishes for mail are "
            f"for RSA; whether others work is not published."
        )
        return Change("key", "attention" if new.parsed.key.family != "rsa" else "note", message, *shown)
    return Change(
        "key", "note", "A new key of the same family: TLSA records and pins of the key change with it.", *shown
    )


def chain(before: Chain, after: Chain, old: Judgement, new: Judgement) -> Change:
    """The intermediates to install: ``before`` and ``after`` are the chains of OLD and NEW, ``old`` and ``new`` how
    their paths were judged."""
    had = _intermediates(before, old)
    needs = _intermediates(after, new)
    shown = " > ".join(ca.parsed.label for ca in had), " > ".join(ca.parsed.label for ca in needs)
    if new.missing:
        shown = shown[0], _wanted(new)
        message = (
            f"NEW lacks its intermediate {new.missing.issuer}: Exchange Online fetches none, so inbound the gateway is "
            "not recognised and outbound delivery stops (UntrustedRoot)."
        )
        return Change("chain", "breaks", message, *shown)
    added = [ca.parsed.label for ca in needs if ca not in had]
    if added:
        message = f"Intermediates that every node must have beforehand: {listed(added, LISTED)}."
        return Change("chain", "attention", message, *shown)
    return Change("chain", "same", "The intermediates stay the same.", *shown)


def root(new: Case, before: Judgement, after: Judgement) -> Change:
    """The anchor each chain reaches, and whether the new one is trusted by the store of the case ``new``."""
    old_root, new_root = _anchor(before), _anchor(after)
    shown = old_root or "none", new_root or "none"
    if new_root is None:
        message = f"The chain of NEW reaches no root of the {new.evidence.store.name} store."
        return Change("root", "breaks", message, *shown)
    if after.anchor and after.anchor.extra:
        return Change(
            "root", "breaks", f"The root {new_root} was only given as an extra root; nobody else trusts it.", *shown
        )
    if before.anchor and after.anchor and before.anchor.certificate == after.anchor.certificate:
        return Change("root", "same", "The root stays the same.", *shown)
    message = f"The root changes to {new_root}, which the {new.evidence.store.name} store holds."
    return Change("root", "note", message, *shown)


def lifetime(old: Certificate, new: Certificate) -> Change:
    """How long each lives: shorter lives need renewing more often."""
    before, after = _life(old), _life(new)
    shown = f"{before.days} days", f"{after.days} days"
    if after < before / 2:
        message = f"NEW lives {shown[1]} instead of {shown[0]}: automate what has to be done at each renewal."
        return Change("lifetime", "attention", message, *shown)
    return Change(
        "lifetime", "same" if shown[0] == shown[1] else "note", f"NEW lives {shown[1]}, OLD {shown[0]}.", *shown
    )


def overlap(old: Certificate, new: Certificate, at: datetime) -> Change:
    """How long both are valid, as of the moment ``at``: the time in which the change can be made without a gap."""
    ends, begins = old.parsed.not_after, new.parsed.not_before
    shown = f"until {ends:%Y-%m-%d %H:%M} UTC", f"from {begins:%Y-%m-%d %H:%M} UTC"
    if ends < at:
        return Change(
            "overlap", "attention", "OLD has already ended: if NEW is not in place yet, there is a gap.", *shown
        )
    if begins >= ends:
        return Change("overlap", "breaks", "NEW begins only when OLD has ended: a gap cannot be avoided.", *shown)
    if new.parsed.not_after <= ends:
        message = "NEW ends no later than OLD: it renews nothing."
        return Change("overlap", "attention", message, *shown)
    return Change(
        "overlap", "same", f"Both are valid from {begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC.", *shown
    )


def revocation(old: Certificate, new: Certificate) -> Change:
    """OCSP and CRL addresses: a connector that checks revocation needs one."""
    before = {"OCSP": old.parsed.ocsp_urls, "CRL": old.parsed.crl_urls}
    after = {"OCSP": new.parsed.ocsp_urls, "CRL": new.parsed.crl_urls}
    shown = _pointers(before), _pointers(after)
    lost = [kind for kind, urls in before.items() if urls and not after[kind]]
    if any(before.values()) and not any(after.values()):
        message = (
            "NEW names neither an OCSP responder nor a CRL: unless it is short-lived, nobody can verify that it is not "
            "revoked."
        )
        return Change("revocation", "attention", message, *shown)
    if lost:
        message = f"NEW names no {lost[0]} any more; the other one is enough."
        return Change("revocation", "note", message, *shown)
    moved = [kind for kind, urls in after.items() if urls and before[kind] != urls]
    if moved:
        message = (
            f"The addresses for {' and '.join(moved)} change: a firewall that names them must let the new ones through."
        )
        return Change("revocation", "note", message, *shown)
    return Change("revocation", "same", "The revocation addresses stay the same.", *shown)


# -- helpers ------------------------------------------------------------------------------------------------------


def _folded(names_given: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name.lower() for name in names_given))


def _usages(certificate: Certificate) -> list[str]:
    oids = readable(certificate.parsed.ekus)
    return ["any"] if oids is None else [_USAGES.get(oid, oid) for oid in oids]


def _intermediates(chain: Chain, judgement: Judgement) -> tuple[Certificate, ...]:
    path = judgement.path[1:-1] if judgement.anchor else judgement.path[1:]
    return path or tuple(
        certificate
        for certificate in chain.certificates
        if certificate.parsed.is_ca and not certificate.parsed.self_issued
    )


def _wanted(judgement: Judgement) -> str:
    """The intermediates that a chain without them needs, as far as they are known: those that were found elsewhere,
    else the name of the issuer that its last certificate asks for."""
    if judgement.repaired:
        return " > ".join(ca.parsed.label for ca in judgement.repaired[1:-1])
    sent = [ca.parsed.label for ca in judgement.path[1:]]
    return " > ".join([*sent, judgement.missing.issuer or "(no name)"] if judgement.missing else sent)


def _anchor(judgement: Judgement) -> str | None:
    return judgement.anchor.certificate.parsed.label if judgement.anchor else None


def _life(certificate: Certificate) -> timedelta:
    return certificate.parsed.not_after - certificate.parsed.not_before


def _pointers(urls: dict[str, tuple[str, ...]]) -> str:
    return "; ".join(f"{kind} {listed(addresses, 3)}" for kind, addresses in urls.items() if addresses) or "none"
