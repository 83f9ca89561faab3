"""--save-evidence FILE --redact through the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bundle.forms import CRIPPLED, armour
from tests.cli.conftest import Material, Ran

Run = Callable[..., Ran]


@pytest.mark.parametrize(("file", "code"), [("good.pem", 0), ("expired.pem", 1), ("leaf.pem", 1)])
def test_redacted_evidence_replays_to_the_same(
    run: Run, material: Material, tmp_path: Path, file: str, code: int
) -> None:
    """What was saved with --redact replays to the same exit code and names nobody; the report itself is as ever."""
    saved = tmp_path / "case.json"
    first = run(
        *("check", material / file, *material.inbound, *material.offline),
        *("--save-evidence", str(saved), "--redact"),
    )
    assert (code, True) == (first.code, "contoso.com" in first.out)
    assert "contoso" not in saved.read_text("utf-8")
    again = run("check", "--replay", str(saved), "--format", "json")
    assert (code, True) == (again.code, "evidence.redacted" in again.out)
    assert "contoso" not in again.out


def test_a_refusal_writes_nothing(run: Run, material: Material, tmp_path: Path) -> None:
    """Where it cannot be redacted there is a sentence, a hint and no file."""
    broken = tmp_path / "broken.pem"
    saved = tmp_path / "case.json"
    good = Path(material / "leaf.pem").read_bytes()
    broken.write_bytes(good + armour(CRIPPLED, "CERTIFICATE"))
    ran = run("check", str(broken), "--certificate-only", *material.offline, "--save-evidence", str(saved), "--redact")
    assert (2, False) == (ran.code, saved.exists())
    assert "cannot be redacted" in ran.err
    assert "hint:" in ran.err


def test_redact_is_about_saved_evidence(run: Run, material: Material) -> None:
    """--redact without --save-evidence is wrong usage."""
    ran = run("check", material / "good.pem", *material.inbound, *material.offline, "--redact")
    assert (2, True) == (ran.code, "--save-evidence" in ran.err)


def test_the_file_says_that_it_is_redacted(run: Run, material: Material, tmp_path: Path) -> None:
    """The evidence carries the mark, and a redacted replay may be saved again."""
    saved, twice = tmp_path / "case.json", tmp_path / "again.json"
    run("check", material / "good.pem", *material.inbound, *material.offline, "--save-evidence", str(saved), "--redact")
    assert json.loads(saved.read_text("utf-8"))["redacted"] is True
    ran = run("check", "--replay", str(saved), "--save-evidence", str(twice), "--redact")
    assert (0, saved.read_bytes()) == (ran.code, twice.read_bytes())
