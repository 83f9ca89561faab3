"""The rules of :mod:`certready.checks.revocation`, and what is documented about Exchange Online and revocation."""

from __future__ import annotations

from certready.model.report import Rule

DOCUMENTED = (
    "Microsoft documents that outbound connectors with certificate validation check the revocation list, and nothing "
    "for inbound ones, whose gateway vendors require that the status can be checked. What Exchange Online makes of a "
    "check that nobody answers is not documented, so it is prudent to count it as a refusal."
)
ASK_AGAIN = (
    "Let this host reach the addresses named over HTTP, or give the answers at hand by --crl FILE or --ocsp FILE; if "
    "they are down for everybody, ask the CA."
)
CONNECTORS = "Microsoft Learn: New-OutboundConnector, TlsSettings"

GOOD = Rule("revocation.good", "The certificate is not revoked", reference="RFC 5280, 6.3; RFC 6960, 2.2")
REVOKED = Rule(
    "revocation.revoked",
    "The certificate is revoked",
    fix="Request a new certificate with a new key, install it on every node, and find out why this one was revoked.",
    reference="RFC 5280, 5.3.1",
)
UNREACHABLE = Rule(
    "revocation.unreachable",
    "Nobody answered whether the certificate is revoked",
    fix=ASK_AGAIN,
    reference=CONNECTORS,
)
UNKNOWN = Rule(
    "revocation.unknown",
    "It is not known whether the certificate is revoked",
    fix="Ask the CA why its responder or CRL says nothing about this certificate.",
    reference="RFC 6960, 2.2 and 2.3",
)
STALE = Rule(
    "revocation.stale",
    "The answers about revocation are out of date",
    fix="Ask the CA to publish a fresh CRL or answer; check that no proxy serves an old copy and the clock is right.",
    reference="RFC 5280, 6.3.3",
)
INVALID = Rule(
    "revocation.invalid",
    "The answers about revocation are not authentic or not readable",
    fix="Check that no proxy replaces the answer and, where one was given as a file, that it is the issuer's.",
    reference="RFC 5280, 6.3.3; RFC 6960, 3.2",
)
NOT_CHECKABLE = Rule(
    "revocation.not-checkable",
    "The certificate names no place where revocation can be asked over HTTP",
    fix="Use a certificate whose CA publishes a CRL or OCSP responder over http.",
    reference="CA/B Baseline Requirements, 7.1.2.11.2",
)
SHORT_LIVED = Rule(
    "revocation.short-lived",
    "The certificate is so short-lived that it need not be revocable",
    reference="CA/B Baseline Requirements, 1.6.1 and 4.9.7",
)
SKIPPED = Rule(
    "revocation.skipped",
    "Revocation was not asked",
    fix="Run without --revocation off: outbound connectors with certificate validation check revocation.",
    reference=CONNECTORS,
)
STAPLE_MISSING = Rule(
    "revocation.staple-missing",
    "The certificate demands a stapled OCSP answer and the gateway sends none",
    fix="Enable OCSP stapling on the gateway, or request a certificate without the must-staple feature.",
    reference="RFC 7633, 4.2.3",
)

RULES = (
    GOOD,
    REVOKED,
    UNREACHABLE,
    UNKNOWN,
    STALE,
    INVALID,
    NOT_CHECKABLE,
    SHORT_LIVED,
    SKIPPED,
    STAPLE_MISSING,
)
