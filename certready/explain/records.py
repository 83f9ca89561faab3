"""The records of a message trace, a tracking, protocol or connectivity log, or a queue: recognised by the first line.

Sources of the forms: Microsoft Learn, "Message tracking", "Protocol logging", "Connectivity logging", "Message trace in
the modern EAC" (the extended report), Get-MessageTraceDetail, "Queue properties"; Graph's exchangeMessageTraceDetail.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from msgspec import Struct

from certready.errors import InputError

MAX_RECORDS = 500_000  # and as many failures
MAX_CELL = 16 * 1024  # characters of one cell that are looked at
MAX_JSON = 16 * 1024 * 1024  # characters

_KINDS = (
    ("message tracking log", "Message Tracking Log"),
    ("SMTP protocol log", "Protocol Log"),
    ("connectivity log", "Connectivity Log"),
)
# Where an error text stands, by the column's name without case and joints.
_TEXTS = ("recipientstatus", "sourcecontext", "lasterror", "detail", "description", "context", "data")
_SENDERS = ("senderaddress", "fromaddress", "sender")
_RECIPIENTS = ("recipientaddress", "recipients", "recipient")
_MESSAGES = ("networkmessageid", "messageid", "internetmessageid", "messagetraceid", "identity", "sessionid", "session")
_EVENTS = ("eventid", "event", "status")
_FAILED = frozenset({"fail", "failed", "badmail"})
_HELD = frozenset({"defer", "deferred", "retry", "suspended", "pending"})
_STATUS = re.compile(r"(?:^|;)\s{0,5}([^;#\s@]{1,64}@[^;#\s@]{1,255})##")
_REPLY = re.compile(r"\b[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3}\b")


class Failure(Struct, frozen=True):
    """One record that says why a message was not delivered. ``context`` stands before the ``text`` of every recipient
    of the record. ``final`` is True where the message was given up."""

    text: str
    message: str
    sender: str
    recipient: str
    final: bool
    context: str = ""

    @property
    def whole(self) -> str:
        """Everything that is said of it."""
        return f"{self.context} {self.text}".strip()


class Records(Struct, frozen=True):
    """What a file was taken for, how many records it holds, and which of them fail.

    ``silent`` says that this kind of file has no error texts, only that something failed; ``unread`` counts records of
    which a field is too long to read; ``cut`` says that there are more records or failures than are read.
    """

    kind: str
    count: int
    failures: tuple[Failure, ...]
    silent: bool = False
    unread: int = 0
    cut: bool = False


def read_records(text: str) -> Records | None:
    """The records of a text; None where it is none of the forms that are known."""
    head = text.lstrip("\ufeff \r\n")
    table = _json(head) if head[:1] in ("[", "{") else _table(head)
    if table is None:
        return None
    kind, columns, rows = table
    failures: list[Failure] = []
    count = unread = 0
    cut = False
    for row in rows:
        if count >= MAX_RECORDS or len(failures) >= MAX_RECORDS:
            cut = True
            break
        count += 1
        if row is None:
            unread += 1
        else:
            failures += islice(_failures(row, str(count)), MAX_RECORDS)
    texts = [name for name in _TEXTS if name in columns]
    silent = not texts or (texts == ["recipientstatus"] and not {"eventid", "sourcecontext"} & columns)
    return Records(kind, count, tuple(failures), silent, unread, cut)


Row = Mapping[str, str] | None
"""A record by the key of its columns; None for one that cannot be read."""
_Table = tuple[str, set[str], Iterator[Row]]


def _table(text: str) -> _Table | None:
    """Comma-separated values with a header, PowerShell's, Exchange's (``#Fields:``) or the admin center's."""
    kind, at = "message trace", 0
    header = ""
    for line in text[:20_000].splitlines(keepends=True):
        if line.lower().startswith("sep="):  # what Excel reads the separator from
            at += len(line)
            continue
        if line.startswith("#"):
            at += len(line)
            kind = next((name for name, mark in _KINDS if mark.lower() in line.lower()), kind)
            if line.lower().startswith("#fields:"):
                header = line[len("#fields:") :]
                break
            continue
        at += len(line)
        header = line
        break
    joint = max(",;\t", key=header.count)
    columns = [_key(name) for name in next(csv.reader([header.strip()], delimiter=joint), [])]
    if not _is_trace(columns):
        return None
    if "lasterror" in columns:
        kind = "queue"
    lines = (line for line in io.StringIO(text[at:], newline="") if not line.startswith("#"))
    return kind, set(columns), _rows(columns, lines, joint)


def _rows(columns: Sequence[str], lines: Iterator[str], joint: str) -> Iterator[Row]:
    reader = csv.reader((line.replace("\0", "") for line in lines), delimiter=joint)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a field beyond the module's limit of 128 KiB
            yield None
            continue
        if row:
            yield dict(zip(columns, row, strict=False))


def _json(text: str) -> _Table | None:
    """A list of objects, bare or under ``value``, as ConvertTo-Json and Graph write it.

    Raises InputError for more than is read as JSON, whose values take many times their length of memory.
    """
    if len(text) > MAX_JSON:
        raise InputError(
            f"The text is JSON of over {MAX_JSON // 2**20} MiB, more than is read of a trace.",
            hint="Save the trace as CSV, or fewer days of it.",
        )
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(read, dict) and isinstance(read.get("value"), list):
        read = read["value"]
    objects = [item for item in (read if isinstance(read, list) else [read]) if isinstance(item, dict)]
    columns = {_key(name) for name in {name for item in objects for name in item}}
    if not _is_trace(list(columns)):
        return None
    rows = ({_key(name): _said(value) for name, value in item.items()} for item in objects)
    return ("queue" if "lasterror" in columns else "message trace"), columns, rows


def _said(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def _key(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower().removesuffix("_utc"))


def _is_trace(columns: Sequence[str]) -> bool:
    """Whether these are the columns of a trace, a log or a queue: an error text beside an event or an address."""
    known = set(columns)
    addresses = known & {*_SENDERS, *_RECIPIENTS}
    texts = known & set(_TEXTS)
    return len(columns) > 2 and bool(
        (texts and known & {*_EVENTS, "lastretrytime", "direction", "action"})
        or ("lasterror" in known)
        or (addresses and known & {"status", "recipientstatus"})
    )


def _failures(row: Mapping[str, str], number: str) -> Iterator[Failure]:
    event = _first(row, _EVENTS).lower()
    text = " ".join(value[:MAX_CELL] for name in _TEXTS if (value := row.get(name, "").strip()))
    wrong = event in _FAILED | _HELD or "fail" in row.get("recipientstatus", "").lower().rpartition("##")[2]
    if not wrong and (event in _QUIET or (not _REPLY.search(text) and "lasterror" not in row)):
        return
    if not wrong and not text:
        return
    final = event in _FAILED or ("fail" in text.lower() and event not in _HELD and "##" in text)
    message = _first(row, _MESSAGES) or number
    sender, recipient = _first(row, _SENDERS), _first(row, _RECIPIENTS)
    status = row.get("recipientstatus", "")
    parts = _STATUS.split(status)
    if len(parts) > 3:  # several recipients, each with its own text
        context = row.get("sourcecontext", "")[:MAX_CELL]
        for address, said in zip(parts[1::2], parts[2::2], strict=True):
            yield Failure(said[:MAX_CELL], message, sender, address, final, context)
        return
    yield Failure(text.replace("##", " "), message, sender, recipient, final)


# Events that report no failure of their own, whatever stands in their context.
_QUIET = frozenset(
    ("receive", "send", "sendexternal", "deliver", "submit", "haredirect", "hareceive", "transfer", "resolve", "expand")
)


def _first(row: Mapping[str, str], names: Sequence[str]) -> str:
    return next((value for name in names if (value := row.get(name, "").strip())), "")
