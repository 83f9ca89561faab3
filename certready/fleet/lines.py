"""``certready.fleet-line/1``: what a line came to as one line of JSON, written down as it comes and taken up again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from certready import directories
from certready.errors import CertreadyError, UsageError
from certready.fleet.entries import Entry, entry
from certready.fleet.work import Result
from certready.model.plain import moment

SCHEMA = "certready.fleet-line/1"
MAX_LINE = 64 * 1024 * 1024
DONE = (0, 1, 3)  # exit codes of lines that were judged; what ended in another is done again
HINT = "Name a file that certready fleet --format jsonl=FILE wrote, or one that is not there yet."
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")

Document = dict[str, Any]


def document(result: Result) -> Document:
    """The result as ``certready.fleet-line/1`` (contract, "fleet"): plain JSON values."""
    problem = result.problem
    return {
        "schema": SCHEMA,
        "line": result.line.number,
        "digest": result.digest,
        "evaluated_at": moment(result.evaluated_at),
        "name": result.line.name,
        "target": result.line.keys.target or "",
        "verdict": result.verdict,
        "code": result.code,
        "elapsed_ms": result.elapsed_ms,
        **dict(result.line.keys.extra),
        "report": result.report.to_dict() if result.report is not None else None,
        "error": {"error": problem.error, "hint": problem.hint} if problem else None,
    }


def encoded(line: Document) -> bytes:
    """One line of JSON with its end, in ASCII as every JSON of certready."""
    try:
        data = msgspec.json.encode(line)
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 has no form for
        data = json.dumps(line, separators=(",", ":")).encode("ascii")
    if not data.isascii():
        data = _BEYOND_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], data.decode()).encode("ascii")
    return data + b"\n"


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
    found: dict[str, tuple[Entry, Place]] = {}
    end = 0
    for number, data in enumerate(_lines(path), 1):
        if not data.endswith(b"\n"):
            if number == 1 and not data.startswith(_START[: len(data)]):
                raise _other(path, 1)
            break
        if data.strip():
            seen = _record(data, path, number)
            found.pop(seen.name, None)
            found[seen.name] = (seen, Place(end, len(data)))
        end += len(data)
    return Earlier(found, end)


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


def _record(data: bytes, path: Path, number: int) -> Entry:
    try:
        line = msgspec.json.decode(data)
        seen = entry(line) if line["schema"] == SCHEMA else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        seen = None
    if seen is None:
        raise _other(path, number)
    return seen


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
