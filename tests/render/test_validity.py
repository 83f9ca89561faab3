"""JUnit, SARIF and Prometheus by the schemas and the checker that their readers use."""

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from lxml import etree

from certready.render import junit, prometheus, sarif
from tests.render.test_formats import HOSTILE, SAMPLES, hostile

SCHEMAS = Path(__file__).parent / "schemas"
JUNIT = etree.XMLSchema(etree.parse(SCHEMAS / "junit-10.xsd"))
SARIF = jsonschema.Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))


def check(reports):
    """Raises where a document of these reports is not valid."""
    JUNIT.assertValid(etree.fromstring(junit.render_many(reports, "not-ready").encode()))
    SARIF.validate(json.loads(sarif.render_many(reports, "not-ready")))


def test_samples_are_valid():
    """All samples in one document satisfy Jenkins' schema and that of SARIF."""
    check([make() for make in SAMPLES])


@settings(deadline=None)
@given(HOSTILE)
def test_hostile_reports_are_valid(text):
    """Whatever the texts of a report hold, JUnit and SARIF stay valid."""
    check([hostile(text)])


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian: prometheus) is not installed")
@pytest.mark.parametrize("text", ["mail.contoso.com", 'a"b\\c\nd', "\u202e\ud800|{}"])
def test_promtool_accepts(text):
    """Prometheus' own checker has nothing to say, names of metrics and help included."""
    document = prometheus.render_many([hostile(text), *(make() for make in SAMPLES)], "not-ready")
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=document.encode(), capture_output=True, check=False, timeout=60
    )
    assert (0, b"", b"") == (done.returncode, done.stdout, done.stderr)
