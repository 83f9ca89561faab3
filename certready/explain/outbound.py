"""What Exchange Online says of a gateway it delivers to: in the NDR, and in the LED= part of a message trace.

A reply of the 4.4.31x family comes back as 550 5.4.31x "Message expired" after a day, with the reason in brackets.
"""

from __future__ import annotations

from certready.exchange import cmdlets as lines
from certready.explain import sources as s
from certready.explain.causes import NO_INSPECTION, RETRY
from certready.explain.model import OUTBOUND, Cause, Entry, typed
from certready.explain.sources import quote
from certready.remedy import commands as c
from certready.remedy import connectors

_GENERAL = ("outbound-tls", "outbound-validation", "message-expired")

_LEAF_ONLY = Cause(
    "The gateway sends its certificate without the intermediate; Exchange Online does not fetch missing ones.",
    "documented",
    "Install the whole chain on every node.",
    (c.PROBE,),
    quote(s.UNTRUSTED, "a remote MTA that provides a certificate should include the full certificate chain"),
)
_SELF_SIGNED = Cause(
    "The gateway presents its own self-signed default certificate, or one from a private CA.",
    "documented",
    "Bind the CA's certificate to the listener on port 25 (smtpd_tls_chain_files in Postfix, tls_certificate in Exim's "
    "main section, TlsCertificateName of the receive connector in Exchange).",
    (c.PROBE,),
    quote(
        s.UNTRUSTED,
        "can't validate the authenticity of the certificate by building the chain to a Microsoft-trusted root CA",
    ),
)
_SOME_NODES = Cause(
    "Only some of the gateway's nodes, or the firewall in front of them, have the new certificate.",
    "reported",
    "Install it on every node and wherever else TLS ends.",
    (c.PROBE, c.COMPARE),
    quote(s.FIREWALL_REPORT, "as it turns out there was a second cert location"),
)
_WRONG_ONE = Cause(
    "The gateway presents a different certificate than you expect, often its default one, or one selected by the "
    "Fqdn of the receive connector.",
    "documented",
    "Bind the right certificate to the listener; in Exchange set TlsCertificateName on the receive connector.",
    (c.PROBE,),
    quote(
        s.OUTBOUND,
        "the domain name that the Outbound connector uses to verify the FQDN of the target certificate when "
        "establishing a TLS secured connection",
    ),
    lines.bind(),
)
_FIREWALL = Cause(
    "A firewall ended the session, or has a certificate store of its own and inspects TLS.",
    "reported",
    "Turn off TLS inspection for port 25, and allow Exchange Online's published addresses.",
    (c.PROBE,),
    quote(s.FIREWALL_REPORT, "as it turns out there was a second cert location"),
)


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "outbound-untrusted-root",
        "450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot]",
        "outbound",
        f"The gateway's server certificate does not chain to a trusted root. {RETRY}",
        s.UNTRUSTED,
        (
            ("message:untrustedroot",),
            *((code, "untrustedroot") for code in ("4.4.317", "5.4.317", "4.7.320", "5.7.320")),
            ("validation status untrustedroot",),
        ),
        (_LEAF_ONLY, _SELF_SIGNED, _SOME_NODES),
        refines=_GENERAL,
    ),
    Entry(
        "outbound-subject-mismatch",
        "450 4.4.317 ... SubjectMismatch Expected Subject: X. Presented Subject: CN=Y",
        "outbound",
        f"The outbound connector's TlsDomain matches no name on the certificate the gateway presented. {RETRY}",
        s.OUTBOUND,
        (("message:subjectmismatch",), ("subjectmismatch",), ("expected subject", "presented subject", "names-differ")),
        (
            _WRONG_ONE,
            Cause(
                "The certificate was renewed with different names, and the connector still expects an old one.",
                "documented",
                "Set the connector's TlsDomain to a name of the certificate.",
                (c.PROBE, c.DIFF),
                quote(s.MAIL_FLOW, "Certificate subject mismatch."),
                typed(connectors.asking_for(OUTBOUND)),
            ),
            _SOME_NODES,
        ),
        refines=_GENERAL,
    ),
    Entry(
        "outbound-expired",
        "450 4.4.317 ... CertificateExpired",
        "outbound",
        f"The gateway's server certificate has expired. {RETRY}",
        s.MAIL_FLOW,
        (
            *(("message:certificateexpired",), ("message:certexpired",), ("message:expired",), ("certificateexpired",)),
            *(("certexpired",), ("4.7.320", "certificate expired"), ("4.7.320", "certificate has expired")),
        ),
        (
            Cause(
                "The certificate on port 25 has expired on at least one node, or on the firewall in front of it.",
                "documented",
                "Renew it and install it on every node; restart whatever still uses the old one.",
                (c.PROBE,),
                quote(s.MAIL_FLOW, "Certificate expired."),
            ),
            _SOME_NODES,
        ),
        refines=(*_GENERAL, "outbound-subject-mismatch"),
    ),
    Entry(
        "outbound-revoked",
        "4.4.317 or 4.7.320 with Revoked, RevocationOffline or RevocationCheckFailure",
        "outbound",
        "With CertificateValidation and DomainValidation Exchange Online checks the revocation list.",
        s.NEW_OUTBOUND,
        (
            *(("message:revoked",), ("message:certificaterevoked",), ("message:revocation",)),
            *(("message:revocationoffline",), ("message:revocationcheckfailure",), ("certificaterevoked",)),
            *(("4.4.317", "revocationoffline"), ("4.7.320", "revocationoffline"), ("revocationcheckfailure",)),
        ),
        (
            Cause(
                "The certificate was revoked.",
                "inferred",
                "Request a new one with a new key, and find out why the CA revoked this one.",
                (c.PROBE,),
            ),
            Cause(
                "The CRL or OCSP responder does not answer.",
                "reported",
                "Ask the CA; make sure that Exchange Server can reach the addresses over HTTP itself.",
                (c.PROBE,),
            ),
        ),
        refines=_GENERAL,
    ),
    Entry(
        "starttls-required",
        "450 4.4.317 ... 451 5.7.3 STARTTLS is required to send mail",
        "outbound",
        f"The connector requires TLS, and the other side does not offer a usable STARTTLS. {RETRY}",
        s.HYBRID_TLS,
        (("starttls is required to send mail",), ("starttls is required",), ("451 5.7.3 starttls",)),
        (
            Cause(
                "Exchange Server: the receive connector's certificate is outdated, or its chain or validity is bad; "
                "Exchange then does not offer STARTTLS (event 12014).",
                "documented",
                "Bind the receive connector to the current certificate; make sure that its chain is in the server's "
                "store.",
                (c.PROBE, lines.show_certificates()),
                quote(
                    s.NEW_CERTIFICATE,
                    "the TlsCertificateName property of the hybrid server's receive connector contains incorrect "
                    "certificate information",
                ),
                lines.bind(),
            ),
            Cause(
                "The receiving server does not trust Exchange Online's own certificate (DigiCert Global Root G2 is "
                "missing from its store).",
                "documented",
                "Trust DigiCert Global Root G2 on the receiving server; keep DigiCert Global Root CA (G1) too.",
                (c.SHOW_ROOTS,),
                quote(
                    s.G2,
                    "organizations that send or receive email to or from Exchange Online must ensure that their "
                    "servers and clients trust the DigiCert Global Root G2 Certificate Authority",
                ),
            ),
            Cause(
                "STARTTLS is disabled on the gateway's listener, or the listener has no usable certificate.",
                "documented",
                "Enable STARTTLS with a certificate and its private key on port 25.",
                (c.PROBE,),
                quote(
                    s.MAIL_FLOW,
                    "The connector is configured to require TLS, but the destination email server doesn't support TLS.",
                ),
            ),
            Cause(
                "A TLS-inspecting firewall removes STARTTLS from the EHLO reply (250-XXXXXXXA).",
                "reported",
                NO_INSPECTION,
                (c.PROBE,),
            ),
        ),
        refines=(*_GENERAL, "starttls-first"),
    ),
    Entry(
        "outbound-handshake",
        "450 4.4.317 ... TLS negotiation failed with error ConnectionAborted, Security status IllegalMessage",
        "outbound",
        f"The TLS handshake with the gateway failed. {RETRY}",
        s.MAIL_FLOW,
        (
            *(("connectionaborted",), ("security status",), ("illegalmessage",), ("invalidtoken",)),
            ("4.4.317", "tls negotiation failed"),
            ("message:451 4.4.0 tls negotiation failed",),
        ),
        (
            _FIREWALL,
            Cause(
                "The gateway and Exchange Online have no TLS version or cipher in common.",
                "inferred",
                "Enable TLS 1.2 and its usual ciphers on the gateway's listener.",
                (c.PROBE,),
            ),
        ),
        refines=(*_GENERAL, "tls-negotiation"),
    ),
    Entry(
        "outbound-socket",
        "450 4.4.317 Cannot establish session with remote server [Message=SocketError, Winsock error code ...]",
        "outbound",
        f"The connection broke before or while TLS was established. {RETRY}",
        s.MAIL_FLOW,
        (
            ("message:socketerror",),
            ("message:failed to connect winsock error code",),
            *((code, "winsock error code") for code in ("4.4.317", "5.4.317")),
            ("4.4.317", "socketerror"),
            ("failed to connect winsock error code",),
        ),
        (
            Cause(
                "A firewall ended the session, or the gateway does not allow Microsoft's addresses.",
                "documented",
                "Allow Exchange Online's published addresses on port 25, without inspection.",
                (c.PROBE,),
                quote(s.MAIL_FLOW, "A likely cause for this error is your firewall is blocking connections"),
            ),
        ),
        refines=_GENERAL,
    ),
    Entry(
        "outbound-validation",
        "4.7.320 Certificate validation failed",
        "outbound",
        f"The general code for anything wrong with the gateway's server certificate. {RETRY}",
        s.MAIL_FLOW,
        (("4.7.320",), ("5.7.320",)),
        (
            Cause(
                "The certificate has expired, does not have the name in TlsDomain, or is not trusted.",
                "documented",
                "Probe the gateway, and correct what it shows.",
                (c.PROBE,),
                quote(
                    s.MAIL_FLOW,
                    "encountered an error while trying to validate the certificate of the destination email server",
                ),
            ),
        ),
    ),
    Entry(
        "outbound-tls",
        "450 4.4.317 Cannot connect to remote server",
        "outbound",
        f"The gateway refused, or does not meet the connector's requirements; the reason follows Message=. {RETRY}",
        s.MAIL_FLOW,
        (("4.4.317",), ("5.4.317",)),
        (
            Cause(
                "The gateway answered with an error at once, or does not meet the connector's requirements.",
                "documented",
                "Read what follows Message=, and probe the gateway.",
                (c.PROBE, c.ROUTE),
                quote(
                    s.MAIL_FLOW,
                    "the server responded with an immediate error or doesn't meet the connection requirements",
                ),
            ),
        ),
        refines=("message-expired",),
    ),
)
