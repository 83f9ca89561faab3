"""TLSA records: what they say, which of them SMTP can use, how a zone has them (RFC 6698, 7671, 7672)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from msgspec import Struct

from certready.x509.certificate import Certificate

TRUST_ANCHOR, END_ENTITY = 2, 3  # usages DANE-TA(2) and DANE-EE(3)
CERTIFICATE, PUBLIC_KEY = 0, 1  # selectors Cert(0) and SPKI(1)
FULL = 0  # the matching type that compares the whole thing
DIGESTS = {1: ("sha256", 32), 2: ("sha512", 64)}
USUAL_TTL = 3600  # seconds, of a line that is only proposed
SHOWN = 16  # records of a set that a sentence names


class Tlsa(Struct, frozen=True):
    """One record: ``usage``, ``selector`` and ``matching`` are its three numbers, ``data`` the association data."""

    usage: int
    selector: int
    matching: int
    data: bytes

    @property
    def fields(self) -> str:
        """The three numbers, such as "3 1 1"."""
        return f"{self.usage} {self.selector} {self.matching}"

    @property
    def unusable(self) -> str | None:
        """A clause: why no sender of mail can use it (RFC 7672, 3.1; RFC 7671, 4), None where it can."""
        if self.usage in (0, 1):
            return f"usage {self.usage} is not for SMTP"
        if self.usage not in (TRUST_ANCHOR, END_ENTITY):
            return f"usage {self.usage} is not defined"
        if self.selector not in (CERTIFICATE, PUBLIC_KEY):
            return f"selector {self.selector} is not defined"
        if self.matching not in (FULL, *DIGESTS):
            return f"matching type {self.matching} is not defined"
        if not self.data:
            return "it holds no data"
        if self.matching in DIGESTS and len(self.data) != DIGESTS[self.matching][1]:
            algorithm, length = DIGESTS[self.matching]
            return f"{len(self.data)} bytes are no {algorithm.upper()} digest, which has {length}"
        return None

    def fits(self, certificate: Certificate) -> bool:
        """Whether this is the record's certificate or key. Of a certificate whose key cannot be read only the selector
        0 tells."""
        selected = certificate.der if self.selector == CERTIFICATE else certificate.parsed.key_der
        if not selected:
            return False
        return self.data == (selected if self.matching == FULL else _digest(selected, self.matching))

    def __str__(self) -> str:
        """As a zone file has it after the type; of long data the beginning."""
        shown = self.data.hex()
        return f"{self.fields} {shown if len(shown) <= 128 else shown[:64] + '...'}"


def record_of(certificate: Certificate, usage: int = END_ENTITY, selector: int = PUBLIC_KEY, matching: int = 1) -> Tlsa:
    """The record that pins a certificate or its key, by default ``3 1 1``, which is what Microsoft recommends.

    Of a certificate whose key cannot be read the whole is pinned: a digest of nothing would fit nothing.
    """
    if not certificate.parsed.key_der:
        selector = CERTIFICATE
    selected = certificate.der if selector == CERTIFICATE else certificate.parsed.key_der
    return Tlsa(usage, selector, matching, selected if matching == FULL else _digest(selected, matching))


def owner(host: str, port: int = 25) -> str:
    """The name that TLSA records of a host stand at (RFC 6698, 3), without a final dot."""
    return f"_{port}._tcp.{host}"


def zone_line(name: str, record: Tlsa, ttl: int | None = None) -> str:
    """The record as a whole line of a zone file. ``name`` is its owner without a final dot, ``ttl`` in seconds."""
    return f"{name}. {USUAL_TTL if ttl is None else ttl} IN TLSA {record.fields} {record.data.hex()}"


def usable(records: Iterable[Tlsa]) -> tuple[Tlsa, ...]:
    """The records that decide: those that can be used, and of the digests of one usage and selector the strongest
    alone (RFC 7671, 9); what compares the whole thing stays beside them."""
    known = [record for record in records if record.unusable is None]
    strongest: dict[tuple[int, int], int] = {}
    for record in known:
        key = (record.usage, record.selector)
        strongest[key] = max(strongest.get(key, FULL), record.matching)
    return tuple(record for record in known if record.matching in (FULL, strongest[record.usage, record.selector]))


def listed(records: Iterable[Tlsa]) -> str:
    """The records in a sentence, at most so many."""
    texts = list(map(str, records))
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more


def _digest(data: bytes, matching: int) -> bytes:
    return hashlib.new(DIGESTS[matching][0], data).digest()
