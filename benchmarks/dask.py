"""What a line costs on a Dask cluster, and what follows for large fleets.

    python benchmarks/dask.py [--endpoints 300] [--threads 16] [--runs 3]

The gateways and the server of their revocation lists are a process of their own on 127.0.0.1; so are the scheduler and
each worker. The same lines are checked by threads of this process, by one worker and by two, all in turns, and the
medians count. CPU is that of all threads of a process, whatever the machine does besides; bytes are counted on their
way between this process and the scheduler, connections and requests where they arrive. A record is packed by itself,
because those of one certificate are more alike than a fleet's. Nothing passes or fails here.
"""

from __future__ import annotations

import argparse
import gzip
import http.server
import json
import os
import platform
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil
from fleet import HOST, talk

from certready import fleet
from certready.demo.pki import Authority
from certready.fleet import lines
from certready.fleet.connecting import connected
from certready.net.gateway import How
from certready.net.http.fetcher import HttpFetcher
from certready.roots.stores import load as load_roots
from tests.fleet.cluster import Tap

sys.path.remove(str(Path(__file__).parent))  # where this file would be found instead of the package dask

REVOKED = 2000  # entries of the list: a middling CA's
SIZES = (10_000, 1_000_000, 10_000_000)
NIGHT = 8 * 3600.0  # seconds in which a fleet is to be done
WAIT = 1.5  # seconds that a line takes on the real network: distance, greetings, the slowest question


class Cost(NamedTuple):
    """Of one run, for each line: CPU seconds by process, bytes, connections; and requests of the run."""

    seconds: float
    client: float
    scheduler: float
    worker: float
    wire: float
    connections: float
    requests: int
    list_bytes: int
    record: float
    packed: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoints", type=int, default=300, metavar="N", help="gateways (default 300)")
    parser.add_argument("--threads", type=int, default=16, metavar="N", help="of each worker (default 16)")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="timed runs of each (default 3)")
    parser.add_argument("--serve", nargs=2, metavar=("DIRECTORY", "N"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(Path(arguments.serve[0]), int(arguments.serve[1]))
        return
    print(f"Python {platform.python_version()}, distributed {version('distributed')}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name, serving(Path(name), arguments.endpoints) as served:
        costs: dict[str, list[Cost]] = {"this process": [], "one worker": [], "two workers": []}
        for turn in range(arguments.runs + 1):
            for number, kind in enumerate(costs):
                cost = measured(Path(name), served, number, arguments.threads)
                costs[kind] += [cost] if turn else []  # the first is not counted
        middle = {kind: Cost(*(median(values) for values in zip(*some, strict=True))) for kind, some in costs.items()}
    print(table(middle))
    print(outlook(middle["two workers"], middle["this process"]))


# -- what is checked ------------------------------------------------------------------------------------------------


class Served:
    """The process of the gateways: their ``ports``, and what has arrived there so far."""

    def __init__(self, process: subprocess.Popen[str], ports: Sequence[int]) -> None:
        self._process, self.ports = process, ports

    def counts(self) -> dict[str, int]:
        """Connections to gateways, requests for lists, bytes of lists."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        counts: dict[str, int] = json.loads(self._process.stdout.readline())
        return counts


@contextmanager
def serving(directory: Path, count: int) -> Iterator[Served]:
    command = [sys.executable, __file__, "--serve", str(directory), str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield Served(process, json.loads(process.stdout.readline()))
        process.terminate()


def serve(directory: Path, count: int) -> None:
    """Gateways and lists; answers each line on standard input with the counts."""
    counts = {"connections": 0, "requests": 0, "bytes": 0}
    bodies: dict[str, bytes] = {}

    class Lists(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies[self.path]
            counts["requests"] += 1
            counts["bytes"] += len(body)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lists)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = f"http://127.0.0.1:{server.server_port}"
    root = Authority.root(crl_url=f"{place}/root.crl")
    issuing = root.intermediate(crl_url=f"{place}/issuing.crl")
    leaf = issuing.issue(HOST)
    bodies["/root.crl"] = root.crl()
    bodies["/issuing.crl"] = issuing.crl([(number, issuing.moment, None) for number in range(1, REVOKED + 1)])
    (directory / "root.pem").write_bytes(root.pem)
    (directory / "gateway.pem").write_bytes(leaf.chain_pem + leaf.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "gateway.pem")

    def accept(listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            counts["connections"] += 1
            threading.Thread(target=talk, args=(connection, context), daemon=True).start()

    listeners = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in range(count)]
    for listener in listeners:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
    print(json.dumps([listener.getsockname()[1] for listener in listeners]), flush=True)
    for _ in sys.stdin:
        print(json.dumps(counts), flush=True)


# -- how it is checked ------------------------------------------------------------------------------------------------


def measured(directory: Path, served: Served, workers: int, threads: int) -> Cost:
    """One run by so many workers, 0 for threads of this process."""
    setup = fleet.Setup(
        present(),
        load_roots(str(directory / "root.pem")),
        fetcher=partial(HttpFetcher, allow_private=True),
        how=How(sni=HOST),
    )
    inventory = fleet.Inventory(
        tuple(fleet.Line(port, str(port), fleet.Keys(target=f"127.0.0.1:{port}")) for port in served.ports)
    )
    run = partial(fleet.run, inventory, setup, defaults=fleet.Keys(outbound=(HOST,)), per_host=10_000)
    before = served.counts()
    if workers:
        with cluster(directory, workers, threads) as (processes, tap):
            executor = connected(tap.address, present, timeout=30)
            began, spent = time.perf_counter(), [cpu(one) for one in (None, *processes)]
            records = [lines.encoded(lines.document(one)) for one in run(executor=executor)]
            seconds = time.perf_counter() - began
            client, scheduler, *theirs = (cpu(one) - at for one, at in zip((None, *processes), spent, strict=True))
            executor.shutdown()
            wire = len(tap.heard)
    else:
        began, at = time.perf_counter(), cpu(None)
        records = [lines.encoded(lines.document(one)) for one in run(jobs=threads)]
        seconds, client = time.perf_counter() - began, cpu(None) - at
        scheduler, theirs, wire = 0.0, [], 0
    after = served.counts()
    assert all(b'"verdict":"ready"' in record.replace(b": ", b":") for record in records)
    count = len(records)
    return Cost(
        seconds / count,
        client / count,
        scheduler / count,
        sum(theirs) / count,
        wire / count,
        (after["connections"] - before["connections"]) / count,
        after["requests"] - before["requests"],
        after["bytes"] - before["bytes"],
        sum(map(len, records)) / count,
        sum(len(gzip.compress(record)) for record in records) / count,
    )


def present() -> datetime:
    return datetime.now(UTC)


def cpu(process: psutil.Process | None) -> float:
    """CPU seconds that a process has spent, None: this one."""
    times = (process or psutil.Process()).cpu_times()
    return float(times.user + times.system)


@contextmanager
def cluster(directory: Path, workers: int, threads: int) -> Iterator[tuple[list[psutil.Process], Tap]]:
    """A scheduler and so many workers, the processes in this order, and the way to the scheduler."""
    begin = [sys.executable, "-m"]
    loopback = ["--host", "127.0.0.1", "--no-dashboard"]
    started: list[subprocess.Popen[str]] = []

    def process(words: Sequence[str], ready: str) -> str:
        one = subprocess.Popen(
            [*begin, *words, *loopback], stderr=subprocess.PIPE, text=True, cwd=directory, env=environment(directory)
        )
        started.append(one)
        assert one.stderr
        said = next(line for line in one.stderr if ready in line)
        threading.Thread(target=one.stderr.read, daemon=True).start()
        return said.split()[-1]

    try:
        address = process(["distributed.cli.dask_scheduler", "--port", "0"], "Scheduler at:")
        for _ in range(workers):
            options = ["--nthreads", str(threads), "--no-nanny"]
            process(["distributed.cli.dask_worker", address, *options], "Registered to:")
        yield [psutil.Process(one.pid) for one in started], Tap(address)
    finally:
        for one in started:
            one.kill()
            one.wait()


def environment(directory: Path) -> dict[str, str]:
    here = str(Path(__file__).parents[1])
    return {**os.environ, "PYTHONPATH": here, "DASK_TEMPORARY_DIRECTORY": str(directory)}


# -- what it comes to -------------------------------------------------------------------------------------------------

COLUMNS: dict[str, Callable[[Cost], str]] = {
    "lines/s": lambda cost: f"{1 / cost.seconds:.0f}",
    "CPU here": lambda cost: f"{cost.client * 1000:.1f} ms",
    "scheduler": lambda cost: f"{cost.scheduler * 1000:.1f} ms",
    "workers": lambda cost: f"{cost.worker * 1000:.1f} ms",
    "wire": lambda cost: f"{cost.wire / 1000:.1f} kB",
    "connections": lambda cost: f"{cost.connections:.1f}",
    "list requests": lambda cost: f"{cost.requests}",
    "of lists": lambda cost: f"{cost.list_bytes / 1000:.0f} kB",
    "record": lambda cost: f"{cost.record / 1000:.1f} kB",
    "packed": lambda cost: f"{cost.packed / 1000:.2f} kB",
}


def table(costs: dict[str, Cost]) -> str:
    """A line for each way; CPU, wire, connections and records for each line of the inventory."""
    rows = [("", *COLUMNS), *((kind, *(show(cost) for show in COLUMNS.values())) for kind, cost in costs.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def outlook(cost: Cost, alone: Cost) -> str:
    """What fleets of some sizes come to by these costs, where a line takes WAIT seconds on the real network."""
    shown = [f"\nby these costs, a line being {WAIT} s on its way, to be done in {NIGHT / 3600:.0f} h:"]
    for size in SIZES:
        cores = size * cost.worker / NIGHT
        here = size * cost.client / 3600
        shown.append(
            f"{size:>10,} lines: {size / NIGHT:.1f}/s, {max(1, round(size / NIGHT * WAIT)):,} at once; workers' CPU "
            f"{size * cost.worker / 3600:.1f} h ({cores:.1f} cores); here {here:.1f} h; scheduler "
            f"{size * cost.scheduler / 3600:.1f} h; wire {size * cost.wire / 1e9:.2f} GB; records "
            f"{size * cost.record / 1e9:.2f} GB ({size * cost.packed / 1e9:.2f} packed); alone "
            f"{size * alone.client / 3600:.1f} h of one core"
        )
    return "\n".join(shown)


if __name__ == "__main__":
    main()
