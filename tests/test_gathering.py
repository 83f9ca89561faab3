"""Gathering and judging: what is asked for, how often, and what a report makes of it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from cryptography import x509
from msgspec.structs import replace

import certready
from certready.demo.pki import Authority, Issued
from certready.gathering import gather
from certready.model import Ask, Connector, Fetcher, Known, Options, Reply, RootStore
from certready.model.report import Report
from certready.roots import plain
from certready.x509.certificate import Certificate
from tests.pki import cross_signed

ROOT_CRL, CRL, AIA = (f"http://ca.example.test/{name}" for name in ("root.crl", "issuing.crl", "issuing.cer"))
INBOUND = Connector("From gateway", "inbound", value="*.contoso.com")
OUTBOUND = Connector("To gateway", "outbound", value="mail.contoso.com", level="domain-validation")


@dataclass
class Canned:
    """A fetcher with prepared answers that counts what it is asked."""

    answers: dict[str, bytes]
    asked: list[Ask] = field(default_factory=list)
    rounds: int = 0

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        self.asked += asks
        self.rounds += 1
        return tuple(
            Reply(self.answers.get(ask.url), None if ask.url in self.answers else "nobody answers there", 5)
            for ask in asks
        )


@dataclass(frozen=True)
class Pki:
    root: Authority
    issuing: Authority
    leaf: Issued
    roots: RootStore

    def answers(self, *revoked: Issued) -> dict[str, bytes]:
        gone = [(one.x509.serial_number, self.root.moment - timedelta(days=1), None) for one in revoked]
        return {ROOT_CRL: self.root.crl(), CRL: self.issuing.crl(gone), AIA: self.issuing.der}


@pytest.fixture(scope="module")
def pki() -> Pki:
    root = Authority.root(crl_url=ROOT_CRL)
    issuing = root.intermediate(crl_url=CRL, aia_url=AIA)
    leaf = issuing.issue("mail.contoso.com", key="rsa")
    return Pki(root, issuing, leaf, plain.from_certificates("test", [Certificate(root.der)]))


def report(
    pki: Pki,
    data: bytes,
    *connectors: Connector,
    fetcher: Fetcher | None = None,
    accepted: tuple[str, ...] | None = ("contoso.com",),
    **options: object,
) -> Report:
    return certready.check(
        certready.load(data),
        connectors,
        now=pki.root.moment,
        roots=pki.roots,
        fetcher=fetcher,
        accepted_domains=accepted,
        options=Options(**options),  # type: ignore[arg-type]
    )


def rules(found: Report, severity: str) -> set[str]:
    return {one.rule for one in found.findings if str(one.severity) == severity}


def test_a_good_bundle_is_ready(pki: Pki) -> None:
    """A whole chain with fresh answers, a matching name and an accepted domain is ready."""
    found = report(pki, pki.leaf.chain_pem + pki.leaf.key_pem, INBOUND, OUTBOUND, fetcher=Canned(pki.answers()))
    assert "ready" == found.verdict, [one for one in found.findings if one.severity is not certready.Severity.PASS]
    assert ["ready", "ready"] == [one.verdict for one in found.connectors]
    assert ["wildcard-value", "exact"] == [one.match for one in found.connectors]
    assert {"good"} == {one.status for one in found.revocation}


def test_each_url_is_asked_once_and_all_at_once(pki: Pki) -> None:
    """One round asks for every CRL; nothing is asked twice, and nothing more is asked when nothing is missing."""
    fetcher = Canned(pki.answers())
    report(pki, pki.leaf.chain_pem, INBOUND, fetcher=fetcher)
    assert [CRL, ROOT_CRL] == sorted(ask.url for ask in fetcher.asked)
    assert 1 == fetcher.rounds


def test_chains_that_fail_are_asked_about_last(pki: Pki) -> None:
    """What a chain that already fails could add is asked for only after what decides about one that may pass."""
    stranger = Authority.root("Stranger", crl_url="http://stranger.example.test/root.crl").intermediate()
    failing = stranger.issue("mail.contoso.com", crl_urls=["http://stranger.example.test/a.crl"])
    good = certready.load(pki.leaf.chain_pem)
    chains = (replace(good.chains[0], id="c2"), *certready.load(failing.chain_pem).chains)
    fetcher = Canned(pki.answers())
    gather(replace(good, chains=chains), now=pki.root.moment, roots=pki.roots, fetcher=fetcher)
    assert [True, True, False] == [ask.url in (CRL, ROOT_CRL) for ask in fetcher.asked]
    assert 2 == fetcher.rounds


def test_a_missing_intermediate_is_fetched_to_explain(pki: Pki) -> None:
    """A leaf alone fails as sent; its issuer is fetched by AIA once, and revocation is then asked for as usual."""
    fetcher = Canned(pki.answers())
    found = report(pki, pki.leaf.pem, INBOUND, fetcher=fetcher)
    assert {"chain.incomplete"} == rules(found, "fail")
    assert {AIA, CRL, ROOT_CRL} == {ask.url for ask in fetcher.asked}
    assert len(fetcher.asked) == len(set(fetcher.asked))
    assert {"aia"} == {one.origin for one in found.certificates if one.subject.startswith("CN=Test Intermediate")}
    assert "revocation.good" in rules(found, "pass")


def test_a_renewal_of_an_expired_intermediate_is_fetched_to_explain(pki: Pki) -> None:
    """Where the issuer that was sent has expired, AIA is asked for its renewal, which becomes the fix; the verdict
    stays that of what was sent."""
    old = pki.root.intermediate("Renewed Issuing", crl_url=CRL, aia_url=AIA, age=40, days=30)
    new = cross_signed(old, pki.root, days=900)
    leaf = old.issue("mail.contoso.com", key="rsa", age=35, days=90)
    fetcher = Canned({ROOT_CRL: pki.root.crl(), CRL: old.crl(), AIA: new.der})
    found = report(pki, leaf.pem + old.pem, INBOUND, fetcher=fetcher)
    (expired,) = (one for one in found.findings if one.rule == "expiry.expired")
    assert ("not-ready", True) == (found.verdict, f"was found in {AIA}" in expired.message)
    assert "Send that Renewed Issuing, valid until" in str(expired.fix)


def test_an_intermediate_at_hand_explains_and_is_not_counted_as_sent(pki: Pki) -> None:
    """--intermediate lets revocation be judged, and the chain stays incomplete; AIA is not asked."""
    fetcher = Canned(pki.answers())
    found = certready.check(
        certready.load(pki.leaf.pem),
        INBOUND,
        now=pki.root.moment,
        roots=pki.roots,
        fetcher=fetcher,
        accepted_domains=["contoso.com"],
        supplied=certready.Supplied((Known(Certificate(pki.issuing.der), "intermediate-file", "ca.pem"),)),
    )
    assert {"chain.incomplete"} == rules(found, "fail")
    assert AIA not in {ask.url for ask in fetcher.asked}
    assert "revocation.good" in rules(found, "pass")


@pytest.mark.parametrize(
    ("mode", "verdict", "status"),
    [("require", "cannot-tell", "unreachable"), ("report", "ready", "unreachable"), ("off", "ready", None)],
)
def test_revocation_that_nobody_answers(pki: Pki, mode: str, verdict: str, status: str | None) -> None:
    """Unanswered is cannot-tell by default, a warning under report, and not asked at all under off."""
    fetcher = Canned({})
    found = report(pki, pki.leaf.chain_pem, INBOUND, fetcher=fetcher, revocation=mode)
    assert verdict == found.verdict
    assert {status} - {None} == {one.status for one in found.revocation} - {"skipped"}
    assert bool(fetcher.asked) == (mode != "off")


def test_offline_answers_at_hand_are_enough(pki: Pki) -> None:
    """Without a fetcher the CRLs given by hand decide, and the report says where they came from."""
    found = certready.check(
        certready.load(pki.leaf.chain_pem),
        INBOUND,
        now=pki.root.moment,
        roots=pki.roots,
        accepted_domains=["contoso.com"],
        supplied=certready.Supplied(crls=(pki.answers()[CRL], pki.answers()[ROOT_CRL])),
    )
    assert "ready" == found.verdict
    assert {("file", None)} == {(one.source, one.url) for one in found.revocation if one.status == "good"}
    assert {"good", "unreachable"} == {one.status for one in found.revocation}


def test_an_answer_at_hand_that_fits_nothing_is_shown(pki: Pki) -> None:
    """A CRL of somebody else is no answer, and is listed with the reason instead of being dropped in silence."""
    other = Authority.root("Other Root")
    found = certready.check(
        certready.load(pki.leaf.chain_pem),
        INBOUND,
        now=pki.root.moment,
        roots=pki.roots,
        accepted_domains=["contoso.com"],
        supplied=certready.Supplied(crls=(other.crl(),)),
    )
    assert "cannot-tell" == found.verdict
    assert [("invalid", True)] == [(one.status, bool(one.detail)) for one in found.revocation if one.source == "file"]


def test_a_revoked_intermediate_fails(pki: Pki) -> None:
    """Revocation is asked of every certificate below the root, not only of the leaf."""
    answers = pki.answers()
    gone = (pki.issuing.x509.serial_number, pki.root.moment - timedelta(hours=1), x509.ReasonFlags.ca_compromise)
    found = report(pki, pki.leaf.chain_pem, INBOUND, fetcher=Canned({**answers, ROOT_CRL: pki.root.crl([gone])}))
    assert {"revocation.revoked"} == rules(found, "fail")


def test_the_worst_connector_decides_and_agreement_is_said_once(pki: Pki) -> None:
    """Findings on which all connectors agree have no connector; the others name theirs, and the worst decides."""
    wrong = Connector("Wrong", "outbound", value="mx.fabrikam.com", level="domain-validation")
    found = report(pki, pki.leaf.chain_pem, INBOUND, wrong, fetcher=Canned(pki.answers()))
    assert "not-ready" == found.verdict
    assert {"From gateway": "ready", "Wrong": "not-ready"} == {one.name: one.verdict for one in found.connectors}
    assert {None} == {one.connector for one in found.findings if one.rule == "expiry.valid"}
    assert ["Wrong"] == [one.connector for one in found.findings if one.rule == "names.connector-mismatch"]


def test_of_a_whole_tenant_the_best_match_is_judged(pki: Pki) -> None:
    """Of a tenant's inbound connectors the exact value wins over the wildcard, and the rest do not apply."""
    tenant = (
        replace(INBOUND, name="Wildcard", source="tenant"),
        replace(INBOUND, name="Exact", value="mail.contoso.com", source="tenant"),
        replace(INBOUND, name="Other", value="fabrikam.com", source="tenant"),
    )
    found = certready.check(
        certready.load(pki.leaf.chain_pem),
        tenant,
        named=False,
        now=pki.root.moment,
        roots=pki.roots,
        fetcher=Canned(pki.answers()),
        accepted_domains=["contoso.com", "mail.contoso.com"],
    )
    assert {"Exact": "ready", "Wildcard": "not-applicable", "Other": "not-applicable"} == {
        one.name: one.verdict for one in found.connectors
    }
    assert "ready" == found.verdict


def test_a_tenant_that_nothing_matches_fails_once(pki: Pki) -> None:
    """Where no connector of the tenant matches, one mismatch names the nearest and the verdict is not-ready."""
    tenant = (
        replace(INBOUND, name="A", value="*.fabrikam.com", source="tenant"),
        replace(INBOUND, name="B", value="smtp.contoso.com", source="tenant"),
    )
    found = certready.check(
        certready.load(pki.leaf.chain_pem),
        tenant,
        named=False,
        now=pki.root.moment,
        roots=pki.roots,
        fetcher=Canned(pki.answers()),
        accepted_domains=["contoso.com"],
    )
    mismatches = [one for one in found.findings if one.rule == "names.connector-mismatch"]
    assert ("not-ready", 1) == (found.verdict, len(mismatches))
    assert "B" in mismatches[0].message


def test_unknown_accepted_domains_are_no_pass(pki: Pki) -> None:
    """Without knowing the accepted domains an inbound connector cannot be told."""
    found = report(pki, pki.leaf.chain_pem, INBOUND, fetcher=Canned(pki.answers()), accepted=None)
    assert ("cannot-tell", {"names.accepted-domains-unknown"}) == (found.verdict, rules(found, "unknown"))


@pytest.mark.parametrize("cut", [lambda pki: pki.leaf.pem, lambda pki: pki.leaf.chain_pem])
def test_saved_evidence_leads_to_the_same_report(pki: Pki, cut: Callable[[Pki], bytes]) -> None:
    """Evidence that was saved, or pickled, and judged again gives the very same report."""
    gathered = certready.gather(
        certready.load(cut(pki) + pki.leaf.key_pem),
        (INBOUND, OUTBOUND),
        now=pki.root.moment,
        roots=pki.roots,
        fetcher=Canned(pki.answers()),
        accepted_domains=["contoso.com"],
    )
    saved = certready.dump_evidence(gathered)
    first = certready.judge(gathered)
    assert (
        first
        == certready.judge(certready.load_evidence(saved))
        == certready.judge(pickle.loads(pickle.dumps(gathered)))
    )
    assert b"PRIVATE KEY" not in saved


def test_judged_later_than_gathered(pki: Pki) -> None:
    """--at after the gathering judges dates then, revocation as of the gathering, and says so."""
    at = pki.root.moment + timedelta(days=60)
    found = report(pki, pki.leaf.chain_pem, INBOUND, fetcher=Canned(pki.answers()), at=at)
    assert (at, pki.root.moment) == (found.evaluated_at, found.gathered_at)
    assert "revocation.good" in rules(found, "warn")
    assert "ready" == found.verdict
    assert (
        "not-ready"
        == report(pki, pki.leaf.chain_pem, INBOUND, fetcher=Canned(pki.answers()), at=at + timedelta(days=60)).verdict
    )


def test_judged_earlier_than_gathered(pki: Pki) -> None:
    """--at before an answer's thisUpdate never counts that answer as good."""
    at = pki.root.moment - timedelta(hours=30)
    early = pki.issuing.issue("mail.contoso.com", key="rsa", age=5)
    found = report(pki, early.chain_pem, INBOUND, fetcher=Canned(pki.answers()), at=at)
    assert ("cannot-tell", set()) == (found.verdict, rules(found, "fail"))
    assert "revocation.good" not in {one.rule for one in found.findings}


@pytest.mark.parametrize("written", ["Contoso.COM", "contoso.com.", "contoso.com"])
def test_an_accepted_domain_may_be_written_anyhow(pki: Pki, written: str) -> None:
    """A caller's accepted domain is compared without regard to case and to a final dot."""
    found = report(pki, pki.leaf.chain_pem, INBOUND, fetcher=Canned(pki.answers()), accepted=(written,))
    assert "ready" == found.verdict


def test_a_naive_moment_is_refused(pki: Pki) -> None:
    """A time without a zone could mean anything and is refused."""
    with pytest.raises(ValueError, match="aware"):
        certready.check(certready.load(pki.leaf.pem), now=pki.root.moment.replace(tzinfo=None), roots=pki.roots)


def test_a_certificate_that_is_no_certificate_is_never_ready(pki: Pki) -> None:
    """A chain of junk from the wire is reported, not raised, and is never ready."""
    from certready.model import Bundle, Chain, Endpoint, Target

    junk = Certificate(b"0\x03\x02\x01\x00")
    endpoint = Endpoint("gw", "192.0.2.1", 25, chain="c1", tls_version="TLSv1.3", cipher="x", stage="done")
    bundle = Bundle(Target("host", "gw:25"), (Chain("c1", "tls", (junk,)),), (endpoint,))
    found = certready.check(bundle, OUTBOUND, now=pki.root.moment, roots=pki.roots, fetcher=Canned({}))
    assert ("cannot-tell", set()) == (found.verdict, rules(found, "fail"))
    assert [] == [one.rule for one in found.findings if one.rule.endswith("check-crashed")]


def test_a_connector_beside_certificate_only_is_a_contradiction(pki: Pki) -> None:
    """Nobody asks for a connector and for none: the library refuses it, as the command line does."""
    wrong = Connector("X", "inbound", value="*.fabrikam.com")
    with pytest.raises(ValueError, match="certificate_only"):
        report(pki, pki.leaf.chain_pem, wrong, certificate_only=True, revocation="off")


@pytest.mark.parametrize("source", ["option", "tenant"])
def test_a_connector_in_evidence_is_judged_whatever_the_options_say(pki: Pki, source: str) -> None:
    """Evidence put together by hand is no way around: a connector that is there and does not fit fails."""
    bundle = certready.load(pki.leaf.chain_pem)
    given = certready.gather(bundle, INBOUND, now=pki.root.moment, roots=pki.roots, options=Options(revocation="off"))
    wrong = Connector("X", "inbound", value="*.fabrikam.com", source=source)  # type: ignore[arg-type]
    edited = replace(given, connectors=(wrong,), options=replace(given.options, certificate_only=True))
    found = certready.judge(edited)
    assert ("not-ready", ["X"]) == (found.verdict, [one.name for one in found.connectors])


GOOD = Connector("X", "inbound", value="*.contoso.com")


@pytest.mark.parametrize(
    ("connector", "verdict"),
    [
        (replace(GOOD, value=None), "not-ready"),
        (replace(GOOD, enabled=False), "not-ready"),
        (replace(GOOD, trusted_organizations=("fabrikam.com",)), "not-ready"),
        (replace(GOOD, unread=("Enabled",)), "cannot-tell"),
        (replace(GOOD, kind="Partner"), "not-ready"),
        (GOOD, "ready"),
    ],
)
def test_a_connector_made_by_hand_weighs_as_one_from_a_tenant(pki: Pki, connector: Connector, verdict: str) -> None:
    """Its settings decide, whether it came from a file or from a caller."""
    for source in ("option", "tenant"):
        made = replace(connector, source=source)
        found = report(pki, pki.leaf.chain_pem, made, fetcher=Canned(pki.answers()))
        assert verdict == found.verdict, source


@pytest.mark.parametrize(
    ("role", "connectors", "verdict"),
    [
        ("client", (OUTBOUND,), "not-ready"),
        ("server", (INBOUND,), "cannot-tell"),
        ("client", (), "not-ready"),
        ("server", (), "cannot-tell"),
        ("client", (INBOUND, OUTBOUND), "ready"),
        ("server", (INBOUND, OUTBOUND), "ready"),
    ],
)
def test_a_whole_tenant_without_the_direction_asked_for_is_never_ready(
    pki: Pki, role: str, connectors: tuple[Connector, ...], verdict: str
) -> None:
    """A tenant as one argument is a whole tenant, of which the role chooses."""
    found = certready.check(
        certready.load(pki.leaf.chain_pem),
        certready.Tenant(connectors, (certready.AcceptedDomain("contoso.com"),)),
        now=pki.root.moment,
        roots=pki.roots,
        fetcher=Canned(pki.answers()),
        options=Options(role=role),  # type: ignore[arg-type]
    )
    assert verdict == found.verdict


@pytest.mark.parametrize(
    "words", [{"direction": "sideways"}, {"level": "strict"}, {"kind": "partner"}, {"kind": "Hybrid"}]
)
def test_a_connector_of_no_kind_is_refused(words: dict[str, str]) -> None:
    """Words that no cmdlet has raise: nothing would judge such a connector."""
    with pytest.raises(ValueError, match=next(iter(words))):
        Connector(**{"name": "X", "direction": "inbound"} | words)  # type: ignore[arg-type]


def test_a_report_is_asked_and_not_taken_for_true(pki: Pki) -> None:
    """``report.ready`` is the answer; the report itself is neither true nor false."""
    found = report(pki, pki.leaf.chain_pem, INBOUND, fetcher=Canned(pki.answers()))
    assert found.ready
    with pytest.raises(TypeError, match=r"report\.ready"):
        bool(found)
