"""A tenant's connectors and accepted domains: read from an export, chosen from, and asked about."""

from __future__ import annotations

from certready.tenant.accepted import Acceptance, acceptance, accepted_above
from certready.tenant.choose import Selection, candidates, find, from_options, select, selection, value_of
from certready.tenant.load import load

__all__ = [
    "Acceptance",
    "Selection",
    "acceptance",
    "accepted_above",
    "candidates",
    "find",
    "from_options",
    "load",
    "select",
    "selection",
    "value_of",
]
