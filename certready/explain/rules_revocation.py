"""What the rules about revocation and TLS are about."""

from __future__ import annotations

from collections.abc import Mapping

from certready.explain.model import RuleDoc

_OUTBOUND = "New-OutboundConnector, -TlsSettings"
_INBOUND = "SEPPmail distributor article; an MVP article on hybrid mail flow"
_ATTRIBUTION = "Exchange Team Blog, Office 365 message attribution (techcommunity 749143)"
_MODES = "require (the default) makes it cannot-tell, --revocation report a warning."
_RENEW = "Request a new certificate of a public CA (--remedies FILE.ps1 writes the request with its names)."

DOCS: Mapping[str, RuleDoc] = {
    "revocation.good": RuleDoc(
        "An authentic, fresh OCSP answer or CRL says that the certificate is not revoked.",
        "Outbound connectors with CertificateValidation or DomainValidation check the revocation list.",
        "documented",
        _OUTBOUND,
        "Nothing has to be mended.",
    ),
    "revocation.revoked": RuleDoc(
        "An authentic answer says revoked, of the leaf or of an issuer.",
        "A revoked certificate authenticates nobody; the key may be in other hands.",
        "documented",
        "RFC 5280, 5.3.1",
        "Request a new certificate with a new key, install it on every node, and find out why.",
    ),
    "revocation.unreachable": RuleDoc(
        "No OCSP responder and no CRL address answered.",
        f"How Exchange Online treats that is not published; vendors ask for a verifiable status. {_MODES}",
        "reported",
        _INBOUND,
        "Let this host reach the addresses over http, or supply --crl FILE or --ocsp FILE.",
    ),
    "revocation.unknown": RuleDoc(
        "There is an answer, and it does not speak of this certificate, or says unknown.",
        f"Unknown is not good. {_MODES}",
        "documented",
        "RFC 6960, 2.2",
        "Ask the CA; complete the chain where the issuer is missing.",
    ),
    "revocation.stale": RuleDoc(
        "The answer's nextUpdate has passed.",
        f"An old answer can hide a revocation. {_MODES}",
        "documented",
        "RFC 5280, 6.3.3",
        "Ask the CA for a fresh one; see that no proxy serves an old copy and that the clock is right.",
    ),
    "revocation.invalid": RuleDoc(
        "The answer is not signed by the issuer or a responder it appointed, or cannot be read.",
        f"Only an authentic answer counts; anybody can serve a file. {_MODES}",
        "documented",
        "RFC 5280, 6.3.3; RFC 6960, 3.2",
        "See that no proxy replaces it; where it was given as a file, that it is the issuer's.",
    ),
    "revocation.not-checkable": RuleDoc(
        "The certificate names no OCSP responder and no CRL over http, and is not short-lived.",
        "Its status can never be verified, which vendors and outbound connectors ask for.",
        "reported",
        f"{_OUTBOUND}; {_INBOUND}",
        _RENEW,
    ),
    "revocation.short-lived": RuleDoc(
        "The certificate lives 7 days or less (10 if issued before 15 March 2026) and names no revocation address.",
        "Such certificates need not be revocable: they expire before a CRL would help.",
        "documented",
        "CA/B Baseline Requirements, 1.6.1 and 4.9.7",
        "Nothing has to be mended.",
    ),
    "revocation.skipped": RuleDoc(
        "Revocation was not asked, because of --revocation off.",
        "The verdict then says nothing about it.",
        "documented",
        _OUTBOUND,
        "Run without --revocation off.",
    ),
    "revocation.staple-missing": RuleDoc(
        "The certificate has the must-staple feature, and the gateway sent no stapled OCSP answer.",
        "Peers that honour the feature refuse the handshake.",
        "documented",
        "RFC 7633, 4.2.3",
        "Enable stapling (Exim can, Postfix cannot), or request a certificate without the feature.",
    ),
    "tls.established": RuleDoc(
        "STARTTLS and the handshake worked.",
        "Without TLS no certificate is ever seen.",
        "documented",
        "RFC 3207",
        "Nothing has to be mended.",
    ),
    "tls.unreachable": RuleDoc(
        "The name cannot be resolved, the connection is refused or times out, or no SMTP banner comes.",
        "Two causes are nobody's fault: a firewall that admits Microsoft's addresses alone, and a provider that blocks "
        "outgoing port 25.",
        "documented",
        "RFC 5321, 3.1 and 4.5.3.2",
        "Probe from another network; check name, address and firewall.",
    ),
    "tls.no-starttls": RuleDoc(
        "The gateway's greeting offers no STARTTLS, or a firewall has overwritten it (XXXX).",
        "An outbound connector that requires TLS cannot deliver: 451 5.7.3.",
        "documented",
        "Exchange Team Blog, TLS certificates in Exchange hybrid (techcommunity 4420592)",
        "Enable STARTTLS with a certificate and its key; switch SMTP inspection off.",
    ),
    "tls.deferred": RuleDoc(
        "The gateway answered with a temporary error.",
        "Greylisting and rate limits meet a probe too; nothing was learnt about the certificate.",
        "documented",
        "RFC 5321, 4.2.1",
        "Probe again in some minutes, or exempt the probing host.",
    ),
    "tls.handshake-failed": RuleDoc(
        "STARTTLS was accepted and the handshake failed, or text was injected before it.",
        "Exchange Online would not get through either; the cause is on the gateway or between.",
        "documented",
        "RFC 3207, 4.1",
        "Look into the gateway's TLS log for certificate, key, versions and ciphers.",
    ),
    "tls.old-version": RuleDoc(
        "The gateway negotiates nothing from TLS 1.2 up.",
        "Exchange Online has given up TLS 1.0 and 1.1.",
        "documented",
        "Microsoft Learn, Technical reference details about encryption",
        "Enable TLS 1.2 and 1.3.",
    ),
    "tls.nodes-differ": RuleDoc(
        "The addresses of the gateway do not all present the same certificate, chain or TLS.",
        "Mail then fails only sometimes, after a renewal above all.",
        "reported",
        "Field reports on clusters renewed in part",
        "Install the same certificate, key and intermediates on every node.",
    ),
    "tls.direction": RuleDoc(
        "A probe sees the server certificate; an inbound connector meets the client certificate.",
        "The two may differ, so the probe proves nothing inbound.",
        "inferred",
        "Set-SendConnector and Set-ReceiveConnector choose certificates apart",
        "Judge the file the gateway sends with, or use certready listen; --same-certificate asserts that both are one.",
    ),
    "tls.several-certificates": RuleDoc(
        "The gateway presents another certificate for another server name or kind of key.",
        "Exchange Online may see one that was not judged.",
        "documented",
        "RFC 6066, 3; RFC 8446, 4.4.2.2",
        "Install one certificate, or judge each.",
    ),
    "tls.no-common-cipher": RuleDoc(
        "The gateway serves none of the TLS 1.2 cipher suites that Microsoft publishes.",
        "With TLS 1.2 there would be no session; with TLS 1.3 there may be one.",
        "documented",
        "Microsoft Learn, Technical reference details about encryption",
        "Allow ECDHE-RSA with AES-GCM.",
    ),
    "listen.client-certificate": RuleDoc(
        "In a session with certready listen the gateway presented a certificate as TLS client.",
        "That is the certificate an inbound connector is compared with.",
        "documented",
        "Exchange Team Blog, Office 365 message attribution",
        "Nothing has to be mended.",
    ),
    "tls.no-client-certificate": RuleDoc(
        "In a session with certready listen the gateway presented none.",
        "Without one no certificate connector can match.",
        "reported",
        "Issues of several mail servers that cannot or do not send one",
        "Choose the certificate for outgoing TLS on the gateway (smtp_tls_chain_files, the transport's "
        "tls_certificate, TlsCertificateName).",
    ),
    "listen.distrusted": RuleDoc(
        "The gateway ended the session because it distrusts the listener's throw-away certificate.",
        "That is right of it, and nothing was learnt.",
        "documented",
        "RFC 8446, 6.2",
        "Give the listener a certificate the gateway trusts (--server-cert), or lower the check for the test.",
    ),
    "rehearse.accepted": RuleDoc(
        "The real smart host took the recipient in a session with this certificate.",
        "That is the answer the gateway would get, from this address and with this sender and recipient.",
        "documented",
        _ATTRIBUTION,
        "Nothing has to be mended.",
    ),
    "rehearse.refused": RuleDoc(
        "The real smart host answered 5.7.64, 5.7.51 or their like.",
        "Exchange Online does not recognise the gateway by this certificate.",
        "documented",
        _ATTRIBUTION,
        "certready explain with the quoted reply lists the causes; check with --tenant says which one it is.",
    ),
    "rehearse.inconclusive": RuleDoc(
        "The smart host's answer has another reason than the certificate, or a recipient it takes from anybody.",
        "Acceptance of the tenant's own recipient proves nothing, nor does a refusal of this host's address.",
        "documented",
        _ATTRIBUTION,
        "Rehearse from the address the gateway sends from, with a recipient outside of the tenant.",
    ),
    "rehearse.smart-host": RuleDoc(
        "What the smart host presented itself: name, certificate and TLS.",
        "A name that is guessed leads to another region or to nobody (451 4.4.62, ATTR35).",
        "documented",
        "Microsoft Learn, External DNS records",
        "Read the MX record of the domain: certready tenant --mx DOMAIN.",
    ),
}
