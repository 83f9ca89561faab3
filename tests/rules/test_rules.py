"""Every rule is written down once, whole, and under the contract's ids."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pkgutil import iter_modules

import pytest

from certready import rules
from certready.model.report import Severity
from certready.rules import RULES, sources
from certready.rules.model import COLUMNS, Rule, Source, U, everywhere

# The ids that other people's scripts key on (contract, "Rules").
CONTRACT = [
    "bundle.key-present",
    "bundle.key-missing",
    "bundle.key-mismatch",
    "bundle.order",
    "bundle.root-included",
    "bundle.unrelated-certificate",
    "bundle.legacy-encryption",
    "bundle.modern-encryption",
    "bundle.several-leaves",
    "chain.trusted",
    "chain.incomplete",
    "chain.untrusted-root",
    "chain.self-signed",
    "chain.invalid",
    "chain.strict-clients-refuse",
    "chain.weak-signature",
    "chain.root-restricted",
    "chain.other-store",
    "chain.store-old",
    "chain.too-complex",
    "expiry.valid",
    "expiry.expired",
    "expiry.not-yet-valid",
    "expiry.soon",
    "expiry.issuer-first",
    "expiry.lifetime-too-long",
    "revocation.good",
    "revocation.revoked",
    "revocation.unreachable",
    "revocation.unknown",
    "revocation.stale",
    "revocation.invalid",
    "revocation.not-checkable",
    "revocation.short-lived",
    "revocation.skipped",
    "revocation.staple-missing",
    "names.connector-match",
    "names.connector-mismatch",
    "names.connector-match-uncertain",
    "names.accepted-domain",
    "names.domain-not-accepted",
    "names.domain-acceptance-uncertain",
    "names.accepted-domains-unknown",
    "names.no-connector",
    "names.hostname-match",
    "names.hostname-mismatch",
    "names.no-common-name",
    "names.common-name-only",
    "names.many-names",
    "usage.server-auth",
    "usage.server-auth-missing",
    "usage.client-auth-missing",
    "usage.key-usage",
    "key.strong",
    "key.weak",
    "key.not-rsa",
    "tls.established",
    "tls.unreachable",
    "tls.no-starttls",
    "tls.deferred",
    "tls.handshake-failed",
    "tls.old-version",
    "tls.nodes-differ",
    "tls.direction",
    "tls.several-certificates",
    "tls.no-common-cipher",
    "connector.disabled",
    "connector.wrong-type",
    "connector.no-certificate",
    "connector.trusted-organizations",
    "connector.wildcard-recommended",
    "connector.tls-not-required",
    "connector.restriction-without-effect",
    "connector.hybrid-managed",
    "connector.name-without-validation",
    "connector.no-smart-host",
    "connector.overlap",
    "connector.locks-down",
]

EACH = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def tables() -> dict[str, list[Rule]]:
    """The rules as they stand in the modules of the package, by the module's name."""
    modules = {one.name: import_module(f"certready.rules.{one.name}") for one in iter_modules(rules.__path__)}
    found = {name: [one for one in vars(table).values() if isinstance(one, Rule)] for name, table in modules.items()}
    return {name: table for name, table in found.items() if table}


def test_every_rule_of_the_contract_is_there() -> None:
    """No id that other people's scripts key on is missing."""
    assert [] == [id_ for id_ in CONTRACT if id_ not in RULES]


def test_every_table_is_registered_and_no_id_is_used_twice() -> None:
    """Whatever is defined in a table of rules is registered, each id once and in the table of its subject."""
    ids = Counter(rule.id for table in tables().values() for rule in table)
    assert ids == Counter(RULES.keys())
    strays = [
        rule.id
        for name, table in tables().items()
        for rule in table
        if not name.startswith(rule.subject.replace("-", "_"))
    ]
    assert [] == strays


@EACH
def test_a_rule_is_whole(rule: Rule) -> None:
    """Its id is subject.problem, its title a clause, its words are sentences, and it names where it can be read."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*", rule.id)
    assert not rule.title.endswith(".")
    assert [] == [text for text in (rule.statement, rule.why) if not text.endswith(".")]
    assert [] == [text for text in (rule.title, rule.what, rule.why, rule.fix) if not text.isascii()]
    assert rule.sources
    assert [] == [
        one for one in rule.sources if one.address and not one.address.startswith(("https://", "http://ctldl."))
    ]


@EACH
def test_a_rule_that_finds_fault_says_what_to_do(rule: Rule) -> None:
    """A rule that weighs more than pass in any situation says what to do; a good one with a bad variant leaves it to
    the check."""
    cells = [row.cell(column) for row in rule.weights if row.variant == "" for column in COLUMNS]
    assert rule.fix or {Severity.PASS, None}.issuperset(cells)


@EACH
def test_a_situation_has_one_row(rule: Rule) -> None:
    """No two rows of a rule are for the same situation and mode, and each situation is said in words."""
    assert rule.weights
    assert len(rule.weights) == len({(row.variant, row.mode) for row in rule.weights})
    assert [] == [row for row in rule.weights if bool(row.variant) != bool(row.when)]


def test_every_source_is_one_of_a_rule() -> None:
    """No document is listed that no rule rests on."""
    listed = {name: one for name, one in vars(sources).items() if isinstance(one, Source)}
    used = {one for rule in RULES.values() for one in rule.sources} | set(rules.check_crashed("names").sources)
    assert [] == [name for name, one in listed.items() if one not in used]


def test_what_has_no_row_is_unknown() -> None:
    """A situation that no row of a rule speaks of is never a pass."""
    uncertain = RULES["names.connector-match-uncertain"]
    assert everywhere(U) == uncertain.row("unheard-of", "require") == RULES["revocation.stale"].row("", "off")


def test_the_most_specific_row_counts() -> None:
    """A row for the very situation goes before the row for any, and a row for the mode before one for all."""
    stray = RULES["bundle.key-mismatch"]
    assert (Severity.WARN, Severity.FAIL) == (stray.row("stray", "off").inbound, stray.row("other", "off").inbound)
    assert Severity.WARN is RULES["revocation.stale"].row("other", "report").domain


def test_only_warnings_are_not_counted() -> None:
    """``--strict`` passes over warnings alone: a row that it does not count says nothing else of anybody."""
    uncounted = [row for rule in RULES.values() for row in rule.weights if not row.counted]
    assert uncounted
    assert {Severity.WARN} == {row.cell(column) for row in uncounted for column in COLUMNS} - {None}
