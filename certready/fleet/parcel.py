"""What travels to another machine and back: the setup once, jobs without files, paths and passwords, and their results.

Whoever passes it on needs no certready: to him it is bytes.
"""

from __future__ import annotations

import pickle
import platform
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import NamedTuple

from msgspec.structs import replace

from certready._version import __version__
from certready.errors import CertreadyError
from certready.fleet.inventory import Keys, Line, Problem
from certready.fleet.plan import Job
from certready.fleet.setup import Setup, opened
from certready.fleet.work import Result, checked, opening
from certready.roots.plain import whole
from certready.steps import finish

_NOBODY = Line(0, "", Keys())
_unpacking = threading.Lock()


def sealed(job: Job) -> Job:
    """The job as it leaves this machine: its files opened, of a private key only the digest of the public half left.

    Raises CertreadyError where they cannot be opened.
    """
    notes: list[str] = []
    return replace(
        job,
        line=_NOBODY,
        digest="",
        files=(),
        collected=None,
        password_env=None,
        password_file=None,
        bundles=finish(opening(job, notes)) if job.place is None else None,
        notes=tuple(notes),
        problem=None,
    )


def packed(jobs: Sequence[Job], moment: datetime) -> bytes:
    """Jobs that were :func:`sealed`, sent off at this moment."""
    return pickle.dumps((moment, tuple(jobs)))


class Answer(NamedTuple):
    """What came back: the version of certready and the machine that it is from, and the results, packed; of another
    version than was asked there are none."""

    version: str
    machine: str
    results: bytes = b""


class Run(NamedTuple):
    """A setup that has arrived on another machine: called with packed jobs it does them."""

    version: str
    setup: bytes

    @classmethod
    def of(cls, setup: Setup, workers: int) -> Run:
        """This setup with both root stores whole, because what stands in files stands in those of this machine, and
        with the share that each of so many workers has in what is asked of one network."""
        travelling = replace(
            setup,
            roots=whole(setup.roots),
            others=partial(tuple, tuple(map(whole, setup.others()))),
            clock=None,
            per_network=max(1, setup.per_network // workers),
        )
        return cls(__version__, pickle.dumps(travelling))

    def __call__(self, jobs: bytes) -> Answer:
        """What these jobs come to."""
        if self.version != __version__:
            return Answer(__version__, platform.node())
        results: list[Result] | Problem
        try:
            results = self._done(jobs)
        except CertreadyError as error:  # of the whole setup, such as a proxy of this machine's that is none
            results = Problem(error.message, error.hint, error.code)
        return Answer(__version__, platform.node(), pickle.dumps(results))

    def _done(self, jobs: bytes) -> list[Result]:
        moment: datetime
        moment, received = pickle.loads(jobs)  # noqa: S301 - Dask has unpickled what it came in
        with _unpacking:
            world = opened(_setup(self.setup))
        # The clock of whoever sent it, because no two machines agree about the time.
        arrived = time.monotonic()

        def clock() -> datetime:
            return moment + timedelta(seconds=time.monotonic() - arrived)

        return checked(world._replace(setup=replace(world.setup, clock=clock)), received)


def unpacked(answer: Answer, jobs: Sequence[Job]) -> list[Result]:
    """The results in an answer to these jobs. Raises CertreadyError where it holds none."""
    if answer.version != __version__:
        raise CertreadyError(
            f"The worker on {answer.machine} has certready {answer.version}, and this is certready {__version__}.",
            hint="Install one version everywhere, then go on with --resume.",
        )
    results: list[Result] | Problem = pickle.loads(answer.results)  # noqa: S301 - as above
    if isinstance(results, Problem):
        raise CertreadyError(f"On {answer.machine}: {results.error}", hint=results.hint)
    return [replace(result, line=job.line, digest=job.digest) for result, job in zip(results, jobs, strict=True)]


@lru_cache(maxsize=2)
def _setup(data: bytes) -> Setup:
    setup: Setup = pickle.loads(data)  # noqa: S301 - as above
    return setup
