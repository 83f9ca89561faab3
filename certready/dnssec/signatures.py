"""Whether a zone's keys signed a record set, within bounds on the work (RFC 4035, 5.3).

Signatures and keys that are made to collide cost a verifier dearly (CVE-2023-50387), so that all verifications of a run
are counted, and of one set only a few are tried.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import dns.dnssec
import dns.exception
import dns.name
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
from cryptography.exceptions import UnsupportedAlgorithm

from certready.dnssec.answer import RRSIG, Signed
from certready.dnssec.model import Record, Status

MOST_VERIFICATIONS = 400  # in all
MOST_TRIES = 8  # for one record set
MOST_KEYS = 64  # of one zone, and as many DS records: each is compared with each key
LONGEST_KEY = 520  # bytes: RSA of 4096 bits, and what its exponent takes
ALGORITHMS = frozenset({8, 10, 13, 14, 15, 16})  # RFC 9904; those with SHA-1 prove nothing any more (RFC 9905)
_DIGESTS = {1: "sha1", 2: "sha256", 4: "sha384"}


class Check(NamedTuple):
    """What became of a record set: ``why`` is a clause where it is not secure, ``until`` when its signature ends,
    ``labels`` how many labels of its name the signature counts: fewer than it has where a wildcard stands for it.
    ``dated`` says that nothing but the dates is wrong, by this machine's clock."""

    status: Status
    why: str = ""
    until: datetime | None = None
    labels: int = 0
    dated: bool = False


class Verifier:
    """Verifies signatures as of a moment, and counts."""

    def __init__(self, at: datetime, gathered: datetime) -> None:
        self.at = at
        self.gathered = gathered
        self.left = MOST_VERIFICATIONS

    def check(self, signed: Signed, zone: dns.name.Name, keys: dns.rdataset.Rdataset) -> Check:
        """Whether one of these keys of a zone signed this set, as of the moment of the judgement."""
        records_named = (
            f"the {dns.rdatatype.to_text(signed.kind)} records of {signed.name.to_text(omit_final_dot=True)}"
        )
        if not signed.signatures:
            return Check("bogus", f"{records_named} are not signed, and {_zone(zone)} is")
        best = Check("bogus", f"no signature over {records_named} is by {_zone(zone)}")
        tries = 0
        for signature in signed.signatures:
            if signature.signer != zone or not signed.name.is_subdomain(zone):
                continue
            if signature.algorithm not in ALGORITHMS:
                best = _better(
                    best, Check("unverified", f"{records_named} are signed by an algorithm that is not verified here")
                )
                continue
            for key in _candidates(keys, signature):
                if tries >= MOST_TRIES or self.left <= 0:
                    return Check(
                        "unverified", f"too many signatures and keys stand beside {records_named} to try them all"
                    )
                tries += 1
                self.left -= 1
                check = self._verify(signed, signature, key, records_named)
                if check.status == "secure":
                    return check
                best = _better(best, check)
        return best

    def _verify(self, signed: Signed, signature: RRSIG, key: Record, records_named: str) -> Check:
        """One signature by one key. Its dates are ours to judge: what was good when it was asked may have ended since,
        and then it is not known to be forged."""
        begins, ends = (datetime.fromtimestamp(seconds, UTC) for seconds in (signature.inception, signature.expiration))
        if len(key.key) > LONGEST_KEY:
            return Check("unverified", f"a key that signed {records_named} is longer than is verified here")
        keys = dns.rdataset.from_rdata(0, key)
        try:
            dns.dnssec.validate_rrsig(
                (signed.name, signed.records),
                signature,
                {signature.signer: keys},
                now=signature.inception,
                policy=dns.dnssec.allow_all_policy,
            )
        except (UnsupportedAlgorithm, dns.exception.UnsupportedAlgorithm):
            return Check("unverified", f"{records_named} are signed by an algorithm that is not verified here")
        except (dns.exception.DNSException, ValueError, TypeError, OverflowError):
            return Check("bogus", f"the signature over {records_named} does not fit")
        if self.gathered > ends:
            return Check(
                "bogus", f"the signature over {records_named} expired on {ends:%Y-%m-%d %H:%M} UTC", dated=True
            )
        if self.gathered < begins:
            why = f"the signature over {records_named} is not valid before {begins:%Y-%m-%d %H:%M} UTC"
            return Check("bogus", why, dated=True)
        if not begins <= self.at <= ends:
            dates = f"{begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC"
            return Check("unverified", f"the signature over {records_named} speaks for {dates} alone")
        return Check("secure", until=ends, labels=signature.labels)


def _candidates(keys: dns.rdataset.Rdataset, signature: RRSIG) -> Iterator[Record]:
    """The keys that a signature may be by: tag and algorithm fit, and it is a key of the zone (RFC 4034, 2.1)."""
    for key in keys:
        fits = key.algorithm == signature.algorithm and dns.dnssec.key_id(key) == signature.key_tag
        if fits and key.flags & 0x0100 and key.protocol == 3:
            yield key


def trusted(zone: dns.name.Name, keys: Iterable[Record], anchors: Iterable[Record]) -> list[Record]:
    """Those of a zone's keys that its DS records or trust anchors name. Where a DS has a stronger digest, one by SHA-1
    does not count (RFC 4509, 3)."""
    delegations = [anchor for anchor in anchors if anchor.rdtype == dns.rdatatype.DS and anchor.digest_type in _DIGESTS]
    strong = [delegation for delegation in delegations if delegation.digest_type != 1] or delegations
    anchor_keys = [anchor for anchor in anchors if anchor.rdtype == dns.rdatatype.DNSKEY]
    trusted_keys = []
    for key in keys:
        tag = dns.dnssec.key_id(key)
        naming = (
            delegation for delegation in strong if (delegation.key_tag, delegation.algorithm) == (tag, key.algorithm)
        )
        if key in anchor_keys or any(
            delegation.digest == _digest(zone, key, delegation.digest_type) for delegation in naming
        ):
            trusted_keys.append(key)
    return trusted_keys


def supported(anchors: Iterable[Record]) -> bool:
    """Whether any of these DS records or keys can be followed here."""
    return any(
        anchor.algorithm in ALGORITHMS and (anchor.rdtype == dns.rdatatype.DNSKEY or anchor.digest_type in _DIGESTS)
        for anchor in anchors
    )


def _digest(zone: dns.name.Name, key: Record, kind: int) -> bytes:
    hashed = (zone.canonicalize().to_wire() or b"") + key.to_wire()
    return hashlib.new(_DIGESTS[kind], hashed, usedforsecurity=kind != 1).digest()


def _better(check: Check, other: Check) -> Check:
    """The check that says more: first one that may yet be right, then one that says why it is wrong."""
    return check if check.status == "unverified" else other


def _zone(name: dns.name.Name) -> str:
    return "the root" if name == dns.name.root else name.to_text(omit_final_dot=True)
