"""The walk of a renewal under DANE with a real Postfix on port 25; run in a network of its own (``unshare -n``).

Prints one JSON object: for each step the exit code, the rules about DANE with their severities, and the zone lines.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from certready.cli import main
from certready.dane import record_of
from certready.demo.pki import Authority, Issued, now
from tests import pki
from tests.dnssec.server import DnsServer
from tests.dnssec.zones import Dns, Zone, name
from tests.live.servers import Postfix

MX = "mx.contoso.test"


def publish(there: Dns, *issued: Issued) -> None:
    """The records of these keys, and no others."""
    records = [record_of(pki.certificate(one)) for one in issued]
    texts = [f"{one.fields} {one.data.hex()}" for one in records]
    there.zones[name("contoso.test")].add("_25._tcp.mx", "TLSA", texts)


def ran(*words: str, format: str = "json") -> dict[str, object]:  # noqa: A002 - the option's name
    """What a command line came to."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main([*words, "--format", format])
    document = json.loads(out.getvalue())
    report = document.get("report", document)
    findings = {one["rule"]: one["severity"] for one in report["findings"] if one["rule"].startswith("dane.")}
    lines = [line for step in document.get("steps", ()) for line in step["lines"]]
    lines += [line.strip() for one in report["findings"] for line in (one["fix"] or "").splitlines()]
    changes = [one["effect"] for one in document.get("changes", ()) if one["aspect"] == "dane"]
    return {
        "code": code,
        "findings": findings,
        "lines": [line for line in lines if " IN TLSA " in line],
        "dane": changes,
    }


def walk(folder: Path) -> dict[str, object]:
    """Renew with a new key: forgotten, and step by step."""
    moment = now()
    authority = Authority.root().intermediate()
    old, new = authority.issue(MX, key="rsa"), authority.issue(MX, key="rsa")
    content = {"@": {"MX": [f"10 {MX}."]}, "mx": {"A": ["127.0.0.1"]}}
    there = Dns(Zone("test", {}, moment), Zone("contoso.test", content, moment)).delegate()
    for label, data in (
        ("old.pem", old.chain_pem),
        ("new.pem", new.chain_pem),
        ("root.pem", authority.issuer.pem if authority.issuer else b""),
        ("anchor", there.zones[name("test")].anchor.encode()),
    ):
        (folder / label).write_bytes(data)
    steps: dict[str, object] = {}
    with DnsServer(there) as server:
        trust = ("--certificate-only", "--trust", str(folder / "root.pem"), "--revocation", "off")
        dns = (*trust, "--dns", server.address, "--dns-anchor", str(folder / "anchor"))
        diff = ("diff", str(folder / "old.pem"), str(folder / "new.pem"), "--dane", MX, *dns)
        probe = ("probe", "--mx", "contoso.test", "--dane", *dns)
        publish(there, old)
        with gateway(old):
            steps["in place"] = ran(*probe)
            steps["key changed"] = ran(*diff)
        with gateway(new):
            steps["forgotten"] = ran(*probe)
        publish(there, old, new)
        with gateway(old):
            steps["published"] = ran(*diff)
            steps["still in place"] = ran(*probe)
        with gateway(new):
            steps["installed"] = ran(*probe)
            (folder / "fleet.csv").write_text("name,target,dane,mta_sts\nall,mx:contoso.test,true,true\n")
            steps["fleet"] = ran("fleet", str(folder / "fleet.csv"), *dns, format="jsonl")
    steps["expected"] = [pki.certificate(one).parsed.spki_sha256 for one in (old, new)]
    return steps


def gateway(leaf: Issued) -> Postfix:
    """Postfix on the port that mail goes to."""
    server = Postfix(leaf)
    server.port = 25
    return server


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as place:
        sys.stdout.write(json.dumps(walk(Path(place))))
