"""What the rules about bundle, chain, dates, usage and key are about."""

from __future__ import annotations

from collections.abc import Mapping

from certready.explain.model import RuleDoc

_NO_CREDENTIALS = "Microsoft support, TLS negotiation failed with error NoCredentials (KB 4495258)"
_UNTRUSTED = "Microsoft support, 450 4.4.317 UntrustedRoot"
_NOTHING = "Nothing has to be mended."
_RENEW = "Request a new certificate of a public CA (--remedies FILE.ps1 writes the request with its names)."

DOCS: Mapping[str, RuleDoc] = {
    "bundle.key-present": RuleDoc(
        "A private key came with the certificate, and its public half is the certificate's.",
        "A sender without a usable key silently presents no certificate at all.",
        "documented",
        _NO_CREDENTIALS,
        _NOTHING,
    ),
    "bundle.key-missing": RuleDoc(
        "The file holds the certificate without its private key.",
        "Judging needs no key, so this passes; the gateway cannot present the certificate without it.",
        "documented",
        _NO_CREDENTIALS,
        "See that the key is on the gateway: export a PFX with it, or keep the key file the request was made with.",
    ),
    "bundle.key-mismatch": RuleDoc(
        "A private key in the files is not the one the certificate was issued for.",
        "TLS cannot be established with it; the gateway presents nothing or fails to start.",
        "documented",
        _NO_CREDENTIALS,
        "Find the key the request was made with; if it is lost, request a new certificate.",
    ),
    "bundle.order": RuleDoc(
        "The certificates do not follow each other in the order of issue, leaf first.",
        "Most software sorts them; some sends them as they stand, and old peers then find no chain.",
        "documented",
        "RFC 5246, 7.4.2; RFC 8446, 4.4.2",
        "Leaf first, then each certificate's issuer. certready repair writes the file.",
    ),
    "bundle.root-included": RuleDoc(
        "The self-signed root came along, in the file or on the wire.",
        "In a file it does no harm. On the wire it is ballast: a peer trusts its own copy or none.",
        "documented",
        "RFC 8446, 4.4.2",
        "Leave the root out of what the gateway sends.",
    ),
    "bundle.unrelated-certificate": RuleDoc(
        "A certificate in the bundle is on no path from the leaf.",
        "It is sent for nothing, and often stands where the right intermediate should be.",
        "documented",
        "RFC 8446, 4.4.2",
        "Take it out, and see that no intermediate is missing.",
    ),
    "bundle.legacy-encryption": RuleDoc(
        "The PFX is encrypted with RC2, 3DES or SHA-1.",
        "OpenSSL 3 and newer systems refuse to open it without their legacy provider.",
        "documented",
        "RFC 7292, appendix C; OpenSSL 3 migration guide",
        "Export it again with AES-256, where every system that imports it is recent.",
    ),
    "bundle.modern-encryption": RuleDoc(
        "The PFX is encrypted with AES and SHA-256.",
        "Windows Server 2016 and older cannot import it, and say that the password is wrong.",
        "documented",
        "Export-PfxCertificate, -CryptoAlgorithmOption",
        "For old Windows export it with TripleDES_SHA1.",
    ),
    "bundle.several-leaves": RuleDoc(
        "The bundle holds more than one end-entity certificate.",
        "Which one a gateway presents then depends on its software.",
        "reported",
        "Field reports on wrong certificates presented",
        "One certificate with its issuers in each file.",
    ),
    "chain.trusted": RuleDoc(
        "The chain, as sent, leads over verified signatures to a root of the store.",
        "Exchange Online accepts certificates of public CAs in Microsoft's root programme alone.",
        "documented",
        _UNTRUSTED,
        _NOTHING,
    ),
    "chain.incomplete": RuleDoc(
        "The path ends at a certificate whose issuer was not sent and is not in the store.",
        "Exchange Online fetches no missing intermediate: inbound the gateway is not recognised (5.7.64), outbound "
        "delivery stops with 4.4.317 UntrustedRoot.",
        "documented",
        _UNTRUSTED,
        "Send the whole chain. certready repair completes the bundle; every node needs it.",
    ),
    "chain.untrusted-root": RuleDoc(
        "The path ends in a self-signed certificate that is not in the root store.",
        "A private CA, or a public one outside Microsoft's programme, authenticates nobody at Exchange Online.",
        "documented",
        "Microsoft, hybrid certificate requirements; KB 2888788",
        _RENEW,
    ),
    "chain.self-signed": RuleDoc(
        "The certificate was signed with its own key.",
        "It is typically the mail server's default certificate; Exchange Online never accepts it.",
        "documented",
        "KB 2888788",
        "Install the CA's certificate and choose it for outgoing TLS. " + _RENEW,
    ),
    "chain.invalid": RuleDoc(
        "The path reaches a root over a certificate that may not be there: not a CA, path length, key usage, an EKU "
        "without TLS, name constraints, an unknown critical extension or a bad signature.",
        "No validator accepts such a path.",
        "documented",
        "RFC 5280, 6.1",
        "Send the chain that the CA publishes, or have the certificate reissued.",
    ),
    "chain.strict-clients-refuse": RuleDoc(
        "A verifier as strict as browsers refuses a path that a general one accepts.",
        "Whether Exchange Online is as strict is not published; others are.",
        "inferred",
        "CA/B Baseline Requirements, 7.1.2",
        "Have the certificate reissued where partners complain.",
    ),
    "chain.weak-signature": RuleDoc(
        "A certificate below the root is signed with SHA-1 or MD5.",
        "Microsoft 365 accepts no SHA-1 certificate in either direction since June 2016.",
        "documented",
        "KB 3027536",
        _RENEW,
    ),
    "chain.root-restricted": RuleDoc(
        "Microsoft's list limits the root: disabled, not for certificates issued after a date, or not for TLS.",
        "A plain list of roots drops these limits and says trusted.",
        "documented",
        "Microsoft certificate trust list (authroot.stl)",
        "Use a certificate of a CA whose root is not limited.",
    ),
    "chain.store-old": RuleDoc(
        "The root list that was judged by is over 90 days old.",
        "Microsoft publishes a new one about every month; a CA may have come or gone.",
        "documented",
        "Microsoft Trusted Root Program, release notes",
        "certready trust shows the lists and how to refresh them.",
    ),
    "chain.other-store": RuleDoc(
        "Another root store than Microsoft's was chosen.",
        "The answer then holds for that store; Exchange Online uses Microsoft's.",
        "documented",
        _UNTRUSTED,
        "Leave --trust out for the answer that counts.",
    ),
    "chain.too-complex": RuleDoc(
        "The search for a path was ended by a cap on work.",
        "Certificates that sign each other are cheap to make; what was not searched cannot be called fine.",
        "inferred",
        "certready's own limit",
        "Send the leaf and its intermediates alone.",
    ),
    "expiry.valid": RuleDoc(
        "The moment judged lies within the dates of every certificate on the path.",
        "An expired certificate authenticates nobody.",
        "documented",
        "RFC 5280, 4.1.2.5",
        _NOTHING,
    ),
    "expiry.expired": RuleDoc(
        "A certificate of the path is past its notAfter.",
        "Inbound the gateway is no longer recognised (5.7.64); outbound delivery stops with 4.4.317.",
        "documented",
        "Exchange Team Blog, TLS certificates in Exchange hybrid (techcommunity 4420592)",
        _RENEW + " certready diff OLD NEW rehearses the change.",
    ),
    "expiry.not-yet-valid": RuleDoc(
        "A certificate of the path is before its notBefore.",
        "It is refused like an expired one.",
        "documented",
        "RFC 5280, 4.1.2.5",
        "Wait, or set the clock of the machine right.",
    ),
    "expiry.soon": RuleDoc(
        "Less than a third of the lifetime, at most 30 days, is left (--expiry-warning changes that).",
        "Lifetimes shrink (200 days since March 2026, 100 from March 2027, 47 from March 2029), so whole days alone "
        "warn too late or always.",
        "documented",
        "CA/B Baseline Requirements, 6.3.2",
        _RENEW + " certready diff OLD NEW rehearses the change.",
    ),
    "expiry.issuer-first": RuleDoc(
        "An issuer on the path expires before the leaf.",
        "From that day the chain is invalid although the leaf is not.",
        "documented",
        "RFC 5280, 6.1.3",
        "Ask the CA which chain to send from then on, and renew before that day.",
    ),
    "expiry.lifetime-too-long": RuleDoc(
        "The certificate is valid for longer than public CAs might issue at its notBefore.",
        "It is hardly of a public CA, or was issued wrongly.",
        "documented",
        "CA/B Baseline Requirements, 6.3.2",
        _RENEW,
    ),
    "usage.server-auth": RuleDoc(
        "The extended key usage allows TLS servers, or is absent.",
        "Outbound the gateway is the server. Inbound Exchange engines are seen to build the chain for serverAuth too.",
        "inferred",
        "RFC 5280, 4.2.1.12",
        _NOTHING,
    ),
    "usage.server-auth-missing": RuleDoc(
        "The extended key usage is there and lacks serverAuth.",
        "Outbound it cannot be a server's certificate. Inbound the effect is only inferred, hence unknown.",
        "inferred",
        "CA/B Baseline Requirements, 7.1.2.7.10",
        "Request a TLS server certificate.",
    ),
    "usage.client-auth-missing": RuleDoc(
        "The extended key usage is there and lacks clientAuth.",
        "Microsoft does not say whether Exchange Online asks for it; evidence points both ways. Public CAs stop "
        "issuing it: Let's Encrypt ended it on 8 July 2026, DigiCert does on 1 March 2027. Some gateways refuse "
        "to send with it.",
        "inferred",
        "Let's Encrypt, Ending TLS client authentication; NoSpamProxy notice",
        "Prove it by certready listen or a test message before the old certificate goes.",
    ),
    "usage.key-usage": RuleDoc(
        "The key usage lacks digitalSignature, or is odd for TLS.",
        "Strict peers refuse the handshake.",
        "documented",
        "RFC 5280, 4.2.1.3; RFC 8446, 4.4.2.2",
        "Have it issued with a TLS server profile.",
    ),
    "key.strong": RuleDoc(
        "Every key on the path has the size public CAs must ask for.",
        "A weak key can be computed from the public one.",
        "documented",
        "CA/B Baseline Requirements, 6.1.5",
        _NOTHING,
    ),
    "key.weak": RuleDoc(
        "A key is RSA under 2048 bits, or of a kind nobody should use.",
        "Public CAs may not certify it; Exchange Online's own minimum is not published.",
        "documented",
        "CA/B Baseline Requirements, 6.1.5",
        _RENEW,
    ),
    "key.not-rsa": RuleDoc(
        "The leaf's key is ECDSA or another kind that is not RSA.",
        "The cipher suites Microsoft publishes for mail (of 2019) are all for RSA; whether ECDSA works is found "
        "nowhere.",
        "inferred",
        "Microsoft Learn, Technical reference details about encryption",
        "RSA 2048 or more is the safe choice; otherwise prove it with certready rehearse.",
    ),
}
