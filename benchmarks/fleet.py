"""How many gateways a second a fleet checks beside sslyze's scanner and openssl, and where the time goes.

    python benchmarks/fleet.py [--endpoints 200] [--runs 3] [--sslyze /path/to/python]

The gateways listen on 127.0.0.1 in a process of their own, with P-256 certificates below an intermediate; every client
is pinned to one core. certready gives the full verdict (chain, dates, revocation by lists at hand, names, key, usage)
for an outbound connector; sslyze its certificate info, at the best of several concurrencies; openssl a process for
each of s_client, x509 and verify. All take turns, and the medians count. Nothing passes or fails here.
"""

from __future__ import annotations

import argparse
import gc
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
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from OpenSSL import SSL

from certready import fleet
from certready.demo.pki import Authority
from certready.fleet import lines
from certready.fleet.workers import GC_THRESHOLD
from certready.gathering import Supplied, gather
from certready.judging import judge
from certready.net.gateway import How, Node, fetch_many
from certready.net.handshake import SharedContext
from certready.net.offers import EVERYTHING, make_context
from certready.roots.stores import load as load_roots

HOST = "mail.contoso.example"
OPENSSL_RUNS = 30
CONCURRENCIES = (10, 20, 40)
SCRIPT = (
    "openssl s_client -starttls smtp -connect 127.0.0.1:{port} -servername {host} -showcerts </dev/null 2>/dev/null "
    ">out.txt; openssl x509 -in out.txt -noout -enddate -subject && openssl verify -CAfile root.pem -untrusted out.txt "
    "out.txt"
)
SSLYZE = """
import sys, time
from sslyze import *
ports, most = [int(word) for word in sys.argv[2:]], int(sys.argv[1])
began = time.perf_counter()
scanner = Scanner(concurrent_server_scans_limit=most)
scanner.queue_scans([
    ServerScanRequest(
        ServerNetworkLocation("{host}", port, "127.0.0.1"),
        ServerNetworkConfiguration("{host}", tls_opportunistic_encryption=ProtocolWithOpportunisticTlsEnum.SMTP),
        scan_commands={{ScanCommand.CERTIFICATE_INFO}},
    )
    for port in ports
])
seen = sum(
    one.scan_result is not None and one.scan_result.certificate_info.result is not None for one in scanner.get_results()
)
assert seen == len(ports), seen
print(time.perf_counter() - began)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoints", type=int, default=200, metavar="N", help="gateways (default 200)")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="timed runs of each (default 3)")
    parser.add_argument("--sslyze", type=Path, metavar="PYTHON", help="a Python that has sslyze")
    parser.add_argument("--serve", nargs=2, metavar=("DIRECTORY", "N"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(Path(arguments.serve[0]), int(arguments.serve[1]))
        return
    pin(0)
    gc.set_threshold(GC_THRESHOLD)  # as the command has it
    peer = f", sslyze {version_of(arguments.sslyze)}" if arguments.sslyze else ""
    print(
        f"Python {platform.python_version()}, cryptography {version('cryptography')}{peer}, {platform.system()}, "
        f"one core for each client, median of {arguments.runs}"
    )
    with tempfile.TemporaryDirectory(prefix="certready-benchmark-") as name:
        directory = Path(name)
        with serving(directory, arguments.endpoints) as ports:
            timed = contenders(directory, ports, arguments.sslyze)
            times: dict[str, list[float]] = {name: [] for name in timed}
            for turn in range(arguments.runs + 1):
                for contender, work in timed.items():
                    rate = work()
                    if turn:
                        times[contender].append(rate)
            print(table(times))
            print(parts(directory, ports[0]))


def version_of(python: Path) -> str:
    """Which sslyze that Python has."""
    code = "from importlib.metadata import version; print(version('sslyze'))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def pin(core: int) -> None:
    """This process and those it starts on one core, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core % (os.cpu_count() or 1)})


# -- the gateways -------------------------------------------------------------------------------------------------


def serve(directory: Path, count: int) -> None:
    """Run the gateways, say their ports on stdout, and end when stdin does."""
    pin(1)
    root = Authority.root("Benchmark Root", crl_url="http://crl.example/root.crl")
    issuing = root.intermediate("Benchmark Issuing", crl_url="http://crl.example/issuing.crl")
    leaf = issuing.issue(HOST)
    files = {
        "root.pem": root.pem,
        "gateway.pem": leaf.chain_pem + leaf.key_pem,
        "root.crl": root.crl(),
        "issuing.crl": issuing.crl(),
    }
    for name, data in files.items():
        (directory / name).write_bytes(data)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "gateway.pem")
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in range(count)]
    for listener in listeners:
        threading.Thread(target=accept, args=(listener, context), daemon=True).start()
    print(*(listener.getsockname()[1] for listener in listeners), flush=True)
    sys.stdin.read()


def accept(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection, context), daemon=True).start()


def talk(connection: socket.socket, context: ssl.SSLContext) -> None:
    """EHLO, STARTTLS, a handshake, and whatever comes until QUIT."""
    with connection, suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(10)
        connection.sendall(f"220 {HOST} ESMTP\r\n".encode())
        while (line := connection.recv(1000).upper()) and not line.startswith(b"STARTTLS"):
            if line.startswith(b"QUIT"):
                return
            connection.sendall(f"250-{HOST}\r\n250 STARTTLS\r\n".encode())
        connection.sendall(b"220 Go ahead\r\n")
        with context.wrap_socket(connection, server_side=True) as secured:
            while (line := secured.recv(1000).upper()) and not line.startswith(b"QUIT"):
                secured.sendall(f"250 {HOST}\r\n".encode())
            secured.sendall(b"221 Bye\r\n")


@contextmanager
def serving(directory: Path, count: int) -> Iterator[list[int]]:
    """The gateways in a process of their own; yields their ports."""
    command = [sys.executable, __file__, "--serve", str(directory), str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield [int(port) for port in process.stdout.readline().split()]


# -- who checks them ----------------------------------------------------------------------------------------------


def contenders(directory: Path, ports: Sequence[int], sslyze: Path | None) -> dict[str, Callable[[], float]]:
    """What is timed: each gives the gateways checked a second."""
    found: dict[str, Callable[[], float]] = {
        "certready fleet --gentle": lambda: certready(directory, ports, gentle=True),
        "certready fleet": lambda: certready(directory, ports, gentle=False),
        "openssl, a process each": lambda: openssl(directory, ports[:OPENSSL_RUNS]),
    }
    if sslyze:
        for most in CONCURRENCIES:
            found[f"sslyze, {most} at once"] = lambda most=most: scanned(sslyze, ports, most)  # type: ignore[misc]
    return found


def setup(directory: Path, *, gentle: bool) -> fleet.Setup:
    crls = tuple((directory / name).read_bytes() for name in ("issuing.crl", "root.crl"))
    return fleet.Setup(
        datetime.now(UTC).replace(microsecond=0),
        load_roots(str(directory / "root.pem")),
        supplied=Supplied(crls=crls),
        how=How(gentle=gentle, sni=HOST),
    )


def certready(directory: Path, ports: Sequence[int], *, gentle: bool) -> float:
    inventory = fleet.Inventory(
        tuple(fleet.Line(port, str(port), fleet.Keys(target=f"127.0.0.1:{port}")) for port in ports)
    )
    defaults = fleet.Keys(outbound=(HOST,))
    began = time.perf_counter()
    results = list(fleet.run(inventory, setup(directory, gentle=gentle), defaults=defaults, per_host=64))
    records = [lines.encoded(lines.document(result)) for result in results]
    seconds = time.perf_counter() - began
    assert len(records) == len(ports)
    assert {result.verdict for result in results} == {"ready"}
    return len(ports) / seconds


def openssl(directory: Path, ports: Sequence[int]) -> float:
    began = time.perf_counter()
    for port in ports:
        subprocess.run(SCRIPT.format(port=port, host=HOST), shell=True, check=True, cwd=directory, capture_output=True)
    return len(ports) / (time.perf_counter() - began)


def scanned(python: Path, ports: Sequence[int], most: int) -> float:
    code = SSLYZE.format(host=HOST)
    done = subprocess.run(
        [python, "-c", code, str(most), *map(str, ports)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"sslyze failed.\n{done.stderr}")
    return len(ports) / float(done.stdout)


def table(rates: dict[str, list[float]]) -> str:
    width = max(map(len, rates))
    peer = max((median(rate) for name, rate in rates.items() if name.startswith("sslyze")), default=None)
    rows = [f"{'gateways':{width}}  median/s  slowest  fastest" + ("  of the best sslyze" if peer else "")]
    for name, rate in rates.items():
        ratio = f"  {median(rate) / peer:18.1f}" if peer else ""
        rows.append(f"{name:{width}}  {median(rate):8.0f}  {min(rate):7.0f}  {max(rate):7.0f}{ratio}")
    return "\n".join(rows)


# -- where the time goes ------------------------------------------------------------------------------------------


CONTEXT = "a TLS context, made once a run"
BARE = "a bare handshake, both ends in memory"


def parts(directory: Path, port: int, times: int = 10, turns: int = 15) -> str:
    """The CPU time of each part of one gentle probe, and of a bare handshake beside them; all take turns."""
    given = setup(directory, gentle=True)
    how = given.how._replace(context=SharedContext())
    bundle = fetch_many(None, [Node("127.0.0.1", port)], how)
    planner = fleet.Planner(given, fleet.Keys(outbound=(HOST,)), Path())
    job = planner.job(fleet.Line(1, "a", fleet.Keys(target=f"127.0.0.1:{port}")))

    def gathered() -> object:
        return gather(
            bundle, job.tenant, now=given.now, roots=given.roots, options=job.options, supplied=given.supplied
        )

    evidence = gather(
        bundle, job.tenant, now=given.now, roots=given.roots, options=job.options, supplied=given.supplied
    )
    result = fleet.Result(job.line, job.digest, given.now, judge(evidence))
    measured: dict[str, Callable[[], object]] = {
        "plan (keys, connector, digest)": lambda: planner.job(job.line),
        CONTEXT: lambda: make_context(EVERYTHING),
        "dialogue and handshake": lambda: fetch_many(None, [Node("127.0.0.1", port)], how),
        "gather (paths, what to ask)": gathered,
        "judge": lambda: judge(evidence),
        "record (JSON line)": lambda: lines.encoded(lines.document(result)),
        BARE: bare(directory),
    }
    taken: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(turns):
        for name, work in measured.items():
            began = time.process_time()
            for _ in range(times):
                work()
            taken[name].append((time.process_time() - began) / times * 1000)
    medians = {name: median(each) for name, each in taken.items()}
    probe = sum(value for name, value in medians.items() if name not in {CONTEXT, BARE})
    rows = ["", f"{'one gentle probe':40}ms of CPU", *(f"{name:40}{value:6.2f}" for name, value in medians.items())]
    return "\n".join([*rows, f"a probe and its verdict take {probe / medians[BARE]:.1f} times as long as that"])


def bare(directory: Path) -> Callable[[], object]:
    """A handshake between two ends in memory, with the gateways' certificate."""
    server = SSL.Context(SSL.TLS_SERVER_METHOD)
    server.use_certificate_chain_file(str(directory / "gateway.pem"))
    server.use_privatekey_file(str(directory / "gateway.pem"))
    client = make_context(EVERYTHING)

    def shake() -> None:
        ends = SSL.Connection(client, None), SSL.Connection(server, None)
        ends[0].set_connect_state()
        ends[1].set_accept_state()
        done = [False, False]
        while not all(done):
            for number, end in enumerate(ends):
                with suppress(SSL.WantReadError):
                    end.do_handshake()
                    done[number] = True
                with suppress(SSL.WantReadError):
                    ends[1 - number].bio_write(end.bio_read(65536))

    return shake


if __name__ == "__main__":
    main()
