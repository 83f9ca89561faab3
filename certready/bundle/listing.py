"""Exchange Server's own store, as ``Get-ExchangeCertificate | ConvertTo-Json`` prints it: RawData is read, and what
Exchange says of each certificate is kept.

Windows PowerShell 5.1 writes RawData as a list of integers, a lone object without a list, a list perhaps as
``{"value": [...], "Count": n}`` and Services as a number; PowerShell 7 and the documented line write text.
"""

from __future__ import annotations

import base64
import hashlib
import json

from msgspec import Struct

from certready.bundle.contents import Contents, Entry, Refusal, unreadable
from certready.errors import InputError
from certready.x509.certificate import Certificate

MAX_LISTED = 500


class Listed(Struct, frozen=True):
    """One certificate of the list: its ``thumbprint`` as Exchange writes it, the certificate or why it cannot be read,
    and what Exchange says of it."""

    thumbprint: str
    certificate: Certificate | InputError
    entry: Entry


def could_be(text: str) -> bool:
    """Whether a text is such a list by its looks."""
    return text.lstrip("\ufeff \t\r\n")[:1] in ("[", "{") and "rawdata" in text.lower()


def read(text: str, place: str) -> tuple[Listed, ...]:
    """Every certificate of the list, in order. Raises InputError where it is no JSON, or holds too many."""
    try:
        document = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        raise InputError(
            f"{place} begins like a list of certificates and is not valid JSON.", hint=_export_again()
        ) from None
    listed = _unwrapped(document)
    rows = [row for row in (listed if isinstance(listed, list) else [listed]) if isinstance(row, dict)]
    if len(rows) > MAX_LISTED:
        raise InputError(f"{place} lists more than {MAX_LISTED} certificates.", hint="Export those of one server.")
    return tuple(_listed({str(key).lower(): _unwrapped(value) for key, value in row.items()}, place) for row in rows)


def contents(text: str, place: str) -> Contents:
    """The list as one container."""
    rows = read(text, place)
    certificates = tuple(row.certificate for row in rows if isinstance(row.certificate, Certificate))
    broken = tuple(Refusal("certificate", row.certificate) for row in rows if isinstance(row.certificate, InputError))
    strange = tuple(unreadable(certificate, place) for certificate in certificates if certificate.parsed.error)
    return Contents(
        "der",
        certificates,
        refusals=(*broken, *strange),
        notes=tuple(note for row in rows for note in _notes(row)),
        entries=tuple(row.entry for row in rows),
        exchange=True,
    )


def _export_again() -> str:
    from certready.exchange.cmdlets import export_certificates

    return f"Export it again: {export_certificates()}"


def _listed(row: dict[str, object], place: str) -> Listed:
    thumbprint = str(row.get("thumbprint") or "")
    named = f"{place}: the certificate {thumbprint or '(no thumbprint)'}"
    data = _bytes(row.get("rawdata"))
    certificate: Certificate | InputError
    if data is None:
        certificate = InputError(f"{named} has no RawData that can be read.", hint=_export_again())
    else:
        certificate = Certificate(data)
        thumbprint = thumbprint or hashlib.sha1(data, usedforsecurity=False).hexdigest().upper()
    private = row.get("hasprivatekey")
    entry = Entry(
        "certificate",
        certificate.sha256 if isinstance(certificate, Certificate) else "",
        friendly_name=str(row.get("friendlyname") or ""),
        services=_services(row.get("services"), row.get("servicesstringform")),
        status=str(row.get("status") or "") if isinstance(row.get("status"), str) else "",
        has_private_key=private if isinstance(private, bool) else None,
    )
    return Listed(thumbprint, certificate, entry)


def _notes(row: Listed) -> list[str]:
    if not isinstance(row.certificate, Certificate):
        return []
    fingerprint = hashlib.sha1(row.certificate.der, usedforsecurity=False).hexdigest().upper()
    if row.thumbprint.replace(" ", "").upper() == fingerprint:
        return []
    return [f"The list calls the certificate {fingerprint} by another thumbprint, {row.thumbprint}."]


def _unwrapped(value: object) -> object:
    """The value without what Windows PowerShell wraps lists and decorated values in."""
    if isinstance(value, dict):
        inner = {str(key).lower(): item for key, item in value.items()}
        if "value" in inner and set(inner) <= {"value", "count"}:
            return inner["value"]
    return value


def _bytes(value: object) -> bytes | None:
    if isinstance(value, list) and value and all(type(item) is int and 0 <= item < 256 for item in value):
        return bytes(value)
    if isinstance(value, str) and value:
        try:
            return base64.b64decode("".join(value.split()), validate=True)
        except ValueError:
            return None
    return None


_LETTERS = {"I": "IMAP", "P": "POP", "U": "UM", "W": "IIS", "S": "SMTP", "F": "Federation"}


def _services(value: object, letters: object) -> str:
    """Services as text. The numbers of the flags are documented nowhere, so a number stays one, unless the letters of
    ServicesStringForm (``IP.WS.``) stand beside it."""
    if isinstance(value, list) and value and all(isinstance(service, str) for service in value):
        return ", ".join(value)
    if isinstance(value, str) and value and not value.strip().isdigit():
        return value
    if isinstance(letters, str) and set(letters) & set(_LETTERS):
        return ", ".join(_LETTERS[letter] for letter in letters if letter in _LETTERS)
    return f"the number {value}" if isinstance(value, int) and not isinstance(value, bool) else ""


def for_smtp(services: str) -> bool | None:
    """Whether SMTP is among these services; None where they are not known."""
    if not services or services.startswith("the number "):
        return None
    return "smtp" in (word.strip().lower() for word in services.split(","))
