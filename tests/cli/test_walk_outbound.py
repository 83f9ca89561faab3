"""The administrator's walk outbound: a bounce of Exchange Online is explained, the first command probes the gateway and
shows the fault, the remedy as printed is applied to the connector or to the gateway, and the same command is ready."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509

from certready.demo.pki import Authority, Issued
from tests.cli.conftest import Material, Ran
from tests.cli.test_walk import INBOUND, OUTBOUND, apply, first_command, tenant
from tests.live.servers import FaultySmtp, Visit, tls, tls_context

Run = Callable[..., Ran]
HOST = "mail.contoso.com"


def bounce(message: str) -> str:
    """The report of Exchange Online for a message that it could not hand to the gateway."""
    return (
        "Delivery has failed to these recipients or groups:\r\n\r\nbob@contoso.com\r\n\r\nDiagnostic information for "
        "administrators:\r\n\r\nGenerating server: AM0PR01MB1234.eurprd01.prod.outlook.com\r\n\r\nbob@contoso.com\r\n"
        f"Server at {HOST} (192.0.2.128) returned '450 4.4.317 Cannot connect to remote server [Message={message}] "
        f"[LastAttemptedServerName={HOST}] [LastAttemptedIP=192.0.2.128:25] [SmtpSecurity=-2;-2]'\r\n\r\nOriginal message "
        "headers:\r\n\r\nFrom: Anna <anna@example.org>\r\nTo: Bob <bob@contoso.com>\r\n"
    )


UNTRUSTED = bounce("UntrustedRoot")
EXPIRED = bounce(f"CertificateExpired Expected Subject: {HOST}. Presented Subject: CN={HOST}. Thumbprint:DF3C24F9")
MISMATCH = bounce("SubjectMismatch Expected Subject: {}. Presented Subject: CN=mail.contoso.com. Thumbprint:DF3C24F9")
ABORTED = bounce("451 4.4.0 TLS negotiation failed with error ConnectionAborted")
NO_STARTTLS = bounce("451 5.7.3 STARTTLS is required to send mail")


class Gateway:
    """A mail gateway of which an administrator can change what the remedies change: the file with key and chain that
    it presents, whether it offers STARTTLS, and the versions of TLS it speaks."""

    def __init__(self, folder: Path, ca: Authority, fault: Fault) -> None:
        self.folder, self.ca = folder, ca
        self.starttls, self.newest = fault.starttls, fault.newest

    def install(self, *sent: Issued) -> None:
        """These are presented; the first, its key and the CA's intermediate are files, as an administrator has them."""
        self.sent, leaf = sent, sent[0]
        files = {"key.pem": leaf.key_pem, "leaf.pem": leaf.pem, "intermediate.pem": self.ca.pem}
        for name, data in files.items():
            (self.folder / name).write_bytes(data)

    def visited(self, visit: Visit) -> None:
        """One visit: the greeting, EHLO, and STARTTLS where it is offered."""
        visit.socket.sendall(b"220 mail.contoso.com ESMTP\r\n")
        visit.line()
        visit.socket.sendall(
            b"250-mail.contoso.com\r\n250 STARTTLS\r\n" if self.starttls else b"250 mail.contoso.com\r\n"
        )
        if visit.line().upper().startswith(b"STARTTLS") and self.starttls:
            visit.socket.sendall(b"220 Ready\r\n")
            tls(tls_context(self.sent[0], self.folder, sent=self.sent, maximum=self.newest))(visit)

    def type(self, line: str) -> None:
        """What a printed line does: one of a shell is run, by one of main.cf the gateway goes from now on."""
        name, _, value = line.partition(" = ")
        match name:
            case "smtpd_tls_chain_files":
                written = (self.folder / "gateway.pem").read_bytes()
                self.sent = tuple(one for one in (self.sent[0], self.ca) if one.pem in written)
            case "smtpd_tls_security_level":
                self.starttls = value == "may"
            case "smtpd_tls_protocols":
                self.newest = {">=TLSv1.2": None}[value]
            case _ if line.startswith(("cat ", "openssl req ")):
                words = f"{line} -noenc" if line.startswith("openssl") else line
                subprocess.run(["sh", "-c", words], cwd=self.folder, check=True, capture_output=True)
                if line.startswith("openssl"):
                    self.order()
            case _:
                assert line.startswith(("#", "smtp_tls_")), line

    def order(self) -> None:
        """The CA answers the request with a certificate for its names, which is put together with the intermediate."""
        request = x509.load_pem_x509_csr((self.folder / "gateway.csr").read_bytes())
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.install(self.ca.issue(*names.get_values_for_type(x509.DNSName), key="rsa"))
        self.type("cat key.pem leaf.pem intermediate.pem > gateway.pem")


def public(material: Material, **options: Any) -> tuple[Issued, ...]:
    """A certificate of the public CA for the gateway, and its intermediate."""
    return material.issuing.issue(HOST, key="rsa", **options), material.issuing


def leaf_alone(material: Material) -> tuple[Issued, ...]:
    """The same without the intermediate."""
    return public(material)[:1]


def expired(material: Material) -> tuple[Issued, ...]:
    """One whose time is over."""
    return public(material, age=100, days=90)


def self_signed(_: Material) -> tuple[Issued, ...]:
    """A mail server's default certificate."""
    return (Authority.root(HOST, key="rsa"),)


def private(_: Material) -> tuple[Issued, ...]:
    """A certificate of a CA that nobody but its owner trusts, and its root."""
    root = Authority.root("Contoso CA")
    return root.issue(HOST, key="rsa"), root


class Fault(NamedTuple):
    """What arrives, and the gateway and TlsDomain that have the fault; ``rule`` is what the probe must name."""

    bounce: str
    rule: str
    shown: Callable[[Material], tuple[Issued, ...]] = public
    tls_domain: str = HOST
    starttls: bool = True
    newest: ssl.TLSVersion | None = None


FAULTS = {
    "the connector expects the old host": Fault(
        MISMATCH.format("mx1.contoso.com"), "names.connector-mismatch", tls_domain="mx1.contoso.com"
    ),
    "the connector's name is misspelt": Fault(
        MISMATCH.format("mail.contoso.con"), "names.connector-mismatch", tls_domain="mail.contoso.con"
    ),
    "the connector expects another domain": Fault(
        MISMATCH.format("*.fabrikam.com"), "names.connector-mismatch", tls_domain="*.fabrikam.com"
    ),
    "the intermediate is not sent": Fault(UNTRUSTED, "chain.incomplete", leaf_alone),
    "self-signed": Fault(UNTRUSTED, "chain.self-signed", self_signed),
    "a private CA": Fault(UNTRUSTED, "chain.untrusted-root", private),
    "expired": Fault(EXPIRED, "expiry.expired", expired),
    "revoked": Fault(bounce("Revoked"), "revocation.revoked"),
    "no STARTTLS": Fault(NO_STARTTLS, "tls.no-starttls", starttls=False),
    "TLS 1.1 at best": Fault(ABORTED, "tls.old-version", newest=ssl.TLSVersion.TLSv1_1),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_bounce_leads_to_a_gateway_that_is_ready(name: str, run: Run, material: Material, tmp_path: Path) -> None:
    """The bounce is explained; the first command it names finds the fault; the remedy, applied as it is printed, makes
    the same command answer ready."""
    fault = FAULTS[name]
    gateway = Gateway(tmp_path, material.issuing, fault)
    gateway.install(*fault.shown(material))
    export = tenant(INBOUND)
    export["OutboundConnectors"] = [OUTBOUND | {"TlsDomain": fault.tls_domain}]
    path, script, crl = tmp_path / "tenant.json", tmp_path / "fix.ps1", tmp_path / "issuing.crl"
    path.write_text(json.dumps(export), "utf-8")
    revoked = [(gateway.sent[0].x509.serial_number, material.issuing.moment, None)] if name == "revoked" else []
    crl.write_bytes(material.issuing.crl(revoked))
    explained = run("explain", fault.bounce)
    assert 0 == explained.code
    with FaultySmtp(gateway.visited) as server:
        words = first_command(explained.out, {"tenant.json": str(path), HOST: f"{HOST}:{server.port}"})
        assert "probe" == words[0]
        words += ["--resolve", f"{HOST}=127.0.0.1", "--trust", material / "root.pem", "--crl", str(crl)]
        words += ["--crl", material / "root.crl", "--revocation", "require", "--format", "json"]
        shown = run(*words, "--remedies", str(script))
        assert 0 != shown.code
        findings = json.loads(shown.out)["findings"]
        assert fault.rule in {one["rule"] for one in findings if one["severity"] in ("fail", "unknown")}
        for line in remedy(script.read_text("utf-8-sig"), fault.rule):
            if line.startswith("Set-OutboundConnector"):
                apply(line, export)
            else:
                gateway.type(line)
        path.write_text(json.dumps(export), "utf-8")
        again = run(*words)
    document = json.loads(again.out)
    failed = [(one["rule"], one["message"]) for one in document["findings"] if one["severity"] == "fail"]
    assert ([], "ready", 0) == (failed, document["verdict"], again.code)


def remedy(script: str, rule: str) -> list[str]:
    """What is typed against a rule: the lines for the connector, or where there are none, those for the certificate's
    files and for Postfix, in this order."""
    blocks = {"Exchange Online": list[str](), "The certificate": list[str](), "Postfix": list[str]()}
    place = None
    lines = [line.removeprefix("# ").rstrip() for line in script.splitlines()]
    fixes = False
    for line in lines:
        if heading := re.fullmatch(r"==== (.*) ====", line):
            place, fixes = next((key for key in blocks if heading[1].startswith(key)), None), False
        elif line.startswith("## Fixes: "):
            fixes = rule in line
        elif line.startswith("## ") or line == "#":
            fixes = fixes and line != "#"
        elif fixes and place:
            blocks[place].append(line)
    online = [line for line in blocks["Exchange Online"] if line.startswith("Set-OutboundConnector")]
    typed = online or [*blocks["The certificate"], *blocks["Postfix"]]
    assert typed, script
    return typed
