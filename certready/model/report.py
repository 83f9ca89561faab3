"""Findings and the report: what a verdict is made of (contract, "Report"), and the document that says it in JSON.

The parts of a report stand in its document as they are; ``ReportDocument`` says which of them, and what of an endpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from functools import total_ordering
from importlib import import_module
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field, structs

from certready.model import Container, Direction, Endpoint, Level, MatchKind, StoreInfo, Target
from certready.model.endpoint import Outcome, Question, Stage
from certready.model.plain import Moment, Serial, Sha1, Sha256, json_text, json_values, plain, to_the_second

Verdict = Literal["ready", "not-ready", "cannot-tell", "not-applicable"]
ReportVerdict = Literal["ready", "not-ready", "cannot-tell"]
"""The verdict on a whole report, which is never not-applicable."""
Status = Literal["good", "revoked", "unknown", "unreachable", "stale", "invalid", "not-checkable", "skipped"]


@total_ordering
class Severity(Enum):
    """How much a finding weighs; ordered, so that the worst of several is their maximum."""

    PASS = "pass"  # noqa: S105 - it is no password
    WARN = "warn"
    UNKNOWN = "unknown"
    FAIL = "fail"

    def __init__(self, _value: str) -> None:
        self.rank = len(type(self).__members__)  # in the order in which they stand

    def __str__(self) -> str:
        return self.value

    def __lt__(self, other: Severity) -> bool:
        return self.rank < other.rank

    def __gt__(self, other: Severity) -> bool:  # asked for every finding: made out of the other it takes thrice as long
        return self.rank > other.rank


class Finding(Struct, frozen=True):
    """One thing that was seen, and what it weighs; ``counted`` is False where ``--strict`` must not turn the warning
    into a failure. ``evidence`` holds the values that were compared; what JSON cannot hold in it becomes text."""

    rule: Annotated[str, Meta(extra_json_schema={"pattern": r"^[a-z]+\.[a-z-]+$"})]
    severity: Severity
    counted: Annotated[bool, Meta(description="Whether --strict turns a warning into a failure.")]
    message: str
    fix: str | None = None
    reference: str | None = None
    certificate: Sha256 | None = None
    connector: str | None = None
    chain: str | None = None
    endpoint: str | None = None
    evidence: Annotated[
        Mapping[str, Any], Meta(description="The values that were compared; the keys depend on the rule.")
    ] = field(default_factory=dict)
    direction: Annotated[Direction | None, Meta(description="The connector's: two may share a name.")] = None

    def __post_init__(self) -> None:
        if self.evidence:
            structs.force_setattr(self, "evidence", plain(self.evidence))


class ConnectorResult(Struct, frozen=True):
    """One connector's verdict and the name that decided it."""

    name: str
    direction: Direction
    level: Level | None
    verdict: Verdict
    value: str | None
    matched_name: str | None
    match: MatchKind


class ChainResult(Struct, frozen=True):
    """Certificates that arrived together, the path that was judged (leaf first, as far towards an anchor as it goes),
    and the verdict on it."""

    id: str
    container: Container
    family: str
    sni: str | None
    sent: tuple[Sha256, ...]
    path: tuple[Sha256, ...]
    verdict: Verdict


class CertificateInfo(Struct, frozen=True):
    """One certificate for people. Dates are null where they cannot be read."""

    sha256: Sha256
    sha1: Sha1
    subject: str
    issuer: str
    serial: Serial
    not_before: Moment | None
    not_after: Moment | None
    key: Annotated[str, Meta(description="Such as RSA 2048.")]
    names: tuple[str, ...]
    role: Literal["leaf", "intermediate", "root", "unused"]
    origin: Literal["sent", "intermediate-file", "aia", "store"]

    def __post_init__(self) -> None:
        to_the_second(self, "not_before", "not_after")


class RevocationResult(Struct, frozen=True):
    """What one source of revocation is worth for one certificate, and why (``detail``, a sentence)."""

    certificate: Sha256
    method: Literal["ocsp", "crl", "stapled"]
    source: Literal["network", "cache", "file", "handshake"]
    url: str | None
    status: Status
    this_update: Moment | None = None
    next_update: Moment | None = None
    revoked_at: Moment | None = None
    reason: str | None = None
    elapsed_ms: int | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        to_the_second(self, "this_update", "next_update", "revoked_at")


def worst(verdicts: Iterable[Verdict]) -> ReportVerdict:
    """The worst of several verdicts; of none that applies nothing can be told."""
    order: tuple[ReportVerdict, ...] = ("ready", "cannot-tell", "not-ready")
    applicable = (verdict for verdict in verdicts if verdict != "not-applicable")
    return max(applicable, key=order.index, default="cannot-tell")


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
    verdict: ReportVerdict
    connectors: tuple[ConnectorResult, ...] = ()
    chains: tuple[ChainResult, ...] = ()
    certificates: tuple[CertificateInfo, ...] = ()
    revocation: tuple[RevocationResult, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    findings: tuple[Finding, ...] = ()
    strict: bool = False  # whether counted warnings failed; said by the verdict, and needed by formats that have none
    extra: tuple[tuple[str, str], ...] = ()  # a fleet's keys x_...; JSON has them beside the report
    defaults_file: str | None = None  # the certready.toml whose defaults held

    def __post_init__(self) -> None:
        to_the_second(self, "evaluated_at", "gathered_at")

    @property
    def ready(self) -> bool:
        """Whether every required check ran and none failed."""
        return self.verdict == "ready"

    def __bool__(self) -> bool:
        """Refuses: every report would be true, one that is not ready too."""
        raise TypeError("a report is neither true nor false: ask report.ready")

    def connector_label(self, finding: Finding) -> str | None:
        """What to call its connector: by name, as ``inbound:NAME`` where one of the other direction has the same."""
        judged = (result for result in self.connectors if result.verdict != "not-applicable")
        alike = {result.direction for result in judged if result.name == finding.connector}
        return f"{finding.direction}:{finding.connector}" if finding.direction and len(alike) > 1 else finding.connector

    @property
    def exit_code(self) -> int:
        """0 ready, 1 not ready, 3 cannot tell (contract, "Exit codes")."""
        return exit_code(self.verdict)

    @property
    def document(self) -> ReportDocument:
        """The report as ``certready.report/1``."""
        return msgspec.convert(self, ReportDocument, from_attributes=True)

    def to_dict(self) -> dict[str, Any]:
        """The report as ``certready.report/1``: plain JSON values, keys in the contract's order."""
        return json_values(self.document)

    def to_json(self) -> str:
        """The report as JSON text, two spaces of indent, a line end at the end."""
        return json_text(self.document)

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


# -- the documents ------------------------------------------------------------------------------------------------


class TrustDocument(Struct, frozen=True):
    """The root store and the date of its list."""

    name: str = field(name="store")
    as_of: str | None


class HandshakeDocument(Struct, frozen=True):
    """One more handshake with an address, beside the ordinary one, and what it was for."""

    question: Question
    outcome: Outcome
    chain: str | None
    tls_version: str | None
    cipher: str | None
    stapled: bool
    error: str | None


class EndpointDocument(Struct, frozen=True):
    """One address of a gateway, and how far the conversation with it came."""

    host: str
    address: str
    port: Annotated[int, Meta(ge=0, le=65535)]
    chain: str | None
    tls_version: str | None
    cipher: str | None
    stapled: bool
    stage: Stage
    reply: str | None
    error: str | None
    protocol: str
    elapsed_ms: int | None
    asks_certificate: bool | None
    deferred: str | None
    demands_certificate: str | None
    handshakes: tuple[HandshakeDocument, ...]


class ReportDocument(Struct, frozen=True, omit_defaults=True, tag_field="schema", tag="certready.report/1"):
    """One report: will Exchange Online accept this certificate for this connector?"""

    certready: Annotated[str, Meta(description="The release that judged.")]
    evaluated_at: Annotated[Moment, Meta(description="The moment the verdict is for.")]
    gathered_at: Annotated[Moment, Meta(description="When the evidence was gathered.")]
    target: Target
    trust: TrustDocument
    verdict: ReportVerdict
    connectors: tuple[ConnectorResult, ...]
    chains: tuple[ChainResult, ...]
    certificates: tuple[CertificateInfo, ...]
    revocation: tuple[RevocationResult, ...]
    endpoints: tuple[EndpointDocument, ...]
    findings: tuple[Finding, ...]
    defaults_file: Annotated[str | None, Meta(description="The certready.toml whose defaults held.")] = None


class ReportsDocument(Struct, frozen=True, tag_field="schema", tag="certready.reports/1"):
    """Several reports and the worst verdict among them."""

    verdict: ReportVerdict
    reports: tuple[ReportDocument, ...]


class ErrorDocument(Struct, frozen=True, tag_field="schema", tag="certready.error/1"):
    """What stands in a report's place where there is none."""

    code: Annotated[int, Meta(description="The exit code.", extra_json_schema={"enum": [2, 4]})]
    error: str
    hint: str | None
