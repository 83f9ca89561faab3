"""What a gateway presents to the listener as TLS client."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import P, Rule, U, W, everywhere
from certready.rules.sources import rfc

CLIENT_CERTIFICATE = Rule(
    "listen.client-certificate",
    "The gateway presented a client certificate",
    what="In a session with certready listen the gateway presented a certificate as TLS client.",
    why="That is the certificate an inbound connector is compared with.",
    confidence="documented",
    sources=(sources.ATTRIBUTION,),
    weights=(everywhere(P),),
)

LISTENER_DISTRUSTED = Rule(
    "listen.distrusted",
    "The gateway distrusts the listener's own certificate",
    what="The gateway ended the session at, or right after, the listener's throw-away certificate.",
    why="That is right of it, and says nothing of the gateway's own certificate.",
    confidence="documented",
    sources=(rfc(7672, "1.3.2"), rfc(8446, "6.2")),
    weights=(
        everywhere(U),
        everywhere(W, "left", "it left after the handshake, when its certificate had been seen", counted=False),
    ),
    fix=(
        "Give the listener a certificate that the gateway trusts (--server-cert FILE, public, for the name it "
        'connects to), or let the gateway encrypt without verifying on the test route ("may" or "encrypt" in '
        'Postfix, no DomainValidation on the Exchange test connector, not "secure" in SEPPmail).'
    ),
)
