"""Findings and the report: what a verdict is made of (contract, "Report")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import IntEnum
from importlib import import_module
from typing import Literal, NamedTuple

from msgspec import Struct, field

from certready.model import Endpoint, StoreInfo, Target
from certready.model.plain import json_text, report_dict

Verdict = Literal["ready", "not-ready", "cannot-tell", "not-applicable"]
Status = Literal["good", "revoked", "unknown", "unreachable", "stale", "invalid", "not-checkable", "skipped"]


class Severity(IntEnum):
    """How much a finding weighs; ordered, so that the worst of several is their maximum."""

    PASS = 0
    WARN = 1
    UNKNOWN = 2
    FAIL = 3

    def __str__(self) -> str:
        return self.name.lower()


class Finding(Struct, frozen=True):
    """An observation, weighed. ``counted`` is False where ``--strict`` must not turn the warning into a failure."""

    rule: str
    severity: Severity
    counted: bool
    message: str
    fix: str | None = None
    reference: str | None = None
    certificate: str | None = None
    connector: str | None = None
    chain: str | None = None
    endpoint: str | None = None
    evidence: Mapping[str, object] = field(default_factory=dict)


class ConnectorResult(NamedTuple):
    """One connector's verdict and the name that decided. ``match`` is the contract's match kind."""

    name: str
    direction: str
    level: str | None
    verdict: Verdict
    value: str | None
    matched_name: str | None
    match: str


class ChainResult(NamedTuple):
    """One chain: SHA-256s as sent, the judged path from leaf to anchor (or as far as it goes), and its verdict."""

    id: str
    container: str
    family: str
    sni: str | None
    sent: tuple[str, ...]
    path: tuple[str, ...]
    verdict: Verdict


class CertificateInfo(NamedTuple):
    """One certificate for people: ``serial`` is lower-case hexadecimal, dates are aware and in UTC, None where they
    cannot be read."""

    sha256: str
    subject: str
    issuer: str
    serial: str
    not_before: datetime | None
    not_after: datetime | None
    key: str
    names: tuple[str, ...]
    role: Literal["leaf", "intermediate", "root", "unused"]
    origin: Literal["sent", "intermediate-file", "aia", "store"]
    sha1: str = ""  # what Windows and Exchange call the thumbprint, in lower-case hexadecimal


class RevocationResult(Struct, frozen=True):
    """What one endpoint is worth for one certificate, and why (``detail``, a sentence)."""

    certificate: str
    method: Literal["ocsp", "crl", "stapled"]
    source: Literal["network", "cache", "file", "handshake"]
    url: str | None
    status: Status
    this_update: datetime | None = None
    next_update: datetime | None = None
    revoked_at: datetime | None = None
    reason: str | None = None
    elapsed_ms: int | None = None
    detail: str = ""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several verdicts; of none at all nothing can be told."""
    order: tuple[Verdict, ...] = ("not-applicable", "ready", "cannot-tell", "not-ready")
    return max(verdicts, key=order.index, default="cannot-tell")


def exit_code(verdict: Verdict) -> int:
    """0 ready, 1 not ready, 3 cannot tell (contract, "Exit codes")."""
    return {"ready": 0, "not-ready": 1, "cannot-tell": 3, "not-applicable": 3}[verdict]


class Report(Struct, frozen=True):
    """The answer to: will Exchange Online accept this certificate for this connector?"""

    certready: str
    evaluated_at: datetime
    gathered_at: datetime
    target: Target
    trust: StoreInfo
    verdict: Verdict
    connectors: tuple[ConnectorResult, ...] = ()
    chains: tuple[ChainResult, ...] = ()
    certificates: tuple[CertificateInfo, ...] = ()
    revocation: tuple[RevocationResult, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    findings: tuple[Finding, ...] = ()
    strict: bool = False  # whether counted warnings failed; said by the verdict, and needed by formats that have none

    @property
    def ready(self) -> bool:
        """Whether every required check ran and none failed."""
        return self.verdict == "ready"

    def __bool__(self) -> bool:
        """Refuses: every report would be true, one that is not ready too."""
        raise TypeError("a report is neither true nor false: ask report.ready")

    @property
    def exit_code(self) -> int:
        """0 ready, 1 not ready, 3 cannot tell (contract, "Exit codes")."""
        return exit_code(self.verdict)

    def to_dict(self) -> dict[str, object]:
        """The report as ``certready.report/1``: plain JSON values, keys in the contract's order."""
        return report_dict(self)

    def to_json(self) -> str:
        """The report as JSON text, two spaces of indent, a line end at the end."""
        return json_text(report_dict(self))

    def summary(self) -> str:
        """The verdict, what was judged and the counts, in one line without a line end."""
        return self.to_text().partition("\n")[0]

    def to_text(self) -> str:
        """The report as text, a line for each finding."""
        return self._rendered("text")

    def to_jsonl(self) -> str:
        """The report as one line of JSON."""
        return self._rendered("jsonl")

    def to_markdown(self) -> str:
        """The report as Markdown, for tickets."""
        return self._rendered("markdown")

    def to_html(self) -> str:
        """The report as one HTML file that loads nothing."""
        return self._rendered("html")

    def to_junit(self) -> str:
        """The report as a JUnit document of one test suite."""
        return self._rendered("junit")

    def to_sarif(self) -> str:
        """The report as a SARIF 2.1.0 log of one run."""
        return self._rendered("sarif")

    def to_prometheus(self) -> str:
        """The report in Prometheus' text format."""
        return self._rendered("prometheus")

    def to_nagios(self) -> str:
        """The report as a Nagios plugin's line."""
        return self._rendered("nagios")

    def _rendered(self, name: str) -> str:
        # The nouns lie below the formats, so a format is found by name, when it is asked for.
        return str(import_module("certready.render").renderer(name).render(self))
