"""An inbound and an outbound connector that are called alike are two connectors, everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Material, Ran

Run = Callable[..., Ran]


@pytest.fixture
def tenant(tmp_path: Path) -> str:
    """A tenant whose two connectors share a name: the inbound one is met, the outbound one is not."""
    document = {
        "InboundConnectors": [
            {
                "Name": "Gateway",
                "Enabled": True,
                "ConnectorType": "OnPremises",
                "TlsSenderCertificateName": "*.contoso.com",
                "RequireTls": True,
            }
        ],
        "OutboundConnectors": [
            {
                "Name": "Gateway",
                "Enabled": True,
                "ConnectorType": "OnPremises",
                "TlsSettings": "DomainValidation",
                "TlsDomain": "mx.fabrikam.com",
                "SmartHosts": ["mx.fabrikam.com"],
                "RecipientDomains": ["*"],
                "UseMXRecord": False,
            }
        ],
        "AcceptedDomains": [{"DomainName": "contoso.com", "DomainType": "Authoritative", "Default": True}],
    }
    path = tmp_path / "tenant.json"
    path.write_text(json.dumps(document))
    return str(path)


@pytest.fixture
def check(run: Run, material: Material, tenant: str) -> Callable[..., Ran]:
    return lambda *words: run("check", material / "good.pem", "--tenant", tenant, *material.offline, *words)


def verdicts(ran: Ran) -> dict[str, str]:
    return {one["direction"]: one["verdict"] for one in json.loads(ran.out)["connectors"]}


@pytest.mark.parametrize(
    ("words", "code", "found"),
    [
        (("--role", "both"), 1, {"inbound": "ready", "outbound": "not-ready"}),
        (("--connector", "inbound:Gateway"), 0, {"inbound": "ready"}),
        (("--connector", "outbound:gateway"), 1, {"outbound": "not-ready"}),
        ((), 0, {"inbound": "ready", "outbound": "not-applicable"}),
        (("--role", "server"), 1, {"inbound": "not-applicable", "outbound": "not-ready"}),
    ],
)
def test_each_has_its_own_verdict(
    check: Callable[..., Ran], words: tuple[str, ...], code: int, found: dict[str, str]
) -> None:
    """A failure of one is none of the other's."""
    ran = check(*words, "--format", "json")
    assert (code, found) == (ran.code, verdicts(ran))


def test_a_name_alone_names_both(check: Callable[..., Ran]) -> None:
    """--connector NAME is refused where two are called so, and the hint says how to name one."""
    ran = check("--connector", "Gateway")
    assert (2, True, True) == (ran.code, "'inbound:Gateway'" in ran.err, "'outbound:Gateway'" in ran.err)


def test_findings_say_which_one_they_are_about(check: Callable[..., Ran]) -> None:
    """Each finding about a connector has its direction, and texts call the two apart."""
    ran = check("--role", "both", "--format", "json")
    about: list[dict[str, Any]] = [one for one in json.loads(ran.out)["findings"] if one["connector"]]
    mismatch = [one["direction"] for one in about if one["rule"] == "names.connector-mismatch"]
    match = [one["direction"] for one in about if one["rule"] == "names.connector-match"]
    assert (["outbound"], ["inbound"]) == (mismatch, match)
    assert all(one["direction"] for one in about)
    assert "outbound:Gateway" in check("--role", "both", "--format", "prometheus").out


def test_remedies_are_of_the_one_that_failed(check: Callable[..., Ran], tmp_path: Path) -> None:
    """Only the outbound connector is to be changed."""
    script = tmp_path / "fix.ps1"
    check("--role", "both", "--remedies", str(script))
    text = script.read_text("utf-8-sig")
    assert (True, False) == ("Set-OutboundConnector" in text, "Set-InboundConnector" in text)
