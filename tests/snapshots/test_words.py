"""What certready says without a certificate: rules, explanations, errors."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.snapshots.conftest import Typed

LINES = {
    "5.7.64": "550 5.7.64 TenantAttribution; Relay Access Denied [example.prod.outlook.com]",
    "5.7.51": "550 5.7.51 TenantInboundAttribution; There is a partner connector configured that matched the message's "
    "recipient domain.",
    "untrusted-root": "451 4.4.317 Cannot connect to remote server [Message=UntrustedRoot] "
    "[LastAttemptedServerName=gw.contoso.com]",
    "tls-domain": 'LED="454 4.7.5 The certificate specified in TlsDomain of SendConnector could not be found"',
    "event": "Microsoft Exchange could not find a certificate that contains the domain name mail.contoso.com in the "
    "personal store on the local computer.",
    "symptom": "mail stopped after the certificate was renewed",
    "unknown": "554 5.7.999 connector",
}
ERRORS = {
    "no-file": "check",
    "not-there": "check absent.pem --certificate-only",
    "no-certificate": "check text.txt --certificate-only --format json",
    "malformed-value": "check good.pem --inbound m*.contoso.com",
    "unknown-connector": "check good.pem --tenant tenant.json --connector Nobody",
    "contradiction": "check good.pem --inbound contoso.com --certificate-only",
    "no-tenant": "tenant text.txt",
}


def rule_ids(typed: Typed) -> list[str]:
    return [line.split()[0] for line in typed("rules").splitlines() if "." in line.split()[0]]


def test_rules(typed: Typed, snapshot: SnapshotAssertion) -> None:
    """Every rule, one line each."""
    assert typed("rules") == snapshot


@pytest.mark.parametrize("form", ["text", "json"])
def test_explained_rules(typed: Typed, snapshot: SnapshotAssertion, form: str) -> None:
    """Every rule explained."""
    ids = rule_ids(typed)
    assert len(ids) > 90
    assert "\n".join(typed("explain", one, "--format", form) for one in ids) == snapshot


@pytest.mark.parametrize("line", LINES)
def test_explained_lines(typed: Typed, snapshot: SnapshotAssertion, line: str) -> None:
    """An error line into causes and checks: into a pipe, on a terminal, as JSON."""
    words = ("explain", LINES[line])
    shown = [typed(*words), typed(*words, terminal=True), typed(*words, "--format", "json")]
    assert "\n".join(shown) == snapshot


@pytest.mark.parametrize("error", ERRORS)
def test_errors(typed: Typed, snapshot: SnapshotAssertion, error: str) -> None:
    """What could not be run, and the hint."""
    assert typed(*ERRORS[error].split()) == snapshot
