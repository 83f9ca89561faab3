"""What holds for every line of a run, and what becomes of it in the process that works: one root store, one fetcher,
one set of TLS contexts."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple
from uuid import uuid4

from msgspec import Struct, field, structs

from certready.fleet.sharing import Networks, SharedFetcher, SharedMail, SharedNames, SharedPromises
from certready.gathering import Supplied
from certready.model import Evidence, Fetcher, Limits, Options, RootStore
from certready.net.gateway import How
from certready.net.handshake import SharedContext
from certready.net.mx import Mail

PER_NETWORK = 8


def no_fetcher() -> None:
    """For a run that never touches the network for what certificates point to."""
    return


class Setup(Struct, frozen=True, eq=False):
    """What holds for every line. It travels to other processes, so that everything in it can be pickled.

    Args:
        now: the one moment of the run, aware.
        roots: the root store, read once.
        options: of judging; a line's keys go before its role, hostname and the like.
        fetcher: makes what fetches revocation answers and issuers, once in each process; None of it: nothing is asked.
        others: gives the root stores to compare with, as ``certready.check`` takes them.
        supplied: intermediates, CRLs and OCSP answers at hand.
        how: hosts are asked; protocol and server name are a line's.
        token: tells this run from others of the same process.
        promises: completes evidence by what a mail domain promises (a ``Promised`` of the plan says what), by what the
            lines of the process share; None: a line that asks for it is in error.
        per_network: lines at once for one network (a /24 of IPv4, a /48 of IPv6), in each process.
        clock: gives the present, aware: what is gathered late in a long run may be younger than ``now``.
    """

    now: datetime
    roots: RootStore
    options: Options = field(default_factory=Options)
    fetcher: Callable[[], Fetcher | None] = no_fetcher
    others: Callable[[], Sequence[RootStore]] = tuple
    supplied: Supplied = field(default_factory=Supplied)
    how: How = How()
    promises: Callable[[Evidence, Any, SharedPromises], Evidence] | None = None
    clock: Callable[[], datetime] | None = None
    per_network: int = PER_NETWORK
    token: str = field(default_factory=lambda: uuid4().hex)

    def __post_init__(self) -> None:
        # How's own default is a read-only view, which cannot be pickled.
        structs.force_setattr(self, "how", self.how._replace(resolve=dict(self.how.resolve)))

    def limits(self, sha256: str) -> Limits | None:
        """What Microsoft's programme limits a root to, None where it is not the store or says nothing of it."""
        facts = getattr(self.roots, "facts", None)
        root = facts.find(sha256) if facts else None
        return root.limits if root else None

    def __hash__(self) -> int:
        return hash(self.token)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Setup) and other.token == self.token


class World(NamedTuple):
    """A setup opened: what its lines share in this process. ``turn`` is held while lines are worked on that wait for
    nobody: threads that interrupt each other in it take a quarter more time. A thread may take it again."""

    setup: Setup
    fetcher: Fetcher | None
    how: How
    others: Callable[[], Sequence[RootStore]]
    mail: Callable[[str, How], Mail]
    networks: Networks
    promises: SharedPromises
    turn: AbstractContextManager[object]


_opening = threading.Lock()  # of two threads that begin a run at once, the second waits for the first one's world


def opened(setup: Setup) -> World:
    """The world of this setup, the same one for every line of a run in this process. One that was forked from it has a
    world of its own: the threads and connections of the first are not there."""
    with _opening:
        return _opened(setup, os.getpid())


@lru_cache(maxsize=2)
def _opened(setup: Setup, _process: int) -> World:
    made = setup.fetcher()
    return World(
        setup,
        SharedFetcher(made) if made else None,
        setup.how._replace(look_up=SharedNames(), context=SharedContext()),
        lru_cache(maxsize=1)(partial(_read, setup)),
        SharedMail(),
        Networks(setup.per_network),
        SharedPromises(),
        threading.RLock(),
    )


def _read(setup: Setup) -> tuple[RootStore, ...]:
    return tuple(setup.others())
