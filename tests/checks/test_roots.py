"""What a root programme's limits do to a chain, through the whole pipeline."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

import certready
from certready.demo.pki import Authority
from certready.model import Connector, Limits, Options, Root, RootStore, StoreInfo
from certready.model.report import Finding, Report, Severity
from certready.roots import plain
from certready.x509.certificate import CLIENT_AUTH, SERVER_AUTH, Certificate

INBOUND = Connector("in", "inbound", value="*.contoso.com")
OUTBOUND = Connector("out", "outbound", value="mail.contoso.com", level="domain-validation")
BOTH = (SERVER_AUTH, CLIENT_AUTH)


class Limited:
    """A store in Microsoft's name whose roots have limits."""

    def __init__(self, *roots: Root, as_of: str | None = None) -> None:
        self.roots = roots
        self.info = StoreInfo("microsoft", as_of, len(roots))

    def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
        return self.roots

    def holds(self, certificate: Certificate) -> Root | None:
        return next((one for one in self.roots if one.certificate == certificate), None)


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root("Programme Root")


def judged(root: Authority, store: RootStore, *connectors: Connector, at: datetime | None = None) -> Report:
    leaf = root.issue("mail.contoso.com", key="rsa", age=40, days=90)
    return certready.check(
        certready.load(leaf.pem),
        connectors,
        now=root.moment,
        roots=store,
        accepted_domains=["contoso.com"],
        options=Options(revocation="off", at=at),
        others=lambda: (plain.from_certificates("mozilla", [Certificate(root.der)]),),
    )


def chain_findings(report: Report) -> list[Finding]:
    return [one for one in report.findings if one.rule.startswith("chain.")]


def limited(root: Authority, **limits: object) -> Limited:
    return Limited(Root(Certificate(root.der), limits=Limits(**limits)))  # type: ignore[arg-type]


def test_a_root_without_limits_is_trusted(root: Authority) -> None:
    """A root for servers and clients passes, and the purposes are said."""
    (found,) = chain_findings(judged(root, limited(root, usages=BOTH), INBOUND, OUTBOUND))
    assert ("chain.trusted", Severity.PASS, None) == (found.rule, found.severity, found.connector)
    assert "server and client authentication" in found.message


def test_a_root_for_servers_alone_is_trusted(root: Authority) -> None:
    """A root listed for servers only passes in both directions."""
    (found,) = chain_findings(judged(root, limited(root, usages=(SERVER_AUTH,)), INBOUND, OUTBOUND))
    assert ("chain.trusted", Severity.PASS) == (found.rule, found.severity)


def test_a_root_for_clients_alone(root: Authority) -> None:
    """A root listed for clients only cannot be told for an inbound connector and fails an outbound one."""
    found = chain_findings(judged(root, limited(root, usages=(CLIENT_AUTH,)), INBOUND, OUTBOUND))
    assert {("in", Severity.UNKNOWN), ("out", Severity.FAIL)} == {(one.connector, one.severity) for one in found}
    assert {"chain.root-restricted"} == {one.rule for one in found}


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-50, "chain.root-restricted"), (-30, "chain.trusted")],
    ids=["issued after", "issued before"],
)
def test_a_cut_off_looks_at_the_leafs_date(root: Authority, days: int, expected: str) -> None:
    """A leaf issued before the cut-off stays trusted; one issued after it is not, and the date is said."""
    limit = root.moment + timedelta(days=days)
    (found,) = chain_findings(judged(root, limited(root, usages=BOTH, cutoff=limit), INBOUND))
    assert expected == found.rule
    assert (f"{limit:%Y-%m-%d}" in found.message) is (expected == "chain.root-restricted")


def test_a_disabled_root_fails_from_its_date_on(root: Authority) -> None:
    """A root that is distrusted for everything fails, and did not before that date."""
    limit = root.moment - timedelta(days=10)
    store = limited(root, disabled_from=limit)
    (now,) = chain_findings(judged(root, store, INBOUND))
    (before,) = chain_findings(judged(root, store, INBOUND, at=limit - timedelta(days=5)))
    assert ("chain.root-restricted", Severity.FAIL) == (now.rule, now.severity)
    assert ("chain.trusted", Severity.PASS) == (before.rule, before.severity)


def test_an_unreadable_limit_is_unknown(root: Authority) -> None:
    """A limit whose date cannot be read is never a pass and never a failure."""
    (found,) = chain_findings(judged(root, limited(root, unclear=True), INBOUND))
    assert ("chain.root-restricted", Severity.UNKNOWN) == (found.rule, found.severity)


def test_an_unrestricted_path_is_preferred(root: Authority) -> None:
    """With a cross-signed way to another root, the path to the unrestricted root is the one judged."""
    other = Authority.root("Other Root")
    cross = other.intermediate("Programme Root", key=root.key)
    leaf = root.issue("mail.contoso.com", key="rsa")
    store = Limited(
        Root(Certificate(root.der), limits=Limits(disabled_from=root.moment - timedelta(days=5))),
        Root(Certificate(other.der), limits=Limits(usages=BOTH)),
    )
    report = certready.check(
        certready.load(leaf.pem + cross.pem),
        INBOUND,
        now=root.moment,
        roots=store,
        accepted_domains=["contoso.com"],
        options=Options(revocation="off"),
    )
    (found,) = chain_findings(report)
    assert "chain.trusted" == found.rule
    assert "Other Root" in found.message


def test_another_programmes_root_is_said(root: Authority) -> None:
    """A root that Mozilla has and Microsoft has not is said in words."""
    found = chain_findings(judged(root, Limited(), INBOUND))
    assert {"chain.untrusted-root", "chain.incomplete"} & {one.rule for one in found}
    assert "Mozilla's root programme has the root; Microsoft's does not." in " ".join(one.message for one in found)


def test_a_root_that_only_has_the_name_is_not_another_programmes(root: Authority) -> None:
    """Somebody who calls himself like a root of Mozilla's programme has not its root."""
    named = Authority.root("Programme Root")
    report = certready.check(
        certready.load(named.issue("mail.contoso.com", key="rsa").pem + named.pem),
        INBOUND,
        now=root.moment,
        roots=Limited(),
        options=Options(revocation="off"),
        others=lambda: (plain.from_certificates("mozilla", [Certificate(root.der)]),),
    )
    (found,) = chain_findings(report)
    assert "chain.untrusted-root" == found.rule
    assert "Mozilla's does not have it either: it is a private CA, or one outside both programmes." in found.message


@pytest.mark.parametrize(("age", "old"), [(89, False), (91, True)])
def test_an_old_list_warns(root: Authority, age: int, old: bool) -> None:
    """A list older than 90 days is a warning that names its age."""
    as_of = (root.moment - timedelta(days=age)).date().isoformat()
    store = Limited(Root(Certificate(root.der), limits=Limits(usages=BOTH)), as_of=as_of)
    found = [one for one in chain_findings(judged(root, store, INBOUND)) if one.rule == "chain.store-old"]
    assert [(Severity.WARN, True)] * old == [(one.severity, str(age) in one.message) for one in found]
