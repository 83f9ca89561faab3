"""mta-sts.*: the policy against what each MX host presents."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from certready import Evidence, Finding, Options, Severity, judge, serial
from certready.demo.pki import Authority, Issued, now
from certready.model import Answer, Endpoint, Limits, MtaSts, Target
from certready.model.endpoint import Trouble
from certready.x509.certificate import CLIENT_AUTH
from certready.x509.issue import CLIENT
from tests import pki

MOMENT = now()
FIRST, SECOND, DOMAIN = "mx.contoso.com", "mx2.contoso.com", "contoso.com"
ROOT = Authority.root(moment=MOMENT)
CA = ROOT.intermediate(moment=MOMENT)
LEAF = CA.issue(FIRST)


def policy(*patterns: str, mode: str = "enforce", **more: object) -> MtaSts:
    """A policy with these mx, of a domain with two MX hosts."""
    body = f"version: STSv1\r\nmode: {mode}\r\nmax_age: 86400\r\n" + "".join(f"mx: {one}\r\n" for one in patterns)
    settings = {"texts": ("v=STSv1; id=1",), "body": body.encode(), "media_type": "text/plain", **more}
    return MtaSts(DOMAIN, (FIRST, SECOND), url="https://mta-sts.contoso.com/.well-known/mta-sts.txt", **settings)  # type: ignore[arg-type]


def evidence(asked: MtaSts, *issued: Issued, endpoints: tuple[Endpoint, ...] = ()) -> Evidence:
    """A file with this certificate, or a probe of endpoints that present them as c1, c2 and so on."""
    kind = "tls" if endpoints else "pem"
    leaves = issued or (LEAF,)
    chains = [
        replace(pki.chain(*one.chain, container=kind), id=f"c{number}")  # type: ignore[arg-type]
        for number, one in enumerate(leaves, 1)
    ]
    options = Options(certificate_only=True, revocation="off", role="server")
    found = pki.evidence(*chains, roots=pki.roots(ROOT), at=MOMENT, options=options)
    return replace(found, mta_sts=asked, endpoints=endpoints, target=Target("host" if endpoints else "file", "gw"))


def node(host: str, chain: str, address: str = "192.0.2.1") -> Endpoint:
    """An address that speaks TLS."""
    return Endpoint(host, address, 25, chain, "TLSv1.3", "TLS_AES_256_GCM_SHA384", stage="done")


def findings(given: Evidence) -> list[Finding]:
    """What is said about MTA-STS, worst first."""
    return [one for one in judge(given).findings if one.rule.startswith("mta-sts.")]


def test_nobody_asked() -> None:
    """Without --mta-sts nothing is said about it."""
    assert findings(replace(evidence(policy()), mta_sts=None)) == []


def test_file_is_for_the_hosts_that_it_names() -> None:
    """A file is judged for those MX hosts that it names; the others have certificates of their own."""
    (found,) = findings(evidence(policy("*.contoso.com")))
    assert (found.rule, found.severity) == ("mta-sts.covers", Severity.PASS)
    assert FIRST in found.message


def test_file_that_names_no_host() -> None:
    """A file that names none of them does not meet the policy."""
    (found,) = findings(evidence(policy("*.contoso.com"), CA.issue("www.contoso.com")))
    assert (found.rule, found.severity) == ("mta-sts.certificate", Severity.FAIL)
    assert f"it names www.contoso.com, not {FIRST}" in found.message


def test_mail_domain_is_not_the_host() -> None:
    """The certificate has to be for the MX host; the mail domain's name does not help."""
    (found,) = findings(evidence(policy("*.contoso.com"), CA.issue(DOMAIN)))
    assert found.rule == "mta-sts.certificate"


def test_each_host_under_its_own_certificate() -> None:
    """A probe judges each host by what it presents itself, and each by the pattern."""
    endpoints = (node(FIRST, "c1"), node(SECOND, "c2", "192.0.2.2"))
    found = findings(evidence(policy("*.contoso.com"), LEAF, LEAF, endpoints=endpoints))
    assert [(one.rule, one.chain) for one in found] == [("mta-sts.certificate", "c2"), ("mta-sts.covers", "c1")]


def test_host_that_is_not_named() -> None:
    """The line that the policy lacks is given."""
    found = findings(evidence(policy(FIRST)))
    assert [one.rule for one in found] == ["mta-sts.mx-mismatch", "mta-sts.covers"]
    assert found[0].fix is not None
    assert found[0].fix.splitlines()[-1] == f"  mx: {SECOND}"


def test_all_that_is_wrong_is_said() -> None:
    """An expired certificate for another name under a private root is said to be all of it."""
    leaf = Authority.root("Private", moment=MOMENT).issue("www.fabrikam.com", age=100, days=90)
    (found,) = findings(evidence(policy("*.contoso.com"), leaf))
    assert found.message.count(";") == 2


def test_replay() -> None:
    """Saved evidence holds the policy as it was served, and is judged to the same."""
    given = evidence(policy(FIRST, mode="testing"))
    assert findings(serial.load(serial.dump(given))) == findings(given)


def test_a_date_by_a_clock_that_is_doubted() -> None:
    """A certificate that has ended by this machine's clock alone is not known to break the policy."""
    late = MOMENT + timedelta(days=400)
    dated = Answer(pki.certificate(LEAF).sha256, "crl", "network", "http://crl.example/", error="Refused.", date=MOMENT)
    (ended,) = findings(replace(evidence(policy("*.contoso.com")), gathered_at=late))
    assert (ended.rule, ended.severity) == ("mta-sts.certificate", Severity.FAIL)
    given = replace(evidence(policy("*.contoso.com")), gathered_at=late, answers=(dated,))
    (doubted,) = findings(given)
    assert (doubted.rule, doubted.severity) == ("mta-sts.certificate", Severity.UNKNOWN)
    assert "By the clock of crl.example" in doubted.message


def test_hosts_are_not_known() -> None:
    """Where DNS does not tell the MX hosts it is unknown whether the policy names them."""
    asked = replace(policy("*.contoso.com"), hosts=(), hosts_error="DNS did not answer.")
    (found,) = findings(evidence(asked))
    assert (found.rule, found.severity) == ("mta-sts.policy-unreachable", Severity.UNKNOWN)


@pytest.mark.parametrize(
    ("limits", "weight", "said"),
    [
        (Limits(usages=(CLIENT_AUTH,)), Severity.FAIL, "its root is not trusted for TLS servers"),
        (Limits(disabled_from=MOMENT - timedelta(days=1)), Severity.FAIL, "its root is not trusted for TLS servers"),
        (Limits(unclear=True), Severity.UNKNOWN, "whether its root is trusted for TLS servers cannot be told"),
    ],
)
def test_root_that_is_limited(limits: Limits, weight: Severity, said: str) -> None:
    """A root that the programme lists and does not trust for servers is no trusted root, whatever a connector checks."""
    given = evidence(policy("*.contoso.com"))
    (found,) = findings(replace(given, roots=tuple(replace(root, limits=limits) for root in given.roots)))
    assert (found.rule, found.severity) == ("mta-sts.certificate", weight)
    assert said in found.message


def test_certificate_for_clients_alone() -> None:
    """A certificate whose extended key usage lacks serverAuth does not meet the policy."""
    (found,) = findings(evidence(policy("*.contoso.com"), CA.issue(FIRST, ekus=(CLIENT,))))
    assert (found.rule, found.severity) == ("mta-sts.certificate", Severity.FAIL)
    assert "its extended key usage lacks serverAuth" in found.message


def test_host_that_was_not_probed() -> None:
    """Of a host that the policy names and nobody probed nothing is known, so that it does not pass."""
    found = findings(evidence(policy("*.contoso.com"), LEAF, endpoints=(node(FIRST, "c1"),)))
    assert [(one.rule, one.severity) for one in found] == [
        ("mta-sts.certificate", Severity.UNKNOWN),
        ("mta-sts.covers", Severity.PASS),
    ]
    assert found[0].message == f"The policy names {SECOND}, and no certificate of it was seen."


def test_exchange_online_beside_the_gateway() -> None:
    """An MX host that is Exchange Online's own is none of the gateway's: it is said that nobody probes it."""
    own = "contoso-com.mail.protection.outlook.com"
    asked = replace(policy(FIRST, own), hosts=(FIRST, own))
    found = findings(evidence(asked, LEAF, endpoints=(node(FIRST, "c1"),)))
    assert [one.rule for one in found] == ["mta-sts.covers", "mta-sts.covers"]
    assert found[1].message == f"The policy names {own}, which is Exchange Online's own and is not probed."


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("no-starttls", "192.0.2.1:25 offers no TLS: No STARTTLS."),
        ("handshake-failed", "no TLS came up with 192.0.2.1:25: No STARTTLS."),
    ],
)
def test_no_tls_is_said_as_far_as_it_is_known(trouble: Trouble, said: str) -> None:
    """A handshake that failed is not called a server that offers no TLS."""
    broken = Endpoint(FIRST, "192.0.2.1", 25, stage="ehlo", trouble=trouble, error="No STARTTLS.")
    asked = replace(policy("*.contoso.com"), hosts=(FIRST,))
    (found,) = findings(evidence(asked, endpoints=(broken,)))
    assert found.rule == "mta-sts.no-tls"
    assert found.message == f"The policy demands TLS of {FIRST}, and {said}"
