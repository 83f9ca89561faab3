"""The certificates of an Exchange server as ``Get-ExchangeCertificate`` and ConvertTo-Json write them.

In a plain remote session an object has little more than ``RawData``, so that alone is needed; it is base64, or a list
of integers as Windows PowerShell writes byte arrays. ``Services`` is text where it was asked for as text and otherwise
a number whose flags are documented nowhere, which says nothing here.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from msgspec import Struct

from certready.errors import TenantError
from certready.exchange.export.read import documents

MAX_CERTIFICATES = 500
_LONGEST = 64 * 1024  # bytes of a certificate


class Listed(Struct, frozen=True):
    """One certificate of the list in ``der``. ``has_key``, ``smtp`` (enabled for SMTP) and ``status`` are None where
    the list does not say them."""

    der: bytes
    has_key: bool | None = None
    smtp: bool | None = None
    status: str | None = None


def listed(data: bytes) -> tuple[Listed, ...]:
    """The certificates of such a list; none where the bytes are something else. Never raises."""
    start = data[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
    if start[:1] not in (b"[", b"{") or b"rawdata" not in data.replace(b"\0", b"").lower():  # UTF-16 too
        return ()
    try:
        found, _ = documents(data, "")
    except TenantError:
        return ()
    rows = [row for document in found for row in _rows(document)]
    return tuple(one for row in rows[:MAX_CERTIFICATES] if (one := _row(row)))


def _rows(document: object) -> Iterator[dict[str, object]]:
    """The objects of a document: one alone, several, or wrapped as Windows PowerShell sometimes does."""
    if isinstance(document, list):
        yield from (one for one in document if isinstance(one, dict))
    elif isinstance(document, dict):
        inner = _folded(document).get("value")
        yield from _rows(inner) if isinstance(inner, list) else [document]


def _row(row: dict[str, object]) -> Listed | None:
    fields = _folded(row)
    der = _bytes(fields.get("rawdata"))
    if der is None:
        return None
    key, status = fields.get("hasprivatekey"), fields.get("status")
    return Listed(
        der,
        key if isinstance(key, bool) else None,
        _smtp(fields.get("services"), fields.get("servicesstringform")),
        status if isinstance(status, str) and status else None,
    )


def _folded(row: dict[str, object]) -> dict[str, object]:
    return {name.lower(): value for name, value in row.items()}


def _bytes(value: object) -> bytes | None:
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, str) and len(value) < 2 * _LONGEST:
        try:
            return base64.b64decode("".join(value.split()), validate=True) or None
        except (binascii.Error, ValueError):
            return None
    if isinstance(value, list) and 0 < len(value) <= _LONGEST and all(type(one) is int for one in value):
        return bytes(value) if all(0 <= one < 256 for one in value) else None
    return None


def _smtp(services: object, letters: object) -> bool | None:
    """Whether SMTP is among the services: ``IIS, SMTP``, a list of words, or the letters ``IP.WS.``."""
    if isinstance(services, list) and services and all(isinstance(one, str) for one in services):
        services = ", ".join(services)
    if isinstance(services, str) and services and not services.strip().isdigit():
        return "smtp" in re.split(r"[,\s]+", services.strip().lower())
    if isinstance(letters, str) and letters:
        return "S" in letters
    return None
