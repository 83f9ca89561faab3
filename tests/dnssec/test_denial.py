"""What NSEC and NSEC3 records prove, and what they must not be taken for."""

from __future__ import annotations

import dns.dnssec
import dns.name
import dns.rdataset
import dns.rdatatype
import pytest

from certready.dnssec.answer import Signed
from certready.dnssec.denial import absent, no_closer_match
from tests.dnssec.zones import name

ZONE = name("signed.test.")
A, DS = dns.rdatatype.A, dns.rdatatype.DS


def nsec(owner: str, following: str, kinds: str) -> Signed:
    records = dns.rdataset.from_text("IN", "NSEC", 60, f"{following} {kinds} RRSIG NSEC")
    return Signed(name(owner), dns.rdatatype.NSEC, records, ())


def nsec3(owner: str, kinds: str, *, algorithm: int = 1, label: str | None = None) -> Signed:
    """The one record of a chain, which leads back to itself, so that it covers every hash but its own."""
    hashed = dns.dnssec.nsec3_hash(name(owner), b"", 0, 1)
    records = dns.rdataset.from_text("IN", "NSEC3", 60, f"{algorithm} 0 0 - {hashed} {kinds}")
    return Signed(dns.name.from_text(label or hashed, ZONE), dns.rdatatype.NSEC3, records, ())


@pytest.mark.parametrize(
    ("proof", "asked", "kind", "proved"),
    [
        (nsec("a.signed.test.", "z.signed.test.", "A"), "host.signed.test.", A, "nothing"),  # no word of the wildcard
        (nsec("signed.test.", "z.signed.test.", "NS SOA"), "host.signed.test.", A, "nxdomain"),
        (nsec("sub.signed.test.", "z.signed.test.", "NS"), "sub.signed.test.", A, "nothing"),
        (nsec("sub.signed.test.", "z.signed.test.", "NS"), "sub.signed.test.", DS, "nodata"),
        (nsec("signed.test.", "z.signed.test.", "NS SOA"), "signed.test.", DS, "nothing"),
        (nsec("host.signed.test.", "z.signed.test.", "CNAME"), "host.signed.test.", A, "nothing"),
        (nsec("sub.signed.test.", "z.signed.test.", "NS"), "mx.sub.signed.test.", A, "nothing"),
        (nsec("sub.signed.test.", "z.signed.test.", "DNAME"), "mx.sub.signed.test.", A, "nothing"),
    ],
    ids=[
        "a gap, and a wildcard that may be there",
        "a gap from the top of the zone on",
        "a delegation, about the other side's records",
        "a delegation, about its DS",
        "the child about its DS, which its parent has",
        "an alias, whose target may have them",
        "a delegation, about names below it",
        "a name whose tree is elsewhere, about names below it",
    ],
)
def test_plain_names(proof: Signed, asked: str, kind: int, proved: str) -> None:
    """A record proves what its own zone may say, and nothing about names that were handed on (RFC 6840, 4)."""
    assert proved == absent((proof,), name(asked), kind, ZONE).kind


@pytest.mark.parametrize(
    ("proof", "asked", "proved"),
    [
        (nsec3("signed.test.", "NS SOA"), "host.signed.test.", "nxdomain"),
        (nsec3("sub.signed.test.", "NS"), "mx.sub.signed.test.", "nothing"),
        (nsec3("sub.signed.test.", "DNAME"), "mx.sub.signed.test.", "nothing"),
        (nsec3("signed.test.", "NS SOA", algorithm=2), "host.signed.test.", "unclear"),
        (nsec3("signed.test.", "NS SOA", label="not-a-hash"), "host.signed.test.", "nothing"),
    ],
    ids=["a gap", "a delegation", "a tree that is elsewhere", "a hash that is not known", "no hash"],
)
def test_hashed_names(proof: Signed, asked: str, proved: str) -> None:
    """The same where names are hashed; a hash that is not known proves nothing and forges nothing."""
    assert proved == absent((proof,), name(asked), A, ZONE).kind


def test_a_wildcard_beside_an_unknown_hash_is_unclear() -> None:
    """Whether a closer name stands in the way cannot be told by a hash that is not known."""
    unknown = nsec3("signed.test.", "NS SOA", algorithm=2)
    assert "unclear" == no_closer_match((unknown,), name("host.signed.test."), 2, ZONE).kind
