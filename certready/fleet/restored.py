"""Reports out of ``certready.report/1``, for formats that take reports of lines that were done before."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from certready.fleet.lines import LineDocument
from certready.model import Endpoint, StoreInfo, Target
from certready.model.endpoint import Handshake
from certready.model.report import EndpointDocument, Finding, HandshakeDocument, Report, ReportDocument, Severity

STAPLED = b""  # that there was an answer is in a report, the answer itself is not


def reports(
    line: LineDocument,
    *,
    strict: bool,
    certready: str,
    trust: StoreInfo,
    extra: tuple[tuple[str, str], ...] = (),
) -> tuple[Report, ...]:
    """The reports of a ``certready.fleet-line/1``, the worst first, each under the line's name and, where there are
    several, with the file it is about as ``file`` beside ``extra``; of a line in error a report that says so.

    ``extra`` are the inventory's ``x_`` keys; ``strict`` says how the run judged; ``certready`` and ``trust`` stand in
    where there is no report.
    """
    if not line.reports:
        return (replace(_in_error(line, certready, trust), extra=extra),)
    several = len(line.reports) > 1
    return tuple(
        _restored(each, line.name, strict, (*extra, ("file", each.target.name)) if several else extra)
        for each in line.reports
    )


def _restored(document: ReportDocument, name: str, strict: bool, extra: tuple[tuple[str, str], ...]) -> Report:
    return Report(
        certready=document.certready,
        evaluated_at=document.evaluated_at,
        gathered_at=document.gathered_at,
        target=Target(document.target.kind, name),
        trust=StoreInfo(document.trust.name, document.trust.as_of),
        verdict=document.verdict,
        connectors=document.connectors,
        chains=document.chains,
        certificates=document.certificates,
        revocation=document.revocation,
        endpoints=tuple(map(_endpoint, document.endpoints)),
        findings=document.findings,
        strict=strict,
        extra=extra,
    )


def _in_error(line: LineDocument, certready: str, trust: StoreInfo) -> Report:
    """It counts as cannot-tell (contract, "fleet")."""
    message = line.error.error if line.error else "nothing is known of it."
    finding = Finding(
        "evidence.incomplete",
        Severity.UNKNOWN,
        counted=True,
        message=f"It could not be run: {message}",
        fix=line.error.hint if line.error else None,
    )
    target = Target("file", line.name)
    return Report(certready, line.evaluated_at, line.evaluated_at, target, trust, "cannot-tell", findings=(finding,))


def _endpoint(document: EndpointDocument) -> Endpoint:
    known = _fields(document, "stapled", "handshakes")
    return Endpoint(**known, staple=_staple(document), handshakes=tuple(map(_handshake, document.handshakes)))


def _handshake(document: HandshakeDocument) -> Handshake:
    return Handshake(**_fields(document, "stapled"), staple=_staple(document))


def _fields(document: EndpointDocument | HandshakeDocument, *without: str) -> dict[str, Any]:
    return {name: getattr(document, name) for name in document.__struct_fields__ if name not in without}


def _staple(document: EndpointDocument | HandshakeDocument) -> bytes | None:
    return STAPLED if document.stapled else None
