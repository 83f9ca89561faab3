"""What is asked over HTTP and what came of it, and whoever can ask."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct


class Ask(Struct, frozen=True):
    """One HTTP request: GET, or POST where there is a ``body``; at most ``limit`` bytes of answer are read.

    An OCSP question (``content_type`` application/ocsp-request) may be put by GET too. ``headers`` are sent as well.
    ``fresh`` asks that no cache answer.
    """

    url: str
    body: bytes | None = None
    content_type: str | None = None
    limit: int = 64 * 1024 * 1024
    headers: tuple[tuple[str, str], ...] = ()
    fresh: bool = False

    @property
    def host(self) -> str:
        """Whom the request is put to, with the port where the URL names one."""
        return self.url.partition("://")[2].partition("/")[0]


class Reply(Struct, frozen=True):
    """What became of an Ask: ``body`` of a 200 answer, or ``error``, a sentence, where there is none.

    ``status`` is the HTTP status where one came, ``validators`` the conditional headers (RFC 9110, 13.1) with which to
    ask whether the body is still current, ``note`` a sentence about how it was got, "" where there is nothing to say.
    ``date`` is what the server's clock said then (its Date header and the Age a cache adds, RFC 9110, 6.6.1), aware.
    """

    body: bytes | None
    error: str | None
    elapsed_ms: int
    source: Literal["network", "cache"] = "network"
    status: int | None = None
    validators: tuple[tuple[str, str], ...] = ()
    note: str = ""
    date: datetime | None = None


class Fetcher(Protocol):
    """Whatever can fetch: ``net.http.fetcher.HttpFetcher``, or a stand-in in a test. Never raises for a failure."""

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        """One Reply for each Ask, in order, all under way at the same time, each URL and body fetched once."""
