"""How strong the keys are, and of which family."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Rule, U, W, everywhere
from certready.rules.sources import baseline

STRONG = Rule(
    "key.strong",
    "The key is strong enough",
    what="The leaf's key is RSA of 2048 bits or more, ECDSA of 256 bits or more, Ed25519 or Ed448.",
    why="A weak private key can be computed from the public one.",
    confidence="documented",
    sources=(baseline("6.1.5"),),
    weights=(everywhere(P),),
)

WEAK = Rule(
    "key.weak",
    "A key is weak, unusual or unreadable",
    what="A key of the path below the root is RSA under 2048 bits, or of a kind nobody should use.",
    why="Public CAs may not certify it; Exchange Online's own minimum is not published.",
    confidence="documented",
    sources=(baseline("6.1.5"),),
    weights=(
        everywhere(F),
        everywhere(U, "unreadable", "the certificate cannot be read"),
        everywhere(U, "unknown", "the algorithm is none that TLS servers and public CAs use"),
        everywhere(W, "odd-size", "an RSA length that is no multiple of 8 bits"),
    ),
    fix="Request the certificate again with a new RSA key of 2048 bits or more.",
)

NOT_RSA = Rule(
    "key.not-rsa",
    "The key is not RSA",
    what="The leaf's key is ECDSA or another kind that is not RSA.",
    why=(
        "Every cipher suite that Microsoft published for Exchange Online (2019, TLS 1.2) authenticates with RSA; "
        "whether another key is accepted is documented neither way. One report of 2023 saw Microsoft's servers "
        "deliver to a gateway with an ECDSA certificate alone; about client certificates nothing was found."
    ),
    confidence="inferred",
    sources=(sources.ENCRYPTION, sources.FIELD),
    weights=(everywhere(W),),
    fix="RSA 2048 or more is the safe choice; otherwise prove the certificate with certready rehearse first.",
)
