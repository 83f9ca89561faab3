"""``python -m certready.explain > docs/rules.md`` writes the page of all rules."""

from __future__ import annotations

import sys

from certready.checks import RULES
from certready.explain.show import rules_page

if __name__ == "__main__":
    sys.stdout.write(rules_page(RULES))
