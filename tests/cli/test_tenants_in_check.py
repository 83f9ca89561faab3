"""check with a tenant's export: what the export does not say is unknown, and the connector is chosen as it is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Material, Ran

Run = Callable[..., Ran]
GATEWAY = {
    "Name": "From gateway",
    "ConnectorType": "OnPremises",
    "Enabled": True,
    "SenderDomains": ["smtp:*;1"],
    "TlsSenderCertificateName": "*.contoso.com",
}
DOMAINS = [{"DomainName": "contoso.com"}]


@pytest.fixture
def check(run: Run, material: Material, tmp_path: Path) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Judges the good certificate by this export; gives exit code and report."""

    def judged(export: dict[str, Any], *words: str, domains: Any = DOMAINS) -> tuple[int, dict[str, Any]]:
        path = tmp_path / "tenant.json"
        path.write_text(json.dumps(export | ({} if domains is None else {"AcceptedDomains": domains})))
        ran = run(
            *("check", material / "good.pem", "--tenant", str(path), *material.offline, *words, "--format", "json")
        )
        return ran.code, json.loads(ran.out)

    return judged


Check = Callable[..., tuple[int, dict[str, Any]]]


def severities(report: dict[str, Any]) -> dict[str, str]:
    return {one["rule"]: one["severity"] for one in report["findings"]}


@pytest.mark.parametrize(
    ("connector", "code", "rule"),
    [
        (GATEWAY, 0, "names.connector-match"),
        ({key: value for key, value in GATEWAY.items() if key != "Enabled"}, 3, "connector.unread"),
        ({key: value for key, value in GATEWAY.items() if key != "ConnectorType"}, 3, "connector.unread"),
        (GATEWAY | {"TlsSenderCertificateName": {"Unknown": "*.contoso.com"}}, 3, "connector.unread"),
        (GATEWAY | {"TlsSenderCertificateName": ["a.contoso.com", "b.contoso.com"]}, 3, "connector.unread"),
        (GATEWAY | {"TlsSenderCertificateName": {"Address": "*.contoso.com"}}, 0, "names.connector-match"),
        (GATEWAY | {"TlsSenderCertificateName": None}, 1, "connector.no-certificate"),
        (GATEWAY | {"Enabled": False}, 1, "connector.no-certificate"),
    ],
)
def test_what_an_export_does_not_say_is_unknown(check: Check, connector: dict[str, Any], code: int, rule: str) -> None:
    """A missing Enabled or ConnectorType, or a value of unknown shape, is never assumed and never called absent."""
    for words in ((), ("--connector", "From gateway")):
        if words and not connector.get("Enabled", True):
            continue
        found, report = check({"InboundConnectors": [connector]}, *words)
        assert (code, True) == (found, rule in severities(report))


def test_a_value_that_cannot_be_read_leaves_open_which_connector_wins(check: Check) -> None:
    """Beside a matching connector one whose certificate name is unreadable may match better."""
    odd = GATEWAY | {"Name": "Odd", "TlsSenderCertificateName": {"Unknown": "mail.contoso.com"}}
    code, report = check({"InboundConnectors": [GATEWAY, odd]})
    assert (3, {"From gateway", "Odd"}) == (code, {one["name"] for one in report["connectors"]})


@pytest.mark.parametrize(
    "outbound",
    [[], [{"Name": "Out", "ConnectorType": "OnPremises", "Enabled": True, "UseMXRecord": True, "TlsSettings": None}]],
)
def test_a_tenant_without_inbound_connectors_fails(check: Check, outbound: list[Any]) -> None:
    """An empty list says that there is none, which is not the same as saying nothing."""
    code, report = check({"InboundConnectors": [], "OutboundConnectors": outbound})
    assert (1, "fail") == (code, severities(report)["connector.no-certificate"])


def test_an_export_of_accepted_domains_alone_says_nothing_of_connectors(check: Check) -> None:
    """Where no section of connectors is there, which there are is unknown."""
    code, report = check({})
    assert (3, "unknown") == (code, severities(report)["names.no-connector"])


@pytest.mark.parametrize(
    ("domains", "code", "severity"),
    [(None, 3, "unknown"), (DOMAINS, 1, "fail"), ([{"DomainName": "fabrikam.com"}], 0, None)],
)
def test_a_partner_connector_needs_the_accepted_domains(
    check: Check, domains: Any, code: int, severity: str | None
) -> None:
    """Whether it stands for the tenant's own gateway is unknown without them, a failure with them."""
    found, report = check({"InboundConnectors": [GATEWAY | {"ConnectorType": "Partner"}]}, domains=domains)
    assert (code, severity) == (found, severities(report).get("connector.wrong-type"))


def test_the_connector_whose_domain_is_accepted_wins(check: Check) -> None:
    """A better match whose domain the tenant does not accept is passed over (fact 1.3.1)."""
    exact = GATEWAY | {"Name": "Exact", "TlsSenderCertificateName": "mail.contoso.com"}
    for connectors in ([GATEWAY, exact], [exact, GATEWAY]):
        code, report = check({"InboundConnectors": connectors})
        verdicts = {one["name"]: one["verdict"] for one in report["connectors"]}
        assert (0, {"From gateway": "ready", "Exact": "not-applicable"}) == (code, verdicts)


def test_without_an_accepted_one_the_best_match_fails_by_its_domain(check: Check) -> None:
    """Where the tenant accepts none of the matching domains, the best match is the one that is judged."""
    exact = GATEWAY | {"Name": "Exact", "TlsSenderCertificateName": "mail.contoso.com"}
    code, report = check({"InboundConnectors": [GATEWAY, exact]}, domains=[{"DomainName": "fabrikam.com"}])
    judged = [one["name"] for one in report["connectors"] if one["verdict"] != "not-applicable"]
    assert (1, ["Exact"], "fail") == (code, judged, severities(report)["names.domain-not-accepted"])


@pytest.mark.parametrize(
    ("days", "rule", "severity"), [(0, "connector.export-dated", "pass"), (31, "connector.export-old", "warn")]
)
def test_the_age_of_an_export_is_judged(check: Check, days: int, rule: str, severity: str) -> None:
    """Over 30 days old warns; the date is named in either case, in every form that PowerShell writes."""
    moment = datetime.now(UTC) - timedelta(days=days, hours=1)
    ticks = f"/Date({int(moment.timestamp() * 1000)})/"
    for written in (f"{moment:%Y-%m-%dT%H:%M:%S}.1234567Z", ticks, {"value": ticks, "DateTime": "soon"}):
        code, report = check({"ExportedAt": written, "InboundConnectors": [GATEWAY]})
        (said,) = [one for one in report["findings"] if one["rule"] == rule]
        assert (0, severity, True) == (code, said["severity"], f"{moment:%Y-%m-%d}" in said["message"])


def test_a_date_that_cannot_be_read_is_noted(run: Run, material: Material, tmp_path: Path) -> None:
    """An ExportedAt that is no moment is said, and costs nothing else."""
    path = tmp_path / "tenant.json"
    export = {"ExportedAt": "yesterday", "InboundConnectors": [GATEWAY], "AcceptedDomains": DOMAINS}
    path.write_text(json.dumps(export))
    ran = run("check", material / "good.pem", "--tenant", str(path), *material.offline)
    assert (0, True) == (ran.code, "ExportedAt" in ran.err)
