"""Tenant files into one Tenant: every shape in which the three cmdlets' output arrives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from certready.errors import TenantError, require_bytes, require_files
from certready.exchange.export import records
from certready.exchange.export.properties import cut_off, lowered, moment
from certready.exchange.export.read import HINT, documents
from certready.exchange.export.records import Kind, Place
from certready.model import AcceptedDomain, Connector, Tenant

MAX_RECORDS = 20_000
MAX_CONNECTORS = 2_000
MAX_DEPTH = 8  # of lists and wrappers around a record

_SECTIONS: Mapping[str, Kind] = {
    "inboundconnector": "inbound",
    "inboundconnectors": "inbound",
    "outboundconnector": "outbound",
    "outboundconnectors": "outbound",
    "accepteddomain": "accepted",
    "accepteddomains": "accepted",
}


class _Export(Struct):
    connectors: list[Connector] = field(default_factory=list)
    accepted: list[AcceptedDomain] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sections: set[Kind] = field(default_factory=set)
    exported: list[object] = field(default_factory=list)


def load(data: bytes | Sequence[tuple[str, bytes]], name: str = "") -> Tenant:
    """What Get-InboundConnector, Get-OutboundConnector and Get-AcceptedDomain printed through ConvertTo-Json.

    Args:
        data: one file's bytes, or several files as (name, bytes), read as one tenant.
        name: what to call a single file in messages.

    A file holds one record, a list of them (mixed ones too), ``{"value": [...]}``, or one object with
    InboundConnectors, OutboundConnectors and AcceptedDomains; or the same keys in TOML. UTF-8 and UTF-16, with and
    without a byte order mark. ``ExportedAt`` beside those three says when they were exported. ``accepted_domains`` is
    None where no file names one: no tenant is without any.

    Raises:
        TenantError: a file is none of that; the message says where, the hint how to export.
        TypeError: ``data`` is a path or the like.
    """
    if isinstance(data, list | tuple):
        require_files(data, "certready.load_tenant")
    else:
        require_bytes(data, "certready.load_tenant", "tenant.json")
    files = [(name, data)] if isinstance(data, bytes) else list(data)
    export = _Export()
    read = [_read_file(file, content, export) for file, content in files]
    if not any(read):
        which = "The tenant file is empty" if len(files) == 1 else "The tenant files are empty"
        raise TenantError(f"{which}: the cmdlet printed nothing, or its output went elsewhere.", hint=HINT)
    exported_at, notes = _exported_at(export.exported)
    if not export.connectors and not export.accepted:
        export.notes.append("The tenant file names no connector and no accepted domain.")
    return Tenant(
        connectors=tuple(dict.fromkeys(export.connectors)),
        accepted_domains=tuple(dict.fromkeys(export.accepted)) or None,
        notes=tuple(dict.fromkeys((*export.notes, *notes))),
        lists_connectors=bool(export.connectors or export.sections & {"inbound", "outbound"}),
        exported_at=exported_at,
    )


def _read_file(name: str, data: bytes, export: _Export) -> bool:
    """Adds what the file holds to ``export``; False where it is blank."""
    parsed, notes = documents(data, name)
    export.notes.extend(notes)
    for index, (record, hint) in enumerate(_records(parsed, None, 0, name, export), start=1):
        if index > MAX_RECORDS:
            raise TenantError(f"The tenant file holds more than {MAX_RECORDS} records.", hint=HINT)
        if not _is_none(record, hint):
            _add(record, hint, Place(name, index), export)
    return bool(parsed)


def _add(record: object, hint: Kind | None, place: Place, export: _Export) -> None:
    if isinstance(record, str) and hint == "accepted" and not cut_off(record):
        record = {"DomainName": record}
    if cut_off(record):
        raise TenantError(
            f"{str(place).capitalize()} was cut off by the depth of ConvertTo-Json; export it with -Depth 5.", hint=HINT
        )
    if not isinstance(record, Mapping):
        raise TenantError(
            f"{str(place).capitalize()} is not an object with the properties of a connector or an accepted domain.",
            hint=HINT,
        )
    keys = lowered(record)
    notes: tuple[str, ...]
    match records.kind_of(keys, hint, place):
        case "accepted":
            domain, notes = records.accepted(keys, place)
            export.accepted.extend([domain] if domain else [])
        case "inbound":
            connector, notes = records.inbound(keys, place)
            export.connectors.append(connector)
        case "outbound":
            connector, notes = records.outbound(keys, place)
            export.connectors.append(connector)
    export.notes.extend(notes)
    if len(export.connectors) > MAX_CONNECTORS:
        raise TenantError(f"The tenant file holds more than {MAX_CONNECTORS} connectors.", hint=HINT)


def _records(
    value: object, hint: Kind | None, depth: int, name: str, export: _Export
) -> Iterator[tuple[object, Kind | None]]:
    """Every record with what its section says it is, out of lists, wrappers and sections; null stands for none. Which
    sections there are, empty ones too, and when they were exported is noted in ``export``."""
    if depth > MAX_DEPTH:
        raise TenantError("The tenant file is nested too deeply to be a tenant export.", hint=HINT)
    if isinstance(value, list):
        for item in value:
            yield from _records(item, hint, depth + 1, name, export)
        return
    keys = lowered(value) if isinstance(value, Mapping) else {}
    sections = [(kind, keys[key]) for key, kind in _SECTIONS.items() if key in keys]
    if sections:
        export.sections.update(kind for kind, _ in sections)
        export.exported.extend([keys["exportedat"]] if "exportedat" in keys else [])
        for kind, inner in sections:
            yield from _records(inner, kind, depth + 1, name, export)
    elif _is_wrapper(keys):
        yield from _records(keys["value"], hint, depth + 1, name, export)
    else:
        yield value, hint


def _exported_at(values: Sequence[object]) -> tuple[datetime | None, tuple[str, ...]]:
    """The oldest moment of several files, and a note where one of them cannot be read."""
    moments = [moment(value) for value in values]
    if None in moments:
        return None, ("ExportedAt in the tenant file is not a moment that can be read; its age is not judged.",)
    return min((exported for exported in moments if exported), default=None), ()


def _is_none(record: object, hint: Kind | None) -> bool:
    """null, or in a section the empty object or text that Windows PowerShell makes of a cmdlet that printed nothing."""
    return record is None or (hint is not None and record in ({}, ""))


def _is_wrapper(keys: Mapping[str, object]) -> bool:
    """``{"value": [...], "Count": n}`` of Windows PowerShell, or the ``value`` of a REST answer."""
    other_keys = (key for key in keys if key not in ("value", "count") and not key.startswith("@odata."))
    return isinstance(keys.get("value"), (list, dict)) and not any(other_keys)
