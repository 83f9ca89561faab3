"""The report for people: order, alignment, wrapping, and nothing raw out of a certificate."""

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from certready.model import Endpoint, Target
from certready.model.report import ChainResult, ConnectorResult
from certready.render.layout import listed, shorten, table, visible
from certready.render.text import print_rich, render, render_many
from tests.render import samples

SAMPLES = [samples.ready, samples.not_ready, samples.cannot_tell, samples.two_connectors, samples.hostile]
# Written at the start and end of every styled stretch.
STYLE = re.compile(r"\x1b\[[0-9;]*m")

READY = """\
READY  mail.contoso.com.pem  for the inbound connector "From gateway"
Every required check was made and none failed: 1 warning, 3 passed.

warn     expiry.soon            The certificate expires in 9 days, on 2026-11-30.
                                fix: Renew it now.

pass     bundle.key-present     The file holds the private key of the certificate.
pass     chain.trusted          The chain ends at Contoso Root, which Microsoft trusts.
pass     names.connector-match  The name mail.contoso.com satisfies *.contoso.com.

  certificate   mail.contoso.com, smtp.contoso.com (RSA 2048)
  issuer        CN=Contoso Issuing CA,O=Contoso Trust
  valid         2026-09-01 to 2026-11-30, 9 days left
  sha-256       1f1f1f1f1f1f1f1f...
  as given      mail.contoso.com > Contoso Issuing CA
  path judged   mail.contoso.com > Contoso Issuing CA > Contoso Root
  trust store   microsoft, list of 2026-10-27
  judged as of  2026-11-21 09:00:00 UTC

  connector     direction  value          matched by        match           verdict
  From gateway  inbound    *.contoso.com  mail.contoso.com  wildcard-value  ready
"""

NOT_READY = """\
NOT READY  mail.contoso.com.pem  for the inbound connector "From gateway"
2 failures to mend, 1 could not be told, 1 warning, 1 passed.

fail     chain.incomplete                The issuer Contoso Issuing CA is not in the file, and Exchange Online does not fetch it.
                                         fix: Append the certificate at http://ca.contoso-trust.example/issuing.cer to the file.
fail     expiry.expired                  The certificate expired on 2026-11-30, 2 days ago.
                                         fix: Renew the certificate.

unknown  names.accepted-domains-unknown  It is not known which domains the tenant accepts.
                                         fix: Give them with --accepted-domain or --tenant.

warn     chain.other-store               The chain was judged by another store than Microsoft's.

pass     bundle.key-missing              The file holds no private key; none is needed to judge it.

  certificate   mail.contoso.com (RSA 2048)
  issuer        CN=Contoso Issuing CA,O=Contoso Trust
  valid         2026-09-01 to 2026-11-30, expired 2 days ago
  sha-256       1f1f1f1f1f1f1f1f...
  as given      mail.contoso.com
  trust store   microsoft, list of 2026-10-27
  judged as of  2026-12-02 09:00:00 UTC
  gathered      2026-11-21 09:00:00 UTC

  connector     direction  value        match  verdict
  From gateway  inbound    contoso.com  none   not ready
  and 1 not applicable
"""

CANNOT_TELL_NARROW = """\
CANNOT TELL  gw.contoso.com:25  for the outbound connector "To gateway"
Nothing failed, but this could not be told: [2001:db8::1]:25 put STARTTLS off:
454 4.7.0 TLS not available. (1 more below)

unknown  tls.deferred
         [2001:db8::1]:25 put STARTTLS off: 454 4.7.0 TLS not available.
         fix: Try again later.
unknown  revocation.unreachable
         The OCSP responder of mail.contoso.com did not answer.
         fix: Let this machine reach http://ocsp.contoso-trust.example/ and run
              again.

pass     tls.established
         192.0.2.1:25 agreed on TLSv1.3.

  certificate   mail.contoso.com, smtp.contoso.com (RSA 2048)
  issuer        CN=Contoso Issuing CA,O=Contoso Trust
  valid         2026-09-01 to 2026-11-30, 9 days left
  sha-256       1f1f1f1f1f1f1f1f...
  as sent       mail.contoso.com > Contoso Issuing CA
  path judged   mail.contoso.com > Contoso Issuing CA > Contoso Root
  endpoints     192.0.2.1:25  TLSv1.3, TLS_AES_256_GCM_SHA384, stapled OCSP
                answer
                [2001:db8::1]:25  no certificate, ended at starttls
  trust store   microsoft, list of 2026-10-27
  judged as of  2026-11-21 09:00:00 UTC
  gathered      2026-11-20 09:00:00 UTC

  connector To gateway
    direction   outbound
    level       domain-validation
    value       mail.contoso.com
    matched by  mail.contoso.com
    match       exact
    verdict     cannot tell
"""

TWO_CONNECTORS = """\
NOT READY  mail.contoso.com.pem  for 2 connectors
1 failure to mend, 2 passed.

fail     names.connector-mismatch  [To gateway] No name of the certificate satisfies mx.contoso.com.
                                   fix: Add mx.contoso.com to the certificate, or set TlsDomain to mail.contoso.com.

pass     chain.trusted             The chain ends at Contoso Root, which Microsoft trusts.
pass     names.connector-match     [From gateway] The name mail.contoso.com satisfies *.contoso.com.

  certificate   mail.contoso.com, smtp.contoso.com (RSA 2048)
  issuer        CN=Contoso Issuing CA,O=Contoso Trust
  valid         2026-09-01 to 2026-11-30, 9 days left
  sha-256       1f1f1f1f1f1f1f1f...
  as given      mail.contoso.com > Contoso Issuing CA
  path judged   mail.contoso.com > Contoso Issuing CA > Contoso Root
  trust store   microsoft, list of 2026-10-27
  judged as of  2026-11-21 09:00:00 UTC

  connector     direction  level              value           matched by        match           verdict
  From gateway  inbound                       *.contoso.com   mail.contoso.com  wildcard-value  ready
  To gateway    outbound   domain-validation  mx.contoso.com                    none            not ready
"""

NOT_READY_VERBOSE = """\
NOT READY  mail.contoso.com.pem  for the inbound connector "From gateway"
2 failures to mend, 1 could not be told, 1 warning, 1 passed.

fail     chain.incomplete                The issuer Contoso Issuing CA is not in the file, and Exchange Online does not fetch it.
                                         fix: Append the certificate at http://ca.contoso-trust.example/issuing.cer to the file.
                                         source: Microsoft Learn, Set up connectors for secure mail flow
                                         certificate: 1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f
                                         missing: CN=Contoso Issuing CA
                                         aia: ["http://ca.contoso-trust.example/issuing.cer"]
fail     expiry.expired                  The certificate expired on 2026-11-30, 2 days ago.
                                         fix: Renew the certificate.
                                         certificate: 1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f

unknown  names.accepted-domains-unknown  It is not known which domains the tenant accepts.
                                         fix: Give them with --accepted-domain or --tenant.

warn     chain.other-store               The chain was judged by another store than Microsoft's.
                                         strict: not counted by --strict

pass     bundle.key-missing              The file holds no private key; none is needed to judge it.

  certificate   mail.contoso.com (RSA 2048)
  issuer        CN=Contoso Issuing CA,O=Contoso Trust
  valid         2026-09-01 to 2026-11-30, expired 2 days ago
  serial        4a1f
  sha-256       1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f
  as given      mail.contoso.com
  trust store   microsoft, list of 2026-10-27
  judged as of  2026-12-02 09:00:00 UTC
  gathered      2026-11-21 09:00:00 UTC
  certready     1.0.0

  connector     direction  value            match  verdict
  From gateway  inbound    contoso.com      none   not ready
  Old gateway   inbound    old.contoso.com  none   not applicable

  certificate       role  origin  key       not before  not after   SHA-256
  mail.contoso.com  leaf  sent    RSA 2048  2026-09-01  2026-11-30  1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f
"""

CANNOT_TELL_VERBOSE = """\
CANNOT TELL  gw.contoso.com:25  for the outbound connector "To gateway"
Nothing failed, but this could not be told: [2001:db8::1]:25 put STARTTLS off: 454 4.7.0 TLS not
available. (1 more below)

unknown  tls.deferred            [2001:db8::1]:25 put STARTTLS off: 454 4.7.0 TLS not available.
                                 fix: Try again later.
unknown  revocation.unreachable  The OCSP responder of mail.contoso.com did not answer.
                                 fix: Let this machine reach http://ocsp.contoso-trust.example/ and
                                      run again.
                                 certificate: 1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f

pass     tls.established         192.0.2.1:25 agreed on TLSv1.3.

  certificate   mail.contoso.com, smtp.contoso.com (RSA 2048)
  issuer        CN=Contoso Issuing CA,O=Contoso Trust
  valid         2026-09-01 to 2026-11-30, 9 days left
  serial        4a1f
  sha-256       1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f
  as sent       mail.contoso.com > Contoso Issuing CA
  path judged   mail.contoso.com > Contoso Issuing CA > Contoso Root
  endpoints     192.0.2.1:25  TLSv1.3, TLS_AES_256_GCM_SHA384, stapled OCSP answer
                [2001:db8::1]:25  no certificate, ended at starttls
  trust store   microsoft, list of 2026-10-27
  judged as of  2026-11-21 09:00:00 UTC
  gathered      2026-11-20 09:00:00 UTC
  certready     1.0.0

  connector   direction  level              value             matched by        match  verdict
  To gateway  outbound   domain-validation  mail.contoso.com  mail.contoso.com  exact  cannot tell

  certificate mail.contoso.com
    role        leaf
    origin      sent
    key         RSA 2048
    not before  2026-09-01
    not after   2026-11-30
    SHA-256     1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f
  certificate Contoso Issuing CA
    role        intermediate
    origin      sent
    key         RSA 4096
    not before  2020-01-01
    not after   2030-01-01
    SHA-256     2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e
  certificate Contoso Root
    role        root
    origin      store
    key         RSA 4096
    not before  2015-01-01
    not after   2035-01-01
    SHA-256     3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d

  revocation of mail.contoso.com
    by          ocsp
    from        network
    status      unreachable
    took        10000 ms
    url         http://ocsp.contoso-trust.example/
    detail      No answer within 10 seconds.
  revocation of Contoso Issuing CA
    by          crl
    from        cache
    status      revoked
    this update 2026-11-21 09:00:00 UTC
    next update 2026-12-01 00:00:00 UTC
    revoked     2026-11-01 00:00:00 UTC keyCompromise
    took        3 ms
    url         http://crl.contoso-trust.example/root.crl
    detail      The CRL lists it.

  endpoint 192.0.2.1:25
    host        gw.contoso.com
    chain       c1
    TLS         TLSv1.3
    cipher      TLS_AES_256_GCM_SHA384
    staple      stapled
    stage       done
    reply       220 2.0.0 Ready to start TLS
  endpoint [2001:db8::1]:25
    host        gw.contoso.com
    stage       starttls
    reply       454-4.7.0 TLS not available | 454 4.7.0 try again
    error       The server put STARTTLS off.
"""


@pytest.mark.parametrize(
    ("make", "options", "expected"),
    [
        (samples.ready, {}, READY),
        (samples.not_ready, {}, NOT_READY),
        (samples.cannot_tell, {"width": 80}, CANNOT_TELL_NARROW),
        (samples.two_connectors, {}, TWO_CONNECTORS),
        (samples.not_ready, {"verbose": True}, NOT_READY_VERBOSE),
        (samples.cannot_tell, {"verbose": True, "width": 100}, CANNOT_TELL_VERBOSE),
    ],
)
def test_the_whole_report(make, options, expected):
    """The report reads as it is meant to: verdict, what to mend, what is open, what is fine, what was looked at."""
    assert expected == render(make(), **options)


@pytest.mark.parametrize("make", SAMPLES)
@pytest.mark.parametrize("verbose", [False, True])
def test_away_from_a_terminal_a_finding_is_one_line(make, verbose):
    """Without a width nothing is wrapped: each message stands whole on the line of its rule."""
    report = make()
    lines = render(report, verbose=verbose).splitlines()
    for finding in report.findings:
        assert [finding.rule] == [
            finding.rule
            for line in lines
            if line.split()[1:2] == [finding.rule] and line.endswith(visible(finding.message))
        ]


@pytest.mark.parametrize("make", SAMPLES)
@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_wrapped_to_the_terminal(make, width):
    """With a width no line is longer, but for words that cannot be broken, and no word is lost."""
    report = make()
    wrapped = render(report, verbose=True, width=width)
    long = [line for line in wrapped.splitlines()[1:] if len(line) > width]
    assert [] == [line for line in long if len(line.split()) > 3]
    for finding in report.findings:
        assert " ".join(visible(finding.message).split()) in " ".join(wrapped.split())


@pytest.mark.parametrize("make", SAMPLES)
@pytest.mark.parametrize("options", [{}, {"verbose": True}, {"verbose": True, "width": 80}])
def test_colour_changes_nothing_but_colour(make, options):
    """Without its styles the coloured report is the plain one, and the plain one has none."""
    plain, coloured = render(make(), **options), render(make(), color=True, **options)
    assert plain == STYLE.sub("", coloured)
    assert coloured != plain
    assert "\x1b" not in plain


def test_rich_prints_the_same_text():
    """The terminal gets the same words, in colour, and square brackets are not taken for markup."""
    report = replace(samples.not_ready(), target=Target("file", "[bold]a[/bold].pem"))
    stream = io.StringIO()
    print_rich(report, stream, verbose=True, width=100)
    assert render(report, verbose=True, width=100) == STYLE.sub("", stream.getvalue())


def test_rich_fits_the_terminal(monkeypatch):
    """Without a width the terminal's own is taken."""
    monkeypatch.setenv("COLUMNS", "70")
    stream = io.StringIO()
    print_rich(samples.ready(), stream)
    assert render(samples.ready(), width=70) == STYLE.sub("", stream.getvalue())


def test_rich_escapes_what_the_terminal_cannot_show():
    """On a console of code page 1252 a foreign name becomes escapes, not an error."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="cp1252", newline="\n")
    print_rich(samples.hostile(), stream, width=200)
    stream.flush()
    assert rb"\u5b57.example" in raw.getvalue()


@pytest.mark.parametrize("options", [{}, {"verbose": True}, {"verbose": True, "width": 80}])
def test_nothing_raw_out_of_a_certificate(options):
    """Escape sequences, bidirectional marks, surrogates and line ends in names are shown, never sent to a terminal."""
    text = render(samples.hostile(), **options)
    assert [] == [character for character in text if not character.isprintable() and character != "\n"]
    assert r"evil\x1b[2J\x1b]0;owned\x07.example" in text
    assert r"a\u202egpj.exe" in text
    assert r"lone\ud800surrogate" in text
    assert r"line\r\nbreak" in text
    assert "\u5b57.example" in text


@given(st.text(st.characters(exclude_categories=()), max_size=30))
@settings(max_examples=60, deadline=None)
def test_no_text_escapes(text):
    """Whatever stands in a name, a message or a reply, only printable characters and our own line ends come out."""
    report = samples.cannot_tell()
    report = replace(
        report,
        target=Target("host", text),
        findings=tuple(replace(finding, message=text, fix=text, evidence={text: text}) for finding in report.findings),
        endpoints=tuple(replace(endpoint, reply=text, error=text, cipher=text) for endpoint in report.endpoints),
        certificates=samples.certificates(text),
        connectors=tuple(connector._replace(name=text, matched_name=text) for connector in report.connectors),
    )
    for width in (None, 80):
        out = render(report, verbose=True, width=width)
        assert [] == [character for character in out if not character.isprintable() and character != "\n"]


def test_our_own_text_is_ascii():
    """A console of code page 1252 shows all but foreign names, and these survive as escapes."""
    texts = [render(make(), verbose=True) for make in SAMPLES[:-1]]
    assert [True] * 4 == [text.isascii() for text in texts]
    assert rb"\u5b57.example" in render(samples.hostile()).encode("cp1252", "backslashreplace")


def test_strict_says_that_warnings_decided():
    """Not ready without a failure can only be --strict, and the summary says so."""
    report = replace(samples.ready(), verdict="not-ready")
    second = render(report).splitlines()[1]
    assert "Nothing fails by itself, but warnings count as failures (--strict): 1 warning, 3 passed." == second


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("ready", "Every required check was made and none failed."),
        ("cannot-tell", "Nothing could be judged."),
    ],
)
def test_a_report_without_findings(verdict, expected):
    """A report in which nothing was found still says what that means."""
    report = replace(samples.report(verdict), findings=(), chains=(), certificates=())
    assert expected == render(report).splitlines()[1]


def test_a_target_without_a_name():
    """Bytes given by a program have no name; the report says what they were."""
    report = replace(samples.report("ready"), target=Target("bytes", ""))
    assert "READY  (bytes)" == render(report).splitlines()[0]


def test_several_chains_and_endpoints():
    """With several chains each is introduced, and findings say which chain or endpoint they are about."""
    chains = (
        ChainResult("c1", "tls", "rsa", "gw.contoso.com", (samples.LEAF,), (samples.LEAF,), "ready"),
        ChainResult("c2", "tls", "ecdsa", None, (samples.ISSUER,), (), "not-ready"),
        ChainResult("c3", "tls", "rsa", None, ("9" * 64,), (), "cannot-tell"),
        ChainResult("c4", "pem", "rsa", None, (), (), "cannot-tell"),
    )
    endpoints = tuple(Endpoint("gw", f"192.0.2.{number}", 25, "c1", "TLSv1.3") for number in range(1, 11))
    findings = (
        samples.finding("expiry.valid", samples.PASS, "It is valid.", chain="c1"),
        samples.finding("expiry.valid", samples.PASS, "It is valid.", chain="c2", endpoint="192.0.2.2:25"),
        samples.finding("tls.established", samples.PASS, "192.0.2.2:25 agreed.", endpoint="192.0.2.2:25"),
    )
    report = samples.report("not-ready", chains=chains, endpoints=endpoints, findings=findings)
    lines = render(report).splitlines()
    assert "pass     expiry.valid     [c1] It is valid." in lines
    assert "pass     expiry.valid     [192.0.2.2:25] It is valid." in lines
    assert "pass     tls.established  192.0.2.2:25 agreed." in lines
    assert "  chain c1      ready (rsa, server name gw.contoso.com)" in lines
    assert "  chain c2      not ready (ecdsa)" in lines
    assert "  sha-256       9999999999999999..." in lines
    assert "  as given      nothing" in lines
    assert "  endpoints     192.0.2.1:25  TLSv1.3, chain c1" in lines
    assert "                and 2 more" in lines


@pytest.mark.parametrize(
    ("name", "not_before", "not_after", "expected"),
    [
        ("left", "2026-11-01", "2026-11-22", "2026-11-01 to 2026-11-22, less than a day left"),
        ("one", "2026-11-01", "2026-11-23", "2026-11-01 to 2026-11-23, 1 day left"),
        ("gone", "2026-11-01", "2026-11-11", "2026-11-01 to 2026-11-11, expired 10 days ago"),
        ("future", "2026-12-01", "2026-12-11", "2026-12-01 to 2026-12-11, starts in 9 days"),
    ],
)
def test_validity_in_words(name, not_before, not_after, expected):
    """The dates of the judged certificate come with how long is left, or how long it is over."""
    leaf, *others = samples.certificates(name)
    dates = {
        "not_before": samples.AT.fromisoformat(f"{not_before}T00:00:00Z"),
        "not_after": samples.AT.fromisoformat(f"{not_after}T00:00:00Z"),
    }
    report = samples.report("ready", certificates=(leaf._replace(**dates), *others))
    assert f"  valid         {expected}" in render(report).splitlines()


def test_many_names_are_counted():
    """Of a hundred names five are shown and the rest is counted; an empty subject is said to be one."""
    names = [f"n{number}.contoso.com" for number in range(100)]
    report = samples.report("ready", certificates=samples.certificates(*names))
    first = f"  certificate   {', '.join(names[:5])} and 95 more (RSA 2048)"
    assert first in render(report).splitlines()
    nameless = samples.certificates("x")[0]._replace(names=(), subject="", issuer="")
    lines = render(samples.report("ready", certificates=(nameless,)), verbose=True).splitlines()
    assert "  certificate   (no name) (RSA 2048)" in lines
    assert "  issuer        (no issuer)" in lines


def test_a_tenant_in_which_nothing_applies():
    """Where no connector applies, a few are shown and the rest is counted, unless all are asked for."""
    connectors = tuple(
        ConnectorResult(f"C{number}", "inbound", None, "not-applicable", "x.example", None, "none")
        for number in range(20)
    )
    report = samples.report("not-ready", connectors=connectors)
    text = render(report)
    assert "NOT READY  mail.contoso.com.pem" == text.splitlines()[0]
    assert ["  and 12 not applicable", 8] == [text.splitlines()[-1], text.count("x.example")]
    assert 20 == render(report, verbose=True).count("x.example")


@pytest.mark.parametrize(
    ("directions", "expected"),
    [
        (("inbound", "inbound"), "READY  mail.contoso.com.pem  for 2 inbound connectors"),
        (("inbound", "outbound"), "READY  mail.contoso.com.pem  for 2 connectors"),
    ],
)
def test_several_connectors_in_the_headline(directions, expected):
    """Several connectors are counted in the headline, with their direction where they share it."""
    connectors = tuple(
        ConnectorResult(f"C{number}", direction, None, "ready", "contoso.com", "contoso.com", "exact")
        for number, direction in enumerate(directions)
    )
    assert expected == render(samples.report("ready", connectors=connectors)).splitlines()[0]


def test_several_reports_end_in_an_overview():
    """Below the reports stands a line for each and the worst verdict."""
    text = render_many([samples.ready(), samples.cannot_tell()], "cannot-tell")
    assert text.startswith(READY)
    assert [
        "READY        mail.contoso.com.pem",
        "CANNOT TELL  gw.contoso.com:25",
        "CANNOT TELL  is the worst of 2 reports.",
    ] == text.splitlines()[-3:]
    assert text == STYLE.sub("", render_many([samples.ready(), samples.cannot_tell()], "cannot-tell", color=True))


def test_tables():
    """Columns are aligned, empty ones left out, and rows too wide for the terminal become blocks."""
    rows = [[("one", ""), ("", ""), ("a word or two", "")], [("second", ""), ("", ""), ("x", "")]]
    wide = ["".join(text for text, _ in line).rstrip() for line in table(("name", "none", "text"), rows, 80)]
    narrow = ["".join(text for text, _ in line) for line in table(("name", "none", "text"), rows, 20)]
    assert ["  name    text", "  one     a word or two", "  second  x"] == wide
    assert ["  name one", "    text        a word or two", "  name second", "    text        x"] == narrow


def test_shortening():
    """Long text ends in three dots, and cutting counts what is shown, not what was meant."""
    assert "abcd..." == shorten("abcdefghij", 7)
    assert "abcdefg" == shorten("abcdefg", 7)
    assert r"\x1b..." == shorten("\x1b" * 9, 7)
    assert "a > b and 1 more" == listed(["a", "b", "c"], 2, " > ")
