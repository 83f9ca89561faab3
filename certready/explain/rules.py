"""What a rule id stands for: the written entry, or what the rule says of itself."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from certready.checks import RULES
from certready.explain.model import RuleDoc
from certready.explain.rules_certificate import DOCS as CERTIFICATE
from certready.explain.rules_connector import DOCS as CONNECTOR
from certready.explain.rules_revocation import DOCS as REVOCATION
from certready.model.report import Rule

SEARCHED = 64 * 1024  # characters of a text in which a rule id is looked for
DOCS: Mapping[str, RuleDoc] = {**CERTIFICATE, **REVOCATION, **CONNECTOR}
_CRASHED = RuleDoc(
    "A check could not do its work.",
    "What was not checked is never called fine, so it weighs unknown.",
    "inferred",
    "certready's own rule",
    "Save the evidence with --save-evidence and report it: the fault is certready's, not the certificate's.",
)


class RuleExplanation(Struct, frozen=True):
    """A rule and what is written about it."""

    rule: Rule
    doc: RuleDoc


def explain_rule(name: str) -> RuleExplanation | None:
    """The rule with this id (any case), None where there is none."""
    wanted = name.strip().strip(".:").lower()
    for rule in RULES:
        if rule.id == wanted:
            return RuleExplanation(rule, doc_of(rule))
    if wanted.endswith(".check-crashed") and wanted.partition(".")[0] in subjects():
        return RuleExplanation(Rule(wanted, "A check could not do its work"), _CRASHED)
    return None


def rule_in(text: str) -> str | None:
    """The first rule id that stands as a word in a text, such as a line of a report."""
    known = {rule.id for rule in RULES}
    words = (word.strip(".,:;()[]'\"").lower() for word in text[:SEARCHED].split())
    return next((word for word in words if word in known), None)


def doc_of(rule: Rule) -> RuleDoc:
    """The written entry of a rule; one without an entry is explained by its title, fix and reference."""
    found = DOCS.get(rule.id)
    if found:
        return found
    title = rule.title if rule.title.endswith(".") else f"{rule.title}."
    return RuleDoc(title, "", "inferred", rule.reference or "certready's own rule", rule.fix or "See the finding.")


def subjects() -> tuple[str, ...]:
    """The subjects of the rules, in report order."""
    return tuple(dict.fromkeys(rule.id.partition(".")[0] for rule in RULES))


def looks_like_a_rule(text: str) -> bool:
    """Whether a text is one word of the form ``subject.problem``."""
    subject, dot, problem = text.strip().lower().partition(".")
    return bool(dot) and subject in subjects() and problem.replace("-", "").isalpha()
