"""A report out of ``certready.report/1``, for formats that take reports of lines that were done before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from certready.fleet.lines import Document
from certready.model import Endpoint, StoreInfo, Target
from certready.model.endpoint import Handshake
from certready.model.report import (
    CertificateInfo,
    ChainResult,
    ConnectorResult,
    Finding,
    Report,
    RevocationResult,
    Severity,
)

STAPLED = b""  # that there was an answer is in a report, the answer itself is not


def report(line: Document, *, strict: bool, certready: str, trust: StoreInfo) -> Report:
    """The report of a ``certready.fleet-line/1``, under the line's name; of one in error a report that says so.

    ``strict`` says how the run judged; ``certready`` and ``trust`` stand in where there is no report.
    """
    found = line["report"]
    if found is None:
        return _in_error(line, certready, trust)
    return Report(
        certready=found["certready"],
        evaluated_at=_moment(found["evaluated_at"]),
        gathered_at=_moment(found["gathered_at"]),
        target=Target(found["target"]["kind"], line["name"]),
        trust=StoreInfo(found["trust"]["store"], found["trust"]["as_of"]),
        verdict=found["verdict"],
        strict=strict,
        connectors=tuple(ConnectorResult(**one) for one in found["connectors"]),
        chains=tuple(
            ChainResult(**{**one, "sent": tuple(one["sent"]), "path": tuple(one["path"])}) for one in found["chains"]
        ),
        certificates=tuple(_certificate(one) for one in found["certificates"]),
        revocation=tuple(_revocation(one) for one in found["revocation"]),
        endpoints=tuple(_endpoint(one) for one in found["endpoints"]),
        findings=tuple(_finding(one) for one in found["findings"]),
    )


def _in_error(line: Document, certready: str, trust: StoreInfo) -> Report:
    """It counts as cannot-tell (contract, "fleet")."""
    moment = _moment(line["evaluated_at"])
    problem = line["error"]
    finding = Finding(
        "evidence.incomplete", Severity.UNKNOWN, True, f"It could not be run: {problem['error']}", problem["hint"]
    )
    target = Target("fleet", line["name"])
    return Report(certready, moment, moment, target, trust, "cannot-tell", findings=(finding,))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _dated(found: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {**found, **{key: found[key] and _moment(found[key]) for key in keys}}


def _certificate(found: dict[str, Any]) -> CertificateInfo:
    return CertificateInfo(**{**_dated(found, "not_before", "not_after"), "names": tuple(found["names"])})


def _revocation(found: dict[str, Any]) -> RevocationResult:
    return RevocationResult(**_dated(found, "this_update", "next_update", "revoked_at"))


def _finding(found: dict[str, Any]) -> Finding:
    return Finding(**{**found, "severity": Severity[found["severity"].upper()]})


def _endpoint(found: dict[str, Any]) -> Endpoint:
    known = {key: value for key, value in found.items() if key not in ("stapled", "handshakes")}
    handshakes = tuple(
        Handshake(**{key: value for key, value in one.items() if key != "stapled"}, staple=_staple(one))
        for one in found["handshakes"]
    )
    return Endpoint(**known, staple=_staple(found), handshakes=handshakes)


def _staple(found: dict[str, Any]) -> bytes | None:
    return STAPLED if found["stapled"] else None
