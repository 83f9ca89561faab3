"""The administrator's walk: a bounce is explained, the first command shows the fault, the remedy as printed mends it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Material, Ran
from tests.test_remedy import literals

Run = Callable[..., Ran]
Export = dict[str, list[dict[str, Any]]]

REFUSED = (
    "Remote Server returned '550 5.7.64 TenantAttribution; Relay Access Denied "
    "[DB8EUR05FT052.eop-eur05.prod.protection.outlook.com]'"
)
ATTR36 = (
    "Diagnostic-Code: smtp;550 5.7.64 TenantAttribution; Relay Access Denied [ValidationStatus of 'CN=x' is] ATTR36"
)
LOCKED = (
    "550 5.7.51 TenantInboundAttribution; There is a partner connector configured that matched the message's recipient "
    "domain. The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set"
)

INBOUND: dict[str, Any] = {
    "Name": "From O\u2019Brien's gateway",
    "Enabled": True,
    "ConnectorType": "OnPremises",
    "SenderDomains": ["smtp:*;1"],
    "RequireTls": True,
    "TlsSenderCertificateName": "*.contoso.com",
    "TrustedOrganizations": [],
    "AssociatedAcceptedDomains": [],
}
OUTBOUND: dict[str, Any] = {
    "Name": "To gateway",
    "Enabled": True,
    "ConnectorType": "OnPremises",
    "RecipientDomains": ["*"],
    "UseMXRecord": False,
    "SmartHosts": ["mail.contoso.com"],
    "TlsSettings": "DomainValidation",
    "TlsDomain": "mail.contoso.com",
}
LOCK: dict[str, Any] = {
    "Name": "Only from the filter",
    "Enabled": True,
    "ConnectorType": "Partner",
    "SenderDomains": ["smtp:*;1"],
    "RequireTls": True,
    "RestrictDomainsToCertificate": True,
    "TlsSenderCertificateName": "*.filter.example",
}


def tenant(*inbound: dict[str, Any], accepted: tuple[str, ...] = ("contoso.com",)) -> Export:
    """An export with these inbound connectors, one to the gateway, and the initial domain beside the accepted ones."""
    domains = [{"DomainName": name} for name in (*accepted, "contoso.onmicrosoft.com")]
    return {"InboundConnectors": list(inbound), "OutboundConnectors": [OUTBOUND], "AcceptedDomains": domains}


# The fault, as what arrives, the export that has it, and the rule the check must name.
FAULTS: dict[str, tuple[str, Export, str]] = {
    "another domain's name": (REFUSED, tenant(INBOUND | {"TlsSenderCertificateName": "mail.fabrikam.com"}), "names.connector-mismatch"),
    "a misspelt name": (REFUSED, tenant(INBOUND | {"TlsSenderCertificateName": "*.contoso.con"}), "names.connector-mismatch"),
    "a deeper name": (REFUSED, tenant(INBOUND | {"TlsSenderCertificateName": "*.eu.contoso.com"}), "names.connector-mismatch"),
    "the old host's name": (REFUSED, tenant(INBOUND | {"TlsSenderCertificateName": "mail2.contoso.com"}), "names.connector-mismatch"),
    "a plain value that is not accepted": (ATTR36, tenant(INBOUND | {"TlsSenderCertificateName": "mail.contoso.com"}), "names.domain-not-accepted"),
    "a domain that is not accepted": (ATTR36, tenant(INBOUND, accepted=("fabrikam.com",)), "names.domain-not-accepted"),
    "switched off": (REFUSED, tenant(INBOUND | {"Enabled": False}), "connector.no-certificate"),
    "a Partner connector": (REFUSED, tenant(INBOUND | {"ConnectorType": "Partner"}), "connector.wrong-type"),
    "trusted organizations": (REFUSED, tenant(INBOUND | {"TrustedOrganizations": ["fabrikam.com"]}), "connector.trusted-organizations"),
    "associated with another domain": (REFUSED, tenant(INBOUND | {"AssociatedAcceptedDomains": ["contoso.onmicrosoft.com"]}), "connector.associated-domains"),
    "no name at all": (REFUSED, tenant(INBOUND | {"TlsSenderCertificateName": None}), "connector.no-certificate"),
    "no inbound connector": (REFUSED, tenant(), "connector.no-certificate"),
    "locked down, and another name": (LOCKED, tenant(INBOUND | {"TlsSenderCertificateName": "mail.fabrikam.com"}, LOCK), "names.connector-mismatch"),
    "made by the wizard, another name": (REFUSED, tenant(INBOUND | {"TlsSenderCertificateName": "*.fabrikam.com", "ConnectorSource": "HybridWizard"}), "names.connector-mismatch"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bounce_leads_to_a_tenant_that_is_ready(fault: str, run: Run, material: Material, tmp_path: Path) -> None:
    """The bounce is explained; the first command it names finds the fault; the first remedy for Exchange Online,
    applied to the export as it is printed, makes the same command answer ready."""
    bounce, export, rule = FAULTS[fault]
    path, script = tmp_path / "tenant.json", tmp_path / "fix.ps1"
    path.write_text(json.dumps(export), "utf-8")
    explained = run("explain", bounce)
    assert 0 == explained.code
    words = first_command(
        explained.out, {"tenant.json": str(path), "<file the gateway sends with>": material / "good.pem"}
    )
    shown = run(*words, *material.offline, "--format", "json", "--remedies", str(script))
    assert 0 != shown.code
    wrong = {one["rule"] for one in json.loads(shown.out)["findings"] if one["severity"] in ("fail", "unknown")}
    assert rule in wrong
    for line in first_remedy(script.read_text("utf-8-sig"), rule):
        apply(line, export)
    path.write_text(json.dumps(export), "utf-8")
    again = run(*words, *material.offline, "--format", "json")
    found = [(one["rule"], one["message"]) for one in json.loads(again.out)["findings"] if one["severity"] == "fail"]
    assert [] == found
    assert 0 == again.code


def first_command(explained: str, places: dict[str, str]) -> list[str]:
    """The words of the first command that an explanation prints, its places filled in."""
    line = next(one for one in explained.splitlines() if one.strip().startswith("confirm: certready "))
    text = line.partition("certready ")[2]
    for place, meant in places.items():
        text = text.replace(place, shlex.quote(meant))
    return shlex.split(text)


def first_remedy(script: str, rule: str) -> Iterator[str]:
    """The lines of the first remedy of this rule in Exchange Online, their comment sign taken away."""
    online = script.partition("====")[2].partition("====")[2].partition("====")[0]
    for block in re.split(r"\n#\s*\n", online.replace("\r", "")):
        lines = [line.removeprefix("# ") for line in block.splitlines()]
        fixes = next((line for line in lines if line.startswith("## Fixes: ")), "")
        commands = [line for line in lines if re.match(r"(?:Set|New|Confirm)-(?!MgDomainVer)", line)]
        if rule in fixes and commands:
            yield from commands
            return
    raise AssertionError(f"no remedy for {rule} in {script}")


VALUES = {"$true": True, "$false": False, "$null": None}


def apply(line: str, export: Export) -> None:
    """What a cmdlet does to the tenant, done to its export. A cmdlet that is not known here is an error."""
    if line.startswith("New-MgDomain"):
        return
    cmdlet, *rest = literals(line)
    given = {key.removeprefix("-"): VALUES.get(value, value) for key, value in zip(rest[::2], rest[1::2], strict=True)}
    match cmdlet:
        case "Set-InboundConnector" | "Set-OutboundConnector":
            identity = given.pop("Identity")
            section = f"{cmdlet.removeprefix('Set-')}s"
            (connector,) = [one for one in export[section] if one["Name"] == identity]
            connector.update(given)
        case "New-InboundConnector":
            export["InboundConnectors"].append(
                given | {"Enabled": True, "SenderDomains": [f"smtp:{given['SenderDomains']};1"]}
            )
        case "Confirm-MgDomain":
            export["AcceptedDomains"].append({"DomainName": given["DomainId"]})
        case "Set-AcceptedDomain":
            assert given["Identity"] in [one["DomainName"] for one in export["AcceptedDomains"]]
        case _:
            raise AssertionError(f"{cmdlet} does nothing here")


def test_a_bounce_with_a_foreign_sender_is_refused_by_the_tenant(run: Run, material: Material, tmp_path: Path) -> None:
    """Forwarded mail: the command for the cause, with the sender of the bounce, answers that it is refused."""
    path = tmp_path / "tenant.json"
    path.write_text(json.dumps(tenant(INBOUND | {"TlsSenderCertificateName": "mail.contoso.com"})), "utf-8")
    words = ("tenant", str(path), "--certificate", material / "good.pem", "--sender", "anna@fabrikam.com")
    ran = run(*words, "--recipient", "bob@example.org")
    assert 0 != ran.code
    assert "REFUSED" in ran.out.upper()
