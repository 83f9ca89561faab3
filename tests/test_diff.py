"""A renewal rehearsed: what changes, what that means for each connector, and the order of steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from cryptography import x509
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from certready import bundle as bundles
from certready import schemas
from certready.demo.pki import CLIENT, DAY, SERVER, Authority, Issued
from certready.diff import Change, Difference, difference
from certready.diff.show import difference_lines
from certready.errors import InputError
from certready.exchange.matching import match, parse_value
from certready.gathering import gather
from certready.judging import judge
from certready.model import AcceptedDomain, Connector, Evidence, Options
from certready.model.plain import json_values
from certready.render import nagios, prometheus
from certready.render.layout import plain
from certready.roots import stores
from certready.roots.plain import with_extra
from certready.x509.certificate import Certificate
from tests import odd
from tests.render import samples

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
VALIDATOR = Draft202012Validator(schemas.load("diff"))
INBOUND = Connector("From gateway", "inbound", "mail.contoso.com", source="tenant")
OUTBOUND = Connector("To gateway", "outbound", "mail.contoso.com", level="domain-validation", source="tenant")


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root(moment=NOW, crl_url="http://crl.example.test/r.crl")


@pytest.fixture(scope="module")
def issuing(root: Authority) -> Authority:
    return root.intermediate(
        "Issuing 1", moment=NOW, crl_url="http://crl.example.test/1.crl", ocsp_url="http://o.example.test"
    )


def gathered(
    issued: Issued,
    root: Authority,
    connectors: Sequence[Connector] = (),
    *,
    accepted: Sequence[str] = ("contoso.com",),
    named: bool = True,
    data: bytes | None = None,
) -> Evidence:
    """Evidence under the Mozilla store with this root beside it, so that its chains reach an anchor."""
    return gather(
        bundles.load(data or issued.chain_pem, name=f"{issued.x509.serial_number % 1000}.pem"),
        connectors,
        now=NOW,
        roots=with_extra(stores.load("mozilla"), (Certificate(root.der),)),
        accepted_domains=[AcceptedDomain(one) for one in accepted],
        named=named,
        options=Options(revocation="off"),
    )


def compared(
    old: Issued, new: Issued, root: Authority, connectors: Sequence[Connector] = (), **options: object
) -> Difference:
    evidence = gathered(new, root, connectors, **options)  # type: ignore[arg-type]
    return difference(gathered(old, root), evidence, judge(evidence))


def effect(found: Difference, aspect: str) -> str:
    return next(one.effect for one in found.changes if one.aspect == aspect)


def message(found: Difference, aspect: str) -> str:
    return next(one.message for one in found.changes if one.aspect == aspect)


# -- what changes -------------------------------------------------------------------------------------------------


def test_the_same_certificate_changes_nothing(root: Authority, issuing: Authority) -> None:
    """OLD against itself: nothing breaks, and there is nothing to do."""
    one = issuing.issue("mail.contoso.com", key="rsa")
    found = compared(one, one, root, (INBOUND,))
    assert {"same"} == {change.effect for change in found.connectors}
    assert "same" == effect(found, "key")
    assert ["OLD and NEW are the same certificate: there is nothing to exchange."] == [
        step.text for step in found.steps
    ]


def test_a_new_issuer_stops_an_exchange_send_connector(root: Authority, issuing: Authority) -> None:
    """Another issuing CA changes <I>..<S>..: the message quotes 454 4.7.5, and both strings are there."""
    other = root.intermediate("Issuing 2", moment=NOW)
    found = compared(issuing.issue("mail.contoso.com"), other.issue("mail.contoso.com"), root)
    change = next(one for one in found.changes if one.aspect == "identity")
    assert "attention" == change.effect
    assert "The issuer changes" in change.message
    assert "454 4.7.5" in change.message
    assert (
        "<I>CN=Issuing 1, O=Example Test<S>CN=mail.contoso.com, O=Example Test",
        "<I>CN=Issuing 2, O=Example Test<S>CN=mail.contoso.com, O=Example Test",
    ) == (change.old, change.new)
    assert any("-TlsCertificateName $name" in line for step in found.steps for line in step.lines)


def test_the_same_issuer_and_subject_keep_the_value(root: Authority, issuing: Authority) -> None:
    """A renewal with issuer and subject unchanged: the value stays, OLD can only be removed while it is cleared."""
    found = compared(issuing.issue("mail.contoso.com"), issuing.issue("mail.contoso.com", days=120), root)
    assert "same" == effect(found, "identity")
    lines = found.steps[-1].lines
    order = [next(i for i, line in enumerate(lines) if part in line) for part in ("$null", "Remove-Exchange", "$name")]
    assert sorted(order) == order


def test_names_lost_and_gained(root: Authority, issuing: Authority) -> None:
    """Names are compared without regard to case; lost ones ask for care, gained ones do not."""
    old, new = issuing.issue("MAIL.contoso.com", "a.contoso.com"), issuing.issue("mail.contoso.com", "b.contoso.com")
    found = compared(old, new, root)
    assert ("attention", "Names lost: a.contoso.com; gained: b.contoso.com.") == (
        effect(found, "names"),
        message(found, "names"),
    )
    gained = compared(issuing.issue("mail.contoso.com"), new, root)
    assert "note" == effect(gained, "names")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((SERVER, CLIENT), (SERVER,), "attention"),
        ((SERVER, CLIENT), (CLIENT,), "breaks"),
        ((SERVER,), (SERVER, CLIENT), "note"),
        ((SERVER,), (SERVER,), "same"),
        (None, (SERVER,), "note"),
        ((SERVER, CLIENT), None, "note"),
    ],
)
def test_usages_lost(
    root: Authority,
    issuing: Authority,
    before: tuple[x509.ObjectIdentifier, ...] | None,
    after: tuple[x509.ObjectIdentifier, ...] | None,
    expected: str,
) -> None:
    """serverAuth lost breaks, clientAuth lost asks for proof, no extension at all loses nothing."""
    old, new = (issuing.issue("mail.contoso.com", ekus=ekus) for ekus in (before, after))
    assert expected == effect(compared(old, new, root, (OUTBOUND,)), "usages")


def test_the_key(root: Authority, issuing: Authority) -> None:
    """From RSA to ECDSA asks for care; the very same key is said; a new key of the same family is noted."""
    rsa = issuing.issue("mail.contoso.com", key="rsa")
    assert "attention" == effect(compared(rsa, issuing.issue("mail.contoso.com", key="ec"), root), "key")
    same = compared(rsa, issuing.issue("mail.contoso.com", key=rsa.key), root)
    assert ("note", True) == (effect(same, "key"), "very same key" in message(same, "key"))
    new = compared(issuing.issue("mail.contoso.com"), issuing.issue("mail.contoso.com"), root)
    assert ("note", True) == (effect(new, "key"), "TLSA" in message(new, "key"))


def test_the_chain_and_the_root(root: Authority, issuing: Authority) -> None:
    """A new intermediate is named, a missing one breaks; a root that is only given as extra breaks."""
    other = root.intermediate("Issuing 2", moment=NOW)
    old, new = issuing.issue("mail.contoso.com"), other.issue("mail.contoso.com")
    found = compared(old, new, root)
    assert ("attention", True) == (effect(found, "chain"), "Issuing 2" in message(found, "chain"))
    bare = compared(old, new, root, data=new.pem)
    assert "breaks" == effect(bare, "chain")
    assert "breaks" == effect(found, "root")
    foreign = Authority.root("Elsewhere", moment=NOW).intermediate(moment=NOW).issue("mail.contoso.com")
    assert "reaches no root" in message(compared(old, foreign, root), "root")


def test_lifetimes_and_overlap(root: Authority, issuing: Authority) -> None:
    """Less than half the life asks for automation; a NEW that begins after OLD's end cannot avoid a gap."""
    old = issuing.issue("mail.contoso.com", days=90)
    short = compared(old, issuing.issue("mail.contoso.com", days=44), root)
    assert ("attention", "attention") == (effect(short, "lifetime"), effect(short, "overlap"))
    late = issuing.issue("mail.contoso.com", not_before=NOW + 100 * DAY, not_after=NOW + 190 * DAY)
    gap = compared(old, late, root)
    assert "breaks" == effect(gap, "overlap")
    assert any("otherwise mail stops in between" in step.text for step in gap.steps)
    good = compared(old, issuing.issue("mail.contoso.com", days=120), root)
    assert "same" == effect(good, "overlap")


def test_revocation_pointers(root: Authority, issuing: Authority) -> None:
    """All pointers lost asks for care, OCSP alone lost is noted, moved addresses are noted."""
    old = issuing.issue("mail.contoso.com")
    none = issuing.issue("mail.contoso.com", crl_urls=(), ocsp_urls=())
    no_ocsp = issuing.issue("mail.contoso.com", ocsp_urls=())
    moved = issuing.issue("mail.contoso.com", crl_urls=("http://new.example.test/c.crl",))
    effects = [
        effect(compared(old, new, root), "revocation")
        for new in (none, no_ocsp, moved, issuing.issue("mail.contoso.com"))
    ]
    assert ["attention", "note", "note", "same"] == effects


# -- connectors ---------------------------------------------------------------------------------------------------


def test_a_lost_name_breaks_the_connectors_that_asked_for_it(root: Authority, issuing: Authority) -> None:
    """Both directions break, each with the reply that will be seen, and the verdict on NEW agrees."""
    old, new = issuing.issue("mail.contoso.com", key="rsa"), issuing.issue("gw.contoso.com", key="rsa")
    found = compared(old, new, root, (INBOUND, OUTBOUND))
    assert ["breaks", "breaks"] == [one.effect for one in found.connectors]
    assert "5.7.64" in found.connectors[0].message
    assert "SubjectMismatch" in found.connectors[1].message
    assert ("breaks", "not-ready") == (found.effect, found.report.verdict)


@pytest.mark.parametrize(
    ("connector", "expected"),
    [
        (replace(INBOUND, enabled=False), "disabled"),
        (replace(INBOUND, value=None), "does not compare"),
        (replace(OUTBOUND, level="encryption-only"), "does not compare"),
        (replace(INBOUND, value="mail.fabrikam.com"), "Neither"),
        (replace(INBOUND, value="not a domain"), "Neither"),
    ],
)
def test_connectors_that_are_not_affected(
    root: Authority, issuing: Authority, connector: Connector, expected: str
) -> None:
    """Disabled connectors, those without a value or a name check, and those neither meets, change nothing."""
    found = compared(issuing.issue("mail.contoso.com"), issuing.issue("gw.contoso.com"), root, (connector,))
    assert ("same", True) == (found.connectors[0].effect, expected in found.connectors[0].message)


def test_another_connector_takes_over(root: Authority, issuing: Authority) -> None:
    """Of a whole tenant another inbound connector can win with NEW: both say so."""
    wide = replace(INBOUND, name="Wide", value="*.contoso.com")
    old, new = issuing.issue("mail.contoso.com"), issuing.issue("gw.contoso.com")
    found = compared(old, new, root, (INBOUND, wide), named=False, accepted=("contoso.com", "mail.contoso.com"))
    by_name = {one.name: one for one in found.connectors}
    assert ((True, False), (False, True)) == (by_name["From gateway"].wins, by_name["Wide"].wins)
    assert "attention" == by_name["Wide"].effect


def test_a_certain_match_becomes_uncertain(root: Authority, issuing: Authority) -> None:
    """From an exact name to a wildcard the match is only inferred, which asks for care."""
    found = compared(issuing.issue("mail.contoso.com"), issuing.issue("*.contoso.com"), root, (INBOUND,))
    assert ("attention", "wildcard-certificate") == (found.connectors[0].effect, found.connectors[0].new_match)


# -- the order of steps -------------------------------------------------------------------------------------------


def position(found: Difference, part: str) -> int:
    return next(index for index, step in enumerate(found.steps) if part in " ".join((step.text, *step.lines)))


def test_widening_comes_before_the_exchange_and_narrowing_after(root: Authority, issuing: Authority) -> None:
    """The connector first accepts both certificates, then NEW is installed and proved, and OLD goes last."""
    old, new = issuing.issue("mail.contoso.com", key="rsa"), issuing.issue("gw.contoso.com", key="rsa")
    found = compared(old, new, root, (INBOUND, OUTBOUND))
    order = [
        position(found, "Set-InboundConnector"),
        position(found, "Import NEW"),
        position(found, "certready listen"),
        position(found, "certready compare"),
        position(found, "no node presents OLD any more"),
        position(found, "Remove-ExchangeCertificate"),
    ]
    assert sorted(order) == order
    assert len(found.steps) - 1 == order[-1]


def test_the_value_in_between_is_met_by_both(root: Authority, issuing: Authority) -> None:
    """The value the connector is widened to satisfies OLD and NEW, and its domain is accepted."""
    old, new = issuing.issue("mail.contoso.com"), issuing.issue("gw.contoso.com")
    found = compared(old, new, root, (INBOUND,))
    line = next(line for step in found.steps for line in step.lines if line.startswith("Set-InboundConnector"))
    value = parse_value(line.rpartition(" ")[2].strip("'"))
    assert [False, False] == [match(value, names).uncertain for names in (found.old.names, found.new.names)]
    assert "contoso.com" == value.domain


def test_without_a_common_value_a_second_connector_bridges(root: Authority, issuing: Authority) -> None:
    """From one domain to another: register it, add a connector for NEW, and disable the old one at the end."""
    old, new = issuing.issue("mail.contoso.com"), issuing.issue("mail.fabrikam.com")
    found = compared(old, new, root, (INBOUND, OUTBOUND))
    order = [
        position(found, "Confirm-MgDomain -DomainId 'mail.fabrikam.com'"),
        position(found, "New-InboundConnector"),
        position(found, "-TlsSettings CertificateValidation"),
        position(found, "Import NEW"),
        position(found, "-Enabled $false"),
        position(found, "-TlsDomain 'mail.fabrikam.com'"),
    ]
    assert sorted(order) == order


def test_a_bad_new_is_not_installed(root: Authority, issuing: Authority) -> None:
    """Where NEW fails by itself the first step says what to mend before anything is touched."""
    new = issuing.issue("mail.contoso.com", age=100, days=90)
    found = compared(issuing.issue("mail.contoso.com"), new, root, (INBOUND,))
    assert found.steps[0].text.startswith("Fix this before NEW is installed:")
    assert "expiry.expired" in found.steps[0].text


# -- the shape ----------------------------------------------------------------------------------------------------


def test_the_schema_holds(root: Authority, issuing: Authority) -> None:
    """JSON meets the shipped schema, with the report on NEW inside, and text ends with that report."""
    found = compared(
        issuing.issue("mail.contoso.com"), issuing.issue("gw.contoso.com"), root, (INBOUND, OUTBOUND), named=False
    )
    document = json_values(found.document)
    assert [] == [error.message for error in VALIDATOR.iter_errors(document)]
    text = plain(difference_lines(found, verbose=True, width=None))
    assert text.startswith("BREAKS  ")
    assert text.index("In this order:") < text.index("As if NEW were in place:") < text.index("NOT READY")


def test_the_schema_refuses_what_it_does_not_know(root: Authority, issuing: Authority) -> None:
    """A key too few is refused, so the schema is no rubber stamp; a later release may add keys."""
    one = issuing.issue("mail.contoso.com")
    document = json_values(compared(one, one, root).document)
    assert [] == list(VALIDATOR.iter_errors({**document, "more": 1}))
    assert list(VALIDATOR.iter_errors({key: value for key, value in document.items() if key != "steps"}))


def test_bytes_that_are_no_certificate_do_not_raise(root: Authority, issuing: Authority) -> None:
    """A certificate that cannot be decoded is compared as far as that goes."""
    good = gathered(issuing.issue("mail.contoso.com"), root, (INBOUND,))
    chain = replace(good.chains[0], certificates=(Certificate(b"\x30\x03\x02\x01\x05"),), keys=())
    broken = replace(good, chains=(chain,))
    for old, new in ((broken, good), (good, broken)):
        found = difference(old, new, judge(new))
        assert [] == [error.message for error in VALIDATOR.iter_errors(json_values(found.document))]
        plain(difference_lines(found, verbose=True, width=80))


@pytest.mark.parametrize(
    ("name", "aspect"),
    [
        ("alternative names: junk", "names"),
        ("extended key usage: junk", "usages"),
        ("distribution points: junk", "revocation"),
        ("dates in the year 0", "lifetime"),
        ("dates in the year 0", "overlap"),
    ],
)
def test_what_cannot_be_read_is_not_lost(name: str, aspect: str, root: Authority, issuing: Authority) -> None:
    """A part of NEW that cannot be read is neither lost nor gained, and breaks no connector."""
    issued = issuing.issue("www.contoso.com", "mail.contoso.com")
    old = gathered(issued, root)
    der = odd.odd_certificates(issuing.issue("www.contoso.com"))[name]
    chain = replace(old.chains[0], certificates=(Certificate(der), *old.chains[0].certificates[1:]), keys=())
    new = replace(
        old, chains=(chain,), connectors=(Connector("--inbound mail.contoso.com", "inbound", "mail.contoso.com"),)
    )
    found = difference(old, new, judge(new))
    assert ("attention", True) == (effect(found, aspect), "cannot be read" in message(found, aspect))
    assert [] == [error.message for error in VALIDATOR.iter_errors(json_values(found.document))]
    assert "0001-01-01" not in plain(difference_lines(found, verbose=True, width=80))
    if aspect == "names":
        assert ["attention"] == [one.effect for one in found.connectors]


def test_no_certificate_is_an_error(root: Authority, issuing: Authority) -> None:
    """Evidence without any chain cannot be compared, and the sentence names the file."""
    good = gathered(issuing.issue("mail.contoso.com"), root)
    empty = replace(good, chains=())
    with pytest.raises(InputError, match="holds no certificate"):
        difference(good, empty, judge(empty))


def test_what_knows_reports_alone_says_the_verdict_of_the_difference(root: Authority, issuing: Authority) -> None:
    """Where something breaks though NEW by itself is ready, no format says ready, and Nagios' line says what breaks."""
    same = issuing.issue("mail.contoso.com")
    found = replace(compared(same, same, root), report=samples.ready(), changes=())
    assert (found.report.verdict, found.broken, found.standing) == ("ready", None, found.report)
    broken = replace(found, changes=(Change("names", "breaks", "A name is lost.", "", ""),))
    assert 'verdict="not-ready"} 1' in prometheus.render(broken.standing)
    assert nagios.exit_code((broken.standing,)) == nagios.CRITICAL
    assert "CRITICAL" in (line := nagios.render(broken.standing, broken.broken))
    assert ": A name is lost." in line
