"""What Exchange Online says of a gateway it delivers to: in the NDR, and in the LED= part of a message trace."""

from __future__ import annotations

from certready.explain import commands as c
from certready.explain.model import Cause, Entry

_RETRY = "Exchange Online retries for about a day before it gives the message up."

_SELF_SIGNED = Cause(
    "The gateway presents its own self-signed default certificate, or one of a private CA.",
    "documented",
    "Bind the CA's certificate to the listener on port 25 (smtpd_tls_chain_files in Postfix, tls_certificate in Exim's "
    "main section, Set-ReceiveConnector -TlsCertificateName in Exchange).",
    (c.PROBE,),
)
_LEAF_ONLY = Cause(
    "The gateway sends its certificate without the intermediate; Exchange Online fetches none.",
    "documented",
    "Install the whole chain on every node.",
    (c.PROBE,),
)
_STORE = Cause(
    "The root is not in Microsoft's root programme, whatever other stores say.",
    "documented",
    "Use a certificate of a CA in Microsoft's root programme.",
    (c.PROBE,),
)
_SOME_NODES = Cause(
    "Only some of the gateway's nodes have the new certificate.",
    "reported",
    "Install it on every node.",
    (c.COMPARE, c.PROBE),
)


def _plain(id_: str, code: str, title: str, text: str, change: str) -> Entry:
    """One of the faults that have nothing to do with a certificate."""
    cause = Cause(text, "documented", change, (c.PROBE, c.ROUTE))
    return Entry(id_, f"450 {code} {title}", "outbound", _RETRY, c.MAIL_FLOW, ((code,),), (cause,))


def _dane(number: str, token: str, text: str, change: str) -> Entry:
    """One outcome of SMTP DANE: 4.7.x while it is retried, 5.7.x at the end."""
    return Entry(
        f"dane-{token}",
        f"4/5.7.{number} {token}",
        "outbound",
        "Exchange Online checked the gateway by DANE (TLSA records under DNSSEC).",
        c.DANE,
        ((f"4.7.{number}",), (f"5.7.{number}",), (token,)),
        (Cause(text, "documented", change, (c.PROBE,)),),
    )


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "outbound-untrusted-root",
        "450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot]",
        "outbound",
        f"The gateway's server certificate leads to no trusted root. {_RETRY}",
        c.UNTRUSTED_KB,
        (
            ("4.4.317", "untrustedroot"),
            ("cannot connect to remote server", "untrustedroot"),
            ("4.7.320", "untrustedroot"),
        ),
        (_LEAF_ONLY, _SELF_SIGNED, _STORE, _SOME_NODES),
        beats=("outbound-tls", "outbound-validation"),
    ),
    Entry(
        "outbound-subject-mismatch",
        "450 4.4.317 ... SubjectMismatch Expected Subject: X. Presented Subject: CN=Y",
        "outbound",
        f"The outbound connector's TlsDomain is no name of the certificate the gateway presented. {_RETRY}",
        c.TLS_IN_HYBRID,
        (("subjectmismatch",), ("expected subject", "presented subject")),
        (
            Cause(
                "The gateway presents another certificate than you think, often its default one, or one chosen by the "
                "Fqdn of the receive connector.",
                "documented",
                "Bind the right certificate to the listener; in Exchange set TlsCertificateName on the receive "
                "connector.",
                (c.PROBE,),
            ),
            Cause(
                "The certificate was renewed with other names, and the connector still expects the old one.",
                "documented",
                "Set-OutboundConnector -TlsSettings DomainValidation -TlsDomain to a name of the certificate.",
                (c.PROBE, c.DIFF),
            ),
            _SOME_NODES,
        ),
        beats=("outbound-tls", "outbound-validation"),
    ),
    Entry(
        "outbound-expired",
        "450 4.4.317 or 4.7.320 with Expired in its message",
        "outbound",
        f"The gateway's server certificate has expired. {_RETRY}",
        f"{c.MAIL_FLOW} (the exact wording is not published)",
        (("4.4.317", "certexpired"), ("4.4.317", "expired"), ("4.7.320", "expired"), ("certexpired",)),
        (
            Cause(
                "The certificate on port 25 has expired on at least one node.",
                "documented",
                "Renew it and install it on every node; restart what still holds the old one.",
                (c.PROBE,),
            ),
        ),
        beats=("outbound-tls", "outbound-validation"),
    ),
    Entry(
        "outbound-revoked",
        "4.4.317 or 4.7.320 with Revoked or RevocationCheckFailure in its message",
        "outbound",
        "With CertificateValidation and DomainValidation Exchange Online checks the revocation list.",
        "New-OutboundConnector, -TlsSettings (the exact wording is not published)",
        (
            *(("4.4.317", "revoked"), ("4.7.320", "revoked"), ("revocationcheckfailure",)),
            *(("4.4.317", "revocation"), ("4.7.320", "revocation")),
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
                "Ask the CA; for Exchange Server see that it reaches the addresses over http itself.",
                (c.PROBE,),
            ),
        ),
        beats=("outbound-tls", "outbound-validation"),
    ),
    Entry(
        "starttls-required",
        "450 4.4.317 ... 451 5.7.3 STARTTLS is required to send mail",
        "outbound",
        f"The outbound connector requires TLS, and the gateway offers no STARTTLS. {_RETRY}",
        c.TLS_IN_HYBRID,
        (("starttls is required to send mail",), ("451", "5.7.3", "starttls")),
        (
            Cause(
                "STARTTLS is switched off on the gateway's listener, or it has no certificate it can use.",
                "documented",
                "Enable STARTTLS with a certificate and its private key on port 25.",
                (c.PROBE,),
            ),
            Cause(
                "A TLS-inspecting firewall takes STARTTLS out of the greeting (250-XXXXXXXA).",
                "reported",
                "Switch SMTP inspection off for port 25.",
                (c.PROBE,),
            ),
        ),
        beats=("outbound-tls",),
    ),
    Entry(
        "outbound-socket",
        "450 4.4.317 Cannot connect to remote server [Message=SocketError]",
        "outbound",
        f"The connection broke while TLS was set up. {_RETRY}",
        c.TLS_IN_HYBRID,
        (("4.4.317", "socketerror"), ("socketerror", "failed to connect")),
        (
            Cause(
                "A firewall ended the session, or the gateway admits other addresses than Microsoft's.",
                "documented",
                "Admit Exchange Online's published addresses on port 25, without inspection.",
                (c.PROBE,),
            ),
        ),
        beats=("outbound-tls",),
    ),
    Entry(
        "outbound-validation",
        "4.7.320 Certificate validation failed",
        "outbound",
        f"The older umbrella for everything that is wrong with the gateway's server certificate. {_RETRY}",
        c.MAIL_FLOW,
        (("4.7.320",), ("5.7.320",)),
        (_LEAF_ONLY, _SELF_SIGNED, _SOME_NODES),
    ),
    Entry(
        "outbound-tls",
        "450 4.4.317 Cannot connect to remote server",
        "outbound",
        f"TLS to the gateway failed; the reason stands behind Message=. {_RETRY}",
        c.MAIL_FLOW,
        (("4.4.317",),),
        (_LEAF_ONLY, _SELF_SIGNED, _SOME_NODES),
    ),
    _plain(
        "outbound-dns",
        "4.4.312",
        "DNS query failed",
        "The smart host or MX name cannot be resolved.",
        "Correct the connector's SmartHosts or the DNS record.",
    ),
    _plain(
        "outbound-timeout",
        "4.4.315",
        "Connection timed out",
        "The gateway does not answer on port 25; a firewall drops the packets.",
        "Admit Exchange Online's addresses on port 25.",
    ),
    _plain(
        "outbound-refused",
        "4.4.316",
        "Connection refused",
        "Nothing listens on port 25 of the smart host, or the firewall rejects it.",
        "Start the listener, or correct the connector's SmartHosts.",
    ),
    _plain(
        "outbound-closed",
        "4.4.318",
        "Connection was closed abruptly",
        "The gateway or a device before it hangs up in the middle of the session.",
        "Look into the gateway's log at that moment; take inspection off port 25.",
    ),
    _dane(
        "321",
        "starttls-not-supported",
        "The gateway offers no STARTTLS, which its TLSA record promises.",
        "Enable STARTTLS.",
    ),
    _dane("322", "certificate-expired", "The gateway's certificate has expired.", "Renew it."),
    _dane(
        "323",
        "tlsa-invalid",
        "The TLSA record does not fit the certificate, often since a renewal.",
        "Publish the record of the new certificate before it is installed, and take the old one away afterwards.",
    ),
    _dane("324", "dnssec-invalid", "The domain's DNSSEC chain is broken.", "Mend the signatures or the DS record."),
    _dane(
        "325",
        "certificate-host-mismatch",
        "The certificate does not carry the host name the MX record names.",
        "Have it issued with that name.",
    ),
    Entry(
        "mta-sts",
        "4/5.4.8 or 4/5.7.5 ... failed MTA-STS validation",
        "outbound",
        "The recipient's domain publishes an MTA-STS policy, and the gateway does not meet it.",
        c.MTA_STS,
        (("mta-sts",), ("mtasts",), ("4.4.8",), ("5.4.8",)),
        (
            Cause(
                "The MX host is not in the policy (5.4.8), or its certificate is not valid for the MX name (5.7.5).",
                "documented",
                "Correct the policy, or install a certificate of a public CA with the MX host name.",
                (c.PROBE,),
            ),
        ),
        beats=("peer-refused-exchange",),
    ),
    Entry(
        "remote-cannot-tls",
        "Cannot establish a TLS connection to the remote mail server",
        "outbound",
        "TLS is forced and the other side cannot do it.",
        "Microsoft support, Cannot establish TLS connection to remote mail server",
        (("cannot establish", "tls connection"), ("cannot establish tls",)),
        (
            Cause(
                "The connector requires TLS for a server without STARTTLS or with TLS 1.0 or 1.1 alone.",
                "documented",
                "Enable TLS 1.2 on that server.",
                (c.PROBE,),
            ),
        ),
    ),
    Entry(
        "message-expired",
        "550 4.4.7 or 5.4.300 Message expired",
        "outbound",
        "Exchange Online tried for about a day; the reason is that of the last attempt, LED= in the message trace.",
        "Microsoft Learn, NDR 4.4.7",
        (("4.4.7",), ("5.4.300",), ("message expired",)),
        (
            Cause(
                "Every attempt to reach the gateway failed, for TLS or for the network.",
                "documented",
                "Find the LED= text in the message trace and explain that.",
                (c.PROBE, c.ROUTE),
            ),
        ),
    ),
)
