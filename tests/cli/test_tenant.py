"""certready tenant: the lint, the questions, the exit codes and the JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from certready import schemas
from certready.net import dns
from certready.net.dns import ResolveError
from tests.cli.conftest import PASSWORD, Material, Ran

Run = Callable[..., Ran]

GATEWAY: dict[str, Any] = {
    "Name": "From gateway",
    "ConnectorType": "OnPremises",
    "Enabled": True,
    "SenderDomains": ["smtp:*;1"],
    "RequireTls": True,
    "TlsSenderCertificateName": "*.contoso.com",
}
BY_ADDRESS: dict[str, Any] = {
    "Name": "By address",
    "ConnectorType": "OnPremises",
    "Enabled": True,
    "SenderDomains": ["smtp:*;1"],
    "SenderIPAddresses": ["192.0.2.0/24"],
}


def to(name: str, **more: Any) -> dict[str, Any]:
    """An outbound connector by MX record."""
    return {
        "Name": name,
        "ConnectorType": "OnPremises",
        "Enabled": True,
        "UseMXRecord": True,
        "TlsSettings": None,
    } | more


DOMAINS = [
    {"DomainName": "contoso.com", "Default": True},
    {"DomainName": "sales.contoso.com", "MatchSubDomains": True},
    {"DomainName": "fabrikam.com"},
    {"DomainName": "contoso.onmicrosoft.com", "InitialDomain": True},
]
# The worked example of "Set up connectors to route mail", with a gateway beside it.
EXAMPLE = {
    "InboundConnectors": [GATEWAY],
    "OutboundConnectors": [
        to("Connector 1", AllAcceptedDomains=True),
        to("Connector 2", RecipientDomains=["Contoso.com"]),
        to("Connector 3", RecipientDomains=["*.Contoso.com"]),
    ],
    "AcceptedDomains": DOMAINS,
}


@pytest.fixture
def export(tmp_path: Path) -> Callable[[dict[str, Any]], str]:
    """Writes an export and gives its path."""

    def write(content: dict[str, Any]) -> str:
        path = tmp_path / "tenant.json"
        path.write_text(json.dumps(content), "utf-8")
        return str(path)

    return write


Export = Callable[[dict[str, Any]], str]


def parsed(ran: Ran) -> dict[str, Any]:
    """The JSON that was printed, valid against the shipped schema and saying what the exit code says."""
    found: dict[str, Any] = json.loads(ran.out)
    jsonschema.Draft202012Validator(schemas.load("tenant")).validate(found)
    assert {"ready": 0, "not-ready": 1, "cannot-tell": 3}[found["verdict"]] == ran.code
    return found


# -- the lint -----------------------------------------------------------------------------------------------------


def test_a_sound_tenant_is_listed_with_exit_code_0(run: Run, export: Export) -> None:
    """Without options every connector and accepted domain is in a table, and nothing is to mend."""
    ran = run("tenant", export(EXAMPLE))
    assert 0 == ran.code
    assert ran.out.startswith("SOUND  4 connectors: 0 failed, 0 unknown, 0 warnings\n")
    for said in ("Connector 3", "*.contoso.com", "contoso.onmicrosoft.com", "MatchSubDomains", "default"):
        assert said in ran.out
    assert ran.out.isascii()


def test_a_failing_setting_is_exit_code_1_with_its_fix(run: Run, export: Export) -> None:
    """A value that is not an accepted domain fails; the fix is the line for that connector."""
    ran = run(
        "tenant", export(EXAMPLE | {"InboundConnectors": [GATEWAY | {"TlsSenderCertificateName": "mail.contoso.com"}]})
    )
    assert 1 == ran.code
    assert "fail     names.domain-not-accepted" in ran.out
    assert "Fix Ask for what is accepted already (contoso.com):\n" in ran.out
    assert "  Set-InboundConnector -Identity 'From gateway' -TlsSenderCertificateName '*.contoso.com'\n" in ran.out


def test_warnings_are_shown_and_are_exit_code_0(run: Run, export: Export) -> None:
    """A warning alone is no failure."""
    ran = run("tenant", export(EXAMPLE | {"InboundConnectors": [GATEWAY, BY_ADDRESS]}))
    assert (0, True) == (ran.code, "connector.ip-only" in ran.out)


def test_what_cannot_be_told_is_exit_code_3(run: Run, export: Export) -> None:
    """A property that was cut off leaves the answer open, and the note says how to export it."""
    ran = run(
        "tenant", export(EXAMPLE | {"InboundConnectors": [GATEWAY | {"TrustedOrganizations": "System.Object[]"}]})
    )
    assert 3 == ran.code
    assert "-Depth 5" in ran.out


def test_the_lint_as_json(run: Run, export: Export) -> None:
    """The JSON has findings, connectors and accepted domains, and no answers to questions."""
    found = parsed(run("tenant", export(EXAMPLE | {"InboundConnectors": [GATEWAY, BY_ADDRESS]}), "--format", "json"))
    assert "connector.ip-only" in [one["rule"] for one in found["findings"]]
    assert 5 == len(found["connectors"])
    assert (None, [], None, None) == (found["route"], found["messages"], found["mx"], found["names"])
    alone = parsed(run("tenant", export({"InboundConnectors": [GATEWAY]}), "--format", "json"))
    assert alone["accepted_domains"] is None


def test_verbose_tells_what_is_sound_and_the_sources(run: Run, export: Export) -> None:
    """--verbose shows passed findings with their source."""
    path = export(EXAMPLE)
    assert "names.accepted-domain" in run("tenant", path, "-v").out
    assert "names.accepted-domain" not in run("tenant", path).out
    assert "source: " in run("tenant", path, "-v").out


# -- which outbound connector -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipient", "chosen"),
    [
        ("john@fabrikam.com", "Connector 1"),
        ("john@contoso.com", "Connector 2"),
        ("john@sales.contoso.com", "Connector 3"),
        ("<john@CONTOSO.com>", "Connector 2"),
        ("sales.contoso.com", "Connector 3"),
        ("john@example.org", None),
    ],
)
def test_the_articles_example_chooses_as_it_states(
    run: Run, export: Export, recipient: str, chosen: str | None
) -> None:
    """fabrikam.com goes to 1, contoso.com to 2, sales.contoso.com to 3, as the article says; why the others lose is
    told for each."""
    found = parsed(run("tenant", export(EXAMPLE), "--recipient", recipient, "--format", "json"))
    assert chosen == found["route"]["chosen"]
    assert 3 == len([one for one in found["route"]["considered"] if one["reason"]])
    assert found["findings"] is None


def test_that_list_and_example_disagree_is_said(run: Run, export: Export) -> None:
    """Where it matters, the report says that the article's ordered list and its example disagree."""
    path = export(EXAMPLE)
    assert "its own example the wildcard" in run("tenant", path, "--recipient", "a@sales.contoso.com").out
    assert "its own example" not in run("tenant", path, "--recipient", "a@fabrikam.com").out


def test_two_equal_connectors_cannot_be_told_apart(run: Run, export: Export) -> None:
    """Nothing documents which of two equally specific connectors wins: exit code 3."""
    twins = [to("A", RecipientDomains=["contoso.com"]), to("B", RecipientDomains=["contoso.com"])]
    ran = run("tenant", export(EXAMPLE | {"OutboundConnectors": twins}), "--recipient", "x@contoso.com")
    assert (3, True) == (ran.code, ": unknown" in ran.out)


def test_a_connector_that_may_cover_the_recipient_leaves_it_open(run: Run, export: Export) -> None:
    """A cut-off list of recipient domains may hold any; AllAcceptedDomains without accepted domains beats nothing but a
    wildcard over everything."""
    cut = [to("Cut", RecipientDomains="System.Object[]"), to("All", RecipientDomains=["*"])]
    assert 3 == run("tenant", export(EXAMPLE | {"OutboundConnectors": cut}), "--recipient", "x@contoso.com").code
    own = [to("Own", AllAcceptedDomains=True), to("Exact", RecipientDomains=["contoso.com"])]
    known = parsed(run("tenant", export({"OutboundConnectors": own}), "--recipient", "contoso.com", "--format", "json"))
    assert "Exact" == known["route"]["chosen"]
    assert 3 == run("tenant", export({"OutboundConnectors": own}), "--recipient", "x.org").code


# -- which mail may relay -----------------------------------------------------------------------------------------


def test_a_certificate_alone_answers_the_four_scenarios(run: Run, export: Export, material: Material) -> None:
    """With a certificate and no sender the four kinds of mail are a table; all relay by an accepted domain."""
    ran = run("tenant", export(EXAMPLE), "--certificate", material / "good.pem")
    assert 0 == ran.code
    for kind in ("own sender", "bounce", "foreign sender", "forwarded"):
        assert any(line.split("  ")[1:2] == [kind] and "RELAYED" in line for line in ran.out.splitlines())
    assert "certready check judges that" in ran.out


def test_a_stranger_certificate_relays_nothing(run: Run, export: Export, material: Material) -> None:
    """A certificate that no connector asks for: refused with Exchange Online's own line, exit code 1."""
    path = export(EXAMPLE | {"AcceptedDomains": [{"DomainName": "contoso.com", "Default": True}]})
    ran = run("tenant", path, "--certificate", material / "stranger.pem")
    assert 1 == ran.code
    assert "reply: 550 5.7.64 TenantAttribution; Relay Access Denied\n" in ran.out
    found = parsed(run("tenant", path, "--certificate", material / "stranger.pem", "--format", "json"))
    assert ["refused"] * 4 == [one["outcome"] for one in found["messages"]]
    assert ["mail.fabrikam.com"] == found["names"]


@pytest.mark.parametrize(
    ("words", "outcome", "code"),
    [
        (["--sender", "kate@contoso.com", "--ip", "192.0.2.7"], "relayed", 0),
        (["--sender", "kate@contoso.com"], "cannot-tell", 3),
        (["--sender", "kate@contoso.com", "--ip", "198.51.100.7"], "refused", 1),
        (["--null-sender", "--ip", "192.0.2.7"], "refused", 1),
        (["--sender", "<>", "--ip", "192.0.2.7", "--recipient", "a@example.org"], "refused", 1),
        (["--sender", "a@example.org", "--ip", "192.0.2.7", "--recipient", "kate@contoso.com"], "incoming", 1),
    ],
)
def test_a_gateway_known_by_its_address(run: Run, export: Export, words: list[str], outcome: str, code: int) -> None:
    """Without a certificate the address and the sender decide; the step that does is named with its fact."""
    path = export(EXAMPLE | {"InboundConnectors": [BY_ADDRESS]})
    found = parsed(ran := run("tenant", path, *words, "--format", "json"))
    assert (outcome, code) == (found["messages"][0]["outcome"], ran.code)
    text = run("tenant", path, *words)
    assert code == text.code
    assert f"fact {found['messages'][0]['decided_by']['fact']})" in text.out


def test_a_pfx_is_read_with_its_password(
    run: Run, export: Export, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate may be a PFX; its password comes from a file or the environment."""
    path, pfx = export(EXAMPLE), material / "good.pfx"
    monkeypatch.setenv("PFX", PASSWORD)
    for words in (["--password-file", material / "password.txt"], ["--password-env", "PFX"]):
        assert 0 == run("tenant", path, "--certificate", pfx, *words, "--null-sender").code
    assert 2 == run("tenant", path, "--certificate", pfx, "--password-file", material / "wrong.txt").code


def test_accepted_domains_may_be_given_by_option(run: Run, export: Export, material: Material) -> None:
    """What the file does not say, --accepted-domain does."""
    path = export({"InboundConnectors": [GATEWAY]})
    assert 3 == run("tenant", path, "--certificate", material / "good.pem").code
    assert 0 == run("tenant", path, "--certificate", material / "good.pem", "--accepted-domain", "contoso.com").code


# -- hosts --------------------------------------------------------------------------------------------------------


def test_the_mx_is_read_and_recognised(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """--mx needs no tenant file, names what each host is, and which one is the smart host."""
    records = (
        dns.Exchanger(0, "contoso-com.mail.protection.outlook.com"),
        dns.Exchanger(10, "mx.filter.example"),
    )
    monkeypatch.setattr(dns, "exchangers", lambda *_, **__: records)
    ran = run("tenant", "--mx", "Contoso.com")
    assert 0 == ran.code
    assert "The gateway's smart host for this domain is contoso-com.mail.protection.outlook.com." in ran.out
    found = parsed(run("tenant", "--mx", "contoso.com", "--format", "json"))["mx"]
    assert [("worldwide", True), ("other", False)] == [(one["form"], one["exchange_online"]) for one in found["hosts"]]
    monkeypatch.setattr(dns, "exchangers", lambda *_, **__: records[1:])
    assert "None of them is Exchange Online" in run("tenant", "--mx", "contoso.com").out


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (ResolveError("contoso.com does not exist in DNS (NXDOMAIN)."), "NXDOMAIN"),
        ((), "has no MX record"),
        ((dns.Exchanger(0, ""),), "null MX"),
    ],
)
def test_an_mx_that_is_not_there_cannot_be_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, records: Any, said: str
) -> None:
    """Without a usable MX record the sentence says so, with exit code 3."""

    def answer(*_: Any, **__: Any) -> Any:
        if isinstance(records, Exception):
            raise records
        return records

    monkeypatch.setattr(dns, "exchangers", answer)
    ran = run("tenant", "--mx", "contoso.com")
    assert (3, True) == (ran.code, said in ran.out)


def test_a_smart_host_is_recognised_without_a_look_up(run: Run) -> None:
    """--smart-host says of each host what it is."""
    ran = run("tenant", "--smart-host", "contosotest-com.o-v1.mx.microsoft", "--smart-host", "gw.contoso.com")
    assert 0 == ran.code
    assert "mx.microsoft, the form that DNSSEC can protect" in ran.out
    assert "'gw.contoso.com' is none of the forms" in ran.out


# -- wrong usage --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "No tenant file"),
        (["FILE", "--sender", "a@b.org", "--null-sender"], "exclude each other"),
        (["FILE", "--recipient", "no domain"], "--recipient"),
        (["FILE", "--sender", "a@"], "--sender"),
        (["FILE", "--null-sender", "--ip", "mail.contoso.com"], "--ip"),
        (["FILE", "--ip", "192.0.2.1"], "Nobody sends"),
        (["FILE", "--accepted-domain", "*.x"], "--accepted-domain"),
        (["FILE.missing"], "no file"),
        (["--mx", "192.0.2.1"], "has no MX"),
        (["--mx", "contoso.com", "--timeout", "0"], "--timeout"),
    ],
)
def test_wrong_usage_is_exit_code_2_with_a_sentence(run: Run, export: Export, words: list[str], said: str) -> None:
    """What cannot be asked is refused with one sentence, as text and as JSON."""
    path = export(EXAMPLE)
    ran = run("tenant", *[one.replace("FILE", path) for one in words], "--format", "json")
    assert 2 == ran.code
    assert said in json.loads(ran.out)["error"]
    assert said in ran.err


def test_a_missing_export_says_how_it_is_made(run: Run) -> None:
    """Whoever names an export that is not there reads how it is made, for a certificate and for the tenant alone."""
    for words in (("tenant", "gone.json"), ("check", "x.pem", "--tenant", "gone.json")):
        ran = run(*words)
        assert 2 == ran.code
        assert "hint: Check the path, or make it in Exchange Online PowerShell: @{ExportedAt=" in ran.err
