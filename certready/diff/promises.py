"""What the renewal means for the TLSA records of mail hosts: which of them change, and in which order. Pure.

Without ``--dane`` this follows from the certificates alone; with it, from what is published now as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from certready.case import Case
from certready.dane import Fit, Promise, Tlsa, compare, consequence, record_of, zone_line
from certready.diff.model import Change, Step
from certready.exchange.powershell import quote
from certready.model import Chain, MtaSts
from certready.x509.certificate import Certificate

SOMEWHERE = "_25._tcp.<MX host>"


class Sides(NamedTuple):
    """OLD's chain and NEW's, the moment of the judgement, and the hosts whose records were asked for."""

    old: Chain
    new: Chain
    at: datetime
    promises: tuple[Promise, ...]

    @classmethod
    def of(cls, old: Chain, new: Chain, after: Case) -> Sides:
        """The two chains with the records that were asked for; ``after`` is the case of NEW, which holds them."""
        if after.evidence.dane is None:
            return cls(old, new, after.evaluated_at, ())
        from certready.dane.survey import promised

        return cls(old, new, after.evaluated_at, promised(after.evidence))

    @property
    def same_key(self) -> bool:
        """Whether both certificates hold the same key, byte for byte as TLSA records compare it."""
        old_key, new_key = self.old.leaf_certificate.parsed.key_der, self.new.leaf_certificate.parsed.key_der
        return bool(old_key) and old_key == new_key

    def fits(self, promise: Promise) -> tuple[Fit, Fit]:
        """How OLD and NEW fit what is published."""
        return compare(promise, self.old, self.at), compare(promise, self.new, self.at)


def dane_changes(sides: Sides) -> Iterator[Change]:
    """One change for each host that was asked about; without any, what can be told from the certificates."""
    if not sides.promises:
        yield _from_certificates(sides)
    for promise in sides.promises:
        yield _published(sides, promise)


def _from_certificates(sides: Sides) -> Change:
    old, new = sides.old.leaf_certificate, sides.new.leaf_certificate
    records = str(record_of(old)), str(record_of(new))
    if old == new:
        return Change("dane", "same", "Every TLSA record stays as it is.", *records)
    if not (old.parsed.key_der and new.parsed.key_der):
        unread = "The key of one of the two cannot be read, so that what changes is unknown."
        return Change("dane", "attention", unread, "", "")
    authority = f"one of the issuing authority (usage 2) {'stays' if _same_issuer(sides) else 'changes'}"
    if sides.same_key:
        message = (
            f"The key stays, and with it a TLSA record 3 1 1; one of the certificate (3 0 x) changes; {authority}."
        )
        return Change("dane", "same", message, *records)
    message = (
        f"Where the mail domain has TLSA records (DANE): that of the key changes, 3 1 1 as well as 3 0 x; {authority}. "
        "Publish the new one before NEW is installed; certready diff OLD NEW --dane HOST reads what is published there."
    )
    return Change("dane", "note", message, *records)


def _same_issuer(sides: Sides) -> bool:
    """Whether the key of NEW's issuing authority is among those that OLD sends, so that a usage 2 fits both."""
    old, new = (_authorities(chain) for chain in (sides.old, sides.new))
    return bool(new) and new[0].parsed.key_der in {ca.parsed.key_der for ca in old}


def _authorities(chain: Chain) -> list[Certificate]:
    """What is sent beside the leaf, its issuer first."""
    leaf = chain.leaf_certificate
    authorities = [certificate for certificate in chain.certificates if certificate != leaf]
    return sorted(authorities, key=lambda ca: ca.parsed.subject_der != leaf.parsed.issuer_der)


def _published(sides: Sides, promise: Promise) -> Change:
    host = promise.host
    if promise.state in ("absent", "not-applied"):
        return Change("dane", "same", f"{host}: no TLSA records count there ({promise.why}).", "", "")
    if promise.state != "records":
        return Change("dane", "attention", f"{host}: what it has published cannot be relied on: {promise.why}.", "", "")
    old, new = sides.fits(promise)
    shown = str(old.record or ""), str(new.record or "")
    met, meets = old.outcome == "match", new.outcome == "match"
    if old.outcome == "unusable":
        message = f"{host}: none of its TLSA records can be used, so that they hold against neither."
        return Change("dane", "same", message, *shown)
    if met and meets:
        return Change("dane", "same", f"{host}: its TLSA records fit OLD and NEW: ready to switch.", *shown)
    if met and new.outcome == "unreadable":
        return Change("dane", "attention", f"{host}: whether its TLSA records fit NEW is unknown: {new.why}.", *shown)
    if met:
        because = f" ({new.why})" if new.why else ""
        message = (
            f"{host}: its TLSA records fit OLD and not NEW{because}. As soon as NEW is installed, {consequence(new)}."
        )
        return Change("dane", "breaks", message, *shown)
    if meets:
        message = f"{host}: its TLSA records fit NEW alone: what OLD presents holds mail now. Install NEW."
        return Change("dane", "attention", message, *shown)
    return Change("dane", "attention", f"{host}: its TLSA records fit neither OLD nor NEW.", *shown)


def policy_changes(before: Case, after: Case) -> Iterator[Change]:
    """What the renewal means under the MTA-STS policy that was asked about; nothing where none was."""
    mta_sts = after.evidence.mta_sts
    if mta_sts is None:
        return
    old, new = (_under_policy(case, mta_sts) for case in (before, after))
    if new and not old:
        message = f"OLD meets the MTA-STS policy of {mta_sts.domain}, and NEW does not: {new[0]}"
        yield Change("mta-sts", "breaks", message, "", "")
    elif old and not new:
        yield Change(
            "mta-sts", "note", f"NEW meets the MTA-STS policy of {mta_sts.domain}, which OLD does not.", "", ""
        )
    else:
        word = "Neither meets" if new else "Nothing changes under"
        yield Change("mta-sts", "same", f"{word} the MTA-STS policy of {mta_sts.domain}.", "", "")


def _under_policy(case: Case, mta_sts: MtaSts) -> list[str]:
    """What is wrong with the certificate of a case under a policy, as sentences."""
    from certready.checks.mta_sts import check_mta_sts
    from certready.rules.model import Observation
    from certready.rules.mta_sts import CERTIFICATE

    observations = check_mta_sts(Case(replace(case.evidence, mta_sts=mta_sts, endpoints=())))
    return [
        observation.message
        for observation in observations
        if isinstance(observation, Observation) and observation.rule == CERTIFICATE and not observation.variant
    ]


# -- steps --------------------------------------------------------------------------------------------------------


def publish(sides: Sides, old_target: str, new_target: str) -> Iterator[Step]:
    """What is in DNS before NEW is installed: its records beside those of OLD, for as long as caches keep the old
    set (RFC 7671, 8.1). ``old_target`` and ``new_target`` are the files' names, for the commands to type."""
    if sides.old.leaf_certificate == sides.new.leaf_certificate:
        return
    if not sides.promises and not sides.same_key and sides.new.leaf_certificate.parsed.key_der:
        yield Step(
            "Where the mail domain has TLSA records (DANE), publish that of NEW beside that of OLD, for every MX host "
            "that will present NEW, and wait until the time to live of the old set is over, better twice that.",
            (zone_line(SOMEWHERE, record_of(sides.new.leaf_certificate)),),
        )
    for promise, lines in _lacking(sides):
        yield Step(f"Publish at {promise.owner}, beside what is there, on every name server of the zone:", lines)
        yield Step(
            f"Wait for the time to live of the old set, {_duration(promise.ttl)}, better twice that, and see that NEW "
            "is ready to be installed.",
            (f"certready diff {quote(old_target)} {quote(new_target)} --dane {promise.host}",),
        )


def prove(sides: Sides) -> Iterator[Step]:
    """That what is presented fits what is published."""
    hosts = [promise.host for promise in sides.promises if promise.state == "records"]
    if hosts:
        yield Step(
            "Prove it to DANE: each host against its TLSA records, by a probe and by Microsoft's Remote Connectivity "
            "Analyzer, which checks as Exchange Online does.",
            tuple(f"certready probe {host} --dane" for host in hosts),
        )


def withdraw(sides: Sides) -> Iterator[Step]:
    """The records that only OLD needs go last."""
    if sides.old.leaf_certificate == sides.new.leaf_certificate:
        return
    when = "When no node presents OLD any more, and the time to live is over,"
    if not sides.promises and not sides.same_key and sides.old.leaf_certificate.parsed.key_der:
        line = zone_line(SOMEWHERE, record_of(sides.old.leaf_certificate))
        yield Step(f"{when} take its TLSA record away, where there is one.", (line,))
    for promise in sides.promises:
        lines = tuple(
            zone_line(promise.owner, record, promise.ttl)
            for record in (promise.records if promise.state == "records" else ())
            if _alone(record, sides)
        )
        if lines:
            yield Step(f"{when} take the records of OLD away at {promise.owner}:", lines)


def _lacking(sides: Sides) -> Iterator[tuple[Promise, tuple[str, ...]]]:
    """The hosts whose records do not fit NEW, each with the zone lines that would: of the kinds that fit OLD, else
    3 1 1."""
    for promise in sides.promises:
        if promise.state != "records" or sides.fits(promise)[1].outcome != "mismatch":
            continue
        counterparts = [_counterpart(record, sides) for record in promise.records if record.unusable is None]
        records = list(dict.fromkeys(filter(None, counterparts))) or [record_of(sides.new.leaf_certificate)]
        yield promise, tuple(zone_line(promise.owner, record, promise.ttl) for record in records)


def _counterpart(record: Tlsa, sides: Sides) -> Tlsa | None:
    """The record of NEW that takes the place of one that fits OLD, None where it fits none of OLD's certificates."""
    if record.usage == 3:
        fitting = [sides.new.leaf_certificate] if record.fits(sides.old.leaf_certificate) else []
    else:
        fitting = _authorities(sides.new)[:1] if any(map(record.fits, _authorities(sides.old))) else []
    return record_of(fitting[0], record.usage, record.selector, record.matching) if fitting else None


def _alone(record: Tlsa, sides: Sides) -> bool:
    """Whether a record fits something of OLD's and nothing of NEW's."""
    return record.unusable is None and (
        any(map(record.fits, sides.old.certificates)) and not any(map(record.fits, sides.new.certificates))
    )


def _duration(seconds: int | None) -> str:
    """A time to live in words: seconds, and in hours where it is long."""
    if seconds is None:
        return "an unknown time"
    return f"{seconds} seconds" + (f" ({seconds / 3600:.3g} hours)" if seconds >= 5400 else "")


__all__: Sequence[str] = ["Sides", "dane_changes", "policy_changes", "prove", "publish", "withdraw"]
