"""How much an observation counts for a connector: its rule's weight in the connector's column, and the caps on it."""

from __future__ import annotations

from certready.case import Case
from certready.exchange.modes import Standard, uncertain
from certready.model import Connector
from certready.model.report import Severity
from certready.rules.model import Column, Observation

# What a connector that only encrypts still asks for; at level "none" not even that.
ENCRYPTION_RULES = frozenset({"tls.no-starttls", "tls.old-version"})
# What is about certificates alone, which such a connector does not look at.
CERTIFICATE_RULES = frozenset({"tls.unseen-certificate"})
# What a mail domain promises about its hosts, by the subject of its rules.
PROMISES: dict[str, Standard] = {"dane": "dane", "mta-sts": "mta-sts"}


def column_of(connector: Connector | None) -> Column:
    """The column a connector is weighed by; no connector weighs like an inbound one (contract, "Severities")."""
    if connector is None:
        return "inbound"
    if connector.direction == "inbound":
        return "partner" if connector.kind == "Partner" else "inbound"
    return "certificate-validation" if connector.level == "certificate-validation" else "domain-validation"


def weigh(observation: Observation, connector: Connector | None, case: Case) -> tuple[Severity, bool] | None:
    """Severity and ``counted`` of an observation for one connector, or None where it is not said there.

    Six caps apply: what a mail domain promises weighs no more than a warning for a connector over which nobody knows
    it to be checked; what an outbound connector does not enforce never weighs more than a warning and is not counted;
    a probe proves nothing about the certificate an inbound connector is shown; of a certificate that cannot be read
    nothing is known to be wrong; whether Exchange Online ever sees one that is shown only to clients that name no
    server is not known; and what holds by this machine's clock alone, which others put off, is not known to hold.
    """
    rule = observation.rule.id
    row = observation.rule.row(observation.variant, case.options.revocation)
    severity = row.cell(column_of(connector))
    if severity is None:
        return None
    if observation.by_clock:
        severity = min(severity, Severity.UNKNOWN)
    if observation.rule.subject in PROMISES:  # whatever a connector compares: they hold for all mail of every sender
        passed_over = connector and uncertain(connector, PROMISES[observation.rule.subject])
        return (min(severity, Severity.WARN), False) if passed_over else (severity, row.counted)
    if not _enforced(rule, connector):
        return min(severity, Severity.WARN), False
    if observation.certificate and severity > Severity.UNKNOWN:
        unproved = _wrong_direction(connector, case) or _unreadable(observation, case) or _unnamed(observation, case)
        severity = Severity.UNKNOWN if unproved else severity
    return severity, row.counted


def _enforced(rule: str, connector: Connector | None) -> bool:
    if connector is None or connector.direction == "inbound" or connector.level not in ("none", "encryption-only"):
        return True
    if rule in CERTIFICATE_RULES:
        return False
    if rule.startswith("tls."):  # an unreachable host is never ready, whatever the level
        return connector.level == "encryption-only" or rule not in ENCRYPTION_RULES
    return rule.startswith("connector.") or rule == "evidence.incomplete"


def _wrong_direction(connector: Connector | None, case: Case) -> bool:
    return bool(
        connector
        and connector.direction == "inbound"
        and case.evidence.target.kind == "host"
        and not case.options.same_certificate
    )


def _unreadable(observation: Observation, case: Case) -> bool:
    return any(chain.id == observation.chain and chain.leaf_certificate.parsed.error for chain in case.chains)


def _unnamed(observation: Observation, case: Case) -> bool:
    """Whether an observation is about a chain, or a certificate of one, that only clients without a server name see."""
    unnamed = case.unnamed_chains
    if not unnamed or observation.chain:
        return observation.chain in unnamed
    holders = {
        chain.id
        for chain in case.chains
        if any(certificate.sha256 == observation.certificate for certificate in chain.certificates)
    }
    return bool(holders) and holders <= unnamed
