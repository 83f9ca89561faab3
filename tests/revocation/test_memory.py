"""A list of a million entries through the command line: judged, and within its memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from certready.demo.pki import Authority, Issued, now
from tests.revocation.kit import DATE, DAY, assembled, entry, tlv

pytest.importorskip("resource", reason="the system does not tell the peak memory of a process")

COUNT = 1_000_000
MEBIBYTES = 120
# The run is a grandchild: a process counts the memory of the one that started it as its own, and pytest's is large.
LAUNCHER = """
import json, resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "certready", *sys.argv[1:]], capture_output=True, text=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
print(json.dumps({"code": done.returncode, "report": json.loads(done.stdout), "peak": peak}))
"""


def million(ca: Authority, listed: Issued) -> bytes:
    """A fresh list of the CA with one entry for a certificate in the middle of a million others."""
    numbers = (bytes((0x41, *index.to_bytes(3, "big"))) + bytes(12) for index in range(COUNT))
    others = [b"\x30\x21\x02\x10" + number + DATE for number in numbers]
    others[COUNT // 2] = entry(listed.x509.serial_number)
    dates = [tlv(0x17, (now() + days * DAY).strftime("%y%m%d%H%M%SZ").encode()) for days in (-1, 6)]
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    members = [b"\x02\x01\x01", algorithm, ca.x509.subject.public_bytes(), *dates, tlv(0x30, b"".join(others))]
    return assembled(members, ca)


def test_million_entries(tmp_path: Path) -> None:
    """Of two certificates one is listed among a million entries and revoked, the other is good; neither run of the
    command takes more than 120 MiB."""
    root = Authority.root()
    ca = root.intermediate(crl_url="http://pki.example/ca.crl")
    good, revoked = ca.issue("good.contoso.com", key="rsa"), ca.issue("revoked.contoso.com", key="rsa")
    contents = {"root.pem": root.pem, "list.crl": million(ca, revoked), "root.crl": root.crl()}
    contents |= {"good.pem": good.chain_pem, "revoked.pem": revoked.chain_pem}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    judged = ("--trust", "root.pem", "--certificate-only", "--offline", "--no-cache", "--format", "json")
    for name in ("good", "revoked"):
        command = [sys.executable, "-c", LAUNCHER, "check", f"{name}.pem", *judged]
        command += ["--crl", "list.crl", "--crl", "root.crl"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        said = json.loads(ran.stdout)
        leaf = said["report"]["certificates"][0]["sha256"]
        found = [one["status"] for one in said["report"]["revocation"] if one["certificate"] == leaf and not one["url"]]
        assert [name] == found
        assert said["peak"] < MEBIBYTES
