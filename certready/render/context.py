"""The lower half of a text report: what was looked at, by which store, as of when."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from certready.model import Endpoint
from certready.model.report import CertificateInfo, ChainResult, ConnectorResult, Report, Severity, Verdict
from certready.render.layout import VERDICT_STYLES, Line, Span, hanging, listed_shortened, packed, shorten, table
from certready.wording import and_more, counted

_LABEL = 14
# Of endpoints and connectors that are merely mentioned, so many are.
_MOST = 8
_CONNECTOR_HEADERS = ("connector", "verdict", "direction", "value", "matched by")
_CERTIFICATE_HEADERS = ("certificate", "role", "origin", "key", "not before", "not after", "thumbprint", "SHA-256")
_REVOCATION_HEADERS = (
    "revocation of",
    "by",
    "from",
    "status",
    "this update",
    "next update",
    "revoked",
    "took",
    "url",
    "detail",
)
_ENDPOINT_HEADERS = ("endpoint", "host", "chain", "TLS", "cipher", "staple", "stage", "reply", "error")
ORIGINS: Mapping[str, str] = {
    "sent": "sent",
    "store": "in the root store",
    "aia": "not sent; at its issuer's address",
    "intermediate-file": "not sent; in a file",
}
_STATUS_STYLES = {"good": "pass", "revoked": "fail"}


def context(report: Report, *, verbose: bool, width: int | None) -> Iterator[Line]:
    """Certificates and chains, endpoints, trust and moments as labelled lines; then tables."""
    certificates = {info.sha256: info for info in report.certificates}
    for chain in report.chains:
        for label, text in _chain_facts(chain, certificates, report, verbose):
            yield from _labelled(label, text, width)
        if len(report.chains) > 1:
            yield ()
    for label, text in _run_facts(report, verbose):
        yield from _labelled(label, text, width)
    for lines in _tables(report, certificates, verbose, width):
        yield ()
        yield from lines


def footer(report: Report, width: int | None) -> Iterator[Line]:
    """The certificate in three lines, and only what else is needed to know what was judged."""
    certificates = {info.sha256: info for info in report.certificates}
    indent = 9
    for chain in report.chains:
        info = certificates.get(next(iter(chain.path or chain.sent), ""))
        if len(report.chains) > 1:
            name = f", server name {chain.sni}" if chain.sni else ""
            yield from packed(
                [(f"chain {chain.id} ({chain.family}{name}): {_words(chain.verdict)}", "")], width, indent
            )
        if info:
            yield from packed(leaf_facts(info, report.evaluated_at), width, indent)
            if info.sha1:
                yield from packed([(f"thumbprint {info.sha1.upper()}", "dim")], width, indent)
    if len(report.endpoints) > 1:
        for endpoint in report.endpoints[:_MOST]:
            yield from packed([(_endpoint(endpoint, len(report.chains) > 1), "")], width, indent)
        if len(report.endpoints) > _MOST:
            yield ((" " * indent, ""), (f"and {len(report.endpoints) - _MOST} more (-v)", "dim"))
    yield from packed([(fact, "dim") for fact in run_facts(report)], width, indent)
    applicable = len(judged(report))
    if report.connectors and applicable != 1:
        yield ()
        yield from _connector_table(report, False, width)
    elif applicable < len(report.connectors):
        count = len(report.connectors) - applicable
        yield ((" " * indent, ""), (f"{counted(count, 'other connector')} not applicable (-v)", "dim"))


def judged(report: Report) -> list[ConnectorResult]:
    """The connectors that the verdict rests on."""
    return [connector for connector in report.connectors if connector.verdict != "not-applicable"]


def leaf_facts(info: CertificateInfo, at: datetime) -> list[Span]:
    """The judged certificate in three phrases: its name, when it ends, who issued it."""
    more = f" and {counted(len(info.names) - 1, 'more name')}" if len(info.names) > 1 else ""
    return [(label(info) + more, "bold"), (_ends(info, at), ""), (f"issuer {common_name(info.issuer)}", "")]


def run_facts(report: Report) -> list[str]:
    """By which roots it was judged, as of when, and when it was gathered where that was another moment;
    which file gave defaults."""
    checked = f"checked {report.evaluated_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    gathered = f"gathered {_moment(report.gathered_at)}"
    defaults = [f"defaults of {report.defaults_file}"] if report.defaults_file else []
    return [_store(report), checked, *([gathered] if report.gathered_at != report.evaluated_at else []), *defaults]


def path_picture(report: Report, chain_id: str | None, rule: str, indent: int) -> Iterator[Line]:
    """The path from the leaf upwards, and where it breaks."""
    certificates = {info.sha256: info for info in report.certificates}
    chain = next((chain for chain in report.chains if chain_id in (None, chain.id)), None)
    path = [certificates[sha256] for sha256 in (chain.path if chain else ()) if sha256 in certificates]
    if not path:
        return
    steps = [(_label(info.sha256, certificates), _origin(info)) for info in path]
    last = path[-1]
    if rule == "chain.incomplete" and last.subject != last.issuer:
        steps.append((common_name(last.issuer), "MISSING"))
    room = max(len(name) for name, _ in steps)
    for depth, (name, note) in enumerate(steps):
        mark = "  " if depth == 0 else "^ "
        style = "fail" if note == "MISSING" else "dim"
        yield ((" " * indent, ""), (f"{mark}{name.ljust(room)}  ", ""), (note, style))


def _origin(info: CertificateInfo) -> str:
    itself = info.origin == "sent" and info.subject == info.issuer
    return ORIGINS[info.origin] + (", signed by itself" if itself else "")


def common_name(name: str) -> str:
    """The CN of a name in RFC 4514's form, or the whole name where it has none."""
    match = re.search(r"(?:^|,|\+)CN=((?:\\.|[^,+\\])+)", name)
    return shorten(re.sub(r"\\(.)", r"\1", match[1]) if match else name, 60) or "(no name)"


def _ends(info: CertificateInfo, at: datetime) -> str:
    if info.not_before is None or info.not_after is None:
        return "dates that cannot be read"
    if at < info.not_before:
        return f"valid from {info.not_before:%Y-%m-%d} (in {_days(info.not_before - at)})"
    if at > info.not_after:
        return f"expired {info.not_after:%Y-%m-%d} ({_days(at - info.not_after)} ago)"
    return f"expires {info.not_after:%Y-%m-%d} ({_days(info.not_after - at)})"


def _store(report: Report) -> str:
    known = {"microsoft": "Microsoft's roots", "mozilla": "Mozilla's roots", "system": "the system's roots"}
    name = known.get(report.trust.name, f"roots: {report.trust.name}")
    return f"{name} of {report.trust.as_of}" if report.trust.as_of else name


def _labelled(label: str, text: str, width: int | None) -> list[Line]:
    return hanging((("  " + label.ljust(_LABEL), "dim"),), text, "", width, _LABEL + 2)


def _chain_facts(
    chain: ChainResult, certificates: dict[str, CertificateInfo], report: Report, verbose: bool
) -> Iterator[tuple[str, str]]:
    """The judged certificate of one chain and the company it came in."""
    if len(report.chains) > 1:
        server_name = f", server name {chain.sni}" if chain.sni else ""
        yield "chain " + chain.id, f"{_words(chain.verdict)} ({chain.family}{server_name})"
    leaf = next(iter(chain.path or chain.sent), None)
    info = certificates.get(leaf) if leaf else None
    if info:
        yield "certificate", f"{listed_shortened(info.names, 5) or '(no name)'} ({info.key})"
        yield "issuer", shorten(info.issuer, 200) or "(no issuer)"
        yield "valid", _validity(info, report.evaluated_at)
        if verbose:
            yield "serial", info.serial
    if info and info.sha1:
        yield "thumbprint", info.sha1.upper()
    if leaf:
        yield "sha-256", leaf if verbose else leaf[:16] + "..."
    yield "as sent" if chain.container == "tls" else "as given", _route(chain.sent, certificates)
    if chain.path and chain.path != chain.sent:
        yield "path judged", _route(chain.path, certificates)


def _route(digests: Sequence[str], certificates: dict[str, CertificateInfo]) -> str:
    return listed_shortened([_label(digest, certificates) for digest in digests], 8, " > ") or "nothing"


def _label(digest: str, certificates: dict[str, CertificateInfo]) -> str:
    info = certificates.get(digest)
    return digest[:16] if info is None else label(info)


def label(info: CertificateInfo) -> str:
    """The shortest name a person recognises: the first DNS name, or the subject's CN."""
    return shorten(info.names[0], 60) if info.names else common_name(info.subject)


def _validity(info: CertificateInfo, at: datetime) -> str:
    if info.not_before is None or info.not_after is None:
        return "dates that cannot be read"
    dates = f"{info.not_before.date().isoformat()} to {info.not_after.date().isoformat()}"
    if at < info.not_before:
        return f"{dates}, starts in {_days(info.not_before - at)}"
    if at > info.not_after:
        return f"{dates}, expired {_days(at - info.not_after)} ago"
    return f"{dates}, {_days(info.not_after - at)} left"


def _days(span: timedelta) -> str:
    return counted(span.days, "day") if span.days else "less than a day"


def _run_facts(report: Report, verbose: bool) -> Iterator[tuple[str, str]]:
    for index, endpoint in enumerate(report.endpoints[:_MOST]):
        yield "endpoints" if index == 0 else "", _endpoint(endpoint, len(report.chains) > 1)
    rest = and_more(len(report.endpoints), _MOST)
    if rest:
        yield "", rest
    date = f", list of {report.trust.as_of}" if report.trust.as_of else ", list without a date"
    yield "trust store", report.trust.name + date
    yield "judged as of", _moment(report.evaluated_at)
    if report.gathered_at != report.evaluated_at:
        yield "gathered", _moment(report.gathered_at)
    if report.defaults_file:
        yield "defaults", report.defaults_file
    if verbose:
        yield "certready", report.certready


def _moment(value: datetime | None) -> str:
    return "" if value is None else value.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat(" ") + " UTC"


def _endpoint(endpoint: Endpoint, several_chains: bool) -> str:
    """One address in a phrase: what was agreed, or where it ended."""
    if endpoint.chain is None and endpoint.tls_version is None:
        return f"{endpoint.name}  no certificate, ended at {endpoint.stage}"
    parts = (
        endpoint.tls_version,
        endpoint.cipher,
        f"chain {' and '.join(endpoint.chain_ids)}" if several_chains else None,
        "stapled OCSP answer" if endpoint.staple is not None else None,
    )
    return f"{endpoint.name}  {', '.join(part for part in parts if part)}"


def _tables(
    report: Report, certificates: dict[str, CertificateInfo], verbose: bool, width: int | None
) -> Iterator[list[Line]]:
    """The tables that have rows; all but the connectors' only when asked for."""
    if report.connectors:
        yield _connector_table(report, verbose, width)
    if verbose and report.certificates:
        yield table(_CERTIFICATE_HEADERS, map(_certificate_row, report.certificates), width)
    if verbose and report.revocation:
        yield table(_REVOCATION_HEADERS, _revocation_rows(report, certificates), width)
    if verbose and report.endpoints:
        yield table(_ENDPOINT_HEADERS, map(_endpoint_row, report.endpoints), width)


def _connector_table(report: Report, verbose: bool, width: int | None) -> list[Line]:
    """The judged connectors, or the first few where none was; the others are only counted unless asked for."""
    connectors = report.connectors
    shown = connectors if verbose else judged(report) or connectors[:_MOST]
    headers = (*_CONNECTOR_HEADERS, *(("match", "level") if verbose else ()))
    lines = table(headers, [_connector_row(connector)[: len(headers)] for connector in shown], width)
    if len(shown) < len(connectors):
        lines.append((("  ", ""), (f"and {len(connectors) - len(shown)} not applicable", "dim")))
    return lines


def _connector_row(result: ConnectorResult) -> list[Span]:
    return [
        (shorten(result.name, 60), "bold"),
        (_words(result.verdict), VERDICT_STYLES[result.verdict]),
        (result.direction, ""),
        (shorten(result.value or "", 60), ""),
        (shorten(result.matched_name or "", 60), ""),
        (result.match, ""),
        (result.level or "", ""),
    ]


def _certificate_row(info: CertificateInfo) -> list[Span]:
    name = shorten(info.names[0] if info.names else info.subject, 60) or "(no name)"
    dates = (day.date().isoformat() if day else "(unreadable)" for day in (info.not_before, info.not_after))
    marks = info.sha1.upper(), info.sha256
    return [(name, "bold"), *((text, "") for text in (info.role, info.origin, info.key, *dates, *marks))]


def _revocation_rows(report: Report, certificates: dict[str, CertificateInfo]) -> Iterator[list[Span]]:
    for result in report.revocation:
        revoked = " ".join(part for part in (_moment(result.revoked_at), result.reason) if part)
        yield [
            (_label(result.certificate, certificates), "bold"),
            (result.method, ""),
            (result.source, ""),
            (result.status, _STATUS_STYLES.get(result.status, str(Severity.UNKNOWN))),
            (_moment(result.this_update), ""),
            (_moment(result.next_update), ""),
            (revoked, ""),
            ("" if result.elapsed_ms is None else f"{result.elapsed_ms} ms", ""),
            (shorten(result.url or "", 200), ""),
            (result.detail, ""),
        ]


def _endpoint_row(endpoint: Endpoint) -> list[Span]:
    texts = (
        endpoint.host,
        endpoint.chain,
        endpoint.tls_version,
        endpoint.cipher,
        "stapled" if endpoint.staple is not None else "",
        endpoint.stage,
        " | ".join((endpoint.reply or "").splitlines()),
        endpoint.error,
    )
    return [(endpoint.name, "bold"), *((text or "", "") for text in texts)]


def _words(verdict: Verdict) -> str:
    return verdict.replace("-", " ")
