"""``python -m certready.rules > docs/rules.md`` writes the page of all rules."""

from __future__ import annotations

import sys

from certready.rules.page import page

if __name__ == "__main__":
    sys.stdout.write(page())
