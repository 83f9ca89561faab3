"""Ctrl-C while the program still starts: code 130, one word, no traceback, whatever is being imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

# As the installed command does it, with Ctrl-C at the moment when a module is looked for.
COMMAND = """
import sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == MODULE:
            raise KeyboardInterrupt

MODULE = sys.argv.pop(1)
sys.meta_path.insert(0, Interrupting())
from certready.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "module",
    [
        "certready.cli",
        "typer",
        "certready.errors",
        "certready.cli.app",
        "certready.cli.judge",
        "msgspec",
        "certready.reading",
        "cryptography",
    ],
)
def test_while_it_starts(module: str) -> None:
    """Whichever module is being imported, no traceback is printed and nothing but the word."""
    words = ("check", "nowhere.pem", "--certificate-only", "--offline")
    done = subprocess.run([sys.executable, "-c", COMMAND, module, *words], check=False, capture_output=True, text=True)
    assert (130, "") == (done.returncode, done.stdout)
    assert done.stderr in ("", "interrupted\n")
