"""What Exchange Online says of a gateway it delivers to about network, DANE, MTA-STS and time."""

from __future__ import annotations

from certready.explain import sources as s
from certready.explain.causes import RETRY
from certready.explain.model import INBOUND, Cause, Entry, typed
from certready.explain.sources import quote
from certready.remedy import commands as c
from certready.remedy import connectors

_GENERAL = ("outbound-tls", "outbound-validation", "message-expired")


def _plain(id_: str, code: str, cause: tuple[str, str, str], *marks: tuple[str, ...]) -> Entry:
    """One of the faults of the 4.4.31x family that have nothing to do with a certificate: its number and words, and
    what it is, what to change, and the words of the source."""
    number, _, title = code.partition(" ")
    text, change, words = cause
    network = Cause(text, "documented", change, (c.PROBE, c.ROUTE), quote(s.MAIL_FLOW, words))
    codes = ((f"4.4.{number}",), (f"5.4.{number}",), *marks)
    return Entry(id_, f"450 4.4.{number} {title}", "outbound", RETRY, s.MAIL_FLOW, codes, (network,), refines=_GENERAL)


def _dane(number: str, token: str, after: str, cause: tuple[str, str, str]) -> Entry:
    """One outcome of SMTP DANE: 4.7.x while it is retried, 5.7.x at the end; the words after its token; what it is,
    what to change, and the words of the source."""
    text, change, words = cause
    return Entry(
        f"dane-{token}",
        f"4/5.7.{number} {token}",
        "outbound",
        "Exchange Online checked the gateway with DANE (TLSA records under DNSSEC).",
        s.NDR_LIST,
        ((f"4.7.{number}",), (f"5.7.{number}",), (f"{token} {after}",)),
        (Cause(text, "documented", change, (c.DANE,), quote(s.NDR_LIST, words)),),
    )


ENTRIES: tuple[Entry, ...] = (
    _plain(
        "outbound-dns",
        "312 DNS query failed",
        (
            "The name of the smart host, or the recipient's domain, cannot be resolved; perhaps its DNSSEC is broken.",
            "Correct the smart host of the connector, or the domain's DNS; a zone's signatures are seen by --dane.",
            "the DNS query to find the smart host's IP addresses failed",
        ),
    ),
    _plain(
        "outbound-timeout",
        "315 Connection timed out",
        (
            "Nothing answers on port 25: the server is down, or the connector's smart host is wrong.",
            "Open port 25, and check that the smart host is the gateway's public address.",
            "can't connect to the destination email server",
        ),
    ),
    _plain(
        "outbound-refused",
        "316 Connection refused",
        (
            "The gateway or a firewall refuses connections from Exchange Online.",
            "Allow Exchange Online's published addresses on port 25.",
            "A likely cause for this error is your firewall is blocking connections from Microsoft 365 IP addresses.",
        ),
        ("4.4.316", "socket error code 10061"),
    ),
    _plain(
        "outbound-closed",
        "318 Connection was closed abruptly",
        (
            "The gateway, or a firewall that examines SMTP, closes the connection.",
            "Turn off SMTP inspection, and check the gateway's log.",
            "Your firewall uses SMTP packet examination rules, and those rules aren't working correctly.",
        ),
        ("connection was closed abruptly",),
    ),
    _dane(
        "321",
        "starttls-not-supported",
        "destination",
        (
            "The gateway offers no STARTTLS, or the handshake fails, while its domain publishes TLSA records.",
            "Enable STARTTLS on every MX host, with a certificate that matches the TLSA records.",
            "destination mail server doesn't respond to the STARTTLS command",
        ),
    ),
    _dane(
        "322",
        "certificate-expired",
        "destination",
        (
            (
                "The gateway's certificate has expired. Microsoft excepts no TLSA record of usage 3, under "
                "which senders that keep to RFC 7672 pass over the dates."
            ),
            "Renew it, and publish its TLSA record before it is installed.",
            "the destination mail server provides a certificate that's expired",
        ),
    ),
    _dane(
        "323",
        "tlsa-invalid",
        "the domain failed",
        (
            (
                "The TLSA records do not match the certificate, typically after a renewal, or the certificate is not "
                "valid yet."
            ),
            "Publish the new TLSA record beside the old one, and remove the old one a day after the change.",
            "certificate doesn't match with what's expected per the authentic TLSA record",
        ),
    ),
    _dane(
        "324",
        "dnssec-invalid",
        "destination",
        (
            (
                "The DNSSEC signatures of the domain do not verify, or a TLSA query of a signed domain got a failure "
                "(SERVFAIL) or no answer at all."
            ),
            "Correct the zone's signatures, or remove the DS record; have every name server answer TLSA queries.",
            "wasn't able to verify it as DNSSEC-authentic",
        ),
    ),
    _dane(
        "325",
        "certificate-host-mismatch",
        "remote certificate",
        (
            (
                "The certificate names neither the domain nor the MX host. That this matters under a TLSA record of "
                "usage 2 alone is inferred."
            ),
            "Have it issued with that name, or publish a record of usage 3, which compares no names.",
            "don't match any of the domains or MX host",
        ),
    ),
    Entry(
        "mta-sts",
        "4/5.4.8 or 4/5.7.5 ... failed MTA-STS validation",
        "outbound",
        "The recipient's domain publishes an MTA-STS policy, and the gateway does not meet it.",
        s.MTA_STS,
        (
            *(("failed mta sts validation",), ("mta sts validation",), ("4.4.8", "mta sts"), ("5.4.8", "mta sts")),
            ("remote certificate failed mta sts",),
        ),
        (
            Cause(
                "The MX host is not in the policy (5.4.8), or its certificate is not valid for the MX name (5.7.5): "
                "after Reason: stands whether its chain or its name is wrong.",
                "documented",
                "Correct the policy, or install a certificate of a public CA with the MX host name.",
                (c.MTA_STS,),
                quote(
                    s.MTA_STS,
                    "If either TLS isn't offered or the certificate isn't valid, the sender refuses to deliver",
                ),
            ),
        ),
        refines=("peer-refused-exchange",),
    ),
    Entry(
        "not-permitted-to-relay",
        "550 5.7.367 Remote server returned not permitted to relay",
        "outbound",
        "The next server refused to relay mail that Exchange Online forwards for someone outside the tenant.",
        s.RELAY_POOL,
        (("5.7.367",), ("remote server returned not permitted to relay",)),
        (
            Cause(
                "The message failed SPF and DKIM when it came in: Exchange Online sends it from its relay pool, "
                "which the next gateway does not know.",
                "documented",
                "If a gateway sits in front of Exchange Online, turn on enhanced filtering for its connector.",
                (c.LINT,),
                quote(
                    s.RELAY_POOL,
                    "Exchange Online evaluates SPF by using the gateway IP address instead of the original sender IP "
                    "address",
                ),
                typed(connectors.skipping_the_last_hop(INBOUND)),
            ),
        ),
    ),
    Entry(
        "remote-cannot-tls",
        "Cannot establish a TLS connection to the remote mail server",
        "outbound",
        "TLS with the other side fails although both support it.",
        s.REMOTE_TLS,
        (
            ("cannot establish a tls connection to the remote mail server",),
            ("cannot establish tls connection to remote mail server",),
            ("can t establish a tls connection to a remote mail server",),
        ),
        (
            Cause(
                "A certificate of the other side's chain is signed with MD5 or MD2.",
                "documented",
                "The other side needs a chain signed with SHA-256 or better.",
                (c.PROBE,),
                quote(
                    s.REMOTE_TLS,
                    "If a certificate in the certificate chain uses MD5 or MD2 hash algorithms, TLS negotiation fails.",
                ),
            ),
            Cause(
                "The connector requires TLS for a server that has no STARTTLS, or only TLS 1.0 or 1.1.",
                "inferred",
                "Enable TLS 1.2 on that server.",
                (c.PROBE,),
            ),
        ),
    ),
    Entry(
        "message-expired",
        "550 4.4.7 or 5.4.300 Message expired",
        "outbound",
        "Exchange Online tried for about a day; the reason is that of the last attempt: LED= in the message trace.",
        s.EXPIRED,
        (("4.4.7",), ("5.4.300",), ("queue.expired message expired",), ("message expired",)),
        (
            Cause(
                "Every attempt to reach the gateway failed, because of TLS or the network.",
                "documented",
                "Find the LED= text in the message trace and explain that.",
                (c.PROBE, c.ROUTE),
                quote(s.EXPIRED, "Exchange Online repeatedly tries to deliver the message over 24 hours."),
            ),
        ),
    ),
)
