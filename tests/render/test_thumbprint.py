"""Wherever a format describes the judged certificate, Windows' thumbprint stands with it."""

from __future__ import annotations

import pytest

from certready.demo.pki import Authority
from certready.judging import judge
from certready.render import renderer
from certready.render.text import render
from tests import pki

ROOT = Authority.root()
CA = ROOT.intermediate()
REPORT = judge(pki.evidence(pki.chain(CA.issue("mail.contoso.com"), CA), roots=pki.roots(ROOT)))


@pytest.mark.parametrize("format_name", ["json", "jsonl", "html", "markdown"])
def test_formats(format_name: str) -> None:
    """Every format that describes certificates has the thumbprint, in upper case for people."""
    marks = [one.sha1 for one in REPORT.certificates if one.role == "leaf"]
    said = renderer(format_name).render(REPORT)
    assert all(marks)
    assert all((mark if format_name.startswith("json") else mark.upper()) in said for mark in marks)


@pytest.mark.parametrize("verbose", [False, True])
def test_text(verbose: bool) -> None:
    """The text has it with and without -v; with -v in the table of certificates too."""
    said = render(REPORT, verbose=verbose)
    for one in REPORT.certificates:
        if verbose or one.role == "leaf":
            assert one.sha1.upper() in said
