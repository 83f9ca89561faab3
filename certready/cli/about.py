"""certready about itself: its rules, and the demonstration."""

from __future__ import annotations

import sys

import click

from certready.cli import output


@click.command(short_help="Every rule, one line each.")
def rules() -> int:
    """Every rule, one line each."""
    from certready.checks import RULES

    width = max(len(rule.id) for rule in RULES)
    output.write(sys.stdout, "".join(f"{rule.id.ljust(width)}  {rule.title}\n" for rule in RULES))
    return 0


@click.command(short_help="All of it, staged on loopback; no network needed.")
@click.option("--format", "formats", metavar="NAME[=FILE]", multiple=True, help="text or json.")
@click.option("--verbose", "-v", is_flag=True, help="The reports in full.")
def demo(formats: tuple[str, ...], verbose: bool) -> int:
    """All of it against a private CA, OCSP responder and SMTP gateway on loopback."""
    from certready.cli.demo import show

    return show(output.destinations(formats), verbose=verbose)
