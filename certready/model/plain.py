"""A report as plain JSON values: ``certready.report/1``, the contract's keys in the contract's order.

Written out in ASCII: every character beyond it becomes an escape, so that no name in a certificate, however hostile,
can reach a terminal or break an encoding on the way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from certready.model.endpoint import Endpoint, Handshake

if TYPE_CHECKING:  # a report knows its own plain form
    from certready.model.report import CertificateInfo, ChainResult, ConnectorResult, Finding, Report, RevocationResult


def report_dict(report: Report) -> dict[str, object]:
    """The report as plain JSON values, ``certready.report/1`` (contract, "Report")."""
    return {
        "schema": "certready.report/1",
        "certready": report.certready,
        "evaluated_at": moment(report.evaluated_at),
        "gathered_at": moment(report.gathered_at),
        "target": {"kind": report.target.kind, "name": report.target.name},
        "trust": {"store": report.trust.name, "as_of": report.trust.as_of},
        "verdict": report.verdict,
        "connectors": [_connector(one) for one in report.connectors],
        "chains": [_chain(one) for one in report.chains],
        "certificates": [_certificate(one) for one in report.certificates],
        "revocation": [_revocation(one) for one in report.revocation],
        "endpoints": [_endpoint(one) for one in report.endpoints],
        "findings": [finding_dict(one) for one in report.findings],
    }


def moment(value: datetime) -> str:
    """A moment in UTC to the second, as ``2026-11-21T09:00:00Z``. ``value`` is aware."""
    return value.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _connector(result: ConnectorResult) -> dict[str, object]:
    return {
        "name": result.name,
        "direction": result.direction,
        "level": result.level,
        "verdict": result.verdict,
        "value": result.value,
        "matched_name": result.matched_name,
        "match": result.match,
    }


def _chain(result: ChainResult) -> dict[str, object]:
    return {
        "id": result.id,
        "container": result.container,
        "family": result.family,
        "sni": result.sni,
        "sent": list(result.sent),
        "path": list(result.path),
        "verdict": result.verdict,
    }


def _certificate(info: CertificateInfo) -> dict[str, object]:
    return {
        "sha256": info.sha256,
        "sha1": info.sha1,
        "subject": info.subject,
        "issuer": info.issuer,
        "serial": info.serial,
        "not_before": info.not_before and moment(info.not_before),
        "not_after": info.not_after and moment(info.not_after),
        "key": info.key,
        "names": list(info.names),
        "role": info.role,
        "origin": info.origin,
    }


def _revocation(result: RevocationResult) -> dict[str, object]:
    return {
        "certificate": result.certificate,
        "method": result.method,
        "source": result.source,
        "url": result.url,
        "status": result.status,
        "this_update": _moment(result.this_update),
        "next_update": _moment(result.next_update),
        "revoked_at": _moment(result.revoked_at),
        "reason": result.reason,
        "elapsed_ms": result.elapsed_ms,
        "detail": result.detail,
    }


def _endpoint(endpoint: Endpoint) -> dict[str, object]:
    return {
        "host": endpoint.host,
        "address": endpoint.address,
        "port": endpoint.port,
        "chain": endpoint.chain,
        "tls_version": endpoint.tls_version,
        "cipher": endpoint.cipher,
        "stapled": endpoint.staple is not None,
        "stage": endpoint.stage,
        "reply": endpoint.reply,
        "error": endpoint.error,
        "protocol": endpoint.protocol,
        "elapsed_ms": endpoint.elapsed_ms,
        "asks_certificate": endpoint.asks_certificate,
        "deferred": endpoint.deferred,
        "demands_certificate": endpoint.demands_certificate,
        "handshakes": [_handshake(one) for one in endpoint.handshakes],
    }


def _handshake(handshake: Handshake) -> dict[str, object]:
    return {
        "question": handshake.question,
        "outcome": handshake.outcome,
        "chain": handshake.chain,
        "tls_version": handshake.tls_version,
        "cipher": handshake.cipher,
        "stapled": handshake.staple is not None,
        "error": handshake.error,
    }


def finding_dict(finding: Finding) -> dict[str, object]:
    """One finding as the contract has it."""
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "counted": finding.counted,
        "message": finding.message,
        "fix": finding.fix,
        "reference": finding.reference,
        "certificate": finding.certificate,
        "connector": finding.connector,
        "chain": finding.chain,
        "endpoint": finding.endpoint,
        "evidence": plain(finding.evidence),
    }


def plain(value: object) -> object:
    """A value of a finding's evidence as JSON knows it; what JSON cannot hold becomes text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime():
            return moment(value)
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case Sequence() | set() | frozenset():
            return [plain(inner) for inner in value]
        case _:
            return str(value)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else moment(value)


def json_text(document: object) -> str:
    """A document as JSON in ASCII, two spaces of indent, a line end at the end."""
    import json

    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
