"""What the next renewal does to the TLSA records that fit now. Pure.

A record of usage 3 goes with the key or the certificate, one of usage 2 with the authority that issues (RFC 7671, 5 and
8); that an authority no longer issues is what its CA has announced.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from cryptography.x509.oid import NameOID

from certready.dane.matching import fit
from certready.dane.tlsa import END_ENTITY, PUBLIC_KEY, TRUST_ANCHOR, Tlsa, usable
from certready.x509.certificate import Certificate


class Leaving(NamedTuple):
    """Since when a CA issues from other intermediates by default, and how that is known."""

    since: datetime
    known: Literal["announced", "reported"]


_FIRST = Leaving(datetime(2024, 6, 6, tzinfo=UTC), "announced")
_SECOND = Leaving(datetime(2026, 5, 13, tzinfo=UTC), "reported")
LEFT = {
    ("Let's Encrypt", name): leaving
    for names, leaving in (
        (("R3", "E1"), _FIRST),
        (("R10", "R11", "R12", "R13", "R14", "E5", "E6", "E7", "E8", "E9"), _SECOND),
    )
    for name in names
}
"""Intermediates, by organization and common name, that their CA issues from no longer by default: Let's Encrypt's
announcement of its changes of 2024, and reports from the field of those of 2026 (krakenkey.io). As of November 2026."""


class Outlook(NamedTuple):
    """What becomes of records that fit. ``state`` is "prepared" where a second one stands for the next renewal, "alone"
    where none does, "authority" where records of usage 2 alone fit; ``sentence`` says it in full."""

    state: Literal["prepared", "alone", "authority"]
    sentence: str


def outlook(records: Sequence[Tlsa], sent: Sequence[Certificate], names: Sequence[str], at: datetime) -> Outlook:
    """What the next renewal does to records of which one fits; the arguments are those of :func:`fit`."""
    deciding = usable(records)
    fitting = [record for record in deciding if fit((record,), sent, names, at).outcome == "match"]
    own = [record for record in fitting if record.usage == END_ENTITY]
    authorities = [
        certificate
        for certificate in sent[1:]
        if any(record.usage == TRUST_ANCHOR and record.fits(certificate) for record in fitting)
    ]
    left = [_left(certificate, at) for certificate in authorities]
    if not own:
        return Outlook("authority", next(filter(None, left), _AUTHORITY))
    if authorities and not all(left):
        label = authorities[left.index("")].parsed.label
        return Outlook(
            "prepared",
            f"A record of the authority {label} fits too: a new key is no trouble as long as that one issues it.",
        )
    if any(record not in fitting for record in deciding):
        return Outlook("prepared", "Another record stands beside it, for the next renewal perhaps.")
    broken = _KEY if any(record.selector == PUBLIC_KEY for record in own) else _CERTIFICATE
    return Outlook("alone", " ".join(filter(None, (broken, *left))))


_AUTHORITY = (
    "That is a record of an authority: it holds as long as the next certificate is issued by that same one, and public "
    "CAs change their intermediates without notice."
)
_KEY = (
    "No other record stands beside it: a renewal with a new key, as ACME clients make by default, breaks it unless the "
    "new record is published first."
)
_CERTIFICATE = (
    "No other record stands beside it, and it is one of the certificate itself: every renewal breaks it, even with the "
    "same key, unless the new record is published first."
)


def _left(authority: Certificate, at: datetime) -> str:
    """That its CA no longer issues from an authority, as a sentence; "" where nothing is known of that."""
    name = authority.parsed.subject_name
    if name is None:
        return ""
    organizations, common = (
        [str(attribute.value) for attribute in name.get_attributes_for_oid(oid)]
        for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    )
    for organization in organizations:
        leaving = LEFT.get((organization, common[0] if common else ""))
        if leaving and at >= leaving.since:
            return (
                f"The record of {common[0]}, an intermediate of {organization}, does not fit the next certificate: by "
                f"default it is issued from others since {leaving.since:%Y-%m-%d} ({leaving.known})."
            )
    return ""
