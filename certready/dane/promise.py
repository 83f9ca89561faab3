"""What DNS promises about a mail host, and whether a chain keeps it. Pure, and without any DNS library."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import Struct

from certready.dane.matching import Fit, fit
from certready.dane.tlsa import Tlsa
from certready.model import Chain
from certready.x509.certificate import Certificate

State = Literal["records", "absent", "not-applied", "bogus", "unanswered", "unverified"]


class Promise(Struct, frozen=True):
    """What DNS promises about one mail host.

    ``state`` is "records" where proved records stand at ``owner`` (a name without a final dot, as in a zone), else why
    there are none or none that count; ``why`` is a clause. ``names`` are what a usage 2 is compared with. ``unread``
    counts records that are no TLSA records at all. Where DANE does not apply ``records`` are what stands there all the
    same. ``ttl`` is in seconds, ``until`` when the first of the signatures ends. ``dated`` says that nothing but
    the dates of signatures is wrong.
    """

    host: str
    state: State
    why: str = ""
    owner: str = ""
    names: tuple[str, ...] = ()
    records: tuple[Tlsa, ...] = ()
    unread: int = 0
    ttl: int | None = None
    until: datetime | None = None
    dated: bool = False


def compare(promise: Promise, chain: Chain, at: datetime, known: Iterable[Certificate] = ()) -> Fit:
    """How a chain fits the records of a host, of which there has to be one; ``known`` as for :func:`fit`."""
    return fit(promise.records, presented(chain), promise.names, at, known)


def presented(chain: Chain) -> tuple[Certificate, ...]:
    """The certificates of a chain as TLSA records are compared with them: the leaf, then what is sent beside it."""
    leaf = chain.leaf_certificate
    return (leaf, *(certificate for certificate in chain.certificates if certificate != leaf))
