"""Single properties of an exported record, through whichever of PowerShell's serialisers they went."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from certready.errors import TenantError
from certready.exchange.export.read import HINT

Record = Mapping[str, object]

MAX_ITEMS = 10_000
MAX_TEXT = 1000
MAX_NUMBER = 10**15

_BOOLEANS = {"true": True, "$true": True, "1": True, "false": False, "$false": False, "0": False}
_TICKS = re.compile(r"\A/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/\Z")
_ADDRESS_SPACE = re.compile(r"\A(?:smtp:)?(.*?)(?:;\d+)?\Z", re.IGNORECASE | re.DOTALL)
# What ConvertTo-Json leaves of a value deeper than -Depth: the name of its type, or a hashtable as text.
_CUT_OFF = re.compile(r"\A(?:@\{|(?:System|Microsoft|Deserialized)\.[\w.`+\[\], ]+\Z)")


def lowered(record: Mapping[object, object]) -> Record:
    """The record with its keys in lower case; the first of two that differ in case only is kept."""
    folded: dict[str, object] = {}
    for key, value in record.items():
        folded.setdefault(str(key).lower(), value)
    return folded


def text(value: object) -> str | None:
    """A property as one line of printable text of at most 1000 characters, None where it is not set.

    A structured domain (``{"Address": "*.contoso.com"}``), as Windows PowerShell leaves local objects, gives its text.
    """
    if isinstance(value, Mapping):
        inner = lowered(value)
        value = next((inner[key] for key in ("address", "value", "domain", "name") if inner.get(key)), None)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None or isinstance(value, (Mapping, list)) or (isinstance(value, int) and abs(value) > MAX_NUMBER):
        return None
    if isinstance(value, str) and _CUT_OFF.match(value):
        return None
    printable = (char if char.isprintable() else " " if char.isspace() else "?" for char in str(value)[:MAX_TEXT])
    return "".join(printable).strip() or None


def boolean(value: object) -> bool | None:
    """A property as a boolean, None where it is not set or not one."""
    return value if isinstance(value, bool) else _BOOLEANS.get((text(value) or "").lower())


def holds(value: object) -> bool:
    """Whether a property is set to anything at all."""
    return value not in (None, "", [], {})


def unknown_shape(value: object) -> bool:
    """Whether a property that should hold one text holds something that cannot be read as one."""
    return holds(value) and text(value) is None


def moment(value: object) -> datetime | None:
    """A moment as PowerShell's serialisers leave it, in UTC: ISO 8601 (without an offset it is taken for UTC),
    ``/Date(1764236400000)/``, or an object with one of these in ``value``. None where it is none of them."""
    if isinstance(value, Mapping):
        inner = lowered(value)
        value = inner.get("value", inner.get("datetime"))
    try:
        if isinstance(value, str) and (ticks := _TICKS.match(value)):
            value = datetime.fromtimestamp(int(ticks[1]) / 1000, UTC)
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return instant if 1970 <= instant.year < 9000 else None


def items(value: object) -> tuple[str, ...]:
    """A multi-valued property: a list, ``{"value": [...]}``, or text with blanks or commas between the values.

    Raises:
        TenantError: more than 10,000 values.
    """
    if isinstance(value, Mapping):
        inner = lowered(value)
        value = inner.get("value", [value])
    if value is None:
        return ()
    entries: Iterable[object] = value if isinstance(value, list) else _split(value)
    listed = list(entries)
    if len(listed) > MAX_ITEMS:
        raise TenantError(f"A property holds {len(listed)} values; at most {MAX_ITEMS} are read.", hint=HINT)
    return tuple(entry for entry in map(text, listed) if entry)


def illegible(value: object) -> bool:
    """Whether a multi-valued property holds at least one entry that cannot be read as text."""
    if isinstance(value, Mapping):
        value = lowered(value).get("value", [value] if value else [])
    if not isinstance(value, list):
        return unknown_shape(value)
    return any(entry is not None and text(entry) is None for entry in value)


def cut_off(value: object) -> bool:
    """Whether the depth of ConvertTo-Json left nothing but a type's name, or a hashtable's text, of this value."""
    if isinstance(value, Mapping):
        value = lowered(value).get("value")
    if isinstance(value, list):
        return any(isinstance(entry, str) and _CUT_OFF.match(entry) for entry in value)
    return isinstance(value, str) and bool(_CUT_OFF.match(value))


def _split(value: object) -> list[str]:
    if isinstance(value, str) and _CUT_OFF.match(value):
        return []
    return re.split(r"[\s,]+", value[: MAX_ITEMS * MAX_TEXT]) if isinstance(value, str) else [text(value) or ""]


def address_spaces(value: object) -> tuple[str, ...]:
    """SenderDomains or RecipientDomains without the ``smtp:`` before and the ``;cost`` behind each."""
    stripped = (_ADDRESS_SPACE.sub(r"\1", item) for item in items(value))
    return tuple(space for space in stripped if space)
