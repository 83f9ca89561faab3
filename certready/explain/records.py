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

from msgspec import Struct

MAX_RECORDS = 500_000
MAX_CELL = 64 * 1024  # characters of one error text that are looked at

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
_STATUS = re.compile(r"(?:^|;)\s*([^;#\s]+@[^;#\s]+)##")
_REPLY = re.compile(r"\b[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3}\b")


class Failure(Struct, frozen=True):
    """One record that says why a message was not delivered. ``final`` is True where it was given up."""

    text: str
    message: str
    sender: str
    recipient: str
    final: bool


class Records(Struct, frozen=True):
    """What a file was taken for, how many records it holds, and which of them fail. ``silent`` says that this kind of
    file has no error texts, only that something failed."""

    kind: str
    count: int
    failures: tuple[Failure, ...]
    silent: bool = False


def read_records(text: str) -> Records | None:
    """The records of a text; None where it is none of the forms that are known."""
    head = text.lstrip("\ufeff \r\n")
    found = _json(head) if head[:1] in ("[", "{") else _table(head)
    if found is None:
        return None
    kind, columns, rows = found
    failures: list[Failure] = []
    count = 0
    for row in rows:
        count += 1
        failures += _failures(row, str(count))
        if count >= MAX_RECORDS:
            break
    texts = [name for name in _TEXTS if name in columns]
    silent = not texts or (texts == ["recipientstatus"] and not {"eventid", "sourcecontext"} & columns)
    return Records(kind, count, tuple(failures), silent)


_Found = tuple[str, set[str], Iterator[Mapping[str, str]]]


def _table(text: str) -> _Found | None:
    """Comma-separated values with a header, PowerShell's, Exchange's (``#Fields:``) or the admin center's."""
    kind, at = "message trace", 0
    header = ""
    for line in text[:20_000].splitlines(keepends=True):
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
    columns = [_key(one) for one in next(csv.reader([header.strip()], delimiter=joint), [])]
    if not _is_trace(columns):
        return None
    if "lasterror" in columns:
        kind = "queue"
    lines = (line for line in io.StringIO(text[at:], newline="") if not line.startswith("#"))
    return kind, set(columns), _rows(columns, lines, joint)


def _rows(columns: Sequence[str], lines: Iterator[str], joint: str) -> Iterator[Mapping[str, str]]:
    reader = csv.reader((line.replace("\0", "") for line in lines), delimiter=joint)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a field beyond the module's limit: this record says nothing
            continue
        if row:
            yield dict(zip(columns, row, strict=False))


def _json(text: str) -> _Found | None:
    """A list of objects, bare or under ``value``, as ConvertTo-Json and Graph write it."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(read, dict) and isinstance(read.get("value"), list):
        read = read["value"]
    objects = [one for one in (read if isinstance(read, list) else [read]) if isinstance(one, dict)]
    rows = [{_key(key): _said(value) for key, value in one.items()} for one in objects]
    columns = {key for row in rows for key in row}
    if not _is_trace(list(columns)):
        return None
    return ("queue" if "lasterror" in columns else "message trace"), columns, iter(rows)


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
        for address, said in zip(parts[1::2], parts[2::2], strict=True):
            yield Failure(f"{row.get('sourcecontext', '')} {said}".strip()[:MAX_CELL], message, sender, address, final)
        return
    yield Failure(text.replace("##", " "), message, sender, recipient, final)


# Events that report no failure of their own, whatever stands in their context.
_QUIET = frozenset(
    ("receive", "send", "sendexternal", "deliver", "submit", "haredirect", "hareceive", "transfer", "resolve", "expand")
)


def _first(row: Mapping[str, str], names: Sequence[str]) -> str:
    return next((value for name in names if (value := row.get(name, "").strip())), "")
