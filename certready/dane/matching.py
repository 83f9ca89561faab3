"""Whether the certificates that a mail host sends fit its TLSA records, as senders of mail compare them. Pure.

RFC 7671, 5 and 9, and RFC 7672, 3; beside them what Exchange Online says of dates, which it holds against every usage.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from certready.dane.tlsa import END_ENTITY, FULL, PUBLIC_KEY, TRUST_ANCHOR, Tlsa, usable
from certready.exchange.matching import covers
from certready.model import Root
from certready.path import build, lint
from certready.x509.certificate import Certificate

Outcome = Literal["match", "dates", "name", "unreadable", "mismatch", "unusable"]
"""From the best to the worst; "unusable" is a set in which nothing decides."""
_ORDER: tuple[Outcome, ...] = ("match", "dates", "name", "unreadable", "mismatch")

EXPIRED, NOT_YET_VALID = "4.7.322", "4.7.323"
NAME, MISMATCH, NO_TLS = "4.7.325", "4.7.323", "4.7.321"


class Fit(NamedTuple):
    """How one chain fits a set of records: ``record`` is the one that decides (None: none), ``why`` a clause, "" where
    there is nothing to say.

    ``code`` is what Exchange Online answers, "" where it delivers or where that is not known. ``others_accept`` says
    that senders which keep to RFC 7672 deliver all the same.
    """

    outcome: Outcome
    record: Tlsa | None = None
    why: str = ""
    code: str = ""
    others_accept: bool = False


def fit(
    records: Sequence[Tlsa],
    sent: Sequence[Certificate],
    names: Sequence[str],
    at: datetime,
    known: Iterable[Certificate] = (),
) -> Fit:
    """How the certificates that were sent, leaf first, fit the records.

    Args:
        records: the whole set, at least one.
        sent: as the host sends them, the leaf first.
        names: what a usage 2 is compared with: the TLSA base domain, the MX host, the mail domain (RFC 7672, 3.2.2).
        at: the moment of the judgement, aware.
        known: certificates that were not sent, to say which of them a record means.
    """
    deciding = usable(records)
    if not deciding:
        return Fit("unusable", why="; ".join(dict.fromkeys(filter(None, (record.unusable for record in records)))))
    at = at.replace(microsecond=0)
    fits = [
        _end_entity(record, sent[0], at) if record.usage == END_ENTITY else _trust_anchor(record, sent, names, at)
        for record in deciding
    ]
    best = min(fits, key=_rank)
    return best if best.outcome != "mismatch" else _mismatch(records, deciding, fits, sent, known)


def _rank(fitted: Fit) -> int:
    """Smaller is better."""
    return _ORDER.index(fitted.outcome)


def _end_entity(record: Tlsa, leaf: Certificate, at: datetime) -> Fit:
    """Usage 3 looks at the leaf alone, and at nothing in it (RFC 7672, 3.1.1); Exchange Online looks at its dates."""
    if not record.fits(leaf):
        if leaf.parsed.error is not None and record.selector == PUBLIC_KEY:
            return Fit("unreadable", record, "the certificate cannot be read, so that its key cannot be compared")
        return Fit("mismatch", code=MISMATCH)
    dated = _dates(record, (leaf,), at)
    return dated._replace(others_accept=dated.outcome == "dates") if dated else Fit("match", record)


def _trust_anchor(record: Tlsa, sent: Sequence[Certificate], names: Sequence[str], at: datetime) -> Fit:
    """Usage 2: a CA of the chain fits, and the chain up to it, its dates and a name hold (RFC 7672, 3.1.2)."""
    leaf, above = sent[0], list(sent[1:])
    if record.matching == FULL and record.selector != PUBLIC_KEY:
        above.append(Certificate(record.data))  # a whole CA in the record need not be sent (RFC 7671, 5.2.3)
    anchors = [
        authority for authority in dict.fromkeys(above) if record.fits(authority) and authority.parsed.error is None
    ]
    if not anchors:
        if record.matching == FULL and record.selector == PUBLIC_KEY:
            return Fit("unreadable", record, "it holds the key of an authority whose certificate is not sent")
        return Fit("mismatch", code=MISMATCH)
    search = build.search(leaf, above, [Root(anchor) for anchor in anchors], at)
    paths = [path for path in search.paths if path.anchor and len(path.certificates) > 1]
    if not paths:
        if search.capped:
            return Fit("unreadable", record, "too many certificates were sent to follow them all")
        label = anchors[0].parsed.label
        return Fit("mismatch", record, f"it fits {label}, which did not issue the certificate that was sent", MISMATCH)
    return min((_path(record, path, names, at) for path in paths), key=_rank)


def _path(record: Tlsa, path: build.Path, names: Sequence[str], at: datetime) -> Fit:
    """One path up to the authority that a usage 2 pins."""
    if path.unverified:
        return Fit("unreadable", record, "a signature of the chain cannot be verified here")
    problems = [
        problem for problem in lint.problems(path.certificates, rooted=True) if problem.kind not in lint.TOLERATED
    ]
    if problems:
        unclear = all(problem.kind in (lint.UNREADABLE, lint.NAME_LIMIT) for problem in problems)
        outcome: Outcome = "unreadable" if unclear else "mismatch"
        return Fit(outcome, record, f"the chain does not hold: {problems[0].message}", "" if unclear else MISMATCH)
    dated = _dates(record, path.certificates[:-1], at)
    if dated:
        return dated
    leaf = path.certificates[0].parsed
    presented = leaf.dns_names or leaf.common_names  # the CN counts where there is no DNS name (RFC 7672, 3.2.3)
    if any(covers(presented, name) for name in names):
        # Of the authority that is pinned the dates are nobody's concern but, perhaps, Exchange Online's.
        dated = _dates(record, path.certificates[-1:], at)
        return dated._replace(others_accept=dated.outcome == "dates") if dated else Fit("match", record)
    if leaf.names_unreadable:
        return Fit("unreadable", record, f"the names cannot be read: {leaf.names_unreadable}")
    return Fit("name", record, f"it names {', '.join(presented[:8]) or 'nobody'}, not {' or '.join(names)}", NAME)


def _dates(record: Tlsa, certificates: Iterable[Certificate], at: datetime) -> Fit | None:
    """What is wrong with the dates, the leaf's first; None where they hold."""
    for certificate in certificates:
        parsed = certificate.parsed
        if parsed.dates_unreadable:
            return Fit("unreadable", record, f"the dates of {parsed.label} cannot be read")
        if at > parsed.not_after:
            return Fit("dates", record, f"{parsed.label} expired on {parsed.not_after:%Y-%m-%d %H:%M} UTC", EXPIRED)
        if at < parsed.not_before:
            return Fit(
                "dates",
                record,
                f"{parsed.label} is not valid before {parsed.not_before:%Y-%m-%d %H:%M} UTC",
                NOT_YET_VALID,
            )
    return None


def _mismatch(
    records: Sequence[Tlsa],
    deciding: Sequence[Tlsa],
    fits: Sequence[Fit],
    sent: Sequence[Certificate],
    known: Iterable[Certificate],
) -> Fit:
    """Why none fits: one that would, were no stronger digest beside it; an authority that is not sent; a bad chain."""
    passed_over = [record for record in records if record.unusable is None and record not in deciding]
    weaker = next(
        (
            record
            for record in passed_over
            if any(map(record.fits, sent[:1] if record.usage == END_ENTITY else sent[1:]))
        ),
        None,
    )
    if weaker:
        why = f"{weaker.fields} fits and does not count beside a stronger digest of the same usage and selector"
        return Fit("mismatch", weaker, why)
    explained = next((fitted for fitted in fits if fitted.why), None)
    if explained:
        return explained
    of_authorities = [record for record in deciding if record.usage == TRUST_ANCHOR]
    for certificate in known:
        meant = next((record for record in of_authorities if record.fits(certificate)), None)
        if meant and certificate not in sent:
            return Fit("mismatch", meant, f"it pins {certificate.parsed.label}, which is not sent", MISMATCH)
    return Fit("mismatch", code=MISMATCH)
