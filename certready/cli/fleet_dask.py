"""fleet --dask: the way to the cluster, and the options that its workers go by."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from certready.cli import fetching, files, promises
from certready.cli.options import present
from certready.cli.shared import Shared
from certready.fleet import Setup
from certready.model import Evidence, Fetcher

if TYPE_CHECKING:
    from certready.fleet.cluster import Cluster
    from certready.fleet.plan import Promised
    from certready.fleet.sharing import SharedPromises

NAME = "content.pem"


def cluster(address: str, wanted: Shared, jobs: int | None, note: Callable[[str], None]) -> Cluster:
    """The cluster of this address. Raises CertreadyError where it cannot be reached."""
    from certready.fleet.connecting import connected

    logging.disable(logging.CRITICAL)  # what Dask logs about connections is said in one sentence where it matters
    return connected(address, present, timeout=wanted.timeout, jobs=jobs, note=note)


def travelling(setup: Setup, wanted: Shared, dns: promises.Resolving) -> Setup:
    """The setup for other machines: what its options name as files is read here. Raises CertreadyError."""
    fetching.check_ca_bundle(wanted.ca_bundle)
    there = There(
        Shared(
            timeout=wanted.timeout,
            proxy=wanted.proxy,
            allow_private=wanted.allow_private,
            offline=wanted.offline,
            no_cache=wanted.no_cache,
        ),
        files.read(wanted.ca_bundle) if wanted.ca_bundle else None,
        dns.server,
        files.read(dns.anchor, promises.ANCHOR_LIMIT) if dns.anchor else None,
    )
    return replace(setup, fetcher=there.fetcher, promises=there.promises)


class There(Struct, frozen=True):
    """The options of the network as they travel, with the content of the files that they name."""

    wanted: Shared
    ca_bundle: bytes | None
    dns: str | None
    dns_anchor: bytes | None

    def fetcher(self) -> Fetcher | None:
        """What answers on this machine, with its cache and its proxy. Raises CertreadyError."""
        return fetching.fetcher(self._here())

    def promises(self, evidence: Evidence, promised: Promised, known: SharedPromises) -> Evidence:
        """The evidence completed by what a mail domain promises. Raises CertreadyError."""
        anchor = _written(self.dns_anchor) if self.dns_anchor is not None else None
        return promises.of_line(promises.Resolving(self.dns, anchor), self._here(), evidence, promised, known)

    def _here(self) -> Shared:
        return replace(self.wanted, ca_bundle=_written(self.ca_bundle) if self.ca_bundle is not None else None)


@lru_cache(maxsize=4)
def _folder(content: bytes) -> tempfile.TemporaryDirectory[str]:
    """A folder with a file of this content in it; it goes when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="certready-")
    (Path(folder.name) / NAME).write_bytes(content)
    return folder


def _written(content: bytes) -> Path:
    """A file of this content, for libraries that take no bytes."""
    return Path(_folder(content).name) / NAME
