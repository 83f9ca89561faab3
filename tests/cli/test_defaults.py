"""certready.toml: defaults of options, from the working folder or the user's settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from certready import directories
from tests.cli.conftest import Material, Ran

Run = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and settings of this test's own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("CERTREADY_CONFIG_HOME", str(tmp_path / "settings"))
    return tmp_path / "here"


def offline(material: Material) -> str:
    """A file's lines under which the good certificate is judged without any network."""
    lists = json.dumps([material / "issuing.crl", material / "root.crl"])
    return f"trust = {json.dumps(material / 'root.pem')}\noffline = true\ncrl = {lists}\n"


def test_the_working_folder_gives_defaults(run: Run, material: Material, folder: Path) -> None:
    """Options of certready.toml hold where the command line says nothing, and stderr names the file."""
    (folder / "certready.toml").write_text(
        offline(material) + 'inbound = "*.contoso.com"\naccepted-domain = ["contoso.com"]\n'
    )
    ran = run("check", material / "good.pem")
    assert (0, True) == (ran.code, "note: defaults of certready.toml are used." in ran.err), ran.err


def test_settings_of_the_user_come_second(run: Run, material: Material, folder: Path) -> None:
    """Without a file in the working folder the one in the user's settings is taken; with one, that alone."""
    settings = folder.parent / "settings"
    settings.mkdir()
    (settings / "certready.toml").write_text(offline(material) + "certificate_only = true\n")
    ran = run("check", material / "good.pem")
    assert (0, True) == (ran.code, str(settings) in ran.err), ran.err
    (folder / "certready.toml").write_text(offline(material))
    assert 3 == run("check", material / "good.pem").code


def test_files_are_relative_to_the_file(run: Run, material: Material, folder: Path) -> None:
    """Files are named relative to certready.toml's own folder."""
    settings = folder.parent / "settings"
    settings.mkdir()
    for name in ("root.pem", "issuing.crl", "root.crl"):
        (settings / name).write_bytes(Path(material / name).read_bytes())
    (settings / "certready.toml").write_text(
        'trust = "root.pem"\ncrl = ["issuing.crl", "root.crl"]\noffline = true\ncertificate-only = true\n'
    )
    assert 0 == run("check", material / "good.pem").code


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('inbound = "x.test"\n', ["--inbound", "*.contoso.com", "--accepted-domain", "contoso.com"]),
        ('inbound = "x.test"\n', ["--certificate-only"]),
        ('tenant = "gone.json"\n', ["--certificate-only"]),
        ("certificate-only = true\n", ["--inbound=*.contoso.com", "--accepted-domain", "contoso.com"]),
        ('password-file = "gone"\n', ["--password-env", "NOT_NEEDED", "--certificate-only"]),
    ],
)
def test_what_is_typed_replaces_defaults(
    lines: str, words: list[str], run: Run, material: Material, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever types a connector has none of the file's, and no contradiction comes of a default."""
    monkeypatch.setenv("NOT_NEEDED", "x")
    (folder / "certready.toml").write_text(offline(material) + lines)
    ran = run("check", material / "good.pem", *words)
    assert 0 == ran.code, ran.out + ran.err


WRONG = {
    "an unknown option": ('colour = "red"', "there is no option 'colour'"),
    "an option of one run": ('replay = "e.json"', "there is no option 'replay'"),
    "no flag": ('offline = "yes"', "offline is true or false"),
    "no text": ("hostname = {a = 1}", "hostname is text"),
    "two values": ('hostname = ["a", "b"]', "hostname is one value"),
    "no TOML": ("hostname =", "is not valid TOML"),
    "no text file": ("\x00\x01", "is not valid TOML"),
    "a word that is none": ('revocation = "often"', "'often' is not one of require"),
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG)
def test_a_file_that_cannot_be_meant(text: str, sentence: str, run: Run, material: Material, folder: Path) -> None:
    """What the file gets wrong is a usage error with its place; help is shown all the same, and other commands run."""
    (folder / "certready.toml").write_text(text)
    ran = run("check", material / "good.pem")
    assert (2, "", True) == (ran.code, ran.out, sentence in ran.err), ran.err
    assert 0 == run("check", "--help").code
    assert 0 == run("rules").code


def test_a_fleet_takes_them_too(run: Run, material: Material, folder: Path) -> None:
    """A fleet's lines have these defaults as they have the options of the command."""
    (folder / "certready.toml").write_text(offline(material) + "certificate-only = true\n")
    (folder / "i.json").write_text(json.dumps([material / "good.pem"]))
    assert 0 == run("fleet", "i.json").code


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "words",
    [
        ["check", "GOOD"],
        ["check", "GOOD", "BOTH"],
        ["probe", "127.0.0.1:1"],
        ["diff", "GOOD", "GOOD"],
        ["repair", "GOOD", "--out", "out"],
        ["fleet", "i.json"],
    ],
    ids=" ".join,
)
def test_the_report_names_the_file(words: list[str], form: str, run: Run, material: Material, folder: Path) -> None:
    """Whatever takes defaults says in its result which file gave them, and nothing of it where there is none."""
    (folder / "both").mkdir()
    for name in ("good", "expired"):
        (folder / "both" / f"{name}.pem").write_bytes(Path(material / f"{name}.pem").read_bytes())
    (folder / "i.json").write_text(json.dumps([material / "good.pem"]))
    typed = [{"GOOD": material / "good.pem", "BOTH": "both"}.get(word, word) for word in words]
    typed += ["--format", form, *(["--force"] if words[0] == "repair" else [])]
    without = run(*typed, "--certificate-only", *([] if words[0] == "probe" else ["--offline"]))
    assert "certready.toml" not in without.out + without.err
    answers = "" if words[0] == "probe" else offline(material)
    (folder / "certready.toml").write_text(answers + "certificate-only = true\n")
    ran = run(*typed)
    assert "certready.toml" in ran.out, ran.err
    if form == "json":
        document = json.loads(ran.out)
        reports = document.get("reports") or [document.get("report", document)]
        assert {"certready.toml"} == {report["defaults_file"] for report in reports}


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"HOME": "/h"}, "/h/.config/certready"),
        ("linux", {"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, "/x/certready"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Application Support/certready"),
        ("win32", {"HOME": "/h", "APPDATA": "/a"}, "/a/certready"),
        ("linux", {"CERTREADY_CONFIG_HOME": "/c", "HOME": "/h"}, "/c"),
    ],
)
def test_where_settings_are(platform: str, environment: dict[str, str], expected: str) -> None:
    """Each platform keeps a user's settings in a place of its own."""
    assert Path(expected) == directories.config(environment, platform)
