"""How many certificate files a second a fleet checks on one core, where the time goes, what a second process adds, and
how much memory many lines take.

    python benchmarks/files.py [--files 1000] [--runs 5] [--lines 100000]

Each file is a chain of two below a private root, judged in full for an inbound connector, with the lists of its CAs at
hand. What certready keeps of earlier turns is emptied before each of them, and Python looks for garbage as seldom as in
the installed command. "one process" are the threads that
``--processes 1`` works with, "two processes" the workers of ``--processes 2``, which are up already. Nothing passes or
fails here.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TypeVar

from caches import forget
from cryptography import x509
from cryptography.x509 import verification

from certready import fleet
from certready.bundle import loading
from certready.case import Case
from certready.demo.pki import Authority
from certready.fleet import lines
from certready.fleet.schedule import scheduled
from certready.fleet.work import TOGETHER, check
from certready.fleet.workers import GC_THRESHOLD, Workers
from certready.gathering import Supplied, gathering
from certready.judging import judging
from certready.model import Bundle
from certready.model.report import Report
from certready.net.executor import DaemonExecutor
from certready.roots.stores import load as load_roots
from certready.steps import Steps

S = TypeVar("S")
T = TypeVar("T")
BARE = "cryptography alone (leaf, signature)"
DEFAULTS = fleet.Keys(inbound=("*.contoso.com",), accepted_domains=("contoso.com",))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000, metavar="N", help="files (default 1000)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="timed runs of each (default 5)")
    parser.add_argument("--lines", type=int, default=0, metavar="N", help="lines of a run whose memory is measured")
    arguments = parser.parse_args()
    gc.set_threshold(GC_THRESHOLD)
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
    """The CPU time of each part of one file, where so many are held at once as in a fleet, and of what cryptography
    alone would take for it."""
    forget()
    given = setup(directory)
    planner = fleet.Planner(given, DEFAULTS, Path())
    bare = alone_by_cryptography(directory, given.now)
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[S], T], noun: S) -> T:
        began = time.process_time()
        done = work(noun)
        spent[name] = spent.get(name, 0.0) + time.process_time() - began
        return done

    def cases(pairs: Sequence[tuple[fleet.Job, Bundle]]) -> list[Case]:
        how = {"now": given.now, "roots": given.roots, "fetcher": None, "named": True, "others": tuple}
        return together(
            [
                gathering(bundle, job.tenant, options=job.options, supplied=given.supplied, **how)  # type: ignore[arg-type]
                for job, bundle in pairs
            ]
        )

    def records(pairs: Sequence[tuple[fleet.Job, Report]]) -> list[bytes]:
        results = [fleet.Result(job.line, job.digest, given.now, report) for job, report in pairs]
        return [lines.encoded(lines.document(result)) for result in results]

    for at in range(0, len(inventory.lines), TOGETHER):
        group = inventory.lines[at : at + TOGETHER]
        jobs = timed("plan (keys, file, connector, digest)", lambda some: list(planner.jobs(some)), group)
        loads = [loading(job.files) for job in jobs]
        bundles = timed("open (PEM, certificates, leaves)", together, loads)
        gathered = timed("gather (path, signatures, what to ask)", cases, list(zip(jobs, bundles, strict=True)))
        work = [judging(case) for case in gathered]
        reports = timed("judge (checks, revocation, weights)", together, work)
        timed("record (JSON line)", records, list(zip(jobs, reports, strict=True)))
        leaves = [bundle.chains[0].leaf_certificate.der for bundle in bundles]
        timed(BARE, lambda some: [bare(der) for der in some], leaves)
    least = spent.pop(BARE)
    whole, count = sum(spent.values()), len(inventory.lines)
    rows = [f"{name:40}{part / count * 1e6:8.0f}{part / whole:7.0%}" for name, part in spent.items()]
    rows.append(f"{BARE:40}{least / count * 1e6:8.0f}{least / whole:7.0%}")
    return "\n".join([f"{'one file':40}us of CPU   part", *rows])


def together(work: Sequence[Steps[T]]) -> list[T]:
    """What these pieces of work come to, each step taken for all of them before the next is, as a fleet does it."""
    done: dict[int, T] = {}
    while len(done) < len(work):
        for number, piece in enumerate(work):
            try:
                if number not in done:
                    next(piece)
            except StopIteration as end:
                done[number] = end.value
    return [done[number] for number in range(len(work))]


def alone_by_cryptography(directory: Path, now: datetime) -> Callable[[bytes], None]:
    """A reading of a leaf by cryptography's own calls: its extensions and names, and that its issuer signed it."""
    issuing = x509.load_pem_x509_certificates((directory / "0.pem").read_bytes())[1]
    builder = verification.PolicyBuilder().time(now).store(verification.Store([issuing]))
    verifier = builder.build_client_verifier()

    def read(der: bytes) -> None:
        leaf = x509.load_der_x509_certificate(der)
        leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        leaf.subject.rfc4514_string()
        leaf.issuer.rfc4514_string()
        leaf.public_key()
        verifier.verify(leaf, [])

    return read


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
