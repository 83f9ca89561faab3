"""What CRLs and OCSP answers are judged by alike: the moment, an opinion, freshness, names and words."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from msgspec import Struct
from msgspec.structs import replace

from certready.model.report import Status
from certready.x509.certificate import UNREADABLE
from certready.x509.names import comparable

# What reading hostile structures through cryptography may raise.
MISREAD = (*UNREADABLE, x509.DuplicateExtension, OverflowError)

# The contract's order for one certificate: an authenticated "revoked" wins, then one "good" is enough, then the best
# description of why not.
ORDER: tuple[Status, ...] = (
    "revoked",
    "good",
    "unknown",
    "stale",
    "invalid",
    "unreachable",
    "not-checkable",
    "skipped",
)


ON_HOLD = "certificateHold"
# An answer fetched during the run may be dated after its start, by a clock that is not ours; OpenSSL allows as much.
SKEW = timedelta(minutes=5)


class Moment(Struct, frozen=True):
    """When the answer is judged: ``at``, and ``skew``, by how much a clock elsewhere may run ahead of ours."""

    at: datetime
    skew: timedelta = timedelta(0)

    def reached(self, date: datetime) -> bool:
        """Whether that date lies in the past at this moment."""
        return date <= self.at + self.skew


class Opinion(Struct, frozen=True):
    """What one answer is worth, and why: ``detail`` is a sentence. ``scope`` is set for an authentic list that was made
    by the moment of judgement: whatever is equal for lists that replace each other."""

    status: Status
    detail: str
    this_update: datetime | None = None
    next_update: datetime | None = None
    revoked_at: datetime | None = None
    reason: str | None = None
    scope: Hashable | None = None


def superseded(opinions: Sequence[Opinion]) -> tuple[Opinion, ...]:
    """The opinions in their order, an older list stale where a newer one of the same scope is there as well. What an
    older one revoked for any reason but a hold stays revoked: only a hold may be lifted (RFC 5280, 5.3.1)."""
    if len(opinions) < 2:
        return tuple(opinions)
    newest: dict[Hashable, datetime] = {}
    for opinion in opinions:
        if opinion.scope is not None and opinion.this_update is not None:
            newest[opinion.scope] = max(opinion.this_update, newest.get(opinion.scope, opinion.this_update))
    return tuple(_after(opinion, newest.get(opinion.scope)) for opinion in opinions)


def _after(opinion: Opinion, newest: datetime | None) -> Opinion:
    """One opinion, where the newest list of its scope was made at ``newest``."""
    older = newest is not None and opinion.this_update is not None and opinion.this_update < newest
    if newest is None or not older or (opinion.status == "revoked" and opinion.reason != ON_HOLD):
        return opinion
    detail = f"A newer list, of {when(newest)}, replaces this one, which said: {opinion.detail}"
    return replace(opinion, status="stale", detail=detail)


def best(opinions: Iterable[Opinion]) -> Opinion:
    """The opinion that stands, by the contract's order."""
    return min(opinions, key=lambda opinion: ORDER.index(opinion.status))


def when(date: datetime) -> str:
    """A moment for people: "2026-11-21 09:00 UTC"."""
    return f"{date.isoformat(sep=' ', timespec='minutes')[:16]} UTC"


def timely(opinion: Opinion, moment: Moment, *, without_next: timedelta | None) -> Opinion:
    """A good opinion, or why its dates do not let it stand (RFC 5280, 6.3.3; RFC 6960, 4.2.2.1).

    ``without_next`` is how long an answer without nextUpdate counts after thisUpdate; None: for ever, as Windows
    takes a CRL. There is no grace after nextUpdate, as in CryptoAPI by default.
    """
    this, following = opinion.this_update, opinion.next_update
    if this is None or not moment.reached(this):
        made = f"made at {when(this)}" if this else "without a date"
        detail = f"The answer was {made}, which is later than the moment asked about, {when(moment.at)}."
        return replace(opinion, status="unknown", detail=detail)
    if following is None:
        if without_next is not None and this + without_next < moment.at:
            detail = f"The answer gives no nextUpdate and is {(moment.at - this).days} days old, made at {when(this)}."
            return replace(opinion, status="stale", detail=detail)
        return replace(opinion, detail=f"{opinion.detail} The answer of {when(this)} gives no nextUpdate.")
    if following < moment.at:
        detail = f"The answer is out of date: it was good until {when(following)} and is judged at {when(moment.at)}."
        return replace(opinion, status="stale", detail=detail)
    return replace(opinion, detail=f"{opinion.detail} The answer of {when(this)} stands until {when(following)}.")


def revoked(opinion: Opinion, moment: Moment) -> Opinion:
    """A revocation, weighed against the moment. One whose date lies ahead, or cannot be read, is one all the same: the
    issuer has said that the certificate is not to be used.

    An old answer that says "revoked" still counts, because a revocation is final; only certificateHold may be lifted
    again (RFC 5280, 5.3.1), so a hold in an answer that is out of date is stale.
    """
    date = opinion.revoked_at
    why = f", reason {opinion.reason}" if opinion.reason else ", without a reason"
    said = f"Revoked at {when(date)}{why}." if date else f"Revoked{why}, at a date that cannot be read."
    if date is not None and not moment.reached(date):
        said = f"Revoked from {when(date)} on{why}, which lies after the moment asked about, {when(moment.at)}."
    if opinion.reason == ON_HOLD and opinion.next_update and opinion.next_update < moment.at:
        detail = f"It is out of date since {when(opinion.next_update)}, and a hold may be lifted. It said: {said}"
        return replace(opinion, status="stale", detail=detail)
    return replace(opinion, status="revoked", detail=said)


def same_name(name: x509.Name, other: bytes) -> bool:
    """Whether two Names, the other in DER, are the same, as RFC 5280, 7.1 compares them: whatever the string type, case
    and spaces."""
    return same_der(name.public_bytes(), other)


def same_der(der: bytes, other: bytes) -> bool:
    """The same of two Names in DER."""
    return der == other or comparable(der) == comparable(other)


def web_page(body: bytes) -> bool:
    """Whether this is HTML or XML rather than an answer: what proxies and captive portals put in its place."""
    return body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def not_an_answer(body: bytes, what: str) -> Opinion:
    """Why bytes that should be ``what`` cannot be read."""
    if not body.strip():
        return Opinion("invalid", f"The answer is empty where {what} should be.")
    if web_page(body):
        return Opinion("invalid", f"The answer is a web page, perhaps of a proxy, and not {what}.")
    return Opinion("invalid", f"The answer is not {what} that can be read.")
