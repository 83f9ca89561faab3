"""Completion as the shells do it: commands, options, words, rules, connectors and files."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Parser

from tests.cli.test_help import ALL

PROGRAM = "import sys; from certready.cli import main; sys.exit(main())"


def completed(shell: str, words: list[str], tmp_path: Path) -> list[str]:
    """What a real shell offers for the last of these words, with the completion that certready prints for it."""
    program = tmp_path / "certready"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    if shell == "bash":
        script = (
            'source <(_CERTREADY_COMPLETE=source_bash certready); COMP_WORDS=("$@"); COMP_CWORD=$(($#-1));'
            '_certready_completion certready; printf "%s\\n" "${COMPREPLY[@]}"'
        )
    else:
        script = (
            'compdef() { :; }; _files() { print FILES; }; _arguments() { print -r -- "$@"; };'
            'eval "$(_CERTREADY_COMPLETE=source_zsh certready)"; words=("$@"); CURRENT=$#; _certready_completion'
        )
    done = subprocess.run(
        [shell, "-c", script, shell, *words],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


needs_zsh = pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not on this machine")


SHELLS = pytest.mark.parametrize("shell", ["bash", pytest.param("zsh", marks=needs_zsh)])


@SHELLS
def test_completion_of_options(shell: str, tmp_path: Path) -> None:
    """Every option of every command is offered by bash and zsh."""
    for words, command in ALL.items():
        offered = "\n".join(completed(shell, ["certready", *words.split(), "--"], tmp_path))
        for option in (name for parameter in command.params for name in parameter.opts if name.startswith("--")):
            assert option in offered, (words, option)


@SHELLS
def test_completion_of_words(shell: str, tmp_path: Path) -> None:
    """Commands, and the words that an option takes, are offered."""
    assert "rehearse" in "\n".join(completed(shell, ["certready", "reh"], tmp_path))
    assert "server" in "\n".join(completed(shell, ["certready", "check", "--role", "s"], tmp_path))


@SHELLS
def test_completion_of_files(shell: str, tmp_path: Path) -> None:
    """Where a file is wanted, the shell's own file names are offered."""
    offered = completed(shell, ["certready", "check", "gatew"], tmp_path)
    if shell == "zsh":
        assert ["FILES"] == offered
    else:  # nothing of ours, and the registration tells bash to offer file names then
        assert [] == [word for word in offered if word]
        source = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "_CERTREADY_COMPLETE": "source_bash"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "complete -o default" in source.stdout


@SHELLS
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("check --format js", ["json", "jsonl"]),
        ("tenant --format j", ["json"]),
        ("compare --format h", ["html"]),
        ("check --trust m", ["microsoft", "mozilla"]),
        ("probe --protocol su", ["submission"]),
        ("check --revocation re", ["require", "report"]),
        ("repair --for p", ["postfix"]),
        ("explain bundle.key-m", ["bundle.key-missing", "bundle.key-mismatch"]),
    ],
)
def test_completion_of_values(shell: str, line: str, offered: list[str], tmp_path: Path) -> None:
    """Where an option or argument knows its values, those that fit are offered, and no others."""
    answer = "\n".join(completed(shell, ["certready", *line.split()], tmp_path))
    quoted = "\n".join(offered) if shell == "bash" else f"*: :(({' '.join(json.dumps(value) for value in offered)}))"
    assert quoted == answer


@SHELLS
@pytest.mark.parametrize(
    "line", ["check --tenant t", "check --trust ro", "probe --replay e", "diff o", "explain b.eml"]
)
def test_completion_of_files_as_values(shell: str, line: str, tmp_path: Path) -> None:
    """Where a file may stand, also beside words that do not fit, the shell's own file names are offered."""
    assert ([""] if shell == "bash" else ["FILES"]) == completed(shell, ["certready", *line.split()], tmp_path)


@SHELLS
@pytest.mark.parametrize("typed", [["--tenant", "tenant.json"], ["--tenant=tenant.json"]])
def test_completion_of_connectors(shell: str, typed: list[str], tmp_path: Path) -> None:
    """--connector offers the connectors of the tenant file that was named, as they have to stand in the shell;
    zsh none with quotes of its own, which typer would garble."""
    (tmp_path / "tenant.json").write_text(
        json.dumps(
            {"InboundConnectors": [connector("From gateway"), connector("From Bob's $1 fax"), connector("Other")]}
        )
    )
    answer = completed(shell, ["certready", "check", "gateway.pem", *typed, "--connector", "From"], tmp_path)
    assert {
        "bash": ["From\\ gateway", "From\\ Bob\\'s\\ \\$1\\ fax"],
        "zsh": ['*: :(("From gateway"))'],
    }[shell] == answer


def connector(name: str) -> dict[str, object]:
    """An inbound connector as Get-InboundConnector prints it."""
    return {
        "Name": name,
        "Enabled": True,
        "ConnectorType": "OnPremises",
        "TlsSenderCertificateName": "*.contoso.com",
        "RequireTls": True,
    }


@SHELLS
@pytest.mark.parametrize("content", [None, "no JSON", "{}"])
def test_a_tenant_that_cannot_be_read_costs_nothing(shell: str, content: str | None, tmp_path: Path) -> None:
    """A tenant file that is missing or broken offers no connector and breaks no command line."""
    if content is not None:
        (tmp_path / "tenant.json").write_text(content)
    line = ["certready", "check", "--tenant", "tenant.json", "--connector", "F"]
    assert completed(shell, line, tmp_path) in ([""], ["FILES"])


def test_nothing_is_said_while_a_shell_completes(tmp_path: Path) -> None:
    """A certready.toml is not announced on the line that is being typed."""
    (tmp_path / "certready.toml").write_text('hostname = "mail.contoso.com"\n')
    words = {"_CERTREADY_COMPLETE": "complete_bash", "COMP_WORDS": "certready check --ro", "COMP_CWORD": "2"}
    done = asked({**words}, tmp_path)
    assert ("--role", "") == (done.stdout.strip(), done.stderr)


def asked(variables: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """certready as a shell's completion starts it."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **variables}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, cwd=folder, capture_output=True, text=True, check=True
    )


def test_powershell(tmp_path: Path) -> None:
    """The script for PowerShell parses, registers itself for certready, and what it asks for is answered in its form."""
    script = asked({"_CERTREADY_COMPLETE": "source_powershell"}, tmp_path).stdout
    assert not Parser(Language(tree_sitter_powershell.language())).parse(script.encode()).root_node.has_error
    assert "Register-ArgumentCompleter -Native -CommandName certready" in script
    words = {"_TYPER_COMPLETE_ARGS": "certready check --role s", "_TYPER_COMPLETE_WORD_TO_COMPLETE": "s"}
    assert "server::: " == asked({"_CERTREADY_COMPLETE": "complete_powershell", **words}, tmp_path).stdout.rstrip("\n")
