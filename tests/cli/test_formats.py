"""Formats on the command line: where they go, what may stand together, and the codes of a plugin."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from certready.cli import main
from certready.render import FORMATS

OTHERS = [name for name in FORMATS if name not in ("json", "nagios")]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    """The command line with these words: exit code and stdout."""

    def ran(*words: str) -> tuple[int, str]:
        return main(list(words)), capsys.readouterr().out

    return ran


def good(material, *words: str) -> list[str]:
    return ["check", material / "good.pem", *material.offline, *material.inbound, *words]


def test_several_formats_in_one_run(run, material, tmp_path: Path) -> None:
    """Every format but Nagios' goes into a file of its own in one run; names are taken in any case."""
    names = [name for name in FORMATS if name != "nagios"]
    files = {name: tmp_path / name for name in names}
    words = [word for name in names for word in ("--format", f"{name.upper()}={files[name]}")]
    assert (0, "") == run(*good(material, *words))
    assert all(file.read_text().endswith("\n") for file in files.values())
    assert json.loads(files["json"].read_text()) == json.loads(files["jsonl"].read_text())


def test_one_file_twice(run, material, tmp_path: Path) -> None:
    """Two formats cannot have one file, and nothing is written then."""
    file = tmp_path / "report"
    assert 2 == run(*good(material, "--format", f"json={file}", "--format", f"junit={file}"))[0]
    assert not file.exists()


@pytest.mark.parametrize("words", [("--format", "json=x.json"), ("--format", "text")])
def test_nagios_stands_alone(run, material, words: tuple[str, ...]) -> None:
    """Beside another format it is refused, as a plugin is refused anything: one line and 3."""
    code, out = run(*good(material, "--format", "nagios", *words))
    assert 3 == code
    assert out.startswith("CERTREADY UNKNOWN - --format nagios stands alone")
    assert not Path("x.json").exists()


def test_nagios_codes(run, material) -> None:
    """2 for what fails, 3 for what is unknown or could not run, 1 for counted warnings."""
    expired = ["check", material / "expired.pem", *material.offline, *material.inbound, "--format", "Nagios"]
    unknown = ["check", material / "good.pem", *material.offline, "--format", "nagios"]
    soon = good(material, "--expiry-warning", "100%", "--format", "nagios")
    found = [(code, out.split(" - ")[0]) for code, out in (run(*words) for words in (expired, unknown, soon))]
    assert [(2, "CERTREADY CRITICAL"), (3, "CERTREADY UNKNOWN"), (1, "CERTREADY WARNING")] == found


def test_nagios_usage_error(run) -> None:
    """A file that is not there, a wrong option and a missing host are UNKNOWN, on one line."""
    for words in (["check", "no.pem", "--certificate-only"], ["check", "--no-such-option"], ["probe"]):
        for spelling in (["--format", "nagios"], ["--format=NAGIOS"]):
            code, out = run(*words, *spelling)
            assert 3 == code
            assert out.startswith("CERTREADY UNKNOWN - ")
            assert 1 == len(out.splitlines())


COMMANDS_OF_A_PLUGIN = [
    "probe",
    "listen",
    "rehearse",
    "compare",
    "compare good.pem leaf.pem",
    "diff old.pem new.pem",
    "show",
    "show good.pem",
    "repair",
    "repair good.pem",
    "tenant",
    "tenant tenant.json",
    "explain",
    "explain chain.incomplete",
    "rules",
    "fleet",
    "fleet inventory.csv",
    "trust",
    "cache show",
    "demo",
    "no-such-command",
]


@pytest.mark.parametrize("words", COMMANDS_OF_A_PLUGIN)
def test_nagios_everywhere(run, words: str) -> None:
    """Whatever cannot be run, or says nothing that a monitor could take for a state, is one line and UNKNOWN."""
    code, out = run(*words.split(), "--format", "nagios")
    assert 3 == code
    assert out.startswith("CERTREADY UNKNOWN - ")
    assert 1 == out.count("\n")


def test_nagios_of_a_repair(run, material, tmp_path: Path) -> None:
    """A bundle that cannot be repaired is CRITICAL in the code as well as in the line."""
    code, out = run(
        "repair", material / "expired.pem", "--out", tmp_path / "o", *material.offline, "--format", "nagios"
    )
    assert (2, "CERTREADY CRITICAL") == (code, out.split(" - ")[0])


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_print_nothing_without_a_report(run, name: str) -> None:
    """Where nothing could be judged, stdout stays empty."""
    assert (2, "") == run("check", "no.pem", "--certificate-only", "--format", name)


def test_strict_reaches_the_formats(run, material) -> None:
    """Under --strict a counted warning is a failure of the test suite too."""
    code, out = run(*good(material, "--expiry-warning", "100%", "--strict", "--format", "junit"))
    assert 1 == code
    assert "<failure" in out


def test_force_color(run, material, monkeypatch: pytest.MonkeyPatch) -> None:
    """FORCE_COLOR colours what goes into a pipe, NO_COLOR goes before it; the words stay the same."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = run(*good(material))[1]
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = run(*good(material))[1]
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(*good(material))[1] == plain
