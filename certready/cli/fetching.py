"""The fetcher that the network options ask for: guarded HTTP, with the user's cache in front of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from certready import directories
from certready.cli import files
from certready.cli.progress import Heard
from certready.cli.shared import Shared
from certready.errors import InputError, UsageError
from certready.model import Ask, Fetcher, Reply

if TYPE_CHECKING:
    from certready.model.budget import Budget

ANSWERS = "answers"
PROXY = "CERTREADY_PROXY"


def answers_directory() -> Path:
    """Where this user's answers are kept."""
    return directories.cache(os.environ) / ANSWERS


def fetcher(wanted: Shared, heard: Heard | None = None) -> Fetcher | None:
    """What answers for the options; None where nothing may be asked and nothing is kept.

    ``heard`` is told of answers as they come.

    Raises:
        UsageError: ``--proxy``, or what stands for it in the environment, is no URL of an HTTP proxy.
        InputError: ``--ca-bundle`` is no file of certificates.
    """
    proxy = chosen_proxy(wanted.proxy, os.environ)
    check_ca_bundle(wanted.ca_bundle)
    if wanted.offline and (wanted.no_cache or not directories.holds(answers_directory())):
        return None
    return Later(lru_cache(maxsize=1)(lambda: _fetcher(wanted, proxy, heard)))


class Later(Struct, frozen=True):
    """A fetcher that is made when something is asked, once: a run that asks nothing does not wait for its libraries."""

    make: Callable[[], Fetcher]

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        return self.make().fetch_all(asks)


def _fetcher(wanted: Shared, proxy: str | None, heard: Heard | None) -> Fetcher:
    from certready.model.budget import Budget

    budget = Budget()
    if wanted.offline:
        return _cached(None, wanted, proxy, budget)
    from certready.net.http.fetcher import HttpFetcher

    http = HttpFetcher(
        allow_private=wanted.allow_private,
        timeout=wanted.timeout,
        proxy=proxy,
        ca_bundle=str(wanted.ca_bundle) if wanted.ca_bundle else None,
        budget=budget,
        heard=heard,
    )
    return http if wanted.no_cache else _cached(http, wanted, proxy, budget)


def _cached(behind: Fetcher | None, wanted: Shared, proxy: str | None, budget: Budget) -> Fetcher:
    from certready.cache import CachingFetcher

    scope = _scope(wanted, proxy)
    return CachingFetcher(behind, answers_directory(), lambda: datetime.now(UTC), scope=scope, budget=budget)


def _scope(wanted: Shared, proxy: str | None) -> str | None:
    """The settings a failure depends on. A proxy's password must not be written down, so failures behind one that has
    a password are not kept."""
    if proxy and "@" in proxy:
        return None
    return repr((wanted.allow_private, wanted.timeout, proxy, str(wanted.ca_bundle)))


def chosen_proxy(typed: str | None, environment: Mapping[str, str]) -> str | None:
    """The proxy to go through: the one typed, else that of ``CERTREADY_PROXY``, which alone may hold a password,
    because every user of a machine can read the command lines on it.

    Raises UsageError where it is no URL of an HTTP proxy; the text does not repeat it.
    """
    proxy, place = (typed, "--proxy") if typed is not None else (environment.get(PROXY) or None, PROXY)
    if proxy is None:
        return None
    try:
        parts = urlsplit(proxy)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host or parts.path not in ("", "/") or parts.query:
        raise UsageError(f"{place} is no URL of an HTTP proxy.", hint="Write it as http://proxy.contoso.com:8080.")
    if typed is not None and "@" in parts.netloc:
        raise UsageError(
            "--proxy takes no user name and no password.",
            hint=f"Put the whole URL into the environment variable {PROXY} and leave --proxy out.",
        )
    return proxy


def check_ca_bundle(path: Path | None) -> None:
    """Raises InputError where the file cannot be read or holds no certificate in PEM."""
    if path is None:
        return
    from certready import bundle

    data = files.read(path)
    if b"-----BEGIN " not in data or not bundle.certificates(data, str(path)):
        raise InputError(f"{path} holds no certificate in PEM form.", hint="--ca-bundle names a PEM file of roots.")
