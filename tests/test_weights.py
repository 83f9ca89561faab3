"""The severity table against the contract and against the checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args

import pytest
from msgspec.structs import replace

from certready.checks import CHECKS, RULES, run
from certready.checks.weights import WEIGHTS, Column, row_for, weigh
from certready.model import Connector, Evidence, Options, RevocationMode, StoreInfo, Target
from certready.model.report import NotApplicable, Observation, Rule, Severity

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
    "connector.name-without-validation",
    "connector.no-smart-host",
    "connector.overlap",
    "connector.locks-down",
]
# What is said beyond the contract's ids; adding is free.
ADDED = [
    "tls.no-client-certificate",
    "listen.client-certificate",
    "listen.distrusted",
    "rehearse.accepted",
    "rehearse.refused",
    "rehearse.inconclusive",
    "rehearse.smart-host",
    "connector.unread",
    "connector.ips-beside-certificate",
    "connector.ip-only",
    "connector.internal-beside-hybrid",
    "connector.associated-domains",
    "connector.no-tls-domain",
    "connector.dane-mandatory",
    "connector.test-mode",
    "connector.not-validated",
    "connector.smart-host-loop",
    "connector.counterpart-missing",
    "connector.several",
]

INBOUND = Connector("in", "inbound", value="*.contoso.com")
PARTNER = replace(INBOUND, name="partner", kind="Partner")
VALIDATION = Connector("chain", "outbound", level="certificate-validation")
DOMAIN = Connector("name", "outbound", value="mail.contoso.com", level="domain-validation")
ENCRYPTION = Connector("tls", "outbound", level="encryption-only")
NONE = Connector("none", "outbound", level="none")

P, W, U, F = Severity.PASS, Severity.WARN, Severity.UNKNOWN, Severity.FAIL


def evidence(kind: str = "file", **options: object) -> Evidence:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    return Evidence("0", now, Target(kind, "x"), Options(**options), StoreInfo("microsoft"))  # type: ignore[arg-type]


def seen(rule: str, variant: str = "", *, about_certificate: bool = True) -> Observation:
    return Observation(Rule(rule, "x"), "x", variant, about_certificate=about_certificate)


def test_every_rule_of_the_contract_is_there_once() -> None:
    """The registered rules are exactly the contract's and the added ones, each id once."""
    ids = [rule.id for rule in RULES]
    assert sorted({*CONTRACT, *ADDED}) == sorted(ids)


def test_every_rule_says_what_it_is_and_every_mendable_one_how_to_mend_it() -> None:
    """Every rule has a title, and every rule that can fail says what to do or leaves that to its findings."""
    assert [rule.id for rule in RULES if not rule.title] == []
    assert [
        rule.id
        for rule in RULES
        if not rule.reference and not rule.fix and "fail" in str(row_for(rule.id, "", "require"))
    ] == []


def test_every_row_of_the_table_belongs_to_a_rule() -> None:
    """No row weighs a rule that does not exist."""
    known = {rule.id for rule in RULES}
    assert [key for key in WEIGHTS if key.partition("@")[0].partition("/")[0] not in known] == []


@pytest.mark.parametrize("mode", get_args(RevocationMode))
def test_every_rule_has_a_weight(mode: RevocationMode) -> None:
    """Every rule is in the table under some key, for each mode that can lead to it."""
    keys = {key.partition("@")[0].partition("/")[0] for key in WEIGHTS if key.endswith(f"@{mode}") or "@" not in key}
    unanswered = {f"revocation.{status}" for status in ("unknown", "stale", "invalid", "unreachable", "not-checkable")}
    assert {rule.id for rule in RULES} - keys == (unanswered if mode == "off" else set())


@pytest.mark.parametrize(
    ("rule", "variant", "inbound", "validation", "domain"),
    [
        ("expiry.expired", "", F, F, F),
        ("revocation.revoked", "", F, F, F),
        ("revocation.unreachable", "", U, U, U),
        ("revocation.not-checkable", "", F, F, F),
        ("revocation.short-lived", "", P, P, P),
        ("chain.incomplete", "", F, F, F),
        ("chain.incomplete", "der", U, U, U),
        ("chain.untrusted-root", "", F, F, F),
        ("chain.too-complex", "", U, U, U),
        ("chain.root-restricted", "client-only", U, F, F),
        ("usage.server-auth-missing", "", U, F, F),
        ("usage.client-auth-missing", "", W, None, None),
        ("names.connector-mismatch", "", F, None, F),
        ("names.connector-match-uncertain", "wildcard-certificate", W, None, W),
        ("names.connector-match-uncertain", "deep", U, None, U),
        ("names.domain-not-accepted", "", F, None, None),
        ("names.domain-acceptance-uncertain", "", U, None, None),
        ("names.hostname-mismatch", "", F, F, F),
        ("key.not-rsa", "", W, W, W),
        ("key.weak", "", F, F, F),
        ("bundle.key-mismatch", "", F, F, F),
        ("bundle.key-missing", "", P, P, P),
        ("tls.no-starttls", "", U, F, F),
        ("tls.old-version", "", U, F, F),
        ("tls.unreachable", "", U, U, U),
        ("tls.nodes-differ", "failing", F, F, F),
    ],
)
def test_the_table_is_the_contracts(
    rule: str, variant: str, inbound: Severity | None, validation: Severity | None, domain: Severity | None
) -> None:
    """A situation weighs in each column what the contract says."""
    cells = [weigh(seen(rule, variant), one, evidence()) for one in (INBOUND, VALIDATION, DOMAIN)]
    assert [inbound, validation, domain] == [cell and cell[0] for cell in cells]


def test_no_connector_weighs_like_an_inbound_one() -> None:
    """--certificate-only is judged by the first column."""
    assert weigh(seen("usage.server-auth-missing"), None, evidence()) == (U, True)


def test_a_partner_connector_knows_no_accepted_domains() -> None:
    """Partner connectors grant no relay: the accepted-domain rule is not said for them."""
    assert weigh(seen("names.domain-not-accepted"), PARTNER, evidence()) is None
    assert weigh(seen("names.connector-mismatch"), PARTNER, evidence()) == (F, True)


@pytest.mark.parametrize("connector", [ENCRYPTION, NONE])
def test_what_a_level_does_not_enforce_never_fails(connector: Connector) -> None:
    """Below certificate-validation, findings about the certificate warn at most and are not counted."""
    assert weigh(seen("expiry.expired"), connector, evidence()) == (W, False)
    assert weigh(seen("chain.trusted"), connector, evidence()) == (P, False)


def test_encryption_only_still_asks_for_tls() -> None:
    """A gateway without STARTTLS fails an encryption-only connector and only warns at level none."""
    no_tls = seen("tls.no-starttls", about_certificate=False)
    assert weigh(no_tls, ENCRYPTION, evidence("host")) == (F, True)
    assert weigh(no_tls, NONE, evidence("host")) == (W, False)


@pytest.mark.parametrize("connector", [ENCRYPTION, NONE, INBOUND, VALIDATION, DOMAIN, None])
def test_an_unreachable_host_is_never_ready(connector: Connector | None) -> None:
    """tls.unreachable is unknown for every connector and level."""
    assert weigh(seen("tls.unreachable", about_certificate=False), connector, evidence("host")) == (U, True)


def test_a_probe_cannot_fail_an_inbound_connector() -> None:
    """What a probe sees of the certificate is capped at unknown for an inbound connector, unless it is the same one."""
    assert weigh(seen("expiry.expired"), INBOUND, evidence("host")) == (U, True)
    assert weigh(seen("expiry.expired"), DOMAIN, evidence("host")) == (F, True)
    assert weigh(seen("expiry.expired"), INBOUND, evidence("host", same_certificate=True)) == (F, True)
    assert weigh(seen("connector.disabled", about_certificate=False), INBOUND, evidence("host")) == (F, True)


@pytest.mark.parametrize(("mode", "expected"), [("require", U), ("report", W)])
def test_the_revocation_mode_weighs_what_is_unanswered(mode: RevocationMode, expected: Severity) -> None:
    """An unanswered revocation question is unknown where an answer is required and a warning where it is reported."""
    for status in ("unknown", "stale", "invalid", "unreachable"):
        assert weigh(seen(f"revocation.{status}"), INBOUND, evidence(revocation=mode)) == (expected, True)


def test_what_is_not_in_the_table_is_unknown() -> None:
    """A rule without a row can never be a pass."""
    for column in get_args(Column):
        assert row_for("chain.unheard-of", "", "require").cell(column) is U


def test_a_crashing_check_becomes_a_finding_and_the_others_still_run() -> None:
    """A check that raises yields <subject>.check-crashed, unknown, and stops nothing else."""

    def crash(_: Evidence) -> Iterator[Observation | NotApplicable]:
        yield seen("chain.trusted")
        raise RuntimeError("boom")

    def fine(_: Evidence) -> Iterator[Observation | NotApplicable]:
        yield seen("key.strong")

    found = run(evidence(), {"chain": crash, "key": fine})
    assert ["chain.trusted", "chain.check-crashed", "key.strong"] == [one.rule.id for one in found]
    assert weigh(found[1], INBOUND, evidence("host")) == (U, True)


def test_a_silent_check_is_no_pass() -> None:
    """A check that applies and yields nothing is unknown; one that says it does not apply is silent."""

    def silent(_: Evidence) -> Iterator[Observation | NotApplicable]:
        yield from ()

    def elsewhere(_: Evidence) -> Iterator[Observation | NotApplicable]:
        yield NotApplicable("no TLS in a file")

    assert ["key.check-crashed"] == [one.rule.id for one in run(evidence(), {"key": silent})]
    assert run(evidence(), {"tls": elsewhere}) == ()


def test_the_checks_come_in_report_order() -> None:
    """The registry names every subject of the contract once."""
    assert {rule.id.partition(".")[0] for rule in RULES} == set(CHECKS)
