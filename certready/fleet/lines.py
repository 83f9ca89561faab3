"""``certready.fleet-line/1``: what a line came to as one line of JSON, written down as it comes and taken up again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from certready import directories
from certready.errors import CertreadyError, UsageError
from certready.fleet.entries import Entry, Held
from certready.fleet.work import Result
from certready.model.plain import Moment, json_line
from certready.model.report import CertificateInfo, ReportDocument, ReportVerdict, Severity

SCHEMA = "certready.fleet-line/1"
MAX_LINE = 64 * 1024 * 1024
DONE = (0, 1, 3)  # exit codes of lines that were judged; what ended in another is done again
HINT = "Name a file that certready fleet --format jsonl=FILE wrote, or one that is not there yet."


Digest = Annotated[
    str,
    Meta(
        description="SHA-256 of the line's keys, the options and the files.",
        extra_json_schema={"pattern": "^[0-9a-f]{64}$"},
    ),
]


class LineError(Struct, frozen=True):
    """Why a line has no report."""

    error: str
    hint: str | None


class Outcome(Struct, frozen=True):
    """The keys that a line has in its own document and in that of the whole run."""

    line: Annotated[int, Meta(ge=0)]
    digest: Digest
    evaluated_at: Moment
    name: str
    target: str
    verdict: ReportVerdict | None
    code: Annotated[int, Meta(extra_json_schema={"enum": [0, 1, 2, 3, 4]})]
    elapsed_ms: Annotated[int, Meta(ge=0)]


class LineDocument(Outcome, frozen=True, omit_defaults=True, tag_field="schema", tag=SCHEMA):
    """What one line of an inventory came to: a report, or the error why there is none. Keys of the inventory that begin
    with x_ stand behind the others."""

    report: ReportDocument | None
    error: LineError | None
    other_reports: Annotated[
        tuple[ReportDocument, ...],
        Meta(
            description="Where the target is a folder, an archive or a list with several certificates: the reports of "
            "the others; report is the worst."
        ),
    ] = ()

    @property
    def reports(self) -> tuple[ReportDocument, ...]:
        """Every report, the worst first."""
        return (self.report, *self.other_reports) if self.report is not None else ()


def document(result: Result) -> LineDocument:
    """The result as ``certready.fleet-line/1`` (contract, "fleet")."""
    problem = result.problem
    return LineDocument(
        result.line.number,
        result.digest,
        result.evaluated_at,
        result.line.name,
        result.line.keys.target or "",
        result.verdict,
        result.code,
        result.elapsed_ms,
        result.report.document if result.report is not None else None,
        LineError(problem.error, problem.hint) if problem else None,
        tuple(report.document for report in result.other_reports),
    )


def encoded(line: LineDocument, extra: Sequence[tuple[str, str]] = ()) -> bytes:
    """One line of JSON with its end, in ASCII as every JSON of certready; ``extra`` keys behind the document's own."""
    text = json_line(line)
    if extra:
        text = text.rstrip().removesuffix("}") + "," + json_line(dict(extra)).removeprefix("{")
    return text.encode("ascii")


def decoded(data: bytes) -> LineDocument:
    """The document of one line. Raises ValueError for anything else."""
    return msgspec.json.decode(data, type=LineDocument)


def entry(line: LineDocument, extra: tuple[tuple[str, str], ...] = ()) -> Entry:
    """What is kept of a line."""
    report, error = line.report, line.error
    known = Entry(
        line.line,
        line.digest,
        line.evaluated_at,
        report.gathered_at if report else line.evaluated_at,
        line.name,
        line.target,
        line.verdict,
        line.code,
        line.elapsed_ms,
        extra=extra,
    )
    if report is None:
        return replace(known, message=error.error if error else "", fix=(error and error.hint) or "")
    findings = [finding for each in line.reports for finding in each.findings]
    troubles = [finding for finding in findings if finding.severity is not Severity.PASS and finding.counted]
    decides = max(troubles, key=lambda finding: finding.severity, default=None)
    held = {info.sha256: _held(info) for each in line.reports for info in each.certificates}
    chains = [chain for each in line.reports for chain in each.chains]
    leaves = dict.fromkeys((chain.path or chain.sent)[0] for chain in chains if chain.sent)
    above = dict.fromkeys(sha256 for chain in chains for sha256 in chain.path[1:])
    connectors = [connector for each in line.reports for connector in each.connectors]
    severities = [finding.severity for finding in troubles]
    return replace(
        known,
        pinned=frozenset(sha256 for each in line.reports for sha256 in _pinned(each)),
        rule=decides.rule if decides else "",
        message=decides.message if decides else "all required checks passed",
        fix=((decides and decides.fix) or "").partition("\n")[0],
        counts=(severities.count(Severity.FAIL), severities.count(Severity.UNKNOWN), severities.count(Severity.WARN)),
        leaves=tuple(held[sha256] for sha256 in leaves if sha256 in held),
        issuers=tuple(held[sha256] for sha256 in above if sha256 in held),
        connectors=tuple(dict.fromkeys((each.name, each.direction, each.value or "") for each in connectors)),
        directions=tuple(dict.fromkeys(each.direction for each in connectors if each.verdict != "not-applicable")),
        nodes_differ=any(finding.rule == "tls.nodes-differ" for finding in troubles),
        findings=tuple(sorted({finding.rule for finding in troubles if finding.severity >= Severity.UNKNOWN})),
    )


def _pinned(report: ReportDocument) -> Iterator[str]:
    """The leaves whose next renewal breaks the TLSA records that fit them now."""
    leaves = {chain.id: (chain.path or chain.sent)[0] for chain in report.chains if chain.sent}
    warnings = [
        finding for finding in report.findings if finding.rule == "dane.match" and finding.severity is Severity.WARN
    ]
    yield from (leaves[finding.chain] for finding in warnings if finding.chain in leaves)


def _held(info: CertificateInfo) -> Held:
    label = info.names[0] if info.names else info.subject
    return Held(info.sha256, label, info.issuer, info.not_before, info.not_after, info.role)


class Place(Struct, frozen=True):
    """Where a record stands in a file, in bytes."""

    start: int
    size: int


class Earlier(Struct, frozen=True):
    """What a run left in a file: the entry and the place of the latest record of each name, and where its last whole
    line ends."""

    entries: dict[str, tuple[Entry, Place]]
    end: int = 0


def read(path: Path) -> Earlier:
    """The records of a file, none where it is not there; a torn last line is passed over. Nothing is changed.

    Raises:
        UsageError: the file holds anything else.
        CertreadyError: it cannot be read.
    """
    latest: dict[str, tuple[Entry, Place]] = {}
    end = 0
    for line, data, place in records(path):
        if line is not None:
            seen = entry(line)
            latest.pop(seen.name, None)
            latest[seen.name] = (seen, place)
        end = place.start + len(data)
    return Earlier(latest, end)


def records(path: Path) -> Iterator[tuple[LineDocument | None, bytes, Place]]:
    """Every whole line of a file, as it stands, where, and the record it is; None of a blank one. As :func:`read`."""
    end = 0
    for number, data in enumerate(_lines(path), 1):
        if not data.endswith(b"\n"):
            if number == 1 and not data.startswith(_START[: len(data)]):
                raise _other(path, 1)
            return
        yield _record(data, path, number) if data.strip() else None, data, Place(end, len(data))
        end += len(data)


_START = b'{"schema":"' + SCHEMA.encode()


def _lines(path: Path) -> Iterator[bytes]:
    """Raises CertreadyError."""
    try:
        with path.open("rb") as file:
            yield from iter(lambda: file.readline(MAX_LINE), b"")
    except FileNotFoundError:
        return
    except OSError as error:
        raise CertreadyError(f"{path} cannot be read: {error.strerror}.", hint="Check the path.") from None


def _record(data: bytes, path: Path, number: int) -> LineDocument:
    try:
        return decoded(data)
    except (ValueError, RecursionError):
        raise _other(path, number) from None


def _other(path: Path, number: int) -> UsageError:
    return UsageError(f"{path} is no list of a fleet's results: line {number} is no {SCHEMA}.", hint=HINT)


class Log:
    """A file that records are added to, each whole or not at all; what stood in it stays.

    Args:
        path: of a regular file, made where it is missing; a device or pipe is written through.
        end: where its last whole line ends; a torn line behind that is taken away.
    """

    def __init__(self, path: Path, end: int) -> None:
        self._path = path
        self._regular = directories.keeps_what_is_written(path)
        try:
            self._file = path.open("r+b" if self._regular and path.exists() else "wb", buffering=0)
            if self._regular:
                self._file.truncate(end)
                self._file.seek(end)
        except OSError as error:
            raise self._failed(error) from None
        self._end = end

    def add(self, data: bytes) -> Place:
        """Where the record now stands. Raises CertreadyError where the device takes no more."""
        place = Place(self._end, len(data))
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) or 0 :]
        except OSError as error:
            if self._regular:
                self._file.truncate(self._end)
            raise self._failed(error) from None
        self._end += len(data)
        return place

    def close(self) -> None:
        self._file.close()

    def _failed(self, error: OSError) -> CertreadyError:
        return CertreadyError(
            f"{self._path} cannot be written: {error.strerror}.",
            hint="What it holds is whole: make room, and go on with --resume.",
        )
