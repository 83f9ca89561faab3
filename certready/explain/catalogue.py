"""Every entry of the catalogue, in the order in which equals are listed."""

from __future__ import annotations

from certready.explain import inbound, outbound, sending, symptoms
from certready.explain.model import Entry

CATALOGUE: tuple[Entry, ...] = (*inbound.ENTRIES, *sending.ENTRIES, *outbound.ENTRIES, *symptoms.ENTRIES)
