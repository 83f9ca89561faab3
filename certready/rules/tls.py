"""What a probe or a listener sees of TLS itself."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Rule, U, W, columns, everywhere
from certready.rules.sources import rfc

ESTABLISHED = Rule(
    "tls.established",
    "The gateway speaks TLS",
    what="The address was reached, and TLS 1.2 or 1.3 was established.",
    why="Without TLS no certificate is ever seen.",
    confidence="documented",
    sources=(rfc(3207),),
    weights=(everywhere(P),),
)

UNREACHABLE = Rule(
    "tls.unreachable",
    "The gateway could not be reached",
    what="The name cannot be resolved, the connection is refused or times out, or no SMTP banner comes.",
    why=(
        "Nothing was learnt about the gateway. Two causes are harmless: a firewall that only allows Microsoft's "
        "addresses, and a provider that blocks outgoing port 25."
    ),
    confidence="documented",
    sources=(rfc(5321, "3.1"), rfc(5321, "4.5.3.2")),
    weights=(everywhere(U),),
    fix="Probe again from a network that is let in and may connect to port 25, and check name, address and firewall.",
)

NO_STARTTLS = Rule(
    "tls.no-starttls",
    "The gateway offers no STARTTLS, or refuses it",
    what="The answer to EHLO lists no STARTTLS, a firewall has overwritten the word, or the command is refused.",
    why="An outbound connector that requires TLS cannot deliver: 451 5.7.3.",
    confidence="documented",
    sources=(rfc(3207), sources.HYBRID),
    weights=(
        columns(U, F, F),
        everywhere(U, "masked", "a firewall writes over the word (XXXX)"),
        everywhere(U, "refused", "EHLO or STARTTLS itself is refused"),
    ),
    fix="Enable STARTTLS on the gateway's listener with a certificate and a private key that it can read.",
)

DEFERRED = Rule(
    "tls.deferred",
    "The gateway answered with a temporary error",
    what="A 4xx code came in place of the banner, of STARTTLS or of TLS itself.",
    why="Greylisting and rate limits affect a probe too; nothing was learnt about the certificate.",
    confidence="documented",
    sources=(rfc(5321, "4.2.1"),),
    weights=(everywhere(U),),
    fix="Wait for a few minutes and probe again; exempt the probing host from greylisting and rate limits.",
)

HANDSHAKE_FAILED = Rule(
    "tls.handshake-failed",
    "The TLS handshake failed",
    what="STARTTLS was accepted and no session came up, or text was injected before it.",
    why="Exchange Online may fail in the same way: the cause lies with the gateway, or with a firewall in between.",
    confidence="documented",
    sources=(rfc(3207, "4.1"),),
    weights=(everywhere(U),),
    fix="Look into the gateway's TLS log for this moment: certificate, private key, TLS versions and ciphers.",
)

OLD_VERSION = Rule(
    "tls.old-version",
    "The gateway does not support TLS 1.2 or newer",
    what="TLS 1.2 and 1.3 were offered, and the gateway negotiated an older version.",
    why="Exchange Online has given up TLS 1.0 and 1.1.",
    confidence="documented",
    sources=(sources.ENCRYPTION, rfc(8996)),
    weights=(columns(U, F, F),),
    fix="Enable TLS 1.2 and TLS 1.3 on the gateway.",
)

NODES_DIFFER = Rule(
    "tls.nodes-differ",
    "The gateway's addresses do not all present the same",
    what="Certificate or chain differ between the addresses, or TLS works at some of them only.",
    why="Mail goes to any of the addresses, so it fails only sometimes, typically after a renewal.",
    confidence="reported",
    sources=(sources.FIELD,),
    weights=(
        everywhere(W),
        everywhere(F, "failing", "TLS works at some addresses and fails at others"),
    ),
    fix="Install the same certificate and intermediates on every node, and restart what still holds the old ones.",
)

DIRECTION = Rule(
    "tls.direction",
    "The connector looks at the gateway's other side",
    what=(
        "A probe sees the certificate the gateway presents as server, and an inbound connector looks at the one it "
        "presents as client; a listener sees the client's, and an outbound connector looks at the server's."
    ),
    why="The two may differ, so that nothing is proved for this connector.",
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
    what="A client with another kind of key, other suites or no server name is shown another certificate.",
    why="Exchange Online may be shown either; each is judged as a chain of its own.",
    confidence="documented",
    sources=(rfc(6066, "3"), rfc(8446, "4.4.2.2")),
    weights=(
        everywhere(P),
        everywhere(W, "no-name", "to a client that names no server"),
    ),
    fix=(
        "Make the gateway's default certificate the one it presents under its name: whether Exchange Online names "
        "the server is not documented."
    ),
)

NO_COMMON_CIPHER = Rule(
    "tls.no-common-cipher",
    "The gateway serves none of the TLS 1.2 suites that Exchange Online publishes",
    why=(
        "Microsoft's list is of 2019 and names RSA suites alone. With TLS 1.3, or with suites beyond the list, there "
        "may be a session all the same."
    ),
    confidence="documented",
    sources=(sources.ENCRYPTION,),
    weights=(
        everywhere(W),
        everywhere(U, "only", "and TLS 1.2 is all it speaks"),
    ),
    fix=(
        "Enable TLS 1.2 with ECDHE-RSA-AES256-GCM-SHA384 and ECDHE-RSA-AES128-GCM-SHA256 and an RSA certificate of "
        "at least 2048 bits."
    ),
)

UNSEEN_CERTIFICATE = Rule(
    "tls.unseen-certificate",
    "The gateway may have a certificate that was not seen",
    what="Whether the gateway has a certificate of one kind of key, or what clients that name no server see, is open.",
    why="Exchange Online may be shown the one that was not judged, and that one may be expired or incomplete.",
    confidence="documented",
    sources=(rfc(8446, "4.4.2.2"), rfc(6066, "3")),
    weights=(everywhere(U), everywhere(W, "gentle", "not asked for, with --gentle")),
    fix=(
        "Exempt the probing host from the gateway's limits on connections (Postfix: "
        "smtpd_client_event_limit_exceptions) and probe again; where it counts connections by the minute, wait for one "
        "first."
    ),
)

CLIENT_CERTIFICATE_DEMANDED = Rule(
    "tls.client-certificate-demanded",
    "The gateway demands a certificate of its client",
    what="The gateway ends the session of a client that presents no certificate.",
    why=(
        "Exchange Online presents Microsoft's own certificate, which the gateway must then accept; a probe has none "
        "and cannot show that."
    ),
    confidence="documented",
    sources=(sources.SET_OUTBOUND, rfc(8446, "4.4.2.4")),
    weights=(everywhere(U), everywhere(W, "judged", "its own certificate was seen")),
    fix=(
        "Let the gateway ask for a client certificate without insisting on one (Postfix: smtpd_tls_ask_ccert, not "
        "smtpd_tls_req_ccert; Exim: tls_try_verify_hosts, not tls_verify_hosts), or see to it that it trusts the roots "
        "of Exchange Online's own."
    ),
)

NO_CLIENT_CERTIFICATE = Rule(
    "tls.no-client-certificate",
    "The gateway presented no client certificate",
    what="In a session with certready listen the gateway was asked for one and presented none, or sent without TLS.",
    why="Exchange Online then has nothing to match a certificate connector on.",
    confidence="reported",
    sources=(sources.USE_CONNECTORS, sources.FIELD),
    weights=(columns(F, U, U),),
    fix=(
        "Tell the gateway which certificate to send with (TlsCertificateName of the Exchange send connector, "
        "smtp_tls_chain_files in Postfix 3.4 and newer, tls_certificate and tls_privatekey of Exim's smtp transport), "
        "and check that it can read the private key."
    ),
)
