"""What trust in DNS begins with: the keys of the root as IANA publishes them, or those of a file.

The root's keys change once in a few years. Those here are the one of 2017 and its successor of 2024, which signs the
root since October 2026; where the root shows neither, nothing can be verified, and nothing is called forged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer
import dns.zonefile

from certready.dnssec.model import Record
from certready.errors import InputError
from certready.x509.unreadable import first_line

# https://data.iana.org/root-anchors/root-anchors.xml
ROOT = (
    ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)
ROOT_AS_OF = "2024-07-18"  # since when the newer of the two is published
MOST_ANCHORS = 64

Anchors = Mapping[dns.name.Name, tuple[Record, ...]]


def parse(lines: Iterable[str]) -> Anchors:
    """Anchors by zone, of lines such as those of ``ROOT``: DS or DNSKEY. Raises ValueError for one that is neither."""
    anchors: dict[dns.name.Name, list[Record]] = {}
    for line in lines:
        name, _, rest = line.partition(" ")
        kind, _, data = rest.partition(" ")
        if kind not in ("DS", "DNSKEY"):
            raise ValueError(f"{line[:80]!a} is neither a DS nor a DNSKEY record")
        try:
            record = dns.rdata.from_text(dns.rdataclass.IN, kind, data)
            anchors.setdefault(dns.name.from_text(name), []).append(record)
        except (dns.exception.DNSException, ValueError):
            raise ValueError(f"{line[:80]!a} cannot be read as a {kind} record") from None
    return {name: tuple(records) for name, records in anchors.items()}


def read(text: str, place: str) -> tuple[str, ...]:
    """The DS and DNSKEY records of a file in zone format, as lines for :func:`parse`. Raises InputError."""
    hint = "Write records such as: contoso.test. IN DS 12345 13 2 <hexadecimal digits>"
    try:
        sets = dns.zonefile.read_rrsets(
            text, rdclass=None, default_ttl=0, default_rdclass=dns.rdataclass.IN, origin=dns.name.root
        )
    except (dns.exception.DNSException, ValueError) as error:
        reason = ascii(first_line(error))[1:-1].rstrip(".")
        raise InputError(f"{place} holds no DNS records that can be read: {reason}.", hint=hint) from None
    lines = tuple(
        f"{records.name} {dns.rdatatype.to_text(records.rdtype)} {record}"
        for records in sets
        if records.rdclass == dns.rdataclass.IN and records.rdtype in (dns.rdatatype.DS, dns.rdatatype.DNSKEY)
        for record in records
    )
    if not lines:
        raise InputError(f"{place} holds neither a DS nor a DNSKEY record.", hint=hint)
    if len(lines) > MOST_ANCHORS:
        raise InputError(f"{place} holds more than {MOST_ANCHORS} trust anchors.", hint=hint)
    return lines
