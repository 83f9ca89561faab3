"""Whether an issuer has taken a certificate back."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Rule, U, W, everywhere
from certready.rules.sources import baseline, rfc

DOCUMENTED = (
    "Microsoft documents that outbound connectors with certificate validation check the revocation list, and nothing "
    "for inbound ones, whose gateway vendors require that the status can be checked. What Exchange Online makes of a "
    "check that nobody answers is not documented, so it is prudent to count it as a refusal."
)
_UNANSWERED = (everywhere(U, mode="require"), everywhere(W, mode="report"))

GOOD = Rule(
    "revocation.good",
    "The certificate is not revoked",
    what="An authentic, fresh OCSP answer or CRL says so.",
    why="Outbound connectors with certificate or domain validation check the revocation list.",
    confidence="documented",
    sources=(sources.NEW_OUTBOUND, rfc(5280, "6.3"), rfc(6960, "2.2")),
    weights=(
        everywhere(P),
        everywhere(W, "later", "the verdict is for a later moment than the answer"),
    ),
)

REVOKED = Rule(
    "revocation.revoked",
    "The certificate is revoked",
    what="An authentic answer says revoked, of the leaf or of an issuer.",
    why="A revoked certificate authenticates nobody; the key may be in other hands.",
    confidence="documented",
    sources=(rfc(5280, "5.3.1"),),
    weights=(everywhere(F),),
    fix="Request a new certificate with a new key, install it on every node, and find out why this one was revoked.",
)

UNREACHABLE = Rule(
    "revocation.unreachable",
    "No revocation source answered",
    what="No OCSP responder and no CRL address that the certificate names gave an answer.",
    why=DOCUMENTED,
    confidence="reported",
    sources=(sources.NEW_OUTBOUND, sources.SEPPMAIL),
    weights=_UNANSWERED,
    fix=(
        "Let this host reach the addresses named over HTTP, or give the answers at hand by --crl FILE or --ocsp FILE; "
        "if they are down for everybody, ask the CA."
    ),
)

UNKNOWN = Rule(
    "revocation.unknown",
    "The revocation status is unknown",
    what=(
        "There is an answer, and it does not speak of this certificate or says unknown; or the issuer is not known, or "
        "what the certificate says about where to ask cannot be read."
    ),
    why=f"Unknown is not good. {DOCUMENTED}",
    confidence="documented",
    sources=(rfc(6960, "2.2"), rfc(6960, "2.3"), sources.NEW_OUTBOUND),
    weights=_UNANSWERED,
    fix="Ask the CA why its responder or CRL says nothing about this certificate.",
)

STALE = Rule(
    "revocation.stale",
    "The answers about revocation are out of date",
    what="The nextUpdate of every answer has passed.",
    why=f"An old answer can hide a revocation. {DOCUMENTED}",
    confidence="documented",
    sources=(rfc(5280, "6.3.3"), sources.NEW_OUTBOUND),
    weights=_UNANSWERED,
    fix="Ask the CA to publish a fresh CRL or answer; check that no proxy serves an old copy and the clock is right.",
)

INVALID = Rule(
    "revocation.invalid",
    "The answers about revocation are not authentic or not readable",
    what="No answer is signed by the issuer or a responder it appointed and can be read.",
    why=f"Only an authentic answer counts: anybody can serve a file. {DOCUMENTED}",
    confidence="documented",
    sources=(rfc(5280, "6.3.3"), rfc(6960, "3.2"), sources.NEW_OUTBOUND),
    weights=_UNANSWERED,
    fix="Check that no proxy replaces the answer and, where one was given as a file, that it is the issuer's.",
)

NOT_CHECKABLE = Rule(
    "revocation.not-checkable",
    "The certificate has no revocation address over HTTP",
    what="The certificate names no OCSP responder and no CRL over http, and is not short-lived.",
    why=f"Nobody can ever check its status. {DOCUMENTED}",
    confidence="reported",
    sources=(baseline("7.1.2.11.2"), sources.NEW_OUTBOUND, sources.SEPPMAIL),
    weights=(everywhere(F, mode="require"), everywhere(W, mode="report")),
    fix="Use a certificate whose CA publishes a CRL or OCSP responder over http.",
)

SHORT_LIVED = Rule(
    "revocation.short-lived",
    "The certificate is short-lived and needs no revocation address",
    what="The certificate lives 7 days or less (10 if issued before 15 March 2026) and names no revocation address.",
    why="It expires before a CRL would help.",
    confidence="documented",
    sources=(baseline("1.6.1 and 4.9.7"),),
    weights=(everywhere(P),),
)

SKIPPED = Rule(
    "revocation.skipped",
    "Revocation was not checked",
    what="--revocation off was given.",
    why="The verdict then says nothing about it.",
    confidence="documented",
    sources=(sources.NEW_OUTBOUND,),
    weights=(everywhere(W, counted=False),),
    fix="Run without --revocation off: outbound connectors with certificate validation check revocation.",
)

STAPLE_MISSING = Rule(
    "revocation.staple-missing",
    "The certificate demands a stapled OCSP answer and the gateway sends none",
    what="The certificate has the must-staple feature, and an address sent no stapled OCSP answer.",
    why="Peers that honour the feature refuse the handshake.",
    confidence="documented",
    sources=(rfc(7633, "4.2.3"),),
    weights=(everywhere(W),),
    fix=(
        "Enable OCSP stapling on the gateway where it can (Exim can, Postfix cannot), or request a certificate without "
        "the must-staple feature."
    ),
)
