"""The nouns: frozen, picklable, bytes and text only.

Left of :class:`Evidence` the world is touched and nothing is judged; right of it everything is judged and nothing is
touched. Reports, and what verdicts are made of, are in ``model.report``, which gathering does not need.
"""

from __future__ import annotations

from certready.model.connector import AcceptedDomain, Connector, Direction, Level, MatchKind, Tenant
from certready.model.dialogue import Exchange, Rehearsal
from certready.model.dns import Dane, DnsAnswer
from certready.model.endpoint import Endpoint
from certready.model.evidence import (
    Answer,
    Bundle,
    Chain,
    Container,
    Elsewhere,
    Evidence,
    ExpiryWarning,
    Fault,
    Fetched,
    Known,
    Limits,
    Options,
    Origin,
    Planned,
    RevocationMode,
    Role,
    Root,
    RootStore,
    StoreInfo,
    Target,
)
from certready.model.fetch import Ask, Fetcher, Reply
from certready.model.mta_sts import MtaSts

__all__ = [
    "AcceptedDomain",
    "Answer",
    "Ask",
    "Bundle",
    "Chain",
    "Connector",
    "Container",
    "Dane",
    "Direction",
    "DnsAnswer",
    "Elsewhere",
    "Endpoint",
    "Evidence",
    "Exchange",
    "ExpiryWarning",
    "Fault",
    "Fetched",
    "Fetcher",
    "Known",
    "Level",
    "Limits",
    "MatchKind",
    "MtaSts",
    "Options",
    "Origin",
    "Planned",
    "Rehearsal",
    "Reply",
    "RevocationMode",
    "Role",
    "Root",
    "RootStore",
    "StoreInfo",
    "Target",
    "Tenant",
]
