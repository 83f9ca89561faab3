"""A certificate part by part, for those that cryptography does not load: what each part says, as far as it can be read.

Lenient where a reader may be, because the certificate is there and somebody will ask what it says; whatever a strict
reader refuses is named as a fault, so that nobody takes the certificate for a sound one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from msgspec import Struct

from certready.x509.der import (
    BIT_STRING,
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    UTC_TIME,
    VERSION,
    Element,
    MalformedError,
    dotted,
    element,
    expect,
    members,
)
from certready.x509.unreadable import Unreadable

MOST_EXTENSIONS = 256
LONGEST_SERIAL = 1024  # bytes
EXTENSIONS, UNIQUE_IDS = 0xA3, (0x81, 0x82, 0xA1, 0xA2)

_UTC_TIME = re.compile(r"(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:Z|([+-])(\d{2})(\d{2}))\Z", re.ASCII)
_GENERALIZED = re.compile(
    r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:\.\d+)?(?:Z|([+-])(\d{2})(\d{2}))\Z", re.ASCII
)


class RawExtension(Struct, frozen=True):
    """One extension: its type as a dotted OID, whether it is critical, its whole encoding."""

    oid: str
    critical: bool
    encoded: bytes


class Parts(Struct, frozen=True):
    """What a certificate says, part by part. ``faults`` are sentences about whatever a strict reader refuses.
    ``complete`` is False where an extension is there whose very type cannot be read: it may be any."""

    version: int
    serial: int | Unreadable[int]
    algorithm: bytes
    issuer: bytes
    not_before: datetime | Unreadable[datetime]
    not_after: datetime | Unreadable[datetime]
    subject: bytes
    key: bytes
    extensions: tuple[RawExtension, ...]
    complete: bool
    faults: tuple[str, ...]


def parts(certificate: bytes) -> Parts:
    """The parts of a certificate in DER. Raises MalformedError where the bytes have not the shape of one."""
    outer = element(certificate)
    faults = ["Bytes follow the certificate."] if outer.end != len(certificate) else []
    outer_parts = members(outer)
    expect((outer, *outer_parts), SEQUENCE, SEQUENCE, SEQUENCE, BIT_STRING)
    fields = list(members(outer_parts[0]))
    number = members(fields.pop(0))[:1] if fields and fields[0].tag == VERSION else ()
    expect(tuple(fields), INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE)
    serial, algorithm, issuer, validity, subject, key, *rest = fields
    version = int.from_bytes(number[0].content, "big") + 1 if number else 1
    if number and not number[0].content:
        faults.append("Its version cannot be read.")
    elif version not in (1, 2, 3):
        faults.append(f"Its version is {version}, and there are three.")
    extensions, complete = _extensions(rest, faults)
    dates = members(validity)
    before, after = (_date(dates[index]) if len(dates) > index else Unreadable("it is missing") for index in (0, 1))
    return Parts(
        version,
        _serial(serial, faults),
        algorithm.encoded,
        issuer.encoded,
        before,
        after,
        subject.encoded,
        key.encoded,
        extensions,
        complete,
        (*faults, *_faults_of_dates(dates, before, after)),
    )


def _serial(number: Element, faults: list[str]) -> int | Unreadable[int]:
    content = number.content
    if not content or len(content) > LONGEST_SERIAL:
        faults.append("Its serial number cannot be read.")
        return Unreadable("it has no digits" if not content else "it is too long")
    if len(content) > 1 and (content[0], content[1] >> 7) in ((0, 0), (0xFF, 1)):
        faults.append("Its serial number is padded, which DER does not allow.")
    return int.from_bytes(content, "big", signed=True)


def _date(value: Element) -> datetime | Unreadable[datetime]:
    """A Time (RFC 5280, 4.1.2.5), also without seconds or with an offset, as older ASN.1 allowed."""
    pattern = {UTC_TIME: _UTC_TIME, GENERALIZED_TIME: _GENERALIZED}.get(value.tag)
    written = pattern.match(value.content.decode("latin-1")) if pattern else None
    if written is None:
        return Unreadable("it is not a date")
    year, month, day, hour, minute, second = (int(group or 0) for group in written.groups()[:6])
    if value.tag == UTC_TIME:
        year += 1900 if year >= 50 else 2000
    sign, hours, minutes = written.groups()[6:]
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return Unreadable(f"{value.content.decode('latin-1')[:20]} is not a calendar date")


def _faults_of_dates(
    dates: tuple[Element, ...], before: datetime | Unreadable[datetime], after: datetime | Unreadable[datetime]
) -> Iterator[str]:
    for name, date, value in zip(("notBefore", "notAfter"), (before, after), dates, strict=False):
        if isinstance(date, Unreadable):
            yield f"Its {name} cannot be read: {date.reason}."
        elif not re.fullmatch(rb"(\d\d)?\d{12}Z", value.content):
            yield f"Its {name} is not written as RFC 5280 asks, with seconds and in UTC."


def _extensions(rest: list[Element], faults: list[str]) -> tuple[tuple[RawExtension, ...], bool]:
    """The extensions that have the shape of one, and whether these are all; what has another shape is a fault."""
    extensions: list[RawExtension] = []
    complete = True
    for field in rest:
        if field.tag != EXTENSIONS:
            if field.tag not in UNIQUE_IDS:
                faults.append("It has a part that no certificate has.")
            continue
        try:
            listed = members(members(field)[0], MOST_EXTENSIONS)
        except (MalformedError, IndexError):
            faults.append("Its extensions cannot be told apart.")
            complete = False
            continue
        for member in listed:
            try:
                extensions.append(_extension(member, faults))
            except MalformedError:
                faults.append("One of its extensions cannot be read.")
                complete = False
    return tuple(extensions), complete


def _extension(outer: Element, faults: list[str]) -> RawExtension:
    fields = members(outer)
    expect((outer, *fields), SEQUENCE, OID)
    oid = dotted(fields[0].content)
    critical = False
    if len(fields) == 3 and fields[1].tag == BOOLEAN:
        critical = any(fields[1].content)
        if fields[1].content != b"\xff":
            faults.append(f"Its extension {oid} says whether it is critical in a way that DER does not allow.")
    if len(fields) not in (2, 3) or fields[-1].tag != OCTET_STRING:
        raise MalformedError("it is not an extension")
    return RawExtension(oid, critical, outer.encoded)
