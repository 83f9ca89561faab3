"""Whether the TLSA records of each mail host fit what it presents, or will present."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from certready import clock
from certready.case import Case
from certready.checks.promises import said
from certready.checks.starttls import offers_none, without_tls
from certready.exchange.modes import mandatory
from certready.model import Chain, Endpoint
from certready.rules import dane as rules
from certready.rules.model import NotApplicable, Observation, Rule
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
LINK = "Whether the MX record that leads there is signed was not looked at."


def check_dane(case: Case) -> Iterator[Observation | NotApplicable]:
    """Every mail host that was asked about, each certificate it presents against its own set of records."""
    asked = case.evidence.dane
    if asked is None:
        yield NotApplicable("DANE is judged where --dane asks for it")
        return
    if asked.port != 25:
        message = f"DANE for SMTP is about port 25, and port {asked.port} was probed: no TLSA records were looked up."
        yield from said(case, "dane", rules.UNVERIFIED if _insisted(case) else rules.NOT_APPLIED, message)
        return
    from certready.dane.survey import promised

    hosts = [_seen(case, promise) for promise in promised(case.evidence)]
    if not hosts:
        yield NotApplicable(f"{asked.domain} takes no mail, so that no host of it has a certificate to promise")
    for host in hosts:
        yield from _host(case, host, hosts if asked.domain else ())


class Compared(Struct, frozen=True):
    """One certificate that a host presents, where, and how it fits the host's records."""

    promise: Promise
    chain: Chain
    endpoints: tuple[Endpoint, ...]
    fit: Fit | None

    @property
    def who(self) -> str:
        """The host, with the addresses where it was seen; of a file the host alone."""
        addresses = [endpoint.address for endpoint in self.endpoints]
        return self.promise.host + (f" at {listed(addresses)}" if addresses else "")

    @property
    def line(self) -> str:
        """The zone line of a record that fits."""
        from certready.dane import record_of, zone_line

        return zone_line(self.promise.owner, record_of(self.chain.leaf_certificate), self.promise.ttl)


class Host(Struct, frozen=True):
    """One mail host: what DNS promises, what it presents, and the addresses where no TLS came up. ``insisted`` says
    that a judged connector delivers by DANE alone."""

    promise: Promise
    presented: tuple[Compared, ...]
    without: tuple[Endpoint, ...]
    insisted: bool = False

    @property
    def carries(self) -> bool:
        """Whether Exchange Online delivers here whatever becomes of the other MX hosts."""
        if self.promise.state in ("absent", "not-applied"):
            return bool(self.presented) and not self.insisted
        outcomes = {compared.fit.outcome for compared in self.presented if compared.fit}
        fits = bool(outcomes) and outcomes <= ({"match"} if self.insisted else {"match", "unusable"})
        return self.promise.state == "records" and fits and not self.without


def _seen(case: Case, promise: Promise) -> Host:
    """The certificates that the host presents by name (RFC 7672, 8.1: a sender names it), each with its fit."""
    from certready.dane import compare

    endpoints = [endpoint for endpoint in case.evidence.endpoints if endpoint.host == promise.host]
    known = [known.certificate for known in case.evidence.known] + [root.certificate for root in case.evidence.roots]
    presented = []
    for chain in case.chains:
        where = tuple(endpoint for endpoint in endpoints if chain.id in endpoint.chain_ids)
        if case.evidence.endpoints and (not where or chain.id in case.unnamed_chains):
            continue
        fit = compare(promise, chain, case.evaluated_at, known) if promise.records else None
        presented.append(Compared(promise, chain, where, fit))
    without = tuple(endpoint for endpoint in endpoints if endpoint.trouble in ("no-starttls", "handshake-failed"))
    return Host(promise, tuple(presented), without, _insisted(case))


def _insisted(case: Case) -> bool:
    """Whether a judged connector delivers by DANE alone (SmtpDaneMode Mandatory)."""
    return any(map(mandatory, case.selection.judged))


def _host(case: Case, host: Host, others: Sequence[Host]) -> Iterator[Observation]:
    promise = host.promise
    if promise.state != "records":
        yield from _no_records(case, host)
        return
    if promise.unread:
        verb = "is" if promise.unread == 1 else "are"
        message = f"{promise.unread} of the records at {promise.owner} {verb} too short for TLSA records."
        yield from said(case, "dane", rules.UNREADABLE, message)
    for endpoint in host.without:
        message = f"{promise.host} has TLSA records, and {without_tls(endpoint)}"
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
        fits = any(compared.fit and compared.fit.outcome == "match" for compared in host.presented)
        fitting = "one of them fits" if fits else "none of them fits" if host.presented else "nothing was compared"
        message += (
            f" {promise.owner} holds {shown(promise.records)} all the same, and {fitting}; Exchange Online passes over "
            "them, Postfix at its level dane compares them where the host's own zone is signed."
        )
    yield from said(case, "dane", rule, message, variant, demanded=promise.state in ("absent", "not-applied"))


class _Verdict(Struct, frozen=True):
    """What is said of one certificate."""

    rule: Rule
    message: str
    variant: str = ""
    fix: str | None = None


def _compared(case: Case, host: Host, compared: Compared, others: Sequence[Host]) -> Iterator[Observation]:
    """One certificate against the records that stand at its host."""
    fit = compared.fit
    if fit is None:
        return
    from certready.dane import FACTS

    verdict = _mismatch(host, compared, fit, others) if fit.outcome == "mismatch" else _verdict(case, compared, fit)
    yield from said(
        case,
        "dane",
        verdict.rule,
        verdict.message,
        verdict.variant,
        demanded=fit.outcome == "unusable",
        chain=compared.chain,
        fix=verdict.fix,
        evidence={
            "owner": compared.promise.owner,
            "records": [str(record) for record in compared.promise.records],
            "fits": str(fit.record) if fit.record else None,
            "answer": fit.code or None,
            "fact": FACTS.get(fit.code),
            "proved_until": compared.promise.until,
        },
    )


def _verdict(case: Case, compared: Compared, fit: Fit) -> _Verdict:
    """What is said where a record fits, or none decides."""
    from certready.dane import consequence, outlook, presented
    from certready.dane import listed as shown

    promise, chain, who = compared.promise, compared.chain, compared.who
    match fit.outcome:
        case "match":
            later = outlook(promise.records, presented(chain), promise.names, case.evaluated_at)
            label = chain.leaf_certificate.parsed.label
            message = f"{who} presents {label}, which fits {fit.record} at {promise.owner}. {later.sentence}"
            if case.evidence.dane and case.evidence.dane.domain is None:
                message += f" {LINK}"
            return _Verdict(rules.MATCH, message, later.state)
        case "dates":
            return _Verdict(rules.DATES, f"{who} fits {fit.record}, but {fit.why}. {consequence(fit)}.")
        case "name":
            message = f"{who} fits {fit.record} of an authority, but {fit.why}. {consequence(fit)}."
            fix = "Have the MX host's name put into the certificate, or publish a record of its key:"
            return _Verdict(rules.NAME, message, fix=f"{fix}\n  {compared.line}")
        case "unusable":
            message = f"{who} has TLSA records of which none can be used ({fit.why}): {shown(promise.records)}."
            return _Verdict(rules.UNUSABLE, message, fix=f"Publish a record that can be used:\n  {compared.line}")
        case _:
            message = f"Whether {who} fits {fit.record} at {promise.owner} cannot be told{_because(fit)}."
            return _Verdict(rules.UNREADABLE, message)


def _mismatch(host: Host, compared: Compared, fit: Fit, others: Sequence[Host]) -> _Verdict:
    """What is said where no record fits: another of the domain's MX hosts may carry the mail (fact E4). Without any in
    ``others`` they are not known."""
    from certready.dane import UNLESS, consequence
    from certready.dane import listed as shown

    promise = compared.promise
    elsewhere = [other.promise.host for other in others if other is not host and other.carries]
    label, verb = compared.chain.leaf_certificate.parsed.label, "is" if len(promise.records) == 1 else "are"
    all_seen = bool(others) and all(other.presented or other.without for other in others)
    mail = (
        f"{listed(elsewhere)} carries the mail meanwhile" if elsewhere else consequence(fit, "" if all_seen else UNLESS)
    )
    message = (
        f"{compared.who} presents {label}, and no TLSA record at {promise.owner} fits it{_because(fit)}. There {verb} "
        f"{shown(promise.records)}. {mail}."
    )
    fix = "Publish this record beside those there, and wait for the time to live of the old set:"
    return _Verdict(rules.MISMATCH, message, "elsewhere" if elsewhere else "", f"{fix}\n  {compared.line}")


def _because(fit: Fit) -> str:
    return f": {fit.why}" if fit.why else ""
