"""check --planned and check REQUEST: names against connectors before a certificate exists."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import certready
from certready.errors import UsageError
from tests.cli.conftest import Material, Ran
from tests.outside import Store

Run = Callable[..., Ran]
INBOUND = ("--inbound", "*.contoso.com", "--accepted-domain", "contoso.com")


def report(ran: Ran) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran.out)
    return found


def rules(ran: Ran) -> dict[str, str]:
    return {one["rule"]: one["severity"] for one in report(ran)["findings"]}


def request(common: str | None, *names: str, key: bool = False, label: bool = True) -> bytes:
    """A signing request, in PEM or DER, with its private key behind it where wanted."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if names:
        listed = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(listed, critical=False)
    made = builder.sign(private, hashes.SHA256()).public_bytes(Encoding.PEM if label else Encoding.DER)
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made + secret if key else made


@pytest.mark.parametrize(
    ("names", "more", "code", "deciding"),
    [
        (("mail.contoso.com",), INBOUND, 3, "names.connector-match"),
        (("mail.fabrikam.com", "gw.contoso.com"), INBOUND, 3, "names.connector-match"),
        (("mail.fabrikam.com",), INBOUND, 1, "names.connector-mismatch"),
        (("mail.contoso.com",), ("--inbound", "*.contoso.com", "--accepted-domain", "adatum.com"), 1, None),
        (("*.contoso.com",), ("--outbound", "mail.contoso.com"), 3, "names.connector-match-uncertain"),
        (("mail.contoso.com",), ("--outbound", "mail.contoso.de"), 1, "names.connector-mismatch"),
        (("b\u00fccher.example",), ("--outbound", "xn--bcher-kva.example"), 3, "names.connector-match"),
        (("mail.contoso.com",), (*INBOUND, "--hostname", "mx.contoso.com"), 1, "names.hostname-mismatch"),
        (("mail.contoso.com",), (), 3, "names.no-connector"),
        (("x.example",), ("--outbound", "y.example", "--tls-settings", "encryption-only"), 3, None),
    ],
)
def test_names_alone_are_never_ready(
    run: Run, names: tuple[str, ...], more: tuple[str, ...], code: int, deciding: str | None
) -> None:
    """Names that satisfy the connector leave cannot-tell, names that do not are not ready; nothing else is judged."""
    ran = run("check", *(word for name in names for word in ("--planned", name)), *more, "--format", "json")
    found = rules(ran)
    assert (code, "unknown") == (ran.code, found["evidence.incomplete"])
    assert deciding is None or deciding in found
    assert {"evidence", "names", "connector"} >= {rule.partition(".")[0] for rule in found}
    assert ("planned", []) == (report(ran)["target"]["kind"], report(ran)["certificates"])


def test_a_tenant_chooses_the_connector_by_planned_names(run: Run, tmp_path: Path) -> None:
    """Of a whole tenant the connector that Exchange Online would choose for such a certificate is judged."""
    rows = [
        {"Name": name, "ConnectorType": "OnPremises", "Enabled": True, "TlsSenderCertificateName": value}
        for name, value in (("One", "*.contoso.com"), ("Two", "*.fabrikam.com"))
    ]
    tenant = tmp_path / "tenant.json"
    domains = [{"DomainName": "contoso.com"}, {"DomainName": "fabrikam.com"}]
    tenant.write_text(json.dumps({"InboundConnectors": rows, "AcceptedDomains": domains}), "utf-8")
    ran = run("check", "--planned", "mx.fabrikam.com", "--tenant", str(tenant), "--format", "json")
    judged = [one["name"] for one in report(ran)["connectors"] if one["verdict"] != "not-applicable"]
    assert (3, ["Two"]) == (ran.code, judged)
    none = run("check", "--planned", "mx.adatum.com", "--tenant", str(tenant))
    assert (1, True) == (none.code, "a name of the planned certificate, which has mx.adatum.com" in none.out)


@pytest.mark.parametrize("label", [True, False])
def test_a_request_is_judged_by_the_names_it_asks_for(run: Run, tmp_path: Path, label: bool) -> None:
    """A CSR beside connectors, in PEM or DER, is compared by CN and alternative names, and the report says what it is."""
    path = tmp_path / "request.csr"
    path.write_bytes(request("mail.contoso.com", "gw.contoso.com", label=label, key=label))
    ran = run("check", str(path), "--inbound", "gw.contoso.com", "--accepted-domain", "gw.contoso.com")
    assert 3 == ran.code
    assert "request.csr asks for were compared: mail.contoso.com, gw.contoso.com." in ran.out
    assert "no certificate exists yet" in ran.out
    assert "BEGIN" not in ran.out + ran.err


def test_a_request_without_a_connector_is_called_what_it_is(run: Run, tmp_path: Path) -> None:
    """A CSR with nothing to compare it with is no certificate, and the hint says what can be done with it."""
    path = tmp_path / "request.csr"
    path.write_bytes(request("mail.contoso.com"))
    ran = run("check", str(path), "--certificate-only")
    assert (2, True) == (ran.code, "a certificate signing request (CSR) but no certificate" in ran.err)


def test_a_certificate_beside_its_request_is_judged_itself(run: Run, material: Material, tmp_path: Path) -> None:
    """Where there is a certificate, the request beside it changes nothing."""
    path = tmp_path / "request.csr"
    path.write_bytes(request("mail.fabrikam.com"))
    ran = run("check", str(path), material / "good.pem", *material.inbound, *material.offline)
    assert 0 == ran.code


def test_names_of_a_request_that_cannot_be_read_are_unknown(run: Run, tmp_path: Path) -> None:
    """An alternative name that is there and damaged makes no mismatch."""
    broken = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x03\x82\x05a")
    private = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(broken, critical=False)
    path = tmp_path / "request.der"
    path.write_bytes(builder.sign(private, hashes.SHA256()).public_bytes(Encoding.DER))
    ran = run("check", str(path), *INBOUND, "--format", "json")
    assert (3, "unknown") == (ran.code, rules(ran)["names.unreadable"])
    assert "names.connector-mismatch" not in rules(ran)


@pytest.mark.parametrize(
    "name", ["mail", "a b.example", "https://mail.contoso.com", " ", "192.0.2.1", "<S>CN=a.b", "*"]
)
def test_what_is_no_name_is_wrong_usage(run: Run, name: str) -> None:
    """A planned name that no certificate could carry as DNS name is refused with a hint."""
    ran = run("check", "--planned", name, *INBOUND)
    assert (2, True) == (ran.code, "is not a DNS name" in ran.err and "hint:" in ran.err)


@pytest.mark.parametrize("more", [("good.pem",), ("--certificate-only",), ("--replay", "x.json")])
def test_planned_stands_for_a_certificate_and_not_beside_one(
    run: Run, material: Material, more: tuple[str, ...]
) -> None:
    """A file, --certificate-only and --replay contradict planned names."""
    words = [material / word if word.endswith(".pem") else word for word in more]
    assert 2 == run("check", "--planned", "mail.contoso.com", *words).code


def test_what_was_planned_is_saved_and_replayed(run: Run, tmp_path: Path) -> None:
    """Evidence of planned names replays to the same, still never ready."""
    saved = tmp_path / "evidence.json"
    first = run("check", "--planned", "mail.contoso.com", *INBOUND, "--save-evidence", str(saved), "--format", "json")
    again = run("check", "--replay", str(saved), "--format", "json")
    assert (first.code, report(first)["findings"]) == (again.code, report(again)["findings"])


def test_the_library_judges_planned_names() -> None:
    """In Python ``planned`` makes the bundle; ``load_files`` reads a request so where it is asked to."""
    connector = certready.Connector("From gateway", "inbound", "*.contoso.com")
    asked = certready.load_files([("request.csr", request("mail.contoso.com"))], requests=True)
    for bundle in (certready.planned("mail.contoso.com"), asked):
        made = certready.check(
            bundle, connector, now=datetime(2026, 11, 21, tzinfo=UTC), roots=Store(()), accepted_domains=["contoso.com"]
        )
        assert ("cannot-tell", ["evidence.incomplete"]) == (
            made.verdict,
            [one.rule for one in made.findings if one.severity is not certready.Severity.PASS],
        )
    with pytest.raises(UsageError):
        certready.planned()
