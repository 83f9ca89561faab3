"""certready about itself: its rules, and the demonstration."""

from __future__ import annotations

import sys

from certready.cli import output
from certready.cli.commands import command
from certready.cli.shared import Formats, Verbose


@command("certready rules", "certready explain chain.incomplete", "certready explain revocation.revoked --format json")
def rules() -> int:
    """Every rule, one line each."""
    from certready.rules import RULES

    width = max(map(len, RULES))
    output.write(sys.stdout, "".join(f"{rule.id.ljust(width)}  {rule.title}\n" for rule in RULES.values()))
    return 0


@command("certready demo", "certready demo -v", "certready demo --format json=demo.json")
def demo(*, formats: Formats = (), verbose: Verbose = False) -> int:
    """All of it against a private CA, OCSP responder and SMTP gateway on loopback."""
    from certready.cli.demo import show

    return show(output.destinations(formats), verbose=verbose)
