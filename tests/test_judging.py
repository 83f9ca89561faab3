"""The report and the remedies on evidence: every part of them, and how findings add up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from certready.case import Case
from certready.demo.pki import SERVER, Authority
from certready.judging import finding, judge, remedies, verdict_of
from certready.model import AcceptedDomain, Answer, Connector, Endpoint, Evidence, Known, Limits, Options, Target
from certready.model.report import CertificateInfo, ChainResult, ConnectorResult, Finding, Report, Severity
from certready.rules import RULES
from tests import pki

MOMENT = datetime(2026, 11, 21, 9, tzinfo=UTC)
P, W, U, F = Severity.PASS, Severity.WARN, Severity.UNKNOWN, Severity.FAIL

IN = Connector("relay", "inbound", value="mx.contoso.com")
OTHER = Connector("other", "inbound", value="mx.fabrikam.com")
OUT = Connector("relay", "outbound", value="mail.contoso.com", level="domain-validation")
VALIDATED = Connector("validated", "outbound", level="certificate-validation")


class Signed:
    """A chain of three with a stray CA, and what else is known."""

    def __init__(self, *names: str, crl_url: str | None = None) -> None:
        self.root = Authority.root(moment=MOMENT)
        self.intermediate = self.root.intermediate("Step", moment=MOMENT, crl_url=crl_url)
        self.leaf = self.intermediate.issue(*names, not_before=MOMENT - timedelta(days=1), days=90)
        self.stray = Authority.root("Stray", moment=MOMENT)
        self.unused = Authority.root("Unused", moment=MOMENT)
        self.aside = self.stray.intermediate("Aside", moment=MOMENT)

    def evidence(self, *connectors: Connector, named: bool = False, **options: object) -> Evidence:
        chain = pki.chain(self.leaf, self.intermediate, self.stray)
        known = (Known(pki.certificate(self.aside), "aia", "http://ca.example/"),)
        given = Options(**{"revocation": "off", **options})  # type: ignore[arg-type]
        roots = pki.roots(self.root, self.stray, self.unused)
        gathered = pki.evidence(chain, roots=roots, known=known, at=MOMENT, options=given)
        return replace(gathered, connectors=connectors, named=named)


@pytest.fixture(scope="module")
def signed() -> Signed:
    return Signed("mx.contoso.com")


def said(report: Report, rule: str) -> list[Finding]:
    return [each for each in report.findings if each.rule == rule]


# -- verdicts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "strict", "expected"),
    [
        ([], False, "cannot-tell"),
        ([], True, "cannot-tell"),
        ([(P, True)], True, "ready"),
        ([(P, True), (W, True)], False, "ready"),
        ([(P, True), (W, True)], True, "not-ready"),
        ([(P, True), (W, False)], True, "ready"),
        ([(U, True), (W, True)], False, "cannot-tell"),
        ([(U, True), (W, False)], True, "cannot-tell"),
        ([(U, True), (W, True)], True, "not-ready"),
        ([(P, True), (U, True), (P, True)], False, "cannot-tell"),
        ([(U, True), (F, True), (P, True)], False, "not-ready"),
        ([(F, False)], False, "not-ready"),
    ],
)
def test_verdict(seen: Sequence[tuple[Severity, bool]], strict: bool, expected: str) -> None:
    """The worst finding decides; with --strict a warning that counts does too; of nothing nothing is known."""
    findings = [Finding("chain.trusted", severity, counted, "x") for severity, counted in seen]
    assert expected == verdict_of(findings, strict=strict)
    assert expected == verdict_of(iter(findings), strict=strict)


@pytest.mark.parametrize("connector", [None, IN])
def test_a_finding_is_its_observation_with_its_weight(connector: Connector | None) -> None:
    """Whatever was seen stands in the finding; a pass is nothing to count or to fix."""
    seen = RULES["key.weak"].observed("Weak.", certificate="ab", chain="c1", fix="Renew it.", evidence={"bits": 512})
    seen = replace(seen, endpoint="192.0.2.1:25")
    name, direction = (connector.name, connector.direction) if connector else (None, None)
    expected = Finding(
        "key.weak",
        W,
        True,
        "Weak.",
        "Renew it.",
        RULES["key.weak"].reference,
        "ab",
        name,
        "c1",
        "192.0.2.1:25",
        {"bits": 512},
        direction,
    )
    assert expected == finding(seen, (W, True), connector)
    assert replace(expected, counted=False) == finding(seen, (W, False), connector)
    assert replace(expected, severity=P, counted=False, fix=None) == finding(seen, (P, True), connector)


# -- a report -----------------------------------------------------------------------------------------------------


def test_the_parts_of_a_report(signed: Signed) -> None:
    """A report says what was judged, by whom, when, by which store and how, and the worst finding first."""
    evidence = signed.evidence(IN, OTHER, at=MOMENT + timedelta(days=2), strict=True)
    report = judge(evidence)
    about = (report.certready, report.gathered_at, report.evaluated_at, report.target, report.trust, report.strict)
    at = MOMENT + timedelta(days=2)
    assert (evidence.certready, MOMENT, at, Target("file", "test.pem"), evidence.store, True) == about
    ranks = [each.severity.rank for each in report.findings]
    assert sorted(ranks, reverse=True) == ranks
    assert len(set(ranks)) > 2
    assert not judge(signed.evidence(IN)).strict


def test_a_report_without_certificates_is_no_verdict() -> None:
    """Nothing was seen, so nothing is known."""
    assert judge(pki.evidence(at=MOMENT)).verdict == "cannot-tell"


def test_what_no_connector_is_asked_about(signed: Signed) -> None:
    """Without a connector to judge by, what is about the certificate alone is said all the same."""
    report = judge(signed.evidence(OTHER))
    assert [None] == [each.connector for each in said(report, "chain.trusted")]
    assert {"not-applicable"} == {each.verdict for each in report.connectors}


def test_a_probe_of_a_tenant(signed: Signed) -> None:
    """What is about one connector counts where that one is judged, or where none is; the endpoints stand in the
    report."""
    endpoint = Endpoint("mx.contoso.com", "192.0.2.1", 25, chain="c1")
    probed = replace(signed.evidence(IN, OTHER), target=Target("host", "mx.contoso.com"), endpoints=(endpoint,))
    probed = replace(probed, chains=(replace(probed.chains[0], container="tls"),))
    report = judge(probed)
    assert (endpoint,) == report.endpoints
    assert ["relay"] == [each.connector for each in said(report, "tls.direction")]
    nobody = judge(replace(probed, connectors=(OTHER, replace(OTHER, name="third"))))
    assert {"other", "third"} == {each.connector for each in said(nobody, "tls.direction")}


def test_connectors_judged_and_not(signed: Signed) -> None:
    """Each connector with the name that decided, those that are judged first; those that do not apply have no verdict."""
    report = judge(signed.evidence(OTHER, IN, OUT))
    assert (
        ConnectorResult("relay", "inbound", None, "cannot-tell", "mx.contoso.com", "mx.contoso.com", "exact"),
        ConnectorResult("other", "inbound", None, "not-applicable", "mx.fabrikam.com", None, "none"),
        ConnectorResult("relay", "outbound", "domain-validation", "not-applicable", "mail.contoso.com", None, "none"),
    ) == report.connectors


def test_the_verdict_of_a_connector_is_its_own(signed: Signed) -> None:
    """What is said of one connector counts for it alone, even where another of the other direction has its name; what
    is said of all counts for each; --strict holds for each."""
    connectors = (replace(OTHER, name="relay"), OUT, VALIDATED)
    report = judge(signed.evidence(*connectors, named=True, role="both"))
    verdicts = {(each.name, each.direction): each.verdict for each in report.connectors}
    mismatches = {(each.connector, each.direction) for each in said(report, "names.connector-mismatch")}
    assert {("relay", "inbound"), ("relay", "outbound")} == mismatches
    assert {("relay", "inbound"): "not-ready", ("relay", "outbound"): "not-ready"}.items() <= verdicts.items()
    assert verdicts["validated", "outbound"] != "not-ready"
    strict = judge(signed.evidence(*connectors, named=True, role="both", strict=True))
    assert {"not-ready"} == {each.verdict for each in strict.connectors}


def test_connectors_that_agree_share_a_finding(signed: Signed) -> None:
    """Where all connectors weigh an observation alike it is said once; otherwise once for each that says it."""
    alike = judge(signed.evidence(replace(OUT, value="mx.contoso.com"), VALIDATED, named=True, role="both"))
    assert [(None, None)] == [(each.connector, each.direction) for each in said(alike, "chain.trusted")]
    apart = judge(signed.evidence(IN, VALIDATED, named=True, role="both"))
    [only] = said(apart, "names.connector-match")
    assert ("relay", "inbound") == (only.connector, only.direction)
    weak = replace(VALIDATED, name="unenforced", level="none")
    expired = judge(signed.evidence(VALIDATED, weak, named=True, role="both", at=MOMENT + timedelta(days=200)))
    weights = {(each.connector, each.direction): each.severity for each in said(expired, "expiry.expired")}
    assert {("validated", "outbound"): F, ("unenforced", "outbound"): W} == weights


def test_what_no_judged_connector_says_is_not_said(signed: Signed) -> None:
    """A rule that is silent for every judged connector leaves no finding."""
    leaf = signed.intermediate.issue("mx.contoso.com", not_before=MOMENT, days=90, ekus=[SERVER])
    evidence = signed.evidence(IN, VALIDATED, named=True, role="both")
    evidence = replace(evidence, chains=(pki.chain(leaf, signed.intermediate),))
    silent = replace(evidence, connectors=(VALIDATED,))
    assert [("relay", "inbound")] == [
        (each.connector, each.direction) for each in said(judge(evidence), "usage.client-auth-missing")
    ]
    assert [] == said(judge(silent), "usage.client-auth-missing")


def test_what_is_about_a_connector_that_is_not_judged(signed: Signed) -> None:
    """Of a tenant's connectors only what is about those that are judged is said."""
    report = judge(signed.evidence(replace(OTHER, restrict_to_ips=True), IN))
    assert {None, "relay"} == {each.connector for each in report.findings}


def test_chains(signed: Signed) -> None:
    """What arrived together, the path that was judged, and the verdict of what was said about it or its members."""
    evidence = signed.evidence(IN)
    second = Authority.root("Private", moment=MOMENT).issue("mx.contoso.com", not_before=MOMENT, days=90)
    host = replace(
        evidence,
        chains=(
            replace(evidence.chains[0], container="tls", sni="mx.contoso.com"),
            replace(pki.chain(second, container="tls"), id="c2"),
        ),
        target=Target("host", "mx.contoso.com"),
    )
    sha256 = [pki.certificate(each).sha256 for each in (signed.leaf, signed.intermediate, signed.stray, signed.root)]
    good, bad = judge(host).chains
    family = "ecdsa"
    sent, path = tuple(sha256[:3]), (sha256[0], sha256[1], sha256[3])
    assert ChainResult("c1", "tls", family, "mx.contoso.com", sent, path, "ready") == good
    other = pki.certificate(second).sha256
    assert ("c2", None, (other,), (other,)) == (bad.id, bad.sni, bad.sent, bad.path)
    assert bad.verdict != "ready"
    assert "not-ready" == judge(replace(host, options=replace(host.options, strict=True))).chains[0].verdict


def test_a_finding_without_a_chain_counts_for_those_its_certificate_lies_on(signed: Signed) -> None:
    """A certificate of several chains is said to be revoked once, and each chain that it lies on is not ready."""
    crl = signed.root.crl([(signed.intermediate.x509.serial_number, MOMENT, None)])
    answer = Answer(pki.certificate(signed.intermediate).sha256, "crl", "file", body=crl)
    evidence = signed.evidence(IN, revocation="report")
    second = signed.intermediate.issue("mx.contoso.com", not_before=MOMENT, days=90)
    lone = replace(pki.chain(signed.stray), id="c3")
    chains = (*evidence.chains, replace(pki.chain(second, signed.intermediate), id="c2"), lone)
    report = judge(replace(evidence, chains=chains, answers=(answer,)))
    [revoked] = said(report, "revocation.revoked")
    assert (None, pki.certificate(signed.intermediate).sha256) == (revoked.chain, revoked.certificate)
    verdicts = {each.id: each.verdict for each in report.chains}
    assert {"c1": "not-ready", "c2": "not-ready", "c3": verdicts["c3"]} == verdicts
    without = judge(replace(evidence, chains=chains))
    assert {"c1": "ready", "c2": "ready", "c3": verdicts["c3"]} == {each.id: each.verdict for each in without.chains}
    heard = [(each.certificate, each.status) for each in report.revocation]
    assert (pki.certificate(signed.intermediate).sha256, "revoked") in heard


def test_a_finding_of_a_chain_counts_for_that_chain_alone(signed: Signed) -> None:
    """That an intermediate is missing beside one leaf is no fault of another whose path leads over it too."""
    evidence = signed.evidence(IN)
    second = signed.intermediate.issue("mx.contoso.com", not_before=MOMENT, days=90)
    lone = replace(pki.chain(second), id="c2")
    known = (Known(pki.certificate(signed.intermediate), "intermediate-file", "more.pem"),)
    report = judge(replace(evidence, chains=(*evidence.chains, lone), known=known))
    [incomplete] = said(report, "chain.incomplete")
    assert ("c2", F) == (incomplete.chain, incomplete.severity)
    assert {"c1": "ready", "c2": "not-ready"} == {each.id: each.verdict for each in report.chains}


def test_certificates(signed: Signed) -> None:
    """Every certificate once, as sent and then as known, with its role and where it came from; roots of the store only
    where they were used."""
    report = judge(signed.evidence(IN))
    roles = [(each.subject.partition(",")[0], each.role, each.origin) for each in report.certificates]
    assert [
        ("CN=mx.contoso.com", "leaf", "sent"),
        ("CN=Step", "intermediate", "sent"),
        ("CN=Stray", "unused", "sent"),
        ("CN=Test Root", "root", "store"),
        ("CN=Aside", "unused", "aia"),
    ] == roles
    leaf, parsed = signed.leaf.x509, pki.certificate(signed.leaf).parsed
    assert (
        CertificateInfo(
            sha256=hashlib.sha256(signed.leaf.der).hexdigest(),
            sha1=hashlib.sha1(signed.leaf.der, usedforsecurity=False).hexdigest(),
            subject=parsed.subject,
            issuer=parsed.issuer,
            serial=f"{leaf.serial_number:x}",
            not_before=leaf.not_valid_before_utc,
            not_after=leaf.not_valid_after_utc,
            key="ECDSA P-256",
            names=("mx.contoso.com",),
            role="leaf",
            origin="sent",
        )
        == report.certificates[0]
    )


# -- clocks -------------------------------------------------------------------------------------------------------


def by_clock(signed: Signed, ahead: timedelta, *, gathered: datetime, **options: object) -> Report:
    """A report of a machine whose clock another one puts off by this much."""
    evidence = replace(signed.evidence(IN, revocation="report", **options), gathered_at=gathered)
    leaf = pki.certificate(signed.leaf).sha256
    answer = Answer(leaf, "crl", "network", url="http://crl.example/", error="Refused.", date=gathered + ahead)
    return judge(replace(evidence, answers=(answer,)))


def test_what_holds_by_this_machines_clock_alone_is_unknown(signed: Signed) -> None:
    """A certificate that has expired only by a clock that others put off is not known to have expired."""
    late = MOMENT + timedelta(days=200)
    [expired] = said(by_clock(signed, -timedelta(days=180), gathered=late), "expiry.expired")
    assert U == expired.severity
    assert "By the clock of crl.example (2026-12-11 09:00 UTC) that is not so." in expired.message
    assert RULES["evidence.clock-doubtful"].fix == expired.fix


def test_what_holds_by_every_clock_stands(signed: Signed) -> None:
    """A certificate that has expired by the other clock too has expired, and what is not of dates is never doubted."""
    late = MOMENT + timedelta(days=200)
    report = by_clock(signed, -timedelta(days=2), gathered=late)
    [expired] = said(report, "expiry.expired")
    assert F == expired.severity
    assert "By the clock" not in expired.message
    assert [
        "By the clock" in each.message
        for each in said(by_clock(signed, -timedelta(days=180), gathered=late), "key.strong")
    ] == [False]


def listed(signed: Signed, *, this_update: datetime, next_update: datetime, gathered: datetime) -> Report:
    """A report on evidence that a CRL of these dates came with, over the network, to a machine with this clock."""
    evidence = replace(signed.evidence(IN, revocation="require"), gathered_at=gathered)
    body = signed.intermediate.crl(this_update=this_update, next_update=next_update)
    answer = Answer(pki.certificate(signed.leaf).sha256, "crl", "network", "http://crl.example/", body)
    return judge(replace(evidence, answers=(answer,)))


def test_what_a_list_says_of_the_time_is_the_least(signed: Signed) -> None:
    """A list of a later day than this machine's clock says that it is that late at least: what has not begun by then may
    have begun by now, and what has ended by this clock has ended."""
    early = signed.leaf.x509.not_valid_before_utc - timedelta(days=9)
    report = listed(
        signed, this_update=early + timedelta(days=2), next_update=early + timedelta(days=90), gathered=early
    )
    [begins] = said(report, "expiry.not-yet-valid")
    assert U == begins.severity
    assert "By the clock of the answer of crl.example" in begins.message
    late = signed.leaf.x509.not_valid_after_utc + timedelta(days=9)
    ended = listed(signed, this_update=late + timedelta(days=2), next_update=late + timedelta(days=9), gathered=late)
    assert [F] == [each.severity for each in said(ended, "expiry.expired")]


def test_a_clock_that_was_read_is_no_least(signed: Signed) -> None:
    """By a clock that said its time, what has not begun has not begun."""
    early = signed.leaf.x509.not_valid_before_utc - timedelta(days=9)
    report = by_clock(signed, timedelta(days=2), gathered=early)
    assert [F] == [each.severity for each in said(report, "expiry.not-yet-valid")]


def test_revocation_is_not_doubted_for_the_clock() -> None:
    """Only what the present decides of a certificate is: of an old list the check itself says what its dates mean."""
    signed = Signed("mx.contoso.com", crl_url="http://crl.example/")
    late = MOMENT + timedelta(days=30)
    evidence = replace(signed.evidence(IN, revocation="require"), gathered_at=late)
    sha256 = pki.certificate(signed.leaf).sha256
    body = signed.intermediate.crl(this_update=MOMENT, next_update=MOMENT + timedelta(days=7))
    crl = Answer(sha256, "crl", "file", None, body)
    dated = Answer(sha256, "ocsp", "network", "http://ocsp.example/", error="Refused.", date=MOMENT)
    report = judge(replace(evidence, answers=(crl, dated)))
    stale = said(report, "revocation.stale")
    assert ["By the clock" in each.message for each in stale] == [False]


def test_a_root_of_limited_time_is_doubted_for_the_clock(signed: Signed) -> None:
    """What the chain is by this machine's clock alone is not known either."""
    late = MOMENT + timedelta(days=60)
    evidence = replace(signed.evidence(IN, revocation="report"), gathered_at=late)
    limited = tuple(replace(root, limits=Limits(disabled_from=MOMENT + timedelta(days=40))) for root in evidence.roots)
    sha256 = pki.certificate(signed.leaf).sha256
    dated = Answer(sha256, "ocsp", "network", "http://ocsp.example/", error="Refused.", date=MOMENT)
    report = judge(replace(evidence, roots=limited, answers=(dated,)))
    [restricted] = said(report, "chain.root-restricted")
    assert U == restricted.severity
    assert "By the clock of ocsp.example" in restricted.message


def test_a_moment_that_was_asked_for_is_no_clock(signed: Signed) -> None:
    """With --at nobody's clock matters."""
    late = MOMENT + timedelta(days=200)
    report = by_clock(signed, -timedelta(days=180), gathered=late, at=late)
    assert [F] == [each.severity for each in said(report, "expiry.expired")]


# -- remedies -----------------------------------------------------------------------------------------------------


def test_remedies(signed: Signed) -> None:
    """Worst first, of what is no pass; what is typed is there once, with each rule that it answers."""
    evidence = signed.evidence(IN)
    made = remedies(evidence)
    titles = [each.title for each in made]
    assert "Give what Get-AcceptedDomain prints in a tenant file, or each domain with --accepted-domain." == titles[0]
    rules = {rule for each in made for rule in each.rules}
    weights = {each.rule: each.severity for each in judge(evidence).findings}
    assert {rule for rule, weight in weights.items() if weight is not P} == rules
    ranks = [max(weights[rule].rank for rule in each.rules) for each in made]
    assert sorted(ranks, reverse=True) == ranks
    typed = [(each.where, each.lines) for each in made if each.lines]
    assert len(set(typed)) == len(typed)
    assert {"Remove it from the file or from the gateway's chain, and see that no intermediate is missing."} < set(
        titles
    )
    assert any(each.where == "ca" and each.rules == ("key.not-rsa",) and not each.lines for each in made)
    [postfix] = [each for each in made if each.where == "postfix"]
    assert ("bundle.unrelated-certificate", "key.not-rsa") == postfix.rules


def test_the_same_lines_are_typed_once(signed: Signed) -> None:
    """One line that answers two rules is there once, under the title that comes first."""
    accepted = (AcceptedDomain("contoso.com"),)
    made = remedies(replace(signed.evidence(replace(IN, source="tenant")), accepted_domains=accepted))
    line = "Set-InboundConnector -Identity 'relay' -TlsSenderCertificateName '*.contoso.com'"
    [typed] = [each for each in made if line in each.lines]
    assert "Ask for what is accepted already (contoso.com)." == typed.title
    assert ("names.domain-not-accepted", "connector.wildcard-recommended") == typed.rules


def test_a_case_is_judged_alike_each_time(signed: Signed) -> None:
    """The same evidence gives the same report."""
    evidence = signed.evidence(IN, OUT)
    assert judge(evidence) == judge(evidence)
    assert Case(evidence).evidence is evidence


def test_a_chains_verdict_is_its_own() -> None:
    """What is said of one chain weighs for that one alone, also where it names a certificate that both lead to."""
    root = Authority.root()
    middle, other = root.intermediate("Step"), root.intermediate("Other")
    with_root = pki.chain(middle.issue("mail.contoso.com", key="rsa"), middle, root, container="tls")
    without = replace(pki.chain(other.issue("mail.contoso.com", key="rsa"), other, container="tls"), id="c2")
    options = Options(strict=True, revocation="off", certificate_only=True)
    report = judge(pki.evidence(with_root, without, roots=pki.roots(root), options=options))
    (sent,) = (finding for finding in report.findings if finding.rule == "bundle.root-included")
    assert ("c1", pki.certificate(root).sha256) == (sent.chain, sent.certificate)
    assert pki.certificate(root).sha256 in report.chains[1].path
    assert ["not-ready", "ready"] == [chain.verdict for chain in report.chains]
