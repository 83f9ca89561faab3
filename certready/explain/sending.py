"""What stops a gateway, above all an Exchange Server, before its mail is anybody's: TLS and its own certificate."""

from __future__ import annotations

from certready.exchange import cmdlets as lines
from certready.explain import sources as s
from certready.explain.causes import ENABLE_FOR_SMTP, EXPIRED_CLIENT, INCOMPLETE, NOT_SENT, NOT_VALID
from certready.explain.model import Cause, Entry
from certready.explain.sources import quote
from certready.remedy import commands as c

_BIND_AGAIN = (lines.import_certificate(), lines.enable_certificate(), *lines.bind())
_OLD_TLS = Cause(
    "The gateway only supports TLS 1.0 or 1.1, which Exchange Online no longer accepts.",
    "documented",
    "Enable TLS 1.2 on the gateway; on Exchange Server, install its updates, then enable TLS 1.2 in the registry "
    "(SCHANNEL).",
    (c.REHEARSE, c.LISTEN),
    quote(s.SOCKET_ERROR, "This issue occurs because TLS 1.1 and TLS 1.0 are deprecated in Microsoft 365."),
)
_NO_KEY = Cause(
    "TlsCertificateName selects a certificate whose private key is missing on that server.",
    "documented",
    "Import the PFX, including its private key, again on every source server.",
    ("Get-ChildItem Cert:\\LocalMachine\\My | Format-List Thumbprint,Subject,HasPrivateKey",),
    quote(s.NO_CREDENTIALS, "The certificate that's used for outbound TLS is missing a private key."),
    _BIND_AGAIN,
)

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "tls-channel-untrusted",
        "454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied",
        "inbound",
        "The sender's certificate does not chain to a root that Exchange Online trusts.",
        s.EVENT_2004,
        (
            ("failed to establish appropriate tls channel untrustedroot",),
            ("failed to establish appropriate tls channel", "untrustedroot"),
        ),
        (
            Cause(
                "The gateway presents a self-signed certificate or one from an internal CA; typical when two "
                "certificates are enabled for SMTP.",
                "documented",
                "Choose the public CA's certificate for outgoing TLS; on Exchange Server set TlsCertificateName.",
                (c.CHECK, c.LISTEN),
                quote(
                    s.EVENT_2004,
                    "tries to establish a TLS session by using the certificate from the nontrusted CA, the cloud "
                    "gateway doesn't accept the connection",
                ),
                lines.bind(),
            ),
            INCOMPLETE,
            NOT_VALID,
        ),
        refines=("tls-channel",),
    ),
    Entry(
        "tls-channel",
        "454 4.7.0 Failed to establish appropriate TLS channel: Access Denied",
        "inbound",
        "The session has no TLS, or less than the connector requires.",
        s.EVENT_2004,
        (("failed to establish appropriate tls channel",),),
        (
            Cause(
                "The gateway sends in plain text, or with a TLS version or cipher that is no longer accepted.",
                "reported",
                "Enable STARTTLS for outgoing mail, with TLS 1.2 or newer.",
                (c.REHEARSE, c.LISTEN),
            ),
            NOT_SENT,
            NOT_VALID,
        ),
    ),
    Entry(
        "old-tls",
        "421 4.7.66 TLS 1.0 and 1.1 are not supported",
        "inbound",
        "Exchange Online requires TLS 1.2 or newer.",
        s.OLD_TLS,
        (("4.7.66",), ("tls 1.0 and 1.1 are not supported",)),
        (
            Cause(
                "The gateway, or the library it sends with, only offers TLS 1.0 or 1.1.",
                "documented",
                "Enable TLS 1.2 on the gateway.",
                (c.LISTEN,),
                quote(
                    s.OLD_TLS,
                    "we will no longer accept TLS 1.0 and TLS 1.1 email connections from external sources",
                ),
            ),
        ),
    ),
    Entry(
        "starttls-first",
        "530 5.7.0 Must issue a STARTTLS command first",
        "inbound",
        "TLS is required, and the gateway sent in plain text.",
        s.SOCKET_ERROR,
        (("must issue a starttls command first",),),
        (
            Cause(
                "TLS is off for outgoing mail on the gateway, or a firewall removes STARTTLS from the EHLO reply.",
                "reported",
                "Postfix: smtp_tls_security_level = encrypt; Exim: hosts_require_tls on the transport; turn off TLS "
                "inspection for port 25.",
                (c.LISTEN, c.REHEARSE),
            ),
            _OLD_TLS,
        ),
    ),
    Entry(
        "certificate-name-not-found",
        "454 4.7.5 The certificate specified in TlsCertificateName of the SendConnector could not be found",
        "inbound",
        "The send connector is bound to the <I>issuer<S>subject of a certificate that is no longer there.",
        s.HYBRID_TLS,
        (
            ("certificate specified in tlscertificatename",),
            ("tlscertificatename of the sendconnector could not be found",),
        ),
        (
            Cause(
                "The certificate was renewed, and its issuer or subject has changed.",
                "documented",
                "Bind the send and receive connectors to the new certificate on every source server.",
                ("Get-SendConnector | Format-List Name,SourceTransportServers,TlsCertificateName", c.DIFF),
                quote(
                    s.HYBRID_TLS,
                    "issues can arise when the on-premises SMTP-assigned trusted third-party certificate is renewed",
                ),
                _BIND_AGAIN,
            ),
            Cause(
                "The new certificate is missing on one of the source servers, Edge servers included.",
                "reported",
                "Import it with its private key on every source server.",
                (lines.show_certificates(),),
                None,
                (lines.import_certificate(), lines.enable_certificate()),
            ),
        ),
        refines=("peer-refused-exchange",),
    ),
    Entry(
        "peer-refused-exchange",
        "454 4.7.5 Certificate validation failure",
        "inbound",
        "The gateway refused Microsoft's certificate, or could not use its own.",
        s.G2,
        (
            ("4.7.5 certificate validation failure",),
            ("certificate validation failure reason",),
            ("certificate validation failure", "protection outlook com"),
        ),
        (
            Cause(
                "The gateway does not trust the root of Exchange Online's certificate: DigiCert Global Root G2 and, "
                "for some services, still DigiCert Global Root CA (G1).",
                "documented",
                "Keep both roots in the gateway's store: DigiCert Global Root G2 and DigiCert Global Root CA.",
                (c.REHEARSE, c.SHOW_TLS),
                quote(
                    s.G2,
                    "must ensure that their servers and clients trust the DigiCert Global Root G2 Certificate "
                    "Authority and its subordinate CAs",
                ),
            ),
            Cause(
                "The fault is the gateway's own binding: its send or receive connector names a certificate that is "
                "not on this server, or an Edge server has a different one.",
                "reported",
                "Bind the same certificate on every server, then run the Hybrid Configuration Wizard again.",
                (lines.show_certificates(),),
                quote(s.BINDING_REPORT, "the problem was due to the configuration of the TLS certificate"),
                lines.bind(),
            ),
            Cause(
                "The server's root certificates have not been updated for a long time.",
                "reported",
                "Let Windows update its trust list again, or install Microsoft's bundle of root certificates.",
                (c.SHOW_ROOTS,),
                quote(s.ROOTS_REPORT, "the server had not had windows updates run in a LONG time"),
            ),
        ),
    ),
    Entry(
        "no-credentials",
        "TLS negotiation failed with error NoCredentials",
        "inbound",
        "Exchange Server has no private key for the certificate it was told to send with.",
        s.NO_CREDENTIALS,
        (("nocredentials",),),
        (_NO_KEY,),
        refines=("connection-lost", "tls-negotiation"),
    ),
    Entry(
        "unknown-credentials",
        "TLS negotiation failed with error UnknownCredentials",
        "inbound",
        "Exchange Server may not use the certificate it was told to send with.",
        s.UNKNOWN_CREDENTIALS,
        (("unknowncredentials",),),
        (
            Cause(
                "The certificate is not enabled for SMTP on that server.",
                "documented",
                ENABLE_FOR_SMTP,
                (lines.show_certificates(),),
                quote(
                    s.UNKNOWN_CREDENTIALS,
                    "a third-party certificate that is installed on the server that is running Exchange Server is not "
                    "bound to the SMTP service",
                ),
                (lines.enable_certificate(),),
            ),
            _NO_KEY,
        ),
        refines=("connection-lost", "tls-negotiation"),
    ),
    Entry(
        "socket-error",
        "421 4.4.2 Connection dropped due to SocketError",
        "inbound",
        "The connection broke while TLS was being established.",
        s.SOCKET_ERROR,
        (
            ("connection dropped due to socketerror",),
            ("tls negotiation failed with error socketerror",),
            ("4.4.2", "socketerror"),
        ),
        (
            _OLD_TLS,
            EXPIRED_CLIENT,
            Cause(
                "A firewall between the gateway and Exchange Online ends the session.",
                "reported",
                "Turn off TLS inspection for port 25.",
                (c.REHEARSE,),
            ),
        ),
        refines=("connection-lost", "tls-negotiation"),
    ),
    Entry(
        "tls-negotiation",
        "TLS negotiation failed with error ...",
        "either",
        "The send connector's protocol log says that TLS could not be established; the word that follows says why.",
        s.NO_CREDENTIALS,
        (("tls negotiation failed with error",),),
        (_OLD_TLS, EXPIRED_CLIENT, _NO_KEY),
        refines=("connection-lost",),
    ),
    Entry(
        "connection-lost",
        "421 4.4.1 Connection timed out, 421 4.4.2 Connection dropped",
        "either",
        "The connection broke; a certificate is only one of the causes.",
        s.NO_CREDENTIALS,
        (
            *((f"421 4.4.{number}",) for number in (0, 1, 2, 3, 5, 6)),
            ("421 4.2.1 unable to connect",),
            ("421 4.2.2 connection dropped",),
            ("suspiciousremoteservererror",),
            ("attempted failover to alternate host",),
            ("remote server disconnected abruptly",),
        ),
        (
            Cause(
                "A firewall or a provider blocks port 25, or a TLS-inspecting firewall ends the session.",
                "reported",
                "Allow port 25 to Exchange Online, without inspection.",
                (c.REHEARSE,),
            ),
            EXPIRED_CLIENT,
            Cause(
                "Exchange Server: the certificate chosen by TlsCertificateName has no private key there; the "
                "protocol log of the send connector then says NoCredentials.",
                "documented",
                "Import the certificate with its private key.",
                (lines.show_certificates(),),
                quote(s.NO_CREDENTIALS, "The certificate that's used for outbound TLS is missing a private key."),
                _BIND_AGAIN,
            ),
        ),
    ),
)
