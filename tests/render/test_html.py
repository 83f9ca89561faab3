"""The HTML report: only our own markup, whatever its texts hold; nothing loaded; read back by a parser and a browser."""

import base64
import hashlib
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from certready.model import Target
from certready.render import html
from certready.render.pictures import path_picture, time_line
from certready.wording import visible
from tests.render import samples
from tests.render.test_formats import HOSTILE, SAMPLES, hostile

CHROMIUM = shutil.which("chromium")
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "id", "aria-label", "aria-hidden", "role"),
    *("tabindex", "scope", "type", "data-copy", "hidden", "viewbox", "d", "x", "y", "width", "height", "rx", "href"),
}


class Page(HTMLParser):
    """The elements, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.links = [], [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.text += data


@settings(deadline=None)
@given(HOSTILE)
def test_no_text_becomes_markup(text):
    """A page has the same elements whatever certificates and servers say, no foreign attribute, and no outside link."""
    harmless, page = (Page(html.render(hostile(word))) for word in ("x", text or "y"))
    assert harmless.tags.count("script") == page.tags.count("script") == 1
    assert not set(page.tags) & {"img", "iframe", "a", "link", "object", "form", "base"}
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    assert visible(text) in page.text


def test_a_page_is_ascii():
    """Every other character is a reference, so that no console's encoding can change it on the way into a file."""
    page = html.render(replace(samples.ready(), target=Target("file", "M\u00fcller \u5b57.pem")))
    assert page.isascii()
    assert "M\u00fcller \u5b57.pem" in Page(page).text


def test_links_stay_on_the_page():
    """The list of several reports leads to their places on the page, and nowhere else."""
    page = Page(html.render_many([make() for make in SAMPLES], "not-ready"))
    assert page.links == [f"#report-{number}" for number in range(1, len(SAMPLES) + 1)]


def test_the_policy_allows_our_style_and_script_alone():
    """The Content-Security-Policy holds the digests of the style and the script in the page, and nothing wider."""
    text = html.render(samples.not_ready())
    policy = next(value for name, value in Page(text).attributes if name == "content" and "default-src" in value)
    for tag in ("style", "script"):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in text


def test_it_says_what_the_report_says():
    """Verdict, every message and every fix stand in the page."""
    for make in SAMPLES:
        report = make()
        page = Page(html.render(report))
        for finding in report.findings:
            assert visible(finding.message) in page.text
        fixes = [finding.fix for finding in report.findings if finding.fix and finding.severity is not samples.PASS]
        assert all(visible(fix) in page.text for fix in fixes)


def test_a_finding_says_whose_it_is_where_there_are_several():
    """Of two connectors the one is named; of one chain alone nobody has to be told."""
    assert "To gateway: No name of the certificate" in Page(html.render(samples.two_connectors())).text
    assert "c1: " not in Page(html.render(samples.not_ready())).text


def test_a_broken_path_ends_in_a_missing_box():
    """The issuer that was not sent is the last box, and said to be missing; what fails about the leaf is in its box."""
    report = samples.not_ready()
    certificates = {info.sha256: info for info in report.certificates}
    picture = path_picture(report.chains[0], certificates, report)
    assert [step.kind for step in picture.steps] == ["broken", "missing"]
    assert "expired" in picture.steps[0].note


def test_the_time_line():
    """Bars stay in the picture however long they are, and renewing is due a third before the end, at most 30 days."""
    line = time_line(samples.ready())
    assert line is not None
    assert all(0 <= bar.x and bar.x + bar.width <= 640 for bar in line.bars)
    assert f"{line.renew_on:%Y-%m-%d}" == "2026-10-31"
    leaf = replace(samples.certificates("gw")[0], not_before=None)
    assert time_line(replace(samples.ready(), certificates=(leaf,))) is None


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_a_browser_runs_nothing(tmp_path):
    """In Chromium a script out of a certificate is text on the page; the page's own script runs."""
    attack = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    page = tmp_path / "report.html"
    page.write_text(html.render(replace(hostile(attack), target=Target("host", attack))), encoding="utf-8")
    done = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    dom = Page(done.stdout.decode())
    assert done.stdout.decode().count("<title>CANNOT TELL: &lt;script&gt;") == 1
    assert "img" not in dom.tags
    assert attack in dom.text
    assert "hidden" not in {name for name, _ in dom.attributes if name == "hidden"}
