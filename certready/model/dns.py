"""What DNS answered, as it came: raw, so that its signatures can be verified again whenever it is judged."""

from __future__ import annotations

from msgspec import Struct


class DnsAnswer(Struct, frozen=True):
    """One question and its answer: ``name`` without a final dot ("." for the root), ``kind`` such as "TLSA".

    ``wire`` is the message as received, None where none came; ``error`` then says why, a clause.
    """

    name: str
    kind: str
    wire: bytes | None = None
    error: str | None = None
