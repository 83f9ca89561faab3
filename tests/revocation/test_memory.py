"""A list of a million entries through the command line: judged, and within its memory."""

from __future__ import annotations

import json
from pathlib import Path

from certready.demo.pki import Authority, Issued, now
from tests.measured import measured
from tests.revocation.kit import DATE, DAY, assembled, entry, tlv

COUNT = 1_000_000
MEBIBYTES = 120


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
        ran = measured("check", f"{name}.pem", *judged, "--crl", "list.crl", "--crl", "root.crl", folder=tmp_path)
        report = json.loads(ran.out)
        leaf = report["certificates"][0]["sha256"]
        found = [one["status"] for one in report["revocation"] if one["certificate"] == leaf and not one["url"]]
        assert [name] == found
        assert ran.mebibytes < MEBIBYTES
