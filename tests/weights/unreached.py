"""Cells of the severity table that no situation reaches, and why: a change of one of these changes no report."""

from __future__ import annotations

from tests.weights.table import Column

INBOUND: tuple[Column, ...] = ("inbound", "partner")
OUTBOUND: tuple[Column, ...] = ("certificate-validation", "domain-validation")
NOT_INBOUND: tuple[Column, ...] = ("partner", *OUTBOUND)
NOT_PARTNER: tuple[Column, ...] = ("inbound", *OUTBOUND)
NOT_DOMAIN: tuple[Column, ...] = (*INBOUND, "certificate-validation")

_BY_REASON: dict[str, tuple[tuple[Column, ...], tuple[str, ...]]] = {
    "there is no connector, which counts like an inbound one": (NOT_INBOUND, ("names.no-connector",)),
    "accepted domains are compared for inbound connectors": (
        OUTBOUND,
        (
            "names.accepted-domain",
            "names.domain-not-accepted",
            "names.domain-acceptance-uncertain",
            "names.accepted-domains-unknown",
        ),
    ),
    "it is about DomainValidation": (NOT_DOMAIN, ("names.connector-mismatch/no-value", "connector.no-tls-domain")),
    "it is a setting of inbound connectors": (
        OUTBOUND,
        (
            "connector.trusted-organizations",
            "connector.overlap",
            "connector.internal-beside-hybrid",
            "connector.associated-domains",
            "connector.associated-domains/elsewhere",
        ),
    ),
    "it is advice about inbound connectors that are no Partner's": (
        NOT_INBOUND,
        (
            "connector.wildcard-recommended",
            "connector.restriction-without-effect",
            "connector.ip-only",
            "connector.several",
            "connector.counterpart-missing/relay-only",
        ),
    ),
    "it is about Partner connectors": (
        NOT_PARTNER,
        (
            "connector.wrong-type",
            "connector.tls-not-required",
            "connector.wrong-type/unknown",
            "connector.locks-down/documented",
            "connector.locks-down/everyone",
            "connector.ips-beside-certificate",
        ),
    ),
    "it is a setting of outbound connectors": (
        INBOUND,
        (
            "connector.name-without-validation",
            "connector.no-smart-host",
            "connector.dane-mandatory",
            "connector.test-mode",
            "connector.not-validated",
            "connector.smart-host-loop",
            "connector.counterpart-missing",
            "dane.unusable/mandatory",
            "dane.absent/mandatory",
            "dane.not-applied/mandatory",
        ),
    ),
}
UNREACHED: frozenset[tuple[str, Column]] = frozenset(
    (key, column) for columns, keys in _BY_REASON.values() for key in keys for column in columns
)
"""(row, column)."""

# Of a certificate that cannot be read nothing is known to be wrong: these are never more than unknown, whatever stands
# in the table.
CAPPED = frozenset({"expiry.valid/unreadable", "key.weak/unreadable"})
