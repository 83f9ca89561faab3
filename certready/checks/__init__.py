"""The checks, in report order, and how they are run.

A check is a function ``Case -> Iterator[Observation | NotApplicable]``. It says what it saw and never how much that
weighs. To add one: write the function in the module of its subject, its rules with their weights in the table of that
subject in ``certready/rules``, and name it in CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from certready.case import Case
from certready.checks.bundle import check_bundle
from certready.checks.chain import check_chain
from certready.checks.connector import check_connector
from certready.checks.dane import check_dane
from certready.checks.evidence import check_evidence
from certready.checks.expiry import check_expiry
from certready.checks.key import check_key
from certready.checks.listen import check_listen
from certready.checks.mta_sts import check_mta_sts
from certready.checks.names import check_names
from certready.checks.rehearse import check_rehearse
from certready.checks.revocation import check_revocation
from certready.checks.tls import check_tls
from certready.checks.usage import check_usage
from certready.rules import check_crashed
from certready.rules.model import NotApplicable, Observation
from certready.steps import Steps

Check = Callable[[Case], Iterator[Observation | NotApplicable]]

CHECKS: Mapping[str, Check] = {
    "evidence": check_evidence,
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
    "dane": check_dane,
    "mta-sts": check_mta_sts,
    "connector": check_connector,
}


def run(case: Case, checks: Mapping[str, Check] = CHECKS) -> Steps[tuple[Observation, ...]]:
    """Every observation of every check, each a step. A check that crashes, or that applies and says nothing, becomes
    one observation of the rule ``<subject>.check-crashed``, which weighs unknown: silence is never a pass."""
    seen: list[Observation] = []
    for subject, check in checks.items():
        seen += _run_one(subject, check, case)
        yield
    return tuple(seen)


def _run_one(subject: str, check: Check, case: Case) -> list[Observation]:
    seen: list[Observation] = []
    applies = True
    try:
        for result in check(case):
            if isinstance(result, NotApplicable):
                applies = False
            else:
                seen.append(result)
    except Exception as error:  # noqa: BLE001 - whatever a check raises, the other checks still report
        seen.append(_crashed(subject, f"The {subject} check failed inside: {type(error).__name__}: {error}."))
        return seen
    if not seen and applies:
        seen.append(_crashed(subject, f"The {subject} check came to no result."))
    return seen


def _crashed(subject: str, message: str) -> Observation:
    return check_crashed(subject).observed(message)
