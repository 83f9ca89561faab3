"""What Exchange Server and its Hybrid Configuration Wizard say while certificates are exchanged."""

from __future__ import annotations

from certready.exchange import cmdlets as lines
from certready.explain import sources as s
from certready.explain.causes import ENABLE_FOR_SMTP
from certready.explain.model import Cause, Entry
from certready.explain.sources import quote
from certready.remedy import commands as c

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "certificate-in-use",
        "These certificates are tagged with following Send Connectors",
        "inbound",
        "Exchange Server does not remove a certificate that a send connector names by issuer and subject.",
        s.REMOVAL,
        (
            ("certificates are tagged with following send connectors",),
            ("removing and replacing certificates from send connector would break the mail flow",),
        ),
        (
            Cause(
                "The new certificate has the issuer and subject of the old one, so TlsCertificateName matches both.",
                "documented",
                "Clear the value, remove the old certificate, set the value again.",
                (lines.show_certificates(),),
                quote(
                    s.REMOVAL,
                    "If the TlsCertificateName value matches both the old and the new certificate, Exchange Server "
                    "will prevent both those certificates from being removed.",
                ),
                (
                    lines.clear_send_certificate(),
                    lines.remove_certificate("<thumbprint of the old certificate>"),
                    *lines.bind("<thumbprint of the new certificate>"),
                ),
            ),
        ),
    ),
    Entry(
        "hybrid-requiretls",
        "RequiredTls flag should be set to true if TlsCertificateName is specified",
        "inbound",
        "The Hybrid Configuration Wizard stops at a connector whose TLS name is not in the certificate.",
        s.REQUIRE_TLS,
        (
            ("requiredtls flag should be set to true",),
            ("requiretls flag should be set to true",),
            ("requiretls must be true", "tlscertificatename"),
        ),
        (
            Cause(
                "The TLS name of the send or receive connector is not in the certificate, often after a renewal.",
                "documented",
                "Run the wizard again, with a host name that is on the certificate enabled for SMTP.",
                ("Get-SendConnector | Format-List Name,Fqdn,RequireTLS,TlsCertificateName",),
                quote(
                    s.REQUIRE_TLS,
                    "the send connector or receive connector has a Transport Layer Security (TLS) name that's not in "
                    "the certificate",
                ),
            ),
        ),
    ),
    Entry(
        "relay-refused-on-premises",
        "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
        "outbound",
        "Exchange Server refuses to relay: the recipient's domain is not one of its own, and it does not recognise "
        "the sender.",
        s.HYBRID_TLS,
        (("5.7.54",), ("unable to relay recipient in non accepted domain",), ("5.7.1 unable to relay",)),
        (
            Cause(
                "The receive connector does not recognise Exchange Online: its TlsCertificateName or "
                "TlsDomainCapabilities is not what the Hybrid Configuration Wizard sets.",
                "inferred",
                "Run the Hybrid Configuration Wizard again, with the current certificate.",
                ("Get-ReceiveConnector | Format-List Name,TlsCertificateName,TlsDomainCapabilities",),
            ),
            Cause(
                "The connector in Exchange Online sends mail of a domain that does not belong on premises.",
                "inferred",
                "See which connector the recipient's mail takes, and narrow its RecipientDomains.",
                (c.ROUTE,),
            ),
        ),
    ),
    Entry(
        "certificate-not-for-smtp",
        "The given certificate is not enabled for SMTP protocol",
        "either",
        "Set-SendConnector and Set-ReceiveConnector only accept a certificate that is enabled for SMTP.",
        s.PRACTICE,
        (("certificate is not enabled for smtp protocol",), ("only smtp certificate can be set",)),
        (
            Cause(
                "The certificate is not enabled for SMTP on that server.",
                "reported",
                ENABLE_FOR_SMTP,
                (lines.show_certificates(),),
                None,
                (lines.enable_certificate(), *lines.bind()),
            ),
        ),
    ),
    Entry(
        "hybrid-not-bound",
        "The Secure Mail Certificate on server is not bound to the SMTP Service",
        "inbound",
        "The Hybrid Configuration Wizard requires the chosen certificate to be enabled for SMTP.",
        s.NOT_BOUND,
        (("secure mail certificate", "is not bound to the smtp service"), ("checkcertprereqs",)),
        (
            Cause(
                "The certificate chosen in the wizard is not enabled for SMTP on that server.",
                "documented",
                "Enable it for SMTP, then run the wizard again.",
                (lines.show_certificates(),),
                quote(
                    s.NOT_BOUND,
                    "The Simple Mail Transfer Protocol (SMTP) service is not bound to the correct certificate.",
                ),
                (lines.enable_certificate(),),
            ),
        ),
    ),
)
