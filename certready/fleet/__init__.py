"""Many certificates, gateways and tenants in one run: an inventory in, a result for each line as it comes.

::

    from certready import fleet

    inventory = fleet.Inventory.load("inventory.csv")
    setup = fleet.Setup(now, certready.load_roots("microsoft"), fetcher=certready.HttpFetcher)
    for result in fleet.run(inventory, setup):
        print(result.line.name, result.verdict, result.problem)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from pathlib import Path

from certready.fleet.inventory import Inventory, Keys, Line, Problem
from certready.fleet.plan import Job, Planner
from certready.fleet.schedule import JOBS, PER_HOST, scheduled
from certready.fleet.setup import Setup
from certready.fleet.work import Result
from certready.net.executor import DaemonExecutor

__all__ = ["Inventory", "Job", "Keys", "Line", "Planner", "Problem", "Result", "Setup", "run"]


def run(
    lines: Inventory | Iterable[Line],
    setup: Setup,
    *,
    defaults: Keys = Keys(),  # noqa: B008 - frozen
    executor: Executor | None = None,
    jobs: int = JOBS,
    per_host: int = PER_HOST,
    workers: int | None = None,
    note: Callable[[str], None] = lambda _sentence: None,
) -> Iterator[Result]:
    """What each line comes to, in the order in which they are done; lines are taken as there is room for them.

    A target that cannot be reached, a file that cannot be read, a line that contradicts itself is that line's result.

    Args:
        lines: an inventory as :meth:`Inventory.load` reads it, or any lines, however many, whose files are relative to
            the working folder.
        setup: the moment, the root store, and what else holds for every line.
        defaults: keys for lines, and defaults of the inventory, that say nothing else.
        executor: any of :mod:`concurrent.futures`; None: threads of this process. It is not shut down.
        jobs: lines under way at once.
        per_host: of these, for one host.
        workers: how many tasks ``executor`` works on at once where each is a process; None: as many as ``jobs``.
        note: told a sentence about each oddity of a tenant file.

    Raises:
        CertreadyError: the executor lost a worker.
    """
    folder, each = (lines.folder, lines.lines) if isinstance(lines, Inventory) else (Path(), lines)
    planner = Planner(setup, defaults, folder, note)
    pool = executor or DaemonExecutor(jobs, "fleet")
    try:
        yield from scheduled(
            planner.jobs(each),
            setup,
            pool,
            at_once=jobs,
            per_host=per_host,
            workers=workers,
            room=getattr(executor, "room", None),
        )
    finally:
        if pool is not executor:
            pool.shutdown()
