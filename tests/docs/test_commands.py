"""Every command of certready that README.md and docs/ show is one that the real command line takes."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import subprocess
from itertools import takewhile
from pathlib import Path

import pytest

from certready.cli.app import COMMANDS
from tests.command_lines import parsed
from tests.docs.pages import Block, blocks

_START = re.compile(rf"(?:^|[\s$(&;])(certready (?:{'|'.join(COMMANDS)})\b.*)$")
_PLACE = re.compile(r"<[^<>]*>")
_EXPLAINED = re.compile(r"\s{2,}.*$|\s#\s.*$")  # the page goes on about it on the same line


def lines(block: Block) -> list[str]:
    """The command lines of a block, each up to where a shell's next word begins."""
    commands = []
    for line in block.text.splitlines():
        match = _START.search(line)
        if match:
            words = shlex.shlex(_PLACE.sub("x", _EXPLAINED.sub("", match[1])), posix=True, punctuation_chars="|&;<>()")
            words.whitespace_split = True
            command = list(takewhile(lambda word: not set(word) <= set("|&;<>()"), words))
            commands.append(shlex.join(word for word in command if word != "2"))
    return commands


LINES = [
    pytest.param(line, id=f"{block.page}: {line}")
    for block in blocks()
    if block.page != "docs/reference/commands.md"  # it comes from the command line itself
    for line in lines(block)
]


@pytest.mark.parametrize("line", LINES)
def test_command(line: str) -> None:
    """The command line takes it."""
    parsed(line)


def test_there_are_many() -> None:
    """The pages were found, and the lines in them."""
    assert len(LINES) > 60


@pytest.mark.parametrize("block", [block for block in blocks() if block.language == "python"], ids=str)
def test_python(block: Block) -> None:
    """What is shown as Python is Python."""
    ast.parse(block.text)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian: prometheus) is not installed")
def test_alert_rules(tmp_path: Path) -> None:
    """Prometheus takes the alert rules of the page about monitoring."""
    (rules,) = [block.text for block in blocks() if block.language == "yaml" and block.text.startswith("groups:")]
    (tmp_path / "rules.yml").write_text(rules, "utf-8")
    checked = subprocess.run(
        ["promtool", "check", "rules", "rules.yml"], cwd=tmp_path, capture_output=True, check=False
    )
    assert 0 == checked.returncode, checked.stdout + checked.stderr
