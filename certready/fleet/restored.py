"""A report out of ``certready.report/1``, for formats that take reports of lines that were done before."""

from __future__ import annotations

from msgspec.structs import replace

from certready.fleet.lines import LineDocument
from certready.model import Endpoint, StoreInfo, Target
from certready.model.endpoint import Handshake
from certready.model.report import EndpointDocument, Finding, HandshakeDocument, Report, Severity

STAPLED = b""  # that there was an answer is in a report, the answer itself is not


def report(
    line: LineDocument, *, extra: tuple[tuple[str, str], ...], strict: bool, certready: str, trust: StoreInfo
) -> Report:
    """The report of a ``certready.fleet-line/1``, under the line's name; of one in error a report that says so.

    ``extra`` are the inventory's ``x_`` keys; ``strict`` says how the run judged; ``certready`` and ``trust`` stand in
    where there is no report.
    """
    found = line.report
    if found is None:
        return replace(_in_error(line, certready, trust), extra=extra)
    return Report(
        certready=found.certready,
        evaluated_at=found.evaluated_at,
        gathered_at=found.gathered_at,
        target=Target(found.target.kind, line.name),
        trust=StoreInfo(found.trust.name, found.trust.as_of),
        verdict=found.verdict,
        connectors=found.connectors,
        chains=found.chains,
        certificates=found.certificates,
        revocation=found.revocation,
        endpoints=tuple(map(_endpoint, found.endpoints)),
        findings=found.findings,
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


def _endpoint(found: EndpointDocument) -> Endpoint:
    known = {name: getattr(found, name) for name in found.__struct_fields__ if name not in ("stapled", "handshakes")}
    return Endpoint(**known, staple=_staple(found), handshakes=tuple(map(_handshake, found.handshakes)))


def _handshake(found: HandshakeDocument) -> Handshake:
    known = {name: getattr(found, name) for name in found.__struct_fields__ if name != "stapled"}
    return Handshake(**known, staple=_staple(found))


def _staple(found: EndpointDocument | HandshakeDocument) -> bytes | None:
    return STAPLED if found.stapled else None
