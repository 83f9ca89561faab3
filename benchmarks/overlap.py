"""How long revocation of three certificates takes while each of four addresses takes its time, beside one address.

    python benchmarks/overlap.py [--runs 7] [--delay 0.2]

A chain of leaf, intermediate and root; leaf and intermediate each name an OCSP responder and a CRL, and every one of
the four answers only after the delay. The peer is the same check of a leaf that names one of them. Both take turns in
one process that has made its imports, and the median counts: overlapped, the ratio is about 1; one after another, it
would be 4. The servers run on 127.0.0.1 in a process of their own. Nothing passes or fails here.
"""

from __future__ import annotations

import argparse
import http.server
import os
import pickle
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from certready import bundle
from certready.demo.pki import Authority
from certready.gathering import check
from certready.model import Options, Root, RootStore, StoreInfo
from certready.net.http.fetcher import HttpFetcher
from certready.x509.certificate import Certificate


@dataclass(frozen=True)
class One:
    """A store of one root."""

    root: Root
    info: StoreInfo

    def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:  # noqa: ARG002 - there is one
        return (self.root,)

    def holds(self, certificate: Certificate) -> Root | None:
        """The one root, where this is it."""
        return self.root if certificate == self.root.certificate else None


@dataclass(frozen=True)
class Case:
    """A chain to check, the root it leads to, and how many addresses it names."""

    pem: bytes
    roots: RootStore
    addresses: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="timed runs of each (default 7)")
    parser.add_argument("--delay", type=float, default=0.2, metavar="S", help="seconds of each answer (default 0.2)")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.delay)
        return
    command = [sys.executable, __file__, "--serve", "--delay", str(arguments.delay)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(process.stdout.readline())
        pages, cases = prepare(f"http://127.0.0.1:{port}")
        pickle.dump(pages, process.stdin)
        process.stdin.flush()
        process.stdout.readline()
        times = measure(cases, max(1, arguments.runs))
    print(
        f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores, median of {arguments.runs}"
    )
    print(table(times, arguments.delay))


def prepare(url: str) -> tuple[dict[str, bytes], dict[str, Case]]:
    """What is served by path, and the two chains."""
    root = Authority.root("Benchmark Root", ocsp_url=f"{url}/root/ocsp", crl_url=f"{url}/root.crl")
    issuing = root.intermediate("Benchmark Issuing", ocsp_url=f"{url}/issuing/ocsp", crl_url=f"{url}/issuing.crl")
    leaf = issuing.issue("mail.contoso.example")
    lone = root.issue("mail.contoso.example", ocsp_urls=[])
    pages = {"/root.crl": root.crl(), "/issuing.crl": issuing.crl()}
    pages |= {"/root/ocsp": root.ocsp(issuing.x509), "/issuing/ocsp": issuing.ocsp(leaf.x509)}
    roots = One(Root(Certificate(root.der)), StoreInfo("benchmark", count=1))
    return pages, {"one address": Case(lone.chain_pem, roots, 1), "four addresses": Case(leaf.chain_pem, roots, 4)}


def serve(delay: float) -> None:
    """Say the port on stdout, take the pages from stdin, and serve them until stdin ends."""
    pages: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(delay)
            path = self.path if self.path in pages else self.path.rpartition("/")[0]
            self.send_response(200)
            self.send_header("Content-Length", str(len(pages[path])))
            self.end_headers()
            self.wfile.write(pages[path])

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    pages.update(pickle.load(sys.stdin.buffer))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.buffer.read()


def measure(cases: Mapping[str, Case], runs: int) -> dict[str, list[float]]:
    """Seconds of each run of each case, in turns, after one run of each that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(runs + 1):
        for name, case in cases.items():
            seconds = run(name, case)
            if turn:
                times[name].append(seconds)
    return times


def run(name: str, case: Case) -> float:
    """Seconds of one check. Ends the benchmark where not every address says good."""
    begin = time.perf_counter()
    report = check(
        bundle.load(case.pem),
        now=datetime.now(UTC).replace(microsecond=0),
        roots=case.roots,
        fetcher=HttpFetcher(allow_private=True),
        options=Options(certificate_only=True),
    )
    seconds = time.perf_counter() - begin
    if [result.status for result in report.revocation] != ["good"] * case.addresses:
        sys.exit(f"{name}: not every address said good, so its time means nothing.")
    return seconds


def table(times: Mapping[str, list[float]], delay: float) -> str:
    """One line a case: median, fastest and slowest in milliseconds, and the ratio to the first."""
    peer = median(next(iter(times.values())))
    lines = [f"{f'{delay * 1000:.0f} ms each':16}  median ms  fastest  slowest  ratio"]
    for name, seconds in times.items():
        shown = (median(seconds) * 1000, min(seconds) * 1000, max(seconds) * 1000)
        lines.append("{:16}  {:9.0f}  {:7.0f}  {:7.0f}  {:5.2f}".format(name, *shown, median(seconds) / peer))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
