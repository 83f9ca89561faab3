"""Events of an Exchange Server about its certificates, by number or by the sentence that people paste."""

from __future__ import annotations

from certready.exchange import cmdlets as lines
from certready.explain import sources as s
from certready.explain.model import OUTBOUND, Cause, Entry, typed
from certready.explain.sources import quote
from certready.remedy import commands as c
from certready.remedy import connectors

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "no-usable-certificate",
        "Event 12014: Exchange could not find a certificate that contains the domain name",
        "outbound",
        "Exchange Server found no certificate for the name of its connector and therefore offers no STARTTLS: mail "
        "from Exchange Online and the Internet that needs TLS stops (450 4.4.101, 451 5.7.3).",
        s.NEW_CERTIFICATE,
        (
            ("event:12014",),
            ("could not find a certificate that contains the domain name",),
            ("unable to support the starttls smtp verb",),
            ("4.4.101", "starttls is required to send mail"),
            ("proxy session setup failed", "starttls is required to send mail"),
        ),
        (
            Cause(
                "The receive connector's TlsCertificateName still names the certificate that was replaced.",
                "documented",
                "Bind the receive connector to the new certificate.",
                (lines.show_certificates(), c.PROBE),
                quote(
                    s.NEW_CERTIFICATE,
                    "the TlsCertificateName property of the hybrid server's receive connector contains incorrect "
                    "certificate information after a new Exchange certificate is installed",
                ),
                lines.bind(),
            ),
            Cause(
                "The certificate is there, but its chain or validity is bad; Exchange then does not offer STARTTLS.",
                "reported",
                "Make sure that the intermediate and the root are in the server's store, and that the certificate is "
                "not revoked.",
                (lines.verify_certificate(), c.PROBE),
            ),
            Cause(
                "No certificate with a private key that is enabled for SMTP carries the connector's Fqdn.",
                "documented",
                "Enable a certificate that carries the name for SMTP, or change the connector's Fqdn.",
                (lines.show_certificates(),),
                quote(
                    s.STARTTLS_CHOICE,
                    "the certificate selection process for inbound STARTTLS that is performed on the Receiving server",
                ),
                (lines.enable_certificate(),),
            ),
        ),
        refines=("starttls-required", "proxy-setup"),
    ),
    Entry(
        "proxy-setup",
        "450 4.4.101 Proxy session setup failed on Frontend",
        "outbound",
        "The front end of Exchange could not pass the connection on; the reply that follows says why.",
        s.EXPIRED,
        (("4.4.101",), ("proxy session setup failed on frontend",)),
        (
            Cause(
                "The back-end server refused or broke the connection with the quoted reply.",
                "documented",
                "Explain the quoted reply on its own.",
                (c.PROBE,),
                quote(s.EXPIRED, "Be sure to record the error that follows this string"),
            ),
        ),
    ),
    Entry(
        "event-tls-required",
        "Event 2015: the send connector requires TLS, but is unable to establish it",
        "inbound",
        "The send connector requires TLS, and the server it connected to offered none in its EHLO reply.",
        s.EVENT_2015,
        (("event:2015",), ("send connector requires transport layer security tls authentication but is unable",)),
        (
            Cause(
                "The other server does not offer TLS. Exchange Online always does, so a firewall in between removes "
                "it.",
                "documented",
                "Turn off SMTP inspection for port 25, and check that the smart host is Exchange Online's.",
                (c.REHEARSE,),
                quote(s.EVENT_2015, "the remote server is not configured to accept TLS"),
            ),
        ),
    ),
    Entry(
        "event-certificate-expired",
        "Event 12016: the certificate for that FQDN has expired",
        "outbound",
        "The certificate that a connector of Exchange Server uses for STARTTLS has expired; it is still offered, and "
        "anyone who validates it refuses it.",
        s.EVENT_12016,
        (
            ("event:12016",),
            ("no valid smtp transport layer security tls certificate for the fqdn",),
            ("existing certificate for that fqdn has expired",),
            ("starttlscertificateexpired",),
        ),
        (
            Cause(
                "The certificate on the receive connector has expired.",
                "documented",
                "Install a new one with the same name and bind the connectors to it.",
                (c.PROBE, lines.show_certificates()),
                quote(
                    s.EVENT_12016,
                    "the certificate that was used for Transport Layer Security (TLS) for a specific connector on this "
                    "computer has expired",
                ),
                (lines.import_certificate(), lines.enable_certificate(), *lines.bind()),
            ),
        ),
    ),
    Entry(
        "event-certificate-expires",
        "Event 12018: the STARTTLS certificate will expire soon",
        "outbound",
        "A certificate that Exchange Server uses for STARTTLS is about to expire. Nothing has stopped yet.",
        s.EVENT_12018,
        (("event:12018",), ("starttls certificate will expire soon",), ("starttlscertificateexpiressoon",)),
        (
            Cause(
                "The certificate expires within hours or days.",
                "documented",
                "Order the new one now, rehearse the change, and bind the connectors to it.",
                (c.PROBE, c.DIFF),
                quote(s.EVENT_12018, "The STARTTLS certificate will expire soon"),
                (lines.import_certificate(), lines.enable_certificate(), *lines.bind()),
            ),
        ),
    ),
    Entry(
        "event-internal-certificate",
        "Event 12015, 12017, 12013: the internal transport certificate",
        "either",
        "The certificate that Exchange servers use among themselves has expired, is about to expire, or cannot be "
        "loaded. Exchange Online never sees it.",
        s.EVENT_12015,
        (
            *(("event:12015",), ("event:12017",), ("event:12013",), ("event:12012",), ("event:12024",)),
            ("internal transport certificate expired",),
            ("internal transport certificate will expire soon",),
        ),
        (
            Cause(
                "The internal transport certificate, by default self-signed and valid for five years, has expired.",
                "documented",
                "Renew it with New-ExchangeCertificate on that server; it does not affect the connectors.",
                (lines.show_certificates(),),
                quote(
                    s.EVENT_12015,
                    "This expiry may affect SMTP traffic among Hub Transport servers and Edge Transport servers in the "
                    "organization.",
                ),
                ("New-ExchangeCertificate",),
            ),
        ),
    ),
    Entry(
        "event-domain-capabilities",
        "Event 11022: validation of the TLS certificate failed with status",
        "outbound",
        "Exchange Server could not verify Exchange Online's certificate and does not treat its mail as internal.",
        s.EVENT_11022,
        (
            ("event:11022",),
            ("failed to confirm domain capabilities",),
            ("tlsdomaincapabilitiescertificatevalidationfailure",),
        ),
        (
            Cause(
                "The server cannot reach the revocation list (RevocationOffline), or does not trust the root of "
                "Exchange Online's certificate (UntrustedRoot).",
                "documented",
                "Let the server fetch CRLs over HTTP, directly or through its proxy, and update its root certificates.",
                (lines.verify_addresses("exchange-online"),),
                quote(
                    s.EVENT_11022,
                    "cannot validate a TLS certificate for the TlsDomainCapabilities parameter on a Receive connector",
                ),
            ),
        ),
    ),
    Entry(
        "many-names-ignored",
        "MSExchangeTransport event 11024: too many names in the certificate",
        "inbound",
        "A certificate with more names than a limit has all of them ignored but the CN (Exchange Online's limit is not "
        "published).",
        s.EVENT_11024,
        (("event:11024",),),
        (
            Cause(
                "The certificate carries the names of many services.",
                "reported",
                "Use a certificate with only the gateway's own names.",
                (c.CHECK,),
            ),
        ),
    ),
    Entry(
        "chain-not-trusted-capi2",
        "CAPI2 800B0109: a certificate chain terminated in a root certificate which is not trusted",
        "inbound",
        "Windows could not build the chain of the certificate the server sends with.",
        s.CHAIN,
        (
            ("800b0109",),
            ("0x800b0109",),
            ("cert_e_untrustedroot",),
            ("terminated in a root certificate which is not trusted by the trust provider",),
        ),
        (
            Cause(
                "The intermediate certificates are missing on the sending server, so that it cannot send them.",
                "documented",
                "Install the intermediates in the store of the local computer on every sending server.",
                (c.CHECK, lines.verify_certificate()),
                quote(
                    s.CHAIN,
                    "the on-premises server is not sending the required certificate chain during the Transport Layer "
                    "Security (TLS) handshake to Exchange Online",
                ),
                (lines.import_intermediate(),),
            ),
        ),
    ),
    Entry(
        "validation-not-configured",
        "The domain of the recipient is not configured as part of connector",
        "outbound",
        "Validation sends only through this connector, and the connector does not cover the recipient.",
        s.VALIDATE,
        (("domain of the recipient is not configured as part of connector",),),
        (
            Cause(
                "The connector was saved without being turned on.",
                "documented",
                "Enable it, then validate it again.",
                (c.LINT, c.ROUTE),
                quote(
                    s.VALIDATE,
                    "The outbound connector was saved without having the option enabled to turn on the connector after "
                    "it's saved.",
                ),
                typed(connectors.enabled(OUTBOUND)),
            ),
        ),
    ),
)
