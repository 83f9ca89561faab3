"""How findings are weighed, against the contract's table, and how checks are run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from certready.case import Case
from certready.checks import CHECKS, run
from certready.demo.pki import Authority, Issued
from certready.model import Connector, Endpoint, Evidence, Options, RevocationMode, StoreInfo, Target
from certready.model.endpoint import Handshake
from certready.model.report import Severity
from certready.rules import RULES, SUBJECTS
from certready.rules.model import NotApplicable, Observation
from certready.steps import finish
from certready.weighing import weigh
from tests import pki

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
    return RULES[rule].observed("x", variant, certificate="ab" if about_certificate else None)


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
    cells = [weigh(seen(rule, variant), one, Case(evidence())) for one in (INBOUND, VALIDATION, DOMAIN)]
    assert [inbound, validation, domain] == [cell and cell[0] for cell in cells]


def test_no_connector_weighs_like_an_inbound_one() -> None:
    """--certificate-only is judged by the first column."""
    assert weigh(seen("usage.server-auth-missing"), None, Case(evidence())) == (U, True)


def test_a_partner_connector_knows_no_accepted_domains() -> None:
    """Partner connectors grant no relay: the accepted-domain rule is not said for them."""
    assert weigh(seen("names.domain-not-accepted"), PARTNER, Case(evidence())) is None
    assert weigh(seen("names.connector-mismatch"), PARTNER, Case(evidence())) == (F, True)


@pytest.mark.parametrize("connector", [ENCRYPTION, NONE])
def test_what_a_level_does_not_enforce_never_fails(connector: Connector) -> None:
    """Below certificate-validation, findings about the certificate warn at most and are not counted."""
    assert weigh(seen("expiry.expired"), connector, Case(evidence())) == (W, False)
    assert weigh(seen("chain.trusted"), connector, Case(evidence())) == (P, False)


def test_encryption_only_still_asks_for_tls() -> None:
    """A gateway without STARTTLS fails an encryption-only connector and only warns at level none."""
    no_tls = seen("tls.no-starttls", about_certificate=False)
    assert weigh(no_tls, ENCRYPTION, Case(evidence("host"))) == (F, True)
    assert weigh(no_tls, NONE, Case(evidence("host"))) == (W, False)


@pytest.mark.parametrize("connector", [ENCRYPTION, NONE, INBOUND, VALIDATION, DOMAIN, None])
def test_an_unreachable_host_is_never_ready(connector: Connector | None) -> None:
    """tls.unreachable is unknown for every connector and level."""
    assert weigh(seen("tls.unreachable", about_certificate=False), connector, Case(evidence("host"))) == (U, True)


def test_a_probe_cannot_fail_an_inbound_connector() -> None:
    """What a probe sees of the certificate is capped at unknown for an inbound connector, unless it is the same one."""
    assert weigh(seen("expiry.expired"), INBOUND, Case(evidence("host"))) == (U, True)
    assert weigh(seen("expiry.expired"), DOMAIN, Case(evidence("host"))) == (F, True)
    assert weigh(seen("expiry.expired"), INBOUND, Case(evidence("host", same_certificate=True))) == (F, True)
    assert weigh(seen("connector.disabled", about_certificate=False), INBOUND, Case(evidence("host"))) == (F, True)


@pytest.mark.parametrize(("mode", "expected"), [("require", U), ("report", W)])
def test_the_revocation_mode_weighs_what_is_unanswered(mode: RevocationMode, expected: Severity) -> None:
    """An unanswered revocation question is unknown where an answer is required and a warning where it is reported."""
    for status in ("unknown", "stale", "invalid", "unreachable"):
        assert weigh(seen(f"revocation.{status}"), INBOUND, Case(evidence(revocation=mode))) == (expected, True)


def test_a_crashing_check_becomes_a_finding_and_the_others_still_run() -> None:
    """A check that raises yields <subject>.check-crashed, unknown, and stops nothing else."""

    def crash(_: Evidence) -> Iterator[Observation | NotApplicable]:
        yield seen("chain.trusted")
        raise RuntimeError("boom")

    def fine(_: Evidence) -> Iterator[Observation | NotApplicable]:
        yield seen("key.strong")

    found = finish(run(Case(evidence()), {"chain": crash, "key": fine}))
    assert ["chain.trusted", "chain.check-crashed", "key.strong"] == [one.rule.id for one in found]
    assert weigh(found[1], INBOUND, Case(evidence("host"))) == (U, True)


def test_a_silent_check_is_no_pass() -> None:
    """A check that applies and yields nothing is unknown; one that says it does not apply is silent."""

    def silent(_: Evidence) -> Iterator[Observation | NotApplicable]:
        yield from ()

    def elsewhere(_: Evidence) -> Iterator[Observation | NotApplicable]:
        yield NotApplicable("no TLS in a file")

    assert ["key.check-crashed"] == [one.rule.id for one in finish(run(Case(evidence()), {"key": silent}))]
    assert finish(run(Case(evidence()), {"tls": elsewhere})) == ()


def test_the_checks_come_in_report_order() -> None:
    """The registry names every subject of the contract once."""
    assert set(SUBJECTS) == set(CHECKS)


def test_what_holds_by_the_clock_alone_is_unknown_at_most() -> None:
    """Neither a failure nor good news by a clock that others put off is more than it was."""
    for rule, expected in (("expiry.expired", U), ("expiry.valid", P)):
        assert weigh(replace(seen(rule), by_clock=True), VALIDATION, Case(evidence())) == (expected, True)


def test_a_probe_leaves_warnings_as_they_are() -> None:
    """What is no failure is not made unknown by the direction of the connector."""
    assert weigh(seen("key.not-rsa"), INBOUND, Case(evidence("host"))) == (W, True)
    assert weigh(seen("chain.trusted"), INBOUND, Case(evidence("host"))) == (P, True)


def test_an_inbound_connector_has_no_level() -> None:
    """Whatever stands there, an inbound connector enforces what it compares."""
    assert weigh(seen("expiry.expired"), replace(INBOUND, level="none"), Case(evidence())) == (F, True)


@pytest.mark.parametrize("connector", [ENCRYPTION, NONE])
def test_an_unseen_certificate_matters_to_whoever_looks_at_certificates(connector: Connector) -> None:
    """A connector that only encrypts never asks for the certificate that nobody saw."""
    unseen = seen("tls.unseen-certificate", about_certificate=False)
    weight = weigh(unseen, connector, Case(evidence("host")))
    assert weight is not None
    assert weight[0] <= W
    assert not weight[1]
    assert weigh(unseen, DOMAIN, Case(evidence("host"))) != weight


def test_of_an_unreadable_certificate_nothing_is_known_to_be_wrong() -> None:
    """A failure of a chain whose leaf cannot be read is unknown, that of another chain stands."""
    good = Authority.root().issue("a.example")
    chains = (pki.chain(b"\x30\x00"), replace(pki.chain(good, container="tls"), id="c2"))
    case = Case(replace(evidence(), chains=chains))
    expired = seen("expiry.expired")
    assert weigh(replace(expired, chain="c1"), VALIDATION, case) == (U, True)
    assert weigh(replace(expired, chain="c2"), VALIDATION, case) == (F, True)


def test_what_only_nameless_clients_see_is_unknown() -> None:
    """A failure of a chain, or of a certificate, that is shown only to clients without a server name is unknown."""
    root = Authority.root()
    usual, unnamed = root.issue("a.example"), root.issue("b.example")
    chains = (pki.chain(usual, root, container="tls"), replace(pki.chain(unnamed, root, container="tls"), id="c2"))
    nameless = Handshake("no-name", "done", "c2")
    endpoint = Endpoint("a.example", "192.0.2.1", 25, chain="c1", handshakes=(nameless,))
    case = Case(replace(evidence("host"), chains=chains, endpoints=(endpoint,)))
    expired = seen("expiry.expired")

    def weight(chain: str | None, issued: Issued) -> Severity | None:
        about = replace(expired, chain=chain, certificate=pki.certificate(issued).sha256)
        weighed = weigh(about, VALIDATION, case)
        return weighed and weighed[0]

    assert [F, U, U] == [weight("c1", usual), weight("c2", unnamed), weight("c2", root)]
    assert [F, U, F] == [weight(None, usual), weight(None, unnamed), weight(None, root)]
    assert F == weight(None, Authority.root())
    assert weigh(replace(expired, certificate="ab"), VALIDATION, Case(evidence("host"))) == (F, True)


def test_what_a_connector_asks_for_at_every_level() -> None:
    """Its own settings count whatever it enforces, and so does evidence that is not whole; of TLS itself only the
    weakest level lets something pass."""
    disabled, part = (seen(rule, about_certificate=False) for rule in ("connector.disabled", "evidence.incomplete"))
    for connector in (NONE, ENCRYPTION):
        assert weigh(disabled, connector, Case(evidence())) == (F, True)
        assert weigh(part, connector, Case(evidence())) == weigh(part, VALIDATION, Case(evidence()))
    old = seen("tls.old-version", about_certificate=False)
    assert weigh(old, NONE, Case(evidence("host"))) == (W, False)
    assert weigh(old, ENCRYPTION, Case(evidence("host"))) == (F, True)


@pytest.mark.parametrize(
    ("rule", "unchecked"),
    [("dane.mismatch", {"dane_mode": "None"}), ("mta-sts.certificate", {"mta_sts_mode": "None"})],
)
def test_a_promise_counts_where_exchange_online_goes_by_it(rule: str, unchecked: dict[str, str]) -> None:
    """What a mail domain promises fails every connector but one that does not check it, for which it is a warning that is
    not counted."""
    broken = seen(rule)
    for connector in (VALIDATION, NONE, None):
        assert weigh(broken, connector, Case(evidence("host"))) == (F, True)
    for connector in (VALIDATION, NONE):
        assert weigh(broken, replace(connector, **unchecked), Case(evidence("host"))) == (W, False)
