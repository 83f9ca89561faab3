"""What other mail servers say in their own words: Postfix, Exim, sendmail, and the OpenSSL that most of them use."""

from __future__ import annotations

from certready.explain import sources as s
from certready.explain.causes import COMMON_TLS, EXPIRED_CLIENT, NO_INSPECTION, NOT_SENT
from certready.explain.model import Cause, Entry
from certready.explain.sources import quote
from certready.remedy import commands as c

_ROOTS = Cause(
    "The gateway's store lacks the root of Exchange Online's certificate: DigiCert Global Root G2, or DigiCert Global "
    "Root CA (G1), which Linux distributions have dropped and some of Microsoft's hosts still present.",
    "reported",
    "Keep both roots in the file that the gateway verifies with (smtp_tls_CAfile in Postfix, tls_verify_certificates "
    "in Exim).",
    (c.REHEARSE, c.SHOW_TLS),
    quote(s.TLSPOL_ISSUE, "untrusted issuer /C=US/O=DigiCert Inc/OU=www.digicert.com/CN=DigiCert Global Root CA"),
)

# How the hosts of Exchange Online end, in each cloud.
_EXCHANGE_ONLINE = (
    "protection outlook com",
    "mx microsoft",
    "protection office365 us",
    "protection partner outlook cn",
)


def _with_exchange_online(*texts: str) -> tuple[tuple[str, ...], ...]:
    """These texts beside the name of one of Exchange Online's hosts: of any other host they say nothing here."""
    return tuple((text, host) for text in texts for host in _EXCHANGE_ONLINE)


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "port-25-blocked",
        "Postfix: connect to ...mail.protection.outlook.com:25: Connection timed out",
        "inbound",
        "The gateway could not open a connection to Exchange Online, or received no greeting.",
        s.PRACTICE,
        _with_exchange_online(
            *("25 connection timed out", "25 network is unreachable", "25 no route to host", "25 connection refused"),
            *("timed out while receiving the initial server greeting", "while receiving the initial server greeting"),
            *("defer 110 connection timed out", "defer 101 network is unreachable", "defer 111 connection refused"),
        ),
        (
            Cause(
                "A firewall, or the provider that hosts the gateway, blocks port 25 to the Internet; for an IPv6 "
                "address, the gateway may have no route at all.",
                "reported",
                "Allow port 25 to Exchange Online; in Postfix, set inet_protocols = ipv4 if there is no IPv6.",
                (c.REHEARSE,),
            ),
            Cause(
                "The smart host is an old name or an address that Exchange Online no longer uses.",
                "reported",
                "Send to the name in the domain's MX record.",
                (c.MX,),
            ),
        ),
    ),
    Entry(
        "accept-failed",
        "Postfix: SSL_accept error from ...outbound.protection.outlook.com",
        "outbound",
        "Exchange Online, as the client, aborted the TLS handshake with the gateway.",
        s.PRACTICE,
        _with_exchange_online("ssl_accept error from", "tls error on connection from"),
        (
            Cause(
                "The connector validates the certificate that the gateway presents, and refuses it: not trusted, "
                "expired, sent without its intermediate, or with the wrong name.",
                "inferred",
                "Check the certificate on the gateway's port 25 against the connector.",
                (c.PROBE,),
            ),
            Cause(
                "The two sides have no TLS version or no cipher in common.",
                "inferred",
                COMMON_TLS,
                (c.PROBE,),
            ),
        ),
    ),
    Entry(
        "gateway-distrusts-peer",
        "Postfix: certificate verification failed ... untrusted issuer; Server certificate not trusted",
        "either",
        "The sending gateway does not trust the certificate of the host it connected to.",
        s.POSTFIX,
        (
            ("untrusted issuer",),
            ("server certificate not trusted",),
            ("certificate verification failed for",),
            ("unable to get local issuer certificate",),
            ("unable to get issuer certificate",),
            ("unable to verify the first certificate",),
            ("self signed certificate in certificate chain",),
            ("starttls client", "verify fail"),
            ("certificate verify failed",),
        ),
        (
            _ROOTS,
            Cause(
                "The list of roots the gateway verifies with is not complete, or the other side sends no intermediate.",
                "documented",
                "Point the gateway at the system's CA file.",
                (c.SHOW_TLS,),
                quote(s.OPENSSL, "This normally means the list of trusted certificates is not complete."),
            ),
        ),
    ),
    Entry(
        "gateway-verifies-name",
        "Postfix: Server certificate not verified",
        "either",
        "The gateway requires a verified name (security level verify or secure), and the certificate has a different "
        "one, or its chain is not trusted.",
        s.POSTFIX,
        (("server certificate not verified",), ("num 62 hostname mismatch",), ("tls error", "hostname mismatch")),
        (
            Cause(
                "The name to match, by default the next-hop domain, is not on Exchange Online's certificate.",
                "documented",
                "Postfix: smtp_tls_policy_maps with secure match=.mail.protection.outlook.com for this next hop (in "
                "other clouds the domain of their smart hosts).",
                (c.REHEARSE,),
                quote(
                    s.POSTFIX,
                    "The default matching rule is that a server certificate matches when its name is equal to or is a "
                    "sub-domain of the nexthop domain.",
                ),
            ),
            _ROOTS,
        ),
        refines=("gateway-distrusts-peer",),
    ),
    Entry(
        "tls-not-offered",
        "Postfix: TLS is required, but was not offered by host",
        "either",
        "The gateway requires TLS, and the host it connected to does not offer it.",
        s.POSTFIX,
        (
            ("tls is required but was not offered",),
            ("tls is required but not available",),
            ("a tls session is required", "did not offer"),
            ("host did not advertise starttls",),
            ("tls required but not offered",),
            ("starttls not offered",),
        ),
        (
            Cause(
                "A firewall between the gateway and Exchange Online inspects SMTP and removes STARTTLS; Exchange "
                "Online itself always offers it.",
                "reported",
                NO_INSPECTION,
                (c.REHEARSE,),
            ),
            Cause(
                "The gateway requires TLS for every host, and this one does not offer it.",
                "documented",
                "Require TLS only for Exchange Online, in a policy map.",
                (c.REHEARSE,),
                quote(
                    s.POSTFIX,
                    "This security level is not an appropriate default for systems delivering mail to the Internet.",
                ),
            ),
        ),
    ),
    Entry(
        "closed-after-ehlo",
        "Exim: Remote host closed connection in response to EHLO",
        "inbound",
        "TLS was established, and Exchange Online ended the session at the next command.",
        s.EXIM_ISSUE,
        (
            ("closed connection in response to ehlo",),
            ("lost connection with", "while performing the ehlo handshake"),
            ("lost connection with", "while sending ehlo"),
        ),
        (
            Cause(
                "The gateway's client certificate has expired, or cannot be verified.",
                "reported",
                EXPIRED_CLIENT.change,
                (c.CHECK, c.REHEARSE),
                quote(
                    s.EXIM_ISSUE,
                    "I updated the TLS/SSL in Configuration-> SMTP certificates with new signed ones and it also seems "
                    "to work.",
                ),
            ),
            NOT_SENT,
        ),
    ),
    Entry(
        "handshake-failed",
        "sendmail: 403 4.7.0 TLS handshake failed; Postfix: Cannot start TLS: handshake failure",
        "inbound",
        "The TLS handshake between the gateway and Exchange Online failed.",
        s.SENDMAIL_REPORT,
        (
            ("4.7.0 tls handshake failed",),
            ("cannot start tls handshake failure",),
            ("ruleset tls_server", "reject 403"),
            ("454 4.7.0 tls not available",),
            ("a tls fatal alert has been received",),
            ("tls fatal alert",),
            *_with_exchange_online("ssl_connect error to", "tls error on connection to"),
        ),
        (
            EXPIRED_CLIENT,
            Cause(
                "The gateway only offers TLS 1.0 or 1.1, or only ciphers that Exchange Online does not accept.",
                "inferred",
                "Enable TLS 1.2 and the usual ciphers.",
                (c.REHEARSE,),
            ),
        ),
    ),
    Entry(
        "no-shared-cipher",
        "OpenSSL: no shared cipher, unsupported protocol",
        "either",
        "The two sides have no cipher or no TLS version in common.",
        s.OPENSSL,
        (
            *(("no shared cipher",), ("no ciphers available",), ("unsupported protocol",), ("wrong version number",)),
            *(("tlsv1 alert protocol version",), ("sslv3 alert handshake failure",), ("alert handshake failure",)),
        ),
        (
            Cause(
                "The listener is limited to ciphers for a different type of key than its certificate's (an ECDSA "
                "certificate with only RSA ciphers, or the other way round), or to old TLS versions.",
                "reported",
                COMMON_TLS,
                (c.PROBE,),
            ),
        ),
        refines=("handshake-failed", "accept-failed"),
    ),
    Entry(
        "certificate-has-expired",
        "OpenSSL: certificate has expired",
        "either",
        "A mail server refused the other side's certificate because it has expired.",
        s.OPENSSL,
        (
            ("certificate has expired",),
            ("alert certificate expired",),
            ("certificate is not yet valid",),
            ("tls certificate verification failed", "expired"),
            ("tls fatal alert has been received certificate is expired",),
        ),
        (
            Cause(
                "The gateway, or one of its nodes, still holds the old certificate.",
                "reported",
                "Install the renewed one on every node, and restart whatever still uses the old one.",
                (c.PROBE, c.CHECK),
            ),
        ),
        refines=("gateway-distrusts-peer", "handshake-failed", "accept-failed"),
    ),
    Entry(
        "peer-certificate-error",
        "421 ... SSL certificate error",
        "either",
        "One side refused the other's certificate; this is not a rate limit.",
        s.OPENSSL,
        (
            *(("ssl certificate error",), ("alert bad certificate",), ("alert unknown ca",)),
            *(("alert certificate unknown",), ("tls fatal alert has been received certificate is bad",)),
            ("tls fatal alert has been received unknown certificate",),
            ("tls fatal alert has been received ca is unknown",),
        ),
        (
            Cause(
                "The certificate shown is not trusted, has expired, or is sent without its intermediate.",
                "inferred",
                "Check the certificate that the gateway presents, as server and as client.",
                (c.PROBE, c.CHECK),
            ),
            _ROOTS,
        ),
        refines=("handshake-failed", "accept-failed"),
    ),
)
