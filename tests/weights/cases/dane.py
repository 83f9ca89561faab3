"""What the TLSA records of a mail host promise, whoever asks (contract, "DANE and MTA-STS")."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from certready import Bundle, Certificate
from certready.dane import record_of
from certready.demo.pki import Issued
from tests.dnssec.zones import Dns, Zone, asked_about
from tests.weights.case import FAIL, PASS, UNKNOWN, WARN, Cases, Checked, by_audience, everywhere
from tests.weights.material import AT, CA, LEAF, OTHER, ROOT, checked, file, node, probed

CASES = Cases()
HOST, SECOND, DOMAIN = "gw.contoso.com", "second.contoso.com", "contoso.com"
EXPIRED = CA.issue(HOST, not_before=AT - timedelta(days=90), not_after=AT - timedelta(days=1))
FOREIGN = CA.issue("gw.fabrikam.com")
NEXT = "3 1 1 " + "cd" * 32


def pin(issued: Issued, usage: int = 3, matching: int = 1) -> str:
    """The record of a certificate's key."""
    record = record_of(Certificate(issued.der), usage, 1, matching)
    return f"{record.fields} {record.data.hex()}"


def world(records: Iterable[str] = (), second: Iterable[str] = (), **zone: Any) -> Dns:
    """The domain with its two MX hosts, signed unless ``zone`` says otherwise."""
    signed = zone.pop("signed", True)
    content: dict[str, dict[str, list[str]]] = {
        "@": {"MX": [f"10 {HOST}.", f"20 {SECOND}."]},
        "gw": {"A": ["192.0.2.1"]},
        "second": {"A": ["192.0.2.2"]},
        "_25._tcp.gw": {"TLSA": list(records)} if records else {},
        "_25._tcp.second": {"TLSA": list(second)} if second else {},
    }
    zones = (Zone(".", {}, AT), Zone("com", {}, AT), Zone(DOMAIN, content, AT, signed=signed, **zone))
    return Dns(*zones).delegate()


def promised(there: Dns, bundle: Bundle | None = None, *, domain: bool = False, **more: Any) -> Checked:
    """The usual file, or another, beside what these servers answer about the host or the whole domain."""
    dane = asked_about(there, AT, *(() if domain else (HOST,)), domain=DOMAIN if domain else None)
    return checked(bundle or file(), seen=lambda evidence: replace(evidence, dane=dane), **more)


@CASES.add("dane.match", everywhere(PASS))
def a_record_fits() -> Checked:
    """A record of the leaf's key that stands beside one for the next key passes."""
    return promised(world([pin(LEAF), NEXT]))


@CASES.add("dane.match", everywhere(WARN, counted=False))
def a_record_fits_alone() -> Checked:
    """A record of the leaf's key that stands alone is a warning that is not counted: the next renewal may break it."""
    return promised(world([pin(LEAF)]))


@CASES.add("dane.mismatch", everywhere(FAIL))
def no_record_fits() -> Checked:
    """Records of another key alone hold the mail."""
    return promised(world([pin(OTHER)]))


@CASES.add("dane.mismatch", everywhere(WARN))
def another_host_carries_the_mail() -> Checked:
    """Where another MX host has no records the mail goes there."""
    return two_hosts(world([pin(OTHER)]))


@CASES.add("dane.mismatch", everywhere(FAIL))
def the_other_host_does_not_fit_either() -> Checked:
    """Where no MX host fits the mail is held."""
    return two_hosts(world([pin(OTHER)], [pin(OTHER)]))


def two_hosts(there: Dns) -> Checked:
    """A probe of both MX hosts."""
    dane = asked_about(there, AT, domain=DOMAIN)
    endpoints = (node(), replace(node("192.0.2.2"), host=SECOND))
    return probed(*endpoints, seen=lambda evidence: replace(evidence, dane=dane))


@CASES.add("dane.dates", everywhere(FAIL))
def expired_and_pinned() -> Checked:
    """A record that fits an expired certificate fails: Exchange Online names no exception for usage 3."""
    return promised(world([pin(EXPIRED)]), file(EXPIRED))


@CASES.add("dane.name", everywhere(FAIL))
def an_authority_pinned_under_a_foreign_name() -> Checked:
    """A record of the authority that fits a certificate for another host fails."""
    return promised(world([pin(CA, 2)]), file(FOREIGN))


@CASES.add("dane.no-tls", everywhere(FAIL))
def records_and_no_starttls() -> Checked:
    """A host with records that offers no STARTTLS fails."""
    return reached(node(trouble="no-starttls", stage="ehlo", reply="250-gw.contoso.com\n250 SIZE 1000"))


@CASES.add("dane.no-tls", everywhere(UNKNOWN))
def records_and_a_failed_handshake() -> Checked:
    """A handshake that failed for this probe leaves it open."""
    return reached(node(trouble="handshake-failed", stage="handshake"))


@CASES.add("dane.unverified", everywhere(UNKNOWN))
def records_and_no_certificate_seen() -> Checked:
    """A host that could not be reached has nothing to compare."""
    return reached(node(trouble="unreachable"))


def reached(endpoint: Any) -> Checked:
    """A probe that came so far, of a host with a record."""
    dane = asked_about(world([pin(LEAF)]), AT, HOST)
    return probed(endpoint, seen=lambda evidence: replace(evidence, dane=dane))


@CASES.add("dane.unusable", everywhere(WARN))
def nothing_usable() -> Checked:
    """Records of which none can be used ask for TLS and authenticate nothing."""
    return promised(world([pin(LEAF, 1)]))


@CASES.add("dane.unusable", by_audience(validation=FAIL, domain=FAIL))
def nothing_usable_and_dane_demanded() -> Checked:
    """A connector that insists on DANE holds the mail then."""
    return insisting(world([pin(LEAF, 1)]))


@CASES.add("dane.unreadable", everywhere(UNKNOWN))
def a_bare_key_of_an_authority() -> Checked:
    """A record that holds the bare key of an authority that is not sent cannot be followed here."""
    return promised(world([pin(ROOT, 2, 0)]))


@CASES.add("dane.absent", everywhere(PASS))
def no_records() -> Checked:
    """A host that provably has no records passes, and it is said."""
    return promised(world())


@CASES.add("dane.absent", by_audience(validation=FAIL, domain=FAIL))
def no_records_and_dane_demanded() -> Checked:
    """A connector that insists on DANE holds the mail to a host without records."""
    return insisting(world())


@CASES.add("dane.not-applied", everywhere(PASS))
def an_unsigned_zone() -> Checked:
    """A host in an unsigned zone without records has nothing to do with DANE."""
    return promised(world(signed=False))


@CASES.add("dane.not-applied", everywhere(WARN))
def records_in_an_unsigned_zone() -> Checked:
    """Records in a zone that is not signed are looked at by nobody."""
    return promised(world([pin(LEAF)], signed=False))


@CASES.add("dane.not-applied", by_audience(validation=FAIL, domain=FAIL))
def an_unsigned_zone_and_dane_demanded() -> Checked:
    """A connector that insists on DANE holds the mail to a host in an unsigned zone."""
    return insisting(world(signed=False))


@CASES.add("dane.bogus", everywhere(FAIL))
def broken_signatures() -> Checked:
    """A zone whose signatures have expired holds the mail."""
    return promised(world([pin(LEAF)], window=(timedelta(days=-9), timedelta(days=-1))))


@CASES.add("dane.unanswered", everywhere(UNKNOWN))
def servers_that_fail() -> Checked:
    """A server that fails about the records leaves it open."""
    there = world([pin(LEAF)])
    there.errors[f"_25._tcp.{HOST}", "TLSA"] = "SERVFAIL"
    return promised(there)


@CASES.add("dane.unverified", everywhere(UNKNOWN))
def hashed_too_often() -> Checked:
    """A denial that validators do not compute leaves it open."""
    return promised(world(nsec3=500))


@CASES.add("dane.match", everywhere(WARN, counted=False))
def only_an_authority() -> Checked:
    """What holds as long as the authority issues from this intermediate is a warning that is not counted."""
    return promised(world([pin(CA, 2)]), file(CA.issue(HOST)))


@CASES.add("dane.mismatch", by_audience(counted=False, validation=WARN, domain=WARN))
def a_smart_host() -> Checked:
    """Of a smart host nobody knows whether it is checked: nothing weighs more than a warning."""
    return promised(world([pin(OTHER)]), tried={"use_mx": False, "smart_hosts": (HOST,)})


@CASES.add("dane.mismatch", by_audience(counted=False, validation=WARN, domain=WARN))
def dane_switched_off() -> Checked:
    """Over a connector that checks no DANE nothing weighs more than a warning."""
    return promised(world([pin(OTHER)]), tried={"dane_mode": "None"})


@CASES.add("dane.unanswered", by_audience(counted=False, validation=WARN, domain=WARN))
def servers_that_fail_for_a_smart_host() -> Checked:
    """The same holds for what could not be told."""
    there = world([pin(LEAF)])
    there.errors[f"_25._tcp.{HOST}", "TLSA"] = "SERVFAIL"
    return promised(there, tried={"use_mx": False})


def insisting(there: Dns) -> Checked:
    """A connector with SmtpDaneMode Mandatory."""
    return promised(there, tried={"dane_mode": "Mandatory"})
