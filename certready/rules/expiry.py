"""The dates of every certificate on the path."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Rule, U, W, everywhere
from certready.rules.sources import baseline, rfc

VALID = Rule(
    "expiry.valid",
    "The dates of the chain's certificates",
    what="The moment judged lies within the dates of every certificate on the path.",
    why="An expired certificate authenticates nobody.",
    confidence="documented",
    sources=(rfc(5280, "4.1.2.5"),),
    weights=(
        everywhere(P),
        everywhere(U, "unreadable", "the certificate cannot be read"),
    ),
)

EXPIRED = Rule(
    "expiry.expired",
    "A certificate has expired",
    what="A certificate of the path is past its notAfter.",
    why=(
        "Inbound the gateway is no longer recognised (5.7.64), or, as reported, the session ends without a reply; "
        "outbound delivery stops with 4.4.317."
    ),
    confidence="documented",
    sources=(rfc(5280, "4.1.2.5"), sources.HYBRID, sources.EXPIRED_CLIENT),
    weights=(everywhere(F),),
    fix="Renew it and install the new one on every node; certready diff OLD NEW rehearses the change.",
)

NOT_YET_VALID = Rule(
    "expiry.not-yet-valid",
    "A certificate is not yet valid",
    what="A certificate of the path is before its notBefore.",
    why="It is refused like an expired one, and inbound the session may end without a reply.",
    confidence="documented",
    sources=(rfc(5280, "4.1.2.5"),),
    weights=(everywhere(F),),
    fix="Wait until it is valid, or check the clock of the machine.",
)

SOON = Rule(
    "expiry.soon",
    "A certificate expires soon",
    what="Less than a third of the lifetime, at most 30 days, is left (--expiry-warning changes that).",
    why=(
        "Lifetimes shrink (200 days since March 2026, 100 from March 2027, 47 from March 2029), so whole days alone "
        "warn too late or always."
    ),
    confidence="documented",
    sources=(baseline("6.3.2"),),
    weights=(everywhere(W),),
    fix="Renew it in time.",
)

ISSUER_FIRST = Rule(
    "expiry.issuer-first",
    "An issuer expires before the leaf",
    why="From that day the chain is invalid although the leaf is not.",
    confidence="documented",
    sources=(rfc(5280, "6.1.3"),),
    weights=(everywhere(W),),
    fix="Ask the CA which chain to send once that issuer has expired, and renew before then.",
)

LIFETIME = Rule(
    "expiry.lifetime-too-long",
    "The certificate is valid for longer than public CAs may issue",
    what="Its lifetime exceeds the limit that bound public CAs on the day it was issued.",
    why="Either no public CA issued it, or one did so against the rules.",
    confidence="documented",
    sources=(baseline("6.3.2"),),
    weights=(everywhere(W),),
    fix="Have it reissued by a public CA.",
)
