"""The nouns of a validated look-up in DNS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import dns.name
import dns.rdataset
from msgspec import Struct

from certready.model import DnsAnswer

Record = Any
"""A record of dnspython's: its attributes are those of its kind."""

Status = Literal["secure", "insecure", "unverified", "unanswered", "bogus"]
"""Proved by signatures; proved to be unsigned; neither could be told here; no answer; forged, or broken. From the best
to what weighs most along a chain of aliases."""
ORDER: tuple[Status, ...] = ("secure", "insecure", "unverified", "unanswered", "bogus")


def worse(status: Status, other: Status) -> Status:
    """The status that decides where both hold."""
    return max(status, other, key=ORDER.index)


Lookup = Callable[[str, str], DnsAnswer]
"""Gives the answer about a name (without a final dot, "." for the root) and a kind, such as "TLSA". May raise
:class:`PendingError`."""


class PendingError(Exception):
    """There is no answer yet: whoever looked something up does so again once it is there."""


class Zone(Struct, frozen=True):
    """A zone and its authenticated keys; of one that is not secure ``why`` is the reason, a clause. ``ends`` says that
    nothing stands below the name that was walked to."""

    name: dns.name.Name
    status: Status
    keys: dns.rdataset.Rdataset | None = None
    why: str = ""
    ends: bool = False
    dated: bool = False


class Found(Struct, frozen=True):
    """What DNS says of a name's records of a kind, and how far that can be trusted.

    ``records`` are empty where there are none ("nodata") or there is no such name ("nxdomain", both in ``denied``), or
    nothing is known. ``name`` is where the records stand, at the end of the aliases, as text without a final dot;
    ``alias`` is the status of the first alias, None where the name is none. ``why`` is a clause where it is not secure.
    ``dated`` says that nothing but the dates of signatures is wrong. ``ttl`` is in seconds, ``until`` the moment at
    which the first of the signatures ends.
    """

    status: Status
    records: tuple[Record, ...] = ()
    name: str = ""
    denied: Literal["", "nodata", "nxdomain"] = ""
    why: str = ""
    dated: bool = False
    alias: Status | None = None
    ttl: int | None = None
    until: datetime | None = None
