"""How many certificate files a second a fleet checks on one core, where the time goes, what a second process adds, and
how much memory many lines take.

    python benchmarks/files.py [--files 1000] [--runs 5] [--lines 100000]

Each file is a chain of two below a private root, judged in full for an inbound connector, with the lists of its CAs at
hand. What certready keeps of earlier turns is emptied before each of them. "one process" are the threads that
``--processes 1`` works with, "two processes" the workers of ``--processes 2``, which are up already. Nothing passes or
fails here.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TypeVar

from caches import forget

from certready import fleet
from certready.bundle import load_files
from certready.demo.pki import Authority
from certready.fleet import lines
from certready.fleet.schedule import scheduled
from certready.fleet.work import check
from certready.fleet.workers import Workers
from certready.gathering import Supplied, gather
from certready.judging import judge
from certready.net.executor import DaemonExecutor
from certready.roots.stores import load as load_roots

T = TypeVar("T")
DEFAULTS = fleet.Keys(inbound=("*.contoso.com",), accepted_domains=("contoso.com",))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000, metavar="N", help="files (default 1000)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="timed runs of each (default 5)")
    parser.add_argument("--lines", type=int, default=0, metavar="N", help="lines of a run whose memory is measured")
    arguments = parser.parse_args()
    system = f"Python {platform.python_version()}, cryptography {version('cryptography')}, {platform.system()}"
    print(f"{system}, {os.cpu_count()} cores, median of {arguments.runs}")
    with tempfile.TemporaryDirectory(prefix="certready-benchmark-") as name:
        directory = Path(name)
        inventory = made(directory, arguments.files)
        rates: dict[str, list[float]] = {"in process, CPU": [], "one process": [], "two processes": []}
        for turn in range(arguments.runs + 1):
            measured = (alone(directory, inventory), threads(directory, inventory), spread(directory, inventory, 2))
            if turn:
                for found, value in zip(rates.values(), measured, strict=True):
                    found.append(value)
        for contender, rate in rates.items():
            print(f"{contender:18}{median(rate):7.0f} files/s  ({min(rate):.0f} to {max(rate):.0f})")
        print(f"{'two against one':18}{median(rates['two processes']) / median(rates['one process']):7.2f} times")
        print(parts(directory, inventory))
        if arguments.lines:
            print(memory(directory, inventory, arguments.lines))


def made(directory: Path, count: int) -> fleet.Inventory:
    """So many files, and the lines for them."""
    root = Authority.root(crl_url="http://crl.example.test/root.crl")
    issuing = root.intermediate(crl_url="http://crl.example.test/issuing.crl")
    (directory / "root.pem").write_bytes(root.pem)
    (directory / "root.crl").write_bytes(root.crl())
    (directory / "issuing.crl").write_bytes(issuing.crl())
    for number in range(count):
        (directory / f"{number}.pem").write_bytes(issuing.issue(f"mail{number}.contoso.com").chain_pem)
    return fleet.Inventory(
        tuple(
            fleet.Line(number, f"gw{number}", fleet.Keys(target=str(directory / f"{number}.pem")))
            for number in range(count)
        )
    )


def setup(directory: Path) -> fleet.Setup:
    crls = tuple((directory / name).read_bytes() for name in ("issuing.crl", "root.crl"))
    roots = load_roots(str(directory / "root.pem"))
    return fleet.Setup(datetime.now(UTC).replace(microsecond=0), roots, supplied=Supplied(crls=crls))


def alone(directory: Path, inventory: fleet.Inventory) -> float:
    """Files for each second of CPU time, read, judged and written down in this thread."""
    forget()
    given = setup(directory)
    began = time.process_time()
    planner = fleet.Planner(given, DEFAULTS, Path())
    results = check(given, list(planner.jobs(inventory.lines)))
    records = [lines.encoded(lines.document(result)) for result in results]
    assert {result.verdict for result in results} == {"ready"}
    return len(records) / (time.process_time() - began)


def threads(directory: Path, inventory: fleet.Inventory) -> float:
    """Files a second by the threads of this process."""
    forget()
    began = time.perf_counter()
    results = fleet.run(inventory, setup(directory), defaults=DEFAULTS)
    count = sum(len(lines.encoded(lines.document(result))) > 0 for result in results)
    return count / (time.perf_counter() - began)


def parts(directory: Path, inventory: fleet.Inventory) -> str:
    """The CPU time of each part of one file, of all files one after another."""
    forget()
    given = setup(directory)
    planner = fleet.Planner(given, DEFAULTS, Path())
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        began = time.process_time()
        done = work()
        spent[name] = spent.get(name, 0.0) + time.process_time() - began
        return done

    for line in inventory.lines:
        job = timed("plan (keys, file, connector, digest)", lambda line=line: planner.job(line))  # type: ignore[misc]
        bundle = timed("open (PEM, certificates, leaves)", lambda job=job: load_files(list(job.files)))  # type: ignore[misc]
        evidence = timed(
            "gather (path, signatures, what to ask)",
            lambda bundle=bundle, job=job: gather(  # type: ignore[misc]
                bundle, job.tenant, now=given.now, roots=given.roots, options=job.options, supplied=given.supplied
            ),
        )
        report = timed("judge (checks, revocation, weights)", lambda evidence=evidence: judge(evidence))  # type: ignore[misc]
        result = fleet.Result(job.line, job.digest, given.now, report)
        timed("record (JSON line)", lambda result=result: lines.encoded(lines.document(result)))  # type: ignore[misc]
    whole, count = sum(spent.values()), len(inventory.lines)
    rows = [f"{name:40}{part / count * 1e6:8.0f}{part / whole:7.0%}" for name, part in spent.items()]
    return "\n".join([f"{'one file':40}us of CPU   part", *rows])


def spread(directory: Path, inventory: fleet.Inventory, processes: int) -> float:
    """Files a second, with so many worker processes that are up already."""
    with Workers(processes) as pool:
        given = setup(directory)
        warm = list(fleet.Planner(given, DEFAULTS, Path()).jobs(inventory.lines[:1]))
        for future in [pool.submit(check, given, warm) for _ in range(processes * 4)]:
            future.result()
        began = time.perf_counter()
        results = fleet.run(inventory, given, defaults=DEFAULTS, executor=pool, workers=processes)
        count = sum(len(lines.encoded(lines.document(result))) > 0 for result in results)
        return count / (time.perf_counter() - began)


def memory(directory: Path, inventory: fleet.Inventory, count: int) -> str:
    """What so many lines take more than the first tenth of them."""
    given = setup(directory)
    planner = fleet.Planner(given, DEFAULTS, Path())

    def many() -> Iterator[fleet.Line]:
        for number in range(count):
            yield inventory.lines[number % len(inventory.lines)]

    pool = DaemonExecutor(2, "benchmark")
    early = 0
    for number, result in enumerate(scheduled(planner.jobs(many()), given, pool), 1):
        lines.encoded(lines.document(result))
        if number == count // 10:
            early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    late = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{count} lines: {early // 1024} MiB after a tenth of them, {late // 1024} MiB after all"


if __name__ == "__main__":
    main()
