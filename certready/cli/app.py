"""The commands, in the order in which ``--help`` lists them."""

from __future__ import annotations

import sys

import click

from certready._version import __version__
from certready.cli import output
from certready.cli.judge import check, probe


class Listed(click.Group):
    """A group that lists its commands as they were added, the main job first."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)


@click.group(cls=Listed, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="certready", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def app(debug: bool) -> None:
    """Will Exchange Online accept this certificate for this connector? Asked before the mail stops."""


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


for command in (check, probe, rules, demo):
    app.add_command(command)
