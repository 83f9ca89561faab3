"""Every benchmark, one after another, with the versions of what is measured beside certready.

    python benchmarks/run.py [--sslyze /path/to/python] [--quick]

Each table is printed by its own script, from one run in which all contenders take turns. ``--sslyze`` is a Python that
has sslyze; ``--quick`` takes fewer runs and a CRL of 100,000 entries, to see that all of it works. A script that fails
is said, and the others go on. Nothing else passes or fails here.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = ("certready", "cryptography", "pyhanko-certvalidator", "typer", "pyopenssl", "msgspec")
PROGRAMS = {
    "openssl": ("openssl", "version"),
    "go": ("go", "version"),
    "gnutls-cli": ("gnutls-cli", "--version"),
    "check_smtp": ("/usr/lib/nagios/plugins/check_smtp", "-V"),
}


def main() -> int:
    """Run them all; 1 where a script failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sslyze", type=Path, metavar="PYTHON", help="a Python that has sslyze")
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    arguments = parser.parse_args()
    print("\n".join(versions(arguments.sslyze)), flush=True)
    failed = [name for name, options in plan(arguments.sslyze, quick=arguments.quick) if not run(name, options)]
    if failed:
        print(f"\nThese failed: {', '.join(failed)}.")
    return int(bool(failed))


def plan(sslyze: Path | None, *, quick: bool) -> Iterator[tuple[str, list[str]]]:
    """Each script with its options."""
    runs = ["--runs", "3" if quick else "15"]
    python = ["--sslyze", str(sslyze)] if sslyze else []
    program = ["--sslyze", str(sslyze.with_name("sslyze"))] if sslyze else []
    yield "cold.py", runs
    yield "probe.py", [*(["--runs", "3"] if quick else []), *program]
    yield "path.py", ["--rounds", "50"] if quick else []
    yield "roots.py", []
    yield "crl.py", ["--entries", "100000" if quick else "1000000", "--runs", "3"]
    yield "overlap.py", ["--runs", "3"] if quick else []
    yield "fleet.py", [*(["--endpoints", "40", "--runs", "1"] if quick else []), *python]
    yield "dask.py", ["--endpoints", "40", "--runs", "1"] if quick else []
    yield "files.py", ["--files", "200", "--lines", "2000"] if quick else []


def run(name: str, options: list[str]) -> bool:
    """One script, its output shown as it comes."""
    print(f"\n== benchmarks/{' '.join([name, *options])}", flush=True)
    return subprocess.run([sys.executable, str(HERE / name), *options], check=False).returncode == 0


def versions(sslyze: Path | None) -> Iterator[str]:
    """What takes part, each with its version; what is not there is said."""
    yield f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    for package in PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"{package}: not installed"
    for name, (program, option) in PROGRAMS.items():
        yield said([program, option]) if shutil.which(program) else f"{name}: not installed, left out"
    if sslyze:
        code = "from importlib.metadata import version; print('sslyze', version('sslyze'))"
        yield said([str(sslyze), "-c", code])
    else:
        yield "sslyze: not named, left out"


def said(command: list[str]) -> str:
    """The first line a program says of itself."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return ((done.stdout or done.stderr).splitlines() or ["nothing"])[0]


if __name__ == "__main__":
    sys.exit(main())
