"""Whether the TLSA records of each mail host fit what it presents, or will present."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from certready import clock
from certready.case import Case
from certready.checks.promises import said
from certready.checks.starttls import offers_none
from certready.model import Chain, Endpoint
from certready.rules import dane as rules
from certready.rules.model import NotApplicable, Observation
from certready.wording import listed

if TYPE_CHECKING:
    from certready.dane import Fit, Promise

_STATES = {
    "absent": rules.ABSENT,
    "not-applied": rules.NOT_APPLIED,
    "bogus": rules.BOGUS,
    "unanswered": rules.UNANSWERED,
    "unverified": rules.UNVERIFIED,
}
HELD = "Exchange Online holds the mail{code} and returns it after 24 hours; so does every sender that checks DANE"
UNSETTLED = (
    "Postfix and other senders that keep to RFC 7671 hold the mail; whether Exchange Online does is not documented "
    "(fact U15)"
)
FACTS = {"4.7.321": "E6", "4.7.322": "E7", "4.7.323": "E8", "4.7.325": "E10"}
"""The fact behind each answer of Exchange Online's, as ``certready explain`` shows it."""


def check_dane(case: Case) -> Iterator[Observation | NotApplicable]:
    """Every mail host that was asked about, each certificate it presents against its own set of records."""
    asked = case.evidence.dane
    if asked is None:
        yield NotApplicable("DANE is judged where --dane asks for it")
        return
    if asked.port != 25:
        message = f"DANE for SMTP is about port 25, and port {asked.port} was probed: no TLSA records were looked up."
        yield from said(case, "dane", rules.NOT_APPLIED, message)
        return
    from certready.dane.survey import promised

    hosts = [_seen(case, promise) for promise in promised(case.evidence)]
    if not hosts:
        yield NotApplicable(f"{asked.domain} takes no mail, so that no host of it has a certificate to promise")
    for host in hosts:
        yield from _host(case, host, hosts if asked.domain else ())


class Compared(Struct, frozen=True):
    """One certificate that a host presents, where, and how it fits."""

    chain: Chain
    endpoints: tuple[Endpoint, ...]
    fit: Fit | None

    @property
    def where(self) -> str:
        """The addresses, in brackets after a host's name; nothing for a file."""
        return f" at {listed([one.address for one in self.endpoints])}" if self.endpoints else ""


class Host(Struct, frozen=True):
    """One mail host: what DNS promises, what it presents, and the addresses where no TLS came up."""

    promise: Promise
    presented: tuple[Compared, ...]
    without: tuple[Endpoint, ...]

    @property
    def carries(self) -> bool:
        """Whether Exchange Online delivers here whatever becomes of the other MX hosts."""
        if self.promise.state in ("absent", "not-applied"):
            return bool(self.presented)
        fits = {one.fit.outcome for one in self.presented if one.fit}
        return self.promise.state == "records" and bool(fits) and fits <= {"match", "unusable"} and not self.without


def _seen(case: Case, promise: Promise) -> Host:
    """The certificates that the host presents by name (RFC 7672, 8.1: a sender names it), each with its fit."""
    endpoints = [one for one in case.evidence.endpoints if one.host == promise.host]
    if case.evidence.endpoints:
        chains = [chain for chain in case.chains if chain.id not in case.unnamed_chains]
        chains = [chain for chain in chains if any(chain.id in one.chain_ids for one in endpoints)]
    else:
        chains = list(case.chains)
    presented = [
        Compared(chain, tuple(one for one in endpoints if chain.id in one.chain_ids), _fit(case, promise, chain))
        for chain in chains
    ]
    without = tuple(one for one in endpoints if one.trouble in ("no-starttls", "handshake-failed"))
    return Host(promise, tuple(presented), without)


def _fit(case: Case, promise: Promise, chain: Chain) -> Fit | None:
    if not promise.records:
        return None
    from certready.dane import compare

    known = (*(one.certificate for one in case.evidence.known), *(one.certificate for one in case.evidence.roots))
    return compare(promise, chain, case.evaluated_at, known)


def _host(case: Case, host: Host, others: Sequence[Host]) -> Iterator[Observation]:
    promise = host.promise
    if promise.state != "records":
        yield from _no_records(case, host)
        return
    if promise.unread:
        count = (
            f"{promise.unread} of the records at {promise.owner} is"
            if promise.unread == 1
            else (f"{promise.unread} of the records at {promise.owner} are")
        )
        yield from said(case, "dane", rules.UNREADABLE, f"{count} too short for TLSA records.")
    for endpoint in host.without:
        what = endpoint.error or "no TLS came up"
        message = f"{promise.host} has TLSA records, and {endpoint.name} offers no TLS: {what}"
        yield from said(
            case, "dane", rules.NO_TLS, message, "" if offers_none(endpoint) else "unclear", endpoint=endpoint
        )
    if not host.presented and not host.without:
        message = f"{promise.host} has TLSA records, and no certificate of it was seen to compare with them."
        yield from said(case, "dane", rules.UNVERIFIED, message, fix="Probe again from where the host can be reached.")
    for compared in host.presented:
        yield from _compared(case, host, compared, others)


def _no_records(case: Case, host: Host) -> Iterator[Observation]:
    """Why there are no records that count, and for a connector that insists on DANE what that means."""
    promise = host.promise
    rule = _STATES[promise.state]
    variant, message = "", f"{promise.host}: {promise.why}."
    if promise.state == "bogus" and promise.dated and clock.off(case.clocks):
        rule = rules.UNVERIFIED
        message += " This machine's clock is doubtful, so that this proves nothing."
    if promise.state == "absent":
        message = f"{promise.host} has no TLSA records; DNSSEC proves that at {promise.owner}."
    if promise.state == "not-applied" and promise.records:
        from certready.dane import listed as shown

        variant = "records"
        fits = any(one.fit and one.fit.outcome == "match" for one in host.presented)
        fitting = "one of them fits" if fits else "none of them fits" if host.presented else "nothing was compared"
        message += (
            f" {promise.owner} holds {shown(promise.records)} all the same, and {fitting}; Exchange Online passes over "
            "them, Postfix at its level dane compares them where the host's own zone is signed."
        )
    yield from said(case, "dane", rule, message, variant, demanded=promise.state in ("absent", "not-applied"))


def _compared(case: Case, host: Host, compared: Compared, others: Sequence[Host]) -> Iterator[Observation]:
    """One certificate against the records that stand at its host."""
    promise, fit, chain = host.promise, compared.fit, compared.chain
    if fit is None:
        return
    from certready.dane import listed as shown
    from certready.dane import outlook, presented, record_of, zone_line

    leaf = chain.leaf_certificate
    who = f"{promise.host}{compared.where}"
    evidence = {
        "owner": promise.owner,
        "records": [str(one) for one in promise.records],
        "fits": str(fit.record) if fit.record else None,
        "answer": fit.code or None,
        "fact": FACTS.get(fit.code),
    }
    line = zone_line(promise.owner, record_of(leaf), promise.ttl)
    publish = f"Publish this record beside those there, and wait for the time to live of the old set:\n  {line}"
    because = f": {fit.why}" if fit.why else ""
    code = f" ({fit.code})" if fit.code else ""
    held = HELD.format(code=code) if fit.code else UNSETTLED
    variant, fix = "", None
    match fit.outcome:
        case "match":
            rule = rules.MATCH
            later = outlook(promise.records, presented(chain), promise.names, case.evaluated_at)
            variant = later.state
            message = (
                f"{who} presents {leaf.parsed.label}, which fits {fit.record} at {promise.owner}. {later.sentence}"
            )
        case "dates":
            rule = rules.DATES
            others_do = (
                "that it makes no exception for usage 3 is inferred (fact U14), and senders that keep to RFC 7672 "
                "accept it all the same"
                if fit.others_accept
                else "so do other senders"
            )
            message = f"{who} fits {fit.record}, but {fit.why}: Exchange Online holds the mail{code}; {others_do}."
        case "name":
            rule = rules.NAME
            message = f"{who} fits {fit.record} of an authority, but {fit.why}. {held}."
            fix = f"Have the MX host's name put into the certificate, or publish a record of its key:\n  {line}"
        case "unusable":
            rule = rules.UNUSABLE
            message = f"{who} has TLSA records of which none can be used ({fit.why}): {shown(promise.records)}."
            fix = f"Publish a record that can be used:\n  {line}"
        case "unreadable":
            rule = rules.UNREADABLE
            message = f"Whether {who} fits {fit.record} at {promise.owner} cannot be told{because}."
        case _:
            rule = rules.MISMATCH
            elsewhere = [one.promise.host for one in others if one is not host and one.carries]
            variant = "elsewhere" if elsewhere else ""
            message = (
                f"{who} presents {leaf.parsed.label}, and no TLSA record at {promise.owner} fits it{because}. There "
                f"{'is' if len(promise.records) == 1 else 'are'} {shown(promise.records)}. "
                + (f"{listed(elsewhere)} carries the mail meanwhile." if elsewhere else f"{held}.")
            )
            fix = publish
    yield from said(
        case,
        "dane",
        rule,
        message,
        variant,
        demanded=fit.outcome == "unusable",
        chain=chain,
        fix=fix,
        evidence=evidence,
    )
