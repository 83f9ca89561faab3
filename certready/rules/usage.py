"""What the certificate may be used for."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import ENCODE_CORRECTLY, F, P, Rule, U, W, columns, everywhere
from certready.rules.sources import baseline, rfc

SERVER_AUTH = Rule(
    "usage.server-auth",
    "The certificate is for TLS servers",
    what="The extended key usage allows TLS servers, or is absent.",
    why="Outbound the gateway is the server. Inbound Exchange engines are seen to build the chain for serverAuth too.",
    confidence="inferred",
    sources=(rfc(5280, "4.2.1.12"),),
    weights=(everywhere(P),),
)

SERVER_AUTH_MISSING = Rule(
    "usage.server-auth-missing",
    "The certificate is not for TLS servers",
    what="The extended key usage is there and lacks serverAuth.",
    why="Outbound it cannot be a server's certificate. Inbound the effect is only inferred, hence unknown.",
    confidence="inferred",
    sources=(rfc(5280, "4.2.1.12"), baseline("7.1.2.7.10")),
    weights=(columns(U, F, F),),
    fix="Request a TLS server certificate: extended key usage serverAuth.",
)

CLIENT_AUTH_MISSING = Rule(
    "usage.client-auth-missing",
    "The certificate is not for TLS clients",
    what="The extended key usage is there and lacks clientAuth.",
    why=(
        "Microsoft documents no requirement either way; one gateway vendor (NoSpamProxy) says that it is needed. "
        "Public CAs are ending clientAuth: Let's Encrypt stopped on 2026-02-11 (its tlsclient profile on 2026-07-08), "
        "DigiCert stops on 2027-03-01, and Chrome's root programme asks for serverAuth alone in new certificates from "
        "2027-03-15."
    ),
    confidence="inferred",
    sources=(
        rfc(5280, "4.2.1.12"),
        sources.NOSPAMPROXY,
        sources.LETS_ENCRYPT,
        sources.PROFILES,
        sources.DIGICERT,
        sources.CHROME,
    ),
    weights=(columns(W, None, None),),
    fix=(
        "Check that the gateway's software presents it as client all the same, and prove it by certready listen or a "
        "test message before the old certificate goes."
    ),
)

KEY_USAGE = Rule(
    "usage.key-usage",
    "The key usage is unusual for a TLS certificate",
    what="The key usage lacks digitalSignature, or allows signing certificates though it is no CA's.",
    why="TLS 1.3 and every ECDHE suite sign with the key; strict peers refuse the handshake.",
    confidence="documented",
    sources=(rfc(5280, "4.2.1.3"), rfc(8446, "4.4.2.2")),
    weights=(everywhere(W),),
    fix="Request the certificate again with a TLS server profile: key usage digitalSignature.",
)

UNREADABLE = Rule(
    "usage.unreadable",
    "The certificate's key usage cannot be read",
    what="The certificate has an extended key usage or a key usage that cannot be decoded.",
    why="What cannot be read is not absent: it may forbid the use, and other readers may refuse the certificate.",
    confidence="documented",
    sources=(rfc(5280, "4.2.1.3 and 4.2.1.12"),),
    weights=(everywhere(U),),
    fix=ENCODE_CORRECTLY,
)
