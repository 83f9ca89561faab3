"""The checks, in report order, and how they are run.

A check is a function ``Evidence -> Iterator[Observation | NotApplicable]``. It says what it saw and never how much that
weighs. To add one: write the function and its rules in the module of its subject, name it in CHECKS, give its rules
rows in ``weights.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from certready.checks.bundle import RULES as BUNDLE_RULES
from certready.checks.bundle import check_bundle
from certready.checks.chain import RULES as CHAIN_RULES
from certready.checks.chain import check_chain
from certready.checks.connector import RULES as CONNECTOR_RULES
from certready.checks.connector import check_connector
from certready.checks.expiry import RULES as EXPIRY_RULES
from certready.checks.expiry import check_expiry
from certready.checks.key import RULES as KEY_RULES
from certready.checks.key import check_key
from certready.checks.listen import RULES as LISTEN_RULES
from certready.checks.listen import check_listen
from certready.checks.names import RULES as NAMES_RULES
from certready.checks.names import check_names
from certready.checks.rehearse import RULES as REHEARSE_RULES
from certready.checks.rehearse import check_rehearse
from certready.checks.revocation import RULES as REVOCATION_RULES
from certready.checks.revocation import check_revocation
from certready.checks.tls import RULES as TLS_RULES
from certready.checks.tls import check_tls
from certready.checks.usage import RULES as USAGE_RULES
from certready.checks.usage import check_usage
from certready.model import Evidence
from certready.model.report import NotApplicable, Observation, Rule

Check = Callable[[Evidence], Iterator[Observation | NotApplicable]]

CHECKS: Mapping[str, Check] = {
    "tls": check_tls,
    "listen": check_listen,
    "rehearse": check_rehearse,
    "bundle": check_bundle,
    "chain": check_chain,
    "expiry": check_expiry,
    "revocation": check_revocation,
    "names": check_names,
    "usage": check_usage,
    "key": check_key,
    "connector": check_connector,
}

RULES: tuple[Rule, ...] = (
    *TLS_RULES,
    *LISTEN_RULES,
    *REHEARSE_RULES,
    *BUNDLE_RULES,
    *CHAIN_RULES,
    *EXPIRY_RULES,
    *REVOCATION_RULES,
    *NAMES_RULES,
    *USAGE_RULES,
    *KEY_RULES,
    *CONNECTOR_RULES,
)


def run(evidence: Evidence, checks: Mapping[str, Check] = CHECKS) -> tuple[Observation, ...]:
    """Every observation of every check. A check that crashes, or that applies and says nothing, becomes one
    observation of the rule ``<subject>.check-crashed``, which weighs unknown: silence is never a pass."""
    return tuple(observation for subject, check in checks.items() for observation in _run_one(subject, check, evidence))


def _run_one(subject: str, check: Check, evidence: Evidence) -> tuple[Observation, ...]:
    seen: list[Observation] = []
    applies = True
    try:
        for result in check(evidence):
            if isinstance(result, NotApplicable):
                applies = False
            else:
                seen.append(result)
    except Exception as error:  # noqa: BLE001 - whatever a check raises, the other checks still report
        return (*seen, _crashed(subject, f"The {subject} check failed inside: {type(error).__name__}: {error}."))
    if not seen and applies:
        seen.append(_crashed(subject, f"The {subject} check came to no result."))
    return tuple(seen)


def _crashed(subject: str, message: str) -> Observation:
    rule = Rule(
        f"{subject}.check-crashed",
        "A check could not do its work",
        fix="Save the evidence with --save-evidence and report it: the fault is certready's, not the certificate's.",
    )
    return Observation(rule, message, about_certificate=False)
