"""docs/architecture.md holds true: its layers are the enforced ones, and what it says to do can be done."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import NamedTuple

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGE = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")


class Block(NamedTuple):
    """Code of the page: the file it goes into and, where that file is there already, the line it goes behind."""

    file: str
    after: str
    code: str


BLOCKS = [
    Block(*found)
    for found in re.findall(r"```(?:python|text) file=(\S+)(?: after=([^\n]*))?\n(.*?)```", PAGE, re.DOTALL)
]


def inserted(text: str, block: Block) -> str:
    """The text with the block behind each line that reads like ``after``, indented as that line is."""
    lines: list[str] = []
    for line in text.splitlines():
        lines.append(line)
        if line.strip() == block.after:
            indent = line[: len(line) - len(line.lstrip())]
            lines += [indent + one for one in block.code.splitlines()]
    return "\n".join((*lines, ""))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the page's example added to it."""
    copy = tmp_path_factory.mktemp("repository")
    for folder in ("certready", "trust"):
        copytree(REPOSITORY / folder, copy / folder, ignore=ignore_patterns("__pycache__"))
    for file in ("__init__.py", "pki.py", "rules/__init__.py", "rules/test_rules.py", "checks/__init__.py"):
        (copy / "tests" / file).parent.mkdir(exist_ok=True, parents=True)
        (copy / "tests" / file).write_bytes((REPOSITORY / "tests" / file).read_bytes())
    for block in BLOCKS:
        target = copy / block.file
        before = target.read_text("utf-8") if block.after else ""
        target.write_text(inserted(before, block) if block.after else block.code, "utf-8")
        assert target.read_text("utf-8") != before
    return copy


def run(repository: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=repository, capture_output=True, text=True, check=False)


def test_the_example_adds_a_check_that_works(repository: Path) -> None:
    """The check of the page, added as the page says, passes its own test and those that hold for every rule."""
    ran = run(repository, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/checks", "tests/rules")
    assert 0 == ran.returncode, ran.stdout


def test_the_example_is_known_everywhere_at_once(repository: Path) -> None:
    """Without another word ``rules``, ``explain`` and the generated page know the new rules."""
    listed = run(repository, "-m", "certready", "rules").stdout
    assert "serial-number.counted  " in listed
    assert "a CA that counts" in run(repository, "-m", "certready", "explain", "serial-number.counted").stdout
    assert "### serial-number.random" in run(repository, "-m", "certready.rules").stdout


def test_the_layers_are_the_enforced_ones() -> None:
    """The page shows the layers that the configuration of import-linter holds."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    (layers,) = (one["layers"] for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    (shown,) = re.findall(r"```layers\n(.*?)```", PAGE, re.DOTALL)
    assert layers == shown.splitlines()


def test_every_room_is_on_the_page() -> None:
    """No package or module on the top level is left out."""
    rooms = [path.name for path in (REPOSITORY / "certready").iterdir() if not path.name.startswith(("_", "py.typed"))]
    assert [] == [room for room in rooms if f"`{room}`" not in PAGE and f"`{room}/`" not in PAGE]
