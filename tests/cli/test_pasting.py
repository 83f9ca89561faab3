"""As a new administrator would: export, check, read the reason, run the printed line, check again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Material, Ran

Run = Callable[..., Ran]

NAME = "[SEPPmail] Kate's gateway -> Exchange"
GATEWAY: dict[str, Any] = {
    "Name": NAME,
    "ConnectorType": "OnPremises",
    "Enabled": True,
    "RequireTls": True,
    "SenderDomains": ["smtp:*;1"],
    "TrustedOrganizations": [],
    "TlsSenderCertificateName": "*.contoso.com",
}
_LINE = re.compile(r"Set-InboundConnector -Identity '((?:[^']|'')*)' -(\w+) ('(?:[^']|'')*'|\S+)")
_LITERALS = {"$true": True, "$false": False, "$null": []}


def export(path: Path, connector: dict[str, Any], encoding: str) -> None:
    """A tenant file as Windows PowerShell 5.1 (UTF-16 with a mark, CRLF) or PowerShell 7 (UTF-8) writes it."""
    outbound = {"Name": "To gateway", "ConnectorType": "OnPremises", "UseMXRecord": True, "TlsSettings": None}
    document = {
        "InboundConnectors": [connector],
        "OutboundConnectors": [outbound | {"TlsDomain": "other.contoso.com"}],
        "AcceptedDomains": [{"DomainName": "contoso.com", "DomainType": "Authoritative"}],
    }
    path.write_bytes(json.dumps(document, indent=4).replace("\n", "\r\n").encode(encoding))


def pasted(text: str, connector: dict[str, Any]) -> dict[str, Any]:
    """The connector after the first printed line was run on it."""
    found = _LINE.search(text)
    assert found, text
    identity, parameter, written = found.groups()
    assert connector["Name"] == identity.replace("''", "'")
    assert written in _LITERALS or written[0] == "'" or written.isalpha()
    value = _LITERALS.get(written, written.strip("'").replace("''", "'"))
    return connector | {parameter: value}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
@pytest.mark.parametrize(
    "spoilt",
    [
        {"TlsSenderCertificateName": "old.contoso.com"},
        {"TlsSenderCertificateName": "mail.contoso.com"},
        {"TlsSenderCertificateName": "mail.*.contoso.com"},
        {"Enabled": False},
        {"TrustedOrganizations": ["fabrikam.com"]},
        {"ConnectorType": "Partner"},
    ],
    ids=lambda spoilt: "-".join(map(str, next(iter(spoilt.items())))),
)
def test_the_printed_line_makes_it_ready(
    run: Run, material: Material, tmp_path: Path, spoilt: dict[str, Any], encoding: str
) -> None:
    """A spoilt connector is not-ready; once the line of the fix was run, the same command says ready."""
    path = tmp_path / "tenant.json"
    connector = GATEWAY | spoilt
    export(path, connector, encoding)
    words = ("check", material / "good.pem", "--tenant", path, *material.offline)
    before = run(*words, "--format", "json")
    assert 1 == before.code, before.out + before.err
    findings = json.loads(before.out)["findings"]
    fix = next(one["fix"] for one in findings if one["severity"] == "fail" and "Set-" in (one["fix"] or ""))
    export(path, pasted(fix, connector), encoding)
    after = run(*words)
    assert (0, True) == (after.code, after.out.startswith("READY")), after.out + after.err


def test_the_remedies_of_a_mismatch_leave_outbound_connectors_alone(
    run: Run, material: Material, tmp_path: Path
) -> None:
    """What mends the inbound connector of a whole tenant never changes an outbound one that was not judged."""
    export(tmp_path / "tenant.json", GATEWAY | {"TlsSenderCertificateName": "old.contoso.com"}, "utf-8")
    script = tmp_path / "fix.ps1"
    words = ("check", material / "good.pem", "--tenant", tmp_path / "tenant.json", *material.offline)
    assert 1 == run(*words, "--remedies", script).code
    assert "Set-InboundConnector" in script.read_text("utf-8-sig")
    assert "Set-OutboundConnector" not in script.read_text("utf-8-sig")


def test_a_value_outside_the_accepted_domains_says_what_else_it_needs(
    run: Run, material: Material, tmp_path: Path
) -> None:
    """A suggested value whose domain is not accepted is printed with that condition: the line alone would not do."""
    path = tmp_path / "tenant.json"
    export(path, GATEWAY | {"TlsSenderCertificateName": "*.fabrikam.com"}, "utf-8")
    path.write_text(path.read_text("utf-8").replace('"contoso.com"', '"fabrikam.com"'), "utf-8")
    ran = run("check", material / "good.pem", "--tenant", path, *material.offline)
    assert (1, True) == (ran.code, "must then be an accepted domain" in ran.out), ran.out
