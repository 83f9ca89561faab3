"""How strong the keys are, and of which family."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Rule, U, W, everywhere
from certready.rules.sources import baseline

STRONG = Rule(
    "key.strong",
    "The key is strong enough",
    what="Every key on the path has the size public CAs must ask for.",
    why="A weak key can be computed from the public one.",
    confidence="documented",
    sources=(baseline("6.1.5"),),
    weights=(everywhere(P),),
)

WEAK = Rule(
    "key.weak",
    "A key is too weak",
    what="A key is RSA under 2048 bits, or of a kind nobody should use.",
    why="Public CAs may not certify it; Exchange Online's own minimum is not published.",
    confidence="documented",
    sources=(baseline("6.1.5"),),
    weights=(everywhere(F), everywhere(U, "unreadable"), everywhere(U, "unknown"), everywhere(W, "odd-size")),
    fix="Request the certificate again with a new RSA key of 2048 bits or more.",
)

NOT_RSA = Rule(
    "key.not-rsa",
    "The key is not RSA",
    what="The leaf's key is ECDSA or another kind that is not RSA.",
    why=(
        "The cipher suites Microsoft publishes for mail (of 2019) are all for RSA; whether ECDSA works is found "
        "nowhere."
    ),
    confidence="inferred",
    sources=(sources.ENCRYPTION,),
    weights=(everywhere(W),),
    fix="RSA 2048 or more is the safe choice; otherwise prove the certificate against Exchange Online first.",
)
