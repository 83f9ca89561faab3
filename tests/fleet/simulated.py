"""A fleet's run of very many lines, of which each is checked by nobody: ``python -m tests.fleet.simulated FOLDER COUNT
MEBIBYTES``. All else is real: the inventory is read, each line planned, written down and summed up, in a process that
may have so much memory and no more."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from certready.cli.fleet_book import Book, log_to
from certready.cli.progress import Progress
from certready.demo.pki import now
from certready.fleet import Inventory, Job, Keys, Planner, Result, Setup
from certready.fleet.lines import Earlier
from certready.fleet.schedule import scheduled
from certready.gathering import Supplied
from certready.roots.stores import load as load_roots


class Simulated(Executor):
    """Checks each file once, and answers the same for every other line that names it."""

    def __init__(self) -> None:
        self._known: dict[bytes, Result] = {}

    def submit(self, function: Callable[..., Any], /, setup: Setup, jobs: Sequence[Job]) -> Future[Any]:  # type: ignore[override]
        future: Future[Any] = Future()
        future.set_result([self._result(function, setup, job) for job in jobs])
        return future

    def _result(self, check: Callable[..., Any], setup: Setup, job: Job) -> Result:
        content = job.files[0][1]
        if content not in self._known:
            (self._known[content],) = check(setup, (job,))
        return replace(self._known[content], line=job.line, digest=job.digest)


def main(folder: Path, count: int, mebibytes: int) -> int:
    """The exit code of the run."""
    resource.setrlimit(resource.RLIMIT_DATA, (mebibytes << 20, mebibytes << 20))
    rows = (f"gateway {number},{('good', 'expired')[number % 2]}.pem,owner {number % 7}\n" for number in range(count))
    (folder / "inventory.csv").write_text("name,target,x_owner\n" + "".join(rows), "ascii")
    lists = tuple((folder / name).read_bytes() for name in ("issuing.crl", "root.crl"))
    setup = Setup(now(), load_roots(str(folder / "root.pem")), supplied=Supplied(crls=lists))
    inventory = Inventory.load(folder / "inventory.csv")
    destinations = (("jsonl", Path("/dev/null")), ("json", folder / "run.json"), ("text", folder / "run.txt"))
    logs = log_to(destinations, None)
    book = Book("inventory.csv", inventory, setup, destinations, logs, before=None)
    planner = Planner(setup, Keys(outbound=("mail.contoso.com",), role="server"), folder, book.note)
    jobs = book.unfinished(planner.jobs(inventory.lines), Earlier({}), timedelta(days=1))
    book.fill(scheduled(jobs, setup, Simulated()), Progress(None))
    return book.conclude()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
