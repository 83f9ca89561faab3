"""What stops a gateway, above all an Exchange Server, before its mail is anybody's: TLS and its own certificate."""

from __future__ import annotations

from certready.explain import commands as c
from certready.explain.causes import INCOMPLETE, NOT_SENT, NOT_VALID
from certready.explain.model import Cause, Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "tls-channel-untrusted",
        "454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied",
        "inbound",
        "The sender's certificate leads to no root that Exchange Online trusts.",
        "KB 2888788",
        (("failed to establish appropriate tls channel", "untrustedroot"),),
        (
            Cause(
                "The gateway presents a self-signed certificate; typical where two certificates are enabled for SMTP.",
                "documented",
                "Choose the CA's certificate for outgoing TLS; on Exchange Server set TlsCertificateName.",
                (c.LISTEN, c.CHECK),
            ),
            INCOMPLETE,
            NOT_VALID,
        ),
        beats=("tls-channel",),
    ),
    Entry(
        "tls-channel",
        "454 4.7.0 Failed to establish appropriate TLS channel: Access Denied",
        "inbound",
        "The session has no TLS, or less than the connector asks for.",
        "KB 2888788",
        (("failed to establish appropriate tls channel",),),
        (
            Cause(
                "The gateway sends in plain text, or with a TLS version or cipher that is no longer accepted.",
                "documented",
                "Switch STARTTLS on for outgoing mail, TLS 1.2 or newer.",
                (c.LISTEN,),
            ),
            NOT_SENT,
        ),
    ),
    Entry(
        "starttls-first",
        "530 5.7.0 Must issue a STARTTLS command first",
        "inbound",
        "The connector requires TLS and the gateway spoke plain text.",
        "Microsoft Learn, connectors",
        (("must issue a starttls command first",),),
        (
            Cause(
                "TLS is off for outgoing mail on the gateway, or a firewall takes STARTTLS out of the greeting.",
                "documented",
                "Postfix: smtp_tls_security_level = encrypt; Exim: hosts_require_tls on the transport; take TLS "
                "inspection off port 25.",
                (c.LISTEN, c.REHEARSE),
            ),
        ),
    ),
    Entry(
        "client-not-authenticated",
        "530 or 535 5.7.57 Client not authenticated to send mail",
        "inbound",
        "This is the submission service, which asks for a user and a password, not the connector's endpoint.",
        "Microsoft Learn, SMTP AUTH client submission",
        (("5.7.57",), ("client not authenticated",), ("client was not authenticated",), ("535", "5.7.3")),
        (
            Cause(
                "The gateway sends to smtp.office365.com or to port 587: certificates and connectors do not "
                "count there.",
                "documented",
                "Send to the host of the domain's MX record, port 25.",
                (c.MX,),
            ),
        ),
    ),
    Entry(
        "no-usable-certificate",
        "450 4.4.101 Proxy session setup failed ... 451 5.7.3 STARTTLS is required to send mail (event 12014)",
        "inbound",
        "Exchange Server found no certificate for the name of its own connector and therefore offers no STARTTLS.",
        "KB 2989382",
        (("4.4.101",), ("proxy session setup failed",), ("12014", "certificate"), ("event id 12014",)),
        (
            Cause(
                "No certificate with a private key carries the connector's Fqdn, or the one there is not enabled for "
                "SMTP or has expired.",
                "documented",
                "Enable-ExchangeCertificate -Services SMTP for one that carries the name, or change the "
                "connector's Fqdn.",
                (
                    (
                        "Get-ExchangeCertificate | Format-List "
                        "Thumbprint,Subject,CertificateDomains,Services,Status,NotAfter"
                    ),
                ),
            ),
        ),
        beats=("starttls-required",),
    ),
    Entry(
        "certificate-name-not-found",
        "454 4.7.5 The certificate specified in TlsCertificateName of the SendConnector could not be found",
        "inbound",
        "The send connector is bound to <I>issuer<S>subject of a certificate that is not there any more.",
        c.TLS_IN_HYBRID,
        (("the certificate specified in tlscertificatename",), ("tlscertificatename", "could not be found")),
        (
            Cause(
                "The certificate was renewed, and its issuer or subject is another than before.",
                "documented",
                "Set-SendConnector and Set-ReceiveConnector -TlsCertificateName to the new <I>issuer<S>subject "
                "(certready check NEW --remedies fix.ps1 writes the lines).",
                (c.DIFF,),
            ),
            Cause(
                "The new certificate is missing on one of the source servers, Edge servers included.",
                "documented",
                "Import it with its private key on every source server.",
                ("Get-SendConnector | Format-List Name,SourceTransportServers,TlsCertificateName",),
            ),
        ),
        beats=("peer-refused-exchange",),
    ),
    Entry(
        "peer-refused-exchange",
        "454 4.7.5 Certificate validation failure",
        "inbound",
        "The gateway refused Microsoft's certificate, not the other way round.",
        "Exchange Team Blog, Trust DigiCert Global Root G2; field reports",
        (("4.7.5", "certificate validation failure"),),
        (
            Cause(
                "The gateway's root store is old: Exchange Online's certificate is under DigiCert Global Root G2 since "
                "March 2026.",
                "reported",
                "Update the gateway's CA certificates so that DigiCert Global Root G2 is trusted.",
                ("openssl s_client -starttls smtp -connect {smart_host}:25 -brief",),
            ),
        ),
    ),
    Entry(
        "no-credentials",
        "TLS negotiation failed with error NoCredentials",
        "inbound",
        "Exchange Server chose a certificate by TlsCertificateName and could not use its private key.",
        "Microsoft support, TLS negotiation failed with error NoCredentials (KB 4495258)",
        (("nocredentials",),),
        (
            Cause(
                "The certificate was imported without its private key on that server, or the key may not be read.",
                "documented",
                "Import the PFX with its key again, on every source server; then restart the transport service.",
                (c.PFX, "Get-ExchangeCertificate | Format-List Thumbprint,HasPrivateKey,Status"),
            ),
        ),
        beats=("connection-lost",),
    ),
    Entry(
        "many-names-ignored",
        "MSExchangeTransport event 11024: too many names in the certificate",
        "inbound",
        "A certificate with more names than a limit has all of them ignored but the CN.",
        "technet ff982986 (Exchange Server; Exchange Online's limit is not published)",
        (("11024", "msexchangetransport"), ("event id 11024",), ("11024", "certificate")),
        (
            Cause(
                "The certificate carries the names of many services.",
                "documented",
                "Use one with the gateway's own names.",
                (c.CHECK,),
            ),
        ),
    ),
    Entry(
        "connection-lost",
        "421 4.4.1 Connection timed out, 421 4.4.2 Connection dropped",
        "either",
        "The connection broke; a certificate is only one of the causes.",
        "Field reports",
        (
            *(("421", f"4.4.{number}") for number in (0, 1, 2, 3, 5, 6)),
            ("failover to alternate host",),
        ),
        (
            Cause(
                "A firewall or a provider blocks port 25, or a TLS-inspecting firewall ends the session.",
                "reported",
                "Let port 25 through to Exchange Online without inspection.",
                (c.REHEARSE,),
            ),
            Cause(
                "Exchange Server: the certificate chosen by TlsCertificateName has no private key there; the "
                "protocol log of the send connector then says NoCredentials.",
                "documented",
                "Import the certificate with its private key.",
                (c.PFX,),
            ),
        ),
    ),
    Entry(
        "connector-prohibited",
        "The inbound connector is created in a disabled state (OrganizationInboundConnectorProhibitedException)",
        "inbound",
        "New tenants may not use OnPremises inbound connectors at once.",
        "Microsoft Learn, inbound connector FAQ; EX505293",
        (("organizationinboundconnectorprohibitedexception",), ("created in a disabled state",), ("ex505293",)),
        (
            Cause(
                "The tenant is new, or a developer tenant (those cannot have inbound connectors at all).",
                "documented",
                "Open a ticket with Microsoft support and ask for the connector to be enabled.",
                (c.LINT,),
            ),
        ),
    ),
    Entry(
        "hybrid-requiretls",
        "RequireTLS must be true where TlsCertificateName is set",
        "inbound",
        "The Hybrid Configuration Wizard stops at a connector that has a certificate name and does not require TLS.",
        "Microsoft support, RequireTLS flag should be set to true",
        (("requiretls", "tlscertificatename"), ("requiretls", "flag", "true")),
        (
            Cause(
                "RequireTLS was taken off the send connector.",
                "documented",
                "Set-SendConnector -RequireTLS $true, then run the wizard again.",
                ("Get-SendConnector | Format-List Name,RequireTLS,TlsCertificateName",),
            ),
        ),
    ),
)
