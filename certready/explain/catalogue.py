"""Every entry of the catalogue, in the order in which equals are listed."""

from __future__ import annotations

from certready.explain import delivery, events, hybrid, inbound, mta, outbound, routing, schannel, sending, symptoms
from certready.explain.model import Entry

CATALOGUE: tuple[Entry, ...] = (
    *inbound.ENTRIES,
    *routing.ENTRIES,
    *sending.ENTRIES,
    *hybrid.ENTRIES,
    *outbound.ENTRIES,
    *delivery.ENTRIES,
    *events.ENTRIES,
    *schannel.ENTRIES,
    *mta.ENTRIES,
    *symptoms.ENTRIES,
)
