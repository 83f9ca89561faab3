"""Policies of every kind through the command line, over HTTPS on port 443 and with a real Postfix on port 25; run in a
network of its own (``unshare -n``).

Prints one JSON object: for each case the exit code, and severity and message of each rule about MTA-STS.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from certready.cli import main
from certready.demo.pki import Authority, Issued, now
from certready.net.mta_sts import PATH
from tests.dnssec.server import DnsServer
from tests.dnssec.zones import Dns, Zone, name
from tests.live.servers import Postfix
from tests.net.serving import Handler, Page, moved, page, serving

DOMAIN, MX, HOST = "contoso.test", "mx.contoso.test", "mta-sts.contoso.test"
DAY = timedelta(days=1)
PLAIN = {"Content_Type": "text/plain"}
BODY = f"version: STSv1\nmode: enforce\nmx: {MX}\nmax_age: 604800\n"
RECORD = ('"v=STSv1; id=1"',)


class Case(NamedTuple):
    """One state of the domain: what its policy host answers and under which certificate, and its TXT records; then the
    certificate that is judged."""

    answer: Page
    host: Issued
    mail: Issued
    texts: Sequence[str] = RECORD


def policy(body: str) -> Page:
    """A policy as it should be served."""
    return page(body.encode(), **PLAIN)


def endless(handler: Handler) -> None:
    """A policy that never ends, until the client leaves."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/plain")
    handler.end_headers()
    handler.wfile.write(BODY.encode())
    while True:
        handler.wfile.write(b"mx: other.contoso.test\n" * 1000)


def cases(web: Authority) -> dict[str, Case]:
    """Every case by its name."""
    host, mail = web.issue(HOST), web.issue(MX)
    expired = {"not_before": now() - 9 * DAY, "not_after": now() - DAY}
    private = Authority.root("Private Root").intermediate("Private CA")
    good = Case(policy(BODY), host, mail)
    return {
        "good": good,
        "testing": good._replace(answer=policy(BODY.replace("enforce", "testing")), mail=private.issue(MX)),
        "none": good._replace(answer=policy("version: STSv1\nmode: none\nmax_age: 60\n")),
        "no record": good._replace(texts=()),
        "several records": good._replace(texts=('"v=STSv1; id=1"', '"v=STSv1; id=2"')),
        "another host": good._replace(answer=policy(BODY.replace(MX, "other.contoso.test"))),
        "wildcard": good._replace(answer=policy(BODY.replace(MX, "*.contoso.test"))),
        "policy host of another name": good._replace(host=web.issue("www.contoso.test")),
        "policy host by CN alone": good._replace(host=web.issue(common_name=HOST)),
        "policy host expired": good._replace(host=web.issue(HOST, **expired)),
        "policy host of a private CA": good._replace(host=private.issue(HOST)),
        "redirect": good._replace(answer=moved("/elsewhere", 301)),
        "not there": good._replace(answer=page(b"", 404)),
        "media type": good._replace(answer=page(BODY.encode(), Content_Type="text/html")),
        "large": good._replace(answer=policy(BODY + "x" * 70_000)),
        "endless": good._replace(answer=endless),
        "many lines": good._replace(answer=policy(BODY + "a: b\n" * 2000)),
        "no text": good._replace(answer=page(b"\xff\xfe" * 20, **PLAIN)),
        "mail host of a private CA": good._replace(mail=private.issue(MX)),
        "mail host expired": good._replace(mail=web.issue(MX, **expired)),
        "mail host of another name": good._replace(mail=web.issue(DOMAIN)),
        "mail host by CN alone": good._replace(mail=web.issue(common_name=MX)),
    }


def ran(*words: str) -> dict[str, object]:
    """What a command line came to."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main([*words, "--format", "json"])
    findings = json.loads(out.getvalue())["findings"]
    found = [finding for finding in findings if finding["rule"].startswith("mta-sts.")]
    return {"code": code, "findings": [[finding["rule"], finding["severity"], finding["message"]] for finding in found]}


def walk(folder: Path) -> dict[str, object]:
    """Each case, with its certificate as a file; then the good one on a real Postfix, and the same without TLS."""
    moment = now()
    web = Authority.root().intermediate()
    content = {"@": {"MX": [f"10 {MX}."]}, "mx": {"A": ["127.0.0.1"]}, "mta-sts": {"A": ["127.0.0.1"]}}
    zone = Zone(DOMAIN, content, moment)
    there = Dns(Zone("test", {}, moment), zone).delegate()
    (folder / "root.pem").write_bytes(web.issuer.pem if web.issuer else b"")
    trust = ("--certificate-only", "--trust", str(folder / "root.pem"), "--revocation", "off", "--allow-private")
    found: dict[str, object] = {}
    with DnsServer(there) as server:
        options = (*trust, "--ca-bundle", str(folder / "root.pem"), "--dns", server.address, "--timeout", "5")
        for label, case in cases(web).items():
            (folder / "tls.pem").write_bytes(case.host.chain_pem + case.host.key_pem)
            (folder / "mail.pem").write_bytes(case.mail.chain_pem)
            zone.sets.pop((name(f"_mta-sts.{DOMAIN}"), 16), None)
            if case.texts:
                zone.add("_mta-sts", "TXT", case.texts)
            with serving({PATH: case.answer, "/elsewhere": policy(BODY)}, port=443, tls=folder / "tls.pem"):
                found[label] = ran("check", str(folder / "mail.pem"), "--mta-sts", DOMAIN, *options)
                if label == "good":
                    found["unasked"] = ran("check", str(folder / "mail.pem"), *options)
        (folder / "tls.pem").write_bytes(case.host.chain_pem + case.host.key_pem)
        with serving({PATH: policy(BODY)}, port=443, tls=folder / "tls.pem"):
            for label, settings in (("probe", ()), ("probe without TLS", ("smtpd_tls_security_level = none",))):
                gateway = Postfix(web.issue(MX, key="rsa"), settings=settings)
                gateway.port = 25
                with gateway:
                    found[label] = ran("probe", "--mx", DOMAIN, "--mta-sts", *options)
    return found


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as place:
        sys.stdout.write(json.dumps(walk(Path(place))))
