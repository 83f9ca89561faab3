"""``python -m certready``."""

from certready.cli import run

run()
