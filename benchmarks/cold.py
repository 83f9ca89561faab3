"""How long certready takes from a cold start, beside an import that no Python tool in this field can do without.

    python benchmarks/cold.py [--runs 7] [--public chain.pem] [--parts]

Every run is a fresh process. The commands take turns, so that a busy moment of the machine hits all of them, and the
median counts; what matters is the ratio to the peer, the milliseconds only give the scale. The certificates are made
for the occasion, and the gateway listens on 127.0.0.1 in a process of its own. With --public a chain that leads to a
root of Microsoft's programme is checked too, with the options as they are but for revocation. --parts adds where the
processor time of the file check goes. Nothing passes or fails here.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from processes import installed, measure, run, table

from certready.demo.pki import Authority
from certready.demo.servers import gateway

HOST = "mail.contoso.example"
PEER = "import cryptography.x509, typer"
CHECK = "certready check FILE --offline"
SETTINGS = ("--trust", "root.pem", "--revocation", "off", "--no-cache")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="timed runs of each command (default 7)")
    parser.add_argument("--public", type=Path, metavar="FILE", help="a public chain in PEM, checked with the defaults")
    parser.add_argument("--parts", action="store_true", help="say where the time of the file check goes")
    parser.add_argument("--serve", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    with tempfile.TemporaryDirectory(prefix="certready-benchmark-") as name:
        directory = Path(name)
        write_files(directory)
        with gateway_process(directory / "gateway.pem") as port:
            timed = commands(port, arguments.public)
            times = measure(timed, directory, max(1, arguments.runs))
        spent = parts(timed[CHECK], directory, max(1, arguments.runs)) if arguments.parts else {}
    print(
        f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores, median of {arguments.runs}"
    )
    print(table(times))
    if spent:
        print(parts_table(spent))


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


def commands(port: int, public: Path | None) -> dict[str, list[str]]:
    """What is timed, by the name it has in the table; the peer comes first."""
    certready = [sys.executable, "-m", "certready"]
    inbound = ("--inbound", f"*.{HOST.partition('.')[2]}", "--accepted-domain", HOST.partition(".")[2])
    timed = {
        f'python -c "{PEER}"': [sys.executable, "-c", PEER],
        CHECK: [*certready, "check", "gateway.pem", "--offline", *inbound, *SETTINGS],
        "certready probe HOST": [*certready, "probe", f"127.0.0.1:{port}", "--outbound", HOST, *SETTINGS],
    }
    if public:
        file = str(public.absolute())
        timed["certready check PUBLIC"] = [*certready, "check", file, "--certificate-only", *SETTINGS[2:]]
    return timed


def parts(command: list[str], directory: Path, runs: int) -> dict[str, float]:
    """Processor seconds that each part of a run adds to those before it, of the fastest of some runs in turns."""
    done = subprocess.run(
        [command[0], "-X", "importtime", *command[1:]],
        cwd=directory,
        env=installed(),
        capture_output=True,
        text=True,
        check=True,
    )
    modules = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines()]
    ours = ", ".join(name for name in modules if name.startswith("certready") and name != "certready.__main__")
    steps = {"interpreter": "os", "cryptography.x509": "cryptography.x509", "typer": "typer", "msgspec": "msgspec"}
    imports = [*steps.values(), ours]
    commands = [
        *([command[0], "-c", f"import {', '.join(imports[: end + 1])}; os._exit(0)"] for end in range(len(imports))),
        command,
    ]
    least = [60.0] * len(commands)
    for _ in range(runs):
        least = [min(known, processor_seconds(each, directory)) for known, each in zip(least, commands, strict=True)]
    names = (*steps, "certready's modules and what they import", "the work")
    return {name: end - begin for name, (begin, end) in zip(names, pairwise((0.0, *least)), strict=True)}


def processor_seconds(command: list[str], directory: Path) -> float:
    """User and system time of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run("a part", command, directory)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def parts_table(spent: Mapping[str, float]) -> str:
    """One line a part: milliseconds and share of the whole."""
    width = max(map(len, spent))
    whole = sum(spent.values())
    lines = [f"\n{'part of the file check':{width}}     ms  share"]
    lines += [f"{name:{width}}  {seconds * 1000:5.1f}  {seconds / whole:5.0%}" for name, seconds in spent.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
