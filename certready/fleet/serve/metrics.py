"""Metrics of a fleet that is served: those of its reports, and when each line was checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from certready.model.report import Report
from certready.render import prometheus
from certready.wording import visible


class Check(Struct, frozen=True):
    """When a line was checked, and when it last came to ready or not ready, None where it never did."""

    name: str
    checked_at: datetime
    answered_at: datetime | None


def text(reports: Sequence[Report], checks: Sequence[Check], lines: int, every: timedelta, *, broken: bool) -> str:
    """The samples of all reports and checks, in Prometheus' text format; the names are distinct. ``lines`` are those of
    the inventory, ``broken`` says that it could not be read again."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Checks(checks, lines, every, broken=broken))
    return prometheus.render_many(reports, "ready") + generate_latest(registry).decode("utf-8")


class _Checks(Collector):
    """What prometheus-client asks for samples."""

    def __init__(self, checks: Sequence[Check], lines: int, every: timedelta, *, broken: bool) -> None:
        self._checks, self._lines, self._every, self._broken = checks, lines, every, broken

    def collect(self) -> Iterator[GaugeMetricFamily]:
        checked = _family("checked_timestamp_seconds", "When the target was last checked, in seconds since 1970.")
        answered = _family(
            "answered_timestamp_seconds", "When a check last came to ready or not ready, in seconds since 1970."
        )
        for check in self._checks:
            name = [visible(check.name)]
            checked.add_metric(name, check.checked_at.timestamp())
            if check.answered_at:
                answered.add_metric(name, check.answered_at.timestamp())
        yield checked
        yield answered
        yield _single("inventory_lines", "Lines of the inventory.", self._lines)
        yield _single("inventory_broken", "1 while the inventory cannot be read again, else 0.", self._broken)
        yield _single("check_interval_seconds", "Time between two checks of a target.", self._every.total_seconds())


def _family(name: str, documentation: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"certready_{name}", documentation, labels=("target",))


def _single(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"certready_{name}", documentation, value=float(value))
