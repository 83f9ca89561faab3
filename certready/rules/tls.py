"""What a probe or a listener sees of TLS itself."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Rule, U, W, columns, everywhere
from certready.rules.sources import rfc

ESTABLISHED = Rule(
    "tls.established",
    "The gateway speaks TLS",
    what="STARTTLS and the handshake worked.",
    why="Without TLS no certificate is ever seen.",
    confidence="documented",
    sources=(rfc(3207),),
    weights=(everywhere(P),),
)

UNREACHABLE = Rule(
    "tls.unreachable",
    "The gateway could not be spoken to",
    what="The name cannot be resolved, the connection is refused or times out, or no SMTP banner comes.",
    why=(
        "Two causes are nobody's fault: a firewall that admits Microsoft's addresses alone, and a provider that "
        "blocks outgoing port 25."
    ),
    confidence="documented",
    sources=(rfc(5321, "3.1"), rfc(5321, "4.5.3.2")),
    weights=(everywhere(U),),
    fix="Probe again from a network that is let in and may connect to port 25, and check name, address and firewall.",
)

NO_STARTTLS = Rule(
    "tls.no-starttls",
    "The gateway offers no STARTTLS",
    what="The gateway's greeting offers no STARTTLS, or a firewall has overwritten it (XXXX).",
    why="An outbound connector that requires TLS cannot deliver: 451 5.7.3.",
    confidence="documented",
    sources=(rfc(3207), sources.HYBRID),
    weights=(columns(U, F, F), everywhere(U, "masked"), everywhere(U, "refused")),
    fix="Enable STARTTLS on the gateway's listener with a certificate that it can read.",
)

DEFERRED = Rule(
    "tls.deferred",
    "The gateway put us off with a temporary error",
    what="The gateway answered with a temporary error.",
    why="Greylisting and rate limits meet a probe too; nothing was learnt about the certificate.",
    confidence="documented",
    sources=(rfc(5321, "4.2.1"),),
    weights=(everywhere(U),),
    fix="Wait for a few minutes and probe again; exempt the probing host from greylisting and rate limits.",
)

HANDSHAKE_FAILED = Rule(
    "tls.handshake-failed",
    "The TLS handshake failed",
    what="STARTTLS was accepted and the handshake failed, or text was injected before it.",
    why="Exchange Online would not get through either; the cause is on the gateway or between.",
    confidence="documented",
    sources=(rfc(3207, "4.1"),),
    weights=(everywhere(U),),
    fix="Look into the gateway's TLS log for this moment: certificate, private key, TLS versions and ciphers.",
)

OLD_VERSION = Rule(
    "tls.old-version",
    "The gateway knows no TLS version from 1.2 up",
    what="The gateway negotiates nothing from TLS 1.2 up.",
    why="Exchange Online has given up TLS 1.0 and 1.1.",
    confidence="documented",
    sources=(sources.ENCRYPTION, rfc(8996)),
    weights=(columns(U, F, F),),
    fix="Enable TLS 1.2 and TLS 1.3 on the gateway; Exchange Online has given up TLS 1.0 and 1.1.",
)

NODES_DIFFER = Rule(
    "tls.nodes-differ",
    "The addresses of the gateway do not all present the same",
    what="The addresses of the gateway do not all present the same certificate, chain or TLS.",
    why="Mail then fails only sometimes, after a renewal above all.",
    confidence="reported",
    sources=(sources.FIELD,),
    weights=(everywhere(W), everywhere(F, "failing")),
    fix="Install the same certificate and intermediates on every node, and restart what still holds the old ones.",
)

DIRECTION = Rule(
    "tls.direction",
    "A probe shows the wrong side of the gateway for an inbound connector",
    what="A probe sees the server certificate; an inbound connector meets the client certificate.",
    why="The two may differ, so the probe proves nothing inbound.",
    confidence="inferred",
    sources=(sources.SET_SEND,),
    weights=(everywhere(U),),
    fix=(
        "Let the gateway send one message to certready listen, or present its file to Exchange Online with certready "
        "rehearse: both show the client's side. Add --same-certificate only where you know that the gateway presents "
        "this very certificate as client too."
    ),
)

SEVERAL = Rule(
    "tls.several-certificates",
    "The gateway presents another certificate to other clients",
    what="The gateway presents another certificate for another server name or kind of key.",
    why="Exchange Online may see one that was not judged.",
    confidence="documented",
    sources=(rfc(6066, "3"), rfc(8446, "4.4.2.2")),
    weights=(everywhere(P), everywhere(W, "no-name")),
    fix=(
        "Make the gateway's default certificate the one it presents under its name: whether Exchange Online names "
        "the server is not documented."
    ),
)

NO_COMMON_CIPHER = Rule(
    "tls.no-common-cipher",
    "The gateway serves none of the TLS 1.2 suites that Exchange Online publishes",
    what="The gateway serves none of the TLS 1.2 cipher suites that Microsoft publishes.",
    why="With TLS 1.2 there would be no session; with TLS 1.3 there may be one.",
    confidence="documented",
    sources=(sources.ENCRYPTION,),
    weights=(everywhere(W), everywhere(U, "only")),
    fix=(
        "Enable TLS 1.2 with ECDHE-RSA-AES256-GCM-SHA384 and ECDHE-RSA-AES128-GCM-SHA256 and an RSA certificate of "
        "at least 2048 bits."
    ),
)

NO_CLIENT_CERTIFICATE = Rule(
    "tls.no-client-certificate",
    "The gateway presented no client certificate",
    what="In a session with certready listen the gateway presented none, or sent its mail without TLS.",
    why="Without one no certificate connector can match.",
    confidence="reported",
    sources=(sources.USE_CONNECTORS, sources.FIELD),
    weights=(columns(F, U, U),),
    fix=(
        "Tell the gateway which certificate to send with: TlsCertificateName of the Exchange send connector, "
        "smtp_tls_cert_file and smtp_tls_key_file (Postfix), tls_certificate and tls_privatekey of the smtp "
        "transport (Exim); and check that it can read the private key."
    ),
)
