"""What callers of the library are told about arguments that are not what they must be: in words of the library."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

import certready
from certready.demo.pki import Authority
from certready.errors import CertreadyError

ROOT = Authority.root("Root")
LEAF = ROOT.issue("mail.contoso.com")
NOW = datetime.now(UTC)

WRONG: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "load(Path)": (lambda: certready.load(Path("a.pfx")), TypeError, r"Path\('gateway.pfx'\).read_bytes\(\)"),
    "load(str)": (lambda: certready.load("a.pfx"), TypeError, "takes the content of a file.*not str"),
    "load(None)": (lambda: certready.load(None), TypeError, "not NoneType"),
    "load_files([str])": (lambda: certready.load_files(["a.pem"]), TypeError, r"\(name, content\), not str"),
    "load_tenant(Path)": (lambda: certready.load_tenant(Path("t.json")), TypeError, "takes the content of a file"),
    "load_tenant([str])": (lambda: certready.load_tenant(["t.json"]), TypeError, r"\(name, content\)"),
    "load_evidence(str)": (lambda: certready.load_evidence("e.json"), TypeError, "takes the content of a file"),
    "revocation": (
        lambda: certready.Options(revocation="maybe"),
        ValueError,
        "revocation is 'maybe', not one of require",
    ),
    "role": (lambda: certready.Options(role="host"), ValueError, "role is 'host', not one of client"),
    "expiry_warning": (
        lambda: certready.Options(expiry_warning="30d"),
        TypeError,
        "expiry_warning is an ExpiryWarning",
    ),
    "direction": (lambda: certready.Connector("x", "sideways"), ValueError, "direction is 'sideways'"),
    "family": (lambda: certready.fetch("localhost", family="ipx"), CertreadyError, "'ipx' is no family"),
    "dns": (lambda: certready.fetch("localhost", dns="nobody"), CertreadyError, "'nobody' is no DNS server"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_argument_that_is_wrong(case: str) -> None:
    """The error says what the argument is, what was given, and nothing of options of the command line."""
    call, error, words = WRONG[case]
    with pytest.raises(error, match=words) as raised:
        call()
    assert "--" not in str(raised.value)


def test_one_accepted_domain_is_one() -> None:
    """A single domain is taken for one, not for its letters."""
    bundle = certready.load(LEAF.chain_pem)
    value = certready.Connector("From gateway", "inbound", "*.contoso.com")
    evidence = certready.gather(
        bundle, value, now=NOW, roots=certready.load_roots("mozilla"), accepted_domains="contoso.com"
    )
    assert [domain.name for domain in evidence.accepted_domains or ()] == ["contoso.com"]
    assert certready.judge(replace(evidence, named=True)).summary().startswith("NOT READY")


def test_every_format_is_a_method() -> None:
    """A report is written in every format, and its summary is one line."""
    report = certready.check(certready.load(LEAF.chain_pem), now=NOW, roots=certready.load_roots("mozilla"))
    assert "\n" not in report.summary()
    for name in ("text", "json", "jsonl", "markdown", "html", "junit", "sarif", "prometheus", "nagios"):
        assert getattr(report, f"to_{name}")().endswith("\n")
