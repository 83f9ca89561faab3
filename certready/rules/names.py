"""The names of the certificate, the connector's value and the accepted domains."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import ENCODE_CORRECTLY, F, P, Rule, U, W, columns, everywhere, relaying
from certready.rules.sources import baseline, rfc

CONNECTOR_MATCH = Rule(
    "names.connector-match",
    "A name on the certificate matches the connector",
    what="CN or a DNS name of the certificate is what TlsSenderCertificateName or TlsDomain asks for.",
    why="By it Exchange Online knows the gateway (inbound) and checks it (outbound).",
    confidence="documented",
    sources=(sources.SET_INBOUND, sources.SET_OUTBOUND),
    weights=(columns(P, None, P),),
)

CONNECTOR_MISMATCH = Rule(
    "names.connector-mismatch",
    "No name on the certificate matches the connector",
    what=(
        "No name of the certificate satisfies the connector's value. *.P stands for P and its hosts; that a plain "
        "value stands for itself alone is inferred from the cmdlet's example."
    ),
    why="Inbound: 550 5.7.64 or 5.7.51. Outbound: 4.4.317 SubjectMismatch.",
    confidence="documented",
    sources=(sources.SET_INBOUND, sources.SET_OUTBOUND, sources.HYBRID),
    weights=(
        columns(F, None, F),
        columns(None, None, U, "no-value", "the connector asks for domain validation and has no TlsDomain"),
    ),
    fix="Change the connector's value, or have the certificate issued with the name the connector asks for.",
)

CONNECTOR_MATCH_UNCERTAIN = Rule(
    "names.connector-match-uncertain",
    "Whether a name matches the connector is not clearly documented",
    what=(
        "A plain value is met by a wildcard certificate alone, a name lies more than one label under *.P, the only "
        "matching name is not plain ASCII, or it is a CN that the chain's name constraints exclude."
    ),
    why=(
        "The first is only inferred; on the second the cmdlet's page (all subdomains) and on-premises behaviour (one "
        "label) differ; about the others nothing is published."
    ),
    confidence="inferred",
    sources=(sources.SET_INBOUND,),
    weights=(
        columns(W, None, W, "wildcard-certificate", "a wildcard in the certificate meets a plain value"),
        columns(U, None, U, "deep", "the name lies more than one label under *.P"),
        columns(U, None, U, "issuer", "the value also names an issuer, which is not compared"),
        columns(U, None, U, "not-ascii", "the matching name is not plain ASCII"),
        columns(U, None, U, "excluded", "it is a CN that the chain's name constraints exclude"),
    ),
    fix="Make the connector's value and a name of the certificate the same.",
)

ACCEPTED_DOMAIN = Rule(
    "names.accepted-domain",
    "The connector's domain is an accepted domain",
    what="The domain of the inbound connector's value is an accepted domain of the tenant.",
    why="Then the certificate attributes every message, whatever its sender, bounces and forwarded mail included.",
    confidence="documented",
    sources=(sources.ATTRIBUTION,),
    weights=(relaying(P),),
)

DOMAIN_NOT_ACCEPTED = Rule(
    "names.domain-not-accepted",
    "The connector's domain is not an accepted domain of the tenant",
    why=(
        "The certificate then attributes nothing. Mail with an accepted sender domain may still pass, which Microsoft "
        "calls an anti-pattern (MC1226222); bounces, forwarded mail and foreign senders are refused (5.7.64, 5.7.51)."
    ),
    confidence="documented",
    sources=(sources.RELAY, sources.ATTRIBUTION),
    weights=(relaying(F),),
    fix="Register and verify the domain in the Microsoft 365 admin center, or use a name under an accepted domain.",
)

DOMAIN_ACCEPTANCE_UNCERTAIN = Rule(
    "names.domain-acceptance-uncertain",
    "Whether the connector's domain counts as accepted is not clearly documented",
    what="Only a subdomain of the wildcard's domain is accepted, or a parent with MatchSubDomains.",
    why="One note of 2017 allows the first; about the second nothing is published.",
    confidence="inferred",
    sources=(sources.ATTRIBUTION, sources.THREE_KEY_POINTS),
    weights=(relaying(U),),
    fix="Register the connector's own domain as an accepted domain.",
)

ACCEPTED_DOMAINS_UNKNOWN = Rule(
    "names.accepted-domains-unknown",
    "The tenant's accepted domains are not known",
    why="Without them, whether the certificate attributes mail is unknown.",
    confidence="documented",
    sources=(sources.ATTRIBUTION,),
    weights=(relaying(U),),
    fix="Give what Get-AcceptedDomain prints in a tenant file, or each domain with --accepted-domain.",
)

NO_CONNECTOR = Rule(
    "names.no-connector",
    "No connector was given to compare the names with",
    why="A certificate is ready for something, not by itself.",
    confidence="inferred",
    sources=(sources.OWN,),
    weights=(everywhere(U),),
    fix=(
        "Give --inbound VALUE, --outbound VALUE or --tenant FILE; --certificate-only judges the certificate by itself."
    ),
)

HOSTNAME_MATCH = Rule(
    "names.hostname-match",
    "The certificate covers the gateway's host name",
    what="CN or a DNS name covers the host name given with --hostname.",
    why="Gateway vendors ask for it; Exchange Online does not compare it.",
    confidence="reported",
    sources=(rfc(9525, "6.3"), sources.SEPPMAIL),
    weights=(everywhere(P),),
)

HOSTNAME_MISMATCH = Rule(
    "names.hostname-mismatch",
    "The certificate does not cover the gateway's host name",
    what="Neither CN nor a DNS name covers the host name given with --hostname.",
    why="Exchange Online does not compare it, but the gateway's vendor asks for it, and DANE or MTA-STS may.",
    confidence="reported",
    sources=(rfc(9525, "6.3"), sources.SEPPMAIL),
    weights=(everywhere(F),),
    fix="Have the certificate issued with the gateway's public host name in its subject alternative name.",
)

NO_COMMON_NAME = Rule(
    "names.no-common-name",
    "The subject has no CN",
    why=(
        "That is normal today (Let's Encrypt's tlsserver profile). Exchange's TlsCertificateName then ends in an empty "
        "<S>."
    ),
    confidence="documented",
    sources=(baseline("7.1.4.3"), sources.PROFILES),
    weights=(everywhere(P),),
    fix="Nothing, unless Exchange Server sends with it: then have it issued with a CN.",
)

COMMON_NAME_ONLY = Rule(
    "names.common-name-only",
    "The certificate has a CN but no DNS name in its subject alternative name",
    why="Exchange Online reads CN or SAN; strict peers read the SAN alone.",
    confidence="documented",
    sources=(baseline("7.1.2.7.12"),),
    weights=(everywhere(W),),
    fix="Have the certificate issued with its names in the subject alternative name.",
)

MANY_NAMES = Rule(
    "names.many-names",
    "The certificate has over 100 names",
    why=(
        "Exchange Server ignores all alternative names beyond a limit and reads the CN alone (event 11024); Exchange "
        "Online's limit is not published."
    ),
    confidence="documented",
    sources=(sources.TOO_MANY_NAMES,),
    weights=(everywhere(W),),
    fix="Have a certificate issued with the names of this gateway alone.",
)

UNREADABLE = Rule(
    "names.unreadable",
    "Names of the certificate cannot be read",
    what="The subject or the subject alternative name is there and cannot be decoded, as a whole or in part.",
    why="What cannot be read is not absent: the name that the connector asks for may be among it, or not.",
    confidence="documented",
    sources=(rfc(5280, "4.2.1.6"),),
    weights=(everywhere(U),),
    fix=ENCODE_CORRECTLY,
)
