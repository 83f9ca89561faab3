"""The severity table of the contract, as data: which finding weighs how much for which kind of connector.

A row has one cell for each column. ``None`` in a cell means that the finding is not said for such a connector.
A row's key is the rule id, with ``/variant`` where a rule weighs differently by situation and ``@mode`` where it does
by ``--revocation``. What is not in the table weighs ``unknown``: an omission here must never become a pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from certready.checks.further import unnamed_only
from certready.model import Connector, Evidence, RevocationMode
from certready.model.report import Observation, Severity

Column = Literal["inbound", "partner", "certificate-validation", "domain-validation"]

P, W, U, F, NONE = Severity.PASS, Severity.WARN, Severity.UNKNOWN, Severity.FAIL, None


class Row(NamedTuple):
    """One situation: its weight under each column, and whether ``--strict`` counts it when it only warns."""

    inbound: Severity | None
    validation: Severity | None
    domain: Severity | None
    partner: Severity | None
    counted: bool = True

    def cell(self, column: Column) -> Severity | None:
        cells: dict[Column, Severity | None] = {
            "inbound": self.inbound,
            "partner": self.partner,
            "certificate-validation": self.validation,
            "domain-validation": self.domain,
        }
        return cells[column]


def everywhere(weight: Severity, *, counted: bool = True) -> Row:
    """The same weight whoever judges."""
    return Row(weight, weight, weight, weight, counted)


def columns(
    inbound: Severity | None, validation: Severity | None, domain: Severity | None, **partner: Severity | None
) -> Row:
    """Inbound, outbound certificate-validation, outbound domain-validation; Partner connectors weigh like inbound ones
    unless ``partner`` says otherwise."""
    return Row(inbound, validation, domain, partner.get("partner", inbound))


WEIGHTS: Mapping[str, Row] = {
    # files
    "bundle.key-present": everywhere(P),
    "bundle.key-missing": everywhere(P),
    "bundle.key-mismatch": everywhere(F),
    "bundle.key-mismatch/stray": everywhere(W),
    "bundle.order": everywhere(W),
    "bundle.root-included/file": everywhere(P),
    "bundle.root-included/wire": everywhere(W),
    "bundle.unrelated-certificate": everywhere(W),
    "bundle.legacy-encryption": everywhere(W),
    "bundle.modern-encryption": everywhere(W),
    "bundle.several-leaves": everywhere(W),
    # chain
    "chain.trusted": everywhere(P),
    "chain.incomplete": everywhere(F),
    "chain.incomplete/der": everywhere(U),
    "chain.untrusted-root": everywhere(F),
    "chain.self-signed": everywhere(F),
    "chain.invalid": everywhere(F),
    "chain.invalid/client-only": columns(U, F, F),
    "chain.invalid/unreadable": everywhere(U),
    "chain.invalid/no-leaf": everywhere(U),
    "chain.strict-clients-refuse": everywhere(W),
    "chain.weak-signature": everywhere(F),
    "chain.root-restricted": everywhere(F),
    "chain.root-restricted/client-only": columns(U, F, F),
    "chain.root-restricted/unclear": everywhere(U),
    "chain.other-store": everywhere(W, counted=False),
    "chain.store-old": everywhere(W),
    "chain.too-complex": everywhere(U),
    # dates
    "expiry.valid": everywhere(P),
    "expiry.valid/unreadable": everywhere(U),
    "expiry.expired": everywhere(F),
    "expiry.not-yet-valid": everywhere(F),
    "expiry.soon": everywhere(W),
    "expiry.issuer-first": everywhere(W),
    "expiry.lifetime-too-long": everywhere(W),
    # revocation
    "revocation.good": everywhere(P),
    "revocation.good/later": everywhere(W),
    "revocation.revoked": everywhere(F),
    "revocation.unknown@require": everywhere(U),
    "revocation.unknown@report": everywhere(W),
    "revocation.stale@require": everywhere(U),
    "revocation.stale@report": everywhere(W),
    "revocation.invalid@require": everywhere(U),
    "revocation.invalid@report": everywhere(W),
    "revocation.unreachable@require": everywhere(U),
    "revocation.unreachable@report": everywhere(W),
    "revocation.not-checkable@require": everywhere(F),
    "revocation.not-checkable@report": everywhere(W),
    "revocation.short-lived": everywhere(P),
    "revocation.skipped": everywhere(W, counted=False),
    "revocation.staple-missing": everywhere(W),
    # names
    "names.connector-match": columns(P, None, P),
    "names.connector-mismatch": columns(F, None, F),
    "names.connector-match-uncertain/wildcard-certificate": columns(W, None, W),
    "names.connector-match-uncertain/deep": columns(U, None, U),
    "names.connector-match-uncertain/issuer": columns(U, None, U),
    "names.connector-mismatch/no-value": columns(None, None, U),
    "names.accepted-domain": columns(P, None, None, partner=None),
    "names.domain-not-accepted": columns(F, None, None, partner=None),
    "names.domain-acceptance-uncertain": columns(U, None, None, partner=None),
    "names.accepted-domains-unknown": columns(U, None, None, partner=None),
    "names.no-connector": everywhere(U),
    "names.hostname-match": everywhere(P),
    "names.hostname-mismatch": everywhere(F),
    "names.no-common-name": everywhere(P),
    "names.common-name-only": everywhere(W),
    "names.many-names": everywhere(W),
    # usage
    "usage.server-auth": everywhere(P),
    "usage.server-auth-missing": columns(U, F, F),
    "usage.client-auth-missing": columns(W, None, None),
    "usage.key-usage": everywhere(W),
    "usage.key-usage/unreadable": everywhere(U),
    # key
    "key.strong": everywhere(P),
    "key.weak": everywhere(F),
    "key.weak/unreadable": everywhere(U),
    "key.weak/unknown": everywhere(U),
    "key.weak/odd-size": everywhere(W),
    "key.not-rsa": everywhere(W),
    # TLS
    "tls.established": everywhere(P),
    "tls.unreachable": everywhere(U),
    "tls.no-starttls": columns(U, F, F),
    "tls.no-starttls/masked": everywhere(U),
    "tls.no-starttls/refused": everywhere(U),
    "tls.deferred": everywhere(U),
    "tls.handshake-failed": everywhere(U),
    "tls.old-version": columns(U, F, F),
    "tls.nodes-differ": everywhere(W),
    "tls.nodes-differ/failing": everywhere(F),
    "tls.direction": everywhere(U),
    "tls.several-certificates": everywhere(P),
    "tls.several-certificates/no-name": everywhere(W),
    "tls.no-common-cipher": everywhere(W),
    "tls.no-common-cipher/only": everywhere(U),
    # listen and rehearse
    "listen.client-certificate": everywhere(P),
    "tls.no-client-certificate": columns(F, U, U),
    "listen.distrusted": everywhere(U),
    "listen.distrusted/left": everywhere(W, counted=False),
    "rehearse.accepted": everywhere(P),
    "rehearse.refused": columns(F, U, U),
    "rehearse.inconclusive": everywhere(U),
    "rehearse.smart-host": everywhere(P),
    "rehearse.smart-host/doubtful": everywhere(W, counted=False),
    # connector
    "connector.disabled": everywhere(F),
    "connector.wrong-type": everywhere(F),
    "connector.no-certificate": everywhere(F),
    "connector.trusted-organizations": everywhere(F),
    "connector.wildcard-recommended": everywhere(W),
    "connector.tls-not-required": everywhere(W),
    "connector.name-without-validation": everywhere(W),
    "connector.no-smart-host": everywhere(W),
    "connector.overlap": everywhere(W),
    "connector.locks-down": everywhere(W),
    # connector: what is said beyond the contract's ids
    "connector.disabled/unnamed": everywhere(W),
    "connector.locks-down/documented": everywhere(P),
    "connector.locks-down/everyone": everywhere(F),
    "connector.unread": everywhere(W),
    "connector.unread/decides": everywhere(U),
    "connector.ips-beside-certificate": everywhere(W),
    "connector.ip-only": everywhere(W),
    "connector.internal-beside-hybrid": everywhere(W),
    "connector.associated-domains": everywhere(W),
    "connector.associated-domains/elsewhere": everywhere(U),
    "connector.no-tls-domain": everywhere(U),
    "connector.dane-mandatory": everywhere(W),
    "connector.test-mode": everywhere(W),
    "connector.not-validated": everywhere(P),
    "connector.smart-host-loop": everywhere(W),
    "connector.counterpart-missing": everywhere(W),
    "connector.counterpart-missing/relay-only": everywhere(P),
    "connector.several": everywhere(P),
}

# What a connector that only encrypts still asks for; at level "none" not even that.
ENCRYPTION_RULES = frozenset({"tls.no-starttls", "tls.old-version"})


def column_of(connector: Connector | None) -> Column:
    """The column a connector is weighed by; no connector weighs like an inbound one (contract, "Severities")."""
    if connector is None:
        return "inbound"
    if connector.direction == "inbound":
        return "partner" if connector.kind == "Partner" else "inbound"
    return "certificate-validation" if connector.level == "certificate-validation" else "domain-validation"


def row_for(rule: str, variant: str, mode: RevocationMode) -> Row:
    """The most specific row of the table; ``unknown`` everywhere where there is none."""
    keys = (f"{rule}/{variant}@{mode}", f"{rule}@{mode}", f"{rule}/{variant}", rule)
    return next((WEIGHTS[key] for key in keys if key in WEIGHTS), everywhere(U))


def weigh(observation: Observation, connector: Connector | None, evidence: Evidence) -> tuple[Severity, bool] | None:
    """Severity and ``counted`` of an observation for one connector, or None where it is not said there.

    Four caps apply: what an outbound connector does not enforce never weighs more than a warning and is not counted;
    a probe proves nothing about the certificate an inbound connector is shown; of a certificate that cannot be read
    nothing is known to be wrong; and whether Exchange Online ever sees one that is shown only to clients that name no
    server is not known.
    """
    rule = observation.rule.id
    row = row_for(rule, observation.variant, evidence.options.revocation)
    severity = row.cell(column_of(connector))
    if severity is None:
        return None
    if not _enforced(rule, connector):
        return min(severity, W), False
    if observation.about_certificate and (
        _wrong_direction(connector, evidence) or _unreadable(observation, evidence) or _unnamed(observation, evidence)
    ):
        severity = min(severity, U)
    return severity, row.counted


def _enforced(rule: str, connector: Connector | None) -> bool:
    if connector is None or connector.direction == "inbound" or connector.level not in ("none", "encryption-only"):
        return True
    if rule.startswith("tls."):  # an unreachable host is never ready, whatever the level
        return connector.level == "encryption-only" or rule not in ENCRYPTION_RULES
    return rule.startswith("connector.")


def _wrong_direction(connector: Connector | None, evidence: Evidence) -> bool:
    return bool(
        connector
        and connector.direction == "inbound"
        and evidence.target.kind == "host"
        and not evidence.options.same_certificate
    )


def _unreadable(observation: Observation, evidence: Evidence) -> bool:
    return any(one.id == observation.chain and one.leaf_certificate.parsed.error for one in evidence.chains)


def _unnamed(observation: Observation, evidence: Evidence) -> bool:
    """Whether an observation is about a chain, or a certificate of one, that only clients without a server name see."""
    unnamed = unnamed_only(evidence)
    if not unnamed or observation.chain:
        return observation.chain in unnamed
    holders = {
        chain.id for chain in evidence.chains for one in chain.certificates if one.sha256 == observation.certificate
    }
    return bool(holders) and holders <= unnamed
