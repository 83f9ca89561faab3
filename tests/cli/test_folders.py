"""check of folders and archives: a report for each certificate, the worst decides."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Material, Ran

Run = Callable[..., Ran]


@pytest.fixture
def folder(material: Material, tmp_path: Path) -> Path:
    """A vendor's mail: leaf, issuer and key in files of their own."""
    place = tmp_path / "mail"
    place.mkdir()
    for name in ("leaf.pem", "issuing.pem", "key.pem", "text.txt"):
        shutil.copy(material / name, place / name)
    return place


def check(run: Run, material: Material, *words: str | Path) -> Ran:
    return run("check", *map(str, words), *material.inbound, *material.offline)


def packed(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", folder))


@pytest.mark.parametrize("archived", [False, True])
def test_a_folder_with_one_certificate_is_one_report(
    run: Run, material: Material, folder: Path, archived: bool
) -> None:
    """Leaf, issuer and key of a folder or ZIP are judged together, named by the leaf's file."""
    place = packed(folder) if archived else folder
    ran = check(run, material, place, "--format", "json")
    report = json.loads(ran.out)
    assert (0, "certready.report/1") == (ran.code, report["schema"])
    assert f"{place}/leaf.pem + {place}/issuing.pem" == report["target"]["name"]
    assert "bundle.key-present" in {one["rule"] for one in report["findings"]}
    assert "text.txt" in ran.err


def test_the_folder_one_stands_in(run: Run, material: Material, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dot is the current folder, whose files are named as they would be typed."""
    monkeypatch.chdir(folder)
    assert "leaf.pem + issuing.pem" in check(run, material, ".").out


def test_several_certificates_are_several_reports(run: Run, material: Material, folder: Path) -> None:
    """An expired certificate in the folder is a report of its own, and the worst decides."""
    shutil.copy(material / "expired.pem", folder / "old.pem")
    ran = check(run, material, folder, "--format", "json")
    document = json.loads(ran.out)
    assert (1, "certready.reports/1", "not-ready") == (ran.code, document["schema"], document["verdict"])
    assert {"ready", "not-ready"} == {one["verdict"] for one in document["reports"]}


@pytest.mark.parametrize("name", ["good.pfx", "empty.pem"])
def test_a_file_that_cannot_be_read_is_never_passed_over(run: Run, material: Material, folder: Path, name: str) -> None:
    """A PFX without its password or an empty PEM beside a sound certificate cannot be told, and says what to do."""
    shutil.copy(material / name, folder / name)
    ran = check(run, material, folder, "--format", "json")
    reports = json.loads(ran.out)["reports"]
    assert (3, ["ready", "cannot-tell"]) == (ran.code, [one["verdict"] for one in reports])
    (finding,) = [one for one in reports[1]["findings"] if one["severity"] == "unknown"]
    assert "bundle.unreadable" == finding["rule"]
    assert finding["fix"]


def test_the_password_opens_what_lies_in_the_folder(run: Run, material: Material, folder: Path) -> None:
    """With its password the PFX is the fullest file."""
    shutil.copy(material / "good.pfx", folder / "good.pfx")
    ran = check(run, material, folder, "--password-file", material / "password.txt", "--format", "json")
    assert (0, f"{folder}/good.pfx") == (ran.code, json.loads(ran.out)["target"]["name"])
    assert 2 == check(run, material, folder, "--password-file", material / "wrong.txt").code


def test_files_named_beside_a_folder_are_its_material(run: Run, material: Material, folder: Path) -> None:
    """A key named beside the vendor's ZIP is the certificate's; a wrong one is a mismatch."""
    (folder / "key.pem").unlink()
    place = packed(folder)
    assert "bundle.key-present" in check(run, material, place, material / "key.pem", "-v").out
    other = folder / "other.key"
    other.write_bytes(material.issuing.issue("mx.contoso.com").key_pem)
    ran = check(run, material, place, other, "--format", "json")
    assert (1, True) == (ran.code, "bundle.key-mismatch" in ran.out)


def test_evidence_is_saved_for_one_and_remedies_for_all(
    run: Run, material: Material, folder: Path, tmp_path: Path
) -> None:
    """One certificate's evidence replays to the same; of several none is saved, and their remedies are one script."""
    saved, script = tmp_path / "case.json", tmp_path / "fix.ps1"
    assert 0 == check(run, material, folder, "--save-evidence", saved).code
    assert 0 == run("check", "--replay", str(saved)).code
    shutil.copy(material / "expired.pem", folder / "old.pem")
    shutil.copy(material / "good.pfx", folder / "good.pfx")
    saved.unlink()
    ran = check(run, material, folder, "--save-evidence", saved)
    assert (2, False) == (ran.code, saved.exists())
    assert 1 == check(run, material, folder, "--remedies", script).code
    text = script.read_text("utf-8-sig")
    assert 3 == text.count("Remedies for ")
    assert all(line.startswith("#") for line in text.splitlines())


@pytest.mark.parametrize("form", ["markdown", "html", "junit", "sarif", "prometheus", "nagios", "jsonl", "text"])
def test_every_format_takes_what_could_not_be_read(run: Run, material: Material, folder: Path, form: str) -> None:
    """A target without a certificate is a report in every format."""
    shutil.copy(material / "good.pfx", folder / "good.pfx")
    ran = check(run, material, folder, "--format", form)
    assert (3, True) == (ran.code, "good.pfx" in ran.out)


def test_a_folder_without_certificates_could_not_be_run(run: Run, material: Material, tmp_path: Path) -> None:
    """An empty folder is an input error with a sentence."""
    ran = check(run, material, tmp_path)
    assert (2, True) == (ran.code, "holds no certificate" in ran.err)
