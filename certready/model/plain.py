"""What the JSON documents are made of, and how they are written.

A document is a frozen struct: its fields are the keys, in the contract's order, its tag is the ``schema``. It is
written in ASCII: every character beyond it becomes an escape, so that no name in a certificate, however hostile, can
reach a terminal or break an encoding on the way.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, structs

# Patterns are given as JSON Schema alone: ``Meta(pattern=...)`` would compile each of them at every start, and what
# certready writes itself need not be held against them.
Moment = Annotated[
    datetime,
    Meta(
        description="A moment in UTC, to the second.",
        extra_json_schema={"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"},
    ),
]
Sha256 = Annotated[
    str,
    Meta(description="SHA-256 of a whole certificate, DER.", extra_json_schema={"pattern": "^[0-9a-f]{64}$"}),
]
Sha1 = Annotated[
    str,
    Meta(description="What Windows and Exchange call the thumbprint.", extra_json_schema={"pattern": "^[0-9a-f]{40}$"}),
]
Thumbprint = Annotated[
    str, Meta(description="SHA-1, as Windows shows it.", extra_json_schema={"pattern": "^[0-9A-F]{40}$"})
]
Serial = Annotated[str, Meta(description="Hexadecimal.", extra_json_schema={"pattern": "^-?[0-9a-f]+$"})]


_PLAIN = frozenset({str, int, bool, type(None)})
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


def moment(value: datetime) -> str:
    """A moment in UTC to the second, as ``2026-11-21T09:00:00Z``. ``value`` is aware."""
    return value.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def to_utc(noun: Struct, *names: str) -> None:
    """For ``__post_init__`` of a frozen struct: these moments of it (or None) in UTC.

    Raises ValueError for one without a time zone, and for one beyond the calendar.
    """
    for name in names:
        value = getattr(noun, name)
        if value is None or value.tzinfo is UTC:
            continue
        if value.tzinfo is None:
            raise ValueError(f"{name} has no time zone")
        try:
            structs.force_setattr(noun, name, value.astimezone(UTC))
        except OverflowError:
            raise ValueError(f"{name} lies beyond the calendar") from None


def to_the_second(noun: Struct, *names: str) -> None:
    """For ``__post_init__`` of a frozen struct: these moments of it (aware, or None) in UTC and without fractions."""
    for name in names:
        value = getattr(noun, name)
        if value is not None and (value.tzinfo is not UTC or value.microsecond):
            structs.force_setattr(noun, name, value.astimezone(UTC).replace(microsecond=0))


def plain(value: object) -> Any:
    """A value of a finding's evidence as JSON knows it; what JSON cannot hold becomes text."""
    if type(value) in _PLAIN:
        return value
    if type(value) is dict:
        return {str(key): inner if type(inner) in _PLAIN else plain(inner) for key, inner in value.items()}
    if type(value) is list:  # an abstract class is slow to ask
        return [plain(inner) for inner in value]
    match value:
        case bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime():
            return moment(value)
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case Sequence() | set() | frozenset():
            return [plain(inner) for inner in value]
        case _:
            return str(value)


def json_values(document: object) -> dict[str, Any]:
    """A document as Python's JSON values: dictionaries, lists, text, numbers."""
    values: dict[str, Any] = plain(msgspec.to_builtins(document))
    return values


def json_text(document: object) -> str:
    """A document as JSON in ASCII, two spaces of indent, a line end at the end."""
    line = json_line(document)
    try:
        return msgspec.json.format(line, indent=2).rstrip() + "\n"
    except msgspec.DecodeError:  # half of a surrogate pair, as in a file name that is no UTF-8
        import json

        return json.dumps(json.loads(line), indent=2) + "\n"


def json_line(document: object) -> str:
    """A document as JSON in ASCII on one line, a line end at the end."""
    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError:  # the same
        import json

        return json.dumps(msgspec.to_builtins(document), separators=(",", ":")) + "\n"
    if not data.isascii():
        import json

        return _BEYOND_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], data.decode()) + "\n"
    return data.decode("ascii") + "\n"
