"""What was asked about MTA-STS, and what came of it: bytes and text, nothing judged."""

from __future__ import annotations

from msgspec import Struct


class MtaSts(Struct, frozen=True):
    """The MTA-STS record and policy of a mail ``domain``, and the ``hosts`` that its MX names.

    ``texts`` are the TXT records at ``_mta-sts.<domain>``. ``hosts_error`` and ``texts_error`` are sentences where DNS
    did not tell. ``body`` is the policy as served at ``url`` with its ``media_type``, None where there is none;
    ``error`` then says why, a sentence, ``status`` is the HTTP status where one came.
    """

    domain: str
    hosts: tuple[str, ...] = ()
    hosts_error: str | None = None
    texts: tuple[str, ...] = ()
    texts_error: str | None = None
    url: str = ""
    body: bytes | None = None
    media_type: str = ""
    status: int | None = None
    error: str | None = None
