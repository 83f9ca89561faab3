"""The report for people: order, alignment, wrapping, and nothing raw out of a certificate."""

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from certready.model import Endpoint, Target
from certready.model.report import ChainResult, ConnectorResult, Severity
from certready.render.layout import console, listed_shortened, print_lines, shorten, table
from certready.render.text import render, render_many, report_lines
from certready.wording import visible
from tests.render import samples

SAMPLES = [samples.ready, samples.not_ready, samples.cannot_tell, samples.two_connectors, samples.hostile]
# Written at the start and end of every styled stretch.
STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [None, 80, 100, 200])
@pytest.mark.parametrize("make", SAMPLES)
def test_the_whole_report(make, width, snapshot):
    """The report reads as it is meant to: headline, failures with fixes, what passed, the certificate."""
    assert snapshot == render(make(), width=width)


@pytest.mark.parametrize("width", [None, 100])
@pytest.mark.parametrize("make", SAMPLES)
def test_everything(make, width, snapshot):
    """With -v every finding, its source and values, and every table."""
    assert snapshot == render(make(), verbose=True, width=width)


def test_what_passed_beside_trouble():
    """Where one certificate is revoked and its issuer is not, the line of what passed says whose it is."""
    revoked = samples.finding("revocation.revoked", Severity.FAIL, "mail.contoso.com is revoked.", certificate="a")
    good = samples.finding("revocation.good", Severity.PASS, "The issuer is not.", certificate=samples.ISSUER)
    report = replace(samples.ready(), verdict="not-ready", findings=(revoked, good))
    assert "ok       not revoked (Contoso Issuing CA)\n" in render(report, width=100)


@pytest.mark.parametrize("make", SAMPLES)
@pytest.mark.parametrize("width", [80, 100, 200])
def test_nothing_is_said_twice(make, width):
    """No sentence of a finding and no fix stands in the report twice."""
    text = " ".join(render(make(), width=width).split())
    for finding in make().findings:
        for sentence in (finding.message, finding.fix):
            assert text.count(" ".join(visible(sentence).split()) if sentence else "\x00") <= 1


@pytest.mark.parametrize("make", SAMPLES)
@pytest.mark.parametrize("width", [80, 100, 200])
def test_the_default_report_fits(make, width):
    """No line is longer than the terminal, and a report of few findings takes at most 30 lines at 100 columns."""
    lines = render(make(), width=width).splitlines()
    assert [] == [line for line in lines if len(line) > width and len(line.split()) > 2]
    assert width < 100 or len(lines) <= 30


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
    print_lines(report_lines(report, verbose=True, width=100), console(stream))
    assert render(report, verbose=True, width=100) == STYLE.sub("", stream.getvalue())


def test_rich_escapes_what_the_terminal_cannot_show():
    """On a console of code page 1252 a foreign name becomes escapes, not an error."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="cp1252", newline="\n")
    print_lines(report_lines(samples.hostile(), verbose=False, width=200), console(stream))
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
        connectors=tuple(replace(connector, name=text, matched_name=text) for connector in report.connectors),
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
    """Not ready without a failure can only be --strict, and the headline says so."""
    report = replace(samples.ready(), verdict="not-ready")
    assert render(report).splitlines()[0].endswith("  1 warning (--strict), 3 ok")


def test_a_report_without_findings():
    """A report in which nothing was found says so."""
    report = replace(samples.report("cannot-tell"), findings=(), chains=(), certificates=())
    assert render(report).splitlines()[0].endswith("nothing was judged")


def test_a_target_without_a_name():
    """Bytes given by a program have no name; the report says what they were."""
    report = replace(samples.report("ready"), target=Target("bytes", ""))
    assert render(report).startswith("READY  (bytes)  ")


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
    lines = render(report, verbose=True).splitlines()
    assert "pass     expiry.valid     [c1] It is valid." in lines
    assert "pass     expiry.valid     [192.0.2.2:25] It is valid." in lines
    assert "pass     tls.established  192.0.2.2:25 agreed." in lines
    assert "  chain c1      ready (rsa, server name gw.contoso.com)" in lines
    assert "  chain c2      not ready (ecdsa)" in lines
    assert f"  sha-256       {'9' * 64}" in lines
    assert "  as given      nothing" in lines
    assert "  endpoints     192.0.2.1:25  TLSv1.3, chain c1" in lines
    assert "         and 2 more (-v)" in render(report).splitlines()


@pytest.mark.parametrize(
    ("not_before", "not_after", "expected"),
    [
        ("2026-11-01", "2026-11-22", "expires 2026-11-22 (less than a day)"),
        ("2026-11-01", "2026-11-23", "expires 2026-11-23 (1 day)"),
        ("2026-11-01", "2026-11-11", "expired 2026-11-11 (10 days ago)"),
        ("2026-12-01", "2026-12-11", "valid from 2026-12-01 (in 9 days)"),
    ],
)
def test_validity_in_words(not_before, not_after, expected):
    """The end of the judged certificate comes with how long is left, or how long it is over."""
    leaf, *others = samples.certificates("gw")
    dates = {
        "not_before": samples.AT.fromisoformat(f"{not_before}T00:00:00Z"),
        "not_after": samples.AT.fromisoformat(f"{not_after}T00:00:00Z"),
    }
    report = samples.report("ready", certificates=(replace(leaf, **dates), *others))
    assert f"         gw   {expected}   issuer Contoso Issuing CA" in render(report).splitlines()


def test_many_names_are_counted():
    """Of a hundred names one is shown and the rest is counted, with -v five; an empty subject is said to be one."""
    names = [f"n{number}.contoso.com" for number in range(100)]
    report = samples.report("ready", certificates=samples.certificates(*names))
    assert "         n0.contoso.com and 99 more names   expires " in render(report)
    first = f"  certificate   {', '.join(names[:5])} and 95 more (RSA 2048)"
    assert first in render(report, verbose=True).splitlines()
    nameless = replace(samples.certificates("x")[0], names=(), subject="", issuer="")
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
    assert text.startswith("NOT READY  mail.contoso.com.pem  ")
    assert ["  and 12 not applicable", 8] == [text.splitlines()[-1], text.count("x.example")]
    assert 20 == render(report, verbose=True).count("x.example")


@pytest.mark.parametrize(
    ("directions", "expected"),
    [
        (("inbound", "inbound"), "READY  mail.contoso.com.pem > 2 inbound connectors  "),
        (("inbound", "outbound"), "READY  mail.contoso.com.pem > 2 connectors  "),
    ],
)
def test_several_connectors_in_the_headline(directions, expected):
    """Several connectors are counted in the headline, with their direction where they share it."""
    connectors = tuple(
        ConnectorResult(f"C{number}", direction, None, "ready", "contoso.com", "contoso.com", "exact")
        for number, direction in enumerate(directions)
    )
    assert render(samples.report("ready", connectors=connectors)).startswith(expected)


def test_several_reports_end_in_an_overview():
    """Below the reports stands a line for each and the worst verdict."""
    text = render_many([samples.ready(), samples.cannot_tell()], "cannot-tell")
    assert text.startswith(render(samples.ready()))
    assert [
        "READY        mail.contoso.com.pem",
        "CANNOT TELL  gw.contoso.com:25",
        "CANNOT TELL  is the worst of 2 reports.",
    ] == text.splitlines()[-3:]
    assert text == STYLE.sub("", render_many([samples.ready(), samples.cannot_tell()], "cannot-tell", color=True))


def test_tables():
    """Columns are aligned and empty ones left out; cells of several words go on below where the terminal is narrow, and
    where that is not enough the rows become blocks."""
    rows = [[("one", ""), ("", ""), ("a word or two", "")], [("second", ""), ("", ""), ("x", "")]]
    wide = ["".join(text for text, _ in line).rstrip() for line in table(("name", "none", "text"), rows, 80)]
    narrow = ["".join(text for text, _ in line) for line in table(("name", "none", "text"), rows, 20)]
    assert ["  name    text", "  one     a word or two", "  second  x"] == wide
    assert ["  name one", "    text  a word or two", "  name second", "    text  x"] == narrow
    rows[0][2] = ("a sentence of some words", "")
    split = ["".join(text for text, _ in line).rstrip() for line in table(("name", "none", "text"), rows, 26)]
    assert ["  name    text", "  one     a sentence of", "          some words", "  second  x"] == split


def test_shortening():
    """Long text ends in three dots, and cutting counts what is shown, not what was meant."""
    assert "abcd..." == shorten("abcdefghij", 7)
    assert "abcdefg" == shorten("abcdefg", 7)
    assert r"\x1b..." == shorten("\x1b" * 9, 7)
    assert "a > b and 1 more" == listed_shortened(["a", "b", "c"], 2, " > ")
