"""What Microsoft's list costs a cold start: the facts read, and the one root that a chain needs found and decoded.

    python benchmarks/roots.py [--rounds 20] [--chain FILE]

Every round is a process of its own, which imports certready and reads the chain first; then the clock runs while the
store is loaded, asked for the chain's roots, and these are decoded. The machine's file cache is warm. Without --chain
the chain is one certificate that names a root of the list as its issuer. Nothing passes or fails here.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from certready.demo.pki import Authority
from certready.roots import microsoft, plain
from certready.x509.certificate import Certificate

ROOT = "cb3ccbb76031e5e0138f8dd39a23f9de47ffc35e43c1144cea27d46a5ab1cb5f"  # DigiCert Global Root G2
TIMED = """
import json, sys, time
from pathlib import Path
from certready import bundle
from certready.roots import microsoft
from certready.roots import plain, stores
chain = bundle.load(Path(sys.argv[1]).read_bytes()).chains[0].certificates
begin = time.perf_counter()
store = stores.load("microsoft")
loaded = time.perf_counter()
found = [one.certificate.parsed.label for one in store.candidates(chain)]
done = time.perf_counter()
print(json.dumps({"facts": loaded - begin, "root": done - loaded, "both": done - begin, "found": found}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, metavar="N", help="processes (default 20)")
    parser.add_argument("--chain", metavar="FILE", type=Path, help="a chain of your own, in any form certready reads")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="certready-benchmark-") as name:
        chain = arguments.chain or made(Path(name))
        rounds = [timed(chain) for _ in range(max(1, arguments.rounds) + 1)][1:]  # the first one warms the file cache
    system = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
    print(f"{system}, {len(rounds)} processes; found: {', '.join(rounds[0]['found']) or 'no root'}")
    print("part   median ms  fastest ms")
    for part in ("facts", "root", "both"):
        shown = [one[part] * 1000 for one in rounds]
        print(f"{part:5}  {median(shown):9.2f}  {min(shown):10.2f}")


def made(directory: Path) -> Path:
    """A file with one certificate whose issuer has the name of ``ROOT``."""
    held = (Certificate(one) for one in plain.split(microsoft.certificates_file().read_bytes()))
    named = next(one.parsed.x509 for one in held if one.sha256 == ROOT and one.parsed.x509)
    file = directory / "leaf.pem"
    file.write_bytes(Authority.root(subject_name=named.subject).issue("mail.contoso.example").pem)
    return file


def timed(chain: Path) -> dict[str, Any]:
    """Seconds of each part, measured inside a process of its own, and the names of the roots found."""
    ran = subprocess.run([sys.executable, "-c", TIMED, str(chain)], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


if __name__ == "__main__":
    main()
