"""How long a cold probe of a gateway takes beside openssl scripting and sslyze, and how many round trips it needs.

    python benchmarks/probe.py [--runs 7] [--sslyze /path/to/sslyze] [--round-trip 50]

Every run is a fresh process against a gateway on 127.0.0.1 in a process of its own; the commands take turns, and the
medians count. For the round trips a proxy in front of gateway, OCSP responder and CRL server delays every byte by half
a round trip each way and a connection by one more; the time that this adds, over the round trip, is their number.
Nothing passes or fails here.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

from processes import Done, measure, succeeded, table

from certready.demo.pki import Authority
from certready.demo.servers import Register, gateway, publishing

HOST = "mail.contoso.example"
CHECK_SMTP = Path("/usr/lib/nagios/plugins/check_smtp")
SETTINGS = ("--trust", "root.pem", "--no-cache", "--resolve", f"{HOST}=127.0.0.1", "--outbound", HOST)
# What scripts around openssl do: fetch the chain, verify it, look at the end date.
SCRIPT = (
    "openssl s_client -starttls smtp -connect 127.0.0.1:{port} -servername {host} -showcerts </dev/null 2>/dev/null "
    ">out.txt && openssl x509 -in out.txt -noout -enddate -subject -checkend 86400 && "
    "openssl verify -CAfile root.pem -untrusted out.txt out.txt"
)
# What each looks at, so that no ratio is read as more than it is.
CHECKED = {
    "certready": "every certificate for every kind of key, chain, dates, names, connector; revocation where it says so",
    "openssl": "chain and dates of one certificate; no name, no revocation",
    "gnutls-cli": "chain, dates and name of one certificate, OCSP of the leaf; no CRL",
    "check_smtp": "the end date of one certificate; no chain, no name, no revocation",
    "sslyze": "chain, dates and names of every certificate; no revocation but a stapled answer",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="timed runs of each command (default 7)")
    parser.add_argument("--sslyze", type=Path, metavar="PROGRAM", help="sslyze, where it is installed")
    parser.add_argument("--round-trip", type=int, default=50, metavar="MS", help="milliseconds (default 50)")
    parser.add_argument("--serve", nargs=2, metavar=("DIRECTORY", "MS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(Path(arguments.serve[0]), int(arguments.serve[1]) / 1000)
        return
    runs = max(1, arguments.runs)
    print(f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores, median of {runs}")
    with tempfile.TemporaryDirectory(prefix="certready-benchmark-") as name:
        directory = Path(name)
        with serving(directory, 0) as port:
            print(table(measure(commands(port, arguments.sslyze), directory, runs, certificate_seen)))
        print(round_trips(directory, runs, arguments.round_trip))


# -- what is probed -----------------------------------------------------------------------------------------------


def serve(directory: Path, round_trip: float) -> None:
    """Run gateway, responder and CRLs, say the port on stdout, and end when stdin does."""
    registers: dict[str, Register] = {}
    with publishing(registers) as base, delayed(int(base.rpartition(":")[2]), round_trip) as http:
        at = f"http://127.0.0.1:{http}"
        root = Authority.root("Benchmark Root", key="rsa2048", crl_url=f"{at}/root.crl", ocsp_url=f"{at}/root/ocsp")
        issuing = root.intermediate(
            "Benchmark Issuing", key="rsa2048", crl_url=f"{at}/issuing.crl", ocsp_url=f"{at}/issuing/ocsp"
        )
        leaf = issuing.issue(HOST, key="rsa2048")
        registers["root"] = Register(root, (issuing.x509,))
        registers["issuing"] = Register(issuing, (leaf.x509,))
        (directory / "root.pem").write_bytes(root.pem)
        (directory / "gateway.pem").write_bytes(leaf.chain_pem + leaf.key_pem)
        with gateway(directory / "gateway.pem", name=HOST) as port, delayed(port, round_trip) as front:
            print(front, flush=True)
            sys.stdin.read()


@contextmanager
def serving(directory: Path, round_trip_ms: int) -> Iterator[int]:
    """The servers in a process of their own, so that they do not share Python's lock with the client."""
    command = [sys.executable, __file__, "--serve", str(directory), str(round_trip_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())  # leaving the block closes its stdin, which ends it


@contextmanager
def delayed(port: int, round_trip: float) -> Iterator[int]:
    """A proxy in front of ``port`` that is ``round_trip`` seconds away; without delay the port itself."""
    if not round_trip:
        yield port
        return
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=accept, args=(listener, port, round_trip), daemon=True).start()
    yield int(listener.getsockname()[1])
    listener.close()


def accept(listener: socket.socket, port: int, round_trip: float) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=relay, args=(client, port, round_trip), daemon=True).start()


def relay(client: socket.socket, port: int, round_trip: float) -> None:
    """SYN, SYN-ACK and ACK take one and a half round trips until the server has the connection."""
    admitted = time.monotonic() + 1.5 * round_trip
    time.sleep(max(admitted - time.monotonic(), 0))
    server = socket.create_connection(("127.0.0.1", port))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for source, target in ((client, server), (server, client)):
        threading.Thread(target=carry, args=(source, target, round_trip / 2), daemon=True).start()


def carry(source: socket.socket, target: socket.socket, delay: float) -> None:
    """Pass bytes on, each chunk ``delay`` seconds after it came, however fast the next one follows."""
    chunks: list[tuple[float, bytes]] = []
    ready = threading.Condition()

    def deliver() -> None:
        while True:
            with ready:
                ready.wait_for(lambda: bool(chunks))
                due, data = chunks.pop(0)
            time.sleep(max(due - time.monotonic(), 0))
            with suppress(OSError):
                target.sendall(data) if data else target.shutdown(socket.SHUT_WR)
            if not data:
                return

    threading.Thread(target=deliver, daemon=True).start()
    data = b"x"
    while data:
        try:
            data = source.recv(65536)
        except OSError:
            data = b""
        with ready:
            chunks.append((time.monotonic() + delay, data))
            ready.notify()


# -- what is timed ------------------------------------------------------------------------------------------------


def commands(port: int, sslyze: Path | None) -> dict[str, list[str]]:
    """What is timed, by the name it has in the table; certready comes first."""
    probe = [sys.executable, "-m", "certready", "probe", f"{HOST}:{port}", *SETTINGS]
    found = {
        "certready probe, 2 OCSP and 2 CRLs": [*probe, "--allow-private"],
        "certready probe, no revocation": [*probe, "--revocation", "off"],
    }
    if shutil.which("openssl"):
        found["openssl s_client, x509 and verify"] = ["sh", "-c", SCRIPT.format(port=port, host=HOST)]
    if shutil.which("gnutls-cli"):
        names = (
            f"--sni-hostname={HOST}",
            f"--verify-hostname={HOST}",
            "--starttls-proto=smtp",
            "--x509cafile=root.pem",
        )
        found["gnutls-cli --ocsp"] = [
            "sh",
            "-c",
            'exec "$@" </dev/null',
            "sh",
            "gnutls-cli",
            *names,
            "--ocsp",
            "-p",
            str(port),
            "127.0.0.1",
        ]
    if CHECK_SMTP.exists():
        found["check_smtp -S -D 1"] = [str(CHECK_SMTP), "-H", "127.0.0.1", "-p", str(port), "-S", "-D", "1"]
    if sslyze and sslyze.exists():
        found["sslyze --certinfo"] = [str(sslyze), "--certinfo", "--starttls=smtp", f"{HOST}:{port}{{127.0.0.1}}"]
    else:
        print("sslyze is left out: name it with --sslyze.")
    for name in found:
        print(f"  {name}: {CHECKED[name.split()[0]]}")
    return found


def certificate_seen(name: str, done: Done) -> bool:
    """sslyze reports a certificate it distrusts by its exit code; it has done its work all the same."""
    return succeeded(name, done) or (name.startswith("sslyze") and "Certificates Information" in done.stdout)


def round_trips(directory: Path, runs: int, milliseconds: int) -> str:
    """The round trips of a probe with two OCSP and two CRL fetches: over no delay, and between one delay and its
    double, where nothing that is computed meanwhile hides behind the waiting."""
    name = "certready probe, 2 OCSP and 2 CRLs"
    medians = []
    for delay in (0, milliseconds, 2 * milliseconds):
        with serving(directory, delay) as port:
            command = {name: commands_probe(port)}
            medians.append(median(measure(command, directory, runs)[name]))
    here, there, further = medians
    seconds = milliseconds / 1000
    return (
        f"at {milliseconds} ms round trip: {there * 1e3:.0f} ms, {(there - here) / seconds:.1f} round trips more than "
        f"without; from {milliseconds} to {2 * milliseconds} ms: {(further - there) / seconds:.1f} round trips"
    )


def commands_probe(port: int) -> list[str]:
    return [sys.executable, "-m", "certready", "probe", f"{HOST}:{port}", *SETTINGS, "--allow-private"]


if __name__ == "__main__":
    main()
