"""What Windows logs of a TLS handshake that failed: the Schannel events, by the number of the alert in them."""

from __future__ import annotations

from certready.exchange import cmdlets as lines
from certready.explain import sources as s
from certready.explain.causes import EXPIRED_CLIENT
from certready.explain.model import Cause, Entry
from certready.explain.sources import quote
from certready.remedy import commands as c


def _alert(*numbers: int) -> tuple[tuple[str, ...], ...]:
    """The marks of a received or sent alert of one of these numbers (RFC 8446, 6.2)."""
    return tuple(
        mark
        for number in numbers
        for mark in (
            (f"fatal alert code is {number}",),
            (f"fatal alert was received {number}",),
            (f"fatal alert was generated {number}",),
            ("event:36887", f"alert code {number}"),
        )
    )


_NOT_ACCEPTED = "One side of a TLS handshake of this server did not accept the certificate of the other. Schannel does "
_NOT_ACCEPTED += "not say which connection it was: compare the time with the SMTP protocol log."

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "schannel-unknown-ca",
        "Schannel 36887: fatal alert 48, unknown CA",
        "either",
        _NOT_ACCEPTED,
        s.ALERTS,
        _alert(48),
        (
            Cause(
                "The certificate leads to no CA that the other side knows: the intermediate is not sent, or the "
                "certificate is self-signed or of a private CA.",
                "documented",
                "Install the intermediates on this server, and bind a certificate of a public CA to the connectors.",
                (c.PROBE, c.CHECK),
                quote(
                    s.ALERTS,
                    "the certificate was not accepted because the CA certificate could not be located or could not be "
                    "matched with a known trust anchor",
                ),
                (lines.import_intermediate(), *lines.bind()),
            ),
        ),
    ),
    Entry(
        "schannel-expired",
        "Schannel 36887: fatal alert 45, certificate expired",
        "either",
        _NOT_ACCEPTED,
        s.ALERTS,
        _alert(45),
        (
            Cause(
                "The certificate that was shown has expired, or is not valid yet.",
                "documented",
                "Renew it, and bind the connectors to the new one.",
                (c.PROBE, lines.show_certificates()),
                quote(s.ALERTS, "A certificate has expired or is not currently valid."),
                (lines.import_certificate(), lines.enable_certificate(), *lines.bind()),
            ),
        ),
    ),
    Entry(
        "schannel-certificate",
        "Schannel 36887: fatal alert 42, 43, 44 or 46, certificate not accepted",
        "either",
        _NOT_ACCEPTED,
        s.ALERTS,
        _alert(42, 43, 44, 46),
        (
            Cause(
                "The other side found fault with the certificate: its name, its chain, its dates, its revocation or "
                "what it may be used for.",
                "documented",
                "Check the certificate that this server presents, as server and as client.",
                (c.PROBE, c.CHECK),
                quote(
                    s.ALERTS,
                    "Some other (possibly unspecified) issue arose in processing the certificate, rendering it "
                    "unacceptable.",
                ),
            ),
            EXPIRED_CLIENT,
        ),
    ),
    Entry(
        "schannel-handshake",
        "Schannel 36874 or 36887: fatal alert 40, 70 or 71, no version or cipher in common",
        "either",
        "A TLS handshake with this server failed because the two sides have no TLS version or no cipher suite in "
        "common.",
        s.ALERTS,
        (
            *_alert(40, 70, 71),
            ("event:36874",),
            ("none of the cipher suites supported by the client application are supported by the server",),
        ),
        (
            Cause(
                "TLS 1.2 is switched off on this server or on the other side, or the cipher suites were restricted too "
                "far.",
                "documented",
                "Enable TLS 1.2 and its default cipher suites in Windows (SCHANNEL in the registry).",
                (c.PROBE,),
                quote(
                    s.ALERTS,
                    "the sender was unable to negotiate an acceptable set of security parameters given the options "
                    "available",
                ),
            ),
        ),
    ),
)
