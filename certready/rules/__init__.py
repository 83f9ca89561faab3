"""Every rule, written down once: what a finding means, where that is written, what to do, and how much it weighs.

One table of rules for each subject. A rule that is defined in one of them is registered; nothing else has to be done.
"""

from __future__ import annotations

from collections.abc import Mapping

from certready.rules import (
    bundle,
    chain,
    connector,
    connector_outbound,
    dane,
    evidence,
    expiry,
    key,
    listen,
    mta_sts,
    names,
    rehearse,
    revocation,
    sources,
    tls,
    usage,
)
from certready.rules.model import Rule, U, everywhere

__all__ = ["RULES", "SUBJECTS", "check_crashed", "looks_like_a_rule", "rule_called", "rule_in", "rules_of"]

SEARCHED = 64 * 1024  # characters of a text in which a rule id is looked for

RULES: Mapping[str, Rule] = {
    rule.id: rule
    for table in (
        evidence,
        tls,
        listen,
        rehearse,
        bundle,
        chain,
        expiry,
        revocation,
        names,
        usage,
        key,
        dane,
        mta_sts,
        connector,
        connector_outbound,
    )
    for rule in vars(table).values()
    if isinstance(rule, Rule)
}
"""Every rule by its id, in report order."""

SUBJECTS: tuple[str, ...] = tuple(dict.fromkeys(rule.subject for rule in RULES.values()))
"""The subjects of the rules, in report order."""


def rules_of(subject: str) -> tuple[Rule, ...]:
    """The rules of one subject."""
    return tuple(rule for rule in RULES.values() if rule.subject == subject)


def rule_called(name: str) -> Rule | None:
    """The rule with this id in any case, that of a crashed check among them; None where there is none."""
    wanted = name.strip().strip(".:").lower()
    subject, _, problem = wanted.partition(".")
    if problem == "check-crashed" and subject in SUBJECTS:
        return check_crashed(subject)
    return RULES.get(wanted)


def rule_in(text: str) -> str | None:
    """The first rule id that stands as a word in a text, such as a line of a report."""
    words = (word.strip(".,:;()[]'\"").lower() for word in text[:SEARCHED].split())
    return next((word for word in words if word in RULES), None)


def looks_like_a_rule(text: str) -> bool:
    """Whether a text is one word of the form ``subject.problem``."""
    subject, _, problem = text.strip().lower().partition(".")
    return subject in SUBJECTS and problem.replace("-", "").isalpha()


def check_crashed(subject: str) -> Rule:
    """The rule for a check that failed inside or came to no result: what was not checked is never called fine."""
    return Rule(
        f"{subject}.check-crashed",
        "A check could not do its work",
        what="The check failed inside, or came to no result where it had something to look at.",
        why="What was not checked is never called fine, so it weighs unknown.",
        confidence="inferred",
        sources=(sources.OWN,),
        weights=(everywhere(U),),
        fix="Save the evidence with --save-evidence and report it: the fault is certready's, not the certificate's.",
    )
