"""A tenant file's bytes into plain values: JSON as PowerShell writes it, or TOML by hand.

PowerShell's ``>`` writes UTF-16 with a mark in Windows PowerShell and UTF-8 in PowerShell 7; ``>>`` puts one document
behind the other. Every size and depth is bounded, and whatever goes wrong is one sentence with its position.
"""

from __future__ import annotations

import codecs
import json
import re

from certready import bounds
from certready.errors import TenantError

MAX_BYTES = bounds.TENANT
MAX_TOML = 1024 * 1024
MAX_DOCUMENTS = 50

EXPORT = (
    "@{ExportedAt=(Get-Date).ToUniversalTime().ToString('s')+'Z'; InboundConnectors=@(Get-InboundConnector); "
    "OutboundConnectors=@(Get-OutboundConnector)+@(Get-OutboundConnector -IncludeTestModeConnectors $true); "
    "AcceptedDomains=@(Get-AcceptedDomain)} | ConvertTo-Json -Depth 5 | Set-Content tenant.json -Encoding utf8"
)
HINT = f"In Exchange Online PowerShell: {EXPORT}"
MISSING = f"Check the path, or make it in Exchange Online PowerShell: {EXPORT}"

_SECTION = r"(?:inboundconnectors?|outboundconnectors?|accepteddomains?)"
_TOML = re.compile(rf"\s*(?:#[^\n]*\n\s*)*(?:\[\[?\s*{_SECTION}\s*\]|[a-z_][\w-]*\s*=)", re.IGNORECASE)
_BLANK = re.compile(r"[\s\ufeff]*")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def documents(data: bytes, name: str) -> tuple[list[object], tuple[str, ...]]:
    """The documents in a file (none in a blank one) and notes about how they were read.

    Raises:
        TenantError: too large, no text, or neither JSON nor TOML; the message has line and column.
    """
    if len(data) > MAX_BYTES:
        raise TenantError(f"{_label(name)} is over 20 MiB, larger than any tenant's connectors.", hint=HINT)
    text, notes = _text(data, name)
    try:
        return _parse(text, name), notes
    except RecursionError:
        raise TenantError(f"{_label(name)} is nested too deeply to be a tenant export.", hint=HINT) from None


def _parse(text: str, name: str) -> list[object]:
    if name.lower().endswith(".toml") or _TOML.match(text):
        return [_toml(text, name)]
    parsed: list[object] = []
    decoder = json.JSONDecoder()
    position = _skip_blank(text, 0)
    while position < len(text):
        if len(parsed) == MAX_DOCUMENTS:
            raise TenantError(f"{_label(name)} holds more than {MAX_DOCUMENTS} JSON documents.", hint=HINT)
        try:
            document, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise _no_json(text, name, error) from None
        except ValueError:  # an integer of thousands of digits
            raise TenantError(f"{_label(name)} holds a number too long to read.", hint=HINT) from None
        parsed.append(document)
        position = _skip_blank(text, position)
    return parsed


def _skip_blank(text: str, position: int) -> int:
    blank = _BLANK.match(text, position)
    return blank.end() if blank else position


def _toml(text: str, name: str) -> object:
    import tomllib

    if len(text) > MAX_TOML:
        raise TenantError(f"{_label(name)} is over 1 MiB, too large for connectors written by hand.", hint=HINT)
    try:
        return tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError says "(at line 3, column 7)"
        reason = (str(error).splitlines() or ["unreadable"])[0][:200]
        raise TenantError(f"{_label(name)} is not valid TOML: {ascii(reason)[1:-1]}.", hint=HINT) from None


def _text(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    encoding = next((codec for mark, codec in _MARKS if data.startswith(mark)), None) or _guess(data)
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or b"\0" in data or data[:1] == b"\x30":
            raise TenantError(
                f"{_label(name)} is not a text file: byte {error.start} does not fit {encoding.upper()}.", hint=HINT
            ) from None
    # Windows PowerShell's Set-Content writes the system's code page; it only matters in names.
    note = f"{_label(name)} is not UTF-8; it was read as Western European text (Latin-1)."
    return data.decode("latin-1"), (note,)


def _guess(data: bytes) -> str:
    """The encoding where there is no mark: ASCII comes first in JSON, so zero bytes tell (RFC 4627, 3)."""
    head = data[:2]
    if len(head) == 2 and head[0] == 0 != head[1]:
        return "utf-16-be"
    if len(head) == 2 and head[1] == 0 != head[0]:
        return "utf-16-le"
    return "utf-8"


def _no_json(text: str, name: str, error: json.JSONDecodeError) -> TenantError:
    start = text.lstrip()[:200].lower()
    label = _label(name)
    if start.startswith("-----begin"):
        return TenantError(f"{label} is a PEM file, not a tenant's connectors.", hint=HINT)
    if start.startswith("<"):
        return TenantError(f"{label} is XML, not JSON: Export-Clixml writes what only PowerShell reads.", hint=HINT)
    if not start.startswith(("{", "[", '"')):
        return TenantError(
            f"{label} is neither JSON nor TOML (line {error.lineno}, column {error.colno}): "
            "it looks like text as printed on the screen.",
            hint=HINT,
        )
    reason = error.msg[:1].lower() + error.msg[1:]
    return TenantError(f"{label} is not valid JSON at line {error.lineno}, column {error.colno}: {reason}.", hint=HINT)


def _label(name: str) -> str:
    return f"The tenant file {name!a}" if name else "The tenant file"
