"""Help, usage errors and completion, as a new user meets them."""

import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from typer import TyperException

from certready.cli import main
from certready.cli.app import COMMANDS, Lazy, app
from tests.command_lines import parsed

PROGRAM = "import sys; from certready.cli import main; sys.exit(main())"


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that can be run, with the words that lead to it."""
    for name in COMMANDS:
        command = Lazy(name).real()
        below = getattr(command, "commands", {})
        yield from ((f"{name} {child}", below[child]) for child in below)
        if not below:
            yield name, command


ALL = dict(commands())


def examples(help_page: str) -> list[str]:
    """The command lines below the word Examples."""
    _, _, below = help_page.partition("Examples:")
    return [line.strip() for line in below.splitlines() if line.strip()]


def page(words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int = 200) -> str:
    """The help page of these words at this width."""
    monkeypatch.setenv("COLUMNS", str(width))
    assert 0 == main([*words.split(), "--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_three_examples(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every help page ends with three examples, and the real command line accepts each of them."""
    lines = examples(page(name, capsys, monkeypatch))
    assert 3 == len(lines)
    for line in lines:
        assert line.startswith("certready ")
        assert parsed(line), line


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_width(name: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A help page stays within the terminal, but for the examples, which are to be copied."""
    above, _, _ = page(name, capsys, monkeypatch, width).partition("Examples:")
    assert max(map(len, above.splitlines())) <= width


def test_help_that_is_no_terminals_is_plain(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Away from a terminal every command and option begins a line of its own, without frames or markup."""
    root, check = page("", capsys, monkeypatch), page("check", capsys, monkeypatch)
    assert all(re.search(rf"^  {name}  +\S", root, re.MULTILINE) for name in COMMANDS)
    assert re.search(r"^  --inbound VALUE  +\S", check, re.MULTILINE)
    assert (root + check).isascii()
    assert "\\[" not in root + check
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not page("", capsys, monkeypatch).isascii()


@pytest.mark.parametrize("words", ALL)
def test_every_option_is_explained(words: str) -> None:
    """Every argument and option says what it is for, and one that may be repeated says so."""
    for parameter in ALL[words].params:
        assert parameter.help, parameter.name
        if getattr(parameter, "multiple", False):
            assert "Repeat it" in parameter.help, parameter.name


def test_sections(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A command's own arguments and options come first, then connector, password, output and the rest."""
    titles = ["Arguments", "Options", "Connector", "Password", "Output", "Revocation", "Trust and time", "Network"]
    text = page("probe", capsys, monkeypatch)
    places = [text.index(f"\n{title}:\n") for title in titles]
    assert sorted(places) == places


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both spellings print the version."""
    assert 0 == main([flag])
    assert capsys.readouterr().out.startswith("certready ")


@pytest.mark.parametrize("words", [["--version", "-v"], ["-V", "--verbose"], ["-v", "-V"]])
def test_version_for_a_report_of_a_bug(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With -v it names Python, the platform, the libraries and the root lists, and no folder of this machine."""
    assert 0 == main(words)
    out = capsys.readouterr().out
    version = metadata.version("cryptography")
    assert out.startswith("certready ")
    assert {f"cryptography {version}", f"Python {platform.python_version()} ({platform.python_implementation()})"} <= {
        line.partition(" on ")[0] for line in out.splitlines()
    }
    assert any(line.startswith("microsoft ") for line in out.splitlines())
    assert str(Path.home()) not in out
    assert str(Path(__file__).parents[2]) not in out


def test_root_help_imports_no_command() -> None:
    """The root's help comes from the registry: no command's module is imported for it."""
    code = (
        "import sys; from certready.cli import main; main(['-h']);"
        "print(sorted(m for m in sys.modules if m.startswith('certready.')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(eval(done.stderr))
    assert not loaded & {f"certready.cli.{entry.module}" for entry in COMMANDS.values()}


def test_nearest_command(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped command is answered with the nearest one."""
    assert 2 == main(["chek"])
    assert "Did you mean 'check'" in capsys.readouterr().err


def test_nearest_option(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped option is answered with the nearest one and the way to this command's own help."""
    assert 2 == main(["check", "--inbond", "x"])
    error = capsys.readouterr().err
    assert "--inbound" in error
    assert "hint: certready check --help" in error


def test_usage_error_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Where JSON was asked for, a usage error is certready.error/1 and points to the command's own help."""
    assert 2 == main(["cache", "show", "--format", "json", "--nothing"])
    document = json.loads(capsys.readouterr().out)
    assert ("certready.error/1", 2) == (document["schema"], document["code"])
    assert "certready cache show --help" in document["hint"]


@pytest.mark.parametrize("word", ["domain-validation", "DomainValidation", "domainvalidation", "DOMAIN-VALIDATION"])
def test_words_of_the_cmdlets(word: str) -> None:
    """What Exchange's cmdlets print is taken in any case and either spelling."""
    context = ALL["check"].make_context("check", ["x.pem", "--tls-settings", word, "--trust", "Microsoft"])
    assert ("domain-validation", "microsoft") == (context.params["tls_settings"], context.params["trust"])


def test_an_unknown_word(capsys: pytest.CaptureFixture[str]) -> None:
    """Another word is refused with the list of those there are."""
    assert 2 == main(["check", "x.pem", "--role", "gateway"])
    assert "client, server, both" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0", "-1", "601", "nan", "inf", "soon"])
@pytest.mark.parametrize("words", ["check x.pem", "compare x.pem", "tenant x.json"])
def test_timeout(words: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A time-out is a number of seconds above 0 and at most 600, for every command alike."""
    assert 2 == main([*words.split(), "--timeout", text])
    assert "above 0 and at most 600" in capsys.readouterr().err


def test_a_line_that_no_command_takes() -> None:
    """The helper that other tests rely on refuses what the command line refuses."""
    for line in ("certready chek x", "certready check --nothing", "certready cache sow", "certready diff one.pem"):
        with pytest.raises(TyperException):
            parsed(line)


def test_app_is_the_registry() -> None:
    """The root lists exactly the registered commands, in their order."""
    assert list(COMMANDS) == list(app.commands)  # type: ignore[attr-defined]
