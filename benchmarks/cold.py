"""How long certready takes from a cold start, beside an import that no Python tool in this field can do without.

    python benchmarks/cold.py [--runs 7]

Every run is a fresh process. The commands take turns, so that a busy moment of the machine hits all of them, and the
median counts; what matters is the ratio to the peer, the milliseconds only give the scale. The certificates are made
for the occasion, and the gateway listens on 127.0.0.1 in a process of its own. Nothing passes or fails here.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from processes import measure, table

from certready.demo.pki import Authority
from certready.demo.servers import gateway

HOST = "mail.contoso.example"
PEER = "import cryptography.x509, typer"
SETTINGS = ("--trust", "root.pem", "--revocation", "off", "--no-cache")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="timed runs of each command (default 7)")
    parser.add_argument("--serve", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    with tempfile.TemporaryDirectory(prefix="certready-benchmark-") as name:
        directory = Path(name)
        write_files(directory)
        with gateway_process(directory / "gateway.pem") as port:
            times = measure(commands(port), directory, max(1, arguments.runs))
    print(
        f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores, median of {arguments.runs}"
    )
    print(table(times))


def write_files(directory: Path) -> None:
    """A root, and the PEM file of a gateway: leaf, intermediate and key, RSA 2048 throughout."""
    root = Authority.root("Benchmark Root", key="rsa2048")
    leaf = root.intermediate("Benchmark Issuing", key="rsa2048").issue(HOST, key="rsa2048")
    (directory / "root.pem").write_bytes(root.pem)
    (directory / "gateway.pem").write_bytes(leaf.chain_pem + leaf.key_pem)


def serve(file: Path) -> None:
    """Run the gateway, say its port on stdout, and end when stdin does."""
    with gateway(file, name=HOST) as port:
        print(port, flush=True)
        sys.stdin.read()


@contextmanager
def gateway_process(file: Path) -> Iterator[int]:
    """The gateway in a process of its own, so that it does not share a core's turn with the client by Python's lock."""
    command = [sys.executable, __file__, "--serve", str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())  # leaving the block closes its stdin, which ends it


def commands(port: int) -> dict[str, list[str]]:
    """What is timed, by the name it has in the table; the peer comes first."""
    certready = [sys.executable, "-m", "certready"]
    inbound = ("--inbound", f"*.{HOST.partition('.')[2]}", "--accepted-domain", HOST.partition(".")[2])
    return {
        f'python -c "{PEER}"': [sys.executable, "-c", PEER],
        "certready check FILE --offline": [*certready, "check", "gateway.pem", "--offline", *inbound, *SETTINGS],
        "certready probe HOST": [*certready, "probe", f"127.0.0.1:{port}", "--outbound", HOST, *SETTINGS],
    }


if __name__ == "__main__":
    main()
