"""The fetcher that the network options ask for: guarded HTTP, with the user's cache in front of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from certready import directories
from certready.cli import files
from certready.cli.shared import Shared
from certready.errors import InputError, UsageError
from certready.model import Ask, Fetcher, Reply

ANSWERS = "answers"


def answers_directory() -> Path:
    """Where this user's answers are kept."""
    return directories.cache(os.environ) / ANSWERS


def fetcher(wanted: Shared) -> Fetcher | None:
    """What answers for the options; None where nothing may be asked and nothing is kept.

    Raises:
        UsageError: ``--proxy`` is no URL of an HTTP proxy.
        InputError: ``--ca-bundle`` is no file of certificates.
    """
    check_proxy(wanted.proxy)
    check_ca_bundle(wanted.ca_bundle)
    if wanted.offline and (wanted.no_cache or not directories.holds(answers_directory())):
        return None
    return Later(lru_cache(maxsize=1)(lambda: _fetcher(wanted)))


class Later(NamedTuple):
    """A fetcher that is made when something is asked, once: a run that asks nothing does not wait for its libraries."""

    make: Callable[[], Fetcher]

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        return self.make().fetch_all(asks)


def _fetcher(wanted: Shared) -> Fetcher:
    if wanted.offline:
        return _cached(None, wanted)
    from certready.net.http.fetcher import HttpFetcher

    http = HttpFetcher(
        allow_private=wanted.allow_private,
        timeout=wanted.timeout,
        proxy=wanted.proxy,
        ca_bundle=str(wanted.ca_bundle) if wanted.ca_bundle else None,
    )
    return http if wanted.no_cache else _cached(http, wanted)


def _cached(behind: Fetcher | None, wanted: Shared) -> Fetcher:
    from certready.cache import CachingFetcher

    return CachingFetcher(behind, answers_directory(), lambda: datetime.now(UTC), scope=_scope(wanted))


def _scope(wanted: Shared) -> str | None:
    """The settings a failure depends on. A proxy's password must not be written down, so failures behind one that has
    a password are not kept."""
    if wanted.proxy and "@" in wanted.proxy:
        return None
    return repr((wanted.allow_private, wanted.timeout, wanted.proxy, str(wanted.ca_bundle)))


def check_proxy(proxy: str | None) -> None:
    """Raises UsageError where this is no URL of an HTTP proxy; the text does not repeat it, it may hold a password."""
    if proxy is None:
        return
    try:
        parts = urlsplit(proxy)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host or parts.path not in ("", "/") or parts.query:
        raise UsageError("--proxy is no URL of an HTTP proxy.", hint="Write it as http://proxy.contoso.com:8080.")


def check_ca_bundle(path: Path | None) -> None:
    """Raises InputError where the file cannot be read or holds no certificate in PEM."""
    if path is None:
        return
    from certready import bundle

    data = files.read(path)
    if b"-----BEGIN " not in data or not bundle.certificates(data, str(path)):
        raise InputError(f"{path} holds no certificate in PEM form.", hint="--ca-bundle names a PEM file of roots.")
