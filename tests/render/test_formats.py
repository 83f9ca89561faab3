"""Markdown, JUnit, SARIF, Prometheus, Nagios and JSON lines, each read back by its own kind of parser."""

import json
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from certready.model import Target
from certready.model.report import Severity
from certready.render import FORMATS, jsonl, junit, markdown, nagios, prometheus, renderer, sarif
from certready.render.layout import distinct_names
from tests.render import samples

SAMPLES = [samples.ready, samples.not_ready, samples.cannot_tell, samples.two_connectors, samples.hostile]
# What certificates, servers and exports may hold: everything, and what some format gives a meaning to.
HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.lists(
        st.sampled_from(
            [
                *("\n", "\r\n", "|", "`", "```", "<script>", "]]>", "&", '"', "'", "\\", "{0}", "}", "[a](http://b)"),
                *(
                    "http://evil.example",
                    "www.evil.example",
                    "a@b.example",
                    "\x1b[31m",
                    "\u202e",
                    "\ud800",
                    "=1+1",
                    "\x00",
                ),
                *("# ", "- ", "1. ", "~~~", "![x](y)", "\ufffe", "|days=1", "    code", "> ", "--", "***"),
            ]
        ),
        max_size=6,
    ).map("".join),
)


def hostile(text):
    """A report in which every text that comes from outside is this one."""
    report = samples.cannot_tell()
    return replace(
        report,
        target=Target("host", text),
        connectors=tuple(replace(entry, name=text, value=text, matched_name=text) for entry in report.connectors),
        certificates=tuple(replace(info, subject=text, issuer=text) for info in report.certificates),
        revocation=tuple(replace(entry, url=text, detail=text) for entry in report.revocation),
        findings=tuple(
            replace(finding, message=f"Seen: {text}.", fix=text or None, connector=text or None)
            for finding in report.findings
        ),
        extra=(("x_owner", text), (f"x_{text}", text)),
    )


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("make", SAMPLES)
def test_every_format_ends_with_a_line_end(name, make):
    """One report and several are texts that end with a line end."""
    module = renderer(name)
    assert module.render(make()).endswith("\n")
    assert module.render_many([make(), make()], make().verdict).endswith("\n")


def test_names_are_distinct():
    """Several targets of one name are told apart, whatever they are called."""
    names = ["X", "X", "X #2", "X", "Y"]
    reports = [samples.report("ready", target=Target("file", name)) for name in names]
    found = distinct_names(reports)
    assert ["X", "X #2", "X #2 #2", "X #3", "Y"] == found


# -- JSON lines ---------------------------------------------------------------------------------------------------


@given(HOSTILE)
def test_json_lines(text):
    """One report a line, equal to the JSON report, whatever its texts hold."""
    report = hostile(text)
    lines = jsonl.render_many([report, report], report.verdict).splitlines()
    assert [report.to_dict()] * 2 == [json.loads(line) for line in lines]
    assert all(line.isascii() for line in lines)


# -- Markdown -----------------------------------------------------------------------------------------------------


def parsed(text):
    """The tokens of GitHub's kind of Markdown, with its automatic links, and every inline token in them."""
    reader = MarkdownIt("gfm-like")
    reader.linkify.set({"fuzzy_link": False})  # GitHub takes a bare name for a link only after www.
    tokens = reader.parse(text)
    return tokens, [child for token in tokens for child in token.children or ()]


@given(HOSTILE)
def test_markdown_holds_only_our_markup(text):
    """No text from outside becomes a link, HTML, an image, emphasis, a list, a quotation or a table's border."""
    report = hostile(text)
    tokens, inline = parsed(markdown.render(report))
    kinds = {token.type for token in (*tokens, *inline)}
    assert not kinds & {
        *("link_open", "html_block", "html_inline", "image", "em_open", "strong_open", "code_inline", "s_open"),
        *("bullet_list_open", "ordered_list_open", "blockquote_open", "code_block", "hr"),
    }
    assert not any(re.search(r"\bwww\.", token.content, re.IGNORECASE) for token in tokens if token.type == "inline")
    rows = [token for token in tokens if token.type == "tr_open"]
    judged = [entry for entry in report.connectors if entry.verdict != "not-applicable"]
    assert len(report.findings) + 1 + (len(judged) + 1 if judged else 0) == len(rows)
    fixes = [finding for finding in report.findings if finding.fix and finding.severity is not Severity.PASS]
    assert len(fixes) == sum(token.type == "fence" for token in tokens)


def test_markdown_says_the_verdict():
    """The verdict is the heading, and each failing finding's fix is a code block."""
    text = markdown.render(samples.not_ready())
    assert text.startswith("# NOT READY: mail.contoso.com.pem\n")
    assert "```\nRenew the certificate.\n```" in text


# -- JUnit --------------------------------------------------------------------------------------------------------


@given(HOSTILE)
def test_junit(text):
    """The document parses, its counts are true and its names unique, whatever its texts hold."""
    report = hostile(text)
    root = ET.fromstring(junit.render_many([report, report], report.verdict).encode())
    assert 2 == len(root)
    assert 2 == len({suite.get("name") for suite in root})
    for suite in root:
        cases = suite.findall("testcase")
        assert str(len(cases)) == suite.get("tests") == str(len(report.findings))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert suite.get("errors") == str(len(suite.findall("testcase/error")))
        assert len(cases) == len({case.get("name") for case in cases})


def test_junit_under_strict():
    """Where warnings fail, a counted one is a failure and one that is not counted is none."""
    loose = samples.ready()
    root = ET.fromstring(junit.render(loose).encode())
    assert [] == root.findall(".//failure")
    root = ET.fromstring(junit.render(replace(loose, strict=True, verdict="not-ready")).encode())
    assert 1 == len(root.findall(".//failure"))
    uncounted = tuple(replace(finding, counted=False) for finding in loose.findings)
    root = ET.fromstring(junit.render(replace(loose, strict=True, findings=uncounted)).encode())
    assert [] == root.findall(".//failure")


# -- SARIF --------------------------------------------------------------------------------------------------------


@given(HOSTILE)
def test_sarif(text):
    """Results are the findings that did not pass, their rules are described, texts hold no placeholder and no link."""
    report = hostile(text)
    log = json.loads(sarif.render(report))
    (run,) = log["runs"]
    expected = [finding for finding in report.findings if finding.severity is not Severity.PASS]
    assert [finding.rule for finding in expected] == [result["ruleId"] for result in run["results"]]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        words = result["message"]["text"]
        assert "{" not in words.replace("{{", "")
        assert "}" not in words.replace("}}", "")
        assert "[" not in words.replace("\\[", "")
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri
        assert not uri.startswith("/")
        assert ":" not in uri


def test_sarif_describes_rules():
    """A rule that occurs comes with its title, its help and where it is written."""
    (run,) = json.loads(sarif.render(samples.not_ready()))["runs"]
    rule = next(entry for entry in run["tool"]["driver"]["rules"] if entry["id"] == "chain.incomplete")
    assert rule["shortDescription"]["text"]
    assert rule["help"]["text"]
    assert rule["helpUri"].startswith("https://")


# -- Prometheus ---------------------------------------------------------------------------------------------------


@given(HOSTILE)
def test_prometheus(text):
    """The parser of prometheus-client reads it back, no sample twice, whatever the labels hold."""
    report = hostile(text)
    families = list(text_string_to_metric_families(prometheus.render_many([report, report], report.verdict)))
    samples_seen = [
        (sample.name, tuple(sorted(sample.labels.items()))) for family in families for sample in family.samples
    ]
    assert len(samples_seen) == len(set(samples_seen))
    for family in families:
        assert family.documentation
        assert family.name.startswith("certready_")


def test_prometheus_values():
    """Ready, verdicts, counts of every severity, ends and times have the values of the report."""
    report = samples.ready()
    families = text_string_to_metric_families(prometheus.render(report))
    values = {
        (
            sample.name,
            sample.labels.get("verdict") or sample.labels.get("severity") or sample.labels.get("role"),
        ): sample.value
        for family in families
        for sample in family.samples
    }
    assert 1 == values["certready_ready", None]
    assert (1, 0, 0) == tuple(values["certready_verdict", word] for word in ("ready", "not-ready", "cannot-tell"))
    assert (3, 1, 0, 0) == tuple(values["certready_findings", str(severity)] for severity in Severity)
    assert (
        report.certificates[0].not_after.timestamp()
        == values["certready_certificate_not_after_timestamp_seconds", "leaf"]
    )
    assert report.evaluated_at.timestamp() == values["certready_evaluated_timestamp_seconds", None]


def test_prometheus_has_the_inventory_s_own_keys_as_labels():
    """Keys of an inventory are labels of one sample beside the others, so that an alert can name an owner; two keys
    that are one label are told apart, and what a target lacks is an empty label."""
    targets = (("x_owner", "Ann"), ("x_a-b", "1"), ("x_a.b", "2")), (("x_owner", "Bob"),), ()
    reports = [
        replace(samples.ready(), target=Target("file", str(number)), extra=extra)
        for number, extra in enumerate(targets)
    ]
    families = text_string_to_metric_families(prometheus.render_many(reports, "ready"))
    found = [sample.labels for family in families for sample in family.samples if family.name.endswith("target_info")]
    assert found == [
        {"target": "0", "x_owner": "Ann", "x_a_b": "1", "x_a_b_2": "2"},
        {"target": "1", "x_owner": "Bob", "x_a_b": "", "x_a_b_2": ""},
    ]


# -- Nagios -------------------------------------------------------------------------------------------------------


@given(HOSTILE)
def test_nagios_is_one_line(text):
    """One line whose only bar begins the performance data, whatever the texts hold."""
    line = nagios.render(hostile(text))
    assert line.endswith("\n")
    assert 1 == len(line.splitlines())
    assert line.count("|") <= 1
    assert line.isprintable() or line[:-1].isprintable()


def test_nagios_words_and_codes():
    """Each verdict has its word and code; a counted warning is WARNING."""
    found = [(nagios.render(make()).split(" - ")[0], nagios.exit_code([make()])) for make in SAMPLES[:3]]
    assert [("CERTREADY WARNING", 1), ("CERTREADY CRITICAL", 2), ("CERTREADY UNKNOWN", 3)] == found
    clean = replace(samples.ready(), findings=samples.ready().findings[:1])
    assert "CERTREADY OK - mail.contoso.com.pem: all required checks passed | days=9;;;;\n" == nagios.render(clean)


def test_nagios_takes_the_worst():
    """Of several targets the worst speaks, and the days are those of the earliest leaf."""
    line = nagios.render_many([samples.ready(), samples.not_ready(), samples.cannot_tell()], "not-ready")
    assert line.startswith("CERTREADY CRITICAL - mail.contoso.com.pem: chain.incomplete: ")
    assert line.endswith("| days=-2;;;;\n")


@pytest.mark.parametrize("name", FORMATS)
def test_dates_that_cannot_be_read(name):
    """A certificate whose dates cannot be read costs no format its report, and no day is made up for it."""
    leaf = replace(samples.certificates("gw")[0], not_before=None, not_after=None)
    text = renderer(name).render(replace(samples.cannot_tell(), certificates=(leaf,)))
    assert text.endswith("\n")
    assert "days=" not in text
    assert "not_after_timestamp_seconds{" not in text


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_renders_itself(name):
    """``report.to_NAME()`` is the text of that format."""
    report = samples.not_ready()
    assert getattr(report, f"to_{name}")() == renderer(name).render(report)


def test_summary():
    """The summary is one line: verdict, target, connector and counts."""
    expected = 'READY  mail.contoso.com.pem > inbound connector "From gateway"  1 warning, 3 ok'
    assert samples.ready().summary() == expected
