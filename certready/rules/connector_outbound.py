"""The settings of outbound connectors."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import P, Rule, U, W, everywhere

NAME_WITHOUT_VALIDATION = Rule(
    "connector.name-without-validation",
    "TlsDomain is set, but the name is not validated",
    what="TlsDomain is set and TlsSettings is not DomainValidation.",
    why="The name is then never compared.",
    confidence="documented",
    sources=(sources.SET_OUTBOUND,),
    weights=(everywhere(W),),
    fix="Set TlsSettings to DomainValidation.",
)

NO_SMART_HOST = Rule(
    "connector.no-smart-host",
    "The connector has neither MX routing nor a smart host",
    what="UseMXRecord is false and SmartHosts is empty.",
    why="The connector has nowhere to deliver to.",
    confidence="documented",
    sources=(sources.SET_OUTBOUND,),
    weights=(everywhere(W),),
    fix="Name the gateway as its smart host.",
)

NO_TLS_DOMAIN = Rule(
    "connector.no-tls-domain",
    "DomainValidation is set without a TlsDomain",
    why="There is no name to compare the certificate with.",
    confidence="documented",
    sources=(sources.SET_OUTBOUND,),
    weights=(everywhere(U),),
    fix="Set TlsDomain to a name in the gateway's certificate.",
)

DANE_MANDATORY = Rule(
    "connector.dane-mandatory",
    "The connector insists on DANE",
    what="SmtpDaneMode is Mandatory.",
    why=(
        "Mail over the connector is held, and dropped after 24 hours, where the domain has no DANE or its TLSA record "
        "does not fit the certificate. Opportunistic holds it on a record that does not fit as well."
    ),
    confidence="documented",
    sources=(sources.DANE_MODES, sources.SET_OUTBOUND, sources.HOW_DANE_WORKS),
    weights=(everywhere(W),),
    fix=(
        "At each renewal of the gateway's certificate publish the new TLSA record first, and wait for its time to live."
    ),
)

TEST_MODE = Rule(
    "connector.test-mode",
    "The connector is in test mode",
    what="TestMode is true.",
    why="Such a connector is not listed unless asked for (documented), and is taken to carry test messages alone.",
    confidence="inferred",
    sources=(sources.SET_OUTBOUND,),
    weights=(everywhere(W),),
    fix="Set TestMode to false once the connector is proved.",
)

NOT_VALIDATED = Rule(
    "connector.not-validated",
    "The connector is not marked as validated",
    what="IsValidated is false.",
    why="Validate-OutboundConnector does not mark it by itself; the connector may work all the same.",
    confidence="documented",
    sources=(sources.VALIDATE_OUTBOUND,),
    weights=(everywhere(P),),
    fix="Prove it with Validate-OutboundConnector, then set IsValidated to true.",
)

SMART_HOST_LOOP = Rule(
    "connector.smart-host-loop",
    "The smart host of an outbound connector is Exchange Online itself",
    why="Unless that is another tenant's host, mail goes round until its hop count ends it (554 5.4.14).",
    confidence="inferred",
    sources=(sources.MAIL_LOOP,),
    weights=(everywhere(W),),
    fix="Name the gateway as the smart host instead.",
)
