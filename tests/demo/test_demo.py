"""The demonstration, run once for real, and what it says about itself."""

from __future__ import annotations

import json
import shlex
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from certready.cli import main
from certready.demo.scenarios import HOST, SCENARIOS, Result, run
from certready.demo.telling import INTRODUCTION, narrate, summary
from certready.model.report import Finding, Report, Severity
from certready.render.layout import plain
from certready.render.text import render

KINDS = ("check", "probe")
CASES = [(scenario.name, kind) for scenario in SCENARIOS for kind in KINDS]


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return list(run())


def pick(results: list[Result], name: str, kind: str) -> Result:
    return next(one for one in results if (one.scenario.name, one.kind) == (name, kind))


def finding(report: Report, rule: str) -> Finding:
    return next(one for one in report.findings if one.rule == rule)


def test_every_case_is_checked_and_probed(results: list[Result]) -> None:
    """Good, expired, revoked, leaf-only and wrong-name are each checked and probed, in this order."""
    expected = [(name, kind) for name in ("good", "expired", "revoked", "leaf-only", "wrong-name") for kind in KINDS]
    assert expected == [(one.scenario.name, one.kind) for one in results]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_report_is_as_staged(results: list[Result], name: str, kind: str) -> None:
    """Verdict and failing rules are exactly what was staged."""
    result = pick(results, name, kind)
    expected = (result.scenario.verdict, result.scenario.fails)
    assert expected == (result.report.verdict, result.fails)


@pytest.mark.parametrize("kind", KINDS)
def test_revocation_is_really_asked(results: list[Result], kind: str) -> None:
    """Leaf and intermediate are each found good by the OCSP responder and in the CRL, over HTTP."""
    report = pick(results, "good", kind).report
    assert sorted((one.method, one.status) for one in report.revocation) == [
        ("crl", "good"),
        ("crl", "good"),
        ("ocsp", "good"),
        ("ocsp", "good"),
    ]
    assert all((one.url or "").startswith("http://127.0.0.1:") for one in report.revocation)


@pytest.mark.parametrize("kind", KINDS)
def test_revoked_certificate_is_revoked_for_its_reason(results: list[Result], kind: str) -> None:
    """OCSP and CRL both report the staged revocation, with its reason."""
    report = pick(results, "revoked", kind).report
    revoked = [one for one in report.revocation if one.status == "revoked"]
    assert sorted(one.method for one in revoked) == ["crl", "ocsp"]
    assert all(one.revoked_at is not None and one.reason for one in revoked)


def test_probe_sees_the_chain_as_sent(results: list[Result]) -> None:
    """The gateway's chain arrives over STARTTLS: two certificates, and one where the intermediate is left out."""
    for name, sent in (("good", 2), ("leaf-only", 1)):
        report = pick(results, name, "probe").report
        assert [one.stage for one in report.endpoints] == ["done"]
        assert [sent] == [len(chain.sent) for chain in report.chains]


@pytest.mark.parametrize("kind", KINDS)
def test_missing_intermediate_is_named(results: list[Result], kind: str) -> None:
    """The incomplete chain's finding names the CA that is missing."""
    assert "Demo Issuing CA" in finding(pick(results, "leaf-only", kind).report, "chain.incomplete").message


def test_every_report_warns_of_the_private_store(results: list[Result]) -> None:
    """No report hides that its roots are a private CA's and not Microsoft's."""
    assert {Severity.WARN} == {finding(one.report, "chain.other-store").severity for one in results}


def test_commands_say_the_same_as_the_options(results: list[Result]) -> None:
    """The command shown names the case's file, or the gateway's port, and the connector."""
    check, probe = (pick(results, "expired", kind) for kind in KINDS)
    assert check.command.startswith('certready check expired.pem --inbound "*.contoso.example" --accepted-domain')
    assert f"certready probe 127.0.0.1:{probe.report.endpoints[0].port} --outbound {HOST}" in probe.command


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_command_shown_gives_the_same(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The check command shown, typed while the servers run, comes to the same verdict and findings."""
    for result in run():
        if result.kind == "check":
            with monkeypatch.context() as patch:
                patch.chdir(next(temporary.iterdir()))
                code = main([*shlex.split(result.command)[1:], "--format", "json"])
            assert code == result.report.exit_code
            shown = json.loads(capsys.readouterr().out)
            found = sorted((one["rule"], one["severity"]) for one in shown["findings"])
            assert sorted((one.rule, str(one.severity)) for one in result.report.findings) == found


def test_nothing_is_left_when_stopped_early(temporary: Path) -> None:
    """A demonstration that is broken off after its first report leaves no file and no server behind."""
    before = set(threading.enumerate())
    running = run()
    next(running)
    assert list(temporary.iterdir()) != []
    running.close()
    assert list(temporary.iterdir()) == []
    assert set() == {
        one
        for one in set(threading.enumerate()) - before
        if "serve_forever" in one.name or "process_request" in one.name
    }


def test_summary_of_good_results(results: list[Result]) -> None:
    """All as staged is exit code 0, a row for each report, and a sentence that counts them."""
    found = summary(results)
    assert (found.ok, found.exit_code, len(found.rows)) == (True, 0, 10)
    assert found.sentence == "All 10 reports came out as staged."


def test_summary_names_what_differs(results: list[Result]) -> None:
    """A report that came out otherwise is exit code 1 and is named."""
    good = pick(results, "good", "probe")
    found = summary([*results[:3], replace(good, report=replace(good.report, verdict="cannot-tell"))])
    assert (found.ok, found.exit_code) == (False, 1)
    assert found.sentence == "Not as staged: probe of good."
    assert found.rows[-1] == ("good", "probe", "ready", "cannot-tell", "NOT AS STAGED")


def test_another_failing_rule_is_not_as_staged(results: list[Result]) -> None:
    """The right verdict for a wrong reason does not pass."""
    expired = pick(results, "expired", "check")
    assert not replace(expired, report=pick(results, "revoked", "check").report).as_staged


def test_nothing_judged_is_no_success() -> None:
    """No result at all is not as staged."""
    assert (summary([]).ok, summary([]).exit_code, summary([]).sentence) == (False, 1, "Nothing was judged.")


def test_narration(results: list[Result]) -> None:
    """The text introduces in three lines, shows each case once with both commands and reports, and ends in the table."""
    blocks = narrate(results, lambda report: [((f"<{report.verdict}>", ""),)])
    text = plain(line for block in blocks for line in block)
    assert text.startswith("\n".join(INTRODUCTION))
    assert len(INTRODUCTION) == 3
    for scenario in SCENARIOS:
        assert text.count(f"\n{scenario.title} ({scenario.name})\n") == 1
    for one in results:
        assert f"\n$ {one.command}\n\n<{one.report.verdict}>\n" in text
    assert text.endswith("\nAll 10 reports came out as staged.\n")
    assert text.isascii()


def test_command_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    """``certready demo`` ends with 0 and the table on stdout, and says nothing on stderr."""
    assert main(["demo"]) == 0
    captured = capsys.readouterr()
    assert captured.out.endswith("All 10 reports came out as staged.\n")
    assert captured.out.count("as staged\n") == 10
    assert captured.err == ""


def test_command_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """``certready demo --format json`` prints one certready.reports/1 document with all ten reports."""
    assert main(["demo", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "certready.reports/1"
    assert [SCENARIOS[number // 2].verdict for number in range(10)] == [one["verdict"] for one in document["reports"]]


def test_every_report_fits_a_screen(results):
    """The default report of every case takes at most 30 lines of 100 columns; what is typed is never wrapped."""
    for result in results:
        lines = render(result.report, width=100).splitlines()
        assert len(lines) <= 30
        assert [] == [line for line in lines if len(line) > 100 and not line.lstrip().startswith("Set-")]
