"""The dates of every certificate on the path, at the moment the verdict is for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial

from msgspec.structs import replace

from certready import remedy
from certready.case import Case
from certready.model import Chain, ExpiryWarning
from certready.path import judge
from certready.rules import expiry as rules
from certready.rules.model import NotApplicable, Observation
from certready.x509.certificate import Certificate

# The longest lifetime, in days of 86,400 seconds, of a leaf issued on or after that day (CA/B Baseline Requirements,
# 6.3.2, as amended by ballots 193, SC-31 and SC-081v3). Older leaves are bound by nothing that still matters.
LIMITS = (
    (datetime(2029, 3, 15, tzinfo=UTC), 47),
    (datetime(2027, 3, 15, tzinfo=UTC), 100),
    (datetime(2026, 3, 15, tzinfo=UTC), 200),
    (datetime(2020, 9, 1, tzinfo=UTC), 398),
    (datetime(2018, 3, 1, tzinfo=UTC), 825),
)
DAY = timedelta(days=1)


def check_expiry(case: Case) -> Iterator[Observation | NotApplicable]:
    """Judge the dates along the path of every chain."""
    if not case.chains:
        yield NotApplicable("No certificate was seen.")
    for chain in case.chains:
        leaf = chain.leaf_certificate
        if leaf.parsed.error is None:
            yield from _chain(case, chain)
        else:
            message = "The certificate cannot be read, so its dates are not known."
            yield rules.VALID.observed(message, "unreadable", chain=chain)


def _unreadable(case: Case, chain: Chain, certificate: Certificate) -> Observation:
    reason = certificate.parsed.dates_unreadable.reason if certificate.parsed.dates_unreadable else ""
    message = f"Whether {case.label(certificate)} is valid is not known: a date of it cannot be read ({reason})."
    return rules.VALID.observed(message, "unreadable", chain=chain, certificate=certificate)


def _chain(case: Case, chain: Chain) -> Iterator[Observation]:
    at = case.evaluated_at.replace(microsecond=0)  # dates are whole seconds, the last one included
    path = case.full_path(chain)
    dated = tuple(certificate for certificate in path if not certificate.parsed.dates_unreadable)
    yield from (_unreadable(case, chain, certificate) for certificate in path if certificate not in dated)
    ended = (_out_of_date(case, chain, certificate, path, at) for certificate in dated)
    wrong = [_renewed(case, chain, observation) for observation in ended if observation]
    yield from wrong
    if not wrong and dated == path:
        leaf = path[0].parsed
        count = f"All {len(path)} certificates of the chain are" if len(path) > 1 else "The certificate is"
        message = (
            f"{count} valid; {case.label(path[0])} expires on {_day(leaf.not_after)}, {_left(leaf.not_after - at)}."
        )
        yield rules.VALID.observed(message, chain=chain, certificate=path[0])
    for certificate in dated:
        yield from _soon(case, chain, certificate, path, at)
    if path[0] in dated:
        yield from _issuer_first(case, chain, dated)
        yield from _lifetime(case, chain)


def _part(certificate: Certificate, path: tuple[Certificate, ...]) -> str:
    """The variant of a finding: "" for the leaf, "root" for a self-issued end of the path, else "issuer"."""
    if certificate is path[0]:
        return ""
    return "root" if certificate is path[-1] and certificate.parsed.self_issued else "issuer"


def _who(case: Case, certificate: Certificate, path: tuple[Certificate, ...]) -> str:
    names = {"": "The certificate", "root": "The root", "issuer": "The issuer"}
    return f"{names[_part(certificate, path)]} {case.label(certificate)}"


def _out_of_date(
    case: Case, chain: Chain, certificate: Certificate, path: tuple[Certificate, ...], at: datetime
) -> Observation | None:
    parsed, who, variant = certificate.parsed, _who(case, certificate, path), _part(certificate, path)
    if at < parsed.not_before:
        message = f"{who} is not valid before {_moment(parsed.not_before)}; judged as of {_moment(at)}."
        return rules.NOT_YET_VALID.observed(message, variant, chain=chain, certificate=certificate)
    if at > parsed.not_after:
        message = f"{who} expired on {_moment(parsed.not_after)}; judged as of {_moment(at)}."
        fix = partial(remedy.certificates.renewed, case, chain)
        return rules.EXPIRED.observed(message, variant, chain=chain, certificate=certificate, fix=fix)
    return None


def _renewed(case: Case, chain: Chain, wrong: Observation) -> Observation:
    """The finding about an expired issuer, completed where a certificate known beside the chain is its renewal: same
    name, same key, and with it in place the chain is trusted and all of it valid."""
    if wrong.rule is not rules.EXPIRED or wrong.variant != "issuer":
        return wrong
    old = next(certificate.parsed for certificate in case.full_path(chain) if certificate.sha256 == wrong.certificate)
    for known in case.evidence.known:
        new = known.certificate.parsed
        same = (new.subject_der, new.key_der) == (old.subject_der, old.key_der)
        if not same or not _mends(case, chain, known.certificate):
            continue
        message = f"{wrong.message} A renewed one, valid until {_day(new.not_after)}, was found in {known.source}."
        fix = f"Send that {new.label}, valid until {_day(new.not_after)}, in the place of the expired one."
        return replace(
            wrong,
            message=message,
            remedy=partial(remedy.certificates.sent_again, case, chain, fix),
            evidence={**wrong.evidence, "renewed": new.sha256},
        )
    return wrong


def _mends(case: Case, chain: Chain, renewed: Certificate) -> bool:
    """Whether the chain with this certificate among those sent is trusted, and every issuer in it within its dates."""
    at = case.evaluated_at.replace(microsecond=0)
    mended = replace(chain, certificates=(*chain.certificates, renewed))
    judgement = judge(mended, tuple(known.certificate for known in case.evidence.known), case.evidence.roots, at)
    holds = all(
        certificate.parsed.not_before <= at <= certificate.parsed.not_after for certificate in judgement.path[1:]
    )
    return judgement.outcome == "trusted" and renewed in judgement.path and holds


@lru_cache(maxsize=256)
def warning_time(warning: ExpiryWarning, lifetime: timedelta) -> timedelta:
    """How long before its end a certificate of this lifetime expires "soon": the shorter of the times asked for."""
    times = []
    if warning.fraction is not None:
        times.append(lifetime * warning.fraction)
    if warning.days is not None:
        times.append(timedelta(days=warning.days))
    return min(times, default=timedelta(0))


def _soon(
    case: Case, chain: Chain, certificate: Certificate, path: tuple[Certificate, ...], at: datetime
) -> Iterator[Observation]:
    parsed = certificate.parsed
    ahead = warning_time(case.options.expiry_warning, parsed.not_after - parsed.not_before)
    if parsed.not_before <= at <= parsed.not_after and parsed.not_after - at <= ahead:
        message = (
            f"{_who(case, certificate, path)} expires on {_moment(parsed.not_after)}, {_left(parsed.not_after - at)}."
        )
        fix = partial(remedy.certificates.renewed, case, chain)
        yield rules.SOON.observed(message, _part(certificate, path), chain=chain, certificate=certificate, fix=fix)


def _issuer_first(case: Case, chain: Chain, path: tuple[Certificate, ...]) -> Iterator[Observation]:
    end = path[0].parsed.not_after
    for certificate in path[1:]:
        if certificate.parsed.not_after < end:
            message = (
                f"{_who(case, certificate, path)} expires on {_day(certificate.parsed.not_after)}, before the "
                f"certificate ({_day(end)}); the chain fails from then on."
            )
            fix = partial(remedy.certificates.renewed, case, chain)
            yield rules.ISSUER_FIRST.observed(
                message, _part(certificate, path), chain=chain, certificate=certificate, fix=fix
            )


def _lifetime(case: Case, chain: Chain) -> Iterator[Observation]:
    """The limit counts the last second of the lifetime, and binds public CAs only."""
    parsed = chain.leaf_certificate.parsed
    limit = next((days for since, days in LIMITS if parsed.not_before >= since), None)
    lifetime = parsed.not_after - parsed.not_before + timedelta(seconds=1)
    if limit is None or lifetime <= limit * DAY:
        return
    anchor = case.judgement(chain).anchor
    public = anchor is not None and not anchor.extra
    message = (
        f"The certificate is valid for {_days(lifetime)} days; the limit for public CAs on the day it was issued "
        f"({_day(parsed.not_before)}) was {limit}."
    )
    if not public:
        message += " This limit binds public CAs; the chain does not lead to one."
    variant = "" if public else "private"
    yield rules.LIFETIME.observed(message, variant, chain=chain, fix=partial(remedy.certificates.renewed, case, chain))


def _days(span: timedelta) -> str:
    """Days as the limit counts them: a second more than 398 days is not 398 days."""
    whole, rest = divmod(span, DAY)
    return f"more than {whole}" if rest else f"{whole}"


def _left(span: timedelta) -> str:
    for unit, word in ((DAY, "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")):
        count = span // unit
        if count >= 1:
            return f"in {count} {word}{'' if count == 1 else 's'}"
    return "in less than a minute"


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
