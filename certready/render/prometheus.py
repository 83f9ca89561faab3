"""Reports in Prometheus' text format, for the textfile collector or a scrape; prometheus-client writes it.

Times are absolute, so that an alert can be written on them. No label holds a key, a password or a path that the user
did not type.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from certready.model.report import Report, Severity, Verdict
from certready.render.layout import distinct_names
from certready.wording import visible


def render(report: Report) -> str:
    """One report's samples."""
    return render_many((report,), report.verdict)


def render_many(reports: Sequence[Report], verdict: Verdict) -> str:  # noqa: ARG001 - each target has its own sample
    """The samples of all reports, each under its target's name."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Reports(list(zip(distinct_names(reports), reports, strict=True))))
    return generate_latest(registry).decode("utf-8")


class _Reports(Collector):
    """What prometheus-client asks for samples."""

    def __init__(self, reports: Sequence[tuple[str, Report]]) -> None:
        self._reports = reports

    def collect(self) -> Iterator[GaugeMetricFamily]:
        ready = _family("ready", "Whether the certificate is ready for the connector: 1 or 0.", "target")
        verdict = _family("verdict", "1 for the verdict that holds, 0 for the others.", "target", "verdict")
        findings = _family("findings", "Findings by severity.", "target", "severity")
        finding = _family("finding", "Findings that are not pass.", "target", "rule", "severity", "connector")
        ends = _family(
            "certificate_not_after_timestamp_seconds",
            "End of validity of each certificate, in seconds since 1970.",
            *("target", "role", "subject", "sha256"),
        )
        updates = _family(
            "revocation_next_update_timestamp_seconds",
            "When the next revocation answer is due, in seconds since 1970.",
            *("target", "certificate", "method", "url"),
        )
        evaluated = _family(
            "evaluated_timestamp_seconds", "The time the verdict is for, in seconds since 1970.", "target"
        )
        for name, report in self._reports:
            _add(ready, (name,), report.verdict == "ready")
            for word in get_args(Verdict):
                if word != "not-applicable":
                    _add(verdict, (name, word), report.verdict == word)
            counts = Counter(finding.severity for finding in report.findings)
            for severity in Severity:
                _add(findings, (name, str(severity)), counts[severity])
            kinds = Counter(
                (entry.rule, str(entry.severity), report.connector_label(entry))
                for entry in report.findings
                if entry.severity is not Severity.PASS
            )
            for labels, count in kinds.items():
                _add(finding, (name, *labels), count)
            for info in report.certificates:
                if info.not_after:
                    _add(ends, (name, info.role, info.subject, info.sha256), info.not_after.timestamp())
            due = {
                (result.certificate, result.method, result.url): result.next_update.timestamp()
                for result in report.revocation
                if result.next_update
            }
            for labels, moment in due.items():
                _add(updates, (name, *labels), moment)
            _add(evaluated, (name,), report.evaluated_at.timestamp())
        yield from (ready, verdict, findings, finding, ends, updates, evaluated)
        yield from _info(self._reports)


def _info(reports: Sequence[tuple[str, Report]]) -> Iterator[GaugeMetricFamily]:
    """The inventory's own keys (owner, ticket) as labels of one sample that is always 1, to be joined to the others
    ``on (target) group_left (x_owner)``; nothing where no target has any."""
    keys = dict.fromkeys(key for _, report in reports for key, _ in report.extra)
    labels: dict[str, str] = {}
    for key in keys:
        label = re.sub(r"[^a-z0-9_]", "_", key.lower())
        taken = sum(re.fullmatch(rf"{label}(_\d+)?", other) is not None for other in labels.values())
        labels[key] = f"{label}_{taken + 1}" if taken else label
    if labels:
        info = _family("target_info", "Keys of the inventory that begin with x_.", "target", *labels.values())
        for name, report in reports:
            if report.extra:
                given = dict(report.extra)
                _add(info, (name, *(given.get(key) for key in labels)), 1)
        yield info


def _family(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"certready_{name}", text, labels=labels)


def _add(family: GaugeMetricFamily, labels: Sequence[str | None], value: float) -> None:
    family.add_metric([visible(label or "") for label in labels], float(value))
